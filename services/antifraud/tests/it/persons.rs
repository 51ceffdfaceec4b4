//! No personal value is readable anywhere in the database.

use crate::world::*;
use sqlx::{AssertSqlSafe, PgPool, Row};
use xiaoan_proto::antifraud::v1 as af;

#[tokio::test]
async fn holder_account_victim_and_officers_stand_nowhere_in_clear() {
    let world = World::start().await;
    let officer = world.officer();
    let mut bank = Attending::open(&world.bank("bank-01"), "bank-01", 0).await.expect("attends");
    let order_id = officer.draft(stop()).await;
    world.chief().approve(&order_id).await;
    let order = bank.next().await;
    let taken = bank.feedback(done(&order, 100, "20260301100000")).await;
    officer.stop(&order_id, taken.position).await;

    let planted = [HOLDER, NUMBER, "测试被害人", "6222020000000000025", "测试警员一", "021001", "021002"];
    let mut rows = 0;
    for table in tables(&world.db.owner_pool()).await {
        for text in rows_of(&world.db.owner_pool(), &table).await {
            rows += 1;
            for value in planted {
                assert!(!text.contains(value), "{value} stands readable in {table}");
                // bytea columns print as hex
                assert!(!text.contains(&hex::encode(value)), "{value} stands in bytes of {table}");
            }
        }
    }
    assert!(rows > 10, "there was something to look at");
}

#[tokio::test]
async fn a_refused_draft_leaves_no_key_and_one_account_has_one() {
    let world = World::start().await;
    let officer = world.officer();
    let keys = || async {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM person_keys")
            .fetch_one(&world.db.owner_pool())
            .await
            .unwrap();
        count
    };
    let bad = af::DraftStopRequest { restriction: None, ..stop() };
    officer.stops().draft_stop(bad).await.unwrap_err();
    let elsewhere = af::DraftStopRequest { org_unit: ELSEWHERE.into(), ..stop() };
    officer.stops().draft_stop(elsewhere).await.unwrap_err();
    assert_eq!(keys().await, 0);
    officer.draft(stop()).await;
    assert_eq!(keys().await, 4, "holder, sender, two officers");
    officer.freezes().draft_freeze(freeze()).await.unwrap();
    assert_eq!(keys().await, 6, "the holder has a key already");
}

async fn tables(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
         WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
    )
    .fetch_all(pool)
    .await
    .expect("tables")
}

async fn rows_of(pool: &PgPool, table: &str) -> Vec<String> {
    let query = AssertSqlSafe(format!("SELECT t::text AS row FROM {table} AS t"));
    let rows = sqlx::query(query).fetch_all(pool).await.expect("rows");
    rows.into_iter().map(|row| row.get::<String, _>("row")).collect()
}
