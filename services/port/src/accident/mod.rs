//! The aggregate `Accident` (事故): facts, track, evidence, and one end: a settlement of the parties or an officer's
//! certificate.
//!
//! Invariants: the track is the one that today's facts lead to (`track`), decided anew with every fact that changes, and a
//! party who wants an officer always wins · evidence is fixed before the scene is cleared · shares are a legal set · a
//! settlement needs the track of self-negotiation and, when a guard guides it, that guard's authority on the day of every
//! signature · whoever carries the role of a guard never issues a certificate (PO-001).

mod endings;
mod scene;
#[cfg(test)]
pub(crate) mod story;

use crate::moment::{Moment, chosen_id, is_id, known, person, provenance, recorded, stated, text};
use crate::refusal::{Reason, Refused, Remarks};
use crate::track::{self};
use std::collections::BTreeSet;
use time::OffsetDateTime;
use xiaoan_kernel::{Aggregate, Fact, OrgCode, city_day};
use xiaoan_proto::core::v1::{Provenance, SealedPerson};
use xiaoan_proto::port::v1::{
    self, AccidentFacts, AccidentReported, AccidentState, AccidentTrackDecided, BarredItem, Consent, Harm,
    Party, ReportAccidentRequest, ReportedParty, TrackDecision,
};

xiaoan_kernel::events! {
    /// Everything that can happen to an accident.
    pub enum AccidentEvent {
        Reported(v1::AccidentReported),
        TrackDecided(v1::AccidentTrackDecided),
        FactsAmended(v1::AccidentFactsAmended),
        OfficerRequested(v1::OfficerRequested),
        OfficersAssigned(v1::AccidentOfficersAssigned),
        EvidenceFixed(v1::EvidenceFixed),
        SceneCleared(v1::SceneCleared),
        SettlementSigned(v1::SettlementSigned),
        CertificateIssued(v1::CertificateIssued),
        Closed(v1::AccidentClosed),
    }
}

/// Facts of an accident.
pub type Facts = Vec<Fact<AccidentEvent>>;

/// Most parties of an accident.
const MOST_PARTIES: usize = 20;

/// One accident, as `GetAccident` shows it (without etag).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Accident {
    seen: v1::Accident,
}

impl Aggregate for Accident {
    const KIND: &'static str = "accident";
    type Event = AccidentEvent;

    fn apply(&mut self, event: &AccidentEvent) {
        note(&mut self.seen, event);
    }
}

/// Takes one event into an accident as everybody sees it.
pub fn note(accident: &mut v1::Accident, event: &AccidentEvent) {
    match event {
        AccidentEvent::Reported(e) => {
            let party = |p: &ReportedParty| Party {
                party_id: p.party_id.clone(),
                vehicle: p.vehicle.clone(),
                consent: p.consent,
                wants_officer: false,
            };
            *accident = v1::Accident {
                accident_id: e.accident_id.clone(),
                org_unit: e.org_unit.clone(),
                occurred_at: e.occurred_at,
                place: e.place.clone(),
                incident_id: e.incident_id.clone(),
                parties: e.parties.iter().map(party).collect(),
                facts: e.facts.clone(),
                state: AccidentState::Reported.into(),
                ..Default::default()
            };
        }
        AccidentEvent::TrackDecided(e) => accident.decision.clone_from(&e.decision),
        AccidentEvent::FactsAmended(e) => {
            accident.facts.clone_from(&e.facts);
            for said in &e.consents {
                for party in accident.parties.iter_mut().filter(|p| p.party_id == said.party_id) {
                    party.consent = said.consent;
                }
            }
        }
        AccidentEvent::OfficerRequested(e) => {
            for party in accident.parties.iter_mut().filter(|p| p.party_id == e.party_id) {
                party.wants_officer = true;
            }
        }
        AccidentEvent::OfficersAssigned(e) => accident.officers.clone_from(&e.officers),
        AccidentEvent::EvidenceFixed(e) => {
            accident.evidence_fixed_at = accident.evidence_fixed_at.or(e.fixed_at);
        }
        AccidentEvent::SceneCleared(e) => accident.cleared_at = e.cleared_at,
        AccidentEvent::SettlementSigned(e) => {
            accident.shares.clone_from(&e.shares);
            accident.guided_by_guard.clone_from(&e.guard_id);
            accident.set_state(AccidentState::Settled);
        }
        AccidentEvent::CertificateIssued(e) => {
            accident.shares.clone_from(&e.shares);
            accident.certificate_no.clone_from(&e.certificate_no);
            accident.set_state(AccidentState::Certified);
        }
        AccidentEvent::Closed(_) => accident.set_state(AccidentState::Closed),
    }
}

