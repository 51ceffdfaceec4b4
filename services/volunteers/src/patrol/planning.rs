//! Patrols planned, extended, cancelled, mustered.

use super::{Facts, Patrol};
use crate::duty_point::DutyPoint;
use crate::moment::{Moment, chosen_id, instant, is_id, known, provenance, text};
use crate::patrol_rule::{PatrolRules, VOLUNTEER, allows};
use crate::reason::{Reason, Refused, Remarks};
use crate::squadron::Squadron;
use std::collections::BTreeSet;
use time::{Duration, OffsetDateTime};
use xiaoan_kernel::{Fact, city_day};
use xiaoan_proto::core::v1::Provenance;
use xiaoan_proto::volunteers::v1::{
    CancelPatrolRequest, ExtendPatrolRequest, MusterPatrolRequest, PatrolCancelled, PatrolExtended,
    PatrolMustered, PatrolPlanned, PatrolState, PlanPatrolRequest,
};

/// Longest that a patrol is planned.
const LONGEST: Duration = Duration::hours(24);

/// What a plan refers to, as it is now.
#[derive(Debug, Clone, Copy)]
pub struct Referred<'a> {
    /// The squadron; `None` when it never was.
    pub squadron: Option<&'a Squadron>,
    /// The duty point; one that never was when the request names none.
    pub duty_point: &'a DutyPoint,
    /// The rule with all its versions.
    pub rules: &'a PatrolRules,
}

impl Patrol {
    /// Plans a patrol under `patrol_id`: the request's own, or the id that the service gave.
    ///
    /// # Errors
    /// VO-006, VO-007, PATROL-EXISTS, PATROL-RULE-UNKNOWN, SQUADRON-…, DUTY-POINT-…, CB-001, GE-006.
    pub fn decide_plan(
        &self,
        request: &PlanPatrolRequest,
        patrol_id: &str,
        referred: Referred<'_>,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let mut remarks = Remarks::default();
        chosen_id(&mut remarks, "patrol_id", patrol_id);
        let from = instant(&mut remarks, "planned_from", request.planned_from.as_ref());
        let to = instant(&mut remarks, "planned_to", request.planned_to.as_ref());
        if let (Some(from), Some(to)) = (from, to) {
            remarks.ensure(from < to, "planned_to", Reason::TooEarlyDay);
            remarks.ensure(to - from <= LONGEST, "planned_to", A_DAY);
        }
        let unit = at.unit(&mut remarks, "org_unit", &request.org_unit, from.map(city_day));
        remarks.ensure(is_id(&request.officer_in_charge), "officer_in_charge", Reason::NoOfficerInCharge);
        let one = request.duty_point_id.is_empty() != request.route.is_empty();
        remarks.ensure(one, "duty_point_id", POINT_OR_ROUTE);
        text(&mut remarks, "route", &request.route, 0, 200);
        let _: Provenance = known(&mut remarks, "provenance", request.provenance);
        let rule = from.map(|from| referred.rules.on(city_day(from)));
        if let Some(Ok(rule)) = rule
            && let Err(forbidden) = allows(rule, &request.task)
        {
            remarks.note("task", forbidden);
        }
        remarks.refuse()?;
        if self.unit().is_some() {
            return Err(Reason::PatrolExists.into());
        }
        let (Some(unit), Some(from), Some(rule)) = (unit, from, rule) else {
            return Err(Reason::MissingValue.into()); // cannot be: all were looked at above
        };
        let day = city_day(from);
        let squadron = referred.squadron.ok_or(Reason::SquadronUnknown)?.reference(unit, day)?;
        let duty_point = if request.duty_point_id.is_empty() {
            None
        } else {
            Some(referred.duty_point.reference(unit, day)?)
        };
        let planned = PatrolPlanned {
            patrol_id: patrol_id.to_owned(),
            org_unit: request.org_unit.clone(),
            squadron: Some(squadron),
            duty_point,
            route: request.route.clone(),
            officer_in_charge: request.officer_in_charge.clone(),
            planned_from: request.planned_from,
            planned_to: request.planned_to,
            task: request.task.clone(),
            rule: Some(rule?.clone()),
            provenance: provenance(request.provenance()),
        };
        Ok(vec![Fact::new(planned, unit, day)])
    }

