//! The rows of a closing's page: a unit's figures at each time, what differs, and what bears on them.

use std::collections::{HashMap, HashSet};
use xiaoan_proto::hq::v1::{ClosedEntry, ClosedFigures, ClosedValue, Indicator, MeasureRef};

use super::board::{self, Names, Place};
use super::format::{change, whole};
use super::{closing, figure, names};
use crate::measures::OFFICERS;
use crate::standings::figure::{Numbers, cell};

/// A unit.
#[derive(Debug)]
pub struct Line {
    /// What tells it from the others: the squadron, else the unit.
    pub key: String,
    /// Code of the unit; empty for the whole city.
    pub unit: String,
    /// Name on the last day of the period.
    pub name: String,
    /// Name of the unit above; empty when unknown.
    pub parent: String,
    /// The whole city.
    pub total: bool,
    /// Its figure at each time: frozen, as corrected last, now.
    pub figures: Vec<Figure>,
    /// "+2.1 pp" of a rate, "+1" of a count; empty when nothing differs or it cannot be evaluated.
    pub difference: String,
    /// "+1 / 0": numerator and denominator of a rate apart; empty when nothing differs.
    pub parts: String,
    /// Something differs: a number, the rank, or what bears on them.
    pub moved: bool,
    /// What bears on its figures.
    pub honest: Vec<Honest>,
}

/// A unit's figure at one time; without a text where it was not on the board.
#[derive(Debug, Default)]
pub struct Figure {
    /// Which time: "冻结".
    pub time: String,
    /// Rank; a dash for none.
    pub rank: String,
    /// Value with its unit; a dash when there is too little to say.
    pub value: String,
    /// Numerator and the page of its events.
    pub numerator: (String, String),
    /// The same of the denominator; the address is empty for headcounts.
    pub denominator: Option<(String, String)>,
}

/// What tells how far the rate can be trusted, then and now.
#[derive(Debug)]
pub struct Honest {
    /// "跨月补录".
    pub title: String,
    /// Number when it was frozen, and the page of its events.
    pub then: (String, String),
    /// The same now.
    pub now: (String, String),
    /// They differ.
    pub moved: bool,
}

/// A row of a set of figures; `None` stands for the figures of now.
pub type Seen<'a> = (Option<i32>, Option<&'a ClosedEntry>);

fn key_of(entry: &ClosedEntry) -> (&str, &str) {
    (&entry.org_unit, &entry.squadron)
}

/// Every unit's row in each set of figures, in the order of the frozen ranks, unranked ones behind them by code; then whoever
/// came later.
pub fn rows<'a>(shown: &[(Option<i32>, &'a ClosedFigures)]) -> Vec<Vec<Seen<'a>>> {
    let (mut keys, mut known) = (Vec::new(), HashSet::new());
    let mut sets = Vec::with_capacity(shown.len());
    for (number, figures) in shown {
        let mut entries: Vec<&ClosedEntry> = figures.entries.iter().collect();
        entries.sort_by_key(|&entry| (entry.rank.unwrap_or(i32::MAX), key_of(entry)));
        keys.extend(entries.iter().map(|entry| key_of(entry)).filter(|key| known.insert(*key)));
        let by_key: HashMap<_, _> = entries.into_iter().map(|entry| (key_of(entry), entry)).collect();
        sets.push((*number, by_key));
    }
    let seen = |key| sets.iter().map(|(number, of)| (*number, of.get(key).copied())).collect();
    keys.iter().map(seen).collect()
}

/// Makes the rows of one indicator.
pub struct Maker<'a> {
    /// What tells how far a rate can be trusted, of the frozen scheme.
    pub integrity: &'a [&'a Indicator],
    /// What is shown.
    pub indicator: &'a Indicator,
    /// Where.
    pub place: &'a Place,
    /// Names of units that are not on the board.
    pub lookup: Names<'a>,
}

