//! Migrations: the store's first, then the service's, in one table.

use sqlx::PgPool;
use sqlx::migrate::{MigrateError, Migrator};

/// The store's own migrations.
pub static EVENTSTORE: Migrator = sqlx::migrate!("../../migrations/eventstore");

/// Brings a database up to date: the store's migrations, then the service's own.
///
/// Idempotent, and safe when several processes start at once (they take turns).
///
/// # Errors
/// When a migration fails or was changed after it had been applied.
pub async fn migrate(owner: &PgPool, own: &'static Migrator) -> Result<(), MigrateError> {
    for migrator in [&EVENTSTORE, own] {
        // Several folders share one table of applied migrations, so each must ignore the others' rows.
        let mut shared = Migrator { migrations: migrator.migrations.clone(), ..Migrator::DEFAULT };
        shared.set_ignore_missing(true);
        shared.run(owner).await?;
    }
    Ok(())
}