impl Accident {
    /// The accident as `GetAccident` shows it, without etag.
    #[must_use]
    pub fn seen(&self) -> &v1::Accident {
        &self.seen
    }
    /// Unit that handles it; `None` of an accident that never was.
    #[must_use]
    pub fn unit(&self) -> Option<OrgCode> {
        OrgCode::parse(&self.seen.org_unit).ok()
    }

    /// Everything that is to be said about a new report. Asked before the parties are sealed.
    #[must_use]
    pub fn remarks_on_report(request: &ReportAccidentRequest, at: &Moment<'_>) -> Remarks {
        Self::look_at(request, at).0
    }

    fn look_at(
        request: &ReportAccidentRequest,
        at: &Moment<'_>,
    ) -> (Remarks, Option<OrgCode>, Option<OffsetDateTime>) {
        let mut remarks = Remarks::default();
        if !request.accident_id.is_empty() {
            chosen_id(&mut remarks, "accident_id", &request.accident_id);
        }
        let occurred_at = at.past_instant(&mut remarks, "occurred_at", request.occurred_at.as_ref());
        let unit = at.unit(&mut remarks, "org_unit", &request.org_unit, occurred_at.map(city_day));
        text(&mut remarks, "place", &request.place, 0, 200);
        if !request.incident_id.is_empty() {
            chosen_id(&mut remarks, "incident_id", &request.incident_id);
        }
        facts_are_stated(&mut remarks, request.facts.as_ref());
        let ids: BTreeSet<_> = request.parties.iter().map(|p| p.party_id.as_str()).collect();
        let well_formed = (1..=MOST_PARTIES).contains(&request.parties.len())
            && ids.len() == request.parties.len()
            && ids.iter().all(|id| is_id(id, 8));
        remarks.ensure(well_formed, "parties", PARTIES);
        for party in &request.parties {
            text(&mut remarks, "parties", &party.vehicle, 0, 100);
            let _: Consent = known(&mut remarks, "parties", party.consent);
            if let Some(stated) = &party.person {
                person(&mut remarks, "parties", stated);
            }
        }
        let _: Provenance = known(&mut remarks, "provenance", request.provenance);
        (remarks, unit, occurred_at)
    }

    /// Reports an accident under `accident_id` and decides its track. `persons` are the sealed persons of the parties, in
    /// their order; `incident_exists` tells whether the named incident was reported.
    ///
    /// # Errors
    /// ACCIDENT-EXISTS, ACCIDENT-INCIDENT-UNKNOWN, CB-001, CB-003, GE-006.
    pub fn decide_report(
        &self,
        request: &ReportAccidentRequest,
        accident_id: &str,
        persons: &[Option<SealedPerson>],
        incident_exists: bool,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let (remarks, unit, occurred_at) = Self::look_at(request, at);
        remarks.refuse()?;
        if self.unit().is_some() {
            return Err(Reason::AccidentExists.into());
        }
        if !request.incident_id.is_empty() && !incident_exists {
            return Err(Reason::AccidentIncidentUnknown.into());
        }
        let (Some(unit), Some(occurred_at)) = (unit, occurred_at) else {
            return Err(Reason::MissingValue.into()); // cannot be: both were looked at above
        };
        let day = city_day(occurred_at);
        let parties = request.parties.iter().enumerate().map(|(n, party)| ReportedParty {
            party_id: party.party_id.clone(),
            vehicle: party.vehicle.clone(),
            person: persons.get(n).cloned().flatten(),
            consent: party.consent,
        });
        let reported = AccidentReported {
            accident_id: accident_id.to_owned(),
            org_unit: request.org_unit.clone(),
            occurred_at: request.occurred_at,
            occurred_on: Some(day.into()),
            place: request.place.clone(),
            incident_id: request.incident_id.clone(),
            parties: parties.collect(),
            facts: request.facts.clone(),
            provenance: provenance(request.provenance()),
        };
        let mut facts = vec![Fact::new(reported, unit, day)];
        self.with_track(&mut facts, unit, at);
        Ok(facts)
    }

