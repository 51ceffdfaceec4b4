//! Processes that die, and several on one database.

use crate::support::*;
use futures::future::join_all;
use std::time::Duration;
use xiaoan_kernel::StreamId;
use xiaoan_testkit::{DEADLINE, wait_until};
use xiaoan_timer::TimerOptions;

const MANY: usize = 200;

/// A hold that a test can wait for.
fn short_hold() -> TimerOptions {
    TimerOptions { hold: Duration::from_millis(300), patience: Duration::from_secs(30), ..options() }
}

async fn confirm_many(world: &World, process: &Process) {
    let ids: Vec<_> = (0..MANY).map(|n| format!("{n}")).collect();
    let confirmed = ids.iter().map(|id| process.record_only(id, StopEvent::Confirmed(START)));
    let last = join_all(confirmed).await.into_iter().max().unwrap();
    process.projection.wait_for("test", last, DEADLINE).await.unwrap();
    assert!(world.status().await.pending >= 0);
}

/// Every stop has ended once, and its end was recorded with the timer's name.
async fn all_ended_once(process: &Process) {
    for n in 0..MANY {
        let stream = StreamId::new("stop", &n.to_string());
        let events = process.store.read_stream(&stream, 0).await.unwrap();
        let names: Vec<_> =
            events.iter().map(|event| (event.r#type.as_str(), event.actor.as_str())).collect();
        assert_eq!(
            names,
            [("xiaoan.test.v1.Confirmed", "tester"), ("xiaoan.test.v1.Ended", xiaoan_timer::ACTOR)]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_firing_and_marking_repeats_nothing() {
    let world = World::new().await;
    let mut first = world.process_that(How::HangAfterwards, 1, short_hold()).await;
    first.confirm("1", START).await;
    first.until_ended("1").await;
    drop(first.worker.take());
    // The end was applied and has taken the row away. Arm it again, so that what is missing is the mark alone.
    first.projection.wait_for("test", 2, DEADLINE).await.unwrap();
    let alarm = first.ending.calls().remove(0);
    let mut connection = world.pool().acquire().await.unwrap();
    let again = xiaoan_timer::Change::arm(ENDS, &alarm.stream, alarm.due_at);
    xiaoan_timer::apply_in_tx(&mut connection, 1, &[again]).await.unwrap();

    let second = world.process_that(How::Well, 0, short_hold()).await;
    world.left(0).await;
    assert_eq!(second.ending.calls().len(), 1);
    assert_eq!(second.ended("1").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_in_the_middle_loses_none_and_repeats_none() {
    let world = World::new().await;
    // Forty hang: twenty before, and the process dies with all hands busy.
    let mut first = world.process_that(How::Hang, 40, short_hold()).await;
    confirm_many(&world, &first).await;
    wait_until(DEADLINE, || async { first.ending.calls().len() >= 16 }).await;
    drop(first.worker.take());
    let left = world.status().await.pending;
    assert!(left > 0, "the process died with work to do");

    let second = world.process_that(How::Well, 0, short_hold()).await;
    world.left(0).await;
    all_ended_once(&second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_workers_fire_each_deadline_once() {
    let world = World::new().await;
    let mut processes = Vec::new();
    for _ in 0..3 {
        processes.push(world.process().await);
    }
    confirm_many(&world, &processes[0]).await;
    world.left(0).await;
    all_ended_once(&processes[0]).await;
    let mut streams: Vec<_> = processes
        .iter()
        .flat_map(|process| process.ending.calls())
        .map(|alarm| alarm.stream.as_str().to_owned())
        .collect();
    assert_eq!(streams.len(), MANY, "no deadline was carried out by two");
    streams.sort();
    streams.dedup();
    assert_eq!(streams.len(), MANY);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_told_to_stop_finishes_what_it_has_begun() {
    let world = World::new().await;
    let mut process = world.process().await;
    confirm_many(&world, &process).await;
    process.worker.take().unwrap().stop().await;
    let held: i64 = sqlx::query_scalar("SELECT count(*) FROM timers WHERE held_until IS NOT NULL")
        .fetch_one(&world.pool())
        .await
        .unwrap();
    assert_eq!(held, 0);
    let next = world.process().await;
    world.left(0).await;
    all_ended_once(&next).await;
}
