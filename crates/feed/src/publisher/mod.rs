//! The relay from a store to its stream.
//!
//! At the start, after every reconnect, after every refusal and now and then while idle, it reads the stream and
//! finds one of these:
//!
//! | the stream | what the relay does |
//! |---|---|
//! | ends at p, with our event p | publishes from p+1: nothing is remembered anywhere else |
//! | ends earlier than before: the broker lost its tail | the same; the tail is filled from PostgreSQL |
//! | is missing | creates it with `first_seq` so that the newest `refill` events fit, and fills them in |
//! | is foreign: ends behind our head, or with an event that is not ours | tells the operator (error log, metric `xiaoan.feed.streams.created{reason="foreign"}`, `incident` in the status), deletes and creates it |
//!
//! Two relays on one database may run: the broker refuses whoever is late (error 10071), who then reads the stream
//! again and goes on behind the other. Creating and deleting streams is done under an advisory lock of the database.

mod batch;
mod relay;
mod stream;

use crate::{FeedError, NatsOptions};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
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
    /// How often this process has created the stream.
    pub created: u64,
    /// How often the broker has refused a publish of this process because the stream was elsewhere.
    pub refused: u64,
    /// What keeps it from publishing right now; empty when nothing does.
    pub problem: String,
    /// The last thing the operator had to be told, such as a foreign stream that was recreated; stays.
    pub incident: String,
}

/// Makes relays.
#[derive(Debug)]
pub struct Publisher;

/// A running relay; dropping it ends it.
#[derive(Debug)]
pub struct PublisherHandle {
    status: watch::Receiver<PublisherStatus>,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl Publisher {
    /// Starts publishing a store's log to stream `XIAOAN_<CONTEXT>`. `context` is the source's name ("cases").
    ///
    /// Never fails and never ends by itself: whatever is wrong is in the status, and is tried again.
    #[must_use]
    pub fn spawn(store: EventStore, nats: NatsOptions, context: &str) -> PublisherHandle {
        let (sender, status) = watch::channel(PublisherStatus::default());
        let stop = CancellationToken::new();
        let relay = relay::Relay::new(store, nats, context, sender);
        let task = tokio::spawn(relay.run(stop.clone()));
        PublisherHandle { status, stop, task: Some(task) }
    }

    /// Makes the stream of a store's log, or adjusts it to the settings, and gives the position it ends at: what a relay
    /// does at its start, for whoever prepares a broker before the services come.
    ///
    /// # Errors
    /// When it cannot be done within `wait`.
    pub async fn prepare(
        store: EventStore,
        nats: NatsOptions,
        context: &str,
        wait: Duration,
    ) -> Result<i64, FeedError> {
        let (sender, _status) = watch::channel(PublisherStatus::default());
        relay::Relay::new(store, nats, context, sender).prepare(wait).await
    }
}

impl PublisherHandle {
    /// How far it has come; the receiver sees every change.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<PublisherStatus> {
        self.status.clone()
    }
    /// Stops. A batch that is on its way arrives or does not: the next relay sees it by the stream's end.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            let _ = task.await;
        }
    }
}

impl Drop for PublisherHandle {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}
