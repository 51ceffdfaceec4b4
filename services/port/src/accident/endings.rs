//! How an accident ends: the parties' own settlement, or an officer's certificate; then it is closed.

use super::{Accident, Facts};
use crate::guard::Guard;
use crate::moment::{Moment, is_id, recorded, text};
use crate::refusal::{Reason, Refused, Remarks};
use crate::shares;
use crate::track::officers_needed;
use time::Date;
use xiaoan_kernel::{Fact, OrgCode, city_day};
use xiaoan_proto::port::v1::{
    AccidentClosed, AccidentState, CertificateIssued, CloseAccidentRequest, IssueCertificateRequest,
    SettlementSigned, Share, SignSettlementRequest, Track, TrackDecision,
};

/// A hundred million yuan; more is a slipped digit.
const MOST_FEN: i64 = 10_000_000_000;

const CERTIFICATE: Reason = Reason::Malformed {
    form_zh: "1至64位字母、数字或连字符",
    form_en: "1 to 64 letters, digits or hyphens",
};
const AMOUNT: Reason = Reason::Malformed {
    form_zh: "不为负、不超过一亿元的金额（分）",
    form_en: "an amount in fen that is not negative and at most a hundred million yuan",
};

impl Accident {
    /// Records the settlement that the parties signed. `guard` is the guard that the request names, when there is such a
    /// guard.
    ///
    /// # Errors
    /// ACCIDENT-UNKNOWN, ACCIDENT-ENDED, PO-002, PO-003, PO-004, ACCIDENT-UNSIGNED, GUARD-UNKNOWN, GUARD-NO-AUTHORITY, GE-004,
    /// CB-003, GE-006, PORT-TIME-ORDER.
    pub fn decide_settle(
        &self,
        request: &SignSettlementRequest,
        guard: Option<&Guard>,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.open()?;
        self.has_evidence()?;
        let track = self.decided_track();
        if track != Track::SelfNegotiation {
            return Err(Reason::WrongTrack { track }.into());
        }
        let mut remarks = Remarks::default();
        self.look_at_shares(&mut remarks, &request.shares);
        text(&mut remarks, "terms", &request.terms, 1, 500);
        remarks.ensure((0..=MOST_FEN).contains(&request.amount_fen), "amount_fen", AMOUNT);
        let days = self.days_of_signatures(&mut remarks, request, at);
        remarks.refuse()?;
        Self::may_guide(request, guard, unit, &days, at)?;
        let signed_on = days.iter().max().copied().unwrap_or_else(|| at.today());
        let signed = SettlementSigned {
            accident_id: self.seen.accident_id.clone(),
            org_unit: self.seen.org_unit.clone(),
            signed_on: Some(signed_on.into()),
            guard_id: request.guard_id.clone(),
            shares: request.shares.clone(),
            terms: request.terms.clone(),
            amount_fen: request.amount_fen,
            signatures: request.signatures.clone(),
        };
        Ok(vec![Fact::new(signed, unit, signed_on)])
    }

    /// Every party has signed once, nobody else; the days they did.
    fn days_of_signatures(
        &self,
        remarks: &mut Remarks,
        request: &SignSettlementRequest,
        at: &Moment<'_>,
    ) -> Vec<Date> {
        let mut signed: Vec<_> = request.signatures.iter().map(|s| s.party_id.as_str()).collect();
        let mut parties: Vec<_> = self.party_ids().collect();
        signed.sort_unstable();
        parties.sort_unstable();
        remarks.ensure(signed == parties, "signatures", Reason::AccidentUnsigned);
        let earliest = recorded(self.seen.evidence_fixed_at.as_ref());
        let day = |remarks: &mut Remarks, at_: Option<&prost_types::Timestamp>| {
            at.instant_after(remarks, "signatures", at_, earliest).map(city_day)
        };
        request.signatures.iter().filter_map(|s| day(remarks, s.signed_at.as_ref())).collect()
    }

