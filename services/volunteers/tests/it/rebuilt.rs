//! The views built anew from the log are the views that were there.

use crate::world::*;
use xiaoan_proto::projections::v1::RebuildProjectionRequest;
use xiaoan_proto::projections::v1::projections_service_client::ProjectionsServiceClient;

#[tokio::test]
async fn the_views_built_anew_are_the_views_that_were_there() {
    let world = World::with_squadron().await;
    let (officer, leader) = (world.officer(), world.leader());
    for n in 1..=3 {
        officer.recruit(&format!("zz-{n}")).await;
    }
    leader.plan("p-1", 20).await;
    leader.patrols().check_in(check_in("p-1", "zz-1", 20)).await.unwrap();
    leader.patrols().muster_patrol(muster("p-1")).await.unwrap();
    let ended = leader.patrols().end_patrol(end("p-1", 20)).await.unwrap().into_inner();
    let last = position(ended.receipt.as_ref());
    let (patrol, volunteer) = (leader.patrol("p-1", last).await, leader.volunteer("zz-1", last).await);

    let hq = world.caller("hq-1", CITY, &["hq", "service"]);
    let request = RebuildProjectionRequest { projection: "views".into() };
    let mut answers = ProjectionsServiceClient::new(hq.channel.clone())
        .rebuild_projection(request)
        .await
        .expect("a rebuild")
        .into_inner();
    let mut told = None;
    while let Some(answer) = answers.message().await.expect("it goes on") {
        told = Some(answer);
    }
    let told = told.expect("a rebuild tells how far it is");
    assert!(!told.digest.is_empty());
    assert_eq!(told.digest, told.replaced_digest);
    assert_eq!(leader.patrol("p-1", last).await, patrol);
    assert_eq!(leader.volunteer("zz-1", last).await, volunteer);
}
