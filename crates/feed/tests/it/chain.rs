//! A source whose database was rewritten.

use crate::loss::read_to;
use crate::source::*;
use xiaoan_eventstore::ChainHead;
use xiaoan_feed::{FeedError, Follower, follow};
use xiaoan_testkit::{DEADLINE, TestNats};

async fn as_superuser(source: &Source, statement: &'static str) {
    sqlx::raw_sql(statement).execute(&source.db.owner_pool()).await.unwrap();
}

/// Everything up to the end, and why it ended.
async fn to_the_end(follower: &mut Follower) -> (Vec<i64>, FeedError) {
    let mut positions = Vec::new();
    let reading = async {
        loop {
            match follower.next_batch().await.unwrap() {
                Ok(batch) => positions.extend(batch.iter().map(|event| event.position)),
                Err(error) => break error,
            }
        }
    };
    let error = tokio::time::timeout(DEADLINE, reading).await.unwrap();
    assert!(follower.next_batch().await.is_none(), "nothing comes after a broken chain");
    (positions, error)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_event_stops_the_follower_and_names_its_position() {
    let (source, nats) = tokio::join!(Source::new(), TestNats::start());
    source.append(10).await;
    as_superuser(&source, "UPDATE eventstore.events SET payload = 'forged' WHERE position = 6").await;
    let mut follower = follow(source.feed(&nats), ChainHead::EMPTY);
    let (positions, error) = to_the_end(&mut follower).await;
    assert_eq!(positions, [1, 2, 3, 4, 5]);
    assert_eq!(error.broken_at(), Some(6), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_event_stops_the_follower_and_names_its_position() {
    let (source, nats) = tokio::join!(Source::new(), TestNats::start());
    source.append(10).await;
    as_superuser(&source, "DELETE FROM eventstore.events WHERE position = 6").await;
    let mut follower = follow(source.feed(&nats), ChainHead::EMPTY);
    let (positions, error) = to_the_end(&mut follower).await;
    assert_eq!(positions, [1, 2, 3, 4, 5]);
    assert_eq!(error.broken_at(), Some(6), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_was_set_back_is_noticed_at_the_head() {
    let (source, nats) = tokio::join!(Source::new(), TestNats::start());
    nats.kill9();
    let head = source.append(10).await;
    let mut follower = follow(source.feed(&nats), ChainHead::EMPTY);
    read_to(&mut follower, head).await;
    // A backup without the last event is restored, and something else is recorded in its place.
    as_superuser(&source, "DELETE FROM eventstore.events WHERE position = 10").await;
    append_to(&open(&source.db).await, 1).await;
    let (positions, error) = to_the_end(&mut follower).await;
    assert_eq!(positions, [0; 0]);
    assert_eq!(error.broken_at(), Some(10), "{error}");
}
