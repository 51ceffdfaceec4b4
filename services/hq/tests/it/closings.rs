//! Closings, notices and interviews rpc by rpc. Closings are in the log as hq itself would have recorded them; freezing and
//! correcting against a real rankings is in `frozen.rs`.

use crate::house::{CITY, DONGGANG, House, LANSHAN, STATION, fresh, receipt, refused};
use time::macros::{date, datetime};
use tonic::Code;
use xiaoan_proto::core::v1::Date;
use xiaoan_proto::hq::v1::closing_service_client::ClosingServiceClient;
use xiaoan_proto::hq::v1::interview_service_client::InterviewServiceClient;
use xiaoan_proto::hq::v1::notice_service_client::NoticeServiceClient;
use xiaoan_proto::hq::v1::{
    self as hq, ClosedEntry, ClosedFigures, ClosedValue, ConsequenceKind, ConsequenceRule, GapPolicy,
    Indicator, InterviewState, NoticeState, NoticeStep, Officeholder, Post, Scheme, Standing,
};
use xiaoan_rpc::client::AuthenticatedChannel;
use xiaoan_testkit::wait_until;

pub const BOARD: &str = "theft-stations";

impl House {
    pub fn closings(&self) -> ClosingServiceClient<AuthenticatedChannel> {
        ClosingServiceClient::new(self.caller(&["hq"]))
    }
    pub fn notices(&self) -> NoticeServiceClient<AuthenticatedChannel> {
        NoticeServiceClient::new(self.caller(&["hq"]))
    }
    pub fn interviews(&self) -> InterviewServiceClient<AuthenticatedChannel> {
        InterviewServiceClient::new(self.caller(&["hq"]))
    }
    /// Issues a notice on a day; gives the answer.
    async fn issue(&self, period: &str, day: time::Date) -> hq::IssueNoticeResponse {
        let command = issue(period, day);
        self.notices().issue_notice(command).await.expect("a notice").into_inner()
    }
    async fn notice(&self, period: &str, at_least: i64) -> hq::Notice {
        let request = hq::GetNoticeRequest { notice_id: notice_id(period), at_least };
        let answer = self.notices().get_notice(request).await.expect("a notice").into_inner();
        answer.notice.expect("a notice")
    }
    async fn interview(&self, period: &str, at_least: i64) -> hq::Interview {
        let interview_id = format!("{BOARD}-{STATION}-{period}");
        let request = hq::GetInterviewRequest { interview_id, at_least };
        let answer = self.interviews().get_interview(request).await.expect("an interview").into_inner();
        answer.interview.expect("an interview")
    }
}

fn on(day: time::Date) -> Option<Date> {
    Some(day.into())
}
fn notice_id(period: &str) -> String {
    format!("{BOARD}-{period}-{STATION}")
}
fn issue(period: &str, day: time::Date) -> hq::IssueNoticeRequest {
    hq::IssueNoticeRequest {
        request_id: fresh(),
        closing_id: format!("{BOARD}-{period}"),
        org_unit: STATION.into(),
        issued_on: on(day),
    }
}

fn trigger(periods: &[&str]) -> hq::TriggerInterviewRequest {
    hq::TriggerInterviewRequest {
        request_id: fresh(),
        board: BOARD.into(),
        org_unit: STATION.into(),
        periods: periods.iter().map(|&p| p.to_owned()).collect(),
        on: None,
    }
}

fn scheme(policy: GapPolicy) -> Scheme {
    let rule = ConsequenceRule {
        indicator_id: "solve_rate".into(),
        threshold_numerator: 40,
        threshold_denominator: 100,
        kind: ConsequenceKind::Notice.into(),
        streak: 2,
        gap_policy: policy.into(),
        waived_breaks: true,
        ..Default::default()
    };
    let rate = Indicator { id: "solve_rate".into(), min_denominator: 10, ..Default::default() };
    Scheme { board: BOARD.into(), indicators: vec![rate], consequences: vec![rule], ..Default::default() }
}

