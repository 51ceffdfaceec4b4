//! Alerts: received, disposed of, duplicates, lists.

use crate::world::*;
use time::Duration;
use time::macros::datetime;
use tonic::Code;
use xiaoan_proto::cases::v1;
use xiaoan_proto::cases::v1::{AlertDisposition, AlertState};
use xiaoan_proto::timestamp;

fn alert(alert_id: &str, minutes: i64) -> v1::ReceiveAlertRequest {
    v1::ReceiveAlertRequest {
        request_id: id(),
        alert_id: alert_id.into(),
        org_unit: STATION.into(),
        received_at: Some(timestamp(datetime!(2026-06-07 0:30 +8) + Duration::minutes(minutes))),
        kind: "theft".into(),
        place: "示例小区".into(),
        ..Default::default()
    }
}

async fn receive(caller: &Caller, request: v1::ReceiveAlertRequest) -> v1::ReceiveAlertResponse {
    caller.alerts().receive_alert(request).await.expect("an alert").into_inner()
}

#[tokio::test]
async fn an_alert_becomes_a_case() {
    let world = World::start().await;
    let officer = world.officer();
    let answer = receive(&officer, alert("", 0)).await;
    let name = answer.receipt.unwrap().name;
    let alert_id = name.strip_prefix("alerts/").unwrap().to_owned();
    let dispose = |case_no: String| v1::DisposeAlertRequest {
        request_id: id(),
        alert_id: alert_id.clone(),
        disposition: AlertDisposition::FiledAsCase.into(),
        case_no,
        ..Default::default()
    };
    let refusal = refused(officer.alerts().dispose_alert(dispose(number(1))).await);
    assert_eq!(refusal, no(Code::FailedPrecondition, "ALERT-CASE-UNKNOWN"));
    officer.file(v1::FileCaseRequest { alert_id: alert_id.clone(), ..burglary(&number(1)) }).await.unwrap();
    let disposed = officer.alerts().dispose_alert(dispose(number(1))).await.unwrap().into_inner();
    let get = v1::GetAlertRequest { alert_id, at_least: position(disposed.receipt.as_ref()) };
    let seen = officer.alerts().get_alert(get).await.unwrap().into_inner().alert.unwrap();
    assert_eq!(
        (seen.state(), seen.case_no.as_str(), seen.etag.as_str()),
        (AlertState::Disposed, number(1).as_str(), "2")
    );
}

#[tokio::test]
async fn a_second_alert_from_the_same_place_is_remarked_and_can_be_marked() {
    let world = World::start().await;
    let officer = world.officer();
    let first = receive(&officer, alert("110-1", 0)).await;
    assert!(first.findings.is_empty());
    let seen = v1::GetAlertRequest { alert_id: "110-1".into(), at_least: position(first.receipt.as_ref()) };
    officer.alerts().get_alert(seen).await.unwrap();
    let second = receive(&officer, alert("110-2", 9)).await;
    assert_eq!(second.findings[0].code, "CB-015");
    assert!(receive(&officer, alert("110-3", 30)).await.findings.is_empty(), "half an hour later");
    let mark = |alert_id: &str, of: &str| v1::MarkAlertDuplicateRequest {
        request_id: id(),
        alert_id: alert_id.into(),
        duplicate_of: of.into(),
        ..Default::default()
    };
    let marked = officer.alerts().mark_alert_duplicate(mark("110-2", "110-1")).await.unwrap().into_inner();
    let get = v1::GetAlertRequest { alert_id: "110-2".into(), at_least: position(marked.receipt.as_ref()) };
    let seen = officer.alerts().get_alert(get).await.unwrap().into_inner().alert.unwrap();
    assert_eq!((seen.state(), seen.duplicate_of.as_str()), (AlertState::Duplicate, "110-1"));
    for (alert_id, of, reason) in [
        ("110-2", "110-1", "ALERT-DUPLICATE"),
        ("110-3", "110-2", "ALERT-ORIGINAL-UNKNOWN"),
        ("110-3", "110-9", "ALERT-ORIGINAL-UNKNOWN"),
        ("110-9", "110-1", "ALERT-UNKNOWN"),
    ] {
        assert_eq!(refused(officer.alerts().mark_alert_duplicate(mark(alert_id, of)).await).1, reason);
    }
}

#[tokio::test]
async fn the_same_alert_again_is_the_same_alert() {
    let world = World::start().await;
    let officer = world.officer();
    let request = alert("", 0);
    let first = receive(&officer, request.clone()).await.receipt.unwrap();
    let again = receive(&officer, request.clone()).await.receipt.unwrap();
    assert!(again.replayed);
    assert_eq!(first.name, again.name);
    let other = v1::ReceiveAlertRequest { kind: "dispute".into(), ..request };
    assert_eq!(refused(officer.alerts().receive_alert(other).await), no(Code::AlreadyExists, "GE-002"));
    let exists = alert(first.name.strip_prefix("alerts/").unwrap(), 0);
    assert_eq!(
        refused(officer.alerts().receive_alert(exists).await),
        no(Code::FailedPrecondition, "ALERT-EXISTS")
    );
}

#[tokio::test]
async fn alerts_are_listed_newest_first_by_the_citys_days_and_page_by_page() {
    let world = World::start().await;
    let officer = world.officer();
    let mut last = 0;
    for n in 0..7 {
        last = position(receive(&officer, alert(&format!("110-{n}"), n * 360)).await.receipt.as_ref());
    }
    let mut request = v1::ListAlertsRequest { page_size: 3, at_least: last, ..Default::default() };
    let mut listed = Vec::new();
    loop {
        let page = officer.alerts().list_alerts(request.clone()).await.unwrap().into_inner();
        assert!(page.alerts.len() <= 3);
        listed.extend(page.alerts.into_iter().map(|a| a.alert_id));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(listed, (0..7).rev().map(|n| format!("110-{n}")).collect::<Vec<_>>());
    // 00:30, 06:30, 12:30 and 18:30 of the seventh
    let day = v1::ListAlertsRequest { from: june(7), to: june(7), ..Default::default() };
    assert_eq!(officer.alerts().list_alerts(day).await.unwrap().into_inner().alerts.len(), 4);
    let neighbour = world.caller("x", NEIGHBOUR, &["officer"]);
    let theirs = neighbour.alerts().list_alerts(v1::ListAlertsRequest::default()).await.unwrap().into_inner();
    assert!(theirs.alerts.is_empty());
}

#[tokio::test]
async fn two_alerts_never_become_duplicates_of_each_other() {
    let world = World::start().await;
    let officer = world.officer();
    for round in 0..10 {
        let ids = [format!("110-{round}-a"), format!("110-{round}-b")];
        for alert_id in &ids {
            receive(&officer, alert(alert_id, 0)).await;
        }
        let mark = |alert_id: &str, of: &str| {
            let mut alerts = officer.alerts();
            let request = v1::MarkAlertDuplicateRequest {
                request_id: id(),
                alert_id: alert_id.into(),
                duplicate_of: of.into(),
                ..Default::default()
            };
            async move { alerts.mark_alert_duplicate(request).await }
        };
        let (one, other) = futures::join!(mark(&ids[0], &ids[1]), mark(&ids[1], &ids[0]));
        assert_ne!(one.is_ok(), other.is_ok(), "{one:?} {other:?}");
    }
}
