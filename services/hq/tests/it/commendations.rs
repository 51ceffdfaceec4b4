//! `CommendationService`, rpc by rpc.

use crate::house::{CITY, DONGGANG, House, LANSHAN, STATION, fresh, on, receipt, refused};
use std::time::Duration;
use tonic::Code;
use xiaoan_proto::cases::v1::CaseLinked;
use xiaoan_proto::core::v1::PersonInput;
use xiaoan_proto::hq::v1::commendation_service_client::CommendationServiceClient as Client;
use xiaoan_proto::hq::v1::{self as hq, BasisKind, CommendationState, RecipientKind, RevocationCause};
use xiaoan_rpc::client::AuthenticatedChannel;
use xiaoan_testkit::wait_until;

const CASE: &str = "A3711020100002026060001";

fn case() -> Option<hq::Basis> {
    Some(hq::Basis { kind: BasisKind::Case.into(), reference: CASE.into() })
}
fn collective(id: &str) -> hq::NominateForCommendationRequest {
    hq::NominateForCommendationRequest {
        request_id: fresh(),
        commendation_id: id.into(),
        org_unit: STATION.into(),
        recipient: RecipientKind::Collective.into(),
        team: "示例小组".into(),
        honour: "先进集体".into(),
        basis: case(),
        on: on(2026, 6, 1),
        ..Default::default()
    }
}
fn individual(id: &str) -> hq::NominateForCommendationRequest {
    let person =
        PersonInput { name: "演示甲".into(), phone: "13900000001".into(), id_number: "DEMO-1".into() };
    hq::NominateForCommendationRequest {
        recipient: RecipientKind::Individual.into(),
        team: String::new(),
        person: Some(person),
        ..collective(id)
    }
}
fn revoke(id: &str, basis: Option<hq::Basis>) -> hq::RevokeCommendationRequest {
    hq::RevokeCommendationRequest {
        request_id: fresh(),
        commendation_id: id.into(),
        cause: RevocationCause::BasisRevoked.into(),
        basis,
        reason: "破案被撤销".into(),
        ..Default::default()
    }
}

fn station(house: &House) -> Client<AuthenticatedChannel> {
    Client::new(house.officer(STATION))
}
fn headquarters(house: &House) -> Client<AuthenticatedChannel> {
    Client::new(house.caller(&["hq"]))
}

/// From the nomination to the award.
async fn granted(house: &House, nomination: hq::NominateForCommendationRequest) -> i64 {
    let (request_id, commendation_id, etag) = (fresh, nomination.commendation_id.clone(), String::new());
    station(house).nominate_for_commendation(nomination).await.expect("nominated");
    let mut hq = headquarters(house);
    let verify = hq::VerifyNominationRequest {
        request_id: request_id(),
        commendation_id: commendation_id.clone(),
        etag: "1".into(),
        on: on(2026, 6, 3),
    };
    hq.verify_nomination(verify).await.expect("verified");
    let publicise = hq::PublicizeNominationRequest {
        request_id: request_id(),
        commendation_id: commendation_id.clone(),
        etag: etag.clone(),
        from: on(2026, 6, 4),
        to: on(2026, 6, 10),
    };
    hq.publicize_nomination(publicise).await.expect("publicised");
    let early = hq::GrantCommendationRequest {
        request_id: request_id(),
        commendation_id: commendation_id.clone(),
        etag: etag.clone(),
        on: on(2026, 6, 10),
    };
    let state = (Code::FailedPrecondition, "COMMENDATION-PUBLICITY-RUNS".to_owned());
    assert_eq!(refused(hq.grant_commendation(early.clone()).await), state);
    let grant = hq::GrantCommendationRequest { request_id: request_id(), on: on(2026, 6, 11), ..early };
    hq.grant_commendation(grant).await.expect("granted");
    let deliver =
        hq::DeliverAwardRequest { request_id: request_id(), commendation_id, etag, on: on(2026, 6, 12) };
    let answer = hq.deliver_award(deliver).await.expect("delivered").into_inner();
    receipt(answer.receipt).position
}

async fn counts(house: &House, at_least: i64) -> (i64, i64, i64) {
    let request = hq::CountCommendationsRequest { at_least, from: on(2026, 6, 1), to: on(2026, 6, 30) };
    let answer = headquarters(house).count_commendations(request).await.expect("counts").into_inner();
    (answer.collectives, answer.individuals, answer.revoked)
}

