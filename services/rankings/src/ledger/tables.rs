//! Makes a generation of tables, and sees whether the live one is of this build.

use crate::booking;
use crate::measures::Measure;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::time::Duration;

/// Rises when `tables.sql` or what is booked changes: the service then throws the old generation away and reads the logs
/// again.
const LAYOUT: i32 = 1;

const TABLES: &str = include_str!("tables.sql");

/// Where a generation lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Schema {
    /// The one that is read.
    Live,
    /// The one that a rebuild fills.
    Next,
}

impl Schema {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Live => "ledger",
            Self::Next => "ledger_next",
        }
    }
}

/// Tables of a generation, in the order they are dropped or moved.
const NAMES: [&str; 6] = ["lines", "day_sums", "month_sums", "measures", "event_types", "layout"];

/// Drops what is there and makes empty tables without indexes.
pub(super) async fn make(connection: &mut PgConnection, schema: Schema) -> Result<(), sqlx::Error> {
    drop_all(connection, schema).await?;
    run(connection, TABLES, schema).await?;
    let mut fill = format!("INSERT INTO {}.layout VALUES ({LAYOUT});\n", schema.name());
    for measure in Measure::ALL {
        fill += &format!(
            "INSERT INTO {}.measures VALUES ({}, '{}');\n",
            schema.name(),
            measure.id(),
            measure.name()
        );
    }
    for (id, name) in booking::event_types() {
        fill += &format!("INSERT INTO {}.event_types VALUES ({id}, '{name}');\n", schema.name());
    }
    sqlx::raw_sql(AssertSqlSafe(fill)).execute(connection).await.map(drop)
}

/// Makes tables for parts of sums beside those of the next generation; [`drop_all`] drops them as well.
pub(super) async fn make_parts(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    const PARTS: &str = "
        CREATE TABLE ledger_next.day_parts (LIKE ledger_next.day_sums);
        CREATE TABLE ledger_next.month_parts (LIKE ledger_next.month_sums)";
    sqlx::raw_sql(PARTS).execute(connection).await.map(drop)
}

/// Makes the indexes of the lines, filled or empty.
pub(super) async fn index_lines(connection: &mut PgConnection, schema: Schema) -> Result<(), sqlx::Error> {
    const LINES: &str = "
        ALTER TABLE {schema}.lines ADD PRIMARY KEY (source, position, line_no);
        CREATE INDEX lines_by_fact ON {schema}.lines (measure, org_unit, occurred_on)";
    run(connection, LINES, schema).await
}

/// Makes the indexes of the sums, filled or empty.
pub(super) async fn index_sums(connection: &mut PgConnection, schema: Schema) -> Result<(), sqlx::Error> {
    const SUMS: &str = "
        ALTER TABLE {schema}.day_sums ADD PRIMARY KEY (day, org_unit, category);
        ALTER TABLE {schema}.month_sums ADD PRIMARY KEY (prefix, month, org_unit)";
    run(connection, SUMS, schema).await
}

/// Drops a generation, if there is one.
pub(super) async fn drop_all(connection: &mut PgConnection, schema: Schema) -> Result<(), sqlx::Error> {
    let all = NAMES.into_iter().chain(["day_parts", "month_parts"]);
    let list = all.map(|table| format!("{}.{table}", schema.name())).collect::<Vec<_>>().join(", ");
    sqlx::raw_sql(AssertSqlSafe(format!("DROP TABLE IF EXISTS {list}"))).execute(connection).await.map(drop)
}

/// Puts the rebuilt generation in the place of the live one.
pub(super) async fn swap(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    lock_alone(tx).await?;
    drop_all(tx, Schema::Live).await?;
    let (from, to) = (Schema::Next.name(), Schema::Live.name());
    let moves = NAMES.map(|table| format!("ALTER TABLE {from}.{table} SET SCHEMA {to};")).concat();
    sqlx::raw_sql(AssertSqlSafe(moves)).execute(tx).await.map(drop)
}

/// Waits for the readers of the live tables to finish, letting new ones in between: a check of the whole ledger takes its
/// time, and nobody should wait behind somebody who waits for it.
async fn lock_alone(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    // Longer than the second after which PostgreSQL takes a table from autovacuum, short enough for a reader to wait.
    const TRIES: u32 = 40;
    for tries_left in (0..TRIES).rev() {
        let mut attempt = tx.begin().await?;
        let locked = sqlx::raw_sql(
            "SET LOCAL lock_timeout = '1500ms';
             LOCK TABLE ledger.lines, ledger.day_sums, ledger.month_sums IN ACCESS EXCLUSIVE MODE;
             SET LOCAL lock_timeout = 0",
        )
        .execute(&mut *attempt)
        .await;
        match locked {
            Ok(_) => return attempt.commit().await,
            Err(sqlx::Error::Database(e)) if e.code().as_deref() == Some(LOCK_TIMEOUT) && tries_left > 0 => {
                attempt.rollback().await?;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// SQLSTATE lock_not_available.
const LOCK_TIMEOUT: &str = "55P03";

/// Sees to it that there is a live generation of this build's layout. True when it had to be made: whatever a
/// checkpoint says about it is void then.
pub(super) async fn ensure(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let mut tx = connection.begin().await?;
    // Replicas that start together take turns.
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('xiaoan.rankings.ledger', 0))")
        .execute(&mut *tx)
        .await?;
    let there: bool =
        sqlx::query_scalar("SELECT to_regclass('ledger.layout') IS NOT NULL").fetch_one(&mut *tx).await?;
    let found: Option<i32> = match there {
        true => sqlx::query_scalar("SELECT version FROM ledger.layout").fetch_optional(&mut *tx).await?,
        false => None,
    };
    if found == Some(LAYOUT) {
        return Ok(false);
    }
    make(&mut tx, Schema::Live).await?;
    index_lines(&mut tx, Schema::Live).await?;
    index_sums(&mut tx, Schema::Live).await?;
    sqlx::query(
        "UPDATE eventstore.checkpoints
         SET position = 0, hash = decode(repeat('00', 32), 'hex'), recorded_at = 'epoch'
         WHERE projection = $1",
    )
    .bind(super::NAME)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    tracing::info!(layout = LAYOUT, before = found, "made the ledger's tables; they fill from the logs");
    Ok(true)
}

async fn run(connection: &mut PgConnection, sql: &str, schema: Schema) -> Result<(), sqlx::Error> {
    let sums = Measure::ALL.map(|m| format!("{} bigint NOT NULL DEFAULT 0", m.column())).join(",\n    ");
    let sql = sql.replace("{schema}", schema.name()).replace("{sums}", &sums);
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
}
