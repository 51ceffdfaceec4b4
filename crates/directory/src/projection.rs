//! The directory as a projection of hq's log.

use crate::snapshot::UnitChange;
use crate::{Directory, events, tables};
use sqlx::PgConnection;
use xiaoan_kernel::StreamId;
use xiaoan_projection::{ApplyError, Projection};
use xiaoan_proto::eventlog::v1::RecordedEvent;

impl Projection for Directory {
    fn name(&self) -> &str {
        crate::NAME
    }

    async fn apply(&self, tx: &mut PgConnection, batch: &[RecordedEvent]) -> Result<(), ApplyError> {
        let (Some(first), Some(last)) = (batch.first(), batch.last()) else { return Ok(()) };
        for event in batch {
            if let Some(change) = change_of(event)? {
                tables::write_in_tx(tx, &change).await?;
            }
        }
        // Another process carried the tables further than this one's memory: read them instead of folding.
        let folds = first.position == self.position() + 1;
        *self.pending() = if folds {
            None
        } else {
            let read = tables::read_in_tx(tx, last.position).await;
            Some(read.map_err(|e| ApplyError::Poison { position: last.position, reason: e.to_string() })?)
        };
        Ok(())
    }

    fn committed(&self, batch: &[RecordedEvent]) {
        let Some(last) = batch.last() else { return };
        let pending = self.pending().take().filter(|read| read.position == last.position);
        let snapshot = pending.unwrap_or_else(|| {
            let mut next = self.snapshot().as_ref().clone();
            // `apply` has read every event of the batch, so none is skipped here.
            batch.iter().filter_map(|event| change_of(event).ok().flatten()).for_each(|c| next.apply(c));
            next.position = last.position;
            next
        });
        self.show(snapshot);
    }
}

fn change_of(event: &RecordedEvent) -> Result<Option<UnitChange>, ApplyError> {
    let stream = StreamId::from(event.stream.clone());
    events::change_of(&stream, event.version, &event.r#type, &event.payload)
        .map_err(|reason| ApplyError::Poison { position: event.position, reason })
}
