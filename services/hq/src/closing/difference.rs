//! What differs between the figures of two moments.

use std::collections::{BTreeMap, BTreeSet};
use xiaoan_proto::hq::v1::{ClosedDifference, ClosedEntry, ClosedFigures, ClosedValue};

type Key<'a> = (&'a str, &'a str);

/// Differences by org unit and squadron: of ranks (without an indicator), then of every indicator.
pub(super) fn between(before: &ClosedFigures, after: &ClosedFigures) -> Vec<ClosedDifference> {
    let (old, new) = (by_key(before), by_key(after));
    let keys: BTreeSet<Key<'_>> = old.keys().chain(new.keys()).copied().collect();
    keys.into_iter().flat_map(|key| of_entry(key, old.get(&key).copied(), new.get(&key).copied())).collect()
}

fn by_key(figures: &ClosedFigures) -> BTreeMap<Key<'_>, &ClosedEntry> {
    figures.entries.iter().map(|e| ((e.org_unit.as_str(), e.squadron.as_str()), e)).collect()
}

fn of_entry(
    (org_unit, squadron): Key<'_>,
    before: Option<&ClosedEntry>,
    after: Option<&ClosedEntry>,
) -> Vec<ClosedDifference> {
    let row = ClosedDifference {
        org_unit: org_unit.to_owned(),
        squadron: squadron.to_owned(),
        rank_before: before.and_then(|e| e.rank),
        rank_after: after.and_then(|e| e.rank),
        ..Default::default()
    };
    let mut differences = Vec::new();
    let attention = |entry: Option<&ClosedEntry>| entry.map(|e| e.attention);
    if row.rank_before != row.rank_after || attention(before) != attention(after) {
        differences.push(row.clone());
    }
    let ids = before.into_iter().chain(after).flat_map(|e| e.values.iter().map(|v| v.id.as_str()));
    let mut seen = BTreeSet::new();
    for id in ids.filter(|id| seen.insert(*id)) {
        let (old, new) = (value(before, id), value(after, id));
        let numbers = |v: Option<&ClosedValue>| v.map(|v| (v.numerator, v.denominator));
        if numbers(old) != numbers(new) {
            differences.push(ClosedDifference {
                indicator_id: id.to_owned(),
                numerator_before: old.map_or(0, |v| v.numerator),
                numerator_after: new.map_or(0, |v| v.numerator),
                denominator_before: old.and_then(|v| v.denominator),
                denominator_after: new.and_then(|v| v.denominator),
                ..row.clone()
            });
        }
    }
    differences
}

fn value<'a>(entry: Option<&'a ClosedEntry>, id: &str) -> Option<&'a ClosedValue> {
    entry.and_then(|entry| entry.values.iter().find(|value| value.id == id))
}
