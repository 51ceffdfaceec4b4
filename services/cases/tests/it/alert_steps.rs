//! The steps of an alert over gRPC: who may take which, in which order, and what a second dispatch does.

use crate::world::*;
use time::Duration;
use time::macros::datetime;
use tonic::{Code, Status};
use xiaoan_proto::cases::v1;
use xiaoan_proto::cases::v1::{AlertResult, AlertState};
use xiaoan_proto::timestamp;

const RECEIVED: time::OffsetDateTime = datetime!(2026-10-01 8:00 +8);

fn at(minutes: i64) -> Option<prost_types::Timestamp> {
    Some(timestamp(RECEIVED + Duration::minutes(minutes)))
}

fn alert_id() -> String {
    "110-1".into()
}

/// An alert of the bureau's desk, which sends its stations.
async fn received(world: &World) {
    let request = v1::ReceiveAlertRequest {
        request_id: id(),
        alert_id: alert_id(),
        org_unit: BUREAU.into(),
        received_at: at(0),
        kind: "theft".into(),
        place: "示例小区".into(),
        ..Default::default()
    };
    world.chief().alerts().receive_alert(request).await.expect("an alert");
}

async fn dispatch(caller: &Caller, to: &str, minutes: i64) -> Result<i64, Status> {
    let request = v1::DispatchAlertRequest {
        request_id: id(),
        alert_id: alert_id(),
        to_org_unit: to.into(),
        at: at(minutes),
        ..Default::default()
    };
    let answer = caller.alerts().dispatch_alert(request).await?.into_inner();
    Ok(position(answer.receipt.as_ref()))
}

async fn acknowledge(caller: &Caller, minutes: i64) -> Result<i64, Status> {
    let request = v1::AcknowledgeDispatchRequest {
        request_id: id(),
        alert_id: alert_id(),
        at: at(minutes),
        ..Default::default()
    };
    let answer = caller.alerts().acknowledge_dispatch(request).await?.into_inner();
    Ok(position(answer.receipt.as_ref()))
}

async fn set_out(caller: &Caller, minutes: i64) -> Result<i64, Status> {
    let request =
        v1::SetOutRequest { request_id: id(), alert_id: alert_id(), at: at(minutes), ..Default::default() };
    let answer = caller.alerts().set_out(request).await?.into_inner();
    Ok(position(answer.receipt.as_ref()))
}

async fn arrive(caller: &Caller, minutes: i64) -> Result<i64, Status> {
    let request =
        v1::ArriveRequest { request_id: id(), alert_id: alert_id(), at: at(minutes), ..Default::default() };
    let answer = caller.alerts().arrive(request).await?.into_inner();
    Ok(position(answer.receipt.as_ref()))
}

async fn resolve(caller: &Caller, result: AlertResult, minutes: i64) -> Result<i64, Status> {
    let request = v1::ResolveAlertRequest {
        request_id: id(),
        alert_id: alert_id(),
        result: result.into(),
        at: at(minutes),
        ..Default::default()
    };
    let answer = caller.alerts().resolve_alert(request).await?.into_inner();
    Ok(position(answer.receipt.as_ref()))
}

async fn seen(caller: &Caller, at_least: i64) -> v1::Alert {
    let get = v1::GetAlertRequest { alert_id: alert_id(), at_least };
    caller.alerts().get_alert(get).await.expect("an alert").into_inner().alert.expect("an alert")
}

#[tokio::test]
async fn the_unit_that_is_sent_takes_every_step_until_the_result() {
    let world = World::start().await;
    received(&world).await;
    let (chief, station) = (world.chief(), world.officer());
    let seen_after = |position: i64| seen(&chief, position);
    let sent = dispatch(&chief, STATION, 1).await.expect("sent");
    assert_eq!(seen_after(sent).await.state(), AlertState::Dispatched);
    let heard = acknowledge(&station, 2).await.expect("heard");
    assert_eq!(seen_after(heard).await.state(), AlertState::Acknowledged);
    let out = set_out(&station, 3).await.expect("out");
    assert_eq!(seen_after(out).await.state(), AlertState::EnRoute);
    let there = arrive(&station, 9).await.expect("there");
    assert_eq!(seen_after(there).await.state(), AlertState::OnScene);
    let done = resolve(&station, AlertResult::CrimeSuspected, 30).await.expect("resolved");
    let alert = seen_after(done).await;
    assert_eq!((alert.state(), alert.result()), (AlertState::Resolved, AlertResult::CrimeSuspected));
    assert_eq!(alert.register_by, Some(timestamp(RECEIVED + Duration::minutes(30) + Duration::DAY)));
    assert_eq!(
        [alert.dispatched_at, alert.acknowledged_at, alert.set_out_at, alert.arrived_at, alert.resolved_at],
        [at(1), at(2), at(3), at(9), at(30)]
    );
}

