//! After a decision: the notice of not filing, reconsideration and review (刑事程序规定 178–179), the registrar's word.

use super::clocks::{DECIDE, SERVE};
use super::{Facts, Report, ReportEvent};
use crate::moment::{Level, Moment, NOT_ONE_OF, text};
use crate::refusal::{Intake, Refused, Remarks};
use xiaoan_kernel::{Fact, OrgCode, city_day};
use xiaoan_proto::cases::v1::{
    DecideReconsiderationRequest, NotFiledNoticeServed, OverrideReportRequest, ReconsiderationDecided,
    ReconsiderationRequested, RegistrarOverrode, ReportOutcome, ReportState, RequestReconsiderationRequest,
    ServeNotFiledNoticeRequest,
};
use xiaoan_proto::timestamp;

impl Report {
    /// The complainant has the notice.
    ///
    /// # Errors
    /// REPORT-UNKNOWN, REPORT-FILED-OR-OPEN, REPORT-SERVED, CB-003, CB-005.
    pub fn decide_serve(
        &self,
        request: &ServeNotFiledNoticeRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.not_filed_yet(Intake::ReportFiledOrOpen)?;
        let Some(clock) = self.clock(SERVE) else {
            return Err(Intake::ReportServed.into());
        };
        let mut remarks = Remarks::default();
        let when = at.stated_instant(&mut remarks, "at", request.at.as_ref(), Some(clock.started_at));
        let request_until = at.due(&mut remarks, "NF-RECON", when);
        remarks.refuse()?;
        let served = NotFiledNoticeServed {
            report_id: self.id(),
            at: Some(timestamp(when)),
            org_unit: unit.to_string(),
            late: when >= clock.due_at,
            request_until: Some(timestamp(request_until)),
        };
        Ok(vec![Fact::new(served, unit, city_day(when))])
    }

    /// The complainant asks for another decision.
    ///
    /// # Errors
    /// REPORT-UNKNOWN, REPORT-NOT-SERVED, REPORT-REQUESTED, REPORT-EXHAUSTED, REPORT-TOO-LATE, CB-003, CB-005.
    pub fn decide_request(
        &self,
        request: &RequestReconsiderationRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.not_filed_yet(Intake::ReportNotServed)?;
        if self.seen().request_open {
            return Err(Intake::ReportRequested.into());
        }
        let until = self.seen().request_until.as_ref().and_then(xiaoan_proto::instant);
        let until = match (until, self.seen().instance) {
            (Some(until), 0 | 1) => until,
            (_, 0 | 1) => return Err(Intake::ReportNotServed.into()),
            _ => return Err(Intake::ReportExhausted.into()),
        };
        let instance = self.seen().instance + 1;
        let mut remarks = Remarks::default();
        let when = self.act_time(&mut remarks, request.at.as_ref(), at);
        let due_at = at.due(&mut remarks, if instance == 1 { DECIDE } else { "NF-DECIDE2" }, when);
        remarks.refuse()?;
        if when >= until {
            return Err(Intake::ReportTooLate.into());
        }
        let requested = ReconsiderationRequested {
            report_id: self.id(),
            instance,
            at: Some(timestamp(when)),
            org_unit: unit.to_string(),
            due_at: Some(timestamp(due_at)),
        };
        Ok(vec![Fact::new(requested, unit, city_day(when))])
    }

    /// The request is decided: in the first instance by a county bureau, in the second by the city bureau.
    ///
    /// # Errors
    /// REPORT-UNKNOWN, REPORT-NOT-REQUESTED, CB-003, CB-005, CB-006, CB-007, GE-006.
    pub fn decide_reconsider(
        &self,
        request: &DecideReconsiderationRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.known()?;
        let Some(clock) = self.clock(DECIDE).filter(|_| self.seen().request_open) else {
            return Err(Intake::ReportNotRequested.into());
        };
        let instance = self.seen().instance;
        let mut remarks = Remarks::default();
        text(&mut remarks, "reason", &request.reason, 1, 500);
        let when = at.stated_instant(&mut remarks, "at", request.at.as_ref(), Some(clock.started_at));
        let review_until = at.due(&mut remarks, "NF-REVIEW", when);
        remarks.refuse()?;
        if self.has_decided(at) {
            return Err(Intake::SamePerson.into());
        }
        let needs_city = instance > 1;
        if at.level < if needs_city { Level::City } else { Level::County } {
            return Err(Intake::LevelTooLow { needs_city }.into());
        }
        let again = request.upheld && instance == 1;
        let decided = ReconsiderationDecided {
            report_id: self.id(),
            instance,
            upheld: request.upheld,
            reason: request.reason.clone(),
            at: Some(timestamp(when)),
            decided_by: at.actor.to_owned(),
            org_unit: unit.to_string(),
            late: when >= clock.due_at,
            request_until: again.then(|| timestamp(review_until)),
        };
        let mut facts = vec![Fact::new(decided, unit, city_day(when))];
        if !request.upheld {
            facts.push(self.approved(unit, request.reason.clone(), when, false, at));
        }
        Ok(facts)
    }

    /// The registrar decides otherwise, once and finally.
    ///
    /// # Errors
    /// REPORT-UNKNOWN, REPORT-OVERRIDDEN, REPORT-NOT-DECIDED, CB-006, GE-004, GE-006.
    pub fn decide_override(
        &self,
        request: &OverrideReportRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.known()?;
        let mut remarks = Remarks::default();
        text(&mut remarks, "reason", &request.reason, 1, 500);
        let outcome = request.outcome();
        if !matches!(outcome, ReportOutcome::File | ReportOutcome::NotFile) {
            remarks.note("outcome", NOT_ONE_OF);
        }
        remarks.refuse()?;
        if !at.registrar {
            return Err(Intake::NeedsRegistrar.into());
        }
        if !self.seen().overridden_by.is_empty() {
            return Err(Intake::ReportOverridden.into());
        }
        let file = outcome == ReportOutcome::File;
        let otherwise = match self.seen().state() {
            ReportState::NotFiled | ReportState::Administrative => file,
            ReportState::FilingApproved => !file && self.seen().filing_order.is_empty(),
            ReportState::Unspecified
            | ReportState::Registered
            | ReportState::UnderReview
            | ReportState::Filed
            | ReportState::Transferred => false,
        };
        if !otherwise {
            return Err(Intake::ReportNotDecided.into());
        }
        if self.has_decided(at) || self.seen().registered_by == at.actor {
            return Err(Intake::SamePerson.into());
        }
        let overrode = RegistrarOverrode {
            report_id: self.id(),
            outcome: request.outcome,
            reason: request.reason.clone(),
            registrar: at.actor.to_owned(),
            org_unit: unit.to_string(),
            overridden_on: Some(at.today().into()),
        };
        let now: Fact<ReportEvent> = if file {
            self.approved(unit, request.reason.clone(), at.now, false, at)
        } else {
            self.not_filed(unit, request.reason.clone(), at.now, false, at)?
        };
        Ok(vec![Fact::new(overrode, unit, at.today()), now])
    }

    fn has_decided(&self, at: &Moment<'_>) -> bool {
        self.deciders.iter().any(|decider| decider == at.actor)
    }

    /// Decided not to be filed; otherwise the reason.
    pub(super) fn not_filed_yet(&self, otherwise: Intake) -> Result<OrgCode, Refused> {
        let unit = self.known()?;
        if self.seen().state() == ReportState::NotFiled { Ok(unit) } else { Err(otherwise.into()) }
    }
}