/// A month of the board in which the station has solved k of n.
fn frozen(period: &str, policy: GapPolicy, (k, n): (i64, i64)) -> hq::PeriodFrozen {
    let value =
        ClosedValue { id: "solve_rate".into(), numerator: k, denominator: Some(n), evaluable: n >= 10 };
    let entry = ClosedEntry { org_unit: STATION.into(), values: vec![value], ..Default::default() };
    hq::PeriodFrozen {
        closing_id: format!("{BOARD}-{period}"),
        board: BOARD.into(),
        period: period.into(),
        frozen_on: on(date!(2026 - 07 - 01)),
        org_unit: CITY.into(),
        figures: Some(ClosedFigures {
            scheme: Some(scheme(policy)),
            entries: vec![entry],
            ..Default::default()
        }),
    }
}

/// June or another month in which the station is below, with the days of June.
pub fn below(period: &str) -> hq::PeriodFrozen {
    let mut event = frozen(period, GapPolicy::Break, (7, 20));
    if let Some(figures) = &mut event.figures {
        (figures.from, figures.to) = (on(date!(2026 - 06 - 01)), on(date!(2026 - 06 - 30)));
    }
    event
}

/// hq in the morning of 2026-10-12 with closed months from 2026-06 on.
async fn closed(policy: GapPolicy, months: &[(i64, i64)]) -> House {
    let house = House::with_units_at(datetime!(2026-10-12 09:00 +8)).await;
    for (month, figures) in (6..).zip(months) {
        house.record(frozen(&format!("2026-{month:02}"), policy, *figures)).await;
    }
    house
}

