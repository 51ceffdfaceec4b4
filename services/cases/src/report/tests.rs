//! Reports in given / when / then: one passing and one failing exemplar of each code.

mod later;

use super::*;
use crate::case::story::{CASE_NO, Desk, STATION};
use prost_types::Timestamp;
use time::macros::{date, datetime};
use xiaoan_kernel::Refusal;
use xiaoan_kernel::given::given;
use xiaoan_proto::cases::v1::{
    DecideReconsiderationRequest, DecideReportRequest, ExtendReviewRequest, FindForeignJurisdictionRequest,
    IssueReceiptRequest, NoteReceiptRefusedRequest, OverrideReportRequest, ReportOutcome,
    RequestReconsiderationRequest, ServeNotFiledNoticeRequest, SwitchTrackRequest, TransferReportRequest,
};

/// Two days before the National Day holidays of 2026, which end on 7 October.
const REPORTED: OffsetDateTime = datetime!(2026-09-29 10:00 +8);

fn at(instant: OffsetDateTime) -> Option<Timestamp> {
    Some(timestamp(instant))
}

fn desk() -> Desk {
    Desk { now: datetime!(2026-09-29 12:00 +8), ..Desk::default() }
}

fn later(now: OffsetDateTime) -> Desk {
    Desk { now, ..Desk::default() }
}

fn request() -> RegisterReportRequest {
    RegisterReportRequest {
        org_unit: STATION.into(),
        track: ReportTrack::Criminal.into(),
        reported_at: at(REPORTED),
        summary: "入室盗窃".into(),
        receipt_no: "回执1".into(),
        ..Default::default()
    }
}

fn register(request: &RegisterReportRequest) -> Report {
    let mut report = Report::default();
    let desk = desk();
    act(&mut report, |r| r.decide_register(request, "r-1", None, false, &desk.moment("officer-1")));
    report
}

/// Carries out a decision that must be accepted.
#[track_caller]
fn act(report: &mut Report, decide: impl FnOnce(&Report) -> Result<Facts, Refused>) -> usize {
    let facts = decide(report).expect("accepted");
    facts.iter().for_each(|fact| report.apply(&fact.event));
    facts.len()
}

/// Code of a decision that must be refused.
#[track_caller]
fn code(decided: Result<Facts, Refused>) -> &'static str {
    decided.expect_err("refused").findings()[0].code
}

fn decision(outcome: ReportOutcome) -> DecideReportRequest {
    DecideReportRequest { outcome: outcome.into(), reason: "r".into(), ..Default::default() }
}

fn not_filed() -> Report {
    let mut report = register(&request());
    let desk = desk();
    act(&mut report, |r| r.decide_outcome(&decision(ReportOutcome::NotFile), &desk.chief("chief-1")));
    report
}

fn served() -> Report {
    let mut report = not_filed();
    let desk = later(datetime!(2026-09-30 9:00 +8));
    act(&mut report, |r| r.decide_serve(&ServeNotFiledNoticeRequest::default(), &desk.moment("officer-1")));
    report
}

#[test]
fn a_criminal_report_is_reviewed_in_three_days_that_roll_past_the_national_day() {
    let report = register(&request());
    assert_eq!(report.seen().state(), ReportState::UnderReview);
    let clock = report.clock("REV-").expect("runs");
    assert_eq!((clock.rule_id, clock.due_at), ("REV-CRIM-3D", datetime!(2026-10-09 0:00 +8)));
}

#[test]
fn an_administrative_report_is_reviewed_in_24_hours_and_a_complex_one_in_three_days() {
    let due = |track: ReportTrack| {
        let report = register(&RegisterReportRequest { track: track.into(), ..request() });
        report.clock("REV-").expect("runs").due_at
    };
    assert_eq!(due(ReportTrack::Administrative), datetime!(2026-09-30 10:00 +8));
    assert_eq!(due(ReportTrack::AdministrativeComplex), datetime!(2026-10-09 0:00 +8));
}

