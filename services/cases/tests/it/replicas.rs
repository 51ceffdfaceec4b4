//! Two replicas on one database, the log for other services, and the rebuild of the views.

use crate::world::*;
use std::collections::BTreeSet;
use tokio_stream::StreamExt;
use tonic::Code;
use xiaoan_eventstore::{ChainHead, chain};
use xiaoan_proto::cases::v1;
use xiaoan_proto::eventlog::v1::{GetHeadRequest, ReadRequest};
use xiaoan_proto::projections::v1::{ListProjectionsRequest, RebuildProjectionRequest};
use xiaoan_rpc::Secret;
use xiaoan_rpc::client::{ClientOptions, channel};
use xiaoan_testkit::{Process, TestDb, TestIssuer, TestNats};

#[tokio::test]
async fn two_replicas_file_at_once_without_a_gap_a_double_or_a_shared_number() {
    let world = World::start().await;
    let second = world.replica().await;
    let callers = [world.officer(), world.caller_at(&second, "officer-2", STATION, &["officer"])];
    let filings = (0..60).map(|n| {
        let caller = callers[n % 2].clone();
        async move { caller.file(burglary("")).await.expect("filed") }
    });
    let answers = futures::future::join_all(filings).await;
    let numbers: BTreeSet<_> = answers.iter().map(|a| a.case_no.clone()).collect();
    assert_eq!(numbers.len(), 60);
    let positions: BTreeSet<_> = answers.iter().map(|a| position(a.receipt.as_ref())).collect();
    assert_eq!(positions, (1..=60).collect::<BTreeSet<_>>());
    // each replica's views see what the other wrote
    for caller in &callers {
        for answer in &answers {
            caller.case(&answer.case_no, position(answer.receipt.as_ref())).await;
        }
    }
    let mut head = ChainHead::EMPTY;
    for event in world.store().read_log(1, 1000).await.unwrap() {
        head = chain::verify(&head, &event).unwrap();
    }
    assert_eq!(head.position, 60);
}

#[tokio::test]
async fn the_same_command_at_both_replicas_is_once() {
    let world = World::start().await;
    let second = world.replica().await;
    let callers = [world.officer(), world.caller_at(&second, "officer-1", STATION, &["officer"])];
    let request = burglary(&number(1));
    let answers = futures::future::join_all((0..10).map(|n| callers[n % 2].file(request.clone()))).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(world.store().head().await.unwrap().position, 1);
}

#[tokio::test]
async fn the_log_is_read_by_services_and_auditors_only() {
    let world = World::start().await;
    world.officer().file(burglary(&number(1))).await.unwrap();
    assert_eq!(refused(world.officer().log().get_head(GetHeadRequest {}).await).0, Code::PermissionDenied);
    for role in ["service", "auditor"] {
        let mut log = world.caller("reader", CITY, &[role]).log();
        let head = log.get_head(GetHeadRequest {}).await.unwrap().into_inner();
        assert_eq!((head.position, head.source.as_str()), (1, "cases"));
        let mut read = log.read(ReadRequest { from: 1, limit: 0 }).await.unwrap().into_inner();
        let batch = read.next().await.unwrap().unwrap();
        assert_eq!(batch.events[0].r#type, "xiaoan.cases.v1.CaseFiled");
    }
}

#[tokio::test]
async fn rebuilt_views_are_the_same_views() {
    let world = World::start().await;
    let officer = world.officer();
    let mut last = 0;
    for n in 1..=20 {
        last = position(officer.file(burglary(&number(n))).await.unwrap().receipt.as_ref());
    }
    let open = v1::OpenSeriesRequest {
        request_id: id(),
        series_id: "s-1".into(),
        org_unit: STATION.into(),
        title: "t".into(),
        case_nos: vec![number(1), number(2)],
    };
    last =
        last.max(position(officer.series().open_series(open).await.unwrap().into_inner().receipt.as_ref()));
    let before = officer.case(&number(1), last).await;
    let mut hq = world.caller("hq-1", CITY, &["hq"]).projections();
    let request = RebuildProjectionRequest { projection: "views".into() };
    let mut progress = hq.rebuild_projection(request.clone()).await.unwrap().into_inner();
    let mut done = None;
    while let Some(step) = progress.next().await {
        let step = step.unwrap();
        if step.done {
            done = Some(step);
        }
    }
    let done = done.expect("it ends");
    assert_eq!(done.digest, done.replaced_digest);
    assert_eq!(done.digest.len(), 64);
    assert_eq!(officer.case(&number(1), last).await, before);
    // and they go on
    let next = officer.file(burglary(&number(21))).await.unwrap();
    officer.case(&number(21), position(next.receipt.as_ref())).await;
    let listed = hq.list_projections(ListProjectionsRequest {}).await.unwrap().into_inner().projections;
    assert_eq!(listed.iter().map(|p| p.projection.as_str()).collect::<Vec<_>>(), ["views", "timers"]);
    let refusal = refused(world.officer().projections().rebuild_projection(request).await);
    assert_eq!(refusal.0, Code::PermissionDenied);
}

#[tokio::test]
async fn two_processes_migrate_and_serve_one_database() {
    let db = TestDb::empty().await;
    let issuer = TestIssuer::new();
    let nats = TestNats::start().await;
    let migrate =
        || Process::builder("cases").arg("migrate").env("XIAOAN_OWNER_DATABASE_URL", db.owner_url());
    // both at once, as two replicas that start together would
    let (one, other) = tokio::join!(
        tokio::task::spawn_blocking({
            let migrate = migrate();
            move || migrate.run_to_end()
        }),
        tokio::task::spawn_blocking({
            let migrate = migrate();
            move || migrate.run_to_end()
        })
    );
    for (status, printed) in [one.unwrap(), other.unwrap()] {
        assert!(status.success(), "{printed}");
    }
    register_units(&db, NOW).await;
    let env = || {
        let own = [
            ("XIAOAN_DATABASE_URL", db.url().to_owned()),
            ("XIAOAN_NATS_URL", nats.url().to_owned()),
            ("XIAOAN_SOURCES", "hq=http://127.0.0.1:1".to_owned()), // headquarters is away
            ("XIAOAN_KEK", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned()),
        ];
        issuer.env().into_iter().chain(own.map(|(name, value)| (name.to_owned(), value)))
    };
    let processes = [Process::spawn("cases", env()).await, Process::spawn("cases", env()).await];
    let callers = processes.each_ref().map(|process| {
        let token = Secret::new(&issuer.token("officer-1", STATION, &["officer"]));
        Caller { channel: channel(&ClientOptions::new(process.grpc_url()), &token).unwrap() }
    });
    let filings = (0..40).map(|n| {
        let caller = callers[n % 2].clone();
        async move { caller.file(burglary("")).await.expect("filed") }
    });
    let answers = futures::future::join_all(filings).await;
    let positions: BTreeSet<_> = answers.iter().map(|a| position(a.receipt.as_ref())).collect();
    assert_eq!(positions, (1..=40).collect::<BTreeSet<_>>());
    for (n, answer) in answers.iter().enumerate() {
        let at_least = position(answer.receipt.as_ref());
        assert_eq!(callers[(n + 1) % 2].case(&answer.case_no, at_least).await.case_no, answer.case_no);
    }
}
