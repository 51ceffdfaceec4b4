//! From an audit of recording integrity to the gate: verdicts in `cases`, sums in `rankings`, a frozen month and a notice that is
//! not issued in `hq`, all of them real processes.

use crate::frozen::{City, SMALL, caller, cases};
use crate::house::{CITY, DONGGANG, STATION, fresh, on, receipt, refused};
use tonic::Code;
use xiaoan_proto::cases::v1::alert_service_client::AlertServiceClient;
use xiaoan_proto::cases::v1::audit_service_client::AuditServiceClient;
use xiaoan_proto::cases::v1::{self, AlertDisposition, AuditVerdict};
use xiaoan_proto::hq::v1::Standing;
use xiaoan_proto::timestamp;

/// Ten alerts of thefts at the station in June, of which every second one became a case; gives the position.
async fn alerts(city: &City) {
    let mut desk = AlertServiceClient::new(caller(&city.issuer, &city.cases, CITY, &["officer"]));
    for n in 0..10 {
        let alert_id = format!("110-{n}");
        let received_at = time::macros::datetime!(2026-06-07 00:30 +8) + time::Duration::minutes(30 * n);
        let receive = v1::ReceiveAlertRequest {
            request_id: fresh(),
            alert_id: alert_id.clone(),
            org_unit: STATION.into(),
            received_at: Some(timestamp(received_at)),
            kind: "theft".into(),
            ..Default::default()
        };
        desk.receive_alert(receive).await.expect("an alert");
        let filed = n % 2 == 0;
        let dispose = v1::DisposeAlertRequest {
            request_id: fresh(),
            alert_id,
            disposition: if filed { AlertDisposition::FiledAsCase } else { AlertDisposition::NoCrime }.into(),
            case_no: if filed { format!("A{STATION}2026060001") } else { String::new() },
            no_case_reason: if filed { String::new() } else { "未发现犯罪事实".into() },
            ..Default::default()
        };
        desk.dispose_alert(dispose).await.expect("disposed of");
    }
}

/// The city bureau audits the bureau: every alert should have been recorded. Gives the position of the last verdict.
async fn audited(city: &City) -> i64 {
    let mut audits = AuditServiceClient::new(caller(&city.issuer, &city.cases, CITY, &["registrar"]));
    let draw = v1::DrawAuditSampleRequest {
        request_id: fresh(),
        audit_id: "june".into(),
        org_unit: DONGGANG.into(),
        from: on(2026, 6, 1),
        to: on(2026, 6, 30),
        kinds: vec!["theft".into()],
        size: 10,
        seed: "2026年第二期".into(),
        ..Default::default()
    };
    let drawn = audits.draw_audit_sample(draw).await.expect("drawn").into_inner();
    let at_least = receipt(drawn.receipt).position;
    let request = v1::GetAuditRequest { audit_id: "june".into(), at_least };
    let audit = audits.get_audit(request).await.expect("an audit").into_inner().audit.expect("an audit");
    let mut last = 0;
    for alert in audit.alerts.into_iter().filter_map(|audited| audited.alert) {
        let verdict = v1::RecordAuditVerdictRequest {
            request_id: fresh(),
            audit_id: "june".into(),
            alert_id: alert.alert_id,
            verdict: AuditVerdict::ShouldBeRecorded.into(),
            reason: "接警记录显示财物被盗".into(),
            ..Default::default()
        };
        let recorded = audits.record_audit_verdict(verdict).await.expect("recorded").into_inner();
        last = receipt(recorded.receipt).position;
    }
    last
}

#[tokio::test(flavor = "multi_thread")]
async fn cp004_a_station_that_records_half_of_what_it_should_is_held_and_gets_no_notice() {
    let city = City::start().await;
    let (_, rejected) = city.import(cases(STATION, 6, 3, 10).chain(cases(SMALL, 6, 3, 10)).collect()).await;
    assert_eq!(rejected, 0);
    alerts(&city).await;
    let position = audited(&city).await;
    let command = city.freeze(6, position).await;
    let again = city.closings().freeze_period(command).await.expect("remembered").into_inner();
    let closing = city.closing(6, receipt(again.receipt).position).await;
    let standing = |unit: &str| {
        let found = closing.consequences.iter().find(|c| c.org_unit == unit).expect("an entry");
        (found.numerator, found.denominator, found.standing())
    };
    assert_eq!(standing(STATION), (3, 10, Standing::Held), "five of ten is below ninety per cent");
    assert_eq!(standing(SMALL), (3, 10, Standing::Below), "where nobody audited, the gate is open");
    let frozen = closing.closing.as_ref().and_then(|c| c.frozen.as_ref()).expect("figures");
    let stored = frozen.entries.iter().find(|e| e.org_unit == STATION).expect("an entry");
    let count = |name: &str| stored.integrity.iter().find(|c| c.name == name).map(|c| c.count);
    assert_eq!([count("audit.recorded"), count("case.solve_revoked")], [Some(5), Some(0)], "beside the rate");
    assert_eq!(refused(city.issue(6, STATION).await), (Code::FailedPrecondition, "CP-004".into()));
    city.issue(6, SMALL).await.expect("a notice");
}
