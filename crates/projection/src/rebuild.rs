//! Builds a projection anew beside its live tables, and swaps.
//!
//! | step | the driver | the projection's owner ([`Rebuild`]) |
//! |---|---|---|
//! | 1 | makes sure that it is the only rebuild of this projection, over all processes | `prepare`: empty tables beside the live ones |
//! | 2 | reads every source to its head, checks the chain, one batch being read while another is filled in | `apply` |
//! | 3 | | `settle`: indexes, sums |
//! | 4 | reads what the live projection has applied meanwhile | `apply` |
//! | 5 | locks the checkpoints, so that nobody applies; reads the last few events; sets the checkpoints | `apply`, `swap` in that transaction |
//!
//! The live tables serve all the time. Both digests are of the same position, unless the live projection had stopped.

use crate::{ApplyError, checkpoint};
use futures::StreamExt;
use futures::future::BoxFuture;
use sqlx::{Connection, PgConnection, PgPool};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use xiaoan_eventstore::chain::{self, BrokenChain};
use xiaoan_eventstore::{ChainHead, RecordedEvent};
use xiaoan_feed::{FeedError, LogReader};

/// Batches read ahead of the one being filled in.
const AHEAD: usize = 4;
/// So few events are read under the lock without a second thought.
const FEW: i64 = 1_000;
/// How long the live projection may take to come to where the rebuild is, so that the digests can be compared.
const PATIENCE: Duration = Duration::from_secs(5);

/// Digests of the content before and after a swap (hex SHA-256 or empty), at the same positions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Digests {
    /// Of the rebuilt tables.
    pub rebuilt: String,
    /// Of the tables they replaced.
    pub replaced: String,
}

/// How far a rebuild has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RebuildProgress {
    /// Events applied, over all sources.
    pub events: i64,
    /// Events to apply, over all sources.
    pub total: i64,
    /// Set in the last one, after the swap.
    pub digests: Option<Digests>,
}

/// Why a rebuild did not come through. The live tables are untouched.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// One is running, here or in another process.
    #[error("projection {0} is being rebuilt already")]
    Busy(String),
    /// A source cannot be read, or its chain is broken.
    #[error(transparent)]
    Source(#[from] FeedError),
    /// An event cannot be applied, or the database refused it.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// The database failed.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The projection's owner failed; says in which step.
    #[error("{step}: {cause:#}")]
    Owner {
        /// Step.
        step: &'static str,
        /// What it said.
        cause: anyhow::Error,
    },
}

/// What a projection's owner knows about building it beside its live tables. The driver ([`Rebuilder`]) reads the
/// sources, verifies their chains, moves the checkpoints and swaps under their lock.
pub trait Rebuild: Send + Sync + 'static {
    /// Name of the projection, as in [`crate::Projection::name`].
    fn name(&self) -> &str;
    /// Makes the tables beside the live ones, empty; drops what an earlier attempt left.
    fn prepare(&self) -> impl Future<Output = anyhow::Result<()>> + Send;
    /// Fills in a batch of consecutive events of a source (own transaction, own connection; COPY suits).
    fn apply(
        &self,
        source: &str,
        batch: &[RecordedEvent],
    ) -> impl Future<Output = Result<(), ApplyError>> + Send;
    /// All events of the first long read are in: build indexes and sums. More batches may follow.
    fn settle(&self) -> impl Future<Output = anyhow::Result<()>> + Send {
        async { Ok(()) }
    }
    /// Puts the rebuilt tables in the place of the live ones, in the transaction that holds the checkpoints' lock
    /// and sets them; nobody applies meanwhile.
    fn swap(&self, tx: &mut PgConnection) -> impl Future<Output = anyhow::Result<Digests>> + Send;
    /// After the commit of the swap: refresh what is kept in memory.
    fn swapped(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
    /// The rebuild failed: drop what was made. The live tables were never touched.
    fn abandon(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// [`Rebuild`] behind a pointer.
trait Owner: Send + Sync {
    fn prepare(&self) -> BoxFuture<'_, anyhow::Result<()>>;
    fn apply<'a>(
        &'a self,
        source: &'a str,
        batch: &'a [RecordedEvent],
    ) -> BoxFuture<'a, Result<(), ApplyError>>;
    fn settle(&self) -> BoxFuture<'_, anyhow::Result<()>>;
    fn swap<'a>(&'a self, tx: &'a mut PgConnection) -> BoxFuture<'a, anyhow::Result<Digests>>;
    fn swapped(&self) -> BoxFuture<'_, ()>;
    fn abandon(&self) -> BoxFuture<'_, ()>;
}

impl<R: Rebuild> Owner for R {
    fn prepare(&self) -> BoxFuture<'_, anyhow::Result<()>> {
        Box::pin(Rebuild::prepare(self))
    }
    fn apply<'a>(
        &'a self,
        source: &'a str,
        batch: &'a [RecordedEvent],
    ) -> BoxFuture<'a, Result<(), ApplyError>> {
        Box::pin(Rebuild::apply(self, source, batch))
    }
    fn settle(&self) -> BoxFuture<'_, anyhow::Result<()>> {
        Box::pin(Rebuild::settle(self))
    }
    fn swap<'a>(&'a self, tx: &'a mut PgConnection) -> BoxFuture<'a, anyhow::Result<Digests>> {
        Box::pin(Rebuild::swap(self, tx))
    }
    fn swapped(&self) -> BoxFuture<'_, ()> {
        Box::pin(Rebuild::swapped(self))
    }
    fn abandon(&self) -> BoxFuture<'_, ()> {
        Box::pin(Rebuild::abandon(self))
    }
}

