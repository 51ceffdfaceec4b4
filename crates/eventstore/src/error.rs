//! What can break, and what can be refused by the log itself.

use std::sync::Arc;
use xiaoan_kernel::{StreamId, UnknownEvent};

/// Breakage of the store: never the caller's business case.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// PostgreSQL refused or failed a statement; of an append nothing was recorded.
    #[error("database: {0}")]
    Database(#[source] Arc<sqlx::Error>),
    /// The database could not be reached, or went away before it answered. **The outcome of an append is unknown**: retry
    /// with the same request id, which is answered with the first run's outcome if it did commit.
    #[error("database unavailable: {0}")]
    Unavailable(Arc<sqlx::Error>),
    /// The append breaks a limit of the store (NUL in a text, a payload too large, one stream twice …); a defect of the
    /// caller, and nothing was tried.
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
    /// The store's appender has ended; this process is shutting down.
    #[error("event store closed")]
    Closed,
}

impl StoreError {
    pub(crate) fn unreadable(position: i64, error: &UnknownEvent) -> Self {
        Self::Corrupt { position, reason: error.to_string() }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match Failure::of(&error) {
            Failure::Lost => Self::Unavailable(Arc::new(error)),
            Failure::Data | Failure::Other => Self::Database(Arc::new(error)),
        }
    }
}

/// What a database error means for the batch it hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Something in the batch is at fault, perhaps one command only. Rolled back.
    Data,
    /// Nothing to do with its content: time-outs, locks, no space. Rolled back.
    Other,
    /// The connection or the server went away; nobody knows whether it was committed.
    Lost,
}

impl Failure {
    pub(crate) fn of(error: &sqlx::Error) -> Self {
        let sqlx::Error::Database(refusal) = error else {
            return match error {
                // The client's own complaints: the statement never left, or its rows are not what they should be.
                sqlx::Error::Encode(_)
                | sqlx::Error::Decode(_)
                | sqlx::Error::ColumnDecode { .. }
                | sqlx::Error::ColumnNotFound(_)
                | sqlx::Error::ColumnIndexOutOfBounds { .. }
                | sqlx::Error::TypeNotFound { .. }
                | sqlx::Error::RowNotFound => Self::Other,
                _ => Self::Lost,
            };
        };
        let code = refusal.code().unwrap_or_default();
        match code.as_bytes() {
            // A prepared statement that a migration has overtaken ("cached plan must not change result type"): nothing was
            // recorded, but this connection is of no use any more either.
            [b'0', b'A', ..] => Self::Lost,
            // Shut down, crashed, not yet up; connection exceptions; too many connections.
            b"57P01" | b"57P02" | b"57P03" | b"57P05" | [b'0', b'8', ..] | b"53300" => Self::Lost,
            // Cardinality, data, integrity, raised by us, program limits.
            [b'2', b'1' | b'2' | b'3', ..] | [b'P', b'0', ..] | [b'5', b'4', ..] => Self::Data,
            _ => Self::Other,
        }
    }
}

/// Why an append did not happen.
#[derive(Debug, Clone, thiserror::Error)]
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
#[derive(Debug, Clone, thiserror::Error)]
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
