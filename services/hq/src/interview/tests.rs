use super::*;
use time::macros::{date, datetime};
use xiaoan_kernel::given::given;
use xiaoan_kernel::legal::LegalClock;

const STATION: &str = "371102010000";
const TODAY: Date = date!(2026 - 08 - 10);
/// Fifteen working days after Monday 3 August end with Monday 24.
const HOLD_BY: OffsetDateTime = datetime!(2026-08-25 0:00 +8);

fn on(day: Date) -> Option<core::Date> {
    Some(day.into())
}
fn terms() -> Terms {
    Terms::read(&LegalClock::built_in(), None).expect("the shipped limits")
}
fn unit() -> OrgCode {
    OrgCode::parse(STATION).expect("12 digits")
}
fn id() -> String {
    "theft-stations-371102010000-2026-07".into()
}
fn streak() -> Streak {
    Streak {
        board: "theft-stations".into(),
        org_unit: STATION.into(),
        periods: vec!["2026-06".into(), "2026-07".into()],
        notice_ids: vec![
            "theft-stations-2026-06-371102010000".into(),
            "theft-stations-2026-07-371102010000".into(),
        ],
    }
}
fn who(org_unit: &str, post: Post) -> Officeholder {
    Officeholder { org_unit: org_unit.into(), post: post.into() }
}
fn chief() -> Officeholder {
    who("371100000000", Post::CityDeputyChief)
}
fn both() -> Vec<Officeholder> {
    vec![who("371102000000", Post::DeputyBureauChief), who(STATION, Post::StationHead)]
}
fn triggered() -> InterviewEvent {
    let Streak { board, org_unit, periods, notice_ids } = streak();
    hq::InterviewTriggered {
        interview_id: id(),
        board,
        org_unit,
        notice_ids,
        periods,
        on: on(date!(2026 - 08 - 03)),
        hold_by: Some(xiaoan_proto::timestamp(HOLD_BY)),
    }
    .into()
}
fn schedule() -> hq::ScheduleInterviewRequest {
    hq::ScheduleInterviewRequest {
        scheduled_for: on(date!(2026 - 08 - 12)),
        interviewer: Some(chief()),
        interviewees: both(),
        ..Default::default()
    }
}
fn scheduled() -> InterviewEvent {
    hq::InterviewScheduled {
        interview_id: id(),
        org_unit: STATION.into(),
        on: on(TODAY),
        scheduled_for: on(date!(2026 - 08 - 12)),
        interviewer: Some(chief()),
        interviewees: both(),
    }
    .into()
}
fn held() -> InterviewEvent {
    hq::InterviewHeld {
        interview_id: id(),
        org_unit: STATION.into(),
        on: on(TODAY),
        interviewer: Some(chief()),
        interviewees: both(),
    }
    .into()
}
fn signed(commitments: Vec<hq::Commitment>) -> InterviewEvent {
    hq::InterviewMinutesSigned {
        interview_id: id(),
        org_unit: STATION.into(),
        on: on(TODAY),
        minutes: "纪要".into(),
        commitments,
    }
    .into()
}
fn commitment() -> hq::Commitment {
    hq::Commitment {
        number: 1,
        text: "九月破案率达到百分之四十五".into(),
        due_on: on(date!(2026 - 09 - 30)),
        state: CommitmentState::Open.into(),
        judged_on: None,
    }
}
fn judge(met: bool) -> hq::JudgeCommitmentRequest {
    hq::JudgeCommitmentRequest { number: 1, met, ..Default::default() }
}

#[test]
fn a10_two_notices_trigger_an_interview_once() {
    given::<Interview>([])
        .when(|i| i.decide_trigger(&streak(), &terms(), date!(2026 - 08 - 03)))
        .then([triggered()]);
    given::<Interview>([triggered()])
        .when(|i| i.decide_trigger(&streak(), &terms(), TODAY))
        .then_refused(&["INTERVIEW-EXISTS"]);
}

#[test]
fn an_interview_that_is_not_held_in_time_is_overdue_for_whatever_day_it_is_scheduled() {
    let overdue = hq::InterviewOverdue {
        interview_id: id(),
        org_unit: STATION.into(),
        due_at: Some(xiaoan_proto::timestamp(HOLD_BY)),
        on: on(date!(2026 - 08 - 25)),
    };
    let interview = given::<Interview>([triggered(), scheduled()])
        .when(|i| i.decide_overdue(HOLD_BY, HOLD_BY))
        .then([overdue.clone().into()]);
    assert_eq!(interview.decide_overdue(HOLD_BY, HOLD_BY), Ok(Vec::new()), "once");
    let late = given::<Interview>([triggered(), scheduled(), overdue.into(), held()]).0;
    assert!(!late.shown().expect("an interview").overdue);
    for (past, due, now) in [
        (vec![triggered(), held()], HOLD_BY, HOLD_BY),
        (vec![triggered()], HOLD_BY, HOLD_BY - time::Duration::SECOND),
        (vec![triggered()], HOLD_BY + time::Duration::DAY, HOLD_BY + time::Duration::DAY),
    ] {
        assert_eq!(given::<Interview>(past).0.decide_overdue(due, now), Ok(Vec::new()));
    }
}

