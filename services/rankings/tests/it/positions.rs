//! Standings as of positions of the sources: what headquarters froze can be counted again for ever.

use crate::world::*;
use std::collections::HashMap;
use std::sync::Arc;
use time::macros::{date, datetime};
use tokio::sync::watch;
use xiaoan_directory::OrgUnitEvent;
use xiaoan_eventstore::EventStore;
use xiaoan_feed::LogReader;
use xiaoan_projection::{RebuildProgress, Rebuilder};
use xiaoan_proto::core::v1::OrgKind;
use xiaoan_proto::hq::v1::{HeadcountRecorded, OrgUnitRegistered, Scheme, SchemePublished};
use xiaoan_proto::rankings::v1::ExplainRequest;
use xiaoan_rankings::decisions::Decisions;
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
    let (hq, _) = head(&world.hq).await;
    assert_eq!(solved(&at(&world, &[("hq", hq)]).await.unwrap()), 1, "of cases everything");
    assert_eq!(at(&world, &[("hq", 1)]).await.unwrap().entries.len(), 0, "hq had told of no station");
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
async fn a_unit_that_was_registered_later_is_no_entrant_of_a_frozen_month_from_whatever_day_it_counts() {
    let mut world = World::new().await;
    world.file("a", FIRST, BURGLARY, date!(2026 - 06 - 03)).await;
    let frozen = world.standings("theft-stations", JUNE).await;
    let (hq, _) = head(&world.hq).await;
    let late = "371103020000";
    let registered = OrgUnitRegistered {
        code: late.into(),
        kind: OrgKind::Station.into(),
        parent: LANSHAN.into(),
        name_zh: "四所".into(),
        effective_on: Some(date!(2026 - 01 - 01).into()),
        ..Default::default()
    };
    world.decide("org_unit", late, vec![OrgUnitEvent::from(registered)]).await;
    // A station that moved, by a decision of later, as well.
    world.move_unit(FIRST, LANSHAN, date!(2026 - 06 - 01)).await;
    let now = world.standings("theft-stations", JUNE).await;
    let moved = now.entries.iter().find(|e| e.org_unit == FIRST).unwrap();
    assert_eq!((now.entries.len(), moved.parent.as_str()), (frozen.entries.len() + 1, LANSHAN));
    let known = at(&world, &[("hq", hq)]).await.unwrap();
    assert_eq!((&known.entries, &known.total), (&frozen.entries, &frozen.total));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_headcount_that_was_corrected_later_does_not_change_what_was_counted_by_it() {
    let mut world = World::new().await;
    let mut solved = world.file("a", FIRST, BURGLARY, date!(2026 - 06 - 03)).await;
    solved.solve(&mut world, date!(2026 - 06 - 20)).await;
    let frozen = world.standings("theft-bureaus", JUNE).await;
    let ((hq, _), recorded) = (head(&world.hq).await, xiaoan_kernel::Clock::now(world.clock.as_ref()));
    world.clock.advance(time::Duration::hours(1));
    let corrected =
        HeadcountRecorded { code: DONGGANG.into(), from: Some(date!(2020 - 01 - 01).into()), officers: 400 };
    world.decide("org_unit", DONGGANG, vec![OrgUnitEvent::from(corrected)]).await;
    let now = world.standings("theft-bureaus", JUNE).await;
    let officers = |s: &Standings| {
        let bureau = s.entries.iter().find(|e| e.org_unit == DONGGANG).unwrap();
        let value = bureau.indicators.iter().find(|i| i.id == "solved_per_100_officers").unwrap();
        (value.numerator, value.denominator)
    };
    assert_eq!((officers(&frozen), officers(&now)), ((1, Some(420)), (1, Some(400))));
    let as_of = |known: Knowledge| world.reader.standings("theft-bureaus", JUNE, known);
    let positions = || Knowledge::new(None, HashMap::from([("hq".into(), hq)])).unwrap();
    assert_eq!(as_of(positions()).await.unwrap().entries, frozen.entries);
    assert_eq!(as_of(Some(recorded).into()).await.unwrap().entries, frozen.entries, "nor as of the moment");

    let rebuild = Arc::new(Decisions::rebuild());
    let rebuilder = Rebuilder::new(world.board.pool(), vec![LogReader::local(world.hq.clone())], rebuild);
    let (progress, _) = watch::channel(RebuildProgress::default());
    let digests = rebuilder.run(&progress).await.unwrap();
    assert_eq!(digests.rebuilt, digests.replaced);
    assert_eq!(as_of(positions()).await.unwrap().entries, frozen.entries, "nor after a rebuild");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheme_that_is_brought_along_judges_whatever_is_in_force_or_built_in() {
    let mut world = World::new().await;
    world.file("a", FIRST, BURGLARY, date!(2026 - 06 - 03)).await;
    world.settled().await;
    let built_in = builtin::schemes().into_iter().find(|s| s.board == "theft-stations").unwrap();
    // As an earlier release had it built in: fewer columns, another board.
    let stored = Scheme {
        board: "theft-of-old".into(),
        indicators: built_in.indicators[..2].to_vec(),
        rank_by: "filed".into(),
        attention_rules: Vec::new(),
        ..built_in
    };
    let by = world.reader.standings_by(&stored, JUNE, &Knowledge::default()).await.unwrap();
    assert_eq!((by.scheme.as_ref(), by.entries[0].indicators.len()), (Some(&stored), 2));
    assert_eq!(count(&by, FIRST, "filed"), 1);
    let unknown = world.reader.standings("theft-of-old", JUNE, None).await;
    assert!(matches!(unknown, Err(ReadError::UnknownBoard { .. })), "it is not kept");
    let endless = Scheme { indicators: vec![stored.indicators[0].clone(); 65], ..stored };
    let refused = world.reader.standings_by(&endless, JUNE, &Knowledge::default()).await;
    assert!(matches!(refused, Err(ReadError::BadArgument { field: "scheme", .. })), "{refused:?}");
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
