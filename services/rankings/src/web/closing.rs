//! `GET /boards/{board}/closing?period=`: the figures of a closed period as they were frozen, beside what the ledger says now.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use time::Date;
use xiaoan_proto::hq::v1::{Campaign, ClosedFigures, ClosedSource, Correction};
use xiaoan_proto::rankings::v1::GetStandingsResponse;

use super::Web;
use super::ask::{Ask, Frame};
use super::board::{self, Names, Place};
use super::closing_rows::{Line, Maker, Seen, rows};
use super::figure::{self, Head};
use super::format::{Moment, day_text, whole};
use super::lang::Lang;
use super::pages::{answer, last_day, place};
use super::problem::Problem;
use super::{links, words};
use crate::accountability::{Closed, positions};
use crate::{Knowledge, ReadError};

/// Parameter that asks for the figures to be counted again.
const RECOUNT: &str = "recount";

/// The handler.
pub async fn closing(State(web): State<Web>, Path(board): Path<String>, ask: Ask) -> Response {
    answer(&web, &ask, read(&web, &board, &ask).await).await
}

async fn read(web: &Web, board: &str, ask: &Ask) -> Result<Response, Problem> {
    let (mut place, _) = place(web, board, ask).await?;
    // What is frozen and what is known now: a moment between them has no place here.
    place.as_of.clear();
    let broken = |error| Problem::of(error, board, &place.period);
    let closed = web.reader.closed(board, &place.period).await.map_err(broken)?;
    let Some(closed) = closed else {
        return Err(Problem::NotClosed { board: board.to_owned(), period: place.period });
    };
    let now = web.reader.standings(board, &place.period, None).await.map_err(broken)?;
    let mut recounts = BTreeMap::new();
    if !ask.get(RECOUNT).is_empty() {
        for version in &closed.versions {
            if let Some(figures) = &version.figures {
                recounts.insert(version.number, recount(web, &place, figures).await.map_err(broken)?);
            }
        }
    }
    let campaigns = web.reader.campaigns().await.map_err(broken)?;
    let day = last_day(&now).unwrap_or_else(|| web.reader.today());
    let names = |code: &str| web.unit_name(code, day);
    let page = ClosingPage::of(&closed, &now, &recounts, &place, &names, &campaigns, ask);
    page.map(|page| ask.page(&page))
        .ok_or_else(|| Problem::argument("结账时没有这个指标。", "The closed board has no such indicator."))
}

