//! What moves a case or takes it out of the count: reclassified, transferred, withdrawn (撤案), filed again. Each event
//! carries what counted just before it, so that a reader can cancel exactly that.
//!
//! A withdrawn case is neither reclassified nor transferred: of a case that left the count there is nothing to move.

use super::filing::{Filing, FilingFields};
use super::{Case, Facts, day};
use crate::moment::{Moment, text};
use crate::refusal::{Reason, Refused, Remarks};
use time::Date;
use xiaoan_kernel::Fact;
use xiaoan_proto::cases::v1::{
    CaseReclassified, CaseRefiled, CaseState, CaseTransferred, CaseWithdrawn, ReclassifyCaseRequest,
    RefileCaseRequest, TransferCaseRequest, WithdrawCaseRequest, WithdrawalGround,
};
use xiaoan_proto::core::v1::Provenance;

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

    /// Withdraws a case that is not solved. "No crime" takes it out of the month it was filed in, so only the registrar
    /// decides that (GE-004).
    ///
    /// # Errors
    /// CASE-UNKNOWN, CASE-WITHDRAWN, CASE-SOLVED, CB-003, CB-011, GE-004, GE-006.
    pub fn decide_withdraw(&self, request: &WithdrawCaseRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.existing()?;
        self.not_withdrawn()?;
        self.not_solved()?;
        let mut remarks = Remarks::default();
        let ground = WithdrawalGround::try_from(request.ground).unwrap_or_default();
        if ground == WithdrawalGround::Unspecified {
            remarks.note("ground", Reason::GroundMissing);
        }
        let on = at.past_day(&mut remarks, "withdrawn_on", request.withdrawn_on.as_ref());
        if on.is_some_and(|on| on < self.filed_on()) {
            remarks.note("withdrawn_on", Reason::WithdrawnBeforeFiled);
        }
        text(&mut remarks, "reason", &request.reason, 0, 500);
        remarks.refuse()?;
        if ground == WithdrawalGround::NoCrime && !at.registrar {
            return Err(Reason::NoCrimeNeedsRegistrar.into());
        }
        let on = day(request.withdrawn_on);
        Ok(vec![Fact::new(self.withdrawn(ground, on, &request.reason, Provenance::Recorded), unit, on)])
    }

    pub(super) fn withdrawn(
        &self,
        ground: WithdrawalGround,
        on: Date,
        reason: &str,
        provenance: Provenance,
    ) -> CaseWithdrawn {
        CaseWithdrawn {
            case_no: self.seen.case_no.clone(),
            ground: ground.into(),
            withdrawn_on: Some(on.into()),
            reason: reason.to_owned(),
            facts: Some(self.facts()),
            leaves_count: ground == WithdrawalGround::NoCrime,
            provenance: provenance.into(),
        }
    }

    /// Files a withdrawn case again on new facts (criminal procedure rules, article 190).
    ///
    /// # Errors
    /// CASE-UNKNOWN, CASE-NOT-WITHDRAWN, CB-003, GE-006.
    pub fn decide_refile(&self, request: &RefileCaseRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.existing()?;
        if self.state() != CaseState::Withdrawn {
            return Err(Reason::CaseNotWithdrawn.into());
        }
        let mut remarks = Remarks::default();
        let on = at.past_day(&mut remarks, "refiled_on", request.refiled_on.as_ref());
        if on.is_some_and(|on| self.withdrawn_on.is_some_and(|withdrawn| on < withdrawn)) {
            remarks.note("refiled_on", Reason::WithdrawnBeforeFiled);
        }
        text(&mut remarks, "new_facts", &request.new_facts, 1, 500);
        remarks.refuse()?;
        let refiled = CaseRefiled {
            case_no: self.seen.case_no.clone(),
            refiled_on: request.refiled_on,
            new_facts: request.new_facts.clone(),
            facts: Some(self.facts()),
            returns_to_count: self.left_count,
        };
        Ok(vec![Fact::new(refiled, unit, day(request.refiled_on))])
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

    fn withdraw(ground: i32) -> WithdrawCaseRequest {
        WithdrawCaseRequest { ground, withdrawn_on: Some(date!(2026 - 06 - 10).into()), ..Default::default() }
    }

    #[test]
    fn a_withdrawal_has_one_of_six_grounds() {
        let desk = Desk::default();
        for ground in [0, 7, 9, -1] {
            given::<Case>([story::filed()])
                .when(|case| case.decide_withdraw(&withdraw(ground), &desk.registrar("r")))
                .then_refused(&["CB-011"]);
        }
        for ground in 1..=6 {
            let withdrawn = given::<Case>([story::filed()])
                .when(|case| case.decide_withdraw(&withdraw(ground), &desk.registrar("r")))
                .then_facts();
            let CaseEvent::Withdrawn(e) = &withdrawn[0].event else { panic!("{withdrawn:?}") };
            assert_eq!(e.leaves_count, ground == 1, "only no crime leaves the count");
        }
    }

    #[test]
    fn only_the_registrar_finds_that_there_was_no_crime() {
        let desk = Desk::default();
        given::<Case>([story::filed()])
            .when(|case| case.decide_withdraw(&withdraw(1), &desk.moment("officer-1")))
            .then_refused(&["GE-004"]);
        assert!(
            given::<Case>([story::filed()])
                .0
                .decide_withdraw(&withdraw(2), &desk.moment("officer-1"))
                .is_ok()
        );
    }

    #[test]
    fn a_case_is_never_solved_and_withdrawn_at_once() {
        let desk = Desk::default();
        given::<Case>([story::filed(), story::proposed("a"), story::solved("a", "b")])
            .when(|case| case.decide_withdraw(&withdraw(2), &desk.registrar("r")))
            .then_refused(&["CASE-SOLVED"]);
        // an open proposal falls with the withdrawal
        let case = given::<Case>([story::filed(), story::proposed("a"), story::withdrawn_as_trivial()]).0;
        assert_eq!(
            case.decide_approve_solve(&desk.moment("b")).unwrap_err().remarks()[0].reason,
            Reason::CaseNotProposed
        );
    }

    #[test]
    fn a_case_is_not_withdrawn_before_it_was_filed() {
        let desk = Desk::default();
        let request = WithdrawCaseRequest { withdrawn_on: Some(date!(2026 - 06 - 06).into()), ..withdraw(2) };
        given::<Case>([story::filed()])
            .when(|case| case.decide_withdraw(&request, &desk.moment("officer-1")))
            .then_refused(&["GE-006"]);
    }

    #[test]
    fn a_refiled_case_returns_to_the_count_it_had_left() {
        let desk = Desk::default();
        let request = RefileCaseRequest {
            refiled_on: Some(date!(2026 - 07 - 01).into()),
            new_facts: "新证据".into(),
            ..Default::default()
        };
        for (ground, returns) in [(1, true), (2, false)] {
            let mut past = vec![story::filed()];
            let case = given::<Case>(past.clone()).0;
            past.extend(
                case.decide_withdraw(&withdraw(ground), &desk.registrar("r"))
                    .unwrap()
                    .into_iter()
                    .map(|f| f.event),
            );
            let facts = given::<Case>(past)
                .when(|case| case.decide_refile(&request, &desk.moment("officer-1")))
                .then_facts();
            let CaseEvent::Refiled(e) = &facts[0].event else { panic!("{facts:?}") };
            assert_eq!(e.returns_to_count, returns);
        }
        given::<Case>([story::filed()])
            .when(|case| case.decide_refile(&request, &desk.moment("officer-1")))
            .then_refused(&["CASE-NOT-WITHDRAWN"]);
        let early = RefileCaseRequest { refiled_on: Some(date!(2026 - 06 - 09).into()), ..request };
        given::<Case>([story::filed(), story::withdrawn_as_trivial()])
            .when(|case| case.decide_refile(&early, &desk.moment("officer-1")))
            .then_refused(&["GE-006"]);
    }
}
