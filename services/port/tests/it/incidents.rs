//! Incidents over the wire: from the report to the closing, who may, lists and history.

use crate::world::*;
use tonic::Code;
use xiaoan_proto::core::v1::PersonInput;
use xiaoan_proto::port::v1::*;

/// Drives an incident from the classification to the closing; position of the last event.
pub async fn close(caller: &Caller, incident_id: &str) -> i64 {
    let (mut c, incident_id) = (caller.incidents(), incident_id.to_owned());
    let id_of = || incident_id.clone();
    let kind = IncidentKind::Congestion.into();
    let classify =
        ClassifyIncidentRequest { request_id: id(), incident_id: id_of(), kind, ..Default::default() };
    c.classify_incident(classify).await.expect("classified");
    let dispatch = DispatchIncidentRequest {
        request_id: id(),
        incident_id: id_of(),
        crews: vec!["patrol-1".into(), "patrol-2".into()],
        dispatched_at: june_7(2),
        ..Default::default()
    };
    c.dispatch_incident(dispatch).await.expect("dispatched");
    let arrive = ArriveAtIncidentRequest {
        request_id: id(),
        incident_id: id_of(),
        crew: "patrol-1".into(),
        arrived_at: june_7(9),
        ..Default::default()
    };
    c.arrive_at_incident(arrive).await.expect("arrived");
    let control = ControlIncidentRequest {
        request_id: id(),
        incident_id: id_of(),
        controlled_at: june_7(20),
        ..Default::default()
    };
    c.control_incident(control).await.expect("controlled");
    let restore = RestoreIncidentRequest {
        request_id: id(),
        incident_id: id_of(),
        restored_at: june_7(50),
        ..Default::default()
    };
    c.restore_incident(restore).await.expect("restored");
    let request = CloseIncidentRequest {
        request_id: id(),
        incident_id: id_of(),
        closed_at: june_7(60),
        ..Default::default()
    };
    position(c.close_incident(request).await.expect("closed").into_inner().receipt.as_ref())
}

