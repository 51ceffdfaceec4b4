//! What city headquarters decides: org units and headcounts, campaigns, scoring schemes. Computing a rank never
//! happens here.
//!
//! | room | what happens there |
//! |---|---|
//! | [`org_unit`], [`campaign`], [`scheme`] | the aggregates: refusals, state, decisions, events |
//! | [`grpc`] | one handler per command and query; who takes turns |
//! | `service` | all of it put together: log, views, relay, server |
//! | [`views`] | the lists, projected from hq's own log; org units are listed by `crates/directory` |

pub mod campaign;
mod fields;
pub mod grpc;
pub mod org_unit;
pub mod scheme;
mod service;
pub mod views;

pub use service::{Parts, serve};

/// Name of this service as a source of events.
pub const SOURCE: &str = "hq";

/// Tables of hq's own; applied after the directory's.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/hq");

/// Brings hq's database up to date.
///
/// # Errors
/// When a migration fails or was changed after it had been applied.
pub async fn migrate(owner: sqlx::PgPool) -> anyhow::Result<()> {
    for own in [&xiaoan_directory::MIGRATIONS, &MIGRATIONS] {
        xiaoan_eventstore::migrate(&owner, own).await?;
    }
    Ok(())
}
