//! Several sources: each books beside the others, boards add them up, and one that fails leaves the others alone.

use crate::world::*;
use std::collections::BTreeSet;
use time::macros::{date, datetime};
use tokio::sync::watch;
use xiaoan_eventstore::NewEvent;
use xiaoan_feed::{FeedSource, NatsOptions, PeerTls};
use xiaoan_kernel::StreamId;
use xiaoan_projection::{RebuildProgress, Rebuilder, Runner};
use xiaoan_proto::antifraud::v1::{
    AccountClass, FreezeConfirmed, ReturnExecuted, StopConfirmationRevoked, StopConfirmed,
};
use xiaoan_proto::port::v1::{
    FreightTrafficDirected, GuardAuthorised, IncidentClosed, IncidentKind, IncidentReported, SettlementSigned,
};
use xiaoan_proto::projections::v1::ProjectionState;
use xiaoan_proto::rankings::v1::{ExplainRequest, SourceStatus};
use xiaoan_proto::volunteers::v1::{
    ApplicationReceived, DutyPointKind, DutyPointOpened, PatrolEnded, PatrolResult, PatrolResultKind,
    SquadronFormed, SquadronKind, SquadronRef, VolunteerEnrolled,
};
use xiaoan_rankings::booking::antifraud::AntifraudEvent;
use xiaoan_rankings::booking::port::PortEvent;
use xiaoan_rankings::booking::volunteers::VolunteerEvent;
use xiaoan_rankings::ledger::check::check;
use xiaoan_rankings::ledger::{Ledger, LedgerRebuild};
use xiaoan_testkit::{DEADLINE, wait_until};

const DAY: time::Date = date!(2026 - 06 - 10);

impl World {
    async fn bank(&mut self, id: &str, event: impl Into<AntifraudEvent>) {
        self.happen_at::<AntifraudEvent>("antifraud", "stop_order", id, event).await;
    }
    async fn port(&mut self, id: &str, event: impl Into<PortEvent>) {
        self.happen_at::<PortEvent>("port", "incident", id, event).await;
    }
    async fn volunteers(&mut self, id: &str, event: impl Into<VolunteerEvent>) {
        self.happen_at::<VolunteerEvent>("volunteers", "patrol", id, event).await;
    }

    pub async fn stopped(&mut self, id: &str, org_unit: &str, amount_fen: i64) {
        let confirmed = StopConfirmed {
            org_unit: org_unit.into(),
            amount_fen,
            occurred_on: Some(DAY.into()),
            account_class: AccountClass::Person.into(),
            ..Default::default()
        };
        self.bank(id, confirmed).await;
    }
    async fn squadron(&mut self, id: &str, org_unit: &str, name: &str, kind: SquadronKind) {
        let formed = SquadronFormed {
            squadron_id: id.into(),
            org_unit: org_unit.into(),
            kind: kind.into(),
            name_zh: name.into(),
            name_en: String::new(),
            formed_on: Some(DAY.into()),
            ..Default::default()
        };
        self.volunteers(&format!("formed-{id}"), formed).await;
    }
    async fn patrol(&mut self, id: &str, org_unit: &str, squadron: &str, minutes: i64, rescued: i32) {
        let results = match rescued {
            0 => vec![],
            count => vec![PatrolResult { kind: PatrolResultKind::PeopleRescued.into(), count }],
        };
        let ended = PatrolEnded {
            patrol_id: id.into(),
            org_unit: org_unit.into(),
            ended_on: Some(DAY.into()),
            squadron: Some(SquadronRef { squadron_id: squadron.into(), ..Default::default() }),
            minutes,
            results,
            ..Default::default()
        };
        self.volunteers(id, ended).await;
    }
    pub async fn incident(&mut self, id: &str, org_unit: &str, closed: bool) {
        let kind = IncidentKind::Congestion.into();
        let reported = IncidentReported {
            org_unit: org_unit.into(),
            kind,
            reported_on: Some(DAY.into()),
            ..Default::default()
        };
        self.port(id, reported).await;
        if closed {
            let closed = IncidentClosed {
                org_unit: org_unit.into(),
                kind,
                closed_on: Some(DAY.into()),
                ..Default::default()
            };
            self.port(id, closed).await;
        }
    }
}

