//! hq in process: real PostgreSQL, real tokens, gRPC over loopback.

mod acceptance;
mod bulletins;
mod campaigns;
mod closings;
mod commendations;
mod frozen;
mod gate;
mod golden;
mod golden_files;
mod house;
mod log;
mod org_units;
mod overdue;
mod process;
mod references;
mod schemes;
mod supervision;
