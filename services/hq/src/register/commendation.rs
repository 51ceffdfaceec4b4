//! Commendations (通报表彰): nominated, verified by somebody else, publicised, granted, delivered to the door; revoked when what
//! they reward is revoked (facts row A8, domain reference §H.1).

use super::refusal::{Reason, Refused};
use super::{By, Keys, Register, reference, step_day, unit_of};
use crate::cases::Revoked;
use crate::fields::{recorded_day, slug, values};
use time::Date;
use xiaoan_kernel::{Aggregate, Fact, OrgCode};
use xiaoan_proto::core::v1 as core;
use xiaoan_proto::core::v1::SealedPerson;
use xiaoan_proto::hq::v1::{
    self as hq, BasisKind, CommendationState as State, RecipientKind, RevocationCause,
};
use xiaoan_rpc::Check;

xiaoan_kernel::events! {
    /// What can happen to a commendation.
    pub enum CommendationEvent {
        Nominated(hq::CommendationNominated),
        Verified(hq::CommendationVerified),
        Publicised(hq::CommendationPublicised),
        Granted(hq::CommendationGranted),
        AwardDelivered(hq::CommendationAwardDelivered),
        Revoked(hq::CommendationRevoked),
    }
}

/// A commendation.
#[derive(Debug, Clone, Default)]
pub struct Commendation {
    shown: Option<hq::Commendation>,
}

/// From these it can be revoked.
const OPEN: &[State] = &[State::Nominated, State::Verified, State::Publicised, State::Granted];

type Decided = Result<Vec<Fact<CommendationEvent>>, Refused>;

impl From<hq::Commendation> for Commendation {
    fn from(shown: hq::Commendation) -> Self {
        Self { shown: Some(shown) }
    }
}

impl Aggregate for Commendation {
    const KIND: &'static str = "commendation";
    type Event = CommendationEvent;

    fn apply(&mut self, event: &CommendationEvent) {
        if let CommendationEvent::Nominated(e) = event {
            self.shown = Some(nominated(e));
            return;
        }
        let Some(shown) = &mut self.shown else { return };
        let (state, on) = match event {
            CommendationEvent::Nominated(_) => return,
            CommendationEvent::Verified(e) => {
                shown.verified_on = e.on;
                shown.verified_by.clone_from(&e.verified_by);
                (State::Verified, e.on)
            }
            CommendationEvent::Publicised(e) => {
                (shown.publicised_from, shown.publicised_to) = (e.from, e.to);
                (State::Publicised, e.from)
            }
            CommendationEvent::Granted(e) => {
                shown.granted_on = e.on;
                (State::Granted, e.on)
            }
            CommendationEvent::AwardDelivered(e) => {
                shown.delivered_on = e.on;
                (State::Granted, e.on)
            }
            CommendationEvent::Revoked(e) => {
                shown.revoked_on = e.on;
                shown.revocation_cause = e.cause;
                shown.revocation_reason.clone_from(&e.reason);
                shown.revoked_position = e.revoked_position;
                (State::Revoked, e.on)
            }
        };
        shown.state = state.into();
        shown.last_step_on = on;
    }
}

fn nominated(e: &hq::CommendationNominated) -> hq::Commendation {
    hq::Commendation {
        commendation_id: e.commendation_id.clone(),
        org_unit: e.org_unit.clone(),
        recipient: e.recipient,
        team: e.team.clone(),
        person_id: e.person.as_ref().map(|p| p.person_id.clone()).unwrap_or_default(),
        honour: e.honour.clone(),
        basis: e.basis.clone(),
        state: State::Nominated.into(),
        nominated_on: e.on,
        nominated_by: e.nominated_by.clone(),
        last_step_on: e.on,
        provenance: e.provenance,
        ..Default::default()
    }
}

impl Register for Commendation {
    type Shown = hq::Commendation;
    fn into_shown(self) -> Option<hq::Commendation> {
        self.shown
    }
    fn keys(shown: &hq::Commendation) -> Keys<'_> {
        Keys {
            id: &shown.commendation_id,
            org_unit: &shown.org_unit,
            state: shown.state,
            kind: shown.recipient,
            reference: shown.basis.as_ref().map_or("", |basis| &basis.reference),
            day: shown.granted_on,
        }
    }
    fn put_etag(shown: &mut hq::Commendation, etag: String) {
        shown.etag = etag;
    }
}

