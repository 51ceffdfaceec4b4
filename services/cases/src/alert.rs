//! The aggregate `Alert` (警情): received; dispatched, acknowledged, en route, on scene, resolved (`steps.rs`); then registered as
//! a report, disposed of with or without a case, or found to repeat an earlier one.
//!
//! Invariants: an alert has one end only, registered, disposed of or duplicate, unless the registrar sets a disposition without
//! a case aside; a duplicate no longer counts on the day it was received, and its event says for which unit and day; whatever
//! repeats a duplicate must name the original instead; a result on the spot that suspects a case is registered within 24 hours
//! (REG-24H), or disposed of; whatever is disposed of without a case says why; an alert that is left lying, with no result at all, runs
//! out as well (ALERT-SETTLE, a local term: the law's hours begin only with a result).

mod steps;

use crate::case::{CASE_NO_FORM, case_no_is_well_formed};
use crate::deadline::ran_elsewhere;
use crate::moment::{Moment, NOT_ONE_OF, chosen_id, known, persons, text};
use crate::refusal::{Intake, Reason, Refused, Remarks};
use time::OffsetDateTime;
use xiaoan_kernel::{Aggregate, Fact, OrgCode, city_day};
use xiaoan_proto::cases::v1::{
    self, AlertDisposed, AlertDisposition, AlertMarkedDuplicate, AlertReceived, AlertState,
    DisposeAlertRequest, MarkAlertDuplicateRequest, ReceiveAlertRequest,
};
use xiaoan_proto::core::v1::{Provenance, SealedPerson};

xiaoan_kernel::events! {
    /// Everything that can happen to an alert.
    pub enum AlertEvent {
        Received(v1::AlertReceived),
        Disposed(v1::AlertDisposed),
        MarkedDuplicate(v1::AlertMarkedDuplicate),
        Dispatched(v1::UnitDispatched),
        Acknowledged(v1::DispatchAcknowledged),
        SetOut(v1::UnitSetOut),
        Arrived(v1::UnitArrived),
        Resolved(v1::AlertResolved),
        Registered(v1::AlertRegistered),
        Overridden(v1::AlertDispositionOverridden),
        Audited(v1::AlertAudited),
    }
}

/// One alert, as `GetAlert` shows it (without etag).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Alert {
    seen: v1::Alert,
}

impl Aggregate for Alert {
    const KIND: &'static str = "alert";
    type Event = AlertEvent;

    fn apply(&mut self, event: &AlertEvent) {
        note(&mut self.seen, event);
    }
}

/// Takes one event into an alert as everybody sees it.
pub fn note(alert: &mut v1::Alert, event: &AlertEvent) {
    match event {
        AlertEvent::Received(e) => {
            *alert = v1::Alert {
                alert_id: e.alert_id.clone(),
                org_unit: e.org_unit.clone(),
                received_at: e.received_at,
                kind: e.kind.clone(),
                state: AlertState::Received.into(),
                place: e.place.clone(),
                provenance: e.provenance,
                settle_by: e.settle_by,
                ..Default::default()
            };
        }
        AlertEvent::Disposed(e) => {
            alert.set_state(AlertState::Disposed);
            alert.disposition = e.disposition;
            alert.case_no.clone_from(&e.case_no);
            alert.no_case_reason.clone_from(&e.no_case_reason);
            alert.disposed_by.clone_from(&e.disposed_by);
        }
        AlertEvent::MarkedDuplicate(e) => {
            alert.set_state(AlertState::Duplicate);
            alert.duplicate_of.clone_from(&e.duplicate_of);
        }
        AlertEvent::Dispatched(_)
        | AlertEvent::Acknowledged(_)
        | AlertEvent::SetOut(_)
        | AlertEvent::Arrived(_)
        | AlertEvent::Resolved(_)
        | AlertEvent::Registered(_)
        | AlertEvent::Overridden(_)
        | AlertEvent::Audited(_) => steps::note(alert, event),
    }
}

