//! The aggregate `TaskForce` (工作专班): who works in it, what it owes, what came of it. Facts A4; the economic-crime team
//! of P6 is one with a chief in charge.
//!
//! Every day a directive is owed, every week an analysis of key cases, every month one of cases filed and solved
//! (`duties.rs`). Each is known by its period; the next one is owed when one is done in time or falls overdue. So at any
//! time one of each kind is ahead, and those that are overdue beside it.

mod duties;
mod taken_over;

pub use duties::{row_id, work_of};

use super::{Cases, FactsOf, Work, known_case, noted, service_number, stated, within};
use crate::moment::{Moment, chosen_id, text};
use crate::refusal::{Reason, Refused, Remarks};
use crate::rulebook::RuleBook;
use crate::work::reasons as no;
use std::collections::BTreeSet;
use time::OffsetDateTime;
use xiaoan_kernel::{Fact, OrgCode};
use xiaoan_proto::cases::v1::{
    AnalyseKeyCasesRequest, AnalyseMonthRequest, AssignTaskForceCaseRequest, DirectiveIssued,
    DissolveTaskForceRequest, FormTaskForceRequest, IssueDirectiveRequest, KeyCasesAnalysed, MonthAnalysed,
    RecordTaskForceResultsRequest, RevokeTaskForceResultsRequest, RoleCount, StaffTaskForceRequest,
    TaskForce as Shown, TaskForceCaseAssigned, TaskForceDissolved, TaskForceFormed, TaskForceKind,
    TaskForceResultsRecorded, TaskForceResultsRevoked, TaskForceRole, TaskForceStaffed, TaskForceState,
    TaskForceWorkMissed, TaskForceWorkOverdue, WorkCadence, WorkCount, WorkDuty,
};
use xiaoan_proto::core::v1 as core;

xiaoan_kernel::events! {
    /// Everything that can happen to a task force.
    pub enum TaskForceEvent {
        Formed(TaskForceFormed),
        Staffed(TaskForceStaffed),
        CaseAssigned(TaskForceCaseAssigned),
        DirectiveIssued(DirectiveIssued),
        KeyCasesAnalysed(KeyCasesAnalysed),
        MonthAnalysed(MonthAnalysed),
        WorkOverdue(TaskForceWorkOverdue),
        WorkMissed(TaskForceWorkMissed),
        ResultsRecorded(TaskForceResultsRecorded),
        ResultsRevoked(TaskForceResultsRevoked),
        Dissolved(TaskForceDissolved),
    }
}

super::work! {
    /// One task force.
    TaskForce(Shown) of TaskForceEvent, "taskforce", by task_force_id
}

type Facts = FactsOf<TaskForce>;

/// Cases that one task force has at most, and results.
const MOST: usize = 500;

impl Work for TaskForce {
    type Shown = Shown;
    const NOUN: &'static str = "task-forces";

    fn shown(&self) -> &Shown {
        &self.0
    }

