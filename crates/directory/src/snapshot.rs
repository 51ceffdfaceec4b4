//! The org units in memory: what the tables say, folded event by event. Pure; the same for every service.

use std::collections::HashMap;
use std::sync::Arc;
use time::Date;
use xiaoan_kernel::{OrgCode, OrgTree};
use xiaoan_proto::core::v1::OrgKind;

/// What an event of hq's log says about org units; everything else in that log is not the directory's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    Registered { kind: OrgKind, parent: Option<OrgCode>, name: UnitName, on: Date },
    Renamed { name: UnitName, on: Date },
    Moved { parent: OrgCode, on: Date },
    Retired { successor: Option<OrgCode>, on: Date },
    Counted { officers: i32, since: Date },
}

/// A change of one unit, with the version of its stream after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnitChange {
    pub(crate) code: OrgCode,
    pub(crate) version: i64,
    pub(crate) change: Change,
}

/// Names of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnitName {
    /// Chinese.
    pub zh: String,
    /// English; may be empty.
    pub en: String,
}

/// An org unit as it is on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitInfo {
    /// 12 digits.
    pub code: OrgCode,
    /// Kind.
    pub kind: OrgKind,
    /// Parent; `None` for the city bureau.
    pub parent: Option<OrgCode>,
    /// Chinese name.
    pub name_zh: String,
    /// English name; may be empty.
    pub name_en: String,
    /// First day of existence.
    pub effective_on: Date,
    /// First day on which it no longer exists.
    pub retired_on: Option<Date>,
    /// Unit that took over the work of a retired one.
    pub successor: Option<OrgCode>,
    /// Officers by the headcount that counts on that day.
    pub officers: Option<i32>,
    /// Version of the unit's stream at hq: its etag there.
    pub version: i64,
}

/// Values with the first day of each, ascending; one value per day.
#[derive(Debug, Clone)]
pub(crate) struct Dated<T>(Vec<(Date, T)>);

impl<T> Default for Dated<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Dated<T> {
    pub(crate) fn set(&mut self, since: Date, value: T) {
        match self.0.binary_search_by_key(&since, |(day, _)| *day) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (since, value)),
        }
    }
    /// The value that counts on a day; `None` before the first.
    fn on(&self, day: Date) -> Option<&T> {
        self.0[..self.0.partition_point(|(since, _)| *since <= day)].last().map(|(_, value)| value)
    }
    /// The value that counts on a day; the first value before its first day, so that an old fact still has a name.
    fn on_or_first(&self, day: Date) -> Option<&T> {
        self.on(day).or_else(|| self.0.first().map(|(_, value)| value))
    }
}

/// One unit with its past.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    pub(crate) kind: OrgKind,
    pub(crate) effective_on: Date,
    pub(crate) retired_on: Option<Date>,
    pub(crate) successor: Option<OrgCode>,
    pub(crate) version: i64,
    pub(crate) names: Dated<UnitName>,
    pub(crate) officers: Dated<i32>,
}

/// All units as of a position of hq's log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Snapshot {
    /// Last position of hq's log that is in it.
    pub(crate) position: i64,
    pub(crate) tree: Arc<OrgTree>,
    pub(crate) units: HashMap<OrgCode, Arc<Unit>>,
}

impl Snapshot {
    /// Takes one change in. A change of a unit that was never registered changes nothing: hq refuses to record one.
    pub(crate) fn apply(&mut self, change: UnitChange) {
        let UnitChange { code, version, change } = change;
        let tree = Arc::make_mut(&mut self.tree);
        if let Change::Registered { kind, parent, name, on } = change {
            tree.place(code, parent, on);
            let mut names = Dated::default();
            names.set(on, name);
            let unit = Unit {
                kind,
                effective_on: on,
                retired_on: None,
                successor: None,
                version,
                names,
                officers: Dated::default(),
            };
            self.units.insert(code, Arc::new(unit));
            return;
        }
        let Some(unit) = self.units.get_mut(&code).map(Arc::make_mut) else { return };
        unit.version = version;
        match change {
            Change::Registered { .. } => {}
            Change::Renamed { name, on } => unit.names.set(on, name),
            Change::Moved { parent, on } => tree.place(code, Some(parent), on),
            Change::Retired { successor, on } => {
                tree.retire(code, on);
                unit.retired_on = Some(on);
                unit.successor = successor;
            }
            Change::Counted { officers, since } => unit.officers.set(since, officers),
        }
    }

    pub(crate) fn unit_on(&self, code: OrgCode, day: Date) -> Option<UnitInfo> {
        let unit = self.units.get(&code)?;
        let name = unit.names.on_or_first(day).cloned().unwrap_or_default();
        Some(UnitInfo {
            code,
            kind: unit.kind,
            parent: self.tree.parent_on(code, day),
            name_zh: name.zh,
            name_en: name.en,
            effective_on: unit.effective_on,
            retired_on: unit.retired_on,
            successor: unit.successor,
            officers: unit.officers.on(day).copied(),
            version: unit.version,
        })
    }

