//! When a deadline fires, and when it does not.

use crate::support::*;
use std::sync::Arc;
use std::time::Duration;
use time::macros::date;
use xiaoan_feed::LogReader;
use xiaoan_kernel::{Clock, SystemClock};
use xiaoan_projection::{RebuildProgress, Rebuilder};
use xiaoan_testkit::DEADLINE;
use xiaoan_timer::Change;

const HOUR: time::Duration = time::Duration::HOUR;

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_fires_when_its_time_has_come_and_not_before() {
    let world = World::new().await;
    let process = world.process().await;
    process.confirm("early", START + HOUR * 47).await;
    process.confirm("late", START + HOUR * 48).await;
    world.clock.advance(HOUR * 48 - time::Duration::MICROSECOND);
    process.timers.wake();
    process.until_ended("early").await;
    world.left(1).await;
    assert!(process.ended("late").await.is_empty());
    world.clock.advance(time::Duration::MICROSECOND);
    process.timers.wake();
    process.until_ended("late").await;
    world.left(0).await;
    assert_eq!(process.ending.calls().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_is_due_already_fires_as_soon_as_its_event_is_applied() {
    let world = World::new().await;
    let process = world.process().await;
    // Nobody wakes the worker but the projection.
    process.confirm("1", START - HOUR).await;
    process.until_ended("1").await;
    world.left(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worker_wakes_by_itself_when_the_next_deadline_is_due() {
    let world = World::new().await;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let far_and_near = [clock.now() + HOUR, clock.now() + Duration::from_millis(300)];
    let process = world.system_process().await;
    process.confirm("far", far_and_near[0]).await;
    process.confirm("near", far_and_near[1]).await;
    process.until_ended("near").await;
    assert!(clock.now() >= far_and_near[1]);
    world.left(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_was_moved_fires_at_its_new_time_only() {
    let world = World::new().await;
    let process = world.process().await;
    process.confirm("1", START + HOUR * 48).await;
    process.confirm("1", START + HOUR * 96).await;
    process.confirm("barrier", START + HOUR * 50).await;
    assert_eq!(world.status().await.pending, 2);
    world.clock.advance(HOUR * 51);
    process.timers.wake();
    process.until_ended("barrier").await;
    assert!(process.ended("1").await.is_empty());
    world.clock.advance(HOUR * 45);
    process.timers.wake();
    process.until_ended("1").await;
    assert_eq!(process.ended("1").await, [date!(2026 - 03 - 05)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_was_cancelled_does_not_fire() {
    let world = World::new().await;
    let process = world.process().await;
    process.confirm("1", START + HOUR).await;
    process.confirm("barrier", START + HOUR * 2).await;
    process.record("1", StopEvent::Released).await;
    world.clock.advance(HOUR * 3);
    process.timers.wake();
    process.until_ended("barrier").await;
    world.left(0).await;
    assert_eq!(process.ending.calls().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_aggregate_refuses_is_settled() {
    let world = World::new().await;
    let process = world.deaf_process().await;
    process.confirm("1", START + HOUR).await;
    // The deadlines of this process do not hear of it, as when it happens in the very moment of firing.
    process.record("1", StopEvent::Released).await;
    world.clock.advance(HOUR);
    process.timers.wake();
    world.left(0).await;
    assert_eq!(process.ending.calls().len(), 1);
    assert!(process.ended("1").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fact_counts_on_the_day_it_was_due_however_late_it_fires() {
    let world = World::new().await;
    let mut process = world.process().await;
    drop(process.worker.take());
    process.confirm("1", START + HOUR * 48).await;
    world.clock.advance(HOUR * 24 * 30);
    let later = world.process().await;
    later.until_ended("1").await;
    assert_eq!(later.ended("1").await, [date!(2026 - 03 - 03)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_arms_what_is_to_come_and_repeats_nothing() {
    let world = World::new().await;
    let process = world.process().await;
    process.confirm("over", START + HOUR).await;
    process.confirm("to come", START + HOUR * 48).await;
    world.clock.advance(HOUR);
    process.timers.wake();
    process.until_ended("over").await;
    world.left(1).await;
    sqlx::query("DELETE FROM timers").execute(&world.pool()).await.unwrap();

    let reader = LogReader::local(process.store.clone());
    let rebuilder = Rebuilder::new(world.pool(), vec![reader], Arc::new(process.timers.rebuild()));
    let (progress, _) = tokio::sync::watch::channel(RebuildProgress::default());
    rebuilder.run(&progress).await.unwrap();
    world.left(1).await;
    world.clock.advance(HOUR * 47);
    process.timers.wake();
    process.until_ended("to come").await;
    world.left(0).await;
    assert_eq!(process.ended("over").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_had_fired_and_is_armed_again_is_the_same_command() {
    let world = World::new().await;
    let process = world.process().await;
    process.confirm("1", START + HOUR).await;
    world.clock.advance(HOUR);
    process.timers.wake();
    process.until_ended("1").await;
    world.left(0).await;
    // The end is applied too: it would take the row away.
    process.projection.wait_for("test", 2, DEADLINE).await.unwrap();
    let calls = process.ending.calls();
    // As after a rebuild that has read the first event and not yet the second.
    let mut connection = world.pool().acquire().await.unwrap();
    let again = Change::arm(ENDS, &calls[0].stream, calls[0].due_at);
    xiaoan_timer::apply_in_tx(&mut connection, 1, &[again]).await.unwrap();
    process.timers.wake();
    world.left(0).await;
    assert_eq!(process.ending.calls().len(), 2);
    assert_eq!(process.ended("1").await.len(), 1);
}