type Facts = Vec<Fact<AlertEvent>>;

impl Alert {
    /// The alert as `GetAlert` shows it, without etag.
    #[must_use]
    pub fn seen(&self) -> &v1::Alert {
        &self.seen
    }
    /// Unit that received it; `None` of an alert that never was.
    #[must_use]
    pub fn unit(&self) -> Option<OrgCode> {
        OrgCode::parse(&self.seen.org_unit).ok()
    }

    /// Everything that is to be said about a new alert. `nearby` is an earlier one from the same place within ten
    /// minutes, if there is any (CB-015). Asked before the caller is sealed.
    #[must_use]
    pub fn remarks_on_receiving(
        request: &ReceiveAlertRequest,
        nearby: Option<&str>,
        at: &Moment<'_>,
    ) -> Remarks {
        let mut remarks = Self::look_at(request, at).0;
        if let Some(alert_id) = nearby {
            remarks.note("place", Reason::PossibleDuplicateAlert { alert_id: alert_id.to_owned() });
        }
        remarks
    }

    fn look_at(
        request: &ReceiveAlertRequest,
        at: &Moment<'_>,
    ) -> (Remarks, Option<OrgCode>, Option<OffsetDateTime>) {
        let mut remarks = Remarks::default();
        if !request.alert_id.is_empty() {
            chosen_id(&mut remarks, "alert_id", &request.alert_id);
        }
        let received_at = at.past_instant(&mut remarks, "received_at", request.received_at.as_ref());
        let unit = at.unit(&mut remarks, "org_unit", &request.org_unit, received_at.map(city_day));
        text(&mut remarks, "kind", &request.kind, 1, 40);
        text(&mut remarks, "place", &request.place, 0, 200);
        let _: Provenance = known(&mut remarks, "provenance", request.provenance);
        persons(&mut remarks, "caller", &request.caller);
        (remarks, unit, received_at)
    }

    /// Receives an alert under `alert_id`: the request's own, or the id the service gave it.
    ///
    /// # Errors
    /// ALERT-EXISTS, CB-001, CB-003, GE-006.
    pub fn decide_receive(
        &self,
        request: &ReceiveAlertRequest,
        alert_id: &str,
        caller: Option<SealedPerson>,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let (remarks, unit, received_at) = Self::look_at(request, at);
        remarks.refuse()?;
        if self.unit().is_some() {
            return Err(Reason::AlertExists.into());
        }
        let (Some(unit), Some(received_at)) = (unit, received_at) else {
            return Err(Reason::MissingValue.into()); // cannot be: both were looked at above
        };
        let provenance = match request.provenance() {
            Provenance::Unspecified => Provenance::Recorded,
            stated => stated,
        };
        let settle_by =
            if ran_elsewhere(provenance) { None } else { at.rules.work.due("ALERT-SETTLE", at.now) };
        let received = AlertReceived {
            alert_id: alert_id.to_owned(),
            org_unit: request.org_unit.clone(),
            received_at: request.received_at,
            kind: request.kind.clone(),
            place: request.place.clone(),
            caller,
            provenance: provenance.into(),
            settle_by: settle_by.map(xiaoan_proto::timestamp),
        };
        Ok(vec![Fact::new(received, unit, city_day(received_at))])
    }

