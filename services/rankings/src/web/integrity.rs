//! `GET /boards/{board}/integrity?period=`: what bears on a board's rates, unit by unit: what audits found, what was withdrawn,
//! downgraded, revoked or recorded late, and whether solves pile up at the ends of months. It ranks nobody.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use std::collections::HashMap;
use std::sync::Arc;
use xiaoan_kernel::fraction::Fraction;
use xiaoan_kernel::wilson;
use xiaoan_proto::hq::v1::{Campaign, Indicator, Scheme};
use xiaoan_proto::rankings::v1::{Entry, GetStandingsResponse, IndicatorValue};

use super::Web;
use super::ask::{Ask, Frame};
use super::board::{self, Names, Place};
use super::figure::{self, Head};
use super::format::{percent_of_bp, whole};
use super::interval::parts_of;
use super::lang::Lang;
use super::month_ends::{self, MonthEnds};
use super::pages::{answer, last_day, place};
use super::problem::Problem;
use super::{names, sheet, why};
use crate::Standings;

/// Shares of alerts recorded that audits ask for (domain reference §A.4): from here on good, from there on to be improved.
const BANDS: [(i64, i64); 2] = [(95, 100), (90, 100)];

/// The handler.
pub async fn integrity(State(web): State<Web>, Path(board): Path<String>, ask: Ask) -> Response {
    answer(&web, &ask, read(&web, &board, &ask).await).await
}

async fn read(web: &Web, board: &str, ask: &Ask) -> Result<Response, Problem> {
    let (place, as_of) = place(web, board, ask).await?;
    let broken = |error| Problem::of(error, board, &place.period);
    let standings = web.reader.standings(board, &place.period, as_of).await.map_err(broken)?;
    let known_on = as_of.map_or_else(|| web.reader.today(), xiaoan_kernel::city_day);
    let ends = MonthEnds::of(&standings, known_on);
    let mut at_ends: Vec<Arc<Standings>> = Vec::new();
    for span in ends.iter().flat_map(|ends| &ends.spans) {
        at_ends.push(web.reader.standings(board, span, as_of).await.map_err(broken)?);
    }
    let campaigns = web.reader.campaigns().await.map_err(broken)?;
    let day = last_day(&standings).unwrap_or(known_on);
    let names = |code: &str| web.unit_name(code, day);
    let at_ends: Vec<&GetStandingsResponse> = at_ends.iter().map(|standings| &***standings).collect();
    let page = IntegrityPage::of(&standings, ends.as_ref(), &at_ends, &place, &names, &campaigns, ask);
    page.map(|page| ask.page(&page)).ok_or_else(|| {
        Problem::argument(
            "这张榜不按案件的比率排名，没有数据可信度一页。",
            "This board does not rank by a share of cases: it has no page of what bears on one.",
        )
    })
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "integrity.html")]
pub struct IntegrityPage {
    f: Frame,
    l: Lang,
    h: Head,
    /// Titles of the counts.
    counts: Vec<String>,
    /// Title of the audits' rate; empty when the board has none.
    audit: String,
    gate: Option<String>,
    rows: Vec<Row>,
    ends: Option<Ends>,
    small: i64,
}

/// How the ends of months are looked at.
#[derive(Debug)]
struct Ends {
    solved: String,
    /// The spans of days, with the page of each month when there are several.
    spans: Vec<(String, String)>,
    days: String,
    expected: String,
}

#[derive(Debug)]
struct Row {
    key: String,
    unit: String,
    name: String,
    why: String,
    total: bool,
    value: String,
    fraction: String,
    counts: Vec<Count>,
    audit: Option<Audit>,
    end: Option<End>,
}

/// How often something happened, with the page of its events.
#[derive(Debug)]
struct Count {
    title: String,
    n: String,
    href: String,
    zero: bool,
}

