//! Commands decided on several aggregates: one append, conditional on every version that was read.
//!
//! | step | what happens |
//! |---|---|
//! | 1 | the command's own aggregate is read, then the others, each with its version |
//! | 2 | the decision is made on their states |
//! | 3 | one append: what was decided, and for whatever was only looked at a write without an event, which checks its version |
//! | 4 | a lost race goes back to step 1 |
//!
//! A refusal is believed only if the command's own aggregate has not moved while the others were read (a torn read
//! would mix old and new), and only unless this very request was accepted before.

use crate::{
    Append, AppendError, CommandError, CommandMeta, Decision, Outcome, Repository, StoreError, StreamWrite,
};
use std::collections::BTreeMap;
use xiaoan_kernel::{Aggregate, Fact, StreamId};

/// How often a lost race is run again.
const RACES: usize = 8;

/// Facts of other aggregates, by their id.
pub type OfOthers<B> = BTreeMap<String, Vec<Fact<<B as Aggregate>::Event>>>;

impl<A: Aggregate> Repository<A> {
    /// Executes a command over this aggregate and others, all or nothing.
    ///
    /// `which` names the others by this aggregate's state; none of them may be this aggregate itself. `decide` gets those that exist,
    /// must be pure, and may give facts to those it got. Every other aggregate that was looked at is checked to be unchanged.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub async fn execute_across<B, R>(
        &self,
        id: &str,
        others: &Repository<B>,
        which: impl Fn(&A) -> Vec<String>,
        command: &CommandMeta,
        decide: impl Fn(&A, &BTreeMap<String, B>) -> Result<(Decision<A::Event>, OfOthers<B>), R>,
    ) -> Result<Outcome, CommandError<R>>
    where
        B: Aggregate,
    {
        // Within a process commands on one aggregate take turns: a crowd that checks in at one patrol does not race itself.
        let _turn = self.turns.take(id).await;
        for _ in 0..RACES {
            let loaded = self.load(id).await?;
            if command.etag.is_some_and(|etag| etag != loaded.version) {
                return self.accepted_before(command, CommandError::StaleEtag).await;
            }
            let (mut states, mut versions) = (BTreeMap::new(), BTreeMap::new());
            for other in which(&loaded.state) {
                let found = others.load(&other).await?;
                if found.version > 0 {
                    versions.insert(other.clone(), found.version);
                    states.insert(other, found.state);
                }
            }
            let (decision, mut of_others) = match decide(&loaded.state, &states) {
                Ok(decided) => decided,
                Err(refusal) => {
                    if self.load(id).await?.version != loaded.version {
                        continue;
                    }
                    return self.accepted_before(command, CommandError::Refused(refusal)).await;
                }
            };
            let own = StreamWrite::of(StreamId::new(A::KIND, id), loaded.version, &decision.facts);
            let rest: Vec<_> = versions
                .into_iter()
                .map(|(other, version)| {
                    let facts = of_others.remove(&other).unwrap_or_default();
                    StreamWrite::of(StreamId::new(B::KIND, &other), version, &facts)
                })
                .collect();
            if let Some(stranger) = of_others.keys().next() {
                // Never left out in silence: a fact that was decided is recorded, or nothing is.
                let reason = format!("facts of {} {stranger}, which was not looked at", B::KIND);
                return Err(StoreError::Invalid(reason).into());
            }
            let append = Append {
                request: Some(command.request),
                response: decision.response,
                writes: std::iter::once(own).chain(rest).collect(),
                actor: command.actor.clone(),
                traceparent: command.traceparent.clone(),
            };
            match self.store().append(append).await {
                Ok(appended) => {
                    let version = appended.versions.first().copied().unwrap_or(loaded.version);
                    return Ok(Outcome { appended, version });
                }
                Err(AppendError::Conflict { .. }) => {}
                Err(AppendError::RequestReused) => return Err(CommandError::RequestReused),
                Err(AppendError::Overloaded) => return Err(CommandError::Overloaded),
                Err(AppendError::Store(error)) => return Err(error.into()),
            }
        }
        Err(CommandError::LostRace)
    }

    /// The first run's outcome when this request was accepted before, otherwise the no.
    async fn accepted_before<R>(
        &self,
        command: &CommandMeta,
        no: CommandError<R>,
    ) -> Result<Outcome, CommandError<R>> {
        match self.store().remembered(command.request.id).await? {
            Some(known) if known.digest == command.request.digest => {
                let version = known.appended.versions.first().copied().unwrap_or_default();
                Ok(Outcome { appended: known.appended, version })
            }
            Some(_) => Err(CommandError::RequestReused),
            None => Err(no),
        }
    }
}
