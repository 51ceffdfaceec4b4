//! One command at a time, and what commands in one batch do not do to each other.

use crate::support::{Holder, append, event, keyed, log, open, stream, unit, verified, write};
use futures::future::join_all;
use std::sync::Arc;
use time::Duration;
use time::macros::{date, datetime};
use xiaoan_eventstore::{Append, AppendError, AppenderOptions, EventStore, RequestKey, StoreError, chain};
use xiaoan_kernel::{Clock, FixedClock, RequestId};
use xiaoan_testkit::TestDb;

#[tokio::test]
async fn an_event_reads_back_as_it_was_given() {
    let (_db, store) = log().await;
    let mut command = append(vec![write("a", 0, 0)]);
    command.writes[0].events = vec![event("first"), event("")];
    command.writes[0].events[1].payload = vec![0, 255, 0];
    command.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into();
    let appended = store.append(command.clone()).await.expect("appended");
    assert_eq!((appended.first_position, appended.last_position), (1, 2));
    assert_eq!(appended.versions, [2]);
    assert!(!appended.replayed);

    let read = store.read_stream(&stream("a"), 0).await.expect("read");
    assert_eq!(read, store.read_log(1, 10).await.expect("read"));
    assert_eq!(read.len(), 2);
    let second = &read[1];
    assert_eq!((second.source.as_str(), second.position, second.version), ("test", 2, 2));
    assert_eq!((second.stream.as_str(), second.r#type.as_str()), ("test-a", "xiaoan.test.v1.Noted"));
    assert_eq!(second.payload.as_ref(), [0, 255, 0]);
    assert_eq!(second.org_unit, unit().as_str());
    assert_eq!(second.occurred_on, Some(date!(2026 - 06 - 07).into()));
    assert_eq!(second.recorded_at, Some(xiaoan_proto::timestamp(appended.recorded_at)));
    assert_eq!((&second.actor, &second.traceparent), (&command.actor, &command.traceparent));
    assert_eq!(second.previous_hash, read[0].hash);
    assert_eq!(read[0].previous_hash.as_ref(), [0; 32]);
    assert_eq!(verified(&store).await.position, 2);
    assert_eq!(store.read_stream(&stream("a"), 1).await.expect("read"), read[1..]);
    assert!(store.read_stream(&stream("nobody"), 0).await.expect("read").is_empty());
}

#[tokio::test]
async fn an_empty_log_has_an_empty_head() {
    let (_db, store) = log().await;
    assert_eq!(store.head().await.expect("a head"), xiaoan_eventstore::ChainHead::EMPTY);
    assert_eq!(verified(&store).await.position, 0);
}

#[tokio::test]
async fn several_writes_land_together_or_not_at_all() {
    let (_db, store) = log().await;
    store.append(append(vec![write("a", 0, 1)])).await.expect("appended");
    let lost = store.append(append(vec![write("b", 0, 2), write("a", 0, 1), write("c", 0, 1)])).await;
    assert!(matches!(lost, Err(AppendError::Conflict { stream }) if stream.as_str() == "test-a"));
    assert_eq!(store.head().await.expect("a head").position, 1);
    let landed = store
        .append(append(vec![write("b", 0, 2), write("a", 1, 1), write("c", 0, 0)]))
        .await
        .expect("appended");
    assert_eq!((landed.first_position, landed.last_position), (2, 4));
    assert_eq!(landed.versions, [2, 2, 0]);
    assert_eq!(verified(&store).await.position, 4);
}

#[tokio::test]
async fn a_version_too_high_is_a_conflict_like_one_too_low() {
    let (_db, store) = log().await;
    for expected in [1, 7] {
        let lost = store.append(append(vec![write("a", expected, 1)])).await;
        assert!(matches!(lost, Err(AppendError::Conflict { .. })), "{expected}");
    }
}

#[tokio::test]
async fn a_command_without_events_is_remembered_and_still_checks_its_streams() {
    let (_db, store) = log().await;
    store.append(append(vec![write("a", 0, 3)])).await.expect("appended");
    let (nothing, checked) = (RequestId::fresh(), RequestId::fresh());
    let first = store.append(keyed(nothing, Vec::new())).await.expect("remembered");
    assert_eq!((first.first_position, first.last_position, first.versions), (4, 3, vec![]));
    let second = store.append(keyed(checked, vec![write("a", 3, 0)])).await.expect("remembered");
    assert_eq!((second.first_position, second.last_position, second.versions), (4, 3, vec![3]));
    let lost = store.append(keyed(RequestId::fresh(), vec![write("a", 2, 0)])).await;
    assert!(matches!(lost, Err(AppendError::Conflict { .. })));

    store.append(append(vec![write("a", 3, 1)])).await.expect("appended");
    let again = store.append(keyed(checked, vec![write("a", 3, 0)])).await.expect("remembered");
    assert!(again.replayed);
    assert_eq!((again.first_position, again.last_position, again.versions), (4, 3, vec![3]));
}

#[tokio::test]
async fn a_request_is_answered_again_with_its_first_answer() {
    let (_db, store) = log().await;
    let id = RequestId::fresh();
    assert_eq!(store.remembered(id).await.expect("asked"), None);
    let first =
        Append { response: b"first answer".to_vec(), ..keyed(id, vec![write("a", 0, 2), write("b", 0, 1)]) };
    let first = store.append(first).await.expect("appended");
    // Decided anew on another state, with another answer: the first run counts.
    let again = Append { response: b"second answer".to_vec(), ..keyed(id, vec![write("c", 0, 5)]) };
    let again = store.append(again).await.expect("remembered");
    assert!(again.replayed);
    assert_eq!(again.response, b"first answer");
    assert_eq!(xiaoan_eventstore::Appended { replayed: false, ..again.clone() }, first);

    let remembered = store.remembered(id).await.expect("asked").expect("remembered");
    assert_eq!((remembered.digest, remembered.appended), ([7; 32], again));

    let other =
        Append { request: Some(RequestKey { id, digest: [8; 32] }), ..append(vec![write("d", 0, 1)]) };
    assert!(matches!(store.append(other).await, Err(AppendError::RequestReused)));
    assert_eq!(verified(&store).await.position, 3);
}

#[tokio::test]
async fn the_same_request_ten_times_at_once_has_one_outcome() {
    let (db, store) = log().await;
    let other_process = open(&db, AppenderOptions::default()).await;
    let id = RequestId::fresh();
    let runs = (0..10).map(|n| {
        let store = if n % 2 == 0 { &store } else { &other_process };
        store.append(keyed(id, vec![write(&format!("a{n}"), 0, 1)]))
    });
    let outcomes: Vec<_> = join_all(runs).await.into_iter().map(|run| run.expect("one outcome")).collect();
    assert_eq!(outcomes.iter().filter(|outcome| !outcome.replayed).count(), 1);
    assert!(outcomes.iter().all(|outcome| outcome.last_position == 1));
    assert_eq!(verified(&store).await.position, 1);
}

#[tokio::test]
async fn one_callers_conflict_or_reused_id_never_fails_the_others_in_its_batch() {
    let (db, store) = log().await;
    let used = RequestId::fresh();
    store.append(keyed(used, vec![write("taken", 0, 1)])).await.expect("appended");

    let holder = Holder::take(&db).await;
    let first = tokio::spawn({
        let store = store.clone();
        async move { store.append(append(vec![write("first", 0, 1)])).await }
    });
    holder.somebody_waits().await;
    // While the first batch waits for the lock, all of these gather into the second.
    let commands: Vec<Append> = (0..40)
        .map(|n| match n % 4 {
            0 => append(vec![write(&format!("half{n}"), 0, 1), write("taken", 0, 1)]),
            1 => Append {
                request: Some(RequestKey { id: used, digest: [9; 32] }),
                ..append(vec![write(&format!("x{n}"), 0, 1)])
            },
            2 => append(vec![write(&format!("good{n}"), 0, 2)]),
            _ => keyed(RequestId::fresh(), vec![write(&format!("also{n}"), 0, 1)]),
        })
        .collect();
    let (answers, ()) =
        tokio::join!(join_all(commands.into_iter().map(|c| store.append(c))), holder.release());
    first.await.expect("joined").expect("appended");
    for (n, answer) in answers.iter().enumerate() {
        match n % 4 {
            0 => assert!(
                matches!(answer, Err(AppendError::Conflict { stream }) if stream.as_str() == "test-taken"),
                "{n}"
            ),
            1 => assert!(matches!(answer, Err(AppendError::RequestReused)), "{n}"),
            _ => assert!(answer.is_ok(), "{n}: {answer:?}"),
        }
    }
    // taken, first, ten times two, ten times one
    assert_eq!(verified(&store).await.position, 2 + 20 + 10);
    assert!(store.read_stream(&stream("half0"), 0).await.expect("read").is_empty());
    let transactions: i64 =
        sqlx::query_scalar("SELECT count(DISTINCT xmin::text) FROM eventstore.events WHERE position > 2")
            .fetch_one(&db.pool())
            .await
            .expect("asked");
    assert_eq!(transactions, 1, "they were one batch, and one that went through as it was");
}

#[tokio::test]
async fn a_command_that_the_database_refuses_fails_alone() {
    let (db, store) = log().await;
    // Stands for a rule of the database that nobody checked before.
    sqlx::raw_sql("ALTER TABLE eventstore.events ADD CONSTRAINT no_poison CHECK (actor <> 'poison')")
        .execute(&db.owner_pool())
        .await
        .expect("altered");
    let holder = Holder::take(&db).await;
    let first = tokio::spawn({
        let store = store.clone();
        async move { store.append(append(vec![write("first", 0, 1)])).await }
    });
    holder.somebody_waits().await;
    let commands = (0..20).map(|n| {
        let actor = if n == 7 { "poison" } else { "officer-1" }.to_owned();
        store.append(Append { actor, ..append(vec![write(&format!("s{n}"), 0, 1)]) })
    });
    let (answers, ()) = tokio::join!(join_all(commands), holder.release());
    first.await.expect("joined").expect("appended");
    for (n, answer) in answers.into_iter().enumerate() {
        if n == 7 {
            assert!(matches!(answer, Err(AppendError::Store(StoreError::Database(_)))), "{answer:?}");
        } else {
            answer.unwrap_or_else(|error| panic!("{n}: {error}"));
        }
    }
    assert_eq!(verified(&store).await.position, 20);
}

#[tokio::test]
async fn a_malformed_append_is_refused_before_it_is_queued() {
    let (_db, store) = log().await;
    let nul = Append { actor: "a\0b".into(), ..append(vec![write("a", 0, 1)]) };
    assert!(matches!(store.append(nul).await, Err(AppendError::Store(StoreError::Invalid(_)))));
    assert_eq!(store.head().await.expect("a head").position, 0);
}

#[tokio::test]
async fn a_full_queue_is_overload_and_not_memory() {
    let (db, _) = log().await;
    let store = open(&db, AppenderOptions { queue: 3, ..AppenderOptions::default() }).await;
    let holder = Holder::take(&db).await;
    let waiting: Vec<_> = (0..3)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move { store.append(append(vec![write(&format!("s{n}"), 0, 1)])).await })
        })
        .collect();
    holder.somebody_waits().await;
    let refused = store.append(append(vec![write("late", 0, 1)])).await;
    assert!(matches!(refused, Err(AppendError::Overloaded)), "{refused:?}");
    holder.release().await;
    for command in waiting {
        command.await.expect("joined").expect("appended");
    }
    store.append(append(vec![write("late", 0, 1)])).await.expect("room again");
    assert_eq!(verified(&store).await.position, 4);
}

