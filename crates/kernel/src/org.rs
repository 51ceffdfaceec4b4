//! Org units by their 12-digit code (GA/T 543.1 DE00060), and the tree they form.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use time::Date;

/// A text that is not 12 digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no org unit code of 12 digits")]
pub struct NotAnOrgCode(pub String);

/// Code of an org unit: 12 digits. Says nothing about where the unit stands in the tree: units move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrgCode([u8; 12]);

impl OrgCode {
    /// Reads 12 digits.
    ///
    /// # Errors
    /// [`NotAnOrgCode`] for anything else.
    pub fn parse(text: &str) -> Result<Self, NotAnOrgCode> {
        let refuse = || NotAnOrgCode(text.chars().take(40).collect());
        let bytes: [u8; 12] = text.as_bytes().try_into().map_err(|_| refuse())?;
        if bytes.iter().all(u8::is_ascii_digit) { Ok(Self(bytes)) } else { Err(refuse()) }
    }
    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for OrgCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for OrgCode {
    type Err = NotAnOrgCode;
    fn from_str(text: &str) -> Result<Self, NotAnOrgCode> {
        Self::parse(text)
    }
}

/// Which unit stands under which, with the days from which that has been so. Cheap to ask, rebuilt from hq's events.
#[derive(Debug, Clone, Default)]
pub struct OrgTree {
    /// Unit → its parents with the first day of each, ascending.
    parents: HashMap<OrgCode, Vec<(Date, Option<OrgCode>)>>,
    retired: HashMap<OrgCode, Date>,
}

impl OrgTree {
    /// A unit stands under this parent from a day on.
    pub fn place(&mut self, unit: OrgCode, parent: Option<OrgCode>, from: Date) {
        let history = self.parents.entry(unit).or_default();
        history.retain(|(day, _)| *day != from);
        history.push((from, parent));
        history.sort_by_key(|(day, _)| *day);
    }
    /// A unit no longer exists from a day on.
    pub fn retire(&mut self, unit: OrgCode, from: Date) {
        self.retired.insert(unit, from);
    }
    /// Whether the unit is known at all.
    #[must_use]
    pub fn knows(&self, unit: OrgCode) -> bool {
        self.parents.contains_key(&unit)
    }
    /// Whether the unit exists on a day.
    #[must_use]
    pub fn exists_on(&self, unit: OrgCode, day: Date) -> bool {
        self.parents.get(&unit).and_then(|h| h.first()).is_some_and(|(from, _)| *from <= day)
            && self.retired.get(&unit).is_none_or(|end| day < *end)
    }
    /// The parent on a day; before the first day, the first parent.
    #[must_use]
    pub fn parent_on(&self, unit: OrgCode, day: Date) -> Option<OrgCode> {
        let history = self.parents.get(&unit)?;
        history.iter().rev().find(|(from, _)| *from <= day).or_else(|| history.first()).and_then(|(_, p)| *p)
    }
    /// Whether `unit` is `ancestor` or stands below it on a day. A unit that is not known stands only below itself.
    #[must_use]
    pub fn is_within(&self, unit: OrgCode, ancestor: OrgCode, day: Date) -> bool {
        let mut at = Some(unit);
        // A tree deeper than this is a loop in the data; stop rather than hang.
        for _ in 0..16 {
            match at {
                Some(here) if here == ancestor => return true,
                Some(here) => at = self.parent_on(here, day),
                None => return false,
            }
        }
        false
    }
    /// The days from `from` on, itself included, on which some unit begins to stand somewhere. Between two of them
    /// nothing moves, so a rule that holds on each holds on every day.
    #[must_use]
    pub fn turning_days(&self, from: Date) -> BTreeSet<Date> {
        let placed = self.parents.values().flatten().map(|(day, _)| *day).filter(|day| *day > from);
        placed.chain([from]).collect()
    }
    /// All known units in the order of their codes.
    #[must_use]
    pub fn units(&self) -> Vec<OrgCode> {
        let mut all: Vec<_> = self.parents.keys().copied().collect();
        all.sort();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    fn code(text: &str) -> OrgCode {
        OrgCode::parse(text).expect("12 digits")
    }

    #[test]
    fn only_twelve_digits_are_a_code() {
        for bad in ["", "37110201000", "3711020100000", "37110201000x", "３７１１０２０１００００"]
        {
            assert!(OrgCode::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_moved_station_stays_with_its_old_bureau_before_the_day() {
        let (city, a, b, station) =
            (code("371100000000"), code("371102000000"), code("371103000000"), code("371102010000"));
        let mut tree = OrgTree::default();
        tree.place(city, None, date!(2000 - 01 - 01));
        tree.place(a, Some(city), date!(2000 - 01 - 01));
        tree.place(b, Some(city), date!(2000 - 01 - 01));
        tree.place(station, Some(a), date!(2000 - 01 - 01));
        tree.place(station, Some(b), date!(2026 - 06 - 15));
        assert!(tree.is_within(station, a, date!(2026 - 06 - 14)));
        assert!(!tree.is_within(station, a, date!(2026 - 06 - 15)));
        assert!(tree.is_within(station, b, date!(2026 - 06 - 15)));
        assert!(tree.is_within(station, city, date!(2026 - 06 - 15)));
        assert!(!tree.is_within(a, station, date!(2026 - 06 - 15)));
        let days: Vec<_> = tree.turning_days(date!(2020 - 01 - 01)).into_iter().collect();
        assert_eq!(days, [date!(2020 - 01 - 01), date!(2026 - 06 - 15)]);
    }
}
