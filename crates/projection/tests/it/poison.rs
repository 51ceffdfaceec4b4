use crate::support::*;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use time::Duration;
use xiaoan_projection::{NotYet, ProjectionHandle, Runner};
use xiaoan_proto::projections::v1::ProjectionState;
use xiaoan_testkit::{DEADLINE, wait_until};

async fn stopped(handle: &ProjectionHandle) -> String {
    wait_until(DEADLINE, || async { handle.status().state() == ProjectionState::Stopped }).await;
    handle.status().problem
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_event_stops_its_projection_before_it_and_no_other() {
    let world = World::new().await;
    world.append(20).await;
    let poisoned = Tally::that("poisoned", How::Poison, 13);
    let stops = Runner::local(world.store.clone(), pool(&world), Arc::clone(&poisoned));
    let goes_on = Runner::local(world.store.clone(), pool(&world), Tally::new("other"));
    assert_eq!(stopped(&stops).await, "poison event at position 13: unreadable");
    let head = world.append(20).await;
    goes_on.wait_for("cases", head, DEADLINE).await.unwrap();
    assert_eq!(world.counted("other").await, up_to(head));

    assert_eq!(world.counted("poisoned").await, up_to(12), "what stands before it is applied");
    assert_eq!(world.checkpoint("poisoned").await, Some(12));
    assert_eq!(poisoned.shown(), up_to(12));
    stops.wait_for("cases", 12, DEADLINE).await.unwrap();
    let refused = stops.wait_for("cases", 13, DEADLINE).await;
    assert!(matches!(refused, Err(NotYet::Stopped { .. })), "{refused:?}");
    let metric = "xiaoan_projection_stopped{projection=\"poisoned\",source=\"cases\"} 1";
    let text = xiaoan_telemetry::metrics_text();
    let plain = |line: &str| {
        line.replace(",otel_scope_name=\"xiaoan\"", "").replace("otel_scope_name=\"xiaoan\",", "")
    };
    assert!(text.lines().any(|line| plain(line) == metric), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_projection_that_is_resumed_begins_with_the_event_it_stopped_at() {
    let world = World::new().await;
    let head = world.append(20).await;
    let tally = Tally::that("tally", How::Poison, 7);
    let handle = Runner::local(world.store.clone(), pool(&world), Arc::clone(&tally));
    stopped(&handle).await;
    // Still poison: it stops again, having skipped nothing.
    handle.resume();
    assert_eq!(stopped(&handle).await, "poison event at position 7: unreadable");
    assert_eq!(world.counted("tally").await, up_to(6));
    // A build that can read it.
    tally.at.store(0, Ordering::Relaxed);
    wait_until(DEADLINE, || async {
        handle.resume();
        handle.status().position == head
    })
    .await;
    assert_eq!(world.counted("tally").await, up_to(head));
    assert_eq!(tally.shown(), up_to(head));
    assert_eq!(handle.status().state(), ProjectionState::Live);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_and_refused_data_are_poison_and_the_event_is_found() {
    let world = World::new().await;
    world.append(20).await;
    for (name, how, expected) in
        [("panics", How::Panic, "panicked: cannot be"), ("violates", How::Violate, "not-null constraint")]
    {
        let handle = Runner::local(world.store.clone(), pool(&world), Tally::that(name, how, 9));
        let problem = stopped(&handle).await;
        assert!(
            problem.starts_with("poison event at position 9: ") && problem.contains(expected),
            "{problem}"
        );
        assert_eq!(world.counted(name).await, up_to(8));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_log_stops_the_projection_and_names_the_position() {
    let world = World::new().await;
    world.append(20).await;
    world.as_superuser("UPDATE eventstore.events SET actor = 'nobody' WHERE position = 11").await;
    let handle = Runner::local(world.store.clone(), pool(&world), Tally::new("tally"));
    let problem = stopped(&handle).await;
    assert!(problem.contains("position 11"), "{problem}");
    assert_eq!(world.counted("tally").await, up_to(10));
}

#[tokio::test(flavor = "multi_thread")]
async fn lag_is_told_in_events_and_in_the_age_of_the_oldest_event_not_applied() {
    let (world, clock) = World::standing().await;
    world.append(4).await;
    let handle = Runner::local(world.store.clone(), pool(&world), Tally::that("tally", How::Poison, 3));
    stopped(&handle).await;
    clock.advance(Duration::seconds(90));
    world.append(6).await;
    clock.advance(Duration::seconds(10));
    wait_until(DEADLINE, || async { handle.status().source_head == 10 }).await;
    let status = handle.status();
    assert_eq!((status.position, status.lag_events), (2, 8));
    assert!((status.lag_seconds - 100.0).abs() < 0.001, "event 3 is 100 s old, told {}", status.lag_seconds);
}
