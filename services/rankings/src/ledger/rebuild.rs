//! Fills a second generation of the ledger beside the live one.
//!
//! | phase | how |
//! |---|---|
//! | the long read | lines only, booked here and written by one COPY on a connection of their own; no index, no sum |
//! | settle | sums out of the lines, and the indexes, on two connections |
//! | the tail | what was recorded meanwhile, as the live ledger writes it |
//! | swap | the tables change schema in the transaction that moves the checkpoint |
//!
//! Memory: some megabytes of rows on their way, whatever the length of the logs.

use super::batch::{Columns, PlacedLine, place};
use super::check::{self, LineDigest};
use super::tables::{self, Schema};
use super::{PREFIX_LENGTHS, live, unit_number};
use crate::measures::Measure;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use std::collections::BTreeMap;
use std::sync::Arc;
use time::{Date, OffsetDateTime};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;
use xiaoan_eventstore::RecordedEvent;
use xiaoan_projection::{ApplyError, Digests, Rebuild};

/// Bytes gathered before they are sent on.
const CHUNK: usize = 1 << 20;
/// Chunks waiting for the database at most.
const WAITING: usize = 4;

const COPY_LINES: &str = "
    COPY ledger_next.lines (source, position, line_no, measure, org_unit, category, occurred_on, quantity, recorded_at,
                            event_type, stream)
    FROM STDIN (FORMAT binary)";
const COPY_HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const COPY_TRAILER: [u8; 2] = (-1_i16).to_be_bytes();

/// Daily sums out of the lines, in the order of their key, so that a range of the key is a range of the table.
fn days() -> String {
    let (columns, sums) = sums(|m| format!("coalesce(sum(quantity) FILTER (WHERE measure = {}), 0)", m.id()));
    format!(
        "INSERT INTO ledger_next.day_sums (day, org_unit, category, {columns})
         SELECT occurred_on, org_unit, category, {sums}
         FROM ledger_next.lines
         GROUP BY occurred_on, org_unit, category
         ORDER BY occurred_on, org_unit, category"
    )
}

/// Monthly sums out of the daily ones.
fn months() -> String {
    let (columns, sums) = sums(|m| format!("sum({0}) AS {0}", m.column()));
    format!(
        "INSERT INTO ledger_next.month_sums (prefix, month, org_unit, {columns})
         SELECT left(s.category, n), s.month, s.org_unit, {sums}
         FROM (
             SELECT category, date_trunc('month', day)::date AS month, org_unit, {sums}
             FROM ledger_next.day_sums
             GROUP BY 1, 2, 3
         ) s
         CROSS JOIN UNNEST($1::int[]) AS n
         WHERE length(s.category) >= n
         GROUP BY 1, 2, 3
         ORDER BY 1, 2, 3"
    )
}

/// Columns of all measures, and an expression for each.
fn sums(expression: impl Fn(Measure) -> String) -> (String, String) {
    (Measure::ALL.map(Measure::column).join(", "), Measure::ALL.map(expression).join(", "))
}

/// Builds the ledger anew. One at a time.
#[derive(Debug)]
pub struct LedgerRebuild {
    pool: PgPool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    copy: Option<Copy>,
    /// One per source: their concatenation in order of names is the ledger.
    digests: BTreeMap<String, LineDigest>,
}

impl LedgerRebuild {
    /// A rebuild of the ledger in this database.
    #[must_use]
    pub fn new(pool: PgPool) -> Arc<Self> {
        Arc::new(Self { pool, state: Mutex::default() })
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
}

impl Rebuild for LedgerRebuild {
    fn name(&self) -> &str {
        super::NAME
    }

    async fn prepare(&self) -> anyhow::Result<()> {
        let mut state = self.state.lock().await;
        *state = State::default();
        let mut connection = self.connect().await?;
        tables::make(&mut connection, Schema::Next).await?;
        state.copy = Some(Copy::start(connection));
        Ok(())
    }

