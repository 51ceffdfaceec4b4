//! hq's log and projections as others see them.

use crate::house::{House, STATION, refused};
use tonic::Code;
use xiaoan_proto::eventlog::v1::event_log_service_client::EventLogServiceClient;
use xiaoan_proto::eventlog::v1::{GetHeadRequest, ReadRequest, RecordedEvent};
use xiaoan_proto::projections::v1::projections_service_client::ProjectionsServiceClient;
use xiaoan_proto::projections::v1::{ListProjectionsRequest, RebuildProjectionRequest};

async fn read(house: &House, roles: &[&str]) -> Vec<RecordedEvent> {
    let mut client = EventLogServiceClient::new(house.caller(roles));
    let mut batches = client.read(ReadRequest { from: 1, limit: 0 }).await.expect("the log").into_inner();
    let mut events = Vec::new();
    while let Some(batch) = batches.message().await.expect("a batch") {
        events.extend(batch.events);
    }
    events
}

#[tokio::test(flavor = "multi_thread")]
async fn services_and_auditors_read_the_log_and_nobody_else() {
    let house = House::with_units().await;
    for roles in [["service"], ["auditor"]] {
        let events = read(&house, &roles).await;
        let positions: Vec<_> = events.iter().map(|event| event.position).collect();
        assert_eq!(positions, [1, 2, 3, 4]);
        let last = &events[3];
        assert_eq!((last.source.as_str(), last.r#type.as_str()), ("hq", "xiaoan.hq.v1.OrgUnitRegistered"));
        assert_eq!((last.stream.clone(), last.org_unit.as_str()), (format!("org_unit-{STATION}"), STATION));
        assert_eq!(last.actor, "tester");
    }
    for roles in [["hq"], ["officer"]] {
        let mut client = EventLogServiceClient::new(house.caller(&roles));
        let answer = client.read(ReadRequest { from: 1, limit: 0 }).await;
        assert_eq!(refused(answer), (Code::PermissionDenied, "GE-004".into()));
        let answer = client.get_head(GetHeadRequest {}).await;
        assert_eq!(refused(answer), (Code::PermissionDenied, "GE-004".into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_view_says_how_far_it_is() {
    let house = House::with_units().await;
    house.unit(STATION, 4).await;
    let mut client = ProjectionsServiceClient::new(house.caller(&["officer"]));
    let listed = client.list_projections(ListProjectionsRequest {}).await.expect("a list").into_inner();
    let rows: Vec<_> = listed.projections.iter().map(|row| row.projection.as_str()).collect();
    let of_hq = ["directory", "campaigns", "schemes", "accountability", "registers", "timers"];
    assert_eq!(rows, [&of_hq as &[_], &["known-cases"]].concat());
    let sources: Vec<_> = listed.projections.iter().map(|row| row.source.as_str()).collect();
    assert_eq!(sources, [[xiaoan_hq::SOURCE; 6].as_slice(), &["cases"]].concat());
    assert_eq!(listed.projections[0].position, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_replica_shows_what_the_first_has_recorded() {
    let house = House::with_units().await;
    let other = house.replica().await;
    assert_eq!(other.unit(STATION, 4).await, house.unit(STATION, 4).await);
    let receipt =
        other.register("371103010000", xiaoan_proto::core::v1::OrgKind::Station, "371103000000").await;
    let there = other.unit("371103010000", receipt.position).await;
    assert_eq!(house.unit("371103010000", receipt.position).await, there);
    other.stop().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuilt_view_is_what_it_was() {
    let house = House::with_units().await;
    let before = house.unit(STATION, 4).await;
    let mut client = ProjectionsServiceClient::new(house.caller(&["hq"]));
    for projection in ["directory", "campaigns", "schemes"] {
        let request = RebuildProjectionRequest { projection: projection.into() };
        let mut progress = client.rebuild_projection(request).await.expect("a rebuild").into_inner();
        let mut last = None;
        while let Some(step) = progress.message().await.expect("progress") {
            last = Some(step);
        }
        let last = last.expect("an end");
        assert!(last.done && last.events == 4, "{last:?}");
        assert_eq!(last.digest, last.replaced_digest);
    }
    assert_eq!(house.unit(STATION, 4).await, before);
    let mut auditor = ProjectionsServiceClient::new(house.caller(&["auditor"]));
    let request = RebuildProjectionRequest { projection: "directory".into() };
    assert_eq!(refused(auditor.rebuild_projection(request).await), (Code::PermissionDenied, "GE-004".into()));
}
