//! What is owed by when, for the durable timer: which events arm it, and what it then does. Each room says so for its own
//! events; a kind of deadline belongs to one room.

use crate::grpc::Casebook;
use crate::{deadline, work};
use xiaoan_eventstore::RecordedEvent;
use xiaoan_kernel::UnknownEvent;
use xiaoan_timer::{Alarm, Change, Fire};

/// Which deadlines an event arms and cancels.
///
/// # Errors
/// When the event cannot be read.
pub fn deadlines(recorded: &RecordedEvent) -> Result<Vec<Change>, UnknownEvent> {
    let mut changes = deadline::changes(recorded)?;
    changes.extend(work::changes(recorded)?);
    Ok(changes)
}

/// Carries deadlines out.
#[derive(Clone)]
pub struct Alarms {
    /// Those of the work on cases.
    pub work: work::Alarms,
    /// Where alerts and reports are.
    pub casebook: Casebook,
}

impl Fire for Alarms {
    async fn fire(&self, alarm: Alarm) -> anyhow::Result<()> {
        if let Some(done) = self.work.fire(&alarm).await {
            return done;
        }
        if deadline::is_kind(&alarm.kind) {
            return self.casebook.breach(&alarm).await;
        }
        // A kind that this build does not know is nothing to decide; it would fail for ever otherwise.
        tracing::warn!(kind = alarm.kind, "a deadline of no kind that is known");
        Ok(())
    }
}
