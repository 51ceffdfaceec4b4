//! Case numbers that the service gives when a caller files without one: "A", the unit, the month of filing, the next
//! serial. A number is given once, by any replica; one that another way of filing has used is passed over.

use sqlx::PgPool;
use time::Date;

/// Gives case numbers.
#[derive(Debug, Clone)]
pub struct Numbers {
    pool: PgPool,
}

impl Numbers {
    /// Over the service's database.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// The next number of a unit in a month; `None` when all 9999 are given.
    ///
    /// # Errors
    /// When the database fails.
    #[tracing::instrument(name = "db.case_numbers.next", skip_all)]
    pub async fn next(&self, org_unit: &str, filed_on: Date) -> Result<Option<String>, sqlx::Error> {
        let month = format!("{:04}{:02}", filed_on.year(), u8::from(filed_on.month()));
        let stem = format!("A{org_unit}{month}");
        // Starts behind the highest serial that the view of cases knows: imports bring their own numbers. Its commit is
        // not waited for: a number that a crash forgets is in use by then, or was never used.
        let serial: i32 = sqlx::query_scalar(
            "WITH unhurried AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
             INSERT INTO case_numbers AS n (org_unit, month, last)
             SELECT $1, $2, 1 + coalesce(max(right(c.case_no, 4)::integer), 0)
             FROM unhurried
             LEFT JOIN cases AS c ON c.case_no >= $3 || '0000' AND c.case_no <= $3 || '9999'
             ON CONFLICT (org_unit, month) DO UPDATE SET last = greatest(n.last + 1, excluded.last)
             RETURNING last",
        )
        .bind(org_unit)
        .bind(&month)
        .bind(&stem)
        .fetch_one(&self.pool)
        .await?;
        Ok((serial <= 9999).then(|| format!("{stem}{serial:04}")))
    }
}
