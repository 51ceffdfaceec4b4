//! A running projection, seen from outside.

use crate::track::{Progress, Track};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::AbortHandle;
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
    running: Arc<Running>,
}

#[derive(Debug)]
struct Running {
    track: Arc<Track>,
    task: AbortHandle,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl ProjectionHandle {
    pub(crate) fn new(track: Arc<Track>, task: AbortHandle) -> Self {
        Self { running: Arc::new(Running { track, task }) }
    }
    /// Name of the projection.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.running.track.projection
    }
    /// Name of the source it follows.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.running.track.source
    }
    /// How far it has come, right now.
    #[must_use]
    pub fn status(&self) -> ProjectionStatus {
        self.running.track.status()
    }
    /// Position of the last event applied and shown.
    #[must_use]
    pub fn position(&self) -> i64 {
        self.running.track.progress.borrow().head.position
    }
    /// Whether it has ever reached the head of its source since it was started: what readiness asks for.
    #[must_use]
    pub fn has_caught_up(&self) -> bool {
        self.running.track.progress.borrow().was_live
    }
    /// Waits for any change of the status.
    pub async fn changed(&self) {
        let mut changes = self.running.track.progress.subscribe();
        // The sender lives as long as this handle does.
        let _ = changes.changed().await;
    }
    /// Lets a stopped projection try again, for example after a rebuild.
    pub fn resume(&self) {
        // A running one must not keep the wake-up for its next stop.
        if self.running.track.progress.borrow().stopped {
            self.running.track.resume.notify_one();
        }
    }
    /// Waits until a position of a source is applied (and shown by `committed`).
    ///
    /// # Errors
    /// When it does not come in time, or cannot come because the projection has stopped before it.
    pub async fn wait_for(&self, source: &str, position: i64, timeout: Duration) -> Result<(), NotYet> {
        let track = &self.running.track;
        if source != track.source {
            let (projection, source_name) = (track.projection.clone(), source.to_owned());
            return Err(NotYet::OtherSource { projection, source_name });
        }
        let mut changes: watch::Receiver<Progress> = track.progress.subscribe();
        let there = changes.wait_for(|progress| progress.head.position >= position || progress.stopped);
        let in_time = tokio::time::timeout(timeout, there).await;
        drop(in_time);
        let progress = track.progress.borrow().clone();
        if progress.head.position >= position {
            return Ok(());
        }
        let projection = track.projection.clone();
        Err(if progress.stopped {
            NotYet::Stopped { projection, problem: progress.problem }
        } else {
            let source_name = track.source.clone();
            NotYet::Behind { projection, source_name, position: progress.head.position, wanted: position }
        })
    }
}
