//! What hq's events make of a closing, a notice, an interview, a listed case.

use super::{Kept, Keys};
use xiaoan_eventstore::RecordedEvent;
use xiaoan_proto::hq::v1::{
    self as hq, CaseOwner, ClosedFigures, Closing, ClosingState, CommitmentState, Correction, Interview,
    InterviewState, ListedCase, ListedCaseProgress, ListedCaseState, Notice, NoticeDeadline, NoticeState,
    NoticeStep,
};

xiaoan_kernel::events! {
    /// What can happen to a period of a board.
    pub enum ClosingEvent {
        Frozen(hq::PeriodFrozen),
        Corrected(hq::PeriodCorrected),
    }
}
xiaoan_kernel::events! {
    /// What can happen to a notice.
    pub enum NoticeEvent {
        Issued(hq::NoticeIssued),
        Acknowledged(hq::NoticeAcknowledged),
        PlanSubmitted(hq::NoticePlanSubmitted),
        PlanReturned(hq::NoticePlanReturned),
        PlanApproved(hq::NoticePlanApproved),
        Implemented(hq::NoticeImplemented),
        Verified(hq::NoticeVerified),
        Failed(hq::NoticeFailed),
        Closed(hq::NoticeClosed),
        Waived(hq::NoticeWaived),
        Withdrawn(hq::NoticeWithdrawn),
        DeadlineMissed(hq::NoticeDeadlineMissed),
    }
}
xiaoan_kernel::events! {
    /// What can happen to an interview.
    pub enum InterviewEvent {
        Triggered(hq::InterviewTriggered),
        Scheduled(hq::InterviewScheduled),
        Held(hq::InterviewHeld),
        MinutesSigned(hq::InterviewMinutesSigned),
        CommitmentMet(hq::InterviewCommitmentMet),
        CommitmentMissed(hq::InterviewCommitmentMissed),
        Withdrawn(hq::InterviewWithdrawn),
        Overdue(hq::InterviewOverdue),
    }
}
xiaoan_kernel::events! {
    /// What can happen to a listed case.
    pub enum ListedCaseEvent {
        Listed(hq::CaseListed),
        ProgressReported(hq::ListedCaseProgressReported),
        Extended(hq::ListedCaseExtended),
        ProgressOverdue(hq::ProgressOverdue),
        Delisted(hq::CaseDelisted),
        Relisted(hq::CaseRelisted),
    }
}

impl Kept for Closing {
    const KIND: &'static str = "closing";
    type Event = ClosingEvent;

    fn apply(&mut self, event: ClosingEvent, recorded: &RecordedEvent) {
        match event {
            ClosingEvent::Frozen(e) => {
                *self = Self {
                    closing_id: e.closing_id,
                    board: e.board,
                    period: e.period,
                    state: ClosingState::Frozen.into(),
                    frozen_on: e.frozen_on,
                    recorded_at: recorded.recorded_at,
                    frozen: e.figures.map(without_rows),
                    ..Self::default()
                };
            }
            ClosingEvent::Corrected(e) => {
                self.state = ClosingState::Corrected.into();
                self.corrections.extend(e.correction.map(|correction| Correction {
                    figures: correction.figures.map(without_rows),
                    differences: Vec::new(),
                    ..correction
                }));
            }
        }
    }

    fn keys(&self) -> Keys<'_> {
        Keys { board: &self.board, period: &self.period, ..Keys::default() }
    }
}

fn without_rows(figures: ClosedFigures) -> ClosedFigures {
    ClosedFigures { entries: Vec::new(), total: None, ..figures }
}

impl Kept for Notice {
    const KIND: &'static str = "notice";
    type Event = NoticeEvent;

