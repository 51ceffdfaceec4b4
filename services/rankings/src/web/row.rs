//! A row of a board: rank, change, unit, why it asks for attention, and a cell for every figure.

use xiaoan_proto::hq::v1::{AttentionRule, Indicator, Scheme};
use xiaoan_proto::rankings::v1::{Entry, IndicatorValue};

use super::board::{Names, Place, title};
use super::figure::{self, Split};
use super::format::{change, grouped, percent_of_bp, whole};
use super::interval::{self, Bar};
use super::lang::Lang;
use super::overdue::Overdue;
use super::{names, why};
use crate::measures::OFFICERS;

/// A row.
#[derive(Debug)]
pub struct Row {
    /// What tells it from the other rows: the unit, or the squadron; empty for the whole city.
    pub key: String,
    /// Code of the unit; empty for the whole city.
    pub unit: String,
    /// Name.
    pub name: String,
    /// Page that says why it has its rank; empty for the whole city.
    pub why: String,
    /// Name of the unit above; empty when unknown.
    pub parent: String,
    /// Rank.
    pub rank: Option<i32>,
    /// Change on the period before.
    pub change: RankChange,
    /// Asks for attention.
    pub attention: Option<Attention>,
    /// Cells in the order of the columns.
    pub cells: Vec<Cell>,
    /// What tells how far the rate can be trusted, as far as it is not zero.
    pub integrity: Vec<Remark>,
    /// Notices that it is late with.
    pub overdue: Vec<Overdue>,
}

/// A figure in the line under a unit: what happened to its cases that bears on its rate.
#[derive(Debug)]
pub struct Remark {
    /// "撤销破案".
    pub title: String,
    /// "2", or "18/20" of a rate.
    pub value: String,
    /// Link to its events.
    pub href: String,
}

/// What became of a rank since the period before.
#[derive(Debug, PartialEq, Eq)]
pub enum RankChange {
    /// Places won.
    Up(i32),
    /// Places lost.
    Down(i32),
    /// The same rank.
    Same,
    /// Ranked now, not before.
    New,
    /// Not ranked now; the rank before, when there was one.
    Unranked(Option<i32>),
}

/// Why a row asks for attention.
#[derive(Debug)]
pub struct Attention {
    /// "破案率 < 40%".
    pub reason: String,
    /// The interval reaches the threshold: it may be chance.
    pub perhaps_chance: bool,
}

/// A figure.
#[derive(Debug)]
pub struct Cell {
    /// Column title, for the narrow layout.
    pub title: String,
    /// Drawn with fraction and interval on a scale to 100 %.
    pub percent: bool,
    /// Has a denominator.
    pub rate: bool,
    /// The board is ranked by it.
    pub ranks: bool,
    /// "40.0" or "7,470,000.00"; "—" when it cannot be evaluated.
    pub value: String,
    /// Unit after a rate's value: "%".
    pub unit: String,
    /// Figure spaces that bring decimal points of a column under one another.
    pub pad: String,
    /// Numerator.
    pub numerator: String,
    /// Denominator of a rate.
    pub denominator: Option<String>,
    /// Link to the events of the numerator.
    pub numerator_href: String,
    /// Link to the events of the denominator; absent for headcounts, which are not events of the ledger.
    pub denominator_href: Option<String>,
    /// Ends of the interval, "21.9" and "61.3", and its drawing.
    pub interval: Option<(String, String, Bar)>,
    /// Change on the year before.
    pub yoy: Yoy,
}

/// Change on the year before.
#[derive(Debug, PartialEq, Eq)]
pub enum Yoy {
    /// Known.
    Known {
        /// "+84.8%" or "+22.8 pp".
        change: String,
        /// "+91.3%" beside a change in percentage points; empty for counts.
        relative: String,
        /// "809" or "809/3,235".
        base: String,
    },
    /// The year before is zero: no figure, never infinity.
    BaseZero,
    /// Cannot be evaluated now or then.
    None,
}

