//! The figure that a drawing or an explanation is about: one indicator of a board, and what the pages about it share.

use xiaoan_proto::hq::v1::{Campaign, Indicator, Scheme};
use xiaoan_proto::rankings::v1::{Entry, GetStandingsResponse, IndicatorValue};

use super::ask::Ask;
use super::board::{self, Place, days, version};
use super::format::{Moment, grouped, percent_of_bp};
use super::lang::Lang;
use super::pages::period_label;
use super::status::Status;
use super::{links, names};

/// What stands at the head of a page about a board's figure.
#[derive(Debug)]
pub struct Head {
    /// Address of the board.
    pub board_href: String,
    /// Title of the board.
    pub board_title: String,
    /// Name of the period.
    pub period: String,
    /// Days counted.
    pub days: String,
    /// Name of the indicator.
    pub indicator: String,
    /// "破案 ÷ 立案".
    pub ratio: String,
    /// Version of the scheme.
    pub version: String,
    /// As known at.
    pub as_of: Option<Moment>,
    /// What it is based on.
    pub status: Status,
}

impl Head {
    /// Of standings.
    pub fn of(
        standings: &GetStandingsResponse,
        indicator: &Indicator,
        place: &Place,
        campaigns: &[Campaign],
    ) -> Self {
        let lang = place.lang;
        let scheme = standings.scheme.clone().unwrap_or_default();
        Self {
            board_href: links::board(&place.board, &place.period, &place.as_of, lang),
            board_title: lang.name(&scheme.title_zh, &scheme.title_en).to_owned(),
            period: period_label(&place.period, campaigns, lang),
            days: days(standings, lang),
            indicator: board::title(indicator, lang).to_owned(),
            ratio: names::ratio(indicator, lang),
            version: version(&scheme, lang),
            as_of: Moment::of_wire(standings.as_of.as_ref()),
            status: Status::of(&standings.sources, lang),
        }
    }
}

/// The indicators of a scheme, in its order.
#[derive(Debug)]
pub struct Split<'a> {
    /// Those that have a column.
    pub shown: Vec<&'a Indicator>,
    /// Those that tell how far a rate can be trusted, and so stand beside it.
    pub integrity: Vec<&'a Indicator>,
}

/// Splits the indicators of a scheme: once, not for every row.
pub fn split(scheme: &Scheme) -> Split<'_> {
    let (integrity, shown) = scheme.indicators.iter().partition(|of| names::is_integrity(of));
    Split { shown, integrity }
}

/// The indicator that a request names, else the one that ranks.
pub fn indicator<'a>(standings: &'a GetStandingsResponse, ask: &Ask) -> Option<&'a Indicator> {
    let scheme = standings.scheme.as_ref()?;
    let id = match ask.get("indicator") {
        "" => scheme.rank_by.as_str(),
        id => id,
    };
    scheme.indicators.iter().find(|indicator| indicator.id == id)
}

/// The threshold below which a scheme asks for attention to an indicator; `None` when it does not.
pub fn threshold(scheme: &Scheme, indicator: &Indicator) -> Option<(i64, i64)> {
    let rule = scheme.attention_rules.iter().find(|rule| rule.indicator_id == indicator.id)?;
    Some((rule.threshold_numerator, rule.threshold_denominator))
}

/// A unit's value of an indicator.
pub fn value<'a>(entry: &'a Entry, indicator: &Indicator) -> Option<&'a IndicatorValue> {
    entry.indicators.iter().find(|value| value.id == indicator.id)
}

/// "40.0%", "12 件"; a dash when it cannot be evaluated.
pub fn shown(value: &IndicatorValue, indicator: &Indicator, lang: Lang) -> String {
    match value.display.as_str() {
        "" => "—".to_owned(),
        text if names::is_percent(indicator) => format!("{}%", grouped(text)),
        text => match names::unit(&indicator.unit, lang) {
            "" => grouped(text),
            unit => format!("{} {unit}", grouped(text)),
        },
    }
}

/// Ends of the 95 % interval in parts per 10,000; `None` of what is no share of cases.
pub fn ends(value: &IndicatorValue) -> Option<(i32, i32)> {
    value.wilson_low.zip(value.wilson_high)
}

/// "21.9–61.3"; empty without an interval.
pub fn interval(ends: Option<(i32, i32)>) -> String {
    ends.map_or_else(String::new, |(low, high)| format!("{}–{}", percent_of_bp(low), percent_of_bp(high)))
}

/// "8/20"; empty for counts.
pub fn fraction(value: &IndicatorValue, indicator: &Indicator) -> String {
    let amount = |part: &Option<xiaoan_proto::hq::v1::MeasureRef>, quantity| {
        names::amount(part.as_ref().map_or("", |part| &part.measure), quantity)
    };
    match value.denominator {
        Some(denominator) => format!(
            "{}/{}",
            amount(&indicator.numerator, value.numerator),
            amount(&indicator.denominator, denominator)
        ),
        None => String::new(),
    }
}

/// The page of a board about a figure of a unit, or of the whole city.
pub fn page(place: &Place, page: &str, key: &str, indicator: &str) -> String {
    let pairs = [
        ("period", place.period.as_str()),
        ("unit", key),
        ("indicator", indicator),
        ("as_of", place.as_of.as_str()),
    ];
    links::to(&format!("/boards/{}/{page}", links::encoded(&place.board)), &pairs, place.lang)
}

/// What tells a row from the others: its squadron, else its unit.
pub fn key(entry: &Entry) -> &str {
    if entry.squadron.is_empty() { &entry.org_unit } else { &entry.squadron }
}
