//! `GET /boards/{board}/explain`: every signed ledger line behind one number, with its event, and the proof that their
//! sum is the number.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use std::collections::HashMap;
use xiaoan_proto::hq::v1::{Campaign, Indicator};
use xiaoan_proto::rankings::v1::{Entry, ExplainRequest, ExplainResponse, GetStandingsResponse, LedgerLine};

use super::Web;
use super::ask::{Ask, Frame};
use super::board::{self, Names, Place, days};
use super::format::{Moment, day_iso, whole};
use super::lang::Lang;
use super::pages::{answer, last_day, period_label, place};
use super::problem::Problem;
use super::status::Status;
use super::{figure, links, names};
use crate::Knowledge;
use crate::accountability::{figures_of, positions};
use crate::measures::OFFICERS;

/// Lines on a page.
const PAGE: i32 = 500;

/// What is explained.
#[derive(Debug)]
pub struct Asked {
    /// Where.
    pub place: Place,
    /// Unit; empty = the whole city.
    pub unit: String,
    /// Squadron; empty = none in particular.
    pub squadron: String,
    /// Indicator.
    pub indicator: String,
    /// The denominator, not the numerator.
    pub denominator: bool,
    /// Of the period's closing: the number of a correction, 0 = the frozen figures; `None` = as it is now.
    pub closing: Option<i32>,
    /// Page token; empty = first page.
    pub token: String,
    /// Lines on the pages before, as the link says; shown only.
    pub skipped: i64,
}

impl Asked {
    fn link(&self, denominator: bool, token: &str, skipped: i64) -> String {
        let skipped = if skipped > 0 { skipped.to_string() } else { String::new() };
        let closing = self.closing.map(|number| number.to_string()).unwrap_or_default();
        let pairs = [
            ("period", self.place.period.as_str()),
            ("unit", self.unit.as_str()),
            ("squadron", self.squadron.as_str()),
            ("indicator", self.indicator.as_str()),
            ("part", if denominator { "denominator" } else { "numerator" }),
            ("as_of", self.place.as_of.as_str()),
            ("closing", closing.as_str()),
            ("page", token),
            ("after", skipped.as_str()),
        ];
        links::to(&format!("/boards/{}/explain", links::encoded(&self.place.board)), &pairs, self.place.lang)
    }
}

/// The handler.
pub async fn explain(State(web): State<Web>, Path(board): Path<String>, ask: Ask) -> Response {
    let page = read(&web, &board, &ask).await;
    answer(&web, &ask, page).await
}

async fn read(web: &Web, board: &str, ask: &Ask) -> Result<Response, Problem> {
    let (place, as_of) = place(web, board, ask).await?;
    let asked = Asked {
        unit: ask.get("unit").to_owned(),
        squadron: ask.get("squadron").to_owned(),
        indicator: ask.get("indicator").to_owned(),
        denominator: match ask.get("part") {
            "" | "numerator" => false,
            "denominator" => true,
            _ => {
                return Err(Problem::argument(
                    "part 应为 numerator 或 denominator。",
                    "part is numerator or denominator.",
                ));
            }
        },
        closing: match ask.get("closing") {
            "" => None,
            text => Some(text.parse().map_err(|_| no_closing())?),
        },
        token: ask.get("page").to_owned(),
        skipped: ask.get("after").parse().unwrap_or(0),
        place,
    };
    let counted = closed_positions(web, &asked).await?;
    let request = ExplainRequest {
        board: board.to_owned(),
        period: asked.place.period.clone(),
        org_unit: asked.unit.clone(),
        indicator: asked.indicator.clone(),
        denominator: asked.denominator,
        as_of: as_of.map(xiaoan_proto::timestamp),
        page_size: PAGE,
        page_token: asked.token.clone(),
        squadron: asked.squadron.clone(),
        as_of_positions: counted.clone(),
    };
    let broken = |error| Problem::of(error, board, &asked.place.period);
    let known = Knowledge::new(as_of, counted).map_err(broken)?;
    // Events may arrive between the two reads; the standings are then read once more before anything is called unequal.
    let mut standings =
        web.reader.standings(board, &asked.place.period, known.clone()).await.map_err(broken)?;
    let lines = web.reader.explain(&request).await.map_err(broken)?;
    if number(&standings, &asked) != Some(lines.sum) {
        standings = web.reader.standings(board, &asked.place.period, known).await.map_err(broken)?;
    }
    let campaigns = web.reader.campaigns().await.map_err(broken)?;
    let day = last_day(&standings).unwrap_or_else(|| web.reader.today());
    let names = |code: &str| web.unit_name(code, day);
    let page = ExplainPage::of(&standings, &lines, &asked, &names, &campaigns, ask);
    page.map(|page| ask.page(&page)).ok_or_else(|| {
        Problem::argument("榜上没有这个单位或指标。", "The board has no such unit or indicator.")
    })
}

