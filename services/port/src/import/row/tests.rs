use super::*;
use crate::incident::story::{Desk, STATION};

fn row() -> IncidentRow {
    IncidentRow {
        line: 2,
        incident_no: "2021-017".into(),
        org_unit: STATION.into(),
        kind: "拥堵".into(),
        reported_at: "2021-05-02 08:15".into(),
        place: "2号门".into(),
        description: "货车积压".into(),
        outcome: "恢复".into(),
        ended_at: "2021-05-02 09:00".into(),
        closed_at: "2021-05-02 09:30".into(),
        ..Default::default()
    }
}

fn codes(row: &IncidentRow) -> Vec<(&'static str, &'static str)> {
    let desk = Desk::default();
    let judged = judge(row, &desk.moment("importer"), |_| true);
    assert_eq!(judged.incident.is_none(), judged.remarks.reject());
    judged.remarks.findings().iter().map(|f| (f.code, f.field)).collect()
}

#[test]
fn a_good_row_is_an_incident_in_either_language() {
    let desk = Desk::default();
    let judged = judge(&row(), &desk.moment("importer"), |_| true);
    let incident = judged.incident.expect("an incident");
    assert_eq!((incident.kind, incident.closed_at.is_some()), (IncidentKind::Congestion, true));
    let english = IncidentRow { kind: "Congestion".into(), outcome: "restored".into(), ..row() };
    let same = judge(&english, &desk.moment("importer"), |_| true).incident.expect("an incident");
    assert_eq!(same.canonical(), incident.canonical(), "the same content, whatever the language");
}

#[test]
fn every_finding_of_a_row_is_reported() {
    let bad = IncidentRow {
        org_unit: "12".into(),
        kind: "地震".into(),
        reported_at: "yesterday".into(),
        ended_at: String::new(),
        ..row()
    };
    assert_eq!(
        codes(&bad),
        [("GE-006", "reported_at"), ("CB-001", "org_unit"), ("GE-006", "kind"), ("GE-006", "ended_at")]
    );
}

#[test]
fn a_referral_needs_its_authority_and_receipt_and_nothing_else_has_them() {
    let referred = IncidentRow { kind: "航道".into(), outcome: "移交".into(), ..row() };
    assert_eq!(codes(&referred), [("GE-006", "referred_to"), ("GE-006", "receipt_no")]);
    let whole = IncidentRow { referred_to: "海事".into(), receipt_no: "海-1".into(), ..referred };
    assert_eq!(codes(&whole), []);
    let restored = IncidentRow { receipt_no: "海-1".into(), ..row() };
    assert_eq!(codes(&restored), [("GE-006", "receipt_no")]);
    let channel = IncidentRow { kind: "channel".into(), ..row() };
    assert_eq!(codes(&channel), [("INCIDENT-MUST-BE-REFERRED", "outcome")]);
}

#[test]
fn times_follow_one_another_and_an_open_incident_has_no_end() {
    let early = IncidentRow { ended_at: "2021-05-02 08:14".into(), ..row() };
    assert_eq!(codes(&early), [("PORT-TIME-ORDER", "ended_at")]);
    let open = IncidentRow { outcome: String::new(), ..row() };
    assert_eq!(codes(&open), [("GE-006", "outcome")]);
    let open =
        IncidentRow { outcome: String::new(), ended_at: String::new(), closed_at: String::new(), ..row() };
    assert_eq!(codes(&open), []);
    let future = IncidentRow { closed_at: "2031-01-01 00:00".into(), ..row() };
    assert_eq!(codes(&future), [("CB-003", "closed_at")]);
}

#[test]
fn a_unit_that_is_not_the_callers_and_a_malformed_line_are_rejected() {
    let desk = Desk::default();
    let judged = judge(&row(), &desk.moment("importer"), |_| false);
    assert_eq!(judged.remarks.findings()[0].code, "GE-004");
    assert_eq!(codes(&IncidentRow { malformed: "3 cells".into(), ..row() }), [("GE-006", "malformed")]);
}