    pub(crate) fn name_on(&self, code: OrgCode, day: Date) -> Option<UnitName> {
        self.units.get(&code)?.names.on_or_first(day).cloned()
    }

    pub(crate) fn headcount_on(&self, code: OrgCode, day: Date) -> Option<i32> {
        self.units.get(&code)?.officers.on(day).copied()
    }

    /// All units on a day: parents before children, then by code.
    pub(crate) fn units_on(&self, day: Date) -> Vec<UnitInfo> {
        let mut all: Vec<_> = self.units.keys().filter_map(|code| self.unit_on(*code, day)).collect();
        all.sort_by_key(|unit| (self.depth_on(unit.code, day), unit.code));
        all
    }

    fn depth_on(&self, code: OrgCode, day: Date) -> usize {
        // hq refuses loops; sixteen levels is the limit OrgTree keeps as well.
        std::iter::successors(Some(code), |at| self.tree.parent_on(*at, day)).take(16).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    fn code(text: &str) -> OrgCode {
        OrgCode::parse(text).expect("12 digits")
    }
    fn name(zh: &str) -> UnitName {
        UnitName { zh: zh.into(), en: String::new() }
    }
    fn change(unit: &str, version: i64, change: Change) -> UnitChange {
        UnitChange { code: code(unit), version, change }
    }
    fn registered(unit: &str, parent: Option<&str>) -> UnitChange {
        let change = Change::Registered {
            kind: OrgKind::Station,
            parent: parent.map(code),
            name: name("旧"),
            on: date!(2020 - 01 - 01),
        };
        UnitChange { code: code(unit), version: 1, change }
    }
    fn city() -> Snapshot {
        let mut all = Snapshot::default();
        all.apply(registered("371100000000", None));
        all.apply(registered("371103000000", Some("371100000000")));
        all.apply(registered("371102000000", Some("371100000000")));
        all.apply(registered("371101010000", Some("371103000000")));
        all
    }

    #[test]
    fn a_name_counts_from_its_day_and_the_first_name_before_all_days() {
        let mut all = city();
        all.apply(change("371102000000", 2, Change::Renamed { name: name("新"), on: date!(2026 - 06 - 01) }));
        let on = |day| all.name_on(code("371102000000"), day).map(|n| n.zh);
        assert_eq!(on(date!(2026 - 05 - 31)).as_deref(), Some("旧"));
        assert_eq!(on(date!(2026 - 06 - 01)).as_deref(), Some("新"));
        assert_eq!(on(date!(1990 - 01 - 01)).as_deref(), Some("旧"));
        assert_eq!(all.unit_on(code("371102000000"), date!(2026 - 06 - 01)).map(|u| u.version), Some(2));
    }

    #[test]
    fn a_headcount_is_unknown_before_its_first_day_and_a_correction_replaces_it() {
        let mut all = city();
        let unit = "371102000000";
        all.apply(change(unit, 2, Change::Counted { officers: 30, since: date!(2021 - 01 - 01) }));
        all.apply(change(unit, 3, Change::Counted { officers: 20, since: date!(2020 - 01 - 01) }));
        all.apply(change(unit, 4, Change::Counted { officers: 31, since: date!(2021 - 01 - 01) }));
        assert_eq!(all.headcount_on(code(unit), date!(2019 - 12 - 31)), None);
        assert_eq!(all.headcount_on(code(unit), date!(2020 - 12 - 31)), Some(20));
        assert_eq!(all.headcount_on(code(unit), date!(2021 - 01 - 01)), Some(31));
    }

    #[test]
    fn parents_are_listed_before_children_and_then_by_code() {
        let order: Vec<_> =
            city().units_on(date!(2026 - 01 - 01)).into_iter().map(|u| u.code.to_string()).collect();
        assert_eq!(order, ["371100000000", "371102000000", "371103000000", "371101010000"]);
    }

    #[test]
    fn a_moved_and_retired_unit_keeps_its_past() {
        let mut all = city();
        let station = code("371101010000");
        let moved = Change::Moved { parent: code("371102000000"), on: date!(2026 - 06 - 15) };
        all.apply(change("371101010000", 2, moved));
        let retired = Change::Retired { successor: None, on: date!(2026 - 07 - 01) };
        all.apply(change("371101010000", 3, retired));
        assert_eq!(all.tree.parent_on(station, date!(2026 - 06 - 14)), Some(code("371103000000")));
        assert_eq!(all.tree.parent_on(station, date!(2026 - 06 - 15)), Some(code("371102000000")));
        assert!(all.tree.exists_on(station, date!(2026 - 06 - 30)));
        assert!(!all.tree.exists_on(station, date!(2026 - 07 - 01)));
    }
}
