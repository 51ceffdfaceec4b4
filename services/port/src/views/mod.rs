//! What lists and gets are answered from: tables that a projection keeps from this service's own log. A command's
//! receipt carries its position; a query takes `at_least` and waits for it, so a caller reads its own writes.
//!
//! | file | what |
//! |---|---|
//! | `resources.rs` | the table `resources`: one row per incident, accident, guard and record of freight traffic |
//! | `terms.rs` | the tables `guard_terms` and `guard_accounts`: who has authority on which days, and signs in how |
//! | `shown.rs` | what a resource must say of itself to stand in `resources` |
//! | `rebuild.rs` | the same tables filled anew |
//!
//! All are one projection, so that a batch is read once and one position says how far they have come. A row is folded
//! with the same `note` functions as the aggregate's state.

mod rebuild;
mod resources;
mod shown;
mod terms;

pub use rebuild::ViewsRebuild;
pub use resources::{Filter, Key, find, list};
pub use shown::Shown;
pub use terms::is_guard;

use crate::accident::Accident;
use crate::freight::Freight;
use crate::guard::{Guard, GuardEvent};
use crate::incident::Incident;
use sqlx::PgConnection;
use xiaoan_eventstore::RecordedEvent;
use xiaoan_kernel::{Aggregate, EventSet};
use xiaoan_projection::{ApplyError, Projection};
use xiaoan_proto::port::v1;

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
    event: E,
}

/// Takes a batch into the tables that the transaction's search path names.
async fn apply_in_tx(tx: &mut PgConnection, batch: &[RecordedEvent]) -> Result<(), ApplyError> {
    let (mut incidents, mut accidents, mut freight) = (Vec::new(), Vec::new(), Vec::new());
    let mut guards: Vec<Seen<GuardEvent>> = Vec::new();
    for recorded in batch {
        match recorded.stream.split_once('-') {
            Some((Incident::KIND, id)) => incidents.push(seen(recorded, id)?),
            Some((Accident::KIND, id)) => accidents.push(seen(recorded, id)?),
            Some((Freight::KIND, id)) => freight.push(seen(recorded, id)?),
            Some((Guard::KIND, id)) => guards.push(seen(recorded, id)?),
            // Aggregates that have no view here; a new one adds its arm.
            _ => {}
        }
    }
    resources::apply_in_tx::<v1::Incident>(tx, &incidents).await?;
    resources::apply_in_tx::<v1::Accident>(tx, &accidents).await?;
    resources::apply_in_tx::<v1::FreightTraffic>(tx, &freight).await?;
    resources::apply_in_tx::<v1::Guard>(tx, &guards).await?;
    terms::apply_in_tx(tx, &guards).await?;
    Ok(())
}

fn seen<E: EventSet>(recorded: &RecordedEvent, id: &str) -> Result<Seen<E>, ApplyError> {
    let event =
        E::decode(&recorded.r#type, &recorded.payload).map_err(|e| ApplyError::poison(recorded, e))?;
    Ok(Seen { id: id.to_owned(), version: recorded.version, event })
}
