//! Event → signed ledger lines. Pure, and without a memory: every event that moves or cancels facts carries them.
//!
//! | stream | file |
//! |---|---|
//! | `case-…` | [`case`] |
//! | `alert-…` | [`alert`] |
//! | `series-…` | books nothing: each case of a series has its own `CaseSolved` |
//!
//! Invariant: a correction books the negative of what it cancels **on the day of the fact it cancels**, so the sum of
//! all lines of a case equals the lines of what counts of it now, in every month.

pub mod alert;
pub mod case;

use crate::measures::Measure;
use time::Date;
use xiaoan_kernel::{EventSet, OrgCode};
use xiaoan_proto::core::v1 as core;

/// One signed line, before it has a position.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Line {
    /// What is counted.
    pub measure: Measure,
    /// Whose fact it is.
    pub org_unit: OrgCode,
    /// GA 240.1 category of a case, kind of an alert.
    pub category: String,
    /// Day on which it counts.
    pub occurred_on: Date,
    /// Signed: a count, or fen.
    pub quantity: i64,
}

/// Types of the events that can book lines. A type's number, which the tables store, is its place here counted from 1:
/// append only.
const BOOKING_EVENTS: &[&str] = &[
    "xiaoan.cases.v1.CaseFiled",
    "xiaoan.cases.v1.SuspectCaught",
    "xiaoan.cases.v1.CaseSolved",
    "xiaoan.cases.v1.SolveRevoked",
    "xiaoan.cases.v1.PropertyRecovered",
    "xiaoan.cases.v1.PropertyReturned",
    "xiaoan.cases.v1.CaseReclassified",
    "xiaoan.cases.v1.CaseTransferred",
    "xiaoan.cases.v1.CaseWithdrawn",
    "xiaoan.cases.v1.CaseRefiled",
    "xiaoan.cases.v1.AlertReceived",
    "xiaoan.cases.v1.AlertMarkedDuplicate",
];

/// Number of an event type that can book.
#[must_use]
pub fn event_type_id(type_name: &str) -> Option<i16> {
    let at = BOOKING_EVENTS.iter().position(|name| *name == type_name)?;
    i16::try_from(at + 1).ok()
}

/// The event type of that number.
#[must_use]
pub fn event_type_with_id(id: i16) -> Option<&'static str> {
    BOOKING_EVENTS.get(usize::try_from(id).ok()?.checked_sub(1)?).copied()
}

/// All of them with their numbers.
pub fn event_types() -> impl Iterator<Item = (i16, &'static str)> {
    (1..).zip(BOOKING_EVENTS.iter().copied())
}

/// An event that cannot be booked; the projection stops at it, for skipping it would bend the board silently.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unbookable(pub String);

/// Lines of one event of `cases`. Nothing for events of aggregates that book nothing.
///
/// # Errors
/// [`Unbookable`] for an event of a booking aggregate that this build does not know or cannot decode, for facts that
/// lack their day or unit, and for an aggregate this build has never heard of: whether it books is not ours to guess.
pub fn book(stream: &str, type_name: &str, payload: &[u8]) -> Result<Vec<Line>, Unbookable> {
    let unread = |e: xiaoan_kernel::UnknownEvent| Unbookable(e.to_string());
    match stream.split_once('-').map_or(stream, |(kind, _)| kind) {
        "case" => case::lines(&case::CaseEvent::decode(type_name, payload).map_err(unread)?),
        "alert" => alert::lines(&alert::AlertEvent::decode(type_name, payload).map_err(unread)?),
        "series" => Ok(Vec::new()),
        other => Err(Unbookable(format!("nothing is known of aggregate {other:?} (event {type_name})"))),
    }
}

fn unit(code: &str) -> Result<OrgCode, Unbookable> {
    OrgCode::parse(code).map_err(|e| Unbookable(e.to_string()))
}

fn day(date: Option<core::Date>, field: &str) -> Result<Date, Unbookable> {
    let date = date.ok_or_else(|| Unbookable(format!("{field} is missing")))?;
    Date::try_from(date).map_err(|e| Unbookable(format!("{field}: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_books_nothing_whatever_happens_to_it() {
        assert_eq!(book("series-s-1", "xiaoan.cases.v1.SomethingOfTomorrow", &[1]), Ok(Vec::new()));
    }

    #[test]
    fn an_event_of_a_case_that_this_build_does_not_know_is_poison() {
        let case = "case-A3711020100002026060001";
        assert!(book(case, "xiaoan.cases.v1.CaseSplit", &[]).is_err());
        assert!(book(case, "xiaoan.cases.v1.CaseFiled", &[0xff, 0xff]).is_err());
        assert!(book("raid-1", "xiaoan.cases.v1.RaidHeld", &[]).is_err());
    }

    #[test]
    fn every_event_that_can_book_has_a_number_of_its_own() {
        for (id, name) in (1..).zip(BOOKING_EVENTS) {
            assert_eq!(event_type_id(name), Some(id));
            assert_eq!(event_type_with_id(id), Some(*name));
        }
        assert_eq!(event_type_id("xiaoan.cases.v1.CaseInvestigated"), None);
        assert_eq!(event_type_with_id(0), None);
    }
}
