//! Shifts of a volunteer. A patrol decides about itself; what the person says to it is decided here, and both are recorded
//! in one append.

use super::hours::{self, Shift};
use super::{Volunteer, VolunteerEvent};
use crate::moment::recorded_day;
use crate::reason::{Reason, Refused, Remarks};
use time::{Date, OffsetDateTime};
use xiaoan_kernel::{Fact, OrgCode, city_day};
use xiaoan_proto::timestamp;
use xiaoan_proto::volunteers::v1::{ShiftBegun, ShiftEnded, VolunteerState};

/// The patrol that a volunteer checks in at.
#[derive(Debug, Clone, Copy)]
pub struct Duty<'a> {
    /// Id.
    pub patrol_id: &'a str,
    /// Unit.
    pub unit: OrgCode,
    /// Planned end.
    pub planned_to: OffsetDateTime,
    /// Rest that its rule wants between two shifts, in minutes.
    pub min_rest: i64,
}

impl Volunteer {
    /// Begins a shift. Everything that forbids it is named at once.
    ///
    /// # Errors
    /// VOLUNTEER-UNKNOWN, VOLUNTEER-ELSEWHERE, VOLUNTEER-NOT-ACTIVE, VO-001 to VO-005.
    pub fn decide_begin_shift(
        &self,
        duty: Duty<'_>,
        at: OffsetDateTime,
    ) -> Result<Vec<Fact<VolunteerEvent>>, Refused> {
        let unit = self.known()?;
        let mut remarks = Remarks::default();
        if unit != duty.unit {
            remarks.note("", Reason::VolunteerElsewhere { unit });
        }
        let on_duty = self.shifts.iter().find(|s| s.ended.is_none() && s.patrol_id == duty.patrol_id);
        if let Some(shift) = on_duty {
            remarks.note("", Reason::CheckedIn { since: shift.begun });
        } else if let Some(Shift { begun, ended, .. }) =
            hours::overlapping(&self.shifts, at, Some(duty.planned_to.max(at)))
        {
            remarks.note("", Reason::Overlap { begun: *begun, ended: *ended });
        } else {
            self.rested(&mut remarks, at, duty);
        }
        if self.seen.state() != VolunteerState::Active {
            remarks.note("", Reason::VolunteerNotActive);
        }
        self.fit_for(&mut remarks, city_day(at), city_day(duty.planned_to));
        remarks.refuse()?;
        let begun = ShiftBegun {
            volunteer_id: self.seen.volunteer_id.clone(),
            org_unit: duty.unit.to_string(),
            patrol_id: duty.patrol_id.to_owned(),
            begun_at: Some(timestamp(at)),
        };
        Ok(vec![Fact::new(begun, duty.unit, city_day(at))])
    }

    /// Ends the open shift of a patrol; gives the facts and the minutes.
    ///
    /// # Errors
    /// VO-008, VO-004 (into another shift), GE-006 (before its begin).
    pub fn decide_end_shift(
        &self,
        patrol_id: &str,
        at: OffsetDateTime,
    ) -> Result<(Vec<Fact<VolunteerEvent>>, i64), Refused> {
        let open = self.shifts.iter().find(|s| s.ended.is_none() && s.patrol_id == patrol_id);
        let shift = open.ok_or(Reason::NotCheckedIn)?;
        if at < shift.begun {
            let mut remarks = Remarks::default();
            remarks.note("at", Reason::TooEarlyDay);
            return Err(remarks.refuse().err().unwrap_or_else(|| Reason::TooEarlyDay.into()));
        }
        let unit = self.known()?;
        // Another shift may have been recorded meanwhile that began after the planned end of this one.
        let others: Vec<_> = self.shifts.iter().filter(|s| *s != shift).cloned().collect();
        if let Some(Shift { begun, ended, .. }) = hours::overlapping(&others, shift.begun, Some(at)) {
            return Err(Reason::Overlap { begun: *begun, ended: *ended }.into());
        }
        let minutes = hours::minutes(shift.begun, at);
        let ended = ShiftEnded {
            volunteer_id: self.seen.volunteer_id.clone(),
            org_unit: unit.to_string(),
            patrol_id: patrol_id.to_owned(),
            begun_at: Some(timestamp(shift.begun)),
            ended_at: Some(timestamp(at)),
            minutes,
        };
        Ok((vec![Fact::new(ended, unit, city_day(at))], minutes))
    }

    /// VO-005 on either side, for shifts may be recorded late: to the one before, and from the planned end to the next.
    fn rested(&self, remarks: &mut Remarks, at: OffsetDateTime, duty: Duty<'_>) {
        let before = hours::rest_before(&self.shifts, at);
        let after = hours::rest_after(&self.shifts, duty.planned_to.max(at));
        let wanted = duty.min_rest;
        if let Some(rested) = before.into_iter().chain(after).min().filter(|rested| *rested < wanted) {
            remarks.note("", Reason::RestTooShort { rested, wanted });
        }
    }

    /// VO-001 on every day of the shift as planned, VO-002 and VO-003 on its first.
    fn fit_for(&self, remarks: &mut Remarks, first: Date, last: Date) {
        let uninsured = [first, last.max(first)].into_iter().find_map(|day| self.insured_on(day).err());
        for no in uninsured.into_iter().chain(self.vetting_holds_on(first).err()) {
            remarks.note("", no);
        }
        if first < recorded_day(self.seen.adult_from) {
            remarks.note("", Reason::Minor { day: first });
        }
    }
}