#[test]
fn a_report_is_registered_once_by_a_unit_that_exists_and_not_before_it_was_made() {
    let desk = desk();
    let m = desk.moment("officer-1");
    let there = register(&request());
    assert_eq!(code(there.decide_register(&request(), "r-1", None, false, &m)), "REPORT-EXISTS");
    let before = datetime!(2026-09-29 9:59 +8);
    let future = datetime!(2026-09-29 12:01 +8);
    for (bad, codes) in [
        (RegisterReportRequest { org_unit: "1".into(), ..request() }, ["CB-001"]),
        (RegisterReportRequest { reported_at: at(future), ..request() }, ["CB-003"]),
        (RegisterReportRequest { registered_at: at(before), ..request() }, ["CB-005"]),
        (RegisterReportRequest { track: 0, ..request() }, ["GE-006"]),
        (RegisterReportRequest { summary: String::new(), ..request() }, ["GE-006"]),
        (RegisterReportRequest { receipt_refusal: 1, ..request() }, ["GE-006"]),
    ] {
        given::<Report>([])
            .when(|report| report.decide_register(&bad, "r-1", None, false, &m))
            .then_refused(&codes);
    }
    let old = RegisterReportRequest { reported_at: at(datetime!(2014-01-01 8:00 +8)), ..request() };
    assert_eq!(code(Report::default().decide_register(&old, "r-1", None, false, &m)), "NO-LAW");
}

#[test]
fn nothing_is_decided_without_a_receipt_or_a_note_why_there_is_none() {
    let desk = desk();
    let chief = desk.chief("chief-1");
    let mut report = register(&RegisterReportRequest { receipt_no: String::new(), ..request() });
    assert_eq!(report.seen().state(), ReportState::Registered);
    assert_eq!(code(report.decide_outcome(&decision(ReportOutcome::File), &chief)), "REPORT-NO-RECEIPT");
    let issue = IssueReceiptRequest { receipt_no: "回执2".into(), ..Default::default() };
    let note =
        NoteReceiptRefusedRequest { refusal: ReceiptRefusal::Unreachable.into(), ..Default::default() };
    assert!(report.decide_issue_receipt(&issue, &desk.moment("officer-1")).is_ok());
    act(&mut report, |r| r.decide_note_receipt_refused(&note, &desk.moment("officer-1")));
    assert_eq!(code(report.decide_issue_receipt(&issue, &desk.moment("officer-1"))), "REPORT-RECEIPTED");
    assert!(report.decide_outcome(&decision(ReportOutcome::File), &chief).is_ok());
}

#[test]
fn the_review_lasts_seven_days_with_a_clue_and_thirty_with_a_county_head() {
    let desk = desk();
    let extend = |days: i32| ExtendReviewRequest {
        days,
        reason: "线索待查证".into(),
        requested_by: "officer-1".into(),
        ..Default::default()
    };
    let mut report = register(&request());
    let leader = desk.moment("leader-1");
    assert_eq!(code(report.decide_extend(&extend(30), &desk.moment("officer-1"))), "CB-006");
    assert_eq!(code(report.decide_extend(&extend(14), &leader)), "GE-006");
    // 7 days from 29 September end on 6 October, a holiday, so on the 8th: no longer than what there is.
    assert_eq!(code(report.decide_extend(&extend(7), &leader)), "REPORT-NOT-LONGER");
    assert_eq!(code(report.decide_extend(&extend(30), &leader)), "CB-007");
    act(&mut report, |r| r.decide_extend(&extend(30), &desk.chief("chief-1")));
    let clock = report.clock("REV-").expect("runs");
    assert_eq!((clock.rule_id, clock.due_at), ("REV-CRIM-30D", datetime!(2026-10-30 0:00 +8)));
    assert_eq!(report.seen().clocks.iter().filter(|c| c.lifted).count(), 1);
}

#[test]
fn a_review_can_be_extended_to_seven_days_in_a_plain_week() {
    let desk = later(datetime!(2026-09-08 12:00 +8));
    let mut report = Report::default();
    let monday = RegisterReportRequest { reported_at: at(datetime!(2026-09-07 10:00 +8)), ..request() };
    act(&mut report, |r| r.decide_register(&monday, "r-1", None, false, &desk.moment("officer-1")));
    let extend = ExtendReviewRequest {
        days: 7,
        reason: "r".into(),
        requested_by: "officer-1".into(),
        ..Default::default()
    };
    act(&mut report, |r| r.decide_extend(&extend, &desk.moment("leader-1")));
    assert_eq!(report.clock("REV-").expect("runs").due_at, datetime!(2026-09-15 0:00 +8));
}

