//! Rings when something was applied, so that watchers look again at once.

use sqlx::PgConnection;
use std::sync::Arc;
use tokio::sync::watch;
use xiaoan_eventstore::RecordedEvent;
use xiaoan_projection::{ApplyError, Projection};

/// Heard by everybody who listens. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bell(Arc<watch::Sender<()>>);

impl Default for Bell {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(())))
    }
}

impl Bell {
    /// Rings.
    pub fn ring(&self) {
        self.0.send_replace(());
    }
    /// Hears every ring from now on; several at once are one.
    #[must_use]
    pub fn listen(&self) -> watch::Receiver<()> {
        self.0.subscribe()
    }
}

/// A projection that rings after each commit. Every method of the trait is passed on.
#[derive(Debug)]
pub struct Announced<P> {
    projection: Arc<P>,
    bell: Bell,
}

impl<P> Announced<P> {
    /// This projection, announced by this bell.
    #[must_use]
    pub fn new(projection: Arc<P>, bell: Bell) -> Arc<Self> {
        Arc::new(Self { projection, bell })
    }
}

impl<P: Projection> Projection for Announced<P> {
    fn name(&self) -> &str {
        self.projection.name()
    }
    async fn apply(&self, tx: &mut PgConnection, batch: &[RecordedEvent]) -> Result<(), ApplyError> {
        self.projection.apply(tx, batch).await
    }
    async fn begin_at(&self, position: i64) {
        self.projection.begin_at(position).await;
        self.bell.ring();
    }
    fn committed(&self, batch: &[RecordedEvent]) {
        self.projection.committed(batch);
        self.bell.ring();
    }
}
