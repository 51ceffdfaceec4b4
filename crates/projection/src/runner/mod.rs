//! Runs a projection along one source.

mod apply;
mod task;

use crate::track::Track;
use crate::{Projection, ProjectionHandle};
use sqlx::PgPool;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use xiaoan_eventstore::{ChainHead, EventStore};
use xiaoan_feed::{FeedSource, FollowOptions, Follower, LogReader, follow_store, follow_with};
use xiaoan_kernel::{Clock, SystemClock};

/// Bounds and rhythms of a runner.
#[derive(Clone)]
pub struct RunnerOptions {
    /// How the source is followed; `batch_events` is the most events in one transaction.
    pub follow: FollowOptions,
    /// Whether a batch waits for the disk. Not needed: checkpoint and content are written by one transaction, and
    /// what a crash of PostgreSQL takes back is applied again.
    pub wait_for_disk: bool,
    /// Longest pause between two tries after a database error.
    pub longest_pause: Duration,
    /// The clock that ages are told by.
    pub clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for RunnerOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunnerOptions").field("follow", &self.follow).finish_non_exhaustive()
    }
}

impl Default for RunnerOptions {
    fn default() -> Self {
        Self {
            follow: FollowOptions::default(),
            wait_for_disk: false,
            longest_pause: Duration::from_secs(5),
            clock: Arc::new(SystemClock),
        }
    }
}

/// Where a runner's events come from.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    Local(EventStore),
    Remote(Box<FeedSource>),
}

impl Origin {
    fn name(&self) -> &str {
        match self {
            Self::Local(store) => store.source(),
            Self::Remote(source) => &source.name,
        }
    }
    fn reader(&self) -> LogReader {
        match self {
            Self::Local(store) => LogReader::local(store.clone()),
            Self::Remote(source) => LogReader::remote(source),
        }
    }
    fn follow(&self, from: ChainHead, options: &FollowOptions) -> Follower {
        match self {
            Self::Local(store) => follow_store(store.clone(), from, options),
            Self::Remote(source) => follow_with(FeedSource::clone(source), from, options.clone()),
        }
    }
}

/// Starts projections.
#[derive(Debug)]
pub struct Runner;

impl Runner {
    /// Follows the log of this process's own store, and keeps what becomes of it in `pool`'s database.
    #[must_use]
    pub fn local<P: Projection>(store: EventStore, pool: PgPool, projection: Arc<P>) -> ProjectionHandle {
        let options = RunnerOptions { clock: Arc::clone(store.clock()), ..RunnerOptions::default() };
        Self::start(Origin::Local(store), pool, projection, options)
    }

    /// [`local`](Self::local) with other bounds.
    #[must_use]
    pub fn local_with<P: Projection>(
        store: EventStore,
        pool: PgPool,
        projection: Arc<P>,
        options: RunnerOptions,
    ) -> ProjectionHandle {
        Self::start(Origin::Local(store), pool, projection, options)
    }

    /// Follows another service through the feed.
    #[must_use]
    pub fn remote<P: Projection>(source: FeedSource, pool: PgPool, projection: Arc<P>) -> ProjectionHandle {
        Self::start(Origin::Remote(Box::new(source)), pool, projection, RunnerOptions::default())
    }

    /// [`remote`](Self::remote) with other bounds.
    #[must_use]
    pub fn remote_with<P: Projection>(
        source: FeedSource,
        pool: PgPool,
        projection: Arc<P>,
        options: RunnerOptions,
    ) -> ProjectionHandle {
        Self::start(Origin::Remote(Box::new(source)), pool, projection, options)
    }

    fn start<P: Projection>(
        origin: Origin,
        pool: PgPool,
        projection: Arc<P>,
        options: RunnerOptions,
    ) -> ProjectionHandle {
        let track = Arc::new(Track {
            projection: projection.name().to_owned(),
            source: origin.name().to_owned(),
            clock: Arc::clone(&options.clock),
            progress: watch::Sender::default(),
            resume: Notify::new(),
        });
        let task = task::Task { origin, pool, projection, options, track: Arc::clone(&track) };
        let running = tokio::spawn(task.run());
        ProjectionHandle::new(track, running.abort_handle())
    }
}
