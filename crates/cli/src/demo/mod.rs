//! The invented demo city: a program deals it out, the same to the last fen each time, and `xiaoan demo load` replays it
//! through the gRPC APIs. Nobody in it exists: people are called 演示甲…, 演示乙…, and every event has the provenance DEMO.
//!
//! | file | what it does |
//! |---|---|
//! | `city` | stations and their figures; the targets of facts rows A1, A2, A3, F1, V12 |
//! | `dice` | a small deterministic generator of numbers |
//! | `draft` | what happens to a case, before it is put into commands |
//! | `deal` | deals out filings and solves so that every station's figures come out |
//! | `pieces` | the cabbages, the bicycles and other series, Zhongzhi's and Liangcheng's figures |
//! | `amounts` | losses, suspects and recovered property so that the city's sums come out |
//! | `corrections` | revoked, reclassified, transferred, withdrawn, filed again: all net to the figures |
//! | `alerts` | alerts of 110 |
//! | `script` | drafts → commands, with request ids that are always the same |
//! | `plan` | the commands in phases |
//! | `sums` | adds the commands up as the ledger does, for tests and `xiaoan demo plan` |
//! | `replay` | sends them, many at a time |

pub mod alerts;
pub mod amounts;
pub mod city;
pub mod corrections;
pub mod deal;
pub mod dice;
pub mod draft;
pub mod pieces;
pub mod plan;
pub mod replay;
pub mod script;
pub mod sums;

pub use plan::{Body, Phase, Plan, Step, Story, Who};
