//! The relay from a store to its stream.

use crate::NatsOptions;
use tokio::sync::watch;
use xiaoan_eventstore::EventStore;

/// What the relay is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PublisherState {
    /// Looks for the broker or reads its stream.
    #[default]
    Connecting,
    /// Publishes.
    Publishing,
    /// Everything recorded is in the stream.
    CaughtUp,
    /// Cannot go on by itself: see `problem`. It keeps trying.
    Stuck,
}

/// How far the relay has come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PublisherStatus {
    /// State.
    pub state: PublisherState,
    /// The stream's last sequence, which is a position.
    pub published: i64,
    /// Head of the log as last read.
    pub head: i64,
    /// How often the stream was created, by this process.
    pub created: u64,
    /// What the operator must know; empty when there is nothing.
    pub problem: String,
}

/// Makes relays.
#[derive(Debug)]
pub struct Publisher;

/// A running relay; dropping it ends it.
#[derive(Debug)]
pub struct PublisherHandle {
    status: watch::Receiver<PublisherStatus>,
}

impl Publisher {
    /// Starts publishing a store's log to stream `XIAOAN_<CONTEXT>`. `context` is the source's name ("cases").
    #[must_use]
    pub fn spawn(store: EventStore, nats: NatsOptions, context: &str) -> PublisherHandle {
        let _ = (store, nats, context);
        let (_, status) = watch::channel(PublisherStatus::default());
        PublisherHandle { status }
    }
}

impl PublisherHandle {
    /// How far it has come; the receiver sees every change.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<PublisherStatus> {
        self.status.clone()
    }
    /// Stops after the batch that is on its way.
    pub async fn stop(self) {}
}
