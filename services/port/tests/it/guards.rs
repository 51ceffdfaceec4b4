//! Guards over the wire, and freight traffic.

use crate::world::*;
use tonic::Code;
use xiaoan_proto::core::v1::{Date, PersonInput};
use xiaoan_proto::port::v1::*;

pub const GUARD: &str = "guard-1";

fn on(month: i32, day: i32) -> Option<Date> {
    Some(Date { year: 2026, month, day })
}

/// Registers a guard of the bureau with the account "guard-account" and gives authority from 2026-04-01 on.
pub async fn authorised(world: &World, guard_id: &str) -> i64 {
    let chief = world.chief();
    let mut c = chief.guards();
    let guard_id = || guard_id.to_owned();
    let register = RegisterGuardRequest {
        request_id: id(),
        guard_id: guard_id(),
        org_unit: BUREAU.into(),
        person: Some(PersonInput { name: "测试保安".into(), ..Default::default() }),
        account: "guard-account".into(),
        ..Default::default()
    };
    c.register_guard(register).await.expect("registered");
    let train = RecordGuardTrainingRequest {
        request_id: id(),
        guard_id: guard_id(),
        course: "快处".into(),
        trained_on: on(3, 1),
        hours: 16,
        ..Default::default()
    };
    c.record_guard_training(train).await.expect("trained");
    let test = RecordGuardTestRequest {
        request_id: id(),
        guard_id: guard_id(),
        tested_on: on(3, 5),
        points: 90,
        passed: true,
        ..Default::default()
    };
    c.record_guard_test(test).await.expect("tested");
    let authorise = AuthoriseGuardRequest {
        request_id: id(),
        guard_id: guard_id(),
        authorised_on: on(3, 8),
        from: on(4, 1),
        to: on(12, 31),
        document: "纪要1".into(),
        ..Default::default()
    };
    position(c.authorise_guard(authorise).await.expect("authorised").into_inner().receipt.as_ref())
}

#[tokio::test]
async fn a_guard_is_trained_tested_and_given_authority_and_the_person_is_sealed() {
    let world = World::start().await;
    let at_least = authorised(&world, GUARD).await;
    let chief = world.chief();
    let request = GetGuardRequest { guard_id: GUARD.into(), at_least };
    let guard =
        chief.guards().get_guard(request).await.expect("a guard").into_inner().guard.expect("a guard");
    assert_eq!((guard.authority_from, guard.authorised_by.as_str()), (on(4, 1), "chief-1"));
    let request = GetGuardHistoryRequest { guard_id: GUARD.into(), ..Default::default() };
    let history = chief.guards().get_guard_history(request).await.expect("a history").into_inner().entries;
    assert_eq!(history.len(), 4);
    assert!(history.iter().all(|entry| !entry.event_json.contains("测试保安")));

    let list = |day| ListGuardsRequest { authorised_on: day, at_least, ..Default::default() };
    for (day, count) in [(on(3, 31), 0), (on(4, 1), 1), (on(12, 31), 1), (None, 1)] {
        let page = chief.guards().list_guards(list(day)).await.expect("a page").into_inner();
        assert_eq!(page.guards.len(), count, "{day:?}");
    }
    let end = EndGuardAuthorityRequest {
        request_id: id(),
        guard_id: GUARD.into(),
        ended_on: on(6, 1),
        reason: "离职".into(),
        ..Default::default()
    };
    let ended = chief.guards().end_guard_authority(end).await.expect("ended").into_inner();
    let request = ListGuardsRequest { at_least: position(ended.receipt.as_ref()), ..list(on(6, 2)) };
    let page = chief.guards().list_guards(request).await.expect("a page").into_inner();
    assert!(page.guards.is_empty());
}

#[tokio::test]
async fn a_guard_gives_no_authority_and_neither_does_another_unit() {
    let world = World::start().await;
    authorised(&world, GUARD).await;
    let end = EndGuardAuthorityRequest {
        request_id: id(),
        guard_id: GUARD.into(),
        ended_on: on(6, 1),
        reason: "x".into(),
        ..Default::default()
    };
    for caller in [world.guard(), world.officer()] {
        let answer = caller.guards().end_guard_authority(end.clone()).await;
        assert_eq!(refused(answer), no(Code::PermissionDenied, "GE-004"));
    }
}

#[tokio::test]
async fn freight_traffic_counts_once_and_is_corrected_on_its_own_day() {
    let world = World::start().await;
    let officer = world.officer();
    let direct = DirectFreightTrafficRequest {
        request_id: id(),
        record_id: "r-1".into(),
        org_unit: STATION.into(),
        vehicles: 2000,
        from: june_7(0),
        to: june_7(600),
        place: "疏港路".into(),
        ..Default::default()
    };
    officer.freight().direct_freight_traffic(direct.clone()).await.expect("directed");
    let again = officer.freight().direct_freight_traffic(direct.clone()).await.expect("remembered");
    assert!(again.into_inner().receipt.expect("a receipt").replayed);
    let twice = DirectFreightTrafficRequest { request_id: id(), ..direct };
    assert_eq!(
        refused(officer.freight().direct_freight_traffic(twice).await),
        no(Code::FailedPrecondition, "FREIGHT-EXISTS")
    );
    let correct = CorrectFreightTrafficRequest {
        request_id: id(),
        record_id: "r-1".into(),
        vehicles: 1900,
        reason: "重复计数".into(),
        ..Default::default()
    };
    let answer = officer.freight().correct_freight_traffic(correct).await.expect("corrected").into_inner();
    let list = ListFreightTrafficRequest {
        from: june(7),
        to: june(7),
        at_least: position(answer.receipt.as_ref()),
        ..Default::default()
    };
    let records = officer.freight().list_freight_traffic(list).await.expect("a page").into_inner().records;
    assert_eq!(records.iter().map(|r| (r.vehicles, r.directed_on)).collect::<Vec<_>>(), [(1900, june(7))]);
}
