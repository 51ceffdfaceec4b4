//! Projections against a real PostgreSQL, and a real nats-server where the source is remote.
#![allow(clippy::unwrap_used)]

mod poison;
mod rebuild;
mod remote;
mod runner;
mod support;