/// Reads the fields of a nomination.
fn nomination(
    command: &hq::NominateForCommendationRequest,
    today: Date,
) -> Result<(RecipientKind, Date), Refused> {
    let mut check = Check::new();
    slug(&mut check, "commendation_id", &command.commendation_id);
    check.org_unit("org_unit", &command.org_unit);
    let recipient = check.choice("recipient", command.recipient);
    check.text("team", &command.team, 0..=60);
    check.text("honour", &command.honour, 1..=60);
    let individual = recipient == Some(RecipientKind::Individual);
    match &command.person {
        Some(person) => check.person("person", person),
        None => check.ensure(!individual, "GE-006", "person", "请写明受表彰的个人", "state the individual"),
    }
    let (zh, en) = ("只有个人表彰才写个人信息", "only an individual is stated as a person");
    check.ensure(individual || command.person.is_none(), "GE-006", "person", zh, en);
    let (zh, en) = ("个人表彰不写集体名称", "an individual has no name of a team");
    check.ensure(!individual || command.team.is_empty(), "GE-006", "team", zh, en);
    basis_fields(&mut check, command.basis.as_ref());
    check.choice_or_default::<core::Provenance>("provenance", command.provenance);
    let on = step_day(&mut check, "on", command.on, None, today);
    Ok(values(check, (recipient, on))?)
}

fn basis_fields(check: &mut Check, basis: Option<&hq::Basis>) {
    match basis {
        Some(basis) => {
            check.choice::<BasisKind>("basis.kind", basis.kind);
            reference(check, "basis.reference", &basis.reference);
        }
        None => check.ensure(false, "GE-006", "basis", "请写明表彰依据", "state what the honour rests on"),
    }
}

impl Commendation {
    /// Whether the fields of a nomination are right: a person is sealed only then.
    #[must_use]
    pub fn is_promising(command: &hq::NominateForCommendationRequest, today: Date) -> bool {
        nomination(command, today).is_ok()
    }

    /// Nominates. `person` is the sealed individual; `None` for a collective, and when there is no key to seal with.
    ///
    /// # Errors
    /// `COMMENDATION-EXISTS`, `PERSON-KEY-MISSING` or fields.
    pub fn decide_nominate(
        &self,
        command: &hq::NominateForCommendationRequest,
        person: Option<SealedPerson>,
        by: By<'_>,
    ) -> Decided {
        let (recipient, on) = nomination(command, by.today)?;
        if self.shown.is_some() {
            return Err(Reason::CommendationExists.into());
        }
        if recipient == RecipientKind::Individual && person.is_none() {
            return Err(Reason::NoPersonKey.into());
        }
        let event = hq::CommendationNominated {
            commendation_id: command.commendation_id.clone(),
            org_unit: command.org_unit.clone(),
            recipient: recipient.into(),
            team: command.team.clone(),
            person,
            honour: command.honour.clone(),
            basis: command.basis.clone(),
            on: Some(on.into()),
            nominated_by: by.subject.to_owned(),
            provenance: command.provenance,
        };
        Ok(vec![Fact::new(event, unit_of(&command.org_unit)?, on)])
    }

    /// Somebody else verifies it.
    ///
    /// # Errors
    /// `COMMENDATION-SAME-SUBJECT`, `COMMENDATION-UNKNOWN`, `COMMENDATION-STATE` or fields.
    pub fn decide_verify(&self, command: &hq::VerifyNominationRequest, by: By<'_>) -> Decided {
        let (shown, unit) = self.in_state(&[State::Nominated])?;
        let on = day_of_step(shown, command.on, by)?;
        if by.subject == shown.nominated_by {
            return Err(Reason::SameSubject.into());
        }
        let event = hq::CommendationVerified {
            commendation_id: shown.commendation_id.clone(),
            org_unit: shown.org_unit.clone(),
            on: Some(on.into()),
            verified_by: by.subject.to_owned(),
        };
        Ok(vec![Fact::new(event, unit, on)])
    }

    /// Publicises it.
    ///
    /// # Errors
    /// `COMMENDATION-UNKNOWN`, `COMMENDATION-STATE` or fields.
    pub fn decide_publicise(&self, command: &hq::PublicizeNominationRequest, by: By<'_>) -> Decided {
        let (shown, unit) = self.in_state(&[State::Verified])?;
        let mut check = Check::new();
        let from = step_day(&mut check, "from", command.from, shown.last_step_on, by.today);
        let to = check.day("to", command.to);
        let in_order = from.zip(to).is_none_or(|(from, to)| from <= to);
        let (zh, en) = ("结束日期不能早于开始日期", "the last day may not be before the first");
        check.ensure(in_order, "GE-006", "to", zh, en);
        let (from, to) = values(check, (from, to))?;
        let event = hq::CommendationPublicised {
            commendation_id: shown.commendation_id.clone(),
            org_unit: shown.org_unit.clone(),
            from: Some(from.into()),
            to: Some(to.into()),
        };
        Ok(vec![Fact::new(event, unit, from)])
    }

