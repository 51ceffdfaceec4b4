//! What can happen to a case, command by command.

use crate::world::*;
use time::macros::datetime;
use tonic::{Code, Response};
use xiaoan_proto::cases::v1;
use xiaoan_proto::cases::v1::{CaseState, SolveClass, SolveEvidence, WithdrawalGround};
use xiaoan_proto::timestamp;

fn propose(case_no: &str) -> v1::ProposeSolveRequest {
    v1::ProposeSolveRequest {
        request_id: id(),
        case_no: case_no.into(),
        solved_at: Some(timestamp(datetime!(2026-06-07 8:58 +8))),
        solve_class: SolveClass::Arrest.into(),
        evidence: Some(SolveEvidence {
            facts_ref: "卷1".into(),
            suspect_ref: "卷2".into(),
            custody_ref: "卷3".into(),
        }),
        ..Default::default()
    }
}

fn approve(case_no: &str) -> v1::ApproveSolveRequest {
    v1::ApproveSolveRequest { request_id: id(), case_no: case_no.into(), ..Default::default() }
}

#[tokio::test]
async fn a_theft_of_cabbages_is_solved_in_seven_hours() {
    let world = World::start().await;
    let (officer, chief, no) = (world.officer(), world.chief(), number(1));
    officer.file(v1::FileCaseRequest { loss_items: 35, ..burglary(&no) }).await.unwrap();
    let mut cases = officer.cases();
    cases
        .investigate_case(v1::InvestigateCaseRequest {
            request_id: id(),
            case_no: no.clone(),
            lead_officer: "021345".into(),
            ..Default::default()
        })
        .await
        .unwrap();
    cases
        .record_suspect_caught(v1::RecordSuspectCaughtRequest {
            request_id: id(),
            case_no: no.clone(),
            caught_on: june(7),
            count: 2,
            measure: "detained".into(),
            ..Default::default()
        })
        .await
        .unwrap();
    cases.propose_solve(propose(&no)).await.unwrap();
    assert_eq!(
        refused(cases.approve_solve(approve(&no)).await),
        crate::world::no(Code::FailedPrecondition, "CB-006")
    );
    let solved = chief.cases().approve_solve(approve(&no)).await.unwrap().into_inner();
    let case = officer.case(&no, position(solved.receipt.as_ref())).await;
    assert_eq!(case.state(), CaseState::Solved);
    assert_eq!(case.report_to_solve_minutes, 420);
    assert_eq!((case.proposed_by.as_str(), case.approved_by.as_str()), ("officer-1", "chief-1"));
    let facts = case.facts.unwrap();
    assert_eq!((facts.solved_on, facts.arrests[0].count), (june(7), 2));

    let recovered = |fen| v1::RecoverPropertyRequest {
        request_id: id(),
        case_no: no.clone(),
        recovered_on: june(8),
        fen,
        ..Default::default()
    };
    cases.recover_property(recovered(100_000)).await.unwrap();
    let refusal = refused(cases.recover_property(recovered(20_001)).await);
    assert_eq!(refusal, crate::world::no(Code::InvalidArgument, "CB-012"));
    let returned = |fen| v1::ReturnPropertyRequest {
        request_id: id(),
        case_no: no.clone(),
        returned_on: june(9),
        fen,
        ..Default::default()
    };
    cases.return_property(returned(100_000)).await.unwrap();
    let refusal = refused(cases.return_property(returned(1)).await);
    assert_eq!(refusal, crate::world::no(Code::FailedPrecondition, "CASE-RETURN-EXCEEDS-RECOVERED"));
}

