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
//! | `months` | the campaign's months, station by station |
//! | `late` | one solve that is approved after its month was closed |
//! | `sums` | adds the commands up as the ledger does, for tests and `xiaoan demo plan` |
//! | `replay` | sends them, many at a time |
//! | `sheet` | the figures of all services as rankings' city sheet shows them |
//! | `stage` | what the shares of the other services are told with |
//! | `antifraud` | share of `antifraud`: facts rows J2, J3, J4 |
//! | `fraud` | share of `cases`: J1, J9, J10, P6, P7 |
//! | `hq` | share of `hq`: facts row A8 |
//! | `registers` | share of `hq`: A12, A13, P15 |
//! | `work` | share of `cases`, told later: A4, A5, A6 |
//! | `accountability` | share of `hq`, told later: A9, A10, A11 |
//! | `acceptance` | which line of the acceptance figures is shown by what, and which waits for what |
//! | `port` | share of `port`: facts rows P1, P3, P5 |
//! | `volunteers` | share of `volunteers`: facts rows V1-V4, F3, P9 |
//!
//! # A service's share
//! Cases and hq are told by `plan` and `replay`, which came first. Every other share has one file or folder here, which exports
//! one constant, and [`SHARES`] or [`LATER`] names it; `xiaoan demo load` tells cases and all shares of the first at the same
//! time, each under a bar of its own, then, when the boards have followed, those of the second, which need what the first told.
//! The shape, for a service `xyz` with clients `Clients::thing()`:
//!
//! ```ignore
//! //! Share of `xyz`: facts rows …
//! use super::stage::{Actor, Asked, Share, Shown, Tale, counted, demo_commands};
//!
//! demo_commands! { Xyz, thing: v1::OpenThingRequest => open_thing, v1::CloseThingRequest => close_thing }
//!
//! pub const SHARE: Share = Share {
//!     service: Service::Xyz, title_zh: "…", title_en: "…",
//!     commands: || counted(phases().iter().flatten()),
//!     replay: |stage| Box::pin(async move { stage.play_all(phases()).await }),
//!     is_loaded, figures,
//! };
//!
//! fn phases() -> Vec<Vec<Tale>> { /* tales of a phase run beside each other, what one phase begins the next finds */ }
//!
//! fn tale(n: usize) -> Tale {
//!     let officer = Actor::officer("371121010000");
//!     Tale::new("xyz", format!("thing-{n}"))           // the key gives the request ids: the same each time
//!         .with(&officer, v1::OpenThingRequest { thing_id: format!("demo-thing-{n}"), ..Default::default() })
//! }
//!
//! fn is_loaded(clients: &Clients) -> Asked<'_, bool> { /* get what the last command made */ }
//! fn figures(clients: &Clients) -> Asked<'_, Vec<Shown>> { /* lists of the service, added up */ }
//! ```
//!
//! A bank or a machine that answers over a stream uses [`stage::Stage::voice`] for its clients and
//! [`stage::Stage::note`] for each answer. Nothing may depend on the clock or on the order in which tales of a phase end.

pub mod acceptance;
pub mod accountability;
pub mod alerts;
pub mod amounts;
pub mod antifraud;
pub mod city;
pub mod corrections;
pub mod deal;
pub mod dice;
pub mod draft;
pub mod fraud;
pub mod hq;
pub mod late;
pub mod months;
pub mod pieces;
pub mod plan;
pub mod port;
pub mod registers;
pub mod replay;
pub mod script;
pub mod sheet;
pub mod stage;
pub mod sums;
pub mod volunteers;
pub mod work;

pub use plan::{Body, Phase, Plan, Step, Story, Who};

/// Shares that are told beside the cases of the plan.
pub const SHARES: &[stage::Share] =
    &[antifraud::SHARE, fraud::SHARE, hq::SHARE, registers::SHARE, port::SHARE, volunteers::SHARE];
/// Shares that need what the others told, and boards that have followed it.
pub const LATER: &[stage::Share] = &[work::SHARE, accountability::SHARE];
