//! Org units: registered, renamed, moved and retired from a day on; dated headcounts.
//!
//! Rules that look at more than one unit (parent, loops, children) are given the tree of all units as data. The
//! caller makes sure that nobody changes the tree meanwhile, see `grpc::org_units`.

use crate::fields::{finding, recorded_day, values};
use std::collections::BTreeMap;
use time::{Date, macros::date};
use xiaoan_directory::{OrgUnitEvent, STREAM_KIND};
use xiaoan_kernel::{Aggregate, Fact, Finding, OrgCode, OrgTree, Refusal, RefusalKind};
use xiaoan_proto::core::v1::OrgKind;
use xiaoan_proto::hq::v1 as hq;
use xiaoan_rpc::Check;

/// First day of units that were "always" there.
const ALWAYS: Date = date!(1949 - 10 - 01);
/// City, bureaus, stations are three levels; nothing real is deeper than this, and asking the tree stays cheap.
const MOST_LEVELS: usize = 8;

/// Why hq does not do something to an org unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrgUnitRefusal {
    /// Fields are wrong (CB-001, GE-006).
    Fields(Vec<Finding>),
    /// No such unit was ever registered.
    Unknown,
    /// `ORG-EXISTS`: the code is taken.
    Exists,
    /// `ORG-SECOND-CITY`: only one unit may have no parent, and there is one.
    SecondCity,
    /// `CB-001`: the parent or successor is not known, or does not exist (any more) from that day on.
    NotThere {
        /// Field that names the unit.
        field: &'static str,
        /// The unit.
        unit: OrgCode,
    },
    /// `ORG-LOOP`: the unit would stand under itself.
    Loop {
        /// First day on which it would.
        on: Date,
    },
    /// `ORG-TOO-DEEP`: more than eight levels.
    TooDeep,
    /// `ORG-UNCHANGED`: it has that name or parent already.
    Unchanged,
    /// `ORG-NOT-YET`: the day lies before the unit's first.
    NotYet {
        /// The unit's first day.
        first: Date,
    },
    /// `ORG-RETIRED`: the unit no longer exists on that day.
    Retired {
        /// First day on which it no longer exists.
        since: Date,
    },
    /// `ORG-HAS-CHILDREN`: units still stand under it on or after that day.
    HasChildren(Vec<OrgCode>),
}

impl Refusal for OrgUnitRefusal {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::Fields(_) | Self::NotThere { .. } => RefusalKind::Field,
            Self::Unknown => RefusalKind::Missing,
            Self::Exists
            | Self::SecondCity
            | Self::Loop { .. }
            | Self::TooDeep
            | Self::Unchanged
            | Self::NotYet { .. }
            | Self::Retired { .. }
            | Self::HasChildren(_) => RefusalKind::State,
        }
    }
    fn findings(&self) -> Vec<Finding> {
        let state = |code, zh: &str, en: &str| finding(code, "", zh, en);
        match self {
            Self::Fields(findings) => findings.clone(),
            Self::Unknown => {
                finding("CB-001", "code", "该机构未登记，请核对代码", "no such org unit; check the code")
            }
            Self::Exists => state(
                "ORG-EXISTS",
                "该机构代码已登记，可改用更名",
                "the code is taken; rename the unit instead",
            ),
            Self::SecondCity => state(
                "ORG-SECOND-CITY",
                "已有市局，其他机构必须填写上级",
                "there is a city bureau already; every other unit needs a parent",
            ),
            Self::NotThere { field, unit } => finding(
                "CB-001",
                field,
                format!("机构 {unit} 未登记，或自该日起已不存在"),
                format!("org unit {unit} is not registered, or does not exist from that day on"),
            ),
            Self::Loop { on } => state(
                "ORG-LOOP",
                &format!("自 {on} 起该机构将成为自身的下级"),
                &format!("the unit would stand under itself from {on} on"),
            ),
            Self::TooDeep => state(
                "ORG-TOO-DEEP",
                &format!("机构层级不能超过 {MOST_LEVELS} 级"),
                &format!("the tree may not have more than {MOST_LEVELS} levels"),
            ),
            Self::Unchanged => state(
                "ORG-UNCHANGED",
                "该日已是此名称或上级，无需变更",
                "it has that name or parent on that day already",
            ),
            Self::NotYet { first } => state(
                "ORG-NOT-YET",
                &format!("该机构自 {first} 起才存在"),
                &format!("the unit exists only from {first} on"),
            ),
            Self::Retired { since } => state(
                "ORG-RETIRED",
                &format!("该机构自 {since} 起已撤销"),
                &format!("the unit is retired from {since} on"),
            ),
            Self::HasChildren(children) => {
                let names = children.iter().map(OrgCode::as_str).collect::<Vec<_>>().join(", ");
                state(
                    "ORG-HAS-CHILDREN",
                    &format!("请先撤销或调整下级机构：{names}"),
                    &format!("first move or retire the units under it: {names}"),
                )
            }
        }
    }
}

