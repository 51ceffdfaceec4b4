//! The parts of the service, put together.

use crate::grpc::Volunteers;
use crate::views::{TABLES, Views};
use anyhow::Context;
use sqlx::PgPool;
use std::sync::Arc;
use xiaoan_directory::{Directory, units_known};
use xiaoan_eventstore::{AppenderOptions, EventStore};
use xiaoan_feed::{LogReader, Publisher, event_log_service};
use xiaoan_kernel::SystemClock;
use xiaoan_privacy::{Kek, Vault};
use xiaoan_projection::{ProjectionHandle, Rebuilder, Replay, Runner, projections_service};
use xiaoan_proto::volunteers::v1::patrol_service_server::PatrolServiceServer;
use xiaoan_proto::volunteers::v1::squadron_service_server::SquadronServiceServer;
use xiaoan_proto::volunteers::v1::volunteer_service_server::VolunteerServiceServer;
use xiaoan_rpc::{LOG_READERS, REBUILDERS, Secret, Server, Start, allow, database_answers, shutdown_signal};

/// Name of this service as a source of events.
pub const SOURCE: &str = "volunteers";

/// Tables of the service's own; applied after those of the store, the vault and the directory.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/volunteers");

/// Brings the database up to date.
///
/// # Errors
/// When a migration fails or was changed after it had been applied.
pub async fn migrate(owner: PgPool) -> anyhow::Result<()> {
    for own in [&xiaoan_privacy::MIGRATIONS, &xiaoan_directory::MIGRATIONS, &MIGRATIONS] {
        xiaoan_eventstore::migrate(&owner, own).await?;
    }
    Ok(())
}

/// Serves until the process is told to stop.
///
/// # Errors
/// When an address is taken, the key cannot be read, the database does not answer or is not migrated, or the server fails.
pub async fn serve(start: Start<()>) -> anyhow::Result<()> {
    let server = Server::new(start.rpc).await?;
    let options = &start.service;
    let kek = Kek::from_either(options.kek.as_ref().map(Secret::expose), options.kek_file.as_deref())?;
    let pool = options.connect(SOURCE).await?;
    let store = EventStore::open(pool.clone(), SOURCE, Arc::new(SystemClock), AppenderOptions::default())
        .await
        .context("cannot open the log of volunteers; is the database migrated?")?;
    let vault = Vault::open(pool.clone(), kek).await?;
    let directory = Directory::load(pool.clone()).await.context("cannot read the directory")?;
    let following = Runner::remote(options.follow(xiaoan_directory::SOURCE)?, pool, Arc::clone(&directory));
    let relay = Publisher::spawn(store.clone(), options.nats()?, SOURCE);
    let parts = Parts { store, directory, following: Some(following), vault };
    let outcome = mount(server, parts).serve(shutdown_signal()).await;
    relay.stop().await;
    outcome
}

/// What is served.
pub struct Parts {
    /// The log.
    pub store: EventStore,
    /// Org units.
    pub directory: Arc<Directory>,
    /// The projection that fills the directory, when one runs.
    pub following: Option<ProjectionHandle>,
    /// Seals persons.
    pub vault: Vault,
}

/// Starts the views and mounts every service: people, squadrons, patrols, the log, the projections.
#[must_use]
pub fn mount(server: Server, parts: Parts) -> Server {
    let Parts { store, directory, following, vault } = parts;
    let pool = store.pool().clone();
    let views = Runner::local(store.clone(), pool.clone(), Arc::new(Views));
    let replay = Arc::new(Replay::new(Arc::new(Views), TABLES));
    let rebuilder = Rebuilder::new(pool.clone(), vec![LogReader::local(store.clone())], replay);
    let handles = std::iter::once(views.clone()).chain(following.clone()).collect();
    let units_known = units_known(Arc::clone(&directory), following);
    let api = Volunteers::new(store.clone(), views, directory, vault);
    server
        .add_service(VolunteerServiceServer::new(api.clone()))
        .add_service(SquadronServiceServer::new(api.clone()))
        .add_service(PatrolServiceServer::new(api))
        .add_service(event_log_service(store, allow(LOG_READERS)))
        .add_service(projections_service(handles, vec![rebuilder], allow(REBUILDERS)))
        .readiness("database", database_answers(pool))
        .readiness("directory", units_known)
}
