use super::*;
use crate::terms::Terms;
use time::macros::{date, datetime};
use xiaoan_kernel::given::given;
use xiaoan_kernel::legal::LegalClock;
use xiaoan_proto::hq::v1::{
    ClosedEntry, ClosedFigures, ClosedValue, ConsequenceKind, ConsequenceRule, Indicator, Scheme,
};

const STATION: &str = "371102010000";
/// A Friday.
const ISSUED: Date = date!(2026 - 07 - 03);
const TODAY: Date = date!(2026 - 07 - 06);

fn unit() -> OrgCode {
    OrgCode::parse(STATION).expect("12 digits")
}
fn on(day: Date) -> Option<core::Date> {
    Some(day.into())
}
fn terms() -> Terms {
    Terms::read(&LegalClock::built_in(), None).expect("the shipped limits")
}
fn deadline(step: NoticeStep, from: Date) -> NoticeDeadline {
    terms().deadline(step, from).expect("a limit in force")
}

fn scheme() -> Scheme {
    Scheme {
        version: 3,
        indicators: vec![
            Indicator { id: "solve_rate".into(), min_denominator: 10, ..Default::default() },
            Indicator { id: "recording_rate".into(), ..Default::default() },
        ],
        consequences: vec![ConsequenceRule {
            indicator_id: "solve_rate".into(),
            threshold_numerator: 40,
            threshold_denominator: 100,
            kind: ConsequenceKind::Notice.into(),
            streak: 2,
            integrity_gate: "recording_rate".into(),
            gate_numerator: 90,
            gate_denominator: 100,
            ..Default::default()
        }],
        ..Default::default()
    }
}

/// A closing in which the station has solved k of n and recorded so many of 100 alerts.
fn closing(k: i64, n: i64, recorded: i64) -> hq::Closing {
    let value =
        |id: &str, k, n| ClosedValue { id: id.into(), numerator: k, denominator: Some(n), evaluable: true };
    let entry = ClosedEntry {
        org_unit: STATION.into(),
        values: vec![value("solve_rate", k, n), value("recording_rate", recorded, 100)],
        ..Default::default()
    };
    hq::Closing {
        closing_id: "theft-stations-2026-06".into(),
        board: "theft-stations".into(),
        period: "2026-06".into(),
        frozen_on: on(date!(2026 - 07 - 01)),
        frozen: Some(ClosedFigures { scheme: Some(scheme()), entries: vec![entry], ..Default::default() }),
        ..Default::default()
    }
}
fn issue(closing: &hq::Closing) -> Decided {
    issue_on(closing, &Notice::default(), ISSUED)
}
fn issue_on(closing: &hq::Closing, notice: &Notice, day: Date) -> Decided {
    let command = hq::IssueNoticeRequest {
        closing_id: closing.closing_id.clone(),
        org_unit: STATION.into(),
        issued_on: on(day),
        ..Default::default()
    };
    notice.decide_issue(closing, &command, &terms(), TODAY)
}
fn codes(decided: Decided) -> Vec<&'static str> {
    use xiaoan_kernel::Refusal;
    decided.expect_err("should be refused").findings().iter().map(|f| f.code).collect()
}

fn issued() -> NoticeEvent {
    hq::NoticeIssued {
        notice_id: "theft-stations-2026-06-371102010000".into(),
        closing_id: "theft-stations-2026-06".into(),
        board: "theft-stations".into(),
        period: "2026-06".into(),
        org_unit: STATION.into(),
        indicator_id: "solve_rate".into(),
        numerator: 7,
        denominator: 20,
        threshold_numerator: 40,
        threshold_denominator: 100,
        scheme_version: 3,
        correction: 0,
        issued_on: on(ISSUED),
        deadlines: vec![deadline(NoticeStep::Acknowledge, ISSUED), deadline(NoticeStep::Plan, ISSUED)],
    }
    .into()
}
fn id() -> String {
    "theft-stations-2026-06-371102010000".into()
}
fn acknowledged() -> NoticeEvent {
    hq::NoticeAcknowledged { notice_id: id(), org_unit: STATION.into(), on: on(TODAY) }.into()
}
fn submitted(day: Date, late: bool) -> NoticeEvent {
    hq::NoticePlanSubmitted {
        notice_id: id(),
        org_unit: STATION.into(),
        on: on(day),
        plan: "加强巡逻".into(),
        late,
    }
    .into()
}
fn approved() -> NoticeEvent {
    hq::NoticePlanApproved {
        notice_id: id(),
        org_unit: STATION.into(),
        on: on(TODAY),
        deadline: Some(deadline(NoticeStep::Implement, TODAY)),
    }
    .into()
}
fn implemented() -> NoticeEvent {
    hq::NoticeImplemented {
        notice_id: id(),
        org_unit: STATION.into(),
        on: on(TODAY),
        report: "已整改".into(),
        late: false,
        deadline: Some(deadline(NoticeStep::Verify, TODAY)),
    }
    .into()
}
fn failed() -> NoticeEvent {
    hq::NoticeFailed {
        notice_id: id(),
        org_unit: STATION.into(),
        on: on(TODAY),
        remark: "未落实".into(),
        deadline: Some(deadline(NoticeStep::Implement, TODAY)),
    }
    .into()
}
fn waived() -> NoticeEvent {
    hq::NoticeWaived { notice_id: id(), org_unit: STATION.into(), on: on(TODAY), reason: "撤并".into() }
        .into()
}
fn plan() -> hq::SubmitNoticePlanRequest {
    hq::SubmitNoticePlanRequest { plan: "加强巡逻".into(), ..Default::default() }
}

