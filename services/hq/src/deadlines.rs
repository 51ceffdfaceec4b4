//! Deadlines of notices, interviews, listed cases and inspections: which events arm the durable timer, and what a deadline does. One that
//! comes too late, because the step was taken meanwhile, decides nothing.
//!
//! | kind | armed by | does |
//! |---|---|---|
//! | `notice-ack`, `notice-plan` | a notice issued; a plan returned | `NoticeDeadlineMissed` |
//! | `notice-implement` | a plan approved; a verification failed | `NoticeDeadlineMissed` |
//! | `notice-verify` | a rectification carried out | `NoticeDeadlineMissed` |
//! | `interview-hold` | an interview triggered | `InterviewOverdue` |
//! | `commitment-N` | minutes signed: the end of the commitment's last day | `InterviewCommitmentMissed` |
//! | `listed-case-due` | a case listed, extended or come back: the end of the due day | `ProgressOverdue` |
//! | `finding-N` | an inspection: the end of the finding's due day | `InspectionFindingOverdue` |

use crate::interview::{Interview, InterviewEvent};
use crate::notice::{Notice, NoticeEvent};
use crate::register::inspection::{self, Inspection, InspectionEvent};
use crate::register::supervision::{self, ListedCase, ListedCaseEvent};
use crate::step::recorded;
use xiaoan_eventstore::{Decision, RecordedEvent, Repository};
use xiaoan_kernel::{Aggregate, EventSet, StreamId, UnknownEvent, day_over};
use xiaoan_proto::hq::v1::{NoticeDeadline, NoticeStep};
use xiaoan_timer::{Alarm, Change, Fire, settled};

const ACKNOWLEDGE: &str = "notice-ack";
const PLAN: &str = "notice-plan";
const IMPLEMENT: &str = "notice-implement";
const VERIFY: &str = "notice-verify";
const HOLD: &str = "interview-hold";
/// Before the number of a commitment.
const COMMITMENT: &str = "commitment-";