    fn apply(&mut self, event: NoticeEvent, _: &RecordedEvent) {
        match event {
            NoticeEvent::Issued(e) => *self = issued(e),
            NoticeEvent::Acknowledged(e) => {
                settle(self, Some(NoticeStep::Acknowledge));
                step(self, NoticeState::Acknowledged, e.on, String::new());
            }
            NoticeEvent::PlanSubmitted(e) => {
                settle(self, Some(NoticeStep::Plan));
                step(self, NoticeState::PlanSubmitted, e.on, String::new());
            }
            NoticeEvent::PlanReturned(e) => {
                self.deadlines.extend(e.deadline);
                step(self, NoticeState::PlanReturned, e.on, e.remark);
            }
            NoticeEvent::PlanApproved(e) => {
                self.deadlines.extend(e.deadline);
                step(self, NoticeState::PlanApproved, e.on, String::new());
            }
            NoticeEvent::Implemented(e) => {
                settle(self, Some(NoticeStep::Implement));
                self.deadlines.extend(e.deadline);
                step(self, NoticeState::Implemented, e.on, String::new());
            }
            NoticeEvent::Verified(e) => {
                settle(self, Some(NoticeStep::Verify));
                step(self, NoticeState::Verified, e.on, e.remark);
            }
            NoticeEvent::Failed(e) => {
                settle(self, Some(NoticeStep::Verify));
                self.deadlines.extend(e.deadline);
                step(self, NoticeState::Failed, e.on, e.remark);
            }
            NoticeEvent::Closed(e) => {
                settle(self, None);
                step(self, NoticeState::Closed, e.on, String::new());
            }
            NoticeEvent::Waived(e) => {
                settle(self, None);
                step(self, NoticeState::Waived, e.on, e.reason);
            }
            NoticeEvent::Withdrawn(e) => {
                settle(self, None);
                // What the correction gave; the figures it was issued by stay.
                let now = format!("{}/{}", e.numerator, e.denominator);
                step(self, NoticeState::Withdrawn, e.on, now);
            }
            NoticeEvent::DeadlineMissed(e) => {
                let open = |d: &&mut NoticeDeadline| d.step() == e.which() && !d.settled;
                if let Some(deadline) = self.deadlines.iter_mut().rev().find(open) {
                    deadline.missed = true;
                }
            }
        }
        self.overdue = self.deadlines.iter().any(|deadline| deadline.missed && !deadline.settled);
    }

    fn keys(&self) -> Keys<'_> {
        let Self { board, period, org_unit, overdue, .. } = self;
        Keys { board, period, org_unit, overdue: *overdue }
    }
}

fn issued(e: hq::NoticeIssued) -> Notice {
    Notice {
        notice_id: e.notice_id,
        closing_id: e.closing_id,
        board: e.board,
        period: e.period,
        org_unit: e.org_unit,
        state: NoticeState::Issued.into(),
        indicator_id: e.indicator_id,
        numerator: e.numerator,
        denominator: e.denominator,
        threshold_numerator: e.threshold_numerator,
        threshold_denominator: e.threshold_denominator,
        issued_on: e.issued_on,
        last_step_on: e.issued_on,
        deadlines: e.deadlines,
        ..Notice::default()
    }
}

fn step(notice: &mut Notice, state: NoticeState, on: Option<xiaoan_proto::core::v1::Date>, remark: String) {
    notice.state = state.into();
    notice.last_step_on = on;
    notice.remark = remark;
}

/// Settles the deadlines of a step, or all.
fn settle(notice: &mut Notice, step: Option<NoticeStep>) {
    for deadline in &mut notice.deadlines {
        if step.is_none_or(|step| deadline.step() == step) {
            deadline.settled = true;
        }
    }
}

impl Kept for Interview {
    const KIND: &'static str = "interview";
    type Event = InterviewEvent;