#[tokio::test(flavor = "multi_thread")]
async fn a08_honours_are_counted_by_whom_they_went_to_and_no_more_when_revoked() {
    let house = House::with_units().await;
    granted(&house, collective("team-1")).await;
    granted(&house, collective("team-2")).await;
    let position = granted(&house, individual("somebody")).await;
    assert_eq!(counts(&house, position).await, (2, 1, 0));

    let mut hq = headquarters(&house);
    let other = Some(hq::Basis { kind: BasisKind::Series.into(), reference: CASE.into() });
    let answer = hq.revoke_commendation(revoke("team-1", other)).await;
    assert_eq!(refused(answer), (Code::FailedPrecondition, "COMMENDATION-BASIS".into()));
    // Nobody has revoked what it rests on: the case is not even there, then filed, then solved.
    let stands = (Code::FailedPrecondition, "COMMENDATION-BASIS-STANDS".to_owned());
    assert_eq!(refused(hq.revoke_commendation(revoke("team-1", case())).await), stands);
    house.files(CASE).await;
    house.solves(CASE, 1).await;
    assert_eq!(refused(hq.revoke_commendation(revoke("team-1", case())).await), stands);
    let error =
        hq::RevokeCommendationRequest { cause: RevocationCause::Error.into(), ..revoke("team-2", None) };
    let answer = hq.revoke_commendation(error).await.expect("revoked").into_inner();
    let position = receipt(answer.receipt).position;
    assert_eq!(counts(&house, position).await, (1, 1, 1));

    // The solve is revoked: what rests on it falls by itself.
    let revoked = house.revokes(CASE, 2).await;
    wait_until(Duration::from_secs(20), || async { counts(&house, 0).await == (0, 0, 3) }).await;
    let position = 0;

    let request = hq::GetCommendationRequest { commendation_id: "team-1".into(), at_least: position };
    let shown = hq.get_commendation(request).await.expect("one").into_inner().commendation.expect("one");
    assert_eq!(shown.state(), CommendationState::Revoked);
    assert_eq!(shown.revocation_cause(), RevocationCause::BasisRevoked);
    assert_eq!((shown.nominated_by.as_str(), shown.verified_by.as_str()), ("officer", "tester"));
    assert_eq!(shown.delivered_on, on(2026, 6, 12));
    assert_eq!(shown.revoked_position, revoked);
    assert_eq!(shown.etag, "6");
}

