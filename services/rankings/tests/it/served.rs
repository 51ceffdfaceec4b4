//! The gRPC services with the real server in front: tokens, errors, waiting, streams.

use crate::world::*;
use std::time::Duration;
use time::macros::date;
use tokio::time::timeout;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;
use tonic::{Code, Request};
use tonic_types::StatusExt;
use xiaoan_projection::{Rebuilder, projections_service};
use xiaoan_proto::projections::v1::projections_service_client::ProjectionsServiceClient;
use xiaoan_proto::projections::v1::{ListProjectionsRequest, RebuildProjectionRequest};
use xiaoan_proto::rankings::v1::rankings_service_client::RankingsServiceClient;
use xiaoan_proto::rankings::v1::{
    CheckLedgerRequest, ExplainRequest, GetStandingsRequest, ListBoardsRequest, ListSourcesRequest,
    WatchStandingsRequest,
};
use xiaoan_rankings::grpc::rankings_service;
use xiaoan_rankings::ledger::LedgerRebuild;
use xiaoan_rpc::{REBUILDERS, RpcOptions, Server, allow};
use xiaoan_testkit::{DEADLINE, TestIssuer};

struct Served {
    world: World,
    issuer: TestIssuer,
    channel: Channel,
}

impl Served {
    async fn start() -> Self {
        let world = World::new().await;
        let issuer = TestIssuer::new();
        let pool = world.board.pool();
        let rebuild = LedgerRebuild::new(pool.clone());
        let rebuilders = vec![Rebuilder::new(pool.clone(), world.readers(), rebuild)];
        let options = RpcOptions::loopback(issuer.jwks_path(), TestIssuer::ISSUER, TestIssuer::AUDIENCE);
        let server = Server::new(options)
            .await
            .unwrap()
            .add_service(rankings_service(world.reader.clone(), pool))
            .add_service(projections_service(world.handles.clone(), rebuilders, allow(REBUILDERS)));
        let url = format!("http://{}", server.grpc_addr().unwrap());
        tokio::spawn(server.serve(std::future::pending()));
        let channel = Channel::from_shared(url).unwrap().connect().await.unwrap();
        Self { world, issuer, channel }
    }
    fn rankings(&self) -> RankingsServiceClient<Channel> {
        RankingsServiceClient::new(self.channel.clone())
    }
    /// The request as somebody of a station with this role.
    fn of<T>(&self, role: &str, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let token = self.issuer.token("reader", FIRST, &[role]);
        let token: MetadataValue<Ascii> = format!("Bearer {token}").parse().unwrap();
        request.metadata_mut().insert("authorization", token);
        request
    }
}

