//! The aggregate `ReverseReview` (倒查责任): why could a preventable case happen, who answers for it, and what keeps it from
//! happening again. One per case, known by the case's number. Facts A6; domain reference §H.1.
//!
//! Opened → Scoped → Findings → Responsibility ⇄ Appealed → Closed.
//!
//! Invariants: opened only for a category that the list names on the day of filing (CP-010), with the preventability test
//! recorded · each of the three kinds of prevention has a measure or a reason why none is needed · responsibility is
//! determined by somebody else than whoever recorded the findings, of a unit above · an appeal never makes it graver ·
//! the loop is closed only when every measure is in place and responsibility is final.

mod closing;
mod responsibility;

use super::{Cases, FactsOf, Work, due, has_come, is_late, noted, stamp, standing_case, stated};
use crate::moment::{Moment, text};
use crate::refusal::{Reason, Refused, Remarks};
use crate::rulebook::RuleBook;
use crate::work::reasons as no;
use std::collections::BTreeSet;
use time::OffsetDateTime;
use xiaoan_kernel::{Fact, OrgCode};
use xiaoan_proto::cases::v1::{
    OpenReverseReviewRequest, PreventionKind, PreventionMeasure, PreventionMeasureImplemented,
    PreventionMeasureOverdue, RecordReverseReviewFindingsRequest, ReverseReview as Shown,
    ReverseReviewAppealDecided, ReverseReviewAppealed, ReverseReviewClosed, ReverseReviewFindingsRecorded,
    ReverseReviewOpened, ReverseReviewScoped, ReverseReviewState, ReviewResponsibilityDetermined,
    ScopeReverseReviewRequest,
};

xiaoan_kernel::events! {
    /// Everything that can happen to a review.
    pub enum ReverseReviewEvent {
        Opened(ReverseReviewOpened),
        Scoped(ReverseReviewScoped),
        FindingsRecorded(ReverseReviewFindingsRecorded),
        ResponsibilityDetermined(ReviewResponsibilityDetermined),
        Appealed(ReverseReviewAppealed),
        AppealDecided(ReverseReviewAppealDecided),
        MeasureImplemented(PreventionMeasureImplemented),
        MeasureOverdue(PreventionMeasureOverdue),
        Closed(ReverseReviewClosed),
    }
}

super::work! {
    /// One review.
    ReverseReview(Shown) of ReverseReviewEvent, "reversereview", by case_no
}

type Facts = FactsOf<ReverseReview>;

/// Measures of one review at most.
const MOST_MEASURES: usize = 20;

impl Work for ReverseReview {
    type Shown = Shown;
    const NOUN: &'static str = "reverse-reviews";

    fn shown(&self) -> &Shown {
        &self.0
    }

