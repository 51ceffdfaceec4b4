//! What an event means for the deadlines of its service.

use time::OffsetDateTime;
use xiaoan_eventstore::RecordedEvent;
use xiaoan_kernel::{StreamId, UnknownEvent, whole_micros};

/// A change of deadlines. A deadline is known by its kind, its stream and when it is due; a stream may have several of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A deadline is to come. Armed twice is armed once.
    Arm {
        /// Kind, a word of the service's own, for example `stop-ends`.
        kind: String,
        /// Stream of the aggregate that it is about.
        stream: StreamId,
        /// When, in whole microseconds: a part of one is cut off, so record the end of a period without.
        due_at: OffsetDateTime,
    },
    /// The deadlines of a kind are off, as many as the stream has.
    Cancel {
        /// Kind.
        kind: String,
        /// Stream.
        stream: StreamId,
    },
    /// All deadlines of a stream are off.
    CancelAll {
        /// Stream.
        stream: StreamId,
    },
}

impl Change {
    /// A deadline is to come.
    #[must_use]
    pub fn arm(kind: &str, stream: &StreamId, due_at: OffsetDateTime) -> Self {
        Self::Arm { kind: kind.to_owned(), stream: stream.clone(), due_at: whole_micros(due_at) }
    }
    /// The deadlines of a kind are off.
    #[must_use]
    pub fn cancel(kind: &str, stream: &StreamId) -> Self {
        Self::Cancel { kind: kind.to_owned(), stream: stream.clone() }
    }
    /// All deadlines of a stream are off.
    #[must_use]
    pub fn cancel_all(stream: &StreamId) -> Self {
        Self::CancelAll { stream: stream.clone() }
    }
}

/// Which deadlines an event arms and cancels. Pure: the same event always means the same, or a rebuild would arm something
/// else. Any function of that shape is one.
pub trait Deadlines: Send + Sync + 'static {
    /// Changes of an event of the service's own log, in order; none for most.
    ///
    /// # Errors
    /// When the event cannot be read: the projection stops there.
    fn changes(&self, event: &RecordedEvent) -> Result<Vec<Change>, UnknownEvent>;
}

impl<F> Deadlines for F
where
    F: Fn(&RecordedEvent) -> Result<Vec<Change>, UnknownEvent> + Send + Sync + 'static,
{
    fn changes(&self, event: &RecordedEvent) -> Result<Vec<Change>, UnknownEvent> {
        self(event)
    }
}
