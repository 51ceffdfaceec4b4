//! From dispatch to resolution, registration, the registrar's word and the audit (domain reference §A.1, §H.0). Each step has its
//! own time, stated or now; none lies before the step it follows.

use super::{Alert, AlertEvent, Facts};
use crate::deadline::ran_elsewhere;
use crate::moment::{Moment, NOT_ONE_OF, known, text};
use crate::refusal::{Intake, Reason, Refused, Remarks};
use prost_types::Timestamp;
use time::OffsetDateTime;
use xiaoan_kernel::{Fact, OrgCode, city_day};
use xiaoan_proto::cases::v1::{
    self, AcknowledgeDispatchRequest, AlertAudited, AlertDisposition, AlertDispositionOverridden,
    AlertRegistered, AlertResolved, AlertResult, AlertState, ArriveRequest, DispatchAcknowledged,
    DispatchAlertRequest, OverrideDispositionRequest, ResolveAlertRequest, SetOutRequest, UnitArrived,
    UnitDispatched, UnitSetOut,
};
use xiaoan_proto::timestamp;

/// Takes a step into an alert as everybody sees it.
pub(super) fn note(alert: &mut v1::Alert, event: &AlertEvent) {
    match event {
        AlertEvent::Dispatched(e) => {
            alert.set_state(AlertState::Dispatched);
            alert.dispatched_to.clone_from(&e.to_org_unit);
            alert.dispatched_at = e.at;
            (alert.acknowledged_at, alert.set_out_at) = (None, None);
        }
        AlertEvent::Acknowledged(e) => {
            alert.set_state(AlertState::Acknowledged);
            alert.acknowledged_at = e.at;
        }
        AlertEvent::SetOut(e) => {
            alert.set_state(AlertState::EnRoute);
            alert.set_out_at = e.at;
        }
        AlertEvent::Arrived(e) => {
            alert.set_state(AlertState::OnScene);
            alert.arrived_at = e.at;
        }
        AlertEvent::Resolved(e) => {
            alert.set_state(AlertState::Resolved);
            alert.result = e.result;
            alert.resolved_at = e.at;
            alert.register_by = e.register_by;
        }
        AlertEvent::Registered(e) => {
            alert.set_state(AlertState::Registered);
            alert.report_id.clone_from(&e.report_id);
        }
        AlertEvent::Overridden(e) => {
            alert.set_state(AlertState::Resolved);
            alert.set_disposition(AlertDisposition::Unspecified);
            alert.register_by = e.register_by;
            alert.overridden_by.clone_from(&e.registrar);
        }
        AlertEvent::Audited(e) => alert.audit_ids.push(e.audit_id.clone()),
        AlertEvent::Received(_) | AlertEvent::Disposed(_) | AlertEvent::MarkedDuplicate(_) => {}
    }
}

/// Settling an alert: a local term.
const SETTLE: &str = "ALERT-SETTLE";

/// Whether the result on the spot must be registered.
pub(super) fn suspects_a_case(result: AlertResult) -> bool {
    match result {
        AlertResult::CrimeSuspected | AlertResult::OrderCaseSuspected => true,
        AlertResult::Unspecified
        | AlertResult::Mediated
        | AlertResult::Helped
        | AlertResult::NothingFound
        | AlertResult::Unfounded
        | AlertResult::HandedOver => false,
    }
}

impl Alert {
    /// Unit that deals with it: the one that is sent, else the one that received it.
    #[must_use]
    pub fn handler(&self) -> Option<OrgCode> {
        OrgCode::parse(&self.seen.dispatched_to).ok().or_else(|| self.unit())
    }

    /// Until when it must be registered, while it is neither registered nor disposed of.
    #[must_use]
    pub fn register_by(&self) -> Option<OffsetDateTime> {
        let open = self.seen.state() == AlertState::Resolved;
        self.seen.register_by.as_ref().and_then(xiaoan_proto::instant).filter(|_| open)
    }

    /// Until when it must be resolved, registered or disposed of, while it is none of these.
    #[must_use]
    pub fn settle_by(&self) -> Option<OffsetDateTime> {
        let open = matches!(
            self.seen.state(),
            AlertState::Received
                | AlertState::Dispatched
                | AlertState::Acknowledged
                | AlertState::EnRoute
                | AlertState::OnScene
        );
        self.seen.settle_by.as_ref().and_then(xiaoan_proto::instant).filter(|_| open)
    }

    /// When the limit of that kind is up, while it runs.
    #[must_use]
    pub fn due_at(&self, kind: &str) -> Option<OffsetDateTime> {
        if kind == SETTLE { self.settle_by() } else { self.register_by() }
    }

    /// Whether its deadlines are none of ours: it was taken over or invented.
    #[must_use]
    pub fn ran_elsewhere(&self) -> bool {
        ran_elsewhere(self.seen.provenance())
    }

