//! Reports: from an alert to a case, what the law's deadlines do on the way, and what becomes of a decision not to file.

use crate::world::*;
use time::Duration;
use time::macros::datetime;
use tonic::Code;
use xiaoan_proto::cases::v1;
use xiaoan_proto::cases::v1::deadline_service_client::DeadlineServiceClient;
use xiaoan_proto::cases::v1::report_service_client::ReportServiceClient;
use xiaoan_proto::cases::v1::{AlertResult, AlertState, ReportOutcome, ReportState, ReportTrack};
use xiaoan_proto::core::v1::{Date, PersonInput};
use xiaoan_proto::timestamp;
use xiaoan_rpc::client::AuthenticatedChannel;
use xiaoan_testkit::wait_until;

/// Eight in the morning of the world's day.
const MORNING: time::OffsetDateTime = datetime!(2026-10-01 8:00 +8);
/// How long the timer is waited for.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

fn reports(caller: &Caller) -> ReportServiceClient<AuthenticatedChannel> {
    ReportServiceClient::new(caller.channel.clone())
}

fn report(report_id: &str) -> v1::RegisterReportRequest {
    v1::RegisterReportRequest {
        request_id: id(),
        report_id: report_id.into(),
        org_unit: STATION.into(),
        track: ReportTrack::Criminal.into(),
        reported_at: Some(timestamp(MORNING)),
        summary: "入室盗窃".into(),
        receipt_no: "回执1".into(),
        reporter: Some(PersonInput { name: "演示甲".into(), ..Default::default() }),
        ..Default::default()
    }
}

async fn register(caller: &Caller, request: v1::RegisterReportRequest) -> v1::RegisterReportResponse {
    reports(caller).register_report(request).await.expect("registered").into_inner()
}

async fn decide(caller: &Caller, report_id: &str, outcome: ReportOutcome) -> i64 {
    let request = v1::DecideReportRequest {
        request_id: id(),
        report_id: report_id.into(),
        outcome: outcome.into(),
        reason: "r".into(),
        ..Default::default()
    };
    let decided = reports(caller).decide_report(request).await.expect("decided").into_inner();
    position(decided.receipt.as_ref())
}

async fn seen(caller: &Caller, report_id: &str, at_least: i64) -> v1::Report {
    let request = v1::GetReportRequest { report_id: report_id.into(), at_least };
    reports(caller).get_report(request).await.expect("a report").into_inner().report.expect("a report")
}

async fn breaches(caller: &Caller) -> Vec<(String, String)> {
    let mut client = DeadlineServiceClient::new(caller.channel.clone());
    let listed = client.list_breaches(v1::ListBreachesRequest::default()).await.expect("a list").into_inner();
    listed.breaches.into_iter().map(|b| (b.rule_id, b.subject)).collect()
}

async fn resolved(caller: &Caller, alert_id: &str) {
    let receive = v1::ReceiveAlertRequest {
        request_id: id(),
        alert_id: alert_id.into(),
        org_unit: STATION.into(),
        received_at: Some(timestamp(MORNING)),
        kind: "theft".into(),
        ..Default::default()
    };
    caller.alerts().receive_alert(receive).await.expect("an alert");
    let resolve = v1::ResolveAlertRequest {
        request_id: id(),
        alert_id: alert_id.into(),
        result: AlertResult::CrimeSuspected.into(),
        at: Some(timestamp(MORNING + Duration::HOUR)),
        ..Default::default()
    };
    caller.alerts().resolve_alert(resolve).await.expect("resolved");
}

