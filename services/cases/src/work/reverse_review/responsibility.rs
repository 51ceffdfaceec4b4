//! Responsibility: determined from above, appealed against, decided once more.

use super::{Facts, ReverseReview, due, has_come, stamp, stated};
use crate::moment::{Moment, text};
use crate::refusal::{Reason, Refused, Remarks};
use crate::work::reasons as no;
use xiaoan_kernel::{Fact, OrgCode};
use xiaoan_proto::cases::v1::{
    AppealReverseReviewRequest, DecideReverseReviewAppealRequest, DetermineReviewResponsibilityRequest,
    ReverseReviewAppealDecided, ReverseReviewAppealed, ReverseReviewState, ReviewResponsibility,
    ReviewResponsibilityDetermined,
};

impl ReverseReview {
    /// Determines responsibility.
    ///
    /// # Errors
    /// REVIEW-UNKNOWN, REVIEW-OTHER-STATE, REVIEW-OWN-UNIT, CB-006, GE-006.
    pub fn decide_determine(
        &self,
        m: &DetermineReviewResponsibilityRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.at_stage(ReverseReviewState::Findings)?;
        self.decided_from_above(unit, &[&self.0.findings_by], at)?;
        let mut remarks = Remarks::default();
        let _: ReviewResponsibility = stated(&mut remarks, "responsibility", m.responsibility);
        text(&mut remarks, "reason", &m.reason, 1, 1000);
        remarks.refuse()?;
        let determined = ReviewResponsibilityDetermined {
            case_no: self.0.case_no.clone(),
            org_unit: self.0.org_unit.clone(),
            responsibility: m.responsibility,
            reason: m.reason.clone(),
            appeal_until: stamp(due(at, "REVIEW-APPEAL", at.now)?),
            determined_by: at.actor.to_owned(),
        };
        Ok(vec![Fact::new(determined, unit, at.today())])
    }

    /// Appeals against it, in time and once.
    ///
    /// # Errors
    /// REVIEW-UNKNOWN, REVIEW-OTHER-STATE, REVIEW-NOTHING-TO-APPEAL, REVIEW-APPEAL-DECIDED, REVIEW-APPEAL-LATE, GE-006.
    pub fn decide_appeal(&self, m: &AppealReverseReviewRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.at_stage(ReverseReviewState::Responsibility)?;
        let mut remarks = Remarks::default();
        text(&mut remarks, "reason", &m.reason, 1, 1000);
        remarks.refuse()?;
        if self.0.appeal_decided {
            return Err(no::REVIEW_APPEAL_DECIDED.into());
        }
        if self.0.responsibility() == ReviewResponsibility::None {
            return Err(no::REVIEW_NOTHING_TO_APPEAL.into());
        }
        if has_come(self.0.appeal_until.as_ref(), at.now) {
            return Err(no::REVIEW_APPEAL_LATE.into());
        }
        let appealed = ReverseReviewAppealed {
            case_no: self.0.case_no.clone(),
            org_unit: self.0.org_unit.clone(),
            reason: m.reason.clone(),
            appealed_by: at.actor.to_owned(),
        };
        Ok(vec![Fact::new(appealed, unit, at.today())])
    }

    /// Decides the appeal.
    ///
    /// # Errors
    /// REVIEW-UNKNOWN, REVIEW-OTHER-STATE, REVIEW-OWN-UNIT, CB-006, REVIEW-GRAVER, GE-006.
    pub fn decide_appeal_decision(
        &self,
        m: &DecideReverseReviewAppealRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.at_stage(ReverseReviewState::Appealed)?;
        self.decided_from_above(unit, &[&self.0.responsibility_by, &self.0.appealed_by], at)?;
        let mut remarks = Remarks::default();
        let _: ReviewResponsibility = stated(&mut remarks, "responsibility", m.responsibility);
        // The values are in the order of their gravity.
        if m.responsibility > self.0.responsibility {
            remarks.note("responsibility", Reason::Work(no::REVIEW_GRAVER));
        }
        text(&mut remarks, "reason", &m.reason, 1, 1000);
        remarks.refuse()?;
        let decided = ReverseReviewAppealDecided {
            case_no: self.0.case_no.clone(),
            org_unit: self.0.org_unit.clone(),
            responsibility: m.responsibility,
            reason: m.reason.clone(),
            upheld: m.responsibility == self.0.responsibility,
            decided_by: at.actor.to_owned(),
        };
        Ok(vec![Fact::new(decided, unit, at.today())])
    }

    /// Of a unit above the one that is looked at, and none of those who spoke before.
    fn decided_from_above(&self, unit: OrgCode, not: &[&str], at: &Moment<'_>) -> Result<(), Refused> {
        if at.unit == unit || !at.units.is_within(unit, at.unit, at.today()) {
            return Err(no::REVIEW_OWN_UNIT.into());
        }
        if not.contains(&at.actor) {
            return Err(Reason::ApproverIsProposer.into());
        }
        Ok(())
    }
}
