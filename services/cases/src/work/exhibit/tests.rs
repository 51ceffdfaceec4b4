use super::*;
use crate::case::story::{CASE_NO, Desk, STATION};
use crate::work::Den as DenOf;
use crate::work::kit::{filed, no, on, run};
use time::macros::datetime;
use xiaoan_proto::cases::v1::RaidDenRequest;
use xiaoan_proto::timestamp;

fn seize() -> SeizeExhibitsRequest {
    SeizeExhibitsRequest {
        exhibit_id: "x-1".into(),
        org_unit: STATION.into(),
        case_no: CASE_NO.into(),
        kind: ExhibitKind::Phone.into(),
        count: 600,
        seized_at: Some(timestamp(datetime!(2026-06-08 22:30 +8))),
        ..Default::default()
    }
}

fn hand_in(at: OffsetDateTime) -> HandInExhibitsRequest {
    HandInExhibitsRequest {
        custodian: "021099".into(),
        handed_in_at: Some(timestamp(at)),
        ..Default::default()
    }
}

fn seized() -> Exhibit {
    let desk = Desk { now: datetime!(2026-06-08 23:00 +8), ..Desk::default() };
    let at = desk.moment("officer-1");
    let mut exhibit = Exhibit::default();
    run(&mut exhibit, &at, |x| x.decide_seize(&seize(), &filed(), None, &at));
    exhibit
}

#[test]
fn a_den_is_raided_and_its_exhibits_name_it() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    let raid = RaidDenRequest {
        den_id: "d-1".into(),
        org_unit: STATION.into(),
        case_no: CASE_NO.into(),
        raided_at: Some(timestamp(datetime!(2026-06-08 22:00 +8))),
        place: "示例大厦".into(),
        officers: 40,
        suspects: 76,
        ..Default::default()
    };
    let mut den = DenOf::default();
    run(&mut den, &at, |d| d.decide_raid(&raid, &filed(), &at));
    assert_eq!(no(den.decide_raid(&raid, &filed(), &at)), ["DEN-EXISTS"]);
    assert_eq!(no(DenOf::default().decide_raid(&raid, &Cases::new(), &at)), ["WORK-CASE-UNKNOWN"]);
    let alone = RaidDenRequest { officers: 1, ..raid };
    assert_eq!(no(DenOf::default().decide_raid(&alone, &filed(), &at)), ["GE-006"]);

    let there = SeizeExhibitsRequest { den_id: "d-1".into(), ..seize() };
    assert!(Exhibit::default().decide_seize(&there, &filed(), Some(den.shown()), &at).is_ok());
    assert_eq!(no(Exhibit::default().decide_seize(&there, &filed(), None, &at)), ["EXHIBIT-DEN-UNKNOWN"]);
    let elsewhere = Den { case_no: "A3711020100002026060009".into(), ..den.shown().clone() };
    assert_eq!(
        no(Exhibit::default().decide_seize(&there, &filed(), Some(&elsewhere), &at)),
        ["EXHIBIT-DEN-UNKNOWN"]
    );
}

#[test]
fn exhibits_are_seized_in_a_case_that_exists_and_in_numbers() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    for (request, code) in [
        (SeizeExhibitsRequest { count: 0, ..seize() }, "GE-006"),
        (SeizeExhibitsRequest { kind: 0, ..seize() }, "GE-006"),
        (SeizeExhibitsRequest { org_unit: "1".into(), ..seize() }, "CB-001"),
        (
            SeizeExhibitsRequest { seized_at: Some(timestamp(datetime!(2026-10-01 12:01 +8))), ..seize() },
            "CB-003",
        ),
    ] {
        assert_eq!(no(Exhibit::default().decide_seize(&request, &filed(), None, &at)), [code]);
    }
    assert_eq!(
        no(Exhibit::default().decide_seize(&seize(), &Cases::new(), None, &at)),
        ["WORK-CASE-UNKNOWN"]
    );
    assert_eq!(no(seized().decide_seize(&seize(), &filed(), None, &at)), ["EXHIBIT-EXISTS"]);
}

#[test]
fn after_twenty_four_hours_to_the_second_the_custodian_is_late() {
    let desk = Desk { now: datetime!(2026-06-10 9:00 +8), ..Desk::default() };
    let at = desk.moment("officer-1");
    let exhibit = seized();
    let in_time = exhibit.decide_hand_in(&hand_in(datetime!(2026-06-09 22:29:59 +8)), &at).unwrap();
    assert!(matches!(&in_time[0].event, ExhibitEvent::HandedIn(e) if !e.late));
    let late = exhibit.decide_hand_in(&hand_in(datetime!(2026-06-09 22:30 +8)), &at).unwrap();
    assert!(matches!(&late[0].event, ExhibitEvent::HandedIn(e) if e.late));

    assert!(exhibit.fall_due(datetime!(2026-06-09 22:29:59 +8), at.rules).is_empty());
    let overdue = exhibit.fall_due(datetime!(2026-06-09 22:30 +8), at.rules);
    assert_eq!(overdue[0].occurred_on.to_string(), "2026-06-09");

    let early = hand_in(datetime!(2026-06-08 22:29 +8));
    assert_eq!(no(exhibit.decide_hand_in(&early, &at)), ["EXHIBIT-BEFORE-SEIZURE"]);
    let same =
        HandInExhibitsRequest { custodian: "officer-1".into(), ..hand_in(datetime!(2026-06-09 8:00 +8)) };
    assert_eq!(no(exhibit.decide_hand_in(&same, &at)), ["CB-006"]);
    assert_eq!(no(Exhibit::default().decide_hand_in(&early, &at)), ["EXHIBIT-UNKNOWN"]);
}

#[test]
fn no_more_leaves_custody_than_came_in() {
    let desk = Desk { now: datetime!(2026-06-10 9:00 +8), ..Desk::default() };
    let at = desk.moment("officer-1");
    let give_back = |count| ReturnExhibitsRequest {
        count,
        returned_on: on(6, 10),
        document: "返还清单1".into(),
        ..Default::default()
    };
    let dispose = |count| DisposeExhibitsRequest {
        count,
        disposal: ExhibitDisposal::Transferred.into(),
        disposed_on: on(6, 10),
        document: "移送清单1".into(),
        ..Default::default()
    };
    let mut exhibit = seized();
    assert_eq!(no(exhibit.decide_return(&give_back(1), &at)), ["EXHIBIT-OTHER-STATE"], "not in custody yet");
    let early = hand_in(datetime!(2026-06-09 8:00 +8));
    run(&mut exhibit, &at, |x| x.decide_hand_in(&early, &at));
    assert_eq!(no(exhibit.decide_hand_in(&early, &at)), ["EXHIBIT-OTHER-STATE"]);
    run(&mut exhibit, &at, |x| x.decide_return(&give_back(100), &at));
    assert_eq!(no(exhibit.decide_dispose(&dispose(501), &at)), ["EXHIBIT-TOO-MANY"]);
    assert_eq!(no(exhibit.decide_dispose(&dispose(0), &at)), ["GE-006"]);
    run(&mut exhibit, &at, |x| x.decide_dispose(&dispose(500), &at));
    assert_eq!(exhibit.shown().state(), ExhibitState::Settled);
    assert_eq!(no(exhibit.decide_return(&give_back(1), &at)), ["EXHIBIT-OTHER-STATE"]);
}