/// Something of everything, on one day and partly for the same units.
pub async fn a_busy_day() -> World {
    let mut world = World::of_all_sources().await;
    for n in 0..12 {
        let mut case = world.file(&format!("c{n}"), FIRST, BURGLARY, DAY).await;
        if n < 5 {
            case.solve(&mut world, DAY).await;
        }
    }
    world.file("fraud", THIRD, FRAUD, DAY).await;
    world.stopped("s1", DONGGANG, 300_000).await;
    world.stopped("s2", FIRST, 200_000).await;
    world.stopped("s3", LANSHAN, 400_000).await;
    let mistake = StopConfirmationRevoked {
        org_unit: LANSHAN.into(),
        amount_fen: 400_000,
        occurred_on: Some(DAY.into()),
        account_class: AccountClass::Person.into(),
        ..Default::default()
    };
    world.bank("s3", mistake).await;
    let frozen = FreezeConfirmed {
        org_unit: DONGGANG.into(),
        amount_fen: 100_000,
        occurred_on: Some(DAY.into()),
        account_class: AccountClass::Company.into(),
        ..Default::default()
    };
    world.bank("f1", frozen).await;
    let paid = ReturnExecuted {
        org_unit: DONGGANG.into(),
        amount_fen: 25_000,
        occurred_on: Some(DAY.into()),
        account_class: AccountClass::Company.into(),
        ..Default::default()
    };
    world.bank("r1", paid).await;

    for n in 0..12 {
        world.incident(&format!("i{n}"), PIER, n < 9).await;
    }
    world.incident("i-bureau", PORT, true).await;
    let authorised =
        GuardAuthorised { org_unit: PIER.into(), authorised_on: Some(DAY.into()), ..Default::default() };
    world.port("g1", authorised).await;
    let directed = FreightTrafficDirected {
        org_unit: PIER.into(),
        vehicles: 1_200,
        directed_on: Some(DAY.into()),
        ..Default::default()
    };
    world.port("t1", directed).await;
    let signed =
        SettlementSigned { org_unit: PIER.into(), signed_on: Some(DAY.into()), ..Default::default() };
    world.port("a1", signed).await;

    for n in 0..3 {
        let applied = ApplicationReceived {
            org_unit: FIRST.into(),
            received_on: Some(DAY.into()),
            ..Default::default()
        };
        world.volunteers(&format!("v{n}"), applied).await;
    }
    let enrolled =
        VolunteerEnrolled { org_unit: FIRST.into(), enrolled_on: Some(DAY.into()), ..Default::default() };
    world.volunteers("v0", enrolled).await;
    for (id, kind) in
        [("p1", DutyPointKind::Town), ("p2", DutyPointKind::Village), ("p3", DutyPointKind::Village)]
    {
        let opened = DutyPointOpened {
            org_unit: FIRST.into(),
            kind: kind.into(),
            opened_on: Some(DAY.into()),
            ..Default::default()
        };
        world.volunteers(id, opened).await;
    }
    world.squadron("sq-1", FIRST, "一中队", SquadronKind::Village).await;
    // An id that begins like another one's.
    world.squadron("sq-12", FIRST, "十二中队", SquadronKind::Village).await;
    world.squadron("sq-9", SECOND, "九中队", SquadronKind::PoliceGuard).await;
    for (id, squadron, minutes, rescued) in
        [("r1", "sq-1", 60, 2), ("r2", "sq-12", 30, 0), ("r3", "sq-12", 45, 1), ("r4", "sq-12", 15, 0)]
    {
        world.patrol(id, FIRST, squadron, minutes, rescued).await;
    }
    world.settled().await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn every_source_books_beside_the_others_and_a_rebuild_over_all_has_the_same_digest() {
    let mut world = a_busy_day().await;
    let before = world.checked().await;
    let boards = ["theft-stations", "anti-fraud-bureaus", "volunteer-squadrons", "port-operations", "city"];
    let mut shown = Vec::new();
    for board in boards {
        shown.push(world.standings(board, JUNE).await);
    }
    let rebuilder =
        Rebuilder::new(world.board.pool(), world.readers(), LedgerRebuild::keeping(world.board.pool(), 9));
    let rebuilder_in_memory =
        Rebuilder::new(world.board.pool(), world.readers(), LedgerRebuild::new(world.board.pool()));
    for rebuilder in [&rebuilder, &rebuilder_in_memory] {
        let (progress, _) = watch::channel(RebuildProgress::default());
        let digests = rebuilder.run(&progress).await.unwrap();
        assert_eq!((&digests.rebuilt, &digests.replaced), (&before.digest, &before.digest));
        assert_eq!(world.checked().await, before);
    }
    for (board, before) in boards.iter().zip(&shown) {
        assert_eq!(world.standings(board, JUNE).await.entries, before.entries, "{board}");
    }
    // And it goes on from there.
    world.stopped("s4", SECOND, 1).await;
    world.incident("i-later", PIER, false).await;
    assert_eq!(world.checked().await.lines, before.lines + 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_that_write_at_once_never_wait_for_one_another_and_lose_nothing() {
    let world = World::of_all_sources().await;
    let (_, others) = world.follow_again().await;
    let mut storms = tokio::task::JoinSet::new();
    for source in ["antifraud", "port", "volunteers", "cases"] {
        let store = world.log_of(source);
        storms.spawn(async move {
            for n in 0..150 {
                let event = match source {
                    "antifraud" => encoded(&AntifraudEvent::from(StopConfirmed {
                        org_unit: FIRST.into(),
                        amount_fen: 1,
                        occurred_on: Some(DAY.into()),
                        ..Default::default()
                    })),
                    "port" => encoded(&PortEvent::from(IncidentReported {
                        org_unit: FIRST.into(),
                        reported_on: Some(DAY.into()),
                        ..Default::default()
                    })),
                    "volunteers" => encoded(&VolunteerEvent::from(ApplicationReceived {
                        org_unit: FIRST.into(),
                        received_on: Some(DAY.into()),
                        ..Default::default()
                    })),
                    _ => encoded(&xiaoan_rankings::booking::case::CaseEvent::from(
                        xiaoan_proto::cases::v1::CaseFiled {
                            org_unit: FIRST.into(),
                            category: BURGLARY.into(),
                            filed_on: Some(DAY.into()),
                            ..Default::default()
                        },
                    )),
                };
                let kind = if source == "cases" { "case" } else { "thing" };
                record(&store, kind, n, event).await;
            }
        });
    }
    while let Some(done) = storms.join_next().await {
        done.unwrap();
    }
    let found = world.checked().await;
    // A confirmed stop is two lines.
    assert_eq!(found.lines, 150 * 6);
    drop(others);
}

fn encoded<E: xiaoan_kernel::EventSet>(event: &E) -> NewEvent {
    NewEvent {
        type_name: event.type_name(),
        payload: event.encode(),
        org_unit: unit(FIRST),
        occurred_on: DAY,
    }
}

async fn record(store: &xiaoan_eventstore::EventStore, kind: &str, n: usize, event: NewEvent) {
    let write = xiaoan_eventstore::StreamWrite {
        stream: StreamId::new(kind, &n.to_string()),
        expected_version: 0,
        events: vec![event],
    };
    let append = xiaoan_eventstore::Append {
        request: None,
        response: vec![],
        writes: vec![write],
        actor: "test".into(),
        traceparent: String::new(),
    };
    store.append(append).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn bureaus_are_ranked_by_the_money_that_banks_confirmed_and_those_without_any_are_left_out() {
    let world = a_busy_day().await;
    let june = world.standings("anti-fraud-bureaus", JUNE).await;
    let order: Vec<_> = june.entries.iter().map(|e| (e.org_unit.as_str(), e.rank)).collect();
    // Lanshan has a case of fraud; its stop was a mistake of the bank. The port has neither.
    assert_eq!(order, [(DONGGANG, Some(1)), (LANSHAN, Some(2))]);
    let donggang = entry(&june, DONGGANG);
    assert_eq!(cell(donggang, "stopped").display, "5000.00");
    assert_eq!(cell(donggang, "stops").numerator, 2);
    assert_eq!((cell(donggang, "frozen").numerator, cell(donggang, "returned").numerator), (100_000, 25_000));
    let share = cell(donggang, "returned_of_frozen");
    assert_eq!((share.display.as_str(), share.wilson_low), ("25.0", None), "yuan have no interval");
    assert_eq!(count(&june, LANSHAN, "stopped"), 0);
    assert_eq!(count(&june, LANSHAN, "fraud_filed"), 1);
    let names: Vec<_> = june.sources.iter().map(|s| s.source.as_str()).collect();
    assert_eq!(names, ["antifraud", "cases", "hq"], "every source that the scheme needs, and no other");
    let theft = world.standings("theft-stations", JUNE).await;
    let names: Vec<_> = theft.sources.iter().map(|s| s.source.as_str()).collect();
    assert_eq!(names, ["cases", "hq"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn squadrons_are_ranked_by_their_patrols_and_each_number_is_explained_by_its_own_lines() {
    let mut world = a_busy_day().await;
    let june = world.standings("volunteer-squadrons", JUNE).await;
    let told: Vec<_> = june
        .entries
        .iter()
        .map(|e| (e.squadron.as_str(), e.name_zh.as_str(), e.rank, e.org_unit.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("sq-12", "十二中队", Some(1), FIRST),
            ("sq-1", "一中队", Some(2), FIRST),
            ("sq-9", "九中队", Some(3), SECOND)
        ]
    );
    let numbers: Vec<_> = june
        .entries
        .iter()
        .map(|e| ["patrols", "patrol_minutes", "people_rescued"].map(|id| cell(e, id).numerator))
        .collect();
    assert_eq!(numbers, [[3, 90, 1], [1, 60, 2], [0, 0, 0]]);
    let total = june.total.as_ref().unwrap();
    assert_eq!(cell(total, "patrol_minutes").numerator, 150);

    for row in june.entries.iter().chain(&june.total) {
        for cell in &row.indicators {
            let request = ExplainRequest {
                board: "volunteer-squadrons".into(),
                period: JUNE.into(),
                squadron: row.squadron.clone(),
                indicator: cell.id.clone(),
                ..Default::default()
            };
            let lines = world.reader.explain(&request).await.unwrap();
            assert_eq!(lines.sum, cell.numerator, "{} {}", row.squadron, cell.id);
            assert!(lines.lines.iter().all(|l| row.squadron.is_empty() || l.category == row.squadron));
        }
    }

    // As known before the last patrol.
    world.clock.advance(time::Duration::hours(1));
    world.patrol("late", SECOND, "sq-9", 10, 0).await;
    let now = world.standings("volunteer-squadrons", JUNE).await;
    assert_eq!(now.entries[2].squadron, "sq-9");
    assert_eq!(cell(&now.entries[2], "patrols").numerator, 1);
    let then = world.standings_as_of("volunteer-squadrons", JUNE, datetime!(2026-07-15 08:30 UTC)).await;
    assert_eq!(then.entries, june.entries);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_port_is_ranked_by_what_it_closed() {
    let world = a_busy_day().await;
    let june = world.standings("port-operations", JUNE).await;
    let pier = entry(&june, PIER);
    let rate = cell(pier, "closing_rate");
    assert_eq!((rate.numerator, rate.denominator, rate.display.as_str()), (9, Some(12), "75.0"));
    assert_eq!(june.entries.len(), 1, "the bureau is no station; what it does itself is in the city's row");
    for (id, number) in [("settlements", 1), ("guards", 1), ("freight_vehicles", 1_200)] {
        assert_eq!(cell(pier, id).numerator, number, "{id}");
    }
    let total = june.total.as_ref().unwrap();
    assert_eq!((cell(total, "incidents").numerator, cell(total, "closed").numerator), (13, 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_city_sheet_adds_up_every_source_and_each_figure_is_explained() {
    let world = a_busy_day().await;
    let june = world.standings("city", JUNE).await;
    let total = june.total.as_ref().unwrap();
    let areas: BTreeSet<_> =
        june.scheme.as_ref().unwrap().indicators.iter().map(|i| i.area.as_str()).collect();
    assert_eq!(areas.into_iter().collect::<Vec<_>>(), ["A", "F", "J", "P", "V"]);
    for (id, number) in [
        ("theft_filed", 12),
        ("theft_solved", 5),
        ("stopped", 500_000),
        ("frozen", 100_000),
        ("incidents", 13),
        ("freight_vehicles", 1_200),
        // Of a station that this city does not have.
        ("applied", 0),
    ] {
        assert_eq!(cell(total, id).numerator, number, "{id}");
    }
    for cell in &total.indicators {
        let mut request = ExplainRequest {
            board: "city".into(),
            period: JUNE.into(),
            indicator: cell.id.clone(),
            ..Default::default()
        };
        let lines = world.reader.explain(&request).await.unwrap();
        assert_eq!(lines.sum, cell.numerator, "{}", cell.id);
        if let Some(denominator) = cell.denominator {
            request.denominator = true;
            assert_eq!(world.reader.explain(&request).await.unwrap().sum, denominator, "{}", cell.id);
        }
    }
    let names: Vec<_> = june.sources.iter().map(|s| s.source.as_str()).collect();
    assert_eq!(names, ["antifraud", "cases", "hq", "port", "volunteers"]);
}

async fn status_of(world: &World, source: &str) -> SourceStatus {
    let all = world.reader.source_statuses().await.unwrap();
    all.into_iter().find(|s| s.source == source).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_stops_leaves_the_others_alone_and_says_so() {
    let mut world = a_busy_day().await;
    let at = status_of(&world, "port").await.position;
    let poison = NewEvent {
        type_name: "xiaoan.port.v1.PierBuilt".into(),
        payload: vec![1],
        org_unit: unit(PIER),
        occurred_on: DAY,
    };
    let port = world.log_of("port");
    world.append_raw(&port, StreamId::new("pier", "1"), vec![poison]).await;
    wait_until(DEADLINE, || async {
        let status = status_of(&world, "port").await;
        status.state() == ProjectionState::Stopped && status.lag_events == 1
    })
    .await;
    let status = status_of(&world, "port").await;
    assert_eq!((status.position, status.chain_head.len()), (at, 32));
    assert!(status.problem.contains("PierBuilt"), "{}", status.problem);

    world.stopped("s9", DONGGANG, 7).await;
    world.file("later", FIRST, BURGLARY, DAY).await;
    for handle in world.handles.iter().filter(|h| h.source() != "port") {
        let head = match handle.source() {
            "hq" => world.hq.head().await.unwrap().position,
            source => world.log_of(source).head().await.unwrap().position,
        };
        handle.wait_for(handle.source(), head, DEADLINE).await.unwrap();
    }
    let theft = world.reader.standings("theft-stations", JUNE, None).await.unwrap();
    assert_eq!(count(&theft, FIRST, "filed"), 13);
    assert!(theft.sources.iter().all(|s| s.problem.is_empty()), "it does not need the port");
    let port = world.reader.standings("port-operations", JUNE, None).await.unwrap();
    assert!(port.sources.iter().any(|s| s.source == "port" && !s.problem.is_empty()));
    for source in ["antifraud", "cases", "hq", "volunteers"] {
        assert_eq!(status_of(&world, source).await.state(), ProjectionState::Live, "{source}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_cannot_be_reached_leaves_the_others_alone() {
    let mut world = World::new().await;
    let pool = world.board.pool();
    let nobody = FeedSource {
        name: "port".into(),
        event_log_url: "http://127.0.0.1:1".into(),
        token: None,
        tls: PeerTls::default(),
        nats: NatsOptions::at("nats://127.0.0.1:1"),
    };
    let ledger = Ledger::open(&pool).await.unwrap();
    let port = Runner::remote(nobody, pool, ledger);
    wait_until(DEADLINE, || async { port.status().state() == ProjectionState::Disconnected }).await;
    world.file("a", FIRST, BURGLARY, DAY).await;
    assert_eq!(count(&world.standings("theft-stations", JUNE).await, FIRST, "filed"), 1);
    assert_eq!(port.position(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_left_out_of_a_rebuild_is_read_again_when_it_comes_back() {
    let mut world = a_busy_day().await;
    let before = world.checked().await;
    world.handles.clear();
    let without_port: Vec<_> = world.readers().into_iter().filter(|r| r.source() != "port").collect();
    let rebuilder = Rebuilder::new(world.board.pool(), without_port, LedgerRebuild::new(world.board.pool()));
    let (progress, _) = watch::channel(RebuildProgress::default());
    rebuilder.run(&progress).await.unwrap();
    let found = check(&world.board.pool()).await.unwrap();
    assert!(found.lines < before.lines && found.differences.is_empty(), "{found:?}");

    let (reader, handles) = world.follow_again().await;
    world.reader = reader;
    world.handles = handles;
    assert_eq!(world.checked().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_or_sum_that_is_wrong_is_found_whichever_source_it_is_of() {
    let world = a_busy_day().await;
    let pool = world.board.pool();
    for (wrong, said) in [
        (
            "UPDATE ledger.port_day_sums SET port_incidents = port_incidents + 1 WHERE category = 'congestion'",
            "day port.incidents",
        ),
        (
            "UPDATE ledger.volunteers_month_sums SET volunteer_patrols = 0 WHERE prefix = ''",
            "month volunteer.patrols",
        ),
        (
            "UPDATE ledger.lines SET measure = 18 WHERE source = 'antifraud' AND measure = 15",
            "measure 18 is not of that source",
        ),
    ] {
        sqlx::query(wrong).execute(&pool).await.unwrap();
        let found = check(&pool).await.unwrap();
        assert!(found.differences.iter().any(|d| d.contains(said)), "{said}: {found:?}");
    }
}