/// Which deadlines an event arms and cancels.
///
/// # Errors
/// When the event cannot be read.
pub fn deadlines(recorded: &RecordedEvent) -> Result<Vec<Change>, UnknownEvent> {
    let stream = StreamId::from(recorded.stream.clone());
    Ok(match stream.parts().0 {
        Notice::KIND => of_notice(&stream, &NoticeEvent::decode(&recorded.r#type, &recorded.payload)?),
        Interview::KIND => {
            of_interview(&stream, &InterviewEvent::decode(&recorded.r#type, &recorded.payload)?)
        }
        ListedCase::KIND => {
            supervision::deadlines(&stream, &ListedCaseEvent::decode(&recorded.r#type, &recorded.payload)?)
        }
        Inspection::KIND => {
            inspection::deadlines(&stream, &InspectionEvent::decode(&recorded.r#type, &recorded.payload)?)
        }
        _ => Vec::new(),
    })
}

fn of_notice(stream: &StreamId, event: &NoticeEvent) -> Vec<Change> {
    let arm = |deadlines: &[NoticeDeadline]| {
        let change = |d: &NoticeDeadline| {
            let due = d.due_at.as_ref().and_then(xiaoan_proto::instant)?;
            Some(Change::arm(kind_of(d.step()), stream, due))
        };
        deadlines.iter().filter_map(change).collect::<Vec<_>>()
    };
    match event {
        NoticeEvent::Issued(e) => arm(&e.deadlines),
        NoticeEvent::Acknowledged(_) => vec![Change::cancel(ACKNOWLEDGE, stream)],
        NoticeEvent::PlanSubmitted(_) => vec![Change::cancel(PLAN, stream)],
        NoticeEvent::PlanReturned(e) => arm(e.deadline.as_slice()),
        NoticeEvent::PlanApproved(e) => arm(e.deadline.as_slice()),
        NoticeEvent::Implemented(e) => {
            [vec![Change::cancel(IMPLEMENT, stream)], arm(e.deadline.as_slice())].concat()
        }
        NoticeEvent::Verified(_) => vec![Change::cancel(VERIFY, stream)],
        NoticeEvent::Failed(e) => [vec![Change::cancel(VERIFY, stream)], arm(e.deadline.as_slice())].concat(),
        NoticeEvent::Closed(_) | NoticeEvent::Waived(_) | NoticeEvent::Withdrawn(_) => {
            vec![Change::cancel_all(stream)]
        }
        NoticeEvent::DeadlineMissed(_) => Vec::new(),
    }
}

fn of_interview(stream: &StreamId, event: &InterviewEvent) -> Vec<Change> {
    let kind = |number: i32| format!("{COMMITMENT}{number}");
    match event {
        InterviewEvent::MinutesSigned(e) => {
            let change = |c: &xiaoan_proto::hq::v1::Commitment| {
                Some(Change::arm(&kind(c.number), stream, day_over(recorded(c.due_on))?))
            };
            e.commitments.iter().filter_map(change).collect()
        }
        InterviewEvent::CommitmentMet(e) => vec![Change::cancel(&kind(e.number), stream)],
        InterviewEvent::CommitmentMissed(e) => vec![Change::cancel(&kind(e.number), stream)],
        InterviewEvent::Withdrawn(_) => vec![Change::cancel_all(stream)],
        InterviewEvent::Triggered(e) => {
            let due = e.hold_by.as_ref().and_then(xiaoan_proto::instant);
            due.map(|due| Change::arm(HOLD, stream, due)).into_iter().collect()
        }
        InterviewEvent::Held(_) => vec![Change::cancel(HOLD, stream)],
        InterviewEvent::Scheduled(_) | InterviewEvent::Overdue(_) => Vec::new(),
    }
}

fn kind_of(step: NoticeStep) -> &'static str {
    match step {
        NoticeStep::Plan => PLAN,
        NoticeStep::Implement => IMPLEMENT,
        NoticeStep::Verify => VERIFY,
        NoticeStep::Acknowledge | NoticeStep::Unspecified => ACKNOWLEDGE,
    }
}

fn step_of(kind: &str) -> Option<NoticeStep> {
    [NoticeStep::Acknowledge, NoticeStep::Plan, NoticeStep::Implement, NoticeStep::Verify]
        .into_iter()
        .find(|step| kind_of(*step) == kind)
}

/// Carries deadlines out.
#[derive(Debug, Clone)]
pub struct Alarms {
    /// Notices.
    pub notices: Repository<Notice>,
    /// Interviews.
    pub interviews: Repository<Interview>,
    /// Cases under listed supervision.
    pub listed: Repository<ListedCase>,
    /// Inspections.
    pub inspections: Repository<Inspection>,
}

impl Fire for Alarms {
    async fn fire(&self, alarm: Alarm) -> anyhow::Result<()> {
        let id = alarm.stream.parts().1.to_owned();
        let (due, now) = (alarm.due_at, self.notices.store().clock().now());
        if let Some(step) = step_of(&alarm.kind) {
            let decide = |notice: &Notice, _| notice.decide_missed(step, due, now).map(Decision::from);
            return settled(self.notices.execute(&id, alarm.command(), decide).await);
        }
        if alarm.kind == supervision::DUE {
            let decide = |case: &ListedCase, _| case.decide_overdue(due).map(Decision::from);
            return settled(self.listed.execute(&id, alarm.command(), decide).await);
        }
        if alarm.kind == HOLD {
            let decide = |interview: &Interview, _| interview.decide_overdue(due, now).map(Decision::from);
            return settled(self.interviews.execute(&id, alarm.command(), decide).await);
        }
        if let Some(number) = alarm.kind.strip_prefix(inspection::FINDING).and_then(|n| n.parse().ok()) {
            let decide = |found: &Inspection, _| found.decide_overdue(number, due).map(Decision::from);
            return settled(self.inspections.execute(&id, alarm.command(), decide).await);
        }
        let Some(number) = alarm.kind.strip_prefix(COMMITMENT).and_then(|n| n.parse().ok()) else {
            // A kind that this build does not know is nothing to decide; it would fail for ever otherwise.
            return Ok(());
        };
        let decide = |interview: &Interview, _| interview.decide_missed(number, due, now).map(Decision::from);
        settled(self.interviews.execute(&id, alarm.command(), decide).await)
    }
}
