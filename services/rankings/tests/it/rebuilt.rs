//! A rebuild gives the same ledger, and what cannot be booked stops it loudly.

use crate::world::*;
use time::macros::date;
use tokio::sync::watch;
use xiaoan_eventstore::NewEvent;
use xiaoan_kernel::StreamId;
use xiaoan_projection::{NotYet, Rebuild, RebuildProgress, Rebuilder};
use xiaoan_proto::projections::v1::ProjectionState;
use xiaoan_rankings::ledger::LedgerRebuild;
use xiaoan_testkit::{DEADLINE, wait_until};

async fn some_cases(world: &mut World, prefix: &str) {
    for n in 0..30_u8 {
        let unit = [FIRST, SECOND, THIRD][usize::from(n % 3)];
        let mut case = world.file(&format!("{prefix}{n}"), unit, BURGLARY, date!(2026 - 06 - 03)).await;
        case.catch(world, date!(2026 - 06 - 04), 1).await;
        if n % 2 == 0 {
            case.solve(world, date!(2026 - 06 - 05)).await;
        }
        if n % 4 == 0 {
            case.transfer(world, SECOND).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuilt_ledger_has_the_digest_of_the_one_it_replaces_and_goes_on_from_there() {
    let mut world = World::new().await;
    some_cases(&mut world, "a").await;
    let before = world.checked().await;
    let board = world.standings("theft-stations", JUNE).await;

    let rebuild = LedgerRebuild::new(world.board.pool());
    let rebuilder = Rebuilder::new(world.board.pool(), world.readers(), rebuild);
    for _ in 0..2 {
        let (progress, _) = watch::channel(RebuildProgress::default());
        let digests = rebuilder.run(&progress).await.unwrap();
        assert_eq!(digests.rebuilt, before.digest);
        assert_eq!(digests.replaced, before.digest);
        assert_eq!(world.checked().await, before);
        assert_eq!(world.standings("theft-stations", JUNE).await.entries, board.entries);
    }
    some_cases(&mut world, "b").await;
    let after = world.checked().await;
    assert_eq!(after.lines, before.lines * 2);
    assert_eq!(
        count(&world.standings("theft-stations", JUNE).await, FIRST, "filed"),
        2 * count(&board, FIRST, "filed")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sums_that_do_not_fit_in_memory_are_grouped_from_many_parts() {
    let mut world = World::new().await;
    some_cases(&mut world, "a").await;
    let before = world.checked().await;
    let pool = world.board.pool();
    let rebuild = LedgerRebuild::keeping(pool.clone(), 20);
    rebuild.prepare().await.unwrap();
    let events = world.cases.read_log(1, 10_000).await.unwrap();
    for batch in events.chunks(7) {
        rebuild.apply("cases", batch).await.unwrap();
    }
    rebuild.settle().await.unwrap();
    let mut tx = pool.begin().await.unwrap();
    let digests = rebuild.swap(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(digests.rebuilt, before.digest);
    assert_eq!(world.checked().await, before);
    let left: Option<String> = sqlx::query_scalar("SELECT to_regclass('ledger_next.cases_day_parts')::text")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(left, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_while_events_arrive_loses_none() {
    let mut world = World::new().await;
    some_cases(&mut world, "a").await;
    let rebuild = LedgerRebuild::new(world.board.pool());
    let rebuilder = Rebuilder::new(world.board.pool(), world.readers(), rebuild);
    let (progress, _) = watch::channel(RebuildProgress::default());
    let running = tokio::spawn(async move { rebuilder.run(&progress).await });
    for n in 0..200 {
        world.file(&format!("m{n}"), THIRD, BURGLARY, date!(2026 - 06 - 09)).await;
    }
    running.await.unwrap().unwrap();
    world.file("last", THIRD, BURGLARY, date!(2026 - 06 - 09)).await;
    world.checked().await;
    // A transfer takes three of the ten away again.
    assert_eq!(count(&world.standings("theft-stations", JUNE).await, THIRD, "filed"), 10 + 201 - 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swap_waits_for_a_long_reader_and_lets_others_in_meanwhile() {
    let mut world = World::new().await;
    some_cases(&mut world, "a").await;
    let board = world.standings("theft-stations", JUNE).await;
    let pool = world.board.pool();
    let mut reading = pool.begin().await.unwrap();
    sqlx::query("SELECT count(*) FROM ledger.lines").execute(&mut *reading).await.unwrap();

    let rebuild = LedgerRebuild::new(pool.clone());
    let rebuilder = Rebuilder::new(pool.clone(), world.readers(), rebuild);
    let (progress, _) = watch::channel(RebuildProgress::default());
    let running = tokio::spawn(async move { rebuilder.run(&progress).await });
    wait_until(DEADLINE, || async {
        let waiting =
            "SELECT count(*) FROM pg_locks WHERE relation = 'ledger.lines'::regclass AND NOT granted";
        sqlx::query_scalar::<_, i64>(waiting).fetch_one(&pool).await.unwrap() > 0
    })
    .await;
    world.file("meanwhile", THIRD, BURGLARY, date!(2026 - 06 - 09)).await;
    let read = world.reader.standings("theft-stations", "2026", None).await.unwrap();
    assert_eq!(count(&read, FIRST, "filed"), count(&board, FIRST, "filed"));
    assert!(!running.is_finished());
    reading.commit().await.unwrap();
    running.await.unwrap().unwrap();
    world.checked().await;
    let after = world.standings("theft-stations", JUNE).await;
    assert_eq!(count(&after, THIRD, "filed"), count(&board, THIRD, "filed") + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_another_layout_are_thrown_away_and_filled_again() {
    let mut world = World::new().await;
    some_cases(&mut world, "a").await;
    let before = world.checked().await;
    let pool = world.board.pool();
    // An older build's ledger: another layout, and a line that this build would never have booked.
    sqlx::query("UPDATE ledger.layout SET version = 0").execute(&pool).await.unwrap();
    sqlx::query("UPDATE ledger.lines SET quantity = quantity + 1 WHERE position = 1")
        .execute(&pool)
        .await
        .unwrap();
    world.handles.clear();
    let (reader, handles) = world.follow_again().await;
    world.reader = reader;
    world.handles = handles;
    assert_eq!(world.checked().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_sum_or_line_is_found_by_the_check() {
    let mut world = World::new().await;
    some_cases(&mut world, "a").await;
    let before = world.checked().await;
    let pool = world.board.pool();
    sqlx::query("UPDATE ledger.cases_month_sums SET case_filed = case_filed + 1 WHERE prefix = '0502'")
        .execute(&pool)
        .await
        .unwrap();
    let found = xiaoan_rankings::ledger::check::check(&pool).await.unwrap();
    assert_eq!(found.digest, before.digest);
    assert!(!found.differences.is_empty());
    assert!(
        found.differences.iter().all(|d| d.starts_with("month case.filed category \"0502\"")),
        "{found:?}"
    );
    sqlx::query("UPDATE ledger.lines SET occurred_on = occurred_on - 1 WHERE position = 1")
        .execute(&pool)
        .await
        .unwrap();
    let found = xiaoan_rankings::ledger::check::check(&pool).await.unwrap();
    assert_ne!(found.digest, before.digest);
    assert!(found.differences.iter().any(|d| d.starts_with("day case.filed")), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_booked_stops_the_ledger_loudly_and_is_never_skipped() {
    let mut world = World::new().await;
    world.file("a", FIRST, BURGLARY, date!(2026 - 06 - 03)).await;
    let poison = NewEvent {
        type_name: "xiaoan.cases.v1.CaseSplit".into(),
        payload: vec![1, 2, 3],
        org_unit: unit(FIRST),
        occurred_on: date!(2026 - 06 - 03),
    };
    let store = world.cases.clone();
    world.append_raw(&store, StreamId::new("case", "p"), vec![poison]).await;
    world.file("b", FIRST, BURGLARY, date!(2026 - 06 - 03)).await;

    let ledger = world.handles[0].clone();
    wait_until(DEADLINE, || async { ledger.status().state() == ProjectionState::Stopped }).await;
    let status = ledger.status();
    assert_eq!(status.position, 1, "everything before it is applied");
    assert!(status.problem.contains('2') && status.problem.contains("CaseSplit"), "{}", status.problem);
    assert!(matches!(ledger.wait_for("cases", 3, DEADLINE).await, Err(NotYet::Stopped { .. })));
    let june = world.reader.standings("theft-stations", JUNE, None).await.unwrap();
    assert_eq!(count(&june, FIRST, "filed"), 1);
    let cases = june.sources.iter().find(|s| s.source == "cases").unwrap();
    assert!(cases.problem.contains("CaseSplit"), "the board says so: {}", cases.problem);
    // The head of the source is still heard, so the board says how far behind it is.
    wait_until(DEADLINE, || async {
        let sources = world.reader.sources().await.unwrap();
        sources.iter().any(|s| s.source == "cases" && s.lag_events == 2)
    })
    .await;
}
