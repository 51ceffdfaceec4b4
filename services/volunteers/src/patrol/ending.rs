//! The end of a patrol: everybody released, the composition looked at, results counted; and results corrected.

use super::{Facts, Patrol};
use crate::moment::{Moment, recorded_day, recorded_instant, text};
use crate::patrol_rule::VOLUNTEER;
use crate::reason::{Reason, Refused, Remarks};
use crate::volunteer::{self, Volunteer};
use std::collections::{BTreeMap, BTreeSet};
use time::OffsetDateTime;
use xiaoan_kernel::{Fact, city_day};
use xiaoan_proto::timestamp;
use xiaoan_proto::volunteers::v1::{
    CorrectResultsRequest, EndPatrolRequest, PatrolEnded, PatrolResult, PatrolResultKind,
    PatrolResultsCorrected, PatrolState, SlotPresence,
};

/// What the end of a patrol comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct End {
    /// Facts of the patrol.
    pub patrol: Facts,
    /// Facts of those who were released, by their id.
    pub volunteers: BTreeMap<String, volunteer::Facts>,
    /// Minutes of all volunteers together.
    pub minutes: i64,
}

impl Patrol {
    /// Ends the patrol. `on_duty` are those of [`Patrol::on_duty`], as they are now.
    ///
    /// # Errors
    /// PATROL-UNKNOWN, PATROL-ENDED, PATROL-CANCELLED, PATROL-ENDS-BEFORE, PATROL-COMPOSITION, VO-004, CB-003, GE-006.
    pub fn decide_end(
        &self,
        request: &EndPatrolRequest,
        on_duty: &BTreeMap<String, Volunteer>,
        at: &Moment<'_>,
    ) -> Result<End, Refused> {
        let unit = self.open()?;
        let mut remarks = Remarks::default();
        let ended_at = at.past_instant(&mut remarks, "ended_at", request.ended_at.as_ref());
        look_at(&mut remarks, &request.results);
        text(&mut remarks, "log", &request.log, 1, 2000);
        text(&mut remarks, "deviation_reason", &request.deviation_reason, 0, 500);
        remarks.refuse()?;
        let ended_at = ended_at.unwrap_or(at.now);
        if let Some(last) = self.last_move().filter(|last| *last > ended_at) {
            return Err(Reason::PatrolEndsBefore { at: last }.into());
        }
        let composition = self.composition();
        let short: Vec<_> = composition.iter().filter(|presence| deviates(presence)).collect();
        let deviated = !short.is_empty();
        if deviated && request.deviation_reason.trim().is_empty() {
            let (missing_zh, missing_en) = (told(&short, true), told(&short, false));
            return Err(Reason::PatrolComposition { missing_zh, missing_en }.into());
        }
        let mut end = End {
            patrol: Vec::new(),
            volunteers: BTreeMap::new(),
            minutes: self.seen.attendance.iter().map(|a| a.minutes).sum(),
        };
        for attendance in self.seen.attendance.iter().filter(|a| a.out_at.is_none()) {
            let id = &attendance.volunteer_id;
            // Nobody is on duty longer than the shift may last, whenever somebody remembers to end the patrol (VO-010).
            let out = ended_at.min(self.latest_out(recorded_instant(attendance.in_at.as_ref())));
            let both = self.check_out(id, on_duty.get(id), out, true)?;
            end.patrol.extend(both.patrol);
            end.volunteers.insert(id.clone(), both.volunteer);
            end.minutes += both.minutes;
        }
        let people: BTreeSet<_> = self.seen.attendance.iter().map(|a| &a.volunteer_id).collect();
        let ended = PatrolEnded {
            patrol_id: self.seen.patrol_id.clone(),
            org_unit: self.seen.org_unit.clone(),
            ended_on: Some(city_day(ended_at).into()),
            squadron: self.seen.squadron.clone(),
            duty_point: self.seen.duty_point.clone(),
            ended_at: Some(timestamp(ended_at)),
            volunteers: i32::try_from(people.len()).unwrap_or(i32::MAX),
            minutes: end.minutes,
            results: request.results.clone(),
            log: request.log.clone(),
            composition,
            deviated,
            deviation_reason: if deviated { request.deviation_reason.clone() } else { String::new() },
            provenance: self.seen.provenance,
        };
        end.patrol.push(Fact::new(ended, unit, city_day(ended_at)));
        Ok(end)
    }

