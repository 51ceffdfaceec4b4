//! Fills a second generation of the ledger beside the live one.
//!
//! | phase | how |
//! |---|---|
//! | the long read | lines are booked here, tallied here, and written by one COPY on a connection of its own; no index yet |
//! | settle | the sums are copied out of the tally and everything is indexed, on two connections |
//! | the tail | what was recorded meanwhile, as the live ledger writes it |
//! | swap | the tables change schema in the transaction that moves the checkpoint |
//!
//! Memory: some megabytes of rows on their way and a bounded tally, whatever the length of the logs.

use super::batch::{Columns, place};
use super::check::{self, LineDigest};
use super::copy::{Copy, LINE_COLUMNS};
use super::live;
use super::tables::{self, Schema};
use super::tally::{Tally, columns};
use crate::measures::Measure;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Mutex;
use xiaoan_eventstore::RecordedEvent;
use xiaoan_projection::{ApplyError, Digests, Rebuild};

/// Rows of sums kept in memory during the long read: about 150 bytes each.
const TALLIED: usize = 1_000_000;

/// Builds the ledger anew. One at a time.
#[derive(Debug)]
pub struct LedgerRebuild {
    pool: PgPool,
    tallied: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// During the long read.
    long_read: Option<LongRead>,
    /// One per source: their concatenation in order of names is the ledger.
    digests: BTreeMap<String, LineDigest>,
}

#[derive(Debug)]
struct LongRead {
    lines: Copy,
    tally: Tally,
    /// Whether parts of the sums are in the database already.
    in_parts: bool,
}

impl LedgerRebuild {
    /// A rebuild of the ledger in this database.
    #[must_use]
    pub fn new(pool: PgPool) -> Arc<Self> {
        Self::keeping(pool, TALLIED)
    }

    /// The same with another bound on the rows of sums that are kept in memory.
    #[must_use]
    pub fn keeping(pool: PgPool, tallied: usize) -> Arc<Self> {
        Arc::new(Self { pool, tallied, state: Mutex::default() })
    }

    async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        let mut connection = PgConnection::connect_with(&self.pool.connect_options()).await?;
        // A crash only costs the rebuild, which starts from nothing anyway.
        sqlx::raw_sql(
            "SET synchronous_commit = off; SET work_mem = '64MB'; SET maintenance_work_mem = '256MB'",
        )
        .execute(&mut connection)
        .await?;
        Ok(connection)
    }

    /// Writes a tally out, into the sums themselves or into parts of them.
    async fn write_out(
        &self,
        mut connection: PgConnection,
        tally: &Tally,
        suffix: &str,
    ) -> Result<PgConnection, sqlx::Error> {
        for (table, key, rows) in [
            ("day", "day, org_unit, category", tally.days()),
            ("month", "month, org_unit, prefix", tally.months()),
        ] {
            let table = format!("ledger_next.{table}_{suffix}");
            let mut copy = Copy::start(connection, &table, &format!("{key}, {}", columns()));
            copy.sums(&rows).await?;
            connection = copy.finish().await?;
        }
        Ok(connection)
    }
}

impl Rebuild for LedgerRebuild {
    fn name(&self) -> &str {
        super::NAME
    }

    async fn prepare(&self) -> anyhow::Result<()> {
        let mut state = self.state.lock().await;
        let mut connection = self.connect().await?;
        tables::make(&mut connection, Schema::Next).await?;
        let lines = Copy::start(connection, "ledger_next.lines", LINE_COLUMNS);
        let long_read = Some(LongRead { lines, tally: Tally::default(), in_parts: false });
        *state = State { long_read, digests: BTreeMap::new() };
        Ok(())
    }

    async fn apply(&self, source: &str, batch: &[RecordedEvent]) -> Result<(), ApplyError> {
        let mut state = self.state.lock().await;
        let state = &mut *state;
        let digest = match state.digests.get_mut(source) {
            Some(digest) => digest,
            None => state.digests.entry(source.to_owned()).or_default(),
        };
        let Some(long_read) = &mut state.long_read else {
            for event in batch {
                place(event)?.iter().for_each(|placed| digest.add(placed));
            }
            let mut tx = self.pool.begin().await?;
            live::write(&mut tx, Columns::of(batch)?, Schema::Next).await?;
            tx.commit().await?;
            return Ok(());
        };
        for event in batch {
            for placed in place(event)? {
                digest.add(&placed);
                long_read.tally.add(&placed.line);
                long_read.lines.rows.line(&placed);
            }
        }
        long_read.lines.send_full().await?;
        if long_read.tally.len() > self.tallied {
            let mut connection = self.connect().await?;
            if !long_read.in_parts {
                tables::make_parts(&mut connection).await?;
            }
            self.write_out(connection, &std::mem::take(&mut long_read.tally), "parts").await?.close().await?;
            long_read.in_parts = true;
        }
        Ok(())
    }

    async fn settle(&self) -> anyhow::Result<()> {
        let Some(LongRead { lines, tally, in_parts }) = self.state.lock().await.long_read.take() else {
            return Ok(());
        };
        let lines = async {
            let mut connection = lines.finish().await?;
            tables::index_lines(&mut connection, Schema::Next).await?;
            sqlx::raw_sql("ANALYZE ledger_next.lines").execute(&mut connection).await?;
            connection.close().await
        };
        let sums = async {
            let connection = self.connect().await?;
            let mut connection = match in_parts {
                false => self.write_out(connection, &tally, "sums").await?,
                true => {
                    let mut connection = self.write_out(connection, &tally, "parts").await?;
                    group_parts(&mut connection).await?;
                    connection
                }
            };
            tables::index_sums(&mut connection, Schema::Next).await?;
            sqlx::raw_sql("ANALYZE ledger_next.day_sums, ledger_next.month_sums")
                .execute(&mut connection)
                .await?;
            connection.close().await
        };
        tokio::try_join!(lines, sums)?;
        Ok(())
    }

    async fn swap(&self, tx: &mut PgConnection) -> anyhow::Result<Digests> {
        let digests = std::mem::take(&mut self.state.lock().await.digests);
        let (_, replaced) = check::digest(tx, check::COPY_LIVE).await?;
        let mut digests: Vec<_> = digests.into_values().collect();
        let rebuilt = match (digests.pop(), digests.is_empty()) {
            (Some(only), true) => only.finish(),
            _ => check::digest(tx, check::COPY_NEXT).await?.1,
        };
        tables::swap(tx).await?;
        Ok(Digests { rebuilt, replaced })
    }

    async fn abandon(&self) {
        let mut state = self.state.lock().await;
        if let Some(long_read) = state.long_read.take() {
            long_read.lines.abort();
        }
        let dropped = async { tables::drop_all(&mut *self.pool.acquire().await?, Schema::Next).await };
        if let Err(error) = dropped.await {
            tracing::warn!(%error, "could not drop the tables of an abandoned rebuild; the next one will");
        }
    }
}

/// Sums out of their parts, in the order of their keys.
async fn group_parts(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let sums = Measure::ALL.map(|m| format!("sum({0}) AS {0}", m.column())).join(", ");
    for (table, key) in [("day", "day, org_unit, category"), ("month", "prefix, month, org_unit")] {
        let sql = format!(
            "INSERT INTO ledger_next.{table}_sums ({key}, {})
             SELECT {key}, {sums}
             FROM ledger_next.{table}_parts
             GROUP BY {key}
             ORDER BY {key};
             DROP TABLE ledger_next.{table}_parts",
            columns()
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await?;
    }
    Ok(())
}