/// Drives the rebuild of one projection from its sources. Cheap to clone.
#[derive(Clone)]
pub struct Rebuilder {
    name: String,
    pool: PgPool,
    sources: Vec<LogReader>,
    owner: Arc<dyn Owner>,
}

impl std::fmt::Debug for Rebuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rebuilder").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A rebuild that has its turn: nobody else may begin one until it is dropped.
#[derive(Debug)]
pub struct Turn<'a> {
    rebuilder: &'a Rebuilder,
    /// Holds the advisory lock, which ends with it.
    lock: PgConnection,
}

/// How far one source is in.
struct Source<'a> {
    reader: &'a LogReader,
    head: ChainHead,
}

impl Rebuilder {
    /// A driver over the projection's database; `sources` are read through their `EventLog`, or directly from a store.
    #[must_use]
    pub fn new<R: Rebuild>(pool: PgPool, mut sources: Vec<LogReader>, rebuild: Arc<R>) -> Self {
        // Checkpoints are locked in this order by every process.
        sources.sort_by(|a, b| a.source().cmp(b.source()));
        Self { name: rebuild.name().to_owned(), pool, sources, owner: rebuild }
    }

    /// Name of the projection.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Takes the turn.
    ///
    /// # Errors
    /// [`RebuildError::Busy`] while another rebuild of this projection is running anywhere.
    pub async fn begin(&self) -> Result<Turn<'_>, RebuildError> {
        let mut lock = self.pool.acquire().await?.detach();
        let free: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock(hashtextextended($1, 0))")
            .bind(format!("xiaoan-rebuild {}", self.name))
            .fetch_one(&mut lock)
            .await?;
        if free { Ok(Turn { rebuilder: self, lock }) } else { Err(RebuildError::Busy(self.name.clone())) }
    }

    /// Takes the turn and runs to the end; `progress` is told how far it has come.
    ///
    /// # Errors
    /// See [`RebuildError`].
    pub async fn run(&self, progress: &watch::Sender<RebuildProgress>) -> Result<Digests, RebuildError> {
        self.begin().await?.run(progress).await
    }
}

impl Turn<'_> {
    /// Runs to the end.
    ///
    /// # Errors
    /// See [`RebuildError`].
    pub async fn run(self, progress: &watch::Sender<RebuildProgress>) -> Result<Digests, RebuildError> {
        let started = Instant::now();
        let rebuilder = self.rebuilder;
        let built = rebuilder.build(progress).await;
        match &built {
            Ok(digests) => {
                let events = progress.borrow().events;
                let seconds = started.elapsed().as_secs_f64();
                tracing::info!(projection = rebuilder.name, events, seconds, ?digests, "projection rebuilt");
                rebuilder.owner.swapped().await;
                progress.send_modify(|progress| progress.digests = Some(digests.clone()));
            }
            Err(error) => {
                tracing::error!(projection = rebuilder.name, %error, "rebuild abandoned");
                rebuilder.owner.abandon().await;
            }
        }
        let _ = self.lock.close().await;
        built
    }
}

