//! Rows as PostgreSQL's binary COPY takes them, and a COPY that runs beside whoever makes the rows.

use super::batch::PlacedLine;
use super::tally::SumRow;
use super::unit_number;
use sqlx::{AssertSqlSafe, PgConnection, SqlSafeStr};
use time::{Date, OffsetDateTime};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Bytes gathered before they are sent on.
const CHUNK: usize = 1 << 20;
/// Chunks waiting for the database at most.
const WAITING: usize = 4;
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();

/// Columns of `lines` in the order of [`Rows::line`].
pub(super) const LINE_COLUMNS: &str = "source, position, line_no, measure, org_unit, category, occurred_on, quantity, \
                                       recorded_at, event_type, stream";

/// Rows on their way.
#[derive(Debug)]
pub(super) struct Rows(Vec<u8>);

impl Rows {
    pub(super) fn line(&mut self, placed: &PlacedLine<'_>) {
        let line = &placed.line;
        self.fields(11);
        self.field(placed.source.name().as_bytes());
        self.field(&placed.position.to_be_bytes());
        self.field(&placed.line_no.to_be_bytes());
        self.field(&line.measure.id().to_be_bytes());
        self.field(&unit_number(line.org_unit).to_be_bytes());
        self.field(line.category.as_bytes());
        self.field(&day_number(line.occurred_on).to_be_bytes());
        self.field(&line.quantity.to_be_bytes());
        self.field(&microseconds(placed.recorded_at).to_be_bytes());
        self.field(&placed.event_type.to_be_bytes());
        self.field(placed.stream.as_bytes());
    }

    /// day or month, unit, category or prefix, then the measures.
    pub(super) fn sum(&mut self, row: &SumRow<'_>) {
        self.fields(i16::try_from(row.quantities.len() + 3).unwrap_or(i16::MAX));
        self.field(&day_number(row.day).to_be_bytes());
        self.field(&row.unit.to_be_bytes());
        self.field(row.word.as_bytes());
        row.quantities.iter().for_each(|quantity| self.field(&quantity.to_be_bytes()));
    }

    fn fields(&mut self, count: i16) {
        self.0.extend(count.to_be_bytes());
    }
    fn field(&mut self, bytes: &[u8]) {
        self.0.extend(i32::try_from(bytes.len()).unwrap_or(i32::MAX).to_be_bytes());
        self.0.extend(bytes);
    }
}

/// A COPY in a task of its own, so that making rows and writing them go side by side.
#[derive(Debug)]
pub(super) struct Copy {
    /// Rows to be sent.
    pub(super) rows: Rows,
    chunks: mpsc::Sender<Vec<u8>>,
    task: JoinHandle<Result<PgConnection, sqlx::Error>>,
}

impl Copy {
    /// Begins `COPY <table> (<columns>) FROM STDIN` on this connection, which comes back from [`finish`](Self::finish).
    pub(super) fn start(mut connection: PgConnection, table: &str, columns: &str) -> Self {
        let (chunks, mut waiting) = mpsc::channel::<Vec<u8>>(WAITING);
        let statement =
            AssertSqlSafe(format!("COPY {table} ({columns}) FROM STDIN (FORMAT binary)")).into_sql_str();
        let task = tokio::spawn(async move {
            let mut copy = connection.copy_in_raw(statement.as_str()).await?;
            while let Some(chunk) = waiting.recv().await {
                copy.send(chunk).await?;
            }
            copy.finish().await?;
            Ok(connection)
        });
        Self { rows: Rows(HEADER.to_vec()), chunks, task }
    }

    /// Sends the rows on when there are enough of them.
    pub(super) async fn send_full(&mut self) -> Result<(), sqlx::Error> {
        if self.rows.0.len() < CHUNK {
            return Ok(());
        }
        let full = std::mem::replace(&mut self.rows.0, Vec::with_capacity(CHUNK + CHUNK / 8));
        if self.chunks.send(full).await.is_ok() {
            return Ok(());
        }
        // The task has ended before its time: what it says is why.
        match (&mut self.task).await {
            Ok(Err(error)) => Err(error),
            Ok(Ok(_)) | Err(_) => Err(sqlx::Error::WorkerCrashed),
        }
    }

    /// Copies rows of sums, in their order.
    pub(super) async fn sums(&mut self, rows: &[SumRow<'_>]) -> Result<(), sqlx::Error> {
        for some in rows.chunks(2_000) {
            some.iter().for_each(|row| self.rows.sum(row));
            self.send_full().await?;
        }
        Ok(())
    }

    /// Ends the COPY; its connection.
    pub(super) async fn finish(mut self) -> Result<PgConnection, sqlx::Error> {
        self.rows.0.extend(TRAILER);
        // When the task has ended already, what it says below is why.
        let _ = self.chunks.send(self.rows.0).await;
        drop(self.chunks);
        self.task.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }

    /// Gives it up; nothing of it is written.
    pub(super) fn abort(self) {
        self.task.abort();
    }
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
