//! The store: one log of events in one database.

use crate::appender::AppenderOptions;
use crate::{Append, AppendError, Appended, ChainHead, RecordedEvent, Remembered, StoreError};
use sqlx::PgPool;
use std::sync::Arc;
use tokio::sync::watch;
use xiaoan_kernel::{Clock, RequestId, StreamId};

/// One service's log of events. Cheap to clone; the clones of one process share one appender.
#[derive(Clone)]
pub struct EventStore {
    inner: Arc<Inner>,
}

struct Inner {
    pool: PgPool,
    source: String,
    clock: Arc<dyn Clock>,
    head: watch::Sender<i64>,
}

impl std::fmt::Debug for EventStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventStore").field("source", &self.inner.source).finish_non_exhaustive()
    }
}

impl EventStore {
    /// Opens the log of a migrated database and starts this process's appender, which ends with the last clone.
    ///
    /// `source` is the service's name in every event ("cases", "hq"). The pool serves reads; the appender keeps a
    /// connection of its own with the same options.
    ///
    /// # Errors
    /// When the database cannot be reached or was not migrated.
    pub async fn open(
        pool: PgPool,
        source: &str,
        clock: Arc<dyn Clock>,
        options: AppenderOptions,
    ) -> Result<Self, StoreError> {
        let _ = options;
        let (head, _) = watch::channel(0);
        Ok(Self { inner: Arc::new(Inner { pool, source: source.to_owned(), clock, head }) })
    }

    /// The pool that serves reads.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.inner.pool
    }

    /// Name of the service whose log this is.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.inner.source
    }

    /// The clock that stamps events.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// Records one command; returns after its commit.
    ///
    /// Idempotent by `append.request`: the same id and digest give the first run's outcome with `replayed` set, whatever the
    /// streams' versions are now.
    ///
    /// # Errors
    /// See [`AppendError`]. After [`StoreError::Unavailable`] the outcome is unknown: retry with the same request id.
    pub async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let _ = append;
        Err(AppendError::Store(StoreError::Closed))
    }

    /// What is remembered of a request, if it was ever accepted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remembered(&self, id: RequestId) -> Result<Option<Remembered>, StoreError> {
        let _ = id;
        Err(StoreError::Closed)
    }

    /// A stream's events after a version, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn read_stream(
        &self,
        stream: &StreamId,
        after_version: i64,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let _ = (stream, after_version);
        Err(StoreError::Closed)
    }

    /// Events from a position on, in order, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn read_log(&self, from: i64, limit: i64) -> Result<Vec<RecordedEvent>, StoreError> {
        let _ = (from, limit);
        Err(StoreError::Closed)
    }

    /// The head of the log.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn head(&self) -> Result<ChainHead, StoreError> {
        Err(StoreError::Closed)
    }

    /// Follows the head's position. Woken in process by own appends; other processes' appends are found by a slow poll.
    #[must_use]
    pub fn watch_head(&self) -> watch::Receiver<i64> {
        self.inner.head.subscribe()
    }
}
