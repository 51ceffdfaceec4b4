//! The events of org units, read into changes. hq's aggregate records exactly this set.

use crate::snapshot::{Change, UnitChange, UnitName};
use time::Date;
use xiaoan_kernel::{EventSet, OrgCode, StreamId};
use xiaoan_proto::core::v1 as core;
use xiaoan_proto::core::v1::OrgKind;
use xiaoan_proto::hq::v1::{
    HeadcountRecorded, OrgUnitMoved, OrgUnitRegistered, OrgUnitRenamed, OrgUnitRetired,
};

/// Kind of hq's org unit streams: `org_unit-371102010000`.
pub const STREAM_KIND: &str = "org_unit";

xiaoan_kernel::events! {
    /// What can happen to an org unit.
    pub enum OrgUnitEvent {
        Registered(OrgUnitRegistered),
        Renamed(OrgUnitRenamed),
        Moved(OrgUnitMoved),
        Retired(OrgUnitRetired),
        HeadcountRecorded(HeadcountRecorded),
    }
}

/// The change an event makes; `None` for events of other aggregates.
///
/// # Errors
/// A sentence that says what cannot be read. Such an event must stop the projection: guessing would move facts
/// to a wrong bureau.
pub(crate) fn change_of(
    stream: &StreamId,
    version: i64,
    type_name: &str,
    payload: &[u8],
) -> Result<Option<UnitChange>, String> {
    let (STREAM_KIND, id) = stream.parts() else { return Ok(None) };
    let event = OrgUnitEvent::decode(type_name, payload).map_err(|e| e.to_string())?;
    let code = unit(id)?;
    let change = match event {
        OrgUnitEvent::Registered(e) => Change::Registered {
            kind: OrgKind::try_from(e.kind).map_err(|_| format!("unknown kind of org unit {}", e.kind))?,
            parent: unit_or_none(&e.parent)?,
            name: UnitName { zh: e.name_zh, en: e.name_en },
            on: day(e.effective_on)?,
        },
        OrgUnitEvent::Renamed(e) => {
            Change::Renamed { name: UnitName { zh: e.name_zh, en: e.name_en }, on: day(e.effective_on)? }
        }
        OrgUnitEvent::Moved(e) => Change::Moved { parent: unit(&e.to_parent)?, on: day(e.effective_on)? },
        OrgUnitEvent::Retired(e) => {
            Change::Retired { successor: unit_or_none(&e.successor)?, on: day(e.effective_on)? }
        }
        OrgUnitEvent::HeadcountRecorded(e) => Change::Counted { officers: e.officers, since: day(e.from)? },
    };
    Ok(Some(UnitChange { code, version, change }))
}

fn unit(text: &str) -> Result<OrgCode, String> {
    OrgCode::parse(text).map_err(|e| e.to_string())
}

fn unit_or_none(text: &str) -> Result<Option<OrgCode>, String> {
    if text.is_empty() { Ok(None) } else { unit(text).map(Some) }
}

fn day(date: Option<core::Date>) -> Result<Date, String> {
    let date = date.ok_or("the day is missing")?;
    Date::try_from(date).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_aggregates_of_hq_are_not_the_directorys() {
        let stream = StreamId::new("campaign", "autumn-wind");
        assert_eq!(change_of(&stream, 1, "xiaoan.hq.v1.CampaignOpened", &[]), Ok(None));
    }

    #[test]
    fn an_org_unit_event_this_build_does_not_know_stops_the_projection() {
        let stream = StreamId::new(STREAM_KIND, "371102010000");
        assert!(change_of(&stream, 2, "xiaoan.hq.v1.OrgUnitMerged", &[]).is_err());
    }

    #[test]
    fn an_event_without_its_day_stops_the_projection() {
        let stream = StreamId::new(STREAM_KIND, "371102010000");
        let event =
            OrgUnitEvent::from(OrgUnitMoved { to_parent: "371103000000".into(), ..Default::default() });
        let outcome = change_of(&stream, 2, &event.type_name(), &event.encode());
        assert_eq!(outcome, Err("the day is missing".into()));
    }
}
