//! A patrol's past, for tests.

use super::{Patrol, PatrolEvent};
use crate::volunteer::story::{ID, STATION, active, begun, day, ended, squadron, stamp};
use crate::volunteer::{Volunteer, VolunteerEvent};
use std::collections::BTreeMap;
use xiaoan_kernel::given::given;
use xiaoan_proto::core::v1::Provenance;
use xiaoan_proto::volunteers::v1::*;

pub const PATROL: &str = "p-9";

fn slot(role: &str, name_zh: &str, name_en: &str, min: i32) -> CompositionSlot {
    CompositionSlot { role: role.into(), name_zh: name_zh.into(), name_en: name_en.into(), min, max: 0 }
}

/// "1+2+9+N" (facts row V3).
pub fn rule() -> PatrolRule {
    PatrolRule {
        rule_id: "standard".into(),
        version: 1,
        title_zh: "1+2+9+N 巡逻编组".into(),
        title_en: "Patrols 1+2+9+N".into(),
        slots: vec![
            CompositionSlot { max: 1, ..slot("officer", "民警", "officers", 1) },
            slot("grid-worker", "网格员", "grid workers", 2),
            slot("police-assistant", "辅警", "police assistants", 9),
            slot("volunteer", "志愿者", "volunteers", 1),
        ],
        min_rest_minutes: 480,
        early_minutes: 30,
        overrun_minutes: 60,
        allowed_tasks: vec!["night-patrol".into(), "traffic".into()],
        effective_on: day(1),
        basis: "示例文件1号".into(),
    }
}

pub fn planned() -> PatrolEvent {
    PatrolPlanned {
        patrol_id: PATROL.into(),
        org_unit: STATION.into(),
        squadron: Some(squadron()),
        duty_point: None,
        route: "示例村环线".into(),
        officer_in_charge: "021345".into(),
        planned_from: stamp(20, 20, 0),
        planned_to: stamp(20, 22, 0),
        task: "night-patrol".into(),
        rule: Some(rule()),
        provenance: Provenance::Recorded.into(),
    }
    .into()
}

pub fn mustered() -> PatrolEvent {
    let crew = |role: &str, count| CrewCount { role: role.into(), count };
    let crew = vec![crew("officer", 1), crew("grid-worker", 2), crew("police-assistant", 9)];
    PatrolMustered { patrol_id: PATROL.into(), crew }.into()
}

pub fn checked_in() -> PatrolEvent {
    VolunteerCheckedIn { patrol_id: PATROL.into(), volunteer_id: ID.into(), at: stamp(20, 20, 0) }.into()
}

pub fn checked_out(hour: i64) -> PatrolEvent {
    VolunteerCheckedOut {
        patrol_id: PATROL.into(),
        volunteer_id: ID.into(),
        at: stamp(20, hour, 0),
        minutes: (hour - 20) * 60,
        released: false,
    }
    .into()
}

/// The volunteer of the story while on this patrol.
pub fn on_duty() -> BTreeMap<String, Volunteer> {
    person([active(), vec![begun(PATROL, 20, 20)]].concat())
}

/// The volunteer after it.
pub fn off_duty(hour: i64) -> BTreeMap<String, Volunteer> {
    person([active(), vec![begun(PATROL, 20, 20), ended(PATROL, 20, 20, hour)]].concat())
}

fn person(past: Vec<VolunteerEvent>) -> BTreeMap<String, Volunteer> {
    BTreeMap::from([(ID.to_owned(), given::<Volunteer>(past).0)])
}

/// A patrol with this past.
pub fn patrol(past: impl IntoIterator<Item = PatrolEvent>) -> Patrol {
    given::<Patrol>(past).0
}
