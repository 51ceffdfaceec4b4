//! Work of a task force that was at work before it was formed here, as its papers say: each piece becomes the event that it
//! would have been. Whether it was late is judged by the terms of its period and by when it was done. Nothing of it is owed:
//! what is owed begins with today, and a piece never done is missed for good.

use super::duties::{begin, duty, last};
use super::{TaskForceEvent, stated, within};
use crate::moment::{Moment, text};
use crate::refusal::{Reason, Remarks};
use crate::work::{day_of, has_come};
use std::collections::BTreeSet;
use time::{Date, OffsetDateTime};
use xiaoan_kernel::{Fact, OrgCode, city_day, city_midnight, day_over};
use xiaoan_proto::cases::v1::{
    DirectiveIssued, FormTaskForceRequest, KeyCasesAnalysed, MonthAnalysed, TaskForceWorkMissed,
    TaskForceWorkTakenOver, WorkCadence, WorkDuty,
};

/// Pieces that one task force brings at most.
const MOST: usize = 500;
const FIELD: &str = "taken_over";

/// A piece whose fields are right.
pub(super) struct Piece<'m> {
    stated: &'m TaskForceWorkTakenOver,
    start: Date,
    duty: WorkDuty,
    done_at: Option<OffsetDateTime>,
    occurred_on: Date,
}

/// Reads the pieces, in the order in which they happened; notes what is wrong with any.
pub(super) fn read<'m>(
    remarks: &mut Remarks,
    pieces: &'m [TaskForceWorkTakenOver],
    formed_on: Option<Date>,
    at: &Moment<'_>,
) -> Vec<Piece<'m>> {
    if pieces.len() > MOST {
        remarks.note(FIELD, Reason::Malformed { form_zh: "不超过500项", form_en: "500 at most" });
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    let mut read: Vec<_> = pieces
        .iter()
        .filter_map(|piece| {
            if !seen.insert((piece.cadence, piece.period_start.map(|d| (d.year, d.month, d.day)))) {
                let form_en = "each period once for each cadence";
                remarks.note(FIELD, Reason::Malformed { form_zh: "每期只写一次", form_en });
            }
            one(remarks, piece, formed_on, at)
        })
        .collect();
    read.sort_by_key(|piece| (piece.occurred_on, piece.stated.cadence, piece.start));
    read
}

fn one<'m>(
    remarks: &mut Remarks,
    piece: &'m TaskForceWorkTakenOver,
    formed_on: Option<Date>,
    at: &Moment<'_>,
) -> Option<Piece<'m>> {
    let cadence: WorkCadence = stated(remarks, "taken_over.cadence", piece.cadence);
    within(remarks, "taken_over.alerts", piece.alerts.into(), 0, 1_000_000);
    within(remarks, "taken_over.filed", piece.filed.into(), 0, 1_000_000);
    within(remarks, "taken_over.solved", piece.solved.into(), 0, 1_000_000);
    let start = at.past_day(remarks, "taken_over.period_start", piece.period_start.as_ref())?;
    let formed_on = formed_on?;
    if cadence == WorkCadence::Unspecified {
        return None;
    }
    let whole = begin(cadence, start) == start;
    if !whole || start < begin(cadence, formed_on) || start >= begin(cadence, at.today()) {
        let form = Reason::Malformed {
            form_zh: "一期的首日，在组建之后、当前一期之前",
            form_en: "the first day of a period, from that of the forming on, before the one of today",
        };
        remarks.note("taken_over.period_start", form);
        return None;
    }
    let Some(duty) = duty(at.rules, cadence, start) else {
        remarks.note("taken_over.period_start", Reason::Work(super::no::TERM_MISSING));
        return None;
    };
    let Some(done_at) = &piece.done_at else {
        text(remarks, "taken_over.text", &piece.text, 0, 0);
        if !has_come(duty.missed_at.as_ref(), at.now) {
            let form = Reason::Malformed {
                form_zh: "尚可补交的一期不能写为缺失",
                form_en: "a time: it can still be done, and is not missed for good",
            };
            remarks.note("taken_over.done_at", form);
        }
        let occurred_on = day_of(duty.missed_at.as_ref());
        return Some(Piece { stated: piece, start, duty, done_at: None, occurred_on });
    };
    text(remarks, "taken_over.text", &piece.text, 1, 2000);
    let done_at = at.past_instant(remarks, "taken_over.done_at", Some(done_at))?;
    let possible = match cadence {
        WorkCadence::DailyDirective => city_midnight(start),
        _ => day_over(last(cadence, start))?,
    };
    if done_at < possible || has_come(duty.missed_at.as_ref(), done_at) {
        let form = Reason::Malformed {
            form_zh: "可以提交之后、缺失之前的时间",
            form_en: "a time at which it could be done, before it was missed for good",
        };
        remarks.note("taken_over.done_at", form);
    }
    Some(Piece { stated: piece, start, duty, done_at: Some(done_at), occurred_on: city_day(done_at) })
}

impl Piece<'_> {
    /// The event that it would have been.
    pub(super) fn into_fact(
        self,
        m: &FormTaskForceRequest,
        unit: OrgCode,
        at: &Moment<'_>,
    ) -> Fact<TaskForceEvent> {
        let (piece, duty) = (self.stated, self.duty);
        let (task_force_id, org_unit) = (m.task_force_id.clone(), m.org_unit.clone());
        let text = piece.text.clone();
        let (due_at, done_at) = (duty.due_at, piece.done_at);
        let Some(done) = self.done_at else {
            let missed = TaskForceWorkMissed {
                task_force_id,
                org_unit,
                duty: Some(WorkDuty { overdue: true, ..duty }),
            };
            return Fact::new(missed, unit, self.occurred_on);
        };
        let late = has_come(due_at.as_ref(), done);
        let by = at.actor.to_owned();
        match duty.cadence() {
            WorkCadence::WeeklyAnalysis => {
                let analysed = KeyCasesAnalysed {
                    task_force_id,
                    org_unit,
                    week_start: piece.period_start,
                    text,
                    late,
                    due_at,
                    analysed_by: by,
                    done_at,
                    ..Default::default()
                };
                Fact::new(analysed, unit, self.occurred_on)
            }
            WorkCadence::MonthlyAnalysis => {
                let analysed = MonthAnalysed {
                    task_force_id,
                    org_unit,
                    month_start: piece.period_start,
                    filed: piece.filed,
                    solved: piece.solved,
                    text,
                    late,
                    due_at,
                    next: None,
                    analysed_by: by,
                    done_at,
                };
                Fact::new(analysed, unit, self.occurred_on)
            }
            WorkCadence::DailyDirective | WorkCadence::Unspecified => {
                let issued = DirectiveIssued {
                    task_force_id,
                    org_unit,
                    day: piece.period_start,
                    alerts: piece.alerts,
                    text,
                    late,
                    due_at,
                    issued_by: by,
                    done_at,
                    ..Default::default()
                };
                Fact::new(issued, unit, self.occurred_on)
            }
        }
    }
}
