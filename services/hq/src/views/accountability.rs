//! Closings, notices and interviews as they are shown: one projection, so that a command that needs all three sees them at one
//! position.

use super::{closings, event_of, interviews, notices};
use crate::closing::Closing;
use crate::interview::Interview;
use crate::notice::Notice;
use sqlx::PgConnection;
use xiaoan_projection::{ApplyError, Projection};
use xiaoan_proto::eventlog::v1::RecordedEvent;

/// Tables of this view.
pub const TABLES: &[&str] = &["closings", "closed_standings", "notices", "interviews"];

/// The projection.
#[derive(Debug, Clone, Copy, Default)]
pub struct Accountability;

impl Projection for Accountability {
    fn name(&self) -> &str {
        "accountability"
    }

    async fn apply(&self, tx: &mut PgConnection, batch: &[RecordedEvent]) -> Result<(), ApplyError> {
        for recorded in batch {
            if let Some(event) = event_of::<Closing>(recorded)? {
                closings::apply_in_tx(tx, recorded, &event).await?;
            } else if let Some(event) = event_of::<Notice>(recorded)? {
                notices::apply_in_tx(tx, recorded, &event).await?;
            } else if let Some(event) = event_of::<Interview>(recorded)? {
                interviews::apply_in_tx(tx, recorded, &event).await?;
            }
        }
        Ok(())
    }
}

/// Id of the aggregate whose event it is.
pub(super) fn id_of(recorded: &RecordedEvent) -> &str {
    recorded.stream.split_once('-').map_or("", |(_, id)| id)
}

/// A row whose message cannot be read, naming it.
pub(super) fn corrupt(table: &'static str, error: &prost::DecodeError) -> sqlx::Error {
    sqlx::Error::Decode(format!("corrupt row of {table}: {error}").into())
}

/// A number of an enum as the database keeps it.
pub(super) fn small(number: i32) -> i16 {
    i16::try_from(number).unwrap_or_default()
}