/// Up to where the closing that is asked for counted each source; nothing when none is.
async fn closed_positions(web: &Web, asked: &Asked) -> Result<HashMap<String, i64>, Problem> {
    let Some(number) = asked.closing else { return Ok(HashMap::new()) };
    let Place { board, period, .. } = &asked.place;
    let closing = web.reader.closing(board, period).await.map_err(|e| Problem::of(e, board, period))?;
    closing.as_ref().and_then(|closing| figures_of(closing, number)).map(positions).ok_or_else(no_closing)
}

fn no_closing() -> Problem {
    Problem::argument("没有这一次结账或更正。", "There is no such closing or correction.")
}

/// The number as the standings show it: numerator or denominator of the unit's indicator.
fn number(standings: &GetStandingsResponse, asked: &Asked) -> Option<i64> {
    let entry = match (asked.unit.as_str(), asked.squadron.as_str()) {
        ("", "") => standings.total.as_ref()?,
        (unit, "") => standings.entries.iter().find(|entry| entry.org_unit == unit)?,
        (_, squadron) => standings.entries.iter().find(|entry| entry.squadron == squadron)?,
    };
    let value = entry.indicators.iter().find(|value| value.id == asked.indicator)?;
    if asked.denominator { value.denominator } else { Some(value.numerator) }
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "explain.html")]
pub struct ExplainPage {
    f: Frame,
    l: Lang,
    board_href: String,
    board_title: String,
    period: String,
    days: String,
    unit: String,
    unit_name: String,
    indicator: String,
    part: String,
    rate: bool,
    as_of: Option<Moment>,
    /// Page of the closing whose number it is, and what it is called.
    closing: Option<(String, String)>,
    status: Status,
    number: String,
    sum: String,
    equal: bool,
    count: String,
    counted: String,
    counted_formula: String,
    other_href: String,
    other_label: String,
    lines: Vec<LineView>,
    first: String,
    last: String,
    page_sum: String,
    first_href: String,
    next_href: String,
}

#[derive(Debug)]
struct LineView {
    day: String,
    quantity: String,
    correction: bool,
    measure: String,
    unit: String,
    unit_name: String,
    category: String,
    category_name: String,
    stream: String,
    event: String,
    event_name: String,
    event_type: String,
    source: String,
    position: String,
    recorded_at: Option<Moment>,
}

