//! hq in process: real PostgreSQL, real tokens, gRPC over loopback.

mod golden;
