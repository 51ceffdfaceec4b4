//! The feed: PostgreSQL → JetStream → consumers, without a gap and without a duplicate.
//!
//! | step | what happens | where |
//! |---|---|---|
//! | 1 | a service's log is published: position p becomes sequence p of stream `XIAOAN_<CONTEXT>` | `publisher/` |
//! | 2 | the broker itself refuses a duplicate, a gap or a second relay: `Nats-Expected-Last-Sequence: p-1` | `publisher/batch.rs` |
//! | 3 | whoever wants the past asks the service: `EventLog.Read(from, limit)` | `server.rs`, `reader.rs`, `peer.rs` |
//! | 4 | a consumer follows the stream from its own position, checks density and hash chain, and fills from step 3 | `follow/` |
//!
//! Invariant: **there is no cursor table.** The relay's cursor is the stream's `last_seq`; it is read again at every
//! start and after every reconnect. A consumer's cursor is the [`ChainHead`](xiaoan_eventstore::ChainHead) it keeps
//! in the transaction of what it writes.
//!
//! Invariant: only a service's own feed publishes its subjects; consumers only read (`users.rs`, kept by the broker).
//!
//! Invariant: a gap is never skipped and a broken chain is never passed. PostgreSQL decides, NATS carries: all of
//! NATS may be lost and the consumers go on through `EventLog`.

mod error;
mod follow;
mod metrics;
mod nats;
mod options;
mod peer;
mod publisher;
mod reader;
mod server;
mod users;
pub mod wire;

pub use error::FeedError;
pub use follow::{FollowOptions, Follower, Heard, Link, follow, follow_store, follow_with};
pub use options::{FeedSource, NatsOptions, PeerTls, Token};
pub use publisher::{Publisher, PublisherHandle, PublisherState, PublisherStatus};
pub use reader::LogReader;
pub use server::{Access, EventLogServer, allow_all, event_log_service};
pub use users::{BrokerUser, authorization};
