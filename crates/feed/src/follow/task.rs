//! The task behind a follower.

use super::check::{self, Wrong};
use super::{FollowOptions, Heard, Link, heart, stream};
use crate::metrics::{metrics, of_source};
use crate::nats::{self, Connection, Presence};
use crate::{FeedError, FeedSource, LogReader};
use async_nats::jetstream::Message;
use futures::{FutureExt, StreamExt};
use std::convert::Infallible;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use xiaoan_eventstore::chain::{self, Break, BrokenChain};
use xiaoan_eventstore::{ChainHead, RecordedEvent};

type Batch = Result<Vec<RecordedEvent>, FeedError>;

pub(super) struct Task {
    source: String,
    reader: LogReader,
    nats: Option<Connection>,
    options: FollowOptions,
    /// Last event handed over.
    head: ChainHead,
    out: mpsc::Sender<Batch>,
    heard: watch::Sender<Heard>,
    /// Until when the stream is left alone.
    distrusted_until: Option<Instant>,
    /// The source's last answer that was looked at.
    beat: u64,
    /// How many answers in a row said that the log is shorter than what was read of it.
    shorter: u32,
}

/// Why following ends.
enum End {
    /// Nobody listens any more.
    Closed,
    Broken(BrokenChain),
}

/// Why the stream was left.
enum Left {
    Down,
    Unusable(String),
}

impl Task {
    pub(super) async fn run(
        source: FeedSource,
        from: ChainHead,
        options: FollowOptions,
        out: mpsc::Sender<Batch>,
        heard: watch::Sender<Heard>,
    ) {
        let reader = LogReader::remote(&source);
        let nats = match nats::connect(&source.nats, &format!("xiaoan-follow-{}", source.name)).await {
            Ok(nats) => Some(nats),
            Err(error) => {
                tracing::error!(source = source.name, %error, "nats cannot be used: polling the event log");
                None
            }
        };
        let beat = heart::beat(reader.clone(), nats.clone(), heard.clone(), options.beat);
        let mut task = Self {
            source: source.name,
            reader,
            nats,
            options,
            head: from,
            out: out.clone(),
            heard,
            distrusted_until: None,
            beat: 0,
            shorter: 0,
        };
        let end = tokio::select! {
            end = task.follow() => match end { Err(end) => end },
            () = beat => return,
            () = out.closed() => return,
        };
        if let End::Broken(broken) = end {
            metrics().broken.add(1, &of_source(&task.source));
            tracing::error!(source = task.source, position = broken.position, %broken, "hash chain broken");
            let _ = out.send(Err(FeedError::BrokenChain { source_name: task.source, broken })).await;
        }
    }

    async fn follow(&mut self) -> Result<Infallible, End> {
        let mut away: Option<watch::Receiver<Presence>> = self.nats.as_ref().map(|n| n.presence.clone());
        loop {
            let left = self.through_stream().await?;
            if let Left::Unusable(reason) = left {
                tracing::debug!(source = self.source, after = self.head.position, reason, "left the stream");
            }
            let pause = match self.catch_up().await? {
                Ok(()) => {
                    self.link(Link::Polling);
                    self.options.poll
                }
                Err(error) => {
                    if self.link(Link::Lost) {
                        tracing::warn!(source = self.source, %error, "source cannot be reached");
                    }
                    self.options.poll * 2
                }
            };
            self.compare_with_heard()?;
            // A broker that comes back is used at once.
            match &mut away {
                Some(presence) => {
                    let back = presence.wait_for(|p| p.up);
                    let down = !self.nats.as_ref().is_some_and(|n| n.presence.borrow().up);
                    if down {
                        let _ = tokio::time::timeout(pause, back).await;
                    } else {
                        tokio::time::sleep(pause).await;
                    }
                }
                None => tokio::time::sleep(pause).await,
            }
        }
    }

