//! What a runner knows of its own progress.

use crate::metrics::{metrics, of};
use std::sync::Arc;
use time::OffsetDateTime;
use tokio::sync::{Notify, watch};
use xiaoan_eventstore::ChainHead;
use xiaoan_feed::Link;
use xiaoan_kernel::Clock;
use xiaoan_proto::projections::v1::{ProjectionState, ProjectionStatus};
use xiaoan_proto::timestamp;

/// Progress as it changes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    /// Last event applied and shown.
    pub(crate) head: ChainHead,
    pub(crate) source_head: i64,
    /// When the event after `head` was recorded, if that is known.
    pub(crate) next_recorded_at: Option<OffsetDateTime>,
    /// Since when it is known that there is something to apply, by our own clock.
    pub(crate) behind_since: Option<OffsetDateTime>,
    /// Whether it has ever reached the source's head.
    pub(crate) was_live: bool,
    pub(crate) link: Link,
    pub(crate) stopped: bool,
    pub(crate) problem: String,
}

/// Shared by a runner and its handles.
pub(crate) struct Track {
    pub(crate) projection: String,
    pub(crate) source: String,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) progress: watch::Sender<Progress>,
    /// Wakes a stopped runner for another try.
    pub(crate) resume: Notify,
}

impl std::fmt::Debug for Track {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Track").field("projection", &self.projection).field("source", &self.source).finish()
    }
}

impl Track {
    pub(crate) fn status(&self) -> ProjectionStatus {
        let progress = self.progress.borrow().clone();
        let lag_events = (progress.source_head - progress.head.position).max(0);
        let oldest = progress.next_recorded_at.or(progress.behind_since).filter(|_| lag_events > 0);
        let lag_seconds = oldest.map_or(0.0, |at| (self.clock.now() - at).as_seconds_f64().max(0.0));
        let state = if progress.stopped {
            ProjectionState::Stopped
        } else if progress.link == Link::Lost {
            ProjectionState::Disconnected
        } else if progress.was_live {
            ProjectionState::Live
        } else {
            ProjectionState::CatchingUp
        };
        let begun = progress.head.position > 0;
        ProjectionStatus {
            projection: self.projection.clone(),
            source: self.source.clone(),
            position: progress.head.position,
            source_head: progress.source_head.max(progress.head.position),
            lag_events,
            lag_seconds,
            state: state.into(),
            problem: progress.problem,
            chain_head: if begun { progress.head.hash.to_vec() } else { Vec::new() },
            data_as_of: begun.then(|| timestamp(progress.head.recorded_at)),
        }
    }

    /// A position is in the database and in memory.
    pub(crate) fn reached(&self, head: ChainHead) {
        self.progress.send_modify(|progress| {
            progress.head = head;
            progress.problem.clear();
            progress.next_recorded_at = None;
            self.settle(progress);
        });
    }

    /// The source's head was heard of.
    pub(crate) fn heard(&self, source_head: i64, link: Link) {
        self.progress.send_if_modified(|progress| {
            let news = progress.source_head != source_head || progress.link != link;
            progress.source_head = source_head;
            progress.link = link;
            self.settle(progress);
            news
        });
    }

    fn settle(&self, progress: &mut Progress) {
        if progress.head.position < progress.source_head {
            progress.behind_since.get_or_insert_with(|| self.clock.now());
        } else {
            progress.behind_since = None;
            progress.next_recorded_at = None;
            // While the past is being read, the head that is heard is only as far as that has come.
            progress.was_live |= matches!(progress.link, Link::Stream | Link::Polling);
        }
    }

    pub(crate) fn problem(&self, problem: &str) {
        self.progress.send_modify(|progress| problem.clone_into(&mut progress.problem));
    }

    pub(crate) fn record(&self) {
        let status = self.status();
        let attributes = of(&self.projection, &self.source);
        metrics().position.record(status.position, &attributes);
        metrics().lag_events.record(status.lag_events, &attributes);
        metrics().lag_seconds.record(status.lag_seconds, &attributes);
        metrics().stopped.record(i64::from(status.state() == ProjectionState::Stopped), &attributes);
    }
}
