//! What happens at the scene: facts turn out, parties speak, officers are named, evidence is fixed, the road is cleared.

use super::{Accident, Facts, facts_are_stated};
use crate::moment::{Moment, is_id, known, minutes_between, recorded, text};
use crate::refusal::{Reason, Refused, Remarks};
use std::collections::BTreeSet;
use xiaoan_kernel::{Fact, city_day};
use xiaoan_proto::port::v1::{
    AccidentFactsAmended, AccidentOfficersAssigned, AccidentState, AmendAccidentFactsRequest,
    AssignAccidentOfficersRequest, ClearSceneRequest, Consent, EvidenceFixed, FixEvidenceRequest,
    OfficerRequested, Photo, Position, RequestOfficerRequest, SceneCleared, TrackDecision,
};

/// Photographs that evidence takes at least.
const LEAST_PHOTOS: usize = 2;
/// Most photographs of one command.
const MOST_PHOTOS: usize = 100;

const OFFICERS: Reason = Reason::Malformed {
    form_zh: "1至10个不重复的警号（字母、数字、连字符，至多40位）",
    form_en: "1 to 10 different police numbers (letters, digits, hyphens, up to 40)",
};
const PHOTO: Reason = Reason::Malformed {
    form_zh: "照片编号、64位十六进制摘要和拍摄时间",
    form_en: "a reference, a SHA-256 of 64 hexadecimal digits and the time it was taken",
};
const POSITION: Reason =
    Reason::Malformed { form_zh: "地球上的经纬度", form_en: "a latitude and longitude on earth" };

impl Accident {
    /// Amends the facts and decides the track anew. A guard may make the track heavier, never lighter: otherwise whoever
    /// guides a settlement could talk an injury away.
    ///
    /// # Errors
    /// ACCIDENT-UNKNOWN, ACCIDENT-ENDED, GE-004, GE-006.
    pub fn decide_amend(
        &self,
        request: &AmendAccidentFactsRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.open()?;
        let mut remarks = Remarks::default();
        facts_are_stated(&mut remarks, request.facts.as_ref());
        for said in &request.consents {
            let _: Consent = known(&mut remarks, "consents", said.consent);
            let is_party = self.party_ids().any(|id| id == said.party_id);
            remarks.ensure(is_party, "consents", Reason::PartyUnknown);
        }
        remarks.refuse()?;
        let amended = AccidentFactsAmended {
            accident_id: self.seen.accident_id.clone(),
            facts: request.facts.clone(),
            consents: request.consents.clone(),
        };
        let mut facts = vec![Fact::new(amended, unit, at.today())];
        self.with_track(&mut facts, unit, at);
        let weight = |decision: Option<&TrackDecision>| decision.map_or(0, |d| d.track);
        if at.guard && weight(self.decision_after(&facts).as_ref()) < weight(self.seen.decision.as_ref()) {
            return Err(Reason::NotForGuards.into());
        }
        Ok(facts)
    }

    /// A party wants an officer; nobody can refuse it. Asking again changes nothing.
    ///
    /// # Errors
    /// ACCIDENT-UNKNOWN, ACCIDENT-ENDED, GE-006.
    pub fn decide_request_officer(
        &self,
        request: &RequestOfficerRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.open()?;
        let party = self.seen.parties.iter().find(|p| p.party_id == request.party_id);
        let mut remarks = Remarks::default();
        remarks.ensure(party.is_some(), "party_id", Reason::PartyUnknown);
        remarks.refuse()?;
        if party.is_some_and(|p| p.wants_officer) {
            return Ok(Vec::new());
        }
        let requested = OfficerRequested {
            accident_id: self.seen.accident_id.clone(),
            party_id: request.party_id.clone(),
        };
        let mut facts = vec![Fact::new(requested, unit, at.today())];
        self.with_track(&mut facts, unit, at);
        Ok(facts)
    }

    /// Names the officers.
    ///
    /// # Errors
    /// ACCIDENT-UNKNOWN, ACCIDENT-ENDED, GE-004, GE-006.
    pub fn decide_assign(
        &self,
        request: &AssignAccidentOfficersRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        if at.guard {
            return Err(Reason::NotForGuards.into());
        }
        let unit = self.open()?;
        let mut remarks = Remarks::default();
        let different: BTreeSet<_> = request.officers.iter().collect();
        let well_formed = (1..=10).contains(&request.officers.len())
            && different.len() == request.officers.len()
            && request.officers.iter().all(|officer| is_id(officer, 40));
        remarks.ensure(well_formed, "officers", OFFICERS);
        remarks.refuse()?;
        let assigned = AccidentOfficersAssigned {
            accident_id: self.seen.accident_id.clone(),
            officers: request.officers.clone(),
        };
        Ok(vec![Fact::new(assigned, unit, at.today())])
    }

