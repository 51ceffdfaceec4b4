//! The real binary, killed with deadlines pending: none is lost, none comes about twice.

use crate::world::*;
use std::time::Duration;
use xiaoan_eventstore::{AppenderOptions, EventStore};
use xiaoan_kernel::{Clock, SystemClock};
use xiaoan_proto::antifraud::v1 as af;
use xiaoan_proto::antifraud::v1::StopState;
use xiaoan_proto::core::v1::Provenance;
use xiaoan_proto::timestamp;
use xiaoan_testkit::{Process, TestDb, TestIssuer, TestNats, wait_until};

/// Short enough for a test, long enough to be killed in: seconds that a bank may take.
const PATIENCE: &str = "3";

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_with_deadlines_pending_neither_loses_nor_repeats_one() {
    let (db, nats, issuer) = (TestDb::create("antifraud").await, TestNats::start().await, TestIssuer::new());
    register_units(&db, NOW).await;
    let mut process = Process::builder("antifraud")
        .arg("serve")
        .envs(issuer.env())
        .env("XIAOAN_DATABASE_URL", db.url())
        .env("XIAOAN_NATS_URL", nats.url())
        .env("XIAOAN_SOURCES", "hq=http://127.0.0.1:9")
        .env("XIAOAN_KEK", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
        .env("XIAOAN_BANK_PATIENCE", PATIENCE)
        .spawn()
        .await;
    let at = |process: &Process, subject: &str, unit: &str, role: &str| {
        Caller::new(&process.grpc_url(), &issuer.token(subject, unit, &[role]))
    };
    join_banks(&at(&process, "hq-1", CITY, "hq")).await;
    let (officer, chief) =
        (at(&process, "officer-1", STATION, "officer"), at(&process, "chief-1", CITY, "officer"));
    let token = issuer.token_of_member("desk-1", CITY, "bank-01", &["bank"]);
    let mut bank =
        Attending::open(&Caller::new(&process.grpc_url(), &token), "bank-01", 0).await.expect("attends");

    let now = SystemClock.now();
    let mut waiting = Vec::new();
    for n in 0..5 {
        let mut request = af::DraftStopRequest {
            account: account("bank-01", &format!("62220{n}")),
            provenance: Provenance::Demo.into(),
            ..stop()
        };
        request.transfer.as_mut().unwrap().transferred_at = Some(timestamp(now - time::Duration::hours(60)));
        let order_id = officer.draft(request).await;
        chief.approve(&order_id).await;
        let order = bank.next().await;
        if n == 4 {
            // Confirmed 48 hours ago but for four seconds: it ends while nobody is there.
            let acted_at = now - time::Duration::hours(48) + time::Duration::seconds(4);
            let city = acted_at.to_offset(xiaoan_kernel::CITY_OFFSET);
            let stamp = format!(
                "{:04}{:02}{:02}{:02}{:02}{:02}",
                city.year(),
                u8::from(city.month()),
                city.day(),
                city.hour(),
                city.minute(),
                city.second()
            );
            assert_eq!(bank.feedback(done(&order, 7, &stamp)).await.code, "");
        }
        waiting.push(order_id);
    }
    process.kill9();
    drop(bank);
    // Everything is due before anybody is there again.
    let due = now + time::Duration::seconds(6);
    wait_until(Duration::from_secs(30), || async { SystemClock.now() > due }).await;
    process.restart().await;
    let ended = |n: usize| if n == 4 { StopState::Expired } else { StopState::TimedOut };
    let settled = |process: &Process| {
        let officer = at(process, "officer-1", STATION, "officer");
        let waiting = waiting.clone();
        async move {
            for (n, order_id) in waiting.iter().enumerate() {
                if officer.stop(order_id, 0).await.state() != ended(n) {
                    return false;
                }
            }
            true
        }
    };
    wait_until(Duration::from_secs(30), || settled(&process)).await;
    // Once more, right after they came about.
    process.kill9();
    process.restart().await;
    wait_until(Duration::from_secs(30), || settled(&process)).await;
    assert!(process.terminate().await.is_some_and(|status| status.success()), "{}", process.log());

    let store = EventStore::open(
        db.pool(),
        "antifraud",
        std::sync::Arc::new(SystemClock),
        AppenderOptions::default(),
    )
    .await
    .expect("the log");
    let log = store.read_log(1, 10_000).await.expect("the log");
    let count = |name: &str| log.iter().filter(|e| e.r#type.ends_with(name)).count();
    assert_eq!((count(".InstructionTimedOut"), count(".StopExpired"), count(".StopConfirmed")), (4, 1, 1));
}
