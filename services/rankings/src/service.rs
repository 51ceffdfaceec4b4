//! rankings put together: the projections that follow the sources, the reader over them, gRPC and the web board in front.

use crate::accountability::Accountability;
use crate::decisions::{self, Decisions};
use crate::grpc::rankings_service;
use crate::ledger::{Ledger, LedgerRebuild};
use crate::reader::{Announced, Reader};
use crate::source::Source;
use crate::squadrons::Squadrons;
use crate::web::{self, WebOptions};
use anyhow::Context;
use sqlx::PgPool;
use std::sync::Arc;
use xiaoan_directory::Directory;
use xiaoan_eventstore::{AppenderOptions, EventStore};
use xiaoan_feed::{FeedSource, LogReader};
use xiaoan_kernel::{Clock, SystemClock};
use xiaoan_projection::{ProjectionHandle, Rebuilder, Runner, projections_service};
use xiaoan_rpc::{
    REBUILDERS, Secret, Server, ServiceOptions, Start, allow, database_answers, shutdown_signal,
};

/// Options of rankings' own.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Rankings")]
pub struct OwnOptions {
    /// The web board
    #[command(flatten)]
    pub web: WebOptions,
    /// Database of the source `cases`, for a role that may read its log: a rebuild then reads it there, several times
    /// faster than through the service
    #[arg(long, env = "XIAOAN_CASES_LOG_URL", value_name = "URL", value_parser = secret, hide_env_values = true)]
    pub cases_log_url: Option<Secret>,
}

#[allow(clippy::unnecessary_wraps)] // the shape that clap takes
fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::new(text))
}

/// Serves until the process is told to stop.
///
/// # Errors
/// When an address is taken, a source is not configured, the database does not answer or is not migrated, or a server
/// fails.
pub async fn serve(start: Start<OwnOptions>) -> anyhow::Result<()> {
    let server = Server::new(start.rpc).await?;
    // Lines, sums and their checkpoint are one transaction: what a crash of PostgreSQL takes away is read again from the
    // sources, so no commit waits for the disk.
    let pool = start.service.connect_with(crate::NAME, &[("synchronous_commit", "off")]).await?;
    let logs = Logs::of(&start.service, start.own.cases_log_url.as_ref()).await?;
    let parts = Parts::following(pool, logs, Arc::new(SystemClock)).await?;
    let board = web::serve(parts.reader.clone(), start.own.web, server.draining().cancelled_owned());
    tokio::try_join!(parts.mount(server).serve(shutdown_signal()), board)?;
    Ok(())
}

/// The logs that rankings follows, and how a rebuild reads the ledger's.
pub struct Logs {
    hq: FeedSource,
    /// Those of the sources that are there; a city that has no port is none the worse for it.
    ledger: Vec<(Source, FeedSource)>,
    rebuild: Vec<LogReader>,
}

impl Logs {
    async fn of(options: &ServiceOptions, cases_log: Option<&Secret>) -> anyhow::Result<Self> {
        let hq = options.follow(decisions::SOURCE)?;
        let (mut ledger, mut rebuild) = (Vec::new(), Vec::new());
        for source in Source::ALL {
            // The boards began with cases: a process that does not know where they are is configured wrongly.
            if options.source(source.name()).is_none() && source != Source::Cases {
                tracing::info!(source = source.name(), "this source is not followed: no --source names it");
                continue;
            }
            let log = options.follow(source.name())?;
            rebuild.push(match cases_log.filter(|_| source == Source::Cases) {
                Some(url) => cases_log_reader(url).await?,
                None => LogReader::remote(&log),
            });
            ledger.push((source, log));
        }
        Ok(Self { hq, ledger, rebuild })
    }
}

async fn cases_log_reader(url: &Secret) -> anyhow::Result<LogReader> {
    let name = Source::Cases.name();
    let pool = PgPool::connect(url.expose()).await.context("cannot reach the log of cases")?;
    let store = EventStore::open(pool, name, Arc::new(SystemClock), AppenderOptions::default()).await;
    Ok(LogReader::local(store.context("cannot read the log of cases")?))
}

/// rankings over a database, before a server is put in front.
pub struct Parts {
    /// Reads the boards.
    pub reader: Reader,
    pool: PgPool,
    projections: Vec<ProjectionHandle>,
    rebuilders: Vec<Rebuilder>,
}

impl Parts {
    /// Opens the ledger and starts the projections that follow the sources.
    ///
    /// # Errors
    /// When the database does not answer or is not migrated.
    pub async fn following(pool: PgPool, logs: Logs, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let ledger =
            Ledger::open(&pool).await.context("cannot open the ledger; is the database migrated?")?;
        let directory = Directory::load(pool.clone()).await.context("cannot read the directory")?;
        let reader = Reader::new(pool.clone(), Arc::clone(&directory), clock);
        let bell = reader.bell();
        reader.read_logs([logs.rebuild.as_slice(), &[LogReader::remote(&logs.hq)]].concat());
        let mut projections = vec![
            Runner::remote(logs.hq.clone(), pool.clone(), Announced::new(directory, bell.clone())),
            Runner::remote(logs.hq.clone(), pool.clone(), Announced::new(Decisions::new(), bell.clone())),
            Runner::remote(
                logs.hq.clone(),
                pool.clone(),
                Announced::new(Accountability::new(), bell.clone()),
            ),
        ];
        // A runner per source: one that is down or has stopped leaves the others alone.
        for (source, log) in logs.ledger {
            if source == Source::Volunteers {
                let squadrons = Announced::new(Squadrons::new(), bell.clone());
                projections.push(Runner::remote(log.clone(), pool.clone(), squadrons));
            }
            let lines = Announced::new(Arc::clone(&ledger), bell.clone());
            projections.push(Runner::remote(log, pool.clone(), lines));
        }
        reader.follow(projections.clone());
        let rebuilders = vec![
            Rebuilder::new(pool.clone(), logs.rebuild, LedgerRebuild::new(pool.clone())),
            Rebuilder::new(pool.clone(), vec![LogReader::remote(&logs.hq)], Arc::new(Decisions::rebuild())),
            Rebuilder::new(
                pool.clone(),
                vec![LogReader::remote(&logs.hq)],
                Arc::new(Accountability::rebuild()),
            ),
        ];
        Ok(Self { reader, pool, projections, rebuilders })
    }

    /// Mounts all services of rankings. A projection that has stopped makes the board say so, not the service unready:
    /// what was applied can still be read.
    #[must_use]
    pub fn mount(&self, server: Server) -> Server {
        server
            .add_service(rankings_service(self.reader.clone(), self.pool.clone()))
            .add_service(projections_service(
                self.projections.clone(),
                self.rebuilders.clone(),
                allow(REBUILDERS),
            ))
            .readiness("database", database_answers(self.pool.clone()))
    }
}
