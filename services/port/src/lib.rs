//! The port and shipping police (港航公安): incidents that hinder safe production, accidents in the port, guards and their
//! authority, freight traffic, and what port dispatch systems send by themselves (domain reference §D, §H.5).
//!
//! | room | what happens there |
//! |---|---|
//! | [`incident`], [`accident`], [`guard`], [`freight`] | one aggregate each: facts, state, `decide_*`, `apply` |
//! | [`track`], [`shares`] | pure rules: which procedure an accident takes, which shares are legal |
//! | [`intake`] | records of machines: numbered, taken once, in one append with what they say |
//! | [`import`] | rows of a spreadsheet: read, checked, taken over |
//! | [`refusal`] | every word with which the service says no |
//! | [`moment`] | what a decision is made with besides the state |
//! | [`views`] | what lists and gets are answered from: a projection of the service's own log |
//! | [`grpc`] | thin handlers |
//! | [`config`], [`service`] | settings; the parts put together |
//!
//! Never here: traffic *outside* the port, liability set by anybody but an officer, and any rank.

pub mod accident;
pub mod config;
pub mod freight;
pub mod grpc;
pub mod guard;
pub mod import;
pub mod incident;
pub mod intake;
pub mod moment;
pub mod refusal;
pub mod service;
pub mod shares;
pub mod track;
pub mod views;
