//! given / when / then for org units.

use super::*;
use xiaoan_kernel::given::given;
use xiaoan_proto::core::v1 as core;

const CITY: &str = "371100000000";
const DONGGANG: &str = "371102000000";
const LANSHAN: &str = "371103000000";
const STATION: &str = "371102010000";

fn code(text: &str) -> OrgCode {
    OrgCode::parse(text).expect("12 digits")
}
fn on(year: i32, month: i32, day: i32) -> Option<core::Date> {
    Some(core::Date { year, month, day })
}
/// City, two bureaus under it, one station under the first.
fn tree() -> OrgTree {
    let mut tree = OrgTree::default();
    tree.place(code(CITY), None, ALWAYS);
    tree.place(code(DONGGANG), Some(code(CITY)), ALWAYS);
    tree.place(code(LANSHAN), Some(code(CITY)), ALWAYS);
    tree.place(code(STATION), Some(code(DONGGANG)), ALWAYS);
    tree
}
fn register(unit: &str, kind: OrgKind, parent: &str) -> hq::RegisterOrgUnitRequest {
    hq::RegisterOrgUnitRequest {
        code: unit.into(),
        kind: kind.into(),
        parent: parent.into(),
        name_zh: "示例所".into(),
        name_en: "Example".into(),
        ..Default::default()
    }
}
fn registered(unit: &str, parent: &str) -> OrgUnitEvent {
    hq::OrgUnitRegistered {
        code: unit.into(),
        kind: OrgKind::Station.into(),
        parent: parent.into(),
        name_zh: "示例所".into(),
        name_en: "Example".into(),
        effective_on: Some(ALWAYS.into()),
    }
    .into()
}
fn retired(unit: &str, day: Option<core::Date>) -> OrgUnitEvent {
    hq::OrgUnitRetired { code: unit.into(), effective_on: day, successor: String::new() }.into()
}
fn rename(name_zh: &str, effective_on: Option<core::Date>) -> hq::RenameOrgUnitRequest {
    hq::RenameOrgUnitRequest {
        code: STATION.into(),
        name_zh: name_zh.into(),
        name_en: "New".into(),
        effective_on,
        ..Default::default()
    }
}
fn move_to(unit: &str, parent: &str, effective_on: Option<core::Date>) -> hq::MoveOrgUnitRequest {
    hq::MoveOrgUnitRequest { code: unit.into(), parent: parent.into(), effective_on, ..Default::default() }
}
fn retire(unit: &str, successor: &str, effective_on: Option<core::Date>) -> hq::RetireOrgUnitRequest {
    hq::RetireOrgUnitRequest {
        code: unit.into(),
        successor: successor.into(),
        effective_on,
        ..Default::default()
    }
}
fn headcount(officers: i32) -> hq::RecordHeadcountRequest {
    hq::RecordHeadcountRequest { code: STATION.into(), from: on(2020, 1, 1), officers, ..Default::default() }
}

#[test]
fn a_station_is_registered_under_its_bureau_since_always() {
    let facts = given::<OrgUnit>([])
        .when(|unit| unit.decide_register(&register(STATION, OrgKind::Station, DONGGANG), &tree()))
        .then_facts();
    assert_eq!(facts, [Fact::new(registered(STATION, DONGGANG), code(STATION), ALWAYS)]);
}

#[test]
fn the_city_bureau_is_the_first_and_only_unit_without_a_parent() {
    let city = register(CITY, OrgKind::CityBureau, "");
    let state =
        given::<OrgUnit>([]).when(|unit| unit.decide_register(&city, &OrgTree::default())).then_facts();
    assert_eq!(state.len(), 1);
    let second = register("370200000000", OrgKind::CityBureau, "");
    given::<OrgUnit>([])
        .when(|unit| unit.decide_register(&second, &tree()))
        .then_refused(&["ORG-SECOND-CITY"]);
}

#[test]
fn every_wrong_field_of_a_registration_is_reported() {
    let mut command = register("37110201", OrgKind::Unspecified, "x");
    command.name_zh = "  ".into();
    command.effective_on = on(2021, 2, 30);
    given::<OrgUnit>([])
        .when(|unit| unit.decide_register(&command, &tree()))
        .then_refused(&["CB-001", "GE-006", "CB-001", "GE-006", "GE-006"]);
}

