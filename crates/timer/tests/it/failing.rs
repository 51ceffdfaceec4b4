//! What goes wrong is tried again, later and later, and is shown.

use crate::support::*;
use std::sync::atomic::Ordering;
use std::time::Duration;
use xiaoan_testkit::{DEADLINE, wait_until};
use xiaoan_timer::TimerOptions;

/// The problem of the one failing deadline after so many tries, and in how many seconds it is tried again.
async fn failed(world: &World, tries: i32) -> (String, i64) {
    let now = xiaoan_kernel::Clock::now(&*world.clock);
    // A try is counted when it begins; the next one lies ahead when it has failed.
    wait_until(DEADLINE, || async {
        let failing = world.status().await.failing;
        failing.iter().any(|failing| failing.alarm.tries == tries && failing.try_at > now)
    })
    .await;
    let failing = world.status().await.failing.remove(0);
    (failing.problem, (failing.try_at - now).whole_seconds())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_shown_and_tried_again_later_and_later() {
    let world = World::new().await;
    let process = world.process_that(How::Refuse, 3, options()).await;
    process.confirm("1", START).await;
    for (tries, pause) in [(1, 1), (2, 2), (3, 4)] {
        assert_eq!(failed(&world, tries).await, ("the bank is closed".to_owned(), pause));
        assert!(process.ended("1").await.is_empty());
        world.clock.advance(time::Duration::seconds(pause));
        process.timers.wake();
    }
    process.until_ended("1").await;
    world.left(0).await;
    assert_eq!(process.ending.calls().iter().map(|alarm| alarm.tries).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let metrics = xiaoan_telemetry::metrics_text();
    for name in ["armed", "fired", "failures", "pending", "failing", "overdue"] {
        assert!(metrics.contains(&format!("xiaoan_timer_{name}")), "{name} is not in {metrics}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_a_failure_and_others_go_on() {
    let world = World::new().await;
    let process = world.process_that(How::Panic, 1, options()).await;
    process.confirm("1", START).await;
    assert_eq!(failed(&world, 1).await.0, "panicked: cannot be");
    process.confirm("2", START).await;
    process.until_ended("2").await;
    world.clock.advance(time::Duration::SECOND);
    process.timers.wake();
    process.until_ended("1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_hangs_holds_nobody_up_and_is_a_failure_in_the_end() {
    let world = World::new().await;
    let patient = TimerOptions { patience: Duration::from_millis(500), ..options() };
    let process = world.process_that(How::Hang, 1, patient).await;
    process.confirm("1", START).await;
    wait_until(DEADLINE, || async { process.ending.wrong.load(Ordering::SeqCst) == 0 }).await;
    process.confirm("2", START).await;
    process.until_ended("2").await;
    assert_eq!(failed(&world, 1).await.0, "not done within 500ms");
    world.clock.advance(time::Duration::SECOND);
    process.timers.wake();
    process.until_ended("1").await;
    world.left(0).await;
}
