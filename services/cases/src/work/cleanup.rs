//! The aggregate `Cleanup` (大清查): an operation against trouble spots, the venues inspected, what was found, what was put
//! right. Facts A5.
//!
//! Invariants: a venue is inspected once per operation · a finding is put right or handed over, once · an operation is not
//! closed over an open finding.

use super::{FactsOf, Work, any_day, due, has_come, is_late, noted, stamp, stated};
use crate::moment::{Moment, chosen_id, text};
use crate::refusal::{Reason, Refused, Remarks};
use crate::rulebook::RuleBook;
use crate::work::reasons as no;
use std::collections::BTreeSet;
use time::{Date, OffsetDateTime};
use xiaoan_kernel::{Fact, OrgCode, city_midnight};
use xiaoan_proto::cases::v1::{
    Cleanup as Shown, CleanupClosed, CleanupFinding, CleanupFindingHandedOver, CleanupFindingKind,
    CleanupFindingRectified, CleanupFindingState, CleanupPlanned, CleanupRectificationOverdue, CleanupState,
    CleanupVenue, CloseCleanupRequest, HandOverCleanupFindingRequest, InspectVenueRequest,
    PlanCleanupRequest, RectifyCleanupFindingRequest, VenueInspected, VenueKind, VenueKindCount,
};

xiaoan_kernel::events! {
    /// Everything that can happen to an operation.
    pub enum CleanupEvent {
        Planned(CleanupPlanned),
        VenueInspected(VenueInspected),
        FindingRectified(CleanupFindingRectified),
        FindingHandedOver(CleanupFindingHandedOver),
        RectificationOverdue(CleanupRectificationOverdue),
        Closed(CleanupClosed),
    }
}

super::work! {
    /// One operation.
    Cleanup(Shown) of CleanupEvent, "cleanup", by cleanup_id
}

type Facts = FactsOf<Cleanup>;

/// Venues of one operation, findings of one venue, and days of an operation at most.
const MOST_VENUES: usize = 500;
const MOST_FINDINGS: usize = 20;
const MOST_DAYS: i64 = 92;

impl Work for Cleanup {
    type Shown = Shown;
    const NOUN: &'static str = "cleanups";

    fn shown(&self) -> &Shown {
        &self.0
    }

    fn note(shown: &mut Shown, event: &CleanupEvent) {
        match event {
            CleanupEvent::Planned(e) => {
                *shown = Shown {
                    cleanup_id: e.cleanup_id.clone(),
                    org_unit: e.org_unit.clone(),
                    title: e.title.clone(),
                    state: CleanupState::Planned.into(),
                    starts_on: e.starts_on,
                    ends_on: e.ends_on,
                    venue_kinds: e.venue_kinds.clone(),
                    ..Default::default()
                };
            }
            CleanupEvent::VenueInspected(e) => {
                shown.set_state(CleanupState::Running);
                shown.venues.extend(e.venue.clone());
                shown.findings.extend(e.findings.iter().cloned());
            }
            CleanupEvent::FindingRectified(e) => {
                with(shown, &e.finding_id, |finding| {
                    finding.set_state(CleanupFindingState::Rectified);
                    finding.settled_on = e.rectified_on;
                    finding.settled_how.clone_from(&e.how);
                    finding.overdue |= e.late;
                });
            }
            CleanupEvent::FindingHandedOver(e) => {
                with(shown, &e.finding_id, |finding| {
                    finding.set_state(CleanupFindingState::HandedOver);
                    finding.settled_on = e.handed_over_on;
                    finding.settled_how.clone_from(&e.authority);
                });
            }
            CleanupEvent::RectificationOverdue(e) => {
                with(shown, &e.finding_id, |finding| finding.overdue = true);
            }
            CleanupEvent::Closed(e) => {
                shown.set_state(CleanupState::Closed);
                shown.closed_on = e.closed_on;
            }
        }
        shown.counts = counts(shown);
    }

    fn dues(event: &CleanupEvent) -> Vec<prost_types::Timestamp> {
        match event {
            CleanupEvent::VenueInspected(e) => {
                e.findings.iter().filter_map(|finding| finding.due_at).collect()
            }
            _ => Vec::new(),
        }
    }