#[tokio::test]
async fn an_alert_becomes_a_report_and_the_report_a_case() {
    let world = World::start().await;
    let officer = world.officer();
    resolved(&officer, "110-1").await;
    let request = v1::RegisterReportRequest { alert_id: "110-1".into(), ..report("") };
    let registered = register(&officer, request.clone()).await;
    let again = register(&officer, request).await;
    assert!(again.receipt.as_ref().unwrap().replayed);
    assert_eq!(registered.report_id, again.report_id);
    let report_id = registered.report_id;
    let at_least = position(registered.receipt.as_ref());
    let get = v1::GetAlertRequest { alert_id: "110-1".into(), at_least };
    let alert = officer.alerts().get_alert(get).await.unwrap().into_inner().alert.unwrap();
    assert_eq!((alert.state(), &alert.report_id), (AlertState::Registered, &report_id));
    let second = v1::RegisterReportRequest { alert_id: "110-1".into(), ..report("r-2") };
    assert_eq!(
        refused(reports(&officer).register_report(second).await),
        no(Code::FailedPrecondition, "ALERT-REGISTERED")
    );

    let filing = |report_id: &str| v1::FileCaseRequest {
        report_id: report_id.into(),
        reported_at: Some(timestamp(MORNING)),
        filed_on: Some(Date { year: 2026, month: 10, day: 1 }),
        ..burglary("")
    };
    let early = officer.file(filing(&report_id)).await;
    assert_eq!(refused(early), no(Code::FailedPrecondition, "REPORT-NOT-APPROVED"));
    let unknown = officer.file(filing("r-9")).await;
    assert_eq!(refused(unknown), no(Code::NotFound, "REPORT-UNKNOWN"));
    decide(&world.chief(), &report_id, ReportOutcome::File).await;
    let request = filing(&report_id);
    let filed = officer.file(request.clone()).await.expect("filed");
    assert_eq!(filed.case_no, format!("A{STATION}2026100001"));
    let report = seen(&officer, &report_id, position(filed.receipt.as_ref())).await;
    assert_eq!((report.state(), &report.case_no), (ReportState::Filed, &filed.case_no));
    let replay = officer.file(request).await.expect("the same answer");
    assert_eq!((replay.case_no, replay.receipt.unwrap().replayed), (filed.case_no, true));
    let other = officer.file(filing(&report_id)).await;
    assert_eq!(refused(other), no(Code::FailedPrecondition, "REPORT-NOT-APPROVED"), "one report, one case");
    let log = world.store().read_log(1, 1000).await.unwrap();
    assert!(!log.iter().any(|e| e.payload.windows(9).any(|w| w == "演示甲".as_bytes())), "sealed");
}

