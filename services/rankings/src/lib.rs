//! The board: a ledger of signed facts projected from the events of other services, and the standings computed from it.
//!
//! | step | what happens | where |
//! |---|---|---|
//! | 1 | an event becomes signed lines: pure, no memory | [`booking`] |
//! | 2 | lines, daily and monthly sums and the checkpoint are written in one transaction, source by source | [`ledger`] |
//! | 3 | hq's schemes and campaigns are kept, all versions; what followed from closed months; squadrons by name | [`decisions`], [`accountability`], [`squadrons`] |
//! | 4 | sums become rows with ranks, exact fractions only: pure | [`standings`] |
//! | 5 | readers ask: the web board in process, everybody else through gRPC | [`Reader`], [`grpc`], [`web`] |
//!
//! Invariant: there are no commands. Drop the database and the service rebuilds itself from the logs it follows.

pub mod accountability;
pub mod booking;
pub mod decisions;
pub mod grpc;
pub mod ledger;
pub mod measures;
mod reader;
mod service;
pub mod source;
pub mod squadrons;
pub mod standings;
pub mod web;

pub use reader::{Announced, Bell, Knowledge, ReadError, ReadRefusal, Reader, Standings};
pub use service::{Logs, OwnOptions, Parts, serve};

/// Name of this service.
pub const NAME: &str = "rankings";

/// Tables of rankings' own; applied after the directory's. The ledger makes its own ([`ledger`]).
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/rankings");

/// Brings rankings' database up to date.
///
/// # Errors
/// When a migration fails or was changed after it had been applied.
pub async fn migrate(owner: sqlx::PgPool) -> anyhow::Result<()> {
    for own in [&xiaoan_directory::MIGRATIONS, &MIGRATIONS] {
        xiaoan_eventstore::migrate(&owner, own).await?;
    }
    Ok(())
}
