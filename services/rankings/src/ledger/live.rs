//! The ledger as a projection: a batch, its sums and its checkpoint in one transaction.

use super::batch::Columns;
use super::tables::{self, Schema};
use sqlx::{PgConnection, PgPool};
use std::sync::Arc;
use xiaoan_eventstore::RecordedEvent;
use xiaoan_projection::{ApplyError, Projection};

/// Lines and sums in one round trip. Sums are added to, never set.
macro_rules! write_sql {
    ($schema:literal) => {
        concat!(
            "WITH written AS (
                 INSERT INTO ", $schema, ".lines
                        (source, position, line_no, measure, org_unit, category, occurred_on, quantity, recorded_at,
                         event_type, stream)
                 SELECT * FROM UNNEST($1::text[], $2::bigint[], $3::smallint[], $4::smallint[], $5::bigint[], $6::text[],
                                      $7::date[], $8::bigint[], $9::timestamptz[], $10::smallint[], $11::text[])
             ), days AS (
                 INSERT INTO ", $schema, ".day_sums AS s (measure, day, org_unit, category, quantity)
                 SELECT * FROM UNNEST($12::smallint[], $13::date[], $14::bigint[], $15::text[], $16::bigint[])
                 ON CONFLICT (measure, day, org_unit, category) DO UPDATE SET quantity = s.quantity + excluded.quantity
             )
             INSERT INTO ", $schema, ".month_sums AS s (measure, prefix, month, org_unit, quantity)
             SELECT * FROM UNNEST($17::smallint[], $18::text[], $19::date[], $20::bigint[], $21::bigint[])
             ON CONFLICT (measure, prefix, month, org_unit) DO UPDATE SET quantity = s.quantity + excluded.quantity"
        )
    };
}
const WRITE_LIVE: &str = write_sql!("ledger");
const WRITE_NEXT: &str = write_sql!("ledger_next");

/// The ledger of signed facts.
#[derive(Debug)]
pub struct Ledger {
    _made: (),
}

impl Ledger {
    /// Opens the ledger; makes its tables when there are none, or none of this build's layout (then it fills from the
    /// logs, from their beginnings).
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn open(pool: &PgPool) -> Result<Arc<Self>, sqlx::Error> {
        let mut connection = pool.acquire().await?;
        tables::ensure(&mut connection).await?;
        Ok(Arc::new(Self { _made: () }))
    }
}

impl Projection for Ledger {
    fn name(&self) -> &str {
        super::NAME
    }

    async fn apply(&self, tx: &mut PgConnection, batch: &[RecordedEvent]) -> Result<(), ApplyError> {
        write(tx, Columns::of(batch)?, Schema::Live).await.map_err(ApplyError::Database)
    }
}

/// Writes the rows of a batch into a generation that has its indexes.
pub(super) async fn write(tx: &mut PgConnection, rows: Columns, schema: Schema) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut day_rows = (vec![], vec![], vec![], vec![], vec![]);
    for ((measure, day, unit, category), quantity) in rows.days {
        day_rows.0.push(measure);
        day_rows.1.push(day);
        day_rows.2.push(unit);
        day_rows.3.push(category);
        day_rows.4.push(quantity);
    }
    let mut month_rows = (vec![], vec![], vec![], vec![], vec![]);
    for ((measure, prefix, month, unit), quantity) in rows.months {
        month_rows.0.push(measure);
        month_rows.1.push(prefix);
        month_rows.2.push(month);
        month_rows.3.push(unit);
        month_rows.4.push(quantity);
    }
    sqlx::query(if schema == Schema::Live { WRITE_LIVE } else { WRITE_NEXT })
        .bind(rows.source)
        .bind(rows.position)
        .bind(rows.line_no)
        .bind(rows.measure)
        .bind(rows.org_unit)
        .bind(rows.category)
        .bind(rows.occurred_on)
        .bind(rows.quantity)
        .bind(rows.recorded_at)
        .bind(rows.event_type)
        .bind(rows.stream)
        .bind(day_rows.0)
        .bind(day_rows.1)
        .bind(day_rows.2)
        .bind(day_rows.3)
        .bind(day_rows.4)
        .bind(month_rows.0)
        .bind(month_rows.1)
        .bind(month_rows.2)
        .bind(month_rows.3)
        .bind(month_rows.4)
        .execute(tx)
        .await
        .map(drop)
}