#[tokio::test]
async fn an_alert_that_is_not_registered_in_24_hours_is_a_breach_and_is_registered_late() {
    let world = World::start().await;
    let officer = world.officer();
    resolved(&officer, "110-1").await;
    resolved(&officer, "110-2").await;
    register(&officer, v1::RegisterReportRequest { alert_id: "110-2".into(), ..report("r-2") }).await;
    // Resolved at nine, the world's clock says noon.
    world.pass(Duration::hours(21) - Duration::MICROSECOND);
    assert!(breaches(&officer).await.is_empty());
    world.pass(Duration::MICROSECOND);
    let breach = ("REG-24H".to_owned(), "alerts/110-1".to_owned());
    wait_until(PATIENCE, || async { breaches(&officer).await == [breach.clone()] }).await;
    register(&officer, v1::RegisterReportRequest { alert_id: "110-1".into(), ..report("r-1") }).await;
    let log = world.store().read_log(1, 1000).await.unwrap();
    let late: Vec<bool> = log
        .iter()
        .filter(|e| e.r#type.ends_with(".ReportRegistered"))
        .map(|e| <v1::ReportRegistered as prost::Message>::decode(e.payload.as_ref()).unwrap().late)
        .collect();
    assert_eq!(late, [false, true]);
    let breached: Vec<_> = log.iter().filter(|e| e.r#type.ends_with(".DeadlineBreached")).collect();
    assert_eq!(breached.len(), 1);
    assert_eq!((breached[0].actor.as_str(), breached[0].occurred_on.unwrap().day), ("timer", 2));
}

#[tokio::test]
async fn a_review_that_nobody_ends_is_a_breach_and_overdue_until_it_is_decided() {
    let world = World::start().await;
    let officer = world.officer();
    let track = ReportTrack::Administrative.into();
    register(&officer, v1::RegisterReportRequest { track, ..report("r-1") }).await;
    register(&officer, v1::RegisterReportRequest { track, ..report("r-2") }).await;
    decide(&world.chief(), "r-2", ReportOutcome::Administrative).await;
    world.pass(Duration::hours(20));
    let breach = ("REV-ADM".to_owned(), "reports/r-1".to_owned());
    wait_until(PATIENCE, || async { breaches(&officer).await == [breach.clone()] }).await;
    let overdue = async |at_least| {
        let request = v1::ListReportsRequest { overdue: true, at_least, ..Default::default() };
        let listed = reports(&officer).list_reports(request).await.expect("a list").into_inner().reports;
        listed.into_iter().map(|r| r.report_id).collect::<Vec<_>>()
    };
    assert_eq!(overdue(0).await, ["r-1"]);
    let at_least = decide(&world.chief(), "r-1", ReportOutcome::Administrative).await;
    assert!(overdue(at_least).await.is_empty());
    assert!(seen(&officer, "r-1", 0).await.clocks[0].late);
    assert!(breaches(&world.caller("o", ELSEWHERE, &["officer"])).await.is_empty(), "not theirs to see");
}

#[tokio::test]
async fn a_decision_not_to_file_is_served_and_reconsidered() {
    let world = World::start().await;
    let (officer, chief) = (world.officer(), world.chief());
    register(&officer, report("r-1")).await;
    let level = v1::DecideReportRequest {
        request_id: id(),
        report_id: "r-1".into(),
        outcome: ReportOutcome::NotFile.into(),
        reason: "情节显著轻微".into(),
        ..Default::default()
    };
    let leader = world.caller("leader-1", STATION, &["officer"]);
    assert_eq!(refused(reports(&leader).decide_report(level).await), no(Code::FailedPrecondition, "CB-007"));
    decide(&chief, "r-1", ReportOutcome::NotFile).await;
    let serve =
        v1::ServeNotFiledNoticeRequest { request_id: id(), report_id: "r-1".into(), ..Default::default() };
    reports(&officer).serve_not_filed_notice(serve).await.expect("served");
    let ask =
        v1::RequestReconsiderationRequest { request_id: id(), report_id: "r-1".into(), ..Default::default() };
    reports(&officer).request_reconsideration(ask).await.expect("requested");
    let reconsider = || v1::DecideReconsiderationRequest {
        request_id: id(),
        report_id: "r-1".into(),
        reason: "应当立案".into(),
        ..Default::default()
    };
    assert_eq!(
        refused(reports(&chief).decide_reconsideration(reconsider()).await),
        no(Code::FailedPrecondition, "CB-006")
    );
    let other = world.caller("chief-2", BUREAU, &["officer"]);
    let decided = reports(&other).decide_reconsideration(reconsider()).await.expect("decided").into_inner();
    let report = seen(&officer, "r-1", position(decided.receipt.as_ref())).await;
    assert_eq!(report.state(), ReportState::FilingApproved);
}

#[tokio::test]
async fn the_registrar_has_the_last_word() {
    let world = World::start().await;
    let officer = world.officer();
    register(&officer, report("r-1")).await;
    decide(&world.chief(), "r-1", ReportOutcome::NotFile).await;
    let otherwise = || v1::OverrideReportRequest {
        request_id: id(),
        report_id: "r-1".into(),
        outcome: ReportOutcome::File.into(),
        reason: "符合立案标准".into(),
        ..Default::default()
    };
    assert_eq!(
        refused(reports(&world.chief()).override_report(otherwise()).await),
        no(Code::PermissionDenied, "GE-004")
    );
    let registrar = world.registrar();
    let overrode = reports(&registrar).override_report(otherwise()).await.expect("overrode").into_inner();
    let report = seen(&officer, "r-1", position(overrode.receipt.as_ref())).await;
    assert_eq!((report.state(), report.overridden_by.as_str()), (ReportState::FilingApproved, "registrar-1"));
    assert_eq!(
        refused(reports(&registrar).override_report(otherwise()).await),
        no(Code::FailedPrecondition, "REPORT-OVERRIDDEN")
    );
}

#[tokio::test]
async fn another_bureaus_reports_are_neither_written_nor_read() {
    let world = World::start().await;
    let elsewhere = world.caller("officer-2", ELSEWHERE, &["officer"]);
    assert_eq!(
        refused(reports(&elsewhere).register_report(report("r-1")).await),
        no(Code::PermissionDenied, "GE-004")
    );
    let at_least = position(register(&world.officer(), report("r-1")).await.receipt.as_ref());
    let get = v1::GetReportRequest { report_id: "r-1".into(), at_least };
    assert_eq!(refused(reports(&elsewhere).get_report(get).await).0, Code::PermissionDenied);
}

/// Waits until a breach is listed.
async fn breached(world: &World, rule: &str, subject: &str) {
    let officer = world.officer();
    let wanted = (rule.to_owned(), subject.to_owned());
    wait_until(PATIENCE, || async { breaches(&officer).await.contains(&wanted) }).await;
}

#[tokio::test]
async fn an_alert_left_lying_and_a_withdrawal_nobody_is_told_of_run_out() {
    let world = World::start().await;
    let officer = world.officer();
    let receive = |alert_id: &str, provenance: xiaoan_proto::core::v1::Provenance| v1::ReceiveAlertRequest {
        request_id: id(),
        alert_id: alert_id.into(),
        org_unit: STATION.into(),
        received_at: Some(timestamp(MORNING)),
        kind: "theft".into(),
        provenance: provenance.into(),
        ..Default::default()
    };
    let recorded = xiaoan_proto::core::v1::Provenance::Recorded;
    officer.alerts().receive_alert(receive("110-1", recorded)).await.expect("an alert");
    let demo = xiaoan_proto::core::v1::Provenance::Demo;
    officer.alerts().receive_alert(receive("110-2", demo)).await.expect("an alert");
    let resolve = v1::ResolveAlertRequest {
        request_id: id(),
        alert_id: "110-2".into(),
        result: AlertResult::CrimeSuspected.into(),
        ..Default::default()
    };
    officer.alerts().resolve_alert(resolve).await.expect("resolved");
    officer.file(burglary(&number(1))).await.expect("a case");
    let withdraw = v1::WithdrawCaseRequest {
        request_id: id(),
        case_no: number(1),
        ground: v1::WithdrawalGround::Trivial.into(),
        withdrawn_on: Some(Date { year: 2026, month: 10, day: 1 }),
        ..Default::default()
    };
    world.chief().cases().withdraw_case(withdraw).await.expect("withdrawn");
    world.pass(Duration::days(10));
    breached(&world, "ALERT-SETTLE", "alerts/110-1").await;
    breached(&world, "WD-NOTIFY", &format!("cases/{}", number(1))).await;
    assert_eq!(breaches(&officer).await.len(), 2, "what was invented has no breach");
}

#[tokio::test]
async fn the_procuratorate_asks_for_reasons_and_then_orders_the_filing() {
    let world = World::start().await;
    let (officer, chief) = (world.officer(), world.chief());
    register(&officer, report("r-1")).await;
    decide(&chief, "r-1", ReportOutcome::NotFile).await;
    let asked = v1::RecordReasonsAskedRequest {
        request_id: id(),
        report_id: "r-1".into(),
        document: "检要说〔2026〕1号".into(),
        ..Default::default()
    };
    reports(&officer).record_reasons_asked(asked).await.expect("asked");
    world.pass(Duration::days(20));
    breached(&world, "PROC-EXPLAIN", "reports/r-1").await;
    let explain = v1::ExplainNonFilingRequest {
        request_id: id(),
        report_id: "r-1".into(),
        reasons: "没有犯罪事实".into(),
        ..Default::default()
    };
    reports(&officer).explain_non_filing(explain).await.expect("explained");
    let ordered = v1::RecordFilingOrderedRequest {
        request_id: id(),
        report_id: "r-1".into(),
        document: "检通立〔2026〕1号".into(),
        ..Default::default()
    };
    let ordered = reports(&officer).record_filing_ordered(ordered).await.expect("ordered").into_inner();
    let report = seen(&officer, "r-1", position(ordered.receipt.as_ref())).await;
    assert_eq!(
        (report.state(), report.filing_order.as_str()),
        (ReportState::FilingApproved, "检通立〔2026〕1号")
    );
    let clocks: Vec<_> = report.clocks.iter().map(|c| (c.rule_id.as_str(), c.late, c.lifted)).collect();
    assert!(clocks.contains(&("PROC-EXPLAIN", true, false)), "{clocks:?}");
    assert_eq!(clocks.last(), Some(&("PROC-FILE", false, false)));
    world.pass(Duration::days(30));
    breached(&world, "PROC-FILE", "reports/r-1").await;
}
