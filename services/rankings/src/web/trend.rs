//! `GET /boards/{board}/trend`: a figure month by month with the year before, of the city or of one unit.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use std::fmt::Write as _;
use time::Date;
use xiaoan_proto::hq::v1::{Campaign, Indicator};
use xiaoan_proto::rankings::v1::{Entry, GetStandingsResponse};

use super::Web;
use super::ask::{Ask, Frame};
use super::board::Place;
use super::figure::{self, Head};
use super::format::{change, percent_of_bp};
use super::interval::parts_of;
use super::lang::Lang;
use super::pages::{answer, last_day, place};
use super::period::Span;
use super::problem::Problem;
use super::{links, names};
use crate::ReadError;

/// Months shown, the last one being that in which the period ends.
const MONTHS: usize = 13;
const LEFT: f64 = 64.0;
const TOP: f64 = 16.0;
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 260.0;

/// The handler.
pub async fn trend(State(web): State<Web>, Path(board): Path<String>, ask: Ask) -> Response {
    answer(&web, &ask, read(&web, &board, &ask).await).await
}

async fn read(web: &Web, board: &str, ask: &Ask) -> Result<Response, Problem> {
    let (place, as_of) = place(web, board, ask).await?;
    let broken = |error| Problem::of(error, board, &place.period);
    let standings = web.reader.standings(board, &place.period, as_of).await.map_err(broken)?;
    let last = last_day(&standings).unwrap_or_else(|| web.reader.today());
    let mut months = Vec::new();
    for month in months_to(last.min(web.reader.today())) {
        // In a month before the board's first scheme there is nothing to show.
        match web.reader.standings(board, &month, as_of).await {
            Ok(standings) => months.push((month, standings)),
            Err(ReadError::UnknownBoard { .. }) => {}
            Err(error) => return Err(broken(error)),
        }
    }
    let campaigns = web.reader.campaigns().await.map_err(broken)?;
    let months: Vec<(String, &GetStandingsResponse)> =
        months.iter().map(|(month, standings)| (month.clone(), &***standings)).collect();
    let page = TrendPage::of(&standings, &months, &place, &campaigns, ask);
    page.map(|page| ask.page(&page)).ok_or_else(|| {
        Problem::argument("榜上没有这个单位或指标。", "The board has no such unit or indicator.")
    })
}

/// The months up to that of a day, oldest first.
fn months_to(day: Date) -> Vec<String> {
    let backwards = std::iter::successors(Some(Span::month_of(day)), Span::before).take(MONTHS);
    let mut months: Vec<String> = backwards.map(|month| month.param()).collect();
    months.reverse();
    months
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "trend.html")]
pub struct TrendPage {
    f: Frame,
    l: Lang,
    h: Head,
    name: String,
    unit: String,
    rate: bool,
    why_href: String,
    funnel_href: String,
    others: Vec<(String, String, bool)>,
    rows: Vec<Month>,
    drawing: Drawing,
}

#[derive(Debug)]
struct Month {
    label: String,
    href: String,
    value: String,
    fraction: String,
    interval: String,
    before: String,
    yoy: String,
    rank: String,
}

#[derive(Debug, Default)]
struct Drawing {
    now: String,
    before: String,
    /// The intervals of a rate, one upright line a month.
    spans: String,
    dots: Vec<(String, String, String)>,
    threshold_y: Option<String>,
    across: Vec<(String, String)>,
    up: Vec<(String, String)>,
}

/// A month's place on the scale: parts per 10,000 of a rate, or the count.
#[derive(Debug, Clone, Copy)]
struct Value {
    now: Option<i64>,
    before: Option<i64>,
    span: Option<(i64, i64)>,
}