impl Rebuilder {
    async fn build(&self, progress: &watch::Sender<RebuildProgress>) -> Result<Digests, RebuildError> {
        let mut targets = Vec::new();
        for reader in &self.sources {
            targets.push(reader.head().await?.position);
        }
        progress.send_modify(|p| *p = RebuildProgress { total: targets.iter().sum(), ..Default::default() });
        self.owner.prepare().await.map_err(|cause| RebuildError::Owner { step: "prepare", cause })?;
        let mut sources: Vec<_> =
            self.sources.iter().map(|reader| Source { reader, head: ChainHead::EMPTY }).collect();
        for (source, target) in sources.iter_mut().zip(targets) {
            self.read_to(source, target, progress).await?;
        }
        self.owner.settle().await.map_err(|cause| RebuildError::Owner { step: "settle", cause })?;
        self.meet_the_live_one(&mut sources, progress).await?;
        self.swap(sources, progress).await
    }

    /// Reads on until the live projection is only a few events ahead; waits a little when it is behind.
    async fn meet_the_live_one(
        &self,
        sources: &mut [Source<'_>],
        progress: &watch::Sender<RebuildProgress>,
    ) -> Result<(), RebuildError> {
        for source in sources {
            let patient = Instant::now();
            loop {
                let mut connection = self.pool.acquire().await?;
                let live =
                    checkpoint::find(&mut connection, &self.name, source.reader.source()).await?.position;
                drop(connection);
                let ahead = live - source.head.position;
                if ahead > FEW {
                    self.read_to(source, live, progress).await?;
                } else if ahead >= 0 || patient.elapsed() > PATIENCE {
                    break;
                } else {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
        Ok(())
    }

    async fn swap(
        &self,
        mut sources: Vec<Source<'_>>,
        progress: &watch::Sender<RebuildProgress>,
    ) -> Result<Digests, RebuildError> {
        let mut tx = self.pool.begin().await?;
        for source in &mut sources {
            let live = checkpoint::lock_in_tx(&mut tx, &self.name, source.reader.source()).await?;
            self.read_to(source, live.position, progress).await?;
            checkpoint::move_in_tx(&mut tx, &self.name, source.reader.source(), &source.head).await?;
        }
        let swapped = self.owner.swap(&mut tx).await;
        let digests = swapped.map_err(|cause| RebuildError::Owner { step: "swap", cause })?;
        tx.commit().await?;
        Ok(digests)
    }

    /// Fills in the events behind the source's head up to a position.
    async fn read_to(
        &self,
        source: &mut Source<'_>,
        target: i64,
        progress: &watch::Sender<RebuildProgress>,
    ) -> Result<(), RebuildError> {
        while source.head.position < target {
            let before = source.head.position;
            let mut batches = read_ahead(source.reader.clone(), source.head, target);
            let mut failed = None;
            while let Some(batch) = batches.recv().await {
                let (batch, head) = match batch {
                    Ok(read) => read,
                    Err(error) => {
                        failed = Some(error);
                        break;
                    }
                };
                self.owner.apply(source.reader.source(), &batch).await?;
                source.head = head;
                progress.send_modify(|progress| {
                    progress.events += batch.len() as i64;
                    progress.total = progress.total.max(progress.events);
                });
            }
            match failed {
                Some(error @ FeedError::BrokenChain { .. }) => return Err(error.into()),
                // A server may end a long answer; one that brought something is asked for the rest.
                Some(error) if source.head.position == before => return Err(error.into()),
                Some(_) => {}
                None if source.head.position == before => {
                    let source_name = source.reader.source().to_owned();
                    let reason = format!("ends at {before} instead of {target}");
                    return Err(FeedError::EventLog { source_name, reason }.into());
                }
                None => {}
            }
        }
        Ok(())
    }
}

type Read = Result<(Vec<RecordedEvent>, ChainHead), FeedError>;

/// Reads and verifies in a task of its own; each batch comes with the head behind it.
fn read_ahead(reader: LogReader, mut head: ChainHead, target: i64) -> mpsc::Receiver<Read> {
    let (read, receiver) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        let mut batches = reader.batches(head.position + 1, target - head.position);
        while let Some(batch) = batches.next().await {
            let verified = batch.and_then(|batch| match verify(&mut head, &batch) {
                Ok(()) => Ok((batch, head)),
                Err(broken) => {
                    Err(FeedError::BrokenChain { source_name: reader.source().to_owned(), broken })
                }
            });
            let last = verified.is_err();
            if read.send(verified).await.is_err() || last {
                return;
            }
        }
    });
    receiver
}

fn verify(head: &mut ChainHead, batch: &[RecordedEvent]) -> Result<(), BrokenChain> {
    for event in batch {
        *head = chain::verify(head, event)?;
    }
    Ok(())
}
