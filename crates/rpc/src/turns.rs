//! Commands that look at more than one aggregate take turns: two that are each fine could otherwise do together what neither may.
//!
//! The turn is an advisory lock of the service's database, so its replicas take turns as well. Such commands are rare; all others
//! go on.

use crate::errors::store_status;
use sqlx::{PgPool, Postgres, Transaction};
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tonic::Status;
use xiaoan_eventstore::StoreError;

/// Hands out turns. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Turns {
    pool: PgPool,
    key: i64,
    /// One connection per process waits for the lock, never the whole pool: appends need theirs.
    process: Arc<Mutex<()>>,
}

/// What holds a turn until it is dropped.
#[derive(Debug)]
pub struct Turn {
    _lock: Transaction<'static, Postgres>,
    _process: OwnedMutexGuard<()>,
}

impl Turns {
    /// Turns at whatever a key stands for; nobody else locks it in that database.
    #[must_use]
    pub fn new(pool: PgPool, key: i64) -> Self {
        Self { pool, key, process: Arc::new(Mutex::new(())) }
    }

    /// Waits for the turn.
    ///
    /// # Errors
    /// UNAVAILABLE or INTERNAL when the database does not give it.
    pub async fn take(&self) -> Result<Turn, Status> {
        let process = Arc::clone(&self.process).lock_owned().await;
        let lock = self.lock().await.map_err(|e| store_status(&StoreError::from(e)))?;
        Ok(Turn { _lock: lock, _process: process })
    }

    async fn lock(&self) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(self.key).execute(&mut *tx).await?;
        Ok(tx)
    }
}
