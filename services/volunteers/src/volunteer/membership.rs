//! Membership: enrolled, in a squadron, trained, insured, active or not, and the end of it.

use super::{Facts, Volunteer, fact};
use crate::moment::{Moment, day, recorded_day, text};
use crate::reason::{Reason, Refused, Remarks};
use crate::squadron::Squadron;
use time::Date;
use xiaoan_kernel::OrgCode;
use xiaoan_proto::volunteers::v1::{
    self, Course, CourseCompleted, InsuranceRecorded, SquadronAssigned, SquadronRef, VolunteerActivated,
    VolunteerEnrolled, VolunteerExpelled, VolunteerReinstated, VolunteerRetired, VolunteerState,
    VolunteerSuspended,
};

/// Most insurances and courses of one volunteer; guards the size of what is shown.
const MOST_PAPERS: usize = 500;

impl Volunteer {
    /// Enrols under a number. `squadron` is the one that the request names, as it is now; `None` when it never was.
    ///
    /// # Errors
    /// VO-002, VOLUNTEER-NOT-VETTED, VOLUNTEER-ENROLLED, SQUADRON-…, CB-003, GE-006.
    pub fn decide_enrol(
        &self,
        request: &v1::EnrolVolunteerRequest,
        squadron: Option<&Squadron>,
        volunteer_no: &str,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.known()?;
        match self.seen.state() {
            VolunteerState::Vetted => {}
            VolunteerState::Unspecified | VolunteerState::Applied => {
                return Err(Reason::VolunteerNotVetted.into());
            }
            VolunteerState::Rejected => return Err(Reason::VolunteerRejected.into()),
            VolunteerState::Enrolled | VolunteerState::Active | VolunteerState::Suspended => {
                return Err(Reason::VolunteerEnrolled.into());
            }
            VolunteerState::Retired | VolunteerState::Expelled => return Err(Reason::VolunteerGone.into()),
        }
        let mut remarks = Remarks::default();
        let on = at.past_day(&mut remarks, "enrolled_on", request.enrolled_on.as_ref());
        if let (Some(on), Some(vetted_on)) = (on, self.vetted_on) {
            remarks.ensure(on >= vetted_on, "enrolled_on", Reason::TooEarlyDay);
        }
        remarks.refuse()?;
        let on = on.unwrap_or_else(|| at.today());
        self.vetting_holds_on(on)?;
        let squadron = if request.squadron_id.is_empty() {
            None
        } else {
            Some(squadron.ok_or(Reason::SquadronUnknown)?.reference(unit, on)?)
        };
        let enrolled = VolunteerEnrolled {
            volunteer_id: self.seen.volunteer_id.clone(),
            org_unit: self.seen.org_unit.clone(),
            volunteer_no: volunteer_no.to_owned(),
            squadron,
            enrolled_on: request.enrolled_on,
            provenance: self.seen.provenance,
        };
        Ok(fact(enrolled, unit, on))
    }

    /// Puts the volunteer into a squadron.
    ///
    /// # Errors
    /// VOLUNTEER-NOT-ENROLLED, VOLUNTEER-GONE, SQUADRON-….
    pub fn decide_assign(
        &self,
        request: &v1::AssignSquadronRequest,
        squadron: Option<&Squadron>,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.in_service()?;
        let there = self.seen.squadron.as_ref().is_some_and(|s| s.squadron_id == request.squadron_id);
        if there {
            return Err(Reason::SquadronSame.into());
        }
        let squadron: SquadronRef = squadron.ok_or(Reason::SquadronUnknown)?.reference(unit, at.today())?;
        let assigned = SquadronAssigned {
            volunteer_id: self.seen.volunteer_id.clone(),
            org_unit: self.seen.org_unit.clone(),
            squadron: Some(squadron),
            from_squadron: self.seen.squadron.clone(),
        };
        Ok(fact(assigned, unit, at.today()))
    }