impl TrendPage {
    /// The page of a period's standings and of those of the months up to its end; `None` when the board has no such unit or
    /// indicator.
    pub fn of(
        standings: &GetStandingsResponse,
        months: &[(String, &GetStandingsResponse)],
        place: &Place,
        campaigns: &[Campaign],
        ask: &Ask,
    ) -> Option<Self> {
        let l = place.lang;
        let key = ask.get("unit");
        let indicator = figure::indicator(standings, ask)?;
        let shown = row_of(standings, key)?;
        let mut rows = Vec::new();
        let mut values = Vec::new();
        for (period, standings) in months {
            let entry = row_of(standings, key);
            rows.push(month(period, entry, indicator, place));
            values.push(entry.map_or(Value { now: None, before: None, span: None }, |e| value(e, indicator)));
        }
        let h = Head::of(standings, indicator, place, campaigns);
        let name = match key {
            "" => l.t("全市", "Whole city").to_owned(),
            _ => l.name(&shown.name_zh, &shown.name_en).to_owned(),
        };
        let labels: Vec<String> =
            months.iter().enumerate().map(|(at, (period, _))| short(at, period)).collect();
        let scheme = standings.scheme.as_ref()?;
        let threshold = figure::threshold(scheme, indicator).map(parts_of);
        let others = scheme.indicators.iter().map(|other| {
            let title = super::board::title(other, l).to_owned();
            (figure::page(place, "trend", key, &other.id), title, other.id == indicator.id)
        });
        Some(Self {
            f: ask.frame(format!("{name} {} {}", h.indicator, l.t("逐月走势", "by month")), "boards"),
            l,
            unit: shown.org_unit.clone(),
            rate: indicator.denominator.is_some(),
            why_href: if key.is_empty() { String::new() } else { figure::page(place, "why", key, "") },
            funnel_href: figure::page(place, "funnel", "", ""),
            others: others.collect(),
            drawing: draw(&labels, &values, threshold, indicator),
            rows,
            name,
            h,
        })
    }
}

fn row_of<'a>(standings: &'a GetStandingsResponse, key: &str) -> Option<&'a Entry> {
    match key {
        "" => standings.total.as_ref(),
        key => standings.entries.iter().find(|entry| figure::key(entry) == key),
    }
}

fn month(period: &str, entry: Option<&Entry>, indicator: &Indicator, place: &Place) -> Month {
    let l = place.lang;
    let value = entry.and_then(|entry| figure::value(entry, indicator));
    let base = value.map(|value| match value.base_denominator {
        Some(0) => "—".to_owned(),
        Some(n) => {
            format!("{}% ({}/{n})", percent_of_bp(parts_of((value.base_numerator, n))), value.base_numerator)
        }
        None => {
            names::amount(indicator.numerator.as_ref().map_or("", |part| &part.measure), value.base_numerator)
        }
    });
    Month {
        label: Span::read(period).label(l),
        href: links::board(&place.board, period, &place.as_of, l),
        value: value.map_or("—".to_owned(), |value| figure::shown(value, indicator, l)),
        fraction: value.map(|value| figure::fraction(value, indicator)).unwrap_or_default(),
        interval: figure::interval(value.and_then(figure::ends)),
        before: base.unwrap_or_default(),
        yoy: value.map_or(String::new(), |value| match (value.yoy.as_str(), value.base_zero) {
            ("", true) => l.t("— 上年0", "— was 0").to_owned(),
            ("", false) => "—".to_owned(),
            (text, _) => change(text),
        }),
        rank: entry.and_then(|entry| entry.rank).map_or("–".to_owned(), |rank| rank.to_string()),
    }
}

fn value(entry: &Entry, indicator: &Indicator) -> Value {
    let Some(value) = figure::value(entry, indicator) else {
        return Value { now: None, before: None, span: None };
    };
    let rate = |k, n: i64| (n > 0).then(|| i64::from(parts_of((k, n))));
    match (value.denominator, value.base_denominator) {
        (Some(n), base) => Value {
            now: rate(value.numerator, n),
            before: base.and_then(|base| rate(value.base_numerator, base)),
            span: figure::ends(value).map(|(low, high)| (low.into(), high.into())),
        },
        (None, _) => Value { now: Some(value.numerator), before: Some(value.base_numerator), span: None },
    }
}

