//! Reading by position, following the head, and finding what was tampered with.

use crate::support::{append, log, open, verified, write};
use xiaoan_eventstore::chain::{Break, VerifyError, verify_log};
use xiaoan_eventstore::{AppenderOptions, ChainHead};
use xiaoan_testkit::DEADLINE;

#[tokio::test]
async fn the_log_is_read_in_pages_from_any_position() {
    let (_db, store) = log().await;
    for n in 0..5 {
        store.append(append(vec![write(&format!("s{n}"), 0, 5)])).await.expect("appended");
    }
    let all = store.read_log(1, 100).await.expect("read");
    assert_eq!(all.iter().map(|e| e.position).collect::<Vec<_>>(), (1..=25).collect::<Vec<_>>());
    assert_eq!(store.read_log(11, 7).await.expect("read"), all[10..17]);
    assert_eq!(store.read_log(24, 7).await.expect("read"), all[23..]);
    assert!(store.read_log(26, 7).await.expect("read").is_empty());
    assert!(store.read_log(1, 0).await.expect("read").is_empty());
    assert_eq!(store.read_log(-5, 2).await.expect("read"), all[..2]);
}

#[tokio::test]
async fn the_head_is_heard_of_own_and_of_other_processes_appends() {
    let (db, store) = log().await;
    let other = open(&db, AppenderOptions::default()).await;
    let mut head = store.watch_head();
    assert_eq!(*head.borrow_and_update(), 0);
    let own = store.append(append(vec![write("a", 0, 2)])).await.expect("appended");
    assert!(*head.borrow_and_update() >= own.last_position, "own appends are heard at once");
    let theirs = other.append(append(vec![write("b", 0, 1)])).await.expect("appended").last_position;
    tokio::time::timeout(DEADLINE, head.wait_for(|position| *position >= theirs))
        .await
        .expect("in time")
        .expect("open");
}

/// What a superuser can do to a log, and how the verifier names it.
#[tokio::test]
async fn the_verifier_names_the_first_position_that_was_tampered_with() {
    let cases = [
        ("payload", "UPDATE eventstore.events SET payload = '\\x00' WHERE position = 7", 7, Break::Content),
        (
            "one bit",
            "UPDATE eventstore.events SET payload = set_bit(payload, 3, 1 - get_bit(payload, 3)) WHERE position = 1",
            1,
            Break::Content,
        ),
        (
            "actor",
            "UPDATE eventstore.events SET actor = 'somebody-else' WHERE position = 12",
            12,
            Break::Content,
        ),
        (
            "day",
            "UPDATE eventstore.events SET occurred_on = occurred_on + 1 WHERE position = 4",
            4,
            Break::Content,
        ),
        (
            "time",
            "UPDATE eventstore.events SET recorded_at = recorded_at + interval '1 microsecond' WHERE position = 4",
            4,
            Break::Content,
        ),
        ("hash", "UPDATE eventstore.events SET hash = sha256(hash) WHERE position = 9", 9, Break::Content),
        (
            "link",
            "UPDATE eventstore.events SET previous_hash = sha256(hash) WHERE position = 9",
            9,
            Break::Previous,
        ),
        (
            "two at once",
            "UPDATE eventstore.events SET org_unit = '371103010000' WHERE position IN (15, 6)",
            6,
            Break::Content,
        ),
        ("a hole", "DELETE FROM eventstore.events WHERE position = 8", 8, Break::Missing { found: 9 }),
        ("no beginning", "DELETE FROM eventstore.events WHERE position <= 2", 1, Break::Missing { found: 3 }),
        (
            "a swap",
            "UPDATE eventstore.events SET position = -position WHERE FALSE; \
             ALTER TABLE eventstore.events DROP CONSTRAINT events_position_check; \
             UPDATE eventstore.events SET position = -3 WHERE position = 3; \
             UPDATE eventstore.events SET position = 3 WHERE position = 4; \
             UPDATE eventstore.events SET position = 4 WHERE position = -3",
            3,
            Break::Previous,
        ),
        (
            "an event in between",
            "UPDATE eventstore.events SET position = position + 1000 WHERE position >= 10; \
             UPDATE eventstore.events SET position = position - 999 WHERE position >= 1010; \
             INSERT INTO eventstore.events SELECT 10, 99, recorded_at, occurred_on, stream, type, payload, org_unit, actor, traceparent, hash, sha256(hash) \
             FROM eventstore.events WHERE position = 9",
            10,
            Break::Content,
        ),
    ];
    for (what, tampering, position, reason) in cases {
        let (db, store) = log().await;
        for n in 0..4 {
            store.append(append(vec![write(&format!("s{n}"), 0, 5)])).await.expect("appended");
        }
        verified(&store).await;
        sqlx::raw_sql(tampering)
            .execute(&db.owner_pool())
            .await
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        match verify_log(&store, ChainHead::EMPTY, |_| ()).await {
            Err(VerifyError::Broken(broken)) => {
                assert_eq!((broken.position, broken.reason), (position, reason), "{what}");
            }
            other => panic!("{what}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn verification_goes_on_from_a_kept_head() {
    let (db, store) = log().await;
    store.append(append(vec![write("a", 0, 5)])).await.expect("appended");
    let kept = verified(&store).await;
    store.append(append(vec![write("a", 5, 5)])).await.expect("appended");
    let mut seen = Vec::new();
    let head = verify_log(&store, kept, |head| seen.push(head.position)).await.expect("whole");
    assert_eq!((head.position, seen), (10, vec![10]));
    // What is below the kept head was verified before; what was cut off above it shows as a log that ends too early.
    sqlx::raw_sql("DELETE FROM eventstore.events WHERE position > 4")
        .execute(&db.owner_pool())
        .await
        .expect("cut");
    let cut = verify_log(&store, ChainHead::EMPTY, |_| ()).await.expect("what is left is whole");
    assert!(cut.position < kept.position);
}