    /// Corrects the results of an ended patrol; the event carries what no longer counts and what counts instead.
    ///
    /// # Errors
    /// PATROL-UNKNOWN, PATROL-NOT-ENDED, PATROL-SAME-RESULTS, GE-006.
    pub fn decide_correct(&self, request: &CorrectResultsRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.unit().ok_or(Reason::PatrolUnknown)?;
        if self.seen.state() != PatrolState::Ended {
            return Err(Reason::PatrolNotEnded.into());
        }
        let mut remarks = Remarks::default();
        look_at(&mut remarks, &request.results);
        text(&mut remarks, "reason", &request.reason, 1, 500);
        remarks.refuse()?;
        let sorted = |results: &[PatrolResult]| -> BTreeMap<i32, i32> {
            results.iter().map(|r| (r.kind, r.count)).collect()
        };
        if sorted(&request.results) == sorted(&self.seen.results) {
            return Err(Reason::PatrolSameResults.into());
        }
        let ended_on = city_day(recorded_instant(self.seen.ended_at.as_ref()));
        let corrected = PatrolResultsCorrected {
            patrol_id: self.seen.patrol_id.clone(),
            org_unit: self.seen.org_unit.clone(),
            ended_on: Some(ended_on.into()),
            squadron: self.seen.squadron.clone(),
            before: self.seen.results.clone(),
            after: request.results.clone(),
            reason: request.reason.clone(),
            corrected_by: at.actor.to_owned(),
        };
        Ok(vec![Fact::new(corrected, unit, recorded_day(Some(ended_on.into())))])
    }

    /// Who is there beside what the rule wants, slot by slot.
    #[must_use]
    pub fn composition(&self) -> Vec<SlotPresence> {
        let people: BTreeSet<_> = self.seen.attendance.iter().map(|a| &a.volunteer_id).collect();
        let mustered = |role: &str| self.seen.crew.iter().find(|c| c.role == role).map_or(0, |c| c.count);
        let slots = self.seen.rule.iter().flat_map(|rule| &rule.slots);
        slots
            .map(|slot| SlotPresence {
                present: if slot.role == VOLUNTEER {
                    i32::try_from(people.len()).unwrap_or(i32::MAX)
                } else {
                    mustered(&slot.role)
                },
                slot: Some(slot.clone()),
            })
            .collect()
    }

    /// When somebody came or went last.
    fn last_move(&self) -> Option<OffsetDateTime> {
        let moves = self.seen.attendance.iter().flat_map(|a| [a.in_at.as_ref(), a.out_at.as_ref()]);
        moves.flatten().map(|at| recorded_instant(Some(at))).max()
    }
}

/// Whether a slot has fewer or more than its rule wants.
fn deviates(presence: &SlotPresence) -> bool {
    presence
        .slot
        .as_ref()
        .is_some_and(|slot| presence.present < slot.min || slot.max > 0 && presence.present > slot.max)
}

/// "volunteers 0 of 2"; what is short or too many, for a sentence.
fn told(short: &[&SlotPresence], zh: bool) -> String {
    let one = |presence: &&SlotPresence| {
        let slot = presence.slot.clone().unwrap_or_default();
        let wanted = if presence.present < slot.min { slot.min } else { slot.max };
        if zh {
            format!("{}{}人，应为{wanted}人", slot.name_zh, presence.present)
        } else {
            format!("{} {} of {wanted}", slot.name_en, presence.present)
        }
    };
    short.iter().map(one).collect::<Vec<_>>().join(if zh { "；" } else { "; " })
}

fn look_at(remarks: &mut Remarks, results: &[PatrolResult]) {
    let kinds: BTreeSet<i32> = results.iter().map(|r| r.kind).collect();
    let known = |kind: &i32| *kind != 0 && PatrolResultKind::try_from(*kind).is_ok();
    remarks.ensure(kinds.len() == results.len() && kinds.iter().all(known), "results.kind", KINDS);
    let sound = results.iter().all(|r| (1..=1000).contains(&r.count));
    remarks.ensure(sound, "results.count", COUNT);
}

const KINDS: Reason = Reason::Malformed {
    form_zh: "规定的战果种类，每种一次",
    form_en: "kinds that are defined, each once",
};
const COUNT: Reason =
    Reason::Malformed { form_zh: "1至1000的整数", form_en: "a whole number of 1 to 1000" };
