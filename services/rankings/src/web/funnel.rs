//! `GET /boards/{board}/funnel`: every unit's rate over its number of cases, with the limits of chance around the city's rate.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use std::fmt::Write as _;
use xiaoan_proto::hq::v1::{Campaign, Indicator};
use xiaoan_proto::rankings::v1::{Entry, GetStandingsResponse};

use super::Web;
use super::ask::{Ask, Frame};
use super::board::Place;
use super::figure::{self, Head};
use super::format::{percent_of_bp, whole};
use super::interval::parts_of;
use super::lang::Lang;
use super::names;
use super::pages::{answer, place};
use super::problem::Problem;
use crate::standings::funnel::{Limits, Standing, limits};

/// The drawing's own units: a field of 720 × 340 within margins for the scales.
const LEFT: f64 = 56.0;
const TOP: f64 = 16.0;
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 340.0;
/// Points of a curve.
const POINTS: i64 = 160;

/// The handler.
pub async fn funnel(State(web): State<Web>, Path(board): Path<String>, ask: Ask) -> Response {
    answer(&web, &ask, read(&web, &board, &ask).await).await
}

async fn read(web: &Web, board: &str, ask: &Ask) -> Result<Response, Problem> {
    let (place, as_of) = place(web, board, ask).await?;
    let broken = |error| Problem::of(error, board, &place.period);
    let standings = web.reader.standings(board, &place.period, as_of).await.map_err(broken)?;
    let campaigns = web.reader.campaigns().await.map_err(broken)?;
    let page = FunnelPage::of(&standings, &place, &campaigns, ask);
    page.map(|page| ask.page(&page)).ok_or_else(|| {
        Problem::argument(
            "漏斗图只画比率：这张榜或这个指标不是案件的比率。",
            "A funnel shows shares of cases: this board or indicator has none.",
        )
    })
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "funnel.html")]
pub struct FunnelPage {
    f: Frame,
    l: Lang,
    h: Head,
    city: String,
    city_fraction: String,
    trend_href: String,
    /// Nothing when the city's rate is no proportion: then there are no limits to draw.
    drawing: Option<Drawing>,
    rows: Vec<RowView>,
    outside: usize,
    of: usize,
    too_few: usize,
}

#[derive(Debug)]
struct Drawing {
    inner: String,
    outer: String,
    city_y: String,
    threshold_y: Option<String>,
    points: Vec<Point>,
    across: Vec<(String, String)>,
    up: Vec<(String, String)>,
}

#[derive(Debug)]
struct Point {
    x: String,
    y: String,
    class: &'static str,
    name: String,
    label: String,
    label_x: String,
    label_y: String,
    anchor: &'static str,
    href: String,
}

#[derive(Debug)]
struct RowView {
    name: String,
    href: String,
    value: String,
    fraction: String,
    range: String,
    standing: &'static str,
    class: &'static str,
}

impl FunnelPage {
    /// The page of standings; `None` for an indicator that is no share of cases.
    pub fn of(
        standings: &GetStandingsResponse,
        place: &Place,
        campaigns: &[Campaign],
        ask: &Ask,
    ) -> Option<Self> {
        let l = place.lang;
        let indicator = figure::indicator(standings, ask)?;
        if !names::is_share(indicator) {
            return None;
        }
        let total = figure::value(standings.total.as_ref()?, indicator)?;
        let city = (total.numerator, total.denominator.unwrap_or_default());
        let mut units: Vec<Unit<'_>> =
            standings.entries.iter().filter_map(|entry| Unit::of(entry, indicator, city)).collect();
        let too_few = standings.entries.len() - units.len();
        units.sort_by_key(|unit| (unit.parts(), unit.n));
        let rows: Vec<RowView> = units.iter().map(|unit| row(unit, indicator, place)).collect();
        let threshold = figure::threshold(standings.scheme.as_ref()?, indicator);
        let h = Head::of(standings, indicator, place, campaigns);
        Some(Self {
            f: ask.frame(format!("{} {} {}", h.board_title, l.t("漏斗图", "funnel"), h.period), "boards"),
            l,
            city: figure::shown(total, indicator, l),
            city_fraction: figure::fraction(total, indicator),
            trend_href: figure::page(place, "trend", "", &indicator.id),
            drawing: draw(&units, city, threshold, place),
            outside: rows.iter().filter(|row| !row.class.is_empty()).count(),
            of: rows.len(),
            rows,
            too_few,
            h,
        })
    }
}

/// A unit with cases: k of n, and the limits for n when the city's rate has any.
struct Unit<'a> {
    entry: &'a Entry,
    k: i64,
    n: i64,
    limits: Option<Limits>,
}

impl<'a> Unit<'a> {
    fn of(entry: &'a Entry, indicator: &Indicator, city: (i64, i64)) -> Option<Self> {
        let value = figure::value(entry, indicator)?;
        let n = value.denominator.filter(|n| *n > 0)?;
        Some(Self { entry, k: value.numerator, n, limits: limits(n, city) })
    }

    fn parts(&self) -> i32 {
        parts_of((self.k, self.n))
    }

    fn standing(&self) -> Option<Standing> {
        self.limits.map(|limits| limits.of(self.k))
    }
}

