//! Which event arms and cancels what, row by row; and when a limit that comes about is a breach.

use super::*;
use std::collections::BTreeSet;
use time::macros::datetime;

const DUE: OffsetDateTime = datetime!(2026-10-01 8:30 +8);

fn alarm() -> Alarm {
    let stream = StreamId::new("alert", "110-1");
    Alarm { kind: "REG-24H".into(), stream, due_at: DUE, tries: 1 }
}

#[test]
fn a_limit_still_running_when_its_time_is_up_is_breached_once() {
    let unit = OrgCode::parse("371102010000").ok();
    let mut deadline = Deadline::default();
    let facts = deadline.decide_breach(&alarm(), "alerts/110-1", unit, Some(DUE));
    assert_eq!(facts.len(), 1);
    assert_eq!(facts[0].occurred_on, time::macros::date!(2026 - 10 - 01));
    deadline.apply(&facts[0].event);
    assert!(deadline.decide_breach(&alarm(), "alerts/110-1", unit, Some(DUE)).is_empty());
}

#[test]
fn a_limit_met_or_replaced_meanwhile_is_not() {
    let unit = OrgCode::parse("371102010000").ok();
    let later = DUE + time::Duration::DAY;
    for due_at in [None, Some(later)] {
        assert!(Deadline::default().decide_breach(&alarm(), "alerts/110-1", unit, due_at).is_empty());
    }
}

#[test]
fn what_ran_elsewhere_arms_nothing() {
    let stream = StreamId::new("report", "r-1");
    let registered = |provenance: Provenance| {
        ReportEvent::from(v1::ReportRegistered {
            rule_id: "REV-CRIM-3D".into(),
            due_at: Some(timestamp(DUE)),
            provenance: provenance.into(),
            ..Default::default()
        })
    };
    assert_eq!(of_report(&registered(Provenance::Recorded), &stream).len(), 1);
    assert!(of_report(&registered(Provenance::Demo), &stream).is_empty());
}

/// What stands armed before and after an event, as the words that the timer knows.
struct Row {
    event: Event,
    before: &'static [&'static str],
    after: &'static [&'static str],
}

enum Event {
    Alert(AlertEvent),
    Report(ReportEvent),
    Case(CaseEvent),
}

/// The kinds that are armed after the changes of an event; every one that it arms is due at `DUE`.
fn armed(row: &Row) -> BTreeSet<String> {
    let (changes, stream) = match &row.event {
        Event::Alert(event) => {
            let stream = StreamId::new("alert", "110-1");
            (of_alert(event, &stream), stream)
        }
        Event::Report(event) => {
            let stream = StreamId::new("report", "r-1");
            (of_report(event, &stream), stream)
        }
        Event::Case(event) => {
            let stream = StreamId::new("case", crate::case::story::CASE_NO);
            (of_case(&event.type_name(), &event.encode(), &stream).expect("readable"), stream)
        }
    };
    let mut armed: BTreeSet<String> = row.before.iter().map(|kind| (*kind).to_owned()).collect();
    for change in changes {
        match change {
            Change::Arm { kind, stream: of, due_at } => {
                assert_eq!((&of, due_at), (&stream, DUE), "{kind}");
                assert!(is_kind(&kind), "{kind} would come about and nobody would know it");
                armed.insert(kind);
            }
            Change::Cancel { kind, stream: of } => {
                assert_eq!(of, stream);
                armed.remove(&kind);
            }
            Change::CancelAll { stream: of } => {
                assert_eq!(of, stream);
                armed.clear();
            }
        }
    }
    armed
}

fn row(event: impl Into<Event>, before: &'static [&'static str], after: &'static [&'static str]) -> Row {
    Row { event: event.into(), before, after }
}

impl From<AlertEvent> for Event {
    fn from(event: AlertEvent) -> Self {
        Self::Alert(event)
    }
}

impl From<ReportEvent> for Event {
    fn from(event: ReportEvent) -> Self {
        Self::Report(event)
    }
}

impl From<CaseEvent> for Event {
    fn from(event: CaseEvent) -> Self {
        Self::Case(event)
    }
}

fn due() -> Option<Timestamp> {
    Some(timestamp(DUE))
}

