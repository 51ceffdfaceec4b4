//! The directory as a projection of hq's log.

use crate::snapshot::UnitChange;
use crate::{Directory, events, tables};
use sqlx::PgConnection;
use std::time::Duration;
use xiaoan_kernel::StreamId;
use xiaoan_projection::{ApplyError, Projection};
use xiaoan_proto::eventlog::v1::RecordedEvent;

/// Between two tries to read the tables.
const PAUSE: Duration = Duration::from_secs(1);

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

    async fn begin_at(&self, position: i64) {
        // Another process may have carried the tables on since they were read.
        while self.position() < position {
            self.read_again().await;
        }
    }

    fn committed(&self, batch: &[RecordedEvent]) {
        self.fold(batch);
    }
}

impl Directory {
    /// Reads the tables into memory, however long the database is away.
    pub(crate) async fn read_again(&self) {
        while let Err(error) = self.refresh().await {
            tracing::warn!(error = format!("{error:#}"), "directory cannot be read, trying again");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Takes committed events into memory. They follow what is there, because `begin_at` saw to it.
    fn fold(&self, batch: &[RecordedEvent]) {
        let current = self.snapshot();
        let Some(last) = batch.last().filter(|last| last.position > current.position) else { return };
        let mut next = current.as_ref().clone();
        for event in batch.iter().filter(|event| event.position > current.position) {
            // An event that cannot be read never gets this far: it stops the projection in `apply`.
            if let Some(change) = change_of(event).ok().flatten() {
                next.apply(change);
            }
        }
        next.position = last.position;
        self.show(next);
    }
}

fn change_of(event: &RecordedEvent) -> Result<Option<UnitChange>, ApplyError> {
    let stream = StreamId::from(event.stream.clone());
    events::change_of(&stream, event.version, &event.r#type, &event.payload)
        .map_err(|reason| ApplyError::poison(event, reason))
}
