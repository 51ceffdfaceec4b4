//! Integration tests of `port`: the real service in process and as a process, over a real PostgreSQL and real tokens.

mod accidents;
mod cut;
mod golden;
mod guards;
mod import;
mod incidents;
mod intake;
mod replicas;
mod world;