impl Maker<'_> {
    /// A row, or the whole city's.
    pub fn line(&self, seen: &[Seen<'_>], total: bool) -> Line {
        let l = self.place.lang;
        let any = seen.iter().find_map(|(_, entry)| *entry).cloned().unwrap_or_default();
        let first = seen.first().and_then(|(_, entry)| *entry);
        let last = seen.last().and_then(|(_, entry)| *entry);
        let honest: Vec<Honest> = self.integrity.iter().filter_map(|of| self.honest(of, seen)).collect();
        let pair =
            (first.and_then(|e| numbers(e, self.indicator)), last.and_then(|e| numbers(e, self.indicator)));
        let ranks = |entry: Option<&ClosedEntry>| entry.and_then(|entry| entry.rank);
        let (difference, parts) = match pair {
            (Some(then), Some(now)) => self.difference(then, now),
            _ => Default::default(),
        };
        Line {
            key: if any.squadron.is_empty() { any.org_unit.clone() } else { any.squadron.clone() },
            name: if total {
                l.t("全市", "Whole city").to_owned()
            } else {
                l.name(&any.name_zh, &any.name_en).to_owned()
            },
            parent: (self.lookup)(&any.parent)
                .map(|(zh, en)| l.name(&zh, &en).to_owned())
                .unwrap_or_default(),
            total,
            figures: seen.iter().map(|(number, entry)| self.figure(*number, *entry)).collect(),
            moved: pair.0 != pair.1 || ranks(first) != ranks(last) || honest.iter().any(|h| h.moved),
            difference,
            parts,
            honest,
            unit: any.org_unit,
        }
    }

    fn figure(&self, number: Option<i32>, entry: Option<&ClosedEntry>) -> Figure {
        let (l, of) = (self.place.lang, self.indicator);
        let time = closing::column(number, l);
        let Some((entry, numbers)) = entry.and_then(|entry| Some((entry, numbers(entry, of)?))) else {
            return Figure { time, ..Figure::default() };
        };
        let part = |measure: &Option<MeasureRef>, quantity, name| {
            let measure = measure.as_ref().map_or("", |part| part.measure.as_str());
            let href =
                if measure == OFFICERS { String::new() } else { self.explain(entry, of, name, number) };
            (names::amount(measure, quantity), href)
        };
        Figure {
            time,
            rank: entry.rank.map_or("–".to_owned(), |rank| rank.to_string()),
            value: figure::shown(&cell(of, numbers, numbers), of, l),
            numerator: part(&of.numerator, numbers.numerator, "numerator"),
            denominator: numbers.denominator.map(|n| part(&of.denominator, n, "denominator")),
        }
    }

    /// ("+2.1 pp", "+1/0") of a rate, ("+1", "") of a count; ("", "") when nothing differs.
    fn difference(&self, then: Numbers, now: Numbers) -> (String, String) {
        let of = self.indicator;
        if then == now {
            return Default::default();
        }
        let signed = |part: &Option<MeasureRef>, by: i64| {
            let text = names::amount(part.as_ref().map_or("", |part| &part.measure), by);
            if by > 0 { format!("+{text}") } else { text }
        };
        let top = signed(&of.numerator, now.numerator - then.numerator);
        match (then.denominator, now.denominator) {
            (Some(before), Some(after)) => {
                let points = change(&cell(of, now, then).yoy);
                (points, format!("{top} / {}", signed(&of.denominator, after - before)))
            }
            _ => (top, String::new()),
        }
    }

    fn honest(&self, of: &Indicator, seen: &[Seen<'_>]) -> Option<Honest> {
        let told = |(number, entry): &Seen<'_>| {
            let Some((entry, numbers)) = entry.and_then(|entry| Some((entry, numbers(entry, of)?))) else {
                return ("—".to_owned(), String::new());
            };
            let text = match numbers.denominator {
                Some(n) => format!("{}/{}", whole(numbers.numerator), whole(n)),
                None => whole(numbers.numerator),
            };
            (text, self.explain(entry, of, "numerator", *number))
        };
        let (then, now) = (told(seen.first()?), told(seen.last()?));
        let nothing = |text: &str| matches!(text, "0" | "0/0" | "—");
        if nothing(&then.0) && nothing(&now.0) {
            return None;
        }
        let title = board::title(of, self.place.lang).to_owned();
        Some(Honest { title, moved: then.0 != now.0, then, now })
    }

    fn explain(&self, entry: &ClosedEntry, of: &Indicator, part: &str, number: Option<i32>) -> String {
        let closing = number.map(|number| number.to_string()).unwrap_or_default();
        self.place.explain(&entry.org_unit, &entry.squadron, of, part, &closing)
    }
}

fn numbers(entry: &ClosedEntry, of: &Indicator) -> Option<Numbers> {
    let value: &ClosedValue = entry.values.iter().find(|value| value.id == of.id)?;
    Some(Numbers { numerator: value.numerator, denominator: value.denominator })
}