#[test]
fn a09_a_station_below_forty_percent_is_named_in_a_notice_with_its_deadlines() {
    let facts = issue(&closing(7, 20, 95)).expect("a notice");
    assert_eq!(facts, [Fact::new(issued(), unit(), ISSUED)]);
}

#[test]
fn cp002_without_a_rule_nothing_follows() {
    let mut none = closing(7, 20, 95);
    none.frozen.as_mut().and_then(|f| f.scheme.as_mut()).expect("a scheme").consequences.clear();
    assert_eq!(codes(issue(&none)), ["CP-002"]);
}

#[test]
fn cp003_a_month_with_nine_cases_is_too_few_and_one_with_ten_is_not() {
    assert_eq!(codes(issue(&closing(0, 9, 95))), ["CP-003"]);
    assert!(issue(&closing(0, 10, 95)).is_ok());
}

#[test]
fn cp004_a_station_that_does_not_reach_the_integrity_gate_gets_no_notice() {
    assert_eq!(codes(issue(&closing(7, 20, 89))), ["CP-004"]);
    assert!(issue(&closing(7, 20, 90)).is_ok());
}

#[test]
fn k01_eight_of_twenty_is_exactly_forty_percent_and_gets_no_notice() {
    assert_eq!(codes(issue(&closing(8, 20, 95))), ["NOTICE-NOT-BELOW"]);
}

#[test]
fn cp005_there_is_one_notice_for_a_unit_and_period_unless_it_was_withdrawn() {
    let closing = closing(7, 20, 95);
    let state = |past: Vec<NoticeEvent>| given::<Notice>(past).0;
    for past in [vec![issued()], vec![issued(), waived()]] {
        assert_eq!(codes(issue_on(&closing, &state(past), TODAY)), ["CP-005"]);
    }
    let withdrawn = hq::NoticeWithdrawn { notice_id: id(), on: on(TODAY), ..Default::default() };
    let state = state(vec![issued(), withdrawn.into()]);
    assert!(issue_on(&closing, &state, TODAY).is_ok());
    assert_eq!(codes(issue_on(&closing, &state, ISSUED)), ["GE-006"], "not before the withdrawal");
}

#[test]
fn a_unit_that_is_not_on_the_board_cannot_be_named() {
    let mut other = closing(7, 20, 95);
    other.frozen.as_mut().expect("figures").entries.clear();
    assert_eq!(codes(issue(&other)), ["CB-001"]);
}

#[test]
fn a_notice_is_not_issued_before_its_closing_or_in_the_future() {
    let closing = closing(7, 20, 95);
    let issue_on = |day| issue_on(&closing, &Notice::default(), day);
    assert!(issue_on(date!(2026 - 07 - 01)).is_ok());
    assert_eq!(codes(issue_on(date!(2026 - 06 - 30))), ["GE-006"]);
    assert_eq!(codes(issue_on(date!(2026 - 07 - 07))), ["CB-003"]);
}

