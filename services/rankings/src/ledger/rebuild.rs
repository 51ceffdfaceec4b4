//! Fills a second generation of the ledger beside the live one.
//!
//! | phase | how |
//! |---|---|
//! | the long read | lines are booked here, tallied here, and written by one COPY on a connection of its own; no index yet |
//! | settle | the sums are copied out of the tally and everything is indexed, on two connections |
//! | the tail | what was recorded meanwhile, as the live ledger writes it |
//! | swap | the tables change schema in the transaction that moves the checkpoint |
//!
//! Memory: some megabytes of rows on their way and bounded tallies, whatever the length of the logs. The rebuild needs every
//! source that the service follows; while one cannot be read it fails, and the live tables go on.

use super::batch::{Columns, place, source_of};
use super::check::{self, LineDigest};
use super::copy::{Copy, LINE_COLUMNS};
use super::live;
use super::tables::{self, Schema};
use super::tally::{Tally, columns};
use crate::source::Source;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use std::collections::{BTreeMap, BTreeSet};
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
    /// One per source that has been read.
    digests: BTreeMap<Source, LineDigest>,
}

#[derive(Debug)]
struct LongRead {
    lines: Copy,
    tallies: BTreeMap<Source, Tally>,
    /// Sources of whose sums parts are in the database already.
    in_parts: BTreeSet<Source>,
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

    /// Writes a source's tally out, into the sums themselves or into parts of them.
    async fn write_out(
        &self,
        mut connection: PgConnection,
        source: Source,
        tally: &Tally,
        in_parts: bool,
    ) -> Result<PgConnection, sqlx::Error> {
        for (table, key, rows) in [
            (Schema::Next.day_sums(source), "day, org_unit, category", tally.days()),
            (Schema::Next.month_sums(source), "month, org_unit, prefix", tally.months()),
        ] {
            let table = if in_parts { tables::part(&table) } else { table };
            let mut copy = Copy::start(connection, &table, &format!("{key}, {}", columns(source)));
            copy.sums(&rows).await?;
            connection = copy.finish().await?;
        }
        Ok(connection)
    }

    /// Everything that is kept in memory becomes parts in the database.
    async fn write_parts(&self, long_read: &mut LongRead) -> Result<(), sqlx::Error> {
        let mut connection = self.connect().await?;
        for (source, tally) in std::mem::take(&mut long_read.tallies) {
            if long_read.in_parts.insert(source) {
                tables::make_parts(&mut connection, source).await?;
            }
            connection = self.write_out(connection, source, &tally, true).await?;
        }
        connection.close().await
    }

    /// The sums of every source, with their indexes.
    async fn settle_sums(
        &self,
        mut tallies: BTreeMap<Source, Tally>,
        in_parts: &BTreeSet<Source>,
    ) -> Result<(), sqlx::Error> {
        let mut connection = self.connect().await?;
        for source in Source::ALL {
            let parted = in_parts.contains(&source);
            if let Some(tally) = tallies.remove(&source) {
                connection = self.write_out(connection, source, &tally, parted).await?;
            }
            if parted {
                group_parts(&mut connection, source).await?;
            }
            tables::index_sums(&mut connection, Schema::Next, source).await?;
            let (days, months) = (Schema::Next.day_sums(source), Schema::Next.month_sums(source));
            let analyze = format!("ANALYZE {days}, {months}");
            sqlx::raw_sql(AssertSqlSafe(analyze)).execute(&mut connection).await?;
        }
        connection.close().await
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
        let long_read = Some(LongRead { lines, tallies: BTreeMap::new(), in_parts: BTreeSet::new() });
        *state = State { long_read, digests: BTreeMap::new() };
        Ok(())
    }

    async fn apply(&self, _: &str, batch: &[RecordedEvent]) -> Result<(), ApplyError> {
        let Some(first) = batch.first() else { return Ok(()) };
        let source = source_of(first)?;
        let mut state = self.state.lock().await;
        let state = &mut *state;
        let digest = state.digests.entry(source).or_default();
        let Some(long_read) = &mut state.long_read else {
            for event in batch {
                place(source, event)?.iter().for_each(|placed| digest.add(placed));
            }
            let mut tx = self.pool.begin().await?;
            live::write(&mut tx, Columns::of(source, batch)?, Schema::Next).await?;
            tx.commit().await?;
            return Ok(());
        };
        let tally = long_read.tallies.entry(source).or_insert_with(|| Tally::of(source));
        for event in batch {
            for placed in place(source, event)? {
                digest.add(&placed);
                tally.add(&placed.line);
                long_read.lines.rows.line(&placed);
            }
        }
        long_read.lines.send_full().await?;
        if long_read.tallies.values().map(Tally::len).sum::<usize>() > self.tallied {
            self.write_parts(long_read).await?;
        }
        Ok(())
    }

    async fn settle(&self) -> anyhow::Result<()> {
        let Some(LongRead { lines, tallies, in_parts }) = self.state.lock().await.long_read.take() else {
            return Ok(());
        };
        let lines = async {
            let mut connection = lines.finish().await?;
            tables::index_lines(&mut connection, Schema::Next).await?;
            sqlx::raw_sql("ANALYZE ledger_next.lines").execute(&mut connection).await?;
            connection.close().await
        };
        tokio::try_join!(lines, self.settle_sums(tallies, &in_parts))?;
        Ok(())
    }

    async fn swap(&self, tx: &mut PgConnection) -> anyhow::Result<Digests> {
        let digests = std::mem::take(&mut self.state.lock().await.digests);
        let (_, replaced) = check::digest(tx).await?;
        let read: Vec<&str> = digests.keys().map(|source| source.name()).collect();
        // A source that is not followed any more is not in the rebuilt tables: should it come back, its log is read again.
        sqlx::query(
            "UPDATE eventstore.checkpoints
             SET position = 0, hash = decode(repeat('00', 32), 'hex'), recorded_at = 'epoch'
             WHERE projection = $1 AND source <> ALL($2)",
        )
        .bind(super::NAME)
        .bind(read)
        .execute(&mut *tx)
        .await?;
        let of_sources = digests.into_iter().map(|(source, digest)| (source, digest.finish()));
        let rebuilt = check::digest_of(of_sources);
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

/// A source's sums out of their parts, in the order of their keys.
async fn group_parts(connection: &mut PgConnection, source: Source) -> Result<(), sqlx::Error> {
    let columns = columns(source);
    let sums = source.measures().iter().map(|m| format!("sum({0}) AS {0}", m.column()));
    let sums = sums.collect::<Vec<_>>().join(", ");
    for (table, key) in [
        (Schema::Next.day_sums(source), "day, org_unit, category"),
        (Schema::Next.month_sums(source), "prefix, month, org_unit"),
    ] {
        let parts = tables::part(&table);
        let sql = format!(
            "INSERT INTO {table} ({key}, {columns})
             SELECT {key}, {sums}
             FROM {parts}
             GROUP BY {key}
             ORDER BY {key};
             DROP TABLE {parts}"
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await?;
    }
    Ok(())
}
