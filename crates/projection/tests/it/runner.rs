use crate::support::*;
use std::sync::Arc;
use std::time::Duration;
use xiaoan_eventstore::{AppenderOptions, EventStore};
use xiaoan_kernel::SystemClock;
use xiaoan_projection::{NotYet, Runner};
use xiaoan_proto::projections::v1::ProjectionState;
use xiaoan_testkit::{DEADLINE, wait_until};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_and_the_checkpoint_move_together_and_waiting_sees_it() {
    let world = World::new().await;
    world.append(30).await;
    let tally = Tally::new("tally");
    let handle = Runner::local(world.store.clone(), pool(&world), Arc::clone(&tally));
    for _ in 0..20 {
        let head = world.append(7).await;
        handle.wait_for("cases", head, DEADLINE).await.unwrap();
        assert_eq!(tally.shown(), up_to(head), "memory shows what is waited for");
        assert_eq!(world.counted("tally").await, up_to(head));
        assert_eq!(world.checkpoint("tally").await, Some(head));
    }
    let status = handle.status();
    assert_eq!((status.projection.as_str(), status.source.as_str()), ("tally", "cases"));
    assert_eq!((status.position, status.source_head, status.lag_events), (170, 170, 0));
    assert_eq!(
        (status.state(), status.lag_seconds, status.problem.as_str()),
        (ProjectionState::Live, 0.0, "")
    );
    let head = world.store.head().await.unwrap();
    assert_eq!(status.chain_head, head.hash);
    assert_eq!(status.data_as_of, Some(xiaoan_proto::timestamp(head.recorded_at)));
    assert!(handle.has_caught_up());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_runner_resumes_behind_its_checkpoint() {
    let world = World::new().await;
    let head = world.append(50).await;
    let first = Runner::local(world.store.clone(), pool(&world), Tally::new("tally"));
    first.wait_for("cases", head, DEADLINE).await.unwrap();
    drop(first);
    let head = world.append(50).await;
    let tally = Tally::new("tally");
    let second = Runner::local(world.store.clone(), pool(&world), Arc::clone(&tally));
    second.wait_for("cases", head, DEADLINE).await.unwrap();
    assert_eq!(tally.shown(), (51..=100).collect::<Vec<_>>());
    assert_eq!(world.counted("tally").await, up_to(head));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_database_apply_each_event_once_and_both_show_all() {
    let world = World::new().await;
    // Another process has a store and pools of its own.
    let other = EventStore::open(world.db.pool(), "cases", Arc::new(SystemClock), AppenderOptions::default())
        .await
        .unwrap();
    let tallies = [Tally::new("tally"), Tally::new("tally")];
    let handles = [
        Runner::local(world.store.clone(), pool(&world), Arc::clone(&tallies[0])),
        Runner::local(other.clone(), pool(&world), Arc::clone(&tallies[1])),
    ];
    // Both have begun before the first event, so both are told of every one.
    for handle in &handles {
        handle.wait_for("cases", 0, DEADLINE).await.unwrap();
        wait_until(DEADLINE, || async { handle.status().state() == ProjectionState::Live }).await;
    }
    let mut head = 0;
    for _ in 0..20 {
        let appended = tokio::join!(append_to(&world.store, 20), append_to(&other, 20));
        head = appended.0.max(appended.1);
    }
    for (handle, tally) in handles.iter().zip(&tallies) {
        handle.wait_for("cases", head, DEADLINE).await.unwrap();
        assert_eq!(handle.status().problem, "");
        assert_eq!(tally.shown(), up_to(head));
    }
    assert_eq!(world.counted("tally").await, up_to(head));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_failed_in_the_middle_leaves_nothing_and_is_applied_once() {
    let world = World::new().await;
    let head = world.append(40).await;
    let handle = Runner::local(world.store.clone(), pool(&world), Tally::that("tally", How::FailOnce, 25));
    handle.wait_for("cases", head, DEADLINE).await.unwrap();
    assert_eq!(world.counted("tally").await, up_to(head));
    assert_eq!(handle.status().problem, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_fails_is_tried_again_until_it_works_and_the_status_says_so() {
    let world = World::new().await;
    world.as_superuser("ALTER SCHEMA tallies RENAME TO away").await;
    let head = world.append(5).await;
    let handle = Runner::local(world.store.clone(), pool(&world), Tally::new("tally"));
    wait_until(DEADLINE, || async { handle.status().problem.contains("database") }).await;
    assert_ne!(handle.status().state(), ProjectionState::Stopped);
    let late = handle.wait_for("cases", head, Duration::from_millis(1)).await;
    assert!(matches!(late, Err(NotYet::Behind { position: 0, wanted: 5, .. })), "{late:?}");
    world.as_superuser("ALTER SCHEMA away RENAME TO tallies").await;
    handle.wait_for("cases", head, DEADLINE).await.unwrap();
    assert_eq!(handle.status().problem, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_a_source_that_is_not_followed_is_refused_at_once() {
    let world = World::new().await;
    let handle = Runner::local(world.store.clone(), pool(&world), Tally::new("tally"));
    let refused = handle.wait_for("hq", 1, DEADLINE).await;
    assert!(matches!(refused, Err(NotYet::OtherSource { .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_goes_back_when_its_checkpoint_was_set_back() {
    let world = World::new().await;
    let head = world.append(10).await;
    let handle = Runner::local(world.store.clone(), pool(&world), Tally::new("tally"));
    handle.wait_for("cases", head, DEADLINE).await.unwrap();
    // As a rebuild would, that has read less.
    let fourth = world.store.read_log(4, 1).await.unwrap().remove(0);
    let mut tx = world.db.owner_pool().begin().await.unwrap();
    sqlx::query("DELETE FROM tallies.tally WHERE position > 4").execute(&mut *tx).await.unwrap();
    sqlx::query("UPDATE eventstore.checkpoints SET position = 4, hash = $1")
        .bind(fourth.hash.as_ref())
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let head = world.append(1).await;
    wait_until(DEADLINE, || async { world.checkpoint("tally").await == Some(head) }).await;
    assert_eq!(world.counted("tally").await, up_to(head));
}
