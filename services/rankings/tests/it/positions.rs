//! Standings as of positions of the sources: what headquarters froze can be counted again for ever.

use crate::world::*;
use std::collections::HashMap;
use std::sync::Arc;
use time::macros::{date, datetime};
use tokio::sync::watch;
use xiaoan_eventstore::EventStore;
use xiaoan_projection::{RebuildProgress, Rebuilder};
use xiaoan_proto::hq::v1::{Scheme, SchemePublished};
use xiaoan_proto::rankings::v1::ExplainRequest;
use xiaoan_rankings::ledger::LedgerRebuild;
use xiaoan_rankings::standings::builtin;
use xiaoan_rankings::{Knowledge, ReadError, Standings};

xiaoan_kernel::events! {
    enum SchemeEvent { Published(SchemePublished) }
}

async fn head(store: &EventStore) -> (i64, Vec<u8>) {
    let head = store.head().await.unwrap();
    (head.position, head.hash.to_vec())
}

async fn at(world: &World, positions: &[(&str, i64)]) -> Result<Arc<Standings>, ReadError> {
    world.settled().await;
    let positions = positions.iter().map(|(source, position)| ((*source).to_owned(), *position)).collect();
    world.reader.standings("theft-stations", JUNE, Knowledge::new(None, positions)?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn corrections_after_the_positions_do_not_show_and_a_rebuild_changes_nothing() {
    let mut world = World::new().await;
    let mut solved = world.file("a", FIRST, BURGLARY, date!(2026 - 06 - 03)).await;
    let mut gone = world.file("b", FIRST, BURGLARY, date!(2026 - 06 - 04)).await;
    solved.solve(&mut world, date!(2026 - 06 - 20)).await;
    let frozen = world.standings("theft-stations", JUNE).await;
    let ((cases, cases_hash), (hq, hq_hash)) = (head(&world.cases).await, head(&world.hq).await);
    let positions = [("cases", cases), ("hq", hq)];
    // As of where everything stands, sums and lines say the same.
    let again = at(&world, &positions).await.unwrap();
    assert_eq!((&again.entries, &again.total), (&frozen.entries, &frozen.total));
    assert_eq!(again.sources, frozen.sources);

    solved.revoke(&mut world).await;
    gone.withdraw(&mut world, true).await;
    world.file("c", SECOND, BURGLARY, date!(2026 - 06 - 05)).await;
    let now = world.standings("theft-stations", JUNE).await;
    assert_eq!((count(&now, FIRST, "filed"), count(&now, FIRST, "solved")), (1, 0));
    let known = at(&world, &positions).await.unwrap();
    assert_eq!((&known.entries, &known.total), (&frozen.entries, &frozen.total));
    let told: Vec<_> = known.sources.iter().map(|s| (s.source.as_str(), s.position, &s.chain_head)).collect();
    assert_eq!(told, [("cases", cases, &cases_hash), ("hq", hq, &hq_hash)], "with the hash of that event");

    for _ in 0..2 {
        let rebuilder =
            Rebuilder::new(world.board.pool(), world.readers(), LedgerRebuild::new(world.board.pool()));
        let (progress, _) = watch::channel(RebuildProgress::default());
        rebuilder.run(&progress).await.unwrap();
        let rebuilt = at(&world, &positions).await.unwrap();
        assert_eq!((&rebuilt.entries, &rebuilt.total), (&frozen.entries, &frozen.total));
        assert_eq!(rebuilt.sources, known.sources);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_not_named_counts_up_to_now_and_moment_and_position_both_hold() {
    let mut world = World::new().await;
    let mut case = world.file("a", FIRST, BURGLARY, date!(2026 - 06 - 03)).await;
    world.clock.advance(time::Duration::hours(1));
    case.solve(&mut world, date!(2026 - 06 - 20)).await;
    let solved = |s: &Arc<Standings>| count(s, FIRST, "solved");
    assert_eq!(solved(&at(&world, &[("hq", 1)]).await.unwrap()), 1, "of cases everything");
    assert_eq!(solved(&at(&world, &[("cases", 1)]).await.unwrap()), 0);
    let nothing = at(&world, &[("cases", 0)]).await.unwrap();
    assert_eq!(count(&nothing, FIRST, "filed"), 0);
    let of_nothing = nothing.sources.iter().find(|s| s.source == "cases").unwrap();
    assert_eq!((of_nothing.position, of_nothing.chain_head.len()), (0, 0));

    world.settled().await;
    let both = Knowledge::new(Some(datetime!(2026-07-15 08:30 UTC)), HashMap::from([("cases".into(), 2)]));
    let both = world.reader.standings("theft-stations", JUNE, both.unwrap()).await.unwrap();
    assert_eq!((count(&both, FIRST, "filed"), solved(&both)), (1, 0), "recorded later than the moment");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheme_that_was_published_later_does_not_judge_a_frozen_month() {
    let mut world = World::new().await;
    world.file("a", FIRST, BURGLARY, date!(2026 - 06 - 03)).await;
    let (before, _) = head(&world.hq).await;
    let scheme = builtin::schemes().into_iter().find(|s| s.board == "theft-stations").unwrap();
    let scheme = Scheme { version: 1, title_en: "Theft, judged anew".into(), ..scheme };
    let published = SchemePublished { scheme: Some(scheme) };
    world.decide("scheme", "theft-stations", vec![SchemeEvent::from(published)]).await;
    let version = |s: Arc<Standings>| s.scheme.as_ref().unwrap().version;
    assert_eq!(version(world.standings("theft-stations", JUNE).await), 1);
    assert_eq!(version(at(&world, &[("hq", before)]).await.unwrap()), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lines_behind_a_number_are_those_up_to_the_positions() {
    let mut world = World::new().await;
    let mut case = world.file("a", FIRST, BURGLARY, date!(2026 - 06 - 03)).await;
    case.withdraw(&mut world, true).await;
    world.settled().await;
    let ask = |positions: &[(&str, i64)]| ExplainRequest {
        board: "theft-stations".into(),
        period: JUNE.into(),
        org_unit: FIRST.into(),
        indicator: "filed".into(),
        page_size: 1,
        as_of_positions: positions.iter().map(|(s, p)| ((*s).to_owned(), *p)).collect(),
        ..Default::default()
    };
    let now = world.reader.explain(&ask(&[])).await.unwrap();
    assert_eq!((now.sum, now.count), (0, 2));
    let then = world.reader.explain(&ask(&[("cases", 1)])).await.unwrap();
    assert_eq!((then.sum, then.count, then.next_page_token.as_str()), (1, 1, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn positions_that_cannot_be_counted_are_refused() {
    let world = World::new().await;
    for (positions, why) in [([("cases", -1)], "below 0"), ([("weather", 1)], "not followed")] {
        let refused = at(&world, &positions).await;
        let field = matches!(refused, Err(ReadError::BadArgument { field: "as_of_positions", .. }));
        assert!(field, "{why}: {refused:?}");
    }
}