fn standings(board: &str, period: &str) -> GetStandingsRequest {
    GetStandingsRequest { board: board.into(), period: period.into(), ..Default::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_caller_reads_every_board_and_nobody_without_a_token_does() {
    let mut served = Served::start().await;
    let mut client = served.rankings();
    let refused = client.list_boards(ListBoardsRequest {}).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);

    let boards = client.list_boards(served.of("officer", ListBoardsRequest {})).await.unwrap().into_inner();
    let names: Vec<_> = boards.boards.iter().map(|b| b.scheme.as_ref().unwrap().board.as_str()).collect();
    assert_eq!(names[..4], ["theft-stations", "theft-bureaus", "small-cases", "prevention-stations"]);
    assert_eq!(names[4..], ["anti-fraud-bureaus", "volunteer-squadrons", "port-operations", "city"]);

    served.world.file("far-away", THIRD, BURGLARY, date!(2026 - 06 - 03)).await;
    let head = served.world.cases.head().await.unwrap().position;
    let asked = GetStandingsRequest {
        at_least: [("cases".to_owned(), head)].into(),
        ..standings("theft-stations", JUNE)
    };
    let seen = client.get_standings(served.of("officer", asked)).await.unwrap().into_inner();
    let third = seen.entries.iter().find(|e| e.org_unit == THIRD).unwrap();
    assert_eq!(cell(third, "filed").numerator, 1, "at_least was waited for");

    let explain = ExplainRequest {
        board: "theft-stations".into(),
        period: JUNE.into(),
        org_unit: THIRD.into(),
        indicator: "filed".into(),
        ..Default::default()
    };
    let lines = client.explain(served.of("auditor", explain)).await.unwrap().into_inner();
    assert_eq!((lines.sum, lines.lines[0].stream.as_str()), (1, "case-far-away"));

    // A source that nobody told us of is named as such.
    let sources =
        client.list_sources(served.of("officer", ListSourcesRequest {})).await.unwrap().into_inner();
    let told: Vec<_> = sources
        .sources
        .iter()
        .map(|s| (s.source.as_str(), s.followed, s.position, s.chain_head.len()))
        .collect();
    let hq = served.world.hq.head().await.unwrap().position;
    assert_eq!(
        told,
        [
            ("antifraud", false, 0, 0),
            ("cases", true, head, 32),
            ("hq", true, hq, 32),
            ("port", false, 0, 0),
            ("volunteers", false, 0, 0)
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn standings_over_the_wire_are_those_in_process() {
    let mut served = Served::start().await;
    served.world.file("a", FIRST, BURGLARY, date!(2026 - 06 - 03)).await;
    let there = served.world.standings("theft-stations", JUNE).await;
    let mut client = served.rankings();
    for _ in 0..2 {
        let called = client.get_standings(served.of("officer", standings("theft-stations", JUNE))).await;
        let called = called.unwrap().into_inner();
        assert_eq!(
            (&called.entries, &called.total, called.revision),
            (&there.entries, &there.total, there.revision)
        );
        assert_eq!((&called.scheme, &called.from, &called.to), (&there.scheme, &there.from, &there.to));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_shown_is_refused_with_its_reason() {
    let served = Served::start().await;
    let mut client = served.rankings();
    let ahead = GetStandingsRequest {
        at_least: [("cases".to_owned(), 99)].into(),
        ..standings("theft-stations", JUNE)
    };
    let stranger = GetStandingsRequest {
        at_least: [("mars".to_owned(), 1)].into(),
        ..standings("theft-stations", JUNE)
    };
    for (asked, code, reason) in [
        (standings("no-board", JUNE), Code::NotFound, "BOARD-UNKNOWN"),
        (standings("theft-stations", "2026-13"), Code::InvalidArgument, "GE-006"),
        (standings("theft-stations", "no-campaign"), Code::InvalidArgument, "GE-006"),
        (stranger, Code::InvalidArgument, "GE-006"),
        (ahead, Code::Unavailable, "NOT-YET"),
    ] {
        let status = client.get_standings(served.of("officer", asked)).await.unwrap_err();
        assert_eq!(status.code(), code, "{status:?}");
        assert_eq!(status.get_details_error_info().unwrap().reason, reason);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_standings_goes_on_with_every_change() {
    let mut served = Served::start().await;
    let mut client = served.rankings();
    let watch =
        WatchStandingsRequest { board: "theft-stations".into(), period: JUNE.into(), after_revision: 0 };
    let mut changes = client.watch_standings(served.of("officer", watch)).await.unwrap().into_inner();
    timeout(DEADLINE, changes.message()).await.unwrap().unwrap().unwrap();
    served.world.file("c", FIRST, BURGLARY, date!(2026 - 06 - 03)).await;
    let filed = loop {
        let change = timeout(DEADLINE, changes.message()).await.unwrap().unwrap().unwrap();
        let standings = change.standings.unwrap();
        // The city itself may still be arriving.
        let first =
            standings.entries.iter().find(|e| e.org_unit == FIRST).map(|e| cell(e, "filed").numerator);
        if first == Some(1) {
            break first;
        }
    };
    assert_eq!(filed, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_is_checked_and_rebuilt_through_the_api_by_those_who_may() {
    let mut served = Served::start().await;
    for n in 0..20 {
        served.world.file(&format!("c{n}"), FIRST, BURGLARY, date!(2026 - 06 - 03)).await;
    }
    let known = served.world.checked().await;
    let mut client = served.rankings();
    let refused = client.check_ledger(served.of("officer", CheckLedgerRequest {})).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let told = client.check_ledger(served.of("auditor", CheckLedgerRequest {})).await.unwrap().into_inner();
    assert_eq!((told.lines, told.digest, told.differences), (known.lines, known.digest.clone(), vec![]));

    let mut projections = ProjectionsServiceClient::new(served.channel.clone());
    let listed = projections.list_projections(served.of("officer", ListProjectionsRequest {})).await.unwrap();
    let rows = listed.into_inner().projections;
    let mut names: Vec<_> = rows.iter().map(|p| (p.projection.as_str(), p.source.as_str())).collect();
    names.sort_unstable();
    let expected = [("accountability", "hq"), ("decisions", "hq"), ("directory", "hq"), ("ledger", "cases")];
    assert_eq!(names, expected);

    let rebuild = RebuildProjectionRequest { projection: "ledger".into() };
    let refused = projections.rebuild_projection(served.of("officer", rebuild.clone())).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let mut progress = projections.rebuild_projection(served.of("hq", rebuild)).await.unwrap().into_inner();
    let last = loop {
        let step = timeout(Duration::from_secs(60), progress.message()).await.unwrap().unwrap().unwrap();
        if step.done {
            break step;
        }
    };
    assert_eq!((last.digest, last.replaced_digest), (known.digest.clone(), known.digest));
}
