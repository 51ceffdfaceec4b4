//! Makes a generation of tables, and sees whether the live one is of this build.

use crate::booking;
use crate::measures::Measure;
use crate::source::Source;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::time::Duration;

/// Rises when `tables.sql` or what is booked changes: the service then throws the old generation away and reads the logs
/// again.
const LAYOUT: i32 = 5;

const TABLES: &str = include_str!("tables.sql");
const SUMS: &str = include_str!("sums.sql");

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
    /// A source's sums by day, unit and category.
    pub(super) fn day_sums(self, source: Source) -> String {
        format!("{}.{}_day_sums", self.name(), source.name())
    }
    /// A source's sums by month, unit and prefix of the category.
    pub(super) fn month_sums(self, source: Source) -> String {
        format!("{}.{}_month_sums", self.name(), source.name())
    }
    /// All tables of a generation, with their schema. The layout comes first: it is the door at which readers and a swap
    /// wait for one another.
    fn tables(self) -> Vec<String> {
        let own =
            ["layout", "lines", "measures", "event_types"].map(|table| format!("{}.{table}", self.name()));
        let sums = Source::ALL.map(|source| [self.day_sums(source), self.month_sums(source)]);
        own.into_iter().chain(sums.into_iter().flatten()).collect()
    }
}

/// Before a reader takes its snapshot: nobody puts another generation in the place of the live one until it is done.
pub const HOLD: &str = "LOCK TABLE ledger.layout IN ACCESS SHARE MODE";

/// Drops what is there and makes empty tables without indexes.
pub(super) async fn make(connection: &mut PgConnection, schema: Schema) -> Result<(), sqlx::Error> {
    drop_all(connection, schema).await?;
    run(connection, TABLES, schema).await?;
    for source in Source::ALL {
        let columns = source.measures().iter().map(|m| format!("{} bigint NOT NULL DEFAULT 0", m.column()));
        let sql = SUMS
            .replace("{sums}", &columns.collect::<Vec<_>>().join(",\n    "))
            .replace("{day_sums}", &schema.day_sums(source))
            .replace("{month_sums}", &schema.month_sums(source));
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await?;
    }
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

/// Makes tables for parts of a source's sums beside those of the next generation; [`drop_all`] drops them as well.
pub(super) async fn make_parts(connection: &mut PgConnection, source: Source) -> Result<(), sqlx::Error> {
    let (days, months) = (Schema::Next.day_sums(source), Schema::Next.month_sums(source));
    let sql =
        format!("CREATE TABLE {} (LIKE {days}); CREATE TABLE {} (LIKE {months})", part(&days), part(&months));
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
}

/// The table of parts of a table of sums.
pub(super) fn part(sums: &str) -> String {
    format!("{}_parts", sums.trim_end_matches("_sums"))
}

/// Makes the indexes of the lines, filled or empty.
pub(super) async fn index_lines(connection: &mut PgConnection, schema: Schema) -> Result<(), sqlx::Error> {
    const LINES: &str = "
        ALTER TABLE {schema}.lines ADD PRIMARY KEY (source, position, line_no);
        CREATE INDEX lines_by_fact ON {schema}.lines (measure, org_unit, occurred_on)";
    run(connection, LINES, schema).await
}

/// Makes the indexes of a source's sums, filled or empty.
pub(super) async fn index_sums(
    connection: &mut PgConnection,
    schema: Schema,
    source: Source,
) -> Result<(), sqlx::Error> {
    let sql = format!(
        "ALTER TABLE {} ADD PRIMARY KEY (day, org_unit, category);
         ALTER TABLE {} ADD PRIMARY KEY (prefix, month, org_unit)",
        schema.day_sums(source),
        schema.month_sums(source)
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
}

/// Drops a generation, if there is one, whatever its layout.
pub(super) async fn drop_all(connection: &mut PgConnection, schema: Schema) -> Result<(), sqlx::Error> {
    let there: Vec<String> = sqlx::query_scalar(
        "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables WHERE schemaname = $1",
    )
    .bind(schema.name())
    .fetch_all(&mut *connection)
    .await?;
    if there.is_empty() {
        return Ok(());
    }
    let sql = format!("DROP TABLE {}", there.join(", "));
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
}

/// Puts the rebuilt generation in the place of the live one.
pub(super) async fn swap(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    lock_alone(tx).await?;
    drop_all(tx, Schema::Live).await?;
    let to = Schema::Live.name();
    let moves: String = Schema::Next
        .tables()
        .into_iter()
        .map(|table| format!("ALTER TABLE {table} SET SCHEMA {to};"))
        .collect();
    sqlx::raw_sql(AssertSqlSafe(moves)).execute(tx).await.map(drop)
}

/// Waits for the readers of the live tables to finish, letting new ones in between: a check of the whole ledger takes its
/// time, and nobody should wait behind somebody who waits for it.
async fn lock_alone(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    // Longer than the second after which PostgreSQL takes a table from autovacuum, short enough for a reader to wait.
    const TRIES: u32 = 40;
    let lock = format!(
        "SET LOCAL lock_timeout = '1500ms';
         LOCK TABLE {} IN ACCESS EXCLUSIVE MODE;
         SET LOCAL lock_timeout = 0",
        Schema::Live.tables().join(", ")
    );
    for tries_left in (0..TRIES).rev() {
        let mut attempt = tx.begin().await?;
        let locked = sqlx::raw_sql(AssertSqlSafe(lock.as_str())).execute(&mut *attempt).await;
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
    for source in Source::ALL {
        index_sums(&mut tx, Schema::Live, source).await?;
    }
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
    let sql = sql.replace("{schema}", schema.name());
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
}
