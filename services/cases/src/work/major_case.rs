//! The aggregate `MajorCase`: a case under supervision of a higher level, with a named chief and reports of progress at the
//! rhythm of the data. Known by the case's number. Facts J10. (Cases that a bureau's chief takes on are headquarters'.)

use super::{
    Cases, FactsOf, Work, any_day, due, has_come, noted, service_number, stamp, standing_case, stated,
};
use crate::moment::{Moment, text};
use crate::refusal::{Reason, Refused, Remarks};
use crate::rulebook::RuleBook;
use crate::work::reasons as no;
use time::OffsetDateTime;
use xiaoan_kernel::{Aggregate, Fact, OrgCode, day_over};
use xiaoan_proto::cases::v1::{
    CaseState, EndMajorCaseSupervisionRequest, MajorCase as Shown, MajorCaseOverdue, MajorCaseProgress,
    MajorCaseProgressReported, MajorCaseReportOverdue, MajorCaseState, MajorCaseSupervised,
    MajorCaseSupervisionEnded, ReportMajorCaseProgressRequest, SuperviseMajorCaseRequest, SupervisionLevel,
};
use xiaoan_proto::day;

xiaoan_kernel::events! {
    /// Everything that can happen to a supervised case.
    pub enum MajorCaseEvent {
        Supervised(MajorCaseSupervised),
        ProgressReported(MajorCaseProgressReported),
        ReportOverdue(MajorCaseReportOverdue),
        Overdue(MajorCaseOverdue),
        SupervisionEnded(MajorCaseSupervisionEnded),
    }
}

super::work! {
    /// One supervised case.
    MajorCase(Shown) of MajorCaseEvent, "majorcase", by case_no
}

type Facts = FactsOf<MajorCase>;

impl Work for MajorCase {
    type Shown = Shown;
    const NOUN: &'static str = "major-cases";

    fn shown(&self) -> &Shown {
        &self.0
    }

    fn note(shown: &mut Shown, event: &MajorCaseEvent) {
        match event {
            MajorCaseEvent::Supervised(e) => {
                *shown = Shown {
                    case_no: e.case_no.clone(),
                    org_unit: e.org_unit.clone(),
                    state: MajorCaseState::Supervised.into(),
                    level: e.level,
                    level_code: e.level_code.clone(),
                    document: e.document.clone(),
                    chief: e.chief.clone(),
                    supervised_on: e.supervised_on,
                    due_on: e.due_on,
                    progress_due_at: e.progress_due_at,
                    ..Default::default()
                };
            }
            MajorCaseEvent::ProgressReported(e) => {
                shown.progress.extend(e.progress.clone());
                shown.progress_due_at = e.progress_due_at;
                shown.report_overdue = false;
            }
            MajorCaseEvent::ReportOverdue(e) => {
                shown.overdue_reports += 1;
                shown.report_overdue = true;
                shown.progress_due_at = e.progress_due_at;
            }
            MajorCaseEvent::Overdue(_) => shown.overdue = true,
            MajorCaseEvent::SupervisionEnded(e) => {
                shown.set_state(MajorCaseState::Ended);
                shown.solved = e.solved;
                shown.end_reason.clone_from(&e.reason);
                shown.ended_on = e.ended_on;
                shown.progress_due_at = None;
                shown.report_overdue = false;
            }
        }
    }

    fn dues(event: &MajorCaseEvent) -> Vec<prost_types::Timestamp> {
        match event {
            MajorCaseEvent::Supervised(e) => e
                .progress_due_at
                .into_iter()
                .chain(day(e.due_on).and_then(day_over).and_then(stamp))
                .collect(),
            MajorCaseEvent::ProgressReported(e) => e.progress_due_at.into_iter().collect(),
            MajorCaseEvent::ReportOverdue(e) => e.progress_due_at.into_iter().collect(),
            MajorCaseEvent::Overdue(_) | MajorCaseEvent::SupervisionEnded(_) => Vec::new(),
        }
    }

    /// Each report that is not there in time is a fact of its own; the next one is due a term later. So is the day that passes by which
    /// the case is to be solved.
    fn fall_due(&self, until: OffsetDateTime, rules: &RuleBook) -> Facts {
        let Some(unit) = self.unit() else { return Vec::new() };
        let mut after = self.clone();
        let mut facts = Vec::new();
        let supervised = self.0.state() == MajorCaseState::Supervised;
        let over = day(self.0.due_on)
            .and_then(day_over)
            .filter(|over| *over <= until && supervised && !self.0.overdue);
        if let (Some(_), Some(due_on)) = (over, self.0.due_on) {
            let overdue = MajorCaseOverdue {
                case_no: self.0.case_no.clone(),
                org_unit: self.0.org_unit.clone(),
                due_on: Some(due_on),
                chief: self.0.chief.clone(),
            };
            facts.push(Fact::new(overdue, unit, crate::case::day(Some(due_on))));
        }
        while let Some(due_at) = super::instant(after.0.progress_due_at.as_ref()).filter(|due| *due <= until)
        {
            // A term that ends where it begins would never end.
            let next = rules.work.due("MAJOR-PROGRESS", due_at).filter(|next| *next > due_at);
            let overdue = MajorCaseReportOverdue {
                case_no: self.0.case_no.clone(),
                org_unit: self.0.org_unit.clone(),
                due_at: after.0.progress_due_at,
                chief: self.0.chief.clone(),
                progress_due_at: next.and_then(stamp),
            };
            let fact = Fact::new(overdue, unit, xiaoan_kernel::city_day(due_at));
            after.apply(&fact.event);
            facts.push(fact);
        }
        facts
    }
}

