//! Checkpoints: how far a projection has come along a source (table of migrations/eventstore/0002).

use xiaoan_eventstore::ChainHead;

/// A row of the checkpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Projection.
    pub projection: String,
    /// Source.
    pub source: String,
    /// Last event applied, with the hash the next one builds on.
    pub head: ChainHead,
}
