//! Deadlines as a projection of the service's own log.

use crate::table::apply_in_tx;
use crate::worker::{TimerOptions, TimerWorker};
use crate::{Deadlines, Fire, NAME, TABLES};
use sqlx::{PgConnection, PgPool};
use std::sync::Arc;
use tokio::sync::Notify;
use xiaoan_eventstore::RecordedEvent;
use xiaoan_kernel::Clock;
use xiaoan_projection::{ApplyError, Projection, Replay};

/// Keeps table `timers` by what events mean ([`Deadlines`]), and wakes the worker.
pub struct Timers<D> {
    deadlines: D,
    changed: Arc<Notify>,
}

impl<D> std::fmt::Debug for Timers<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Timers").finish_non_exhaustive()
    }
}

impl<D: Deadlines> Timers<D> {
    /// Deadlines by the meaning of events; run it with [`xiaoan_projection::Runner::local`].
    #[must_use]
    pub fn new(deadlines: D) -> Self {
        Self { deadlines, changed: Arc::default() }
    }

    /// Starts the worker that fires what is due by `clock`; one per process, any number per database.
    #[must_use]
    pub fn run<F: Fire>(
        &self,
        pool: PgPool,
        clock: Arc<dyn Clock>,
        fire: Arc<F>,
        options: TimerOptions,
    ) -> TimerWorker {
        TimerWorker::spawn(pool, clock, fire, Arc::clone(&self.changed), options)
    }

    /// Has the worker look again: after a test's clock was moved, or rows were written by another projection.
    pub fn wake(&self) {
        self.changed.notify_one();
    }

    /// How the deadlines are derived anew. What had fired already is armed and fires again, as the same command.
    #[must_use]
    pub fn rebuild(self: &Arc<Self>) -> Replay<Self> {
        let timers = Arc::clone(self);
        Replay::new(Arc::clone(self), TABLES).then(move || {
            timers.wake();
            std::future::ready(())
        })
    }
}

impl<D: Deadlines> Projection for Timers<D> {
    fn name(&self) -> &str {
        NAME
    }

    async fn apply(&self, tx: &mut PgConnection, batch: &[RecordedEvent]) -> Result<(), ApplyError> {
        for event in batch {
            let changes = self.deadlines.changes(event).map_err(|e| ApplyError::poison(event, e))?;
            apply_in_tx(tx, event.position, &changes).await?;
        }
        Ok(())
    }

    fn committed(&self, batch: &[RecordedEvent]) {
        // An event that cannot be read never gets this far.
        if batch.iter().any(|event| self.deadlines.changes(event).is_ok_and(|changes| !changes.is_empty())) {
            self.wake();
        }
    }
}
