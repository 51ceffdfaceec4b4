//! What a reader is told when a page cannot be shown: the right status, one sentence, and a way on.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use xiaoan_kernel::Refusal;
use xiaoan_proto::hq::v1::Scheme;

use super::ask::{Ask, Frame};
use super::lang::Lang;
use super::links;
use crate::ReadError;

/// Why a page cannot be shown.
#[derive(Debug)]
pub enum Problem {
    /// No such page.
    NoPage,
    /// No such board; the boards that are there.
    UnknownBoard(String, Vec<Scheme>),
    /// The period cannot be read.
    BadPeriod {
        /// Board that was asked for.
        board: String,
        /// Period as asked.
        period: String,
    },
    /// The period is not closed: its figures are provisional.
    NotClosed {
        /// Board that was asked for.
        board: String,
        /// Period as asked.
        period: String,
    },
    /// Another parameter is wrong.
    BadArgument(Said),
    /// Too many readers are waiting for changes.
    TooManyWatchers,
    /// Ours; the cause is in the log only.
    Broken,
}

impl Problem {
    /// What went wrong while reading. Breakage is logged here, once, and shown with a fixed text.
    pub fn of(error: ReadError, board: &str, period: &str) -> Self {
        match error {
            ReadError::UnknownBoard { board } => Self::UnknownBoard(board, Vec::new()),
            ReadError::BadPeriod { .. } => {
                Self::BadPeriod { board: board.to_owned(), period: period.to_owned() }
            }
            ReadError::BadArgument { .. } => {
                Self::BadArgument(error.refusal().and_then(|r| r.findings().into_iter().next()).map_or_else(
                    || Said { zh: error.to_string(), en: error.to_string() },
                    |finding| Said { zh: finding.zh, en: finding.en },
                ))
            }
            ReadError::NotYet { .. } | ReadError::Database(_) | ReadError::Corrupt(_) => {
                tracing::error!(board, period, error = %error, "a page cannot be read");
                Self::Broken
            }
        }
    }

    /// A wrong parameter, in both languages.
    pub fn argument(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::BadArgument(Said { zh: zh.into(), en: en.into() })
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NoPage | Self::UnknownBoard(..) | Self::NotClosed { .. } => StatusCode::NOT_FOUND,
            Self::BadPeriod { .. } | Self::BadArgument(_) => StatusCode::BAD_REQUEST,
            Self::TooManyWatchers => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn title(&self, l: Lang) -> &str {
        match self {
            Self::NoPage => l.t("没有这个页面", "There is no such page"),
            Self::UnknownBoard(..) => l.t("没有这张榜", "There is no such board"),
            Self::BadPeriod { .. } => l.t("看不懂这个期间", "This is no period"),
            Self::NotClosed { .. } => l.t("这一期间尚未结账", "This period is not closed"),
            Self::BadArgument(_) => l.t("参数有误", "A parameter is wrong"),
            Self::TooManyWatchers => l.t("观看的人太多", "Too many are watching"),
            Self::Broken => l.t("暂时读不出榜单", "The board cannot be read just now"),
        }
    }

    fn sentence(&self, l: Lang) -> String {
        match self {
            Self::NoPage => l.t("地址可能抄错了。", "The address may have been copied wrongly.").to_owned(),
            Self::UnknownBoard(board, _) => match l {
                Lang::Zh => format!("没有名为“{board}”的榜单，或者它的考核办法在这一期间尚未施行。现有："),
                Lang::En => format!(
                    "No board is called “{board}”, or its scheme is not in force for the period. There are:"
                ),
            },
            Self::BadPeriod { period, .. } => match l {
                Lang::Zh => {
                    format!("“{period}”不是期间。可以写月、季度、年、起止日期，或专项行动的编号，例如：")
                }
                Lang::En => format!(
                    "“{period}” names no period. Write a month, a quarter, a year, two days, or the id of a campaign, for example:"
                ),
            },
            Self::NotClosed { period, .. } => match l {
                Lang::Zh => format!("“{period}”还没有冻结，榜上是暂定数字。可以看："),
                Lang::En => format!("“{period}” is not frozen; its figures are provisional. There are:"),
            },
            Self::BadArgument(said) => l.t(&said.zh, &said.en).to_owned(),
            Self::TooManyWatchers => l
                .t(
                    "请稍后刷新；页面本身仍可打开。",
                    "Reload later; the pages themselves can still be opened.",
                )
                .to_owned(),
            Self::Broken => l
                .t(
                    "原因已记入日志。请稍后刷新；若一直如此，请告知系统管理员。",
                    "The cause is in the log. Reload later; if it stays so, tell the administrator.",
                )
                .to_owned(),
        }
    }

    fn examples(&self, l: Lang) -> Vec<Example> {
        match self {
            Self::UnknownBoard(_, boards) => boards
                .iter()
                .map(|scheme| Example {
                    href: links::board(&scheme.board, "", "", l),
                    label: l.name(&scheme.title_zh, &scheme.title_en).to_owned(),
                    code: scheme.board.clone(),
                })
                .collect(),
            Self::BadPeriod { board, .. } => ["2026-06", "2026-Q2", "2026", "2020-09-01..2021-07-10"]
                .map(|period| Example {
                    href: links::board(board, period, "", l),
                    label: super::period::Span::read(period).label(l),
                    code: period.to_owned(),
                })
                .into(),
            Self::NotClosed { board, period } => vec![
                Example {
                    href: links::board(board, period, "", l),
                    label: l.t("这张榜的暂定数字", "The provisional figures").to_owned(),
                    code: period.clone(),
                },
                Example {
                    href: links::to("/closings", &[], l),
                    label: l.t("已结账的期间", "Closed periods").to_owned(),
                    code: String::new(),
                },
            ],
            _ => Vec::new(),
        }
    }

    /// The page that says it.
    pub fn page(&self, ask: &Ask) -> Response {
        let l = ask.lang;
        let title = self.title(l).to_owned();
        let page = ProblemPage {
            f: ask.frame(title.clone(), ""),
            l,
            status: self.status().as_u16(),
            title,
            sentence: self.sentence(l),
            examples: self.examples(l),
        };
        let mut response = ask.page(&page);
        *response.status_mut() = self.status();
        response
    }
}

/// A sentence in both languages.
#[derive(Debug)]
pub struct Said {
    zh: String,
    en: String,
}

struct Example {
    href: String,
    label: String,
    code: String,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    f: Frame,
    l: Lang,
    status: u16,
    title: String,
    sentence: String,
    examples: Vec<Example>,
}
