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
const LIVE: [&str; 8] = [
    "SELECT case_no, org_unit, state::int, category, filed_on::text, version, shown FROM public.cases ORDER BY case_no",
    "SELECT alert_id, org_unit, received_at::text, place, state::int, version, shown FROM public.alerts ORDER BY alert_id",
    "SELECT series_id, org_unit, opened_at, version, shown FROM public.series ORDER BY series_id",
    "SELECT case_no, series_id, linked_at FROM public.series_cases ORDER BY case_no, series_id",
    "SELECT report_id, org_unit, registered_at::text, due_at::text, state::int, version, shown FROM public.reports ORDER BY report_id",
    "SELECT audit_id, org_unit, drawn_at, version, shown FROM public.audits ORDER BY audit_id",
    "SELECT breach_id, org_unit, due_at::text, shown FROM public.breaches ORDER BY breach_id",
    "SELECT kind, id, parent, org_unit, state::int, opened_at, version, shown FROM public.work ORDER BY kind, id",
];

const SWAP: [&str; 16] = [
    "DELETE FROM public.cases",
    "INSERT INTO public.cases SELECT * FROM rebuild.cases",
    "DELETE FROM public.alerts",
    "INSERT INTO public.alerts SELECT * FROM rebuild.alerts",
    "DELETE FROM public.series",
    "INSERT INTO public.series SELECT * FROM rebuild.series",
    "DELETE FROM public.series_cases",
    "INSERT INTO public.series_cases SELECT * FROM rebuild.series_cases",
    "DELETE FROM public.reports",
    "INSERT INTO public.reports SELECT * FROM rebuild.reports",
    "DELETE FROM public.audits",
    "INSERT INTO public.audits SELECT * FROM rebuild.audits",
    "DELETE FROM public.breaches",
    "INSERT INTO public.breaches SELECT * FROM rebuild.breaches",
    "DELETE FROM public.work",
    "INSERT INTO public.work SELECT * FROM rebuild.work",
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
    sqlx::query(
        "TRUNCATE rebuild.cases, rebuild.alerts, rebuild.series, rebuild.series_cases,
                  rebuild.reports, rebuild.audits, rebuild.breaches, rebuild.work",
    )
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
