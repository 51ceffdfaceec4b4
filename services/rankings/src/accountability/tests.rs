//! What is kept of hq's events, and what is not.

use super::{ClosingEvent, InterviewEvent, Kept, ListedCaseEvent, NoticeEvent, figures_of, positions};
use xiaoan_eventstore::RecordedEvent;
use xiaoan_proto::core::v1::Date;
use xiaoan_proto::hq::v1::{
    CaseDelisted, CaseListed, CaseOwner, CaseRelisted, ClosedEntry, ClosedFigures, ClosedSource, Closing,
    ClosingState, Commitment, CommitmentState, Correction, Interview, InterviewCommitmentMet,
    InterviewCommitmentMissed, InterviewHeld, InterviewMinutesSigned, InterviewOverdue, InterviewState,
    InterviewTriggered, ListedCase, ListedCaseExtended, ListedCaseProgress, ListedCaseProgressReported,
    ListedCaseState, Notice, NoticeDeadline, NoticeDeadlineMissed, NoticeFailed, NoticeImplemented,
    NoticeIssued, NoticePlanReturned, NoticePlanSubmitted, NoticeState, NoticeStep, NoticeWaived,
    NoticeWithdrawn, PeriodCorrected, PeriodFrozen, ProgressOverdue,
};

/// What is kept after these events.
fn kept<K: Kept>(events: impl IntoIterator<Item = K::Event>) -> K {
    let mut kept = K::default();
    for event in events {
        kept.apply(event, &RecordedEvent::default());
    }
    kept
}

fn day(day: i32) -> Option<Date> {
    Some(Date { year: 2026, month: 7, day })
}

fn deadline(step: NoticeStep, last_day: i32) -> NoticeDeadline {
    NoticeDeadline { step: step.into(), last_day: day(last_day), ..Default::default() }
}

fn issued() -> NoticeEvent {
    NoticeIssued {
        notice_id: "n".into(),
        deadlines: vec![deadline(NoticeStep::Acknowledge, 8), deadline(NoticeStep::Plan, 17)],
        ..Default::default()
    }
    .into()
}

fn missed(step: NoticeStep) -> NoticeEvent {
    NoticeDeadlineMissed { which: step.into(), ..Default::default() }.into()
}

#[test]
fn a_notice_is_overdue_from_the_event_until_the_step_is_done() {
    let late = [issued(), missed(NoticeStep::Plan)];
    assert!(!kept::<Notice>([issued()]).overdue);
    assert!(kept::<Notice>(late.clone()).overdue);
    assert!(kept::<Notice>(late.clone()).keys().overdue);
    let plan = NoticePlanSubmitted { plan: "言".into(), late: true, ..Default::default() };
    let done = kept::<Notice>(late.into_iter().chain([plan.into()]));
    assert!(!done.overdue && done.plan.is_empty(), "the plan's words are not kept");
    let plan = done.deadlines.iter().find(|d| d.step() == NoticeStep::Plan).expect("a deadline");
    assert!(plan.missed && plan.settled, "that it had been late stays");
}

#[test]
fn a_returned_plan_has_a_deadline_of_its_own() {
    let returned = NoticePlanReturned {
        remark: "太粗".into(),
        deadline: Some(deadline(NoticeStep::Plan, 31)),
        ..Default::default()
    };
    let events = [issued(), NoticePlanSubmitted::default().into(), returned.into(), missed(NoticeStep::Plan)];
    let notice = kept::<Notice>(events);
    assert_eq!((notice.state(), notice.remark.as_str()), (NoticeState::PlanReturned, "太粗"));
    let plans: Vec<_> = notice.deadlines.iter().filter(|d| d.step() == NoticeStep::Plan).collect();
    assert_eq!(
        plans.iter().map(|d| (d.settled, d.missed)).collect::<Vec<_>>(),
        [(true, false), (false, true)]
    );
}

#[test]
fn headquarters_own_verification_can_be_late_and_a_failed_one_gives_the_unit_its_time_again() {
    let done = NoticeImplemented { deadline: Some(deadline(NoticeStep::Verify, 30)), ..Default::default() };
    let failed = NoticeFailed { deadline: Some(deadline(NoticeStep::Implement, 31)), ..Default::default() };
    let notice = kept::<Notice>([issued(), done.clone().into(), missed(NoticeStep::Verify)]);
    assert!(notice.overdue);
    let notice = kept::<Notice>([issued(), done.into(), missed(NoticeStep::Verify), failed.into()]);
    let open: Vec<_> = notice.deadlines.iter().filter(|d| !d.settled).map(NoticeDeadline::step).collect();
    assert_eq!(open, [NoticeStep::Acknowledge, NoticeStep::Plan, NoticeStep::Implement]);
    assert!(!notice.overdue);
}

#[test]
fn an_interview_is_overdue_until_it_is_held() {
    let events: Vec<InterviewEvent> = vec![
        InterviewTriggered { hold_by: Some(Default::default()), ..Default::default() }.into(),
        InterviewOverdue::default().into(),
    ];
    let late = kept::<Interview>(events.clone());
    assert!(late.overdue && late.keys().overdue && late.hold_by.is_some());
    assert!(!kept::<Interview>(events.into_iter().chain([InterviewHeld::default().into()])).overdue);
}

