//! `GET /boards/{board}/why?unit=`: why a unit has its rank: formula, version, fraction, and the neighbours it is compared with.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use std::cmp::Ordering;
use xiaoan_kernel::fraction::Fraction;
use xiaoan_proto::hq::v1::{Campaign, Direction, Indicator};
use xiaoan_proto::rankings::v1::{Entry, GetStandingsResponse, IndicatorValue};

use super::Web;
use super::ask::{Ask, Frame};
use super::board::{Names, Place};
use super::figure::{self, Head};
use super::format::{percent_of_bp, whole};
use super::lang::Lang;
use super::names;
use super::pages::{answer, last_day, place};
use super::problem::Problem;
use super::row::{self, Remark, Row};
use crate::measures::OFFICERS;

/// Neighbours shown on either side.
const BESIDE: usize = 3;

/// The handler.
pub async fn why(State(web): State<Web>, Path(board): Path<String>, ask: Ask) -> Response {
    answer(&web, &ask, read(&web, &board, &ask).await).await
}

async fn read(web: &Web, board: &str, ask: &Ask) -> Result<Response, Problem> {
    let (place, as_of) = place(web, board, ask).await?;
    let broken = |error| Problem::of(error, board, &place.period);
    let standings = web.reader.standings(board, &place.period, as_of).await.map_err(broken)?;
    let campaigns = web.reader.campaigns().await.map_err(broken)?;
    let day = last_day(&standings).unwrap_or_else(|| web.reader.today());
    let names = |code: &str| web.unit_name(code, day);
    let page = WhyPage::of(&standings, &place, &names, &campaigns, ask);
    page.map(|page| ask.page(&page))
        .ok_or_else(|| Problem::argument("榜上没有这个单位。", "The board has no such unit."))
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "why.html")]
pub struct WhyPage {
    f: Frame,
    l: Lang,
    h: Head,
    name: String,
    unit: String,
    parent: String,
    rank: Option<i32>,
    ranked: usize,
    previous: Option<i32>,
    formula: String,
    numbers: String,
    value: String,
    numerator: Part,
    denominator: Option<Part>,
    minimum: i64,
    interval: Option<(String, String)>,
    direction: &'static str,
    verdict: String,
    attention: Option<String>,
    chance: bool,
    integrity: Vec<Remark>,
    neighbours: Vec<Neighbour>,
    trend_href: String,
    funnel_href: Option<String>,
}

/// A part of the figure with its events.
#[derive(Debug)]
struct Part {
    name: String,
    formula: String,
    amount: String,
    /// Empty for headcounts, which are no lines of the ledger.
    href: String,
}

#[derive(Debug)]
struct Neighbour {
    rank: String,
    name: String,
    href: String,
    own: bool,
    value: String,
    fraction: String,
    interval: String,
    compared: String,
}

impl WhyPage {
    /// The page of a row; `None` when the board has no such row.
    pub fn of(
        standings: &GetStandingsResponse,
        place: &Place,
        lookup: Names<'_>,
        campaigns: &[Campaign],
        ask: &Ask,
    ) -> Option<Self> {
        let l = place.lang;
        let scheme = standings.scheme.as_ref()?;
        let indicator = scheme.indicators.iter().find(|i| i.id == scheme.rank_by)?;
        let at = standings.entries.iter().position(|entry| figure::key(entry) == ask.get("unit"))?;
        let entry = &standings.entries[at];
        let value = figure::value(entry, indicator)?;
        let row: Row = row::row(entry, scheme, &figure::split(scheme), place, lookup);
        let ranked = standings.entries.iter().filter(|entry| entry.rank.is_some()).count();
        let share = names::is_share(indicator);
        let beside = standings.entries.iter().enumerate().filter(|(i, _)| i.abs_diff(at) <= BESIDE);
        let (attention, chance) = match row.attention {
            Some(attention) => (Some(attention.reason), attention.perhaps_chance),
            None => (None, false),
        };
        let h = Head::of(standings, indicator, place, campaigns);
        Some(Self {
            f: ask.frame(format!("{} {} {}", row.name, l.t("名次由来", "why this rank"), h.period), "boards"),
            l,
            name: row.name,
            unit: row.unit,
            parent: row.parent,
            rank: entry.rank,
            ranked,
            previous: entry.previous_rank,
            formula: names::formula(indicator),
            numbers: numbers(value, indicator),
            value: figure::shown(value, indicator, l),
            numerator: part(entry, value, indicator, false, place)?,
            denominator: part(entry, value, indicator, true, place),
            minimum: indicator.min_denominator,
            interval: figure::ends(value).map(|(low, high)| (percent_of_bp(low), percent_of_bp(high))),
            direction: match indicator.direction() {
                Direction::LowerIsBetter => l.t("少者为先", "less is better"),
                Direction::HigherIsBetter | Direction::Unspecified => l.t("多者为先", "more is better"),
            },
            verdict: verdict(standings, entry, value, indicator, l),
            attention,
            chance,
            integrity: row.integrity,
            neighbours: beside.map(|(_, other)| neighbour(other, entry, indicator, place)).collect(),
            trend_href: figure::page(place, "trend", figure::key(entry), ""),
            funnel_href: share.then(|| figure::page(place, "funnel", "", "")),
            h,
        })
    }
}

