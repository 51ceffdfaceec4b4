//! Projections: what a service remembers of its own and of other services' events.
//!
//! | step | what happens | where |
//! |---|---|---|
//! | 1 | a runner reads one source from its checkpoint on: the own store, or the feed | `runner/` |
//! | 2 | a batch and its checkpoint are written in one transaction; the checkpoint row is locked first | `runner/apply.rs` |
//! | 3 | a poison event stops this projection, and only this one, naming the position | `runner/task.rs` |
//! | 4 | a rebuild fills tables beside the live ones and swaps them with the checkpoints | `rebuild.rs` |
//! | 5 | `ProjectionsService` shows and rebuilds | `service.rs` |
//!
//! Invariant: a checkpoint moves only with the events before it applied. Two processes on one database are safe: the
//! second finds the row moved and goes on behind it.

mod checkpoint;
mod handle;
mod metrics;
mod rebuild;
mod replay;
mod runner;
mod service;
mod track;

pub use checkpoint::Checkpoint;
pub use handle::{NotYet, ProjectionHandle};
pub use rebuild::{Digests, Rebuild, RebuildError, RebuildProgress, Rebuilder, Turn};
pub use replay::Replay;
pub use runner::{Runner, RunnerOptions};
pub use service::{ProjectionsApi, projections_service};

use sqlx::PgConnection;
use std::future::Future;
use xiaoan_eventstore::RecordedEvent;

/// What becomes of events in a database.
pub trait Projection: Send + Sync + 'static {
    /// Its name, in checkpoints, metrics and on the board.
    fn name(&self) -> &str;

    /// Writes a batch of consecutive events of one source, in the transaction that also moves the checkpoint.
    ///
    /// Called again with the same events when the transaction did not commit, and with parts of a batch when one
    /// event of it is poison: keep nothing in memory here that [`committed`](Self::committed) does not confirm.
    fn apply(
        &self,
        tx: &mut PgConnection,
        batch: &[RecordedEvent],
    ) -> impl Future<Output = Result<(), ApplyError>> + Send;

    /// The runner begins, or begins again, behind this position: what is kept in memory must be that far already, because
    /// another process may have applied events that [`committed`](Self::committed) never told here. Awaited before
    /// anything else is told; keeps trying by itself.
    fn begin_at(&self, position: i64) -> impl Future<Output = ()> + Send {
        let _ = position;
        async {}
    }

    /// The events are in the database: refresh what is kept in memory.
    ///
    /// Called in order for every event of the source from [`begin_at`](Self::begin_at) on, **also for events that another
    /// process has applied** (then `apply` was not called here).
    fn committed(&self, batch: &[RecordedEvent]) {
        let _ = batch;
    }
}

/// Why a batch was not applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// An event that this build cannot apply. The projection stops before it; it is never skipped.
    #[error("poison event at position {position}: {reason}")]
    Poison {
        /// Its position.
        position: i64,
        /// Why.
        reason: String,
    },
    /// The database failed; tried again, unless the data itself was refused (SQLSTATE classes 22 and 23), which is
    /// poison.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
}

impl ApplyError {
    /// Poison at an event.
    pub fn poison(event: &RecordedEvent, reason: impl std::fmt::Display) -> Self {
        Self::Poison { position: event.position, reason: reason.to_string() }
    }
}
