//! One incident that the tests tell: a congested gate at a station of the port, reported on 2026-06-07 at 08:00, restored
//! fifty minutes later.

use super::IncidentEvent;
use crate::moment::Moment;
use crate::track::Bases;
use time::OffsetDateTime;
use time::macros::{date, datetime};
use xiaoan_kernel::{OrgCode, OrgTree};
use xiaoan_proto::core::v1::Provenance;
use xiaoan_proto::port::v1::{
    CrewArrived, IncidentClassified, IncidentControlled, IncidentDispatched, IncidentKind, IncidentReported,
    IncidentRestored, ReportIncidentRequest,
};
use xiaoan_proto::timestamp;

pub(crate) const INCIDENT: &str = "110-1";
pub(crate) const STATION: &str = "371190010000";
pub(crate) const REPORTED_AT: OffsetDateTime = datetime!(2026-06-07 8:00 +8);

/// A desk with the shipped bases and the port's units, on 2026-10-01.
pub(crate) struct Desk {
    pub(crate) now: OffsetDateTime,
    pub(crate) bases: Bases,
    pub(crate) units: OrgTree,
}

impl Default for Desk {
    fn default() -> Self {
        let mut units = OrgTree::default();
        let code = |text| OrgCode::parse(text).unwrap();
        let from = date!(2020 - 01 - 01);
        units.place(code("371100000000"), None, from);
        units.place(code("371190000000"), Some(code("371100000000")), from);
        for station in [STATION, "371190020000"] {
            units.place(code(station), Some(code("371190000000")), from);
        }
        Self { now: datetime!(2026-10-01 12:00 +8), bases: Bases::shipped().unwrap(), units }
    }
}

impl Desk {
    pub(crate) fn moment<'a>(&'a self, actor: &'a str) -> Moment<'a> {
        Moment {
            now: self.now,
            skew: time::Duration::ZERO,
            actor,
            registrar: false,
            guard: false,
            units: &self.units,
            bases: &self.bases,
        }
    }
    pub(crate) fn guard<'a>(&'a self, actor: &'a str) -> Moment<'a> {
        Moment { guard: true, ..self.moment(actor) }
    }
    pub(crate) fn registrar<'a>(&'a self, actor: &'a str) -> Moment<'a> {
        Moment { registrar: true, ..self.moment(actor) }
    }
}

pub(crate) fn minutes(after: i64) -> Option<prost_types::Timestamp> {
    Some(timestamp(REPORTED_AT + time::Duration::minutes(after)))
}

pub(crate) fn report_request() -> ReportIncidentRequest {
    ReportIncidentRequest {
        incident_id: INCIDENT.into(),
        org_unit: STATION.into(),
        kind: IncidentKind::Congestion.into(),
        reported_at: minutes(0),
        place: "示例2号门".into(),
        ..Default::default()
    }
}

pub(crate) fn reported_as(kind: IncidentKind) -> IncidentEvent {
    IncidentReported {
        incident_id: INCIDENT.into(),
        org_unit: STATION.into(),
        kind: kind.into(),
        reported_at: minutes(0),
        reported_on: Some(date!(2026 - 06 - 07).into()),
        place: "示例2号门".into(),
        provenance: Provenance::Recorded.into(),
        ..Default::default()
    }
    .into()
}

pub(crate) fn classified(kind: IncidentKind, previous: IncidentKind) -> IncidentEvent {
    IncidentClassified {
        incident_id: INCIDENT.into(),
        kind: kind.into(),
        previous_kind: previous.into(),
        org_unit: STATION.into(),
        reported_on: Some(date!(2026 - 06 - 07).into()),
    }
    .into()
}

pub(crate) fn dispatched(crews: &[&str]) -> IncidentEvent {
    IncidentDispatched {
        incident_id: INCIDENT.into(),
        crews: crews.iter().map(|c| (*c).to_owned()).collect(),
        dispatched_at: minutes(2),
        org_unit: STATION.into(),
    }
    .into()
}

pub(crate) fn arrived(crew: &str, after: i64) -> IncidentEvent {
    CrewArrived {
        incident_id: INCIDENT.into(),
        crew: crew.into(),
        arrived_at: minutes(after),
        report_to_arrival_minutes: after,
        org_unit: STATION.into(),
    }
    .into()
}

pub(crate) fn controlled(after: i64) -> IncidentEvent {
    IncidentControlled {
        incident_id: INCIDENT.into(),
        controlled_at: minutes(after),
        org_unit: STATION.into(),
    }
    .into()
}

pub(crate) fn restored(after: i64) -> IncidentEvent {
    IncidentRestored {
        incident_id: INCIDENT.into(),
        restored_at: minutes(after),
        hindered_minutes: after,
        org_unit: STATION.into(),
        provenance: Provenance::Recorded.into(),
    }
    .into()
}

/// Everything up to "on scene" of an incident of a kind.
pub(crate) fn on_scene(kind: IncidentKind) -> Vec<IncidentEvent> {
    vec![
        reported_as(kind),
        classified(kind, kind),
        dispatched(&["patrol-1", "patrol-2"]),
        arrived("patrol-1", 10),
    ]
}