    /// Grants it, after the last day of publicity.
    ///
    /// # Errors
    /// `COMMENDATION-PUBLICITY-RUNS`, `COMMENDATION-UNKNOWN`, `COMMENDATION-STATE` or fields.
    pub fn decide_grant(&self, command: &hq::GrantCommendationRequest, by: By<'_>) -> Decided {
        let (shown, unit) = self.in_state(&[State::Publicised])?;
        let on = day_of_step(shown, command.on, by)?;
        let to = recorded_day(shown.publicised_to);
        if on <= to {
            return Err(Reason::PublicityRuns { to }.into());
        }
        let event = hq::CommendationGranted {
            commendation_id: shown.commendation_id.clone(),
            org_unit: shown.org_unit.clone(),
            on: Some(on.into()),
            recipient: shown.recipient,
        };
        Ok(vec![Fact::new(event, unit, on)])
    }

    /// The award was delivered, once.
    ///
    /// # Errors
    /// `COMMENDATION-UNKNOWN`, `COMMENDATION-STATE` or fields.
    pub fn decide_deliver(&self, command: &hq::DeliverAwardRequest, by: By<'_>) -> Decided {
        let (shown, unit) = self.in_state(&[State::Granted])?;
        let on = day_of_step(shown, command.on, by)?;
        if shown.delivered_on.is_some() {
            return Err(Reason::CommendationState { now: "delivered" }.into());
        }
        let event = hq::CommendationAwardDelivered {
            commendation_id: shown.commendation_id.clone(),
            org_unit: shown.org_unit.clone(),
            on: Some(on.into()),
        };
        Ok(vec![Fact::new(event, unit, on)])
    }

    /// Revokes it, from every state but revoked. `basis_revoked` = what the command says was revoked was, as `cases` has it.
    ///
    /// # Errors
    /// `COMMENDATION-BASIS`, `COMMENDATION-BASIS-STANDS`, `COMMENDATION-UNKNOWN`, `COMMENDATION-STATE` or fields.
    pub fn decide_revoke(
        &self,
        command: &hq::RevokeCommendationRequest,
        basis_revoked: bool,
        by: By<'_>,
    ) -> Decided {
        let (shown, unit) = self.in_state(OPEN)?;
        let mut check = Check::new();
        let on = step_day(&mut check, "on", command.on, shown.last_step_on, by.today);
        let cause = check.choice("cause", command.cause);
        let reason = check.text("reason", &command.reason, 1..=500);
        let by_basis = cause == Some(RevocationCause::BasisRevoked);
        if by_basis {
            basis_fields(&mut check, command.basis.as_ref());
        }
        let (on, cause, reason) = values(check, (on, cause, reason))?;
        if by_basis && command.basis != shown.basis {
            return Err(Reason::OtherBasis.into());
        }
        if by_basis && !basis_revoked {
            return Err(Reason::BasisStands.into());
        }
        let event = hq::CommendationRevoked {
            commendation_id: shown.commendation_id.clone(),
            org_unit: shown.org_unit.clone(),
            on: Some(on.into()),
            cause: cause.into(),
            basis: command.basis.clone().filter(|_| by_basis),
            reason,
            was_granted: shown.state() == State::Granted,
            revoked_position: 0,
        };
        Ok(vec![Fact::new(event, unit, on)])
    }

    /// The solve that it rests on was revoked.
    ///
    /// # Errors
    /// `COMMENDATION-UNKNOWN`; `COMMENDATION-STATE` when it is revoked already.
    pub fn decide_basis_revoked(&self, revoked: Revoked) -> Decided {
        let (shown, unit) = self.in_state(OPEN)?;
        let on = revoked.on().max(recorded_day(shown.last_step_on));
        let event = hq::CommendationRevoked {
            commendation_id: shown.commendation_id.clone(),
            org_unit: shown.org_unit.clone(),
            on: Some(on.into()),
            cause: RevocationCause::BasisRevoked.into(),
            basis: shown.basis.clone(),
            reason: "所依据的破案已撤销".to_owned(),
            was_granted: shown.state() == State::Granted,
            revoked_position: revoked.position,
        };
        Ok(vec![Fact::new(event, unit, on)])
    }

    fn in_state(&self, open: &[State]) -> Result<(&hq::Commendation, OrgCode), Refused> {
        let shown = self.shown.as_ref().ok_or(Reason::CommendationUnknown)?;
        if !open.contains(&shown.state()) {
            return Err(Reason::CommendationState { now: word(shown.state()) }.into());
        }
        Ok((shown, unit_of(&shown.org_unit)?))
    }
}

fn day_of_step(shown: &hq::Commendation, stated: Option<core::Date>, by: By<'_>) -> Result<Date, Refused> {
    let mut check = Check::new();
    let on = step_day(&mut check, "on", stated, shown.last_step_on, by.today);
    Ok(values(check, (on,))?.0)
}

/// The state in words, as a refusal names it.
#[must_use]
pub fn word(state: State) -> &'static str {
    match state {
        State::Unspecified => "unknown",
        State::Nominated => "nominated",
        State::Verified => "verified",
        State::Publicised => "publicised",
        State::Granted => "granted",
        State::Revoked => "revoked",
    }
}

#[cfg(test)]
mod tests;