/// Pads the values of every column so that their decimal points stand under one another.
pub fn align<'a>(rows: impl Iterator<Item = &'a mut Row>) {
    let mut rows: Vec<&mut Row> = rows.collect();
    let columns = rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    for column in 0..columns {
        let places = |row: &&mut Row| row.cells.get(column).map_or(0, |cell| decimals(&cell.value));
        let most = rows.iter().map(places).max().unwrap_or(0);
        for cell in rows.iter_mut().filter_map(|row| row.cells.get_mut(column)) {
            cell.pad = "\u{2007}".repeat(most - decimals(&cell.value));
        }
    }
}

fn decimals(value: &str) -> usize {
    value.split_once('.').map_or(0, |(_, decimals)| decimals.len())
}

/// Builds a row; the entry without a unit is the whole city.
pub fn row(entry: &Entry, scheme: &Scheme, split: &Split<'_>, place: &Place, lookup: Names<'_>) -> Row {
    let lang = place.lang;
    let parent = lookup(&entry.parent).map(|(zh, en)| lang.name(&zh, &en).to_owned());
    let by_id = |id: &str| entry.indicators.iter().find(|value| value.id == id);
    let cells = split.shown.iter().map(|indicator| match by_id(&indicator.id) {
        Some(value) => cell(value, indicator, entry, scheme, place),
        None => missing(indicator, lang),
    });
    Row {
        key: figure::key(entry).to_owned(),
        unit: entry.org_unit.clone(),
        name: match (entry.org_unit.as_str(), entry.squadron.as_str()) {
            ("", "") => lang.t("全市", "Whole city").to_owned(),
            _ => lang.name(&entry.name_zh, &entry.name_en).to_owned(),
        },
        why: why::href(place, entry),
        parent: parent.unwrap_or_default(),
        rank: entry.rank,
        change: rank_change(entry.rank, entry.previous_rank),
        attention: entry.attention.then(|| attention(entry, scheme, lang)),
        cells: cells.collect(),
        integrity: split.integrity.iter().filter_map(|i| remark(by_id(&i.id)?, i, entry, place)).collect(),
        overdue: Vec::new(),
    }
}

/// Nothing for zero.
fn remark(value: &IndicatorValue, of: &Indicator, row: &Entry, place: &Place) -> Option<Remark> {
    let there = value.denominator.unwrap_or(value.numerator) != 0;
    there.then(|| Remark {
        title: title(of, place.lang).to_owned(),
        value: match value.denominator {
            Some(denominator) => format!("{}/{}", whole(value.numerator), whole(denominator)),
            None => whole(value.numerator),
        },
        href: place.explain_row(row, of, "numerator"),
    })
}

fn rank_change(now: Option<i32>, before: Option<i32>) -> RankChange {
    match (now, before) {
        (None, before) => RankChange::Unranked(before),
        (Some(_), None) => RankChange::New,
        (Some(now), Some(before)) => match before - now {
            0 => RankChange::Same,
            won if won > 0 => RankChange::Up(won),
            lost => RankChange::Down(-lost),
        },
    }
}

fn attention(entry: &Entry, scheme: &Scheme, lang: Lang) -> Attention {
    let broken = scheme.attention_rules.iter().find_map(|rule| {
        let value = entry.indicators.iter().find(|v| v.id == rule.indicator_id && v.evaluable)?;
        let below = i128::from(value.numerator) * i128::from(rule.threshold_denominator)
            < i128::from(rule.threshold_numerator) * i128::from(value.denominator?);
        below.then_some((rule, value))
    });
    match broken {
        Some((rule, value)) => {
            let threshold = interval::parts_of((rule.threshold_numerator, rule.threshold_denominator));
            Attention {
                reason: reason(rule, scheme, lang),
                perhaps_chance: value.wilson_high.is_some_and(|high| high >= threshold),
            }
        }
        None => Attention { reason: String::new(), perhaps_chance: false },
    }
}

/// An attention rule in words: "破案率 < 40%".
pub fn reason(rule: &AttentionRule, scheme: &Scheme, lang: Lang) -> String {
    let indicator = scheme.indicators.iter().find(|i| i.id == rule.indicator_id);
    let name = indicator.map_or(rule.indicator_id.as_str(), |i| title(i, lang));
    let threshold = match (rule.threshold_numerator, rule.threshold_denominator) {
        (numerator, 100) if indicator.is_none_or(names::is_percent) => format!("{numerator}%"),
        (numerator, 1) => numerator.to_string(),
        (numerator, denominator) => format!("{numerator}/{denominator}"),
    };
    format!("{name} < {threshold}")
}

