use super::*;
use time::macros::{date, datetime};
use xiaoan_kernel::given::given;
use xiaoan_proto::core::v1::PersonInput;

const UNIT: &str = "371103010000";
const CASE: &str = "A3711030100002020100007";

fn by(subject: &str) -> By<'_> {
    By { subject, today: date!(2021 - 07 - 31) }
}
fn on(year: i32, month: i32, day: i32) -> Option<core::Date> {
    Some(core::Date { year, month, day })
}
fn case() -> Option<hq::Basis> {
    Some(hq::Basis { kind: BasisKind::Case.into(), reference: CASE.into() })
}
fn nominate() -> hq::NominateForCommendationRequest {
    hq::NominateForCommendationRequest {
        commendation_id: "cabbages".into(),
        org_unit: UNIT.into(),
        recipient: RecipientKind::Collective.into(),
        team: "示例合成作战组".into(),
        honour: "秋风行动先进集体".into(),
        basis: case(),
        on: on(2021, 7, 1),
        ..Default::default()
    }
}
fn nominate_somebody() -> hq::NominateForCommendationRequest {
    hq::NominateForCommendationRequest {
        recipient: RecipientKind::Individual.into(),
        team: String::new(),
        person: Some(PersonInput { name: "演示甲".into(), ..Default::default() }),
        ..nominate()
    }
}
fn nominated_event() -> CommendationEvent {
    hq::CommendationNominated {
        commendation_id: "cabbages".into(),
        org_unit: UNIT.into(),
        recipient: RecipientKind::Collective.into(),
        team: "示例合成作战组".into(),
        honour: "秋风行动先进集体".into(),
        basis: case(),
        on: on(2021, 7, 1),
        nominated_by: "station".into(),
        ..Default::default()
    }
    .into()
}
fn verified() -> CommendationEvent {
    hq::CommendationVerified {
        commendation_id: "cabbages".into(),
        org_unit: UNIT.into(),
        on: on(2021, 7, 5),
        verified_by: "hq".into(),
    }
    .into()
}
fn publicised() -> CommendationEvent {
    hq::CommendationPublicised {
        commendation_id: "cabbages".into(),
        org_unit: UNIT.into(),
        from: on(2021, 7, 6),
        to: on(2021, 7, 12),
    }
    .into()
}
fn granted() -> CommendationEvent {
    hq::CommendationGranted {
        commendation_id: "cabbages".into(),
        org_unit: UNIT.into(),
        on: on(2021, 7, 13),
        recipient: RecipientKind::Collective.into(),
    }
    .into()
}
fn publicise(to: Option<core::Date>) -> hq::PublicizeNominationRequest {
    hq::PublicizeNominationRequest { from: on(2021, 7, 6), to, ..Default::default() }
}
fn grant(day: Option<core::Date>) -> hq::GrantCommendationRequest {
    hq::GrantCommendationRequest { on: day, ..Default::default() }
}
fn revoke(cause: RevocationCause, basis: Option<hq::Basis>) -> hq::RevokeCommendationRequest {
    hq::RevokeCommendationRequest {
        on: on(2021, 7, 20),
        cause: cause.into(),
        basis,
        reason: "破案被撤销".into(),
        ..Default::default()
    }
}

#[test]
fn a08_a_collective_goes_from_the_nomination_to_the_award() {
    let commendation = given::<Commendation>([])
        .when(|c| c.decide_nominate(&nominate(), None, by("station")))
        .then([nominated_event()]);
    assert_eq!(commendation.clone().into_shown().map(|c| c.state()), Some(State::Nominated));
    let verify = hq::VerifyNominationRequest { on: on(2021, 7, 5), ..Default::default() };
    given::<Commendation>([nominated_event()])
        .when(|c| c.decide_verify(&verify, by("hq")))
        .then([verified()]);
    given::<Commendation>([nominated_event(), verified()])
        .when(|c| c.decide_publicise(&publicise(on(2021, 7, 12)), by("hq")))
        .then([publicised()]);
    given::<Commendation>([nominated_event(), verified(), publicised()])
        .when(|c| c.decide_grant(&grant(on(2021, 7, 13)), by("hq")))
        .then([granted()]);
    let deliver = hq::DeliverAwardRequest { on: on(2021, 7, 15), ..Default::default() };
    let past = [nominated_event(), verified(), publicised(), granted()];
    let facts = given::<Commendation>(past).when(|c| c.decide_deliver(&deliver, by("hq"))).then_facts();
    assert_eq!(facts.first().map(|f| f.occurred_on), Some(date!(2021 - 07 - 15)));
}

#[test]
fn an_individual_is_nominated_sealed_and_only_where_there_is_a_key() {
    given::<Commendation>([])
        .when(|c| c.decide_nominate(&nominate_somebody(), None, by("station")))
        .then_refused(&["PERSON-KEY-MISSING"]);
    let sealed = SealedPerson { person_id: "p".into(), ..Default::default() };
    let facts = given::<Commendation>([])
        .when(|c| c.decide_nominate(&nominate_somebody(), Some(sealed.clone()), by("station")))
        .then_facts();
    let mut commendation = Commendation::default();
    facts.iter().for_each(|fact| commendation.apply(&fact.event));
    assert_eq!(commendation.into_shown().map(|c| c.person_id), Some("p".to_owned()));
}

