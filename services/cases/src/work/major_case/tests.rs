use super::*;
use crate::case::story::{CASE_NO, Desk};
use crate::work::kit::{filed, no, on, run, solved, withdrawn};
use time::macros::datetime;

fn supervise() -> SuperviseMajorCaseRequest {
    SuperviseMajorCaseRequest {
        case_no: CASE_NO.into(),
        level: SupervisionLevel::Ministry.into(),
        chief: "021001".into(),
        due_on: on(12, 31),
        ..Default::default()
    }
}

fn supervised() -> MajorCase {
    let desk = Desk { now: datetime!(2026-06-08 10:00 +8), ..Desk::default() };
    let at = desk.chief("chief-1");
    let mut major = MajorCase::default();
    run(&mut major, &at, |m| m.decide_supervise(&supervise(), &filed(), &at));
    major
}

#[test]
fn a_case_is_supervised_with_a_named_chief_and_not_a_unit() {
    let desk = Desk::default();
    let at = desk.chief("chief-1");
    assert!(MajorCase::default().decide_supervise(&supervise(), &filed(), &at).is_ok());
    for (request, code) in [
        (SuperviseMajorCaseRequest { chief: String::new(), ..supervise() }, "CP-009"),
        (SuperviseMajorCaseRequest { chief: "371102000000".into(), ..supervise() }, "CP-009"),
        (SuperviseMajorCaseRequest { chief: "张某".into(), ..supervise() }, "GE-006"),
        (SuperviseMajorCaseRequest { level: 0, ..supervise() }, "GE-006"),
    ] {
        assert_eq!(no(MajorCase::default().decide_supervise(&request, &filed(), &at)), [code]);
    }
    assert_eq!(
        no(MajorCase::default().decide_supervise(&supervise(), &withdrawn(), &at)),
        ["CASE-WITHDRAWN"]
    );
    assert_eq!(
        no(MajorCase::default().decide_supervise(&supervise(), &Cases::new(), &at)),
        ["WORK-CASE-UNKNOWN"]
    );
    assert_eq!(no(supervised().decide_supervise(&supervise(), &filed(), &at)), ["MAJOR-SUPERVISED"]);
}

#[test]
fn every_report_that_is_not_there_in_time_is_a_fact() {
    let mut major = supervised();
    // seven days from Monday 8 June are up with Monday the 15th; the next from there on the 23rd
    let desk = Desk { now: datetime!(2026-06-24 9:00 +8), ..Desk::default() };
    let at = desk.chief("chief-1");
    let report = ReportMajorCaseProgressRequest { text: "抓获两人".into(), ..Default::default() };
    let names = run(&mut major, &at, |m| m.decide_report(&report, &at));
    assert_eq!(names, ["MajorCaseReportOverdue", "MajorCaseReportOverdue", "MajorCaseProgressReported"]);
    assert!(major.shown().progress[0].late);
    assert!(!major.shown().report_overdue);
    assert_eq!(major.shown().overdue_reports, 2);
    assert!(major.fall_due(at.now, at.rules).is_empty());
    assert_eq!(no(MajorCase::default().decide_report(&report, &at)), ["MAJOR-UNKNOWN"]);
}

#[test]
fn a_supervision_ends_with_the_solve_or_with_a_signed_reason() {
    let desk = Desk { now: datetime!(2026-06-09 9:00 +8), ..Desk::default() };
    let at = desk.chief("chief-1");
    let end = |reason: &str, signed_by: &str| EndMajorCaseSupervisionRequest {
        reason: reason.into(),
        signed_by: signed_by.into(),
        ..Default::default()
    };
    let mut major = supervised();
    assert_eq!(no(major.decide_end(&end("", ""), &filed(), &at)), ["CP-008"]);
    assert_eq!(no(major.decide_end(&end("移送外地", ""), &filed(), &at)), ["CP-008"]);
    assert!(major.decide_end(&end("移送外地", "021001"), &filed(), &at).is_ok());
    run(&mut major, &at, |m| m.decide_end(&end("", ""), &solved(), &at));
    assert!(major.shown().solved);
    assert_eq!(no(major.decide_end(&end("", ""), &solved(), &at)), ["MAJOR-ENDED"]);
    assert!(major.fall_due(datetime!(2027-06-09 9:00 +8), at.rules).is_empty());
    assert!(major.decide_supervise(&supervise(), &filed(), &at).is_ok(), "it can begin anew");
}

#[test]
fn the_day_by_which_a_case_is_to_be_solved_passes_once_and_only_while_it_is_supervised() {
    let desk = Desk::default();
    let mut major = supervised();
    let overdue = |major: &MajorCase, until: OffsetDateTime| {
        let facts = major.fall_due(until, &desk.rules);
        facts.iter().filter(|f| matches!(f.event, MajorCaseEvent::Overdue(_))).cloned().collect::<Vec<_>>()
    };
    assert!(overdue(&major, datetime!(2026-12-31 23:59:59 +8)).is_empty(), "the day is not over");
    let facts = overdue(&major, datetime!(2027-01-01 0:00 +8));
    assert_eq!(facts.len(), 1);
    assert_eq!(facts[0].occurred_on, time::macros::date!(2026 - 12 - 31));
    facts.iter().for_each(|fact| major.apply(&fact.event));
    assert!(major.shown().overdue);
    assert!(overdue(&major, datetime!(2027-02-01 0:00 +8)).is_empty(), "once");
    let at = desk.chief("chief-1");
    let mut ended = supervised();
    run(&mut ended, &at, |m| m.decide_end(&EndMajorCaseSupervisionRequest::default(), &solved(), &at));
    assert!(overdue(&ended, datetime!(2027-01-01 0:00 +8)).is_empty(), "it is over");
    let armed = MajorCase::dues(&MajorCaseSupervised { due_on: on(12, 31), ..Default::default() }.into());
    assert_eq!(armed, [xiaoan_proto::timestamp(datetime!(2027-01-01 0:00 +8))]);
}
