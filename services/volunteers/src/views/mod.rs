//! What gets and lists are answered from: the table `shown`, which a projection keeps from this service's own log. A
//! command's receipt carries its position; a query takes `at_least` and waits for it, so a caller reads its own writes.
//!
//! A row is folded with the same `note` functions as the aggregate's state; [`Entry`] says for each message what it is
//! listed by.

mod entries;
mod table;

pub use entries::Entry;
pub use table::{Filter, find, list};

use crate::duty_point::DutyPoint;
use crate::patrol::Patrol;
use crate::patrol_rule::PatrolRules;
use crate::squadron::Squadron;
use crate::volunteer::Volunteer;
use sqlx::PgConnection;
use table::fold_in_tx;
use xiaoan_eventstore::RecordedEvent;
use xiaoan_kernel::{Aggregate, EventSet};
use xiaoan_projection::{ApplyError, Projection};
use xiaoan_proto::volunteers::v1;

/// Tables of the projection.
pub const TABLES: &[&str] = &["shown"];

/// The projection.
#[derive(Debug, Clone, Copy, Default)]
pub struct Views;

impl Projection for Views {
    fn name(&self) -> &str {
        "views"
    }

    async fn apply(&self, tx: &mut PgConnection, batch: &[RecordedEvent]) -> Result<(), ApplyError> {
        fold_in_tx::<v1::Volunteer>(tx, &seen::<Volunteer>(batch)?).await?;
        fold_in_tx::<v1::Squadron>(tx, &seen::<Squadron>(batch)?).await?;
        fold_in_tx::<v1::DutyPoint>(tx, &seen::<DutyPoint>(batch)?).await?;
        fold_in_tx::<v1::Patrol>(tx, &seen::<Patrol>(batch)?).await?;
        fold_in_tx::<v1::ListPatrolRulesResponse>(tx, &seen::<PatrolRules>(batch)?).await?;
        Ok(())
    }
}

/// An event of one aggregate with where it stands.
struct Seen<E> {
    id: String,
    version: i64,
    position: i64,
    event: E,
}

/// The events of one kind of aggregate in a batch.
fn seen<A: Aggregate>(batch: &[RecordedEvent]) -> Result<Vec<Seen<A::Event>>, ApplyError> {
    let of_kind = batch.iter().filter_map(|recorded| match recorded.stream.split_once('-') {
        Some((kind, id)) if kind == A::KIND => Some((recorded, id)),
        Some(_) | None => None,
    });
    of_kind
        .map(|(recorded, id)| {
            let event = A::Event::decode(&recorded.r#type, &recorded.payload)
                .map_err(|error| ApplyError::poison(recorded, error))?;
            Ok(Seen { id: id.to_owned(), version: recorded.version, position: recorded.position, event })
        })
        .collect()
}
