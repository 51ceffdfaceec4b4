use super::*;
use crate::accident::AccidentEvent;
use crate::accident::story::{
    ACCIDENT, after, evidence, evidence_request, property_only, report_request, reported, with_evidence,
};
use crate::incident::story::Desk;
use time::macros::date;
use xiaoan_kernel::given::given;
use xiaoan_proto::port::v1::{
    AccidentFacts, Harm, PartyConsent, PartyInput, ReportAccidentRequest, Track, TrackGround,
};

fn track(state: &Accident) -> Track {
    state.seen().decision.as_ref().expect("a track").track()
}

#[test]
fn an_accident_is_reported_with_its_track() {
    let desk = Desk::default();
    let at = desk.guard("guard-1");
    let request = report_request(property_only());
    let facts =
        given::<Accident>([]).when(|a| a.decide_report(&request, ACCIDENT, &[], false, &at)).then_facts();
    assert_eq!(facts.len(), 2);
    assert_eq!(facts[0].occurred_on, date!(2026 - 06 - 07));
    assert_eq!(track(&given::<Accident>(facts.into_iter().map(|f| f.event)).0), Track::SelfNegotiation);
}

#[test]
fn a_report_needs_parties_with_different_ids_and_facts_that_are_stated() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    let party = |id: &str| PartyInput { party_id: id.into(), ..Default::default() };
    let harmless = report_request(property_only());
    for bad in [
        ReportAccidentRequest { parties: vec![], ..harmless.clone() },
        ReportAccidentRequest { parties: vec![party("A"), party("A")], ..harmless.clone() },
        ReportAccidentRequest { facts: None, ..harmless.clone() },
        report_request(AccidentFacts::default()),
        report_request(AccidentFacts { items: vec![2, 2], ..property_only() }),
        report_request(AccidentFacts { items: vec![8], ..property_only() }),
    ] {
        given::<Accident>([])
            .when(|a| a.decide_report(&bad, ACCIDENT, &[], false, &at))
            .then_refused(&["GE-006"]);
    }
    let of_nothing = ReportAccidentRequest { incident_id: "110-9".into(), ..harmless };
    given::<Accident>([])
        .when(|a| a.decide_report(&of_nothing, ACCIDENT, &[], false, &at))
        .then_refused(&["ACCIDENT-INCIDENT-UNKNOWN"]);
}

#[test]
fn facts_that_turn_out_otherwise_move_the_track_and_consent_moves_it_back() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    let injury = Some(AccidentFacts { harm: Harm::SlightInjury.into(), ..Default::default() });
    let amend = AmendAccidentFactsRequest { facts: injury.clone(), ..Default::default() };
    let facts =
        given::<Accident>(reported(property_only())).when(|a| a.decide_amend(&amend, &at)).then_facts();
    let mut past = reported(property_only());
    past.extend(facts.into_iter().map(|f| f.event));
    assert_eq!(track(&given::<Accident>(past.clone()).0), Track::Ordinary);

    let consent = |id: &str| PartyConsent { party_id: id.into(), consent: Consent::Given.into() };
    let all = AmendAccidentFactsRequest {
        facts: injury.clone(),
        consents: vec![consent("A"), consent("B")],
        ..Default::default()
    };
    let facts = given::<Accident>(past.clone()).when(|a| a.decide_amend(&all, &at)).then_facts();
    past.extend(facts.into_iter().map(|f| f.event));
    assert_eq!(track(&given::<Accident>(past.clone()).0), Track::Simple);

    let stranger =
        AmendAccidentFactsRequest { facts: injury, consents: vec![consent("X")], ..Default::default() };
    given::<Accident>(past).when(|a| a.decide_amend(&stranger, &at)).then_refused(&["GE-006"]);
}

#[test]
fn po_002_a_party_who_wants_an_officer_always_wins() {
    let desk = Desk::default();
    let at = desk.guard("guard-1");
    let request = RequestOfficerRequest { party_id: "B".into(), ..Default::default() };
    let facts = given::<Accident>(reported(property_only()))
        .when(|a| a.decide_request_officer(&request, &at))
        .then_facts();
    assert_eq!(facts.len(), 2);
    let mut past = reported(property_only());
    past.extend(facts.into_iter().map(|f| f.event));
    let state = given::<Accident>(past).0;
    let decision = state.seen().decision.clone().expect("a track");
    assert_eq!(decision.track(), Track::Simple);
    assert_eq!(decision.reasons[0].ground(), TrackGround::OfficerRequested);
    // asking again changes nothing
    assert_eq!(state.decide_request_officer(&request, &at), Ok(vec![]));
}