    /// Sends a unit, or another one instead of one that is not there yet.
    ///
    /// # Errors
    /// ALERT-UNKNOWN, ALERT-DISPOSED, ALERT-DUPLICATE, ALERT-REGISTERED, ALERT-STEP, CB-001, CB-003, CB-005.
    pub fn decide_dispatch(&self, request: &DispatchAlertRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.at_one_of(&[
            AlertState::Received,
            AlertState::Dispatched,
            AlertState::Acknowledged,
            AlertState::EnRoute,
        ])?;
        let mut remarks = Remarks::default();
        let when = self.step_time(&mut remarks, request.at.as_ref(), at);
        at.unit(&mut remarks, "to_org_unit", &request.to_org_unit, Some(city_day(when)));
        remarks.refuse()?;
        let sent = UnitDispatched {
            alert_id: self.seen.alert_id.clone(),
            org_unit: self.seen.org_unit.clone(),
            to_org_unit: request.to_org_unit.clone(),
            at: Some(timestamp(when)),
        };
        Ok(vec![Fact::new(sent, unit, city_day(when))])
    }

    /// The unit that is sent has heard.
    ///
    /// # Errors
    /// As [`decide_dispatch`](Self::decide_dispatch).
    pub fn decide_acknowledge(
        &self,
        request: &AcknowledgeDispatchRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let (org_unit, unit, when) = self.step(AlertState::Dispatched, request.at.as_ref(), at)?;
        let heard = DispatchAcknowledged {
            alert_id: self.seen.alert_id.clone(),
            org_unit,
            at: Some(timestamp(when)),
        };
        Ok(vec![Fact::new(heard, unit, city_day(when))])
    }

    /// It sets out.
    ///
    /// # Errors
    /// As [`decide_dispatch`](Self::decide_dispatch).
    pub fn decide_set_out(&self, request: &SetOutRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let (org_unit, unit, when) = self.step(AlertState::Acknowledged, request.at.as_ref(), at)?;
        let out = UnitSetOut { alert_id: self.seen.alert_id.clone(), org_unit, at: Some(timestamp(when)) };
        Ok(vec![Fact::new(out, unit, city_day(when))])
    }

    /// It is there.
    ///
    /// # Errors
    /// As [`decide_dispatch`](Self::decide_dispatch).
    pub fn decide_arrive(&self, request: &ArriveRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let (org_unit, unit, when) = self.step(AlertState::EnRoute, request.at.as_ref(), at)?;
        let there = UnitArrived {
            alert_id: self.seen.alert_id.clone(),
            org_unit,
            at: Some(timestamp(when)),
            minutes: i32::try_from((when - self.received_at()).whole_minutes()).unwrap_or(i32::MAX),
        };
        Ok(vec![Fact::new(there, unit, city_day(when))])
    }

    /// Dealing with it on the spot, or on the telephone, has ended.
    ///
    /// # Errors
    /// As [`decide_dispatch`](Self::decide_dispatch); GE-006 without a result.
    pub fn decide_resolve(&self, request: &ResolveAlertRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        self.at_one_of(&[AlertState::Received, AlertState::OnScene])?;
        let unit = self.handler().ok_or(Reason::AlertUnknown)?;
        let mut remarks = Remarks::default();
        let when = self.step_time(&mut remarks, request.at.as_ref(), at);
        let result: AlertResult = known(&mut remarks, "result", request.result);
        if request.result == 0 {
            remarks.note("result", NOT_ONE_OF);
        }
        let register_by = (suspects_a_case(result) && !self.ran_elsewhere())
            .then(|| timestamp(at.due(&mut remarks, "REG-24H", when)));
        remarks.refuse()?;
        let resolved = AlertResolved {
            alert_id: self.seen.alert_id.clone(),
            org_unit: unit.to_string(),
            result: result.into(),
            at: Some(timestamp(when)),
            register_by,
        };
        Ok(vec![Fact::new(resolved, unit, city_day(when))])
    }

    /// The alert becomes a report that is registered at `when`; and whether that is after its 24 hours.
    ///
    /// # Errors
    /// ALERT-UNKNOWN, ALERT-DISPOSED, ALERT-DUPLICATE, ALERT-REGISTERED.
    pub fn decide_register(&self, report_id: &str, when: OffsetDateTime) -> Result<(Facts, bool), Refused> {
        let unit = self.open()?;
        let registered = AlertRegistered {
            alert_id: self.seen.alert_id.clone(),
            report_id: report_id.to_owned(),
            org_unit: self.seen.org_unit.clone(),
            received_on: Some(city_day(self.received_at()).into()),
        };
        let late = self.register_by().is_some_and(|until| when >= until);
        Ok((vec![Fact::new(registered, unit, city_day(when))], late))
    }

