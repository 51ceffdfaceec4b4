//! Connections that die under load.

use crate::support::{keyed, log, verified, write};
use sqlx::Connection;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use xiaoan_eventstore::{AppendError, AppenderOptions, EventStore, StoreError};
use xiaoan_kernel::{RequestId, SystemClock};
use xiaoan_testkit::{DEADLINE, TestDb, wait_until};

/// Kills the appender's server process; returns whether there was one.
async fn kill_appender(db: &TestDb) -> bool {
    let killed: i64 = sqlx::query_scalar(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'xiaoan-test-appender'",
    )
    .fetch_one(&db.owner_pool())
    .await
    .expect("pg_stat_activity");
    killed > 0
}

const KILLS: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_connections_during_load_lose_nothing_and_double_nothing() {
    let (db, store) = log().await;
    let done = Arc::new(AtomicUsize::new(0));
    // The load goes on until the last kill: without commands the appender has no reason to connect again.
    let kills = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..24)
        .map(|task| {
            let (store, done, kills) = (store.clone(), Arc::clone(&done), Arc::clone(&kills));
            tokio::spawn(async move {
                let mut positions = Vec::new();
                for step in 0.. {
                    if step >= 40 && kills.load(Ordering::Relaxed) == KILLS {
                        break;
                    }
                    let id = RequestId::fresh();
                    let answer = loop {
                        match store.append(keyed(id, vec![write(&format!("s-{task}-{step}"), 0, 1)])).await {
                            Ok(answer) => break answer,
                            // What a caller does: again with the same request id.
                            Err(AppendError::Store(StoreError::Unavailable(_))) => {}
                            Err(error) => panic!("task {task}, step {step}: {error}"),
                        }
                    };
                    positions.push(answer.last_position);
                    done.fetch_add(1, Ordering::Relaxed);
                }
                positions
            })
        })
        .collect();
    for kill in 1..=KILLS {
        wait_until(DEADLINE, || async { done.load(Ordering::Relaxed) >= kill * 120 }).await;
        wait_until(DEADLINE, || kill_appender(&db)).await;
        kills.store(kill, Ordering::Relaxed);
    }
    let mut acknowledged = Vec::new();
    for task in tasks {
        acknowledged.extend(task.await.expect("no task fails"));
    }
    let distinct: HashSet<i64> = acknowledged.iter().copied().collect();
    let count = acknowledged.len();
    assert!(count >= 24 * 40, "every task had its answers");
    assert_eq!(distinct.len(), count, "every command has a position of its own");
    let logged = usize::try_from(verified(&store).await.position).expect("a position");
    assert_eq!(logged, count, "and nothing else is in the log");
}

#[tokio::test]
async fn a_connection_that_died_while_nothing_happened_costs_no_command() {
    let (db, store) = log().await;
    store.append(keyed(RequestId::fresh(), vec![write("a", 0, 1)])).await.expect("appended");
    assert!(kill_appender(&db).await);
    let appended = store.append(keyed(RequestId::fresh(), vec![write("a", 1, 1)])).await.expect("appended");
    assert_eq!(appended.last_position, 2);
}

#[tokio::test]
async fn a_database_out_of_reach_is_said_and_come_back_to() {
    let (db, store) = log().await;
    let mut admin = sqlx::PgConnection::connect(db.owner_url()).await.expect("connects");
    // Nobody but the owner gets in, and whoever is in gets out: as good as gone.
    let name = db.name();
    let deny = sqlx::AssertSqlSafe(format!("ALTER DATABASE {name} CONNECTION LIMIT 0"));
    sqlx::raw_sql(deny).execute(&mut admin).await.expect("altered");
    kill_appender(&db).await;
    let id = RequestId::fresh();
    let refused = store.append(keyed(id, vec![write("a", 0, 1)])).await;
    assert!(matches!(refused, Err(AppendError::Store(StoreError::Unavailable(_)))), "{refused:?}");
    let allow = sqlx::AssertSqlSafe(format!("ALTER DATABASE {name} CONNECTION LIMIT -1"));
    sqlx::raw_sql(allow).execute(&mut admin).await.expect("altered");
    let appended = store.append(keyed(id, vec![write("a", 0, 1)])).await.expect("back again");
    assert_eq!(appended.last_position, 1);
}

#[tokio::test]
async fn the_appender_ends_with_the_last_handle() {
    let (db, store) = log().await;
    let clone = store.clone();
    drop(store);
    clone.append(keyed(RequestId::fresh(), vec![write("a", 0, 1)])).await.expect("a clone is as good");
    drop(clone);
    wait_until(DEADLINE, || async { !kill_appender(&db).await }).await;
}

#[tokio::test]
async fn a_database_without_the_stores_tables_does_not_open() {
    let db = TestDb::empty().await;
    let opened =
        EventStore::open(db.owner_pool(), "test", Arc::new(SystemClock), AppenderOptions::default()).await;
    assert!(matches!(opened, Err(StoreError::Database(_))), "{opened:?}");
}
