//! What each event does to the case as everybody sees it. Used by the aggregate and by the view of cases, so the two
//! cannot differ.

use super::CaseEvent;
use xiaoan_proto::cases::v1::{
    Case, CaseFacts, CaseState, DatedAmount, DatedCount, SolveClass, SolveManner, WithdrawalGround,
};
use xiaoan_proto::core::v1::Date;

/// Takes one event into a case. Total: an event that was recorded is never refused.
pub fn note(case: &mut Case, event: &CaseEvent) {
    match event {
        CaseEvent::Filed(e) => {
            let facts = CaseFacts {
                org_unit: e.org_unit.clone(),
                category: e.category.clone(),
                filed_on: e.filed_on,
                loss_fen: e.loss_fen,
                preventable: e.preventable,
                small_case: e.small_case,
                ..Default::default()
            };
            *case = Case {
                case_no: e.case_no.clone(),
                org_unit: e.org_unit.clone(),
                state: CaseState::Filed.into(),
                facts: Some(facts),
                occurred_from: e.occurred_from,
                reported_at: e.reported_at,
                discovery: e.discovery,
                loss_items: e.loss_items,
                loss_description: e.loss_description.clone(),
                place: e.place.clone(),
                dwelling: e.dwelling,
                alert_id: e.alert_id.clone(),
                provenance: e.provenance,
                ..Default::default()
            };
        }
        CaseEvent::Investigated(_) => case.set_state(CaseState::Investigating),
        CaseEvent::SuspectCaught(e) => add_count(&mut facts(case).arrests, e.caught_on, e.count),
        CaseEvent::SolveProposed(e) => {
            case.set_state(CaseState::SolveProposed);
            case.proposed_by.clone_from(&e.proposed_by);
        }
        CaseEvent::Solved(e) => {
            case.set_state(CaseState::Solved);
            case.proposed_by.clone_from(&e.proposed_by);
            case.approved_by.clone_from(&e.approved_by);
            case.report_to_solve_minutes = e.report_to_solve_minutes;
            if let Some(with_solve) = &e.facts {
                let facts = facts(case);
                facts.solved_on = with_solve.solved_on;
                facts.solve_class = with_solve.solve_class;
                facts.solve_manner = with_solve.solve_manner;
            }
        }
        CaseEvent::SolveReturned(_) => {
            case.set_state(CaseState::Investigating);
            case.proposed_by.clear();
        }
        CaseEvent::SolveRevoked(_) => {
            case.set_state(CaseState::Investigating);
            case.proposed_by.clear();
            case.approved_by.clear();
            case.report_to_solve_minutes = 0;
            let facts = facts(case);
            facts.solved_on = None;
            facts.set_solve_class(SolveClass::Unspecified);
            facts.set_solve_manner(SolveManner::Unspecified);
        }
        CaseEvent::PropertyRecovered(e) => add_amount(&mut facts(case).recovered, e.recovered_on, e.fen),
        CaseEvent::PropertyReturned(e) => add_amount(&mut facts(case).returned, e.returned_on, e.fen),
        CaseEvent::Reclassified(e) => {
            let facts = facts(case);
            facts.category.clone_from(&e.category);
            facts.small_case = e.small_case;
        }
        CaseEvent::Transferred(e) => {
            case.org_unit.clone_from(&e.to_org_unit);
            facts(case).org_unit.clone_from(&e.to_org_unit);
        }
        CaseEvent::Withdrawn(e) => {
            case.set_state(CaseState::Withdrawn);
            case.proposed_by.clear();
            case.withdrawal_ground = e.ground;
            (case.withdrawal_notify_by, case.withdrawal_noticed_at) = (e.notify_by, None);
        }
        CaseEvent::WithdrawalNoticed(e) => case.withdrawal_noticed_at = e.at,
        CaseEvent::Refiled(_) => {
            case.set_state(CaseState::Filed);
            case.set_withdrawal_ground(WithdrawalGround::Unspecified);
            (case.withdrawal_notify_by, case.withdrawal_noticed_at) = (None, None);
        }
    }
}

fn facts(case: &mut Case) -> &mut CaseFacts {
    case.facts.get_or_insert_default()
}

/// One entry per day, so that the list stays as short as the days.
fn add_count(counts: &mut Vec<DatedCount>, on: Option<Date>, count: i32) {
    match counts.iter_mut().find(|c| c.on == on) {
        Some(there) => there.count = there.count.saturating_add(count),
        None => counts.push(DatedCount { on, count }),
    }
}

fn add_amount(amounts: &mut Vec<DatedAmount>, on: Option<Date>, fen: i64) {
    match amounts.iter_mut().find(|a| a.on == on) {
        Some(there) => there.fen = there.fen.saturating_add(fen),
        None => amounts.push(DatedAmount { on, fen }),
    }
}