    fn apply(&mut self, event: InterviewEvent, _: &RecordedEvent) {
        match event {
            InterviewEvent::Triggered(e) => {
                *self = Self {
                    interview_id: e.interview_id,
                    board: e.board,
                    org_unit: e.org_unit,
                    state: InterviewState::Triggered.into(),
                    notice_ids: e.notice_ids,
                    periods: e.periods,
                    triggered_on: e.on,
                    last_step_on: e.on,
                    hold_by: e.hold_by,
                    ..Self::default()
                };
            }
            InterviewEvent::Scheduled(e) => {
                self.scheduled_for = e.scheduled_for;
                self.interviewer = e.interviewer;
                self.interviewees = e.interviewees;
                self.state = InterviewState::Scheduled.into();
                self.last_step_on = e.on;
            }
            InterviewEvent::Held(e) => {
                self.held_on = e.on;
                self.overdue = false;
                self.interviewer = e.interviewer;
                self.interviewees = e.interviewees;
                self.state = InterviewState::Held.into();
                self.last_step_on = e.on;
            }
            InterviewEvent::MinutesSigned(e) => {
                // What was promised is kept by number and day; the words stay at hq.
                let bare = |c: hq::Commitment| hq::Commitment { text: String::new(), ..c };
                self.commitments = e.commitments.into_iter().map(bare).collect();
                self.state = InterviewState::Minuted.into();
                self.last_step_on = e.on;
            }
            InterviewEvent::CommitmentMet(e) => judge(self, e.number, CommitmentState::Met, e.on),
            InterviewEvent::CommitmentMissed(e) => judge(self, e.number, CommitmentState::Missed, e.on),
            InterviewEvent::Withdrawn(e) => {
                self.withdrawal_cause = e.cause;
                self.withdrawn_notice = e.notice_id;
                self.overdue = false;
                self.state = InterviewState::Withdrawn.into();
                self.last_step_on = e.on;
            }
            InterviewEvent::Overdue(_) => self.overdue = true,
        }
        let judged = self.commitments.iter().all(|c| c.state() != CommitmentState::Open);
        if self.state() == InterviewState::Minuted && judged {
            self.state = InterviewState::Closed.into();
        }
    }

    fn keys(&self) -> Keys<'_> {
        Keys {
            board: &self.board,
            period: self.periods.last().map_or("", String::as_str),
            org_unit: &self.org_unit,
            overdue: self.overdue || self.commitments.iter().any(|c| c.state() == CommitmentState::Missed),
        }
    }
}

fn judge(
    interview: &mut Interview,
    number: i32,
    state: CommitmentState,
    on: Option<xiaoan_proto::core::v1::Date>,
) {
    if let Some(commitment) = interview.commitments.iter_mut().find(|c| c.number == number) {
        commitment.state = state.into();
        commitment.judged_on = on;
    }
}

impl Kept for ListedCase {
    const KIND: &'static str = "listedcase";
    type Event = ListedCaseEvent;

    fn apply(&mut self, event: ListedCaseEvent, _: &RecordedEvent) {
        match event {
            ListedCaseEvent::Listed(e) => {
                *self = Self {
                    case_no: e.case_no,
                    org_unit: e.org_unit,
                    level: e.level,
                    // The post answers; who holds it stays at hq.
                    owner: e.owner.map(|owner| CaseOwner { subject: String::new(), ..owner }),
                    state: ListedCaseState::Listed.into(),
                    listed_on: e.on,
                    due_on: e.due_on,
                    last_step_on: e.on,
                    ..Self::default()
                };
            }
            ListedCaseEvent::ProgressReported(e) => {
                let told = e.progress.unwrap_or_default();
                self.last_step_on = told.on;
                self.progress.push(ListedCaseProgress {
                    number: told.number,
                    on: told.on,
                    ..ListedCaseProgress::default()
                });
            }
            ListedCaseEvent::Extended(e) => {
                self.due_on = e.due_on;
                self.extensions += 1;
                self.overdue = false;
                self.last_step_on = e.on;
            }
            ListedCaseEvent::ProgressOverdue(_) => self.overdue = true,
            ListedCaseEvent::Delisted(e) => {
                let left = if e.solved { ListedCaseState::Solved } else { ListedCaseState::NotSolved };
                self.state = left.into();
                self.solved_on = e.solved_on;
                self.solved_position = e.solved_position;
                self.reason = e.reason;
                self.signed_by = e.signed_by;
                (self.delisted_on, self.last_step_on) = (e.on, e.on);
            }
            ListedCaseEvent::Relisted(e) => {
                self.state = ListedCaseState::Listed.into();
                (self.solved_on, self.solved_position, self.delisted_on) = (None, 0, None);
                (self.relisted_on, self.last_step_on) = (e.on, e.on);
                self.revoked_position = e.revoked_position;
                self.overdue = false;
            }
        }
    }

    fn keys(&self) -> Keys<'_> {
        let overdue = self.overdue && self.state() == ListedCaseState::Listed;
        Keys { org_unit: &self.org_unit, overdue, ..Keys::default() }
    }
}
