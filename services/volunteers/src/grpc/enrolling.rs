//! Applications and enrolments: what is sealed, what is numbered.

use super::{OFFICERS, Sitting, Volunteers, remembered, well_formed};
use crate::reason::{Reason, Refused};
use crate::squadron::Squadron;
use crate::volunteer::Volunteer;
use crate::volunteer::application::SealedApplicant;
use prost::Message;
use std::collections::BTreeMap;
use time::Date;
use tonic::Status;
use uuid::Uuid;
use xiaoan_eventstore::Decision;
use xiaoan_kernel::RequestId;
use xiaoan_proto::core::v1::PersonInput;
use xiaoan_proto::volunteers::v1::{
    AssignSquadronRequest, AssignSquadronResponse, EnrolVolunteerRequest, EnrolVolunteerResponse,
    ReceiveApplicationRequest, ReceiveApplicationResponse,
};
use xiaoan_rpc::{command_status, errors, receipt, refusal_status, store_status};

/// Name under which a birth date is sealed.
pub const BIRTH_DATE: &str = "birth_date";

impl Volunteers {
    /// Receives an application. The applicant is sealed before anything is decided, and only if the command has a chance,
    /// so that a refused command leaves no key behind.
    pub(super) async fn receive(
        &self,
        sitting: &Sitting,
        m: &ReceiveApplicationRequest,
    ) -> Result<ReceiveApplicationResponse, Status> {
        let meta = self.meta(sitting, &m.request_id, m, "")?;
        let volunteer_id =
            if m.volunteer_id.is_empty() { meta.request.id.to_string() } else { m.volunteer_id.clone() };
        well_formed("volunteer_id", &volunteer_id)?;
        let unit = sitting.known(&m.org_unit);
        let promising = unit.is_some_and(|unit| sitting.may_act_for(OFFICERS, unit))
            && !Volunteer::remarks_on_application(m, &sitting.moment()).reject();
        let birth_date = m.birth_date.and_then(|day| Date::try_from(day).ok());
        let sealed = match (&m.person, birth_date) {
            (Some(person), Some(birth_date)) if promising => {
                self.seal(meta.request.id, person, birth_date).await?
            }
            _ => SealedApplicant::default(),
        };
        let decide = |volunteer: &Volunteer, _| -> Result<_, Refused> {
            sitting.acts_for(OFFICERS, unit)?;
            let facts = volunteer.decide_receive(m, &volunteer_id, sealed.clone(), &sitting.moment())?;
            Ok(Decision::from(facts))
        };
        let outcome = self.people.execute(&volunteer_id, meta, decide).await.map_err(command_status)?;
        let receipt = Some(receipt(format!("volunteers/{volunteer_id}"), &outcome));
        Ok(ReceiveApplicationResponse { receipt, volunteer_id })
    }

    /// Seals an applicant. The person of a command always has the same id, so a retry makes no second key.
    pub(super) async fn seal(
        &self,
        request: RequestId,
        person: &PersonInput,
        birth_date: Date,
    ) -> Result<SealedApplicant, Status> {
        let id = Uuid::new_v5(&request.0, b"applicant");
        let person = self.vault.seal_person(person, id).await.map_err(|e| errors::internal(&e))?;
        let birth_date = self
            .vault
            .seal_value(id, BIRTH_DATE, &birth_date.to_string())
            .await
            .map_err(|e| errors::internal(&e))?;
        Ok(SealedApplicant { person: Some(person), birth_date })
    }

    /// Enrols under the next number of the unit.
    pub(super) async fn enrol(
        &self,
        sitting: &Sitting,
        m: &EnrolVolunteerRequest,
    ) -> Result<EnrolVolunteerResponse, Status> {
        well_formed("volunteer_id", &m.volunteer_id)?;
        let meta = self.meta(sitting, &m.request_id, m, &m.etag)?;
        let squadron_ids: Vec<_> =
            Some(&m.squadron_id).filter(|id| !id.is_empty()).into_iter().cloned().collect();
        for id in &squadron_ids {
            well_formed("squadron_id", id)?;
        }
        let decide = |volunteer: &Volunteer, squadrons: &BTreeMap<String, Squadron>, number: &str| {
            sitting.acts_for(OFFICERS, volunteer.unit())?;
            volunteer.decide_enrol(m, squadrons.get(&m.squadron_id), number, &sitting.moment())
        };
        // A command that will be refused, or was accepted before, must not use up a number.
        let volunteer = self.people.load(&m.volunteer_id).await.map_err(|e| store_status(&e))?.state;
        let mut squadrons = BTreeMap::new();
        for id in &squadron_ids {
            let found = self.squadrons.load(id).await.map_err(|e| store_status(&e))?;
            if found.version > 0 {
                squadrons.insert(id.clone(), found.state);
            }
        }
        let number = match (decide(&volunteer, &squadrons, ""), volunteer.unit()) {
            (Ok(_), Some(unit)) => {
                let given = self.numbers.next(unit.as_str()).await.map_err(super::broken)?;
                given.ok_or_else(|| refusal_status(&Refused::from(Reason::VolunteerNumbersExhausted)))?
            }
            _ => String::new(),
        };
        let decide = |volunteer: &Volunteer, squadrons: &BTreeMap<String, Squadron>| {
            let facts = decide(volunteer, squadrons, &number)?;
            if number.is_empty() {
                // It became possible just now: the caller's next try gives it a number.
                return Err(Refused::from(Reason::VolunteerNotVetted));
            }
            let answer = EnrolVolunteerResponse { receipt: None, volunteer_no: number.clone() };
            Ok((Decision { facts, response: answer.encode_to_vec() }, BTreeMap::new()))
        };
        let which = |_: &Volunteer| squadron_ids.clone();
        let outcome = self
            .people
            .execute_across(&m.volunteer_id, &self.squadrons, which, &meta, decide)
            .await
            .map_err(command_status)?;
        let mut answer: EnrolVolunteerResponse = remembered(&outcome.appended.response)?;
        answer.receipt = Some(receipt(format!("volunteers/{}", m.volunteer_id), &outcome));
        Ok(answer)
    }

    /// Puts a volunteer into a squadron that is there when it is decided.
    pub(super) async fn assign(
        &self,
        sitting: &Sitting,
        m: &AssignSquadronRequest,
    ) -> Result<AssignSquadronResponse, Status> {
        well_formed("volunteer_id", &m.volunteer_id)?;
        well_formed("squadron_id", &m.squadron_id)?;
        let meta = self.meta(sitting, &m.request_id, m, &m.etag)?;
        let decide = |volunteer: &Volunteer, squadrons: &BTreeMap<String, Squadron>| {
            sitting.acts_for(OFFICERS, volunteer.unit())?;
            let squadron = squadrons.get(&m.squadron_id);
            let facts = volunteer.decide_assign(m, squadron, &sitting.moment())?;
            Ok::<_, Refused>((Decision::from(facts), BTreeMap::new()))
        };
        let which = |_: &Volunteer| vec![m.squadron_id.clone()];
        let outcome = self
            .people
            .execute_across(&m.volunteer_id, &self.squadrons, which, &meta, decide)
            .await
            .map_err(command_status)?;
        let receipt = Some(receipt(format!("volunteers/{}", m.volunteer_id), &outcome));
        Ok(AssignSquadronResponse { receipt })
    }
}
