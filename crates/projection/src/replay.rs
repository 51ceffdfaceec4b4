//! A rebuild for small projections: no tables beside the live ones, the events are kept and applied to the emptied
//! tables by the transaction that swaps. For sources whose log fits in memory, such as hq's.

use crate::{ApplyError, Digests, Projection, Rebuild};
use futures::future::BoxFuture;
use sqlx::{AssertSqlSafe, PgConnection};
use std::sync::{Arc, Mutex, PoisonError};
use xiaoan_eventstore::RecordedEvent;

/// Events in one call of [`Projection::apply`].
const BATCH: usize = 1000;

/// Rebuilds a projection by applying all its events again, with the projection's own `apply`.
pub struct Replay<P> {
    projection: Arc<P>,
    /// Tables of the projection; the first ones refer to none after them, so they are emptied from the last on.
    tables: &'static [&'static str],
    events: Mutex<Vec<RecordedEvent>>,
    swapped: Box<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>,
}

impl<P: Projection> Replay<P> {
    /// Of a projection that keeps these tables and nothing in memory.
    #[must_use]
    pub fn new(projection: Arc<P>, tables: &'static [&'static str]) -> Self {
        Self { projection, tables, events: Mutex::default(), swapped: Box::new(|| Box::pin(async {})) }
    }

    /// Does something after the swap: reads into memory what is in the tables now.
    #[must_use]
    pub fn then<F>(mut self, swapped: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.swapped = Box::new(move || Box::pin(swapped()));
        self
    }

    fn events(&self) -> std::sync::MutexGuard<'_, Vec<RecordedEvent>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// SHA-256 over the rows of all tables in the order of their texts; hex.
    async fn digest(&self, tx: &mut PgConnection) -> Result<String, sqlx::Error> {
        let rows: Vec<_> = self
            .tables
            .iter()
            .map(|table| format!("SELECT '{table}' || {table}::text AS line FROM {table}"))
            .collect();
        let query = format!(
            "SELECT encode(sha256(convert_to(coalesce(string_agg(line, E'\\n' ORDER BY line COLLATE \"C\"), ''), 'UTF8')), 'hex')
             FROM ({}) AS lines",
            rows.join(" UNION ALL ")
        );
        // Made of the table names in this program's source only.
        sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(tx).await
    }
}

impl<P: Projection> Rebuild for Replay<P> {
    fn name(&self) -> &str {
        self.projection.name()
    }

    async fn prepare(&self) -> anyhow::Result<()> {
        self.events().clear();
        Ok(())
    }

    async fn apply(&self, _source: &str, batch: &[RecordedEvent]) -> Result<(), ApplyError> {
        self.events().extend_from_slice(batch);
        Ok(())
    }

    /// Rows are deleted, not truncated: readers see the old rows until the commit.
    async fn swap(&self, tx: &mut PgConnection) -> anyhow::Result<Digests> {
        let events = std::mem::take(&mut *self.events());
        let replaced = self.digest(tx).await?;
        for table in self.tables.iter().rev() {
            sqlx::query(AssertSqlSafe(format!("DELETE FROM {table}"))).execute(&mut *tx).await?;
        }
        for batch in events.chunks(BATCH) {
            self.projection.apply(tx, batch).await?;
        }
        Ok(Digests { rebuilt: self.digest(tx).await?, replaced })
    }

    async fn swapped(&self) {
        (self.swapped)().await;
    }

    async fn abandon(&self) {
        self.events().clear();
    }
}
