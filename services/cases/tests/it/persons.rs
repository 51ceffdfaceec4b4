//! Personal data: a planted name is readable nowhere in the database.

use crate::world::*;
use sqlx::{AssertSqlSafe, PgPool, Row};
use xiaoan_proto::cases::v1;
use xiaoan_proto::core::v1::PersonInput;
use xiaoan_proto::timestamp;

const NAME: &str = "甄好找";
const PHONE: &str = "13900001234";
const DOCUMENT: &str = "37110219900101123X";

fn person() -> PersonInput {
    PersonInput { name: NAME.into(), phone: PHONE.into(), id_number: DOCUMENT.into() }
}

#[tokio::test]
async fn a_planted_name_is_readable_nowhere() {
    let world = World::start().await;
    let officer = world.officer();
    let filed =
        officer.file(v1::FileCaseRequest { victims: vec![person()], ..burglary(&number(1)) }).await.unwrap();
    let caught = v1::RecordSuspectCaughtRequest {
        request_id: id(),
        case_no: number(1),
        caught_on: june(8),
        count: 1,
        suspects: vec![person()],
        ..Default::default()
    };
    officer.cases().record_suspect_caught(caught).await.unwrap();
    let alert = v1::ReceiveAlertRequest {
        request_id: id(),
        org_unit: STATION.into(),
        received_at: Some(timestamp(world.now())),
        kind: "theft".into(),
        caller: Some(person()),
        ..Default::default()
    };
    let last = officer.alerts().receive_alert(alert).await.unwrap().into_inner();
    officer.case(&number(1), position(last.receipt.as_ref())).await;
    assert!(position(filed.receipt.as_ref()) > 0);

    let tables = tables(&world.db.owner_pool()).await;
    assert!(tables.iter().any(|t| t == "eventstore.events"), "{tables:?}");
    let mut rows = 0;
    for table in tables {
        for text in rows_of(&world.db.owner_pool(), &table).await {
            rows += 1;
            for planted in [NAME, PHONE, DOCUMENT] {
                assert!(!text.contains(planted), "{planted} stands readable in {table}");
                // bytea columns print as hex
                assert!(!text.contains(&hex::encode(planted)), "{planted} stands in bytes of {table}");
            }
        }
    }
    assert!(rows > 6, "there was something to look at");

    let history = v1::GetCaseHistoryRequest { case_no: number(1) };
    let entries = officer.cases().get_case_history(history).await.unwrap().into_inner().entries;
    assert!(entries.iter().all(|e| !e.event_json.contains(NAME) && !e.event_json.contains(PHONE)));
    assert!(entries[0].event_json.contains("personId"), "but that there is a person is");
}

#[tokio::test]
async fn a_command_that_is_refused_leaves_no_key_and_a_repeated_one_no_second() {
    let world = World::start().await;
    let keys = || async {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM person_keys")
            .fetch_one(&world.db.owner_pool())
            .await
            .unwrap();
        count
    };
    let officer = world.officer();
    let bad =
        v1::FileCaseRequest { victims: vec![person()], category: "050200".into(), ..burglary(&number(1)) };
    officer.file(bad).await.unwrap_err();
    let elsewhere =
        v1::FileCaseRequest { victims: vec![person()], org_unit: ELSEWHERE.into(), ..burglary(&number(1)) };
    officer.file(elsewhere).await.unwrap_err();
    assert_eq!(keys().await, 0);
    let good = v1::FileCaseRequest { victims: vec![person(), person()], ..burglary(&number(1)) };
    for _ in 0..2 {
        officer.file(good.clone()).await.unwrap();
    }
    assert_eq!(keys().await, 2);
    let nameless = PersonInput { name: String::new(), ..person() };
    let refused = v1::FileCaseRequest { victims: vec![nameless], ..burglary(&number(2)) };
    assert_eq!(crate::world::refused(officer.file(refused).await).1, "GE-006");
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
