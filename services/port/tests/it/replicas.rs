//! Several replicas on one database, and views that are rebuilt while they serve.

use crate::guards::{GUARD, authorised};
use crate::incidents::close;
use crate::world::*;
use tokio_stream::StreamExt;
use tonic::Code;
use xiaoan_proto::port::v1::*;
use xiaoan_proto::projections::v1::RebuildProjectionRequest;

#[tokio::test]
async fn two_replicas_take_reports_at_once_and_each_shows_what_the_other_took() {
    let world = World::start().await;
    let second = world.replica().await;
    let callers = [world.officer(), world.caller_at(&second, "officer-2", STATION, &["officer"])];
    let reports = (0..40).map(|n| {
        let caller = callers[n % 2].clone();
        async move { caller.report(congestion(&format!("i-{n}"))).await.expect("reported") }
    });
    for (n, answer) in futures::future::join_all(reports).await.iter().enumerate() {
        let at_least = position(answer.receipt.as_ref());
        assert_eq!(callers[(n + 1) % 2].incident(&answer.incident_id, at_least).await.org_unit, STATION);
    }
}

#[tokio::test]
async fn views_rebuilt_from_the_log_show_the_same() {
    let world = World::start().await;
    let officer = world.officer();
    officer.report(congestion("i-1")).await.expect("reported");
    officer.report(congestion("i-2")).await.expect("reported");
    close(&officer, "i-1").await;
    let withdraw = WithdrawIncidentRequest {
        request_id: id(),
        incident_id: "i-1".into(),
        reason: "误报".into(),
        ..Default::default()
    };
    assert_eq!(
        refused(officer.incidents().withdraw_incident(withdraw.clone()).await),
        no(Code::PermissionDenied, "GE-004")
    );
    world.registrar().incidents().withdraw_incident(withdraw).await.expect("the registrar may");
    let last = authorised(&world, GUARD).await;
    let before = officer.incident("i-1", last).await;

    let request = RebuildProjectionRequest { projection: "views".into() };
    let mut hq = world.caller("hq-1", CITY, &["hq"]).projections();
    let mut progress = hq.rebuild_projection(request.clone()).await.expect("a rebuild").into_inner();
    let mut done = None;
    while let Some(step) = progress.next().await {
        let step = step.expect("a step");
        if step.done {
            done = Some(step);
        }
    }
    let done = done.expect("it ends");
    assert_eq!((done.digest.len(), &done.digest), (64, &done.replaced_digest));
    assert_eq!(officer.incident("i-1", last).await, before);
    let next = officer.report(congestion("i-3")).await.expect("it goes on");
    officer.incident("i-3", position(next.receipt.as_ref())).await;
    let refusal = refused(officer.projections().rebuild_projection(request).await);
    assert_eq!(refusal.0, Code::PermissionDenied);
}
