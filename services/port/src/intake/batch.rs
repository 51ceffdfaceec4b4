//! Records of one batch, decided one after the other on the states that the earlier ones left.

use super::id_of;
use super::take::Taker;
use crate::freight::Freight;
use crate::incident::{Incident, Sender};
use crate::moment::{Moment, is_id};
use crate::refusal::{Reason, Refused, Remarks};
use std::collections::BTreeMap;
use xiaoan_eventstore::{Repository, StoreError, StreamWrite};
use xiaoan_kernel::{Aggregate, Fact, OrgCode, Refusal, StreamId};
use xiaoan_proto::core::v1::Provenance;
use xiaoan_proto::port::v1::system_incident_step::Step;
use xiaoan_proto::port::v1::system_record::Content;
use xiaoan_proto::port::v1::{
    ArriveAtIncidentRequest, ClassifyIncidentRequest, CloseIncidentRequest, ControlIncidentRequest,
    DirectFreightTrafficRequest, DispatchIncidentRequest, ReferIncidentRequest, RefusedRecord,
    ReportIncidentRequest, RestoreIncidentRequest, SystemFreightTraffic, SystemIncident, SystemIncidentStep,
    SystemRecord,
};
use xiaoan_rpc::wire;

/// Aggregates under way, with the version they were read at and what was decided on them.
struct Work<A: Aggregate> {
    /// Number of the record that touched it first: the log tells streams in this order.
    first: i64,
    state: A,
    version: i64,
    facts: Vec<Fact<A::Event>>,
}

type Works<A> = BTreeMap<String, Work<A>>;

/// What a batch comes to.
#[derive(Default)]
pub(super) struct Batch {
    incidents: Works<Incident>,
    freight: Works<Freight>,
    pub(super) refused: Vec<RefusedRecord>,
}

const RECORD_ID: Reason = Reason::Malformed {
    form_zh: "1至32位字母、数字或连字符",
    form_en: "1 to 32 letters, digits or hyphens",
};

impl Batch {
    /// Decides one record; a refusal is kept with it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) async fn take(
        &mut self,
        taker: &Taker,
        record: &SystemRecord,
        may_write: &(impl Fn(OrgCode) -> bool + Sync),
    ) -> Result<(), StoreError> {
        let outcome = match look_at(record, may_write) {
            Err(refused) => Err(refused),
            Ok(content) => {
                let sender = Sender { system_id: &taker.system_id, sequence: record.sequence };
                match content {
                    Content::Incident(incident) => self.report(taker, record, incident, sender).await?,
                    Content::Step(step) => self.step(taker, record.sequence, step, may_write).await?,
                    Content::Freight(freight) => self.direct(taker, record, freight, sender).await?,
                }
            }
        };
        if let Err(refused) = outcome {
            self.refused.push(RefusedRecord {
                sequence: record.sequence,
                record_id: record.record_id.chars().take(32).collect(),
                findings: refused.findings().iter().map(wire).collect(),
            });
        }
        Ok(())
    }

    async fn report(
        &mut self,
        taker: &Taker,
        record: &SystemRecord,
        incident: &SystemIncident,
        sender: Sender<'_>,
    ) -> Result<Result<(), Refused>, StoreError> {
        let id = id_of(&taker.system_id, &record.record_id);
        let request = ReportIncidentRequest {
            incident_id: id.clone(),
            org_unit: record.org_unit.clone(),
            kind: incident.kind,
            reported_at: incident.reported_at,
            place: incident.place.clone(),
            description: incident.description.clone(),
            provenance: Provenance::Recorded.into(),
            ..Default::default()
        };
        let work = load(&mut self.incidents, &taker.incidents, &id, record.sequence).await?;
        let decided = work.state.decide_report(&request, &id, None, Some(sender), &taker.moment());
        Ok(decided.map(|facts| work.add(facts)))
    }

    async fn step(
        &mut self,
        taker: &Taker,
        sequence: i64,
        step: &SystemIncidentStep,
        may_write: &(impl Fn(OrgCode) -> bool + Sync),
    ) -> Result<Result<(), Refused>, StoreError> {
        let mut remarks = Remarks::default();
        remarks.ensure(is_id(&step.incident_record_id, 32), "incident_record_id", RECORD_ID);
        if let Err(refused) = remarks.refuse() {
            return Ok(Err(refused));
        }
        let id = id_of(&taker.system_id, &step.incident_record_id);
        let work = load(&mut self.incidents, &taker.incidents, &id, sequence).await?;
        // An officer may have handled it meanwhile; it may even be with a unit that is no longer this system's.
        if let Some(unit) = work.state.unit().filter(|unit| !may_write(*unit)) {
            return Ok(Err(Reason::NotYourUnit { unit }.into()));
        }
        Ok(decide_step(&work.state, step, &taker.moment()).map(|facts| work.add(facts)))
    }

    async fn direct(
        &mut self,
        taker: &Taker,
        record: &SystemRecord,
        freight: &SystemFreightTraffic,
        sender: Sender<'_>,
    ) -> Result<Result<(), Refused>, StoreError> {
        let id = id_of(&taker.system_id, &record.record_id);
        let request = DirectFreightTrafficRequest {
            record_id: id.clone(),
            org_unit: record.org_unit.clone(),
            vehicles: freight.vehicles,
            from: freight.from,
            to: freight.to,
            place: freight.place.clone(),
            provenance: Provenance::Recorded.into(),
            ..Default::default()
        };
        let work = load(&mut self.freight, &taker.freight, &id, record.sequence).await?;
        let decided = work.state.decide_direct(&request, &id, Some(sender), &taker.moment());
        Ok(decided.map(|facts| work.add(facts)))
    }

    /// The writes of everything that was decided, in the order of the records.
    pub(super) fn writes(self) -> Vec<StreamWrite> {
        let mut writes: Vec<_> = writes_of(self.incidents).chain(writes_of(self.freight)).collect();
        writes.sort_by_key(|(first, _)| *first);
        writes.into_iter().map(|(_, write)| write).collect()
    }
}