#[tokio::test]
async fn an_incident_goes_from_report_to_closing_and_its_crews_are_free_again() {
    let world = World::start().await;
    let officer = world.officer();
    let reporter =
        PersonInput { name: "测试甲".into(), phone: "13900000000".into(), ..Default::default() };
    let report = ReportIncidentRequest { reporter: Some(reporter), ..congestion("") };
    let reported = officer.report(report.clone()).await.expect("reported");
    let again = officer.report(report).await.expect("the same answer");
    assert_eq!(again.incident_id, reported.incident_id);
    assert!(again.receipt.expect("a receipt").replayed);

    let closed = close(&officer, &reported.incident_id).await;
    let incident = officer.incident(&reported.incident_id, closed).await;
    assert_eq!((incident.state(), incident.etag.as_str()), (IncidentState::Closed, "7"));
    assert!(incident.crews.is_empty());

    let history = GetIncidentHistoryRequest {
        incident_id: reported.incident_id.clone(),
        page_size: 5,
        ..Default::default()
    };
    let first = officer.incidents().get_incident_history(history.clone()).await.expect("a page").into_inner();
    assert_eq!(first.entries.len(), 5);
    assert!(first.entries[0].r#type.ends_with("IncidentReported"));
    assert!(!first.entries[0].event_json.contains("测试甲"), "{}", first.entries[0].event_json);
    let rest = GetIncidentHistoryRequest { page_token: first.next_page_token, ..history };
    let rest = officer.incidents().get_incident_history(rest).await.expect("a page").into_inner();
    assert_eq!(rest.entries.iter().map(|e| e.version).collect::<Vec<_>>(), [6, 7]);
    assert_eq!(rest.next_page_token, "");
}

#[tokio::test]
async fn a_unit_writes_for_itself_and_those_below_and_nobody_else() {
    let world = World::start().await;
    let neighbour = world.caller("officer-2", NEIGHBOUR, &["officer"]);
    assert_eq!(refused(neighbour.report(congestion("i-1")).await), no(Code::PermissionDenied, "GE-004"));
    world.chief().report(congestion("i-1")).await.expect("the bureau writes for its station");
    let classify = ClassifyIncidentRequest {
        request_id: id(),
        incident_id: "i-1".into(),
        kind: IncidentKind::Fire.into(),
        ..Default::default()
    };
    for (subject, unit, role) in
        [("officer-2", NEIGHBOUR, "officer"), ("guard-1", STATION, "guard"), ("sys", STATION, "port-system")]
    {
        let caller = world.caller(subject, unit, &[role]);
        let answer = caller.incidents().classify_incident(classify.clone()).await;
        assert_eq!(refused(answer), no(Code::PermissionDenied, "GE-004"), "{role}");
    }
    let unknown = ClassifyIncidentRequest { incident_id: "i-9".into(), ..classify };
    let answer = world.officer().incidents().classify_incident(unknown).await;
    assert_eq!(refused(answer), no(Code::NotFound, "INCIDENT-UNKNOWN"));
}

#[tokio::test]
async fn wrong_fields_states_and_versions_are_refused_with_their_code() {
    let world = World::start().await;
    let officer = world.officer();
    let reporter = Some(PersonInput { name: "测试甲".into(), ..Default::default() });
    for bad in [
        ReportIncidentRequest { kind: 17, org_unit: "999999999999".into(), ..congestion("i-1") },
        ReportIncidentRequest { reporter: reporter.clone(), ..congestion("no id") },
        ReportIncidentRequest { reporter, ..congestion("port-1--R-1") },
    ] {
        let (code, _) = refused(officer.report(bad).await);
        assert_eq!(code, Code::InvalidArgument);
    }
    let keys: i64 = sqlx::query_scalar("SELECT count(*) FROM person_keys")
        .fetch_one(&world.db.pool())
        .await
        .expect("a count");
    assert_eq!(keys, 0, "a refused command leaves no key behind");
    officer.report(congestion("i-1")).await.expect("reported");
    assert_eq!(
        refused(officer.report(congestion("i-1")).await),
        no(Code::FailedPrecondition, "INCIDENT-EXISTS")
    );
    let request = CloseIncidentRequest {
        request_id: id(),
        incident_id: "i-1".into(),
        closed_at: june_7(60),
        ..Default::default()
    };
    let answer = officer.incidents().close_incident(request.clone()).await;
    assert_eq!(refused(answer), no(Code::FailedPrecondition, "INCIDENT-STATE"));
    let stale = CloseIncidentRequest { etag: "7".into(), request_id: id(), ..request };
    assert_eq!(refused(officer.incidents().close_incident(stale).await), no(Code::Aborted, "GE-001"));
}

#[tokio::test]
async fn a_duplicate_leaves_the_count_with_its_original_named() {
    let world = World::start().await;
    let officer = world.officer();
    for incident_id in ["i-1", "i-2"] {
        officer.report(congestion(incident_id)).await.expect("reported");
    }
    let withdraw = |of: &str| WithdrawIncidentRequest {
        request_id: id(),
        incident_id: "i-2".into(),
        reason: "重复".into(),
        duplicate_of: of.into(),
        ..Default::default()
    };
    for (of, code, reason) in [
        ("i-9", Code::FailedPrecondition, "INCIDENT-ORIGINAL-UNKNOWN"),
        ("i-2", Code::InvalidArgument, "INCIDENT-OWN-DUPLICATE"),
    ] {
        assert_eq!(refused(officer.incidents().withdraw_incident(withdraw(of)).await), no(code, reason));
    }
    let answer =
        officer.incidents().withdraw_incident(withdraw("i-1")).await.expect("withdrawn").into_inner();
    let incident = officer.incident("i-2", position(answer.receipt.as_ref())).await;
    assert_eq!((incident.state(), incident.duplicate_of.as_str()), (IncidentState::Withdrawn, "i-1"));
}

#[tokio::test]
async fn lists_are_paged_newest_first_and_filtered_by_unit_kind_state_and_day() {
    let world = World::start().await;
    let officer = world.officer();
    let mut last = 0;
    for n in 0..5 {
        let kind = if n < 3 { IncidentKind::Congestion } else { IncidentKind::Fire };
        let request = ReportIncidentRequest {
            kind: kind.into(),
            reported_at: june_7(n * 60),
            ..congestion(&format!("i-{n}"))
        };
        last = position(officer.report(request).await.expect("reported").receipt.as_ref());
    }
    let list = ListIncidentsRequest { page_size: 2, at_least: last, ..Default::default() };
    let mut found = Vec::new();
    let mut request = list.clone();
    loop {
        let page = officer.incidents().list_incidents(request.clone()).await.expect("a page").into_inner();
        found.extend(page.incidents.into_iter().map(|i| i.incident_id));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(found, ["i-4", "i-3", "i-2", "i-1", "i-0"]);

    let count = async |request: ListIncidentsRequest| {
        let request = ListIncidentsRequest { page_size: 100, ..request };
        officer.incidents().list_incidents(request).await.expect("a page").into_inner().incidents.len()
    };
    assert_eq!(count(ListIncidentsRequest { kind: IncidentKind::Fire.into(), ..list.clone() }).await, 2);
    assert_eq!(count(ListIncidentsRequest { state: IncidentState::Closed.into(), ..list.clone() }).await, 0);
    assert_eq!(count(ListIncidentsRequest { from: june(8), ..list.clone() }).await, 0);
    assert_eq!(count(ListIncidentsRequest { from: june(7), to: june(7), ..list.clone() }).await, 5);

    let other_filter = ListIncidentsRequest { kind: 1, page_token: request.page_token, ..list.clone() };
    assert_eq!(
        refused(officer.incidents().list_incidents(other_filter).await),
        no(Code::InvalidArgument, "GE-006")
    );
    let elsewhere = ListIncidentsRequest { org_unit: BUREAU.into(), ..list };
    assert_eq!(
        refused(officer.incidents().list_incidents(elsewhere).await),
        no(Code::PermissionDenied, "GE-004")
    );
}
