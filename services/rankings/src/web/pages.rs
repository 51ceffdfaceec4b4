//! The pages: what each one reads, and its template.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use time::{Date, OffsetDateTime};
use xiaoan_proto::hq::v1::{Campaign, Scheme};
use xiaoan_proto::rankings::v1::GetStandingsResponse;

use super::Web;
use super::ask::{Ask, Frame, moment, moment_param};
use super::board::{self, BoardView, Names, Place};
use super::lang::Lang;
use super::period::Span;
use super::picker::Picker;
use super::problem::Problem;
use super::row::{RankChange, Yoy};
use super::sheet::{self, SheetPage};
use super::status::Status;
use super::{links, overdue, summary};

/// `GET /`: every board with its headline.
pub async fn index(State(web): State<Web>, ask: Ask) -> Response {
    answer(&web, &ask, read_index(&web, &ask).await).await
}

/// `GET /boards/{board}`.
pub async fn board(State(web): State<Web>, Path(board): Path<String>, ask: Ask) -> Response {
    answer(&web, &ask, read_board(&web, &board, &ask).await).await
}

/// Everything else.
pub async fn nothing(ask: Ask) -> Response {
    Problem::NoPage.page(&ask)
}

/// A page or the page that says why there is none; an unknown board is answered with those that are known.
pub async fn answer(web: &Web, ask: &Ask, page: Result<Response, Problem>) -> Response {
    match page {
        Ok(page) => page,
        Err(Problem::UnknownBoard(name, _)) => {
            let boards = web.reader.boards().await.unwrap_or_default();
            Problem::UnknownBoard(name, boards).page(ask)
        }
        Err(problem) => problem.page(ask),
    }
}

/// What a request names: a board over a period at a moment, and whether the period was stated.
pub async fn place(web: &Web, board: &str, ask: &Ask) -> Result<(Place, Option<OffsetDateTime>), Problem> {
    let as_of = match ask.get("as_of") {
        "" => None,
        text => Some(moment(text).ok_or_else(|| bad_moment(text))?),
    };
    let period = match ask.get("period") {
        "" => web.default_period().await?,
        text => text.to_owned(),
    };
    let as_of_param = as_of.map(moment_param).unwrap_or_default();
    Ok((Place { board: board.to_owned(), period, as_of: as_of_param, lang: ask.lang }, as_of))
}

fn bad_moment(text: &str) -> Problem {
    Problem::argument(
        format!("“{text}”不是时点，请写成 2026-07-10 或 2026-07-10T08:00（北京时间）。"),
        format!("“{text}” is no moment; write 2026-07-10 or 2026-07-10T08:00 (Beijing time)."),
    )
}

/// What a period is called: a campaign by its name, everything else by its form.
pub fn period_label(period: &str, campaigns: &[Campaign], lang: Lang) -> String {
    match campaigns.iter().find(|c| c.campaign_id == period) {
        Some(campaign) => lang.name(&campaign.name_zh, &campaign.name_en).to_owned(),
        None => Span::read(period).label(lang),
    }
}

async fn read_board(web: &Web, board: &str, ask: &Ask) -> Result<Response, Problem> {
    if !ask.get("from").is_empty() && !ask.get("to").is_empty() {
        let period = format!("{}..{}", ask.get("from"), ask.get("to"));
        return Ok(Redirect::to(&links::board(board, &period, ask.get("as_of"), ask.lang)).into_response());
    }
    let (place, as_of) = place(web, board, ask).await?;
    let read = web.reader.standings(board, &place.period, as_of).await;
    let standings = read.map_err(|error| Problem::of(error, board, &place.period))?;
    let campaigns = web.reader.campaigns().await.map_err(|error| Problem::of(error, board, &place.period))?;
    let today = web.reader.today();
    let names = |code: &str| web.unit_name(code, last_day(&standings).unwrap_or(today));
    if standings.scheme.as_ref().is_some_and(sheet::is_sheet) {
        return Ok(ask.page(&SheetPage::of(&standings, &place, &names, &campaigns, today, ask)));
    }
    let broken = |error| Problem::of(error, board, &place.period);
    let closing = web.reader.closing(board, &place.period).await.map_err(broken)?;
    let mut page = BoardPage::of(&standings, &place, &names, &campaigns, today, ask);
    page.closing = overdue::state(closing.as_ref(), &place);
    // Who is late is late now; a board of the past is shown as it was.
    if as_of.is_none() {
        let late = web.reader.overdue_notices().await.map_err(broken)?;
        overdue::mark(&mut page.v, &late, &campaigns, ask.lang);
    }
    Ok(ask.page(&page))
}

