//! Drawing the sample of an audit looks at what every other audit holds, so draws take turns: otherwise two at once could draw the same
//! alert. The turn is an advisory lock, so replicas take turns as well. Draws are rare; everything else goes on.

use sqlx::{PgPool, Postgres, Transaction};
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tonic::Status;
use xiaoan_eventstore::StoreError;
use xiaoan_rpc::store_status;

/// "audits" in ASCII: a key that nobody else locks.
pub(super) const DRAWS: i64 = 0x0000_6175_6469_7473;

/// Hands out turns.
#[derive(Clone)]
pub(super) struct Turns {
    pool: PgPool,
    key: i64,
    /// One connection per process waits for the lock, never the whole pool: appends need theirs.
    process: Arc<Mutex<()>>,
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
