//! Squadrons of volunteers as entrants of a board: names and days. Their facts are lines of the ledger, told apart by their
//! category.

use crate::ledger::Cut;
use sqlx::{FromRow, PgConnection};
use std::sync::Arc;
use time::Date;
use xiaoan_eventstore::RecordedEvent;
use xiaoan_kernel::EventSet;
use xiaoan_projection::{ApplyError, Projection};
use xiaoan_proto::core::v1 as core;
use xiaoan_proto::volunteers::v1::{SquadronDisbanded, SquadronFormed};

/// Name of the projection, in checkpoints and on the board.
pub const NAME: &str = "squadrons";

xiaoan_kernel::events! {
    enum SquadronEvent {
        Formed(SquadronFormed),
        Disbanded(SquadronDisbanded),
    }
}

/// Types of the events that are read; whatever else `volunteers` records makes no squadron.
const READ: [&str; 2] = ["xiaoan.volunteers.v1.SquadronFormed", "xiaoan.volunteers.v1.SquadronDisbanded"];

/// Projection of the squadrons.
#[derive(Debug, Clone, Copy, Default)]
pub struct Squadrons;

impl Squadrons {
    /// The projection.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self)
    }
}

impl Projection for Squadrons {
    fn name(&self) -> &str {
        NAME
    }

    async fn apply(&self, tx: &mut PgConnection, batch: &[RecordedEvent]) -> Result<(), ApplyError> {
        for event in batch.iter().filter(|event| READ.contains(&event.r#type.as_str())) {
            let read = SquadronEvent::decode(&event.r#type, &event.payload);
            match read.map_err(|e| ApplyError::poison(event, e))? {
                SquadronEvent::Formed(formed) => form(tx, event, formed).await?,
                SquadronEvent::Disbanded(disbanded) => disband(tx, event, &disbanded).await?,
            }
        }
        Ok(())
    }
}

async fn form(
    tx: &mut PgConnection,
    event: &RecordedEvent,
    formed: SquadronFormed,
) -> Result<(), ApplyError> {
    sqlx::query(
        "INSERT INTO squadrons (squadron_id, org_unit, name_zh, name_en, formed_on, position, recorded_at)
         VALUES        ($1,          $2,       $3,      $4,      $5,        $6,       $7)",
    )
    .bind(&formed.squadron_id)
    .bind(&formed.org_unit)
    .bind(&formed.name_zh)
    .bind(&formed.name_en)
    .bind(day(event, formed.formed_on)?)
    .bind(event.position)
    .bind(event.recorded_at.as_ref().and_then(xiaoan_proto::instant))
    .execute(tx)
    .await?;
    Ok(())
}

async fn disband(
    tx: &mut PgConnection,
    event: &RecordedEvent,
    disbanded: &SquadronDisbanded,
) -> Result<(), ApplyError> {
    sqlx::query(
        "UPDATE squadrons SET disbanded_on = $2, end_position = $3, end_recorded_at = $4 WHERE squadron_id = $1",
    )
    .bind(&disbanded.squadron_id)
    .bind(day(event, disbanded.disbanded_on)?)
    .bind(event.position)
    .bind(event.recorded_at.as_ref().and_then(xiaoan_proto::instant))
    .execute(tx)
    .await?;
    Ok(())
}

fn day(event: &RecordedEvent, date: Option<core::Date>) -> Result<Date, ApplyError> {
    let date = date.ok_or_else(|| ApplyError::poison(event, "a day is missing"))?;
    Date::try_from(date).map_err(|e| ApplyError::poison(event, e))
}

/// A squadron.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Squadron {
    /// Id.
    pub squadron_id: String,
    /// Unit it belongs to.
    pub org_unit: String,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// First day.
    pub formed_on: Date,
    /// First day on which it is no more.
    pub disbanded_on: Option<Date>,
}

/// All squadrons, or those that were known by then with the end that was known, in the order of their units and ids.
///
/// # Errors
/// When the database cannot be read.
pub async fn all(connection: &mut PgConnection, known: Option<Cut>) -> Result<Vec<Squadron>, sqlx::Error> {
    sqlx::query_as(
        "SELECT squadron_id, org_unit, name_zh, name_en, formed_on,
                CASE WHEN $1::timestamptz IS NULL OR (end_recorded_at <= $1 AND end_position <= $2)
                     THEN disbanded_on END AS disbanded_on
         FROM squadrons
         WHERE $1 IS NULL OR (recorded_at <= $1 AND position <= $2)
         ORDER BY org_unit, squadron_id",
    )
    .bind(known.map(|cut| cut.at))
    .bind(known.map(|cut| cut.position))
    .fetch_all(connection)
    .await
}
