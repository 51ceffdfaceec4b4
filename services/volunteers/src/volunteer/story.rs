//! A volunteer's past, for tests: in June 2026, at a station.

use super::VolunteerEvent;
use crate::moment::Moment;
use time::macros::{date, datetime};
use time::{Date, Duration, OffsetDateTime};
use xiaoan_kernel::{OrgCode, OrgTree};
use xiaoan_proto::core::v1::{Date as WireDate, Provenance};
use xiaoan_proto::timestamp;
use xiaoan_proto::volunteers::v1::*;

pub const CITY: &str = "371100000000";
pub const STATION: &str = "371121010000";
pub const OTHER: &str = "371172020000";
pub const ID: &str = "zz-1";

/// Noon of 30 June 2026 in the city.
pub const NOW: OffsetDateTime = datetime!(2026-06-30 12:00 +8);

/// Who decides, and what about.
pub struct Desk {
    units: OrgTree,
    actor: &'static str,
}

impl Default for Desk {
    fn default() -> Self {
        let code = |text| OrgCode::parse(text).expect("12 digits");
        let mut units = OrgTree::default();
        let always = date!(1949 - 10 - 01);
        units.place(code(CITY), None, always);
        units.place(code(STATION), Some(code(CITY)), always);
        units.place(code(OTHER), Some(code(CITY)), always);
        Self { units, actor: "officer-1" }
    }
}

impl Desk {
    pub fn of(actor: &'static str) -> Self {
        Self { actor, ..Self::default() }
    }
    pub fn moment(&self) -> Moment<'_> {
        Moment { now: NOW, actor: self.actor, units: &self.units }
    }
}

/// A day of June 2026; 0 is the last of May, 31 and more lie in July.
pub fn june(day: i64) -> Date {
    date!(2026 - 05 - 31) + Duration::days(day)
}

pub fn day(day: i64) -> Option<WireDate> {
    Some(june(day).into())
}

/// An hour and minute of a day of June in the city.
pub fn at(day: i64, hour: i64, minute: i64) -> OffsetDateTime {
    june(day).midnight().assume_offset(xiaoan_kernel::CITY_OFFSET)
        + Duration::hours(hour)
        + Duration::minutes(minute)
}

pub fn stamp(d: i64, hour: i64, minute: i64) -> Option<prost_types::Timestamp> {
    Some(timestamp(at(d, hour, minute)))
}

pub fn squadron() -> SquadronRef {
    SquadronRef {
        squadron_id: "s-1".into(),
        name_zh: "示例一中队".into(),
        kind: SquadronKind::Village.into(),
    }
}

pub fn received() -> VolunteerEvent {
    ApplicationReceived {
        volunteer_id: ID.into(),
        org_unit: STATION.into(),
        received_on: day(1),
        person: None,
        birth_date: None,
        adult_from: day(1),
        background: VolunteerBackground::Veteran.into(),
        provenance: Provenance::Recorded.into(),
    }
    .into()
}

pub fn vetted(on: i64, until: i64) -> VolunteerEvent {
    VettingRecorded {
        volunteer_id: ID.into(),
        org_unit: STATION.into(),
        result: VettingResult::Passed.into(),
        vetted_on: day(on),
        expires_on: day(until),
        recorded_by: "officer-1".into(),
    }
    .into()
}

pub fn rejected() -> VolunteerEvent {
    VettingRecorded {
        volunteer_id: ID.into(),
        org_unit: STATION.into(),
        result: VettingResult::Failed.into(),
        vetted_on: day(2),
        expires_on: None,
        recorded_by: "officer-1".into(),
    }
    .into()
}

pub fn enrolled() -> VolunteerEvent {
    VolunteerEnrolled {
        volunteer_id: ID.into(),
        org_unit: STATION.into(),
        volunteer_no: "V3711210100000001".into(),
        squadron: Some(squadron()),
        enrolled_on: day(3),
        provenance: Provenance::Recorded.into(),
    }
    .into()
}

pub fn course() -> VolunteerEvent {
    let course = Course { course: "law".into(), completed_on: day(4) };
    CourseCompleted { volunteer_id: ID.into(), org_unit: STATION.into(), course: Some(course) }.into()
}

pub fn insured(from: i64, to: i64) -> VolunteerEvent {
    let insurance = Insurance { from: day(from), to: day(to), policy_ref: "p-1".into() };
    InsuranceRecorded { volunteer_id: ID.into(), org_unit: STATION.into(), insurance: Some(insurance) }.into()
}

pub fn activated() -> VolunteerEvent {
    VolunteerActivated { volunteer_id: ID.into(), org_unit: STATION.into(), active_on: day(5) }.into()
}

/// Everything up to the first day on which the volunteer may patrol.
pub fn active() -> Vec<VolunteerEvent> {
    vec![received(), vetted(2, 365), enrolled(), course(), insured(1, 60), activated()]
}

/// A shift of a patrol, from check-in to check-out.
pub fn shift(patrol_id: &str, d: i64, from: i64, to: i64) -> Vec<VolunteerEvent> {
    vec![begun(patrol_id, d, from), ended(patrol_id, d, from, to)]
}

pub fn begun(patrol_id: &str, d: i64, from: i64) -> VolunteerEvent {
    ShiftBegun {
        volunteer_id: ID.into(),
        org_unit: STATION.into(),
        patrol_id: patrol_id.into(),
        begun_at: stamp(d, from, 0),
    }
    .into()
}

pub fn ended(patrol_id: &str, d: i64, from: i64, to: i64) -> VolunteerEvent {
    ShiftEnded {
        volunteer_id: ID.into(),
        org_unit: STATION.into(),
        patrol_id: patrol_id.into(),
        begun_at: stamp(d, from, 0),
        ended_at: stamp(d, to, 0),
        minutes: (to - from) * 60,
    }
    .into()
}
