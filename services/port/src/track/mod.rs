//! Which procedure an accident takes: a pure function of facts (domain reference §D, vector K14, PO-002).
//!
//! | track | barred by |
//! |---|---|
//! | self-negotiation | any injury · one of art. 13's seven items · a building or facility hit · a vehicle with dangerous goods · a missing mark · a suspected crime · a party who wants an officer |
//! | simple procedure | serious injury or death · a suspected crime · a slight injury without the consent of *all* parties |
//! | ordinary procedure | nothing |
//!
//! The lightest track that is not barred is taken. The seven items do not bar the simple procedure. Domain reference §D puts
//! a missing mark beside a hit facility (art. 14: photograph, move, call), so both bar self-negotiation.

mod bases;

pub use bases::Bases;

use time::Date;
use xiaoan_proto::port::v1::{
    AccidentFacts, BarredItem, Consent, Harm, Party, SceneDuty, Track, TrackDecision, TrackGround,
    TrackReason,
};

/// The track of an accident that happened on a day, with every reason and what follows from it.
#[must_use]
pub fn decide(facts: &AccidentFacts, parties: &[Party], bases: &Bases, on: Date) -> TrackDecision {
    let against_self = grounds_against_self_negotiation(facts, parties);
    let against_simple = grounds_against_simple(facts, parties);
    let track = match (against_self.is_empty(), against_simple.is_empty()) {
        (true, _) => Track::SelfNegotiation,
        (false, true) => Track::Simple,
        (false, false) => Track::Ordinary,
    };
    let reason = |barred: Track| {
        move |ground: TrackGround| TrackReason {
            ground: ground.into(),
            barred: barred.into(),
            basis: bases.find(ground, on).to_owned(),
        }
    };
    let reasons = against_self
        .into_iter()
        .map(reason(Track::SelfNegotiation))
        .chain(against_simple.into_iter().map(reason(Track::Simple)))
        .collect();
    TrackDecision {
        track: track.into(),
        reasons,
        officers_needed: officers_needed(track),
        scene_duty: scene_duty(facts).into(),
    }
}

/// Officers that a track takes at least.
#[must_use]
pub fn officers_needed(track: Track) -> i32 {
    match track {
        Track::SelfNegotiation => 0,
        Track::Simple => 1,
        // Nothing decided is never taken for little.
        Track::Ordinary | Track::Unspecified => 2,
    }
}

fn grounds_against_self_negotiation(facts: &AccidentFacts, parties: &[Party]) -> Vec<TrackGround> {
    let mut grounds = Vec::new();
    let mut bar = |holds: bool, ground| {
        if holds {
            grounds.push(ground);
        }
    };
    bar(facts.harm() != Harm::None, TrackGround::Injury);
    for item in facts.items() {
        match item {
            BarredItem::Unlicensed => bar(true, TrackGround::Unlicensed),
            BarredItem::DrinkOrDrug => bar(true, TrackGround::DrinkOrDrug),
            BarredItem::BusOverloadedOrSpeeding => bar(true, TrackGround::BusOverloadedOrSpeeding),
            BarredItem::NoOrForgedPlate => bar(true, TrackGround::NoOrForgedPlate),
            BarredItem::Immovable => bar(true, TrackGround::Immovable),
            BarredItem::PartyLeft => bar(true, TrackGround::PartyLeft),
            BarredItem::Deliberate => bar(true, TrackGround::Deliberate),
            // Refused before it gets here.
            BarredItem::Unspecified => {}
        }
    }
    bar(facts.facility_damaged, TrackGround::Facility);
    bar(facts.hazmat_vehicle, TrackGround::Hazmat);
    bar(facts.mark_missing, TrackGround::MarkMissing);
    bar(facts.crime_suspected, TrackGround::Crime);
    bar(parties.iter().any(|party| party.wants_officer), TrackGround::OfficerRequested);
    grounds
}

fn grounds_against_simple(facts: &AccidentFacts, parties: &[Party]) -> Vec<TrackGround> {
    let mut grounds = Vec::new();
    match facts.harm() {
        Harm::None => {}
        Harm::SlightInjury => {
            // Silence is no consent.
            if !parties.iter().all(|party| party.consent() == Consent::Given) {
                grounds.push(TrackGround::ConsentMissing);
            }
        }
        // What is not known is not taken for harmless.
        Harm::SeriousInjury | Harm::Death | Harm::Unspecified => {
            grounds.push(TrackGround::SeriousInjuryOrDeath);
        }
    }
    if facts.crime_suspected {
        grounds.push(TrackGround::Crime);
    }
    grounds
}

/// What is to be done at the scene first: the strictest duty of art. 13 to 15 and 19.
fn scene_duty(facts: &AccidentFacts) -> SceneDuty {
    if facts.hazmat_vehicle {
        SceneDuty::CallAtOnce
    } else if facts.harm() != Harm::None || !facts.items.is_empty() || facts.crime_suspected {
        SceneDuty::ProtectAndCall
    } else if facts.facility_damaged || facts.mark_missing {
        SceneDuty::PhotographMoveCall
    } else {
        SceneDuty::MoveAndNegotiate
    }
}

#[cfg(test)]
mod tests;
