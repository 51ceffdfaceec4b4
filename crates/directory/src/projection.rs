//! The directory as a projection of hq's log.

use crate::snapshot::{Snapshot, UnitChange};
use crate::{Directory, events, tables};
use sqlx::PgConnection;
use std::time::Duration;
use xiaoan_kernel::StreamId;
use xiaoan_projection::{ApplyError, Projection};
use xiaoan_proto::eventlog::v1::RecordedEvent;

impl Projection for Directory {
    fn name(&self) -> &str {
        crate::NAME
    }

    async fn apply(&self, tx: &mut PgConnection, batch: &[RecordedEvent]) -> Result<(), ApplyError> {
        for event in batch {
            if let Some(change) = change_of(event)? {
                tables::write_in_tx(tx, &change).await?;
            }
        }
        Ok(())
    }

    fn committed(&self, batch: &[RecordedEvent]) {
        if !self.fold(batch) {
            // Another process carried the tables on between our reading them and our runner's start.
            let directory = self.clone();
            tokio::spawn(async move {
                while let Err(error) = directory.refresh().await {
                    tracing::warn!(error = %error, "directory could not be read again, trying on");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            });
        }
    }
}

impl Directory {
    /// Takes committed events into memory; false when events before them are missing there.
    fn fold(&self, batch: &[RecordedEvent]) -> bool {
        let current = self.snapshot();
        let mut next: Option<Snapshot> = None;
        let mut position = current.position;
        for event in batch.iter().filter(|event| event.position > current.position) {
            if event.position != position + 1 {
                return false;
            }
            position = event.position;
            // An event that cannot be read never gets this far: it stops the projection in `apply`.
            if let Some(change) = change_of(event).ok().flatten() {
                next.get_or_insert_with(|| current.as_ref().clone()).apply(change);
            }
        }
        if position > current.position {
            let mut next = next.unwrap_or_else(|| current.as_ref().clone());
            next.position = position;
            self.show(next);
        }
        true
    }
}

fn change_of(event: &RecordedEvent) -> Result<Option<UnitChange>, ApplyError> {
    let stream = StreamId::from(event.stream.clone());
    events::change_of(&stream, event.version, &event.r#type, &event.payload)
        .map_err(|reason| ApplyError::poison(event, reason))
}