    fn fall_due(&self, until: OffsetDateTime, _: &RuleBook) -> Facts {
        let Some(unit) = self.unit() else { return Vec::new() };
        let is_due = |f: &&CleanupFinding| {
            f.state() == CleanupFindingState::Open && !f.overdue && has_come(f.due_at.as_ref(), until)
        };
        let overdue = |finding: &CleanupFinding| {
            let event = CleanupRectificationOverdue {
                cleanup_id: self.0.cleanup_id.clone(),
                org_unit: self.0.org_unit.clone(),
                finding_id: finding.finding_id.clone(),
                due_at: finding.due_at,
            };
            Fact::new(event, unit, super::day_of(finding.due_at.as_ref()))
        };
        self.0.findings.iter().filter(is_due).map(overdue).collect()
    }
}

fn with(shown: &mut Shown, finding_id: &str, change: impl FnOnce(&mut CleanupFinding)) {
    if let Some(finding) = shown.findings.iter_mut().find(|f| f.finding_id == finding_id) {
        change(finding);
    }
}

/// Sums by kind of venue, kinds in the order of their numbers.
fn counts(shown: &Shown) -> Vec<VenueKindCount> {
    let kinds: BTreeSet<i32> = shown.venues.iter().map(|v| v.kind).collect();
    let sum = |kind: i32| {
        let here: BTreeSet<&str> =
            shown.venues.iter().filter(|v| v.kind == kind).map(|v| v.venue_id.as_str()).collect();
        let count = |holds: &dyn Fn(&CleanupFinding) -> bool| {
            let found =
                shown.findings.iter().filter(|f| here.contains(f.venue_id.as_str()) && holds(f)).count();
            i32::try_from(found).unwrap_or(i32::MAX)
        };
        VenueKindCount {
            kind,
            venues: i32::try_from(here.len()).unwrap_or(i32::MAX),
            findings: count(&|_| true),
            rectified: count(&|f| f.state() == CleanupFindingState::Rectified),
            handed_over: count(&|f| f.state() == CleanupFindingState::HandedOver),
            overdue: count(&|f| f.overdue),
        }
    };
    kinds.into_iter().map(sum).collect()
}

impl Cleanup {
    /// Plans an operation.
    ///
    /// # Errors
    /// CLEANUP-EXISTS, CB-001, GE-006.
    pub fn decide_plan(&self, m: &PlanCleanupRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let mut remarks = Remarks::default();
        chosen_id(&mut remarks, "cleanup_id", &m.cleanup_id);
        let unit = at.unit(&mut remarks, "org_unit", &m.org_unit, Some(at.today()));
        text(&mut remarks, "title", &m.title, 1, 100);
        let starts = any_day(&mut remarks, "starts_on", m.starts_on.as_ref());
        let ends = any_day(&mut remarks, "ends_on", m.ends_on.as_ref());
        if let (Some(starts), Some(ends)) = (starts, ends)
            && !(0..=MOST_DAYS).contains(&(ends - starts).whole_days())
        {
            let form = Reason::Malformed {
                form_zh: "不早于首日且不超过92天",
                form_en: "not before the first day, at most 92 days later",
            };
            remarks.note("ends_on", form);
        }
        let kinds: BTreeSet<i32> = m.venue_kinds.iter().copied().collect();
        if kinds.is_empty() || kinds.len() < m.venue_kinds.len() {
            remarks.note(
                "venue_kinds",
                Reason::Malformed {
                    form_zh: "至少一类且不重复", form_en: "at least one kind, none twice"
                },
            );
        }
        for kind in kinds {
            let _: VenueKind = stated(&mut remarks, "venue_kinds", kind);
        }
        remarks.refuse()?;
        if self.unit().is_some() {
            return Err(no::CLEANUP_EXISTS.into());
        }
        let planned = CleanupPlanned {
            cleanup_id: m.cleanup_id.clone(),
            org_unit: m.org_unit.clone(),
            title: m.title.clone(),
            starts_on: m.starts_on,
            ends_on: m.ends_on,
            venue_kinds: m.venue_kinds.clone(),
        };
        Ok(vec![Fact::new(planned, noted(unit)?, at.today())])
    }