/// "100 × 8 ÷ 20": the formula with its numbers.
fn numbers(value: &IndicatorValue, of: &Indicator) -> String {
    match value.denominator {
        Some(_) => {
            let fraction = figure::fraction(value, of).replace('/', " ÷ ");
            if of.scale > 1 { format!("{fraction} × {}", of.scale) } else { fraction }
        }
        None => names::amount(of.numerator.as_ref().map_or("", |part| &part.measure), value.numerator),
    }
}

fn part(entry: &Entry, value: &IndicatorValue, of: &Indicator, below: bool, place: &Place) -> Option<Part> {
    let reference = if below { of.denominator.as_ref()? } else { of.numerator.as_ref()? };
    let quantity = if below { value.denominator? } else { value.numerator };
    let href = place.explain_row(entry, of, if below { "denominator" } else { "numerator" });
    Some(Part {
        name: names::measure(&reference.measure, place.lang).to_owned(),
        formula: names::reference(reference),
        amount: names::amount(&reference.measure, quantity),
        href: if reference.measure == OFFICERS { String::new() } else { href },
    })
}

/// Why the rank is what it is, in a sentence.
fn verdict(
    standings: &GetStandingsResponse,
    entry: &Entry,
    value: &IndicatorValue,
    of: &Indicator,
    l: Lang,
) -> String {
    let Some(rank) = entry.rank else {
        let least = of.min_denominator.max(1);
        return match l {
            Lang::Zh => {
                format!("不排名：分母 {} 小于 {least}，偶然性太大。", value.denominator.unwrap_or_default())
            }
            Lang::En => format!(
                "Not ranked: the denominator {} is below {least}; chance weighs too much.",
                value.denominator.unwrap_or_default()
            ),
        };
    };
    let better = standings.entries.iter().filter(|e| e.rank.is_some_and(|other| other < rank)).count();
    let tied = standings.entries.iter().filter(|e| e.rank == Some(rank)).count() - 1;
    match (l, tied) {
        (Lang::Zh, 0) => format!("{better} 个单位的分数严格更优，所以排第 {rank}。"),
        (Lang::Zh, _) => {
            format!("{better} 个单位的分数严格更优，另有 {tied} 个与它恰好相等，所以并列第 {rank}。")
        }
        (Lang::En, 0) => format!("{better} units have a strictly better fraction, so it ranks {rank}."),
        (Lang::En, _) => {
            format!(
                "{better} units have a strictly better fraction and {tied} exactly the same, so they share rank {rank}."
            )
        }
    }
}

fn neighbour(other: &Entry, own: &Entry, of: &Indicator, place: &Place) -> Neighbour {
    let l = place.lang;
    let value = figure::value(other, of);
    let is_own = figure::key(other) == figure::key(own);
    Neighbour {
        rank: other.rank.map_or("–".to_owned(), |rank| rank.to_string()),
        name: l.name(&other.name_zh, &other.name_en).to_owned(),
        href: figure::page(place, "why", figure::key(other), ""),
        own: is_own,
        value: value.map_or("—".to_owned(), |value| figure::shown(value, of, l)),
        fraction: value.map(|value| figure::fraction(value, of)).unwrap_or_default(),
        interval: figure::interval(value.and_then(figure::ends)),
        compared: match (is_own, value, figure::value(own, of)) {
            (false, Some(a), Some(b)) => compared(a, b, l),
            _ => String::new(),
        },
    }
}

/// "8×50 = 400 = 20×20": two fractions by cross-multiplication, and whether their order may be chance.
fn compared(other: &IndicatorValue, own: &IndicatorValue, l: Lang) -> String {
    let (Some(n), Some(own_n)) = (other.denominator, own.denominator) else {
        return String::new();
    };
    let (Some(left), Some(right)) = (Fraction::new(other.numerator, n), Fraction::new(own.numerator, own_n))
    else {
        return String::new();
    };
    let sign = match left.cmp(&right) {
        Ordering::Less => "<",
        Ordering::Equal => "=",
        Ordering::Greater => ">",
    };
    let (a, b) = (whole(other.numerator), whole(own.numerator));
    let exact = format!("{a}×{} {sign} {b}×{}", whole(own_n), whole(n));
    let overlap = figure::ends(other).zip(figure::ends(own)).is_some_and(|(a, b)| a.0 <= b.1 && b.0 <= a.1);
    match overlap && left != right {
        true => format!(
            "{exact} {}",
            l.t("（区间重叠，先后可能是偶然）", "(intervals overlap: the order may be chance)")
        ),
        false => exact,
    }
}

/// Address of the page of a row; empty for the whole city, which has no rank.
pub fn href(place: &Place, entry: &Entry) -> String {
    match entry.org_unit.as_str() {
        "" => String::new(),
        _ => figure::page(place, "why", figure::key(entry), ""),
    }
}
