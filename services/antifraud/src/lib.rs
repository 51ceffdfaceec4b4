//! Stop-payment, freeze and return of money, with the banks that carry them out (facts rows J2, J3).
//!
//! | room | what happens there |
//! |---|---|
//! | [`account`] | the aggregate: every stop, freeze and return of one account; what went to its bank and what came back |
//! | [`member`] | the aggregate: member units of the joint meeting |
//! | [`shares`] | who gets how many fen of a return |
//! | [`terms`] | which limit of law a freeze has, and who approves it |
//! | [`refusal`] | every word with which the service says no |
//! | [`moment`] | what a decision is made with besides the state |
//! | [`views`] | orders, instructions, the three ledgers: projections of the service's own log |
//! | [`deadlines`] | which events arm the durable timer, and what a deadline does |
//! | [`grpc`] | thin handlers; [`grpc::desk`] the banks' stream |
//! | [`config`], [`service`] | settings; the parts put together |
//!
//! Invariant: an amount is counted when its bank confirms it, once, and never by an order (AF-014).
//! Invariant: a bank sees and answers its own instructions only.

pub mod account;
pub mod config;
pub mod deadlines;
pub mod grpc;
pub mod member;
pub mod moment;
pub mod refusal;
pub mod service;
pub mod shares;
pub mod terms;
pub mod views;