async fn state(house: &House, id: &str, at_least: i64) -> CommendationState {
    let request = hq::GetCommendationRequest { commendation_id: id.into(), at_least };
    let answer = headquarters(house).get_commendation(request).await.expect("one").into_inner();
    answer.commendation.expect("one").state()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honour_for_a_series_falls_with_its_last_solved_case_and_one_that_came_later_does_not() {
    let house = House::with_units().await;
    let (first, second) = (CASE, "A3711020100002026060002");
    for case_no in [first, second] {
        house.files(case_no).await;
        house.solves(case_no, 1).await;
    }
    for (before, case_no) in (0..).zip([first, second]) {
        let linked = CaseLinked { series_id: "bicycles".into(), case_no: case_no.into() };
        house.happens("series", "bicycles", before, &linked).await;
    }
    let series = Some(hq::Basis { kind: BasisKind::Series.into(), reference: "bicycles".into() });
    let of_series = |id: &str| hq::NominateForCommendationRequest { basis: series.clone(), ..collective(id) };
    let mut station = station(&house);
    station.nominate_for_commendation(of_series("team-1")).await.expect("nominated");
    station.nominate_for_commendation(of_series("team-2")).await.expect("nominated");
    let of_case = station.nominate_for_commendation(collective("of-case")).await.expect("nominated");
    let state = async |id: &str, at_least| state(&house, id, at_least).await;
    let fallen = async |id: &str| {
        // The view follows: right after its nomination it may not know the honour yet.
        let revoked = || async {
            let request = hq::GetCommendationRequest { commendation_id: id.into(), at_least: 0 };
            let answer = headquarters(&house).get_commendation(request).await;
            let shown = answer.ok().and_then(|answer| answer.into_inner().commendation);
            shown.is_some_and(|shown| shown.state() == CommendationState::Revoked)
        };
        wait_until(Duration::from_secs(20), revoked).await;
    };
    assert_eq!(
        state("of-case", receipt(of_case.into_inner().receipt).position).await,
        CommendationState::Nominated
    );
    // One of two solves falls: the honour for the case with it, that for the series when headquarters says so.
    house.revokes(first, 2).await;
    fallen("of-case").await;
    assert_eq!(state("team-1", 0).await, CommendationState::Nominated);
    let mut hq = headquarters(&house);
    let answer =
        hq.revoke_commendation(revoke("team-2", series.clone())).await.expect("revoked").into_inner();
    let position = receipt(answer.receipt).position;
    assert_eq!(state("team-2", position).await, CommendationState::Revoked);
    // The other one, too; what was nominated afterwards rests on what was there then.
    house.revokes(second, 2).await;
    fallen("team-1").await;
    house.move_to(time::macros::datetime!(2026-06-30 05:00 UTC));
    let later = station.nominate_for_commendation(of_series("team-3")).await.expect("nominated");
    let other = "A3711020100002026060003";
    house.files(other).await;
    house.solves(other, 1).await;
    let of_other = hq::Basis { kind: BasisKind::Case.into(), reference: other.into() };
    let of_other = hq::NominateForCommendationRequest { basis: Some(of_other), ..collective("other") };
    station.nominate_for_commendation(of_other).await.expect("nominated");
    house.revokes(other, 2).await;
    fallen("other").await;
    let at_least = receipt(later.into_inner().receipt).position;
    assert_eq!(state("team-3", at_least).await, CommendationState::Nominated);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_rests_on_a_case_is_found_by_its_number_page_by_page() {
    let house = House::with_units().await;
    let mut station = station(&house);
    let mut last = 0;
    for id in ["team-1", "team-2", "team-3"] {
        let answer = station.nominate_for_commendation(collective(id)).await.expect("nominated");
        last = receipt(answer.into_inner().receipt).position;
    }
    let mut request = hq::ListCommendationsRequest {
        basis_reference: CASE.into(),
        state: CommendationState::Nominated.into(),
        page_size: 2,
        at_least: last,
        ..Default::default()
    };
    let first = station.list_commendations(request.clone()).await.expect("a page").into_inner();
    request.page_token.clone_from(&first.next_page_token);
    let second = station.list_commendations(request.clone()).await.expect("a page").into_inner();
    let ids: Vec<_> =
        first.commendations.iter().chain(&second.commendations).map(|c| c.commendation_id.as_str()).collect();
    assert_eq!((ids, second.next_page_token.as_str()), (vec!["team-3", "team-2", "team-1"], ""));
    let other = hq::ListCommendationsRequest { basis_reference: "other".into(), ..request };
    assert_eq!(refused(station.list_commendations(other).await), (Code::InvalidArgument, "GE-006".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_nominates_its_own_and_headquarters_decides() {
    let house = House::with_units().await;
    let mut station = station(&house);
    let not_ours = (Code::PermissionDenied, "GE-004".to_owned());
    let above = hq::NominateForCommendationRequest { org_unit: LANSHAN.into(), ..collective("team-1") };
    assert_eq!(refused(station.nominate_for_commendation(above).await), not_ours);
    let unknown =
        hq::NominateForCommendationRequest { org_unit: "371199990000".into(), ..collective("team-1") };
    assert_eq!(
        refused(station.nominate_for_commendation(unknown).await),
        (Code::InvalidArgument, "CB-001".into())
    );
    let nomination = collective("team-1");
    let first = station.nominate_for_commendation(nomination.clone()).await.expect("nominated").into_inner();
    let again = station.nominate_for_commendation(nomination).await.expect("the same").into_inner();
    assert_eq!((receipt(first.receipt).position, true), {
        let again = receipt(again.receipt);
        (again.position, again.replayed)
    });
    let verify = hq::VerifyNominationRequest {
        request_id: fresh(),
        commendation_id: "team-1".into(),
        ..Default::default()
    };
    assert_eq!(refused(station.verify_nomination(verify.clone()).await), not_ours);
    let mut hq = headquarters(&house);
    hq.nominate_for_commendation(hq::NominateForCommendationRequest {
        org_unit: DONGGANG.into(),
        ..collective("own")
    })
    .await
    .expect("headquarters nominates everybody");
    let own = hq::VerifyNominationRequest { commendation_id: "own".into(), request_id: fresh(), ..verify };
    assert_eq!(
        refused(hq.verify_nomination(own).await),
        (Code::PermissionDenied, "COMMENDATION-SAME-SUBJECT".into())
    );
    let none = hq::GetCommendationRequest { commendation_id: CITY.into(), at_least: 0 };
    assert_eq!(refused(hq.get_commendation(none).await), (Code::NotFound, "COMMENDATION-UNKNOWN".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_individual_is_in_the_log_sealed_and_never_readable() {
    let house = House::with_units().await;
    let answer = station(&house).nominate_for_commendation(individual("somebody")).await.expect("nominated");
    let position = receipt(answer.into_inner().receipt).position;
    let request = hq::GetCommendationRequest { commendation_id: "somebody".into(), at_least: position };
    let shown = station(&house).get_commendation(request).await.expect("one").into_inner();
    let shown = format!("{shown:?}");
    assert!(!shown.contains("演示甲") && !shown.contains("13900000001"), "{shown}");
    let pool = house.owner_pool();
    let mut seen = 0;
    for table in ["eventstore.events", "register_entries", "person_keys", "eventstore.requests"] {
        let query = format!("SELECT t::text FROM {table} t");
        let Ok(rows) = sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(query)).fetch_all(&pool).await
        else {
            panic!("no table {table}");
        };
        for row in rows {
            seen += 1;
            for personal in ["演示甲", "13900000001", "DEMO-1"] {
                let bytes = hex::encode(personal);
                assert!(!row.contains(personal) && !row.contains(&bytes), "{personal} stands in {table}");
            }
        }
    }
    assert!(seen > 6, "there was something to look at");
}
