//! The aggregate `Volunteer` (志愿者): one person, from application to the end.
//!
//! ```text
//! applied ─ vetting ─┬─ vetted ─ enrolled ─ active ⇄ suspended
//!    ▲               └─ rejected │              │
//!    └── appeal granted ─┘       └─ retired / expelled (from enrolled, active or suspended)
//! ```
//!
//! Invariants: nothing readable about the person is in here · a volunteer has one open shift at most, and shifts never
//! overlap · a patrol's hours are approved once, never more than were served · a certificate is the sum of approved
//! minutes of its days.
//!
//! | file | what is decided there |
//! |---|---|
//! | `application` | received, vetted, appealed |
//! | `membership` | enrolled, squadron, courses, insurance, active, suspended, gone |
//! | `shift` | begun and ended, on behalf of a patrol |
//! | `hours` | intervals of shifts: pure arithmetic |
//! | `certificate` | hours approved and certified |

pub mod application;
pub mod certificate;
pub mod hours;
pub mod membership;
pub mod shift;

use crate::moment::{recorded_day, recorded_instant};
use crate::reason::{Reason, Refused};
use hours::Shift;
use std::collections::BTreeMap;
use time::Date;
use xiaoan_kernel::{Aggregate, Fact, OrgCode};
use xiaoan_proto::volunteers::v1::{self, VettingResult, VolunteerState};

xiaoan_kernel::events! {
    /// Everything that can happen to a volunteer.
    pub enum VolunteerEvent {
        ApplicationReceived(v1::ApplicationReceived),
        VettingRecorded(v1::VettingRecorded),
        RejectionAppealed(v1::RejectionAppealed),
        AppealDecided(v1::AppealDecided),
        Enrolled(v1::VolunteerEnrolled),
        SquadronAssigned(v1::SquadronAssigned),
        CourseCompleted(v1::CourseCompleted),
        InsuranceRecorded(v1::InsuranceRecorded),
        Activated(v1::VolunteerActivated),
        Suspended(v1::VolunteerSuspended),
        Reinstated(v1::VolunteerReinstated),
        Retired(v1::VolunteerRetired),
        Expelled(v1::VolunteerExpelled),
        ShiftBegun(v1::ShiftBegun),
        ShiftEnded(v1::ShiftEnded),
        HoursApproved(v1::HoursApproved),
        CertificateIssued(v1::HoursCertificateIssued),
    }
}

/// Facts of a volunteer.
pub type Facts = Vec<Fact<VolunteerEvent>>;

/// One volunteer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Volunteer {
    seen: v1::Volunteer,
    /// Who recorded the last vetting.
    vetted_by: String,
    /// Day of the last vetting.
    vetted_on: Option<Date>,
    shifts: Vec<Shift>,
    /// Patrol → day on which the shift began, minutes approved.
    approved: BTreeMap<String, (Date, i64)>,
}

impl Aggregate for Volunteer {
    const KIND: &'static str = "volunteer";
    type Event = VolunteerEvent;

    fn apply(&mut self, event: &VolunteerEvent) {
        note(&mut self.seen, event);
        match event {
            VolunteerEvent::VettingRecorded(e) => {
                self.vetted_by.clone_from(&e.recorded_by);
                self.vetted_on = Some(recorded_day(e.vetted_on));
            }
            VolunteerEvent::ShiftBegun(e) => self.shifts.push(Shift {
                patrol_id: e.patrol_id.clone(),
                begun: recorded_instant(e.begun_at.as_ref()),
                ended: None,
            }),
            VolunteerEvent::ShiftEnded(e) => {
                let open = self.shifts.iter_mut().find(|s| s.ended.is_none() && s.patrol_id == e.patrol_id);
                if let Some(shift) = open {
                    shift.ended = Some(recorded_instant(e.ended_at.as_ref()));
                }
            }
            VolunteerEvent::HoursApproved(e) => {
                self.approved.insert(e.patrol_id.clone(), (recorded_day(e.served_on), e.minutes));
            }
            VolunteerEvent::ApplicationReceived(_)
            | VolunteerEvent::RejectionAppealed(_)
            | VolunteerEvent::AppealDecided(_)
            | VolunteerEvent::Enrolled(_)
            | VolunteerEvent::SquadronAssigned(_)
            | VolunteerEvent::CourseCompleted(_)
            | VolunteerEvent::InsuranceRecorded(_)
            | VolunteerEvent::Activated(_)
            | VolunteerEvent::Suspended(_)
            | VolunteerEvent::Reinstated(_)
            | VolunteerEvent::Retired(_)
            | VolunteerEvent::Expelled(_)
            | VolunteerEvent::CertificateIssued(_) => {}
        }
    }
}

