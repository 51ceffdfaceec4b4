//! The import of people from spreadsheets.
//!
//! | step | what happens | where |
//! |---|---|---|
//! | 1 | a row of texts is read; every cell that cannot be read is reported (GE-006) | `row` |
//! | 2 | what was read is judged by the decisions of the aggregate itself: application, vetting, enrolment | `row` |
//! | 3 | a good row is sealed and becomes one append: its events, under a request id made of its content | `run` |
//!
//! Invariants: a good row lands whole or not at all · the same content twice is "already there", whoever imports it · an id
//! that is there with other content is reported (GE-002), never overwritten · `dry_run` reports the same, writes nothing and
//! seals nobody · no report repeats a personal value · what a row is remembered by is a keyed digest, so that nobody who
//! reads the table of remembered requests can try out names.

mod row;
mod run;

pub use row::{Judged, LegacyVolunteer, judge};
pub use run::{Import, answer};
