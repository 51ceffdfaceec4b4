//! Rankings over real PostgreSQL: real logs of `cases` and `hq`, the real runner, one database each.
#![allow(clippy::unwrap_used, missing_docs)]

mod boards;
mod browser;
mod corrections;
mod explained;
mod rebuilt;
mod served;
mod storm;
mod watched;
mod web;
mod world;
