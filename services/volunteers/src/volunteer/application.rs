//! Applications: received, vetted by the station, rejected, appealed against.

use super::{Facts, Volunteer, fact};
use crate::moment::{Moment, chosen_id, day, known, person, provenance, recorded_day, stated, text};
use crate::reason::{Reason, Refused, Remarks};
use time::Date;
use xiaoan_kernel::OrgCode;
use xiaoan_proto::core::v1::{Provenance, Sealed, SealedPerson};
use xiaoan_proto::volunteers::v1::{
    self, ApplicationReceived, VettingRecorded, VettingResult, VolunteerBackground, VolunteerState,
};

/// An applicant with everything personal sealed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SealedApplicant {
    /// Name, phone, id number.
    pub person: Option<SealedPerson>,
    /// Birth date.
    pub birth_date: Option<Sealed>,
}

/// First day on which an applicant is known to be of age: the day of the application for an adult, otherwise the
/// eighteenth birthday (of somebody born on 29 February: 1 March).
#[must_use]
pub fn adult_from(birth_date: Date, received_on: Date) -> Date {
    let year = birth_date.year() + 18;
    let birthday = birth_date
        .replace_year(year)
        .or_else(|_| Date::from_calendar_date(year, time::Month::March, 1))
        .unwrap_or(Date::MAX);
    birthday.max(received_on)
}

struct Looked {
    remarks: Remarks,
    unit: Option<OrgCode>,
    received_on: Option<Date>,
    birth_date: Option<Date>,
}

fn look_at(request: &v1::ReceiveApplicationRequest, at: &Moment<'_>) -> Looked {
    let mut remarks = Remarks::default();
    if !request.volunteer_id.is_empty() {
        chosen_id(&mut remarks, "volunteer_id", &request.volunteer_id);
    }
    let received_on = at.past_day(&mut remarks, "received_on", request.received_on.as_ref());
    let unit = at.unit(&mut remarks, "org_unit", &request.org_unit, received_on);
    person(&mut remarks, "person", request.person.as_ref());
    let birth_date = at.past_day(&mut remarks, "birth_date", request.birth_date.as_ref());
    let _: VolunteerBackground = known(&mut remarks, "background", request.background);
    let _: Provenance = known(&mut remarks, "provenance", request.provenance);
    remarks.ensure(request.risks_explained, "risks_explained", Reason::MissingValue);
    Looked { remarks, unit, received_on, birth_date }
}

impl Volunteer {
    /// Everything that is to be said about an application. Asked before the applicant is sealed.
    #[must_use]
    pub fn remarks_on_application(request: &v1::ReceiveApplicationRequest, at: &Moment<'_>) -> Remarks {
        look_at(request, at).remarks
    }

    /// Receives an application under `volunteer_id`: the request's own, or the id that the service gave.
    ///
    /// # Errors
    /// VOLUNTEER-EXISTS, CB-001, CB-003, GE-006.
    pub fn decide_receive(
        &self,
        request: &v1::ReceiveApplicationRequest,
        volunteer_id: &str,
        sealed: SealedApplicant,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let Looked { remarks, unit, received_on, birth_date } = look_at(request, at);
        remarks.refuse()?;
        if self.unit().is_some() {
            return Err(Reason::VolunteerExists.into());
        }
        let (Some(unit), Some(received_on), Some(birth_date)) = (unit, received_on, birth_date) else {
            return Err(Reason::MissingValue.into()); // cannot be: all were looked at above
        };
        let received = ApplicationReceived {
            volunteer_id: volunteer_id.to_owned(),
            org_unit: request.org_unit.clone(),
            received_on: request.received_on,
            person: sealed.person,
            birth_date: sealed.birth_date,
            adult_from: Some(adult_from(birth_date, received_on).into()),
            background: request.background,
            provenance: provenance(request.provenance()),
        };
        Ok(fact(received, unit, received_on))
    }

