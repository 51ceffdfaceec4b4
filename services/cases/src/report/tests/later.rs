//! The procuratorate's supervision, matters of agencies, public security cases.

use super::*;
use xiaoan_proto::cases::v1::{
    AskAgencyForMaterialsRequest, DecideSecurityCaseRequest, ExcludeExpertTimeRequest,
    ExplainNonFilingRequest, ExtendSecurityCaseRequest, RecordAgencyMaterialsRequest,
    RecordFilingOrderedRequest, RecordReasonsAskedRequest,
};

fn clock(report: &Report) -> (String, OffsetDateTime) {
    let clock = report.seen().clocks.iter().rfind(|c| c.met_at.is_none() && !c.lifted).expect("one runs");
    (clock.rule_id.clone(), xiaoan_proto::instant(&clock.due_at.expect("due")).expect("an instant"))
}

fn asked() -> RecordReasonsAskedRequest {
    RecordReasonsAskedRequest { document: "检要说〔2026〕1号".into(), ..Default::default() }
}

fn ordered() -> RecordFilingOrderedRequest {
    RecordFilingOrderedRequest { document: "检通立〔2026〕1号".into(), ..Default::default() }
}

#[test]
fn the_procuratorate_is_answered_in_seven_days_and_asks_only_about_what_was_not_filed() {
    let desk = later(datetime!(2026-10-08 9:00 +8));
    let at = desk.moment("officer-1");
    assert_eq!(code(register(&request()).decide_ask_reasons(&asked(), &at)), "REPORT-NOT-REFUSED");
    let mut report = not_filed();
    let explain = ExplainNonFilingRequest { reasons: "没有犯罪事实".into(), ..Default::default() };
    assert_eq!(code(report.decide_explain(&explain, &at)), "REPORT-REASONS-NOT-ASKED");
    act(&mut report, |r| r.decide_ask_reasons(&asked(), &at));
    assert_eq!(clock(&report), ("PROC-EXPLAIN".into(), datetime!(2026-10-16 0:00 +8)));
    assert_eq!(code(report.decide_ask_reasons(&asked(), &at)), "REPORT-REASONS-ASKED");
    let late = |now: OffsetDateTime| {
        let desk = later(now);
        let facts = report.decide_explain(&explain, &desk.moment("officer-1")).expect("explained");
        let ReportEvent::Explained(e) = &facts[0].event else { panic!("{facts:?}") };
        e.late
    };
    assert!(!late(datetime!(2026-10-15 23:59 +8)));
    assert!(late(datetime!(2026-10-16 0:00 +8)));
}

#[test]
fn an_ordered_filing_is_approved_and_nobody_here_decides_otherwise() {
    let desk = later(datetime!(2026-10-08 9:00 +8));
    let mut report = served();
    assert_eq!(
        code(register(&request()).decide_order_filing(&ordered(), &desk.moment("officer-1"))),
        "REPORT-NOT-REFUSED"
    );
    assert_eq!(act(&mut report, |r| r.decide_order_filing(&ordered(), &desk.moment("officer-1"))), 2);
    assert_eq!(report.seen().state(), ReportState::FilingApproved);
    assert_eq!(clock(&report), ("PROC-FILE".into(), datetime!(2026-10-24 0:00 +8)));
    let set_aside = OverrideReportRequest {
        outcome: ReportOutcome::NotFile.into(),
        reason: "r".into(),
        ..Default::default()
    };
    let registrar = desk.registrar("registrar-1");
    assert_eq!(code(report.decide_override(&set_aside, &registrar)), "REPORT-NOT-DECIDED");
    act(&mut report, |r| r.decide_filed(CASE_NO, STATION, date!(2026 - 10 - 23)));
    let filed = report.seen().clocks.last().expect("a clock").clone();
    assert!(filed.met_at.is_some() && !filed.late);
    let mut tardy = not_filed();
    act(&mut tardy, |r| r.decide_order_filing(&ordered(), &desk.moment("officer-1")));
    act(&mut tardy, |r| r.decide_filed(CASE_NO, STATION, date!(2026 - 10 - 24)));
    assert!(tardy.seen().clocks.last().expect("a clock").late);
}

