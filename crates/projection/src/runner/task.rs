//! The loop of a runner.

use super::apply::{Applied, Failed, apply};
use super::{Origin, RunnerOptions};
use crate::metrics::{metrics, of};
use crate::track::Track;
use crate::{Projection, checkpoint};
use sqlx::PgPool;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use xiaoan_eventstore::{ChainHead, RecordedEvent};
use xiaoan_feed::{Heard, Link, LogReader};

/// How often lag is measured while nothing happens.
const MEASURE: Duration = Duration::from_secs(1);

pub(super) struct Task<P> {
    pub(super) origin: Origin,
    pub(super) pool: PgPool,
    pub(super) projection: Arc<P>,
    pub(super) options: RunnerOptions,
    pub(super) track: Arc<Track>,
}

/// Why the inner loop ended.
enum Ended {
    /// The checkpoint was moved by somebody: begin again from it.
    Moved,
    /// Until somebody resumes it.
    Stopped(String),
}

impl<P: Projection> Task<P> {
    pub(super) async fn run(self) {
        let reader = self.origin.reader();
        loop {
            let head = self.checkpoint().await;
            self.projection.begin_at(head.position).await;
            self.track.reached(head);
            let follower = self.origin.follow(head, &self.options.follow);
            let heard = follower.heard();
            let ended = tokio::select! {
                ended = self.follow(follower) => ended,
                () = self.measure(heard, &reader) => continue,
            };
            if let Ended::Stopped(problem) = ended {
                tracing::error!(
                    projection = self.track.projection,
                    source = self.track.source,
                    position = self.track.progress.borrow().head.position + 1,
                    problem,
                    "projection stopped"
                );
                self.track.progress.send_modify(|progress| {
                    progress.stopped = true;
                    progress.problem = problem;
                });
                self.track.record();
                self.while_stopped(&reader).await;
                self.track.progress.send_modify(|progress| progress.stopped = false);
            }
        }
    }

    /// Where to begin; asks until the database answers.
    async fn checkpoint(&self) -> ChainHead {
        let mut pause = Pause::new(&self.options);
        loop {
            let found = async {
                let mut connection = self.pool.acquire().await?;
                checkpoint::find(&mut connection, &self.track.projection, &self.track.source).await
            };
            match found.await {
                Ok(head) => return head,
                Err(error) => self.trouble(&error, &mut pause).await,
            }
        }
    }

    async fn follow(&self, mut follower: xiaoan_feed::Follower) -> Ended {
        loop {
            let batch = match follower.next_batch().await {
                Some(Ok(batch)) => batch,
                Some(Err(error)) => return Ended::Stopped(error.to_string()),
                // A follower ends after an error only, or because the runtime does.
                None => return Ended::Moved,
            };
            let recorded_at = batch.first().and_then(|event| event.recorded_at.as_ref());
            let recorded_at = recorded_at.and_then(xiaoan_proto::instant);
            // Nobody is woken by it: the age is computed when it is asked for.
            self.track.progress.send_if_modified(|progress| {
                progress.next_recorded_at = recorded_at;
                false
            });
            if let Some(ended) = self.take(&batch).await {
                return ended;
            }
        }
    }

    /// Applies a batch, however long the database is away.
    async fn take(&self, batch: &[RecordedEvent]) -> Option<Ended> {
        let mut pause = Pause::new(&self.options);
        let mut rest = batch;
        // How many events at a time; one while a refused event is being looked for.
        let mut size = batch.len();
        while !rest.is_empty() {
            let (part, later) = rest.split_at(size.min(rest.len()));
            match self.try_once(part).await {
                Ok(Applied::Done(head)) => {
                    self.projection.committed(part);
                    self.track.reached(head);
                    rest = later;
                }
                Ok(Applied::Elsewhere) => return Some(Ended::Moved),
                Ok(Applied::Contradicted(position)) => {
                    let problem = format!("checkpoint {position} stands on another event than the source's");
                    return Some(Ended::Stopped(problem));
                }
                Err(Failed::Poison { position, reason }) => {
                    let before = part.iter().take_while(|event| event.position < position).count();
                    if before == 0 || before == part.len() {
                        return Some(Ended::Stopped(poisoned(position, &reason)));
                    }
                    // What stands before the poison is good.
                    size = before;
                }
                Err(Failed::Refused(reason)) if part.len() == 1 => {
                    return Some(Ended::Stopped(poisoned(part[0].position, &reason)));
                }
                Err(Failed::Refused(_)) => size = 1,
                Err(Failed::Database(error)) => {
                    metrics().retries.add(1, &of(&self.track.projection, &self.track.source));
                    self.trouble(&error, &mut pause).await;
                }
            }
        }
        None
    }

    async fn try_once(&self, part: &[RecordedEvent]) -> Result<Applied, Failed> {
        let wait = self.options.wait_for_disk;
        apply(&self.pool, &*self.projection, &self.track.source, wait, part).await
    }

    async fn trouble(&self, error: &sqlx::Error, pause: &mut Pause) {
        if pause.tries.is_power_of_two() {
            tracing::warn!(
                projection = self.track.projection,
                source = self.track.source,
                %error,
                tries = pause.tries,
                "projection cannot reach its database"
            );
        }
        self.track.problem(&format!("database: {error}"));
        pause.wait().await;
    }

    /// Keeps what is known of the source's head, and with it the lag, up to date. Never ends.
    async fn measure(&self, mut heard: watch::Receiver<Heard>, reader: &LogReader) {
        let mut ticks = tokio::time::interval(MEASURE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut talks = true;
        loop {
            let Heard { head, link, .. } = *heard.borrow_and_update();
            self.track.heard(head, link);
            tokio::select! {
                changed = heard.changed(), if talks => talks = changed.is_ok(),
                _ = ticks.tick() => {
                    self.look_up_age(reader).await;
                    self.track.record();
                }
            }
        }
    }

    /// The age of an event that has not even arrived is asked for at the source.
    async fn look_up_age(&self, reader: &LogReader) {
        let progress = self.track.progress.borrow().clone();
        let next = progress.head.position + 1;
        if next > progress.source_head || progress.next_recorded_at.is_some() {
            return;
        }
        let Ok(Ok(events)) = tokio::time::timeout(MEASURE, reader.read(next, 1)).await else { return };
        let recorded_at = events.first().and_then(|event| event.recorded_at.as_ref());
        let recorded_at = recorded_at.and_then(xiaoan_proto::instant);
        self.track.progress.send_if_modified(|progress| {
            if progress.head.position + 1 == next && progress.next_recorded_at.is_none() {
                progress.next_recorded_at = recorded_at;
            }
            false
        });
    }

    /// A stopped projection still tells how far behind it is.
    async fn while_stopped(&self, reader: &LogReader) {
        let measuring = async {
            loop {
                tokio::time::sleep(MEASURE).await;
                if let Ok(head) = reader.head().await {
                    self.track.heard(head.position, Link::Polling);
                }
                self.look_up_age(reader).await;
                self.track.record();
            }
        };
        tokio::select! {
            () = measuring => {}
            () = self.track.resume.notified() => {}
        }
    }
}

fn poisoned(position: i64, reason: &str) -> String {
    format!("poison event at position {position}: {reason}")
}

/// Pauses that grow.
struct Pause {
    tries: u32,
    longest: Duration,
}

impl Pause {
    fn new(options: &RunnerOptions) -> Self {
        Self { tries: 1, longest: options.longest_pause }
    }
    async fn wait(&mut self) {
        let pause = Duration::from_millis(20 << self.tries.min(10));
        tokio::time::sleep(pause.min(self.longest)).await;
        self.tries += 1;
    }
}