#[tokio::test]
async fn recorded_at_never_goes_back_even_when_the_clock_does() {
    let db = TestDb::create("eventstore").await;
    let clock = Arc::new(FixedClock::at(datetime!(2026-06-30 15:59:59.999_999_900 UTC)));
    let store =
        EventStore::open(db.pool(), "test", Arc::clone(&clock) as Arc<dyn Clock>, AppenderOptions::default())
            .await
            .expect("opened");
    let first = store.append(append(vec![write("a", 0, 1)])).await.expect("appended");
    assert_eq!(
        first.recorded_at,
        datetime!(2026-06-30 15:59:59.999_999 UTC),
        "whole microseconds, rounded down"
    );
    clock.advance(Duration::hours(-1));
    let second = store.append(append(vec![write("a", 1, 1)])).await.expect("appended");
    assert_eq!(second.recorded_at, first.recorded_at);
    clock.advance(Duration::hours(2));
    let third = store.append(append(vec![write("a", 2, 1)])).await.expect("appended");
    assert_eq!(third.recorded_at, datetime!(2026-06-30 16:59:59.999_999 UTC));
    verified(&store).await;
}

#[tokio::test]
async fn the_database_makes_the_same_links_as_the_verifier() {
    let (_db, store) = log().await;
    for (n, id) in ["a", "b", "c"].iter().enumerate() {
        store.append(append(vec![write(id, 0, n + 1)])).await.expect("appended");
    }
    for event in store.read_log(1, 100).await.expect("read") {
        let at = xiaoan_proto::instant(event.recorded_at.as_ref().expect("set")).expect("an instant");
        let micros = i64::try_from(at.unix_timestamp_nanos() / 1_000).expect("fits");
        let previous = event.previous_hash.as_ref().try_into().expect("32 bytes");
        let expected = chain::link(previous, event.position, micros, &chain::content_digest(&event));
        assert_eq!(event.hash.as_ref(), expected, "position {}", event.position);
    }
}
