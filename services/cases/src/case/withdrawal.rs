//! What takes a case out of the count and back: withdrawn (撤案, 刑事程序规定 186–190), told to those it concerns, filed again. Each event
//! carries what counted just before it, so that a reader can cancel exactly that.

use super::{Case, Facts, day};
use crate::deadline::ran_elsewhere;
use crate::moment::{Level, Moment, text};
use crate::refusal::{Intake, Reason, Refused, Remarks};
use time::{Date, OffsetDateTime};
use xiaoan_kernel::{Fact, city_day, city_midnight};
use xiaoan_proto::cases::v1::{
    CaseRefiled, CaseState, CaseWithdrawn, RefileCaseRequest, ServeWithdrawalNoticeRequest,
    WithdrawCaseRequest, WithdrawalGround, WithdrawalNoticeServed,
};
use xiaoan_proto::core::v1::Provenance;
use xiaoan_proto::timestamp;

/// Telling suspect and victim.
const NOTIFY: &str = "WD-NOTIFY";

impl Case {
    /// Withdraws a case that is not solved; the caller, of a county bureau or above, approves (article 187). "No crime" takes it out of the
    /// month it was filed in, so only the registrar decides that (GE-004).
    ///
    /// # Errors
    /// CASE-UNKNOWN, CASE-WITHDRAWN, CASE-SOLVED, CB-003, CB-006, CB-007, CB-011, GE-004, GE-006.
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
        text(&mut remarks, "requested_by", &request.requested_by, 0, 100);
        let elsewhere = ran_elsewhere(self.seen.provenance());
        let began = on.map(city_midnight).filter(|_| !elsewhere);
        let notify_by = began.map(|began| timestamp(at.due(&mut remarks, NOTIFY, began)));
        remarks.refuse()?;
        if ground == WithdrawalGround::NoCrime && !at.registrar {
            return Err(Reason::NoCrimeNeedsRegistrar.into());
        }
        if at.level < Level::County {
            return Err(Intake::LevelTooLow { needs_city: false }.into());
        }
        if request.requested_by == at.actor {
            return Err(Intake::SamePerson.into());
        }
        let on = day(request.withdrawn_on);
        let withdrawn = CaseWithdrawn {
            approved_by: at.actor.to_owned(),
            requested_by: request.requested_by.clone(),
            notify_by,
            ..self.withdrawn(ground, on, &request.reason, Provenance::Recorded)
        };
        Ok(vec![Fact::new(withdrawn, unit, on)])
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
            ..Default::default()
        }
    }

    /// Until when suspect and victim must be told, while they were not.
    #[must_use]
    pub fn notify_by(&self) -> Option<OffsetDateTime> {
        let open = self.state() == CaseState::Withdrawn && self.seen.withdrawal_noticed_at.is_none();
        self.seen.withdrawal_notify_by.as_ref().and_then(xiaoan_proto::instant).filter(|_| open)
    }

    /// Suspect and victim were told of the withdrawal (article 189).
    ///
    /// # Errors
    /// CASE-UNKNOWN, CASE-NOT-WITHDRAWN, CASE-WITHDRAWAL-NOTICED, CB-003, CB-005.
    pub fn decide_serve_withdrawal(
        &self,
        request: &ServeWithdrawalNoticeRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.existing()?;
        if self.state() != CaseState::Withdrawn {
            return Err(Reason::CaseNotWithdrawn.into());
        }
        if self.seen.withdrawal_noticed_at.is_some() {
            return Err(Intake::WithdrawalNoticed.into());
        }
        let mut remarks = Remarks::default();
        let day_of = self.withdrawn_on.map(city_midnight);
        let when = at.stated_instant(&mut remarks, "at", request.at.as_ref(), day_of);
        remarks.refuse()?;
        let served = WithdrawalNoticeServed {
            case_no: self.seen.case_no.clone(),
            at: Some(timestamp(when)),
            org_unit: unit.to_string(),
            late: self.notify_by().is_some_and(|until| when >= until),
        };
        Ok(vec![Fact::new(served, unit, city_day(when))])
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
    use time::macros::{date, datetime};
    use xiaoan_kernel::Aggregate;
    use xiaoan_kernel::given::given;
    use xiaoan_proto::cases::v1::CaseFiled;

    fn registrar(desk: &Desk) -> Moment<'_> {
        Moment { registrar: true, ..desk.chief("registrar-1") }
    }

    fn withdraw(ground: i32) -> WithdrawCaseRequest {
        WithdrawCaseRequest { ground, withdrawn_on: Some(date!(2026 - 06 - 10).into()), ..Default::default() }
    }

    #[test]
    fn a_withdrawal_has_one_of_six_grounds() {
        let desk = Desk::default();
        for ground in [0, 7, 9, -1] {
            given::<Case>([story::filed()])
                .when(|case| case.decide_withdraw(&withdraw(ground), &registrar(&desk)))
                .then_refused(&["CB-011"]);
        }
        for ground in 1..=6 {
            let withdrawn = given::<Case>([story::filed()])
                .when(|case| case.decide_withdraw(&withdraw(ground), &registrar(&desk)))
                .then_facts();
            let CaseEvent::Withdrawn(e) = &withdrawn[0].event else { panic!("{withdrawn:?}") };
            assert_eq!(e.leaves_count, ground == 1, "only no crime leaves the count");
        }
    }

    #[test]
    fn only_the_registrar_finds_that_there_was_no_crime() {
        let desk = Desk::default();
        given::<Case>([story::filed()])
            .when(|case| case.decide_withdraw(&withdraw(1), &desk.chief("chief-1")))
            .then_refused(&["GE-004"]);
        assert!(
            given::<Case>([story::filed()]).0.decide_withdraw(&withdraw(2), &desk.chief("chief-1")).is_ok()
        );
    }

    #[test]
    fn a_case_is_never_solved_and_withdrawn_at_once() {
        let desk = Desk::default();
        given::<Case>([story::filed(), story::proposed("a"), story::solved("a", "b")])
            .when(|case| case.decide_withdraw(&withdraw(2), &registrar(&desk)))
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
            .when(|case| case.decide_withdraw(&request, &desk.chief("chief-1")))
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
                case.decide_withdraw(&withdraw(ground), &registrar(&desk))
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

    #[test]
    fn a_head_at_county_level_approves_a_withdrawal_that_somebody_else_asked_for() {
        let desk = Desk::default();
        given::<Case>([story::filed()])
            .when(|case| case.decide_withdraw(&withdraw(2), &desk.moment("officer-1")))
            .then_refused(&["CB-007"]);
        let asked = |by: &str| WithdrawCaseRequest { requested_by: by.into(), ..withdraw(2) };
        given::<Case>([story::filed()])
            .when(|case| case.decide_withdraw(&asked("chief-1"), &desk.chief("chief-1")))
            .then_refused(&["CB-006"]);
        let facts = given::<Case>([story::filed()])
            .when(|case| case.decide_withdraw(&asked("officer-1"), &desk.chief("chief-1")))
            .then_facts();
        let CaseEvent::Withdrawn(e) = &facts[0].event else { panic!("{facts:?}") };
        assert_eq!((e.approved_by.as_str(), e.requested_by.as_str()), ("chief-1", "officer-1"));
    }

    #[test]
    fn suspect_and_victim_are_told_within_three_days() {
        // Withdrawn on Wednesday 10 June: 11, 12, 13 count; the 13th is a Saturday, so the time is up at the end of Monday.
        let desk = Desk::default();
        let withdrawn = |past: CaseEvent| {
            let case = given::<Case>([past]).0;
            let facts = case.decide_withdraw(&withdraw(2), &desk.chief("chief-1")).expect("withdrawn");
            let mut case = case;
            facts.iter().for_each(|fact| case.apply(&fact.event));
            case
        };
        let case = withdrawn(story::filed());
        assert_eq!(case.notify_by(), Some(datetime!(2026-06-16 0:00 +8)));
        let serve = |at: OffsetDateTime| ServeWithdrawalNoticeRequest {
            at: Some(timestamp(at)),
            ..Default::default()
        };
        let late = |at: OffsetDateTime| {
            let facts = case.decide_serve_withdrawal(&serve(at), &desk.moment("officer-1")).expect("served");
            let CaseEvent::WithdrawalNoticed(e) = &facts[0].event else { panic!("{facts:?}") };
            e.late
        };
        assert!(!late(datetime!(2026-06-15 23:59 +8)));
        assert!(late(datetime!(2026-06-16 0:00 +8)));
        let early = case.decide_serve_withdrawal(&serve(datetime!(2026-06-09 12:00 +8)), &desk.moment("o"));
        assert!(early.expect_err("before it").remarks()[0].reason == Reason::Intake(Intake::StepEarlier));
        let mut told = case.clone();
        let facts = told.decide_serve_withdrawal(&Default::default(), &desk.moment("o")).expect("served");
        facts.iter().for_each(|fact| told.apply(&fact.event));
        assert_eq!(told.notify_by(), None);
        let again = told.decide_serve_withdrawal(&Default::default(), &desk.moment("o")).expect_err("again");
        assert!(again.is(&Reason::Intake(Intake::WithdrawalNoticed)));
        let CaseEvent::Filed(filed) = story::filed() else { panic!() };
        let demo = CaseFiled { provenance: Provenance::Demo.into(), ..filed };
        assert_eq!(withdrawn(demo.into()).notify_by(), None, "its deadlines ran elsewhere");
    }
}