#[test]
fn what_seemed_administrative_is_moved_and_its_review_begins_again() {
    let desk = desk();
    let mut report =
        register(&RegisterReportRequest { track: ReportTrack::Administrative.into(), ..request() });
    let to = |track: ReportTrack| SwitchTrackRequest {
        track: track.into(),
        reason: "已达刑事立案标准".into(),
        ..Default::default()
    };
    let m = desk.moment("officer-1");
    assert_eq!(code(report.decide_switch_track(&to(ReportTrack::Administrative), &m)), "REPORT-SAME-TRACK");
    act(&mut report, |r| r.decide_switch_track(&to(ReportTrack::Criminal), &m));
    let clock = report.clock("REV-").expect("runs");
    assert_eq!((clock.rule_id, clock.started_at), ("REV-CRIM-3D", desk.now));
}

#[test]
fn a_head_at_county_level_decides_and_never_who_registered_it() {
    let desk = desk();
    let mut report = register(&request());
    let file = decision(ReportOutcome::File);
    assert_eq!(code(report.decide_outcome(&file, &desk.chief("officer-1"))), "CB-006");
    assert_eq!(code(report.decide_outcome(&file, &desk.moment("leader-1"))), "CB-007");
    assert_eq!(
        code(report.decide_outcome(&decision(ReportOutcome::Unspecified), &desk.chief("c"))),
        "GE-006"
    );
    act(&mut report, |r| r.decide_outcome(&file, &desk.chief("chief-1")));
    assert_eq!(report.seen().state(), ReportState::FilingApproved);
    assert_eq!(code(report.decide_outcome(&file, &desk.chief("chief-1"))), "REPORT-NOT-UNDER-REVIEW");
}

#[test]
fn a_decision_at_the_instant_the_time_is_up_is_late() {
    let due = datetime!(2026-10-09 0:00 +8);
    for (when, late) in [(due - time::Duration::MICROSECOND, false), (due, true)] {
        let mut report = register(&request());
        let desk = later(when);
        act(&mut report, |r| r.decide_outcome(&decision(ReportOutcome::File), &desk.chief("chief-1")));
        assert_eq!(report.seen().clocks[0].late, late, "{when}");
        let facts = report.decide_filed(CASE_NO, STATION, date!(2026 - 10 - 09)).expect("accepted");
        let ReportEvent::Filed(filed) = &facts[0].event else { panic!("filed") };
        assert_eq!(filed.late, late);
    }
}

#[test]
fn a_case_is_filed_for_an_approved_report_of_its_own_unit_once() {
    let desk = desk();
    let on = date!(2026 - 09 - 29);
    let mut report = register(&request());
    assert_eq!(code(Report::default().decide_filed(CASE_NO, STATION, on)), "REPORT-UNKNOWN");
    assert_eq!(code(report.decide_filed(CASE_NO, STATION, on)), "REPORT-NOT-APPROVED");
    act(&mut report, |r| r.decide_outcome(&decision(ReportOutcome::File), &desk.chief("chief-1")));
    assert_eq!(code(report.decide_filed(CASE_NO, "371102020000", on)), "REPORT-OTHER-UNIT");
    act(&mut report, |r| r.decide_filed(CASE_NO, STATION, on));
    assert_eq!(report.seen().case_no, CASE_NO);
    assert_eq!(code(report.decide_filed(CASE_NO, STATION, on)), "REPORT-NOT-APPROVED");
}

#[test]
fn what_belongs_elsewhere_is_transferred_within_24_hours_to_the_second() {
    let found_at = datetime!(2026-09-29 12:00 +8);
    let find = FindForeignJurisdictionRequest {
        belongs_to: "示例市公安局".into(),
        at: at(found_at),
        ..Default::default()
    };
    let found = || {
        let mut report = register(&request());
        let desk = desk();
        let m = desk.moment("officer-1");
        assert_eq!(code(report.decide_transfer(&TransferReportRequest::default(), &m)), "REPORT-NOT-FOREIGN");
        act(&mut report, |r| r.decide_find_foreign(&find, &m));
        assert_eq!(code(report.decide_find_foreign(&find, &m)), "REPORT-FOREIGN");
        report
    };
    let until = found_at + time::Duration::DAY;
    for (when, late) in [(until - time::Duration::SECOND, false), (until, true)] {
        let mut report = found();
        let desk = later(when);
        act(&mut report, |r| r.decide_transfer(&TransferReportRequest::default(), &desk.moment("officer-1")));
        assert_eq!(report.seen().state(), ReportState::Transferred);
        let clock = report.seen().clocks.iter().find(|c| c.rule_id == "XFER-24H").expect("a clock");
        assert_eq!(clock.late, late, "{when}");
        assert!(report.clock("REV-").is_none(), "nothing is reviewed any more");
    }
}