    /// Records what the vetting found. A failed one rejects an application; in service it lets the vetting lapse.
    ///
    /// # Errors
    /// VOLUNTEER-UNKNOWN, VOLUNTEER-REJECTED, VOLUNTEER-GONE, CB-003, GE-006.
    pub fn decide_vet(&self, request: &v1::RecordVettingRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.known()?;
        match self.seen.state() {
            VolunteerState::Rejected => return Err(Reason::VolunteerRejected.into()),
            VolunteerState::Retired | VolunteerState::Expelled => return Err(Reason::VolunteerGone.into()),
            VolunteerState::Unspecified
            | VolunteerState::Applied
            | VolunteerState::Vetted
            | VolunteerState::Enrolled
            | VolunteerState::Active
            | VolunteerState::Suspended => {}
        }
        let mut remarks = Remarks::default();
        let result: VettingResult = stated(&mut remarks, "result", request.result);
        let vetted_on = at.past_day(&mut remarks, "vetted_on", request.vetted_on.as_ref());
        if let Some(on) = vetted_on {
            remarks.ensure(on >= recorded_day(self.seen.received_on), "vetted_on", Reason::TooEarlyDay);
        }
        let expires_on = if result == VettingResult::Passed {
            let last = day(&mut remarks, "expires_on", request.expires_on.as_ref());
            if let (Some(on), Some(last)) = (vetted_on, last) {
                remarks.ensure(last >= on, "expires_on", Reason::TooEarlyDay);
            }
            last
        } else {
            None
        };
        remarks.refuse()?;
        let vetted = VettingRecorded {
            volunteer_id: self.seen.volunteer_id.clone(),
            org_unit: self.seen.org_unit.clone(),
            result: request.result,
            vetted_on: request.vetted_on,
            expires_on: expires_on.map(Into::into),
            recorded_by: at.actor.to_owned(),
        };
        Ok(fact(vetted, unit, vetted_on.unwrap_or_else(|| at.today())))
    }

    /// Appeals against a rejection.
    ///
    /// # Errors
    /// VOLUNTEER-UNKNOWN, VOLUNTEER-NOT-REJECTED, VOLUNTEER-APPEALED, GE-006.
    pub fn decide_appeal(
        &self,
        request: &v1::AppealRejectionRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.known()?;
        if self.seen.state() != VolunteerState::Rejected {
            return Err(Reason::VolunteerNotRejected.into());
        }
        if self.seen.appealed {
            return Err(Reason::VolunteerAppealed.into());
        }
        let mut remarks = Remarks::default();
        text(&mut remarks, "grounds", &request.grounds, 1, 500);
        remarks.refuse()?;
        let appealed = v1::RejectionAppealed {
            volunteer_id: self.seen.volunteer_id.clone(),
            org_unit: self.seen.org_unit.clone(),
            grounds: request.grounds.clone(),
        };
        Ok(fact(appealed, unit, at.today()))
    }

    /// Decides an appeal. Whoever recorded the failed vetting does not.
    ///
    /// # Errors
    /// VOLUNTEER-UNKNOWN, VOLUNTEER-NOT-APPEALED, GE-004, GE-006.
    pub fn decide_on_appeal(
        &self,
        request: &v1::DecideAppealRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.known()?;
        if !self.seen.appealed {
            return Err(Reason::VolunteerNotAppealed.into());
        }
        if self.vetted_by == at.actor {
            return Err(Reason::SamePerson.into());
        }
        let mut remarks = Remarks::default();
        text(&mut remarks, "reason", &request.reason, 1, 500);
        remarks.refuse()?;
        let decided = v1::AppealDecided {
            volunteer_id: self.seen.volunteer_id.clone(),
            org_unit: self.seen.org_unit.clone(),
            granted: request.granted,
            reason: request.reason.clone(),
            decided_by: at.actor.to_owned(),
        };
        Ok(fact(decided, unit, at.today()))
    }
}
