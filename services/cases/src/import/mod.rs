//! The import of spreadsheets of an older system.
//!
//! | step | what happens | where |
//! |---|---|---|
//! | 1 | a row of texts is read; every cell that cannot be read is reported (GE-006) and everything that depends on it is not judged | `row` |
//! | 2 | what was read is judged: every code that applies, errors and warnings | `row` |
//! | 3 | a good row becomes one append: its events, under a request id made of its content | `run` |
//!
//! Invariants: a good row lands whole or not at all · the same content twice is "already there", whoever imports it ·
//! a case number that is there with other content is reported (GE-002), never overwritten · rows of one case number
//! within a file are taken in the order of their lines · `dry_run` reports the same and writes nothing.

mod row;
mod run;

pub use row::{Judged, judge};
pub use run::{Import, answer};