    /// The track once these facts are recorded.
    #[must_use]
    pub fn decision_after(&self, facts: &[Fact<AccidentEvent>]) -> Option<TrackDecision> {
        let mut after = self.clone();
        for fact in facts {
            after.apply(&fact.event);
        }
        after.seen.decision
    }

    /// Adds the track as it is after these facts, if it is another one than before.
    fn with_track(&self, facts: &mut Facts, unit: OrgCode, at: &Moment<'_>) {
        let mut after = self.clone();
        for fact in facts.iter() {
            after.apply(&fact.event);
        }
        let decision = after.track(at);
        if self.seen.decision.as_ref() != Some(&decision) {
            let decided = AccidentTrackDecided {
                accident_id: after.seen.accident_id,
                decision: Some(decision),
                org_unit: after.seen.org_unit,
            };
            facts.push(Fact::new(decided, unit, at.today()));
        }
    }

    /// The track that the facts lead to, by the rules of the day of the accident.
    fn track(&self, at: &Moment<'_>) -> TrackDecision {
        let facts = self.seen.facts.clone().unwrap_or_default();
        track::decide(&facts, &self.seen.parties, at.bases, city_day(self.occurred_at()))
    }

    /// The unit, unless the accident never was or has ended.
    fn open(&self) -> Result<OrgCode, Refused> {
        let unit = self.unit().ok_or(Reason::AccidentUnknown)?;
        match self.seen.state() {
            AccidentState::Settled | AccidentState::Certified | AccidentState::Closed => {
                Err(Reason::AccidentEnded.into())
            }
            AccidentState::Unspecified | AccidentState::Reported => Ok(unit),
        }
    }

    fn party_ids(&self) -> impl Iterator<Item = &str> {
        self.seen.parties.iter().map(|p| p.party_id.as_str())
    }

    fn occurred_at(&self) -> OffsetDateTime {
        recorded(self.seen.occurred_at.as_ref())
    }
}

const PARTIES: Reason = Reason::Malformed {
    form_zh: "1至20个编号不重复的当事人（编号为至多8位字母或数字）",
    form_en: "1 to 20 parties with different ids of up to 8 letters or digits",
};
const ITEMS: Reason = Reason::Malformed {
    form_zh: "第十三条所列情形，各列一次",
    form_en: "items of article 13, each once",
};

/// Facts that are there, with a harm and items that exist, each once; notes GE-006 otherwise.
fn facts_are_stated(remarks: &mut Remarks, facts: Option<&AccidentFacts>) {
    let Some(facts) = facts else {
        remarks.note("facts", Reason::MissingValue);
        return;
    };
    let _: Harm = stated(remarks, "facts.harm", facts.harm);
    let different: BTreeSet<_> = facts.items.iter().collect();
    let exist = facts.items.iter().all(|item| *item != 0 && BarredItem::try_from(*item).is_ok());
    remarks.ensure(exist && different.len() == facts.items.len(), "facts.items", ITEMS);
}

/// The track that facts lead to on a day, when they are well-formed; for a question that records nothing.
///
/// # Errors
/// GE-006.
pub fn check_track(
    facts: Option<&AccidentFacts>,
    parties: &[Party],
    on: time::Date,
    at: &Moment<'_>,
) -> Result<TrackDecision, Refused> {
    let mut remarks = Remarks::default();
    facts_are_stated(&mut remarks, facts);
    remarks.ensure(parties.len() <= MOST_PARTIES, "parties", PARTIES);
    remarks.refuse()?;
    Ok(track::decide(&facts.cloned().unwrap_or_default(), parties, at.bases, on))
}