#[test]
fn po_004_evidence_needs_two_photographs_every_position_and_the_time() {
    let desk = Desk::default();
    let at = desk.guard("guard-1");
    let fix = |request: FixEvidenceRequest| {
        given::<Accident>(reported(property_only())).when(|a| a.decide_fix_evidence(&request, &at))
    };
    fix(evidence_request()).then([evidence()]);
    let mut one_photo = evidence_request();
    one_photo.photos.pop();
    let mut same_photo = evidence_request();
    same_photo.photos[1].sha256 = same_photo.photos[0].sha256.clone();
    let mut one_position = evidence_request();
    one_position.positions.pop();
    let no_time = FixEvidenceRequest { fixed_at: None, ..evidence_request() };
    for insufficient in [one_photo, same_photo, one_position, no_time] {
        fix(insufficient).then_refused(&["PO-004"]);
    }
    let mut elsewhere = evidence_request();
    elsewhere.positions[0].latitude = 135.0;
    fix(elsewhere).then_refused(&["GE-006"]);
    let too_early = FixEvidenceRequest { fixed_at: after(-1), ..evidence_request() };
    fix(too_early).then_refused(&["PORT-TIME-ORDER"]);
}

#[test]
fn po_005_the_scene_is_cleared_only_after_the_evidence() {
    let desk = Desk::default();
    let at = desk.guard("guard-1");
    let clear = ClearSceneRequest { cleared_at: after(9), ..Default::default() };
    given::<Accident>(reported(property_only()))
        .when(|a| a.decide_clear(&clear, &at))
        .then_refused(&["PO-005"]);
    let cleared: AccidentEvent = SceneCleared {
        accident_id: ACCIDENT.into(),
        cleared_at: after(9),
        minutes: 9,
        org_unit: crate::incident::story::STATION.into(),
    }
    .into();
    given::<Accident>(with_evidence(property_only()))
        .when(|a| a.decide_clear(&clear, &at))
        .then([cleared.clone()]);
    let mut past = with_evidence(property_only());
    past.push(cleared);
    given::<Accident>(past).when(|a| a.decide_clear(&clear, &at)).then_refused(&["ACCIDENT-CLEARED"]);
}

#[test]
fn officers_are_named_by_an_officer() {
    let desk = Desk::default();
    let assign = |officers: &[&str]| AssignAccidentOfficersRequest {
        officers: officers.iter().map(|o| (*o).to_owned()).collect(),
        ..Default::default()
    };
    let past = || given::<Accident>(reported(property_only()));
    past().when(|a| a.decide_assign(&assign(&["p-1"]), &desk.guard("guard-1"))).then_refused(&["GE-004"]);
    let officer = desk.moment("officer-1");
    past().when(|a| a.decide_assign(&assign(&["p-1", "p-1"]), &officer)).then_refused(&["GE-006"]);
    assert!(past().0.decide_assign(&assign(&["p-1", "p-2"]), &officer).is_ok());
}

#[test]
fn a_guard_makes_the_track_heavier_but_never_lighter() {
    let desk = Desk::default();
    let guard = desk.guard("guard-1");
    let injury = AccidentFacts { harm: Harm::SlightInjury.into(), ..Default::default() };
    let amend = |facts: AccidentFacts| AmendAccidentFactsRequest { facts: Some(facts), ..Default::default() };
    assert!(
        given::<Accident>(reported(property_only())).0.decide_amend(&amend(injury.clone()), &guard).is_ok()
    );
    given::<Accident>(reported(injury.clone()))
        .when(|a| a.decide_amend(&amend(property_only()), &guard))
        .then_refused(&["GE-004"]);
    let officer = desk.moment("officer-1");
    assert!(given::<Accident>(reported(injury)).0.decide_amend(&amend(property_only()), &officer).is_ok());
}
