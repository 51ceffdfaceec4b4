//! `SupervisionService`, rpc by rpc, and the durable timer behind it.

use crate::house::{CITY, DONGGANG, House, STATION, fresh, on, receipt, refused};
use std::time::Duration;
use time::macros::datetime;
use tonic::Code;
use xiaoan_proto::hq::v1::supervision_service_client::SupervisionServiceClient as Client;
use xiaoan_proto::hq::v1::{self as hq, CaseOwner, ListedCaseState, Officeholder, Post, SupervisionLevel};
use xiaoan_rpc::client::AuthenticatedChannel;
use xiaoan_testkit::wait_until;

const CASE: &str = "A3711020100002026060001";

fn headquarters(house: &House) -> Client<AuthenticatedChannel> {
    Client::new(house.caller(&["hq"]))
}
fn list(owner_unit: &str) -> hq::ListCaseRequest {
    let office = Officeholder { org_unit: owner_unit.into(), post: Post::BureauChief.into() };
    hq::ListCaseRequest {
        request_id: fresh(),
        case_no: CASE.into(),
        org_unit: STATION.into(),
        level: SupervisionLevel::City.into(),
        owner: Some(CaseOwner { subject: "chief-donggang".into(), office: Some(office) }),
        on: on(2026, 6, 20),
        due_on: on(2026, 7, 10),
    }
}
fn report() -> hq::ReportListedCaseProgressRequest {
    hq::ReportListedCaseProgressRequest {
        request_id: fresh(),
        case_no: CASE.into(),
        text: "已调取监控".into(),
        ..Default::default()
    }
}
async fn shown(house: &House, at_least: i64) -> hq::ListedCase {
    let request = hq::GetListedCaseRequest { case_no: CASE.into(), at_least };
    let answer = headquarters(house).get_listed_case(request).await.expect("one").into_inner();
    answer.listed_case.expect("one")
}
async fn of_chief(house: &House, owner: &str, at_least: i64) -> Vec<hq::ListedCase> {
    let request = hq::ListListedCasesRequest { owner: owner.into(), at_least, ..Default::default() };
    Client::new(house.officer(STATION))
        .list_listed_cases(request)
        .await
        .expect("a list")
        .into_inner()
        .listed_cases
}