#[test]
fn a_rectification_goes_its_whole_way() {
    given::<Notice>([issued()])
        .when(|n| n.decide_acknowledge(&hq::AcknowledgeNoticeRequest::default(), TODAY))
        .then([acknowledged()]);
    given::<Notice>([issued(), acknowledged()])
        .when(|n| n.decide_submit_plan(&plan(), TODAY))
        .then([submitted(TODAY, false)]);
    let review = hq::ReviewNoticePlanRequest { approved: true, ..Default::default() };
    let past = || vec![issued(), acknowledged(), submitted(TODAY, false)];
    given::<Notice>(past()).when(|n| n.decide_review_plan(&review, &terms(), TODAY)).then([approved()]);
    let report = hq::ReportNoticeImplementedRequest { report: "已整改".into(), ..Default::default() };
    let past = || [past(), vec![approved()]].concat();
    given::<Notice>(past()).when(|n| n.decide_implemented(&report, &terms(), TODAY)).then([implemented()]);
    let past = || [past(), vec![implemented()]].concat();
    let verify =
        |verified| hq::VerifyNoticeRequest { verified, remark: "未落实".into(), ..Default::default() };
    let verified =
        given::<Notice>(past()).when(|n| n.decide_verify(&verify(true), &terms(), TODAY)).then_facts();
    given::<Notice>(past()).when(|n| n.decide_verify(&verify(false), &terms(), TODAY)).then([failed()]);
    // A failed one is carried out again, or closed as failed.
    let again = || [past(), vec![failed()]].concat();
    given::<Notice>(again()).when(|n| n.decide_implemented(&report, &terms(), TODAY)).then([implemented()]);
    let close = hq::CloseNoticeRequest::default();
    let past = [past(), verified.into_iter().map(|fact| fact.event).collect()].concat();
    let closed = given::<Notice>(past).when(|n| n.decide_close(&close, TODAY)).then_facts();
    assert_eq!(closed.len(), 1);
}

#[test]
fn a_verification_has_its_time_and_a_rectification_that_failed_has_a_new_one() {
    let past = || vec![issued(), acknowledged(), submitted(TODAY, false), approved(), implemented()];
    let open = |notice: &Notice| -> Vec<NoticeStep> {
        let deadlines = &notice.shown().expect("a notice").deadlines;
        deadlines.iter().filter(|d| !d.settled).map(NoticeDeadline::step).collect()
    };
    let due = |step| {
        let deadline = deadline(step, TODAY);
        deadline.due_at.as_ref().and_then(xiaoan_proto::instant).expect("a moment")
    };
    let notice = given::<Notice>(past()).0;
    assert_eq!(open(&notice), [NoticeStep::Verify]);
    let missed = |notice: &Notice, step| notice.decide_missed(step, due(step), due(step)).expect("decided");
    assert_eq!(missed(&notice, NoticeStep::Verify).len(), 1, "headquarters did not look in time");
    let notice = given::<Notice>([past(), vec![failed()]].concat()).0;
    assert_eq!(open(&notice), [NoticeStep::Implement]);
    assert_eq!(missed(&notice, NoticeStep::Verify), Vec::new());
    assert_eq!(missed(&notice, NoticeStep::Implement).len(), 1, "nor did the unit carry it out again");
}

#[test]
fn a_plan_that_is_returned_gets_a_new_deadline_and_says_what_must_be_better() {
    let review = |remark: &str| hq::ReviewNoticePlanRequest { remark: remark.into(), ..Default::default() };
    let past = || vec![issued(), acknowledged(), submitted(TODAY, false)];
    given::<Notice>(past())
        .when(|n| n.decide_review_plan(&review(""), &terms(), TODAY))
        .then_refused(&["GE-006"]);
    let returned = hq::NoticePlanReturned {
        notice_id: id(),
        org_unit: STATION.into(),
        on: on(TODAY),
        remark: "太笼统".into(),
        deadline: Some(deadline(NoticeStep::Plan, TODAY)),
    };
    let notice = given::<Notice>(past())
        .when(|n| n.decide_review_plan(&review("太笼统"), &terms(), TODAY))
        .then([returned.into()]);
    let open: Vec<_> = notice.shown().expect("a notice").deadlines.iter().filter(|d| !d.settled).collect();
    assert_eq!(open, [&deadline(NoticeStep::Plan, TODAY)]);
    assert!(notice.decide_submit_plan(&plan(), TODAY).is_ok());
}

