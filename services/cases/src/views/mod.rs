//! What lists and gets are answered from: tables that a projection keeps from this service's own log. A command's
//! receipt carries its position; a query takes `at_least` and waits for it, so a caller reads its own writes.
//!
//! | table | file | one row is |
//! |---|---|---|
//! | `cases` | `cases.rs` | a case as `GetCase` shows it |
//! | `alerts` | `alerts.rs` | an alert as `GetAlert` shows it |
//! | `work` | `work.rs` | something of the work on cases, or something that a task force owed |
//! | `reports` | `reports.rs` | a report as `GetReport` shows it |
//! | `audits`, `breaches` | `audits.rs` | an audit as `GetAudit` shows it; a time limit that ran out |
//! | `series`, `series_cases` | `series.rs` | a series; which case is linked to which series |
//!
//! All are one projection, so that a batch is read once and one position says how far they have come. A row is folded
//! with the same `note` functions as the aggregate's state.

pub mod alerts;
pub mod audits;
pub mod cases;
mod rebuild;
pub mod reports;
pub mod series;
pub mod work;

pub use rebuild::ViewsRebuild;

use crate::alert::{Alert, AlertEvent};
use crate::audit::{Audit, AuditEvent};
use crate::case::{Case, CaseEvent};
use crate::deadline::{Deadline, DeadlineEvent};
use crate::report::{Report, ReportEvent};
use crate::series::{Series, SeriesEvent};
use sqlx::PgConnection;
use xiaoan_eventstore::RecordedEvent;
use xiaoan_kernel::{Aggregate, EventSet};
use xiaoan_projection::{ApplyError, Projection};

/// Name of the projection.
pub const NAME: &str = "views";

/// The projection.
#[derive(Debug, Clone, Copy, Default)]
pub struct Views;

impl Projection for Views {
    fn name(&self) -> &str {
        NAME
    }

    async fn apply(&self, tx: &mut PgConnection, batch: &[RecordedEvent]) -> Result<(), ApplyError> {
        apply_in_tx(tx, batch).await
    }
}

/// An event of one aggregate with where it stands.
struct Seen<E> {
    id: String,
    version: i64,
    position: i64,
    event: E,
}

/// Takes a batch into the tables that the transaction's search path names.
async fn apply_in_tx(tx: &mut PgConnection, batch: &[RecordedEvent]) -> Result<(), ApplyError> {
    let (mut of_cases, mut of_alerts, mut of_series) = (Vec::new(), Vec::new(), Vec::new());
    let (mut of_reports, mut of_audits, mut of_deadlines) = (Vec::new(), Vec::new(), Vec::new());
    for recorded in batch {
        match recorded.stream.split_once('-') {
            Some((Case::KIND, id)) => of_cases.push(seen::<CaseEvent>(recorded, id)?),
            Some((Alert::KIND, id)) => of_alerts.push(seen::<AlertEvent>(recorded, id)?),
            Some((Series::KIND, id)) => of_series.push(seen::<SeriesEvent>(recorded, id)?),
            Some((Report::KIND, id)) => of_reports.push(seen::<ReportEvent>(recorded, id)?),
            Some((Audit::KIND, id)) => of_audits.push(seen::<AuditEvent>(recorded, id)?),
            Some((Deadline::KIND, id)) => of_deadlines.push(seen::<DeadlineEvent>(recorded, id)?),
            _ => work::apply_in_tx(tx, recorded).await?,
        }
    }
    cases::apply_in_tx(tx, &of_cases).await?;
    alerts::apply_in_tx(tx, &of_alerts).await?;
    series::apply_in_tx(tx, &of_series).await?;
    reports::apply_in_tx(tx, &of_reports).await?;
    audits::apply_in_tx(tx, &of_audits).await?;
    audits::apply_breaches_in_tx(tx, &of_deadlines).await?;
    Ok(())
}

fn seen<E: EventSet>(recorded: &RecordedEvent, id: &str) -> Result<Seen<E>, ApplyError> {
    let event =
        E::decode(&recorded.r#type, &recorded.payload).map_err(|e| ApplyError::poison(recorded, e))?;
    Ok(Seen { id: id.to_owned(), version: recorded.version, position: recorded.position, event })
}

/// A row whose message cannot be read, naming it.
fn corrupt(table: &'static str, id: &str, error: &prost::DecodeError) -> sqlx::Error {
    sqlx::Error::Decode(format!("corrupt row of {table}, {id}: {error}").into())
}
