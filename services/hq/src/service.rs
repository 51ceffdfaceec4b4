//! hq put together: the log, the views that follow it, the relay that publishes it, the server in front.

use crate::grpc::{Hq, Shown};
use crate::views::campaigns::Campaigns;
use crate::views::schemes::Schemes;
use anyhow::Context;
use sqlx::PgPool;
use std::sync::Arc;
use xiaoan_directory::Directory;
use xiaoan_eventstore::{AppenderOptions, EventStore};
use xiaoan_feed::{Publisher, event_log_service};
use xiaoan_kernel::{Clock, SystemClock};
use xiaoan_projection::{Projection, ProjectionHandle, Runner, projections_service};
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
        let directory = follow(&store, Arc::clone(&directory), directory);
        let campaigns = Campaigns::new(pool.clone());
        let campaigns = follow(&store, Arc::new(campaigns.clone()), campaigns);
        let schemes = Schemes::new(pool);
        let schemes = follow(&store, Arc::new(schemes.clone()), schemes);
        let projections =
            vec![directory.projection.clone(), campaigns.projection.clone(), schemes.projection.clone()];
        let api = Hq::new(store.clone(), directory, campaigns, schemes);
        Ok(Self { store, api, projections })
    }

    /// Mounts all services of hq.
    #[must_use]
    pub fn mount(&self, server: Server) -> Server {
        server
            .add_service(OrgUnitServiceServer::new(self.api.clone()))
            .add_service(CampaignServiceServer::new(self.api.clone()))
            .add_service(SchemeServiceServer::new(self.api.clone()))
            .add_service(event_log_service(self.store.clone(), allow(LOG_READERS)))
            .add_service(projections_service(self.projections.clone(), Vec::new(), allow(REBUILDERS)))
            .readiness("database", database_answers(self.store.pool().clone()))
    }
}

/// A view with the projection that fills it from hq's own log.
fn follow<P: Projection, V>(store: &EventStore, projection: Arc<P>, view: V) -> Shown<V> {
    Shown { view, projection: Runner::local(store.clone(), store.pool().clone(), projection) }
}
