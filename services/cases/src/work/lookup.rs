//! The aggregate `Lookup` (三查一究): the three lookups of a case and accountability, worked on by three tiers: the city
//! researches, the bureau investigates, the station assists. Facts J9. The checklist is data; a set of lookups keeps the one
//! that held when it was opened.
//!
//! Each item is for a tier, whose unit may check it; the bureau, whose lookups they are, may check all of them, and the event says who did.
//!
//! Invariants: accountability is decided when every item is looked up, by somebody who looked up none · closed only after
//! that.

use super::{Cases, FactsOf, Work, day_of, due, has_come, noted, stamp, standing_case, stated};
use crate::moment::{Moment, text};
use crate::refusal::{Reason, Refused, Remarks};
use crate::rulebook::RuleBook;
use crate::work::reasons as no;
use time::OffsetDateTime;
use xiaoan_kernel::{Fact, OrgCode};
use xiaoan_proto::cases::v1::{
    Accountability, AccountabilityDecided, CheckLookupItemRequest, CloseLookupsRequest,
    DecideAccountabilityRequest, LookupItem, LookupItemChecked, LookupOutcome, LookupState, LookupTier,
    Lookups as Shown, LookupsClosed, LookupsOpened, LookupsOverdue, OpenLookupsRequest,
};

xiaoan_kernel::events! {
    /// Everything that can happen to the lookups of a case.
    pub enum LookupEvent {
        Opened(LookupsOpened),
        ItemChecked(LookupItemChecked),
        AccountabilityDecided(AccountabilityDecided),
        Overdue(LookupsOverdue),
        Closed(LookupsClosed),
    }
}

super::work! {
    /// The lookups of one case.
    Lookup(Shown) of LookupEvent, "lookup", by case_no
}

type Facts = FactsOf<Lookup>;

impl Work for Lookup {
    type Shown = Shown;
    const NOUN: &'static str = "lookups";

    fn shown(&self) -> &Shown {
        &self.0
    }

    fn note(shown: &mut Shown, event: &LookupEvent) {
        match event {
            LookupEvent::Opened(e) => {
                *shown = Shown {
                    case_no: e.case_no.clone(),
                    org_unit: e.org_unit.clone(),
                    city: e.city.clone(),
                    station: e.station.clone(),
                    state: LookupState::Opened.into(),
                    items: e.items.clone(),
                    due_at: e.due_at,
                    opened_on: e.opened_on,
                    ..Default::default()
                };
            }
            LookupEvent::ItemChecked(e) => {
                if let Some(item) = shown.items.iter_mut().find(|item| item.item_id == e.item_id) {
                    item.outcome = e.outcome;
                    item.note.clone_from(&e.note);
                    item.checked_by.clone_from(&e.checked_by);
                    item.checked_on = e.checked_on;
                    item.checked_unit.clone_from(&e.checked_unit);
                }
            }
            LookupEvent::AccountabilityDecided(e) => {
                shown.set_state(LookupState::Accountability);
                shown.accountability = e.accountability;
                shown.subject.clone_from(&e.subject);
                shown.accountability_reason.clone_from(&e.reason);
            }
            LookupEvent::Overdue(_) => shown.overdue = true,
            LookupEvent::Closed(e) => {
                shown.set_state(LookupState::Closed);
                shown.closed_on = e.closed_on;
            }
        }
    }

