//! `GET /closings`: every closed period of every board.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use time::Date;
use xiaoan_proto::hq::v1::{Campaign, Closing};

use super::Web;
use super::ask::{Ask, Frame};
use super::board::version;
use super::format::day_text;
use super::lang::Lang;
use super::pages::{answer, period_label};
use super::problem::Problem;
use super::status::Status;
use super::{figure, links, words};

/// The handler.
pub async fn closings(State(web): State<Web>, ask: Ask) -> Response {
    answer(&web, &ask, read(&web, &ask).await).await
}

async fn read(web: &Web, ask: &Ask) -> Result<Response, Problem> {
    let broken = |error| Problem::of(error, "", "");
    let closings = web.reader.decided::<Closing>().await.map_err(broken)?;
    let campaigns = web.reader.campaigns().await.map_err(broken)?;
    let positions = web.reader.sources().await.map_err(broken)?;
    Ok(ask.page(&ClosingsPage::of(&closings, &campaigns, Status::of(&positions, ask.lang), ask)))
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "closings.html")]
pub struct ClosingsPage {
    f: Frame,
    l: Lang,
    status: Status,
    closings: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    href: String,
    board: String,
    board_href: String,
    period: String,
    state: &'static str,
    corrections: usize,
    frozen_on: String,
    scheme: String,
    /// "cases #40 · hq #7".
    counted: String,
    digest: String,
}

impl ClosingsPage {
    /// The page; pure, so that a test renders what a browser gets.
    pub fn of(closings: &[Closing], campaigns: &[Campaign], status: Status, ask: &Ask) -> Self {
        let l = ask.lang;
        Self {
            f: ask.frame(l.t("结账", "Closings"), "closings"),
            l,
            status,
            closings: closings.iter().map(|closing| row(closing, campaigns, l)).collect(),
        }
    }
}

fn row(of: &Closing, campaigns: &[Campaign], l: Lang) -> Row {
    let figures = of.frozen.clone().unwrap_or_default();
    let scheme = figures.scheme.unwrap_or_default();
    let place = super::board::Place {
        board: of.board.clone(),
        period: of.period.clone(),
        as_of: String::new(),
        lang: l,
    };
    let counted: Vec<String> =
        figures.sources.iter().map(|source| format!("{} #{}", source.source, source.position)).collect();
    Row {
        href: figure::page(&place, "closing", "", ""),
        board: l.name(&scheme.title_zh, &scheme.title_en).to_owned(),
        board_href: links::board(&of.board, &of.period, "", l),
        period: period_label(&of.period, campaigns, l),
        state: words::closing(of.state(), l),
        corrections: of.corrections.len(),
        frozen_on: of
            .frozen_on
            .and_then(|day| Date::try_from(day).ok())
            .map(|day| day_text(day, l))
            .unwrap_or_default(),
        scheme: version(&scheme, l),
        counted: counted.join(" · "),
        digest: hex::encode(&figures.digest),
    }
}