/// Takes one event into a volunteer as everybody sees it.
pub fn note(volunteer: &mut v1::Volunteer, event: &VolunteerEvent) {
    match event {
        VolunteerEvent::ApplicationReceived(e) => {
            *volunteer = v1::Volunteer {
                volunteer_id: e.volunteer_id.clone(),
                org_unit: e.org_unit.clone(),
                state: VolunteerState::Applied.into(),
                background: e.background,
                received_on: e.received_on,
                adult_from: e.adult_from,
                provenance: e.provenance,
                ..Default::default()
            };
        }
        VolunteerEvent::VettingRecorded(e) => {
            let passed = e.result() == VettingResult::Passed;
            volunteer.vetting_expires_on = if passed { e.expires_on } else { None };
            // Vetted again while in service, the state stays.
            if volunteer.state() == VolunteerState::Applied || volunteer.state() == VolunteerState::Vetted {
                volunteer.set_state(if passed { VolunteerState::Vetted } else { VolunteerState::Rejected });
            }
        }
        VolunteerEvent::RejectionAppealed(_) => volunteer.appealed = true,
        VolunteerEvent::AppealDecided(e) => {
            volunteer.appealed = false;
            if e.granted {
                volunteer.set_state(VolunteerState::Applied);
            }
        }
        VolunteerEvent::Enrolled(e) => {
            volunteer.set_state(VolunteerState::Enrolled);
            volunteer.volunteer_no.clone_from(&e.volunteer_no);
            volunteer.squadron.clone_from(&e.squadron);
            volunteer.enrolled_on = e.enrolled_on;
        }
        VolunteerEvent::SquadronAssigned(e) => volunteer.squadron.clone_from(&e.squadron),
        VolunteerEvent::CourseCompleted(e) => volunteer.courses.extend(e.course.clone()),
        VolunteerEvent::InsuranceRecorded(e) => volunteer.insurances.extend(e.insurance.clone()),
        VolunteerEvent::Activated(_) | VolunteerEvent::Reinstated(_) => {
            volunteer.set_state(VolunteerState::Active);
        }
        VolunteerEvent::Suspended(_) => volunteer.set_state(VolunteerState::Suspended),
        VolunteerEvent::Retired(_) => volunteer.set_state(VolunteerState::Retired),
        VolunteerEvent::Expelled(_) => volunteer.set_state(VolunteerState::Expelled),
        VolunteerEvent::ShiftBegun(e) => volunteer.on_patrol.clone_from(&e.patrol_id),
        VolunteerEvent::ShiftEnded(e) => {
            volunteer.on_patrol.clear();
            volunteer.minutes_served += e.minutes;
        }
        VolunteerEvent::HoursApproved(e) => volunteer.minutes_approved += e.minutes,
        VolunteerEvent::CertificateIssued(e) => volunteer.certificates.push(e.certificate_no.clone()),
    }
}

impl Volunteer {
    /// As `GetVolunteer` shows it, without etag.
    #[must_use]
    pub fn seen(&self) -> &v1::Volunteer {
        &self.seen
    }
    /// Unit; `None` of a volunteer that never was.
    #[must_use]
    pub fn unit(&self) -> Option<OrgCode> {
        OrgCode::parse(&self.seen.org_unit).ok()
    }
    /// Minutes served, each counted once.
    #[must_use]
    pub fn minutes_served(&self) -> i64 {
        hours::minutes_once(&self.shifts)
    }

    fn known(&self) -> Result<OrgCode, Refused> {
        self.unit().ok_or_else(|| Reason::VolunteerUnknown.into())
    }

    /// The unit of a volunteer who is enrolled and not gone.
    fn in_service(&self) -> Result<OrgCode, Refused> {
        let unit = self.known()?;
        match self.seen.state() {
            VolunteerState::Enrolled | VolunteerState::Active | VolunteerState::Suspended => Ok(unit),
            VolunteerState::Retired | VolunteerState::Expelled => Err(Reason::VolunteerGone.into()),
            VolunteerState::Unspecified
            | VolunteerState::Applied
            | VolunteerState::Vetted
            | VolunteerState::Rejected => Err(Reason::VolunteerNotEnrolled.into()),
        }
    }

    /// VO-001 when no insurance covers the day.
    fn insured_on(&self, day: Date) -> Result<(), Reason> {
        let covers = |i: &v1::Insurance| recorded_day(i.from) <= day && day <= recorded_day(i.to);
        if self.seen.insurances.iter().any(covers) { Ok(()) } else { Err(Reason::NotInsured { day }) }
    }

    /// VO-002 when the vetting does not hold on the day.
    fn vetting_holds_on(&self, day: Date) -> Result<(), Reason> {
        let last = self.seen.vetting_expires_on.map(|on| recorded_day(Some(on)));
        match last {
            Some(last) if day <= last => Ok(()),
            expired_after => Err(Reason::VettingExpired { expired_after, day }),
        }
    }
}

/// Fact of a volunteer's unit.
fn fact(event: impl Into<VolunteerEvent>, unit: OrgCode, on: Date) -> Facts {
    vec![Fact::new(event, unit, on)]
}

#[cfg(test)]
pub(crate) mod story;
#[cfg(test)]
mod tests;