    /// Records a completed course.
    ///
    /// # Errors
    /// VOLUNTEER-NOT-ENROLLED, VOLUNTEER-GONE, COURSE-COMPLETED, CB-003, GE-006.
    pub fn decide_course(
        &self,
        request: &v1::RecordCourseRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.in_service()?;
        let stated = request.course.clone().unwrap_or_default();
        let mut remarks = Remarks::default();
        remarks.ensure(is_course(&stated.course), "course.course", COURSE_FORM);
        let on = at.past_day(&mut remarks, "course.completed_on", stated.completed_on.as_ref());
        remarks.ensure(self.seen.courses.len() < MOST_PAPERS, "course", TOO_MANY);
        remarks.refuse()?;
        if self.seen.courses.contains(&stated) {
            return Err(Reason::CourseCompleted.into());
        }
        let completed = CourseCompleted {
            volunteer_id: self.seen.volunteer_id.clone(),
            org_unit: self.seen.org_unit.clone(),
            course: Some(Course { ..stated }),
        };
        Ok(fact(completed, unit, on.unwrap_or_else(|| at.today())))
    }

    /// Records an accident insurance; its days may lie ahead.
    ///
    /// # Errors
    /// VOLUNTEER-NOT-ENROLLED, VOLUNTEER-GONE, GE-006.
    pub fn decide_insurance(
        &self,
        request: &v1::RecordInsuranceRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.in_service()?;
        let stated = request.insurance.clone().unwrap_or_default();
        let mut remarks = Remarks::default();
        let from = day(&mut remarks, "insurance.from", stated.from.as_ref());
        let to = day(&mut remarks, "insurance.to", stated.to.as_ref());
        if let (Some(from), Some(to)) = (from, to) {
            remarks.ensure(from <= to, "insurance.to", Reason::TooEarlyDay);
        }
        text(&mut remarks, "insurance.policy_ref", &stated.policy_ref, 1, 64);
        remarks.ensure(self.seen.insurances.len() < MOST_PAPERS, "insurance", TOO_MANY);
        remarks.refuse()?;
        let recorded = InsuranceRecorded {
            volunteer_id: self.seen.volunteer_id.clone(),
            org_unit: self.seen.org_unit.clone(),
            insurance: Some(stated),
        };
        Ok(fact(recorded, unit, at.today()))
    }

    /// From that day on the volunteer may patrol.
    ///
    /// # Errors
    /// VO-001, VO-002, VOLUNTEER-NOT-TRAINED, VOLUNTEER-NOT-ENROLLED, VOLUNTEER-ACTIVE, CB-003, GE-006.
    pub fn decide_activate(
        &self,
        request: &v1::ActivateVolunteerRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.in_service()?;
        match self.seen.state() {
            VolunteerState::Active | VolunteerState::Suspended => return Err(Reason::VolunteerActive.into()),
            VolunteerState::Unspecified
            | VolunteerState::Applied
            | VolunteerState::Vetted
            | VolunteerState::Rejected
            | VolunteerState::Enrolled
            | VolunteerState::Retired
            | VolunteerState::Expelled => {}
        }
        let mut remarks = Remarks::default();
        let on = at.past_day(&mut remarks, "active_on", request.active_on.as_ref());
        if let Some(on) = on {
            remarks.ensure(on >= recorded_day(self.seen.enrolled_on), "active_on", Reason::TooEarlyDay);
        }
        remarks.refuse()?;
        let on = on.unwrap_or_else(|| at.today());
        self.fit_on(on)?;
        let activated = VolunteerActivated {
            volunteer_id: self.seen.volunteer_id.clone(),
            org_unit: self.seen.org_unit.clone(),
            active_on: request.active_on,
        };
        Ok(fact(activated, unit, on))
    }

    /// Suspends an active volunteer.
    ///
    /// # Errors
    /// VOLUNTEER-NOT-ACTIVE, VOLUNTEER-ON-SHIFT, GE-006.
    pub fn decide_suspend(
        &self,
        request: &v1::SuspendVolunteerRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.known()?;
        if self.seen.state() != VolunteerState::Active {
            return Err(Reason::VolunteerNotActive.into());
        }
        self.off_shift()?;
        explained(&request.reason, 1)?;
        let suspended = VolunteerSuspended {
            volunteer_id: self.seen.volunteer_id.clone(),
            org_unit: self.seen.org_unit.clone(),
            reason: request.reason.clone(),
        };
        Ok(fact(suspended, unit, at.today()))
    }

