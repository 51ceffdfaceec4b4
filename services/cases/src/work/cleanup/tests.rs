use super::*;
use crate::case::story::{Desk, STATION};
use crate::work::kit::{no, on, run};
use time::macros::datetime;
use xiaoan_proto::cases::v1::CleanupFindingInput;

fn plan() -> PlanCleanupRequest {
    PlanCleanupRequest {
        cleanup_id: "c-1".into(),
        org_unit: STATION.into(),
        title: "秋季大清查".into(),
        starts_on: on(6, 1),
        ends_on: on(6, 10),
        venue_kinds: vec![VenueKind::SmallHotel.into(), VenueKind::RuralMarket.into()],
        ..Default::default()
    }
}

fn desk(now: OffsetDateTime) -> Desk {
    Desk { now, ..Desk::default() }
}

fn inspect(venue_id: &str, findings: &[CleanupFindingKind]) -> InspectVenueRequest {
    let finding = |kind: &CleanupFindingKind| CleanupFindingInput {
        kind: (*kind).into(),
        description: "未安装监控".into(),
    };
    InspectVenueRequest {
        venue_id: venue_id.into(),
        kind: VenueKind::SmallHotel.into(),
        place: "示例路1号".into(),
        inspected_on: on(6, 3),
        findings: findings.iter().map(finding).collect(),
        ..Default::default()
    }
}

/// Planned; one small hotel inspected on Wednesday 3 June with a gap in security and a fire hazard.
fn inspected() -> Cleanup {
    let desk = desk(datetime!(2026-06-03 20:00 +8));
    let at = desk.moment("officer-1");
    let mut cleanup = Cleanup::default();
    run(&mut cleanup, &at, |c| c.decide_plan(&plan(), &at));
    let request = inspect("v-1", &[CleanupFindingKind::SecurityGap, CleanupFindingKind::FireHazard]);
    run(&mut cleanup, &at, |c| c.decide_inspect(&request, &at));
    cleanup
}

fn rectify(finding_id: &str, day: i32) -> RectifyCleanupFindingRequest {
    RectifyCleanupFindingRequest {
        finding_id: finding_id.into(),
        rectified_on: on(6, day),
        how: "已安装".into(),
        ..Default::default()
    }
}

#[test]
fn an_operation_is_planned_with_days_and_kinds() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    assert!(Cleanup::default().decide_plan(&plan(), &at).is_ok());
    for (request, code) in [
        (PlanCleanupRequest { ends_on: on(5, 31), ..plan() }, "GE-006"),
        (PlanCleanupRequest { ends_on: on(9, 2), ..plan() }, "GE-006"),
        (PlanCleanupRequest { venue_kinds: vec![], ..plan() }, "GE-006"),
        (PlanCleanupRequest { venue_kinds: vec![2, 2], ..plan() }, "GE-006"),
        (PlanCleanupRequest { org_unit: "999999999999".into(), ..plan() }, "CB-001"),
    ] {
        assert_eq!(no(Cleanup::default().decide_plan(&request, &at)), [code]);
    }
    assert_eq!(no(inspected().decide_plan(&plan(), &at)), ["CLEANUP-EXISTS"]);
}

#[test]
fn a_venue_is_inspected_once_within_the_operation_and_its_kinds() {
    let desk = desk(datetime!(2026-06-20 20:00 +8));
    let at = desk.moment("officer-1");
    let cleanup = inspected();
    assert!(cleanup.decide_inspect(&inspect("v-2", &[]), &at).is_ok(), "recorded later, held in time");
    for (request, code) in [
        (inspect("v-1", &[]), "CLEANUP-VENUE-INSPECTED"),
        (InspectVenueRequest { inspected_on: on(6, 11), ..inspect("v-2", &[]) }, "CLEANUP-OUT-OF-TIME"),
        (InspectVenueRequest { inspected_on: on(6, 21), ..inspect("v-2", &[]) }, "CB-003"),
        (
            InspectVenueRequest { kind: VenueKind::BusStop.into(), ..inspect("v-2", &[]) },
            "CLEANUP-OTHER-KIND",
        ),
        (InspectVenueRequest { place: String::new(), ..inspect("v-2", &[]) }, "GE-006"),
    ] {
        assert_eq!(no(cleanup.decide_inspect(&request, &at)), [code]);
    }
    assert_eq!(no(Cleanup::default().decide_inspect(&inspect("v-1", &[]), &at)), ["CLEANUP-UNKNOWN"]);
}

