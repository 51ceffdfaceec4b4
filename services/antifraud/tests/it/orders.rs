//! Orders over gRPC, from the draft to the ledger.

use crate::world::*;
use tonic::Code;
use xiaoan_proto::antifraud::v1 as af;
use xiaoan_proto::antifraud::v1::{FreezeState, Ledger, ReturnMethod, ReturnState, StopState};
use xiaoan_proto::core::v1::Date;
use xiaoan_proto::projections::v1::RebuildProjectionRequest;

#[tokio::test]
async fn money_is_stopped_frozen_and_returned_and_each_is_counted_when_its_bank_confirms() {
    let world = World::start().await;
    let (officer, chief) = (world.officer(), world.chief());
    let mut bank = Attending::open(&world.bank("bank-01"), "bank-01", 0).await.expect("attends");

    let stop_id = officer.draft(stop()).await;
    let position = chief.approve(&stop_id).await;
    assert_eq!(chief.sums(position).await, [0, 0, 0], "an order counts nothing (AF-014)");
    let order = bank.next().await;
    let taken = bank.feedback(done(&order, 4_500_000, "20260301100000")).await;
    let shown = officer.stop(&stop_id, taken.position).await;
    assert_eq!((shown.state(), shown.stopped_fen, shown.stops), (StopState::Stopped, 4_500_000, 1));
    assert_eq!(chief.sums(taken.position).await, [4_500_000, 0, 0]);

    let draft = af::DraftFreezeRequest { stop_order_id: stop_id.clone(), ..freeze() };
    let freeze_id = officer.freezes().draft_freeze(draft).await.unwrap().into_inner().order_id;
    let approve =
        af::ApproveFreezeRequest { request_id: id(), order_id: freeze_id.clone(), ..Default::default() };
    chief.freezes().approve_freeze(approve).await.unwrap();
    let order = bank.next().await;
    assert_eq!((order.tx_code.as_str(), order.freeze_type.as_str()), ("100201", "02"));
    let taken = bank.feedback(done(&order, 4_000_000, "20260301100000")).await;
    let get = af::GetFreezeRequest { order_id: freeze_id.clone(), at_least: taken.position };
    let frozen = officer.freezes().get_freeze(get).await.unwrap().into_inner().freeze.unwrap();
    assert_eq!((frozen.state(), frozen.frozen_fen), (FreezeState::Frozen, 4_000_000));
    assert_eq!(frozen.expires_on, Some(Date { year: 2026, month: 9, day: 1 }));
    assert_eq!(officer.stop(&stop_id, taken.position).await.state(), StopState::Converted);

    let propose = af::ProposeReturnRequest {
        request_id: id(),
        freeze_order_id: freeze_id,
        method: ReturnMethod::Direct.into(),
        amount_fen: 3_000_000,
        claims: vec![af::ClaimInput {
            victim: Some(person("测试被害人", "371102199001010011")),
            account: Some(person("测试被害人", "6222020000000000025")),
            loss_fen: 5_000_000,
            traced_fen: 0,
        }],
        ..Default::default()
    };
    let return_id = officer.returns().propose_return(propose).await.unwrap().into_inner().order_id;
    let decide =
        af::DecideReturnRequest { request_id: id(), order_id: return_id.clone(), ..Default::default() };
    chief.returns().decide_return(decide).await.unwrap();
    let order = bank.next().await;
    assert_eq!((order.tx_code.as_str(), order.payments.len()), ("900101", 1));
    assert_eq!(order.payments[0].account.as_ref().unwrap().id_number, "6222020000000000025");
    let taken = bank.feedback(done(&order, 3_000_000, "20260301100000")).await;
    let get = af::GetReturnRequest { order_id: return_id, at_least: taken.position };
    let returned = officer.returns().get_return(get).await.unwrap().into_inner().return_order.unwrap();
    assert_eq!(returned.state(), ReturnState::Executed);
    assert_eq!(chief.sums(taken.position).await, [4_500_000, 4_000_000, 3_000_000]);

    // Each sum names its events, and a confirmation taken back leaves it on the same day.
    let revoke = af::RevokeConfirmationRequest {
        request_id: id(),
        order_id: stop_id,
        reason: "银行更正".into(),
        ..Default::default()
    };
    let denied = world.officer().instructions().revoke_confirmation(revoke.clone()).await;
    assert_eq!(refused(denied), no(Code::PermissionDenied, "GE-004"));
    let answer = world.registrar().instructions().revoke_confirmation(revoke).await.unwrap().into_inner();
    let at_least = answer.receipt.unwrap().position;
    let list = af::ListLedgerEntriesRequest {
        ledger: Ledger::Stopped.into(),
        org_unit: CITY.into(),
        at_least,
        ..Default::default()
    };
    let entries = chief.ledger().list_ledger_entries(list).await.unwrap().into_inner().entries;
    let lines: Vec<_> = entries.iter().map(|e| (e.amount_fen, e.occurred_on.unwrap().day)).collect();
    assert_eq!(lines, [(4_500_000, 1), (-4_500_000, 1)]);
    assert_eq!(chief.sums(at_least).await, [0, 4_000_000, 3_000_000]);
}

