//! Integration tests of `cases`: the real service in process, over a real PostgreSQL and real tokens.

mod alerts;
mod filing;
mod golden;
mod import;
mod life;
mod lists;
mod persons;
mod raw;
mod replicas;
mod series;
mod world;
