//! What falls due by itself: the durable timer behind findings of inspections and behind interviews.

use crate::closings::{BOARD, below};
use crate::house::{House, STATION, fresh, on, receipt};
use std::time::Duration;
use time::macros::{date, datetime};
use xiaoan_proto::hq::v1::inspection_service_client::InspectionServiceClient;
use xiaoan_proto::hq::v1::{self as hq, InspectionFinding, InspectionKind};
use xiaoan_testkit::wait_until;

const PATIENCE: Duration = Duration::from_secs(20);

async fn findings(house: &House, at_least: i64) -> Vec<(i32, bool)> {
    let request = hq::ListInspectionsRequest { at_least, ..Default::default() };
    let mut desk = InspectionServiceClient::new(house.caller(&["hq"]));
    let listed = desk.list_inspections(request).await.expect("a list").into_inner().inspections;
    listed[0].findings.iter().map(|found| (found.number, found.overdue)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_that_is_not_put_right_by_its_day_is_overdue_by_itself() {
    let house = House::with_units().await;
    let mut desk = InspectionServiceClient::new(house.caller(&["hq"]));
    let finding = |day| InspectionFinding {
        text: "接警登记不及时".into(),
        due_on: on(2026, 7, day),
        ..Default::default()
    };
    let record = hq::RecordInspectionRequest {
        request_id: fresh(),
        inspection_id: "visit".into(),
        kind: InspectionKind::Visit.into(),
        org_unit: STATION.into(),
        on: on(2026, 6, 30),
        findings: vec![finding(3), finding(3), finding(10)],
    };
    desk.record_inspection(record).await.expect("recorded");
    let resolve = |number, day| hq::ResolveInspectionFindingRequest {
        request_id: fresh(),
        inspection_id: "visit".into(),
        number,
        on: on(2026, day / 100, day % 100),
        resolution: "已补录".into(),
        ..Default::default()
    };
    let answer = desk.resolve_inspection_finding(resolve(2, 630)).await.expect("resolved").into_inner();
    let position = receipt(answer.receipt).position;
    assert_eq!(findings(&house, position).await, [(1, false), (2, false), (3, false)]);
    house.move_to(datetime!(2026-07-04 08:00 +8));
    let first_is_late = [(1, true), (2, false), (3, false)];
    wait_until(PATIENCE, || async { findings(&house, 0).await == first_is_late }).await;
    // Done in time and recorded late, it was not overdue.
    let answer = desk.resolve_inspection_finding(resolve(1, 703)).await.expect("resolved").into_inner();
    let position = receipt(answer.receipt).position;
    assert_eq!(findings(&house, position).await, [(1, false), (2, false), (3, false)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interview_that_nobody_holds_is_overdue_by_itself() {
    let house = House::with_units_at(datetime!(2026-08-03 09:00 +8)).await;
    for month in ["2026-06", "2026-07"] {
        house.record(below(month)).await;
    }
    let issue = async |month: &str, day: time::Date| {
        let command = hq::IssueNoticeRequest {
            request_id: fresh(),
            closing_id: format!("{BOARD}-{month}"),
            org_unit: STATION.into(),
            issued_on: Some(day.into()),
        };
        house.notices().issue_notice(command).await.expect("a notice").into_inner()
    };
    issue("2026-06", date!(2026 - 07 - 03)).await;
    let triggered = issue("2026-07", date!(2026 - 08 - 03)).await;
    let [interview_id] = triggered.interview_ids.as_slice() else { panic!("{triggered:?}") };
    let interview = async |at_least| {
        let request = hq::GetInterviewRequest { interview_id: interview_id.clone(), at_least };
        let answer = house.interviews().get_interview(request).await.expect("an interview").into_inner();
        answer.interview.expect("an interview")
    };
    assert!(!interview(receipt(triggered.receipt).position).await.overdue);
    // Fifteen working days after Monday 3 August end with Monday 24.
    house.move_to(datetime!(2026-08-25 00:00 +8));
    wait_until(PATIENCE, || async { interview(0).await.overdue }).await;
}