impl ExplainPage {
    /// The page of a number's lines; `None` when the board has no such number.
    pub fn of(
        standings: &GetStandingsResponse,
        found: &ExplainResponse,
        asked: &Asked,
        lookup: Names<'_>,
        campaigns: &[Campaign],
        ask: &Ask,
    ) -> Option<Self> {
        let lang = asked.place.lang;
        let scheme = standings.scheme.as_ref()?;
        let indicator = scheme.indicators.iter().find(|i| i.id == asked.indicator)?;
        let counted =
            if asked.denominator { indicator.denominator.as_ref()? } else { indicator.numerator.as_ref()? };
        let number = number(standings, asked)?;
        let period = period_label(&asked.place.period, campaigns, lang);
        let title = lang.name(&scheme.title_zh, &scheme.title_en);
        let counted_for = match (indicator.org_unit.as_str(), asked.unit.as_str()) {
            ("", unit) => unit,
            (scope, _) => scope,
        };
        let unit_name = match squadron_name(standings, &asked.squadron, lang) {
            Some(name) => name,
            None => unit_name(standings, counted_for, lookup, lang),
        };
        let shown = board::title(indicator, lang);
        let amount = |quantity| names::amount(&counted.measure, quantity);
        let lines: Vec<LineView> = found.lines.iter().map(|l| line(l, standings, lookup, lang)).collect();
        let skipped = asked.skipped.clamp(0, found.count.max(0));
        let last = skipped + i64::try_from(lines.len()).unwrap_or(0);
        let (other_href, other_label) = other(indicator, asked, lang);
        Some(Self {
            f: ask.frame(format!("{unit_name} {shown} {period}"), "boards"),
            l: lang,
            board_href: links::board(&asked.place.board, &asked.place.period, &asked.place.as_of, lang),
            board_title: title.to_owned(),
            days: days(standings, lang),
            period,
            unit: counted_for.to_owned(),
            unit_name,
            indicator: shown.to_owned(),
            part: part(asked.denominator, lang).to_owned(),
            rate: indicator.denominator.is_some(),
            as_of: Moment::of_wire(standings.as_of.as_ref()),
            closing: asked.closing.map(|number| {
                let title = super::closing::column(Some(number), lang);
                (figure::page(&asked.place, "closing", "", ""), title)
            }),
            status: Status::of(&standings.sources, lang),
            number: amount(number),
            sum: amount(found.sum),
            equal: number == found.sum,
            count: whole(found.count),
            counted: names::measure(&counted.measure, lang).to_owned(),
            counted_formula: names::reference(counted),
            other_href,
            other_label,
            page_sum: amount(found.lines.iter().map(|line| line.quantity).sum()),
            first: whole((skipped + 1).min(last)),
            last: whole(last),
            first_href: if asked.token.is_empty() {
                String::new()
            } else {
                asked.link(asked.denominator, "", 0)
            },
            next_href: match found.next_page_token.as_str() {
                "" => String::new(),
                token => asked.link(asked.denominator, token, last),
            },
            lines,
        })
    }
}

fn part(denominator: bool, lang: Lang) -> &'static str {
    if denominator { lang.t("分母", "denominator") } else { lang.t("分子", "numerator") }
}

/// Link to the other part of a rate; headcounts are no lines of the ledger and have none.
fn other(indicator: &Indicator, asked: &Asked, lang: Lang) -> (String, String) {
    let target = if asked.denominator { &indicator.numerator } else { &indicator.denominator };
    match target {
        Some(target) if indicator.denominator.is_some() && target.measure != OFFICERS => {
            let name = names::measure(&target.measure, lang);
            let label = format!("{}{} {name} ›", lang.t("看", "See the "), part(!asked.denominator, lang));
            (asked.link(!asked.denominator, "", 0), label)
        }
        _ => (String::new(), String::new()),
    }
}

fn unit_name(standings: &GetStandingsResponse, code: &str, lookup: Names<'_>, lang: Lang) -> String {
    if code.is_empty() {
        return lang.t("全市", "Whole city").to_owned();
    }
    match standings.entries.iter().find(|entry| entry.org_unit == code) {
        Some(entry) => lang.name(&entry.name_zh, &entry.name_en).to_owned(),
        None => lookup(code).map_or_else(|| code.to_owned(), |(zh, en)| lang.name(&zh, &en).to_owned()),
    }
}

/// Name of a squadron that is on the board.
fn squadron_name(standings: &GetStandingsResponse, id: &str, lang: Lang) -> Option<String> {
    let of = |entry: &&Entry| !entry.squadron.is_empty() && entry.squadron == id;
    let entry = standings.entries.iter().find(of)?;
    Some(lang.name(&entry.name_zh, &entry.name_en).to_owned())
}

fn line(of: &LedgerLine, standings: &GetStandingsResponse, lookup: Names<'_>, lang: Lang) -> LineView {
    let event = of.event_type.rsplit('.').next().unwrap_or_default();
    let day = of.occurred_on.and_then(|date| time::Date::try_from(date).ok());
    LineView {
        day: day.map(day_iso).unwrap_or_default(),
        quantity: names::amount(&of.measure, of.quantity),
        correction: of.quantity < 0,
        measure: names::measure(&of.measure, lang).to_owned(),
        unit_name: unit_name(standings, &of.org_unit, lookup, lang),
        unit: of.org_unit.clone(),
        category_name: squadron_name(standings, &of.category, lang)
            .or_else(|| names::category(&of.category, lang).map(str::to_owned))
            .unwrap_or_default(),
        category: of.category.clone(),
        stream: of.stream.clone(),
        event_name: names::event(event, lang).to_owned(),
        event: event.to_owned(),
        event_type: of.event_type.clone(),
        source: of.source.clone(),
        position: of.position.to_string(),
        recorded_at: Moment::of_wire(of.recorded_at.as_ref()),
    }
}
