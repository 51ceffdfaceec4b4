//! Table `timers`: written by the projection, held and removed by the worker.

use crate::metrics::{kind_of, metrics};
use crate::{Alarm, Change};
use sqlx::{FromRow, PgConnection, PgPool};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;
use xiaoan_kernel::StreamId;

/// Writes what an event at `position` means for the deadlines, in the transaction of a projection. Only for projections that
/// are not [`crate::Timers`]; such a one says [`crate::Timers::wake`] after its commit.
///
/// # Errors
/// When the database fails.
pub async fn apply_in_tx(
    tx: &mut PgConnection,
    position: i64,
    changes: &[Change],
) -> Result<(), sqlx::Error> {
    for change in changes {
        match change {
            Change::Arm { kind, stream, due_at } => {
                let armed = sqlx::query(
                    "INSERT INTO timers (kind, stream, due_at, try_at, position)
                     VALUES             ($1,   $2,     $3,     $3,     $4)
                     ON CONFLICT DO NOTHING",
                )
                .bind(kind)
                .bind(stream.as_str())
                .bind(due_at)
                .bind(position)
                .execute(&mut *tx)
                .await?;
                metrics().armed.add(armed.rows_affected(), &kind_of(kind));
            }
            Change::Cancel { kind, stream } => {
                sqlx::query("DELETE FROM timers WHERE stream = $1 AND kind = $2")
                    .bind(stream.as_str())
                    .bind(kind)
                    .execute(&mut *tx)
                    .await?;
            }
            Change::CancelAll { stream } => {
                sqlx::query("DELETE FROM timers WHERE stream = $1")
                    .bind(stream.as_str())
                    .execute(&mut *tx)
                    .await?;
            }
        }
    }
    Ok(())
}

#[derive(FromRow)]
struct HeldRow {
    kind: String,
    stream: String,
    due_at: OffsetDateTime,
    tries: i32,
}

/// Holds deadlines that are to be tried at `now`, the oldest first, and that nobody else holds.
pub(crate) async fn hold(
    pool: &PgPool,
    now: OffsetDateTime,
    worker: Uuid,
    hold: Duration,
    limit: usize,
) -> Result<Vec<Alarm>, sqlx::Error> {
    let rows: Vec<HeldRow> = sqlx::query_as(
        "WITH due AS (
             SELECT kind, stream, due_at
               FROM timers
              WHERE try_at <= $1
                AND (held_until IS NULL OR held_until <= clock_timestamp())
              ORDER BY try_at
              LIMIT $4
                FOR UPDATE SKIP LOCKED
         )
         UPDATE timers AS t
            SET held_by = $2, held_until = clock_timestamp() + make_interval(secs => $3), tries = t.tries + 1
           FROM due
          WHERE t.kind = due.kind AND t.stream = due.stream AND t.due_at = due.due_at
         RETURNING t.kind, t.stream, t.due_at, t.tries",
    )
    .bind(now)
    .bind(worker)
    .bind(hold.as_secs_f64())
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(pool)
    .await?;
    let alarm = |row: HeldRow| Alarm {
        kind: row.kind,
        stream: StreamId::from(row.stream),
        due_at: row.due_at,
        tries: row.tries,
    };
    Ok(rows.into_iter().map(alarm).collect())
}

/// Removes a deadline that is settled, whoever holds it by now.
pub(crate) async fn settle(pool: &PgPool, alarm: &Alarm) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM timers WHERE stream = $1 AND kind = $2 AND due_at = $3")
        .bind(alarm.stream.as_str())
        .bind(&alarm.kind)
        .bind(alarm.due_at)
        .execute(pool)
        .await
        .map(drop)
}

/// Lets a deadline go until another try, unless somebody else holds it by now.
pub(crate) async fn postpone(
    pool: &PgPool,
    alarm: &Alarm,
    worker: Uuid,
    try_at: OffsetDateTime,
    problem: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE timers
            SET held_by = NULL, held_until = NULL, try_at = $5, problem = $6
          WHERE stream = $1 AND kind = $2 AND due_at = $3 AND held_by = $4",
    )
    .bind(alarm.stream.as_str())
    .bind(&alarm.kind)
    .bind(alarm.due_at)
    .bind(worker)
    .bind(try_at)
    // PostgreSQL's texts cannot hold this character.
    .bind(problem.replace('\0', " "))
    .execute(pool)
    .await
    .map(drop)
}

/// What the worker has to wait for.
#[derive(Debug, Clone, Copy, PartialEq, FromRow)]
pub(crate) struct Next {
    /// Next try of a deadline that nobody holds, by the service's clock.
    pub(crate) try_at: Option<OffsetDateTime>,
    /// Seconds until the first hold runs out.
    pub(crate) held_for: Option<f64>,
}

pub(crate) async fn next(pool: &PgPool) -> Result<Next, sqlx::Error> {
    sqlx::query_as(
        "SELECT (SELECT try_at FROM timers
                  WHERE held_until IS NULL OR held_until <= clock_timestamp()
                  ORDER BY try_at LIMIT 1) AS try_at,
                (SELECT extract(epoch FROM min(held_until) - clock_timestamp())::float8 FROM timers
                  WHERE held_until > clock_timestamp()) AS held_for",
    )
    .fetch_one(pool)
    .await
}

/// The deadlines of a service as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct TimerStatus {
    /// Deadlines to come or due.
    pub pending: i64,
    /// Due time of the earliest of them.
    pub next_due: Option<OffsetDateTime>,
    /// Those whose last try failed, the oldest first, at most a hundred.
    pub failing: Vec<Failing>,
}

/// A deadline that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// The deadline.
    pub alarm: Alarm,
    /// When it is tried again.
    pub try_at: OffsetDateTime,
    /// Why the last try failed.
    pub problem: String,
}

#[derive(FromRow)]
struct FailingRow {
    kind: String,
    stream: String,
    due_at: OffsetDateTime,
    tries: i32,
    try_at: OffsetDateTime,
    problem: String,
}

/// How the deadlines of a service stand.
///
/// # Errors
/// When the database fails.
pub async fn status(pool: &PgPool) -> Result<TimerStatus, sqlx::Error> {
    let (pending, next_due) =
        sqlx::query_as("SELECT count(*), min(due_at) FROM timers").fetch_one(pool).await?;
    let failing: Vec<FailingRow> = sqlx::query_as(
        "SELECT kind, stream, due_at, tries, try_at, problem
           FROM timers
          WHERE problem <> ''
          ORDER BY due_at
          LIMIT 100",
    )
    .fetch_all(pool)
    .await?;
    let failing = failing.into_iter().map(|row| Failing {
        alarm: Alarm {
            kind: row.kind,
            stream: StreamId::from(row.stream),
            due_at: row.due_at,
            tries: row.tries,
        },
        try_at: row.try_at,
        problem: row.problem,
    });
    Ok(TimerStatus { pending, next_due, failing: failing.collect() })
}
