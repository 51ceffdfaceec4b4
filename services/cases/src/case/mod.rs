//! The aggregate `Case` (案件): what happened to one case, from filing to solve, with every correction.
//!
//! | room | what is decided there |
//! |---|---|
//! | `filing` | filed, investigated |
//! | `solve` | suspects caught; solve proposed, approved, sent back, revoked; solved with a series |
//! | `property` | recovered, returned |
//! | `moves` | reclassified, transferred |
//! | `withdrawal` | withdrawn, told to those it concerns, filed again |
//! | `legacy` | everything that a row of an older system says, at once |
//! | `state` | what each event does to the case |
//!
//! The state is the case as `GetCase` shows it, so a decision is made on what everybody can see; only an open
//! proposal and whether the case left the count are kept beside it.
//!
//! Invariants (tests in `laws.rs`): never solved and withdrawn at once · recovered ≤ lost, returned ≤ recovered ·
//! solved ⇒ filed, by evidence (a)(b)(c) or by exception, approved by somebody else than the proposer · every event that
//! moves or cancels facts carries them (`CaseFacts`), so that a reader books exact counter-lines without a memory.

pub(crate) mod filing;
#[cfg(test)]
mod laws;
pub(crate) mod legacy;
mod moves;
mod property;
pub(crate) mod solve;
mod state;
#[cfg(test)]
pub(crate) mod story;
mod withdrawal;

pub use filing::{CASE_NO_FORM, case_no_is_well_formed};
pub use legacy::LegacyCase;
pub use state::note;

use crate::refusal::{Reason, Refused};
use time::Date;
use xiaoan_kernel::{Aggregate, Fact, OrgCode};
use xiaoan_proto::cases::v1::{self, CaseState};

xiaoan_kernel::events! {
    /// Everything that can happen to a case.
    pub enum CaseEvent {
        Filed(v1::CaseFiled),
        Investigated(v1::CaseInvestigated),
        SuspectCaught(v1::SuspectCaught),
        SolveProposed(v1::SolveProposed),
        Solved(v1::CaseSolved),
        SolveReturned(v1::SolveReturned),
        SolveRevoked(v1::SolveRevoked),
        PropertyRecovered(v1::PropertyRecovered),
        PropertyReturned(v1::PropertyReturned),
        Reclassified(v1::CaseReclassified),
        Transferred(v1::CaseTransferred),
        Withdrawn(v1::CaseWithdrawn),
        WithdrawalNoticed(v1::WithdrawalNoticeServed),
        Refiled(v1::CaseRefiled),
    }
}

/// One case.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Case {
    /// As `GetCase` shows it, without etag and series (those are not the case's own facts).
    seen: v1::Case,
    /// The solve that waits for approval.
    proposal: Option<v1::SolveProposed>,
    /// Withdrawn in a way that took it out of the month it was filed in.
    left_count: bool,
    /// Day of the last withdrawal.
    withdrawn_on: Option<Date>,
}

impl Aggregate for Case {
    const KIND: &'static str = "case";
    type Event = CaseEvent;

    fn apply(&mut self, event: &CaseEvent) {
        note(&mut self.seen, event);
        match event {
            CaseEvent::SolveProposed(proposed) => self.proposal = Some(proposed.clone()),
            CaseEvent::Solved(_) | CaseEvent::SolveReturned(_) => self.proposal = None,
            CaseEvent::Withdrawn(withdrawn) => {
                self.proposal = None;
                self.left_count = withdrawn.leaves_count;
                self.withdrawn_on = Some(day(withdrawn.withdrawn_on));
            }
            CaseEvent::Refiled(_) => self.left_count = false,
            CaseEvent::Filed(_)
            | CaseEvent::WithdrawalNoticed(_)
            | CaseEvent::Investigated(_)
            | CaseEvent::SuspectCaught(_)
            | CaseEvent::SolveRevoked(_)
            | CaseEvent::PropertyRecovered(_)
            | CaseEvent::PropertyReturned(_)
            | CaseEvent::Reclassified(_)
            | CaseEvent::Transferred(_) => {}
        }
    }
}

type Facts = Vec<Fact<CaseEvent>>;

impl Case {
    /// The case as `GetCase` shows it, without etag and series.
    #[must_use]
    pub fn seen(&self) -> &v1::Case {
        &self.seen
    }
    /// Whether it was ever filed.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !self.seen.case_no.is_empty()
    }
    /// State; of a case that was never filed: unspecified.
    #[must_use]
    pub fn state(&self) -> CaseState {
        self.seen.state()
    }
    /// Unit that handles it; `None` of a case that was never filed.
    #[must_use]
    pub fn unit(&self) -> Option<OrgCode> {
        OrgCode::parse(&self.seen.org_unit).ok()
    }

    /// Refuses for a case that was never filed; otherwise its unit.
    fn existing(&self) -> Result<OrgCode, Refused> {
        self.unit().ok_or_else(|| Reason::CaseUnknown.into())
    }
    /// Refuses for a withdrawn case.
    fn not_withdrawn(&self) -> Result<(), Refused> {
        match self.state() {
            CaseState::Withdrawn => Err(Reason::CaseWithdrawn { case_no: self.seen.case_no.clone() }.into()),
            CaseState::Unspecified
            | CaseState::Filed
            | CaseState::Investigating
            | CaseState::SolveProposed
            | CaseState::Solved => Ok(()),
        }
    }
    /// Refuses for a solved case.
    fn not_solved(&self) -> Result<(), Refused> {
        if self.state() == CaseState::Solved {
            return Err(Reason::CaseSolved { case_no: self.seen.case_no.clone() }.into());
        }
        Ok(())
    }
    /// What counts of it now.
    fn facts(&self) -> v1::CaseFacts {
        self.seen.facts.clone().unwrap_or_default()
    }
    fn filed_on(&self) -> Date {
        day(self.seen.facts.as_ref().and_then(|f| f.filed_on))
    }
}

/// A day that an event of ours recorded: it was checked before it was recorded.
pub(crate) fn day(date: Option<xiaoan_proto::core::v1::Date>) -> Date {
    date.and_then(|d| Date::try_from(d).ok()).unwrap_or(Date::MIN)
}
