//! The casebook: alerts (警情), cases (案件) and series (串并案), and the import of spreadsheets. Source of truth for
//! every rate on the boards; it computes none of them.
//!
//! | room | what happens there |
//! |---|---|
//! | [`case`], [`alert`], [`series`] | one aggregate each: facts, state, `decide_*`, `apply` |
//! | [`report`], [`audit`] | reports (受案) with their reviews; audits of recording integrity |
//! | [`deadline`] | time limits of law of alerts and reports, and their breaches |
//! | [`refusal`] | every word with which the service says no |
//! | [`rulebook`] | categories and theft thresholds: dated data |
//! | [`deadlines`] | which events arm the durable timer, and what a deadline does |
//! | [`moment`] | what a decision is made with besides the state |
//! | [`import`] | rows of a spreadsheet: read, checked, taken over |
//! | [`views`] | what lists and gets are answered from: a projection of the service's own log |
//! | [`grpc`] | thin handlers |
//! | [`work`] | the work on cases that is owed: task forces, clean-ups, reverse reviews, exhibits, lookups |
//! | [`numbers`] | case numbers the service gives |
//! | [`config`], [`service`] | settings; the parts put together |

pub mod alert;
pub mod audit;
pub mod case;
pub mod config;
pub mod deadline;
pub mod deadlines;
pub mod grpc;
pub mod import;
pub mod moment;
pub mod numbers;
pub mod refusal;
pub mod report;
pub mod rulebook;
pub mod series;
pub mod service;
pub mod views;
pub mod work;
