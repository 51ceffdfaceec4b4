//! Accidents over the wire: tracks, what a guard may and may not, settlements and certificates.

use crate::guards::{GUARD, authorised};
use crate::world::*;
use tonic::Code;
use xiaoan_proto::core::v1::PersonInput;
use xiaoan_proto::port::v1::*;

fn property_only() -> AccidentFacts {
    AccidentFacts { harm: Harm::None.into(), ..Default::default() }
}

fn report(accident_id: &str, facts: AccidentFacts) -> ReportAccidentRequest {
    let party = |party_id: &str, name: &str| PartyInput {
        party_id: party_id.into(),
        vehicle: "truck".into(),
        person: Some(PersonInput { name: name.into(), ..Default::default() }),
        ..Default::default()
    };
    ReportAccidentRequest {
        request_id: id(),
        accident_id: accident_id.into(),
        org_unit: STATION.into(),
        occurred_at: june_7(0),
        place: "示例堆场".into(),
        parties: vec![party("A", "测试甲"), party("B", "测试乙")],
        facts: Some(facts),
        ..Default::default()
    }
}

fn evidence(accident_id: &str) -> FixEvidenceRequest {
    let photo = |n: u8| Photo {
        reference: format!("photo-{n}"),
        sha256: format!("{n:02x}").repeat(32),
        taken_at: june_7(2),
    };
    let position = |party_id: &str| Position { party_id: party_id.into(), latitude: 35.4, longitude: 119.6 };
    FixEvidenceRequest {
        request_id: id(),
        accident_id: accident_id.into(),
        photos: vec![photo(1), photo(2)],
        positions: vec![position("A"), position("B")],
        fixed_at: june_7(4),
        ..Default::default()
    }
}

fn shares() -> Vec<Share> {
    let share = |party_id: &str, liability: Liability| Share {
        party_id: party_id.into(),
        liability: liability.into(),
    };
    vec![share("A", Liability::Full), share("B", Liability::None)]
}

fn settle(accident_id: &str, guard_id: &str) -> SignSettlementRequest {
    let signature = |party_id: &str| Signature { party_id: party_id.into(), signed_at: june_7(20) };
    SignSettlementRequest {
        request_id: id(),
        accident_id: accident_id.into(),
        guard_id: guard_id.into(),
        shares: shares(),
        terms: "甲方承担修理费".into(),
        amount_fen: 80_000,
        signatures: vec![signature("A"), signature("B")],
        ..Default::default()
    }
}

