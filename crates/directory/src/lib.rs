//! Org units as every service knows them: a projection of hq's `OrgUnit*` and `HeadcountRecorded` events.
//!
//! | step | what happens | where |
//! |---|---|---|
//! | 1 | a batch of hq's log changes four tables, in the transaction that moves the checkpoint | `tables.rs` |
//! | 2 | after the commit the same changes are folded into the snapshot in memory | `snapshot.rs` |
//! | 3 | questions are answered from the snapshot: no query, no wait | here |
//!
//! Works the same for a remote follower (of hq over the feed) and for hq itself over its own log.
//! Invariant: the snapshot is never ahead of the tables, and whoever has waited for a position of hq's log
//! through the projection's handle sees that position here.

mod events;
mod past;
mod projection;
mod snapshot;
mod tables;

pub use events::{OrgUnitEvent, STREAM_KIND};
pub use past::{OrgUnits, is_of_units};
pub use snapshot::{UnitInfo, UnitName};

use snapshot::Snapshot;
use sqlx::PgPool;
use std::sync::{Arc, PoisonError, RwLock};
use time::Date;
use xiaoan_kernel::{OrgCode, OrgTree};
use xiaoan_projection::{ProjectionHandle, Replay};
use xiaoan_proto::projections::v1::ProjectionState;

/// Name of the projection, in checkpoints and on the board.
pub const NAME: &str = "directory";
/// Source it follows.
pub const SOURCE: &str = "hq";

/// The directory's tables, for services that have one; applied after the event store's.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/directory");

/// The directory of org units: tables in the service's database and a snapshot of them in memory. Cheap to clone; all
/// clones show the same.
#[derive(Debug, Clone)]
pub struct Directory {
    pool: PgPool,
    current: Arc<RwLock<Arc<Snapshot>>>,
}

impl Directory {
    /// Reads the tables. An empty directory is fine: it fills as hq's log is read.
    ///
    /// # Errors
    /// When the database cannot be read, or a row is corrupt; the error names the unit.
    pub async fn load(pool: PgPool) -> anyhow::Result<Arc<Self>> {
        let snapshot = tables::read_all(&pool).await?;
        Ok(Arc::new(Self { pool, current: Arc::new(RwLock::new(Arc::new(snapshot))) }))
    }

    /// All units as this moment knows them; what is recorded later does not show there.
    #[must_use]
    pub fn now(&self) -> OrgUnits {
        OrgUnits(self.snapshot())
    }
    /// Which unit stands under which.
    #[must_use]
    pub fn tree(&self) -> Arc<OrgTree> {
        Arc::clone(&self.snapshot().tree)
    }
    /// Last position of hq's log that is in the snapshot.
    #[must_use]
    pub fn position(&self) -> i64 {
        self.snapshot().position
    }
    /// A unit by everything recorded so far, including names and parents of days to come.
    #[must_use]
    pub fn unit(&self, code: OrgCode) -> Option<UnitInfo> {
        self.unit_on(code, Date::MAX)
    }
    /// A unit as it is on a day: name, parent and headcount of that day.
    #[must_use]
    pub fn unit_on(&self, code: OrgCode, day: Date) -> Option<UnitInfo> {
        self.snapshot().unit_on(code, day)
    }
    /// Names of a unit on a day; before its first day, its first names.
    #[must_use]
    pub fn name_on(&self, code: OrgCode, day: Date) -> Option<UnitName> {
        self.snapshot().name_on(code, day)
    }
    /// Officers of a unit on a day; `None` when no headcount counts on it (facts row A12).
    #[must_use]
    pub fn headcount_on(&self, code: OrgCode, day: Date) -> Option<i32> {
        self.snapshot().headcount_on(code, day)
    }
    /// All units by everything recorded so far: parents before children, then by code. Retired ones included.
    #[must_use]
    pub fn units(&self) -> Vec<UnitInfo> {
        self.units_on(Date::MAX)
    }
    /// All units as they are on a day, in the same order. Units that do not exist on it are included.
    #[must_use]
    pub fn units_on(&self, day: Date) -> Vec<UnitInfo> {
        self.snapshot().units_on(day)
    }

    /// Reads the tables again when another process has carried them further than the snapshot.
    ///
    /// # Errors
    /// As [`load`](Self::load); the snapshot stays as it was.
    pub async fn refresh(&self) -> anyhow::Result<()> {
        let snapshot = tables::read_all(&self.pool).await?;
        self.show(snapshot);
        Ok(())
    }

    /// How the directory is built anew from hq's log.
    #[must_use]
    pub fn rebuild(self: &Arc<Self>) -> Replay<Self> {
        let directory = Arc::clone(self);
        Replay::new(Arc::clone(self), tables::ALL).then(move || {
            let directory = Arc::clone(&directory);
            async move { directory.read_again().await }
        })
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
    /// Shows a snapshot unless a newer one is shown already.
    fn show(&self, snapshot: Snapshot) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if snapshot.position >= current.position {
            *current = Arc::new(snapshot);
        }
    }
}

/// A readiness check: headquarters' units have been read at least once. Before that every unit would be refused as
/// unknown, and a caller does not send such a command again. Later headquarters may be away.
pub fn units_known(
    directory: Arc<Directory>,
    following: Option<ProjectionHandle>,
) -> impl Fn() -> std::future::Ready<Result<(), String>> + Send + Sync + 'static {
    move || {
        let read_once = !directory.tree().units().is_empty()
            || following.as_ref().is_none_or(|f| f.status().state() == ProjectionState::Live);
        std::future::ready(if read_once { Ok(()) } else { Err("org units not read yet".to_owned()) })
    }
}
