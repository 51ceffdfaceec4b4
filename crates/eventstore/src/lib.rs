//! The event store: one log per service, and the only SQL on event tables.
//!
//! | what | where | promise |
//! |---|---|---|
//! | append | [`EventStore::append`] | durable when answered; conditional on the streams' versions; idempotent by request id |
//! | positions | `eventstore.append` in SQL | 1, 2, 3 … without a hole, in the order of commits, across processes |
//! | time | `recorded_at` | of the clock passed in, never decreasing along the log, whole microseconds |
//! | chain | [`chain`] | every event's hash builds on the one before it; [`chain::verify_log`] names the first broken position |
//! | reading | [`EventStore::read_log`], [`EventStore::read_stream`] | committed events only; nothing appears later before what was read |
//! | aggregates | [`Repository`] | load, decide, append; lost races are run again; a replay gives the first answer |
//!
//! Invariant: there is no statement here that updates or deletes an event, and the services' role (`xiaoan_app`) may not.
//! Invariant: no text of an event is read here; payloads go through as they came.

mod across;
mod appender;
mod batch;
mod cache;
pub mod chain;
mod command;
mod error;
mod metrics;
mod migrate;
mod queue;
mod read;
mod recent;
mod repository;
mod store;
mod types;

pub use across::OfOthers;
pub use appender::AppenderOptions;
pub use error::{AppendError, CommandError, StoreError};
pub use migrate::{EVENTSTORE, migrate, note_release, release_is_there};
pub use repository::{CommandMeta, Decision, Loaded, Outcome, Repository};
pub use store::EventStore;
pub use types::{Append, Appended, ChainHead, NewEvent, Remembered, RequestKey, StreamWrite};
pub use xiaoan_proto::eventlog::v1::RecordedEvent;