    /// Fixes evidence: two different photographs at least, where every party stood, and the time.
    ///
    /// # Errors
    /// ACCIDENT-UNKNOWN, ACCIDENT-ENDED, PO-004, CB-003, GE-006, PORT-TIME-ORDER.
    pub fn decide_fix_evidence(
        &self,
        request: &FixEvidenceRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.open()?;
        let mut remarks = Remarks::default();
        let different: BTreeSet<_> = request.photos.iter().map(|p| p.sha256.to_ascii_lowercase()).collect();
        let enough = different.len() >= LEAST_PHOTOS && request.photos.len() <= MOST_PHOTOS;
        remarks.ensure(enough, "photos", Reason::EvidenceInsufficient);
        for photo in request.photos.iter().take(MOST_PHOTOS) {
            self.look_at_photo(&mut remarks, photo, at);
        }
        let mut stood: Vec<_> = request.positions.iter().map(|p| p.party_id.as_str()).collect();
        stood.sort_unstable();
        stood.dedup();
        let every = self.party_ids().all(|id| stood.binary_search(&id).is_ok());
        remarks.ensure(every, "positions", Reason::EvidenceInsufficient);
        let nobody_else = stood.iter().all(|id| self.party_ids().any(|party| party == *id));
        remarks.ensure(nobody_else, "positions", Reason::PartyUnknown);
        remarks.ensure(request.positions.iter().all(is_on_earth), "positions", POSITION);
        if request.fixed_at.is_none() {
            remarks.note("fixed_at", Reason::EvidenceInsufficient);
        } else {
            at.instant_after(&mut remarks, "fixed_at", request.fixed_at.as_ref(), self.occurred_at());
        }
        remarks.refuse()?;
        let fixed = EvidenceFixed {
            accident_id: self.seen.accident_id.clone(),
            photos: request.photos.clone(),
            positions: request.positions.clone(),
            fixed_at: request.fixed_at,
        };
        Ok(vec![Fact::new(fixed, unit, city_day(recorded(request.fixed_at.as_ref())))])
    }

    fn look_at_photo(&self, remarks: &mut Remarks, photo: &Photo, at: &Moment<'_>) {
        text(remarks, "photos", &photo.reference, 1, 100);
        let is_sha256 = photo.sha256.len() == 64 && photo.sha256.bytes().all(|b| b.is_ascii_hexdigit());
        remarks.ensure(is_sha256, "photos", PHOTO);
        at.instant_after(remarks, "photos", photo.taken_at.as_ref(), self.occurred_at());
    }

    /// Clears the scene.
    ///
    /// # Errors
    /// ACCIDENT-UNKNOWN, ACCIDENT-ENDED (closed), ACCIDENT-CLEARED, PO-005, CB-003, GE-006, PORT-TIME-ORDER.
    pub fn decide_clear(&self, request: &ClearSceneRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.unit().ok_or(Reason::AccidentUnknown)?;
        if self.seen.state() == AccidentState::Closed {
            return Err(Reason::AccidentEnded.into());
        }
        if self.seen.cleared_at.is_some() {
            return Err(Reason::AccidentCleared.into());
        }
        let Some(fixed_at) = self.seen.evidence_fixed_at else {
            return Err(Reason::ClearedBeforeEvidence.into());
        };
        let mut remarks = Remarks::default();
        let fixed_at = recorded(Some(&fixed_at));
        let cleared = at.instant_after(&mut remarks, "cleared_at", request.cleared_at.as_ref(), fixed_at);
        remarks.refuse()?;
        let cleared = cleared.unwrap_or(at.now);
        let event = SceneCleared {
            accident_id: self.seen.accident_id.clone(),
            cleared_at: request.cleared_at,
            minutes: minutes_between(self.occurred_at(), cleared),
            org_unit: self.seen.org_unit.clone(),
        };
        Ok(vec![Fact::new(event, unit, city_day(cleared))])
    }
}

fn is_on_earth(position: &Position) -> bool {
    (-90.0..=90.0).contains(&position.latitude) && (-180.0..=180.0).contains(&position.longitude)
}

#[cfg(test)]
mod tests;