#[tokio::test(flavor = "multi_thread")]
async fn a11_a_chief_takes_a_case_reports_and_it_leaves_the_list_solved() {
    let house = House::with_units().await;
    let mut hq = headquarters(&house);
    // The office of a station, and one of a unit that nobody knows.
    for unit in [STATION, "371199990000"] {
        let answer = hq.list_case(list(unit)).await;
        assert_eq!(refused(answer), (Code::InvalidArgument, "CP-009".into()));
    }
    // Nobody has filed it.
    let answer = hq.list_case(list(DONGGANG)).await;
    assert_eq!(refused(answer), (Code::FailedPrecondition, "CASE-UNKNOWN".into()));
    house.files(CASE).await;
    hq.list_case(list(DONGGANG)).await.expect("listed");
    let again = hq.list_case(list(DONGGANG)).await;
    assert_eq!(refused(again), (Code::FailedPrecondition, "LISTED-CASE-EXISTS".into()));

    // The station is below the chief's bureau and does not report for it.
    let answer = Client::new(house.officer(STATION)).report_listed_case_progress(report()).await;
    assert_eq!(refused(answer), (Code::PermissionDenied, "GE-004".into()));
    Client::new(house.officer(DONGGANG)).report_listed_case_progress(report()).await.expect("reported");

    let mut leave = hq::DelistCaseRequest { request_id: fresh(), case_no: CASE.into(), ..Default::default() };
    let answer = hq.delist_case(leave.clone()).await;
    assert_eq!(refused(answer), (Code::InvalidArgument, "CP-008".into()));
    // Said to be solved, while nobody has solved it; then by a record that is none of its solve.
    (leave.solved_on, leave.solved_position, leave.request_id) = (on(2026, 6, 29), 4711, fresh());
    let state = (Code::FailedPrecondition, "CP-008".to_owned());
    assert_eq!(refused(hq.delist_case(leave.clone()).await), state);
    let position = house.solves(CASE, 1).await;
    leave.request_id = fresh();
    assert_eq!(refused(hq.delist_case(leave.clone()).await), state);
    (leave.solved_position, leave.request_id) = (position, fresh());
    let answer = hq.delist_case(leave).await.expect("delisted").into_inner();
    let receipt = receipt(answer.receipt);
    assert_eq!(receipt.name, format!("listed-cases/{CASE}"));
    let case = shown(&house, receipt.position).await;
    assert_eq!((case.state(), case.progress.len()), (ListedCaseState::Solved, 1));
    assert_eq!(of_chief(&house, "chief-donggang", receipt.position).await, [case]);
    assert_eq!(of_chief(&house, "chief-lanshan", receipt.position).await, []);

    // The solve is revoked: it comes back by itself, once, and leaves again by the next one only.
    let revoked = house.revokes(CASE, 2).await;
    wait_until(Duration::from_secs(20), || async {
        shown(&house, 0).await.state() == ListedCaseState::Listed
    })
    .await;
    let case = shown(&house, 0).await;
    assert_eq!((case.revoked_position, case.solved_on, case.etag.as_str()), (revoked, None, "4"));
    let mut leave = hq::DelistCaseRequest {
        request_id: fresh(),
        case_no: CASE.into(),
        solved_on: on(2026, 6, 29),
        solved_position: position,
        ..Default::default()
    };
    assert_eq!(refused(hq.delist_case(leave.clone()).await), state);
    (leave.solved_position, leave.request_id) = (house.solves(CASE, 3).await, fresh());
    let answer = hq.delist_case(leave).await.expect("delisted").into_inner();
    let position = crate::house::receipt(answer.receipt).position;
    assert_eq!(shown(&house, position).await.state(), ListedCaseState::Solved);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_of_a_case_is_enough_to_say_yes_while_the_log_of_cases_is_unreachable() {
    const KNOWN: &str = "A3711020100002026060002";
    let house = House::with_units().await;
    let mut hq = headquarters(&house);
    let of = |case_no: &str| hq::ListCaseRequest { case_no: case_no.into(), ..list(DONGGANG) };
    house.files(KNOWN).await;
    let position = house.solves(KNOWN, 1).await;
    house.files(CASE).await;
    // For this one it reads up to the head, which is behind the other.
    hq.list_case(of(CASE)).await.expect("listed");
    house.cuts_off_cases().await;

    let answer = hq.list_case(of("A3711020100002026060003")).await;
    assert_eq!(refused(answer).0, Code::Unavailable, "it may have been filed a moment ago");
    hq.list_case(of(KNOWN)).await.expect("listed");
    let leave = |solved_position: i64| hq::DelistCaseRequest {
        request_id: fresh(),
        case_no: KNOWN.into(),
        solved_on: on(2026, 6, 29),
        solved_position,
        ..Default::default()
    };
    let answer = hq.delist_case(leave(position + 1)).await;
    assert_eq!(refused(answer).0, Code::Unavailable, "it may have been solved anew a moment ago");
    hq.delist_case(leave(position)).await.expect("delisted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_case_is_overdue_by_itself_when_its_day_is_over_until_the_day_is_moved() {
    let house = House::with_units().await;
    let mut hq = headquarters(&house);
    house.files(CASE).await;
    let listed = hq.list_case(list(DONGGANG)).await.expect("listed").into_inner();
    assert!(!shown(&house, receipt(listed.receipt).position).await.overdue);
    house.move_to(datetime!(2026-07-11 08:00 +8));
    wait_until(Duration::from_secs(20), || async { shown(&house, 0).await.overdue }).await;
    let extend = hq::ExtendListedCaseRequest {
        request_id: fresh(),
        case_no: CASE.into(),
        due_on: on(2026, 8, 10),
        reason: "等待鉴定".into(),
        ..Default::default()
    };
    let answer = hq.extend_listed_case(extend).await.expect("extended").into_inner();
    let case = shown(&house, receipt(answer.receipt).position).await;
    assert_eq!((case.overdue, case.extensions, case.etag.as_str()), (false, 1, "3"));
    let signed = hq::DelistCaseRequest {
        request_id: fresh(),
        case_no: CASE.into(),
        reason: "并入他案".into(),
        signed_by: Some(Officeholder { org_unit: CITY.into(), post: Post::CityDeputyChief.into() }),
        ..Default::default()
    };
    let answer = hq.delist_case(signed).await.expect("delisted").into_inner();
    assert_eq!(shown(&house, receipt(answer.receipt).position).await.state(), ListedCaseState::NotSolved);
}