    /// Reads the stream for as long as it can be used.
    async fn through_stream(&mut self) -> Result<Left, End> {
        let Some(nats) = self.nats.clone().filter(|nats| nats.presence.borrow().up) else {
            return Ok(Left::Down);
        };
        if self.distrusted_until.is_some_and(|until| Instant::now() < until) {
            return Ok(Left::Unusable("distrusted".into()));
        }
        self.distrusted_until = None;
        let bounds = match stream::bounds(&nats, &self.source).await {
            Ok(bounds) => bounds,
            Err(error) => return Ok(Left::Unusable(error.to_string())),
        };
        self.hear(bounds.last);
        let at = self.head.position;
        let far = at == 0 || bounds.last - at > self.options.far_behind;
        if bounds.first > at + 1 || far {
            self.link(Link::CatchingUp);
            let caught_up = self.catch_up().await?;
            if bounds.first > self.head.position + 1 {
                let reason = caught_up.err().map_or_else(String::new, |error| error.to_string());
                return Ok(Left::Unusable(format!("begins at {}, {reason}", bounds.first)));
            }
        }
        let from = self.head.position + 1;
        match stream::open(&nats, &self.source, from, self.options.batch_events).await {
            Ok(messages) => self.consume(messages, nats.presence).await,
            Err(error) => Ok(Left::Unusable(error.to_string())),
        }
    }

    async fn consume(
        &mut self,
        mut messages: async_nats::jetstream::consumer::pull::Stream,
        mut presence: watch::Receiver<Presence>,
    ) -> Result<Left, End> {
        let connection = presence.borrow_and_update().connections;
        let mut heard = self.heard.subscribe();
        let mut progressed = Instant::now();
        self.link(Link::Stream);
        loop {
            tokio::select! {
                message = messages.next() => {
                    let message = match message {
                        Some(Ok(message)) => message,
                        Some(Err(error)) => return Ok(Left::Unusable(error.to_string())),
                        None => return Ok(Left::Unusable("consumer ended".into())),
                    };
                    let burst = self.burst(message, &mut messages);
                    if let Some(left) = self.take(burst).await? {
                        return Ok(left);
                    }
                    progressed = Instant::now();
                    self.link(Link::Stream);
                }
                changed = presence.changed() => {
                    let now = *presence.borrow_and_update();
                    if changed.is_err() || !now.up {
                        return Ok(Left::Down);
                    }
                    if now.connections != connection {
                        return Ok(Left::Unusable("reconnected".into()));
                    }
                }
                _ = heard.changed() => {
                    let ahead = heard.borrow_and_update().head > self.head.position;
                    self.compare_with_heard()?;
                    if ahead && progressed.elapsed() > self.options.stall {
                        if self.catch_up().await?.is_ok() && self.link(Link::Polling) {
                            tracing::warn!(
                                source = self.source,
                                position = self.head.position,
                                "the stream brings nothing: read from the event log"
                            );
                        }
                        progressed = Instant::now();
                    }
                }
            }
        }
    }

    /// What has arrived by now, up to a batch.
    fn burst(
        &self,
        first: Message,
        messages: &mut async_nats::jetstream::consumer::pull::Stream,
    ) -> Vec<Message> {
        let mut bytes = first.payload.len();
        let mut burst = vec![first];
        while burst.len() < self.options.batch_events && bytes < self.options.batch_bytes {
            // An error now comes again, or shows as a missing heartbeat.
            let Some(Some(Ok(message))) = messages.next().now_or_never() else { break };
            bytes += message.payload.len();
            burst.push(message);
        }
        burst
    }

    /// Hands over what follows; looks into the event log for what does not.
    async fn take(&mut self, burst: Vec<Message>) -> Result<Option<Left>, End> {
        let mut events = Vec::with_capacity(burst.len());
        let mut head = self.head;
        let mut wrong = None;
        for message in burst {
            if let Ok(info) = message.info() {
                self.hear((info.stream_sequence + info.pending).cast_signed());
            }
            match check::check(&self.source, message, &head) {
                Ok(None) => {}
                Ok(Some((event, next))) => {
                    head = next;
                    events.push(event);
                }
                Err(why) => {
                    wrong = Some(why);
                    break;
                }
            }
        }
        self.hand_over(events, head).await?;
        let Some(Wrong { position, reason, distrust }) = wrong else { return Ok(None) };
        if distrust {
            metrics().distrusted.add(1, &of_source(&self.source));
            tracing::error!(source = self.source, position, reason, "the stream contradicts the log");
        } else {
            tracing::info!(
                source = self.source,
                position,
                reason,
                "gap in the stream: reading the event log"
            );
        }
        match self.catch_up().await? {
            Ok(()) if !distrust && self.head.position >= position => Ok(None),
            Ok(()) => {
                self.distrusted_until = Some(Instant::now() + self.options.distrust);
                Ok(Some(Left::Unusable(reason)))
            }
            Err(error) => Ok(Some(Left::Unusable(error.to_string()))),
        }
    }

