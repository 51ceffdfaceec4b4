//! `OrgUnitService`, rpc by rpc.

use crate::house::{
    CITY, DONGGANG, House, LANSHAN, STATION, fields, fresh, moving, on, receipt, refused, registration,
};
use tonic::Code;
use xiaoan_proto::core::v1::OrgKind;
use xiaoan_proto::hq::v1 as hq;
use xiaoan_proto::hq::v1::org_unit_service_client::OrgUnitServiceClient;

fn rename(name_zh: &str, etag: &str) -> hq::RenameOrgUnitRequest {
    hq::RenameOrgUnitRequest {
        request_id: fresh(),
        code: STATION.into(),
        etag: etag.into(),
        name_zh: name_zh.into(),
        name_en: "Renamed".into(),
        effective_on: on(2026, 6, 1),
    }
}

fn retire(code: &str, successor: &str) -> hq::RetireOrgUnitRequest {
    hq::RetireOrgUnitRequest {
        request_id: fresh(),
        code: code.into(),
        etag: String::new(),
        effective_on: on(2026, 7, 1),
        successor: successor.into(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registered_unit_is_there_at_the_position_of_its_receipt() {
    let house = House::with_units().await;
    let receipt = house.register(LANSHAN_STATION, OrgKind::Station, LANSHAN).await;
    assert_eq!((receipt.name.as_str(), receipt.etag.as_str()), ("orgUnits/371103010000", "1"));
    assert_eq!((receipt.position, receipt.replayed), (5, false));
    let unit = house.unit(LANSHAN_STATION, receipt.position).await;
    let expected = hq::OrgUnit {
        code: LANSHAN_STATION.into(),
        kind: OrgKind::Station.into(),
        parent: LANSHAN.into(),
        name_zh: "示例单位".into(),
        name_en: "Example".into(),
        effective_on: on(1949, 10, 1),
        retired_on: None,
        officers: 0,
        etag: "1".into(),
    };
    assert_eq!(unit, expected);
}
const LANSHAN_STATION: &str = "371103010000";

#[tokio::test(flavor = "multi_thread")]
async fn units_are_listed_with_parents_before_children() {
    let house = House::with_units().await;
    let request = hq::ListOrgUnitsRequest { at_least: 4 };
    let listed = house.org_units().list_org_units(request).await.expect("a list").into_inner();
    let codes: Vec<_> = listed.org_units.iter().map(|unit| unit.code.as_str()).collect();
    assert_eq!(codes, [CITY, DONGGANG, LANSHAN, STATION]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_command_again_gets_the_first_answer_and_another_body_is_refused() {
    let house = House::with_units().await;
    let command = registration(LANSHAN_STATION, OrgKind::Station, LANSHAN);
    let mut answers = Vec::new();
    for again in [false, true] {
        let answer = house.org_units().register_org_unit(command.clone()).await.expect("accepted twice");
        let mut receipt = receipt(answer.into_inner().receipt);
        assert_eq!(std::mem::take(&mut receipt.replayed), again);
        answers.push(receipt);
    }
    assert_eq!(answers[0], answers[1]);
    let other = hq::RegisterOrgUnitRequest { name_zh: "另一单位".into(), ..command };
    let answer = house.org_units().register_org_unit(other).await;
    assert_eq!(refused(answer), (Code::AlreadyExists, "GE-002".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_equal_commands_at_once_register_one_unit() {
    let house = House::with_units().await;
    let command = registration(LANSHAN_STATION, OrgKind::Station, LANSHAN);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (mut client, command) = (house.org_units(), command.clone());
        calls.spawn(async move { client.register_org_unit(command).await });
    }
    let answers: Vec<_> =
        calls.join_all().await.into_iter().map(|a| a.expect("accepted").into_inner()).collect();
    let fresh = answers.iter().filter(|a| !receipt(a.receipt.clone()).replayed).count();
    assert_eq!(fresh, 1);
    assert!(answers.iter().all(|a| receipt(a.receipt.clone()).position == 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_etag_is_aborted_and_the_current_one_is_taken() {
    let house = House::with_units().await;
    house.org_units().rename_org_unit(rename("新名", "1")).await.expect("the version that was read");
    let answer = house.org_units().rename_org_unit(rename("更新名", "1")).await;
    assert_eq!(refused(answer), (Code::Aborted, "GE-001".into()));
    house.org_units().rename_org_unit(rename("更新名", "2")).await.expect("the version that is current");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_headquarters_decides_and_everybody_known_may_ask() {
    let house = House::with_units().await;
    for roles in [&["officer"][..], &["registrar"], &["auditor"], &["hq", "auditor"], &["service"], &[]] {
        let mut client = OrgUnitServiceClient::new(house.caller(roles));
        let answer = client.rename_org_unit(rename("新名", "")).await;
        assert_eq!(refused(answer), (Code::PermissionDenied, "GE-004".into()), "{roles:?}");
        client.list_org_units(hq::ListOrgUnitsRequest::default()).await.expect("a list for everybody");
    }
    let mut stranger = OrgUnitServiceClient::new(house.stranger());
    let answer = stranger.list_org_units(hq::ListOrgUnitsRequest::default()).await;
    assert_eq!(refused(answer).0, Code::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_fields_are_all_named() {
    let house = House::with_units().await;
    let command = hq::RegisterOrgUnitRequest {
        code: "3711".into(),
        name_zh: String::new(),
        ..registration(STATION, OrgKind::Unspecified, LANSHAN)
    };
    let answer = house.org_units().register_org_unit(command).await;
    assert_eq!(fields(answer.as_ref().expect_err("refused")), ["code", "kind", "name_zh"]);
    assert_eq!(refused(answer), (Code::InvalidArgument, "CB-001".into()));
    let command = hq::RegisterOrgUnitRequest {
        request_id: "17".into(),
        ..registration(STATION, OrgKind::Station, DONGGANG)
    };
    let answer = house.org_units().register_org_unit(command).await;
    assert_eq!(fields(&answer.expect_err("refused")), ["request_id"]);
    let command = registration(LANSHAN_STATION, OrgKind::Station, "371199000000");
    let answer = house.org_units().register_org_unit(command).await;
    assert_eq!(fields(&answer.expect_err("an unknown parent")), ["parent"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_state_does_not_allow_is_a_failed_precondition_with_its_reason() {
    let house = House::with_units().await;
    let state = |reason: &str| (Code::FailedPrecondition, reason.to_owned());
    let mut client = house.org_units();
    let answer = client.register_org_unit(registration(STATION, OrgKind::Station, LANSHAN)).await;
    assert_eq!(refused(answer), state("ORG-EXISTS"));
    let second = registration("370200000000", OrgKind::CityBureau, "");
    assert_eq!(refused(client.register_org_unit(second).await), state("ORG-SECOND-CITY"));
    let looping = moving(DONGGANG, STATION, on(2026, 7, 1));
    assert_eq!(refused(client.move_org_unit(looping).await), state("ORG-LOOP"));
    let same = moving(STATION, DONGGANG, on(2026, 7, 1));
    assert_eq!(refused(client.move_org_unit(same).await), state("ORG-UNCHANGED"));
    assert_eq!(refused(client.retire_org_unit(retire(DONGGANG, "")).await), state("ORG-HAS-CHILDREN"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_is_not_there_is_not_found() {
    let house = House::with_units().await;
    let request = hq::GetOrgUnitRequest { code: LANSHAN_STATION.into(), at_least: 0 };
    assert_eq!(refused(house.org_units().get_org_unit(request).await), (Code::NotFound, "NOT-FOUND".into()));
    let request = hq::GetOrgUnitRequest { code: "3711".into(), at_least: 0 };
    assert_eq!(refused(house.org_units().get_org_unit(request).await).0, Code::InvalidArgument);
    let command = hq::RenameOrgUnitRequest { code: LANSHAN_STATION.into(), ..rename("新名", "") };
    assert_eq!(refused(house.org_units().rename_org_unit(command).await), (Code::NotFound, "CB-001".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_is_shown_as_it_is_today_and_not_as_it_will_be() {
    let house = House::with_units().await;
    let mut client = house.org_units();
    client.rename_org_unit(rename("新名", "")).await.expect("renamed since June");
    let planned = hq::RenameOrgUnitRequest { effective_on: on(2026, 7, 1), ..rename("将来名", "") };
    client.rename_org_unit(planned).await.expect("renamed from July on");
    client.move_org_unit(moving(STATION, LANSHAN, on(2026, 6, 15))).await.expect("moved in June");
    for (from, officers) in [(on(2020, 1, 1), 28), (on(2026, 1, 1), 32), (on(2026, 7, 1), 40)] {
        let command =
            hq::RecordHeadcountRequest { request_id: fresh(), code: STATION.into(), from, officers };
        client.record_headcount(command).await.expect("a headcount");
    }
    let retired = client.retire_org_unit(retire(STATION, LANSHAN)).await.expect("retired from July on");
    let position = receipt(retired.into_inner().receipt).position;
    let unit = house.unit(STATION, position).await;
    assert_eq!((unit.name_zh.as_str(), unit.parent.as_str(), unit.officers), ("新名", LANSHAN, 32));
    assert_eq!((unit.retired_on, unit.etag.as_str()), (on(2026, 7, 1), "8"));
    let retired = client.retire_org_unit(retire(STATION, "")).await;
    assert_eq!(refused(retired), (Code::FailedPrecondition, "ORG-RETIRED".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_moves_that_are_each_fine_never_make_a_loop_together() {
    let house = House::with_units().await;
    let other = house.replica().await;
    for round in 0..8 {
        let day = on(2027, 1, 1 + round);
        let (mut here, mut there) = (house.org_units(), other.org_units());
        let (one, two) = tokio::join!(
            here.move_org_unit(moving(DONGGANG, LANSHAN, day)),
            there.move_org_unit(moving(LANSHAN, DONGGANG, day)),
        );
        let (moved, loser) = match (one, two) {
            (Ok(_), Err(status)) => (DONGGANG, status),
            (Err(status), Ok(_)) => (LANSHAN, status),
            both => panic!("exactly one of two crossing moves is accepted: {both:?}"),
        };
        assert_eq!(refused::<()>(Err(loser)), (Code::FailedPrecondition, "ORG-LOOP".into()));
        here.move_org_unit(moving(moved, CITY, day)).await.expect("moved back for the next round");
    }
    other.stop().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_is_never_registered_under_one_that_is_being_retired() {
    let house = House::with_units().await;
    let other = house.replica().await;
    for round in 1..=5 {
        let bureau = format!("3711{:02}000000", 40 + round);
        let station = format!("3711{:02}010000", 40 + round);
        house.register(&bureau, OrgKind::CountyBureau, CITY).await;
        let (mut here, mut there) = (house.org_units(), other.org_units());
        let (registered, retired) = tokio::join!(
            here.register_org_unit(registration(&station, OrgKind::Station, &bureau)),
            there.retire_org_unit(retire(&bureau, "")),
        );
        assert_ne!(registered.is_ok(), retired.is_ok(), "{registered:?} {retired:?}");
    }
    other.stop().await;
    house.stop().await;
}