#[tokio::test]
async fn the_same_command_again_is_the_same_order_and_another_body_is_refused() {
    let world = World::start().await;
    let officer = world.officer();
    let request = stop();
    let first = officer.stops().draft_stop(request.clone()).await.unwrap().into_inner();
    let again = officer.stops().draft_stop(request.clone()).await.unwrap().into_inner();
    assert_eq!(first.order_id, again.order_id);
    assert!(again.receipt.unwrap().replayed);
    let other = af::DraftStopRequest { urgent: true, ..request };
    assert_eq!(refused(officer.stops().draft_stop(other).await), no(Code::AlreadyExists, "GE-002"));
}

#[tokio::test]
async fn orders_are_written_for_ones_own_units_and_sent_to_banks_only() {
    let world = World::start().await;
    let officer = world.officer();
    let elsewhere = af::DraftStopRequest { org_unit: ELSEWHERE.into(), ..stop() };
    let answer = officer.stops().draft_stop(elsewhere).await;
    assert_eq!(refused(answer), no(Code::PermissionDenied, "GE-004"));
    for nobank in ["operator-01", "bank-99"] {
        let request = af::DraftStopRequest { account: account(nobank, NUMBER), ..stop() };
        assert_eq!(
            refused(officer.stops().draft_stop(request).await),
            no(Code::InvalidArgument, "BANK-UNKNOWN")
        );
    }
    let order_id = officer.draft(stop()).await;
    let neighbour = world.caller("officer-9", ELSEWHERE, &["officer"]);
    let approve =
        af::ApproveStopRequest { request_id: id(), order_id: order_id.clone(), ..Default::default() };
    assert_eq!(refused(neighbour.stops().approve_stop(approve).await), no(Code::PermissionDenied, "GE-004"));
    let get = af::GetStopRequest { order_id, at_least: world.store.head().await.unwrap().position };
    assert_eq!(refused(neighbour.stops().get_stop(get.clone()).await), no(Code::PermissionDenied, "GE-004"));
    // A bank reads no orders but on its own stream.
    assert_eq!(
        refused(world.bank("bank-01").stops().get_stop(get).await),
        no(Code::PermissionDenied, "GE-004")
    );
    let unknown = af::ApproveStopRequest { request_id: id(), order_id: "x".into(), ..Default::default() };
    assert_eq!(refused(officer.stops().approve_stop(unknown).await), no(Code::NotFound, "ORDER-UNKNOWN"));
}