#[test]
fn every_wrong_field_of_a_nomination_is_reported() {
    let command = hq::NominateForCommendationRequest {
        commendation_id: "No Slug".into(),
        org_unit: "1".into(),
        recipient: RecipientKind::Individual.into(),
        team: "组".into(),
        on: on(2021, 8, 1),
        ..Default::default()
    };
    // Id, unit, honour, person, team, basis, day.
    given::<Commendation>([])
        .when(|c| c.decide_nominate(&command, None, by("station")))
        .then_refused(&["GE-006", "CB-001", "GE-006", "GE-006", "GE-006", "GE-006", "CB-003"]);
    let collective = hq::NominateForCommendationRequest {
        recipient: RecipientKind::Collective.into(),
        ..nominate_somebody()
    };
    given::<Commendation>([])
        .when(|c| c.decide_nominate(&collective, None, by("station")))
        .then_refused(&["GE-006"]);
}

#[test]
fn a_nomination_is_made_once_and_verified_by_somebody_else() {
    given::<Commendation>([nominated_event()])
        .when(|c| c.decide_nominate(&nominate(), None, by("station")))
        .then_refused(&["COMMENDATION-EXISTS"]);
    let verify = hq::VerifyNominationRequest::default();
    given::<Commendation>([nominated_event()])
        .when(|c| c.decide_verify(&verify, by("station")))
        .then_refused(&["COMMENDATION-SAME-SUBJECT"]);
    given::<Commendation>([])
        .when(|c| c.decide_verify(&verify, by("hq")))
        .then_refused(&["COMMENDATION-UNKNOWN"]);
    given::<Commendation>([nominated_event(), verified()])
        .when(|c| c.decide_verify(&verify, by("hq")))
        .then_refused(&["COMMENDATION-STATE"]);
}

#[test]
fn an_honour_is_granted_only_after_the_last_day_of_publicity() {
    let past = || [nominated_event(), verified(), publicised()];
    given::<Commendation>(past())
        .when(|c| c.decide_grant(&grant(on(2021, 7, 12)), by("hq")))
        .then_refused(&["COMMENDATION-PUBLICITY-RUNS"]);
    given::<Commendation>(past())
        .when(|c| c.decide_grant(&grant(on(2021, 7, 5)), by("hq")))
        .then_refused(&["GE-006"]);
    given::<Commendation>([nominated_event(), verified()])
        .when(|c| c.decide_publicise(&publicise(on(2021, 7, 5)), by("hq")))
        .then_refused(&["GE-006"]);
}

#[test]
fn an_honour_is_revoked_with_what_it_rests_on_and_with_nothing_else() {
    let past = || [nominated_event(), verified(), publicised(), granted()];
    let other = hq::Basis { kind: BasisKind::Series.into(), reference: CASE.into() };
    given::<Commendation>(past())
        .when(|c| c.decide_revoke(&revoke(RevocationCause::BasisRevoked, Some(other)), true, by("hq")))
        .then_refused(&["COMMENDATION-BASIS"]);
    let revoked = hq::CommendationRevoked {
        commendation_id: "cabbages".into(),
        org_unit: UNIT.into(),
        on: on(2021, 7, 20),
        cause: RevocationCause::BasisRevoked.into(),
        basis: case(),
        reason: "破案被撤销".into(),
        was_granted: true,
        revoked_position: 0,
    };
    given::<Commendation>(past())
        .when(|c| c.decide_revoke(&revoke(RevocationCause::BasisRevoked, case()), false, by("hq")))
        .then_refused(&["COMMENDATION-BASIS-STANDS"]);
    let commendation = given::<Commendation>(past())
        .when(|c| c.decide_revoke(&revoke(RevocationCause::BasisRevoked, case()), true, by("hq")))
        .then([revoked.into()]);
    let again = commendation.decide_revoke(&revoke(RevocationCause::Error, None), true, by("hq"));
    assert_eq!(again, Err(Refused::For(Reason::CommendationState { now: "revoked" })));
}

#[test]
fn an_honour_falls_by_itself_with_the_solve_that_it_rests_on() {
    let revoked = Revoked { position: 4800, recorded_at: datetime!(2021-07-20 10:00 +8) };
    let event = |on, was_granted| hq::CommendationRevoked {
        commendation_id: "cabbages".into(),
        org_unit: UNIT.into(),
        on,
        cause: RevocationCause::BasisRevoked.into(),
        basis: case(),
        reason: "所依据的破案已撤销".into(),
        was_granted,
        revoked_position: 4800,
    };
    let past = [nominated_event(), verified(), publicised(), granted()];
    let fallen = given::<Commendation>(past).when(|c| c.decide_basis_revoked(revoked)).then([event(
        on(2021, 7, 20),
        true,
    )
    .into()]);
    assert_eq!(
        fallen.decide_basis_revoked(revoked),
        Err(Refused::For(Reason::CommendationState { now: "revoked" }))
    );
    given::<Commendation>([nominated_event()]).when(|c| c.decide_basis_revoked(revoked)).then([event(
        on(2021, 7, 20),
        false,
    )
    .into()]);
}

#[test]
fn a_nomination_falls_before_it_is_granted_when_an_objection_is_upheld() {
    let facts = given::<Commendation>([nominated_event()])
        .when(|c| c.decide_revoke(&revoke(RevocationCause::ObjectionUpheld, case()), false, by("hq")))
        .then_facts();
    let Some(CommendationEvent::Revoked(e)) = facts.first().map(|f| &f.event) else { panic!("{facts:?}") };
    assert!(!e.was_granted && e.basis.is_none());
    let silent = hq::RevokeCommendationRequest::default();
    given::<Commendation>([nominated_event()])
        .when(|c| c.decide_revoke(&silent, true, by("hq")))
        .then_refused(&["GE-006", "GE-006"]);
}
