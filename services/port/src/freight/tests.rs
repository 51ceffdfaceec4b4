use super::*;
use crate::incident::story::Desk;
use time::macros::{date, datetime};
use xiaoan_kernel::given::given;
use xiaoan_proto::timestamp;

fn request() -> DirectFreightTrafficRequest {
    DirectFreightTrafficRequest {
        record_id: "r-1".into(),
        org_unit: "371190010000".into(),
        vehicles: 2000,
        from: Some(timestamp(datetime!(2026-06-07 22:00 +8))),
        to: Some(timestamp(datetime!(2026-06-08 6:00 +8))),
        place: "疏港路".into(),
        ..Default::default()
    }
}

fn directed() -> FreightEvent {
    FreightTrafficDirected {
        record_id: "r-1".into(),
        org_unit: "371190010000".into(),
        vehicles: 2000,
        from: request().from,
        to: request().to,
        directed_on: Some(date!(2026 - 06 - 07).into()),
        place: "疏港路".into(),
        provenance: Provenance::Recorded.into(),
        ..Default::default()
    }
    .into()
}

#[test]
fn vehicles_count_on_the_day_on_which_the_stretch_began() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    let facts = given::<Freight>([]).when(|r| r.decide_direct(&request(), "r-1", None, &at)).then_facts();
    assert_eq!(facts[0].occurred_on, date!(2026 - 06 - 07));
    assert_eq!(facts[0].event, directed());
    given::<Freight>([directed()])
        .when(|r| r.decide_direct(&request(), "r-1", None, &at))
        .then_refused(&["FREIGHT-EXISTS"]);
}

#[test]
fn a_stretch_has_vehicles_an_end_and_at_most_a_day() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    let until = |to| DirectFreightTrafficRequest { to: Some(timestamp(to)), ..request() };
    for bad in [
        DirectFreightTrafficRequest { vehicles: 0, ..request() },
        DirectFreightTrafficRequest { vehicles: 1_000_001, ..request() },
        until(datetime!(2026-06-07 22:00 +8)),
        until(datetime!(2026-06-08 22:00:01 +8)),
    ] {
        given::<Freight>([]).when(|r| r.decide_direct(&bad, "r-1", None, &at)).then_refused(&["GE-006"]);
    }
}

#[test]
fn a_correction_says_what_was_counted_before_and_on_which_day() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    let correct =
        |vehicles| CorrectFreightTrafficRequest {
            vehicles, reason: "重复计数".into(), ..Default::default()
        };
    let corrected: FreightEvent = FreightTrafficCorrected {
        record_id: "r-1".into(),
        org_unit: "371190010000".into(),
        previous_vehicles: 2000,
        vehicles: 1900,
        directed_on: Some(date!(2026 - 06 - 07).into()),
        reason: "重复计数".into(),
    }
    .into();
    given::<Freight>([directed()]).when(|r| r.decide_correct(&correct(1900), &at)).then([corrected]);
    given::<Freight>([directed()])
        .when(|r| r.decide_correct(&correct(2000), &at))
        .then_refused(&["FREIGHT-SAME-NUMBER"]);
    given::<Freight>([]).when(|r| r.decide_correct(&correct(1), &at)).then_refused(&["FREIGHT-UNKNOWN"]);
}
