//! Watching a board.

use crate::world::*;
use futures::StreamExt;
use std::time::{Duration, Instant};
use time::macros::date;
use tokio::time::timeout;
use xiaoan_rankings::ReadError;
use xiaoan_testkit::DEADLINE;

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_sees_the_board_and_then_every_change_of_its_content() {
    let mut world = World::new().await;
    world.settled().await;
    let mut changes = Box::pin(world.reader.watch("theft-stations", JUNE, 0));
    let first = timeout(DEADLINE, changes.next()).await.unwrap().unwrap().unwrap();
    assert_eq!(count(&first, FIRST, "filed"), 0);

    // Of another board: no change of this one.
    world.file("fraud", FIRST, FRAUD, date!(2026 - 06 - 03)).await;
    world.file("theft", FIRST, BURGLARY, date!(2026 - 06 - 03)).await;
    let change = timeout(DEADLINE, changes.next()).await.unwrap().unwrap().unwrap();
    assert_eq!(count(&change, FIRST, "filed"), 1);
    assert!(change.revision > first.revision);

    let started = Instant::now();
    let mut pictures = 0;
    for n in 0..40 {
        world.file(&format!("t{n}"), FIRST, BURGLARY, date!(2026 - 06 - 03)).await;
    }
    loop {
        let change = timeout(DEADLINE, changes.next()).await.unwrap().unwrap().unwrap();
        pictures += 1;
        if count(&change, FIRST, "filed") == 41 {
            break;
        }
    }
    let most = started.elapsed().as_millis() / 200 + 1;
    assert!(pictures <= most, "{pictures} pictures, {most} were due");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_that_comes_back_is_not_told_what_it_has_seen() {
    let mut world = World::new().await;
    world.file("a", FIRST, BURGLARY, date!(2026 - 06 - 03)).await;
    let seen = world.standings("theft-stations", JUNE).await;

    // The same database under another process: revisions are the same.
    let (reader, handles) = world.follow_again().await;
    let again = reader.standings("theft-stations", JUNE, None).await.unwrap();
    assert_eq!((again.revision, &again.entries), (seen.revision, &seen.entries));
    let mut changes = Box::pin(reader.watch("theft-stations", JUNE, seen.revision));
    assert!(timeout(Duration::from_millis(300), changes.next()).await.is_err(), "nothing has changed");
    world.file("b", FIRST, BURGLARY, date!(2026 - 06 - 03)).await;
    let change = timeout(DEADLINE, changes.next()).await.unwrap().unwrap().unwrap();
    assert_eq!(count(&change, FIRST, "filed"), 2);
    drop(handles);

    let mut older = Box::pin(world.reader.watch("theft-stations", JUNE, seen.revision));
    let caught_up = timeout(DEADLINE, older.next()).await.unwrap().unwrap().unwrap();
    assert_eq!(count(&caught_up, FIRST, "filed"), 2, "an older revision is shown the present at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn watching_what_does_not_exist_ends_with_the_reason() {
    let world = World::new().await;
    let told: Vec<_> = world.reader.watch("no-board", JUNE, 0).collect().await;
    assert!(matches!(told.as_slice(), [Err(ReadError::UnknownBoard { .. })]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_screens_at_once_see_the_same_and_never_less_than_was_asked_for() {
    let mut world = World::new().await;
    for n in 1..=5_i64 {
        world.file(&format!("c{n}"), FIRST, BURGLARY, date!(2026 - 06 - 03)).await;
        world.settled().await;
        let screens = (0..100).map(|_| world.reader.standings("theft-stations", JUNE, None));
        for seen in futures::future::join_all(screens).await {
            assert_eq!(count(&seen.unwrap(), FIRST, "filed"), n);
        }
    }
}