#[test]
fn a_unit_other_than_the_city_bureau_needs_a_parent_that_is_known() {
    let without = register(STATION, OrgKind::Station, "");
    given::<OrgUnit>([]).when(|unit| unit.decide_register(&without, &tree())).then_refused(&["CB-001"]);
    let unknown = register(STATION, OrgKind::Station, "371199000000");
    given::<OrgUnit>([]).when(|unit| unit.decide_register(&unknown, &tree())).then_refused(&["CB-001"]);
}

#[test]
fn a_code_is_never_registered_twice_not_even_after_retirement() {
    let again = register(STATION, OrgKind::Station, DONGGANG);
    given::<OrgUnit>([registered(STATION, DONGGANG), retired(STATION, on(2026, 1, 1))])
        .when(|unit| unit.decide_register(&again, &tree()))
        .then_refused(&["ORG-EXISTS"]);
}

#[test]
fn nothing_is_registered_under_a_parent_that_will_be_retired() {
    let mut tree = tree();
    tree.retire(code(LANSHAN), date!(2027 - 01 - 01));
    let command = register("371103990000", OrgKind::Station, LANSHAN);
    given::<OrgUnit>([]).when(|unit| unit.decide_register(&command, &tree)).then_refused(&["CB-001"]);
}

#[test]
fn a_unit_is_renamed_from_a_day_on() {
    let expected = hq::OrgUnitRenamed {
        code: STATION.into(),
        name_zh: "新名所".into(),
        name_en: "New".into(),
        effective_on: on(2026, 6, 1),
    };
    given::<OrgUnit>([registered(STATION, DONGGANG)])
        .when(|unit| unit.decide_rename(&rename("新名所", on(2026, 6, 1))))
        .then([expected.into()]);
}

#[test]
fn a_name_is_never_empty_and_a_rename_says_something_new() {
    let past = || [registered(STATION, DONGGANG)];
    given::<OrgUnit>(past())
        .when(|unit| unit.decide_rename(&rename("", on(2026, 6, 1))))
        .then_refused(&["GE-006"]);
    let mut same = rename("示例所", on(2026, 6, 1));
    same.name_en = "Example".into();
    given::<OrgUnit>(past()).when(|unit| unit.decide_rename(&same)).then_refused(&["ORG-UNCHANGED"]);
}

#[test]
fn a_unit_that_was_never_registered_is_missing() {
    given::<OrgUnit>([])
        .when(|unit| unit.decide_rename(&rename("新", on(2026, 6, 1))))
        .then_refused(&["CB-001"]);
    assert_eq!(OrgUnitRefusal::Unknown.kind(), RefusalKind::Missing);
}

#[test]
fn a_moved_station_names_the_parent_of_that_day() {
    let moved = |from_parent: &str, to_parent: &str, effective_on| hq::OrgUnitMoved {
        code: STATION.into(),
        from_parent: from_parent.into(),
        to_parent: to_parent.into(),
        effective_on,
    };
    let mut unit = given::<OrgUnit>([registered(STATION, DONGGANG)])
        .when(|unit| unit.decide_move(&move_to(STATION, LANSHAN, on(2026, 6, 15)), &tree()))
        .then([moved(DONGGANG, LANSHAN, on(2026, 6, 15)).into()]);
    // Before its move it still stands under the first bureau.
    unit.apply(&moved(DONGGANG, CITY, on(2026, 1, 1)).into());
    let facts = unit
        .decide_move(&move_to(STATION, LANSHAN, on(2026, 2, 1)), &tree())
        .expect("another parent on that day");
    assert_eq!(facts[0].event, moved(CITY, LANSHAN, on(2026, 2, 1)).into());
}

#[test]
fn a_move_that_would_make_a_loop_is_refused_also_for_a_later_day() {
    let past = || [registered(DONGGANG, CITY)];
    let under_own_station = move_to(DONGGANG, STATION, on(2026, 6, 1));
    given::<OrgUnit>(past())
        .when(|unit| unit.decide_move(&under_own_station, &tree()))
        .then_refused(&["ORG-LOOP"]);
    let itself = move_to(DONGGANG, DONGGANG, on(2026, 6, 1));
    given::<OrgUnit>(past()).when(|unit| unit.decide_move(&itself, &tree())).then_refused(&["ORG-LOOP"]);
    // Lanshan is going to stand under Donggang in 2027; so Donggang cannot go under Lanshan in 2026.
    let mut planned = tree();
    planned.place(code(LANSHAN), Some(code(DONGGANG)), date!(2027 - 01 - 01));
    let command = move_to(DONGGANG, LANSHAN, on(2026, 1, 1));
    let refusal = given::<OrgUnit>(past()).0.decide_move(&command, &planned);
    assert_eq!(refusal, Err(OrgUnitRefusal::Loop { on: date!(2027 - 01 - 01) }));
}

