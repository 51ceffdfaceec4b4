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

use super::Casebook;
use crate::refusal::Refused;
use std::collections::BTreeMap;
use tonic::Status;
use xiaoan_eventstore::{Append, AppendError, CommandMeta, NewEvent, Repository, StreamWrite};
use xiaoan_kernel::{Aggregate, EventSet, Fact, StreamId};
use xiaoan_proto::core::v1::Receipt;
use xiaoan_rpc::errors::{append_status, lost_race, request_reused, stale_etag};
use xiaoan_rpc::{receipt_of, refusal_status, store_status};

/// How often a lost race is run again.
const RACES: usize = 8;

/// What was decided: facts of the command's own aggregate, and of others by their id.
pub(super) type Decided<A, B> =
    (Vec<Fact<<A as Aggregate>::Event>>, BTreeMap<String, Vec<Fact<<B as Aggregate>::Event>>>);

/// Where a command begins: its own aggregate, and which others it looks at.
pub(super) struct Scope<'r, A: Aggregate, B: Aggregate, W> {
    pub(super) own: &'r Repository<A>,
    pub(super) id: &'r str,
    /// Name of the resource, for the receipt.
    pub(super) name: String,
    pub(super) others: &'r Repository<B>,
    /// Ids of the others, by the own aggregate's state.
    pub(super) which: W,
}

impl Casebook {
    /// Executes a command over several aggregates. `decide` gets the others that exist.
    pub(super) async fn across<A, B, W>(
        &self,
        scope: Scope<'_, A, B, W>,
        meta: &CommandMeta,
        decide: impl Fn(&A, &BTreeMap<String, B>) -> Result<Decided<A, B>, Refused>,
    ) -> Result<Receipt, Status>
    where
        A: Aggregate,
        B: Aggregate,
        W: Fn(&A) -> Vec<String>,
    {
        self.across_answering(scope, meta, Vec::new(), decide).await.map(|(receipt, _)| receipt)
    }

    /// The same, remembering an answer with the command; gives the answer that was remembered.
    pub(super) async fn across_answering<A, B, W>(
        &self,
        scope: Scope<'_, A, B, W>,
        meta: &CommandMeta,
        response: Vec<u8>,
        decide: impl Fn(&A, &BTreeMap<String, B>) -> Result<Decided<A, B>, Refused>,
    ) -> Result<(Receipt, Vec<u8>), Status>
    where
        A: Aggregate,
        B: Aggregate,
        W: Fn(&A) -> Vec<String>,
    {
        let Scope { own, id, name, others, which } = scope;
        for _ in 0..RACES {
            let loaded = own.load(id).await.map_err(|e| store_status(&e))?;
            if meta.etag.is_some_and(|etag| etag != loaded.version) {
                return self.accepted_before(name, meta, stale_etag()).await;
            }
            let (mut states, mut versions) = (BTreeMap::new(), BTreeMap::new());
            for other in which(&loaded.state) {
                let found = others.load(&other).await.map_err(|e| store_status(&e))?;
                if found.version > 0 {
                    versions.insert(other.clone(), found.version);
                    states.insert(other, found.state);
                }
            }
            let (facts, mut of_others) = match decide(&loaded.state, &states) {
                Ok(decided) => decided,
                Err(refused) => {
                    let now = own.load(id).await.map_err(|e| store_status(&e))?;
                    if now.version != loaded.version {
                        continue;
                    }
                    return self.accepted_before(name, meta, refusal_status(&refused)).await;
                }
            };
            let own_write = write(StreamId::new(A::KIND, id), loaded.version, facts);
            let other_writes = versions.iter().map(|(other, version)| {
                let facts = of_others.remove(other).unwrap_or_default();
                write(StreamId::new(B::KIND, other), *version, facts)
            });
            let append = Append {
                request: Some(meta.request),
                response: response.clone(),
                writes: std::iter::once(own_write).chain(other_writes).collect(),
                actor: meta.actor.clone(),
                traceparent: meta.traceparent.clone(),
            };
            match self.store.append(append).await {
                Ok(appended) => {
                    let version = appended.versions.first().copied().unwrap_or(loaded.version);
                    return Ok((receipt_of(name, version, &appended), appended.response));
                }
                Err(AppendError::Conflict { .. }) => {}
                Err(error) => return Err(append_status(error)),
            }
        }
        Err(lost_race())
    }

    /// The first run's receipt when this request was accepted before, otherwise the refusal.
    async fn accepted_before(
        &self,
        name: String,
        meta: &CommandMeta,
        refusal: Status,
    ) -> Result<(Receipt, Vec<u8>), Status> {
        match self.store.remembered(meta.request.id).await.map_err(|e| store_status(&e))? {
            Some(known) if known.digest == meta.request.digest => {
                let version = known.appended.versions.first().copied().unwrap_or_default();
                Ok((receipt_of(name, version, &known.appended), known.appended.response))
            }
            Some(_) => Err(request_reused()),
            None => Err(refusal),
        }
    }
}

fn write<E: EventSet>(stream: StreamId, expected_version: i64, facts: Vec<Fact<E>>) -> StreamWrite {
    let event = |fact: Fact<E>| NewEvent {
        type_name: fact.event.type_name(),
        payload: fact.event.encode(),
        org_unit: fact.org_unit,
        occurred_on: fact.occurred_on,
    };
    StreamWrite { stream, expected_version, events: facts.into_iter().map(event).collect() }
}
