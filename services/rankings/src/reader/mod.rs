//! Reading the board, in process: the gRPC service and the web board both stand on this.
//!
//! | question | where |
//! |---|---|
//! | standings: one snapshot of the database, or the remembered answer while nothing was applied | [`standings`] |
//! | the lines behind a number | [`explain`] |
//! | what they are to know: a moment, positions of the sources | [`knowledge`] |
//! | standings again whenever they change | [`watch`] |
//! | how far the sources have been read | [`sources`] |
//! | what hq decided after a month was over | [`accountability`] |

mod accountability;
mod answer;
mod around;
mod bell;
mod error;
mod explain;
mod knowledge;
mod plan;
mod remembered;
mod sources;
mod standings;
mod units;
mod watch;

pub use answer::Standings;
pub use bell::{Announced, Bell};
pub use error::{ReadError, ReadRefusal};
pub use knowledge::Knowledge;

use crate::decisions::{self, Schemes};
use crate::ledger::HOLD;
use crate::standings::period::Period;
use remembered::Remembered;
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, Transaction};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use time::Date;
use tokio::time::Instant;
use units::Units;
use xiaoan_directory::{Directory, UnitName};
use xiaoan_feed::LogReader;
use xiaoan_kernel::{Clock, OrgCode, city_day};
use xiaoan_projection::{NotYet, ProjectionHandle};
use xiaoan_proto::hq::v1::{Campaign, Scheme};

/// How long a reader waits for positions at most.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Reads boards, standings and the lines behind a number. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Reader {
    inner: Arc<Inner>,
}

struct Inner {
    pool: PgPool,
    directory: Arc<Directory>,
    clock: Arc<dyn Clock>,
    bell: Bell,
    handles: OnceLock<Vec<ProjectionHandle>>,
    logs: OnceLock<Vec<LogReader>>,
    remembered: Remembered,
    units: Units,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

impl Reader {
    /// A reader of this database.
    #[must_use]
    pub fn new(pool: PgPool, directory: Arc<Directory>, clock: Arc<dyn Clock>) -> Self {
        let inner = Inner {
            pool,
            directory,
            clock,
            bell: Bell::default(),
            handles: OnceLock::new(),
            logs: OnceLock::new(),
            remembered: Remembered::default(),
            units: Units::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The bell that wakes watchers; whoever writes what the reader reads should ring it.
    #[must_use]
    pub fn bell(&self) -> Bell {
        self.inner.bell.clone()
    }

    /// Tells the reader of the running projections, for lags, problems and waiting. Only the first call counts.
    pub fn follow(&self, handles: Vec<ProjectionHandle>) {
        let _ = self.inner.handles.set(handles);
    }

    fn handles(&self) -> &[ProjectionHandle] {
        self.inner.handles.get().map(Vec::as_slice).unwrap_or_default()
    }

    /// Today in the city.
    #[must_use]
    pub fn today(&self) -> Date {
        city_day(self.inner.clock.now())
    }

    /// Names of a unit on a day, for units that are not on the board at hand.
    #[must_use]
    pub fn unit_name(&self, code: OrgCode, day: Date) -> Option<UnitName> {
        self.inner.directory.name_on(code, day)
    }

    /// The boards in the order shown, each with the scheme in force today; boards that only begin later are left out.
    ///
    /// # Errors
    /// [`ReadError::Database`].
    pub async fn boards(&self) -> Result<Vec<Scheme>, ReadError> {
        let mut connection = self.inner.pool.acquire().await?;
        let schemes = Schemes::read(&mut connection, None).await?;
        let today = self.today();
        Ok(schemes.boards().into_iter().filter_map(|board| schemes.in_force(board, today).cloned()).collect())
    }

    /// Campaigns, whose ids are periods; newest first.
    ///
    /// # Errors
    /// [`ReadError::Database`].
    pub async fn campaigns(&self) -> Result<Vec<Campaign>, ReadError> {
        let mut connection = self.inner.pool.acquire().await?;
        Ok(decisions::campaigns(&mut connection).await?)
    }

    /// Waits until these positions (source → position) are applied by every projection that follows the source,
    /// [`PATIENCE`] at most.
    ///
    /// # Errors
    /// [`ReadError::NotYet`]; [`ReadError::BadArgument`] for a source that nothing here follows.
    pub async fn wait_for(&self, at_least: &HashMap<String, i64>) -> Result<(), ReadError> {
        self.wait("at_least", at_least).await
    }

    async fn wait(&self, field: &'static str, positions: &HashMap<String, i64>) -> Result<(), ReadError> {
        let until = Instant::now() + PATIENCE;
        for (source, position) in positions {
            let mut followed = false;
            for handle in self.handles().iter().filter(|h| h.source() == *source) {
                followed = true;
                let left = until.saturating_duration_since(Instant::now());
                handle
                    .wait_for(source, *position, left)
                    .await
                    .map_err(|why| not_yet(source, *position, &why))?;
            }
            if !followed {
                let reason = format!("no source {source:?} is followed here");
                return Err(ReadError::BadArgument { field, reason });
            }
        }
        Ok(())
    }

    /// One moment of the database. The generation is held before the snapshot is taken, so that a rebuilt one cannot take
    /// its place in between: its rows would be younger than the snapshot.
    async fn snapshot(&self) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let begin = format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {HOLD}");
        self.inner.pool.begin_with(AssertSqlSafe(begin)).await
    }
}

fn not_yet(source: &str, position: i64, why: &NotYet) -> ReadError {
    let reached = match why {
        NotYet::Behind { position, .. } => Some(*position),
        NotYet::Stopped { .. } | NotYet::OtherSource { .. } => None,
    };
    ReadError::NotYet { source_name: source.to_owned(), position, reached, reason: why.to_string() }
}

/// The period of a text; campaigns are looked up.
async fn period(connection: &mut PgConnection, text: &str) -> Result<Period, ReadError> {
    let names_a_campaign = text.starts_with(|c: char| c.is_ascii_lowercase()) && !text.contains("..");
    let campaign = match names_a_campaign {
        true => decisions::campaign_days(connection, text).await?,
        false => None,
    };
    Period::parse(text, |_| campaign).map_err(|reason| ReadError::BadPeriod { text: text.to_owned(), reason })
}
