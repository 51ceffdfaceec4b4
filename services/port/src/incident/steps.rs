//! The steps of an incident after its report.

use super::{Facts, Incident};
use crate::moment::{Moment, is_id, minutes_between, recorded, stated, text};
use crate::refusal::{Reason, Refused, Remarks};
use std::collections::BTreeSet;
use xiaoan_kernel::{Fact, city_day};
use xiaoan_proto::core::v1::Provenance;
use xiaoan_proto::port::v1::{
    ArriveAtIncidentRequest, Authority, CloseIncidentRequest, ControlIncidentRequest, CrewArrived,
    DispatchIncidentRequest, IncidentClosed, IncidentControlled, IncidentDispatched, IncidentKind,
    IncidentReferred, IncidentRestored, IncidentState, IncidentWithdrawn, ReferIncidentRequest,
    RestoreIncidentRequest, WithdrawIncidentRequest,
};

/// Most crews of one command, and of one incident.
const MOST_CREWS: usize = 20;

const CREWS: Reason = Reason::Malformed {
    form_zh: "1至20个不重复的警组呼号（字母、数字、连字符，至多40位）",
    form_en: "1 to 20 different call signs (letters, digits, hyphens, up to 40)",
};

impl Incident {
    /// Sends crews.
    ///
    /// # Errors
    /// INCIDENT-UNKNOWN, INCIDENT-STATE, INCIDENT-WITHDRAWN, INCIDENT-CREW-THERE, CB-003, GE-006, PORT-TIME-ORDER.
    pub fn decide_dispatch(
        &self,
        request: &DispatchIncidentRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        use IncidentState::{Classified, Dispatched, OnScene};
        let unit = self.in_state(&[Classified, Dispatched, OnScene])?;
        let mut remarks = Remarks::default();
        let different: BTreeSet<_> = request.crews.iter().collect();
        let well_formed = different.len() == request.crews.len()
            && (1..=MOST_CREWS).contains(&request.crews.len())
            && request.crews.iter().all(|crew| is_id(crew, 40));
        remarks.ensure(well_formed, "crews", CREWS);
        remarks.ensure(self.seen.crews.len() + request.crews.len() <= MOST_CREWS, "crews", CREWS);
        let sent = at.instant_after(
            &mut remarks,
            "dispatched_at",
            request.dispatched_at.as_ref(),
            self.reported_at(),
        );
        remarks.refuse()?;
        if let Some(crew) = self.seen.crews.iter().find(|c| different.contains(&c.crew)) {
            return Err(Reason::IncidentCrewThere { crew: crew.crew.clone() }.into());
        }
        let dispatched = IncidentDispatched {
            incident_id: self.seen.incident_id.clone(),
            crews: request.crews.clone(),
            dispatched_at: request.dispatched_at,
            org_unit: self.seen.org_unit.clone(),
        };
        Ok(vec![Fact::new(dispatched, unit, sent.map_or(at.today(), city_day))])
    }

    /// A crew has arrived.
    ///
    /// # Errors
    /// INCIDENT-UNKNOWN, INCIDENT-STATE, INCIDENT-WITHDRAWN, INCIDENT-CREW-NOT-SENT, CB-003, GE-006, PORT-TIME-ORDER.
    pub fn decide_arrive(
        &self,
        request: &ArriveAtIncidentRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.in_state(&[IncidentState::Dispatched, IncidentState::OnScene])?;
        let mut crews = self.seen.crews.iter();
        let Some(crew) = crews.find(|c| c.crew == request.crew && c.arrived_at.is_none()) else {
            return Err(Reason::IncidentCrewNotSent { crew: request.crew.chars().take(40).collect() }.into());
        };
        let mut remarks = Remarks::default();
        let sent = recorded(crew.dispatched_at.as_ref());
        let arrived = at.instant_after(&mut remarks, "arrived_at", request.arrived_at.as_ref(), sent);
        remarks.refuse()?;
        let arrived = arrived.unwrap_or(at.now);
        let event = CrewArrived {
            incident_id: self.seen.incident_id.clone(),
            crew: request.crew.clone(),
            arrived_at: request.arrived_at,
            report_to_arrival_minutes: minutes_between(self.reported_at(), arrived),
            org_unit: self.seen.org_unit.clone(),
        };
        Ok(vec![Fact::new(event, unit, city_day(arrived))])
    }

    /// Nothing gets worse any more.
    ///
    /// # Errors
    /// INCIDENT-UNKNOWN, INCIDENT-STATE, INCIDENT-WITHDRAWN, CB-003, GE-006, PORT-TIME-ORDER.
    pub fn decide_control(
        &self,
        request: &ControlIncidentRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.in_state(&[IncidentState::OnScene])?;
        let mut remarks = Remarks::default();
        let first = self.seen.crews.iter().filter_map(|c| c.arrived_at).map(|a| recorded(Some(&a))).min();
        let earlier = first.unwrap_or_else(|| self.reported_at());
        let controlled =
            at.instant_after(&mut remarks, "controlled_at", request.controlled_at.as_ref(), earlier);
        remarks.refuse()?;
        let event = IncidentControlled {
            incident_id: self.seen.incident_id.clone(),
            controlled_at: request.controlled_at,
            org_unit: self.seen.org_unit.clone(),
        };
        Ok(vec![Fact::new(event, unit, controlled.map_or(at.today(), city_day))])
    }