fn codes<T: std::fmt::Debug>(answer: Result<T, tonic::Status>) -> (Code, String) {
    refused(answer)
}
fn state(reason: &str) -> (Code, String) {
    (Code::FailedPrecondition, reason.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a09_a_notice_goes_its_whole_way_and_a_step_that_is_late_is_seen() {
    let house = closed(GapPolicy::Break, &[(7, 20)]).await;
    let issued = house.issue("2026-06", date!(2026 - 10 - 12)).await;
    assert_eq!((issued.notice_id.as_str(), issued.interview_ids.len()), (notice_id("2026-06").as_str(), 0));
    let mut unit = NoticeServiceClient::new(house.officer(STATION));
    let acknowledge = || hq::AcknowledgeNoticeRequest {
        request_id: fresh(),
        notice_id: notice_id("2026-06"),
        ..Default::default()
    };
    // Not another unit's, and headquarters does not sign for it; the bureau above may.
    let mut other = NoticeServiceClient::new(house.officer(LANSHAN));
    let denied = (Code::PermissionDenied, "GE-004".to_owned());
    assert_eq!(codes(other.acknowledge_notice(acknowledge()).await), denied);
    assert_eq!(codes(house.notices().acknowledge_notice(acknowledge()).await), denied);
    NoticeServiceClient::new(house.officer(DONGGANG))
        .acknowledge_notice(acknowledge())
        .await
        .expect("the bureau above");

    // Ten working days from Monday 12 October end with Monday the 26th.
    let notice = house.notice("2026-06", receipt(issued.receipt).position).await;
    let plan = notice.deadlines.iter().find(|d| d.step() == NoticeStep::Plan).expect("a deadline");
    assert_eq!(plan.last_day, on(date!(2026 - 10 - 26)));
    house.move_to(datetime!(2026-10-26 23:59:59 +8));
    house.move_to(datetime!(2026-10-27 00:00 +8));
    wait_until(xiaoan_testkit::DEADLINE, || async { house.notice("2026-06", 0).await.overdue }).await;
    let submit = hq::SubmitNoticePlanRequest {
        request_id: fresh(),
        notice_id: notice_id("2026-06"),
        plan: "夜间巡逻，老旧小区装门禁".into(),
        ..Default::default()
    };
    let submitted = unit.submit_notice_plan(submit).await.expect("late, but taken").into_inner();
    let notice = house.notice("2026-06", receipt(submitted.receipt).position).await;
    assert_eq!((notice.state(), notice.overdue), (NoticeState::PlanSubmitted, false));
    assert_eq!(notice.deadlines.iter().filter(|d| d.missed).count(), 1, "acknowledged in time");

    let mut hq_desk = house.notices();
    let id = || (fresh(), notice_id("2026-06"));
    let (request_id, notice_id) = id();
    let review = hq::ReviewNoticePlanRequest { request_id, notice_id, approved: true, ..Default::default() };
    assert_eq!(codes(unit.review_notice_plan(review.clone()).await).0, Code::PermissionDenied);
    hq_desk.review_notice_plan(review).await.expect("approved");
    let (request_id, notice_id) = id();
    let report = hq::ReportNoticeImplementedRequest {
        request_id,
        notice_id,
        report: "已落实".into(),
        ..Default::default()
    };
    unit.report_notice_implemented(report).await.expect("implemented");
    let (request_id, notice_id) = id();
    let verify = hq::VerifyNoticeRequest { request_id, notice_id, verified: true, ..Default::default() };
    hq_desk.verify_notice(verify).await.expect("verified");
    let (request_id, notice_id) = id();
    let close = hq::CloseNoticeRequest { request_id, notice_id, ..Default::default() };
    let closed = hq_desk.close_notice(close.clone()).await.expect("closed").into_inner();
    let receipt = receipt(closed.receipt);
    assert_eq!(house.notice("2026-06", receipt.position).await.state(), NoticeState::Closed);
    let list =
        |open_only| hq::ListNoticesRequest { open_only, at_least: receipt.position, ..Default::default() };
    let listed =
        async |open| house.notices().list_notices(list(open)).await.expect("a list").into_inner().notices;
    assert_eq!((listed(true).await.len(), listed(false).await.len()), (0, 1));
    let again = hq_desk.close_notice(close).await.expect("remembered").into_inner();
    assert!(again.receipt.expect("a receipt").replayed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_comes_only_from_a_frozen_period_of_a_unit_that_is_below_and_can_be_judged() {
    let house = closed(GapPolicy::Break, &[(8, 20), (3, 9), (7, 20)]).await;
    let mut desk = house.notices();
    let day = date!(2026 - 10 - 12);
    assert_eq!(codes(desk.issue_notice(issue("2026-05", day)).await), state("CP-001"));
    assert_eq!(codes(desk.issue_notice(issue("2026-06", day)).await), state("NOTICE-NOT-BELOW"));
    assert_eq!(codes(desk.issue_notice(issue("2026-07", day)).await), state("CP-003"));
    let command = issue("2026-08", day);
    let first = desk.issue_notice(command.clone()).await.expect("a notice").into_inner();
    let again = desk.issue_notice(command).await.expect("remembered").into_inner();
    assert_eq!(again.notice_id, first.notice_id);
    assert!(again.receipt.expect("a receipt").replayed);
    assert_eq!(codes(desk.issue_notice(issue("2026-08", day)).await), state("CP-005"));
    let mut officer = NoticeServiceClient::new(house.officer(STATION));
    let denied = codes(officer.issue_notice(issue("2026-08", day)).await);
    assert_eq!(denied, (Code::PermissionDenied, "GE-004".into()));

    let at_least = receipt(first.receipt).position;
    let request = hq::GetClosingRequest { closing_id: format!("{BOARD}-2026-08"), at_least };
    let answer = house.closings().get_closing(request).await.expect("a closing").into_inner();
    let found = &answer.consequences[0];
    assert_eq!(
        (found.standing(), found.notice_id.as_str()),
        (Standing::Below, notice_id("2026-08").as_str())
    );
    let list = hq::ListClosingsRequest { board: BOARD.into(), at_least };
    let listed = house.closings().list_closings(list).await.expect("a list").into_inner().closings;
    let periods: Vec<_> = listed.iter().map(|closing| closing.period.as_str()).collect();
    assert_eq!(periods, ["2026-08", "2026-07", "2026-06"]);
    assert!(listed.iter().all(|c| c.frozen.as_ref().is_some_and(|f| f.entries.is_empty())));
}

#[tokio::test(flavor = "multi_thread")]
async fn k03_two_adjacent_months_lead_to_an_interview_that_is_held_by_somebody_senior() {
    let house = closed(GapPolicy::Break, &[(7, 20), (6, 20)]).await;
    assert!(house.issue("2026-06", date!(2026 - 07 - 03)).await.interview_ids.is_empty());
    let second = house.issue("2026-07", date!(2026 - 08 - 04)).await;
    let interview_id = format!("{BOARD}-{STATION}-2026-07");
    assert_eq!(second.interview_ids.as_slice(), std::slice::from_ref(&interview_id));
    let interview = house.interview("2026-07", receipt(second.receipt).position).await;
    assert_eq!(interview.periods, ["2026-06", "2026-07"]);
    assert_eq!(interview.notice_ids, [notice_id("2026-06"), notice_id("2026-07")]);
    assert_eq!(interview.triggered_on, on(date!(2026 - 08 - 04)));

    let mut desk = house.interviews();
    let who = |org_unit: &str, post: Post| Officeholder { org_unit: org_unit.into(), post: post.into() };
    let schedule = |post| hq::ScheduleInterviewRequest {
        request_id: fresh(),
        interview_id: interview_id.clone(),
        scheduled_for: on(date!(2026 - 10 - 15)),
        interviewer: Some(who(CITY, post)),
        interviewees: vec![who(DONGGANG, Post::DeputyBureauChief), who(STATION, Post::StationHead)],
        ..Default::default()
    };
    let junior = codes(desk.schedule_interview(schedule(Post::DeputyBureauChief)).await);
    assert_eq!(junior, (Code::InvalidArgument, "CP-007".into()));
    desk.schedule_interview(schedule(Post::CityDeputyChief)).await.expect("scheduled");
    let hold = hq::HoldInterviewRequest {
        request_id: fresh(),
        interview_id: interview_id.clone(),
        ..Default::default()
    };
    desk.hold_interview(hold).await.expect("held as scheduled");
    let commitment = |text: &str, due| hq::CommitmentInput { text: text.into(), due_on: on(due) };
    let sign = hq::SignInterviewMinutesRequest {
        request_id: fresh(),
        interview_id: interview_id.clone(),
        minutes: "分析原因，明确措施".into(),
        commitments: vec![
            commitment("每晚巡逻", date!(2026 - 10 - 31)),
            commitment("破案率过四成五", date!(2026 - 11 - 30)),
        ],
        ..Default::default()
    };
    desk.sign_interview_minutes(sign).await.expect("signed");
    let judge = hq::JudgeCommitmentRequest {
        request_id: fresh(),
        interview_id,
        number: 2,
        met: true,
        ..Default::default()
    };
    desk.judge_commitment(judge).await.expect("met");
    // Nobody judges the first one: its day passes.
    house.move_to(datetime!(2026-11-01 00:00 +8));
    let closed = || async { house.interview("2026-07", 0).await.state() == InterviewState::Closed };
    wait_until(xiaoan_testkit::DEADLINE, closed).await;
    let commitments = house.interview("2026-07", 0).await.commitments;
    let states: Vec<_> = commitments.iter().map(hq::Commitment::state).collect();
    assert_eq!(states, [hq::CommitmentState::Missed, hq::CommitmentState::Met]);
}

#[tokio::test(flavor = "multi_thread")]
async fn k03_a_month_that_cannot_be_evaluated_breaks_the_streak_or_is_skipped_as_the_rule_says() {
    for (policy, interviews) in [(GapPolicy::Break, 0), (GapPolicy::Skip, 1)] {
        let house = closed(policy, &[(7, 20), (1, 9), (6, 20)]).await;
        house.issue("2026-06", date!(2026 - 07 - 03)).await;
        let second = house.issue("2026-08", date!(2026 - 09 - 03)).await;
        assert_eq!(second.interview_ids.len(), interviews, "{policy:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cp006_an_interview_is_triggered_by_hand_only_for_months_that_make_a_streak() {
    let house = closed(GapPolicy::Break, &[(7, 20), (1, 9), (6, 20), (5, 20)]).await;
    house.issue("2026-06", date!(2026 - 07 - 03)).await;
    house.issue("2026-09", date!(2026 - 10 - 09)).await;
    // Issued after the later one: it completes the streak as well.
    let late = house.issue("2026-08", date!(2026 - 10 - 12)).await;
    assert_eq!(late.interview_ids, [format!("{BOARD}-{STATION}-2026-09")]);
    let mut desk = house.interviews();
    for periods in [&["2026-06", "2026-08"][..], &["2026-06", "2026-07"], &["2026-08"], &[], &["2026"]] {
        let answer = desk.trigger_interview(trigger(periods)).await;
        assert_eq!(codes(answer), state("CP-006"), "{periods:?}");
    }
    let again = desk.trigger_interview(trigger(&["2026-08", "2026-09"])).await;
    assert_eq!(codes(again), state("INTERVIEW-EXISTS"));
}

#[tokio::test(flavor = "multi_thread")]
async fn cp006_a_month_between_that_is_closed_last_lets_headquarters_trigger_the_interview_itself() {
    let house = closed(GapPolicy::Skip, &[(7, 20)]).await;
    house.record(frozen("2026-08", GapPolicy::Skip, (6, 20))).await;
    house.issue("2026-06", date!(2026 - 07 - 03)).await;
    let second = house.issue("2026-08", date!(2026 - 09 - 03)).await;
    assert!(second.interview_ids.is_empty(), "nobody knows July yet");
    let command = trigger(&["2026-06", "2026-08"]);
    let mut desk = house.interviews();
    assert_eq!(codes(desk.trigger_interview(command.clone()).await), state("CP-006"));
    house.record(frozen("2026-07", GapPolicy::Skip, (1, 9))).await;
    let triggered = desk.trigger_interview(command).await.expect("a streak").into_inner();
    assert_eq!(triggered.interview_id, format!("{BOARD}-{STATION}-2026-08"));
    let interview = house.interview("2026-08", receipt(triggered.receipt).position).await;
    assert_eq!(interview.periods, ["2026-06", "2026-08"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waived_notice_withdraws_the_interview_when_the_rule_says_that_it_ends_the_streak() {
    let house = closed(GapPolicy::Break, &[(7, 20), (6, 20)]).await;
    house.issue("2026-06", date!(2026 - 07 - 03)).await;
    house.issue("2026-07", date!(2026 - 08 - 04)).await;
    let waive = hq::WaiveNoticeRequest {
        request_id: fresh(),
        notice_id: notice_id("2026-06"),
        reason: "辖区调整".into(),
        ..Default::default()
    };
    let waived = house.notices().waive_notice(waive.clone()).await.expect("waived").into_inner();
    assert_eq!(waived.withdrawn_interviews, [format!("{BOARD}-{STATION}-2026-07")]);
    let interview = house.interview("2026-07", receipt(waived.receipt.clone()).position).await;
    assert_eq!(interview.state(), InterviewState::Withdrawn);
    assert_eq!(interview.withdrawal_cause(), hq::WithdrawalCause::NoticeWaived);
    assert_eq!(interview.withdrawn_notice, notice_id("2026-06"));
    let again = house.notices().waive_notice(waive).await.expect("remembered").into_inner();
    assert_eq!(again.withdrawn_interviews, waived.withdrawn_interviews);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_rankings_nothing_is_frozen_or_corrected_and_the_caller_is_told_so() {
    let house = closed(GapPolicy::Break, &[(7, 20)]).await;
    let freeze = |period: &str| hq::FreezePeriodRequest {
        request_id: fresh(),
        board: BOARD.into(),
        period: period.into(),
        ..Default::default()
    };
    let away = (Code::Unavailable, "SERVICE-UNREACHABLE".to_owned());
    assert_eq!(codes(house.closings().freeze_period(freeze("2026-09")).await), away);
    assert_eq!(codes(house.closings().freeze_period(freeze("2026-06")).await), state("CP-001"), "known here");
    let correct = |closing_id: &str| hq::CorrectPeriodRequest {
        request_id: fresh(),
        closing_id: closing_id.into(),
        reason: "补录".into(),
        ..Default::default()
    };
    let closing_id = format!("{BOARD}-2026-06");
    assert_eq!(codes(house.closings().correct_period(correct(&closing_id)).await), away);
    assert_eq!(codes(house.closings().correct_period(correct("nothing-2026-06")).await), state("CP-001"));
    let bad = codes(house.closings().freeze_period(freeze("2026/09")).await);
    assert_eq!(bad, (Code::InvalidArgument, "GE-006".into()));
    let mut officer = ClosingServiceClient::new(house.officer(STATION));
    assert_eq!(codes(officer.freeze_period(freeze("2026-09")).await).0, Code::PermissionDenied);
}
