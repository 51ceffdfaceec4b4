//! What moves a case: reclassified, transferred. Each event carries what counted just before it, so that a reader can cancel exactly
//! that.
//!
//! A withdrawn case is neither reclassified nor transferred: of a case that left the count there is nothing to move.

use super::filing::{Filing, FilingFields};
use super::{Case, Facts};
use crate::moment::{Moment, text};
use crate::refusal::{Reason, Refused, Remarks};
use xiaoan_kernel::Fact;
use xiaoan_proto::cases::v1::{
    CaseReclassified, CaseTransferred, ReclassifyCaseRequest, TransferCaseRequest,
};

impl Case {
    /// Everything that is to be said about a new category, warnings included.
    #[must_use]
    pub fn remarks_on_reclassifying(&self, request: &ReclassifyCaseRequest, at: &Moment<'_>) -> Remarks {
        let mut remarks = Remarks::default();
        let filing = Filing {
            unit: self.unit(),
            category: &request.category,
            filed_on: Some(self.filed_on()),
            loss_fen: Some(self.facts().loss_fen),
            ..Default::default()
        };
        filing.check(&mut remarks, FilingFields { occurred: "category", loss: "category" }, at);
        text(&mut remarks, "reason", &request.reason, 1, 500);
        remarks
    }

    /// Puts the case into another category, in force on the day of filing. To a lighter one only by the registrar, who
    /// stands outside operational command: downgrading is the oldest way to bend a board (domain reference §A.4).
    ///
    /// # Errors
    /// CASE-UNKNOWN, CASE-WITHDRAWN, CASE-SAME-CATEGORY, CB-002, CB-013, CB-016, GE-006.
    pub fn decide_reclassify(
        &self,
        request: &ReclassifyCaseRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.existing()?;
        self.not_withdrawn()?;
        self.remarks_on_reclassifying(request, at).refuse()?;
        let facts = self.facts();
        if facts.category == request.category {
            return Err(Reason::CaseSameCategory.into());
        }
        let filed_on = self.filed_on();
        let weight = |code: &str| at.rules.categories.find(code, filed_on).map_or(0, |c| c.weight);
        let downgrade = weight(&request.category) < weight(&facts.category);
        if downgrade && !at.registrar {
            return Err(Reason::DowngradeNeedsRegistrar.into());
        }
        let reclassified = CaseReclassified {
            case_no: self.seen.case_no.clone(),
            small_case: at.rules.is_small_case(unit, &request.category, filed_on, facts.loss_fen),
            category: request.category.clone(),
            reason: request.reason.clone(),
            downgrade,
            registrar: if at.registrar { at.actor.to_owned() } else { String::new() },
            facts: Some(facts),
        };
        Ok(vec![Fact::new(reclassified, unit, at.today())])
    }

    /// Hands the case to another unit. The event is the old unit's: what it had stays in its history.
    ///
    /// # Errors
    /// CASE-UNKNOWN, CASE-WITHDRAWN, CASE-SAME-UNIT, CB-001, GE-006.
    pub fn decide_transfer(&self, request: &TransferCaseRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.existing()?;
        self.not_withdrawn()?;
        let mut remarks = Remarks::default();
        let to = at.unit(&mut remarks, "to_org_unit", &request.to_org_unit, Some(at.today()));
        text(&mut remarks, "reason", &request.reason, 1, 500);
        remarks.refuse()?;
        if to == Some(unit) {
            return Err(Reason::CaseSameUnit.into());
        }
        let transferred = CaseTransferred {
            case_no: self.seen.case_no.clone(),
            facts: Some(self.facts()),
            to_org_unit: request.to_org_unit.clone(),
            reason: request.reason.clone(),
        };
        Ok(vec![Fact::new(transferred, unit, at.today())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::CaseEvent;
    use crate::case::story::{self, Desk};
    use time::macros::date;
    use xiaoan_kernel::given::given;

    fn reclassify(category: &str) -> ReclassifyCaseRequest {
        ReclassifyCaseRequest { category: category.into(), reason: "复核".into(), ..Default::default() }
    }

    #[test]
    fn only_the_registrar_reclassifies_to_something_lighter() {
        let desk = Desk::default();
        // burglary → bicycle theft
        given::<Case>([story::filed()])
            .when(|case| case.decide_reclassify(&reclassify("050227"), &desk.moment("officer-1")))
            .then_refused(&["CB-016"]);
        let facts = given::<Case>([story::filed()])
            .when(|case| case.decide_reclassify(&reclassify("050227"), &desk.registrar("registrar-1")))
            .then_facts();
        let CaseEvent::Reclassified(e) = &facts[0].event else { panic!("{facts:?}") };
        assert!(e.downgrade && e.small_case);
        assert_eq!(e.registrar, "registrar-1");
        assert_eq!(e.facts.as_ref().unwrap().category, "050201", "what counted before");
    }

    #[test]
    fn anybody_reclassifies_to_something_graver_and_a_robbery_is_no_small_case() {
        let desk = Desk::default();
        let facts = given::<Case>([story::filed()])
            .when(|case| case.decide_reclassify(&reclassify("050101"), &desk.moment("officer-1")))
            .then_facts();
        let CaseEvent::Reclassified(e) = &facts[0].event else { panic!("{facts:?}") };
        assert!(!e.downgrade && !e.small_case && e.registrar.is_empty());
    }

    #[test]
    fn a_category_is_another_leaf() {
        let desk = Desk::default();
        for (category, code) in [("050200", "CB-002"), ("059999", "CB-002"), ("050201", "CASE-SAME-CATEGORY")]
        {
            given::<Case>([story::filed()])
                .when(|case| case.decide_reclassify(&reclassify(category), &desk.registrar("r")))
                .then_refused(&[code]);
        }
        given::<Case>([story::filed(), story::withdrawn_as_trivial()])
            .when(|case| case.decide_reclassify(&reclassify("050227"), &desk.registrar("r")))
            .then_refused(&["CASE-WITHDRAWN"]);
    }

    #[test]
    fn a_transfer_is_the_old_units_fact_and_names_what_it_takes_along() {
        let desk = Desk::default();
        let request = TransferCaseRequest {
            to_org_unit: "371103010000".into(),
            reason: "管辖".into(),
            ..Default::default()
        };
        let facts = given::<Case>([story::filed(), story::caught(date!(2026 - 06 - 07), 1)])
            .when(|case| case.decide_transfer(&request, &desk.moment("officer-1")))
            .then_facts();
        assert_eq!(facts[0].org_unit.as_str(), "371102010000");
        let CaseEvent::Transferred(e) = &facts[0].event else { panic!("{facts:?}") };
        assert_eq!(e.facts.as_ref().unwrap().arrests.len(), 1);
    }

    #[test]
    fn a_case_is_transferred_to_another_unit_that_exists() {
        let desk = Desk::default();
        for (to, code) in [("371102010000", "CASE-SAME-UNIT"), ("999999999999", "CB-001"), ("12", "CB-001")] {
            let request =
                TransferCaseRequest { to_org_unit: to.into(), reason: "管辖".into(), ..Default::default() };
            given::<Case>([story::filed()])
                .when(|case| case.decide_transfer(&request, &desk.moment("officer-1")))
                .then_refused(&[code]);
        }
    }
}