    /// Production goes on as before.
    ///
    /// # Errors
    /// INCIDENT-UNKNOWN, INCIDENT-STATE, INCIDENT-WITHDRAWN, INCIDENT-MUST-BE-REFERRED, CB-003, GE-006, PORT-TIME-ORDER.
    pub fn decide_restore(
        &self,
        request: &RestoreIncidentRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        self.open()?;
        if self.seen.kind() == IncidentKind::Channel {
            return Err(Reason::IncidentMustBeReferred.into());
        }
        let unit = self.in_state(&[IncidentState::Controlled])?;
        let mut remarks = Remarks::default();
        let controlled = recorded(self.seen.controlled_at.as_ref());
        let restored =
            at.instant_after(&mut remarks, "restored_at", request.restored_at.as_ref(), controlled);
        remarks.refuse()?;
        let restored = restored.unwrap_or(at.now);
        let event = IncidentRestored {
            incident_id: self.seen.incident_id.clone(),
            restored_at: request.restored_at,
            hindered_minutes: minutes_between(self.reported_at(), restored),
            org_unit: self.seen.org_unit.clone(),
            provenance: Provenance::Recorded.into(),
        };
        Ok(vec![Fact::new(event, unit, city_day(restored))])
    }

    /// Another authority has taken it over.
    ///
    /// # Errors
    /// INCIDENT-UNKNOWN, INCIDENT-STATE, INCIDENT-WITHDRAWN, CB-003, GE-006, PORT-TIME-ORDER.
    pub fn decide_refer(&self, request: &ReferIncidentRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        use IncidentState::{Classified, Controlled, Dispatched, OnScene};
        let unit = self.in_state(&[Classified, Dispatched, OnScene, Controlled])?;
        let mut remarks = Remarks::default();
        let _: Authority = stated(&mut remarks, "to", request.to);
        text(&mut remarks, "receipt_no", &request.receipt_no, 1, 64);
        let referred =
            at.instant_after(&mut remarks, "referred_at", request.referred_at.as_ref(), self.latest_at());
        remarks.refuse()?;
        let event = IncidentReferred {
            incident_id: self.seen.incident_id.clone(),
            to: request.to,
            receipt_no: request.receipt_no.clone(),
            referred_at: request.referred_at,
            org_unit: self.seen.org_unit.clone(),
            provenance: Provenance::Recorded.into(),
        };
        Ok(vec![Fact::new(event, unit, referred.map_or(at.today(), city_day))])
    }

    /// Closes it; every crew is free.
    ///
    /// # Errors
    /// INCIDENT-UNKNOWN, INCIDENT-STATE, INCIDENT-WITHDRAWN, CB-003, GE-006, PORT-TIME-ORDER.
    pub fn decide_close(&self, request: &CloseIncidentRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.in_state(&[IncidentState::Restored, IncidentState::Referred])?;
        let mut remarks = Remarks::default();
        let ended = recorded(self.seen.ended_at.as_ref());
        let closed = at.instant_after(&mut remarks, "closed_at", request.closed_at.as_ref(), ended);
        remarks.refuse()?;
        let closed = closed.unwrap_or(at.now);
        let event = IncidentClosed {
            incident_id: self.seen.incident_id.clone(),
            closed_at: request.closed_at,
            closed_on: Some(city_day(closed).into()),
            org_unit: self.seen.org_unit.clone(),
            kind: self.seen.kind,
            report_to_close_minutes: minutes_between(self.reported_at(), closed),
            released_crews: self.crews(),
            referred_to: self.seen.referred_to,
            provenance: Provenance::Recorded.into(),
        };
        Ok(vec![Fact::new(event, unit, city_day(closed))])
    }

    /// Takes it out of the count: a false report, or a repetition of `original` (asked for when the request names one).
    ///
    /// # Errors
    /// INCIDENT-UNKNOWN, INCIDENT-WITHDRAWN, INCIDENT-ORIGINAL-UNKNOWN, INCIDENT-OWN-DUPLICATE, GE-004, GE-006.
    pub fn decide_withdraw(
        &self,
        request: &WithdrawIncidentRequest,
        original: Option<&Self>,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.open()?;
        let mut remarks = Remarks::default();
        text(&mut remarks, "reason", &request.reason, 1, 500);
        let own = request.duplicate_of == self.seen.incident_id;
        remarks.ensure(!own, "duplicate_of", Reason::IncidentOwnDuplicate);
        remarks.refuse()?;
        if !request.duplicate_of.is_empty() && original.is_none_or(|o| o.open().is_err()) {
            return Err(Reason::IncidentOriginalUnknown.into());
        }
        let closed = self.seen.state() == IncidentState::Closed;
        if closed && !at.registrar {
            return Err(Reason::ClosedNeedsRegistrar.into());
        }
        let event = IncidentWithdrawn {
            incident_id: self.seen.incident_id.clone(),
            reason: request.reason.clone(),
            duplicate_of: request.duplicate_of.clone(),
            org_unit: self.seen.org_unit.clone(),
            kind: self.seen.kind,
            reported_on: Some(city_day(self.reported_at()).into()),
            closed_on: closed.then(|| city_day(recorded(self.seen.closed_at.as_ref())).into()),
            released_crews: self.crews(),
        };
        Ok(vec![Fact::new(event, unit, at.today())])
    }

    fn crews(&self) -> Vec<String> {
        self.seen.crews.iter().map(|c| c.crew.clone()).collect()
    }
}

#[cfg(test)]
mod tests;
