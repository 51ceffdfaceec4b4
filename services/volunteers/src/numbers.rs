//! Numbers of volunteers (编号): "V", the unit, the next serial of four digits. Given once, by any replica.

use sqlx::PgPool;

/// Gives numbers.
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

    /// The next number of a unit; `None` when all 9999 are given.
    ///
    /// # Errors
    /// When the database fails.
    #[tracing::instrument(name = "db.volunteer_numbers.next", skip_all)]
    pub async fn next(&self, unit: &str) -> Result<Option<String>, sqlx::Error> {
        let serial: Option<i32> = sqlx::query_scalar(
            "INSERT INTO volunteer_numbers AS n (org_unit, last) VALUES ($1, 1)
             ON CONFLICT (org_unit) DO UPDATE SET last = n.last + 1 WHERE n.last < 9999
             RETURNING last",
        )
        .bind(unit)
        .fetch_optional(&self.pool)
        .await?;
        Ok(serial.map(|serial| format!("V{unit}{serial:04}")))
    }
}
