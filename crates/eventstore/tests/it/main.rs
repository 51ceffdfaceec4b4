//! The event store against a real PostgreSQL.

mod across;
mod append;
mod log;
mod migrations;
mod recovery;
mod repository;
mod rights;
mod storm;
mod support;
