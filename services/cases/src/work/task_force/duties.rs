//! What a task force owes for which period, until when, and when it is missed for good.

use super::super::{FactsOf, Row, any_day, stamp};
use super::{TaskForce, TaskForceEvent};
use crate::moment::Moment;
use crate::refusal::{Refused, Remarks};
use crate::rulebook::RuleBook;
use crate::work::reasons as no;
use crate::work::{day_of, has_come, instant, noted};
use time::{Date, Duration, OffsetDateTime};
use xiaoan_kernel::{Aggregate, Fact, OrgCode};
use xiaoan_proto::cases::v1::{
    TaskForceWork, TaskForceWorkMissed, TaskForceWorkOverdue, TaskForceWorkState, WorkCadence, WorkDuty,
};
use xiaoan_proto::core::v1 as core;

/// What is owed.
pub(super) const CADENCES: [WorkCadence; 3] =
    [WorkCadence::DailyDirective, WorkCadence::WeeklyAnalysis, WorkCadence::MonthlyAnalysis];

/// First day of the period that a day lies in.
pub(super) fn begin(cadence: WorkCadence, day: Date) -> Date {
    match cadence {
        WorkCadence::WeeklyAnalysis => day - Duration::days(day.weekday().number_days_from_monday().into()),
        WorkCadence::MonthlyAnalysis => day.replace_day(1).unwrap_or(day),
        WorkCadence::DailyDirective | WorkCadence::Unspecified => day,
    }
}

pub(super) fn last(cadence: WorkCadence, start: Date) -> Date {
    match cadence {
        WorkCadence::WeeklyAnalysis => start + Duration::days(6),
        WorkCadence::MonthlyAnalysis => {
            start.replace_day(start.month().length(start.year())).unwrap_or(start)
        }
        WorkCadence::DailyDirective | WorkCadence::Unspecified => start,
    }
}

/// Names of the two terms in the data: when it is late, when it is missed.
fn terms(cadence: WorkCadence) -> Option<(&'static str, &'static str)> {
    match cadence {
        WorkCadence::DailyDirective => Some(("TF-DAILY", "TF-DAILY-MISSED")),
        WorkCadence::WeeklyAnalysis => Some(("TF-WEEKLY", "TF-WEEKLY-MISSED")),
        WorkCadence::MonthlyAnalysis => Some(("TF-MONTHLY", "TF-MONTHLY-MISSED")),
        WorkCadence::Unspecified => None,
    }
}

/// What is owed for the period that starts on a day; `None` when the data has no term for it.
pub(super) fn duty(rules: &RuleBook, cadence: WorkCadence, start: Date) -> Option<WorkDuty> {
    let end = last(cadence, start);
    let (late, missed) = terms(cadence)?;
    Some(WorkDuty {
        cadence: cadence.into(),
        period_start: Some(start.into()),
        period_end: Some(end.into()),
        due_at: stamp(rules.work.due_after(late, end)?),
        missed_at: stamp(rules.work.due_after(missed, end)?),
        overdue: false,
    })
}

/// What is owed after that.
fn next(rules: &RuleBook, of: &WorkDuty) -> Option<WorkDuty> {
    let end = of.period_end.and_then(|end| Date::try_from(end).ok())?;
    duty(rules, of.cadence(), end.next_day()?)
}

/// What is owed after something done; known already when that was overdue.
pub(super) fn next_unless_known(rules: &RuleBook, done: &WorkDuty) -> Option<WorkDuty> {
    if done.overdue { None } else { next(rules, done) }
}

/// The duty that a command fulfils. Checks the other remarks first.
pub(super) fn owed(
    task_force: &TaskForce,
    remarks: &mut Remarks,
    cadence: WorkCadence,
    field: &'static str,
    start: Option<&core::Date>,
    at: &Moment<'_>,
) -> Result<WorkDuty, Refused> {
    let day = any_day(remarks, field, start);
    std::mem::take(remarks).refuse()?;
    let day = noted(day)?;
    let mine = |d: &&WorkDuty| d.cadence() == cadence && d.period_start.is_some_and(|s| s == day.into());
    let duty = task_force.0.duties.iter().find(mine).ok_or(no::TASKFORCE_NOT_OWED)?;
    let begun = match cadence {
        WorkCadence::DailyDirective => at.today() >= day,
        _ => at.today() > last(cadence, day),
    };
    if begun { Ok(*duty) } else { Err(no::TASKFORCE_TOO_EARLY.into()) }
}

/// Everything that has become overdue or missed by an instant, in the order of time; each overdue duty brings the next.
pub(super) fn fall_due(
    task_force: &TaskForce,
    until: OffsetDateTime,
    rules: &RuleBook,
) -> FactsOf<TaskForce> {
    let Ok(unit) = OrgCode::parse(&task_force.0.org_unit) else { return Vec::new() };
    let mut after = task_force.clone();
    let mut facts = Vec::new();
    while let Some(fact) = after.first_due(until, rules, unit) {
        after.apply(&fact.event);
        facts.push(fact);
    }
    facts
}

