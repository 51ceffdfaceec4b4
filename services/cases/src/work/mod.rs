//! The work on cases, as far as it is owed, late or missed: aggregates of their own beside the casebook. None of them
//! changes a count of cases, and none of them books a line of the ledger.
//!
//! | file | aggregate |
//! |---|---|
//! | `task_force/` | task forces (工作专班): daily directives, weekly and monthly analyses, results (facts A4, P6) |
//! | `cleanup.rs` | clean-up operations (大清查): venues, findings, what was put right (A5) |
//! | `reverse_review/` | reverse responsibility reviews (倒查责任) with three kinds of prevention measures (A6) |
//! | `major_case.rs` | supervised major cases with progress (J10) |
//! | `exhibit.rs`, `den.rs` | exhibits, 24 hours to the custodian, and dens (P7) |
//! | `lookup.rs` | the three lookups with accountability (三查一究, J9) |
//! | `reasons.rs` | why not |
//! | `deadlines.rs` | which events arm the durable timer, and what it then does |
//!
//! What is owed by when is data (`rulebook/work_terms.csv`); an event carries the instant, so a later edition of the data
//! moves nothing that is owed already. What is due becomes a fact by [`Work::fall_due`]: by the timer at that time, or
//! before any command that comes after it, whichever is first. So whether something is late never depends on which of the
//! two was quicker.
//!
//! State and what everybody sees are the same message: a state is folded by [`Work::note`], and so is the row of the view.

pub mod cleanup;
mod deadlines;
pub mod den;
pub mod exhibit;
pub mod lookup;
pub mod major_case;
pub mod reasons;
pub mod reverse_review;
pub mod task_force;

pub use cleanup::{Cleanup, CleanupEvent};
pub use deadlines::{Alarms, changes};
pub use den::{Den, DenEvent};
pub use exhibit::{Exhibit, ExhibitEvent};
pub use lookup::{Lookup, LookupEvent};
pub use major_case::{MajorCase, MajorCaseEvent};
pub use reverse_review::{ReverseReview, ReverseReviewEvent};
pub use task_force::{TaskForce, TaskForceEvent};

use crate::case::{CASE_NO_FORM, Case, case_no_is_well_formed};
use crate::moment::{DAY, Moment};
use crate::refusal::{Reason, Refused, Remarks};
use crate::rulebook::RuleBook;
use std::collections::BTreeMap;
use time::{Date, OffsetDateTime};
use xiaoan_kernel::{Aggregate, Fact, OrgCode, city_day, city_midnight};
use xiaoan_proto::cases::v1::CaseState;
use xiaoan_proto::core::v1 as core;

/// An aggregate of the work on cases.
pub trait Work: Aggregate {
    /// What everybody sees of it, and what is decided on.
    type Shown: Row;
    /// Collection in the names of resources, for example "task-forces".
    const NOUN: &'static str;

    /// As it is now, without etag.
    fn shown(&self) -> &Self::Shown;
    /// Takes one event into it. Total: an event that was recorded is never refused.
    fn note(shown: &mut Self::Shown, event: &Self::Event);
    /// Instants at which something may fall due because of this event. Pure.
    fn dues(event: &Self::Event) -> Vec<prost_types::Timestamp>;
    /// Facts of everything that has fallen due by an instant and is neither done nor noted yet.
    fn fall_due(&self, until: OffsetDateTime, rules: &RuleBook) -> FactsOf<Self>;

    /// Unit whose it is; `None` of one that never was.
    fn unit(&self) -> Option<OrgCode> {
        OrgCode::parse(self.shown().org_unit()).ok()
    }
}

/// Facts of an aggregate.
pub type FactsOf<A> = Vec<Fact<<A as Aggregate>::Event>>;

/// A message that is kept as a row of the view.
pub trait Row: prost::Message + prost::Name + Default + Clone + PartialEq + 'static {
    /// Unit whose subtree's callers see it.
    fn org_unit(&self) -> &str;
    /// Number of its state.
    fn state_number(&self) -> i32;
    /// What it belongs to and is found by as well: a case, a task force; "" for none.
    fn parent(&self) -> &str;
    /// Sets the version that callers send back.
    fn set_etag(&mut self, etag: String);
}