    fn note(shown: &mut Shown, event: &ReverseReviewEvent) {
        match event {
            ReverseReviewEvent::Opened(e) => {
                *shown = Shown {
                    case_no: e.case_no.clone(),
                    org_unit: e.org_unit.clone(),
                    state: ReverseReviewState::Opened.into(),
                    category: e.category.clone(),
                    list_basis: e.list_basis.clone(),
                    preventability: e.preventability.clone(),
                    opened_on: e.opened_on,
                    ..Default::default()
                };
            }
            ReverseReviewEvent::Scoped(e) => {
                shown.set_state(ReverseReviewState::Scoped);
                shown.scope.clone_from(&e.scope);
            }
            ReverseReviewEvent::FindingsRecorded(e) => {
                shown.set_state(ReverseReviewState::Findings);
                shown.findings.clone_from(&e.findings);
                shown.findings_by.clone_from(&e.recorded_by);
                shown.measures.clone_from(&e.measures);
                shown.not_needed.clone_from(&e.not_needed);
            }
            ReverseReviewEvent::ResponsibilityDetermined(e) => {
                shown.set_state(ReverseReviewState::Responsibility);
                shown.responsibility = e.responsibility;
                shown.responsibility_reason.clone_from(&e.reason);
                shown.responsibility_by.clone_from(&e.determined_by);
                shown.appeal_until = e.appeal_until;
            }
            ReverseReviewEvent::Appealed(e) => {
                shown.set_state(ReverseReviewState::Appealed);
                shown.appeal_reason.clone_from(&e.reason);
                shown.appealed_by.clone_from(&e.appealed_by);
            }
            ReverseReviewEvent::AppealDecided(e) => {
                shown.set_state(ReverseReviewState::Responsibility);
                shown.responsibility = e.responsibility;
                shown.responsibility_reason.clone_from(&e.reason);
                shown.appeal_decided = true;
            }
            ReverseReviewEvent::MeasureImplemented(e) => {
                with(shown, &e.measure_id, |measure| {
                    measure.implemented_on = e.implemented_on;
                    measure.proof.clone_from(&e.proof);
                    measure.overdue |= e.late;
                });
            }
            ReverseReviewEvent::MeasureOverdue(e) => {
                with(shown, &e.measure_id, |measure| measure.overdue = true);
            }
            ReverseReviewEvent::Closed(e) => {
                shown.set_state(ReverseReviewState::Closed);
                shown.closed_on = e.closed_on;
            }
        }
    }

    fn dues(event: &ReverseReviewEvent) -> Vec<prost_types::Timestamp> {
        match event {
            ReverseReviewEvent::FindingsRecorded(e) => e.measures.iter().filter_map(|m| m.due_at).collect(),
            _ => Vec::new(),
        }
    }

    fn fall_due(&self, until: OffsetDateTime, _: &RuleBook) -> Facts {
        let Some(unit) = self.unit() else { return Vec::new() };
        let is_due = |m: &&PreventionMeasure| {
            m.implemented_on.is_none() && !m.overdue && has_come(m.due_at.as_ref(), until)
        };
        let overdue = |measure: &PreventionMeasure| {
            let event = PreventionMeasureOverdue {
                case_no: self.0.case_no.clone(),
                org_unit: self.0.org_unit.clone(),
                measure_id: measure.measure_id.clone(),
                due_at: measure.due_at,
            };
            Fact::new(event, unit, super::day_of(measure.due_at.as_ref()))
        };
        self.0.measures.iter().filter(is_due).map(overdue).collect()
    }
}

fn with(shown: &mut Shown, measure_id: &str, change: impl FnOnce(&mut PreventionMeasure)) {
    if let Some(measure) = shown.measures.iter_mut().find(|m| m.measure_id == measure_id) {
        change(measure);
    }
}

impl ReverseReview {
    /// Opens the review of a case.
    ///
    /// # Errors
    /// REVIEW-EXISTS, CP-010, WORK-CASE-UNKNOWN, CASE-WITHDRAWN, CB-001, GE-006.
    pub fn decide_open(
        &self,
        m: &OpenReverseReviewRequest,
        cases: &Cases,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let mut remarks = Remarks::default();
        let unit = at.unit(&mut remarks, "org_unit", &m.org_unit, Some(at.today()));
        text(&mut remarks, "preventability", &m.preventability, 1, 1000);
        remarks.refuse()?;
        let case = standing_case(cases, &m.case_no)?;
        if self.unit().is_some() {
            return Err(no::REVIEW_EXISTS.into());
        }
        let facts = case.seen().facts.clone().unwrap_or_default();
        let listed = at.rules.work.preventable(&facts.category, crate::case::day(facts.filed_on));
        let listed = listed.ok_or(Reason::Work(no::CATEGORY_NOT_PREVENTABLE))?;
        let opened = ReverseReviewOpened {
            case_no: m.case_no.clone(),
            org_unit: m.org_unit.clone(),
            category: facts.category,
            list_basis: format!("{} {}: {}", listed.prefix, listed.name_zh, listed.basis),
            preventability: m.preventability.clone(),
            opened_on: Some(at.today().into()),
            opened_by: at.actor.to_owned(),
        };
        Ok(vec![Fact::new(opened, noted(unit)?, at.today())])
    }