fn cell(value: &IndicatorValue, of: &Indicator, row: &Entry, scheme: &Scheme, place: &Place) -> Cell {
    let explain = |part| place.explain_row(row, of, part);
    let threshold = figure::threshold(scheme, of);
    let interval = match (value.wilson_low, value.wilson_high, value.denominator) {
        (Some(low), Some(high), Some(denominator)) => {
            let drawn = interval::bar(low, high, (value.numerator, denominator), threshold);
            Some((percent_of_bp(low), percent_of_bp(high), drawn))
        }
        _ => None,
    };
    let shown = if value.display.is_empty() { "—".to_owned() } else { grouped(&value.display) };
    let headcount = of.denominator.as_ref().is_some_and(|d| d.measure == OFFICERS);
    let measure = of.numerator.as_ref().map_or("", |numerator| &numerator.measure);
    Cell {
        title: title(of, place.lang).to_owned(),
        percent: names::is_percent(of),
        rate: of.denominator.is_some(),
        ranks: of.id == scheme.rank_by,
        unit: if names::is_percent(of) && !value.display.is_empty() { "%".to_owned() } else { String::new() },
        value: shown,
        pad: String::new(),
        numerator: names::amount(measure, value.numerator),
        denominator: value.denominator.map(|d| {
            names::amount(of.denominator.as_ref().map_or("", |denominator| &denominator.measure), d)
        }),
        numerator_href: explain("numerator"),
        denominator_href: (!headcount).then(|| explain("denominator")),
        interval,
        yoy: yoy(value, measure),
    }
}

fn missing(of: &Indicator, lang: Lang) -> Cell {
    Cell {
        title: title(of, lang).to_owned(),
        percent: names::is_percent(of),
        rate: of.denominator.is_some(),
        ranks: false,
        value: "—".to_owned(),
        pad: String::new(),
        unit: String::new(),
        numerator: String::new(),
        denominator: None,
        numerator_href: String::new(),
        denominator_href: None,
        interval: None,
        yoy: Yoy::None,
    }
}

fn yoy(value: &IndicatorValue, measure: &str) -> Yoy {
    if value.base_zero {
        return Yoy::BaseZero;
    }
    if value.yoy.is_empty() {
        return Yoy::None;
    }
    let numerator = names::amount(measure, value.base_numerator);
    let base = match value.base_denominator {
        Some(denominator) => format!("{numerator}/{}", whole(denominator)),
        None => numerator,
    };
    Yoy::Known { change: change(&value.yoy), relative: change(&value.yoy_relative), base }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::sample;

    #[test]
    fn decimal_points_stand_under_one_another() {
        let place = Place {
            board: "theft-stations".into(),
            period: "2026-06".into(),
            as_of: String::new(),
            lang: Lang::Zh,
        };
        let mut standings = sample::standings();
        standings.entries[1].indicators[2].display = "65.00".into();
        let scheme = sample::scheme();
        let split = figure::split(&scheme);
        let row = |entry| row(entry, &scheme, &split, &place, &|_| None);
        let mut rows: Vec<Row> = standings.entries.iter().take(2).map(row).collect();
        align(rows.iter_mut());
        assert_eq!((rows[0].cells[2].value.as_str(), rows[0].cells[2].pad.as_str()), ("68.0", "\u{2007}"));
        assert_eq!((rows[1].cells[2].value.as_str(), rows[1].cells[2].pad.as_str()), ("65.00", ""));
    }

    #[test]
    fn a_move_is_told_from_both_ranks() {
        assert_eq!(rank_change(Some(2), Some(5)), RankChange::Up(3));
        assert_eq!(rank_change(Some(5), Some(2)), RankChange::Down(3));
        assert_eq!(rank_change(Some(2), Some(2)), RankChange::Same);
        assert_eq!(rank_change(Some(2), None), RankChange::New);
        assert_eq!(rank_change(None, Some(2)), RankChange::Unranked(Some(2)));
    }
}