#[test]
fn steps_are_taken_in_their_order_and_not_before_the_step_before() {
    given::<Notice>([issued()])
        .when(|n| n.decide_submit_plan(&plan(), TODAY))
        .then_refused(&["NOTICE-STATE"]);
    given::<Notice>([]).when(|n| n.decide_submit_plan(&plan(), TODAY)).then_refused(&["NOTICE-UNKNOWN"]);
    given::<Notice>([issued(), acknowledged()])
        .when(|n| n.decide_acknowledge(&hq::AcknowledgeNoticeRequest::default(), TODAY))
        .then_refused(&["NOTICE-STATE"]);
    let early = hq::SubmitNoticePlanRequest { on: on(ISSUED), ..plan() };
    given::<Notice>([issued(), acknowledged()])
        .when(|n| n.decide_submit_plan(&early, TODAY))
        .then_refused(&["GE-006"]);
    let empty = hq::SubmitNoticePlanRequest::default();
    given::<Notice>([issued(), acknowledged()])
        .when(|n| n.decide_submit_plan(&empty, TODAY))
        .then_refused(&["GE-006"]);
}

#[test]
fn a_deadline_that_passes_is_an_event_and_a_plan_after_it_is_late() {
    let due = datetime!(2026-07-18 00:00 +8);
    let missed = hq::NoticeDeadlineMissed {
        notice_id: id(),
        org_unit: STATION.into(),
        which: NoticeStep::Plan.into(),
        due_at: Some(xiaoan_proto::timestamp(due)),
        on: on(date!(2026 - 07 - 18)),
    };
    let past = || vec![issued(), acknowledged()];
    let notice =
        given::<Notice>(past()).when(|n| n.decide_missed(NoticeStep::Plan, due, due)).then([missed.into()]);
    assert!(notice.shown().expect("a notice").overdue);
    // Once.
    assert_eq!(notice.decide_missed(NoticeStep::Plan, due, due), Ok(Vec::new()));
    let late = date!(2026 - 07 - 20);
    let facts = notice.decide_submit_plan(&plan(), late).expect("a late plan");
    assert_eq!(facts, [Fact::new(submitted(late, true), unit(), late)]);
    let mut notice = notice;
    notice.apply(&facts[0].event);
    let shown = notice.shown().expect("a notice");
    assert!(!shown.overdue && shown.deadlines.iter().any(|d| d.missed));
}

#[test]
fn a_deadline_that_comes_too_late_or_too_early_decides_nothing() {
    let due = datetime!(2026-07-18 00:00 +8);
    let missed =
        |past: Vec<NoticeEvent>, due, now| given::<Notice>(past).0.decide_missed(NoticeStep::Plan, due, now);
    let done = vec![issued(), acknowledged(), submitted(TODAY, false)];
    assert_eq!(missed(done, due, due), Ok(Vec::new()));
    assert_eq!(missed(vec![issued(), waived()], due, due), Ok(Vec::new()));
    assert_eq!(missed(vec![issued()], due, due - time::Duration::SECOND), Ok(Vec::new()));
    assert_eq!(missed(vec![issued()], due + time::Duration::DAY, due + time::Duration::DAY), Ok(Vec::new()));
}

#[test]
fn a_notice_is_waived_with_a_reason_and_not_after_its_end() {
    let waive = |reason: &str| hq::WaiveNoticeRequest { reason: reason.into(), ..Default::default() };
    given::<Notice>([issued()]).when(|n| n.decide_waive(&waive("撤并"), TODAY)).then([waived()]);
    given::<Notice>([issued()]).when(|n| n.decide_waive(&waive(""), TODAY)).then_refused(&["GE-006"]);
    given::<Notice>([issued(), waived()])
        .when(|n| n.decide_waive(&waive("撤并"), TODAY))
        .then_refused(&["NOTICE-STATE"]);
}

#[test]
fn a_withdrawn_notice_says_which_correction_and_which_figures_took_its_ground_away() {
    let mut corrected = closing(7, 20, 95);
    let figures = closing(41, 100, 95).frozen;
    corrected.corrections =
        vec![hq::Correction { number: 1, corrected_on: on(TODAY), figures, ..Default::default() }];
    let withdrawn = hq::NoticeWithdrawn {
        notice_id: id(),
        org_unit: STATION.into(),
        on: on(TODAY),
        closing_id: "theft-stations-2026-06".into(),
        correction: 1,
        numerator: 41,
        denominator: 100,
    };
    let notice = given::<Notice>([issued()]).when(|n| n.withdraw(&corrected)).then([withdrawn.into()]);
    assert_eq!(notice.state(), Some(NoticeState::Withdrawn));
}