#[test]
fn a_fire_hazard_has_less_time_than_another_finding_and_both_roll_past_a_weekend() {
    let cleanup = inspected();
    let due = |n: usize| xiaoan_proto::instant(&cleanup.shown().findings[n].due_at.unwrap()).unwrap();
    // three days from Wednesday: Saturday, so the end of Monday; fifteen days: Thursday the 18th
    assert_eq!(due(1), datetime!(2026-06-09 0:00 +8));
    assert_eq!(due(0), datetime!(2026-06-19 0:00 +8));
}

#[test]
fn a_finding_not_put_right_in_time_is_overdue_once_and_can_still_be_put_right() {
    let mut cleanup = inspected();
    let desk = desk(datetime!(2026-06-09 0:00 +8));
    let at = desk.moment("officer-1");
    let names = run(&mut cleanup, &at, |c| c.decide_rectify(&rectify("v-1-2", 9), &at));
    assert_eq!(names, ["CleanupRectificationOverdue", "CleanupFindingRectified"]);
    assert_eq!(no(cleanup.decide_rectify(&rectify("v-1-2", 9), &at)), ["CLEANUP-FINDING-SETTLED"]);
    assert_eq!(no(cleanup.decide_rectify(&rectify("v-1-3", 9), &at)), ["CLEANUP-FINDING-UNKNOWN"]);
    assert_eq!(no(cleanup.decide_rectify(&rectify("v-1-1", 2), &at)), ["GE-006"], "before the inspection");
    assert_eq!(no(cleanup.decide_rectify(&rectify("v-1-1", 10), &at)), ["CB-003"]);
    assert!(cleanup.fall_due(at.now, at.rules).is_empty());
    let sums = cleanup.shown().counts[0];
    assert_eq!((sums.venues, sums.findings, sums.rectified, sums.overdue), (1, 2, 1, 1));
}

#[test]
fn an_operation_is_closed_when_it_is_over_and_no_finding_is_open() {
    let mut cleanup = inspected();
    let close = CloseCleanupRequest { summary: "清查结束".into(), ..Default::default() };
    let early = desk(datetime!(2026-06-09 12:00 +8));
    assert_eq!(no(cleanup.decide_close(&close, &early.moment("officer-1"))), ["CLEANUP-NOT-OVER"]);
    let desk = desk(datetime!(2026-06-10 12:00 +8));
    let at = desk.moment("officer-1");
    let mut empty = Cleanup::default();
    run(&mut empty, &at, |c| c.decide_plan(&plan(), &at));
    assert_eq!(no(empty.decide_close(&close, &at)), ["CLEANUP-NOTHING-INSPECTED"]);
    assert_eq!(no(cleanup.decide_close(&close, &at)), ["CLEANUP-FINDINGS-OPEN"]);
    run(&mut cleanup, &at, |c| c.decide_rectify(&rectify("v-1-1", 5), &at));
    let hand_over = HandOverCleanupFindingRequest {
        finding_id: "v-1-2".into(),
        authority: "消防救援机构".into(),
        ..Default::default()
    };
    run(&mut cleanup, &at, |c| c.decide_hand_over(&hand_over, &at));
    run(&mut cleanup, &at, |c| c.decide_close(&close, &at));
    assert_eq!(cleanup.shown().state(), CleanupState::Closed);
    assert_eq!(no(cleanup.decide_close(&close, &at)), ["CLEANUP-CLOSED"]);
    assert_eq!(no(cleanup.decide_inspect(&inspect("v-2", &[]), &at)), ["CLEANUP-CLOSED"]);
}
