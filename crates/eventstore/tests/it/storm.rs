//! Many at once, from two processes: the log has no hole, no duplicate, and its time never goes back.

use crate::support::{append, keyed, log, open, stream, verified, write};
use std::collections::HashSet;
use xiaoan_eventstore::{AppendError, AppenderOptions};
use xiaoan_kernel::RequestId;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_append_storm_from_two_processes_leaves_no_hole() {
    let (db, first) = log().await;
    let second = open(&db, AppenderOptions { batch: 7, ..AppenderOptions::default() }).await;
    let tasks: Vec<_> = (0..48)
        .map(|task| {
            let store = if task % 2 == 0 { first.clone() } else { second.clone() };
            tokio::spawn(async move {
                let mut positions = Vec::new();
                for step in 0..20_i64 {
                    // A stream of its own, one shared with a few others, and one that everybody fights over.
                    let writes = match step % 4 {
                        0 => vec![write(&format!("new-{task}-{step}"), 0, 2)],
                        1 => vec![write(&format!("own-{task}"), step / 4, 1)],
                        2 => vec![write(&format!("shared-{}", task / 4), step / 4, 1)],
                        _ => vec![write(&format!("also-{task}-{step}"), 0, 1), write("everybodys", step, 1)],
                    };
                    let command =
                        if step % 2 == 0 { keyed(RequestId::fresh(), writes) } else { append(writes) };
                    match store.append(command).await {
                        Ok(done) => positions.extend(done.first_position..=done.last_position),
                        Err(AppendError::Conflict { .. }) => {}
                        Err(error) => panic!("task {task}, step {step}: {error}"),
                    }
                }
                positions
            })
        })
        .collect();
    let mut acknowledged = Vec::new();
    for task in tasks {
        acknowledged.extend(task.await.expect("no task fails"));
    }

    let head = verified(&first).await;
    let distinct: HashSet<i64> = acknowledged.iter().copied().collect();
    assert_eq!(distinct.len(), acknowledged.len(), "no position was given twice");
    assert_eq!(acknowledged.len() as i64, head.position, "every position belongs to an answered command");

    let log = first.read_log(1, i64::MAX).await.expect("read");
    let mut versions = std::collections::HashMap::new();
    for (event, position) in log.iter().zip(1..) {
        assert_eq!(event.position, position);
        let version = versions.entry(event.stream.clone()).or_insert(0);
        *version += 1;
        assert_eq!(event.version, *version, "stream {}", event.stream);
    }
    assert_eq!(first.read_stream(&stream("own-0"), 0).await.expect("read").len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_never_see_a_position_before_all_those_below_it() {
    let (db, store) = log().await;
    let other = open(&db, AppenderOptions::default()).await;
    let writers: Vec<_> = (0..16)
        .map(|task| {
            let store = if task % 2 == 0 { store.clone() } else { other.clone() };
            tokio::spawn(async move {
                for step in 0..30 {
                    store
                        .append(append(vec![write(&format!("w-{task}-{step}"), 0, 1)]))
                        .await
                        .expect("appended");
                }
            })
        })
        .collect();
    let mut seen = 0;
    while seen < 16 * 30 {
        for event in store.read_log(seen + 1, 64).await.expect("read") {
            assert_eq!(event.position, seen + 1, "a hole was visible");
            seen = event.position;
        }
    }
    for writer in writers {
        writer.await.expect("no writer fails");
    }
}
