//! What hq knows of cases, for what it rewards and what it watches: it follows the log of `cases` and asks nobody.
//!
//! | room | what happens there |
//! |---|---|
//! | `projection` | the log of `cases` becomes two small tables: which case is solved by which event, which solve was revoked |
//! | [`revoked`] | what a revoked solve takes away: honours, and the place of a listed case among the solved |
//! | here | the questions of commands; before one is refused for what is not known, hq reads what is recorded |

mod projection;
pub mod revoked;

pub use projection::{KnownCases, TABLES};

use sqlx::{FromRow, PgPool};
use std::time::Duration;
use time::{Date, OffsetDateTime};
use tonic::Status;
use xiaoan_feed::LogReader;
use xiaoan_kernel::city_day;
use xiaoan_projection::{NotYet, ProjectionHandle};
use xiaoan_proto::hq::v1::{Basis, BasisKind};
use xiaoan_rpc::{errors, store_status};

/// Source that is followed.
pub const SOURCE: &str = "cases";
/// Name of the projection, in checkpoints and on the board.
pub const NAME: &str = "known-cases";

/// How long a command waits for what `cases` has recorded.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is known of cases. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Cases {
    pool: PgPool,
    /// `None` = this hq follows no cases.
    following: Option<Following>,
}

#[derive(Debug, Clone)]
struct Following {
    projection: ProjectionHandle,
    log: LogReader,
}

/// The solve that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Solve {
    /// Day.
    pub on: Date,
    /// Position of its `CaseSolved` in the log of `cases`.
    pub position: i64,
}

/// A case as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCase {
    /// Unit that it counts for.
    pub org_unit: String,
    /// Category (GA 240.1).
    pub category: String,
    /// The solve that stands; `None` = it is not solved.
    pub solve: Option<Solve>,
}

/// A solve that was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revoked {
    /// Position of `SolveRevoked` in the log of `cases`.
    pub position: i64,
    /// When it was recorded.
    pub recorded_at: OffsetDateTime,
}

impl Revoked {
    /// The city's day on which it was recorded.
    #[must_use]
    pub fn on(&self) -> Date {
        city_day(self.recorded_at)
    }
}

#[derive(FromRow)]
struct CaseRow {
    org_unit: String,
    category: String,
    solved_on: Option<Date>,
    solved_position: Option<i64>,
}

impl Cases {
    /// Of an hq that follows no cases: whoever needs one is told so.
    #[must_use]
    pub fn unknown(pool: PgPool) -> Self {
        Self { pool, following: None }
    }

    /// Filled by a projection of this log.
    #[must_use]
    pub fn following(pool: PgPool, projection: ProjectionHandle, log: LogReader) -> Self {
        Self { pool, following: Some(Following { projection, log }) }
    }

    /// Waits until everything that `cases` has recorded by now is known.
    ///
    /// # Errors
    /// UNAVAILABLE: cases are not followed or cannot be asked, or it takes too long; then with the position that is known.
    pub async fn catch_up(&self) -> Result<(), Status> {
        let unreachable = |cause: &str| {
            tracing::warn!(cause, "what cases has recorded cannot be known");
            errors::unreachable(SOURCE)
        };
        let Some(Following { projection, log }) = &self.following else {
            return Err(unreachable("no --source names cases"));
        };
        let head = log.head().await.map_err(|e| unreachable(&e.to_string()))?;
        projection.wait_for(SOURCE, head.position, PATIENCE).await.map_err(|late| match late {
            NotYet::Behind { position, wanted, .. } => errors::not_yet(wanted, position),
            NotYet::Stopped { .. } | NotYet::OtherSource { .. } => unreachable(&late.to_string()),
        })
    }

    /// A case; `None` = nobody has filed it. What is known of it already is enough if the command can be accepted on it (a solve that
    /// is revoked a moment later is [`revoked`]'s to put right); before it is refused, everything that is recorded now is known.
    ///
    /// # Errors
    /// See [`catch_up`](Self::catch_up); also when cases are not followed.
    pub async fn case(
        &self,
        case_no: &str,
        enough: impl Fn(&KnownCase) -> bool,
    ) -> Result<Option<KnownCase>, Status> {
        // What was known when they were followed once is never put right any more.
        if self.following.is_some() {
            let known = self.look(case_no).await?;
            if known.as_ref().is_some_and(enough) {
                return Ok(known);
            }
        }
        self.catch_up().await?;
        self.look(case_no).await
    }

    async fn look(&self, case_no: &str) -> Result<Option<KnownCase>, Status> {
        let row: Option<CaseRow> = sqlx::query_as(
            "SELECT org_unit, category, solved_on, solved_position FROM known_cases WHERE case_no = $1",
        )
        .bind(case_no)
        .fetch_optional(&self.pool)
        .await
        .map_err(broken)?;
        Ok(row.map(|row| KnownCase {
            org_unit: row.org_unit,
            category: row.category,
            solve: row.solved_on.zip(row.solved_position).map(|(on, position)| Solve { on, position }),
        }))
    }

    /// Whether what an honour rests on was revoked: the solve of the case, with no other in its place; or one of the series.
    /// A campaign cannot be.
    ///
    /// # Errors
    /// See [`catch_up`](Self::catch_up).
    pub async fn is_revoked(&self, basis: &Basis) -> Result<bool, Status> {
        self.catch_up().await?;
        let query = match basis.kind() {
            BasisKind::Case => {
                "SELECT EXISTS (SELECT FROM revoked_solves WHERE case_no = $1)
                    AND EXISTS (SELECT FROM known_cases WHERE case_no = $1 AND solved_position IS NULL)"
            }
            BasisKind::Series => {
                "SELECT $1 <> '' AND EXISTS (SELECT FROM revoked_solves WHERE series_id = $1)"
            }
            BasisKind::Campaign | BasisKind::Unspecified => return Ok(false),
        };
        sqlx::query_scalar(query).bind(&basis.reference).fetch_one(&self.pool).await.map_err(broken)
    }
}

fn broken(error: sqlx::Error) -> Status {
    store_status(&error.into())
}