#[tokio::test]
async fn a_step_is_neither_left_out_nor_taken_twice_nor_before_the_one_before() {
    let world = World::start().await;
    received(&world).await;
    let (chief, station) = (world.chief(), world.officer());
    dispatch(&chief, STATION, 1).await.expect("sent");
    let step = no(Code::FailedPrecondition, "ALERT-STEP");
    assert_eq!(refused(set_out(&station, 3).await), step);
    assert_eq!(refused(arrive(&station, 9).await), step);
    assert_eq!(refused(resolve(&station, AlertResult::Helped, 9).await), step, "a unit is on its way");
    assert_eq!(refused(acknowledge(&station, 0).await), no(Code::InvalidArgument, "CB-005"));
    acknowledge(&station, 2).await.expect("heard");
    assert_eq!(refused(acknowledge(&station, 2).await), step);
    assert_eq!(refused(set_out(&station, 60 * 24).await), no(Code::InvalidArgument, "CB-003"));
}

#[tokio::test]
async fn only_the_desk_that_received_it_sends_and_only_the_unit_that_is_sent_or_one_above_it_goes_on() {
    let world = World::start().await;
    received(&world).await;
    let (chief, station) = (world.chief(), world.officer());
    let neighbour = world.caller("officer-2", NEIGHBOUR, &["officer"]);
    let elsewhere = world.caller("officer-3", ELSEWHERE, &["officer"]);
    let denied = no(Code::PermissionDenied, "GE-004");
    assert_eq!(refused(dispatch(&station, STATION, 1).await), denied, "the alert is the bureau's");
    assert_eq!(refused(dispatch(&elsewhere, ELSEWHERE, 1).await), denied);
    assert_eq!(refused(dispatch(&chief, "999999999999", 1).await), no(Code::InvalidArgument, "CB-001"));
    dispatch(&chief, STATION, 1).await.expect("sent");
    assert_eq!(refused(acknowledge(&neighbour, 2).await), denied);
    assert_eq!(refused(acknowledge(&elsewhere, 2).await), denied);
    acknowledge(&station, 2).await.expect("heard");
    set_out(&chief, 3).await.expect("the bureau writes for its station");
}

#[tokio::test]
async fn another_unit_that_is_sent_instead_begins_anew_and_the_first_has_no_part_in_it_any_more() {
    let world = World::start().await;
    received(&world).await;
    let (chief, station) = (world.chief(), world.officer());
    let neighbour = world.caller("officer-2", NEIGHBOUR, &["officer"]);
    dispatch(&chief, STATION, 1).await.expect("sent");
    acknowledge(&station, 2).await.expect("heard");
    set_out(&station, 3).await.expect("out");
    let again = dispatch(&chief, NEIGHBOUR, 5).await.expect("sent instead");
    let alert = seen(&chief, again).await;
    assert_eq!((alert.state(), alert.dispatched_to.as_str()), (AlertState::Dispatched, NEIGHBOUR));
    assert_eq!((alert.dispatched_at, alert.acknowledged_at, alert.set_out_at), (at(5), None, None));
    assert_eq!(refused(arrive(&station, 6).await), no(Code::PermissionDenied, "GE-004"));
    acknowledge(&neighbour, 6).await.expect("heard");
    set_out(&neighbour, 7).await.expect("out");
    arrive(&neighbour, 12).await.expect("there");
    let late = dispatch(&chief, STATION, 13).await;
    assert_eq!(refused(late), no(Code::FailedPrecondition, "ALERT-STEP"), "somebody is there");
    let done = resolve(&neighbour, AlertResult::Mediated, 20).await.expect("resolved");
    assert_eq!(seen(&chief, done).await.register_by, None, "nothing to register");
}