    fn note(shown: &mut Shown, event: &TaskForceEvent) {
        match event {
            TaskForceEvent::Formed(e) => {
                *shown = Shown {
                    task_force_id: e.task_force_id.clone(),
                    org_unit: e.org_unit.clone(),
                    kind: e.kind,
                    state: TaskForceState::Formed.into(),
                    name: e.name.clone(),
                    chief: e.chief.clone(),
                    formed_on: e.formed_on,
                    members: e.members.clone(),
                    duties: e.duties.clone(),
                    counts: duties::CADENCES
                        .map(|cadence| WorkCount { cadence: cadence.into(), ..Default::default() })
                        .to_vec(),
                    ..Default::default()
                };
            }
            TaskForceEvent::Staffed(e) => shown.members.clone_from(&e.members),
            TaskForceEvent::CaseAssigned(e) => shown.case_nos.push(e.case_no.clone()),
            TaskForceEvent::DirectiveIssued(e) => {
                done(shown, WorkCadence::DailyDirective, e.day, e.late, e.next.as_ref());
            }
            TaskForceEvent::KeyCasesAnalysed(e) => {
                done(shown, WorkCadence::WeeklyAnalysis, e.week_start, e.late, e.next.as_ref());
            }
            TaskForceEvent::MonthAnalysed(e) => {
                done(shown, WorkCadence::MonthlyAnalysis, e.month_start, e.late, e.next.as_ref());
            }
            TaskForceEvent::WorkOverdue(e) => {
                let Some(duty) = &e.duty else { return };
                let mine =
                    |d: &&mut WorkDuty| d.cadence == duty.cadence && d.period_start == duty.period_start;
                if let Some(there) = shown.duties.iter_mut().find(mine) {
                    there.overdue = true;
                }
                shown.duties.extend(e.next);
            }
            TaskForceEvent::WorkMissed(e) => {
                let Some(duty) = &e.duty else { return };
                take(shown, duty.cadence(), duty.period_start);
                count(shown, duty.cadence(), |c| c.missed += 1);
            }
            TaskForceEvent::ResultsRecorded(e) => shown.results.extend(e.results.clone()),
            TaskForceEvent::ResultsRevoked(e) => {
                let revoked = e.results.as_ref().map(|r| r.result_id.as_str()).unwrap_or_default();
                shown.results.retain(|r| r.result_id != revoked);
            }
            TaskForceEvent::Dissolved(e) => {
                shown.set_state(TaskForceState::Dissolved);
                shown.dissolved_on = e.dissolved_on;
                shown.duties.clear();
            }
        }
    }

    fn dues(event: &TaskForceEvent) -> Vec<prost_types::Timestamp> {
        let next = |duty: Option<&WorkDuty>| duty.and_then(|d| d.due_at).into_iter().collect::<Vec<_>>();
        match event {
            TaskForceEvent::Formed(e) => e.duties.iter().filter_map(|duty| duty.due_at).collect(),
            TaskForceEvent::DirectiveIssued(e) => next(e.next.as_ref()),
            TaskForceEvent::KeyCasesAnalysed(e) => next(e.next.as_ref()),
            TaskForceEvent::MonthAnalysed(e) => next(e.next.as_ref()),
            TaskForceEvent::WorkOverdue(e) => {
                let missed = e.duty.as_ref().and_then(|duty| duty.missed_at);
                missed.into_iter().chain(next(e.next.as_ref())).collect()
            }
            TaskForceEvent::Staffed(_)
            | TaskForceEvent::CaseAssigned(_)
            | TaskForceEvent::WorkMissed(_)
            | TaskForceEvent::ResultsRecorded(_)
            | TaskForceEvent::ResultsRevoked(_)
            | TaskForceEvent::Dissolved(_) => Vec::new(),
        }
    }

    fn fall_due(&self, until: OffsetDateTime, rules: &RuleBook) -> Facts {
        duties::fall_due(self, until, rules)
    }
}

fn done(
    shown: &mut Shown,
    cadence: WorkCadence,
    start: Option<core::Date>,
    late: bool,
    next: Option<&WorkDuty>,
) {
    take(shown, cadence, start);
    shown.duties.extend(next.copied());
    count(shown, cadence, |c| if late { c.late += 1 } else { c.in_time += 1 });
}

fn take(shown: &mut Shown, cadence: WorkCadence, start: Option<core::Date>) {
    shown.duties.retain(|d| !(d.cadence() == cadence && d.period_start == start));
}

fn count(shown: &mut Shown, cadence: WorkCadence, add: impl FnOnce(&mut WorkCount)) {
    if let Some(there) = shown.counts.iter_mut().find(|c| c.cadence() == cadence) {
        add(there);
    }
}

