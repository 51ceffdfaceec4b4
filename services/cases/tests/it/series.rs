//! Series: linked cases, and a solve that brings others.

use crate::world::*;
use time::macros::datetime;
use tonic::Code;
use xiaoan_proto::cases::v1;
use xiaoan_proto::cases::v1::{CaseState, SolveClass, SolveEvidence, SolveManner};
use xiaoan_proto::core::v1::Date;
use xiaoan_proto::timestamp;

fn evidence() -> Option<SolveEvidence> {
    Some(SolveEvidence { facts_ref: "卷1".into(), suspect_ref: "卷2".into(), custody_ref: "卷3".into() })
}

/// Five cases, the first solved, all of them linked in series "s-1".
async fn linked(world: &World) {
    let (officer, chief) = (world.officer(), world.chief());
    for n in 1..=5 {
        officer.file(burglary(&number(n))).await.expect("accepted");
    }
    let propose = v1::ProposeSolveRequest {
        request_id: id(),
        case_no: number(1),
        solved_at: Some(timestamp(datetime!(2026-06-08 9:00 +8))),
        solve_class: SolveClass::Arrest.into(),
        evidence: evidence(),
        ..Default::default()
    };
    officer.cases().propose_solve(propose).await.expect("accepted");
    let approve = v1::ApproveSolveRequest { request_id: id(), case_no: number(1), ..Default::default() };
    chief.cases().approve_solve(approve).await.expect("accepted");
    officer
        .series()
        .open_series(open(vec![number(1), number(2), number(3), number(4)]))
        .await
        .expect("accepted");
    let link = v1::LinkCaseRequest {
        request_id: id(),
        series_id: "s-1".into(),
        case_no: number(5),
        ..Default::default()
    };
    officer.series().link_case(link).await.expect("accepted");
}

fn open(case_nos: Vec<String>) -> v1::OpenSeriesRequest {
    v1::OpenSeriesRequest {
        request_id: id(),
        series_id: "s-1".into(),
        org_unit: STATION.into(),
        title: "自行车系列盗窃".into(),
        case_nos,
    }
}

fn bring(case_nos: Vec<String>) -> v1::ProposeBroughtSolvesRequest {
    v1::ProposeBroughtSolvesRequest {
        request_id: id(),
        series_id: "s-1".into(),
        lead_case_no: number(1),
        case_nos,
        solved_at: Some(timestamp(datetime!(2026-06-08 9:00 +8))),
        evidence: evidence(),
        ..Default::default()
    }
}

fn approve() -> v1::ApproveBroughtSolvesRequest {
    v1::ApproveBroughtSolvesRequest { request_id: id(), series_id: "s-1".into(), ..Default::default() }
}

#[tokio::test]
async fn one_solve_brings_the_others_in_one_append() {
    let world = World::start().await;
    linked(&world).await;
    let (officer, chief) = (world.officer(), world.chief());
    officer.series().propose_brought_solves(bring(vec![number(2), number(3)])).await.unwrap();
    let refusal = refused(officer.series().approve_brought_solves(approve()).await);
    assert_eq!(refusal, no(Code::FailedPrecondition, "CB-006"));
    let before = world.store().head().await.unwrap().position;
    let command = approve();
    let approved =
        chief.series().approve_brought_solves(command.clone()).await.unwrap().into_inner().receipt.unwrap();
    assert_eq!(approved.position, before + 3, "the series and two cases");
    for n in [2, 3] {
        let case = officer.case(&number(n), approved.position).await;
        assert_eq!(case.state(), CaseState::Solved);
        assert_eq!(case.facts.unwrap().solve_manner(), SolveManner::Brought);
        assert_eq!(case.series_id, "s-1");
    }
    assert_eq!(officer.case(&number(4), 0).await.state(), CaseState::Filed);
    let get = v1::GetSeriesRequest { series_id: "s-1".into(), at_least: approved.position };
    let series = officer.series().get_series(get).await.unwrap().into_inner().series.unwrap();
    assert_eq!(series.brought_case_nos, [number(2), number(3)]);
    assert_eq!(series.etag, approved.etag);
    // again the same command, then a new one
    let again = chief.series().approve_brought_solves(command).await.unwrap().into_inner().receipt.unwrap();
    assert!(again.replayed);
    assert_eq!((again.position, again.etag), (approved.position, approved.etag));
    let refusal = refused(chief.series().approve_brought_solves(approve()).await);
    assert_eq!(refusal, no(Code::FailedPrecondition, "SERIES-NOT-PROPOSED"));
}

