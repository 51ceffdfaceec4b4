use super::*;
use crate::case::CaseEvent;
use crate::case::story::{self, Desk};
use time::macros::{date, datetime};
use xiaoan_kernel::Aggregate;
use xiaoan_kernel::given::given;
use xiaoan_proto::timestamp;

#[test]
fn a_solve_needs_evidence_of_facts_suspect_and_custody() {
    let desk = Desk::default();
    let mut request = story::propose_request();
    request.evidence = Some(SolveEvidence { suspect_ref: "卷2".into(), ..Default::default() });
    given::<Case>([story::filed()])
        .when(|case| case.decide_propose_solve(&request, &desk.moment("officer-1")))
        .then_refused(&["CB-008", "CB-008"]);
    request.evidence = None;
    given::<Case>([story::filed()])
        .when(|case| case.decide_propose_solve(&request, &desk.moment("officer-1")))
        .then_refused(&["CB-008", "CB-008", "CB-008"]);
}

#[test]
fn only_somebody_else_than_the_proposer_approves() {
    let desk = Desk::default();
    given::<Case>([story::filed(), story::proposed("officer-1")])
        .when(|case| case.decide_approve_solve(&desk.moment("officer-1")))
        .then_refused(&["CB-006"]);
    let solved = given::<Case>([story::filed(), story::proposed("officer-1")])
        .when(|case| case.decide_approve_solve(&desk.moment("chief-1")))
        .then([story::solved("officer-1", "chief-1")]);
    assert_eq!(solved.state(), CaseState::Solved);
    assert_eq!(solved.seen().report_to_solve_minutes, 7 * 60, "facts row A2: seven hours");
}

#[test]
fn a_solve_counts_on_the_day_it_was_solved_not_approved() {
    let desk = Desk::default();
    let facts = given::<Case>([story::filed(), story::proposed("officer-1")])
        .when(|case| case.decide_approve_solve(&desk.moment("chief-1")))
        .then_facts();
    assert_eq!(facts[0].occurred_on, date!(2026 - 06 - 07));
}

#[test]
fn a_case_without_a_proposal_is_not_approved() {
    let desk = Desk::default();
    for past in [vec![story::filed()], vec![story::filed(), story::proposed("a"), story::solved("a", "b")]] {
        given::<Case>(past)
            .when(|case| case.decide_approve_solve(&desk.moment("chief-1")))
            .then_refused(&["CASE-NOT-PROPOSED"]);
    }
}

#[test]
fn a_solve_is_proposed_once_and_not_of_a_solved_or_withdrawn_case() {
    let desk = Desk::default();
    let request = story::propose_request();
    for (past, code) in [
        (vec![], "CASE-UNKNOWN"),
        (vec![story::filed(), story::proposed("a")], "CASE-PROPOSED"),
        (vec![story::filed(), story::proposed("a"), story::solved("a", "b")], "CASE-SOLVED"),
        (vec![story::filed(), story::withdrawn_as_trivial()], "CASE-WITHDRAWN"),
    ] {
        given::<Case>(past)
            .when(|case| case.decide_propose_solve(&request, &desk.moment("officer-1")))
            .then_refused(&[code]);
    }
}

#[test]
fn nothing_is_solved_before_it_was_filed_or_reported_or_in_the_future() {
    let desk = Desk::default();
    for (solved_at, code) in [
        (datetime!(2026-06-06 23:59 +8), "CB-004"),
        (datetime!(2026-06-07 1:57 +8), "CB-004"), // the day of filing, but a minute before the report
        (datetime!(2031-01-01 0:00 +8), "CB-003"),
    ] {
        let request =
            ProposeSolveRequest { solved_at: Some(timestamp(solved_at)), ..story::propose_request() };
        given::<Case>([story::filed()])
            .when(|case| case.decide_propose_solve(&request, &desk.moment("officer-1")))
            .then_refused(&[code]);
    }
}