/// "06"; the first one and January with the year: what stands under a month.
fn short(at: usize, period: &str) -> String {
    match period.split_once('-') {
        Some((_, month)) if at > 0 && month != "01" => month.to_owned(),
        _ => period.to_owned(),
    }
}

#[allow(clippy::cast_precision_loss)] // places of a drawing
fn draw(labels: &[String], values: &[Value], threshold: Option<i32>, of: &Indicator) -> Drawing {
    let percent = names::is_percent(of);
    let all = values.iter().flat_map(|v| [v.now, v.before]).flatten();
    let spans = values.iter().filter_map(|v| v.span).map(|(_, high)| high);
    let most = all.chain(spans).chain(threshold.map(i64::from)).max().unwrap_or(0).max(1);
    let top = if percent { ((most + 1_999) / 2_000 * 2_000).max(4_000) } else { rounded(most) };
    let last = labels.len().saturating_sub(1).max(1);
    let x = |at: usize| LEFT + WIDTH * at as f64 / last as f64;
    let y = |v: i64| TOP + HEIGHT * (1.0 - (v as f64 / top as f64).clamp(0.0, 1.0));
    let line = |pick: &dyn Fn(&Value) -> Option<i64>| {
        let (mut path, mut drawn) = (String::new(), false);
        for (at, value) in values.iter().enumerate() {
            // A month that cannot be evaluated breaks the line: nothing is drawn across it.
            let Some(v) = pick(value) else {
                drawn = false;
                continue;
            };
            // Writing into a String cannot fail.
            let _ = write!(path, "{}{:.1} {:.1}", if drawn { "L" } else { "M" }, x(at), y(v));
            drawn = true;
        }
        path
    };
    let spans = values.iter().enumerate().filter_map(|(at, v)| Some((at, v.span?)));
    let spans = spans.fold(String::new(), |mut path, (at, (low, high))| {
        let _ = write!(path, "M{:.1} {:.1}V{:.1}", x(at), y(low), y(high));
        path
    });
    let text = |v: i64| if percent { format!("{}%", v / 100) } else { names::short_amount(of, v) };
    let dot = |(at, value): (usize, &Value)| {
        let v = value.now?;
        let label = labels.get(at)?;
        Some((format!("{:.1}", x(at)), format!("{:.1}", y(v)), label.clone()))
    };
    Drawing {
        now: line(&|value| value.now),
        before: line(&|value| value.before),
        spans,
        dots: values.iter().enumerate().filter_map(dot).collect(),
        threshold_y: threshold.map(|parts| format!("{:.1}", y(parts.into()))),
        across: labels.iter().enumerate().map(|(at, l)| (format!("{:.1}", x(at)), l.clone())).collect(),
        up: (0..=4).map(|i| top * i / 4).map(|v| (format!("{:.1}", y(v)), text(v))).collect(),
    }
}

/// The next number that four steps divide into round ones.
fn rounded(most: i64) -> i64 {
    let mut unit = 4;
    loop {
        for factor in [1, 2, 3, 5] {
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
    use time::macros::date;

    #[test]
    fn the_months_end_with_that_of_the_day_and_reach_the_same_one_of_the_year_before() {
        let months = months_to(date!(2026 - 03 - 31));
        assert_eq!(months.len(), 13);
        assert_eq!((months[0].as_str(), months[12].as_str()), ("2025-03", "2026-03"));
        assert_eq!(months[10], "2026-01");
    }

    #[test]
    fn a_month_that_cannot_be_evaluated_breaks_the_line() {
        let value = |now| Value { now, before: None, span: None };
        let labels = ["04", "05", "06"].map(str::to_owned);
        let of = Indicator { unit: "件".into(), ..Default::default() };
        let drawn = draw(&labels, &[value(Some(1)), value(None), value(Some(3))], None, &of);
        assert_eq!(drawn.now.matches('M').count(), 2);
        assert!(!drawn.now.contains('L') && drawn.before.is_empty());
        assert_eq!(drawn.dots.len(), 2);
    }
}
