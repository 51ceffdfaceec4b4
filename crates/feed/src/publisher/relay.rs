//! The loop of a relay.

use super::batch::{self, Flight, NotPublished};
use super::stream::{self, Found};
use super::{PublisherState, PublisherStatus};
use crate::metrics::{metrics, of_source};
use crate::nats::{self, Connection};
use crate::{FeedError, NatsOptions};
use opentelemetry::KeyValue;
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use xiaoan_eventstore::{EventStore, RecordedEvent};

/// How often an idle relay looks whether the stream still ends where it left it.
const LOOK_AFTER: Duration = Duration::from_secs(10);
/// Full batches on their way at a time: one is read and sent while the broker syncs another.
const WINDOW: usize = 3;
/// After a batch of so many events more are coming: a moment's wait makes fewer and larger batches of them, each of
/// which costs the broker a sync.
const CROWD: usize = 48;
/// That moment.
const GATHER: Duration = Duration::from_millis(25);
/// Payload bytes in one batch; the broker keeps a batch in memory until it is complete.
const BATCH_BYTES: usize = 4 << 20;

/// Pause between two tries to make a stream before the services come.
const PREPARE_AGAIN: Duration = Duration::from_millis(500);

pub(crate) struct Relay {
    store: EventStore,
    options: NatsOptions,
    context: String,
    status: watch::Sender<PublisherStatus>,
    /// Where the stream ends.
    cursor: i64,
    atomic: bool,
    /// The broker has said that it takes no batches, whatever the stream's settings say.
    no_batches: bool,
    /// Refusals since the last success.
    refusals: u32,
}

/// Why the inner loop went back to looking at the stream.
enum Again {
    /// The stream may have changed, which is all.
    Look,
    /// Something failed: wait a little first.
    Failed(String),
    /// Nothing will help but the operator.
    Stuck(String),
}

