//! The aggregate `Patrol` (巡逻): planned, volunteers in and out, ended with a log and results.
//!
//! ```text
//! planned ─ first check-in ─ begun ─ ended ─ (results corrected)*
//!    └──────── cancelled      └ extended, mustered, in, out
//! ```
//!
//! Invariants: a patrol has an officer in charge and a task on the list of its rule · nobody stays checked in after the end ·
//! an ended patrol says who was there beside what its rule wants, and why if that differs · its minutes are the sum of its
//! volunteers' shifts.
//!
//! | file | what is decided there |
//! |---|---|
//! | `planning` | planned, extended, cancelled, mustered |
//! | `attendance` | in and out, together with the volunteer |
//! | `ending` | ended, composition, results corrected |

pub mod attendance;
pub mod ending;
pub mod planning;

use crate::moment::recorded_instant;
use crate::reason::{Reason, Refused};
use time::{Duration, OffsetDateTime};
use xiaoan_kernel::{Aggregate, Fact, OrgCode, city_day};
use xiaoan_proto::volunteers::v1::{self, Attendance, PatrolState};

xiaoan_kernel::events! {
    /// Everything that can happen to a patrol.
    pub enum PatrolEvent {
        Planned(v1::PatrolPlanned),
        Extended(v1::PatrolExtended),
        Cancelled(v1::PatrolCancelled),
        Mustered(v1::PatrolMustered),
        CheckedIn(v1::VolunteerCheckedIn),
        CheckedOut(v1::VolunteerCheckedOut),
        Ended(v1::PatrolEnded),
        ResultsCorrected(v1::PatrolResultsCorrected),
    }
}

/// Facts of a patrol.
pub type Facts = Vec<Fact<PatrolEvent>>;

/// One patrol.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Patrol {
    seen: v1::Patrol,
}

impl Aggregate for Patrol {
    const KIND: &'static str = "patrol";
    type Event = PatrolEvent;

    fn apply(&mut self, event: &PatrolEvent) {
        note(&mut self.seen, event);
    }
}

/// Takes one event into a patrol as everybody sees it.
pub fn note(patrol: &mut v1::Patrol, event: &PatrolEvent) {
    match event {
        PatrolEvent::Planned(e) => {
            *patrol = v1::Patrol {
                patrol_id: e.patrol_id.clone(),
                org_unit: e.org_unit.clone(),
                state: PatrolState::Planned.into(),
                squadron: e.squadron.clone(),
                duty_point: e.duty_point.clone(),
                route: e.route.clone(),
                officer_in_charge: e.officer_in_charge.clone(),
                planned_from: e.planned_from,
                planned_to: e.planned_to,
                task: e.task.clone(),
                rule: e.rule.clone(),
                provenance: e.provenance,
                ..Default::default()
            };
        }
        PatrolEvent::Extended(e) => patrol.planned_to = e.planned_to,
        PatrolEvent::Cancelled(_) => patrol.set_state(PatrolState::Cancelled),
        PatrolEvent::Mustered(e) => patrol.crew.clone_from(&e.crew),
        PatrolEvent::CheckedIn(e) => {
            patrol.set_state(PatrolState::Begun);
            patrol.attendance.push(Attendance {
                volunteer_id: e.volunteer_id.clone(),
                in_at: e.at,
                ..Default::default()
            });
        }
        PatrolEvent::CheckedOut(e) => {
            let there = |a: &&mut Attendance| a.volunteer_id == e.volunteer_id && a.out_at.is_none();
            if let Some(attendance) = patrol.attendance.iter_mut().find(there) {
                attendance.out_at = e.at;
                attendance.minutes = e.minutes;
                attendance.released = e.released;
            }
        }
        PatrolEvent::Ended(e) => {
            patrol.set_state(PatrolState::Ended);
            patrol.ended_at = e.ended_at;
            patrol.minutes = e.minutes;
            patrol.results.clone_from(&e.results);
            patrol.log.clone_from(&e.log);
            patrol.composition.clone_from(&e.composition);
            patrol.deviated = e.deviated;
            patrol.deviation_reason.clone_from(&e.deviation_reason);
        }
        PatrolEvent::ResultsCorrected(e) => patrol.results.clone_from(&e.after),
    }
}

impl Patrol {
    /// As `GetPatrol` shows it, without etag.
    #[must_use]
    pub fn seen(&self) -> &v1::Patrol {
        &self.seen
    }
    /// Unit; `None` of a patrol that never was.
    #[must_use]
    pub fn unit(&self) -> Option<OrgCode> {
        OrgCode::parse(&self.seen.org_unit).ok()
    }
    /// Ids of the volunteers who are checked in now.
    #[must_use]
    pub fn on_duty(&self) -> Vec<String> {
        let there = self.seen.attendance.iter().filter(|a| a.out_at.is_none());
        there.map(|a| a.volunteer_id.clone()).collect()
    }

    /// The unit of a patrol that is neither ended nor cancelled.
    fn open(&self) -> Result<OrgCode, Refused> {
        let unit = self.unit().ok_or(Reason::PatrolUnknown)?;
        match self.seen.state() {
            PatrolState::Ended => Err(Reason::PatrolEnded.into()),
            PatrolState::Cancelled => Err(Reason::PatrolCancelled.into()),
            PatrolState::Unspecified | PatrolState::Planned | PatrolState::Begun => Ok(unit),
        }
    }

    fn planned_from(&self) -> OffsetDateTime {
        recorded_instant(self.seen.planned_from.as_ref())
    }
    fn planned_to(&self) -> OffsetDateTime {
        recorded_instant(self.seen.planned_to.as_ref())
    }

    /// Longest that somebody who came at an instant may be on duty, in minutes: from then to the planned end, and the
    /// overrun that the rule allows.
    fn longest(&self, since: OffsetDateTime) -> i64 {
        let overrun = self.seen.rule.as_ref().map_or(0, |rule| rule.overrun_minutes);
        (self.planned_to() - since).whole_minutes().max(0) + i64::from(overrun)
    }

    /// The last moment at which somebody who came at an instant may be checked out.
    fn latest_out(&self, since: OffsetDateTime) -> OffsetDateTime {
        since + Duration::minutes(self.longest(since))
    }

    fn fact(&self, event: impl Into<PatrolEvent>, unit: OrgCode, at: OffsetDateTime) -> Facts {
        vec![Fact::new(event, unit, city_day(at))]
    }
}

#[cfg(test)]
pub(crate) mod story;
#[cfg(test)]
mod tests;