impl MajorCase {
    /// Puts a case under supervision; its unit is the case's. One that is over can begin anew.
    ///
    /// # Errors
    /// MAJOR-SUPERVISED, WORK-CASE-UNKNOWN, CASE-WITHDRAWN, CP-009, GE-006.
    pub fn decide_supervise(
        &self,
        m: &SuperviseMajorCaseRequest,
        cases: &Cases,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let case = standing_case(cases, &m.case_no)?;
        let unit = noted(case.unit())?;
        let mut remarks = Remarks::default();
        let _: SupervisionLevel = stated(&mut remarks, "level", m.level);
        text(&mut remarks, "level_code", &m.level_code, 0, 10);
        text(&mut remarks, "document", &m.document, 0, 100);
        // A unit's code is no person's number.
        if m.chief.is_empty() || OrgCode::parse(&m.chief).is_ok() {
            remarks.note("chief", Reason::Work(no::MAJOR_CHIEF_MISSING));
        } else {
            service_number(&mut remarks, "chief", &m.chief);
        }
        if m.due_on.is_some() {
            any_day(&mut remarks, "due_on", m.due_on.as_ref());
        }
        remarks.refuse()?;
        if self.0.state() == MajorCaseState::Supervised {
            return Err(no::MAJOR_SUPERVISED.into());
        }
        let supervised = MajorCaseSupervised {
            case_no: m.case_no.clone(),
            org_unit: unit.to_string(),
            level: m.level,
            level_code: m.level_code.clone(),
            document: m.document.clone(),
            chief: m.chief.clone(),
            supervised_on: Some(at.today().into()),
            due_on: m.due_on,
            progress_due_at: stamp(due(at, "MAJOR-PROGRESS", at.now)?),
        };
        Ok(vec![Fact::new(supervised, unit, at.today())])
    }

    /// Reports progress; the next report is due a term from now.
    ///
    /// # Errors
    /// MAJOR-UNKNOWN, MAJOR-ENDED, GE-006.
    pub fn decide_report(
        &self,
        m: &ReportMajorCaseProgressRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.supervised()?;
        let mut remarks = Remarks::default();
        text(&mut remarks, "text", &m.text, 1, 2000);
        remarks.refuse()?;
        let progress = MajorCaseProgress {
            reported_on: Some(at.today().into()),
            text: m.text.clone(),
            late: self.0.report_overdue || has_come(self.0.progress_due_at.as_ref(), at.now),
        };
        let reported = MajorCaseProgressReported {
            case_no: self.0.case_no.clone(),
            org_unit: self.0.org_unit.clone(),
            progress: Some(progress),
            progress_due_at: stamp(due(at, "MAJOR-PROGRESS", at.now)?),
        };
        Ok(vec![Fact::new(reported, unit, at.today())])
    }

    /// Ends the supervision: the casebook says solved, or a reason is signed.
    ///
    /// # Errors
    /// MAJOR-UNKNOWN, MAJOR-ENDED, CP-008, GE-006.
    pub fn decide_end(
        &self,
        m: &EndMajorCaseSupervisionRequest,
        cases: &Cases,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.supervised()?;
        let solved = cases.get(&self.0.case_no).is_some_and(|case| case.state() == CaseState::Solved);
        let mut remarks = Remarks::default();
        text(&mut remarks, "reason", &m.reason, 0, 500);
        if !m.signed_by.is_empty() {
            service_number(&mut remarks, "signed_by", &m.signed_by);
        }
        remarks.refuse()?;
        if !solved && (m.reason.is_empty() || m.signed_by.is_empty()) {
            return Err(no::MAJOR_NOT_SOLVED.into());
        }
        let ended = MajorCaseSupervisionEnded {
            case_no: self.0.case_no.clone(),
            org_unit: self.0.org_unit.clone(),
            solved,
            reason: m.reason.clone(),
            signed_by: m.signed_by.clone(),
            ended_on: Some(at.today().into()),
        };
        Ok(vec![Fact::new(ended, unit, at.today())])
    }

    fn supervised(&self) -> Result<OrgCode, Refused> {
        let unit = self.unit().ok_or(Reason::Work(no::MAJOR_UNKNOWN))?;
        if self.0.state() == MajorCaseState::Ended {
            return Err(no::MAJOR_ENDED.into());
        }
        Ok(unit)
    }
}

#[cfg(test)]
mod tests;