    /// The registrar sets a disposition without a case aside.
    ///
    /// # Errors
    /// ALERT-UNKNOWN, ALERT-NOT-DISPOSED, CB-006 (registrar and disposer are one person), GE-004, GE-006.
    pub fn decide_override(
        &self,
        request: &OverrideDispositionRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.unit().ok_or(Reason::AlertUnknown)?;
        let mut remarks = Remarks::default();
        text(&mut remarks, "reason", &request.reason, 1, 500);
        let register_by = (!self.ran_elsewhere()).then(|| timestamp(at.due(&mut remarks, "REG-24H", at.now)));
        remarks.refuse()?;
        if !at.registrar {
            return Err(Intake::NeedsRegistrar.into());
        }
        let filed = self.seen.disposition() == AlertDisposition::FiledAsCase;
        if self.seen.state() != AlertState::Disposed || filed {
            return Err(Intake::AlertNotDisposed.into());
        }
        if self.seen.disposed_by == at.actor {
            return Err(Intake::SamePerson.into());
        }
        let overridden = AlertDispositionOverridden {
            alert_id: self.seen.alert_id.clone(),
            disposition: self.seen.disposition,
            org_unit: self.seen.org_unit.clone(),
            received_on: Some(city_day(self.received_at()).into()),
            reason: request.reason.clone(),
            registrar: at.actor.to_owned(),
            register_by,
        };
        Ok(vec![Fact::new(overridden, unit, at.today())])
    }

    /// An audit looked at it.
    ///
    /// # Errors
    /// ALERT-UNKNOWN.
    pub fn decide_audited(&self, audit_id: &str, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.unit().ok_or(Reason::AlertUnknown)?;
        let audited = AlertAudited {
            alert_id: self.seen.alert_id.clone(),
            audit_id: audit_id.to_owned(),
            org_unit: self.seen.org_unit.clone(),
        };
        Ok(vec![Fact::new(audited, unit, at.today())])
    }

    /// A step of the unit that is sent, from one state.
    fn step(
        &self,
        from: AlertState,
        stated: Option<&Timestamp>,
        at: &Moment<'_>,
    ) -> Result<(String, OrgCode, OffsetDateTime), Refused> {
        self.at_one_of(&[from])?;
        let unit = self.handler().ok_or(Reason::AlertUnknown)?;
        let mut remarks = Remarks::default();
        let when = self.step_time(&mut remarks, stated, at);
        remarks.refuse()?;
        Ok((unit.to_string(), unit, when))
    }

    /// Open, and in one of these states.
    fn at_one_of(&self, states: &[AlertState]) -> Result<OrgCode, Refused> {
        let unit = self.open()?;
        if states.contains(&self.seen.state()) { Ok(unit) } else { Err(Intake::AlertStep.into()) }
    }

