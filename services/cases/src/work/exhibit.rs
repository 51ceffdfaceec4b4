//! The aggregate `Exhibit`: a lot of exhibits of one kind, from the seizure over the custodian to its end. Facts P7; 24
//! hours to the custodian by law (EVID-IN, 公安机关办理行政案件程序规定 190). Numbers only, no personal data.
//!
//! Invariants: what is returned and disposed of is never more than was seized · nothing is returned or disposed of that
//! was not in custody · the custodian is not whoever seized it.

use super::{
    Cases, FactsOf, Work, day_of, due, has_come, known_case, noted, service_number, stamp, stated, within,
};
use crate::moment::{Moment, chosen_id, text};
use crate::refusal::{Reason, Refused, Remarks};
use crate::rulebook::RuleBook;
use crate::work::reasons as no;
use time::OffsetDateTime;
use xiaoan_kernel::{Fact, OrgCode, city_day};
use xiaoan_proto::cases::v1::{
    Den, DisposeExhibitsRequest, Exhibit as Shown, ExhibitDisposal, ExhibitHandInOverdue, ExhibitKind,
    ExhibitState, ExhibitsDisposed, ExhibitsHandedIn, ExhibitsReturned, ExhibitsSeized,
    HandInExhibitsRequest, ReturnExhibitsRequest, SeizeExhibitsRequest,
};

xiaoan_kernel::events! {
    /// Everything that can happen to a lot.
    pub enum ExhibitEvent {
        Seized(ExhibitsSeized),
        HandedIn(ExhibitsHandedIn),
        HandInOverdue(ExhibitHandInOverdue),
        Returned(ExhibitsReturned),
        Disposed(ExhibitsDisposed),
    }
}

super::work! {
    /// One lot.
    Exhibit(Shown) of ExhibitEvent, "exhibit", by case_no
}

type Facts = FactsOf<Exhibit>;

/// More of anything is a slip of the pen; for cash these are a thousand million yuan.
const MOST: i64 = 100_000_000_000;

impl Work for Exhibit {
    type Shown = Shown;
    const NOUN: &'static str = "exhibits";

    fn shown(&self) -> &Shown {
        &self.0
    }

    fn note(shown: &mut Shown, event: &ExhibitEvent) {
        match event {
            ExhibitEvent::Seized(e) => {
                *shown = Shown {
                    exhibit_id: e.exhibit_id.clone(),
                    org_unit: e.org_unit.clone(),
                    case_no: e.case_no.clone(),
                    den_id: e.den_id.clone(),
                    kind: e.kind,
                    count: e.count,
                    description: e.description.clone(),
                    state: ExhibitState::Seized.into(),
                    seized_at: e.seized_at,
                    due_at: e.due_at,
                    seized_by: e.seized_by.clone(),
                    ..Default::default()
                };
            }
            ExhibitEvent::HandedIn(e) => {
                shown.set_state(ExhibitState::InCustody);
                shown.custodian.clone_from(&e.custodian);
                shown.handed_in_at = e.handed_in_at;
                shown.overdue |= e.late;
            }
            ExhibitEvent::HandInOverdue(_) => shown.overdue = true,
            ExhibitEvent::Returned(e) => {
                shown.returned = shown.returned.saturating_add(e.count);
                settle(shown);
            }
            ExhibitEvent::Disposed(e) => {
                shown.disposed = shown.disposed.saturating_add(e.count);
                settle(shown);
            }
        }
    }