/// An aggregate whose state is the message that everybody sees.
macro_rules! work {
    ($(#[$meta:meta])* $name:ident($shown:ident) of $event:ident, $kind:literal, by $parent:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $name($shown);

        impl xiaoan_kernel::Aggregate for $name {
            const KIND: &'static str = $kind;
            type Event = $event;
            fn apply(&mut self, event: &$event) {
                <Self as crate::work::Work>::note(&mut self.0, event);
            }
        }

        impl crate::work::Row for $shown {
            fn org_unit(&self) -> &str {
                &self.org_unit
            }
            fn state_number(&self) -> i32 {
                self.state
            }
            fn parent(&self) -> &str {
                &self.$parent
            }
            fn set_etag(&mut self, etag: String) {
                self.etag = etag;
            }
        }
    };
}
use work;

/// Decides on the state after everything that has fallen due; what fell due is recorded with the decision.
///
/// # Errors
/// Whatever the decision refuses; then nothing is recorded, and what fell due is the timer's.
pub fn decide_after_due<A: Work>(
    state: &A,
    at: &Moment<'_>,
    decide: impl FnOnce(&A) -> Result<FactsOf<A>, Refused>,
) -> Result<FactsOf<A>, Refused> {
    let mut facts = state.fall_due(at.now, at.rules);
    let mut after = state.clone();
    for fact in &facts {
        after.apply(&fact.event);
    }
    facts.extend(decide(&after)?);
    Ok(facts)
}

/// States of the cases that a decision looks at; one that is not in it does not exist.
pub type Cases = BTreeMap<String, Case>;

/// A case that exists.
fn known_case<'c>(cases: &'c Cases, case_no: &str) -> Result<&'c Case, Refused> {
    if !case_no_is_well_formed(case_no) {
        let mut remarks = Remarks::default();
        remarks.note("case_no", CASE_NO_FORM);
        remarks.refuse()?;
    }
    let known = cases.get(case_no).filter(|case| case.is_known());
    Ok(known.ok_or(Reason::Work(reasons::CASE_UNKNOWN))?)
}

/// A case that exists and is not withdrawn.
fn standing_case<'c>(cases: &'c Cases, case_no: &str) -> Result<&'c Case, Refused> {
    let case = known_case(cases, case_no)?;
    if case.state() == CaseState::Withdrawn {
        return Err(Reason::CaseWithdrawn { case_no: case_no.to_owned() }.into());
    }
    Ok(case)
}

/// When a term ends that starts now or started then; whole microseconds, which is what the timer keeps.
fn due(at: &Moment<'_>, term: &'static str, start: OffsetDateTime) -> Result<OffsetDateTime, Refused> {
    at.rules.work.due(term, start).ok_or_else(|| Reason::Work(reasons::TERM_MISSING).into())
}

fn stamp(at: OffsetDateTime) -> Option<prost_types::Timestamp> {
    Some(xiaoan_proto::timestamp(at))
}

fn instant(at: Option<&prost_types::Timestamp>) -> Option<OffsetDateTime> {
    at.and_then(xiaoan_proto::instant)
}

/// Whether an instant has come by another; one that is missing has not.
fn has_come(at: Option<&prost_types::Timestamp>, until: OffsetDateTime) -> bool {
    instant(at).is_some_and(|at| at <= until)
}

/// The city's day of an instant in an event; of the epoch when it is missing, which no event of ours does.
fn day_of(at: Option<&prost_types::Timestamp>) -> Date {
    city_day(instant(at).unwrap_or(OffsetDateTime::UNIX_EPOCH))
}

/// Whether a day lies on or after the day of an instant that ends a term: too late.
fn is_late(on: Date, due_at: Option<&prost_types::Timestamp>) -> bool {
    instant(due_at).is_some_and(|due| city_midnight(on) >= due)
}