impl TaskForce {
    /// Forms a task force. What it owes begins with the day, week and month of today: nothing is late that nobody asked for.
    ///
    /// # Errors
    /// TASKFORCE-EXISTS, TASKFORCE-CHIEF-MISSING, CB-001, CB-003, GE-006.
    pub fn decide_form(&self, m: &FormTaskForceRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let mut remarks = Remarks::default();
        chosen_id(&mut remarks, "task_force_id", &m.task_force_id);
        let unit = at.unit(&mut remarks, "org_unit", &m.org_unit, Some(at.today()));
        let kind: TaskForceKind = stated(&mut remarks, "kind", m.kind);
        text(&mut remarks, "name", &m.name, 1, 100);
        if !m.chief.is_empty() {
            service_number(&mut remarks, "chief", &m.chief);
        } else if kind == TaskForceKind::EconomicCrime {
            remarks.note("chief", Reason::Work(no::TASKFORCE_CHIEF_MISSING));
        }
        let formed_on = at.past_day(&mut remarks, "formed_on", m.formed_on.as_ref());
        members(&mut remarks, &m.members);
        let before = taken_over::read(&mut remarks, &m.taken_over, formed_on, at);
        remarks.refuse()?;
        let (unit, formed_on) = (noted(unit)?, noted(formed_on)?);
        if self.unit().is_some() {
            return Err(no::TASKFORCE_EXISTS.into());
        }
        let first = duties::CADENCES
            .map(|cadence| duties::duty(at.rules, cadence, duties::begin(cadence, at.today())));
        let duties: Option<Vec<WorkDuty>> = first.into_iter().collect();
        let formed = TaskForceFormed {
            task_force_id: m.task_force_id.clone(),
            org_unit: m.org_unit.clone(),
            kind: m.kind,
            name: m.name.clone(),
            chief: m.chief.clone(),
            formed_on: m.formed_on,
            members: m.members.clone(),
            duties: duties.ok_or(Reason::Work(no::TERM_MISSING))?,
        };
        let mut facts = vec![Fact::new(formed, unit, formed_on)];
        facts.extend(before.into_iter().map(|work| work.into_fact(m, unit, at)));
        Ok(facts)
    }

    /// States anew who works in it.
    ///
    /// # Errors
    /// TASKFORCE-UNKNOWN, TASKFORCE-DISSOLVED, GE-006.
    pub fn decide_staff(&self, m: &StaffTaskForceRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.at_work()?;
        let mut remarks = Remarks::default();
        members(&mut remarks, &m.members);
        remarks.refuse()?;
        let staffed = TaskForceStaffed {
            task_force_id: self.0.task_force_id.clone(),
            org_unit: self.0.org_unit.clone(),
            members: m.members.clone(),
        };
        Ok(vec![Fact::new(staffed, unit, at.today())])
    }

    /// Assigns a case.
    ///
    /// # Errors
    /// TASKFORCE-UNKNOWN, TASKFORCE-DISSOLVED, TASKFORCE-CASE-ASSIGNED, WORK-CASE-UNKNOWN, GE-006.
    pub fn decide_assign(
        &self,
        m: &AssignTaskForceCaseRequest,
        cases: &Cases,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.at_work()?;
        known_case(cases, &m.case_no)?;
        if self.0.case_nos.contains(&m.case_no) {
            return Err(no::TASKFORCE_CASE_ASSIGNED.into());
        }
        bounded("case_no", self.0.case_nos.len() + 1)?;
        let assigned = TaskForceCaseAssigned {
            task_force_id: self.0.task_force_id.clone(),
            org_unit: self.0.org_unit.clone(),
            case_no: m.case_no.clone(),
        };
        Ok(vec![Fact::new(assigned, unit, at.today())])
    }

    /// Issues the directive of a day.
    ///
    /// # Errors
    /// TASKFORCE-UNKNOWN, TASKFORCE-DISSOLVED, TASKFORCE-NOT-OWED, TASKFORCE-TOO-EARLY, CB-001, GE-006.
    pub fn decide_issue_directive(
        &self,
        m: &IssueDirectiveRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.at_work()?;
        let mut remarks = Remarks::default();
        within(&mut remarks, "alerts", m.alerts.into(), 0, 1_000_000);
        text(&mut remarks, "text", &m.text, 1, 2000);
        within(&mut remarks, "addressed_to", i64::try_from(m.addressed_to.len()).unwrap_or(i64::MAX), 0, 500);
        for addressed in m.addressed_to.iter().take(500) {
            let known = at.unit(&mut remarks, "addressed_to", addressed, Some(at.today()));
            if known.is_some_and(|known| !at.units.is_within(known, unit, at.today())) {
                let form = Reason::Malformed {
                    form_zh: "本单位或其下级单位",
                    form_en: "a unit within the bureau",
                };
                remarks.note("addressed_to", form);
            }
        }
        let owed = duties::owed(self, &mut remarks, WorkCadence::DailyDirective, "day", m.day.as_ref(), at)?;
        let issued = DirectiveIssued {
            task_force_id: self.0.task_force_id.clone(),
            org_unit: self.0.org_unit.clone(),
            day: m.day,
            alerts: m.alerts,
            text: m.text.clone(),
            addressed_to: m.addressed_to.clone(),
            late: owed.overdue,
            due_at: owed.due_at,
            next: duties::next_unless_known(at.rules, &owed),
            issued_by: at.actor.to_owned(),
            done_at: None,
        };
        Ok(vec![Fact::new(issued, unit, at.today())])
    }