    /// Says what is looked at.
    ///
    /// # Errors
    /// REVIEW-UNKNOWN, REVIEW-OTHER-STATE, GE-006.
    pub fn decide_scope(&self, m: &ScopeReverseReviewRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.at_stage(ReverseReviewState::Opened)?;
        let mut remarks = Remarks::default();
        text(&mut remarks, "scope", &m.scope, 1, 1000);
        remarks.refuse()?;
        let scoped = ReverseReviewScoped {
            case_no: self.0.case_no.clone(),
            org_unit: self.0.org_unit.clone(),
            scope: m.scope.clone(),
        };
        Ok(vec![Fact::new(scoped, unit, at.today())])
    }

    /// Records findings and measures of the three kinds.
    ///
    /// # Errors
    /// REVIEW-UNKNOWN, REVIEW-OTHER-STATE, REVIEW-KIND-MISSING, GE-006.
    pub fn decide_record_findings(
        &self,
        m: &RecordReverseReviewFindingsRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.at_stage(ReverseReviewState::Scoped)?;
        let mut remarks = Remarks::default();
        text(&mut remarks, "findings", &m.findings, 1, 4000);
        if m.measures.len() > MOST_MEASURES {
            remarks.note("measures", Reason::Malformed { form_zh: "不超过20项", form_en: "at most 20" });
        }
        for measure in m.measures.iter().take(MOST_MEASURES) {
            let _: PreventionKind = stated(&mut remarks, "measures.kind", measure.kind);
            text(&mut remarks, "measures.description", &measure.description, 1, 500);
        }
        for kind in m.not_needed.iter().take(MOST_MEASURES) {
            let _: PreventionKind = stated(&mut remarks, "not_needed.kind", kind.kind);
            text(&mut remarks, "not_needed.reason", &kind.reason, 1, 500);
        }
        let taken: BTreeSet<i32> = m.measures.iter().map(|measure| measure.kind).collect();
        let not_needed: BTreeSet<i32> = m.not_needed.iter().map(|kind| kind.kind).collect();
        let all =
            [PreventionKind::People, PreventionKind::Physical, PreventionKind::Technical].map(i32::from);
        let one_of_both = |kind: &i32| taken.contains(kind) != not_needed.contains(kind);
        if !all.iter().all(one_of_both) || not_needed.len() < m.not_needed.len() {
            remarks.note("measures", Reason::Work(no::REVIEW_KIND_MISSING));
        }
        remarks.refuse()?;
        let due_at = stamp(due(at, "REVIEW-MEASURE", at.now)?);
        let measure =
            |(n, stated): (usize, &xiaoan_proto::cases::v1::PreventionMeasureInput)| PreventionMeasure {
                measure_id: n.to_string(),
                kind: stated.kind,
                description: stated.description.clone(),
                due_at,
                ..Default::default()
            };
        let recorded = ReverseReviewFindingsRecorded {
            case_no: self.0.case_no.clone(),
            org_unit: self.0.org_unit.clone(),
            findings: m.findings.clone(),
            measures: (1..).zip(&m.measures).map(measure).collect(),
            not_needed: m.not_needed.clone(),
            recorded_by: at.actor.to_owned(),
        };
        Ok(vec![Fact::new(recorded, unit, at.today())])
    }

    fn existing(&self) -> Result<OrgCode, Refused> {
        self.unit().ok_or_else(|| no::REVIEW_UNKNOWN.into())
    }

    fn at_stage(&self, stage: ReverseReviewState) -> Result<OrgCode, Refused> {
        let unit = self.existing()?;
        if self.0.state() == stage { Ok(unit) } else { Err(no::REVIEW_OTHER_STATE.into()) }
    }
}

#[cfg(test)]
mod tests;