fn certify(accident_id: &str) -> IssueCertificateRequest {
    IssueCertificateRequest {
        request_id: id(),
        accident_id: accident_id.into(),
        certificate_no: "2026-001".into(),
        shares: shares(),
        cause: "未保持安全距离".into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_guard_with_authority_guides_a_settlement_from_report_to_signature() {
    let world = World::start().await;
    authorised(&world, GUARD).await;
    let guard = world.guard();
    let mut c = guard.accidents();
    let reported = c.report_accident(report("acc-1", property_only())).await.expect("reported").into_inner();
    assert_eq!(reported.decision.expect("a track").track(), Track::SelfNegotiation);
    let clear = ClearSceneRequest {
        request_id: id(),
        accident_id: "acc-1".into(),
        cleared_at: june_7(9),
        ..Default::default()
    };
    let early = c.clear_scene(clear.clone()).await;
    assert_eq!(refused(early), no(Code::FailedPrecondition, "PO-005"));
    c.fix_evidence(evidence("acc-1")).await.expect("fixed");
    c.clear_scene(ClearSceneRequest { request_id: id(), ..clear }).await.expect("cleared");
    let signed = c.sign_settlement(settle("acc-1", GUARD)).await.expect("signed").into_inner();

    let close = CloseAccidentRequest { request_id: id(), accident_id: "acc-1".into(), ..Default::default() };
    assert_eq!(refused(c.close_accident(close.clone()).await), no(Code::PermissionDenied, "GE-004"));
    world.officer().accidents().close_accident(close).await.expect("closed by an officer");
    let at_least = position(signed.receipt.as_ref());
    let get = GetAccidentRequest { accident_id: "acc-1".into(), at_least };
    let accident = c.get_accident(get).await.expect("a guard reads it").into_inner().accident.expect("it");
    assert_eq!((accident.guided_by_guard.as_str(), accident.shares.len()), (GUARD, 2));
    let history = GetAccidentHistoryRequest { accident_id: "acc-1".into(), ..Default::default() };
    let entries = c.get_accident_history(history).await.expect("a history").into_inner().entries;
    assert!(entries.iter().all(|entry| !entry.event_json.contains("测试甲")));
}

#[tokio::test]
async fn po_001_whoever_carries_the_role_of_a_guard_never_issues_a_certificate() {
    let world = World::start().await;
    let officer = world.officer();
    let facts = AccidentFacts { items: vec![BarredItem::DrinkOrDrug.into()], ..property_only() };
    officer.accidents().report_accident(report("acc-1", facts)).await.expect("reported");
    officer.accidents().fix_evidence(evidence("acc-1")).await.expect("fixed");
    for (unit, roles) in [
        (BUREAU, &["guard"] as &[&str]),
        (ELSEWHERE, &["guard"]),
        (STATION, &["guard", "officer", "registrar"]),
    ] {
        let guard = world.caller("guard-account", unit, roles);
        let answer = guard.accidents().issue_certificate(certify("acc-1")).await;
        assert_eq!(refused(answer), no(Code::PermissionDenied, "PO-001"), "{roles:?}");
    }
    // And a registered guard whose token only says "officer" is still a guard.
    let at_least = authorised(&world, GUARD).await;
    let get = GetGuardRequest { guard_id: GUARD.into(), at_least };
    world.chief().guards().get_guard(get).await.expect("the views have the guard");
    let dressed_up = world.caller("guard-account", STATION, &["officer"]);
    let answer = dressed_up.accidents().issue_certificate(certify("acc-1")).await;
    assert_eq!(refused(answer), no(Code::PermissionDenied, "PO-001"));
    let registrar = world.registrar().accidents().issue_certificate(certify("acc-1")).await;
    assert_eq!(refused(registrar), no(Code::PermissionDenied, "GE-004"));
    officer.accidents().issue_certificate(certify("acc-1")).await.expect("an officer does");
}

#[tokio::test]
async fn a_guard_without_current_authority_or_in_anothers_name_guides_nothing() {
    let world = World::start().await;
    authorised(&world, GUARD).await;
    let officer = world.officer();
    officer.accidents().report_accident(report("acc-1", property_only())).await.expect("reported");
    officer.accidents().fix_evidence(evidence("acc-1")).await.expect("fixed");
    let stranger = world.caller("somebody", BUREAU, &["guard"]);
    for (caller, guard_id, code, reason) in [
        (&stranger, GUARD, Code::PermissionDenied, "GE-004"),
        (&world.guard(), "", Code::PermissionDenied, "GE-004"),
        (&officer, "guard-9", Code::NotFound, "GUARD-UNKNOWN"),
    ] {
        let answer = caller.accidents().sign_settlement(settle("acc-1", guard_id)).await;
        assert_eq!(refused(answer), no(code, reason), "{guard_id}");
    }
    let end = EndGuardAuthorityRequest {
        request_id: id(),
        guard_id: GUARD.into(),
        ended_on: june(6),
        reason: "离职".into(),
        ..Default::default()
    };
    world.chief().guards().end_guard_authority(end).await.expect("ended");
    for caller in [&world.guard(), &officer] {
        let answer = caller.accidents().sign_settlement(settle("acc-1", GUARD)).await;
        assert_eq!(refused(answer), no(Code::FailedPrecondition, "GUARD-NO-AUTHORITY"));
    }
}

#[tokio::test]
async fn po_002_an_officer_who_is_asked_for_ends_self_negotiation_and_two_handle_the_ordinary() {
    let world = World::start().await;
    let officer = world.officer();
    let mut c = officer.accidents();
    c.report_accident(report("acc-1", property_only())).await.expect("reported");
    c.fix_evidence(evidence("acc-1")).await.expect("fixed");
    let early = c.issue_certificate(certify("acc-1")).await;
    assert_eq!(refused(early), no(Code::FailedPrecondition, "PO-002"));
    let request = RequestOfficerRequest {
        request_id: id(),
        accident_id: "acc-1".into(),
        party_id: "B".into(),
        ..Default::default()
    };
    let answer = c.request_officer(request).await.expect("requested").into_inner();
    assert_eq!(answer.decision.expect("a track").track(), Track::Simple);
    let late = c.sign_settlement(settle("acc-1", "")).await;
    assert_eq!(refused(late), no(Code::FailedPrecondition, "PO-002"));
    let amend = AmendAccidentFactsRequest {
        request_id: id(),
        accident_id: "acc-1".into(),
        facts: Some(AccidentFacts { harm: Harm::SeriousInjury.into(), ..Default::default() }),
        ..Default::default()
    };
    let answer = c.amend_accident_facts(amend).await.expect("amended").into_inner();
    assert_eq!(answer.decision.expect("a track").officers_needed, 2);
    let assign = |officers: &[&str]| AssignAccidentOfficersRequest {
        request_id: id(),
        accident_id: "acc-1".into(),
        officers: officers.iter().map(|o| (*o).to_owned()).collect(),
        ..Default::default()
    };
    c.assign_accident_officers(assign(&["p-1"])).await.expect("assigned");
    let alone = c.issue_certificate(certify("acc-1")).await;
    assert_eq!(refused(alone), no(Code::FailedPrecondition, "PO-002"));
    c.assign_accident_officers(assign(&["p-1", "p-2"])).await.expect("assigned");
    let mut unequal = certify("acc-1");
    unequal.shares[1].liability = Liability::Full.into();
    assert_eq!(refused(c.issue_certificate(unequal).await), no(Code::InvalidArgument, "PO-003"));
    c.issue_certificate(certify("acc-1")).await.expect("certified");
}

#[tokio::test]
async fn k14_anybody_who_handles_accidents_may_ask_which_track_facts_lead_to() {
    let world = World::start().await;
    let ask = CheckTrackRequest {
        facts: Some(AccidentFacts { facility_damaged: true, ..property_only() }),
        parties: vec![],
        on: june(7),
    };
    let answer = world.guard().accidents().check_track(ask.clone()).await.expect("an answer").into_inner();
    let decision = answer.decision.expect("a track");
    assert_eq!((decision.track(), decision.scene_duty()), (Track::Simple, SceneDuty::PhotographMoveCall));
    assert_eq!(decision.reasons[0].basis, "公安部令第146号第14条");
    let nothing = CheckTrackRequest { facts: None, ..ask };
    let answer = world.guard().accidents().check_track(nothing).await;
    assert_eq!(refused(answer), no(Code::InvalidArgument, "GE-006"));
    assert_eq!(world.store().head().await.expect("a head").position, 0, "nothing was recorded");
}
