//! hq put together: the log, the views that follow it, the relay that publishes it, the server in front.

use crate::grpc::{Hq, Shown};
use crate::views::campaigns::{self, Campaigns};
use crate::views::schemes::{self, Schemes};
use anyhow::Context;
use sqlx::PgPool;
use std::sync::Arc;
use xiaoan_directory::Directory;
use xiaoan_eventstore::{AppenderOptions, EventStore};
use xiaoan_feed::{LogReader, Publisher, event_log_service};
use xiaoan_kernel::{Clock, SystemClock};
use xiaoan_projection::{Projection, ProjectionHandle, Rebuilder, Replay, Runner, projections_service};
use xiaoan_proto::hq::v1::campaign_service_server::CampaignServiceServer;
use xiaoan_proto::hq::v1::org_unit_service_server::OrgUnitServiceServer;
use xiaoan_proto::hq::v1::scheme_service_server::SchemeServiceServer;
use xiaoan_rpc::{LOG_READERS, REBUILDERS, Server, Start, allow, database_answers, shutdown_signal};

/// Serves until the process is told to stop.
///
/// # Errors
/// When an address is taken, the database does not answer or is not migrated, or the server fails.
pub async fn serve(start: Start<()>) -> anyhow::Result<()> {
    let server = Server::new(start.rpc).await?;
    let pool = start.service.connect(crate::SOURCE).await?;
    let parts = Parts::over(pool, Arc::new(SystemClock)).await?;
    let relay = Publisher::spawn(parts.store.clone(), start.service.nats()?, crate::SOURCE);
    let outcome = parts.mount(server).serve(shutdown_signal()).await;
    relay.stop().await;
    outcome
}

/// hq over a database, before a server is put in front.
pub struct Parts {
    store: EventStore,
    api: Hq,
    projections: Vec<ProjectionHandle>,
    rebuilders: Vec<Rebuilder>,
}

impl Parts {
    /// Opens the log and starts the views that follow it.
    ///
    /// # Errors
    /// When the database does not answer or is not migrated.
    pub async fn over(pool: PgPool, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let store = EventStore::open(pool.clone(), crate::SOURCE, clock, AppenderOptions::default())
            .await
            .context("cannot open hq's log; is the database migrated?")?;
        let directory = Directory::load(pool.clone()).await.context("cannot read the directory")?;
        let (campaigns, schemes) = (Arc::new(Campaigns::new(pool.clone())), Arc::new(Schemes::new(pool)));
        let rebuilders = vec![
            rebuilder(&store, directory.rebuild()),
            rebuilder(&store, Replay::new(Arc::clone(&campaigns), campaigns::TABLES)),
            rebuilder(&store, Replay::new(Arc::clone(&schemes), schemes::TABLES)),
        ];
        let (directory, campaigns, schemes) =
            (shown(&store, directory), shown(&store, campaigns), shown(&store, schemes));
        let projections =
            vec![directory.projection.clone(), campaigns.projection.clone(), schemes.projection.clone()];
        let api = Hq::new(store.clone(), directory, campaigns, schemes);
        Ok(Self { store, api, projections, rebuilders })
    }

    /// Mounts all services of hq.
    #[must_use]
    pub fn mount(self, server: Server) -> Server {
        let Self { store, api, projections, rebuilders } = self;
        let pool = store.pool().clone();
        server
            .add_service(OrgUnitServiceServer::new(api.clone()))
            .add_service(CampaignServiceServer::new(api.clone()))
            .add_service(SchemeServiceServer::new(api))
            .add_service(event_log_service(store, allow(LOG_READERS)))
            .add_service(projections_service(projections, rebuilders, allow(REBUILDERS)))
            .readiness("database", database_answers(pool))
    }
}

/// A view with the runner that fills it from hq's own log.
fn shown<P: Projection>(store: &EventStore, view: Arc<P>) -> Shown<P> {
    let projection = Runner::local(store.clone(), store.pool().clone(), Arc::clone(&view));
    Shown { view, projection }
}

fn rebuilder<P: Projection>(store: &EventStore, replay: Replay<P>) -> Rebuilder {
    Rebuilder::new(store.pool().clone(), vec![LogReader::local(store.clone())], Arc::new(replay))
}