/// What audits found.
#[derive(Debug)]
struct Audit {
    value: String,
    recorded: (String, String),
    sampled: (String, String),
    interval: String,
    band: &'static str,
    /// Class of the band: "good", "", "bad".
    tone: &'static str,
    /// Below the gate of the scheme.
    held: bool,
}

/// Solves of the last days of the months among all.
#[derive(Debug)]
struct End {
    share: String,
    solves: (String, String),
    all: (String, String),
    interval: String,
    /// More than chance explains.
    piled: bool,
}

impl IntegrityPage {
    /// The page; pure, so that a test renders what a browser gets. `None` for a sheet, which ranks nobody, and for a board that
    /// ranks by no share of cases.
    pub fn of(
        standings: &GetStandingsResponse,
        ends: Option<&MonthEnds>,
        at_ends: &[&GetStandingsResponse],
        place: &Place,
        lookup: Names<'_>,
        campaigns: &[Campaign],
        ask: &Ask,
    ) -> Option<Self> {
        let l = place.lang;
        let scheme = standings.scheme.as_ref()?;
        let by = scheme.indicators.iter().find(|i| i.id == scheme.rank_by)?;
        if sheet::is_sheet(scheme) || !names::is_share(by) {
            return None;
        }
        let (audits, counted): (Vec<_>, Vec<_>) = figure::split(scheme)
            .integrity
            .into_iter()
            .partition(|indicator| indicator.denominator.is_some());
        let audit = audits.first().copied();
        let solves = ends.map(|ends| (ends, month_ends::solves(at_ends, &by.id)));
        let maker = Maker { scheme, by, counted: &counted, audit, solves: solves.as_ref(), place, lookup };
        let entries = standings.entries.iter().map(|entry| maker.row(entry, false));
        let rows = entries.chain(standings.total.as_ref().map(|total| maker.row(total, true)));
        let h = Head::of(standings, by, place, campaigns);
        Some(Self {
            f: ask.frame(
                format!("{} {} {}", h.board_title, h.period, l.t("数据可信度", "integrity")),
                "boards",
            ),
            l,
            counts: counted.iter().map(|i| board::title(i, l).to_owned()).collect(),
            audit: audit.map(|i| board::title(i, l).to_owned()).unwrap_or_default(),
            gate: gate(scheme, audit).map(|(k, n)| format!("{}%", percent_of_bp(parts_of((k, n))))),
            rows: rows.collect(),
            ends: ends.map(|ends| Ends {
                solved: by
                    .numerator
                    .as_ref()
                    .map(|part| names::measure(&part.measure, l).to_owned())
                    .unwrap_or_default(),
                spans: ends.months(place),
                days: format!("{}/{}", ends.days, ends.of),
                expected: format!("{}%", percent_of_bp(parts_of((ends.days, ends.of)))),
            }),
            small: by.min_denominator.max(1),
            h,
        })
    }
}

/// The least recording rate that the scheme asks for before a notice is issued.
fn gate(scheme: &Scheme, audit: Option<&Indicator>) -> Option<(i64, i64)> {
    let id = &audit?.id;
    let rule = scheme.consequences.iter().find(|rule| rule.integrity_gate == *id)?;
    Some((rule.gate_numerator, rule.gate_denominator))
}

fn reaches(k: i64, n: i64, (least, of): (i64, i64)) -> bool {
    Fraction::new(k, n).zip(Fraction::new(least, of)).is_some_and(|(rate, least)| rate >= least)
}

/// What a recording rate is worth, and the class of its word (vector K13).
fn band(k: i64, n: i64, l: Lang) -> (&'static str, &'static str) {
    match BANDS.map(|least| reaches(k, n, least)) {
        [true, _] => (l.t("良好 ≥95%", "good, ≥95 %"), "good"),
        [_, true] => (l.t("需改进 90–95%", "to improve, 90–95 %"), ""),
        [..] => (l.t("不达标 <90%", "inadequate, <90 %"), "bad"),
    }
}

type Solves = HashMap<String, i64>;