impl<A: Aggregate> Work<A> {
    fn add(&mut self, facts: Vec<Fact<A::Event>>) {
        for fact in &facts {
            self.state.apply(&fact.event);
        }
        self.facts.extend(facts);
    }
}

async fn load<'w, A: Aggregate>(
    works: &'w mut Works<A>,
    repository: &Repository<A>,
    id: &str,
    first: i64,
) -> Result<&'w mut Work<A>, StoreError> {
    use std::collections::btree_map::Entry;
    match works.entry(id.to_owned()) {
        Entry::Occupied(known) => Ok(known.into_mut()),
        Entry::Vacant(unknown) => {
            let loaded = repository.load(id).await?;
            let work = Work { first, state: loaded.state, version: loaded.version, facts: Vec::new() };
            Ok(unknown.insert(work))
        }
    }
}

/// Streams that were only looked at are written as well, without an event: a refusal, too, holds for what was read only.
fn writes_of<A: Aggregate>(works: Works<A>) -> impl Iterator<Item = (i64, StreamWrite)> {
    works.into_iter().map(|(id, work)| {
        (work.first, StreamWrite::of(StreamId::new(A::KIND, &id), work.version, &work.facts))
    })
}

/// The content of a record that is well-formed and of a unit that the system may write for.
fn look_at<'r>(
    record: &'r SystemRecord,
    may_write: &(impl Fn(OrgCode) -> bool + Sync),
) -> Result<&'r Content, Refused> {
    let mut remarks = Remarks::default();
    remarks.ensure(is_id(&record.record_id, 32), "record_id", RECORD_ID);
    // A code that is malformed is refused by whoever decides on the record.
    if let Some(unit) = OrgCode::parse(&record.org_unit).ok().filter(|unit| !may_write(*unit)) {
        remarks.note("org_unit", Reason::NotYourUnit { unit });
    }
    if record.content.is_none() {
        remarks.note("content", Reason::MissingValue);
    }
    remarks.refuse()?;
    record.content.as_ref().ok_or_else(|| Reason::MissingValue.into())
}

fn decide_step(
    incident: &Incident,
    step: &SystemIncidentStep,
    at: &Moment<'_>,
) -> Result<crate::incident::Facts, Refused> {
    match &step.step {
        None => Err(Reason::MissingValue.into()),
        Some(Step::Classified(kind)) => {
            incident.decide_classify(&ClassifyIncidentRequest { kind: *kind, ..Default::default() }, at)
        }
        Some(Step::Dispatched(crew)) => incident.decide_dispatch(
            &DispatchIncidentRequest {
                crews: vec![crew.clone()],
                dispatched_at: step.at,
                ..Default::default()
            },
            at,
        ),
        Some(Step::Arrived(crew)) => incident.decide_arrive(
            &ArriveAtIncidentRequest { crew: crew.clone(), arrived_at: step.at, ..Default::default() },
            at,
        ),
        Some(Step::Controlled(_)) => incident
            .decide_control(&ControlIncidentRequest { controlled_at: step.at, ..Default::default() }, at),
        Some(Step::Restored(_)) => incident
            .decide_restore(&RestoreIncidentRequest { restored_at: step.at, ..Default::default() }, at),
        Some(Step::Closed(_)) => {
            incident.decide_close(&CloseIncidentRequest { closed_at: step.at, ..Default::default() }, at)
        }
        Some(Step::Referred(referral)) => incident.decide_refer(
            &ReferIncidentRequest {
                to: referral.to,
                receipt_no: referral.receipt_no.clone(),
                referred_at: step.at,
                ..Default::default()
            },
            at,
        ),
    }
}
