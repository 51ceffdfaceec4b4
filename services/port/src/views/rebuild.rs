//! Fills the views anew in the schema `rebuild`, beside the live tables, and puts the rows in their place.

use super::apply_in_tx;
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool, Row};
use tokio_stream::StreamExt;
use xiaoan_eventstore::RecordedEvent;
use xiaoan_projection::{ApplyError, Digests, Rebuild};

/// How the views are rebuilt.
#[derive(Debug, Clone)]
pub struct ViewsRebuild {
    pool: PgPool,
}

impl ViewsRebuild {
    /// Over the service's database.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}

/// The live tables with their columns, in the order of their keys.
const LIVE: [&str; 3] = [
    "SELECT kind, id, org_unit, at::text, state::int, facet::int, version, shown FROM public.resources ORDER BY kind, id",
    "SELECT guard_id, first_day::text, last_day::text FROM public.guard_terms ORDER BY guard_id, first_day",
    "SELECT guard_id, account FROM public.guard_accounts ORDER BY guard_id",
];

const SWAP: [&str; 6] = [
    "DELETE FROM public.resources",
    "INSERT INTO public.resources SELECT * FROM rebuild.resources",
    "DELETE FROM public.guard_terms",
    "INSERT INTO public.guard_terms SELECT * FROM rebuild.guard_terms",
    "DELETE FROM public.guard_accounts",
    "INSERT INTO public.guard_accounts SELECT * FROM rebuild.guard_accounts",
];

impl Rebuild for ViewsRebuild {
    fn name(&self) -> &str {
        super::NAME
    }

    async fn prepare(&self) -> anyhow::Result<()> {
        empty(&self.pool).await?;
        Ok(())
    }

    async fn apply(&self, _source: &str, batch: &[RecordedEvent]) -> Result<(), ApplyError> {
        let mut tx = self.pool.begin().await?;
        // The views' own statements, on the tables beside the live ones.
        sqlx::query("SET LOCAL search_path = rebuild").execute(&mut *tx).await?;
        apply_in_tx(&mut tx, batch).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Rows are deleted, not truncated: readers see the old rows until the commit.
    async fn swap(&self, tx: &mut PgConnection) -> anyhow::Result<Digests> {
        let replaced = digest(tx).await?;
        for statement in SWAP {
            sqlx::query(statement).execute(&mut *tx).await?;
        }
        Ok(Digests { rebuilt: digest(tx).await?, replaced })
    }

    async fn swapped(&self) {
        self.abandon().await;
    }

    async fn abandon(&self) {
        if let Err(error) = empty(&self.pool).await {
            tracing::warn!(%error, "tables of the rebuild left filled");
        }
    }
}

async fn empty(pool: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::query("TRUNCATE rebuild.resources, rebuild.guard_terms, rebuild.guard_accounts")
        .execute(pool)
        .await?;
    Ok(())
}

/// SHA-256 over the live tables' rows in the order of their keys, as PostgreSQL sends them; hex.
async fn digest(tx: &mut PgConnection) -> Result<String, sqlx::Error> {
    let mut hash = Sha256::new();
    for select in LIVE {
        let mut rows = sqlx::query(select).fetch(&mut *tx);
        while let Some(row) = rows.next().await {
            let row = row?;
            for column in 0..row.len() {
                let value = row.try_get_raw(column)?;
                let bytes = value.as_bytes().map_err(sqlx::Error::Decode)?;
                hash.update(u64::try_from(bytes.len()).unwrap_or_default().to_be_bytes());
                hash.update(bytes);
            }
        }
    }
    Ok(hex::encode(hash.finalize()))
}
