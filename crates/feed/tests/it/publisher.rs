use crate::source::*;
use async_nats::jetstream::stream::Config;
use std::time::Duration;
use xiaoan_feed::{NatsOptions, Publisher, PublisherState};
use xiaoan_testkit::TestNats;

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_published_once_at_its_position_byte_for_byte() {
    let (source, nats) = tokio::join!(Source::new(), TestNats::start());
    source.append(20).await;
    let relay = source.publish(&nats);
    until(&relay, |s| s.published == 20).await;
    let head = source.append(700).await;
    let status = until(&relay, |s| s.published == head && s.state == PublisherState::CaughtUp).await;
    assert_eq!((status.head, status.created, status.problem.as_str()), (720, 1, ""));
    assert_eq!(status.incident, "", "the first stream of a log is no incident");
    assert!(in_batches(&nats).await > 10, "waiting events go out in atomic batches");
    assert_stream_is_the_log(&source, &nats).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_starts_again_goes_on_where_the_stream_ends() {
    let (source, nats) = tokio::join!(Source::new(), TestNats::start());
    let relay = source.publish(&nats);
    let head = source.append(30).await;
    until(&relay, |s| s.published == head).await;
    relay.stop().await;
    let head = source.append(30).await;
    let relay = source.publish(&nats);
    let status = until(&relay, |s| s.published == head).await;
    assert_eq!((status.created, status.refused), (0, 0));
    assert_stream_is_the_log(&source, &nats).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_relays_on_one_database_never_publish_an_event_twice() {
    let (source, nats) = tokio::join!(Source::new(), TestNats::start());
    let other = open(&source.db).await;
    let relays =
        [source.publish(&nats), Publisher::spawn(other.clone(), NatsOptions::at(&nats.url()), "cases")];
    for _ in 0..15 {
        let appended = tokio::join!(append_to(&source.store, 40), append_to(&other, 40));
        until(&relays[0], |s| s.published >= appended.0).await;
    }
    for relay in &relays {
        until(relay, |s| s.published == 1200 && s.state == PublisherState::CaughtUp).await;
    }
    let created: u64 = relays.iter().map(|r| r.status().borrow().created).sum();
    assert_eq!(created, 1);
    assert_stream_is_the_log(&source, &nats).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_without_atomic_batches_gets_them_one_behind_the_other() {
    let (source, nats) = tokio::join!(Source::new(), TestNats::start());
    source.append(500).await;
    let options = NatsOptions { atomic_batches: false, ..NatsOptions::at(&nats.url()) };
    let relay = Publisher::spawn(source.store.clone(), options, "cases");
    until(&relay, |s| s.published == 500).await;
    let info = jetstream(&nats).await.get_stream("XIAOAN_CASES").await.unwrap().cached_info().clone();
    assert!(!info.config.allow_atomic_publish);
    assert_eq!(in_batches(&nats).await, 0);
    assert_stream_is_the_log(&source, &nats).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_stream_beside_a_long_log_holds_the_newest_events_at_their_positions() {
    let (source, nats) = tokio::join!(Source::new(), TestNats::start());
    source.append(300).await;
    let options = NatsOptions { refill: 100, ..NatsOptions::at(&nats.url()) };
    let relay = Publisher::spawn(source.store.clone(), options, "cases");
    let status = until(&relay, |s| s.published == 300).await;
    assert!(status.incident.contains("refilled from position 201"), "{}", status.incident);
    let stream = in_stream(&nats).await;
    assert_eq!(stream.len(), 100);
    assert!(stream.iter().zip(201..).all(|((sequence, event), at)| *sequence == at && event.position == at));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_stream_is_told_to_the_operator_and_made_anew() {
    let (source, nats) = tokio::join!(Source::new(), TestNats::start());
    source.append(10).await;
    // One that ends with another event, and one that is longer than our log.
    for (round, messages) in [(1, 4), (2, 15)] {
        let js = jetstream(&nats).await;
        let _ = js.delete_stream("XIAOAN_CASES").await;
        let subjects = vec!["xiaoan.evt.cases.>".into()];
        js.create_stream(Config { name: "XIAOAN_CASES".into(), subjects, ..Default::default() })
            .await
            .unwrap();
        for _ in 0..messages {
            js.publish("xiaoan.evt.cases.x", "foreign".into()).await.unwrap().await.unwrap();
        }
        let relay = source.publish(&nats);
        let status = until(&relay, |s| s.published == 10 && s.state == PublisherState::CaughtUp).await;
        assert!(status.incident.contains("is foreign"), "round {round}: {}", status.incident);
        assert_stream_is_the_log(&source, &nats).await;
        relay.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_prepared_before_its_relay_comes_and_the_relay_takes_it() {
    let (source, nats) = tokio::join!(Source::new(), TestNats::start());
    let prepare = || {
        Publisher::prepare(
            source.store.clone(),
            NatsOptions::at(&nats.url()),
            "cases",
            xiaoan_testkit::DEADLINE,
        )
    };
    assert_eq!(prepare().await.unwrap(), 0);
    let relay = source.publish(&nats);
    let head = source.append(5).await;
    let status = until(&relay, |s| s.published == head).await;
    assert_eq!(status.created, 0, "the relay found it");
    assert_eq!(prepare().await.unwrap(), head, "a second time changes nothing");
    let nobody = NatsOptions::at("nats://127.0.0.1:1");
    assert!(Publisher::prepare(source.store.clone(), nobody, "cases", Duration::ZERO).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_with_other_settings_is_adjusted_and_keeps_its_events() {
    let (source, nats) = tokio::join!(Source::new(), TestNats::start());
    let relay = source.publish(&nats);
    let head = source.append(5).await;
    until(&relay, |s| s.published == head).await;
    relay.stop().await;
    let options = NatsOptions { max_messages: 3, ..NatsOptions::at(&nats.url()) };
    let relay = Publisher::spawn(source.store.clone(), options, "cases");
    let head = source.append(5).await;
    let status = until(&relay, |s| s.published == head).await;
    assert_eq!(status.created, 0);
    let positions: Vec<_> = in_stream(&nats).await.iter().map(|(sequence, _)| *sequence).collect();
    assert_eq!(positions, [8, 9, 10]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_too_large_for_the_broker_is_named_and_never_skipped() {
    let source = Source::new().await;
    let nats = TestNats::start_with("max_payload: 64KB").await;
    source.append(3).await;
    source.store.append(sized(vec![0; 200_000])).await.unwrap();
    source.append(3).await;
    let relay = source.publish(&nats);
    let status = until(&relay, |s| s.state == PublisherState::Stuck).await;
    assert!(status.problem.contains("position 4"), "{}", status.problem);
    assert_eq!(in_stream(&nats).await.len(), 3, "everything before it is published");
}