impl From<Vec<Finding>> for OrgUnitRefusal {
    fn from(findings: Vec<Finding>) -> Self {
        Self::Fields(findings)
    }
}

type Decided = Result<Vec<Fact<OrgUnitEvent>>, OrgUnitRefusal>;

/// An org unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrgUnit {
    /// First day and, when retired, first day after the last; `None` until registered.
    life: Option<(Date, Option<Date>)>,
    names: BTreeMap<Date, (String, String)>,
    parents: BTreeMap<Date, String>,
}

impl Aggregate for OrgUnit {
    const KIND: &'static str = STREAM_KIND;
    type Event = OrgUnitEvent;

    fn apply(&mut self, event: &OrgUnitEvent) {
        match event {
            OrgUnitEvent::Registered(e) => {
                let on = recorded_day(e.effective_on);
                self.life = Some((on, None));
                self.names.insert(on, (e.name_zh.clone(), e.name_en.clone()));
                self.parents.insert(on, e.parent.clone());
            }
            OrgUnitEvent::Renamed(e) => {
                self.names.insert(recorded_day(e.effective_on), (e.name_zh.clone(), e.name_en.clone()));
            }
            OrgUnitEvent::Moved(e) => {
                self.parents.insert(recorded_day(e.effective_on), e.to_parent.clone());
            }
            OrgUnitEvent::Retired(e) => {
                if let Some((_, end)) = &mut self.life {
                    *end = Some(recorded_day(e.effective_on));
                }
            }
            // Headcounts decide nothing; the directory keeps them.
            OrgUnitEvent::HeadcountRecorded(_) => {}
        }
    }
}

impl OrgUnit {
    /// A new unit; the code names the stream, so a unit that has a life is another one's code.
    ///
    /// # Errors
    /// See [`OrgUnitRefusal`]; so for all that follow.
    pub fn decide_register(&self, command: &hq::RegisterOrgUnitRequest, tree: &OrgTree) -> Decided {
        let mut check = Check::new();
        let code = check.org_unit("code", &command.code);
        let kind = check.choice::<OrgKind>("kind", command.kind);
        let parent = check.optional_org_unit("parent", &command.parent);
        check.ensure(
            kind.is_none_or(|kind| (kind == OrgKind::CityBureau) == command.parent.is_empty()),
            "CB-001",
            "parent",
            "除市局外均须填写上级机构，市局不填",
            "every unit but the city bureau has a parent",
        );
        let names = read_names(&mut check, &command.name_zh, &command.name_en);
        let on = check.optional_day("effective_on", command.effective_on);
        let (code, parent, on, (name_zh, name_en)) = values(check, (code, parent, on, names))?;
        let on = on.unwrap_or(ALWAYS);
        if self.life.is_some() {
            return Err(OrgUnitRefusal::Exists);
        }
        match parent {
            Some(parent) => check_place(code, parent, on, tree)?,
            None if tree.units().iter().any(|unit| tree.parent_on(*unit, Date::MAX).is_none()) => {
                return Err(OrgUnitRefusal::SecondCity);
            }
            None => {}
        }
        let event = hq::OrgUnitRegistered {
            code: command.code.clone(),
            kind: command.kind,
            parent: command.parent.clone(),
            name_zh,
            name_en,
            effective_on: Some(on.into()),
        };
        Ok(vec![Fact::new(event, code, on)])
    }

    /// Another name from a day on.
    pub fn decide_rename(&self, command: &hq::RenameOrgUnitRequest) -> Decided {
        let mut check = Check::new();
        let code = check.org_unit("code", &command.code);
        let names = read_names(&mut check, &command.name_zh, &command.name_en);
        let on = check.day("effective_on", command.effective_on);
        let (code, on, (name_zh, name_en)) = values(check, (code, on, names))?;
        self.check_exists_on(on)?;
        if value_on(&self.names, on) == Some(&(name_zh.clone(), name_en.clone())) {
            return Err(OrgUnitRefusal::Unchanged);
        }
        let event = hq::OrgUnitRenamed {
            code: command.code.clone(),
            name_zh,
            name_en,
            effective_on: Some(on.into()),
        };
        Ok(vec![Fact::new(event, code, on)])
    }