    /// Says what became of the alert. `case_exists` tells whether the named case was filed.
    ///
    /// # Errors
    /// ALERT-UNKNOWN, ALERT-DISPOSED, ALERT-DUPLICATE, ALERT-CASE-UNKNOWN, GE-006.
    pub fn decide_dispose(
        &self,
        request: &DisposeAlertRequest,
        case_exists: bool,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.settled()?;
        let mut remarks = Remarks::default();
        let disposition: AlertDisposition = known(&mut remarks, "disposition", request.disposition);
        if request.disposition == 0 {
            remarks.note("disposition", NOT_ONE_OF);
        }
        let filed = disposition == AlertDisposition::FiledAsCase;
        if filed && request.case_no.is_empty() {
            remarks.note("case_no", Reason::MissingValue);
        } else if filed && !case_no_is_well_formed(&request.case_no) || !filed && !request.case_no.is_empty()
        {
            remarks.note("case_no", if filed { CASE_NO_FORM } else { ONLY_WITH_CASE });
        }
        text(&mut remarks, "no_case_reason", &request.no_case_reason, 0, 500);
        let must_say = !self.ran_elsewhere() || steps::suspects_a_case(self.seen.result());
        if !filed && request.no_case_reason.is_empty() && must_say {
            remarks.note("no_case_reason", Reason::MissingValue);
        }
        remarks.refuse()?;
        if !filed && !self.seen.overridden_by.is_empty() {
            return Err(Intake::AlertOverridden.into());
        }
        if filed && !case_exists {
            return Err(Reason::AlertCaseUnknown.into());
        }
        let disposed = AlertDisposed {
            alert_id: self.seen.alert_id.clone(),
            disposition: request.disposition,
            case_no: request.case_no.clone(),
            org_unit: self.seen.org_unit.clone(),
            received_on: Some(city_day(self.received_at()).into()),
            no_case_reason: request.no_case_reason.clone(),
            disposed_by: at.actor.to_owned(),
        };
        Ok(vec![Fact::new(disposed, unit, at.today())])
    }

    /// Marks the alert as a repetition of `original`; it no longer counts on the day it was received.
    ///
    /// # Errors
    /// ALERT-UNKNOWN, ALERT-DISPOSED, ALERT-DUPLICATE, ALERT-ORIGINAL-UNKNOWN, ALERT-OWN-DUPLICATE.
    pub fn decide_mark_duplicate(
        &self,
        request: &MarkAlertDuplicateRequest,
        original: &Self,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.open()?;
        if request.duplicate_of == self.seen.alert_id {
            let mut remarks = Remarks::default();
            remarks.note("duplicate_of", Reason::AlertOwnDuplicate);
            remarks.refuse()?;
        }
        if original.unit().is_none() || original.seen.state() == AlertState::Duplicate {
            return Err(Reason::AlertOriginalUnknown.into());
        }
        let marked = AlertMarkedDuplicate {
            alert_id: self.seen.alert_id.clone(),
            duplicate_of: request.duplicate_of.clone(),
            org_unit: self.seen.org_unit.clone(),
            received_on: Some(city_day(self.received_at()).into()),
            kind: self.seen.kind.clone(),
        };
        Ok(vec![Fact::new(marked, unit, at.today())])
    }

    fn open(&self) -> Result<OrgCode, Refused> {
        let unit = self.unit().ok_or(Reason::AlertUnknown)?;
        match self.seen.state() {
            AlertState::Disposed => Err(Reason::AlertDisposed.into()),
            AlertState::Duplicate => Err(Reason::AlertDuplicate.into()),
            AlertState::Registered => Err(Intake::AlertRegistered.into()),
            AlertState::Unspecified
            | AlertState::Received
            | AlertState::Dispatched
            | AlertState::Acknowledged
            | AlertState::EnRoute
            | AlertState::OnScene
            | AlertState::Resolved => Ok(unit),
        }
    }

    /// Open, and no unit is on its way or at it.
    fn settled(&self) -> Result<OrgCode, Refused> {
        let unit = self.open()?;
        match self.seen.state() {
            AlertState::Received | AlertState::Resolved => Ok(unit),
            _ => Err(Intake::AlertStep.into()),
        }
    }

