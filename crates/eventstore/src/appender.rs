//! The appender: one task per process that turns concurrent commands into transactions (group commit).
//!
//! | step | what |
//! |---|---|
//! | 1 | take whatever waits; never wait for more: the next batch gathers by itself while this one commits |
//! | 2 | leave out what touches a stream or a request id of the batch, it goes next |
//! | 3 | one call of `eventstore.append`: lock, check, insert, commit, in one round trip on a connection of its own |
//! | 4 | answer each caller alone, wake whoever follows the head |
//!
//! When the batch fails as a whole:
//! - something in it is at fault (a data error): each command again, alone, so that only the guilty one fails;
//! - the server is at fault (locks, time-outs, no space): everybody gets the error, nothing was recorded;
//! - the connection was lost: the outcome is unknown. Commands with a request id are tried once more on a new connection,
//!   which is safe because they are remembered in the transaction that records them. The rest, and everybody the second
//!   time, hear [`StoreError::Unavailable`] and may come again with the same request id.

use crate::batch::{self, Told};
use crate::command::Command;
use crate::error::Failure;
use crate::metrics::Metrics;
use crate::queue::{Job, next_batch};
use crate::recent::Recent;
use crate::{AppendError, StoreError};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use xiaoan_kernel::{Clock, whole_micros};

/// Bounds of the appender.
#[derive(Debug, Clone)]
pub struct AppenderOptions {
    /// Commands in the house at most, waiting or being written; more are refused as overloaded.
    pub queue: usize,
    /// Bytes of those commands at most.
    pub queue_bytes: usize,
    /// Commands in one transaction at most.
    pub batch: usize,
    /// Bytes in one transaction at most (a single larger command still goes, alone).
    pub batch_bytes: usize,
    /// How long one transaction, or a new connection, may take before its connection is given up.
    pub patience: Duration,
    /// How often the head is looked up for other processes' appends while somebody watches it.
    pub poll: Duration,
}

impl Default for AppenderOptions {
    fn default() -> Self {
        Self {
            queue: 4_096,
            queue_bytes: 64 << 20,
            batch: 512,
            batch_bytes: 8 << 20,
            patience: Duration::from_secs(30),
            poll: Duration::from_millis(100),
        }
    }
}

/// Pause after a connection could not be made, so that a database that is down is not hammered.
const PAUSE: Duration = Duration::from_millis(100);

/// How often the appender steps back at most before a batch.
const YIELDS: usize = 8;

/// The appending task.
pub(crate) struct Appender {
    pub jobs: mpsc::UnboundedReceiver<Job>,
    pub database: PgConnectOptions,
    pub connection: Option<PgConnection>,
    pub clock: Arc<dyn Clock>,
    pub options: AppenderOptions,
    pub head: watch::Sender<i64>,
    pub recent: Arc<Recent>,
    pub source: String,
    pub metrics: Arc<Metrics>,
}

/// What became of a batch.
enum Written {
    /// Everybody was answered.
    Answered,
    /// These are to be written again, each alone.
    Singly(Vec<Job>),
    /// These are to be written again, together, on a new connection.
    Again(Vec<Job>),
}

impl Appender {
    /// Runs until the last entrance is dropped and everything that waited is answered.
    pub async fn run(mut self) {
        let mut waiting = VecDeque::new();
        let mut crowded = false;
        loop {
            if waiting.is_empty() {
                let Some(job) = self.jobs.recv().await else { break };
                waiting.push_back(job);
            }
            self.take_in(&mut waiting);
            if crowded || waiting.len() > 1 {
                self.gather(&mut waiting).await;
            }
            let batch = next_batch(&mut waiting, &self.options);
            crowded = batch.len() > 1;
            if !batch.is_empty() {
                self.metrics.batch(batch.len(), waiting.len());
                self.write(batch).await;
            }
        }
        if let Some(connection) = self.connection {
            // The server notices a closed socket as well; this only spares its log a line.
            let _ = timeout(PAUSE, connection.close()).await;
        }
    }

    /// Takes in whoever has come.
    fn take_in(&mut self, waiting: &mut VecDeque<Job>) {
        while let Ok(job) = self.jobs.try_recv() {
            waiting.push_back(job);
        }
    }

    /// Takes in those as well who were answered a moment ago and are about to come again: steps back behind every task that is
    /// ready to run, as long as that brings somebody. No timer, so nobody waits for nobody; without it, half of the callers
    /// would always stand in the batch after this one.
    async fn gather(&mut self, waiting: &mut VecDeque<Job>) {
        for _ in 0..YIELDS {
            tokio::task::yield_now().await;
            let before = waiting.len();
            self.take_in(waiting);
            if waiting.len() == before || waiting.len() >= self.options.batch {
                break;
            }
        }
    }

    async fn write(&mut self, batch: Vec<Job>) {
        match self.attempt(batch).await {
            Written::Answered => {}
            Written::Singly(jobs) => {
                for job in jobs {
                    if let Written::Again(again) = self.attempt(vec![job]).await {
                        self.attempt(again).await;
                    }
                }
            }
            Written::Again(jobs) => {
                if let Written::Singly(jobs) = self.attempt(jobs).await {
                    for job in jobs {
                        self.attempt(vec![job]).await;
                    }
                }
            }
        }
    }

