//! Audits of recording integrity over the wire.

use crate::world::*;
use time::Duration;
use time::macros::datetime;
use tonic::Code;
use xiaoan_proto::cases::v1;
use xiaoan_proto::cases::v1::audit_service_client::AuditServiceClient;
use xiaoan_proto::cases::v1::{AlertDisposition, AuditVerdict, IntegrityBand};
use xiaoan_proto::projections::v1::RebuildProjectionRequest;
use xiaoan_proto::timestamp;
use xiaoan_rpc::client::AuthenticatedChannel;

fn audits(caller: &Caller) -> AuditServiceClient<AuthenticatedChannel> {
    AuditServiceClient::new(caller.channel.clone())
}

/// Alerts 0..n of the station in June; every second one is filed as case 1.
async fn alerts(officer: &Caller, n: usize) {
    officer.file(burglary(&number(1))).await.expect("a case");
    for n in 0..n {
        let alert_id = format!("110-{n}");
        let minutes = i64::try_from(n).expect("small") * 30;
        let receive = v1::ReceiveAlertRequest {
            request_id: id(),
            alert_id: alert_id.clone(),
            org_unit: STATION.into(),
            received_at: Some(timestamp(datetime!(2026-06-07 0:30 +8) + Duration::minutes(minutes))),
            kind: if n < 10 { "theft" } else { "traffic" }.into(),
            ..Default::default()
        };
        officer.alerts().receive_alert(receive).await.expect("an alert");
        let filed = n % 2 == 0;
        let dispose = v1::DisposeAlertRequest {
            request_id: id(),
            alert_id,
            disposition: if filed { AlertDisposition::FiledAsCase } else { AlertDisposition::NoCrime }.into(),
            case_no: if filed { number(1) } else { String::new() },
            no_case_reason: if filed { "" } else { "系本人遗忘" }.into(),
            ..Default::default()
        };
        officer.alerts().dispose_alert(dispose).await.expect("disposed of");
    }
}

fn draw(audit_id: &str, size: i32) -> v1::DrawAuditSampleRequest {
    v1::DrawAuditSampleRequest {
        request_id: id(),
        audit_id: audit_id.into(),
        org_unit: BUREAU.into(),
        from: june(1),
        to: june(30),
        kinds: vec!["theft".into()],
        size,
        seed: "2026年第二期".into(),
        ..Default::default()
    }
}

async fn seen(caller: &Caller, audit_id: &str, at_least: i64) -> v1::Audit {
    let request = v1::GetAuditRequest { audit_id: audit_id.into(), at_least };
    audits(caller).get_audit(request).await.expect("an audit").into_inner().audit.expect("an audit")
}

