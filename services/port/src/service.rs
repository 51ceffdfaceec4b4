//! The parts of the service, put together.

use crate::config::PortOptions;
use crate::grpc::Port;
use crate::track::Bases;
use crate::views::{Views, ViewsRebuild};
use anyhow::Context;
use sqlx::PgPool;
use std::sync::Arc;
use xiaoan_directory::{Directory, units_known};
use xiaoan_eventstore::{AppenderOptions, EventStore};
use xiaoan_feed::{LogReader, Publisher, event_log_service};
use xiaoan_kernel::SystemClock;
use xiaoan_privacy::{Kek, Vault};
use xiaoan_projection::{ProjectionHandle, Rebuilder, Runner, projections_service};
use xiaoan_proto::port::v1::accident_service_server::AccidentServiceServer;
use xiaoan_proto::port::v1::freight_traffic_service_server::FreightTrafficServiceServer;
use xiaoan_proto::port::v1::guard_service_server::GuardServiceServer;
use xiaoan_proto::port::v1::incident_service_server::IncidentServiceServer;
use xiaoan_proto::port::v1::intake_service_server::IntakeServiceServer;
use xiaoan_rpc::{LOG_READERS, REBUILDERS, Secret, Server, Start, allow, database_answers, shutdown_signal};

/// Name of this service as a source of events.
pub const SOURCE: &str = "port";

/// Tables of port's own; applied after those of the store, the vault and the directory.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/port");

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
/// When an address is taken, the legal bases or the key cannot be read, the database does not answer or is not migrated,
/// or the server fails.
pub async fn serve(start: Start<PortOptions>) -> anyhow::Result<()> {
    let server = Server::new(start.rpc).await?;
    let bases = start.own.bases()?;
    let options = &start.service;
    let kek = Kek::from_either(options.kek.as_ref().map(Secret::expose), options.kek_file.as_deref())?;
    let pool = options.connect(SOURCE).await?;
    let store = EventStore::open(pool.clone(), SOURCE, Arc::new(SystemClock), AppenderOptions::default())
        .await
        .context("cannot open the log of port; is the database migrated?")?;
    let vault = Vault::open(pool.clone(), kek).await?;
    let directory = Directory::load(pool.clone()).await.context("cannot read the directory")?;
    let following = Runner::remote(options.follow(xiaoan_directory::SOURCE)?, pool, Arc::clone(&directory));
    let relay = Publisher::spawn(store.clone(), options.nats()?, SOURCE);
    let parts = Parts { store, directory, following: Some(following), bases, vault };
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
    /// Articles behind the track of an accident.
    pub bases: Bases,
    /// Seals persons.
    pub vault: Vault,
}

/// Starts the views and mounts every service: incidents, accidents, guards, freight traffic, the intake, the log, the
/// projections.
#[must_use]
pub fn mount(server: Server, parts: Parts) -> Server {
    let Parts { store, directory, following, bases, vault } = parts;
    let pool = store.pool().clone();
    let views = Runner::local(store.clone(), pool.clone(), Arc::new(Views));
    let rebuild = Arc::new(ViewsRebuild::new(pool.clone()));
    let rebuilder = Rebuilder::new(pool.clone(), vec![LogReader::local(store.clone())], rebuild);
    let handles = std::iter::once(views.clone()).chain(following.clone()).collect();
    let units_known = units_known(Arc::clone(&directory), following);
    let port = Port::new(store.clone(), views, directory, Arc::new(bases), vault);
    server
        .add_service(IncidentServiceServer::new(port.clone()))
        .add_service(AccidentServiceServer::new(port.clone()))
        .add_service(GuardServiceServer::new(port.clone()))
        .add_service(FreightTrafficServiceServer::new(port.clone()))
        .add_service(IntakeServiceServer::new(port))
        .add_service(event_log_service(store, allow(LOG_READERS)))
        .add_service(projections_service(handles, vec![rebuilder], allow(REBUILDERS)))
        .readiness("database", database_answers(pool))
        .readiness("directory", units_known)
}
