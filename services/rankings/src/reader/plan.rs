//! What is asked of the ledger for a board, and whose the answers are.

use super::standings::Question;
use crate::ledger::sums::{Sums, Wanted};
use crate::ledger::unit_number;
use crate::measures::Measure;
use crate::standings::attribution::Attribution;
use crate::standings::evaluate::{Sheet, Slot};
use crate::standings::period::Days;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use xiaoan_kernel::{OrgCode, OrgTree};

/// Places of the entrants above each unit that stayed where it was, by the unit's number.
pub(super) type Settled = HashMap<i64, Vec<usize>>;

/// What is asked of the ledger for a board, and whose the answers are.
pub(super) struct Plan {
    pub(super) measures: Vec<Measure>,
    pub(super) wanted: Vec<Wanted>,
    targets: Vec<(Slot, Target)>,
    now: HashSet<OrgCode>,
    previous: HashSet<OrgCode>,
    /// Who counts for whom, by slot; `None` = nothing moved on any of the days, so one answer will do and can wait.
    attributions: Option<[Attribution; 3]>,
    earliest: Days,
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
        let now: HashSet<_> = question.entrants.iter().map(|e| e.code).collect();
        let previous: HashSet<_> = question.previous_entrants.iter().copied().collect();
        let slots = question.slots();
        let still = question.period.is_still(tree);
        let attributions = (!still).then(|| {
            slots.each_ref().map(|(slot, days, _)| {
                let entrants = if *slot == Slot::Previous { &previous } else { &now };
                Attribution::of(tree, entrants, *days)
            })
        });
        let mut plan = Self {
            measures: Vec::new(),
            wanted: Vec::new(),
            targets: Vec::new(),
            now,
            previous,
            attributions,
            earliest: question.period.base,
        };
        let mut measures: BTreeSet<Measure> = BTreeSet::new();
        for (at, (slot, days, parts)) in slots.iter().enumerate() {
            // Officers are no measure of the ledger, and a measure that is not booked sums to nothing.
            let booked =
                parts.iter().filter_map(|(name, prefix)| Some((Measure::named(name)?, prefix.as_str())));
            let mut prefixes: BTreeSet<&str> = BTreeSet::new();
            for (measure, prefix) in booked {
                measures.insert(measure);
                prefixes.insert(prefix);
            }
            for prefix in prefixes {
                plan.want(*slot, prefix, *days, None, Target::City);
                let moved = plan.attributions.as_ref().map(|slots| slots[at].moved.clone());
                for segment in moved.into_iter().flatten() {
                    plan.want(
                        *slot,
                        prefix,
                        segment.days,
                        Some(segment.unit),
                        Target::Entrants(segment.entrants),
                    );
                }
            }
        }
        plan.measures = measures.into_iter().collect();
        plan
    }

    fn want(&mut self, slot: Slot, prefix: &str, days: Days, unit: Option<OrgCode>, target: Target) {
        self.wanted.push(Wanted { prefix: prefix.to_owned(), days, unit: unit.map(unit_number) });
        self.targets.push((slot, target));
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