    fn received_at(&self) -> OffsetDateTime {
        self.seen.received_at.as_ref().and_then(xiaoan_proto::instant).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

const ONLY_WITH_CASE: Reason = Reason::Malformed {
    form_zh: "空（仅立案时填写）",
    form_en: "empty unless the alert was filed as a case",
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::story::{CASE_NO, Desk, STATION};
    use time::macros::{date, datetime};
    use xiaoan_kernel::given::given;
    use xiaoan_proto::timestamp;

    fn request() -> ReceiveAlertRequest {
        ReceiveAlertRequest {
            alert_id: "110-1".into(),
            org_unit: STATION.into(),
            received_at: Some(timestamp(datetime!(2026-06-07 0:30 +8))),
            kind: "theft".into(),
            place: "示例小区".into(),
            ..Default::default()
        }
    }

    fn received(alert_id: &str) -> AlertEvent {
        AlertReceived {
            alert_id: alert_id.into(),
            org_unit: STATION.into(),
            received_at: Some(timestamp(datetime!(2026-06-07 0:30 +8))),
            kind: "theft".into(),
            place: "示例小区".into(),
            provenance: Provenance::Recorded.into(),
            settle_by: Some(timestamp(datetime!(2026-10-02 12:00 +8))),
            ..Default::default()
        }
        .into()
    }

    fn disposed() -> AlertEvent {
        AlertDisposed {
            alert_id: "110-1".into(),
            disposition: AlertDisposition::Helped.into(),
            org_unit: STATION.into(),
            received_on: Some(date!(2026 - 06 - 07).into()),
            no_case_reason: "迷路老人已送回家".into(),
            disposed_by: "duty-1".into(),
            ..Default::default()
        }
        .into()
    }

    #[test]
    fn an_alert_counts_on_the_citys_day_it_was_received() {
        let desk = Desk::default();
        let facts = given::<Alert>([])
            .when(|alert| alert.decide_receive(&request(), "110-1", None, &desk.moment("duty-1")))
            .then_facts();
        assert_eq!(
            facts[0].occurred_on,
            date!(2026 - 06 - 07),
            "half past midnight in Shanghai is the day before in UTC"
        );
        assert_eq!(facts[0].event, received("110-1"));
    }

    #[test]
    fn an_alert_is_received_once_by_a_unit_that_exists_and_not_in_the_future() {
        let desk = Desk::default();
        let at = desk.moment("duty-1");
        given::<Alert>([received("110-1")])
            .when(|alert| alert.decide_receive(&request(), "110-1", None, &at))
            .then_refused(&["ALERT-EXISTS"]);
        let bad = ReceiveAlertRequest {
            org_unit: "999999999999".into(),
            received_at: Some(timestamp(datetime!(2031-01-01 0:00 UTC))),
            ..request()
        };
        given::<Alert>([])
            .when(|alert| alert.decide_receive(&bad, "110-1", None, &at))
            .then_refused(&["CB-003", "CB-001"]);
    }

    #[test]
    fn a_repeated_place_within_ten_minutes_is_remarked_not_refused() {
        let desk = Desk::default();
        let remarks = Alert::remarks_on_receiving(&request(), Some("110-0"), &desk.moment("duty-1"));
        assert!(!remarks.reject());
        assert_eq!(remarks.findings()[0].code, "CB-015");
    }

    #[test]
    fn an_alert_has_one_end_only() {
        let desk = Desk::default();
        let at = desk.moment("duty-1");
        let dispose = DisposeAlertRequest {
            disposition: AlertDisposition::Helped.into(),
            no_case_reason: "迷路老人已送回家".into(),
            ..Default::default()
        };
        given::<Alert>([received("110-1")])
            .when(|alert| alert.decide_dispose(&dispose, false, &at))
            .then([disposed()]);
        given::<Alert>([received("110-1"), disposed()])
            .when(|alert| alert.decide_dispose(&dispose, false, &at))
            .then_refused(&["ALERT-DISPOSED"]);
        given::<Alert>([])
            .when(|alert| alert.decide_dispose(&dispose, false, &at))
            .then_refused(&["ALERT-UNKNOWN"]);
    }

    #[test]
    fn whatever_is_disposed_of_without_a_case_says_why_unless_an_older_system_did_not() {
        let desk = Desk::default();
        let at = desk.moment("duty-1");
        let silent =
            DisposeAlertRequest { disposition: AlertDisposition::Helped.into(), ..Default::default() };
        given::<Alert>([received("110-1")])
            .when(|alert| alert.decide_dispose(&silent, false, &at))
            .then_refused(&["GE-006"]);
        let AlertEvent::Received(recorded) = received("110-1") else { panic!() };
        let legacy = AlertReceived { provenance: Provenance::LegacyImport.into(), ..recorded };
        assert!(given::<Alert>([legacy.into()]).0.decide_dispose(&silent, false, &at).is_ok());
    }

    #[test]
    fn an_alert_is_to_be_settled_a_day_after_it_is_recorded_until_there_is_a_result() {
        let desk = Desk::default();
        let alert = given::<Alert>([received("110-1")]).0;
        assert_eq!(alert.settle_by(), Some(datetime!(2026-10-02 12:00 +8)));
        assert_eq!(given::<Alert>([received("110-1"), disposed()]).0.settle_by(), None);
        let demo = ReceiveAlertRequest { provenance: Provenance::Demo.into(), ..request() };
        let facts = Alert::default().decide_receive(&demo, "110-1", None, &desk.moment("duty-1")).unwrap();
        let AlertEvent::Received(e) = &facts[0].event else { panic!("{facts:?}") };
        assert_eq!(e.settle_by, None, "its deadlines ran elsewhere");
    }

    #[test]
    fn an_alert_filed_as_a_case_names_a_case_that_exists() {
        let desk = Desk::default();
        let at = desk.moment("duty-1");
        let filed = |case_no: &str| DisposeAlertRequest {
            disposition: AlertDisposition::FiledAsCase.into(),
            case_no: case_no.into(),
            ..Default::default()
        };
        for (case_no, exists, code) in
            [("", false, "GE-006"), ("A12", true, "GE-006"), (CASE_NO, false, "ALERT-CASE-UNKNOWN")]
        {
            given::<Alert>([received("110-1")])
                .when(|alert| alert.decide_dispose(&filed(case_no), exists, &at))
                .then_refused(&[code]);
        }
        assert!(given::<Alert>([received("110-1")]).0.decide_dispose(&filed(CASE_NO), true, &at).is_ok());
    }

    #[test]
    fn a_duplicate_says_for_which_unit_and_day_it_no_longer_counts() {
        let desk = Desk::default();
        let at = desk.moment("duty-1");
        let request = MarkAlertDuplicateRequest { duplicate_of: "110-0".into(), ..Default::default() };
        let original = given::<Alert>([received("110-0")]).0;
        let marked = AlertMarkedDuplicate {
            alert_id: "110-1".into(),
            duplicate_of: "110-0".into(),
            org_unit: STATION.into(),
            received_on: Some(date!(2026 - 06 - 07).into()),
            kind: "theft".into(),
        };
        let duplicate = given::<Alert>([received("110-1")])
            .when(|alert| alert.decide_mark_duplicate(&request, &original, &at))
            .then([marked.into()]);
        // neither an unknown alert, nor a duplicate, nor the alert itself is an original
        for (original, of, code) in [
            (Alert::default(), "110-0", "ALERT-ORIGINAL-UNKNOWN"),
            (duplicate, "110-0", "ALERT-ORIGINAL-UNKNOWN"),
            (original, "110-1", "ALERT-OWN-DUPLICATE"),
        ] {
            let request = MarkAlertDuplicateRequest { duplicate_of: of.into(), ..Default::default() };
            given::<Alert>([received("110-1")])
                .when(|alert| alert.decide_mark_duplicate(&request, &original, &at))
                .then_refused(&[code]);
        }
    }
}
