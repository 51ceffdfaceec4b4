//! The ledger as a projection: a batch, its sums and its checkpoint in one transaction.

use super::batch::{Columns, Quantities, source_of};
use super::tables::{self, Schema};
use crate::source::Source;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres};
use std::sync::{Arc, LazyLock};
use xiaoan_eventstore::RecordedEvent;
use xiaoan_projection::{ApplyError, Projection};

/// The ledger of signed facts.
#[derive(Debug)]
pub struct Ledger(());

impl Ledger {
    /// Opens the ledger; makes its tables when there are none, or none of this build's layout (then it fills from the
    /// logs, from their beginnings).
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn open(pool: &PgPool) -> Result<Arc<Self>, sqlx::Error> {
        let mut connection = pool.acquire().await?;
        tables::ensure(&mut connection).await?;
        Ok(Arc::new(Self(())))
    }
}

impl Projection for Ledger {
    fn name(&self) -> &str {
        super::NAME
    }

    async fn apply(&self, tx: &mut PgConnection, batch: &[RecordedEvent]) -> Result<(), ApplyError> {
        let Some(first) = batch.first() else { return Ok(()) };
        let rows = Columns::of(source_of(first)?, batch)?;
        write(tx, rows, Schema::Live).await.map_err(ApplyError::Database)
    }
}

/// Lines and sums of a source in one round trip. Sums are added to, never set.
static WRITE: LazyLock<[[String; Source::ALL.len()]; 2]> =
    LazyLock::new(|| [Schema::Live, Schema::Next].map(|schema| Source::ALL.map(|of| write_sql(schema, of))));

fn write_sql(schema: Schema, source: Source) -> String {
    let (days, months) = (schema.day_sums(source), schema.month_sums(source));
    let schema = schema.name();
    let measures = source.measures();
    let of_all = |text: &dyn Fn(&str) -> String| {
        measures.iter().map(|m| text(m.column())).collect::<Vec<_>>().join(", ")
    };
    let columns = of_all(&str::to_owned);
    let added = of_all(&|column| format!("{column} = s.{column} + excluded.{column}"));
    let sums = |first: usize| {
        let arrays = (first..first + measures.len()).map(|n| format!("${n}::bigint[]"));
        arrays.collect::<Vec<_>>().join(", ")
    };
    // $15… are the days' sums; behind them come the months' key and sums.
    let month = 15 + measures.len();
    let (day_sums, month_sums) = (sums(15), sums(month + 3));
    format!(
        "WITH written AS (
             INSERT INTO {schema}.lines
                    (source, position, line_no, measure, org_unit, category, occurred_on, quantity, recorded_at,
                     event_type, stream)
             SELECT $1::text, l.*
             FROM UNNEST($2::bigint[], $3::smallint[], $4::smallint[], $5::bigint[], $6::text[], $7::date[],
                         $8::bigint[], $9::timestamptz[], $10::smallint[], $11::text[]) l
         ), days AS (
             INSERT INTO {days} AS s (day, org_unit, category, {columns})
             SELECT * FROM UNNEST($12::date[], $13::bigint[], $14::text[], {day_sums})
             ON CONFLICT (day, org_unit, category) DO UPDATE SET {added}
         )
         INSERT INTO {months} AS s (prefix, month, org_unit, {columns})
         SELECT * FROM UNNEST(${month}::text[], ${}::date[], ${}::bigint[], {month_sums})
         ON CONFLICT (prefix, month, org_unit) DO UPDATE SET {added}",
        month + 1,
        month + 2
    )
}

/// Writes the rows of a batch into a generation that has its indexes.
pub(super) async fn write(tx: &mut PgConnection, rows: Columns, schema: Schema) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let source = rows.source;
    let sql = &WRITE[usize::from(schema == Schema::Next)][source as usize];
    let mut query = sqlx::query(AssertSqlSafe(sql.as_str()))
        .bind(source.name())
        .bind(rows.position)
        .bind(rows.line_no)
        .bind(rows.measure)
        .bind(rows.org_unit)
        .bind(rows.category)
        .bind(rows.occurred_on)
        .bind(rows.quantity)
        .bind(rows.recorded_at)
        .bind(rows.event_type)
        .bind(rows.stream);
    let (mut day, mut unit, mut category, mut sums) = (vec![], vec![], vec![], Vec::new());
    for ((on, org_unit, leaf), quantities) in rows.days {
        day.push(on);
        unit.push(org_unit);
        category.push(leaf);
        sums.push(quantities);
    }
    query = bind_sums(query.bind(day).bind(unit).bind(category), source, &sums);
    let (mut prefix, mut month, mut unit, mut sums) = (vec![], vec![], vec![], Vec::new());
    for ((cut, first_day, org_unit), quantities) in rows.months {
        prefix.push(cut);
        month.push(first_day);
        unit.push(org_unit);
        sums.push(quantities);
    }
    bind_sums(query.bind(prefix).bind(month).bind(unit), source, &sums).execute(tx).await.map(drop)
}

/// One array per measure of the source.
fn bind_sums<'q>(
    query: Query<'q, Postgres, PgArguments>,
    source: Source,
    sums: &[Quantities],
) -> Query<'q, Postgres, PgArguments> {
    (0..source.measures().len()).fold(query, |query, place| {
        query.bind(sums.iter().map(|quantities| quantities[place]).collect::<Vec<_>>())
    })
}
