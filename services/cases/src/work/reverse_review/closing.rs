//! Measures put in place, and the loop closed.

use super::{Facts, ReverseReview, has_come, is_late, noted};
use crate::moment::{Moment, text};
use crate::refusal::{Reason, Refused, Remarks};
use crate::work::reasons as no;
use time::Date;
use xiaoan_kernel::Fact;
use xiaoan_proto::cases::v1::{
    CloseReverseReviewRequest, ImplementPreventionMeasureRequest, PreventionMeasureImplemented,
    ReverseReviewClosed, ReverseReviewState, ReviewResponsibility,
};

impl ReverseReview {
    /// Records that a measure is in place, at any stage after the findings.
    ///
    /// # Errors
    /// REVIEW-UNKNOWN, REVIEW-OTHER-STATE, REVIEW-MEASURE-UNKNOWN, REVIEW-MEASURE-DONE, CB-003, GE-006.
    pub fn decide_implement(
        &self,
        m: &ImplementPreventionMeasureRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.existing()?;
        if self.0.state() == ReverseReviewState::Closed {
            return Err(no::REVIEW_OTHER_STATE.into());
        }
        let there = self.0.measures.iter().find(|measure| measure.measure_id == m.measure_id);
        let measure = there.ok_or(Reason::Work(no::REVIEW_MEASURE_UNKNOWN))?;
        if measure.implemented_on.is_some() {
            return Err(no::REVIEW_MEASURE_DONE.into());
        }
        let mut remarks = Remarks::default();
        let day = at.past_day(&mut remarks, "implemented_on", m.implemented_on.as_ref());
        let opened = self.0.opened_on.and_then(|day| Date::try_from(day).ok());
        if day.is_some_and(|day| opened.is_some_and(|opened| day < opened)) {
            let form = Reason::Malformed {
                form_zh: "不早于倒查开始的日期",
                form_en: "a day not before the review was opened",
            };
            remarks.note("implemented_on", form);
        }
        text(&mut remarks, "proof", &m.proof, 1, 500);
        remarks.refuse()?;
        let day = noted(day)?;
        let implemented = PreventionMeasureImplemented {
            case_no: self.0.case_no.clone(),
            org_unit: self.0.org_unit.clone(),
            measure_id: m.measure_id.clone(),
            implemented_on: m.implemented_on,
            proof: m.proof.clone(),
            late: measure.overdue || is_late(day, measure.due_at.as_ref()),
        };
        Ok(vec![Fact::new(implemented, unit, day)])
    }

    /// Closes the loop.
    ///
    /// # Errors
    /// REVIEW-UNKNOWN, REVIEW-OTHER-STATE, REVIEW-MEASURES-OPEN, REVIEW-APPEAL-OPEN, GE-006.
    pub fn decide_close(&self, m: &CloseReverseReviewRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.existing()?;
        if self.0.state() == ReverseReviewState::Appealed {
            return Err(no::REVIEW_APPEAL_OPEN.into());
        }
        self.at_stage(ReverseReviewState::Responsibility)?;
        let mut remarks = Remarks::default();
        text(&mut remarks, "effect", &m.effect, 1, 1000);
        remarks.refuse()?;
        if self.0.measures.iter().any(|measure| measure.implemented_on.is_none()) {
            return Err(no::REVIEW_MEASURES_OPEN.into());
        }
        let is_final = self.0.appeal_decided
            || self.0.responsibility() == ReviewResponsibility::None
            || has_come(self.0.appeal_until.as_ref(), at.now);
        if !is_final {
            return Err(no::REVIEW_APPEAL_OPEN.into());
        }
        let closed = ReverseReviewClosed {
            case_no: self.0.case_no.clone(),
            org_unit: self.0.org_unit.clone(),
            effect: m.effect.clone(),
            responsibility: self.0.responsibility,
            closed_on: Some(at.today().into()),
        };
        Ok(vec![Fact::new(closed, unit, at.today())])
    }
}
