//! What can break on the way of an event.

use xiaoan_eventstore::StoreError;
use xiaoan_eventstore::chain::BrokenChain;

/// Why events stopped coming. Only [`FeedError::BrokenChain`] ends a [`crate::Follower`]; everything else is
/// retried by it for ever.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The source's log is not the one followed so far, or was changed; names the first wrong position.
    #[error("source {source_name}: {broken}")]
    BrokenChain {
        /// The source.
        source_name: String,
        /// Where and how.
        broken: BrokenChain,
    },
    /// The source's `EventLog` cannot be asked.
    #[error("event log of {source_name}: {reason}")]
    EventLog {
        /// The source.
        source_name: String,
        /// gRPC status or transport error.
        reason: String,
    },
    /// A setting is unusable; names it.
    #[error("setting {setting}: {reason}")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// NATS refused or cannot be reached.
    #[error("nats: {0}")]
    Nats(String),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl FeedError {
    /// Position at which the chain is broken, if that is what happened.
    #[must_use]
    pub fn broken_at(&self) -> Option<i64> {
        match self {
            Self::BrokenChain { broken, .. } => Some(broken.position),
            Self::EventLog { .. } | Self::Setting { .. } | Self::Nats(_) | Self::Store(_) => None,
        }
    }
}
