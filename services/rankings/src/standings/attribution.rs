//! Whose facts count for whom: a unit's facts count for itself and for everything above it **on the day of the fact**.
//! A station that moved takes its later facts to the new bureau and leaves the earlier ones with the old.

use super::period::Days;
use std::collections::{HashMap, HashSet};
use time::Date;
use xiaoan_kernel::{OrgCode, OrgTree};

/// A tree deeper than this is a loop in the data.
const DEPTH: usize = 16;

/// Facts of a unit on these days count for these entrants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Unit whose facts.
    pub unit: OrgCode,
    /// On which days.
    pub days: Days,
    /// For whom; the unit itself may be among them.
    pub entrants: Vec<OrgCode>,
}

/// Every unit of a tree with the entrants its facts count for over some days.
#[derive(Debug, Clone, Default)]
pub struct Attribution {
    /// Units that stood in one place on all the days: by far the most.
    pub settled: HashMap<OrgCode, Vec<OrgCode>>,
    /// Units that moved on one of the days, in pieces that together are all the days.
    pub moved: Vec<Segment>,
}

impl Attribution {
    /// Who counts for whom over these days.
    #[must_use]
    pub fn of(tree: &OrgTree, entrants: &HashSet<OrgCode>, days: Days) -> Self {
        let turns: Vec<Date> =
            tree.turning_days(days.from).into_iter().filter(|day| *day < days.until).collect();
        let mut found = Self::default();
        for unit in tree.units() {
            let mut pieces: Vec<Segment> = Vec::with_capacity(1);
            for (at, from) in turns.iter().enumerate() {
                let above = above(tree, unit, *from, entrants);
                let until = turns.get(at + 1).copied().unwrap_or(days.until);
                match pieces.last_mut() {
                    Some(last) if last.entrants == above => last.days.until = until,
                    _ => pieces.push(Segment { unit, days: Days { from: *from, until }, entrants: above }),
                }
            }
            if pieces.len() > 1 {
                found.moved.extend(pieces);
            } else if let Some(only) = pieces.pop() {
                found.settled.insert(unit, only.entrants);
            }
        }
        found
    }

    /// The units and days whose facts count for one entrant.
    #[must_use]
    pub fn segments_of(&self, entrant: OrgCode, days: Days) -> Vec<(OrgCode, Days)> {
        let settled =
            self.settled.iter().filter(|(_, e)| e.contains(&entrant)).map(|(unit, _)| (*unit, days));
        let moved = self.moved.iter().filter(|s| s.entrants.contains(&entrant)).map(|s| (s.unit, s.days));
        let mut all: Vec<_> = settled.chain(moved).collect();
        all.sort_by_key(|(unit, days)| (*unit, days.from));
        all
    }
}

fn above(tree: &OrgTree, unit: OrgCode, day: Date, entrants: &HashSet<OrgCode>) -> Vec<OrgCode> {
    std::iter::successors(Some(unit), |here| tree.parent_on(*here, day))
        .take(DEPTH)
        .filter(|here| entrants.contains(here))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    fn code(text: &str) -> OrgCode {
        OrgCode::parse(text).expect("12 digits")
    }

    #[test]
    fn a_moved_station_counts_for_the_old_bureau_until_its_day() {
        let always = date!(2000 - 01 - 01);
        let (city, a, b) = (code("371100000000"), code("371102000000"), code("371103000000"));
        let (moving, staying) = (code("371102010000"), code("371102020000"));
        let mut tree = OrgTree::default();
        tree.place(city, None, always);
        for (unit, parent) in [(a, city), (b, city), (moving, a), (staying, a)] {
            tree.place(unit, Some(parent), always);
        }
        tree.place(moving, Some(b), date!(2026 - 06 - 15));
        let june = Days::inclusive(date!(2026 - 06 - 01), date!(2026 - 06 - 30)).expect("days");
        let bureaus = HashSet::from([a, b]);

        let found = Attribution::of(&tree, &bureaus, june);
        let early = Days::inclusive(date!(2026 - 06 - 01), date!(2026 - 06 - 14)).expect("days");
        let late = Days::inclusive(date!(2026 - 06 - 15), date!(2026 - 06 - 30)).expect("days");
        assert_eq!(found.settled[&staying], [a]);
        assert_eq!(found.segments_of(a, june), [(a, june), (moving, early), (staying, june)]);
        assert_eq!(found.segments_of(b, june), [(moving, late), (b, june)]);

        let stations = HashSet::from([moving, staying]);
        let found = Attribution::of(&tree, &stations, june);
        assert!(found.moved.is_empty(), "a station's own board does not care where it stands");
        assert_eq!(found.segments_of(moving, june), [(moving, june)]);
    }

    #[test]
    fn a_loop_in_the_data_does_not_hang() {
        let (a, b) = (code("371102000000"), code("371103000000"));
        let mut tree = OrgTree::default();
        tree.place(a, Some(b), date!(2000 - 01 - 01));
        tree.place(b, Some(a), date!(2000 - 01 - 01));
        let june = Days::inclusive(date!(2026 - 06 - 01), date!(2026 - 06 - 30)).expect("days");
        let found = Attribution::of(&tree, &HashSet::from([a]), june);
        assert!(!found.settled[&b].is_empty());
    }
}
