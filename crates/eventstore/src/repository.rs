//! Aggregates over the log: load, decide, append, again when a race was lost.

use crate::cache::{Cache, Cached, Turns};
use crate::{Append, AppendError, Appended, CommandError, EventStore, RequestKey, StoreError, StreamWrite};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use xiaoan_kernel::{Aggregate, EventSet, Fact, RequestId, StreamId};

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
    /// Facts to record, in order; none = nothing to change (the answer is remembered all the same).
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

/// How long a lost race is run again. Within a process commands on one aggregate take turns, so only another process can
/// win; but one that is busy on the same aggregate knows each new state first and may go on winning until it has finished.
const RACE_FOR: Duration = Duration::from_secs(3);
/// Races that are run again at once; after those, a pause comes first.
const EAGER_RACES: u32 = 8;

/// Loads aggregates of one kind and executes commands on them. Cheap to clone; clones share one cache.
///
/// The cache is never asked whether it is right. An append is conditional on the version it was decided at, so a stale state can
/// only lose a race; and before a *refusal* or a stale etag is believed, the state is brought up to date.
pub struct Repository<A: Aggregate> {
    store: EventStore,
    cache: Arc<Mutex<Cache<A>>>,
    pub(crate) turns: Turns,
}

impl<A: Aggregate> Clone for Repository<A> {
    fn clone(&self) -> Self {
        Self { store: self.store.clone(), cache: Arc::clone(&self.cache), turns: self.turns.clone() }
    }
}

impl<A: Aggregate> std::fmt::Debug for Repository<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repository").field("kind", &A::KIND).finish_non_exhaustive()
    }
}

impl<A: Aggregate> Repository<A> {
    /// Over a store, keeping at most `cached` aggregates in memory.
    #[must_use]
    pub fn new(store: EventStore, cached: usize) -> Self {
        Self { store, cache: Arc::new(Mutex::new(Cache::new(cached))), turns: Turns::default() }
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &EventStore {
        &self.store
    }

    /// The aggregate as it is now (every command answered before this call is in it).
    ///
    /// # Errors
    /// When the database fails or an event cannot be read.
    pub async fn load(&self, id: &str) -> Result<Loaded<A>, StoreError> {
        let known = self.cached(id);
        let current = self.catch_up(id, known).await?;
        Ok(Loaded { version: current.version, state: Arc::unwrap_or_clone(current.state) })
    }

    /// Decides a command against the aggregate's state and records what was decided.
    ///
    /// `decide` gets the state and its version (0 = never was) and must be pure: it runs again when a race was lost. The same
    /// request again gives the first run's outcome with `replayed` set, also when the state would refuse it by now.
    ///
    /// # Errors
    /// See [`CommandError`]. [`CommandError::LostRace`] only without an etag; with one, a lost race is a stale etag.
    pub async fn execute<R, F>(
        &self,
        id: &str,
        command: CommandMeta,
        mut decide: F,
    ) -> Result<Outcome, CommandError<R>>
    where
        F: FnMut(&A, i64) -> Result<Decision<A::Event>, R>,
    {
        let _turn = self.turns.take(id).await;
        // What is not remembered is taken for new, which spares a filing its look-up: if it is not, the append loses its race
        // or the no below is not believed, and the state is read then.
        let mut current = self.cached(id).unwrap_or_else(Cached::never_was);
        let mut fresh = false;
        let (mut races, since) = (0, Instant::now());
        loop {
            // A no is only believed on a state that was just read.
            let no = if command.etag.is_some_and(|etag| etag != current.version) {
                CommandError::StaleEtag
            } else {
                match decide(&current.state, current.version) {
                    Err(refusal) => CommandError::Refused(refusal),
                    Ok(decision) => match self.append(id, &command, &current, decision).await {
                        Ok(outcome) => return Ok(outcome),
                        Err(AppendError::Conflict { .. }) => {
                            if since.elapsed() > RACE_FOR {
                                return Err(CommandError::LostRace);
                            }
                            races += 1;
                            if races > EAGER_RACES {
                                tokio::time::sleep(pause(races, command.request.id)).await;
                            }
                            current = self.after_a_lost_race(id, current).await?;
                            fresh = true;
                            continue;
                        }
                        Err(AppendError::RequestReused) => return Err(CommandError::RequestReused),
                        Err(AppendError::Overloaded) => return Err(CommandError::Overloaded),
                        Err(AppendError::Store(error)) => return Err(error.into()),
                    },
                }
            };
            if !fresh {
                let version = current.version;
                current = self.catch_up(id, Some(current)).await?;
                fresh = true;
                if current.version != version {
                    continue;
                }
            }
            // Perhaps it says no because the first run of this very request said yes.
            return match self.store.remembered(command.request.id).await? {
                Some(known) if known.digest == command.request.digest => {
                    Ok(outcome(known.appended, current.version))
                }
                Some(_) => Err(CommandError::RequestReused),
                None => Err(no),
            };
        }
    }

    async fn append(
        &self,
        id: &str,
        command: &CommandMeta,
        current: &Cached<A>,
        decision: Decision<A::Event>,
    ) -> Result<Outcome, AppendError> {
        // Also without facts: the write then only checks that the state is still the one the answer was decided on.
        let write = StreamWrite::of(StreamId::new(A::KIND, id), current.version, &decision.facts);
        let append = Append {
            request: Some(command.request),
            response: decision.response,
            writes: vec![write],
            actor: command.actor.clone(),
            traceparent: command.traceparent.clone(),
        };
        let outcome = outcome(self.store.append(append).await?, current.version);
        if !outcome.appended.replayed {
            let mut state = Arc::clone(&current.state);
            for fact in &decision.facts {
                Arc::make_mut(&mut state).apply(&fact.event);
            }
            self.cache().put(id, Cached { state, version: outcome.version });
        }
        Ok(outcome)
    }

    /// The known state with everything recorded after it.
    async fn catch_up(&self, id: &str, known: Option<Cached<A>>) -> Result<Cached<A>, StoreError> {
        let mut current = known.unwrap_or_else(Cached::never_was);
        let events = self.store.read_stream(&StreamId::new(A::KIND, id), current.version).await?;
        if !events.is_empty() {
            let state = Arc::make_mut(&mut current.state);
            for event in &events {
                let decoded = A::Event::decode(&event.r#type, &event.payload)
                    .map_err(|error| StoreError::unreadable(event.position, &error))?;
                state.apply(&decoded);
                current.version = event.version;
            }
            // What never was is not worth a place.
            self.cache().put(id, current.clone());
        }
        Ok(current)
    }

    async fn after_a_lost_race(&self, id: &str, lost: Cached<A>) -> Result<Cached<A>, StoreError> {
        let version = lost.version;
        let current = self.catch_up(id, Some(lost)).await?;
        if current.version != version {
            return Ok(current);
        }
        // Nothing came after it and yet it is not the head: the database was put back to an earlier day under us.
        self.cache().forget(id);
        self.catch_up(id, None).await
    }

    fn cached(&self, id: &str) -> Option<Cached<A>> {
        self.cache().get(id)
    }

    fn cache(&self) -> MutexGuard<'_, Cache<A>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `version` of the state is only taken when the remembered command wrote no stream at all.
fn outcome(appended: Appended, version: i64) -> Outcome {
    Outcome { version: appended.versions.first().copied().unwrap_or(version), appended }
}

/// Up to ten milliseconds, different for every command and every time, so that two do not keep step.
fn pause(races: u32, id: RequestId) -> Duration {
    let mixed = id.0.as_u64_pair().1.wrapping_mul(u64::from(races)) >> 32;
    Duration::from_micros(mixed % 10_000)
}