#[test]
fn cp007_the_interviewer_is_senior_to_everybody_who_is_interviewed() {
    let by = |post| {
        let command =
            hq::ScheduleInterviewRequest { interviewer: Some(who("371100000000", post)), ..schedule() };
        given::<Interview>([triggered()]).0.decide_schedule(&command, TODAY)
    };
    assert!(by(Post::BureauChief).is_ok());
    for post in [Post::DeputyBureauChief, Post::StationHead] {
        assert!(by(post).expect_err("not senior").is(&Reason::NotSenior), "{post:?}");
    }
    let held_by = |interviewer| {
        let command = hq::HoldInterviewRequest { interviewer, ..Default::default() };
        given::<Interview>([triggered(), scheduled()]).0.decide_hold(&command, TODAY)
    };
    assert!(held_by(None).is_ok(), "as scheduled");
    let junior = held_by(Some(who("371102000000", Post::DeputyBureauChief)));
    assert!(junior.expect_err("not senior").is(&Reason::NotSenior));
}

#[test]
fn an_interview_is_scheduled_again_if_need_be_and_held_as_scheduled() {
    let again = vec![triggered(), scheduled()];
    given::<Interview>(again).when(|i| i.decide_schedule(&schedule(), TODAY)).then([scheduled()]);
    given::<Interview>([triggered(), scheduled()])
        .when(|i| i.decide_hold(&hq::HoldInterviewRequest::default(), TODAY))
        .then([held()]);
    // Nobody was scheduled, and nobody is stated.
    given::<Interview>([triggered()])
        .when(|i| i.decide_hold(&hq::HoldInterviewRequest::default(), TODAY))
        .then_refused(&["GE-006", "GE-006"]);
}

#[test]
fn minutes_list_commitments_and_without_any_the_interview_is_closed() {
    let sign = |commitments| hq::SignInterviewMinutesRequest {
        minutes: "纪要".into(),
        commitments,
        ..Default::default()
    };
    let stated = hq::CommitmentInput { text: commitment().text, due_on: commitment().due_on };
    let past = || [triggered(), scheduled(), held()];
    let open = given::<Interview>(past())
        .when(|i| i.decide_sign(&sign(vec![stated]), TODAY))
        .then([signed(vec![commitment()])]);
    assert_eq!(open.shown().map(hq::Interview::state), Some(InterviewState::Minuted));
    let none = given::<Interview>(past())
        .when(|i| i.decide_sign(&sign(Vec::new()), TODAY))
        .then([signed(Vec::new())]);
    assert_eq!(none.shown().map(hq::Interview::state), Some(InterviewState::Closed));
    let passed = hq::CommitmentInput { text: "x".into(), due_on: on(date!(2026 - 08 - 09)) };
    given::<Interview>(past()).when(|i| i.decide_sign(&sign(vec![passed]), TODAY)).then_refused(&["GE-006"]);
}

#[test]
fn a_commitment_is_met_or_missed_once_and_the_last_one_closes_the_interview() {
    let past = || vec![triggered(), held(), signed(vec![commitment()])];
    let met =
        hq::InterviewCommitmentMet { interview_id: id(), org_unit: STATION.into(), number: 1, on: on(TODAY) };
    let closed = given::<Interview>(past()).when(|i| i.decide_judge(&judge(true), TODAY)).then([met.into()]);
    assert_eq!(closed.shown().map(hq::Interview::state), Some(InterviewState::Closed));
    assert!(closed.decide_judge(&judge(false), TODAY).expect_err("judged").is(&Reason::CommitmentJudged));
    let other = hq::JudgeCommitmentRequest { number: 2, ..judge(true) };
    given::<Interview>(past()).when(|i| i.decide_judge(&other, TODAY)).then_refused(&["COMMITMENT-UNKNOWN"]);
}

#[test]
fn a_commitment_whose_day_passes_is_missed_by_itself() {
    let due = datetime!(2026-10-01 00:00 +8);
    let missed = hq::InterviewCommitmentMissed {
        interview_id: id(),
        org_unit: STATION.into(),
        number: 1,
        on: on(date!(2026 - 10 - 01)),
        due_at: Some(xiaoan_proto::timestamp(due)),
    };
    let past = || vec![triggered(), held(), signed(vec![commitment()])];
    let interview = given::<Interview>(past()).when(|i| i.decide_missed(1, due, due)).then([missed.into()]);
    assert_eq!(interview.decide_missed(1, due, due), Ok(Vec::new()));
    let early = given::<Interview>(past()).0.decide_missed(1, due, due - time::Duration::SECOND);
    assert_eq!(early, Ok(Vec::new()));
}

#[test]
fn a_withdrawn_interview_names_its_cause_and_is_over() {
    let because = Because {
        cause: WithdrawalCause::Correction,
        notice_id: "theft-stations-2026-06-371102010000".into(),
        closing_id: "theft-stations-2026-06".into(),
        correction: 1,
    };
    let withdrawn = hq::InterviewWithdrawn {
        interview_id: id(),
        org_unit: STATION.into(),
        on: on(TODAY),
        cause: WithdrawalCause::Correction.into(),
        notice_id: because.notice_id.clone(),
        closing_id: because.closing_id.clone(),
        correction: 1,
    };
    let interview = given::<Interview>([triggered(), scheduled()])
        .when(|i| i.withdraw(&because, TODAY))
        .then([withdrawn.into()]);
    let hold = interview.decide_hold(&hq::HoldInterviewRequest::default(), TODAY);
    assert!(hold.expect_err("over").is(&Reason::InterviewState { now: "withdrawn" }));
    // The streak may come back.
    let facts = interview.decide_trigger(&streak(), &terms(), TODAY).expect("triggered again");
    assert_eq!(facts[0].org_unit, unit());
}
