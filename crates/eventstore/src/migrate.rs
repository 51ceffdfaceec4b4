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

/// Notes that the migrations of a release have been applied.
///
/// # Errors
/// When the database does not answer, or the role does not own the tables.
pub async fn note_release(owner: &PgPool, release: &str) -> sqlx::Result<()> {
    let note = sqlx::query("INSERT INTO eventstore.releases (release) VALUES ($1) ON CONFLICT DO NOTHING");
    note.bind(release).execute(owner).await.map(drop)
}

/// Whether the migrations of a release have been applied; also as the services' role. A database in which nothing has been
/// migrated yet is one in which they have not.
///
/// # Errors
/// When the database does not answer.
pub async fn release_is_there(pool: &PgPool, release: &str) -> sqlx::Result<bool> {
    let there = sqlx::query_scalar("SELECT EXISTS (SELECT FROM eventstore.releases WHERE release = $1)");
    match there.bind(release).fetch_one(pool).await {
        // 3F000 no such schema, 42P01 no such table, 42501 no right to look: being migrated at this moment
        Err(sqlx::Error::Database(error))
            if error.code().is_some_and(|code| ["3F000", "42P01", "42501"].contains(&&*code)) =>
        {
            Ok(false)
        }
        answer => answer,
    }
}
