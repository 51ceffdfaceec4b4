//! What city headquarters decides: org units and headcounts, campaigns, scoring schemes, closed periods and what follows from
//! them. Computing a rank never happens here.
//!
//! | room | what happens there |
//! |---|---|
//! | [`org_unit`], [`campaign`], [`scheme`] | the aggregates: refusals, state, decisions, events |
//! | [`closing`], [`notice`], [`interview`] | closed periods, notices with their rectification, interviews: aggregates as well |
//! | [`register`] | what headquarters keeps beside: honours, listed cases, figures of others, surveys, inspections |
//! | [`bulletin`] | which bulletins of a closing were issued, and what they say beside its figures |
//! | [`consequence`] | pure: how a unit stands by a scheme's rule, streaks, what a correction takes away |
//! | [`cases`] | what is known of cases, for honours and listed cases: it follows their log |
//! | [`rankings`] | the one call: standings, when a period is frozen or corrected |
//! | [`deadlines`], [`terms`] | what the durable timer does; how long units have, as data |
//! | [`grpc`] | one handler per command and query; who takes turns |
//! | `service` | all of it put together: log, views, relay, server |
//! | [`views`] | the lists, projected from hq's own log; org units are listed by `crates/directory` |

pub mod bulletin;
pub mod campaign;
pub mod cases;
pub mod closing;
pub mod config;
pub mod consequence;
pub mod deadlines;
mod fields;
pub mod grpc;
pub mod interview;
pub mod notice;
pub mod org_unit;
pub mod rankings;
pub mod refusal;
pub mod register;
pub mod scheme;
mod service;
mod step;
pub mod terms;
pub mod views;

pub use service::{Parts, Running, serve};

/// Name of this service as a source of events.
pub const SOURCE: &str = "hq";

/// Tables of hq's own; applied after the persons' keys, the directory's and the timer's.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/hq");

/// Brings hq's database up to date.
///
/// # Errors
/// When a migration fails or was changed after it had been applied.
pub async fn migrate(owner: sqlx::PgPool) -> anyhow::Result<()> {
    for own in
        [&xiaoan_privacy::MIGRATIONS, &xiaoan_directory::MIGRATIONS, &xiaoan_timer::MIGRATIONS, &MIGRATIONS]
    {
        xiaoan_eventstore::migrate(&owner, own).await?;
    }
    Ok(())
}