    /// Records a venue inspected with what was found; each finding gets its time.
    ///
    /// # Errors
    /// CLEANUP-UNKNOWN, CLEANUP-CLOSED, CLEANUP-VENUE-INSPECTED, CLEANUP-OUT-OF-TIME, CLEANUP-OTHER-KIND, CB-003, GE-006.
    pub fn decide_inspect(&self, m: &InspectVenueRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.running()?;
        let mut remarks = Remarks::default();
        chosen_id(&mut remarks, "venue_id", &m.venue_id);
        text(&mut remarks, "venue_id", &m.venue_id, 1, 40);
        let _: VenueKind = stated(&mut remarks, "kind", m.kind);
        if m.kind != 0 && !self.0.venue_kinds.contains(&m.kind) {
            remarks.note("kind", Reason::Work(no::CLEANUP_OTHER_KIND));
        }
        text(&mut remarks, "place", &m.place, 1, 200);
        let day = at.past_day(&mut remarks, "inspected_on", m.inspected_on.as_ref());
        let edge = |day: Option<xiaoan_proto::core::v1::Date>| day.and_then(|day| Date::try_from(day).ok());
        let (from, to) = (edge(self.0.starts_on), edge(self.0.ends_on));
        if day.is_some_and(|day| from.is_some_and(|from| day < from) || to.is_some_and(|to| day > to)) {
            remarks.note("inspected_on", Reason::Work(no::CLEANUP_OUT_OF_TIME));
        }
        if m.findings.len() > MOST_FINDINGS || self.0.venues.len() >= MOST_VENUES {
            let form = Reason::Malformed {
                form_zh: "每处不超过20个问题，每次不超过500处",
                form_en: "at most 20 findings a venue, 500 venues an operation",
            };
            remarks.note("findings", form);
        }
        for finding in m.findings.iter().take(MOST_FINDINGS) {
            let _: CleanupFindingKind = stated(&mut remarks, "findings.kind", finding.kind);
            text(&mut remarks, "findings.description", &finding.description, 1, 500);
        }
        remarks.refuse()?;
        if self.0.venues.iter().any(|v| v.venue_id == m.venue_id) {
            return Err(no::CLEANUP_VENUE_INSPECTED.into());
        }
        let day = noted(day)?;
        let mut findings = Vec::with_capacity(m.findings.len());
        for (n, stated) in (1..).zip(&m.findings) {
            let term = match stated.kind() {
                CleanupFindingKind::FireHazard => "CLEANUP-RECTIFY-FIRE",
                _ => "CLEANUP-RECTIFY",
            };
            findings.push(CleanupFinding {
                finding_id: format!("{}-{n}", m.venue_id),
                venue_id: m.venue_id.clone(),
                kind: stated.kind,
                description: stated.description.clone(),
                due_at: stamp(due(at, term, city_midnight(day))?),
                state: CleanupFindingState::Open.into(),
                ..Default::default()
            });
        }
        let venue = CleanupVenue {
            venue_id: m.venue_id.clone(),
            kind: m.kind,
            place: m.place.clone(),
            inspected_on: m.inspected_on,
            findings: i32::try_from(findings.len()).unwrap_or(i32::MAX),
            inspected_by_unit: at.unit.to_string(),
        };
        let inspected = VenueInspected {
            cleanup_id: self.0.cleanup_id.clone(),
            org_unit: self.0.org_unit.clone(),
            venue: Some(venue),
            findings,
        };
        Ok(vec![Fact::new(inspected, unit, day)])
    }

    /// Records that a finding was put right.
    ///
    /// # Errors
    /// CLEANUP-UNKNOWN, CLEANUP-CLOSED, CLEANUP-FINDING-UNKNOWN, CLEANUP-FINDING-SETTLED, CB-003, GE-006.
    pub fn decide_rectify(
        &self,
        m: &RectifyCleanupFindingRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.running()?;
        let finding = self.open_finding(&m.finding_id)?;
        let mut remarks = Remarks::default();
        let day = at.past_day(&mut remarks, "rectified_on", m.rectified_on.as_ref());
        let inspected =
            self.0.venues.iter().find(|v| v.venue_id == finding.venue_id).and_then(|v| v.inspected_on);
        let inspected = inspected.and_then(|day| Date::try_from(day).ok());
        if day.is_some_and(|day| inspected.is_some_and(|inspected| day < inspected)) {
            let form = Reason::Malformed {
                form_zh: "不早于检查的日期",
                form_en: "a day not before the inspection",
            };
            remarks.note("rectified_on", form);
        }
        text(&mut remarks, "how", &m.how, 1, 500);
        remarks.refuse()?;
        let day = noted(day)?;
        let rectified = CleanupFindingRectified {
            cleanup_id: self.0.cleanup_id.clone(),
            org_unit: self.0.org_unit.clone(),
            finding_id: m.finding_id.clone(),
            rectified_on: m.rectified_on,
            how: m.how.clone(),
            late: finding.overdue || is_late(day, finding.due_at.as_ref()),
        };
        Ok(vec![Fact::new(rectified, unit, day)])
    }

