//! Runs a projection along one source.

use crate::{Projection, ProjectionHandle};
use sqlx::PgPool;
use std::sync::Arc;
use tokio::sync::watch;
use xiaoan_eventstore::EventStore;
use xiaoan_feed::FeedSource;
use xiaoan_proto::projections::v1::ProjectionStatus;

/// Bounds and rhythms of a runner.
#[derive(Debug, Clone)]
pub struct RunnerOptions {
    /// Most events in one transaction.
    pub batch_events: usize,
}

impl Default for RunnerOptions {
    fn default() -> Self {
        Self { batch_events: 1000 }
    }
}

/// Starts projections.
#[derive(Debug)]
pub struct Runner;

impl Runner {
    /// Follows the log of this process's own store.
    #[must_use]
    pub fn local<P: Projection>(store: EventStore, pool: PgPool, projection: Arc<P>) -> ProjectionHandle {
        let _ = pool;
        let (_, status) = watch::channel(ProjectionStatus {
            projection: projection.name().to_owned(),
            source: store.source().to_owned(),
            ..Default::default()
        });
        ProjectionHandle::new(status)
    }
    /// Follows another service through the feed.
    #[must_use]
    pub fn remote<P: Projection>(source: FeedSource, pool: PgPool, projection: Arc<P>) -> ProjectionHandle {
        let _ = pool;
        let (_, status) = watch::channel(ProjectionStatus {
            projection: projection.name().to_owned(),
            source: source.name,
            ..Default::default()
        });
        ProjectionHandle::new(status)
    }
}
