use super::*;
use crate::case::story::{CASE_NO, Desk, STATION};
use crate::work::kit::{filed, no, run, withdrawn};
use time::macros::datetime;

const BUREAU: &str = "371102000000";
const CITY: &str = "371100000000";

fn open() -> OpenLookupsRequest {
    OpenLookupsRequest {
        case_no: CASE_NO.into(),
        city: CITY.into(),
        bureau: BUREAU.into(),
        station: STATION.into(),
        ..Default::default()
    }
}

fn check(item_id: &str, outcome: LookupOutcome, note: &str) -> CheckLookupItemRequest {
    CheckLookupItemRequest {
        item_id: item_id.into(),
        outcome: outcome.into(),
        note: note.into(),
        ..Default::default()
    }
}

fn decide() -> DecideAccountabilityRequest {
    DecideAccountabilityRequest {
        accountability: Accountability::Referred.into(),
        subject: "通信代理点".into(),
        reason: "未核验开户人".into(),
        ..Default::default()
    }
}

fn opened(desk: &Desk) -> Lookup {
    let at = desk.chief("chief-1");
    let mut lookup = Lookup::default();
    run(&mut lookup, &at, |l| l.decide_open(&open(), &filed(), &at));
    lookup
}

fn checked(desk: &Desk) -> Lookup {
    let mut lookup = opened(desk);
    let at = desk.moment("officer-1");
    for item in lookup.shown().items.clone() {
        run(&mut lookup, &at, |l| l.decide_check(&check(&item.item_id, LookupOutcome::Nothing, ""), &at));
    }
    lookup
}

#[test]
fn the_three_tiers_lie_one_below_the_other() {
    let desk = Desk::default();
    let at = desk.chief("chief-1");
    assert!(Lookup::default().decide_open(&open(), &filed(), &at).is_ok());
    for (request, code) in [
        (OpenLookupsRequest { station: "371103010000".into(), ..open() }, "LOOKUP-TIERS"),
        (OpenLookupsRequest { bureau: STATION.into(), ..open() }, "LOOKUP-TIERS"),
        (OpenLookupsRequest { city: "371199000000".into(), ..open() }, "CB-001"),
    ] {
        assert_eq!(no(Lookup::default().decide_open(&request, &filed(), &at)), [code]);
    }
    assert_eq!(no(Lookup::default().decide_open(&open(), &Cases::new(), &at)), ["WORK-CASE-UNKNOWN"]);
    assert_eq!(no(Lookup::default().decide_open(&open(), &withdrawn(), &at)), ["CASE-WITHDRAWN"]);
    assert_eq!(no(opened(&desk).decide_open(&open(), &filed(), &at)), ["LOOKUP-EXISTS"]);
}

#[test]
fn an_item_is_on_the_list_and_what_was_found_is_said() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    let lookup = opened(&desk);
    assert!(lookup.decide_check(&check("S1", LookupOutcome::Found, "购自网店"), &at).is_ok());
    assert_eq!(no(lookup.decide_check(&check("S1", LookupOutcome::Found, ""), &at)), ["GE-006"]);
    assert_eq!(no(lookup.decide_check(&check("S1", LookupOutcome::Unspecified, ""), &at)), ["GE-006"]);
    assert_eq!(
        no(lookup.decide_check(&check("Z9", LookupOutcome::Nothing, ""), &at)),
        ["LOOKUP-ITEM-UNKNOWN"]
    );
    assert_eq!(
        no(Lookup::default().decide_check(&check("S1", LookupOutcome::Nothing, ""), &at)),
        ["LOOKUP-UNKNOWN"]
    );
}

#[test]
fn accountability_is_decided_after_the_whole_list_by_somebody_else() {
    let desk = Desk::default();
    assert_eq!(
        no(opened(&desk).decide_accountability(&decide(), &desk.chief("chief-1"))),
        ["LOOKUP-ITEMS-OPEN"]
    );
    let mut lookup = checked(&desk);
    assert_eq!(no(lookup.decide_accountability(&decide(), &desk.chief("officer-1"))), ["CB-006"]);
    let close = CloseLookupsRequest { summary: "已移送".into(), ..Default::default() };
    let at = desk.chief("chief-1");
    assert_eq!(no(lookup.decide_close(&close, &at)), ["LOOKUP-OTHER-STATE"]);
    run(&mut lookup, &at, |l| l.decide_accountability(&decide(), &at));
    assert_eq!(
        no(lookup.decide_check(&check("S1", LookupOutcome::Nothing, ""), &at)),
        ["LOOKUP-OTHER-STATE"]
    );
    run(&mut lookup, &at, |l| l.decide_close(&close, &at));
    assert_eq!(lookup.shown().state(), LookupState::Closed);
    assert!(lookup.fall_due(datetime!(2027-10-01 0:00 +8), at.rules).is_empty());
}

#[test]
fn lookups_that_are_not_closed_in_time_are_overdue_once_with_what_is_open() {
    let desk = Desk::default();
    let mut lookup = opened(&desk);
    // sixty days from 1 October: Monday 30 November
    assert!(lookup.fall_due(datetime!(2026-11-30 23:59 +8), &desk.rules).is_empty());
    let overdue = lookup.fall_due(datetime!(2026-12-01 0:00 +8), &desk.rules);
    assert!(matches!(&overdue[0].event, LookupEvent::Overdue(e) if e.open_items == 7));
    xiaoan_kernel::Aggregate::apply(&mut lookup, &overdue[0].event);
    assert!(lookup.fall_due(datetime!(2027-12-01 0:00 +8), &desk.rules).is_empty());
}
