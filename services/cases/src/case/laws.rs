//! Laws that hold for any list of commands: the state is what its recorded bytes replay to, no case is solved and
//! withdrawn at once, sums stay within their bounds, and a reader that books signed lines from the events alone
//! ends with exactly the lines of the final state. The booking here is a second, independent one on purpose: it is
//! the proof that `CaseFacts` carries enough.

use super::story::{self, Desk};
use super::{Case, CaseEvent, Facts};
use crate::moment::{Level, Moment};
use crate::refusal::Refused;
use proptest::prelude::*;
use std::collections::BTreeMap;
use time::Duration;
use time::macros::{date, datetime};
use xiaoan_kernel::{Aggregate, EventSet};
use xiaoan_proto::cases::v1 as proto;
use xiaoan_proto::cases::v1::{CaseFacts, CaseState, ExceptionalGround, SolveClass};
use xiaoan_proto::timestamp;

type Line = (&'static str, String, String, Option<(i32, i32, i32)>);
type Lines = BTreeMap<Line, i64>;

fn add(
    lines: &mut Lines,
    measure: &'static str,
    facts: &CaseFacts,
    on: Option<xiaoan_proto::core::v1::Date>,
    by: i64,
) {
    let line =
        (measure, facts.org_unit.clone(), facts.category.clone(), on.map(|d| (d.year, d.month, d.day)));
    let sum = lines.entry(line).or_default();
    *sum += by;
}

fn filing_lines(lines: &mut Lines, f: &CaseFacts, sign: i64) {
    add(lines, "filed", f, f.filed_on, sign);
    if f.preventable {
        add(lines, "preventable", f, f.filed_on, sign);
    }
    if f.small_case {
        add(lines, "small.filed", f, f.filed_on, sign);
    }
}

fn solve_lines(lines: &mut Lines, f: &CaseFacts, sign: i64) {
    if f.solved_on.is_none() {
        return;
    }
    add(lines, "solved", f, f.solved_on, sign);
    add(lines, "cohort_solved", f, f.filed_on, sign);
    add(lines, "solved_loss", f, f.solved_on, sign * f.loss_fen);
    if f.small_case {
        add(lines, "small.solved", f, f.solved_on, sign);
    }
}

fn all_lines(lines: &mut Lines, f: &CaseFacts, sign: i64) {
    filing_lines(lines, f, sign);
    solve_lines(lines, f, sign);
    f.arrests.iter().for_each(|a| add(lines, "arrests", f, a.on, sign * i64::from(a.count)));
    f.recovered.iter().for_each(|a| add(lines, "recovered", f, a.on, sign * a.fen));
    f.returned.iter().for_each(|a| add(lines, "returned", f, a.on, sign * a.fen));
}

/// Books an event without looking at anything but the event.
fn book(lines: &mut Lines, event: &CaseEvent) {
    let place = |org_unit: &str, category: &str| CaseFacts {
        org_unit: org_unit.into(),
        category: category.into(),
        ..Default::default()
    };
    match event {
        CaseEvent::Filed(e) => {
            let facts = CaseFacts {
                filed_on: e.filed_on,
                preventable: e.preventable,
                small_case: e.small_case,
                ..place(&e.org_unit, &e.category)
            };
            filing_lines(lines, &facts, 1);
        }
        CaseEvent::SuspectCaught(e) => {
            add(lines, "arrests", &place(&e.org_unit, &e.category), e.caught_on, e.count.into());
        }
        CaseEvent::PropertyRecovered(e) => {
            add(lines, "recovered", &place(&e.org_unit, &e.category), e.recovered_on, e.fen);
        }
        CaseEvent::PropertyReturned(e) => {
            add(lines, "returned", &place(&e.org_unit, &e.category), e.returned_on, e.fen);
        }
        CaseEvent::Solved(e) => solve_lines(lines, e.facts.as_ref().unwrap(), 1),
        CaseEvent::SolveRevoked(e) => solve_lines(lines, e.facts.as_ref().unwrap(), -1),
        CaseEvent::Reclassified(e) => {
            let before = e.facts.clone().unwrap();
            all_lines(lines, &before, -1);
            all_lines(
                lines,
                &CaseFacts { category: e.category.clone(), small_case: e.small_case, ..before },
                1,
            );
        }
        CaseEvent::Transferred(e) => {
            let before = e.facts.clone().unwrap();
            all_lines(lines, &before, -1);
            all_lines(lines, &CaseFacts { org_unit: e.to_org_unit.clone(), ..before }, 1);
        }
        CaseEvent::Withdrawn(e) if e.leaves_count => filing_lines(lines, e.facts.as_ref().unwrap(), -1),
        CaseEvent::Refiled(e) if e.returns_to_count => filing_lines(lines, e.facts.as_ref().unwrap(), 1),
        CaseEvent::Withdrawn(_)
        | CaseEvent::Refiled(_)
        | CaseEvent::WithdrawalNoticed(_)
        | CaseEvent::Investigated(_)
        | CaseEvent::SolveProposed(_)
        | CaseEvent::SolveReturned(_) => {}
    }
}

/// The n-th command of a list: which one, and two free numbers.
type Step = (u8, u8, u8);

fn decide(case: &Case, (which, x, y): Step, desk: &Desk) -> Result<Facts, Refused> {
    let (x_, y_) = (i64::from(x), i64::from(y));
    let actor = ["officer-1", "chief-1"][usize::from(y % 2)];
    let at = if x % 3 == 0 { desk.registrar(actor) } else { desk.moment(actor) };
    let on = date!(2026 - 06 - 05) + Duration::days(x_ % 40);
    let reason = "理由".to_owned();
    match which % 13 {
        0 => case.decide_file(&story::file_request(), story::CASE_NO, vec![], &at),
        1 => case.decide_investigate(&proto::InvestigateCaseRequest::default(), &at),
        2 | 3 => {
            let class = if y % 5 == 0 { SolveClass::Exceptional } else { SolveClass::Arrest };
            let exceptional = ExceptionalGround {
                code: "A".into(),
                offender_known: true,
                location_known: true,
                outside_reason: reason,
            };
            let request = proto::ProposeSolveRequest {
                solved_at: Some(timestamp(datetime!(2026-06-06 12:00 +8) + Duration::hours(x_ * 7))),
                solve_class: class.into(),
                exceptional: Some(exceptional),
                ..story::propose_request()
            };
            case.decide_propose_solve(&request, &at)
        }
        4 | 5 => case.decide_approve_solve(&at),
        6 if y % 4 == 0 => {
            case.decide_return_solve(&proto::ReturnSolveRequest { reason, ..Default::default() }, &at)
        }
        6 => case.decide_revoke_solve(&proto::RevokeSolveRequest { reason, ..Default::default() }, &at),
        7 => {
            let caught_on = Some(on.into());
            let count = i32::from(y);
            case.decide_suspect_caught(
                &proto::RecordSuspectCaughtRequest { caught_on, count, ..Default::default() },
                vec![],
                &at,
            )
        }
        8 => {
            let recovered_on = Some(on.into());
            case.decide_recover(
                &proto::RecoverPropertyRequest { recovered_on, fen: y_ * 500, ..Default::default() },
                &at,
            )
        }
        9 => {
            let returned_on = Some(on.into());
            case.decide_return(
                &proto::ReturnPropertyRequest { returned_on, fen: y_ * 300, ..Default::default() },
                &at,
            )
        }
        10 => {
            let category = ["050201", "050227", "050101", "050300", "050400", "050200"][usize::from(y % 6)];
            case.decide_reclassify(
                &proto::ReclassifyCaseRequest { category: category.into(), reason, ..Default::default() },
                &at,
            )
        }
        11 => {
            let to = ["371102010000", "371103010000", "371103020000"][usize::from(y % 3)];
            case.decide_transfer(
                &proto::TransferCaseRequest { to_org_unit: to.into(), reason, ..Default::default() },
                &at,
            )
        }
        _ if y % 2 == 0 => case.decide_withdraw(
            &proto::WithdrawCaseRequest {
                ground: i32::from(x % 4),
                withdrawn_on: Some(on.into()),
                reason,
                ..Default::default()
            },
            &Moment { level: Level::County, ..at },
        ),
        _ => case.decide_refile(
            &proto::RefileCaseRequest {
                refiled_on: Some((on + Duration::days(20)).into()),
                new_facts: reason,
                ..Default::default()
            },
            &at,
        ),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_list_of_commands_replays_to_the_same_state_and_books_to_the_same_lines(
        steps in proptest::collection::vec((0_u8..13, any::<u8>(), any::<u8>()), 0..60)
    ) {
        let desk = Desk::default();
        let mut case = Case::default();
        let mut recorded: Vec<(String, Vec<u8>)> = Vec::new();
        let mut lines = Lines::new();
        for step in std::iter::once((0, 1, 1)).chain(steps) {
            for fact in decide(&case, step, &desk).unwrap_or_default() {
                recorded.push((fact.event.type_name(), fact.event.encode()));
                book(&mut lines, &fact.event);
                case.apply(&fact.event);
            }
            let facts = case.facts();
            prop_assert_eq!(facts.solved_on.is_some(), case.state() == CaseState::Solved);
            let sum = |amounts: &[proto::DatedAmount]| amounts.iter().map(|a| a.fen).sum::<i64>();
            prop_assert!(sum(&facts.recovered) <= facts.loss_fen);
            prop_assert!(sum(&facts.returned) <= sum(&facts.recovered));
            prop_assert_eq!(&case.seen().org_unit, &facts.org_unit);
        }

        let mut replayed = Case::default();
        for (type_name, payload) in &recorded {
            replayed.apply(&CaseEvent::decode(type_name, payload).unwrap());
        }
        prop_assert_eq!(&replayed, &case);

        let mut expected = Lines::new();
        all_lines(&mut expected, &case.facts(), 1);
        if case.left_count {
            filing_lines(&mut expected, &case.facts(), -1);
        }
        lines.retain(|_, sum| *sum != 0);
        expected.retain(|_, sum| *sum != 0);
        prop_assert_eq!(lines, expected);
    }
}
