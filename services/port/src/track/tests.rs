use super::*;
use time::macros::date;

fn party(party_id: &str, consent: Consent) -> Party {
    Party { party_id: party_id.into(), consent: consent.into(), ..Default::default() }
}

fn two(consent: Consent) -> Vec<Party> {
    vec![party("A", consent), party("B", consent)]
}

fn property_only() -> AccidentFacts {
    AccidentFacts { harm: Harm::None.into(), ..Default::default() }
}

fn slight_injury() -> AccidentFacts {
    AccidentFacts { harm: Harm::SlightInjury.into(), ..Default::default() }
}

fn decided(facts: &AccidentFacts, parties: &[Party]) -> TrackDecision {
    decide(facts, parties, &Bases::shipped().unwrap(), date!(2021 - 05 - 01))
}

fn grounds(decision: &TrackDecision) -> Vec<(TrackGround, Track)> {
    decision.reasons.iter().map(|r| (r.ground(), r.barred())).collect()
}

#[test]
fn k14_a_slight_injury_with_one_party_silent_is_ordinary() {
    let parties = [party("A", Consent::Given), party("B", Consent::Unspecified)];
    let decision = decided(&slight_injury(), &parties);
    assert_eq!((decision.track(), decision.officers_needed), (Track::Ordinary, 2));
    assert_eq!(
        grounds(&decision),
        [(TrackGround::Injury, Track::SelfNegotiation), (TrackGround::ConsentMissing, Track::Simple)]
    );
}

#[test]
fn k14_a_slight_injury_with_all_consenting_is_simple_by_an_officer_and_never_self_negotiation() {
    let decision = decided(&slight_injury(), &two(Consent::Given));
    assert_eq!((decision.track(), decision.officers_needed), (Track::Simple, 1));
    assert_eq!(grounds(&decision), [(TrackGround::Injury, Track::SelfNegotiation)]);
}

#[test]
fn k14_property_only_with_a_drunk_driver_takes_an_officer() {
    let facts = AccidentFacts { items: vec![BarredItem::DrinkOrDrug.into()], ..property_only() };
    let decision = decided(&facts, &two(Consent::Unspecified));
    assert_eq!((decision.track(), decision.officers_needed), (Track::Simple, 1));
    assert_eq!(decision.scene_duty(), SceneDuty::ProtectAndCall);
    assert_eq!(grounds(&decision), [(TrackGround::DrinkOrDrug, Track::SelfNegotiation)]);
    assert_eq!(decision.reasons[0].basis, "公安部令第146号第13条第1款第2项");
}

#[test]
fn k14_a_truck_that_hits_a_crane_leg_is_photographed_moved_and_an_officer_called() {
    let facts = AccidentFacts { facility_damaged: true, ..property_only() };
    let decision = decided(&facts, &two(Consent::Unspecified));
    assert_eq!((decision.track(), decision.scene_duty()), (Track::Simple, SceneDuty::PhotographMoveCall));
    assert_eq!(grounds(&decision), [(TrackGround::Facility, Track::SelfNegotiation)]);
}

#[test]
fn property_only_is_settled_by_the_parties_themselves() {
    let decision = decided(&property_only(), &two(Consent::Unspecified));
    assert_eq!(decision.track(), Track::SelfNegotiation);
    assert!(decision.reasons.is_empty());
    assert_eq!(decision.scene_duty(), SceneDuty::MoveAndNegotiate);
}

#[test]
fn each_of_the_seven_items_bars_self_negotiation_and_none_bars_the_simple_procedure() {
    for number in 1..=7 {
        let facts = AccidentFacts { items: vec![number], ..property_only() };
        let decision = decided(&facts, &two(Consent::Unspecified));
        assert_eq!(decision.track(), Track::Simple, "item {number}");
        assert_eq!(decision.reasons.len(), 1, "item {number}");
    }
}

#[test]
fn dangerous_goods_are_called_in_at_once() {
    let facts = AccidentFacts { hazmat_vehicle: true, facility_damaged: true, ..property_only() };
    let decision = decided(&facts, &two(Consent::Unspecified));
    assert_eq!((decision.track(), decision.scene_duty()), (Track::Simple, SceneDuty::CallAtOnce));
}

#[test]
fn a_suspected_crime_a_serious_injury_and_unknown_harm_are_ordinary() {
    let crime = AccidentFacts { crime_suspected: true, ..property_only() };
    assert_eq!(decided(&crime, &two(Consent::Given)).track(), Track::Ordinary);
    for harm in [Harm::SeriousInjury, Harm::Death, Harm::Unspecified] {
        let facts = AccidentFacts { harm: harm.into(), ..Default::default() };
        assert_eq!(decided(&facts, &two(Consent::Given)).track(), Track::Ordinary, "{harm:?}");
    }
}

#[test]
fn a_party_who_wants_an_officer_always_wins() {
    let mut parties = two(Consent::Unspecified);
    parties[1].wants_officer = true;
    let decision = decided(&property_only(), &parties);
    assert_eq!(decision.track(), Track::Simple);
    assert_eq!(grounds(&decision), [(TrackGround::OfficerRequested, Track::SelfNegotiation)]);
}

#[test]
fn a_fact_more_never_makes_the_track_lighter() {
    let weight = |facts: &AccidentFacts, parties: &[Party]| i32::from(decided(facts, parties).track());
    for bits in 0_u8..128 {
        let facts = AccidentFacts {
            harm: if bits & 1 == 0 { Harm::None } else { Harm::SlightInjury }.into(),
            items: if bits & 2 == 0 { vec![] } else { vec![BarredItem::PartyLeft.into()] },
            facility_damaged: bits & 4 != 0,
            hazmat_vehicle: bits & 8 != 0,
            mark_missing: bits & 16 != 0,
            crime_suspected: bits & 32 != 0,
        };
        let consent = if bits & 64 == 0 { Consent::Given } else { Consent::Refused };
        let before = weight(&facts, &two(consent));
        let heavier = [
            AccidentFacts { harm: Harm::Death.into(), ..facts.clone() },
            AccidentFacts { facility_damaged: true, ..facts.clone() },
            AccidentFacts { hazmat_vehicle: true, ..facts.clone() },
            AccidentFacts { mark_missing: true, ..facts.clone() },
            AccidentFacts { crime_suspected: true, ..facts.clone() },
        ];
        for more in &heavier {
            assert!(weight(more, &two(consent)) >= before, "{facts:?} -> {more:?}");
        }
        assert!(weight(&facts, &two(Consent::Refused)) >= before);
    }
}