    /// Hands in the weekly analysis of key cases.
    ///
    /// # Errors
    /// TASKFORCE-UNKNOWN, TASKFORCE-DISSOLVED, TASKFORCE-NOT-OWED, TASKFORCE-TOO-EARLY, WORK-CASE-UNKNOWN, GE-006.
    pub fn decide_analyse_key_cases(
        &self,
        m: &AnalyseKeyCasesRequest,
        cases: &Cases,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.at_work()?;
        let mut remarks = Remarks::default();
        text(&mut remarks, "text", &m.text, 1, 4000);
        let distinct: BTreeSet<_> = m.case_nos.iter().collect();
        if m.case_nos.len() > 50 || distinct.len() < m.case_nos.len() {
            let form = Reason::Malformed {
                form_zh: "至多50个互不重复的案件编号",
                form_en: "at most 50 case numbers, none twice",
            };
            remarks.note("case_nos", form);
        }
        let owed = duties::owed(
            self,
            &mut remarks,
            WorkCadence::WeeklyAnalysis,
            "week_start",
            m.week_start.as_ref(),
            at,
        )?;
        for case_no in &m.case_nos {
            known_case(cases, case_no)?;
        }
        let analysed = KeyCasesAnalysed {
            task_force_id: self.0.task_force_id.clone(),
            org_unit: self.0.org_unit.clone(),
            week_start: m.week_start,
            case_nos: m.case_nos.clone(),
            text: m.text.clone(),
            late: owed.overdue,
            due_at: owed.due_at,
            next: duties::next_unless_known(at.rules, &owed),
            analysed_by: at.actor.to_owned(),
            done_at: None,
        };
        Ok(vec![Fact::new(analysed, unit, at.today())])
    }

    /// Hands in the monthly analysis of cases filed and solved.
    ///
    /// # Errors
    /// TASKFORCE-UNKNOWN, TASKFORCE-DISSOLVED, TASKFORCE-NOT-OWED, TASKFORCE-TOO-EARLY, GE-006.
    pub fn decide_analyse_month(&self, m: &AnalyseMonthRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.at_work()?;
        let mut remarks = Remarks::default();
        text(&mut remarks, "text", &m.text, 1, 4000);
        within(&mut remarks, "filed", m.filed.into(), 0, 1_000_000);
        within(&mut remarks, "solved", m.solved.into(), 0, 1_000_000);
        let owed = duties::owed(
            self,
            &mut remarks,
            WorkCadence::MonthlyAnalysis,
            "month_start",
            m.month_start.as_ref(),
            at,
        )?;
        let analysed = MonthAnalysed {
            task_force_id: self.0.task_force_id.clone(),
            org_unit: self.0.org_unit.clone(),
            month_start: m.month_start,
            filed: m.filed,
            solved: m.solved,
            text: m.text.clone(),
            late: owed.overdue,
            due_at: owed.due_at,
            next: duties::next_unless_known(at.rules, &owed),
            analysed_by: at.actor.to_owned(),
            done_at: None,
        };
        Ok(vec![Fact::new(analysed, unit, at.today())])
    }

