//! Killing the broker, with and without its data.

use crate::source::*;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use xiaoan_eventstore::{ChainHead, RecordedEvent};
use xiaoan_feed::{Follower, Link, PublisherState, follow};
use xiaoan_testkit::{DEADLINE, TestNats, wait_until};

/// Reads a follower until it has handed over the position.
pub async fn read_to(follower: &mut Follower, position: i64) -> Vec<RecordedEvent> {
    let mut events: Vec<RecordedEvent> = Vec::new();
    let reading = async {
        while events.last().is_none_or(|event| event.position < position) {
            events.extend(follower.next_batch().await.unwrap().unwrap());
        }
    };
    let read = tokio::time::timeout(DEADLINE, reading).await;
    assert!(
        read.is_ok(),
        "{} events, the last at {:?}, of {position}; {:?}",
        events.len(),
        events.last().map(|e| e.position),
        follower.heard().borrow()
    );
    events
}

pub fn assert_dense(events: &[RecordedEvent], first: i64) {
    for (event, position) in events.iter().zip(first..) {
        assert_eq!(event.position, position);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_acknowledged_arrives_once_and_in_order_though_the_broker_is_killed_and_wiped() {
    let (source, nats) = tokio::join!(Source::new(), TestNats::start());
    let relay = source.publish(&nats);
    let mut follower = follow(source.feed(&nats), ChainHead::EMPTY);
    let stop = Arc::new(AtomicBool::new(false));
    let appending = tokio::spawn({
        let (store, stop) = (source.store.clone(), Arc::clone(&stop));
        async move {
            let mut head = 0;
            while !stop.load(Ordering::Relaxed) {
                head = append_to(&store, 20).await;
            }
            head
        }
    });
    let mut events = Vec::new();
    for round in 0..4 {
        let at = events.last().map_or(0, |event: &RecordedEvent| event.position);
        events.extend(read_to(&mut follower, at + 300).await);
        nats.kill9();
        if round % 2 == 1 {
            nats.wipe();
        }
        // The follower goes on without the broker.
        let at = events.last().map_or(0, |event| event.position);
        events.extend(read_to(&mut follower, at + 300).await);
        nats.restart().await;
    }
    stop.store(true, Ordering::Relaxed);
    let head = appending.await.unwrap();
    events.extend(read_to(&mut follower, head).await);
    assert_eq!(events, source.log().await);
    let status = until(&relay, |s| s.published == head && s.state == PublisherState::CaughtUp).await;
    assert!(status.created >= 2, "{status:?}");
    assert_stream_is_the_log(&source, &nats).await;
    // And it is the stream again that brings what comes next.
    let mut heard = follower.heard();
    tokio::time::timeout(DEADLINE, heard.wait_for(|h| h.link == Link::Stream)).await.unwrap().unwrap();
    let head = source.append(3).await;
    assert_dense(&read_to(&mut follower, head).await, head - 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_lost_its_tail_is_refilled_and_followers_do_not_see_events_again() {
    let (source, nats) = tokio::join!(Source::new(), TestNats::start());
    let relay = source.publish(&nats);
    let mut follower = follow(source.feed(&nats), ChainHead::EMPTY);
    let first = source.append(50).await;
    until(&relay, |s| s.published == first).await;
    read_to(&mut follower, first).await;

    nats.kill9();
    let kept = tempfile::tempdir().unwrap();
    copy(&nats.store(), kept.path());
    nats.restart().await;
    let second = source.append(50).await;
    until(&relay, |s| s.published == second).await;
    read_to(&mut follower, second).await;

    // Power is lost: the broker comes back with what it had at the first stop.
    nats.kill9();
    nats.wipe();
    copy(kept.path(), &nats.store());
    nats.restart().await;
    let status = until(&relay, |s| s.incident.contains("lost positions 51..=100")).await;
    assert_eq!(status.created, 1);
    until(&relay, |s| s.published == second).await;
    let third = source.append(10).await;
    assert_dense(&read_to(&mut follower, third).await, second + 1);
    assert_stream_is_the_log(&source, &nats).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_broker_the_follower_polls_and_returns_to_the_stream_by_itself() {
    let (source, nats) = tokio::join!(Source::new(), TestNats::start());
    nats.kill9();
    let mut follower = follow(source.feed(&nats), ChainHead::EMPTY);
    let head = source.append(5).await;
    assert_dense(&read_to(&mut follower, head).await, 1);
    let head = source.append(5).await;
    assert_dense(&read_to(&mut follower, head).await, 6);
    assert_eq!(follower.heard().borrow().link, Link::Polling);
    nats.restart().await;
    let _relay = source.publish(&nats);
    let mut heard = follower.heard();
    tokio::time::timeout(DEADLINE, heard.wait_for(|h| h.link == Link::Stream)).await.unwrap().unwrap();
    let head = source.append(5).await;
    assert_dense(&read_to(&mut follower, head).await, 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_event_log_the_stream_carries_on_and_without_both_the_link_is_lost() {
    let (mut source, nats) = tokio::join!(Source::new(), TestNats::start());
    let relay = source.publish(&nats);
    let mut follower = follow(source.feed(&nats), ChainHead::EMPTY);
    let head = source.append(5).await;
    read_to(&mut follower, head).await;
    let mut heard = follower.heard();
    tokio::time::timeout(DEADLINE, heard.wait_for(|h| h.link == Link::Stream)).await.unwrap().unwrap();

    source.hang_up().await;
    let head = source.append(5).await;
    assert_dense(&read_to(&mut follower, head).await, 6);

    nats.kill9();
    tokio::time::timeout(DEADLINE, heard.wait_for(|h| h.link == Link::Lost)).await.unwrap().unwrap();
    let head = source.append(5).await;
    source.serve().await;
    assert_dense(&read_to(&mut follower, head).await, 11);
    nats.restart().await;
    until(&relay, |s| s.published == head).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_heard_head_is_honest_while_the_stream_is_dead_and_nobody_takes_the_events() {
    let (source, nats) = tokio::join!(Source::new(), TestNats::start());
    // No relay: nothing ever comes through the stream.
    let follower = follow(source.feed(&nats), ChainHead::EMPTY);
    for _ in 0..5 {
        source.append(1000).await;
    }
    wait_until(DEADLINE, || async { follower.heard().borrow().head == 5000 }).await;
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