fn alert_rows() -> Vec<Row> {
    let of = |event: AlertEvent, before, after| row(event, before, after);
    vec![
        of(v1::AlertReceived { settle_by: due(), ..Default::default() }.into(), &[], &["ALERT-SETTLE"]),
        of(v1::AlertReceived::default().into(), &[], &[]),
        of(
            v1::AlertResolved { register_by: due(), ..Default::default() }.into(),
            &["ALERT-SETTLE"],
            &["REG-24H"],
        ),
        of(v1::AlertResolved::default().into(), &["ALERT-SETTLE"], &[]),
        of(v1::AlertDisposed::default().into(), &["ALERT-SETTLE"], &[]),
        of(v1::UnitArrived::default().into(), &["ALERT-SETTLE"], &["ALERT-SETTLE"]),
        of(v1::AlertResolved { register_by: due(), ..Default::default() }.into(), &[], &["REG-24H"]),
        of(v1::AlertResolved::default().into(), &[], &[]),
        of(
            v1::AlertDispositionOverridden { register_by: due(), ..Default::default() }.into(),
            &[],
            &["REG-24H"],
        ),
        of(v1::AlertRegistered::default().into(), &["REG-24H"], &[]),
        of(v1::AlertDisposed::default().into(), &["REG-24H"], &[]),
        of(v1::AlertMarkedDuplicate::default().into(), &["REG-24H"], &[]),
        of(v1::UnitDispatched::default().into(), &[], &[]),
        of(v1::AlertAudited::default().into(), &["REG-24H"], &["REG-24H"]),
    ]
}

fn report_rows() -> Vec<Row> {
    let of = |event: ReportEvent, before, after| row(event, before, after);
    let registered =
        |rule: &str| v1::ReportRegistered { rule_id: rule.into(), due_at: due(), ..Default::default() };
    let extended =
        |rule: &str| v1::ReviewExtended { rule_id: rule.into(), due_at: due(), ..Default::default() };
    let switched =
        |rule: &str| v1::TrackSwitched { rule_id: rule.into(), due_at: due(), ..Default::default() };
    let excluded =
        |rule: &str| v1::ExpertTimeExcluded { rule_id: rule.into(), due_at: due(), ..Default::default() };
    let requested = |instance| v1::ReconsiderationRequested { instance, due_at: due(), ..Default::default() };
    vec![
        of(registered("REV-CRIM-3D").into(), &[], &["REV-CRIM-3D"]),
        of(registered("REV-ADM").into(), &[], &["REV-ADM"]),
        of(registered("REV-ADM-3D").into(), &[], &["REV-ADM-3D"]),
        of(extended("REV-CRIM-7D").into(), &["REV-CRIM-3D"], &["REV-CRIM-7D"]),
        of(extended("REV-CRIM-30D").into(), &["REV-CRIM-7D"], &["REV-CRIM-30D"]),
        of(switched("REV-ADM").into(), &["REV-CRIM-30D"], &["REV-ADM"]),
        of(switched("REV-ADM-3D").into(), &["REV-ADM"], &["REV-ADM-3D"]),
        of(switched("REV-CRIM-3D").into(), &["REV-ADM-3D"], &["REV-CRIM-3D"]),
        of(
            v1::ForeignJurisdictionFound { due_at: due(), ..Default::default() }.into(),
            &["REV-CRIM-3D"],
            &["REV-CRIM-3D", "XFER-24H"],
        ),
        of(v1::ReportTransferred::default().into(), &["REV-CRIM-3D", "XFER-24H"], &[]),
        of(v1::FilingApproved::default().into(), &["REV-CRIM-3D", "NF-SERVE", "NF-DECIDE"], &[]),
        of(
            v1::ReportNotFiled { serve_by: due(), ..Default::default() }.into(),
            &["REV-CRIM-30D"],
            &["NF-SERVE"],
        ),
        of(v1::ReportTakenAsAdministrative::default().into(), &["REV-ADM"], &[]),
        of(v1::NotFiledNoticeServed::default().into(), &["NF-SERVE"], &[]),
        of(requested(1).into(), &[], &["NF-DECIDE"]),
        of(requested(2).into(), &[], &["NF-DECIDE2"]),
        of(v1::ReconsiderationDecided::default().into(), &["NF-DECIDE"], &[]),
        of(v1::ReconsiderationDecided::default().into(), &["NF-DECIDE2"], &[]),
        of(v1::RegistrarOverrode::default().into(), &["NF-DECIDE2", "NF-SERVE"], &["NF-SERVE"]),
        of(registered("ADMIN-AGENCY").into(), &[], &["ADMIN-AGENCY"]),
        of(v1::AgencyMaterialsAsked::default().into(), &["ADMIN-AGENCY"], &[]),
        of(
            v1::AgencyMaterialsSupplied { due_at: due(), ..Default::default() }.into(),
            &[],
            &["ADMIN-AGENCY"],
        ),
        of(
            v1::ReportNotFiled { serve_by: due(), ..Default::default() }.into(),
            &["ADMIN-AGENCY"],
            &["NF-SERVE"],
        ),
        of(
            v1::NonFilingReasonsAsked { due_at: due(), ..Default::default() }.into(),
            &["NF-SERVE"],
            &["NF-SERVE", "PROC-EXPLAIN"],
        ),
        of(v1::NonFilingExplained::default().into(), &["NF-SERVE", "PROC-EXPLAIN"], &["NF-SERVE"]),
        of(v1::FilingOrdered { due_at: due(), ..Default::default() }.into(), &[], &["PROC-FILE"]),
        of(v1::ReportFiled::default().into(), &["PROC-FILE"], &[]),
        of(
            v1::ReportTakenAsAdministrative { handle_by: due(), ..Default::default() }.into(),
            &["REV-ADM"],
            &["SEC-CASE"],
        ),
        of(
            v1::SecurityCaseExtended { due_at: due(), ..Default::default() }.into(),
            &["SEC-CASE"],
            &["SEC-CASE-MORE"],
        ),
        of(excluded("SEC-CASE").into(), &["SEC-CASE"], &["SEC-CASE"]),
        of(excluded("SEC-CASE-MORE").into(), &["SEC-CASE-MORE"], &["SEC-CASE-MORE"]),
        of(v1::SecurityCaseDecided::default().into(), &["SEC-CASE"], &[]),
        of(v1::SecurityCaseDecided::default().into(), &["SEC-CASE-MORE"], &[]),
        of(v1::ReceiptIssued::default().into(), &["REV-CRIM-3D"], &["REV-CRIM-3D"]),
    ]
}

