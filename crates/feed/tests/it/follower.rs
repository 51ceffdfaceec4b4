use crate::loss::{assert_dense, read_to};
use crate::source::*;
use async_nats::HeaderMap;
use async_nats::jetstream::stream::Config;
use xiaoan_eventstore::{ChainHead, RecordedEvent};
use xiaoan_feed::{FollowOptions, Link, NatsOptions, Publisher, follow, follow_with, wire};
use xiaoan_testkit::{DEADLINE, TestNats};

fn head_at(log: &[RecordedEvent], position: usize) -> ChainHead {
    let event = &log[position - 1];
    ChainHead {
        position: event.position,
        hash: event.hash.as_ref().try_into().unwrap(),
        recorded_at: event.recorded_at.as_ref().and_then(xiaoan_proto::instant).unwrap(),
    }
}

/// A stream that a test fills itself, with messages that a relay would not publish.
async fn stream_of(nats: &TestNats, messages: impl IntoIterator<Item = (HeaderMap, bytes::Bytes)>) {
    let js = jetstream(nats).await;
    let subjects = vec!["xiaoan.evt.cases.>".into()];
    js.create_stream(Config { name: "XIAOAN_CASES".into(), subjects, ..Default::default() }).await.unwrap();
    for (headers, payload) in messages {
        js.publish_with_headers("xiaoan.evt.cases.x", headers, payload).await.unwrap().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_started_on_nothing_catches_up_behind_a_trimmed_stream() {
    let (source, nats) = tokio::join!(Source::new(), TestNats::start());
    let options = NatsOptions { max_messages: 10, ..NatsOptions::at(&nats.url()) };
    let relay = Publisher::spawn(source.store.clone(), options, "cases");
    let head = source.append(1500).await;
    until(&relay, |s| s.published == head).await;
    assert_eq!(in_stream(&nats).await.len(), 10);

    let mut follower = follow(source.feed(&nats), ChainHead::EMPTY);
    assert_eq!(read_to(&mut follower, head).await, source.log().await);
    let mut heard = follower.heard();
    tokio::time::timeout(DEADLINE, heard.wait_for(|h| h.link == Link::Stream)).await.unwrap().unwrap();
    let head = source.append(20).await;
    assert_dense(&read_to(&mut follower, head).await, head - 19);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_goes_on_behind_the_position_it_is_given() {
    let (source, nats) = tokio::join!(Source::new(), TestNats::start());
    let _relay = source.publish(&nats);
    source.append(30).await;
    let log = source.log().await;
    let mut follower = follow(source.feed(&nats), head_at(&log, 12));
    assert_eq!(read_to(&mut follower, 30).await, log[12..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_bounded_by_count_and_bytes() {
    let (source, nats) = tokio::join!(Source::new(), TestNats::start());
    let _relay = source.publish(&nats);
    source.append(100).await;
    let options = FollowOptions { batch_events: 30, batch_bytes: 40 * 10, ..FollowOptions::default() };
    let mut follower = follow_with(source.feed(&nats), ChainHead::EMPTY, options);
    let mut events = 0;
    while events < 100 {
        let batch = follower.next_batch().await.unwrap().unwrap();
        assert!(batch.len() <= 10, "{} events of 40 bytes", batch.len());
        events += batch.len();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hole_in_the_stream_is_filled_from_the_event_log() {
    let (source, nats) = tokio::join!(Source::new(), TestNats::start());
    source.append(12).await;
    let log = source.log().await;
    stream_of(&nats, log[..10].iter().map(|e| (wire::headers(e), e.payload.clone()))).await;
    let stream = jetstream(&nats).await.get_stream("XIAOAN_CASES").await.unwrap();
    for lost in [6, 7, 10] {
        stream.delete_message(lost).await.unwrap();
    }
    let mut follower = follow(source.feed(&nats), head_at(&log, 4));
    // 11 and 12 are in no stream at all: the head that is heard brings them.
    assert_eq!(read_to(&mut follower, 12).await, log[4..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_seen_before_are_dropped() {
    let (source, nats) = tokio::join!(Source::new(), TestNats::start());
    source.append(10).await;
    let log = source.log().await;
    // The stream has only the first five: a follower at 8 is ahead of it, and sees 6..=8 again.
    stream_of(&nats, log[..5].iter().map(|e| (wire::headers(e), e.payload.clone()))).await;
    let mut follower = follow(source.feed(&nats), head_at(&log, 8));
    let mut heard = follower.heard();
    tokio::time::timeout(DEADLINE, heard.wait_for(|h| h.link == Link::Stream)).await.unwrap().unwrap();
    let js = jetstream(&nats).await;
    for event in &log[5..] {
        let sent = js.publish_with_headers("xiaoan.evt.cases.x", wire::headers(event), event.payload.clone());
        sent.await.unwrap().await.unwrap();
    }
    assert_eq!(read_to(&mut follower, 10).await, log[8..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_contradicts_the_log_is_not_believed() {
    let (source, nats) = tokio::join!(Source::new(), TestNats::start());
    source.append(10).await;
    let log = source.log().await;
    let forged = log.iter().map(|event| {
        let payload = if event.position == 6 { "forged".into() } else { event.payload.clone() };
        (wire::headers(event), payload)
    });
    stream_of(&nats, forged).await;
    let mut follower = follow(source.feed(&nats), head_at(&log, 3));
    assert_eq!(read_to(&mut follower, 10).await, log[3..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_no_event_is_not_believed() {
    let (source, nats) = tokio::join!(Source::new(), TestNats::start());
    source.append(3).await;
    let log = source.log().await;
    stream_of(&nats, (0..5).map(|_| (HeaderMap::new(), "nonsense".into()))).await;
    let mut follower = follow(source.feed(&nats), head_at(&log, 1));
    assert_eq!(read_to(&mut follower, 3).await, log[1..]);
    let mut heard = follower.heard();
    tokio::time::timeout(DEADLINE, heard.wait_for(|h| h.link == Link::Polling)).await.unwrap().unwrap();
    let head = source.append(2).await;
    assert_dense(&read_to(&mut follower, head).await, 4);
}