    /// Ends a suspension; vetting and insurance must hold today.
    ///
    /// # Errors
    /// VOLUNTEER-NOT-SUSPENDED, VO-001, VO-002, GE-006.
    pub fn decide_reinstate(
        &self,
        request: &v1::ReinstateVolunteerRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.known()?;
        if self.seen.state() != VolunteerState::Suspended {
            return Err(Reason::VolunteerNotSuspended.into());
        }
        explained(&request.reason, 1)?;
        self.fit_on(at.today())?;
        let reinstated = VolunteerReinstated {
            volunteer_id: self.seen.volunteer_id.clone(),
            org_unit: self.seen.org_unit.clone(),
            reason: request.reason.clone(),
        };
        Ok(fact(reinstated, unit, at.today()))
    }

    /// The volunteer leaves.
    ///
    /// # Errors
    /// VOLUNTEER-NOT-ENROLLED, VOLUNTEER-GONE, VOLUNTEER-ON-SHIFT, GE-006.
    pub fn decide_retire(
        &self,
        request: &v1::RetireVolunteerRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.in_service()?;
        self.off_shift()?;
        explained(&request.reason, 0)?;
        let retired = VolunteerRetired {
            volunteer_id: self.seen.volunteer_id.clone(),
            org_unit: self.seen.org_unit.clone(),
            reason: request.reason.clone(),
        };
        Ok(fact(retired, unit, at.today()))
    }

    /// The unit parts with the volunteer.
    ///
    /// # Errors
    /// As [`Volunteer::decide_retire`].
    pub fn decide_expel(
        &self,
        request: &v1::ExpelVolunteerRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.in_service()?;
        self.off_shift()?;
        explained(&request.reason, 1)?;
        let expelled = VolunteerExpelled {
            volunteer_id: self.seen.volunteer_id.clone(),
            org_unit: self.seen.org_unit.clone(),
            reason: request.reason.clone(),
        };
        Ok(fact(expelled, unit, at.today()))
    }

    /// Squadron that a request's `squadron_id` or this volunteer's refers to.
    #[must_use]
    pub fn squadron_id(&self) -> &str {
        self.seen.squadron.as_ref().map_or("", |s| &s.squadron_id)
    }

    /// Everything that keeps the volunteer from duty on a day, all at once.
    fn fit_on(&self, day: Date) -> Result<(), Refused> {
        let mut remarks = Remarks::default();
        for no in [self.insured_on(day), self.vetting_holds_on(day)].into_iter().filter_map(Result::err) {
            remarks.note("", no);
        }
        remarks.ensure(!self.seen.courses.is_empty(), "", Reason::VolunteerNotTrained);
        remarks.refuse().map(drop)
    }

    fn off_shift(&self) -> Result<(), Refused> {
        if self.seen.on_patrol.is_empty() {
            return Ok(());
        }
        Err(Reason::VolunteerOnShift { patrol_id: self.seen.on_patrol.clone() }.into())
    }
}

fn explained(reason: &str, least: usize) -> Result<(), Refused> {
    let mut remarks = Remarks::default();
    text(&mut remarks, "reason", reason, least, 500);
    remarks.refuse().map(drop)
}

/// Lower-case letters, digits and hyphens, 1..64.
fn is_course(word: &str) -> bool {
    (1..=64).contains(&word.len())
        && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

const COURSE_FORM: Reason = Reason::Malformed {
    form_zh: "1至64位小写字母、数字或连字符",
    form_en: "1 to 64 lower-case letters, digits or hyphens",
};

const TOO_MANY: Reason = Reason::Malformed { form_zh: "不超过500项", form_en: "no more than 500 in all" };

/// The unit that both belong to.
#[must_use]
pub fn same_unit(volunteer: &Volunteer, unit: OrgCode) -> bool {
    volunteer.unit() == Some(unit)
}
