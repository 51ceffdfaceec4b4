//! One accident that the tests tell: two trucks touch in a yard on 2026-06-07 at 10:00, nobody is hurt.

use super::{Accident, AccidentEvent};
use crate::incident::story::{Desk, STATION};
use time::OffsetDateTime;
use time::macros::datetime;
use xiaoan_kernel::Aggregate;
use xiaoan_kernel::given::given;
use xiaoan_proto::port::v1::{
    AccidentFacts, EvidenceFixed, FixEvidenceRequest, Harm, Liability, PartyInput, Photo, Position,
    ReportAccidentRequest, Share, SignSettlementRequest, Signature,
};
use xiaoan_proto::timestamp;

pub(crate) const ACCIDENT: &str = "acc-1";
pub(crate) const OCCURRED_AT: OffsetDateTime = datetime!(2026-06-07 10:00 +8);

pub(crate) fn after(minutes: i64) -> Option<prost_types::Timestamp> {
    Some(timestamp(OCCURRED_AT + time::Duration::minutes(minutes)))
}

pub(crate) fn property_only() -> AccidentFacts {
    AccidentFacts { harm: Harm::None.into(), ..Default::default() }
}

pub(crate) fn report_request(facts: AccidentFacts) -> ReportAccidentRequest {
    let party = |id: &str| PartyInput { party_id: id.into(), vehicle: "truck".into(), ..Default::default() };
    ReportAccidentRequest {
        accident_id: ACCIDENT.into(),
        org_unit: STATION.into(),
        occurred_at: after(0),
        place: "示例堆场".into(),
        parties: vec![party("A"), party("B")],
        facts: Some(facts),
        ..Default::default()
    }
}

/// The events of the report.
pub(crate) fn reported(facts: AccidentFacts) -> Vec<AccidentEvent> {
    let desk = Desk::default();
    let request = report_request(facts);
    let facts = given::<Accident>([])
        .when(|a| a.decide_report(&request, ACCIDENT, &[], false, &desk.moment("officer-1")))
        .then_facts();
    facts.into_iter().map(|fact| fact.event).collect()
}

pub(crate) fn evidence_request() -> FixEvidenceRequest {
    let photo = |n: u8| Photo {
        reference: format!("photo-{n}"),
        sha256: format!("{n:02x}").repeat(32),
        taken_at: after(2),
    };
    let position = |id: &str| Position { party_id: id.into(), latitude: 35.4, longitude: 119.6 };
    FixEvidenceRequest {
        accident_id: ACCIDENT.into(),
        photos: vec![photo(1), photo(2)],
        positions: vec![position("A"), position("B")],
        fixed_at: after(4),
        ..Default::default()
    }
}

pub(crate) fn evidence() -> AccidentEvent {
    let request = evidence_request();
    EvidenceFixed {
        accident_id: ACCIDENT.into(),
        photos: request.photos,
        positions: request.positions,
        fixed_at: request.fixed_at,
    }
    .into()
}

/// Reported with these facts, evidence fixed.
pub(crate) fn with_evidence(facts: AccidentFacts) -> Vec<AccidentEvent> {
    let mut past = reported(facts);
    past.push(evidence());
    past
}

pub(crate) fn state_of(past: &[AccidentEvent]) -> Accident {
    let mut state = Accident::default();
    for event in past {
        state.apply(event);
    }
    state
}

pub(crate) fn shares(of: &[(&str, Liability)]) -> Vec<Share> {
    of.iter().map(|(id, l)| Share { party_id: (*id).into(), liability: (*l).into() }).collect()
}

pub(crate) fn settle_request(guard_id: &str) -> SignSettlementRequest {
    let signature = |id: &str| Signature { party_id: id.into(), signed_at: after(20) };
    SignSettlementRequest {
        accident_id: ACCIDENT.into(),
        guard_id: guard_id.into(),
        shares: shares(&[("A", Liability::Full), ("B", Liability::None)]),
        terms: "甲方承担修理费".into(),
        amount_fen: 80_000,
        signatures: vec![signature("A"), signature("B")],
        ..Default::default()
    }
}
