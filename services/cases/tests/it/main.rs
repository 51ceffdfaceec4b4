//! Integration tests of `cases`: the real service in process, over a real PostgreSQL and real tokens.

mod alert_steps;
mod alerts;
mod audits;
mod filing;
mod golden;
mod golden_intake;
mod import;
mod life;
mod lists;
mod persons;
mod raw;
mod replicas;
mod reports;
mod series;
mod work;
mod world;