    fn dues(event: &ExhibitEvent) -> Vec<prost_types::Timestamp> {
        match event {
            ExhibitEvent::Seized(e) => e.due_at.into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn fall_due(&self, until: OffsetDateTime, _: &RuleBook) -> Facts {
        let Some(unit) = self.unit() else { return Vec::new() };
        let waiting = self.0.state() == ExhibitState::Seized && !self.0.overdue;
        if !waiting || !has_come(self.0.due_at.as_ref(), until) {
            return Vec::new();
        }
        let overdue = ExhibitHandInOverdue {
            exhibit_id: self.0.exhibit_id.clone(),
            org_unit: self.0.org_unit.clone(),
            due_at: self.0.due_at,
        };
        vec![Fact::new(overdue, unit, day_of(self.0.due_at.as_ref()))]
    }
}

fn settle(shown: &mut Shown) {
    if shown.returned.saturating_add(shown.disposed) >= shown.count {
        shown.set_state(ExhibitState::Settled);
    }
}

impl Exhibit {
    /// Records exhibits seized; `den` is the den that the request names, if there is one.
    ///
    /// # Errors
    /// EXHIBIT-EXISTS, EXHIBIT-DEN-UNKNOWN, WORK-CASE-UNKNOWN, CB-001, CB-003, GE-006.
    pub fn decide_seize(
        &self,
        m: &SeizeExhibitsRequest,
        cases: &Cases,
        den: Option<&Den>,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let mut remarks = Remarks::default();
        chosen_id(&mut remarks, "exhibit_id", &m.exhibit_id);
        let unit = at.unit(&mut remarks, "org_unit", &m.org_unit, Some(at.today()));
        let _: ExhibitKind = stated(&mut remarks, "kind", m.kind);
        within(&mut remarks, "count", m.count, 1, MOST);
        text(&mut remarks, "description", &m.description, 0, 200);
        let seized_at = at.past_instant(&mut remarks, "seized_at", m.seized_at.as_ref());
        remarks.refuse()?;
        known_case(cases, &m.case_no)?;
        if !m.den_id.is_empty() && den.is_none_or(|den| den.case_no != m.case_no) {
            return Err(no::EXHIBIT_DEN_UNKNOWN.into());
        }
        if self.unit().is_some() {
            return Err(no::EXHIBIT_EXISTS.into());
        }
        let seized_at = noted(seized_at)?;
        let seized = ExhibitsSeized {
            exhibit_id: m.exhibit_id.clone(),
            org_unit: m.org_unit.clone(),
            case_no: m.case_no.clone(),
            den_id: m.den_id.clone(),
            kind: m.kind,
            count: m.count,
            description: m.description.clone(),
            seized_at: m.seized_at,
            due_at: stamp(due(at, "EVID-IN", seized_at)?),
            seized_by: at.actor.to_owned(),
        };
        Ok(vec![Fact::new(seized, noted(unit)?, city_day(seized_at))])
    }

    /// Hands the lot to the custodian. What counts is when it was handed over, not when that was recorded.
    ///
    /// # Errors
    /// EXHIBIT-UNKNOWN, EXHIBIT-OTHER-STATE, EXHIBIT-BEFORE-SEIZURE, CB-003, CB-006, GE-006.
    pub fn decide_hand_in(&self, m: &HandInExhibitsRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.in_state(ExhibitState::Seized)?;
        let mut remarks = Remarks::default();
        service_number(&mut remarks, "custodian", &m.custodian);
        let handed_in_at = at.past_instant(&mut remarks, "handed_in_at", m.handed_in_at.as_ref());
        let seized_at = super::instant(self.0.seized_at.as_ref());
        if handed_in_at.is_some_and(|handed_in| seized_at.is_some_and(|seized| handed_in < seized)) {
            remarks.note("handed_in_at", Reason::Work(no::EXHIBIT_BEFORE_SEIZURE));
        }
        remarks.refuse()?;
        if m.custodian == self.0.seized_by {
            return Err(Reason::ApproverIsProposer.into());
        }
        let handed_in_at = noted(handed_in_at)?;
        let handed_in = ExhibitsHandedIn {
            exhibit_id: self.0.exhibit_id.clone(),
            org_unit: self.0.org_unit.clone(),
            custodian: m.custodian.clone(),
            handed_in_at: m.handed_in_at,
            late: has_come(self.0.due_at.as_ref(), handed_in_at),
        };
        Ok(vec![Fact::new(handed_in, unit, city_day(handed_in_at))])
    }

    /// Gives exhibits back.
    ///
    /// # Errors
    /// EXHIBIT-UNKNOWN, EXHIBIT-OTHER-STATE, EXHIBIT-TOO-MANY, CB-003, GE-006.
    pub fn decide_return(&self, m: &ReturnExhibitsRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.in_state(ExhibitState::InCustody)?;
        let mut remarks = Remarks::default();
        let day = at.past_day(&mut remarks, "returned_on", m.returned_on.as_ref());
        text(&mut remarks, "document", &m.document, 1, 100);
        self.leaves(&mut remarks, m.count)?;
        let returned = ExhibitsReturned {
            exhibit_id: self.0.exhibit_id.clone(),
            org_unit: self.0.org_unit.clone(),
            count: m.count,
            returned_on: m.returned_on,
            document: m.document.clone(),
        };
        Ok(vec![Fact::new(returned, unit, noted(day)?)])
    }

    /// Disposes of exhibits.
    ///
    /// # Errors
    /// EXHIBIT-UNKNOWN, EXHIBIT-OTHER-STATE, EXHIBIT-TOO-MANY, CB-003, GE-006.
    pub fn decide_dispose(&self, m: &DisposeExhibitsRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.in_state(ExhibitState::InCustody)?;
        let mut remarks = Remarks::default();
        let _: ExhibitDisposal = stated(&mut remarks, "disposal", m.disposal);
        let day = at.past_day(&mut remarks, "disposed_on", m.disposed_on.as_ref());
        text(&mut remarks, "document", &m.document, 1, 100);
        self.leaves(&mut remarks, m.count)?;
        let disposed = ExhibitsDisposed {
            exhibit_id: self.0.exhibit_id.clone(),
            org_unit: self.0.org_unit.clone(),
            count: m.count,
            disposal: m.disposal,
            disposed_on: m.disposed_on,
            document: m.document.clone(),
        };
        Ok(vec![Fact::new(disposed, unit, noted(day)?)])
    }

    /// Whether so many can leave the lot; refuses the other remarks first.
    fn leaves(&self, remarks: &mut Remarks, count: i64) -> Result<(), Refused> {
        within(remarks, "count", count, 1, MOST);
        std::mem::take(remarks).refuse()?;
        let gone = self.0.returned.saturating_add(self.0.disposed).saturating_add(count);
        if gone > self.0.count { Err(no::EXHIBIT_TOO_MANY.into()) } else { Ok(()) }
    }

    fn in_state(&self, state: ExhibitState) -> Result<OrgCode, Refused> {
        let unit = self.unit().ok_or(Reason::Work(no::EXHIBIT_UNKNOWN))?;
        if self.0.state() == state { Ok(unit) } else { Err(no::EXHIBIT_OTHER_STATE.into()) }
    }
}

#[cfg(test)]
mod tests;
