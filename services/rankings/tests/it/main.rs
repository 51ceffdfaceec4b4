//! Rankings over real PostgreSQL: real logs of `hq` and the sources, the real runners, one database each.
#![allow(clippy::unwrap_used, missing_docs)]

mod after;
mod boards;
mod browser;
mod corrections;
mod explained;
mod figures;
mod positions;
mod rebuilt;
mod served;
mod sources;
mod storm;
mod watched;
mod web;
mod world;