    async fn apply(&self, source: &str, batch: &[RecordedEvent]) -> Result<(), ApplyError> {
        let mut state = self.state.lock().await;
        let state = &mut *state;
        let digest = match state.digests.get_mut(source) {
            Some(digest) => digest,
            None => state.digests.entry(source.to_owned()).or_default(),
        };
        if let Some(copy) = &mut state.copy {
            for event in batch {
                for placed in place(event)? {
                    digest.add(&placed);
                    copy.add(&placed);
                }
            }
            return copy.send_full().await.map_err(ApplyError::Database);
        }
        for event in batch {
            place(event)?.iter().for_each(|placed| digest.add(placed));
        }
        let rows = Columns::of(batch)?;
        let mut tx = self.pool.begin().await?;
        live::write(&mut tx, rows, Schema::Next).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn settle(&self) -> anyhow::Result<()> {
        let Some(copy) = self.state.lock().await.copy.take() else { return Ok(()) };
        let mut first = copy.finish().await?;
        let mut second = self.connect().await?;
        let lengths = PREFIX_LENGTHS.map(|length| i32::try_from(length).unwrap_or_default());
        let sums = async {
            sqlx::query(AssertSqlSafe(days())).execute(&mut second).await?;
            sqlx::query(AssertSqlSafe(months())).bind(lengths.as_slice()).execute(&mut second).await?;
            tables::index_sums(&mut second, Schema::Next).await?;
            second.close().await
        };
        tokio::try_join!(tables::index_lines(&mut first, Schema::Next), sums)?;
        sqlx::raw_sql("ANALYZE ledger_next.lines, ledger_next.day_sums, ledger_next.month_sums")
            .execute(&mut first)
            .await?;
        first.close().await?;
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
        if let Some(copy) = state.copy.take() {
            copy.task.abort();
        }
        let dropped = async { tables::drop_all(&mut *self.pool.acquire().await?, Schema::Next).await };
        if let Err(error) = dropped.await {
            tracing::warn!(%error, "could not drop the tables of an abandoned rebuild; the next one will");
        }
    }
}

/// A COPY that runs in a task of its own, so that booking and writing go side by side.
#[derive(Debug)]
struct Copy {
    rows: Vec<u8>,
    chunks: mpsc::Sender<Vec<u8>>,
    task: JoinHandle<Result<PgConnection, sqlx::Error>>,
}

impl Copy {
    fn start(mut connection: PgConnection) -> Self {
        let (chunks, mut waiting) = mpsc::channel::<Vec<u8>>(WAITING);
        let task = tokio::spawn(async move {
            let mut copy = connection.copy_in_raw(COPY_LINES).await?;
            while let Some(chunk) = waiting.recv().await {
                copy.send(chunk).await?;
            }
            copy.finish().await?;
            Ok(connection)
        });
        Self { rows: COPY_HEADER.to_vec(), chunks, task }
    }

    fn add(&mut self, placed: &PlacedLine<'_>) {
        let line = &placed.line;
        let rows = &mut self.rows;
        rows.extend(11_i16.to_be_bytes());
        field(rows, placed.source.as_bytes());
        field(rows, &placed.position.to_be_bytes());
        field(rows, &placed.line_no.to_be_bytes());
        field(rows, &line.measure.id().to_be_bytes());
        field(rows, &unit_number(line.org_unit).to_be_bytes());
        field(rows, line.category.as_bytes());
        field(rows, &day_number(line.occurred_on).to_be_bytes());
        field(rows, &line.quantity.to_be_bytes());
        field(rows, &microseconds(placed.recorded_at).to_be_bytes());
        field(rows, &placed.event_type.to_be_bytes());
        field(rows, placed.stream.as_bytes());
    }

    async fn send_full(&mut self) -> Result<(), sqlx::Error> {
        if self.rows.len() < CHUNK {
            return Ok(());
        }
        let full = std::mem::replace(&mut self.rows, Vec::with_capacity(CHUNK + CHUNK / 8));
        if self.chunks.send(full).await.is_ok() {
            return Ok(());
        }
        // The task has ended before its time: what it says is why.
        match (&mut self.task).await {
            Ok(Err(error)) => Err(error),
            Ok(Ok(_)) | Err(_) => Err(sqlx::Error::WorkerCrashed),
        }
    }

    async fn finish(mut self) -> Result<PgConnection, sqlx::Error> {
        self.rows.extend(COPY_TRAILER);
        // When the task has ended already, what it says below is why.
        let _ = self.chunks.send(self.rows).await;
        drop(self.chunks);
        self.task.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }
}

fn field(rows: &mut Vec<u8>, bytes: &[u8]) {
    rows.extend(i32::try_from(bytes.len()).unwrap_or(i32::MAX).to_be_bytes());
    rows.extend(bytes);
}

/// Days since 2000-01-01, as PostgreSQL counts.
fn day_number(day: Date) -> i32 {
    day.to_julian_day() - time::macros::date!(2000 - 01 - 01).to_julian_day()
}

/// Microseconds since 2000-01-01, as PostgreSQL counts.
fn microseconds(at: OffsetDateTime) -> i64 {
    let since = at - time::macros::datetime!(2000-01-01 0:00 UTC);
    i64::try_from(since.whole_microseconds()).unwrap_or(i64::MAX)
}
