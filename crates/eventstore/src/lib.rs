//! The event store: the only SQL on event tables.

mod appender;
pub mod chain;
mod error;
mod migrate;
mod repository;
mod store;
mod types;

pub use appender::AppenderOptions;
pub use error::{AppendError, CommandError, StoreError};
pub use migrate::{EVENTSTORE, migrate};
pub use repository::{CommandMeta, Decision, Loaded, Outcome, Repository};
pub use store::EventStore;
pub use types::{Append, Appended, ChainHead, NewEvent, Remembered, RequestKey, StreamWrite};
pub use xiaoan_proto::eventlog::v1::RecordedEvent;
