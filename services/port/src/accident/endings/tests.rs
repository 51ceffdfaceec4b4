use super::*;
use crate::accident::AccidentEvent;
use crate::accident::story::{
    ACCIDENT, after, property_only, reported, settle_request, shares, state_of, with_evidence,
};
use crate::guard::tests::{GUARD, authorised_guard};
use crate::incident::story::{Desk, STATION};
use time::macros::{date, datetime};
use xiaoan_kernel::given::given;
use xiaoan_proto::port::v1::{
    AccidentFacts, AccidentOfficersAssigned, BarredItem, Harm, Liability, SceneCleared,
};

fn certify_request() -> IssueCertificateRequest {
    IssueCertificateRequest {
        certificate_no: "2026-001".into(),
        shares: shares(&[("A", Liability::Main), ("B", Liability::Secondary)]),
        cause: "未保持安全距离".into(),
        ..Default::default()
    }
}

fn officers(names: &[&str]) -> AccidentEvent {
    AccidentOfficersAssigned {
        accident_id: ACCIDENT.into(),
        officers: names.iter().map(|n| (*n).to_owned()).collect(),
    }
    .into()
}

fn drunk() -> AccidentFacts {
    AccidentFacts { items: vec![BarredItem::DrinkOrDrug.into()], ..property_only() }
}

fn fatal() -> AccidentFacts {
    AccidentFacts { harm: Harm::Death.into(), ..Default::default() }
}

#[test]
fn a_settlement_counts_on_the_day_of_the_last_signature() {
    let desk = Desk::default();
    let guard = authorised_guard();
    let mut request = settle_request(GUARD);
    request.signatures[1].signed_at = after(24 * 60);
    let facts = given::<Accident>(with_evidence(property_only()))
        .when(|a| a.decide_settle(&request, Some(&guard), &desk.moment("officer-1")))
        .then_facts();
    assert_eq!(facts[0].occurred_on, date!(2026 - 06 - 08));
    let AccidentEvent::SettlementSigned(signed) = &facts[0].event else { panic!("a settlement") };
    assert_eq!((signed.guard_id.as_str(), signed.org_unit.as_str()), (GUARD, STATION));
}

#[test]
fn a_guard_guides_only_with_authority_on_the_day_and_today_and_in_their_own_name() {
    let mut desk = Desk { now: datetime!(2026-06-07 12:00 +8), ..Desk::default() };
    let guard = authorised_guard();
    let settle = |desk: &Desk, account: &str, guard: Option<&Guard>, guard_id: &str| {
        let request = settle_request(guard_id);
        state_of(&with_evidence(property_only())).decide_settle(&request, guard, &desk.guard(account))
    };
    assert!(settle(&desk, "guard-account", Some(&guard), GUARD).is_ok());
    let code = |refused: Result<Facts, Refused>| {
        xiaoan_kernel::Refusal::findings(&refused.unwrap_err()).first().map(|f| f.code)
    };
    assert_eq!(code(settle(&desk, "somebody-else", Some(&guard), GUARD)), Some("GE-004"));
    assert_eq!(code(settle(&desk, "guard-account", None, "")), Some("GE-004"));
    assert_eq!(code(settle(&desk, "guard-account", None, GUARD)), Some("GUARD-UNKNOWN"));
    // After the term the guard cannot act any more; an officer may still record what was signed in time.
    desk.now = datetime!(2028-01-01 12:00 +8);
    assert_eq!(code(settle(&desk, "guard-account", Some(&guard), GUARD)), Some("GUARD-NO-AUTHORITY"));
    let late = state_of(&with_evidence(property_only())).decide_settle(
        &settle_request(GUARD),
        Some(&guard),
        &desk.moment("officer-1"),
    );
    assert!(late.is_ok());
    // A guard who never got authority.
    let untrained = Guard::default();
    assert_eq!(code(settle(&desk, "", Some(&untrained), GUARD)), Some("GUARD-UNKNOWN"));
}

