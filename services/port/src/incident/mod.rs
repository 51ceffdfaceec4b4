//! The aggregate `Incident` (事件, facts P1): reported, classified, dispatched, on scene, controlled, restored or referred,
//! closed.
//!
//! Invariants: an incident counts for one unit on the day of its report, under one kind; a kind that changes moves the
//! count, and its event says from where · every step follows the one before it, in state and in time · an obstructed
//! channel is never restored by us, only referred · a referral has the receipt of the authority · whoever closes or
//! withdraws an incident releases every crew: no unit stays busy with what is over.

mod legacy;
mod steps;
#[cfg(test)]
pub(crate) mod story;

pub use legacy::LegacyIncident;

use crate::moment::{Moment, new_id, person, provenance, recorded, stated, text};
use crate::refusal::{Reason, Refused, Remarks};
use time::OffsetDateTime;
use xiaoan_kernel::{Aggregate, Fact, OrgCode, city_day};
use xiaoan_proto::core::v1::{Provenance, SealedPerson};
use xiaoan_proto::port::v1::{
    self, ClassifyIncidentRequest, Crew, IncidentClassified, IncidentKind, IncidentReported, IncidentState,
    ReportIncidentRequest,
};

xiaoan_kernel::events! {
    /// Everything that can happen to an incident.
    pub enum IncidentEvent {
        Reported(v1::IncidentReported),
        Classified(v1::IncidentClassified),
        Dispatched(v1::IncidentDispatched),
        Arrived(v1::CrewArrived),
        Controlled(v1::IncidentControlled),
        Restored(v1::IncidentRestored),
        Referred(v1::IncidentReferred),
        Closed(v1::IncidentClosed),
        Withdrawn(v1::IncidentWithdrawn),
    }
}

/// Facts of an incident.
pub type Facts = Vec<Fact<IncidentEvent>>;

/// One incident, as `GetIncident` shows it (without etag).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Incident {
    seen: v1::Incident,
}

/// The system that sent a report, with its number of the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender<'a> {
    /// Subject of the system's token.
    pub system_id: &'a str,
    /// Number, from 1.
    pub sequence: i64,
}

impl Aggregate for Incident {
    const KIND: &'static str = "incident";
    type Event = IncidentEvent;

    fn apply(&mut self, event: &IncidentEvent) {
        note(&mut self.seen, event);
    }
}

/// Takes one event into an incident as everybody sees it.
pub fn note(incident: &mut v1::Incident, event: &IncidentEvent) {
    match event {
        IncidentEvent::Reported(e) => {
            *incident = v1::Incident {
                incident_id: e.incident_id.clone(),
                org_unit: e.org_unit.clone(),
                kind: e.kind,
                state: IncidentState::Reported.into(),
                reported_at: e.reported_at,
                place: e.place.clone(),
                description: e.description.clone(),
                system_id: e.system_id.clone(),
                provenance: e.provenance,
                ..Default::default()
            };
        }
        IncidentEvent::Classified(e) => {
            incident.kind = e.kind;
            if incident.state() == IncidentState::Reported {
                incident.set_state(IncidentState::Classified);
            }
        }
        IncidentEvent::Dispatched(e) => {
            incident.crews.extend(e.crews.iter().map(|crew| Crew {
                crew: crew.clone(),
                dispatched_at: e.dispatched_at,
                arrived_at: None,
            }));
            if incident.state() != IncidentState::OnScene {
                incident.set_state(IncidentState::Dispatched);
            }
        }
        IncidentEvent::Arrived(e) => {
            for crew in incident.crews.iter_mut().filter(|c| c.crew == e.crew) {
                crew.arrived_at = e.arrived_at;
            }
            incident.set_state(IncidentState::OnScene);
        }
        IncidentEvent::Controlled(e) => {
            incident.controlled_at = e.controlled_at;
            incident.set_state(IncidentState::Controlled);
        }
        IncidentEvent::Restored(e) => {
            incident.ended_at = e.restored_at;
            incident.set_state(IncidentState::Restored);
        }
        IncidentEvent::Referred(e) => {
            incident.ended_at = e.referred_at;
            incident.referred_to = e.to;
            incident.receipt_no.clone_from(&e.receipt_no);
            incident.set_state(IncidentState::Referred);
        }
        IncidentEvent::Closed(e) => {
            incident.closed_at = e.closed_at;
            incident.crews.clear();
            incident.set_state(IncidentState::Closed);
        }
        IncidentEvent::Withdrawn(e) => {
            incident.duplicate_of.clone_from(&e.duplicate_of);
            incident.crews.clear();
            incident.set_state(IncidentState::Withdrawn);
        }
    }
}

impl Incident {
    /// The incident as `GetIncident` shows it, without etag.
    #[must_use]
    pub fn seen(&self) -> &v1::Incident {
        &self.seen
    }
    /// Unit it counts for; `None` of an incident that never was.
    #[must_use]
    pub fn unit(&self) -> Option<OrgCode> {
        OrgCode::parse(&self.seen.org_unit).ok()
    }

