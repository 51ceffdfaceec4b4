//! Bringing a database up to date.

use sqlx::Row;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr};
use std::sync::LazyLock;
use xiaoan_eventstore::{migrate, note_release, release_is_there};
use xiaoan_testkit::TestDb;

static OWN: LazyLock<Migrator> = LazyLock::new(|| own(&[(2001, "CREATE TABLE views (a int)")]));
static NEXT: LazyLock<Migrator> = LazyLock::new(|| {
    own(&[(2001, "CREATE TABLE views (a int)"), (2002, "ALTER TABLE views ADD COLUMN b int")])
});

fn own(migrations: &[(i64, &'static str)]) -> Migrator {
    let migrations = migrations.iter().map(|(version, sql)| {
        Migration::new(*version, "own".into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    Migrator::with_migrations(migrations.collect())
}

async fn applied(db: &TestDb) -> Vec<i64> {
    let rows = sqlx::query("SELECT version FROM _sqlx_migrations ORDER BY version")
        .fetch_all(&db.owner_pool())
        .await;
    rows.expect("the table of migrations").iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn migrating_again_changes_nothing_and_a_newer_service_adds_its_own() {
    let db = TestDb::empty().await;
    migrate(&db.owner_pool(), &OWN).await.expect("migrated");
    let first = applied(&db).await;
    assert!(first.starts_with(&[1]) && first.ends_with(&[2001]), "{first:?}");
    migrate(&db.owner_pool(), &OWN).await.expect("migrated");
    assert_eq!(applied(&db).await, first);
    migrate(&db.owner_pool(), &NEXT).await.expect("migrated");
    assert_eq!(applied(&db).await, [first.as_slice(), &[2002]].concat());
    // Another folder of the same database, without any of these.
    migrate(&db.owner_pool(), &OWN).await.expect("migrated");
}

#[tokio::test]
async fn a_release_is_there_when_its_migrations_are_noted_and_not_before() {
    let db = TestDb::empty().await;
    assert!(!release_is_there(&db.owner_pool(), "1").await.expect("an answer"), "nothing is migrated");
    migrate(&db.owner_pool(), &OWN).await.expect("migrated");
    assert!(!release_is_there(&db.pool(), "1").await.expect("an answer"), "as the services' role");
    for _ in 0..2 {
        note_release(&db.owner_pool(), "1").await.expect("noted");
    }
    assert!(release_is_there(&db.pool(), "1").await.expect("an answer"));
    assert!(!release_is_there(&db.pool(), "2").await.expect("an answer"));
    assert!(note_release(&db.pool(), "2").await.is_err(), "a service cannot say so itself");
}

#[tokio::test]
async fn several_processes_may_migrate_at_once() {
    let db = TestDb::empty().await;
    let (a, b, c) = (db.owner_pool(), db.owner_pool(), db.owner_pool());
    let (a, b, c) = tokio::join!(migrate(&a, &OWN), migrate(&b, &OWN), migrate(&c, &OWN));
    a.and(b).and(c).expect("all of them");
    assert!(applied(&db).await.ends_with(&[2001]));
}

#[tokio::test]
async fn an_owner_who_is_no_superuser_can_migrate_when_the_role_is_there() {
    let db = TestDb::empty().await;
    let name = db.name();
    let role = format!("owner_of_{name}");
    let setup = format!(
        "CREATE ROLE {role}; ALTER DATABASE {name} OWNER TO {role}; ALTER SCHEMA public OWNER TO {role}"
    );
    sqlx::raw_sql(AssertSqlSafe(setup)).execute(&db.owner_pool()).await.expect("set up");
    let as_owner = (*db.owner_pool().connect_options()).clone().options([("role", role.as_str())]);
    let pool = sqlx::postgres::PgPoolOptions::new()
        .max_connections(2)
        .connect_with(as_owner)
        .await
        .expect("connects");
    migrate(&pool, &OWN).await.expect("migrated");
    pool.close().await;
    let cleanup = format!(
        "ALTER DATABASE {name} OWNER TO postgres; REASSIGN OWNED BY {role} TO postgres; DROP ROLE {role}"
    );
    sqlx::raw_sql(AssertSqlSafe(cleanup)).execute(&db.owner_pool()).await.expect("cleaned up");
}
