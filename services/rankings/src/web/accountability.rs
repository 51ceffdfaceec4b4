//! `GET /accountability?bureau=`: open notices with their deadlines, interviews, cases under listed supervision. By post and
//! unit, never by person.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use xiaoan_proto::hq::v1::{
    Campaign, Interview, InterviewState, ListedCase, ListedCaseState, Notice, NoticeStep, Scheme,
};

use super::Web;
use super::accountability_rows::{InterviewRow, ListedRow, Maker, NoticeRow};
use super::ask::{Ask, Frame};
use super::board::Names;
use super::format::whole;
use super::lang::Lang;
use super::pages::answer;
use super::problem::Problem;
use super::status::Status;
use super::{links, words};

/// What is over is listed up to here, the latest first; the rest is hq's to tell.
const PAST: usize = 100;

/// The handler.
pub async fn accountability(State(web): State<Web>, ask: Ask) -> Response {
    answer(&web, &ask, read(&web, &ask).await).await
}

async fn read(web: &Web, ask: &Ask) -> Result<Response, Problem> {
    let broken = |error| Problem::of(error, "", "");
    let reader = &web.reader;
    let today = reader.today();
    let bureau = ask.get("bureau");
    let bureaus = reader.bureaus(today);
    if !bureau.is_empty() && !bureaus.iter().any(|unit| unit.code.as_str() == bureau) {
        return Err(Problem::argument("没有这个县区局。", "There is no such bureau."));
    }
    let within = |unit: &str| bureau.is_empty() || reader.is_within(unit, bureau, today);
    let mut decided = Decided {
        notices: reader.decided().await.map_err(broken)?,
        interviews: reader.decided().await.map_err(broken)?,
        listed: reader.decided().await.map_err(broken)?,
    };
    decided.notices.retain(|notice| within(&notice.org_unit));
    decided.interviews.retain(|interview| within(&interview.org_unit));
    decided.listed.retain(|case| within(&case.org_unit));
    let boards = reader.boards().await.map_err(broken)?;
    let campaigns = reader.campaigns().await.map_err(broken)?;
    let status = Status::of(&reader.sources().await.map_err(broken)?, ask.lang);
    let names = |code: &str| web.unit_name(code, today);
    let around = Around { names: &names, boards: &boards, campaigns: &campaigns };
    let bureaus = bureaus.into_iter().map(|unit| (unit.code.to_string(), unit.name_zh, unit.name_en));
    let bureaus: Vec<_> = bureaus.collect();
    Ok(ask.page(&AccountabilityPage::of(&decided, &around, &bureaus, status, ask)))
}

/// What hq decided.
#[derive(Debug, Default)]
pub struct Decided {
    /// Notices, the latest period first.
    pub notices: Vec<Notice>,
    /// Interviews, the latest period first.
    pub interviews: Vec<Interview>,
    /// Listed cases.
    pub listed: Vec<ListedCase>,
}

/// What the rows are named by.
pub struct Around<'a> {
    /// Names of units.
    pub names: Names<'a>,
    /// Boards.
    pub boards: &'a [Scheme],
    /// Campaigns, whose ids are periods.
    pub campaigns: &'a [Campaign],
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "accountability.html")]
pub struct AccountabilityPage {
    f: Frame,
    l: Lang,
    status: Status,
    bureaus: Vec<(String, String, bool)>,
    counts: Vec<(&'static str, String, bool)>,
    open: Vec<NoticeRow>,
    over: Vec<NoticeRow>,
    interviews: Vec<InterviewRow>,
    listed: Vec<ListedRow>,
    delisted: Vec<ListedRow>,
    closings_href: String,
}

impl AccountabilityPage {
    /// The page; pure, so that a test renders what a browser gets.
    pub fn of(
        decided: &Decided,
        around: &Around<'_>,
        bureaus: &[(String, String, String)],
        status: Status,
        ask: &Ask,
    ) -> Self {
        let l = ask.lang;
        let (mut open, mut over): (Vec<&Notice>, Vec<&Notice>) =
            decided.notices.iter().partition(|notice| !words::is_over(notice.state()));
        open.sort_by_key(|notice| !notice.overdue);
        over.truncate(PAST);
        let mut interviews: Vec<&Interview> = decided.interviews.iter().collect();
        let ended = |i: &Interview| matches!(i.state(), InterviewState::Closed | InterviewState::Withdrawn);
        interviews.sort_by_key(|interview| (ended(interview), !interview.overdue));
        let (mut listed, mut delisted): (Vec<&ListedCase>, Vec<&ListedCase>) =
            decided.listed.iter().partition(|case| case.state() == ListedCaseState::Listed);
        listed.sort_by_key(|case| (!case.overdue, case.due_on.map(|d| (d.year, d.month, d.day))));
        delisted.sort_by_key(|case| std::cmp::Reverse(case.delisted_on.map(|d| (d.year, d.month, d.day))));
        delisted.truncate(PAST);
        let chosen = ask.get("bureau");
        let to = |code: &str| links::to("/accountability", &[("bureau", code)], l);
        let all = (to(""), l.t("全市", "Whole city").to_owned(), chosen.is_empty());
        let bureaus =
            bureaus.iter().map(|(code, zh, en)| (to(code), l.name(zh, en).to_owned(), code == chosen));
        let maker = Maker { around, l };
        Self {
            f: ask.frame(l.t("通报督办", "Accountability"), "accountability"),
            l,
            status,
            bureaus: std::iter::once(all).chain(bureaus).collect(),
            counts: counts(&open, &interviews, &listed, l),
            open: open.into_iter().map(|notice| maker.notice(notice)).collect(),
            over: over.into_iter().map(|notice| maker.notice(notice)).collect(),
            interviews: interviews.into_iter().map(|interview| maker.interview(interview)).collect(),
            listed: listed.into_iter().map(|case| maker.listed(case)).collect(),
            delisted: delisted.into_iter().map(|case| maker.listed(case)).collect(),
            closings_href: links::to("/closings", &[], l),
        }
    }
}

/// How many of what, and whether the number is one that somebody must look at.
fn counts(
    open: &[&Notice],
    interviews: &[&Interview],
    listed: &[&ListedCase],
    l: Lang,
) -> Vec<(&'static str, String, bool)> {
    let missed = |step: NoticeStep| {
        let of_step =
            |notice: &&&Notice| notice.deadlines.iter().any(|d| d.step() == step && d.missed && !d.settled);
        open.iter().filter(of_step).count()
    };
    let due = interviews
        .iter()
        .filter(|i| matches!(i.state(), InterviewState::Triggered | InterviewState::Scheduled));
    [
        (l.t("未办结通报", "Open notices"), open.len(), false),
        (l.t("签收逾期", "Not acknowledged in time"), missed(NoticeStep::Acknowledge), true),
        (l.t("方案逾期", "Plans overdue"), missed(NoticeStep::Plan), true),
        (l.t("整改逾期", "Rectification overdue"), missed(NoticeStep::Implement), true),
        (l.t("验收逾期（市局）", "Verification overdue (hq)"), missed(NoticeStep::Verify), true),
        (l.t("待约谈", "Interviews to be held"), due.clone().count(), false),
        (l.t("约谈逾期", "Interviews overdue"), due.filter(|interview| interview.overdue).count(), true),
        (l.t("挂牌督办", "Listed cases"), listed.len(), false),
        (l.t("督办逾期", "Listed cases overdue"), listed.iter().filter(|case| case.overdue).count(), true),
    ]
    .map(|(title, n, warns)| (title, whole(i64::try_from(n).unwrap_or(i64::MAX)), warns && n > 0))
    .into()
}