    /// Records what came of the work.
    ///
    /// # Errors
    /// TASKFORCE-UNKNOWN, TASKFORCE-DISSOLVED, TASKFORCE-RESULT-EXISTS, CB-003, GE-006.
    pub fn decide_record_results(
        &self,
        m: &RecordTaskForceResultsRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.at_work()?;
        let mut remarks = Remarks::default();
        let Some(results) = &m.results else {
            remarks.note("results", Reason::MissingValue);
            remarks.refuse()?;
            return Ok(Vec::new());
        };
        chosen_id(&mut remarks, "results.result_id", &results.result_id);
        let on = at.past_day(&mut remarks, "results.on", results.on.as_ref());
        for (field, count) in [
            ("results.major_cases", results.major_cases),
            ("results.suspects", results.suspects),
            ("results.fugitives", results.fugitives),
        ] {
            within(&mut remarks, field, count.into(), 0, 100_000);
        }
        within(&mut remarks, "results.recovered_fen", results.recovered_fen, 0, 100_000_000_000_000);
        remarks.refuse()?;
        if self.0.results.iter().any(|r| r.result_id == results.result_id) {
            return Err(no::TASKFORCE_RESULT_EXISTS.into());
        }
        bounded("results", self.0.results.len() + 1)?;
        let recorded = TaskForceResultsRecorded {
            task_force_id: self.0.task_force_id.clone(),
            org_unit: self.0.org_unit.clone(),
            results: Some(results.clone()),
        };
        Ok(vec![Fact::new(recorded, unit, noted(on)?)])
    }

    /// Revokes results; they no longer count on the day they counted.
    ///
    /// # Errors
    /// TASKFORCE-UNKNOWN, TASKFORCE-RESULT-UNKNOWN, GE-006.
    pub fn decide_revoke_results(
        &self,
        m: &RevokeTaskForceResultsRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.existing()?;
        let mut remarks = Remarks::default();
        text(&mut remarks, "reason", &m.reason, 1, 500);
        remarks.refuse()?;
        let there = self.0.results.iter().find(|r| r.result_id == m.result_id);
        let revoked = TaskForceResultsRevoked {
            task_force_id: self.0.task_force_id.clone(),
            org_unit: self.0.org_unit.clone(),
            results: Some(there.ok_or(Reason::Work(no::TASKFORCE_RESULT_UNKNOWN))?.clone()),
            reason: m.reason.clone(),
        };
        Ok(vec![Fact::new(revoked, unit, at.today())])
    }

    /// Dissolves it.
    ///
    /// # Errors
    /// TASKFORCE-UNKNOWN, TASKFORCE-DISSOLVED, GE-006.
    pub fn decide_dissolve(&self, m: &DissolveTaskForceRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.at_work()?;
        let mut remarks = Remarks::default();
        text(&mut remarks, "reason", &m.reason, 1, 500);
        remarks.refuse()?;
        let dissolved = TaskForceDissolved {
            task_force_id: self.0.task_force_id.clone(),
            org_unit: self.0.org_unit.clone(),
            dissolved_on: Some(at.today().into()),
            reason: m.reason.clone(),
        };
        Ok(vec![Fact::new(dissolved, unit, at.today())])
    }

    fn existing(&self) -> Result<OrgCode, Refused> {
        self.unit().ok_or_else(|| no::TASKFORCE_UNKNOWN.into())
    }

    fn at_work(&self) -> Result<OrgCode, Refused> {
        let unit = self.existing()?;
        if self.0.state() == TaskForceState::Dissolved {
            return Err(no::TASKFORCE_DISSOLVED.into());
        }
        Ok(unit)
    }
}

fn bounded(field: &'static str, length: usize) -> Result<(), Refused> {
    let mut remarks = Remarks::default();
    if length > MOST {
        remarks.note(field, Reason::Malformed { form_zh: "不超过500条", form_en: "500 at most" });
    }
    remarks.refuse().map(drop)
}

/// Each role once, at least one investigator; notes GE-006 otherwise.
fn members(remarks: &mut Remarks, members: &[RoleCount]) {
    let mut roles = BTreeSet::new();
    for member in members {
        let _: TaskForceRole = stated(remarks, "members", member.role);
        within(remarks, "members", member.count.into(), 0, 1000);
        roles.insert(member.role);
    }
    let investigators = members.iter().any(|m| m.role() == TaskForceRole::Investigator && m.count > 0);
    if !investigators || roles.len() < members.len() {
        let form = Reason::Malformed {
            form_zh: "每种角色一次，侦查人员至少一名",
            form_en: "each role once, at least one investigator",
        };
        remarks.note("members", form);
    }
}

#[cfg(test)]
mod tests;