struct Maker<'a> {
    scheme: &'a Scheme,
    by: &'a Indicator,
    counted: &'a [&'a Indicator],
    audit: Option<&'a Indicator>,
    solves: Option<&'a (&'a MonthEnds, Solves)>,
    place: &'a Place,
    lookup: Names<'a>,
}

impl Maker<'_> {
    fn row(&self, entry: &Entry, total: bool) -> Row {
        let l = self.place.lang;
        let value = figure::value(entry, self.by);
        let count = |of: &&Indicator| {
            let quantity = figure::value(entry, of).map_or(0, |value| value.numerator);
            Count {
                title: board::title(of, l).to_owned(),
                n: whole(quantity),
                href: self.place.explain_row(entry, of, "numerator"),
                zero: quantity == 0,
            }
        };
        Row {
            key: if total { "all".to_owned() } else { figure::key(entry).to_owned() },
            name: if total {
                l.t("全市", "Whole city").to_owned()
            } else {
                l.name(&entry.name_zh, &entry.name_en).to_owned()
            },
            why: why::href(self.place, entry),
            total,
            value: value.map_or("—".to_owned(), |value| figure::shown(value, self.by, l)),
            fraction: value.map(|value| figure::fraction(value, self.by)).unwrap_or_default(),
            counts: self.counted.iter().map(count).collect(),
            audit: self.audit.and_then(|of| self.audit(entry, of)),
            end: self.solves.and_then(|(ends, solves)| self.end(entry, value?, ends, solves)),
            unit: (self.lookup)(&entry.parent)
                .map(|(zh, en)| l.name(&zh, &en).to_owned())
                .unwrap_or_default(),
        }
    }

    /// Nothing where nothing was sampled.
    fn audit(&self, entry: &Entry, of: &Indicator) -> Option<Audit> {
        let l = self.place.lang;
        let value = figure::value(entry, of)?;
        let (k, n) = (value.numerator, value.denominator.filter(|n| *n > 0)?);
        let enough = n >= of.min_denominator.max(1);
        let (band, tone) = if enough { band(k, n, l) } else { (l.t("抽查过少", "too few sampled"), "") };
        Some(Audit {
            value: format!("{}%", percent_of_bp(parts_of((k, n)))),
            recorded: (whole(k), self.place.explain_row(entry, of, "numerator")),
            sampled: (whole(n), self.place.explain_row(entry, of, "denominator")),
            interval: figure::interval(figure::ends(value)),
            band,
            tone,
            held: enough && gate(self.scheme, Some(of)).is_some_and(|gate| !reaches(k, n, gate)),
        })
    }

    fn end(&self, entry: &Entry, value: &IndicatorValue, ends: &MonthEnds, solves: &Solves) -> Option<End> {
        let k = solves.get(figure::key(entry)).copied().unwrap_or(0);
        let n = value.numerator;
        if n <= 0 {
            return None;
        }
        let found = wilson::interval(k, n);
        let expected = parts_of((ends.days, ends.of));
        let one = ends.single().map(|span| {
            let place = Place { period: span.to_owned(), ..self.place.clone() };
            place.explain_row(entry, self.by, "numerator")
        });
        Some(End {
            share: format!("{}%", percent_of_bp(parts_of((k, n)))),
            solves: (whole(k), one.unwrap_or_default()),
            all: (whole(n), self.place.explain_row(entry, self.by, "numerator")),
            interval: figure::interval(found),
            piled: n >= self.by.min_denominator.max(1) && found.is_some_and(|(low, _)| low > expected),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k13_a_recording_rate_has_its_interval_and_its_band() {
        assert_eq!(wilson::interval(171, 200), Some((7995, 8971)));
        assert_eq!(band(171, 200, Lang::Zh).0, "不达标 <90%");
        assert_eq!(band(90, 100, Lang::Zh).0, "需改进 90–95%");
        assert_eq!(band(95, 100, Lang::Zh).0, "良好 ≥95%");
        assert_eq!(band(949, 1_000, Lang::Zh).1, "");
    }
}
