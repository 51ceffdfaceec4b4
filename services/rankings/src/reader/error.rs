//! Why nothing can be shown.

use xiaoan_kernel::{Finding, Refusal, RefusalKind, Severity};

/// Why nothing can be shown.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// No such board, or no scheme of it is in force for the period.
    #[error("no board {board:?} with a scheme in force for that period")]
    UnknownBoard {
        /// As asked.
        board: String,
    },
    /// The text names no period: "2026-06", "2026-Q2", "2026", "2020-09-01..2021-07-10" or a campaign's id.
    #[error("{text:?} is no period: {reason}")]
    BadPeriod {
        /// As asked.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Another argument is wrong.
    #[error("{field}: {reason}")]
    BadArgument {
        /// Field of the request.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A position that was waited for is not applied yet.
    #[error("position {position} of {source_name} is not applied yet: {reason}")]
    NotYet {
        /// Source.
        source_name: String,
        /// Position waited for.
        position: i64,
        /// Where the projection is; `None` when it has stopped and will not come by itself.
        reached: Option<i64>,
        /// The same in words.
        reason: String,
    },
    /// The database cannot be read.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// What is stored cannot be read.
    #[error("corrupt: {0}")]
    Corrupt(String),
}

/// The part of an error that is the caller's to mend, with the codes that the API documents.
#[derive(Debug)]
pub struct ReadRefusal {
    kind: RefusalKind,
    finding: Finding,
}

impl ReadError {
    /// As a refusal, when it is one: an unknown board, a bad period or argument. Everything else is breakage.
    #[must_use]
    pub fn refusal(&self) -> Option<ReadRefusal> {
        let finding =
            |code, field, zh: String, en: String| Finding { code, severity: Severity::Error, field, zh, en };
        match self {
            Self::UnknownBoard { board } => Some(ReadRefusal {
                kind: RefusalKind::Missing,
                finding: finding(
                    "BOARD-UNKNOWN",
                    "board",
                    format!("没有名为“{board}”且在该时期生效的排行榜，请先列出可用的排行榜。"),
                    format!(
                        "There is no board {board:?} with a scheme in force for that period; list the boards first."
                    ),
                ),
            }),
            Self::BadPeriod { text, reason } => Some(ReadRefusal {
                kind: RefusalKind::Field,
                finding: finding(
                    "GE-006",
                    "period",
                    format!(
                        "“{text}”不是有效的统计时期，请写成 2026-06、2026-Q2、2026、2020-09-01..2021-07-10 或专项行动代号。"
                    ),
                    format!("{text:?} is no period: {reason}."),
                ),
            }),
            Self::BadArgument { field, reason } => Some(ReadRefusal {
                kind: RefusalKind::Field,
                finding: finding(
                    "GE-006",
                    field,
                    format!("参数 {field} 无效，请更正后再试。"),
                    format!("{field}: {reason}."),
                ),
            }),
            Self::NotYet { .. } | Self::Database(_) | Self::Corrupt(_) => None,
        }
    }
}

impl Refusal for ReadRefusal {
    fn kind(&self) -> RefusalKind {
        self.kind
    }
    fn findings(&self) -> Vec<Finding> {
        vec![self.finding.clone()]
    }
}
