//! Reads a log by position, wherever it is.

use crate::{FeedError, FeedSource};
use xiaoan_eventstore::{ChainHead, EventStore, RecordedEvent};

/// A log that can be read by position: a store in this process, or a source's `EventLog`.
#[derive(Debug, Clone)]
pub enum LogReader {
    /// The store of this process.
    Local(EventStore),
    /// Another service.
    Remote(FeedSource),
}

impl LogReader {
    /// Name of the source.
    #[must_use]
    pub fn source(&self) -> &str {
        match self {
            Self::Local(store) => store.source(),
            Self::Remote(source) => &source.name,
        }
    }
    /// The head of the log.
    ///
    /// # Errors
    /// When the log cannot be asked.
    pub async fn head(&self) -> Result<ChainHead, FeedError> {
        Err(FeedError::Nats("not yet".into()))
    }
    /// Events from a position on, at most `limit` (≥ 1), in order; not checked.
    ///
    /// # Errors
    /// When the log cannot be asked.
    pub async fn read(&self, from: i64, limit: i64) -> Result<Vec<RecordedEvent>, FeedError> {
        let _ = (from, limit);
        Err(FeedError::Nats("not yet".into()))
    }
}