#[tokio::test]
async fn a_proposal_is_sent_back_and_a_solve_revoked() {
    let world = World::start().await;
    let (officer, chief, no) = (world.officer(), world.chief(), number(1));
    officer.file(burglary(&no)).await.unwrap();
    officer.cases().propose_solve(propose(&no)).await.unwrap();
    let back = v1::ReturnSolveRequest {
        request_id: id(),
        case_no: no.clone(),
        reason: "证据不足".into(),
        ..Default::default()
    };
    chief.cases().return_solve(back).await.unwrap();
    officer.cases().propose_solve(propose(&no)).await.unwrap();
    chief.cases().approve_solve(approve(&no)).await.unwrap();
    let revoke = v1::RevokeSolveRequest {
        request_id: id(),
        case_no: no.clone(),
        reason: "抓错人".into(),
        ..Default::default()
    };
    let revoked = chief.cases().revoke_solve(revoke.clone()).await.unwrap().into_inner();
    let case = officer.case(&no, position(revoked.receipt.as_ref())).await;
    assert_eq!((case.state(), case.facts.unwrap().solved_on), (CaseState::Investigating, None));
    // the same command again is no second revocation, and a new one has nothing to revoke
    assert!(chief.cases().revoke_solve(revoke.clone()).await.unwrap().into_inner().receipt.unwrap().replayed);
    let new = v1::RevokeSolveRequest { request_id: id(), ..revoke };
    let refusal = refused(chief.cases().revoke_solve(new).await);
    assert_eq!(refusal, crate::world::no(Code::FailedPrecondition, "CASE-NOT-SOLVED"));
}

