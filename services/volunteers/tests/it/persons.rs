//! Personal data: a planted person is readable nowhere in the database.

use crate::world::*;
use sqlx::{AssertSqlSafe, PgPool, Row};
use xiaoan_kernel::EventSet;
use xiaoan_proto::core::v1::{Date, PersonInput};
use xiaoan_proto::volunteers::v1;
use xiaoan_volunteers::grpc::BIRTH_DATE;
use xiaoan_volunteers::volunteer::VolunteerEvent;

const NAME: &str = "甄好找";
const PHONE: &str = "13900001234";
const DOCUMENT: &str = "37112119870413123X";
const BIRTH: &str = "1987-04-13";

fn planted() -> v1::ReceiveApplicationRequest {
    v1::ReceiveApplicationRequest {
        person: Some(PersonInput { name: NAME.into(), phone: PHONE.into(), id_number: DOCUMENT.into() }),
        birth_date: Some(Date { year: 1987, month: 4, day: 13 }),
        ..application("zz-1")
    }
}

#[tokio::test]
async fn a_planted_person_is_readable_nowhere_but_by_the_vault() {
    let world = World::with_squadron().await;
    let officer = world.officer();
    let answer = officer.people().receive_application(planted()).await.unwrap().into_inner();
    officer.volunteer("zz-1", position(answer.receipt.as_ref())).await;

    let (mut rows, pool) = (0, world.db.owner_pool());
    for table in tables(&pool).await {
        for text in rows_of(&pool, &table).await {
            rows += 1;
            for planted in [NAME, PHONE, DOCUMENT, BIRTH] {
                assert!(!text.contains(planted), "{planted} stands readable in {table}");
                // bytea columns print as hex
                assert!(!text.contains(&hex::encode(planted)), "{planted} stands in bytes of {table}");
            }
            // Year, month and day of a Date message in a row.
            let date = hex::encode([0x08, 0xc3, 0x0f, 0x10, 0x04, 0x18, 0x0d]);
            assert!(!text.contains(&date), "the birth date stands as a message in {table}");
        }
    }
    assert!(rows > 6, "there was something to look at");

    let log = world.store().read_log(1, 100).await.expect("the log");
    let sealed = log
        .iter()
        .find_map(|e| match VolunteerEvent::decode(&e.r#type, &e.payload) {
            Ok(VolunteerEvent::ApplicationReceived(event)) => Some(event),
            _ => None,
        })
        .expect("the application");
    let person = world.vault.open_person(&sealed.person.expect("a person")).await.expect("opened");
    assert_eq!(person.name.as_str(), NAME);
    let birth = sealed.birth_date.expect("a birth date");
    let birth = world.vault.open_value(person.person_id, BIRTH_DATE, &birth).await.expect("opened");
    assert_eq!(birth.as_str(), BIRTH);
}

#[tokio::test]
async fn a_command_that_is_refused_leaves_no_key_and_a_repeated_one_no_second() {
    let world = World::with_squadron().await;
    let keys = || async {
        let pool = world.db.owner_pool();
        let count: i64 =
            sqlx::query_scalar("SELECT count(*) FROM person_keys").fetch_one(&pool).await.unwrap();
        count
    };
    let mut people = world.officer().people();
    let bad = v1::ReceiveApplicationRequest { risks_explained: false, ..planted() };
    people.receive_application(bad).await.unwrap_err();
    let elsewhere = v1::ReceiveApplicationRequest { org_unit: ELSEWHERE.into(), ..planted() };
    people.receive_application(elsewhere).await.unwrap_err();
    assert_eq!(keys().await, 0);
    let good = planted();
    for _ in 0..2 {
        people.receive_application(good.clone()).await.unwrap();
    }
    assert_eq!(keys().await, 1);
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