/// Whether the ledger still gives these figures at the positions they were counted at, by the scheme that was stored with
/// them; `None` when it cannot be asked.
async fn recount(web: &Web, place: &Place, figures: &ClosedFigures) -> Result<Option<bool>, ReadError> {
    let known = Knowledge::new(None, positions(figures))?;
    let Some(scheme) = &figures.scheme else { return Ok(None) };
    let again = match web.reader.standings_by(scheme, &place.period, &known).await {
        Ok(again) => ClosedFigures::from(&**again),
        Err(ReadError::NotYet { .. } | ReadError::BadArgument { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let text =
        xiaoan_proto::closing_text(&place.board, &place.period, &again, |bytes| Sha256::digest(bytes).into());
    Ok(Some(Sha256::digest(text).as_slice() == figures.digest))
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "closing.html")]
pub struct ClosingPage {
    f: Frame,
    l: Lang,
    h: Head,
    state: &'static str,
    frozen_on: String,
    frozen_at: Option<Moment>,
    /// Rows that differ now from what was frozen.
    moved: usize,
    columns: Vec<String>,
    honest: bool,
    rows: Vec<Line>,
    versions: Vec<Version>,
    scheme_changed: bool,
    others: Vec<(String, String, bool)>,
    recount_href: String,
    list_href: String,
    accountability_href: String,
}

/// A set of figures on record.
#[derive(Debug)]
struct Version {
    title: String,
    day: String,
    reason: String,
    scheme: String,
    digest: String,
    sources: Vec<(String, String, String)>,
    differences: String,
    /// Whether the digest was found again: "good", "bad", "unable"; empty when nobody asked.
    recount: &'static str,
}

impl ClosingPage {
    /// The page; pure, so that a test renders what a browser gets. `None` when the closed board has no such indicator.
    pub fn of(
        closed: &Closed,
        standings: &GetStandingsResponse,
        recounts: &BTreeMap<i32, Option<bool>>,
        place: &Place,
        lookup: Names<'_>,
        campaigns: &[Campaign],
        ask: &Ask,
    ) -> Option<Self> {
        let l = place.lang;
        let frozen = closed.figures(0)?;
        let scheme = frozen.scheme.as_ref()?;
        let id = match ask.get("indicator") {
            "" => scheme.rank_by.as_str(),
            id => id,
        };
        let indicator = scheme.indicators.iter().find(|indicator| indicator.id == id)?;
        let now = ClosedFigures::from(standings);
        // What was frozen, the last correction, and now: the steps between are listed below the table.
        let corrected = closed.versions.last().filter(|version| version.number > 0);
        let corrected = corrected.and_then(|version| Some((version.number, version.figures.as_ref()?)));
        let mut shown = vec![(Some(0), frozen)];
        shown.extend(corrected.map(|(number, figures)| (Some(number), figures)));
        shown.push((None, &now));
        let split = figure::split(scheme);
        let maker = Maker { integrity: &split.integrity, indicator, place, lookup };
        let mut rows: Vec<Line> = rows(&shown).iter().map(|seen| maker.line(seen, false)).collect();
        let total: Vec<Seen<'_>> = shown.iter().map(|(number, of)| (*number, of.total.as_ref())).collect();
        let moved = rows.iter().filter(|row| row.moved).count();
        rows.push(maker.line(&total, true));
        let h = Head::of(standings, indicator, place, campaigns);
        let others = split.shown.iter().map(|other| {
            let title = board::title(other, l).to_owned();
            (figure::page(place, "closing", "", &other.id), title, other.id == indicator.id)
        });
        let recount_href = links::to(
            &format!("/boards/{}/closing", links::encoded(&place.board)),
            &[("period", &place.period), ("indicator", ask.get("indicator")), (RECOUNT, "1")],
            l,
        );
        Some(Self {
            f: ask.frame(format!("{} {} {}", h.board_title, h.period, l.t("结账", "closing")), "closings"),
            l,
            state: words::closing(closed.closing.state(), l),
            frozen_on: day(closed.closing.frozen_on, l),
            frozen_at: Moment::of_wire(closed.closing.recorded_at.as_ref()),
            moved,
            columns: shown.iter().map(|(number, _)| column(*number, l)).collect(),
            honest: !split.integrity.is_empty(),
            rows,
            versions: closed.versions.iter().filter_map(|of| version(of, recounts, l)).collect(),
            scheme_changed: now.scheme.as_ref().is_some_and(|s| s.version != scheme.version),
            others: others.collect(),
            recount_href,
            list_href: links::to("/closings", &[], l),
            accountability_href: links::to("/accountability", &[], l),
            h,
        })
    }
}

fn version(of: &Correction, recounts: &BTreeMap<i32, Option<bool>>, l: Lang) -> Option<Version> {
    let figures = of.figures.as_ref()?;
    Some(Version {
        title: column(Some(of.number), l),
        day: day(of.corrected_on, l),
        reason: of.reason.clone(),
        scheme: figures.scheme.as_ref().map_or(String::new(), |scheme| board::version(scheme, l)),
        digest: hex::encode(&figures.digest),
        sources: figures.sources.iter().map(source).collect(),
        differences: whole(i64::try_from(of.differences.len()).unwrap_or(i64::MAX)),
        recount: match recounts.get(&of.number) {
            None => "",
            Some(None) => "unable",
            Some(Some(true)) => "good",
            Some(Some(false)) => "bad",
        },
    })
}

fn day(of: Option<xiaoan_proto::core::v1::Date>, l: Lang) -> String {
    of.and_then(|day| Date::try_from(day).ok()).map(|day| day_text(day, l)).unwrap_or_default()
}

fn source(of: &ClosedSource) -> (String, String, String) {
    (of.source.clone(), whole(of.position), hex::encode(&of.chain_hash))
}

/// "冻结", "第 1 次更正", "台账现在".
pub fn column(number: Option<i32>, l: Lang) -> String {
    match (number, l) {
        (None, _) => l.t("台账现在", "Ledger now").to_owned(),
        (Some(0), _) => l.t("冻结", "Frozen").to_owned(),
        (Some(n), Lang::Zh) => format!("第 {n} 次更正"),
        (Some(n), Lang::En) => format!("Correction {n}"),
    }
}