#[test]
fn po_002_a_settlement_takes_the_track_of_self_negotiation() {
    let desk = Desk::default();
    for facts in [drunk(), fatal(), AccidentFacts { facility_damaged: true, ..property_only() }] {
        given::<Accident>(with_evidence(facts))
            .when(|a| a.decide_settle(&settle_request(""), None, &desk.moment("officer-1")))
            .then_refused(&["PO-002"]);
    }
}

#[test]
fn po_003_a_settlement_with_illegal_shares_or_without_every_signature_is_refused() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    let mut both_full = settle_request("");
    both_full.shares = shares(&[("A", Liability::Full), ("B", Liability::Full)]);
    given::<Accident>(with_evidence(property_only()))
        .when(|a| a.decide_settle(&both_full, None, &at))
        .then_refused(&["PO-003"]);
    let mut unsigned = settle_request("");
    unsigned.signatures.pop();
    given::<Accident>(with_evidence(property_only()))
        .when(|a| a.decide_settle(&unsigned, None, &at))
        .then_refused(&["ACCIDENT-UNSIGNED"]);
}

#[test]
fn po_004_nothing_is_settled_or_certified_without_evidence() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    given::<Accident>(reported(property_only()))
        .when(|a| a.decide_settle(&settle_request(""), None, &at))
        .then_refused(&["PO-004"]);
    given::<Accident>(reported(drunk()))
        .when(|a| a.decide_certify(&certify_request(), &at))
        .then_refused(&["PO-004"]);
}

#[test]
fn k14_po_001_a_guard_issuing_a_certificate_is_refused_whatever_else_is_wrong() {
    let desk = Desk::default();
    for past in [vec![], with_evidence(drunk()), with_evidence(property_only())] {
        given::<Accident>(past)
            .when(|a| a.decide_certify(&certify_request(), &desk.guard("guard-account")))
            .then_refused(&["PO-001"]);
    }
    let facts = given::<Accident>(with_evidence(drunk()))
        .when(|a| a.decide_certify(&certify_request(), &desk.moment("officer-1")))
        .then_facts();
    let AccidentEvent::CertificateIssued(issued) = &facts[0].event else { panic!("a certificate") };
    assert_eq!((issued.issued_by.as_str(), issued.track()), ("officer-1", Track::Simple));
}

#[test]
fn po_002_the_ordinary_procedure_takes_two_officers_and_self_negotiation_no_certificate() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    let mut past = with_evidence(fatal());
    past.push(officers(&["p-1"]));
    given::<Accident>(past.clone())
        .when(|a| a.decide_certify(&certify_request(), &at))
        .then_refused(&["PO-002"]);
    past.push(officers(&["p-1", "p-2"]));
    assert!(state_of(&past).decide_certify(&certify_request(), &at).is_ok());
    given::<Accident>(with_evidence(property_only()))
        .when(|a| a.decide_certify(&certify_request(), &at))
        .then_refused(&["PO-002"]);
}

#[test]
fn an_accident_is_closed_once_it_has_an_end_and_its_scene_is_cleared() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    let close = CloseAccidentRequest::default();
    let mut past = with_evidence(property_only());
    given::<Accident>(past.clone())
        .when(|a| a.decide_close(&close, &at))
        .then_refused(&["ACCIDENT-NOT-ENDED"]);
    let settled = state_of(&past).decide_settle(&settle_request(""), None, &at).expect("settled");
    past.extend(settled.into_iter().map(|f| f.event));
    given::<Accident>(past.clone())
        .when(|a| a.decide_close(&close, &at))
        .then_refused(&["ACCIDENT-NOT-CLEARED"]);
    let cleared = SceneCleared {
        accident_id: ACCIDENT.into(),
        cleared_at: after(9),
        minutes: 9,
        org_unit: STATION.into(),
    };
    past.push(cleared.into());
    let closed = AccidentClosed {
        accident_id: ACCIDENT.into(),
        org_unit: STATION.into(),
        track: Track::SelfNegotiation.into(),
    };
    let state = given::<Accident>(past).when(|a| a.decide_close(&close, &at)).then([closed.into()]);
    assert!(state.decide_settle(&settle_request(""), None, &at).is_err(), "it has one end only");
}
