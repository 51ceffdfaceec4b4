//! `GET /sources`: per source its position, lag, chain head and state, followed here or not.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use xiaoan_proto::projections::v1::ProjectionState;
use xiaoan_proto::rankings::v1::SourceStatus;

use super::Web;
use super::ask::{Ask, Frame};
use super::format::{Moment, whole};
use super::lang::Lang;
use super::names;
use super::pages::answer;
use super::problem::Problem;
use super::status::Status;

/// The handler.
pub async fn sources(State(web): State<Web>, ask: Ask) -> Response {
    answer(&web, &ask, read(&web, &ask).await).await
}

async fn read(web: &Web, ask: &Ask) -> Result<Response, Problem> {
    let broken = |error| Problem::of(error, "", "");
    let statuses = web.reader.source_statuses().await.map_err(broken)?;
    let positions = web.reader.sources().await.map_err(broken)?;
    let status = Status::of(&positions, ask.lang);
    Ok(ask.page(&SourcesPage::of(&statuses, status, ask)))
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "sources.html")]
pub struct SourcesPage {
    f: Frame,
    l: Lang,
    status: Status,
    sources: Vec<SourceRow>,
}

#[derive(Debug)]
struct SourceRow {
    name: String,
    role: String,
    followed: bool,
    position: String,
    head: String,
    lag: String,
    /// "3.2 s"; empty while there is none.
    age: String,
    data_as_of: Option<Moment>,
    chain_head: String,
    state: &'static str,
    /// Class of the state's word: "", "late" or "stop".
    tone: &'static str,
    problem: String,
    measures: String,
}

impl SourcesPage {
    /// The page of statuses; pure, so that a test renders what a browser gets.
    pub fn of(statuses: &[SourceStatus], status: Status, ask: &Ask) -> Self {
        let l = ask.lang;
        Self {
            f: ask.frame(l.t("数据来源", "Sources"), "sources"),
            l,
            status,
            sources: statuses.iter().map(|of| row(of, l)).collect(),
        }
    }
}

fn row(of: &SourceStatus, lang: Lang) -> SourceRow {
    let (state, tone) = state(of, lang);
    let measures: Vec<_> = of.measures.iter().map(|name| names::measure(name, lang)).collect();
    SourceRow {
        name: of.source.clone(),
        role: names::source(&of.source, lang).to_owned(),
        followed: of.followed,
        position: whole(of.position),
        head: whole(of.source_head.max(of.position)),
        lag: whole(of.lag_events),
        age: if of.lag_events > 0 { age(of.lag_seconds, lang) } else { String::new() },
        data_as_of: Moment::of_wire(of.data_as_of.as_ref()),
        chain_head: hex::encode(&of.chain_head),
        state,
        tone,
        problem: of.problem.clone(),
        measures: measures.join(lang.t("、", ", ")),
    }
}

fn state(of: &SourceStatus, lang: Lang) -> (&'static str, &'static str) {
    if !of.followed {
        return (lang.t("未接入", "not followed"), "");
    }
    match of.state() {
        ProjectionState::Stopped => (lang.t("已停止", "stopped"), "stop"),
        ProjectionState::Disconnected => (lang.t("连接中断", "cannot be reached"), "late"),
        ProjectionState::CatchingUp => (lang.t("追赶中", "catching up"), "late"),
        ProjectionState::Live | ProjectionState::Unspecified if of.lag_events > 0 => {
            (lang.t("追赶中", "catching up"), "late")
        }
        ProjectionState::Live | ProjectionState::Unspecified => (lang.t("正常", "up to date"), ""),
    }
}

/// Seconds with one decimal below ten, then minutes, then hours.
fn age(seconds: f64, lang: Lang) -> String {
    match seconds {
        s if s < 10.0 => format!("{s:.1} {}", lang.t("秒", "s")),
        s if s < 120.0 => format!("{s:.0} {}", lang.t("秒", "s")),
        s if s < 7_200.0 => format!("{:.0} {}", s / 60.0, lang.t("分钟", "min")),
        s => format!("{:.0} {}", s / 3_600.0, lang.t("小时", "h")),
    }
}