#[tokio::test]
async fn brought_solves_are_all_or_none() {
    let world = World::start().await;
    linked(&world).await;
    let (officer, chief) = (world.officer(), world.chief());
    officer.series().propose_brought_solves(bring(vec![number(2), number(3)])).await.unwrap();
    let withdraw = v1::WithdrawCaseRequest {
        request_id: id(),
        case_no: number(3),
        ground: v1::WithdrawalGround::Trivial.into(),
        // Today: of one withdrawn long ago the time to tell people of it would have run out.
        withdrawn_on: Some(Date { year: 2026, month: 10, day: 1 }),
        ..Default::default()
    };
    chief.cases().withdraw_case(withdraw).await.unwrap();
    let before = world.store().head().await.unwrap().position;
    let refusal = refused(chief.series().approve_brought_solves(approve()).await);
    assert_eq!(refusal, no(Code::FailedPrecondition, "CASE-WITHDRAWN"));
    assert_eq!(world.store().head().await.unwrap().position, before);
    // the proposal can be sent back and made anew without that case
    let back = v1::ReturnBroughtSolvesRequest {
        request_id: id(),
        series_id: "s-1".into(),
        reason: "案件已撤销".into(),
        ..Default::default()
    };
    chief.series().return_brought_solves(back).await.unwrap();
    officer.series().propose_brought_solves(bring(vec![number(2)])).await.unwrap();
    chief.series().approve_brought_solves(approve()).await.unwrap();
}

#[tokio::test]
async fn ten_approvals_at_once_solve_every_case_once() {
    let world = World::start().await;
    linked(&world).await;
    world.officer().series().propose_brought_solves(bring((2..=5).map(number).collect())).await.unwrap();
    let before = world.store().head().await.unwrap().position;
    let chief = world.chief();
    let answers = futures::future::join_all((0..10).map(|_| {
        let mut series = chief.series();
        async move { series.approve_brought_solves(approve()).await }
    }))
    .await;
    assert_eq!(answers.iter().filter(|a| a.is_ok()).count(), 1, "{answers:?}");
    for refusal in answers.into_iter().filter(Result::is_err) {
        assert_eq!(refused(refusal), no(Code::FailedPrecondition, "SERIES-NOT-PROPOSED"));
    }
    assert_eq!(world.store().head().await.unwrap().position, before + 5);
}

#[tokio::test]
async fn a_bureau_does_not_solve_cases_of_another() {
    let world = World::start().await;
    linked(&world).await;
    let transfer = v1::TransferCaseRequest {
        request_id: id(),
        case_no: number(2),
        to_org_unit: ELSEWHERE.into(),
        reason: "管辖".into(),
        ..Default::default()
    };
    world.officer().cases().transfer_case(transfer).await.unwrap();
    world.officer().series().propose_brought_solves(bring(vec![number(2)])).await.unwrap();
    let refusal = refused(world.chief().series().approve_brought_solves(approve()).await);
    assert_eq!(refusal, no(Code::PermissionDenied, "GE-004"));
    let city = world.caller("chief-9", CITY, &["officer"]);
    city.series().approve_brought_solves(approve()).await.unwrap();
}

#[tokio::test]
async fn series_are_opened_of_cases_that_exist_and_listed_newest_first() {
    let world = World::start().await;
    linked(&world).await;
    let officer = world.officer();
    for (case_nos, reason) in [
        (vec![number(1), number(9)], "SERIES-CASE-UNKNOWN"),
        (vec![number(1), number(2)], "SERIES-EXISTS"),
        (vec![number(1)], "GE-006"),
    ] {
        let request = v1::OpenSeriesRequest {
            series_id: if reason == "SERIES-EXISTS" { "s-1".into() } else { "s-9".into() },
            ..open(case_nos)
        };
        assert_eq!(refused(officer.series().open_series(request).await).1, reason);
    }
    let second = v1::OpenSeriesRequest { series_id: String::new(), ..open(vec![number(2), number(3)]) };
    let opened = officer.series().open_series(second).await.unwrap().into_inner().receipt.unwrap();
    let case = officer.case(&number(2), opened.position).await;
    assert_eq!(format!("series/{}", case.series_id), opened.name, "the series it was linked to last");
    let mut request = v1::ListSeriesRequest { page_size: 1, at_least: opened.position, ..Default::default() };
    let first = officer.series().list_series(request.clone()).await.unwrap().into_inner();
    assert_eq!(format!("series/{}", first.series[0].series_id), opened.name);
    request.page_token = first.next_page_token;
    let second = officer.series().list_series(request).await.unwrap().into_inner();
    assert_eq!((second.series[0].series_id.as_str(), second.next_page_token.as_str()), ("s-1", ""));
    // taken out of the newer one, it shows the older one again
    let unlink = v1::UnlinkCaseRequest {
        request_id: id(),
        series_id: case.series_id,
        case_no: number(2),
        reason: "手法不同".into(),
        ..Default::default()
    };
    let unlinked = officer.series().unlink_case(unlink).await.unwrap().into_inner();
    assert_eq!(officer.case(&number(2), position(unlinked.receipt.as_ref())).await.series_id, "s-1");
}
