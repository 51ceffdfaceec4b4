//! Registering, moving and retiring look at more than one unit, so these commands take turns: otherwise two moves that
//! are each fine could make a loop together, or a unit could be registered under one that is being retired.
//!
//! So do closing, correcting and issuing: what follows depends on several closings, notices and interviews.
//!
//! The turn is an advisory lock, so replicas of hq take turns as well. Such commands are rare; all others go on.

use super::{Hq, not_yet};
use sqlx::{PgPool, Postgres, Transaction};
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tonic::Status;
use xiaoan_eventstore::StoreError;
use xiaoan_kernel::OrgTree;
use xiaoan_rpc::store_status;

/// "org tree" in ASCII: a key that nobody else locks.
pub(super) const ORG_TREE: i64 = 0x6f72_6720_7472_6565;
/// "closings" in ASCII.
pub(super) const CLOSINGS: i64 = 0x636c_6f73_696e_6773;

/// Hands out turns.
#[derive(Clone)]
pub(super) struct Turns {
    pool: PgPool,
    key: i64,
    /// One connection per process waits for the lock, never the whole pool: appends need theirs.
    process: Arc<Mutex<()>>,
}

/// The turn: nobody else changes the tree until it is dropped.
pub(super) struct Turn {
    /// All units by every event recorded before the turn began.
    pub(super) tree: Arc<OrgTree>,
    _held: Held,
}

/// What holds a turn until it is dropped.
pub(super) struct Held {
    _lock: Transaction<'static, Postgres>,
    _process: OwnedMutexGuard<()>,
}

impl Turns {
    /// Turns at whatever a key stands for.
    pub(super) fn new(pool: PgPool, key: i64) -> Self {
        Self { pool, key, process: Arc::new(Mutex::new(())) }
    }

    /// Waits for the turn.
    pub(super) async fn take(&self) -> Result<Held, Status> {
        let process = Arc::clone(&self.process).lock_owned().await;
        let lock = self.lock().await.map_err(|e| store_status(&StoreError::from(e)))?;
        Ok(Held { _lock: lock, _process: process })
    }

    async fn lock(&self) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(self.key).execute(&mut *tx).await?;
        Ok(tx)
    }
}

impl Hq {
    /// Waits for the turn and for the directory to have seen everything recorded so far.
    pub(super) async fn turn(&self) -> Result<Turn, Status> {
        let held = self.turns.take().await?;
        let head = self.store.head().await.map_err(|e| store_status(&e))?;
        self.directory
            .projection
            .wait_for(crate::SOURCE, head.position, super::PATIENCE)
            .await
            .map_err(|late| not_yet(&late))?;
        Ok(Turn { tree: self.directory.view.tree(), _held: held })
    }
}