#[tokio::test]
async fn views_and_deadlines_rebuilt_from_the_log_are_what_they_were() {
    let world = World::start().await;
    let mut bank = Attending::open(&world.bank("bank-01"), "bank-01", 0).await.expect("attends");
    for n in 0..4 {
        let request = af::DraftStopRequest { account: account("bank-01", &format!("62220{n}")), ..stop() };
        let order_id = world.officer().draft(request).await;
        if n > 0 {
            world.chief().approve(&order_id).await;
            let order = bank.next().await;
            if n > 1 {
                bank.feedback(done(&order, 100, "20260301100000")).await;
            }
        }
    }
    let hq = world.caller("hq-1", CITY, &["hq"]);
    for projection in ["views", "timers"] {
        let request = RebuildProjectionRequest { projection: projection.into() };
        let mut progress = hq.projections().rebuild_projection(request).await.expect("begins").into_inner();
        let mut last = None;
        while let Some(message) = progress.message().await.expect("goes on") {
            last = Some(message);
        }
        let last = last.expect("progress");
        assert!(last.done && last.events > 0);
        assert_eq!(last.digest, last.replaced_digest, "{projection}");
    }
    let head = world.store.head().await.unwrap().position;
    assert_eq!(world.chief().sums(head).await, [200, 0, 0]);
}

#[tokio::test]
async fn lists_come_in_pages_newest_first() {
    let world = World::start().await;
    let officer = world.officer();
    let mut drafted = Vec::new();
    for n in 0..5 {
        let request = af::DraftStopRequest { account: account("bank-01", &format!("62220{n}")), ..stop() };
        drafted.push(officer.draft(request).await);
    }
    drafted.reverse();
    let mut seen = Vec::new();
    let mut list = af::ListStopsRequest {
        page_size: 2,
        at_least: world.store.head().await.unwrap().position,
        state: StopState::Drafted.into(),
        ..Default::default()
    };
    loop {
        let page = officer.stops().list_stops(list.clone()).await.unwrap().into_inner();
        seen.extend(page.stops.into_iter().map(|stop| stop.order_id));
        if page.next_page_token.is_empty() {
            break;
        }
        list.page_token = page.next_page_token;
    }
    assert_eq!(seen, drafted);
}

#[tokio::test]
async fn member_units_join_change_their_role_and_leave() {
    let world = World::start().await;
    let hq = world.caller("hq-1", CITY, &["hq"]);
    let assign = af::AssignOnSiteRoleRequest {
        request_id: id(),
        member_unit: "operator-01".into(),
        on_site_role: af::OnSiteRole::Blocking.into(),
        from: Some(Date { year: 2026, month: 2, day: 1 }),
        ..Default::default()
    };
    assert_eq!(
        refused(world.officer().members().assign_on_site_role(assign.clone()).await),
        no(Code::PermissionDenied, "GE-004")
    );
    hq.members().assign_on_site_role(assign).await.unwrap();
    let leave = af::LeaveMemberUnitRequest {
        request_id: id(),
        member_unit: "bank-02".into(),
        left_on: Some(Date { year: 2026, month: 2, day: 28 }),
        ..Default::default()
    };
    let receipt = hq.members().leave_member_unit(leave.clone()).await.unwrap().into_inner().receipt.unwrap();
    let again = af::LeaveMemberUnitRequest { request_id: id(), ..leave };
    assert_eq!(
        refused(hq.members().leave_member_unit(again).await),
        no(Code::FailedPrecondition, "MEMBER-LEFT")
    );
    let list = af::ListMemberUnitsRequest { at_least: receipt.position };
    let units = hq.members().list_member_units(list).await.unwrap().into_inner().member_units;
    let shown: Vec<_> =
        units.iter().map(|u| (u.member_unit.as_str(), u.on_site_role(), u.left_on.is_some())).collect();
    assert_eq!(
        shown,
        [
            ("bank-01", af::OnSiteRole::StopPayment, false),
            ("bank-02", af::OnSiteRole::StopPayment, true),
            ("operator-01", af::OnSiteRole::Blocking, false),
        ]
    );
    // Who has left is sent nothing any more.
    let request = af::DraftStopRequest { account: account("bank-02", NUMBER), ..stop() };
    assert_eq!(
        refused(world.officer().stops().draft_stop(request).await),
        no(Code::InvalidArgument, "BANK-UNKNOWN")
    );
}
