//! The store: one log of events in one database.

use crate::appender::{self, Appender, AppenderOptions};
use crate::command::Command;
use crate::metrics::Metrics;
use crate::queue::{Entrance, queue};
use crate::recent::Recent;
use crate::{Append, AppendError, Appended, ChainHead, RecordedEvent, Remembered, StoreError, read};
use sqlx::PgPool;
use std::sync::{Arc, Weak};
use std::time::Duration;
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
    entrance: Entrance,
    head: watch::Sender<i64>,
    recent: Arc<Recent>,
    metrics: Arc<Metrics>,
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
    /// connection of its own, made with the pool's options.
    ///
    /// # Errors
    /// When the database cannot be reached or was not migrated.
    pub async fn open(
        pool: PgPool,
        source: &str,
        clock: Arc<dyn Clock>,
        options: AppenderOptions,
    ) -> Result<Self, StoreError> {
        let metrics = Arc::new(Metrics::new(source));
        let head = read::head(&pool).await?.position;
        metrics.head(head);
        let (head, _) = watch::channel(head);
        let (entrance, jobs) = queue(&options);
        let database =
            (*pool.connect_options()).clone().application_name(&format!("xiaoan-{source}-appender"));
        let poll = options.poll;
        let recent = Arc::<Recent>::default();
        let appender = Appender {
            jobs,
            connection: Some(appender::connect(&database).await?),
            database,
            clock: Arc::clone(&clock),
            options,
            head: head.clone(),
            recent: Arc::clone(&recent),
            source: source.to_owned(),
            metrics: Arc::clone(&metrics),
        };
        tokio::spawn(appender.run());
        let inner =
            Arc::new(Inner { pool, source: source.to_owned(), clock, entrance, head, recent, metrics });
        tokio::spawn(find_others(Arc::downgrade(&inner), poll));
        Ok(Self { inner })
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
    /// See [`AppendError`]. After [`StoreError::Unavailable`], and when the returned future is dropped, the outcome is
    /// unknown: retry with the same request id.
    #[tracing::instrument(name = "append", skip_all, fields(source = %self.inner.source, position))]
    pub async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let command = Command::new(append)?;
        let answer = self.inner.entrance.enter(command).inspect_err(|error| {
            if matches!(error, AppendError::Overloaded) {
                self.inner.metrics.overload();
            }
        })?;
        let appended = answer.await.map_err(|_| StoreError::Closed)??;
        tracing::Span::current().record("position", appended.last_position);
        Ok(appended)
    }

    /// Whether the appender is there; without it this process can only read and is not ready.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.inner.entrance.is_open()
    }

    /// What is remembered of a request, if it was ever accepted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remembered(&self, id: RequestId) -> Result<Option<Remembered>, StoreError> {
        read::remembered(&self.inner.pool, id).await
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
        read::stream(&self.inner.pool, &self.inner.source, stream, after_version).await
    }

    /// Events from a position on, in order, at most `limit`. All of them are committed, and none before the last one
    /// returned can appear later.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn read_log(&self, from: i64, limit: i64) -> Result<Vec<RecordedEvent>, StoreError> {
        read::log(&self.inner.pool, &self.inner.source, from, limit).await
    }

    /// The same for whoever follows the log closely: what this process appended a moment ago comes from memory. A verifier,
    /// who must see what the database holds, uses [`read_log`](Self::read_log).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn read_on(&self, from: i64, limit: i64) -> Result<Vec<RecordedEvent>, StoreError> {
        match usize::try_from(limit).ok().and_then(|limit| self.inner.recent.read(from, limit)) {
            Some(events) => Ok(events),
            None => self.read_log(from, limit).await,
        }
    }

    /// The head of the log.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn head(&self) -> Result<ChainHead, StoreError> {
        read::head(&self.inner.pool).await
    }

    /// Follows the head's position. Own appends wake it in process, before their callers' next step; other processes' appends are
    /// found by a slow poll ([`AppenderOptions::poll`]).
    #[must_use]
    pub fn watch_head(&self) -> watch::Receiver<i64> {
        self.inner.head.subscribe()
    }
}

/// Looks for other processes' appends, while somebody watches and the store lives.
async fn find_others(store: Weak<Inner>, every: Duration) {
    let mut ticks = tokio::time::interval(every.max(Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(store) = store.upgrade() else { break };
        if store.head.receiver_count() == 0 {
            continue;
        }
        match read::head_position(&store.pool).await {
            Ok(position) => appender::advance(&store.head, position, &store.metrics),
            Err(error) => tracing::debug!(%error, "head not found, will look again"),
        }
    }
}
