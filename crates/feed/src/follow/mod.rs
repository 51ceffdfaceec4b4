//! Follows a source from a position on: verified, in order, without a gap.
//!
//! | situation | what the follower does |
//! |---|---|
//! | first start, or far behind | reads the source's `EventLog` to its head, then joins the stream there |
//! | the stream has the next position | an ephemeral pull consumer without acknowledgements starts at it (what NATS calls an ordered consumer; order is checked by our positions, which say more than a consumer's sequence) |
//! | p+2 after p, a trimmed, lost or foreign stream | reads the gap from `EventLog`; nothing is skipped |
//! | no message though the source's head is ahead | the same: the head is asked for every second, so a dead stream shows as lag |
//! | NATS is down | polls `EventLog` until it is back |
//! | a message contradicts the chain | `EventLog` decides: if the log itself is whole, the stream is distrusted for a while; if it is broken, the follower ends with [`FeedError::BrokenChain`], which names the position |
//! | neither answers | waits, and tries again; [`Link::Lost`] |

mod check;
mod heart;
mod local;
mod stream;
mod task;

pub use local::follow_store;

use crate::{FeedError, FeedSource};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
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
    /// The stream cannot be used; `EventLog` is polled.
    Polling,
    /// Neither broker nor `EventLog` answers.
    Lost,
}

/// What was last heard of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Heard {
    /// Position of the source's head.
    pub head: i64,
    /// Hash of the head, when the source itself has told it.
    pub hash: Option<[u8; 32]>,
    /// How many times the source itself has answered.
    pub beat: u64,
    /// How the source is reached.
    pub link: Link,
}

/// Bounds and rhythms of following.
#[derive(Debug, Clone)]
pub struct FollowOptions {
    /// Most events in one batch handed over.
    pub batch_events: usize,
    /// Payload bytes in one batch handed over at which it is closed (one larger event comes alone).
    pub batch_bytes: usize,
    /// How many events behind the stream's end reading `EventLog` is preferred to the stream.
    pub far_behind: i64,
    /// How often the source is asked for its head.
    pub beat: Duration,
    /// How long the stream may bring nothing though the head is ahead.
    pub stall: Duration,
    /// How often `EventLog` is asked while the stream cannot be used.
    pub poll: Duration,
    /// How long a stream that contradicted the log is left alone.
    pub distrust: Duration,
}

impl Default for FollowOptions {
    fn default() -> Self {
        Self {
            batch_events: 1000,
            batch_bytes: 1 << 20,
            far_behind: 10_000,
            beat: Duration::from_secs(1),
            stall: Duration::from_millis(1500),
            poll: Duration::from_millis(250),
            distrust: Duration::from_secs(30),
        }
    }
}

/// A followed source: a stream of verified, consecutive batches. Dropping it ends the following.
#[derive(Debug)]
pub struct Follower {
    batches: mpsc::Receiver<Result<Vec<RecordedEvent>, FeedError>>,
    heard: watch::Receiver<Heard>,
}

impl Follower {
    fn new(
        batches: mpsc::Receiver<Result<Vec<RecordedEvent>, FeedError>>,
        heard: watch::Receiver<Heard>,
    ) -> Self {
        Self { batches, heard }
    }
    /// The next batch; `None` after a broken chain was told.
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

/// Follows a source from the event after `from` on, for ever. Inside a tokio runtime.
#[must_use]
pub fn follow(source: FeedSource, from: ChainHead) -> Follower {
    follow_with(source, from, FollowOptions::default())
}

/// [`follow`] with other bounds.
#[must_use]
pub fn follow_with(source: FeedSource, from: ChainHead, options: FollowOptions) -> Follower {
    // Two batches wait at most, one is in the task's hands: memory is bounded by the batch.
    let (out, batches) = mpsc::channel(2);
    let (sender, heard) = watch::channel(Heard { head: from.position, ..Heard::default() });
    tokio::spawn(task::Task::run(source, from, options, out, sender));
    Follower::new(batches, heard)
}
