//! Volunteers in and out. Each decision gives the facts of both aggregates; they are recorded in one append.

use super::{Facts, Patrol};
use crate::moment::{Moment, recorded_instant};
use crate::reason::{Reason, Refused, Remarks};
use crate::volunteer::shift::Duty;
use crate::volunteer::{self, Volunteer, hours};
use time::OffsetDateTime;
use xiaoan_proto::timestamp;
use xiaoan_proto::volunteers::v1::{
    Attendance, CheckInRequest, CheckOutRequest, VolunteerCheckedIn, VolunteerCheckedOut,
};

/// Facts of both.
#[derive(Debug, Clone, PartialEq)]
pub struct Both {
    /// Of the patrol.
    pub patrol: Facts,
    /// Of the volunteer.
    pub volunteer: volunteer::Facts,
    /// Minutes served; 0 of a check-in.
    pub minutes: i64,
}

impl Patrol {
    /// Checks a volunteer in; `None` when there is no such volunteer.
    ///
    /// # Errors
    /// PATROL-UNKNOWN, PATROL-ENDED, PATROL-CANCELLED, PATROL-TOO-EARLY, PATROL-OVER, VOLUNTEER-…, VO-001 to VO-005,
    /// CB-003, GE-006.
    pub fn decide_check_in(
        &self,
        request: &CheckInRequest,
        volunteer: Option<&Volunteer>,
        at: &Moment<'_>,
    ) -> Result<Both, Refused> {
        let unit = self.open()?;
        let mut remarks = Remarks::default();
        let stated = at.past_instant(&mut remarks, "at", request.at.as_ref());
        remarks.refuse()?;
        let now = stated.unwrap_or(at.now);
        let volunteer = volunteer.ok_or(Reason::VolunteerUnknown)?;
        let from = self.check_in_from();
        if now < from {
            return Err(Reason::PatrolTooEarly { from }.into());
        }
        if now >= self.planned_to() {
            return Err(Reason::PatrolOver { until: self.planned_to() }.into());
        }
        let min_rest = self.seen.rule.as_ref().map_or(0, |rule| i64::from(rule.min_rest_minutes));
        let duty = Duty { patrol_id: &self.seen.patrol_id, unit, planned_to: self.planned_to(), min_rest };
        let shift = volunteer.decide_begin_shift(duty, now)?;
        let checked_in = VolunteerCheckedIn {
            patrol_id: self.seen.patrol_id.clone(),
            volunteer_id: request.volunteer_id.clone(),
            at: Some(timestamp(now)),
        };
        Ok(Both { patrol: self.fact(checked_in, unit, now), volunteer: shift, minutes: 0 })
    }

    /// Checks a volunteer out.
    ///
    /// # Errors
    /// PATROL-UNKNOWN, PATROL-ENDED, PATROL-CANCELLED, VO-004, VO-008, VO-010, CB-003, GE-006.
    pub fn decide_check_out(
        &self,
        request: &CheckOutRequest,
        volunteer: Option<&Volunteer>,
        at: &Moment<'_>,
    ) -> Result<Both, Refused> {
        self.open()?;
        let mut remarks = Remarks::default();
        let stated = at.past_instant(&mut remarks, "at", request.at.as_ref());
        remarks.refuse()?;
        let there = self.there(&request.volunteer_id).ok_or(Reason::NotCheckedIn)?;
        let since = recorded_instant(there.in_at.as_ref());
        let now = stated.unwrap_or(at.now);
        let (minutes, most) = (hours::minutes(since, now), self.longest(since));
        if minutes > most {
            return Err(Reason::HoursExceedShift { minutes, most }.into());
        }
        self.check_out(&request.volunteer_id, volunteer, now, false)
    }

    /// Checks somebody out who is there; `released` by the end of the patrol.
    pub(super) fn check_out(
        &self,
        volunteer_id: &str,
        volunteer: Option<&Volunteer>,
        at: OffsetDateTime,
        released: bool,
    ) -> Result<Both, Refused> {
        let unit = self.open()?;
        let volunteer = volunteer.ok_or(Reason::VolunteerUnknown)?;
        let (shift, minutes) = volunteer.decide_end_shift(&self.seen.patrol_id, at)?;
        let checked_out = VolunteerCheckedOut {
            patrol_id: self.seen.patrol_id.clone(),
            volunteer_id: volunteer_id.to_owned(),
            at: Some(timestamp(at)),
            minutes,
            released,
        };
        Ok(Both { patrol: self.fact(checked_out, unit, at), volunteer: shift, minutes })
    }

    fn there(&self, volunteer_id: &str) -> Option<&Attendance> {
        self.seen.attendance.iter().find(|a| a.volunteer_id == volunteer_id && a.out_at.is_none())
    }
}