    /// Reads the source's event log up to its head.
    ///
    /// The inner error says that it could not be asked; then some events may have been handed over, and none skipped.
    async fn catch_up(&mut self) -> Result<Result<(), FeedError>, End> {
        loop {
            let before = self.head.position;
            match self.read_log().await? {
                // A server may end long answers; one that brought something was good.
                Err(_) if self.head.position > before => {}
                result => return Ok(result),
            }
        }
    }

    async fn read_log(&mut self) -> Result<Result<(), FeedError>, End> {
        let mut batches = self.reader.batches(self.head.position + 1, 0);
        let mut events = Vec::new();
        let mut bytes = 0;
        let mut head = self.head;
        let mut result = Ok(());
        while let Some(batch) = batches.next().await {
            let batch = match batch {
                Ok(batch) => batch,
                Err(error) => {
                    result = Err(error);
                    break;
                }
            };
            for event in batch {
                if event.source != self.source {
                    let reason = format!("serves the log of {}", event.source);
                    return Ok(Err(FeedError::EventLog { source_name: self.source.clone(), reason }));
                }
                match chain::verify(&head, &event) {
                    Ok(next) => head = next,
                    Err(broken) => {
                        self.hand_over_backfilled(events, head).await?;
                        return Err(End::Broken(broken));
                    }
                }
                bytes += event.payload.len();
                events.push(event);
                if events.len() >= self.options.batch_events || bytes >= self.options.batch_bytes {
                    bytes = 0;
                    self.hand_over_backfilled(std::mem::take(&mut events), head).await?;
                }
            }
        }
        self.hand_over_backfilled(events, head).await?;
        Ok(result)
    }

    async fn hand_over_backfilled(&mut self, events: Vec<RecordedEvent>, head: ChainHead) -> Result<(), End> {
        metrics().backfilled.add(events.len() as u64, &of_source(&self.source));
        self.hand_over(events, head).await
    }

    async fn hand_over(&mut self, events: Vec<RecordedEvent>, head: ChainHead) -> Result<(), End> {
        if events.is_empty() {
            return Ok(());
        }
        self.hear(head.position);
        self.out.send(Ok(events)).await.map_err(|_| End::Closed)?;
        self.head = head;
        Ok(())
    }

    fn hear(&self, head: i64) {
        self.heard.send_if_modified(|heard| {
            let news = head > heard.head;
            if news {
                heard.head = head;
                heard.hash = None;
            }
            news
        });
    }

    /// Whether the link has changed.
    fn link(&self, link: Link) -> bool {
        self.heard.send_if_modified(|heard| std::mem::replace(&mut heard.link, link) != link)
    }

    /// A source that was set back to an older backup has another event where ours is, or none.
    fn compare_with_heard(&mut self) -> Result<(), End> {
        let Heard { head, hash: Some(hash), beat, .. } = *self.heard.borrow() else { return Ok(()) };
        if head == self.head.position && hash != self.head.hash {
            return Err(End::Broken(BrokenChain { position: head, reason: Break::Previous }));
        }
        if std::mem::replace(&mut self.beat, beat) == beat {
            return Ok(());
        }
        // The head may have been asked for just before our last event was recorded; that cannot last.
        self.shorter = if head < self.head.position { self.shorter.saturating_add(1) } else { 0 };
        if self.shorter == 3 {
            tracing::error!(
                source = self.source,
                head,
                position = self.head.position,
                "the source's log is shorter than what was read of it: was it restored from a backup?"
            );
        }
        Ok(())
    }
}
