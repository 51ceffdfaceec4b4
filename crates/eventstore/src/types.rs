//! What goes into the store and what comes back.

use time::{Date, OffsetDateTime};
use xiaoan_kernel::{EventSet, Fact, OrgCode, RequestId, StreamId};

/// One command's writes. They land together or not at all, in one transaction with the remembered answer.
///
/// With a `request` and no `writes`, only the answer is remembered.
#[derive(Debug, Clone)]
pub struct Append {
    /// The command's id and digest; without it nothing is remembered and a retry may write twice.
    pub request: Option<RequestKey>,
    /// The answer to give again when the same request comes back (protobuf bytes of the caller's choice).
    pub response: Vec<u8>,
    /// Streams written, each at most once.
    pub writes: Vec<StreamWrite>,
    /// Who: the token's subject.
    pub actor: String,
    /// W3C traceparent of the command, or empty.
    pub traceparent: String,
}

/// A command's id with the digest of its body: the same id with another digest is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestKey {
    /// Given by the caller.
    pub id: RequestId,
    /// SHA-256 of the request message.
    pub digest: [u8; 32],
}

/// Events for one stream, provided that it still has the version they were decided at.
#[derive(Debug, Clone)]
pub struct StreamWrite {
    /// Stream.
    pub stream: StreamId,
    /// Version the decision was made at; 0 = the stream does not exist yet.
    pub expected_version: i64,
    /// Events in order; none = only the version is checked, together with the other writes.
    pub events: Vec<NewEvent>,
}

impl StreamWrite {
    /// What was decided on a stream at that version.
    #[must_use]
    pub fn of<E: EventSet>(stream: StreamId, expected_version: i64, facts: &[Fact<E>]) -> Self {
        Self { stream, expected_version, events: facts.iter().map(NewEvent::from).collect() }
    }
}

/// An event to record.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// Full protobuf type name, for example `xiaoan.cases.v1.CaseFiled`.
    pub type_name: String,
    /// Protobuf bytes, kept verbatim.
    pub payload: Vec<u8>,
    /// Org unit whose fact it is.
    pub org_unit: OrgCode,
    /// The city's calendar day on which it counts.
    pub occurred_on: Date,
}

impl<E: EventSet> From<&Fact<E>> for NewEvent {
    fn from(fact: &Fact<E>) -> Self {
        Self {
            type_name: fact.event.type_name(),
            payload: fact.event.encode(),
            org_unit: fact.org_unit,
            occurred_on: fact.occurred_on,
        }
    }
}

/// A command that is in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// Position of its first event. A command without events has `last_position + 1` here.
    pub first_position: i64,
    /// Position of its last event; for a command without events, the head of the log when it was accepted.
    pub last_position: i64,
    /// When the store accepted it, in whole microseconds; never decreases along the log.
    pub recorded_at: OffsetDateTime,
    /// Version of each written stream after it, in the order of the writes.
    pub versions: Vec<i64>,
    /// Whether this is the remembered outcome of an earlier run of the same request.
    pub replayed: bool,
    /// The answer; of the earlier run when replayed.
    pub response: Vec<u8>,
}

/// What the store remembers of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// Digest of the request's body.
    pub digest: [u8; 32],
    /// Its outcome, with `replayed` set.
    pub appended: Appended,
}

/// The last event of a log: where it is, and the hash the next one builds on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainHead {
    /// Position; 0 for an empty log.
    pub position: i64,
    /// Hash; zeros for an empty log.
    pub hash: [u8; 32],
    /// When it was recorded; the epoch for an empty log.
    pub recorded_at: OffsetDateTime,
}

impl ChainHead {
    /// The head of an empty log.
    pub const EMPTY: Self = Self { position: 0, hash: [0; 32], recorded_at: OffsetDateTime::UNIX_EPOCH };
}

impl Default for ChainHead {
    fn default() -> Self {
        Self::EMPTY
    }
}