    /// Whether the named guard may guide this settlement, and whether the caller may say so.
    fn may_guide(
        request: &SignSettlementRequest,
        guard: Option<&Guard>,
        unit: OrgCode,
        days: &[Date],
        at: &Moment<'_>,
    ) -> Result<(), Refused> {
        if request.guard_id.is_empty() {
            return if at.guard { Err(Reason::NotThatGuard.into()) } else { Ok(()) };
        }
        let guard = guard.filter(|g| g.unit().is_some()).ok_or(Reason::GuardUnknown)?;
        if at.guard && guard.account() != at.actor {
            return Err(Reason::NotThatGuard.into());
        }
        // A guard who acts needs authority now; an officer may record later what was signed while it held.
        let today = at.guard.then(|| at.today());
        let holds = |day: &Date| {
            guard.has_authority_on(*day)
                && guard.unit().is_some_and(|own| at.units.is_within(unit, own, *day))
        };
        if days.iter().chain(&today).all(holds) { Ok(()) } else { Err(Reason::GuardNoAuthority.into()) }
    }

    /// Issues the certificate. Never for a guard, whatever else the token names.
    ///
    /// # Errors
    /// PO-001 before anything else; ACCIDENT-UNKNOWN, ACCIDENT-ENDED, PO-002, PO-003, PO-004, GE-006.
    pub fn decide_certify(
        &self,
        request: &IssueCertificateRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        if at.guard {
            return Err(Reason::GuardIssuedCertificate.into());
        }
        let unit = self.open()?;
        let track = self.decided_track();
        let needed = officers_needed(track);
        // In the simple procedure the one who issues it is the officer.
        let officers = i32::try_from(self.seen.officers.len()).unwrap_or(i32::MAX);
        match track {
            Track::SelfNegotiation => return Err(Reason::WrongTrack { track }.into()),
            Track::Simple => {}
            Track::Ordinary | Track::Unspecified => {
                if officers < needed {
                    return Err(Reason::TooFewOfficers { needed }.into());
                }
            }
        }
        self.has_evidence()?;
        let mut remarks = Remarks::default();
        remarks.ensure(is_id(&request.certificate_no, 64), "certificate_no", CERTIFICATE);
        self.look_at_shares(&mut remarks, &request.shares);
        text(&mut remarks, "cause", &request.cause, 1, 1000);
        remarks.refuse()?;
        let issued = CertificateIssued {
            accident_id: self.seen.accident_id.clone(),
            certificate_no: request.certificate_no.clone(),
            shares: request.shares.clone(),
            cause: request.cause.clone(),
            issued_by: at.actor.to_owned(),
            track: track.into(),
            org_unit: self.seen.org_unit.clone(),
        };
        Ok(vec![Fact::new(issued, unit, at.today())])
    }

    /// Closes an accident that has ended and whose scene is cleared.
    ///
    /// # Errors
    /// ACCIDENT-UNKNOWN, ACCIDENT-NOT-ENDED, ACCIDENT-NOT-CLEARED, GE-004.
    pub fn decide_close(&self, _request: &CloseAccidentRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        if at.guard {
            return Err(Reason::NotForGuards.into());
        }
        let unit = self.unit().ok_or(Reason::AccidentUnknown)?;
        match self.seen.state() {
            AccidentState::Settled | AccidentState::Certified => {}
            AccidentState::Unspecified | AccidentState::Reported | AccidentState::Closed => {
                return Err(Reason::AccidentNotEnded.into());
            }
        }
        if self.seen.cleared_at.is_none() {
            return Err(Reason::AccidentNotCleared.into());
        }
        let closed = AccidentClosed {
            accident_id: self.seen.accident_id.clone(),
            org_unit: self.seen.org_unit.clone(),
            track: self.decided_track().into(),
        };
        Ok(vec![Fact::new(closed, unit, at.today())])
    }

    fn decided_track(&self) -> Track {
        self.seen.decision.as_ref().map_or(Track::Unspecified, TrackDecision::track)
    }

    fn has_evidence(&self) -> Result<(), Refused> {
        if self.seen.evidence_fixed_at.is_some() { Ok(()) } else { Err(Reason::NoEvidence.into()) }
    }

    fn look_at_shares(&self, remarks: &mut Remarks, shares: &[Share]) {
        remarks.ensure(shares::are_legal(shares, self.party_ids()), "shares", Reason::SharesIllegal);
    }
}

#[cfg(test)]
mod tests;
