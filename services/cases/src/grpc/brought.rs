//! Approving brought solves writes the series and every brought case: one append, all or none.
//!
//! | step | what happens |
//! |---|---|
//! | 1 | the series and its cases are read with their versions |
//! | 2 | the series decides on their states; every case's unit must be the caller's to write for |
//! | 3 | one append, conditional on every version read, also on the leading case's, which is only looked at |
//! | 4 | a lost race goes back to step 1; a refusal is believed unless this very request was accepted before |

use super::{Casebook, Sitting, well_formed_id};
use crate::case::Case;
use crate::refusal::Refused;
use crate::series::{Brought, Cases, Series};
use std::collections::BTreeMap;
use tonic::Status;
use xiaoan_eventstore::{Append, AppendError, CommandMeta, NewEvent, StreamWrite};
use xiaoan_kernel::{Aggregate, EventSet, Fact, StreamId};
use xiaoan_proto::cases::v1::ApproveBroughtSolvesRequest;
use xiaoan_proto::core::v1::Receipt;
use xiaoan_rpc::errors::{append_status, lost_race, request_reused, stale_etag};
use xiaoan_rpc::{receipt_of, refusal_status, store_status};

/// How often a lost race is run again.
const RACES: usize = 8;

impl Casebook {
    pub(super) async fn approve_brought(
        &self,
        sitting: &Sitting,
        message: &ApproveBroughtSolvesRequest,
    ) -> Result<Receipt, Status> {
        well_formed_id("series_id", &message.series_id)?;
        let meta = self.meta(sitting, &message.request_id, message, &message.etag)?;
        let name = format!("series/{}", message.series_id);
        for _ in 0..RACES {
            let series = self.series.load(&message.series_id).await.map_err(|e| store_status(&e))?;
            if meta.etag.is_some_and(|etag| etag != series.version) {
                return self.accepted_before(name, &meta, stale_etag()).await;
            }
            let (cases, versions) = self.cases_of(&series.state.cases_of_proposal()).await?;
            let brought = match decide(sitting, &series.state, &cases) {
                Ok(brought) => brought,
                Err(refused) => return self.accepted_before(name, &meta, refusal_status(&refused)).await,
            };
            let writes = writes(&message.series_id, series.version, &versions, brought);
            let append = Append {
                request: Some(meta.request),
                response: Vec::new(),
                writes,
                actor: meta.actor.clone(),
                traceparent: meta.traceparent.clone(),
            };
            match self.store.append(append).await {
                Ok(appended) => {
                    let version = appended.versions.first().copied().unwrap_or(series.version);
                    return Ok(receipt_of(name, version, &appended));
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
    ) -> Result<Receipt, Status> {
        match self.store.remembered(meta.request.id).await.map_err(|e| store_status(&e))? {
            Some(known) if known.digest == meta.request.digest => {
                let version = known.appended.versions.first().copied().unwrap_or_default();
                Ok(receipt_of(name, version, &known.appended))
            }
            Some(_) => Err(request_reused()),
            None => Err(refusal),
        }
    }
}

fn decide(sitting: &Sitting, series: &Series, cases: &Cases) -> Result<Brought, Refused> {
    sitting.may_write(series.unit())?;
    let brought = series.decide_approve_brought(cases, &sitting.moment())?;
    for (case_no, _) in &brought.cases {
        sitting.may_write(cases.get(case_no).and_then(Case::unit))?;
    }
    Ok(brought)
}

/// The series first: its version is the receipt's. Cases that are only looked at are written without an event.
fn writes(
    series_id: &str,
    version: i64,
    versions: &BTreeMap<String, i64>,
    brought: Brought,
) -> Vec<StreamWrite> {
    let series = StreamWrite {
        stream: StreamId::new(Series::KIND, series_id),
        expected_version: version,
        events: events(brought.series),
    };
    let mut of_cases: BTreeMap<String, _> = brought.cases.into_iter().collect();
    let cases = versions.iter().map(|(case_no, version)| StreamWrite {
        stream: StreamId::new(Case::KIND, case_no),
        expected_version: *version,
        events: events(of_cases.remove(case_no).unwrap_or_default()),
    });
    std::iter::once(series).chain(cases).collect()
}

fn events<E: EventSet>(facts: Vec<Fact<E>>) -> Vec<NewEvent> {
    let event = |fact: Fact<E>| NewEvent {
        type_name: fact.event.type_name(),
        payload: fact.event.encode(),
        org_unit: fact.org_unit,
        occurred_on: fact.occurred_on,
    };
    facts.into_iter().map(event).collect()
}