fn case_rows() -> Vec<Row> {
    let of = |event: CaseEvent, before, after| row(event, before, after);
    vec![
        of(v1::CaseWithdrawn { notify_by: due(), ..Default::default() }.into(), &[], &["WD-NOTIFY"]),
        of(v1::CaseWithdrawn::default().into(), &[], &[]),
        of(v1::WithdrawalNoticeServed::default().into(), &["WD-NOTIFY"], &[]),
        of(v1::CaseRefiled::default().into(), &["WD-NOTIFY"], &[]),
        of(v1::CaseReclassified::default().into(), &["WD-NOTIFY"], &["WD-NOTIFY"]),
        of(crate::case::story::filed(), &[], &[]),
    ]
}

#[test]
fn every_event_arms_and_cancels_the_limits_that_it_starts_and_ends() {
    let mut ever = BTreeSet::new();
    for row in alert_rows().iter().chain(&report_rows()).chain(&case_rows()) {
        let after: BTreeSet<String> = row.after.iter().map(|kind| (*kind).to_owned()).collect();
        let event = match &row.event {
            Event::Alert(event) => event.type_name(),
            Event::Report(event) => event.type_name(),
            Event::Case(event) => event.type_name(),
        };
        assert_eq!(armed(row), after, "{event} with {:?} running", row.before);
        ever.extend(after);
    }
    let all: BTreeSet<String> =
        REVIEWS.iter().chain(&SECURITY).chain(&OTHERS).map(|kind| (*kind).to_owned()).collect();
    assert_eq!(ever, all, "a limit that no row of the tables arms");
}

#[test]
fn every_limit_is_one_of_the_catalogue_or_of_the_local_terms() {
    let desk = crate::case::story::Desk::default();
    for kind in REVIEWS.iter().chain(&SECURITY).chain(&OTHERS) {
        assert!(desk.rules.work.due(kind, DUE).is_some(), "{kind}: neither a limit of law nor a local term");
    }
}

#[test]
fn an_alert_that_was_taken_over_or_invented_has_nothing_to_be_armed() {
    use xiaoan_kernel::given::given;
    let desk = crate::case::story::Desk::default();
    for (provenance, armed) in [
        (Provenance::Recorded, 1),
        (Provenance::Unspecified, 1),
        (Provenance::LegacyImport, 0),
        (Provenance::Demo, 0),
    ] {
        let received = v1::AlertReceived {
            alert_id: "110-1".into(),
            org_unit: crate::case::story::STATION.into(),
            received_at: Some(timestamp(datetime!(2026-09-30 8:00 +8))),
            provenance: provenance.into(),
            ..Default::default()
        };
        let alert = given::<Alert>([received.into()]).0;
        let request =
            v1::ResolveAlertRequest { result: v1::AlertResult::CrimeSuspected.into(), ..Default::default() };
        let facts = alert.decide_resolve(&request, &desk.moment("duty-1")).expect("resolved");
        let changes = of_alert(&facts[0].event, &StreamId::new("alert", "110-1"));
        let arms = changes.iter().filter(|change| matches!(change, Change::Arm { .. })).count();
        assert_eq!(arms, armed, "{provenance:?}");
        assert_eq!(alert.ran_elsewhere(), armed == 0);
    }
}
