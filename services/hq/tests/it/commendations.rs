//! `CommendationService`, rpc by rpc.

use crate::house::{CITY, DONGGANG, House, LANSHAN, STATION, fresh, on, receipt, refused};
use tonic::Code;
use xiaoan_proto::core::v1::PersonInput;
use xiaoan_proto::hq::v1::commendation_service_client::CommendationServiceClient as Client;
use xiaoan_proto::hq::v1::{self as hq, BasisKind, CommendationState, RecipientKind, RevocationCause};
use xiaoan_rpc::client::AuthenticatedChannel;

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
    let answer = hq.revoke_commendation(revoke("team-1", case())).await.expect("revoked").into_inner();
    let position = receipt(answer.receipt).position;
    assert_eq!(counts(&house, position).await, (1, 1, 1));

    let request = hq::GetCommendationRequest { commendation_id: "team-1".into(), at_least: position };
    let shown = hq.get_commendation(request).await.expect("one").into_inner().commendation.expect("one");
    assert_eq!(shown.state(), CommendationState::Revoked);
    assert_eq!(shown.revocation_cause(), RevocationCause::BasisRevoked);
    assert_eq!((shown.nominated_by.as_str(), shown.verified_by.as_str()), ("officer", "tester"));
    assert_eq!(shown.delivered_on, on(2026, 6, 12));
    assert_eq!(shown.etag, "6");
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
