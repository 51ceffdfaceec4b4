//! The feed against a real PostgreSQL and a real nats-server.
#![allow(clippy::unwrap_used)]

mod chain;
mod event_log;
mod follower;
mod loss;
mod publisher;
mod source;
mod users;
