//! The connection is cut in the middle, by killing the service: nothing twice, nothing lost.

use crate::intake::{Line, incident, sequences};
use crate::world::{Caller, NOW, STATION, register_units};
use std::sync::Arc;
use tokio::sync::watch;
use xiaoan_eventstore::{AppenderOptions, EventStore};
use xiaoan_kernel::SystemClock;
use xiaoan_proto::port::v1::{TakeRecordsRequest, take_records_request};
use xiaoan_rpc::Secret;
use xiaoan_rpc::client::{ClientOptions, channel};
use xiaoan_testkit::{DEADLINE, Process, TestDb, TestIssuer, TestNats};

const RECORDS: i64 = 3_000;
const KILLS: i64 = 3;
/// Records on their way when the service is killed, at most.
const ON_THE_WAY: i64 = 500;

fn system(process: &Process, issuer: &TestIssuer) -> Caller {
    let token = Secret::new(&issuer.token("port-1", STATION, &["port-system"]));
    Caller { channel: channel(&ClientOptions::new(process.grpc_url()), &token).expect("a channel") }
}

/// Sends everything behind what the service has, up to a number, and listens until that is taken or the line is cut. Tells
/// the last number acknowledged as it goes on.
async fn on_the_line(caller: Caller, up_to: i64, acknowledged: watch::Sender<i64>) {
    let mut line = Line::open(&caller).await.expect("on the line");
    let (from, sender) = (line.opened.last_sequence + 1, line.sender());
    acknowledged.send_replace(line.opened.last_sequence);
    let sending = tokio::spawn(async move {
        for n in from..=up_to {
            let part = Some(take_records_request::Part::Record(incident(n)));
            if sender.send(TakeRecordsRequest { part }).await.is_err() {
                break;
            }
        }
    });
    while *acknowledged.borrow() < up_to {
        // The line is cut when the service is killed.
        let Ok(taken) = line.answer().await else { break };
        assert_eq!(taken.refused, [], "every record is good");
        assert!(taken.last_sequence > *acknowledged.borrow());
        acknowledged.send_replace(taken.last_sequence);
    }
    drop(line);
    sending.await.expect("the sender ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_cut_off_by_kill_9_sends_the_rest_and_nothing_is_twice_or_lost() {
    let (db, nats, issuer) = (TestDb::create("port").await, TestNats::start().await, TestIssuer::new());
    register_units(&db, NOW).await;
    // Headquarters is away: its units were read before.
    let mut process = Process::builder("port")
        .arg("serve")
        .envs(issuer.env())
        .env("XIAOAN_DATABASE_URL", db.url())
        .env("XIAOAN_NATS_URL", nats.url())
        .env("XIAOAN_SOURCES", "hq=http://127.0.0.1:1")
        .env("XIAOAN_KEK", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
        .spawn()
        .await;
    for kill in 1..=KILLS {
        let wanted = RECORDS * kill / (KILLS + 1);
        let (tell, mut acknowledged) = watch::channel(0);
        let line = tokio::spawn(on_the_line(system(&process, &issuer), wanted + ON_THE_WAY, tell));
        tokio::time::timeout(DEADLINE, acknowledged.wait_for(|n| *n >= wanted))
            .await
            .expect("in time")
            .expect("on the line");
        process.kill9();
        line.await.expect("the line ends");
        let acknowledged = *acknowledged.borrow();
        process.restart().await;
        let resumed = Line::open(&system(&process, &issuer)).await.expect("on the line").opened.last_sequence;
        assert!(resumed >= acknowledged, "{acknowledged} were acknowledged, {resumed} are there");
    }
    let (tell, acknowledged) = watch::channel(0);
    on_the_line(system(&process, &issuer), RECORDS, tell).await;
    assert_eq!(*acknowledged.borrow(), RECORDS);

    let store = EventStore::open(db.pool(), "port", Arc::new(SystemClock), AppenderOptions::default())
        .await
        .expect("the log opens");
    let mut log = Vec::new();
    loop {
        let next = i64::try_from(log.len()).expect("a length") + 1;
        let page = store.read_log(next, 1000).await.expect("a page");
        if page.is_empty() {
            break;
        }
        log.extend(page);
    }
    assert_eq!(sequences(&log), (1..=RECORDS).collect::<Vec<_>>(), "each once, in order");
}