    #[tracing::instrument(level = "debug", name = "append_batch", skip_all, fields(commands = batch.len()))]
    async fn attempt(&mut self, batch: Vec<Job>) -> Written {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => match timeout(self.options.patience, connect(&self.database)).await {
                Ok(Ok(connection)) => none.insert(connection),
                failed => {
                    self.metrics.failure();
                    let error =
                        Arc::new(failed.map_or_else(|_| timed_out(), |e| e.err().unwrap_or_else(timed_out)));
                    tracing::warn!(%error, "appender cannot connect");
                    fail(batch, &StoreError::Unavailable(error));
                    tokio::time::sleep(PAUSE).await;
                    return Written::Answered;
                }
            },
        };
        let now = whole_micros(self.clock.now());
        let commands: Vec<&Command> = batch.iter().map(|job| &job.command).collect();
        let written = timeout(self.options.patience, batch::write(connection, now, &commands)).await;
        let error = match written {
            Ok(Ok(told)) => {
                self.answer(batch, told);
                return Written::Answered;
            }
            Ok(Err(error)) => error,
            Err(_) => timed_out(),
        };
        self.metrics.failure();
        match Failure::of(&error) {
            Failure::Data if batch.len() > 1 => {
                tracing::warn!(%error, commands = batch.len(), "batch refused, writing its commands one by one");
                Written::Singly(batch)
            }
            Failure::Data | Failure::Other => {
                tracing::error!(%error, commands = batch.len(), "append failed");
                fail(batch, &StoreError::Database(Arc::new(error)));
                Written::Answered
            }
            Failure::Lost => {
                // Dropped without a farewell: whatever it still does on the server ends with its statement.
                self.connection = None;
                tracing::warn!(%error, commands = batch.len(), "appender lost its connection");
                let (mut again, lost): (Vec<_>, Vec<_>) =
                    batch.into_iter().partition(|job| job.command.append.request.is_some() && !job.tried);
                again.iter_mut().for_each(|job| job.tried = true);
                fail(lost, &StoreError::Unavailable(Arc::new(error)));
                if again.is_empty() { Written::Answered } else { Written::Again(again) }
            }
        }
    }

    fn answer(&self, mut batch: Vec<Job>, told: Vec<Told>) {
        let (mut head, mut events) = (0, 0);
        // First of all, so that whoever is woken finds it there.
        self.recent.keep(&self.source, &mut batch, &told);
        for (job, Told { answer, .. }) in batch.into_iter().zip(told) {
            match &answer {
                Ok(appended) if !appended.replayed => {
                    head = head.max(appended.last_position);
                    events += appended.last_position + 1 - appended.first_position;
                }
                Err(AppendError::Conflict { .. }) => self.metrics.conflict(),
                _ => {}
            }
            self.metrics.answered(job.since.elapsed());
            // A caller who has gone finds the outcome by its request id.
            let _ = job.reply.send(answer);
        }
        if events > 0 {
            self.metrics.events(events.unsigned_abs());
            advance(&self.head, head, &self.metrics);
        }
    }
}

/// Moves the head forward, never back.
pub(crate) fn advance(head: &watch::Sender<i64>, position: i64, metrics: &Metrics) {
    let moved = head.send_if_modified(|known| {
        let newer = position > *known;
        if newer {
            *known = position;
        }
        newer
    });
    if moved {
        metrics.head(position);
    }
}

/// Settings of the appending connection.
///
/// The append lock is held for milliseconds; waiting longer means that its holder hangs, and then it is better to say so than
/// to hang too. The function's lookups must be index lookups whatever the statistics of a young table say, and its cached
/// plans must not be thought over again. (A disabled scan "costs" so much that it would call the JIT compiler.)
const SETTINGS: &str = "
    SET lock_timeout = '10s';
    SET statement_timeout = '20s';
    SET default_transaction_isolation = 'read committed';
    SET enable_seqscan = off;
    SET enable_hashjoin = off;
    SET enable_mergejoin = off;
    SET plan_cache_mode = force_generic_plan;
    SET jit = off;";

/// A connection for appending.
pub(crate) async fn connect(database: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let mut connection = PgConnection::connect_with(database).await?;
    sqlx::raw_sql(SETTINGS).execute(&mut connection).await?;
    let (fsync, commit): (String, String) =
        sqlx::query_as("SELECT current_setting('fsync'), current_setting('synchronous_commit')")
            .fetch_one(&mut connection)
            .await?;
    if fsync == "off" || commit == "off" {
        tracing::warn!(fsync, synchronous_commit = commit, "commits are not durable with these settings");
    }
    Ok(connection)
}

fn fail(batch: Vec<Job>, error: &StoreError) {
    for job in batch {
        let _ = job.reply.send(Err(AppendError::Store(error.clone())));
    }
}

fn timed_out() -> sqlx::Error {
    sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())
}
