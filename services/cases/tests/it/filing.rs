//! Filing cases: once, with every finding, by who may.

use crate::world::*;
use std::collections::BTreeSet;
use tonic::Code;
use tonic_types::StatusExt;
use xiaoan_proto::cases::v1;
use xiaoan_proto::cases::v1::CaseState;
use xiaoan_proto::timestamp;

#[tokio::test]
async fn a_filed_case_is_seen_by_whoever_waits_for_its_position() {
    let world = World::start().await;
    let officer = world.officer();
    let answer = officer.file(burglary(&number(1))).await.unwrap();
    let receipt = answer.receipt.unwrap();
    assert_eq!(
        (receipt.name.as_str(), receipt.etag.as_str(), receipt.position),
        ("cases/A3711020100002026060001", "1", 1)
    );
    let case = officer.case(&number(1), receipt.position).await;
    assert_eq!(case.state(), CaseState::Filed);
    assert_eq!(case.etag, "1");
    assert!(case.facts.unwrap().small_case);
}

#[tokio::test]
async fn the_same_command_again_has_the_same_receipt_and_another_body_is_refused() {
    let world = World::start().await;
    let officer = world.officer();
    let request = burglary(&number(1));
    let first = officer.file(request.clone()).await.unwrap();
    let again = officer.file(request.clone()).await.unwrap();
    let (first, again) = (first.receipt.unwrap(), again.receipt.unwrap());
    assert!(again.replayed && !first.replayed);
    assert_eq!(
        (first.position, &first.etag, first.recorded_at),
        (again.position, &again.etag, again.recorded_at)
    );
    let other = v1::FileCaseRequest { loss_fen: 1, ..request };
    assert_eq!(refused(officer.file(other).await), no(Code::AlreadyExists, "GE-002"));
    assert_eq!(world.store().head().await.unwrap().position, 1);
}

#[tokio::test]
async fn ten_times_at_once_is_once_also_when_the_service_gives_the_number() {
    let world = World::start().await;
    let officer = world.officer();
    for case_no in [number(1), String::new()] {
        let request = burglary(&case_no);
        let before = world.store().head().await.unwrap().position;
        let answers = futures::future::join_all((0..10).map(|_| officer.file(request.clone()))).await;
        let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
        let numbers: BTreeSet<_> = answers.iter().map(|a| a.case_no.clone()).collect();
        assert_eq!(numbers.len(), 1, "{numbers:?}");
        assert_eq!(answers.iter().filter(|a| !a.receipt.as_ref().unwrap().replayed).count(), 1);
        assert_eq!(world.store().head().await.unwrap().position, before + 1);
    }
}

#[tokio::test]
async fn the_service_gives_the_next_number_behind_those_in_use() {
    let world = World::start().await;
    let officer = world.officer();
    let used = officer.file(burglary(&number(41))).await.unwrap();
    officer.case(&number(41), position(used.receipt.as_ref())).await;
    let given = |answer: v1::FileCaseResponse| answer.case_no;
    assert_eq!(given(officer.file(burglary("")).await.unwrap()), number(42));
    // used by somebody else since: passed over
    officer.file(burglary(&number(43))).await.unwrap();
    assert_eq!(given(officer.file(burglary("")).await.unwrap()), number(44));
    let mut july = burglary("");
    july.filed_on = Some(xiaoan_proto::core::v1::Date { year: 2026, month: 7, day: 1 });
    assert_eq!(given(officer.file(july).await.unwrap()), format!("A{STATION}2026070001"));
}

#[tokio::test]
async fn cases_filed_at_once_without_a_number_get_different_ones() {
    let world = World::start().await;
    let officer = world.officer();
    let answers = futures::future::join_all((0..20).map(|_| officer.file(burglary("")))).await;
    let numbers: BTreeSet<_> = answers.into_iter().map(|a| a.unwrap().case_no).collect();
    assert_eq!(numbers.len(), 20);
}

#[tokio::test]
async fn every_field_that_is_wrong_is_a_violation_with_its_code() {
    let world = World::start().await;
    let mut request = burglary("X");
    request.category = "050200".into();
    request.reported_at = Some(timestamp(world.now() + time::Duration::minutes(1)));
    let status = world.officer().file(request).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let violations = status.get_details_bad_request().unwrap().field_violations;
    let said: Vec<_> = violations.iter().map(|v| (v.field.as_str(), v.reason.as_str())).collect();
    assert_eq!(said, [("case_no", "GE-006"), ("reported_at", "CB-003"), ("category", "CB-002")]);
}

#[tokio::test]
async fn a_unit_writes_only_within_its_own_subtree_and_an_auditor_nowhere() {
    let world = World::start().await;
    let unknown = v1::FileCaseRequest { org_unit: "999999999999".into(), ..burglary(&number(1)) };
    assert_eq!(refused(world.officer().file(unknown).await), no(Code::InvalidArgument, "CB-001"));
    let elsewhere = v1::FileCaseRequest { org_unit: ELSEWHERE.into(), ..burglary(&number(1)) };
    assert_eq!(refused(world.officer().file(elsewhere.clone()).await), no(Code::PermissionDenied, "GE-004"));
    assert_eq!(refused(world.chief().file(elsewhere).await), no(Code::PermissionDenied, "GE-004"));
    for roles in [&["auditor"][..], &["hq"], &["officer", "auditor"], &[]] {
        let caller = world.caller("x", CITY, roles);
        assert_eq!(
            refused(caller.file(burglary(&number(1))).await),
            no(Code::PermissionDenied, "GE-004"),
            "{roles:?}"
        );
    }
    assert_eq!(world.store().head().await.unwrap().position, 0);
    world.chief().file(burglary(&number(1))).await.unwrap();
}

#[tokio::test]
async fn nobody_files_without_a_token_or_a_request_id() {
    let world = World::start().await;
    let channel = tonic::transport::Endpoint::from_shared(world.url()).unwrap().connect_lazy();
    let mut nobody = v1::case_service_client::CaseServiceClient::new(channel);
    assert_eq!(
        refused(nobody.file_case(burglary(&number(1))).await),
        no(Code::Unauthenticated, "AUTH-MISSING")
    );
    let request = v1::FileCaseRequest { request_id: "17".into(), ..burglary(&number(1)) };
    assert_eq!(refused(world.officer().file(request).await), no(Code::InvalidArgument, "GE-006"));
}

#[tokio::test]
async fn bytes_that_are_no_message_are_refused_as_such() {
    use tonic::codegen::http::uri::PathAndQuery;
    let world = World::start().await;
    let mut grpc = tonic::client::Grpc::new(world.officer().channel);
    grpc.ready().await.unwrap();
    let path = PathAndQuery::from_static("/xiaoan.cases.v1.CaseService/FileCase");
    let garbage = tonic::Request::new(vec![0xff_u8; 17]);
    let status = grpc.unary(garbage, path, crate::raw::Raw).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(status.get_details_error_info().unwrap().reason, "GE-006");
}

#[tokio::test]
async fn warnings_come_with_the_success_and_with_its_repetition() {
    let world = World::start().await;
    let officer = world.officer();
    let request = v1::FileCaseRequest { loss_fen: 199_000, ..burglary(&number(1)) };
    for _ in 0..2 {
        let answer = officer.file(request.clone()).await.unwrap();
        assert_eq!(answer.findings.iter().map(|f| f.code.as_str()).collect::<Vec<_>>(), ["CB-017"]);
        assert_eq!(answer.case_no, number(1));
    }
}