impl Relay {
    pub(crate) fn new(
        store: EventStore,
        options: NatsOptions,
        context: &str,
        status: watch::Sender<PublisherStatus>,
    ) -> Self {
        let context = context.to_owned();
        Self { store, options, context, status, cursor: 0, atomic: true, no_batches: false, refusals: 0 }
    }

    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let nats = match nats::connect(&self.options, &format!("xiaoan-feed-{}", self.context)).await {
            Ok(nats) => nats,
            Err(error) => {
                tracing::error!(context = self.context, %error, "feed cannot start");
                return self.tell(PublisherState::Stuck, &error.to_string());
            }
        };
        let mut failures = 0_u32;
        while !stop.is_cancelled() {
            let again = tokio::select! {
                again = self.look_and_publish(&nats, &stop) => again,
                () = stop.cancelled() => return,
            };
            match again {
                Again::Look => failures = 0,
                Again::Failed(problem) => {
                    failures += 1;
                    // The first failure after a reconnect is ordinary: the broker is still recovering its streams.
                    if failures.is_power_of_two() && failures > 1 {
                        tracing::warn!(context = self.context, problem, failures, "feed interrupted");
                    }
                    self.tell(PublisherState::Connecting, &problem);
                }
                Again::Stuck(problem) => {
                    failures = failures.max(6) + 1;
                    tracing::error!(
                        context = self.context,
                        position = self.cursor + 1,
                        problem,
                        "feed stuck"
                    );
                    self.tell(PublisherState::Stuck, &problem);
                }
            }
            if failures > 0 {
                let pause = Duration::from_millis(20 << failures.min(7));
                let mut presence = nats.presence.clone();
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    _ = presence.changed() => {}
                    () = stop.cancelled() => return,
                }
            }
        }
    }

    /// Finds the stream, or makes it, once.
    pub(crate) async fn prepare(mut self, wait: Duration) -> Result<i64, FeedError> {
        let nats = nats::connect(&self.options, &format!("xiaoan-stream {}", self.context)).await?;
        let began = Instant::now();
        loop {
            match self.find_cursor(&nats).await {
                Ok(()) => return Ok(self.cursor),
                Err(error) if began.elapsed() >= wait => return Err(error),
                Err(error) => tracing::warn!(context = self.context, %error, "waiting for the broker"),
            }
            tokio::time::sleep(PREPARE_AGAIN).await;
        }
    }

    /// From a look at the stream to the next reason for one.
    async fn look_and_publish(&mut self, nats: &Connection, stop: &CancellationToken) -> Again {
        let mut presence = nats.presence.clone();
        if !presence.borrow().up {
            self.tell(PublisherState::Connecting, "nats is not connected");
        }
        if presence.wait_for(|p| p.up).await.is_err() {
            return Again::Failed("nats client closed".into());
        }
        let seen = presence.borrow_and_update().connections;
        match self.find_cursor(nats).await {
            Ok(()) => {}
            Err(error) => return Again::Failed(error.to_string()),
        }
        let mut head = self.store.watch_head();
        let mut flights: VecDeque<Flight> = VecDeque::with_capacity(WINDOW);
        let mut sent = self.cursor;
        let mut looked = false;
        loop {
            if presence.borrow().connections != seen {
                return Again::Look;
            }
            let known = *head.borrow_and_update();
            // A batch goes out behind another only when it is full: otherwise it would wait in the broker for a sync of
            // its own, where it can as well gather here what comes meanwhile.
            let room = flights.is_empty() || (flights.len() < WINDOW && known - sent >= self.limit());
            // When nothing new is known the database need not be asked, except once after every look.
            if room && (known > sent || !looked) {
                looked = true;
                let events = match self.read(sent + 1).await {
                    Ok(events) => events,
                    Err(error) => return Again::Failed(error.to_string()),
                };
                if let Some(first) = events.first() {
                    if first.position != sent + 1 {
                        return Again::Stuck(format!("position {} is missing in the log", sent + 1));
                    }
                    match self.send(nats, &events).await {
                        Ok(flight) => {
                            sent = flight.last;
                            flights.push_back(flight);
                            continue;
                        }
                        // What is on its way before it is waited for first.
                        Err(NotPublished::TooLarge { .. }) if !flights.is_empty() => {}
                        Err(why) => return self.refused(why),
                    }
                }
            }
            if let Some(mut flight) = flights.pop_front() {
                if let Err(why) = flight.acknowledged(nats).await {
                    return self.refused(why);
                }
                self.arrived(&flight, known.max(sent));
                if flights.is_empty() && flight.events >= CROWD && known - sent < self.limit() {
                    tokio::time::sleep(GATHER).await;
                }
                continue;
            }
            self.tell_position(PublisherState::CaughtUp, known.max(self.cursor));
            tokio::select! {
                changed = head.changed() => if changed.is_err() {
                    return Again::Failed("the store is closed".into());
                },
                _ = presence.changed() => return Again::Look,
                () = tokio::time::sleep(LOOK_AFTER) => return Again::Look,
                () = stop.cancelled() => return Again::Look,
            }
        }
    }

    /// Sends events, up to the first that is too large for the broker.
    async fn send(&self, nats: &Connection, events: &[RecordedEvent]) -> Result<Flight, NotPublished> {
        let (atomic, timeout) = (self.atomic && !self.no_batches, self.options.request_timeout);
        match batch::send(nats, &self.context, events, atomic, timeout).await {
            Err(NotPublished::TooLarge { position, .. })
                if events.first().is_some_and(|first| first.position < position) =>
            {
                let before = events.iter().take_while(|event| event.position < position).count();
                batch::send(nats, &self.context, &events[..before], atomic, timeout).await
            }
            sent => sent,
        }
    }

    fn arrived(&mut self, flight: &Flight, head: i64) {
        self.cursor = flight.last;
        self.refusals = 0;
        self.tell_position(PublisherState::Publishing, head);
        metrics().events.add(flight.events as u64, &of_source(&self.context));
    }

    fn refused(&mut self, why: NotPublished) -> Again {
        match why {
            NotPublished::Elsewhere => {
                metrics().refused.add(1, &of_source(&self.context));
                self.status.send_modify(|status| status.refused += 1);
                tracing::debug!(context = self.context, after = self.cursor, "stream is elsewhere");
                self.refusals += 1;
                // Against another relay a second try is enough; more means that something is wrong.
                if self.refusals < 4 {
                    Again::Look
                } else {
                    Again::Failed(format!("the broker refuses what follows position {}", self.cursor))
                }
            }
            NotPublished::NoBatches => {
                tracing::warn!(
                    context = self.context,
                    "broker without atomic batches: publishing one by one"
                );
                self.no_batches = true;
                Again::Look
            }
            NotPublished::TooLarge { .. } => Again::Stuck(why.to_string()),
            NotPublished::Broker(problem) => Again::Failed(problem),
        }
    }

    /// Most events in a batch: 1000 messages is the broker's own limit of an atomic batch.
    fn limit(&self) -> i64 {
        i64::try_from(self.options.batch_events.clamp(1, 1000)).unwrap_or(1)
    }

    /// Events from a position on, as many as fit into a batch.
    async fn read(&self, from: i64) -> Result<Vec<RecordedEvent>, FeedError> {
        let mut events = self.store.read_on(from, self.limit()).await?;
        let mut bytes = 0;
        let fitting = events.iter().position(|event| {
            bytes += event.payload.len();
            bytes > BATCH_BYTES
        });
        events.truncate(fitting.unwrap_or(events.len()).max(1));
        Ok(events)
    }

    /// Sets the cursor to where the stream ends; creates the stream when it must.
    async fn find_cursor(&mut self, nats: &Connection) -> Result<(), FeedError> {
        let found = stream::inspect(nats, &self.options, &self.store, &self.context).await?;
        match found {
            Found::Ours { last, atomic } => {
                self.resume(last, atomic);
                Ok(())
            }
            Found::Missing | Found::Foreign(_) => self.recreate_in_turn(nats).await,
        }
    }

    fn resume(&mut self, last: i64, atomic: bool) {
        if last < self.cursor {
            let (had, has) = (self.cursor, last);
            tracing::warn!(context = self.context, had, has, "broker lost the end of the stream: refilling");
            self.status.send_modify(|status| {
                status.incident = format!("the broker lost positions {}..={had}: refilled", has + 1);
            });
        }
        self.cursor = last;
        self.atomic = atomic;
    }

    /// Several relays may find the same: one acts, under a lock of the database, and the others find it done.
    async fn recreate_in_turn(&mut self, nats: &Connection) -> Result<(), FeedError> {
        let name = crate::wire::stream_name(&self.context);
        let store = self.store.clone();
        let mut turn = store.pool().begin().await.map_err(database)?;
        sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
            .bind(format!("xiaoan-feed {name}"))
            .execute(&mut *turn)
            .await
            .map_err(database)?;
        let found = stream::inspect(nats, &self.options, &self.store, &self.context).await?;
        let (reason, text) = match found {
            Found::Ours { last, atomic } => {
                self.resume(last, atomic);
                return Ok(());
            }
            Found::Missing => ("missing", format!("stream {name} was missing")),
            Found::Foreign(why) => {
                let text = format!("stream {name} is foreign: {why}; it is deleted and made anew");
                tracing::error!(
                    context = self.context,
                    stream = name,
                    why,
                    "stream is foreign: recreating it"
                );
                stream::delete(nats, &self.context).await?;
                ("foreign", text)
            }
        };
        let (last, atomic) = stream::create(nats, &self.options, &self.store, &self.context).await?;
        turn.commit().await.map_err(database)?;
        let attributes = [KeyValue::new("source", self.context.clone()), KeyValue::new("reason", reason)];
        metrics().created.add(1, &attributes);
        // The first stream of an empty log is no incident.
        let lost = self.cursor > 0 || last > 0 || reason == "foreign";
        tracing::warn!(context = self.context, stream = name, reason, first = last + 1, "stream created");
        self.status.send_modify(|status| {
            status.created += 1;
            if lost {
                status.incident = format!("{text}; refilled from position {}", last + 1);
            }
        });
        self.cursor = last;
        self.atomic = atomic;
        Ok(())
    }

    fn tell(&self, state: PublisherState, problem: &str) {
        self.status.send_if_modified(|status| {
            let changed = status.state != state || status.problem != problem;
            status.state = state;
            if status.problem != problem {
                problem.clone_into(&mut status.problem);
            }
            changed
        });
    }

    fn tell_position(&self, state: PublisherState, head: i64) {
        metrics().published.record(self.cursor, &of_source(&self.context));
        metrics().lag.record(head - self.cursor, &of_source(&self.context));
        self.status.send_modify(|status| {
            status.state = state;
            status.published = self.cursor;
            status.head = head;
            status.problem.clear();
        });
    }
}

fn database(error: sqlx::Error) -> FeedError {
    FeedError::Store(error.into())
}