    /// Hands a finding to the authority that is competent.
    ///
    /// # Errors
    /// CLEANUP-UNKNOWN, CLEANUP-CLOSED, CLEANUP-FINDING-UNKNOWN, CLEANUP-FINDING-SETTLED, GE-006.
    pub fn decide_hand_over(
        &self,
        m: &HandOverCleanupFindingRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.running()?;
        self.open_finding(&m.finding_id)?;
        let mut remarks = Remarks::default();
        text(&mut remarks, "authority", &m.authority, 1, 100);
        remarks.refuse()?;
        let handed_over = CleanupFindingHandedOver {
            cleanup_id: self.0.cleanup_id.clone(),
            org_unit: self.0.org_unit.clone(),
            finding_id: m.finding_id.clone(),
            authority: m.authority.clone(),
            handed_over_on: Some(at.today().into()),
        };
        Ok(vec![Fact::new(handed_over, unit, at.today())])
    }

    /// Closes an operation whose days are over and whose findings are settled.
    ///
    /// # Errors
    /// CLEANUP-UNKNOWN, CLEANUP-CLOSED, CLEANUP-NOT-OVER, CLEANUP-NOTHING-INSPECTED, CLEANUP-FINDINGS-OPEN, GE-006.
    pub fn decide_close(&self, m: &CloseCleanupRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.running()?;
        let mut remarks = Remarks::default();
        text(&mut remarks, "summary", &m.summary, 1, 2000);
        remarks.refuse()?;
        if self.0.ends_on.and_then(|day| Date::try_from(day).ok()).is_some_and(|last| at.today() < last) {
            return Err(no::CLEANUP_NOT_OVER.into());
        }
        if self.0.venues.is_empty() {
            return Err(no::CLEANUP_NOTHING_INSPECTED.into());
        }
        if self.0.findings.iter().any(|f| f.state() == CleanupFindingState::Open) {
            return Err(no::CLEANUP_FINDINGS_OPEN.into());
        }
        let closed = CleanupClosed {
            cleanup_id: self.0.cleanup_id.clone(),
            org_unit: self.0.org_unit.clone(),
            summary: m.summary.clone(),
            closed_on: Some(at.today().into()),
            counts: self.0.counts.clone(),
        };
        Ok(vec![Fact::new(closed, unit, at.today())])
    }

    /// Unit that inspected the venue of a finding; the bureau when it is not known.
    #[must_use]
    pub fn unit_of(&self, finding_id: &str) -> Option<OrgCode> {
        let finding = self.0.findings.iter().find(|f| f.finding_id == finding_id);
        let venue = finding.and_then(|f| self.0.venues.iter().find(|v| v.venue_id == f.venue_id));
        venue.and_then(|v| OrgCode::parse(&v.inspected_by_unit).ok()).or_else(|| self.unit())
    }

    fn running(&self) -> Result<OrgCode, Refused> {
        let unit = self.unit().ok_or(Reason::Work(no::CLEANUP_UNKNOWN))?;
        if self.0.state() == CleanupState::Closed {
            return Err(no::CLEANUP_CLOSED.into());
        }
        Ok(unit)
    }

    fn open_finding(&self, finding_id: &str) -> Result<&CleanupFinding, Refused> {
        let there = self.0.findings.iter().find(|f| f.finding_id == finding_id);
        let finding = there.ok_or(Reason::Work(no::CLEANUP_FINDING_UNKNOWN))?;
        if finding.state() != CleanupFindingState::Open {
            return Err(no::CLEANUP_FINDING_SETTLED.into());
        }
        Ok(finding)
    }
}

#[cfg(test)]
mod tests;