    fn dues(event: &LookupEvent) -> Vec<prost_types::Timestamp> {
        match event {
            LookupEvent::Opened(e) => e.due_at.into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn fall_due(&self, until: OffsetDateTime, _: &RuleBook) -> Facts {
        let Some(unit) = self.unit() else { return Vec::new() };
        let over = self.0.state() == LookupState::Closed || self.0.overdue;
        if over || !has_come(self.0.due_at.as_ref(), until) {
            return Vec::new();
        }
        let overdue = LookupsOverdue {
            case_no: self.0.case_no.clone(),
            org_unit: self.0.org_unit.clone(),
            due_at: self.0.due_at,
            open_items: i32::try_from(self.open_items()).unwrap_or(i32::MAX),
        };
        vec![Fact::new(overdue, unit, day_of(self.0.due_at.as_ref()))]
    }
}

impl Lookup {
    /// Opens the lookups of a case with the checklist of today.
    ///
    /// # Errors
    /// LOOKUP-EXISTS, LOOKUP-TIERS, WORK-CASE-UNKNOWN, CASE-WITHDRAWN, CB-001.
    pub fn decide_open(
        &self,
        m: &OpenLookupsRequest,
        cases: &Cases,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let mut remarks = Remarks::default();
        let today = at.today();
        let city = at.unit(&mut remarks, "city", &m.city, Some(today));
        let bureau = at.unit(&mut remarks, "bureau", &m.bureau, Some(today));
        let station = at.unit(&mut remarks, "station", &m.station, Some(today));
        if let (Some(city), Some(bureau), Some(station)) = (city, bureau, station) {
            let below =
                |unit: OrgCode, above: OrgCode| unit != above && at.units.is_within(unit, above, today);
            if !below(bureau, city) || !below(station, bureau) {
                remarks.note("bureau", Reason::Work(no::LOOKUP_TIERS));
            }
        }
        remarks.refuse()?;
        standing_case(cases, &m.case_no)?;
        if self.unit().is_some() {
            return Err(no::LOOKUP_EXISTS.into());
        }
        let opened = LookupsOpened {
            case_no: m.case_no.clone(),
            org_unit: m.bureau.clone(),
            city: m.city.clone(),
            station: m.station.clone(),
            items: at.rules.work.lookup_items(at.now),
            due_at: stamp(due(at, "LOOKUP-CLOSE", at.now)?),
            opened_on: Some(today.into()),
        };
        Ok(vec![Fact::new(opened, noted(bureau)?, today)])
    }

    /// Says what came of an item; may be said again while accountability is not decided.
    ///
    /// # Errors
    /// LOOKUP-UNKNOWN, LOOKUP-OTHER-STATE, LOOKUP-ITEM-UNKNOWN, GE-006.
    pub fn decide_check(&self, m: &CheckLookupItemRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.in_state(LookupState::Opened)?;
        let there = self.0.items.iter().find(|item| item.item_id == m.item_id);
        let item = there.ok_or(Reason::Work(no::LOOKUP_ITEM_UNKNOWN))?;
        let mut remarks = Remarks::default();
        let outcome: LookupOutcome = stated(&mut remarks, "outcome", m.outcome);
        text(&mut remarks, "note", &m.note, usize::from(outcome == LookupOutcome::Found), 1000);
        remarks.refuse()?;
        let checked = LookupItemChecked {
            case_no: self.0.case_no.clone(),
            org_unit: self.0.org_unit.clone(),
            item_id: m.item_id.clone(),
            kind: item.kind,
            outcome: m.outcome,
            note: m.note.clone(),
            checked_by: at.actor.to_owned(),
            checked_on: Some(at.today().into()),
            tier: item.tier,
            checked_unit: at.unit.to_string(),
        };
        Ok(vec![Fact::new(checked, unit, at.today())])
    }

    /// Decides what follows for the responsible subject.
    ///
    /// # Errors
    /// LOOKUP-UNKNOWN, LOOKUP-OTHER-STATE, LOOKUP-ITEMS-OPEN, CB-006, GE-006.
    pub fn decide_accountability(
        &self,
        m: &DecideAccountabilityRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.in_state(LookupState::Opened)?;
        let mut remarks = Remarks::default();
        let _: Accountability = stated(&mut remarks, "accountability", m.accountability);
        text(&mut remarks, "subject", &m.subject, 1, 100);
        text(&mut remarks, "reason", &m.reason, 1, 1000);
        remarks.refuse()?;
        if self.open_items() > 0 {
            return Err(no::LOOKUP_ITEMS_OPEN.into());
        }
        if self.0.items.iter().any(|item| item.checked_by == at.actor) {
            return Err(Reason::ApproverIsProposer.into());
        }
        let decided = AccountabilityDecided {
            case_no: self.0.case_no.clone(),
            org_unit: self.0.org_unit.clone(),
            accountability: m.accountability,
            subject: m.subject.clone(),
            reason: m.reason.clone(),
            decided_by: at.actor.to_owned(),
        };
        Ok(vec![Fact::new(decided, unit, at.today())])
    }

    /// Closes the lookups.
    ///
    /// # Errors
    /// LOOKUP-UNKNOWN, LOOKUP-OTHER-STATE, GE-006.
    pub fn decide_close(&self, m: &CloseLookupsRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.in_state(LookupState::Accountability)?;
        let mut remarks = Remarks::default();
        text(&mut remarks, "summary", &m.summary, 1, 2000);
        remarks.refuse()?;
        let closed = LookupsClosed {
            case_no: self.0.case_no.clone(),
            org_unit: self.0.org_unit.clone(),
            summary: m.summary.clone(),
            closed_on: Some(at.today().into()),
            late: self.0.overdue || has_come(self.0.due_at.as_ref(), at.now),
        };
        Ok(vec![Fact::new(closed, unit, at.today())])
    }

    /// Unit of the tier that an item is for; the bureau when the item is not known or has none.
    #[must_use]
    pub fn unit_of(&self, item_id: &str) -> Option<OrgCode> {
        let tier = self.0.items.iter().find(|item| item.item_id == item_id).map(LookupItem::tier);
        match tier.unwrap_or_default() {
            LookupTier::City => OrgCode::parse(&self.0.city).ok(),
            LookupTier::Station => OrgCode::parse(&self.0.station).ok(),
            LookupTier::Bureau | LookupTier::Unspecified => self.unit(),
        }
    }

    fn open_items(&self) -> usize {
        self.0.items.iter().filter(|item| item.outcome() == LookupOutcome::Unspecified).count()
    }

    fn in_state(&self, state: LookupState) -> Result<OrgCode, Refused> {
        let unit = self.unit().ok_or(Reason::Work(no::LOOKUP_UNKNOWN))?;
        if self.0.state() == state { Ok(unit) } else { Err(no::LOOKUP_OTHER_STATE.into()) }
    }
}

#[cfg(test)]
mod tests;