    /// Everything that is to be said about a new report. Asked before the reporter is sealed.
    #[must_use]
    pub fn remarks_on_report(request: &ReportIncidentRequest, at: &Moment<'_>) -> Remarks {
        let mut remarks = Self::look_at(request, at).0;
        if !request.incident_id.is_empty() {
            new_id(&mut remarks, "incident_id", &request.incident_id);
        }
        remarks
    }

    fn look_at(
        request: &ReportIncidentRequest,
        at: &Moment<'_>,
    ) -> (Remarks, Option<OrgCode>, Option<OffsetDateTime>) {
        let mut remarks = Remarks::default();
        let reported_at = at.past_instant(&mut remarks, "reported_at", request.reported_at.as_ref());
        let unit = at.unit(&mut remarks, "org_unit", &request.org_unit, reported_at.map(city_day));
        let _: IncidentKind = stated(&mut remarks, "kind", request.kind);
        text(&mut remarks, "place", &request.place, 0, 200);
        text(&mut remarks, "description", &request.description, 0, 500);
        if let Some(reporter) = &request.reporter {
            person(&mut remarks, "reporter", reporter);
        }
        let _: Provenance = crate::moment::known(&mut remarks, "provenance", request.provenance);
        (remarks, unit, reported_at)
    }

    /// Receives a report under `incident_id`: the request's own, or the id the service gave it.
    ///
    /// # Errors
    /// INCIDENT-EXISTS, CB-001, CB-003, GE-006.
    pub fn decide_report(
        &self,
        request: &ReportIncidentRequest,
        incident_id: &str,
        reporter: Option<SealedPerson>,
        sender: Option<Sender<'_>>,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let (remarks, unit, reported_at) = Self::look_at(request, at);
        if sender.is_some() { remarks } else { Self::remarks_on_report(request, at) }.refuse()?;
        if self.unit().is_some() {
            return Err(Reason::IncidentExists.into());
        }
        let (Some(unit), Some(reported_at)) = (unit, reported_at) else {
            return Err(Reason::MissingValue.into()); // cannot be: both were looked at above
        };
        let day = city_day(reported_at);
        let reported = IncidentReported {
            incident_id: incident_id.to_owned(),
            org_unit: request.org_unit.clone(),
            kind: request.kind,
            reported_at: request.reported_at,
            reported_on: Some(day.into()),
            place: request.place.clone(),
            description: request.description.clone(),
            reporter,
            system_id: sender.map_or(String::new(), |s| s.system_id.to_owned()),
            system_sequence: sender.map_or(0, |s| s.sequence),
            provenance: provenance(request.provenance()),
        };
        Ok(vec![Fact::new(reported, unit, day)])
    }

    /// Says what kind it is; possible until it is closed, as long as it says something new.
    ///
    /// # Errors
    /// INCIDENT-UNKNOWN, INCIDENT-STATE, INCIDENT-WITHDRAWN, GE-006.
    pub fn decide_classify(
        &self,
        request: &ClassifyIncidentRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.open()?;
        let mut remarks = Remarks::default();
        let kind: IncidentKind = stated(&mut remarks, "kind", request.kind);
        remarks.refuse()?;
        let state = self.seen.state();
        let says_nothing = state != IncidentState::Reported && kind == self.seen.kind();
        if state == IncidentState::Closed || says_nothing {
            return Err(Reason::IncidentState { state }.into());
        }
        let classified = IncidentClassified {
            incident_id: self.seen.incident_id.clone(),
            kind: kind.into(),
            previous_kind: self.seen.kind,
            org_unit: self.seen.org_unit.clone(),
            reported_on: Some(city_day(self.reported_at()).into()),
        };
        Ok(vec![Fact::new(classified, unit, at.today())])
    }

    /// The unit, unless the incident never was or is withdrawn.
    fn open(&self) -> Result<OrgCode, Refused> {
        let unit = self.unit().ok_or(Reason::IncidentUnknown)?;
        match self.seen.state() {
            IncidentState::Withdrawn => Err(Reason::IncidentWithdrawn.into()),
            IncidentState::Unspecified
            | IncidentState::Reported
            | IncidentState::Classified
            | IncidentState::Dispatched
            | IncidentState::OnScene
            | IncidentState::Controlled
            | IncidentState::Restored
            | IncidentState::Referred
            | IncidentState::Closed => Ok(unit),
        }
    }

    /// The unit, if the state is one of these.
    fn in_state(&self, states: &[IncidentState]) -> Result<OrgCode, Refused> {
        let unit = self.open()?;
        let state = self.seen.state();
        if states.contains(&state) { Ok(unit) } else { Err(Reason::IncidentState { state }.into()) }
    }

    fn reported_at(&self) -> OffsetDateTime {
        recorded(self.seen.reported_at.as_ref())
    }

    /// When the latest step was; the next one is not before it.
    fn latest_at(&self) -> OffsetDateTime {
        let crews = self.seen.crews.iter().flat_map(|c| [c.dispatched_at, c.arrived_at]);
        crews
            .chain([self.seen.controlled_at, self.seen.ended_at, self.seen.closed_at])
            .flatten()
            .map(|at| recorded(Some(&at)))
            .fold(self.reported_at(), OffsetDateTime::max)
    }
}
