//! Volunteers (义警): people from application to certificate, squadrons and duty points, patrols with their check-ins and
//! results (facts rows V1-V4, F3; domain reference §C, §H.2; codes VO-*).
//!
//! | room | what happens there |
//! |---|---|
//! | [`volunteer`], [`squadron`], [`duty_point`], [`patrol`], [`patrol_rule`] | one aggregate each: facts, state, `decide_*`, `apply` |
//! | [`reason`] | every word with which the service says no |
//! | [`moment`] | what a decision is made with besides the state |
//! | [`import`] | rows of a spreadsheet: read, checked, taken over |
//! | [`views`] | what lists and gets are answered from: a projection of the service's own log |
//! | [`grpc`] | thin handlers; who may do what |
//! | [`numbers`] | numbers of volunteers |
//! | `service` | all of it put together |
//!
//! # A check-in belongs to a patrol and to a person
//! Both aggregates must agree: the patrol knows who is there, the person knows where else they are, and rest and overlap
//! look at all their shifts. So a check-in is **one append over two streams, all or nothing**, conditional on both
//! versions that were decided on:
//!
//! | stream | check-in | check-out, or release by the end of the patrol | decides |
//! |---|---|---|---|
//! | `patrol-…` | `VolunteerCheckedIn` | `VolunteerCheckedOut` | planned, not ended, not too early; VO-008, VO-010 |
//! | `volunteer-…` | `ShiftBegun` | `ShiftEnded` | active; VO-001 .. VO-005 |
//!
//! Two check-ins of one volunteer at two patrols race for the same version of the volunteer's stream: one is decided
//! again and refused (VO-004), whichever process it came to. Ending a patrol releases everybody still there in the same
//! append, so that nobody stays "on duty" after it.
//!
//! # Age without a birth date
//! VO-003 needs to know who is of age on a day. The birth date is stated once, sealed with the person's key, and never
//! read again. What the aggregate keeps is `adult_from`: **the day of the application** for somebody who was of age then
//! (so the field says nothing about when they were born), the eighteenth birthday for somebody younger.
//!
//! # Hours
//! From check-in to check-out in whole minutes. Shifts of one volunteer never overlap (VO-004), so each minute is counted
//! once; the sum is taken over the union of the shifts all the same ([`volunteer::hours`]). A shift may last no longer
//! than planned plus what the patrol's rule allows (VO-010); a release by the end of the patrol is capped at that.
//! A certificate states exactly the approved minutes of its days (VO-011).
//!
//! # Not here
//! Radios (VO-009), alert linkage and dispatch (V5) come later. No command stops, searches, detains or fines anybody:
//! volunteers have no enforcement power. `task` of a patrol is checked against the versioned list of what volunteers may
//! be given (VO-006); the same pure rule will serve dispatch.

pub mod duty_point;
pub mod grpc;
pub mod import;
pub mod moment;
pub mod numbers;
pub mod patrol;
pub mod patrol_rule;
pub mod reason;
mod service;
pub mod squadron;
pub mod views;
pub mod volunteer;

pub use service::{MIGRATIONS, Parts, SOURCE, migrate, mount, serve};