#[test]
fn whatever_ends_a_notice_ends_what_it_was_late_with() {
    for end in [
        NoticeWaived { reason: "机构合并".into(), ..Default::default() }.into(),
        NoticeEvent::from(NoticeWithdrawn { numerator: 9, denominator: 20, ..Default::default() }),
    ] {
        let notice = kept::<Notice>([issued(), missed(NoticeStep::Acknowledge), end]);
        assert!(!notice.overdue, "{:?}", notice.state());
        assert!(["机构合并", "9/20"].contains(&notice.remark.as_str()));
    }
}

#[test]
fn of_commitments_the_days_and_what_became_of_them_are_kept_not_the_words() {
    let promised = |number| Commitment {
        number,
        text: "言".into(),
        due_on: day(20),
        state: CommitmentState::Open.into(),
        ..Default::default()
    };
    let minutes = InterviewMinutesSigned {
        minutes: "言".into(),
        commitments: vec![promised(1), promised(2)],
        ..Default::default()
    };
    let mut events: Vec<InterviewEvent> = vec![InterviewTriggered::default().into(), minutes.into()];
    events.push(InterviewCommitmentMet { number: 1, ..Default::default() }.into());
    assert_eq!(kept::<Interview>(events.clone()).state(), InterviewState::Minuted);
    events.push(InterviewCommitmentMissed { number: 2, ..Default::default() }.into());
    let interview = kept::<Interview>(events);
    assert_eq!(interview.state(), InterviewState::Closed, "every commitment is judged");
    assert!(interview.minutes.is_empty() && interview.commitments.iter().all(|c| c.text.is_empty()));
}

#[test]
fn of_a_listed_case_the_post_is_kept_and_no_person() {
    let listed = CaseListed {
        owner: Some(CaseOwner { subject: "chief-7".into(), office: Some(Default::default()) }),
        due_on: day(9),
        ..Default::default()
    };
    let told =
        ListedCaseProgress { number: 1, on: day(3), text: "言".into(), reported_by: "chief-7".into() };
    let mut events: Vec<ListedCaseEvent> = vec![
        listed.into(),
        ListedCaseProgressReported { progress: Some(told), ..Default::default() }.into(),
        ProgressOverdue::default().into(),
    ];
    let case = kept::<ListedCase>(events.clone());
    assert!(case.keys().overdue);
    assert!(!format!("{case:?}").contains("chief-7") && !format!("{case:?}").contains("言"));
    assert!(case.owner.as_ref().is_some_and(|owner| owner.office.is_some()));
    events.push(ListedCaseExtended { due_on: day(30), ..Default::default() }.into());
    let case = kept::<ListedCase>(events.clone());
    assert_eq!((case.overdue, case.extensions, case.due_on), (false, 1, day(30)));
    events.push(ProgressOverdue::default().into());
    events.push(CaseDelisted { solved: true, ..Default::default() }.into());
    let case = kept::<ListedCase>(events.clone());
    assert_eq!((case.state(), case.keys().overdue), (ListedCaseState::Solved, false));
    events.push(CaseRelisted { on: day(31), revoked_position: 9, ..Default::default() }.into());
    let case = kept::<ListedCase>(events);
    assert_eq!((case.state(), case.relisted_on, case.overdue), (ListedCaseState::Listed, day(31), false));
}

#[test]
fn a_list_of_closings_reads_no_rows() {
    let figures =
        ClosedFigures { entries: vec![ClosedEntry::default()], digest: vec![7], ..Default::default() };
    let frozen = PeriodFrozen { figures: Some(figures.clone()), ..Default::default() };
    let correction = Correction { number: 1, figures: Some(figures), ..Default::default() };
    let corrected = PeriodCorrected { correction: Some(correction), ..Default::default() };
    let closing = kept::<Closing>([ClosingEvent::from(frozen), corrected.into()]);
    assert_eq!(closing.state(), ClosingState::Corrected);
    let all = closing.corrections.iter().filter_map(|c| c.figures.as_ref()).chain(&closing.frozen);
    assert!(all.into_iter().all(|f| f.entries.is_empty() && f.digest == [7]));
}

#[test]
fn a_closing_without_rows_says_up_to_where_each_of_its_figures_counted() {
    let counted_to = |position| {
        let source = ClosedSource { source: "cases".into(), position, ..Default::default() };
        Some(ClosedFigures { sources: vec![source], ..Default::default() })
    };
    let corrected = |number, position| {
        let correction = Correction { number, figures: counted_to(position), ..Default::default() };
        ClosingEvent::from(PeriodCorrected { correction: Some(correction), ..Default::default() })
    };
    let frozen = PeriodFrozen { figures: counted_to(5), ..Default::default() };
    let closing = kept::<Closing>([frozen.into(), corrected(1, 8), corrected(2, 13)]);
    let counted = |number| figures_of(&closing, number).map(|figures| positions(figures)["cases"]);
    assert_eq!([0, 1, 2].map(counted), [Some(5), Some(8), Some(13)]);
    assert_eq!([-1, 3].map(counted), [None, None]);
}
