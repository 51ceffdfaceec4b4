//! hq in process: real PostgreSQL, real tokens, gRPC over loopback.

mod acceptance;
mod campaigns;
mod golden;
mod house;
mod log;
mod org_units;
mod process;
mod schemes;