fn exceptional() -> ProposeSolveRequest {
    ProposeSolveRequest {
        solve_class: SolveClass::Exceptional.into(),
        evidence: None,
        exceptional: Some(ExceptionalGround {
            code: "A".into(),
            offender_known: true,
            location_known: true,
            outside_reason: "嫌疑人已死亡".into(),
        }),
        ..story::propose_request()
    }
}

#[test]
fn an_exceptional_solve_needs_offender_location_and_an_outside_reason() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    for spoil in [
        |g: &mut ExceptionalGround| g.code = "F".into(),
        |g: &mut ExceptionalGround| g.offender_known = false,
        |g: &mut ExceptionalGround| g.location_known = false,
        |g: &mut ExceptionalGround| g.outside_reason = " ".into(),
    ] {
        let mut request = exceptional();
        request.exceptional.as_mut().map(spoil);
        given::<Case>([story::filed()])
            .when(|c| c.decide_propose_solve(&request, &at))
            .then_refused(&["CB-009"]);
    }
    assert!(given::<Case>([story::filed()]).0.decide_propose_solve(&exceptional(), &at).is_ok());
}

#[test]
fn an_arrest_on_or_before_it_makes_an_exceptional_solve_impossible() {
    let desk = Desk::default();
    given::<Case>([story::filed(), story::caught(date!(2026 - 06 - 07), 1)])
        .when(|case| case.decide_propose_solve(&exceptional(), &desk.moment("officer-1")))
        .then_refused(&["CB-010"]);
    // caught between proposal and approval
    let mut case = given::<Case>([story::filed()]).0;
    for fact in case.decide_propose_solve(&exceptional(), &desk.moment("officer-1")).unwrap() {
        case.apply(&fact.event);
    }
    case.apply(&story::caught(date!(2026 - 06 - 07), 1));
    let refused = case.decide_approve_solve(&desk.moment("chief-1")).unwrap_err();
    assert_eq!(refused.remarks()[0].reason, Reason::ArrestBeforeExceptional);
}

#[test]
fn cb010_an_arrest_after_the_day_of_an_exceptional_solve_stands_beside_it() {
    let desk = Desk::default();
    let later = given::<Case>([story::filed(), story::caught(date!(2026 - 06 - 08), 1)]).0;
    assert!(later.decide_propose_solve(&exceptional(), &desk.moment("officer-1")).is_ok());
    let mut case = given::<Case>([story::filed()]).0;
    for fact in case.decide_propose_solve(&exceptional(), &desk.moment("officer-1")).unwrap() {
        case.apply(&fact.event);
    }
    for fact in case.decide_approve_solve(&desk.moment("chief-1")).unwrap() {
        case.apply(&fact.event);
    }
    let catch = |day| {
        let request = RecordSuspectCaughtRequest {
            caught_on: Some(day),
            count: 1,
            measure: "detained".into(),
            ..Default::default()
        };
        case.decide_suspect_caught(&request, vec![], &desk.moment("officer-1"))
    };
    let refused = catch(date!(2026 - 06 - 07).into()).unwrap_err();
    assert_eq!(refused.remarks()[0].reason, Reason::ArrestBeforeExceptional);
    assert!(catch(date!(2026 - 06 - 08).into()).is_ok());
}

#[test]
fn a_solve_is_brought_only_through_a_series() {
    let desk = Desk::default();
    let request = ProposeSolveRequest { manner: SolveManner::Brought.into(), ..story::propose_request() };
    given::<Case>([story::filed()])
        .when(|case| case.decide_propose_solve(&request, &desk.moment("officer-1")))
        .then_refused(&["GE-006"]);
}