#[tokio::test]
async fn a_case_moves_and_both_stations_keep_its_history() {
    let world = World::start().await;
    let (officer, no) = (world.officer(), number(1));
    officer.file(burglary(&no)).await.unwrap();
    let down = v1::ReclassifyCaseRequest {
        request_id: id(),
        case_no: no.clone(),
        category: "050227".into(),
        reason: "复核".into(),
        ..Default::default()
    };
    let refusal = refused(officer.cases().reclassify_case(down.clone()).await);
    assert_eq!(refusal, crate::world::no(Code::PermissionDenied, "CB-016"));
    world.registrar().cases().reclassify_case(down).await.unwrap();

    let transfer = v1::TransferCaseRequest {
        request_id: id(),
        case_no: no.clone(),
        to_org_unit: ELSEWHERE.into(),
        reason: "管辖".into(),
        ..Default::default()
    };
    let moved = officer.cases().transfer_case(transfer).await.unwrap().into_inner();
    let there = world.caller("officer-9", ELSEWHERE, &["officer"]);
    let case = there.case(&no, position(moved.receipt.as_ref())).await;
    assert_eq!((case.org_unit.as_str(), case.facts.unwrap().category.as_str()), (ELSEWHERE, "050227"));
    let get = v1::GetCaseRequest { case_no: no.clone(), at_least: 0 };
    assert_eq!(
        refused(officer.cases().get_case(get).await).0,
        Code::PermissionDenied,
        "it is no longer theirs"
    );
    let history = v1::GetCaseHistoryRequest { case_no: no.clone() };
    for caller in [&officer, &there] {
        let entries = caller.cases().get_case_history(history.clone()).await.unwrap().into_inner().entries;
        let types: Vec<_> = entries.iter().map(|e| e.r#type.as_str()).collect();
        assert_eq!(
            types,
            [
                "xiaoan.cases.v1.CaseFiled",
                "xiaoan.cases.v1.CaseReclassified",
                "xiaoan.cases.v1.CaseTransferred"
            ]
        );
        let last: serde_json::Value = serde_json::from_str(&entries[2].event_json).unwrap();
        assert_eq!(last["toOrgUnit"], ELSEWHERE);
        assert_eq!(
            (entries[2].version, entries[2].actor.as_str(), entries[2].hash.len()),
            (3, "officer-1", 32)
        );
    }
    let stranger = world.caller("x", NEIGHBOUR, &["officer"]);
    assert_eq!(refused(stranger.cases().get_case_history(history).await).0, Code::PermissionDenied);
}

#[tokio::test]
async fn a_case_is_withdrawn_and_filed_again() {
    let world = World::start().await;
    let (officer, no) = (world.officer(), number(1));
    officer.file(burglary(&no)).await.unwrap();
    let withdraw = |ground: WithdrawalGround| v1::WithdrawCaseRequest {
        request_id: id(),
        case_no: no.clone(),
        ground: ground.into(),
        withdrawn_on: june(10),
        ..Default::default()
    };
    let refusal = refused(officer.cases().withdraw_case(withdraw(WithdrawalGround::NoCrime)).await);
    assert_eq!(refusal, crate::world::no(Code::PermissionDenied, "GE-004"));
    let refusal = refused(officer.cases().withdraw_case(withdraw(WithdrawalGround::Trivial)).await);
    assert_eq!(refusal, crate::world::no(Code::FailedPrecondition, "CB-007"));
    let refusal = refused(officer.cases().withdraw_case(withdraw(WithdrawalGround::Unspecified)).await);
    assert_eq!(refusal, crate::world::no(Code::InvalidArgument, "CB-011"));
    let withdrawn = world
        .registrar()
        .cases()
        .withdraw_case(withdraw(WithdrawalGround::NoCrime))
        .await
        .unwrap()
        .into_inner();
    let serve =
        v1::ServeWithdrawalNoticeRequest { request_id: id(), case_no: no.clone(), ..Default::default() };
    let served = officer.cases().serve_withdrawal_notice(serve).await.unwrap().into_inner();
    assert!(position(served.receipt.as_ref()) > position(withdrawn.receipt.as_ref()));
    let case = officer.case(&no, position(served.receipt.as_ref())).await;
    assert!(case.withdrawal_notify_by.is_some() && case.withdrawal_noticed_at.is_some());
    assert_eq!((case.state(), case.withdrawal_ground()), (CaseState::Withdrawn, WithdrawalGround::NoCrime));
    let refile = v1::RefileCaseRequest {
        request_id: id(),
        case_no: no.clone(),
        refiled_on: june(20),
        new_facts: "新证据".into(),
        ..Default::default()
    };
    let refiled = officer.cases().refile_case(refile).await.unwrap().into_inner();
    let case = officer.case(&no, position(refiled.receipt.as_ref())).await;
    assert_eq!((case.state(), case.withdrawal_ground()), (CaseState::Filed, WithdrawalGround::Unspecified));
}

#[tokio::test]
async fn a_stale_etag_is_aborted_and_a_current_one_is_not() {
    let world = World::start().await;
    let (officer, no) = (world.officer(), number(1));
    officer.file(burglary(&no)).await.unwrap();
    let investigate = |etag: &str| v1::InvestigateCaseRequest {
        request_id: id(),
        case_no: no.clone(),
        etag: etag.into(),
        ..Default::default()
    };
    for (etag, expected) in [("7", (Code::Aborted, "GE-001")), ("x", (Code::InvalidArgument, "GE-006"))] {
        let refusal = refused(officer.cases().investigate_case(investigate(etag)).await);
        assert_eq!(refusal, crate::world::no(expected.0, expected.1));
    }
    let command = investigate("1");
    officer.cases().investigate_case(command.clone()).await.unwrap();
    // sent again its etag is stale by now, but it is the same command
    let again = officer.cases().investigate_case(command).await.map(Response::into_inner).unwrap();
    assert!(again.receipt.unwrap().replayed);
    assert_eq!(refused(officer.cases().investigate_case(investigate("1")).await).0, Code::Aborted);
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let world = World::start().await;
    let officer = world.officer();
    let refusal = refused(officer.cases().approve_solve(approve(&number(9))).await);
    assert_eq!(refusal, no(Code::NotFound, "CASE-UNKNOWN"));
    let get = v1::GetCaseRequest { case_no: number(9), at_least: 0 };
    assert_eq!(refused(officer.cases().get_case(get).await).0, Code::NotFound);
    let history = v1::GetCaseHistoryRequest { case_no: number(9) };
    assert_eq!(refused(officer.cases().get_case_history(history).await).0, Code::NotFound);
    let get = v1::GetCaseRequest { case_no: "cases".into(), at_least: 0 };
    assert_eq!(refused(officer.cases().get_case(get).await), no(Code::InvalidArgument, "GE-006"));
}

#[tokio::test]
async fn a_neighbour_changes_nothing() {
    let world = World::start().await;
    world.officer().file(burglary(&number(1))).await.unwrap();
    let neighbour = world.caller("officer-2", NEIGHBOUR, &["officer"]);
    let refusal = refused(neighbour.cases().propose_solve(propose(&number(1))).await);
    assert_eq!(refusal, no(Code::PermissionDenied, "GE-004"));
    let get = v1::GetCaseRequest { case_no: number(1), at_least: 1 };
    assert_eq!(refused(neighbour.cases().get_case(get).await).0, Code::PermissionDenied);
}