#[test]
fn a_tree_has_at_most_eight_levels() {
    let mut deep = OrgTree::default();
    let level = |n: usize| code(&format!("3711000000{n:02}"));
    deep.place(level(1), None, ALWAYS);
    for n in 2..=8 {
        deep.place(level(n), Some(level(n - 1)), ALWAYS);
    }
    let under = |n: usize| register(STATION, OrgKind::Station, level(n).as_str());
    given::<OrgUnit>([]).when(|unit| unit.decide_register(&under(8), &deep)).then_refused(&["ORG-TOO-DEEP"]);
    assert!(OrgUnit::default().decide_register(&under(7), &deep).is_ok());
}

#[test]
fn a_move_under_the_present_parent_or_an_unknown_one_is_refused() {
    let past = || [registered(STATION, DONGGANG)];
    given::<OrgUnit>(past())
        .when(|unit| unit.decide_move(&move_to(STATION, DONGGANG, on(2026, 6, 1)), &tree()))
        .then_refused(&["ORG-UNCHANGED"]);
    given::<OrgUnit>(past())
        .when(|unit| unit.decide_move(&move_to(STATION, "371199000000", on(2026, 6, 1)), &tree()))
        .then_refused(&["CB-001"]);
}

#[test]
fn a_unit_with_units_under_it_is_not_retired() {
    let command = retire(DONGGANG, "", on(2026, 6, 1));
    let refusal = given::<OrgUnit>([registered(DONGGANG, CITY)]).0.decide_retire(&command, &tree());
    assert_eq!(refusal, Err(OrgUnitRefusal::HasChildren(vec![code(STATION)])));
    let mut emptied = tree();
    emptied.place(code(STATION), Some(code(LANSHAN)), date!(2026 - 06 - 01));
    assert!(given::<OrgUnit>([registered(DONGGANG, CITY)]).0.decide_retire(&command, &emptied).is_ok());
}

#[test]
fn a_unit_is_retired_once_and_its_successor_exists_on_that_day() {
    let past = || [registered(STATION, DONGGANG)];
    for wrong in [STATION, "371199000000"] {
        given::<OrgUnit>(past())
            .when(|unit| unit.decide_retire(&retire(STATION, wrong, on(2026, 6, 1)), &tree()))
            .then_refused(&["CB-001"]);
    }
    let expected =
        hq::OrgUnitRetired { code: STATION.into(), effective_on: on(2026, 6, 1), successor: LANSHAN.into() };
    let unit = given::<OrgUnit>(past())
        .when(|unit| unit.decide_retire(&retire(STATION, LANSHAN, on(2026, 6, 1)), &tree()))
        .then([expected.into()]);
    let again = unit.decide_retire(&retire(STATION, "", on(2026, 5, 1)), &tree());
    assert_eq!(again, Err(OrgUnitRefusal::Retired { since: date!(2026 - 06 - 01) }));
}

#[test]
fn nothing_counts_before_the_first_day_or_after_retirement() {
    let past = || [registered(STATION, DONGGANG), retired(STATION, on(2026, 6, 1))];
    given::<OrgUnit>(past())
        .when(|unit| unit.decide_rename(&rename("新", on(1949, 9, 30))))
        .then_refused(&["ORG-NOT-YET"]);
    given::<OrgUnit>(past())
        .when(|unit| unit.decide_rename(&rename("新", on(2026, 6, 1))))
        .then_refused(&["ORG-RETIRED"]);
}

#[test]
fn a_headcount_is_a_number_of_officers_and_may_be_corrected() {
    let expected =
        |officers| hq::HeadcountRecorded { code: STATION.into(), from: on(2020, 1, 1), officers }.into();
    let unit = given::<OrgUnit>([registered(STATION, DONGGANG)])
        .when(|unit| unit.decide_record_headcount(&headcount(32)))
        .then([expected(32)]);
    assert!(unit.decide_record_headcount(&headcount(33)).is_ok());
    given::<OrgUnit>([registered(STATION, DONGGANG)])
        .when(|unit| unit.decide_record_headcount(&headcount(-1)))
        .then_refused(&["GE-006"]);
}
