//! The kit itself, against the real servers.

#![allow(clippy::unwrap_used)]

mod database;
mod nats;
mod tokens;