/// Last day counted.
pub fn last_day(standings: &GetStandingsResponse) -> Option<Date> {
    standings.to.and_then(|day| Date::try_from(day).ok())
}

/// A board's page.
#[derive(Debug, Template)]
#[template(path = "board.html")]
pub struct BoardPage {
    f: Frame,
    l: Lang,
    /// The table, with the rows of units that are late marked.
    pub v: BoardView,
    picker: Picker,
    live: Option<String>,
    unfinished: bool,
    /// Whether the period is closed.
    pub closing: overdue::State,
}

impl BoardPage {
    /// The page of standings; pure, so that a test renders what a browser gets.
    pub fn of(
        standings: &GetStandingsResponse,
        place: &Place,
        names: Names<'_>,
        campaigns: &[Campaign],
        today: Date,
        ask: &Ask,
    ) -> Self {
        let mut v = board::view(standings, place, names);
        v.period = period_label(&place.period, campaigns, place.lang);
        let first = standings.from.and_then(|day| Date::try_from(day).ok());
        let shown = (first.unwrap_or(today), last_day(standings).unwrap_or(today));
        let live = links::to(
            &format!("/boards/{}/live", links::encoded(&place.board)),
            &[("period", &place.period)],
            Lang::Zh,
        );
        Self {
            f: ask.frame(format!("{} {}", v.title, v.period), "boards"),
            l: place.lang,
            picker: Picker::of(place, shown, campaigns, today),
            live: place.as_of.is_empty().then_some(live),
            unfinished: shown.1 >= today,
            closing: overdue::state(None, place),
            v,
        }
    }
}

async fn read_index(web: &Web, ask: &Ask) -> Result<Response, Problem> {
    let broken = |error| Problem::of(error, "", "");
    let period = match ask.get("period") {
        "" => web.default_period().await?,
        text => text.to_owned(),
    };
    let (mut cards, mut sheets) = (Vec::new(), Vec::new());
    for Scheme { board, .. } in web.reader.boards().await.map_err(broken)? {
        let place = Place { board, period: period.clone(), as_of: String::new(), lang: ask.lang };
        // A board whose scheme is not in force for the period has no card; the others have.
        match web.reader.standings(&place.board, &period, None).await {
            Ok(standings) if standings.scheme.as_ref().is_some_and(sheet::is_sheet) => {
                sheets.push(summary::sheet(&standings, &place));
            }
            Ok(standings) => cards.push(summary::card(&standings, &place)),
            Err(crate::ReadError::UnknownBoard { .. }) => {}
            Err(error) => return Err(Problem::of(error, &place.board, &period)),
        }
    }
    let sources = web.reader.sources().await.map_err(broken)?;
    let campaigns = web.reader.campaigns().await.map_err(broken)?;
    let l = ask.lang;
    Ok(ask.page(&IndexPage {
        f: ask.frame(l.t("榜单", "Boards"), "boards"),
        l,
        period: period_label(&period, &campaigns, l),
        status: Status::of(&sources, l),
        sheets,
        cards,
    }))
}

/// The index.
#[derive(Debug, Template)]
#[template(path = "index.html")]
pub struct IndexPage {
    /// Frame.
    pub f: Frame,
    /// Language.
    pub l: Lang,
    /// Name of the period.
    pub period: String,
    /// Freshness.
    pub status: Status,
    /// One strip per sheet of figures.
    pub sheets: Vec<summary::Strip>,
    /// One card per board.
    pub cards: Vec<summary::Card>,
}
