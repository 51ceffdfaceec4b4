//! What can break, and what can be refused by the log itself.

use xiaoan_kernel::{StreamId, UnknownEvent};

/// Breakage of the store: never the caller's business case.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// PostgreSQL refused or failed; nothing of the command was recorded.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The database could not be reached, or went away before it answered. **The outcome is unknown**: retry with the same
    /// request id, which is answered with the first run's outcome if it did commit.
    #[error("database unavailable, outcome unknown: {0}")]
    Unavailable(String),
    /// The append breaks a limit of the store (NUL in a text, a payload too large, one stream twice …); a defect of the caller.
    #[error("invalid append: {0}")]
    Invalid(String),
    /// A stored row or event cannot be read; names it.
    #[error("corrupt log at position {position}: {reason}")]
    Corrupt {
        /// Position of the event.
        position: i64,
        /// What is wrong with it.
        reason: String,
    },
    /// The store was closed while the command waited.
    #[error("event store closed")]
    Closed,
}

impl StoreError {
    pub(crate) fn unreadable(position: i64, error: &UnknownEvent) -> Self {
        Self::Corrupt { position, reason: error.to_string() }
    }
}

/// Why an append did not happen.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The stream no longer has the expected version.
    #[error("lost a race on stream {stream}")]
    Conflict {
        /// The first write's stream that was not as expected.
        stream: StreamId,
    },
    /// The request id was used before with another body.
    #[error("request id reused with another body")]
    RequestReused,
    /// Too many commands are waiting; nothing was tried.
    #[error("append queue full")]
    Overloaded,
    /// Breakage.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why [`crate::Repository::execute`] did not record a command.
#[derive(Debug, thiserror::Error)]
pub enum CommandError<R> {
    /// The domain said no.
    #[error("refused")]
    Refused(R),
    /// The aggregate is not at the version of the caller's etag.
    #[error("stale etag")]
    StaleEtag,
    /// Others kept winning; try again.
    #[error("lost the race too often")]
    LostRace,
    /// The request id was used before with another body.
    #[error("request id reused with another body")]
    RequestReused,
    /// Too many commands are waiting; nothing was tried.
    #[error("append queue full")]
    Overloaded,
    /// Breakage.
    #[error(transparent)]
    Store(#[from] StoreError),
}