fn verdict(audit_id: &str, alert_id: &str) -> v1::RecordAuditVerdictRequest {
    v1::RecordAuditVerdictRequest {
        request_id: id(),
        audit_id: audit_id.into(),
        alert_id: alert_id.into(),
        verdict: AuditVerdict::ShouldBeRecorded.into(),
        reason: "接警记录显示财物被盗".into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_sample_is_drawn_by_lot_decided_by_the_city_and_told_with_its_interval() {
    let world = World::start().await;
    let officer = world.officer();
    alerts(&officer, 14).await;
    let registrar = world.caller("registrar-9", CITY, &["registrar"]);
    let request = draw("a-1", 10);
    let drawn = audits(&registrar).draw_audit_sample(request.clone()).await.expect("drawn").into_inner();
    let again = audits(&registrar).draw_audit_sample(request).await.expect("drawn").into_inner();
    assert!(again.receipt.unwrap().replayed, "a second draw with the same id is the first");
    let audit = seen(&registrar, "a-1", position(drawn.receipt.as_ref())).await;
    assert_eq!((audit.frame_size, audit.alerts.len()), (10, 10), "traffic alerts are of another stratum");
    assert_eq!(
        refused(audits(&officer).record_audit_verdict(verdict("a-1", "110-0")).await),
        no(Code::PermissionDenied, "GE-004")
    );
    assert_eq!(
        refused(audits(&world.registrar()).record_audit_verdict(verdict("a-1", "110-0")).await),
        no(Code::PermissionDenied, "GE-004"),
        "the bureau's own registrar is none of the auditing unit"
    );
    let mut last = 0;
    for audited in &audit.alerts {
        let alert_id = &audited.alert.as_ref().unwrap().alert_id;
        let recorded = audits(&registrar).record_audit_verdict(verdict("a-1", alert_id)).await;
        last = position(recorded.expect("recorded").into_inner().receipt.as_ref());
    }
    let audit = seen(&registrar, "a-1", last).await;
    let result = audit.result.expect("a result");
    assert!(audit.complete);
    assert_eq!((result.should, result.recorded, result.share), (10, 5, Some(5000)));
    assert_eq!((result.low, result.high, result.band()), (2366, 7634, IntegrityBand::Poor));
    let get = v1::GetAlertRequest { alert_id: "110-3".into(), at_least: last };
    let alert = officer.alerts().get_alert(get).await.unwrap().into_inner().alert.unwrap();
    assert_eq!(alert.audit_ids, ["a-1"]);
    assert_eq!(
        refused(audits(&registrar).record_audit_verdict(verdict("a-1", "110-0")).await),
        no(Code::FailedPrecondition, "AUDIT-DECIDED")
    );
    let list = v1::ListAuditsRequest { at_least: last, ..Default::default() };
    let listed = audits(&world.registrar()).list_audits(list).await.expect("a list").into_inner().audits;
    assert_eq!(listed.len(), 1, "the audited bureau sees that it was audited");
}

#[tokio::test]
async fn a_sample_comes_out_the_same_from_the_log_whatever_happened_since() {
    let world = World::start().await;
    let officer = world.officer();
    alerts(&officer, 10).await;
    let registrar = world.caller("registrar-9", CITY, &["registrar"]);
    audits(&registrar).draw_audit_sample(draw("a-1", 4)).await.expect("drawn");
    // One more alert in the window, and one set aside: neither was known when the lot was drawn.
    let later = v1::ReceiveAlertRequest {
        request_id: id(),
        alert_id: "110-99".into(),
        org_unit: STATION.into(),
        received_at: Some(timestamp(datetime!(2026-06-08 0:30 +8))),
        kind: "theft".into(),
        ..Default::default()
    };
    officer.alerts().receive_alert(later).await.expect("an alert");
    let aside = v1::OverrideDispositionRequest {
        request_id: id(),
        alert_id: "110-1".into(),
        reason: "应当受案".into(),
        ..Default::default()
    };
    world.registrar().alerts().override_disposition(aside).await.expect("set aside");
    let verify = v1::VerifyAuditSampleRequest { audit_id: "a-1".into() };
    let verified = audits(&registrar).verify_audit_sample(verify).await.expect("verified").into_inner();
    assert!(verified.same);
    assert_eq!((verified.frame_size, verified.alert_ids.len()), (10, 4));
    let again = audits(&registrar).draw_audit_sample(draw("a-2", 4)).await.expect("drawn").into_inner();
    let second = seen(&registrar, "a-2", position(again.receipt.as_ref())).await;
    assert_eq!(second.frame_size, 7, "eleven by now, without the four that the first audit holds");
    assert_ne!(second.frame_hash, verified.frame_hash);
}

/// An alert that is registered as a report, which is then decided.
async fn reported(world: &World, alert_id: &str, outcome: v1::ReportOutcome) {
    let (officer, chief) = (world.officer(), world.chief());
    let received_at = Some(timestamp(datetime!(2026-06-07 3:00 +8)));
    let receive = v1::ReceiveAlertRequest {
        request_id: id(),
        alert_id: alert_id.into(),
        org_unit: STATION.into(),
        received_at,
        kind: "theft".into(),
        ..Default::default()
    };
    officer.alerts().receive_alert(receive).await.expect("an alert");
    let register = v1::RegisterReportRequest {
        request_id: id(),
        report_id: format!("r-{alert_id}"),
        org_unit: STATION.into(),
        track: v1::ReportTrack::Criminal.into(),
        reported_at: received_at,
        registered_at: received_at,
        summary: "盗窃".into(),
        receipt_no: "回执".into(),
        alert_id: alert_id.into(),
        ..Default::default()
    };
    let mut reports = v1::report_service_client::ReportServiceClient::new(officer.channel.clone());
    reports.register_report(register).await.expect("a report");
    let decide = v1::DecideReportRequest {
        request_id: id(),
        report_id: format!("r-{alert_id}"),
        outcome: outcome.into(),
        reason: "r".into(),
        ..Default::default()
    };
    let mut reports = v1::report_service_client::ReportServiceClient::new(chief.channel.clone());
    reports.decide_report(decide).await.expect("decided");
}

#[tokio::test]
async fn a_report_that_was_registered_and_not_filed_is_no_recording_and_the_auditor_does_not_see_it_before() {
    let world = World::start().await;
    reported(&world, "110-1", v1::ReportOutcome::NotFile).await;
    reported(&world, "110-2", v1::ReportOutcome::File).await;
    let officer = world.officer();
    let file = v1::FileCaseRequest { report_id: "r-110-2".into(), ..burglary("") };
    officer.file(file).await.expect("a case");
    let registrar = world.caller("registrar-9", CITY, &["registrar"]);
    let drawn = audits(&registrar).draw_audit_sample(draw("a-1", 2)).await.expect("drawn").into_inner();
    let audit = seen(&registrar, "a-1", position(drawn.receipt.as_ref())).await;
    assert!(audit.alerts.iter().all(|a| !a.alert.as_ref().unwrap().recorded), "blind");
    assert_eq!((audit.alerts.len(), audit.result), (2, None));
    let mut last = 0;
    for alert_id in ["110-1", "110-2"] {
        let recorded = audits(&registrar).record_audit_verdict(verdict("a-1", alert_id)).await;
        last = position(recorded.expect("recorded").into_inner().receipt.as_ref());
    }
    let result = seen(&registrar, "a-1", last).await.result.expect("a result");
    assert_eq!((result.should, result.recorded), (2, 1));
    let verify = v1::VerifyAuditSampleRequest { audit_id: "a-1".into() };
    assert!(audits(&registrar).verify_audit_sample(verify).await.expect("verified").into_inner().same);
}

#[tokio::test]
async fn two_audits_at_once_never_draw_the_same_alert() {
    let world = World::start().await;
    alerts(&world.officer(), 6).await;
    let registrar = world.caller("registrar-9", CITY, &["registrar"]);
    let (mut one, mut other) = (audits(&registrar), audits(&registrar));
    let drawn =
        futures::join!(one.draw_audit_sample(draw("a-1", 3)), other.draw_audit_sample(draw("a-2", 3)));
    drawn.0.expect("drawn");
    let at_least = world.store().head().await.expect("a head").position;
    drawn.1.expect("drawn");
    let mut ids = Vec::new();
    for audit_id in ["a-1", "a-2"] {
        let audit = seen(&registrar, audit_id, at_least).await;
        ids.extend(audit.alerts.into_iter().filter_map(|a| a.alert).map(|alert| alert.alert_id));
        let verify = v1::VerifyAuditSampleRequest { audit_id: audit_id.into() };
        assert!(audits(&registrar).verify_audit_sample(verify).await.expect("verified").into_inner().same);
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 6);
    let none_left = audits(&registrar).draw_audit_sample(draw("a-3", 3)).await;
    assert_eq!(refused(none_left), no(Code::FailedPrecondition, "AUDIT-EMPTY"));
}

#[tokio::test]
async fn an_audit_needs_a_registrar_above_the_unit_and_alerts_of_others() {
    let world = World::start().await;
    let officer = world.officer();
    alerts(&officer, 2).await;
    let no_registrar = audits(&world.chief()).draw_audit_sample(draw("a-1", 2)).await;
    assert_eq!(refused(no_registrar).0, Code::PermissionDenied);
    let own = v1::DrawAuditSampleRequest { auditor_unit: STATION.into(), ..draw("a-1", 2) };
    assert_eq!(
        refused(audits(&world.registrar()).draw_audit_sample(own).await),
        no(Code::PermissionDenied, "GE-004")
    );
    let elsewhere = world.caller("registrar-3", ELSEWHERE, &["registrar"]);
    assert_eq!(
        refused(audits(&elsewhere).draw_audit_sample(draw("a-1", 2)).await),
        no(Code::PermissionDenied, "GE-004")
    );
    let nothing = v1::DrawAuditSampleRequest { kinds: vec!["fire".into()], ..draw("a-1", 2) };
    assert_eq!(
        refused(audits(&world.registrar()).draw_audit_sample(nothing).await),
        no(Code::FailedPrecondition, "AUDIT-EMPTY")
    );
    let unknown = v1::VerifyAuditSampleRequest { audit_id: "a-9".into() };
    assert_eq!(refused(audits(&world.registrar()).verify_audit_sample(unknown).await).0, Code::NotFound);
}

#[tokio::test]
async fn views_of_intake_are_the_same_after_a_rebuild() {
    let world = World::start().await;
    let officer = world.officer();
    alerts(&officer, 4).await;
    let registrar = world.caller("registrar-9", CITY, &["registrar"]);
    let drawn = audits(&registrar).draw_audit_sample(draw("a-1", 2)).await.expect("drawn").into_inner();
    let before = seen(&registrar, "a-1", position(drawn.receipt.as_ref())).await;
    let hq = world.caller("hq-1", CITY, &["hq"]);
    let request = RebuildProjectionRequest { projection: "views".into() };
    let mut progress = hq.projections().rebuild_projection(request).await.expect("it begins").into_inner();
    let mut done = false;
    while let Some(message) = progress.message().await.expect("it goes on") {
        done = message.done;
    }
    assert!(done);
    assert_eq!(seen(&registrar, "a-1", 0).await, before);
}