    /// Plans a later end.
    ///
    /// # Errors
    /// PATROL-UNKNOWN, PATROL-ENDED, PATROL-CANCELLED, GE-006.
    pub fn decide_extend(&self, request: &ExtendPatrolRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.open()?;
        let mut remarks = Remarks::default();
        if let Some(to) = instant(&mut remarks, "planned_to", request.planned_to.as_ref()) {
            remarks.ensure(to > self.planned_to(), "planned_to", Reason::TooEarlyDay);
            remarks.ensure(to - self.planned_from() <= LONGEST, "planned_to", A_DAY);
        }
        text(&mut remarks, "reason", &request.reason, 1, 500);
        remarks.refuse()?;
        let extended = PatrolExtended {
            patrol_id: self.seen.patrol_id.clone(),
            planned_to: request.planned_to,
            reason: request.reason.clone(),
        };
        Ok(self.fact(extended, unit, at.now))
    }

    /// Cancels a patrol at which nobody has checked in.
    ///
    /// # Errors
    /// As [`Patrol::decide_extend`], and PATROL-BEGUN.
    pub fn decide_cancel(&self, request: &CancelPatrolRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.open()?;
        if self.seen.state() == PatrolState::Begun {
            return Err(Reason::PatrolBegun.into());
        }
        let mut remarks = Remarks::default();
        text(&mut remarks, "reason", &request.reason, 1, 500);
        remarks.refuse()?;
        let cancelled =
            PatrolCancelled { patrol_id: self.seen.patrol_id.clone(), reason: request.reason.clone() };
        Ok(self.fact(cancelled, unit, at.now))
    }

    /// Says how many others mustered; the last word counts.
    ///
    /// # Errors
    /// As [`Patrol::decide_extend`].
    pub fn decide_muster(&self, request: &MusterPatrolRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.open()?;
        let mut remarks = Remarks::default();
        let roles: BTreeSet<_> = request.crew.iter().map(|c| c.role.as_str()).collect();
        let wanted = self.seen.rule.iter().flat_map(|rule| &rule.slots).map(|slot| slot.role.as_str());
        let wanted: BTreeSet<_> = wanted.filter(|role| *role != VOLUNTEER).collect();
        remarks.ensure(roles.len() == request.crew.len() && roles.is_subset(&wanted), "crew.role", ROLES);
        let sound = request.crew.iter().all(|c| (0..=1000).contains(&c.count));
        remarks.ensure(sound, "crew.count", COUNT);
        remarks.refuse()?;
        let mustered = PatrolMustered { patrol_id: self.seen.patrol_id.clone(), crew: request.crew.clone() };
        Ok(self.fact(mustered, unit, at.now))
    }

    /// When check-in becomes possible.
    pub(super) fn check_in_from(&self) -> OffsetDateTime {
        let early = self.seen.rule.as_ref().map_or(0, |rule| rule.early_minutes);
        self.planned_from() - Duration::minutes(i64::from(early))
    }
}

const A_DAY: Reason =
    Reason::Malformed { form_zh: "不超过24小时的时段", form_en: "at most 24 hours after the begin" };
const POINT_OR_ROUTE: Reason = Reason::Malformed {
    form_zh: "执勤点或路线二者之一",
    form_en: "either a duty point or a route",
};
const ROLES: Reason = Reason::Malformed {
    form_zh: "编组办法中的岗位（volunteer 除外），每个一次",
    form_en: "roles of the rule but \"volunteer\", each once",
};
const COUNT: Reason =
    Reason::Malformed { form_zh: "0至1000的整数", form_en: "a whole number of 0 to 1000" };
