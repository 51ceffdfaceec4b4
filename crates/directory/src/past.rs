//! Org units as one moment knows them: now, or by the part of hq's log that had been recorded by then.

use crate::events;
use crate::snapshot::{Snapshot, UnitInfo};
use std::sync::Arc;
use time::Date;
use xiaoan_kernel::{OrgCode, OrgTree, StreamId};
use xiaoan_projection::ApplyError;
use xiaoan_proto::eventlog::v1::RecordedEvent;

/// Org units as one moment knows them. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct OrgUnits(pub(crate) Arc<Snapshot>);

/// Whether an event is one of an org unit, so that [`OrgUnits::of`] needs it.
#[must_use]
pub fn is_of_units(event: &RecordedEvent) -> bool {
    StreamId::from(event.stream.clone()).parts().0 == events::STREAM_KIND
}

impl OrgUnits {
    /// Org units by these events of hq's log alone, in the order of their positions. Events of other aggregates say nothing
    /// about units and may be left out.
    ///
    /// # Errors
    /// [`ApplyError::Poison`] for an event that cannot be read.
    pub fn of<'a>(log: impl IntoIterator<Item = &'a RecordedEvent>) -> Result<Self, ApplyError> {
        let mut known = Snapshot::default();
        for event in log {
            let stream = StreamId::from(event.stream.clone());
            let change = events::change_of(&stream, event.version, &event.r#type, &event.payload)
                .map_err(|reason| ApplyError::poison(event, reason))?;
            if let Some(change) = change {
                known.apply(change);
            }
            known.position = event.position;
        }
        Ok(Self(Arc::new(known)))
    }

    /// Last position of hq's log that is known.
    #[must_use]
    pub fn position(&self) -> i64 {
        self.0.position
    }
    /// Which unit stands under which.
    #[must_use]
    pub fn tree(&self) -> &OrgTree {
        &self.0.tree
    }
    /// Officers of a unit on a day; `None` when no headcount counts on it (facts row A12).
    #[must_use]
    pub fn headcount_on(&self, code: OrgCode, day: Date) -> Option<i32> {
        self.0.headcount_on(code, day)
    }
    /// All units as they are on a day: parents before children, then by code. Units that do not exist on it are included.
    #[must_use]
    pub fn units_on(&self, day: Date) -> Vec<UnitInfo> {
        self.0.units_on(day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OrgUnitEvent;
    use time::macros::date;
    use xiaoan_kernel::EventSet;
    use xiaoan_proto::core::v1::OrgKind;
    use xiaoan_proto::hq::v1::{HeadcountRecorded, OrgUnitRegistered};

    const CITY: &str = "371100000000";
    const BUREAU: &str = "371102000000";

    fn recorded(position: i64, unit: &str, event: impl Into<OrgUnitEvent>) -> RecordedEvent {
        let event = event.into();
        RecordedEvent {
            position,
            stream: format!("org_unit-{unit}"),
            version: position,
            r#type: event.type_name(),
            payload: event.encode().into(),
            ..Default::default()
        }
    }
    fn registered(code: &str, parent: &str) -> OrgUnitRegistered {
        OrgUnitRegistered {
            code: code.into(),
            kind: OrgKind::CountyBureau.into(),
            parent: parent.into(),
            effective_on: Some(date!(2020 - 01 - 01).into()),
            ..Default::default()
        }
    }
    fn counted(officers: i32) -> HeadcountRecorded {
        HeadcountRecorded { code: BUREAU.into(), from: Some(date!(2020 - 01 - 01).into()), officers }
    }

    #[test]
    fn what_was_recorded_later_was_not_known_whatever_day_it_counts_from() {
        let log = [
            recorded(1, CITY, registered(CITY, "")),
            recorded(2, BUREAU, registered(BUREAU, CITY)),
            recorded(3, BUREAU, counted(420)),
            recorded(4, BUREAU, counted(400)),
            recorded(5, "371103000000", registered("371103000000", CITY)),
        ];
        let day = date!(2026 - 06 - 30);
        let known = |position: usize| OrgUnits::of(&log[..position]).expect("readable");
        let bureau = OrgCode::parse(BUREAU).expect("12 digits");
        assert_eq!((known(3).headcount_on(bureau, day), known(3).units_on(day).len()), (Some(420), 2));
        assert_eq!((known(5).headcount_on(bureau, day), known(5).units_on(day).len()), (Some(400), 3));
        assert_eq!((known(4).position(), known(2).headcount_on(bureau, day)), (4, None));
        assert!(known(1).tree().units().len() < known(2).tree().units().len());
    }
}
