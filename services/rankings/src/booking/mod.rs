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
use xiaoan_kernel::{EventSet, OrgCode, StreamId};
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

/// An event that cannot be booked; the projection stops at it, for skipping it would bend the board silently.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unbookable(pub String);

/// Lines of one event of `cases`. Nothing for events of aggregates that book nothing.
///
/// # Errors
/// [`Unbookable`] for an event of a booking aggregate that this build does not know or cannot decode, for facts that
/// lack their day or unit, and for an aggregate this build has never heard of: whether it books is not ours to guess.
pub fn book(stream: &StreamId, type_name: &str, payload: &[u8]) -> Result<Vec<Line>, Unbookable> {
    let unread = |e: xiaoan_kernel::UnknownEvent| Unbookable(e.to_string());
    match stream.parts().0 {
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
        let series = StreamId::new("series", "s-1");
        assert_eq!(book(&series, "xiaoan.cases.v1.SomethingOfTomorrow", &[1]), Ok(Vec::new()));
    }

    #[test]
    fn an_event_of_a_case_that_this_build_does_not_know_is_poison() {
        let case = StreamId::new("case", "A3711020100002026060001");
        assert!(book(&case, "xiaoan.cases.v1.CaseSplit", &[]).is_err());
        assert!(book(&case, "xiaoan.cases.v1.CaseFiled", &[0xff, 0xff]).is_err());
        assert!(book(&StreamId::new("raid", "1"), "xiaoan.cases.v1.RaidHeld", &[]).is_err());
    }
}
