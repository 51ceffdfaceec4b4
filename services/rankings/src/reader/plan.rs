//! What is asked of the ledger for a board, and whose the answers are.

use super::standings::Question;
use crate::ledger::sums::{Sums, Wanted};
use crate::ledger::unit_number;
use crate::measures::Measure;
use crate::source::Source;
use crate::standings::attribution::Attribution;
use crate::standings::evaluate::{EntrantId, Sheet, Slot};
use crate::standings::period::Days;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use xiaoan_kernel::{OrgCode, OrgTree};

/// Places of the entrants above each unit that stayed where it was, by the unit's number.
pub(super) type Settled = HashMap<i64, Vec<usize>>;

/// What is asked of the ledger for a board, and whose the answers are.
pub(super) struct Plan {
    /// One per source that a measure comes from.
    pub(super) asks: Vec<Ask>,
    now: HashSet<OrgCode>,
    previous: HashSet<OrgCode>,
    /// Who counts for whom, by slot; `None` = nothing moved on any of the days, so one answer will do and can wait.
    attributions: Option<[Attribution; 3]>,
    earliest: Days,
}

/// What is asked of one source's sums.
pub(super) struct Ask {
    pub(super) source: Source,
    pub(super) measures: Vec<Measure>,
    pub(super) wanted: Vec<Wanted>,
    targets: Vec<(Slot, Target)>,
}

/// Whose wanted sums are.
enum Target {
    /// The city's, and the entrants' above each settled unit.
    City,
    /// A moved unit's on some of the days: these entrants'.
    Entrants(Vec<OrgCode>),
}

impl Plan {
    pub(super) fn new(question: &Question<'_>, tree: &OrgTree) -> Self {
        let (now, previous) = question.units();
        let slots = question.slots();
        let still = question.period.is_still(tree);
        let attributions = (!still).then(|| {
            slots.each_ref().map(|(slot, days, _)| {
                let entrants = if *slot == Slot::Previous { &previous } else { &now };
                Attribution::of(tree, entrants, *days)
            })
        });
        let mut asks = Vec::new();
        for source in Source::ALL {
            let mut ask = Ask { source, measures: Vec::new(), wanted: Vec::new(), targets: Vec::new() };
            let mut measures: BTreeSet<Measure> = BTreeSet::new();
            for (at, (slot, days, parts)) in slots.iter().enumerate() {
                // Officers are no measure of the ledger, and a measure that is not booked sums to nothing.
                let booked = parts.iter().filter_map(|(name, prefix)| {
                    Some((Measure::named(name).filter(|m| m.source() == source)?, prefix.as_str()))
                });
                let mut prefixes: BTreeSet<&str> = BTreeSet::new();
                for (measure, prefix) in booked {
                    measures.insert(measure);
                    prefixes.insert(prefix);
                }
                for prefix in prefixes {
                    ask.want(*slot, prefix, *days, None, Target::City);
                    let moved = attributions.as_ref().map(|slots| slots[at].moved.as_slice());
                    for segment in moved.into_iter().flatten() {
                        let target = Target::Entrants(segment.entrants.clone());
                        ask.want(*slot, prefix, segment.days, Some(segment.unit), target);
                    }
                }
            }
            ask.measures = measures.into_iter().collect();
            if !ask.wanted.is_empty() {
                asks.push(ask);
            }
        }
        Self { asks, now, previous, attributions, earliest: question.period.base }
    }

    pub(super) fn entrants(&self, slot: Slot) -> &HashSet<OrgCode> {
        if slot == Slot::Previous { &self.previous } else { &self.now }
    }

    /// By slot: now, base, previous.
    pub(super) fn settled(&self, tree: &OrgTree, sheet: &mut Sheet) -> [Arc<Settled>; 3] {
        let mut by_number = |attribution: &Attribution| -> Arc<Settled> {
            let placed = attribution.settled.iter().map(|(unit, above)| {
                (unit_number(*unit), above.iter().map(|entrant| sheet.place(*entrant)).collect())
            });
            Arc::new(placed.collect())
        };
        if let Some(attributions) = &self.attributions {
            return attributions.each_ref().map(by_number);
        }
        let now = by_number(&Attribution::of(tree, &self.now, self.earliest));
        let previous = match self.previous == self.now {
            true => Arc::clone(&now),
            false => by_number(&Attribution::of(tree, &self.previous, self.earliest)),
        };
        [Arc::clone(&now), now, previous]
    }
}

impl Ask {
    fn want(&mut self, slot: Slot, prefix: &str, days: Days, unit: Option<OrgCode>, target: Target) {
        self.wanted.push(Wanted { prefix: prefix.to_owned(), days, unit: unit.map(unit_number) });
        self.targets.push((slot, target));
    }

    pub(super) fn fill(&self, sheet: &mut Sheet, settled: &[Arc<Settled>; 3], sums: &[Sums]) {
        for (((slot, target), wanted), sums) in self.targets.iter().zip(&self.wanted).zip(sums) {
            let above: Vec<&[usize]> = match target {
                Target::City => {
                    let settled = &settled[*slot as usize];
                    sums.units.iter().map(|unit| settled.get(unit).map_or(&[][..], Vec::as_slice)).collect()
                }
                Target::Entrants(_) => Vec::new(),
            };
            for (measure, quantities) in self.measures.iter().zip(&sums.measures) {
                let part = (measure.name().to_owned(), wanted.prefix.clone());
                let sum: i64 = quantities.iter().sum();
                match target {
                    Target::City => {
                        let column = sheet.column(*slot, &part);
                        column.add_total(sum);
                        for (places, quantity) in above.iter().zip(quantities) {
                            places.iter().for_each(|place| column.add(*place, *quantity));
                        }
                    }
                    Target::Entrants(entrants) => {
                        entrants.iter().for_each(|entrant| sheet.add(*slot, &part, *entrant, sum));
                    }
                }
            }
        }
    }
}

/// What is asked of one source for squadrons: sums by category are squadrons' sums.
pub(super) fn squadron_measures(question: &Question<'_>) -> Vec<(Slot, Days, Vec<Measure>)> {
    let of_squadrons = |name: &str| xiaoan_proto::SQUADRON_MEASURES.contains(&name);
    let slots = question.slots().into_iter().map(|(slot, days, parts)| {
        // Narrowed to categories, a part is of no squadron.
        let measures: BTreeSet<Measure> = parts
            .iter()
            .filter(|(name, prefix)| of_squadrons(name) && prefix.is_empty())
            .filter_map(|(name, _)| Measure::named(name))
            .collect();
        (slot, days, measures.into_iter().collect::<Vec<_>>())
    });
    slots.filter(|(.., measures)| !measures.is_empty()).collect()
}

/// Adds sums by category to squadrons and to the city.
pub(super) fn fill_squadrons(
    sheet: &mut Sheet,
    slot: Slot,
    measures: &[Measure],
    sums: Vec<(String, Vec<i64>)>,
) {
    for (squadron, quantities) in sums {
        let place = sheet.place(EntrantId::Squadron(squadron));
        for (measure, quantity) in measures.iter().zip(quantities) {
            let column = sheet.column(slot, &(measure.name().to_owned(), String::new()));
            column.add_total(quantity);
            column.add(place, quantity);
        }
    }
}