    /// The stated time of a step: not before the last step.
    fn step_time(
        &self,
        remarks: &mut Remarks,
        stated: Option<&Timestamp>,
        at: &Moment<'_>,
    ) -> OffsetDateTime {
        let seen = &self.seen;
        let steps =
            [seen.received_at, seen.dispatched_at, seen.acknowledged_at, seen.set_out_at, seen.arrived_at];
        let last = steps.iter().flatten().filter_map(xiaoan_proto::instant).max();
        at.stated_instant(remarks, "at", stated, last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::story::{Desk, STATION};
    use time::macros::datetime;
    use xiaoan_kernel::Aggregate;
    use xiaoan_kernel::given::given;
    use xiaoan_proto::cases::v1::{AlertReceived, DisposeAlertRequest};

    type Step<'s> = &'s dyn Fn(&Alert, &Moment<'_>) -> Result<Facts, Refused>;

    const RECEIVED: OffsetDateTime = datetime!(2026-09-30 8:00 +8);

    fn at(minutes: i64) -> Option<Timestamp> {
        Some(timestamp(RECEIVED + time::Duration::minutes(minutes)))
    }

    fn received() -> AlertEvent {
        AlertReceived {
            alert_id: "110-1".into(),
            org_unit: STATION.into(),
            received_at: at(0),
            kind: "theft".into(),
            ..Default::default()
        }
        .into()
    }

    /// An alert taken through commands that must all be accepted.
    fn walked(steps: &[Step<'_>]) -> Alert {
        let desk = Desk::default();
        let mut alert = given::<Alert>([received()]).0;
        for step in steps {
            for fact in step(&alert, &desk.moment("duty-1")).expect("accepted") {
                alert.apply(&fact.event);
            }
        }
        alert
    }

    fn dispatch(alert: &Alert, m: &Moment<'_>) -> Result<Facts, Refused> {
        alert.decide_dispatch(
            &DispatchAlertRequest { to_org_unit: "371102020000".into(), at: at(1), ..Default::default() },
            m,
        )
    }
    fn acknowledge(alert: &Alert, m: &Moment<'_>) -> Result<Facts, Refused> {
        alert.decide_acknowledge(&AcknowledgeDispatchRequest { at: at(2), ..Default::default() }, m)
    }
    fn set_out(alert: &Alert, m: &Moment<'_>) -> Result<Facts, Refused> {
        alert.decide_set_out(&SetOutRequest { at: at(3), ..Default::default() }, m)
    }
    fn arrive(alert: &Alert, m: &Moment<'_>) -> Result<Facts, Refused> {
        alert.decide_arrive(&ArriveRequest { at: at(9), ..Default::default() }, m)
    }
    fn resolve(alert: &Alert, m: &Moment<'_>) -> Result<Facts, Refused> {
        let result = AlertResult::CrimeSuspected.into();
        alert.decide_resolve(&ResolveAlertRequest { result, at: at(30), ..Default::default() }, m)
    }

    #[test]
    fn an_alert_goes_from_receipt_to_result_step_by_step() {
        let alert = walked(&[&dispatch, &acknowledge, &set_out, &arrive, &resolve]);
        assert_eq!(alert.seen().state(), AlertState::Resolved);
        assert_eq!(alert.handler().map(|u| u.to_string()).as_deref(), Some("371102020000"));
        assert_eq!(alert.register_by(), Some(datetime!(2026-10-01 8:30 +8)));
    }

    #[test]
    fn no_step_is_left_out_and_none_lies_before_the_one_before() {
        let desk = Desk::default();
        let m = desk.moment("duty-1");
        let dispatched = walked(&[&dispatch]);
        for step in [set_out, arrive, resolve] {
            let refused = step(&dispatched, &m).expect_err("too early");
            assert!(refused.is(&Reason::Intake(Intake::AlertStep)));
        }
        let early = AcknowledgeDispatchRequest { at: at(0), ..Default::default() };
        let refused = dispatched.decide_acknowledge(&early, &m).expect_err("before the dispatch");
        assert!(refused.is(&Reason::Intake(Intake::StepEarlier)));
        let disposed =
            DisposeAlertRequest { disposition: 4, no_case_reason: "r".into(), ..Default::default() };
        assert!(dispatched.decide_dispose(&disposed, false, &m).is_err(), "a unit is on its way");
    }

    #[test]
    fn a_suspected_crime_without_a_case_needs_a_reason() {
        let desk = Desk::default();
        let resolved = walked(&[&dispatch, &acknowledge, &set_out, &arrive, &resolve]);
        let mut request =
            DisposeAlertRequest { disposition: AlertDisposition::NoCrime.into(), ..Default::default() };
        let refused =
            resolved.decide_dispose(&request, false, &desk.moment("duty-1")).expect_err("no reason");
        assert_eq!(refused.remarks()[0].field, "no_case_reason");
        request.no_case_reason = "监控显示物品系本人遗忘".into();
        assert!(resolved.decide_dispose(&request, false, &desk.moment("duty-1")).is_ok());
    }

    #[test]
    fn the_registrar_sets_a_disposition_without_a_case_aside_once_and_finally() {
        let desk = Desk::default();
        let dispose = |alert: &Alert, m: &Moment<'_>| {
            let request = DisposeAlertRequest {
                disposition: AlertDisposition::NoCrime.into(),
                no_case_reason: "r".into(),
                ..Default::default()
            };
            alert.decide_dispose(&request, false, m)
        };
        let mut alert = walked(&[&dispatch, &acknowledge, &set_out, &arrive, &resolve, &dispose]);
        let request = OverrideDispositionRequest { reason: "应当受案".into(), ..Default::default() };
        let refused = alert.decide_override(&request, &desk.moment("duty-2")).expect_err("no registrar");
        assert!(refused.is(&Reason::Intake(Intake::NeedsRegistrar)));
        let refused = alert.decide_override(&request, &desk.registrar("duty-1")).expect_err("own decision");
        assert!(refused.is(&Reason::Intake(Intake::SamePerson)));
        for fact in alert.decide_override(&request, &desk.registrar("registrar-1")).expect("accepted") {
            alert.apply(&fact.event);
        }
        assert_eq!(alert.register_by(), Some(datetime!(2026-10-02 12:00 +8)));
        let again = dispose(&alert, &desk.moment("duty-1")).expect_err("the registrar has the last word");
        assert!(again.is(&Reason::Intake(Intake::AlertOverridden)));
    }

    #[test]
    fn registration_at_the_exact_hour_is_late_and_a_microsecond_before_is_not() {
        let alert = walked(&[&dispatch, &acknowledge, &set_out, &arrive, &resolve]);
        let until = datetime!(2026-10-01 8:30 +8);
        let late = |when| alert.decide_register("r-1", when).expect("accepted").1;
        assert!(!late(until - time::Duration::MICROSECOND));
        assert!(late(until));
    }
}