#[test]
fn a_matter_of_an_agency_waits_for_its_materials_and_is_then_reviewed_anew() {
    let desk = desk();
    let of_agency = RegisterReportRequest { channel: ReportChannel::Authority.into(), ..request() };
    let mut report = register(&of_agency);
    assert_eq!(clock(&report).0, "ADMIN-AGENCY");
    let ask = AskAgencyForMaterialsRequest { missing: "鉴定材料".into(), ..Default::default() };
    let at = desk.moment("officer-1");
    assert_eq!(code(register(&request()).decide_ask_agency(&ask, &at)), "REPORT-NOT-OF-AGENCY");
    let supply = RecordAgencyMaterialsRequest::default();
    assert_eq!(code(report.decide_take_materials(&supply, &at)), "REPORT-AGENCY-NOT-ASKED");
    let late = |when: OffsetDateTime| {
        let desk = later(when);
        let facts = report.decide_ask_agency(&ask, &desk.moment("officer-1")).expect("asked");
        let ReportEvent::MaterialsAsked(e) = &facts[0].event else { panic!("{facts:?}") };
        e.late
    };
    assert!(!late(REPORTED + time::Duration::DAY - time::Duration::MICROSECOND));
    assert!(late(REPORTED + time::Duration::DAY));
    act(&mut report, |r| r.decide_ask_agency(&ask, &at));
    assert_eq!(clock(&report).0, "ADMIN-AGENCY-ADD", "the agency's time; no review runs");
    assert_eq!(code(report.decide_ask_agency(&ask, &at)), "REPORT-NOT-OF-AGENCY");
    let supplied = later(datetime!(2026-10-08 9:00 +8));
    act(&mut report, |r| r.decide_take_materials(&supply, &supplied.moment("officer-1")));
    assert_eq!(clock(&report).0, "ADMIN-AGENCY");
    act(&mut report, |r| r.decide_outcome(&decision(ReportOutcome::File), &supplied.chief("chief-1")));
    assert_eq!(report.seen().state(), ReportState::FilingApproved);
    assert!(report.seen().clocks.iter().all(|c| c.met_at.is_some() || c.lifted));
}

/// Taken as administrative on 29 September at noon.
fn security() -> Report {
    let mut report = register(&request());
    let desk = desk();
    act(&mut report, |r| r.decide_outcome(&decision(ReportOutcome::Administrative), &desk.chief("chief-1")));
    report
}

#[test]
fn a_public_security_case_is_decided_in_thirty_days_by_a_head_at_county_level() {
    let report = security();
    assert_eq!(clock(&report), ("SEC-CASE".into(), datetime!(2026-10-30 0:00 +8)));
    let decide = DecideSecurityCaseRequest { decision: "行政拘留五日".into(), ..Default::default() };
    let desk = later(datetime!(2026-10-29 18:00 +8));
    assert_eq!(code(report.decide_security(&decide, &desk.moment("officer-1"))), "CB-007");
    assert_eq!(
        code(register(&request()).decide_security(&decide, &desk.chief("chief-1"))),
        "REPORT-NO-SECURITY-CASE"
    );
    let late = |now: OffsetDateTime| {
        let desk = later(now);
        let facts = report.decide_security(&decide, &desk.chief("chief-1")).expect("decided");
        let ReportEvent::SecurityCaseDecided(e) = &facts[0].event else { panic!("{facts:?}") };
        e.late
    };
    assert!(!late(datetime!(2026-10-29 23:59 +8)));
    assert!(late(datetime!(2026-10-30 0:00 +8)));
    let mut decided = report.clone();
    act(&mut decided, |r| r.decide_security(&decide, &desk.chief("chief-1")));
    assert_eq!(code(decided.decide_security(&decide, &desk.chief("chief-1"))), "REPORT-NO-SECURITY-CASE");
}

#[test]
fn the_city_extends_it_once_and_an_experts_days_do_not_count() {
    let mut report = security();
    let extend = ExtendSecurityCaseRequest {
        reason: "案情复杂".into(),
        requested_by: "chief-1".into(),
        ..Default::default()
    };
    let desk = later(datetime!(2026-10-20 9:00 +8));
    assert_eq!(code(report.decide_extend_security(&extend, &desk.chief("chief-2"))), "CB-007");
    assert_eq!(code(report.decide_extend_security(&extend, &desk.city("chief-1"))), "CB-006");
    let exclude = |from, to| ExcludeExpertTimeRequest {
        from: Some(xiaoan_proto::core::v1::Date::from(from)),
        to: Some(xiaoan_proto::core::v1::Date::from(to)),
        ..Default::default()
    };
    let week = exclude(date!(2026 - 10 - 08), date!(2026 - 10 - 14));
    act(&mut report, |r| r.decide_exclude_expert_time(&week, &desk.moment("officer-1")));
    assert_eq!(clock(&report), ("SEC-CASE".into(), datetime!(2026-11-06 0:00 +8)), "seven days more");
    for (wrong, code_) in [
        (week, "CB-005"),
        (exclude(date!(2026 - 09 - 28), date!(2026 - 10 - 01)), "CB-005"),
        (exclude(date!(2026 - 10 - 18), date!(2026 - 10 - 17)), "CB-005"),
        (exclude(date!(2026 - 10 - 18), date!(2026 - 10 - 21)), "CB-003"),
    ] {
        assert_eq!(code(report.decide_exclude_expert_time(&wrong, &desk.moment("officer-1"))), code_);
    }
    act(&mut report, |r| r.decide_extend_security(&extend, &desk.city("head-1")));
    let (rule, due) = clock(&report);
    assert_eq!(rule, "SEC-CASE-MORE");
    assert!(due > datetime!(2026-12-05 0:00 +8), "thirty days after the first period: {due}");
    assert_eq!(code(report.decide_extend_security(&extend, &desk.city("head-1"))), "REPORT-NOT-LONGER");
    let more = exclude(date!(2026 - 10 - 15), date!(2026 - 10 - 15));
    act(&mut report, |r| r.decide_exclude_expert_time(&more, &desk.moment("officer-1")));
    assert_eq!(clock(&report), ("SEC-CASE-MORE".into(), due + time::Duration::DAY));
}