#[test]
fn a_returned_proposal_can_be_made_again_by_the_same_officer() {
    let desk = Desk::default();
    let request = ReturnSolveRequest { reason: "证据不足".into(), ..Default::default() };
    let returned = given::<Case>([story::filed(), story::proposed("officer-1")])
        .when(|case| case.decide_return_solve(&request, &desk.moment("chief-1")))
        .then([SolveReturned {
            case_no: story::CASE_NO.into(),
            reason: "证据不足".into(),
            returned_by: "chief-1".into(),
        }
        .into()]);
    assert_eq!(returned.state(), CaseState::Investigating);
    assert!(returned.decide_propose_solve(&story::propose_request(), &desk.moment("officer-1")).is_ok());
}

#[test]
fn a_revoked_solve_names_what_counted_and_leaves_the_arrests() {
    let desk = Desk::default();
    let request = RevokeSolveRequest { reason: "抓错人".into(), ..Default::default() };
    let day = date!(2026 - 06 - 07);
    let mut case = given::<Case>([
        story::filed(),
        story::caught(day, 2),
        story::proposed("a"),
        story::solved_with_arrests("a", "b", day, 2),
    ])
    .0;
    let facts = case.decide_revoke_solve(&request, &desk.moment("b")).unwrap();
    let CaseEvent::SolveRevoked(revoked) = &facts[0].event else { panic!("{facts:?}") };
    let counted = revoked.facts.as_ref().unwrap();
    assert_eq!(counted.solved_on, Some(day.into()));
    case.apply(&facts[0].event);
    let left = case.seen().facts.as_ref().unwrap();
    assert_eq!((left.solved_on, left.arrests.len()), (None, 1));
    assert_eq!(case.state(), CaseState::Investigating);
}

#[test]
fn suspects_are_counted_for_the_unit_and_category_the_case_has_now() {
    let desk = Desk::default();
    let request = RecordSuspectCaughtRequest {
        caught_on: Some(date!(2026 - 06 - 08).into()),
        count: 3,
        measure: "detained".into(),
        ..Default::default()
    };
    let facts = given::<Case>([story::filed()])
        .when(|case| case.decide_suspect_caught(&request, vec![], &desk.moment("officer-1")))
        .then_facts();
    assert_eq!((facts[0].org_unit.as_str(), facts[0].occurred_on), ("371102010000", date!(2026 - 06 - 08)));
    let CaseEvent::SuspectCaught(caught) = &facts[0].event else { panic!("{facts:?}") };
    assert_eq!((caught.category.as_str(), caught.count), ("050201", 3));
}

#[test]
fn suspects_are_at_least_as_many_as_are_named() {
    let desk = Desk::default();
    let person = xiaoan_proto::core::v1::PersonInput { name: "某甲".into(), ..Default::default() };
    let request = RecordSuspectCaughtRequest {
        caught_on: Some(date!(2026 - 06 - 08).into()),
        count: 1,
        suspects: vec![person.clone(), person],
        measure: "jailed".into(),
        ..Default::default()
    };
    given::<Case>([story::filed()])
        .when(|case| case.decide_suspect_caught(&request, vec![], &desk.moment("officer-1")))
        .then_refused(&["GE-006", "GE-006"]);
}

#[test]
fn a_brought_solve_names_its_series_and_its_manner() {
    let desk = Desk::default();
    let solved_at = datetime!(2026-06-08 9:00 +8);
    let facts = given::<Case>([story::filed()])
        .when(|case| case.decide_solve_with_series(solved_at, "officer-1", "s-1", &desk.moment("chief-1")))
        .then_facts();
    let CaseEvent::Solved(solved) = &facts[0].event else { panic!("{facts:?}") };
    assert_eq!(solved.series_id, "s-1");
    assert_eq!(solved.facts.as_ref().unwrap().solve_manner(), SolveManner::Brought);
    let early = datetime!(2026-06-06 9:00 +8);
    given::<Case>([story::filed()])
        .when(|case| case.decide_solve_with_series(early, "officer-1", "s-1", &desk.moment("chief-1")))
        .then_refused(&["CB-004"]);
}