/// A day that is given and real; notes GE-006 otherwise.
fn any_day(remarks: &mut Remarks, field: &'static str, day: Option<&core::Date>) -> Option<Date> {
    match day.map(|day| Date::try_from(*day)) {
        Some(Ok(day)) => return Some(day),
        Some(Err(_)) => remarks.note(field, DAY),
        None => remarks.note(field, Reason::MissingValue),
    }
    None
}

/// What cannot be absent any more because it was noted before; a guard, not a path.
fn noted<T>(value: Option<T>) -> Result<T, Refused> {
    value.ok_or_else(|| Reason::MissingValue.into())
}

/// A value of an enum that is stated; notes GE-006 otherwise.
fn stated<E: TryFrom<i32> + Default + PartialEq>(
    remarks: &mut Remarks,
    field: &'static str,
    value: i32,
) -> E {
    let known: E = crate::moment::known(remarks, field, value);
    if value == 0 {
        remarks.note(field, Reason::MissingValue);
    }
    known
}

/// A number within bounds; notes GE-006 otherwise.
fn within(remarks: &mut Remarks, field: &'static str, value: i64, least: i64, most: i64) {
    if value < least || value > most {
        let form = Reason::Malformed {
            form_zh: "允许范围内的数字",
            form_en: "a number within the allowed range",
        };
        remarks.note(field, form);
    }
}

/// A service number: 1 to 20 letters, digits or hyphens; never a name. Notes GE-006 otherwise.
fn service_number(remarks: &mut Remarks, field: &'static str, text: &str) {
    if text.is_empty() || text.len() > 20 || !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        let form = Reason::Malformed {
            form_zh: "1至20位字母、数字或连字符的警号",
            form_en: "a service number of 1 to 20 letters, digits or hyphens",
        };
        remarks.note(field, form);
    }
}

/// What the tests of this room share.
#[cfg(test)]
pub(crate) mod kit {
    use super::{Cases, FactsOf, Work, decide_after_due};
    use crate::case::Case;
    use crate::case::story;
    use crate::moment::Moment;
    use crate::refusal::Refused;
    use xiaoan_kernel::{EventSet, Reason as _, given::given};

    /// Decides after what has fallen due, and takes the facts in; gives the names of the events.
    #[track_caller]
    pub(crate) fn run<A: Work>(
        state: &mut A,
        at: &Moment<'_>,
        decide: impl FnOnce(&A) -> Result<FactsOf<A>, Refused>,
    ) -> Vec<String> {
        let facts = decide_after_due(state, at, decide).expect("should have been accepted");
        for fact in &facts {
            state.apply(&fact.event);
        }
        facts.iter().map(|f| f.event.type_name().rsplit('.').next().unwrap_or_default().to_owned()).collect()
    }

    /// Codes of a refusal.
    #[track_caller]
    pub(crate) fn no<T: std::fmt::Debug>(decided: Result<T, Refused>) -> Vec<&'static str> {
        decided
            .expect_err("should have been refused")
            .remarks()
            .iter()
            .map(|r| r.reason.said().code)
            .collect()
    }

    /// A day of 2026.
    pub(crate) fn on(month: i32, day: i32) -> Option<xiaoan_proto::core::v1::Date> {
        Some(xiaoan_proto::core::v1::Date { year: 2026, month, day })
    }

    /// The case of the story, filed, under its own number.
    pub(crate) fn filed() -> Cases {
        Cases::from([(story::CASE_NO.to_owned(), given::<Case>([story::filed()]).0)])
    }

    /// The same, solved.
    pub(crate) fn solved() -> Cases {
        let events = [story::filed(), story::proposed("a"), story::solved("a", "b")];
        Cases::from([(story::CASE_NO.to_owned(), given::<Case>(events).0)])
    }

    /// The same, withdrawn.
    pub(crate) fn withdrawn() -> Cases {
        let events = [story::filed(), story::withdrawn_as_trivial()];
        Cases::from([(story::CASE_NO.to_owned(), given::<Case>(events).0)])
    }
}
