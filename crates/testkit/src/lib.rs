//! Real servers for tests: a database per test, a broker that can be killed, tokens, and service processes.
//!
//! | what | how |
//! |---|---|
//! | [`TestDb`] | cloned in some 50 ms from a template that is migrated once per content of `migrations/` |
//! | [`TestNats`] | an own `nats-server` process with JetStream; can be killed, wiped and restarted on its port |
//! | [`TestIssuer`] | an ES256 key, its JWKS file, tokens signed with it |
//! | [`Process`] | a service's binary, started with an environment, awaited at `/readyz`, killed by its pid |
//! | [`get`] | a page of whatever speaks HTTP |
//! | [`register_units`] | the org units of the acceptance data, in a service's directory |
//! | [`refused`], [`no`], [`position`], [`id`] | what a service answered, as a test asks for it |
//! | [`golden`] | the stored form of events, fixed in files |
//! | [`wait_until`] | waits for a condition, never for a time |
//!
//! Needs two variables, which `./dev test` sets: `XIAOAN_TEST_PG`, the URL of a PostgreSQL ≥ 15 with a superuser,
//! and `XIAOAN_NATS_SERVER`, the path of a `nats-server` ≥ 2.12.
//!
//! Everything here panics when it fails, with what to do about it: it is for tests only.
#![allow(clippy::missing_panics_doc)]

mod admin;
mod answers;
mod database;
pub mod golden;
mod issuer;
mod keeper;
mod nats;
mod ports;
mod process;
mod template;
mod units;
mod wait;

pub use answers::{id, no, position, refused};
pub use database::TestDb;
pub use issuer::TestIssuer;
pub use nats::TestNats;
pub use ports::free_port;
pub use process::{Process, ProcessBuilder, get};
pub use units::register_units;
pub use wait::{DEADLINE, wait_until};

use anyhow::{Context, Result};

fn setting(name: &str, meaning: &str) -> Result<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).with_context(|| {
        format!("{name} is not set ({meaning}): run the tests with `./dev test`, which sets it")
    })
}
