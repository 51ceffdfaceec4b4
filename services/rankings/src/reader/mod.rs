//! Reading the board, in process: the gRPC service and the web board both stand on this.

use futures::Stream;
use std::sync::Arc;
use time::{Date, OffsetDateTime};
use xiaoan_proto::hq::v1::{Campaign, Scheme};
use xiaoan_proto::rankings::v1::{ExplainRequest, ExplainResponse, GetStandingsResponse, SourcePosition};

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
    #[error("position {position} of {source_name} is not applied yet")]
    NotYet {
        /// Source.
        source_name: String,
        /// Position waited for.
        position: i64,
    },
    /// The database cannot be read.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// A stored row cannot be read.
    #[error("corrupt row: {0}")]
    Corrupt(String),
}

/// Reads boards, standings and the lines behind a number. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Reader {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {}

impl Reader {
    /// Today in the city.
    #[must_use]
    pub fn today(&self) -> Date {
        let _ = &self.inner;
        Date::MIN
    }

    /// The boards in the order shown, each with the scheme in force today.
    ///
    /// # Errors
    /// [`ReadError::Database`].
    pub async fn boards(&self) -> Result<Vec<Scheme>, ReadError> {
        Ok(Vec::new())
    }

    /// Campaigns, whose ids are periods; newest first.
    ///
    /// # Errors
    /// [`ReadError::Database`].
    pub async fn campaigns(&self) -> Result<Vec<Campaign>, ReadError> {
        Ok(Vec::new())
    }

    /// Standings of a board over a period, as known now or at a moment. Always of one snapshot: rows, total and
    /// source positions belong together.
    ///
    /// # Errors
    /// [`ReadError::UnknownBoard`], [`ReadError::BadPeriod`], [`ReadError::Database`].
    pub async fn standings(
        &self,
        board: &str,
        period: &str,
        as_of: Option<OffsetDateTime>,
    ) -> Result<Arc<GetStandingsResponse>, ReadError> {
        let _ = (period, as_of);
        Err(ReadError::UnknownBoard { board: board.to_owned() })
    }

    /// The ledger lines behind one number, by day, source and position; `sum` and `count` span all pages.
    ///
    /// # Errors
    /// As [`standings`](Self::standings), and [`ReadError::BadArgument`] for an unknown unit or indicator, an
    /// indicator without a denominator when that is asked for, and a page token that is none.
    pub async fn explain(&self, request: &ExplainRequest) -> Result<ExplainResponse, ReadError> {
        Err(ReadError::UnknownBoard { board: request.board.clone() })
    }

    /// How far every source has been read.
    ///
    /// # Errors
    /// [`ReadError::Database`].
    pub async fn sources(&self) -> Result<Vec<SourcePosition>, ReadError> {
        Ok(Vec::new())
    }

    /// Standings now (unless `after` is the present revision) and again whenever their content changes, at most every
    /// 200 ms. Ends only with an error or when the reader is dropped.
    pub fn watch(
        &self,
        board: &str,
        period: &str,
        after: i64,
    ) -> impl Stream<Item = Result<Arc<GetStandingsResponse>, ReadError>> + Send + 'static + use<> {
        let _ = (board, period, after, self);
        futures::stream::empty()
    }
}