#[test]
fn the_notice_is_served_in_three_days_and_only_once() {
    let desk = later(datetime!(2026-09-30 9:00 +8));
    let serve = ServeNotFiledNoticeRequest::default();
    let m = desk.moment("officer-1");
    assert_eq!(code(register(&request()).decide_serve(&serve, &m)), "REPORT-FILED-OR-OPEN");
    let report = not_filed();
    assert_eq!(report.clock("NF-SERVE").expect("runs").due_at, datetime!(2026-10-09 0:00 +8));
    assert_eq!(code(served().decide_serve(&serve, &m)), "REPORT-SERVED");
}

#[test]
fn a_complainant_asks_twice_and_each_time_others_decide() {
    let ask = RequestReconsiderationRequest::default();
    let decide =
        |upheld: bool| DecideReconsiderationRequest { upheld, reason: "r".into(), ..Default::default() };
    let desk = later(datetime!(2026-09-30 10:00 +8));
    let m = desk.moment("officer-1");
    assert_eq!(code(not_filed().decide_request(&ask, &m)), "REPORT-NOT-SERVED");
    let mut report = served();
    assert_eq!(code(report.decide_reconsider(&decide(true), &desk.chief("chief-2"))), "REPORT-NOT-REQUESTED");
    let too_late = later(datetime!(2026-10-09 0:00 +8));
    assert_eq!(code(report.decide_request(&ask, &too_late.moment("officer-1"))), "REPORT-TOO-LATE");
    act(&mut report, |r| r.decide_request(&ask, &m));
    assert_eq!(code(report.decide_request(&ask, &m)), "REPORT-REQUESTED");
    assert_eq!(report.clock("NF-DECIDE").expect("runs").due_at, datetime!(2026-10-31 0:00 +8));
    assert_eq!(code(report.decide_reconsider(&decide(true), &desk.chief("chief-1"))), "CB-006");
    assert_eq!(code(report.decide_reconsider(&decide(true), &desk.moment("leader-1"))), "CB-007");
    act(&mut report, |r| r.decide_reconsider(&decide(true), &desk.chief("chief-2")));
    act(&mut report, |r| r.decide_request(&ask, &m));
    assert_eq!(report.clock("NF-DECIDE").expect("runs").rule_id, "NF-DECIDE2");
    assert_eq!(code(report.decide_reconsider(&decide(true), &desk.chief("chief-3"))), "CB-007");
    let mut upheld = report.clone();
    act(&mut upheld, |r| r.decide_reconsider(&decide(true), &desk.city("city-1")));
    assert_eq!(code(upheld.decide_request(&ask, &m)), "REPORT-EXHAUSTED");
    assert_eq!(act(&mut report, |r| r.decide_reconsider(&decide(false), &desk.city("city-1"))), 2);
    assert_eq!(report.seen().state(), ReportState::FilingApproved);
}

#[test]
fn the_registrars_word_is_the_last_and_never_on_the_own_decision() {
    let desk = desk();
    let to = |outcome: ReportOutcome| OverrideReportRequest {
        outcome: outcome.into(),
        reason: "符合立案标准".into(),
        ..Default::default()
    };
    let mut report = not_filed();
    let file = to(ReportOutcome::File);
    assert_eq!(code(report.decide_override(&file, &desk.chief("chief-2"))), "GE-004");
    assert_eq!(code(report.decide_override(&file, &desk.registrar("chief-1"))), "CB-006");
    let registrar = desk.registrar("registrar-1");
    assert_eq!(code(report.decide_override(&to(ReportOutcome::NotFile), &registrar)), "REPORT-NOT-DECIDED");
    assert_eq!(code(report.decide_override(&to(ReportOutcome::Administrative), &registrar)), "GE-006");
    act(&mut report, |r| r.decide_override(&file, &registrar));
    assert_eq!(report.seen().state(), ReportState::FilingApproved);
    assert!(report.clock("NF-SERVE").is_none(), "no notice is owed any more");
    let again = report.decide_override(&to(ReportOutcome::NotFile), &desk.registrar("registrar-2"));
    assert_eq!(code(again), "REPORT-OVERRIDDEN");
}

#[test]
fn an_act_on_a_report_that_never_was_is_refused() {
    let desk = desk();
    let report = Report::default();
    assert_eq!(
        code(report.decide_outcome(&decision(ReportOutcome::File), &desk.chief("c"))),
        "REPORT-UNKNOWN"
    );
    let m = desk.moment("o");
    assert_eq!(code(report.decide_transfer(&TransferReportRequest::default(), &m)), "REPORT-UNKNOWN");
}
