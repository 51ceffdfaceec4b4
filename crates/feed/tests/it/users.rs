//! A broker that knows its users: each service may do what its part is, and nothing else.

use crate::loss::read_to;
use crate::source::*;
use async_nats::{ConnectOptions, Event};
use futures::StreamExt;
use nkeys::KeyPair;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::mpsc;
use xiaoan_eventstore::ChainHead;
use xiaoan_feed::{BrokerUser, Link, NatsOptions, Publisher, PublisherState, authorization, follow};
use xiaoan_testkit::{DEADLINE, TestNats};

/// A broker with three users: `cases`; `rankings`, which follows it; and `port`, which has nothing to do with either.
struct Guarded {
    nats: TestNats,
    seeds: TempDir,
}

impl Guarded {
    async fn start() -> Self {
        let seeds = TempDir::new().unwrap();
        let user = |name: &str, follows: &[&str]| {
            let follows: Vec<String> = follows.iter().map(|one| (*one).to_owned()).collect();
            let file = seeds.path().join(name);
            let made = BrokerUser::with_seed_in(&file, name, follows.clone()).unwrap();
            let kept = BrokerUser::with_seed_in(&file, name, follows).unwrap();
            assert_eq!(made, kept, "a key that is there is kept");
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
            made
        };
        let users = [user("cases", &[]), user("rankings", &["cases"]), user("port", &[])];
        let nats = TestNats::start_with(&authorization(&users)).await;
        Self { nats, seeds }
    }

    fn seed(&self, name: &str) -> PathBuf {
        self.seeds.path().join(name)
    }

    fn options(&self, name: &str) -> NatsOptions {
        NatsOptions { nkey: Some(self.seed(name)), ..NatsOptions::at(&self.nats.url()) }
    }

    /// Somebody who has got hold of a service's seed and speaks for himself; what the broker answers to his tries.
    async fn client(&self, name: &str) -> (async_nats::Client, mpsc::UnboundedReceiver<String>) {
        let (told, tell) = mpsc::unbounded_channel();
        let seed = std::fs::read_to_string(self.seed(name)).unwrap();
        let client = ConnectOptions::with_nkey(seed)
            .request_timeout(Some(Duration::from_millis(300)))
            .event_callback(move |event| {
                if let Event::ServerError(error) = event {
                    let _ = told.send(error.to_string());
                }
                std::future::ready(())
            })
            .connect(self.nats.url())
            .await
            .unwrap();
        (client, tell)
    }
}

/// The broker's next refusal.
async fn refusal(tell: &mut mpsc::UnboundedReceiver<String>) -> String {
    tokio::time::timeout(DEADLINE, tell.recv()).await.expect("the broker refused nothing").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_publishes_its_log_and_a_follower_reads_it_with_keys_of_their_own() {
    let (source, broker) = tokio::join!(Source::new(), Guarded::start());
    let relay = Publisher::spawn(source.store.clone(), broker.options("cases"), "cases");
    let head = source.append(700).await;
    until(&relay, |s| s.published == head && s.state == PublisherState::CaughtUp).await;

    let mut feed = source.feed(&broker.nats);
    feed.nats = broker.options("rankings");
    let mut follower = follow(feed, ChainHead::EMPTY);
    assert_eq!(read_to(&mut follower, head).await, source.log().await);
    let mut heard = follower.heard();
    tokio::time::timeout(DEADLINE, heard.wait_for(|h| h.link == Link::Stream)).await.unwrap().unwrap();
    // From the stream, not from the log behind it.
    let head = source.append(20).await;
    assert_eq!(read_to(&mut follower, head).await.len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_publishes_as_another_and_nobody_touches_anothers_stream() {
    let (source, broker) = tokio::join!(Source::new(), Guarded::start());
    let relay = Publisher::spawn(source.store.clone(), broker.options("cases"), "cases");
    let head = source.append(3).await;
    until(&relay, |s| s.published == head).await;

    for name in ["rankings", "port"] {
        let (client, mut tell) = broker.client(name).await;
        for subject in [
            "xiaoan.evt.cases.case.case-filed.v1.371102",
            "$JS.API.STREAM.DELETE.XIAOAN_CASES",
            "$JS.API.STREAM.PURGE.XIAOAN_CASES",
            "$JS.API.STREAM.UPDATE.XIAOAN_CASES",
            "$JS.API.STREAM.MSG.DELETE.XIAOAN_CASES",
        ] {
            client.publish(subject, "{}".into()).await.unwrap();
            client.flush().await.unwrap();
            let said = refusal(&mut tell).await;
            assert!(
                said.to_lowercase().contains("permissions violation for publish"),
                "{name} {subject}: {said}"
            );
        }
    }
    // Who follows nobody reads nobody either.
    let (port, mut tell) = broker.client("port").await;
    port.publish("$JS.API.CONSUMER.CREATE.XIAOAN_CASES", "{}".into()).await.unwrap();
    port.flush().await.unwrap();
    assert!(refusal(&mut tell).await.to_lowercase().contains("publish"));

    let head = source.append(3).await;
    let status = until(&relay, |s| s.published == head).await;
    assert_eq!(
        (status.created, status.refused),
        (1, 0),
        "the stream is the one it was, and nobody stood in it"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_listens_past_the_stream_or_to_the_answers_of_others() {
    let (source, broker) = tokio::join!(Source::new(), Guarded::start());
    let (port, mut tell) = broker.client("port").await;
    for subject in ["xiaoan.evt.>", "_INBOX_>", "_INBOX.>", ">", "$JS.>"] {
        let mut heard = port.subscribe(subject).await.unwrap();
        port.flush().await.unwrap();
        let said = refusal(&mut tell).await;
        assert!(said.to_lowercase().contains("permissions violation for subscription"), "{subject}: {said}");
        let relay = Publisher::spawn(source.store.clone(), broker.options("cases"), "cases");
        let head = source.append(1).await;
        until(&relay, |s| s.published == head).await;
        relay.stop().await;
        assert!(futures::poll!(heard.next()).is_pending(), "{subject}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_or_with_a_strangers_nobody_connects() {
    let broker = Guarded::start().await;
    assert!(async_nats::connect(broker.nats.url()).await.is_err());
    let stranger = KeyPair::new_user().seed().unwrap();
    assert!(ConnectOptions::with_nkey(stranger).connect(broker.nats.url()).await.is_err());
}