impl TaskForce {
    fn first_due(
        &self,
        until: OffsetDateTime,
        rules: &RuleBook,
        unit: OrgCode,
    ) -> Option<Fact<TaskForceEvent>> {
        let turn = |d: &WorkDuty| if d.overdue { d.missed_at } else { d.due_at };
        let duty = *self
            .0
            .duties
            .iter()
            .filter(|d| has_come(turn(d).as_ref(), until))
            .min_by_key(|d| (instant(turn(d).as_ref()), d.cadence))?;
        let on = day_of(turn(&duty).as_ref());
        let (task_force_id, org_unit) = (self.0.task_force_id.clone(), self.0.org_unit.clone());
        Some(if duty.overdue {
            Fact::new(TaskForceWorkMissed { task_force_id, org_unit, duty: Some(duty) }, unit, on)
        } else {
            let next = next(rules, &duty);
            Fact::new(TaskForceWorkOverdue { task_force_id, org_unit, duty: Some(duty), next }, unit, on)
        })
    }
}

/// What an event says about one piece of work, for the list of work; unless it says when it was done, that is when it was
/// recorded.
#[must_use]
pub fn work_of(event: &TaskForceEvent, recorded_at: Option<prost_types::Timestamp>) -> Option<TaskForceWork> {
    let state = |late| if late { TaskForceWorkState::Late } else { TaskForceWorkState::InTime };
    let undone = |id: &str, unit: &str, duty: Option<&WorkDuty>, state: TaskForceWorkState| {
        duty.map(|duty| TaskForceWork {
            task_force_id: id.to_owned(),
            org_unit: unit.to_owned(),
            cadence: duty.cadence,
            period_start: duty.period_start,
            state: state.into(),
            due_at: duty.due_at,
            ..Default::default()
        })
    };
    match event {
        TaskForceEvent::DirectiveIssued(e) => Some(TaskForceWork {
            task_force_id: e.task_force_id.clone(),
            org_unit: e.org_unit.clone(),
            cadence: WorkCadence::DailyDirective.into(),
            period_start: e.day,
            state: state(e.late).into(),
            due_at: e.due_at,
            done_at: e.done_at.or(recorded_at),
            text: e.text.clone(),
            alerts: e.alerts,
            ..Default::default()
        }),
        TaskForceEvent::KeyCasesAnalysed(e) => Some(TaskForceWork {
            task_force_id: e.task_force_id.clone(),
            org_unit: e.org_unit.clone(),
            cadence: WorkCadence::WeeklyAnalysis.into(),
            period_start: e.week_start,
            state: state(e.late).into(),
            due_at: e.due_at,
            done_at: e.done_at.or(recorded_at),
            text: e.text.clone(),
            case_nos: e.case_nos.clone(),
            ..Default::default()
        }),
        TaskForceEvent::MonthAnalysed(e) => Some(TaskForceWork {
            task_force_id: e.task_force_id.clone(),
            org_unit: e.org_unit.clone(),
            cadence: WorkCadence::MonthlyAnalysis.into(),
            period_start: e.month_start,
            state: state(e.late).into(),
            due_at: e.due_at,
            done_at: e.done_at.or(recorded_at),
            text: e.text.clone(),
            filed: e.filed,
            solved: e.solved,
            ..Default::default()
        }),
        TaskForceEvent::WorkOverdue(e) => {
            undone(&e.task_force_id, &e.org_unit, e.duty.as_ref(), TaskForceWorkState::Overdue)
        }
        TaskForceEvent::WorkMissed(e) => {
            undone(&e.task_force_id, &e.org_unit, e.duty.as_ref(), TaskForceWorkState::Missed)
        }
        TaskForceEvent::Formed(_)
        | TaskForceEvent::Staffed(_)
        | TaskForceEvent::CaseAssigned(_)
        | TaskForceEvent::ResultsRecorded(_)
        | TaskForceEvent::ResultsRevoked(_)
        | TaskForceEvent::Dissolved(_) => None,
    }
}

impl Row for TaskForceWork {
    fn org_unit(&self) -> &str {
        &self.org_unit
    }
    fn state_number(&self) -> i32 {
        self.state
    }
    fn parent(&self) -> &str {
        &self.task_force_id
    }
    /// Work has no version of its own: it is its task force's.
    fn set_etag(&mut self, _: String) {}
}

/// Id of a piece of work in the list: its task force, what it is, the first day of its period.
#[must_use]
pub fn row_id(work: &TaskForceWork) -> String {
    let day =
        work.period_start.and_then(|d| Date::try_from(d).ok()).map(|d| d.to_string()).unwrap_or_default();
    format!("{}/{}/{day}", work.task_force_id, work.cadence)
}