    /// Another parent from a day on; facts before that day stay with the old one.
    pub fn decide_move(&self, command: &hq::MoveOrgUnitRequest, tree: &OrgTree) -> Decided {
        let mut check = Check::new();
        let code = check.org_unit("code", &command.code);
        let parent = check.org_unit("parent", &command.parent);
        let on = check.day("effective_on", command.effective_on);
        let (code, parent, on) = values(check, (code, parent, on))?;
        self.check_exists_on(on)?;
        let from_parent = value_on(&self.parents, on).cloned().unwrap_or_default();
        if from_parent == command.parent {
            return Err(OrgUnitRefusal::Unchanged);
        }
        check_place(code, parent, on, tree)?;
        let event = hq::OrgUnitMoved {
            code: command.code.clone(),
            from_parent,
            to_parent: command.parent.clone(),
            effective_on: Some(on.into()),
        };
        Ok(vec![Fact::new(event, code, on)])
    }

    /// The unit no longer exists from a day on. Nothing may stand under it then.
    pub fn decide_retire(&self, command: &hq::RetireOrgUnitRequest, tree: &OrgTree) -> Decided {
        let mut check = Check::new();
        let code = check.org_unit("code", &command.code);
        let successor = check.optional_org_unit("successor", &command.successor);
        let on = check.day("effective_on", command.effective_on);
        let (code, successor, on) = values(check, (code, successor, on))?;
        self.check_exists_on(on)?;
        if let (_, Some(since)) = self.life.unwrap_or((on, None)) {
            return Err(OrgUnitRefusal::Retired { since });
        }
        let children = children_from(code, on, tree);
        if !children.is_empty() {
            return Err(OrgUnitRefusal::HasChildren(children));
        }
        if let Some(unit) = successor.filter(|unit| *unit == code || !tree.exists_on(*unit, on)) {
            return Err(OrgUnitRefusal::NotThere { field: "successor", unit });
        }
        let event = hq::OrgUnitRetired {
            code: command.code.clone(),
            effective_on: Some(on.into()),
            successor: command.successor.clone(),
        };
        Ok(vec![Fact::new(event, code, on)])
    }

    /// So many officers from a day on; a second headcount for the same day corrects the first.
    pub fn decide_record_headcount(&self, command: &hq::RecordHeadcountRequest) -> Decided {
        let mut check = Check::new();
        let code = check.org_unit("code", &command.code);
        let from = check.day("from", command.from);
        let officers = check.number("officers", command.officers, 0..=100_000);
        let (code, from, _) = values(check, (code, from, officers))?;
        self.check_exists_on(from)?;
        let event = hq::HeadcountRecorded {
            code: command.code.clone(),
            from: Some(from.into()),
            officers: command.officers,
        };
        Ok(vec![Fact::new(event, code, from)])
    }

    fn check_exists_on(&self, day: Date) -> Result<(), OrgUnitRefusal> {
        match self.life {
            None => Err(OrgUnitRefusal::Unknown),
            Some((first, _)) if day < first => Err(OrgUnitRefusal::NotYet { first }),
            Some((_, Some(since))) if day >= since => Err(OrgUnitRefusal::Retired { since }),
            Some(_) => Ok(()),
        }
    }
}

/// Chinese and English name.
fn read_names(check: &mut Check, zh: &str, en: &str) -> Option<(String, String)> {
    let zh = check.text("name_zh", zh, 1..=60);
    let en = check.text("name_en", en, 0..=80);
    zh.zip(en)
}

fn value_on<T>(dated: &BTreeMap<Date, T>, day: Date) -> Option<&T> {
    dated.range(..=day).next_back().map(|(_, value)| value)
}

/// May the unit stand under this parent from a day on? Asked for every day on which the tree turns after it.
fn check_place(unit: OrgCode, parent: OrgCode, from: Date, tree: &OrgTree) -> Result<(), OrgUnitRefusal> {
    // A parent that is retired later would leave the unit under nothing.
    if !tree.exists_on(parent, from) || !tree.exists_on(parent, Date::MAX) {
        return Err(OrgUnitRefusal::NotThere { field: "parent", unit: parent });
    }
    let mut after = tree.clone();
    after.place(unit, Some(parent), from);
    let units = after.units();
    for day in after.turning_days(from) {
        let above = |unit| std::iter::successors(after.parent_on(unit, day), |at| after.parent_on(*at, day));
        if above(unit).take(units.len()).any(|at| at == unit) {
            return Err(OrgUnitRefusal::Loop { on: day });
        }
        if units.iter().any(|other| above(*other).take(MOST_LEVELS).count() >= MOST_LEVELS) {
            return Err(OrgUnitRefusal::TooDeep);
        }
    }
    Ok(())
}

/// Units that stand under this one on a day or later.
fn children_from(parent: OrgCode, from: Date, tree: &OrgTree) -> Vec<OrgCode> {
    let days = tree.turning_days(from);
    let is_child = |unit: &OrgCode| {
        days.iter().any(|day| tree.exists_on(*unit, *day) && tree.parent_on(*unit, *day) == Some(parent))
    };
    tree.units().into_iter().filter(is_child).collect()
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