fn row(unit: &Unit<'_>, of: &Indicator, place: &Place) -> RowView {
    let l = place.lang;
    let (standing, class) = told(unit.standing(), l);
    let range =
        unit.limits.map(|Limits { inner: (low, high), .. }| format!("{}–{}", whole(low), whole(high)));
    RowView {
        name: l.name(&unit.entry.name_zh, &unit.entry.name_en).to_owned(),
        href: figure::page(place, "why", figure::key(unit.entry), ""),
        value: figure::value(unit.entry, of).map(|value| figure::shown(value, of, l)).unwrap_or_default(),
        fraction: format!("{}/{}", whole(unit.k), whole(unit.n)),
        range: range.unwrap_or_default(),
        standing,
        class,
    }
}

fn told(standing: Option<Standing>, l: Lang) -> (&'static str, &'static str) {
    match standing {
        Some(Standing::FarBelow) => (l.t("远低于，几乎不是偶然", "far below, hardly chance"), "far"),
        Some(Standing::Below) => (l.t("低于 95% 限", "below the 95 % limit"), "near"),
        Some(Standing::Within) => (l.t("在偶然范围内", "within chance"), ""),
        Some(Standing::Above) => (l.t("高于 95% 限", "above the 95 % limit"), "near"),
        Some(Standing::FarAbove) => (l.t("远高于，几乎不是偶然", "far above, hardly chance"), "far"),
        None => (l.t("无法判断", "cannot be told"), ""),
    }
}

#[allow(clippy::cast_precision_loss)] // places of a drawing
fn draw(
    units: &[Unit<'_>],
    city: (i64, i64),
    threshold: Option<(i64, i64)>,
    place: &Place,
) -> Option<Drawing> {
    let most = units.iter().map(|unit| unit.n).max()?;
    let end = round_up(most);
    let step = (end / POINTS).max(1);
    // From the right: where the last size has no limits nothing is drawn, and the others need not be computed.
    let sizes = (1..=end).rev().filter(|n| n % step == 0 || *n <= 20 || *n == end);
    let curve: Option<Vec<(i64, Limits)>> = sizes.map(|n| Some((n, limits(n, city)?))).collect();
    let curve = curve?;
    let highest = units.iter().map(Unit::parts).max().unwrap_or(0);
    // Older cases solved may lift a unit above 100 %: the scale then reaches it, up to twice of all.
    let top = f64::from((highest.clamp(10_000, 20_000) + 1_999) / 2_000 * 2_000);
    let x = |n: i64| LEFT + WIDTH * n as f64 / end as f64;
    let y = |parts: f64| TOP + HEIGHT * (1.0 - (parts / top).min(1.0));
    let place_of = |v: f64| format!("{v:.1}");
    // Outward along the upper limit and back along the lower one.
    let band = |of: fn(&Limits) -> (i64, i64)| {
        let upper = curve.iter().rev().map(|(n, limits)| (*n, of(limits).1));
        let lower = curve.iter().map(|(n, limits)| (*n, of(limits).0));
        let mut path = String::new();
        for (i, (n, k)) in upper.chain(lower).enumerate() {
            let (x, y) = (x(n), y(10_000.0 * k as f64 / n as f64));
            // Writing into a String cannot fail.
            let _ = write!(path, "{}{x:.1} {y:.1}", if i == 0 { "M" } else { "L" });
        }
        path.push('Z');
        path
    };
    let named = |standing: Option<Standing>| !matches!(standing, Some(Standing::Within) | None);
    let points = units.iter().map(|unit| {
        let Unit { entry, k, n, .. } = *unit;
        let standing = unit.standing();
        let name = place.lang.name(&entry.name_zh, &entry.name_en).to_owned();
        let rate = percent_of_bp(unit.parts());
        let (px, py) = (x(n), y(f64::from(unit.parts())));
        let right = px > LEFT + WIDTH * 0.7;
        Point {
            x: place_of(px),
            y: place_of(py),
            class: told(standing, place.lang).1,
            label: if named(standing) { name.clone() } else { String::new() },
            label_x: place_of(if right { px - 9.0 } else { px + 9.0 }),
            label_y: place_of(py + 4.0),
            anchor: if right { "end" } else { "start" },
            name: format!("{name} {rate}% ({k}/{n})"),
            href: figure::page(place, "why", figure::key(entry), ""),
        }
    });
    Some(Drawing {
        inner: band(|limits| limits.inner),
        outer: band(|limits| limits.outer),
        city_y: place_of(y(f64::from(parts_of(city)))),
        threshold_y: threshold.map(|fraction| place_of(y(f64::from(parts_of(fraction))))),
        points: points.collect(),
        across: (0..=5).map(|i| end * i / 5).map(|n| (place_of(x(n)), whole(n))).collect(),
        up: (0..=5)
            .map(|i| top * f64::from(i) / 5.0)
            .map(|parts| (place_of(y(parts)), format!("{:.0}%", parts / 100.0)))
            .collect(),
    })
}

/// The next round number that five steps divide.
fn round_up(most: i64) -> i64 {
    let mut unit = 5;
    loop {
        for factor in [1, 2, 4, 6, 8] {
            if unit * factor >= most {
                return unit * factor;
            }
        }
        unit *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_ends_at_a_round_number() {
        let ends = [1, 5, 6, 20, 25, 61, 90, 401, 2_741].map(round_up);
        assert_eq!(ends, [5, 5, 10, 20, 30, 100, 100, 500, 3_000]);
        assert!(ends.iter().all(|end| end % 5 == 0));
    }
}
