//! The parts of the service, put together.

use crate::config::AntifraudOptions;
use crate::deadlines::{Alarms, deadlines};
use crate::grpc::Antifraud;
use crate::views::Views;
use anyhow::Context;
use sqlx::PgPool;
use std::sync::Arc;
use time::Duration;
use xiaoan_directory::{Directory, units_known};
use xiaoan_eventstore::{AppenderOptions, EventStore, RecordedEvent};
use xiaoan_feed::{LogReader, Publisher, event_log_service};
use xiaoan_kernel::legal::LegalClock;
use xiaoan_kernel::{SystemClock, UnknownEvent, city_day};
use xiaoan_privacy::{Kek, Vault};
use xiaoan_projection::{ProjectionHandle, Rebuilder, Replay, Runner, projections_service};
use xiaoan_proto::antifraud::v1::bank_desk_service_server::BankDeskServiceServer;
use xiaoan_proto::antifraud::v1::freeze_service_server::FreezeServiceServer;
use xiaoan_proto::antifraud::v1::instruction_service_server::InstructionServiceServer;
use xiaoan_proto::antifraud::v1::ledger_service_server::LedgerServiceServer;
use xiaoan_proto::antifraud::v1::member_unit_service_server::MemberUnitServiceServer;
use xiaoan_proto::antifraud::v1::order_service_server::OrderServiceServer;
use xiaoan_proto::antifraud::v1::return_service_server::ReturnServiceServer;
use xiaoan_proto::antifraud::v1::stop_service_server::StopServiceServer;
use xiaoan_rpc::{
    LOG_READERS, REBUILDERS, Secret, Server, Start, TIMER_READERS, allow, database_answers, shutdown_signal,
};
use xiaoan_timer::{Change, TimerOptions, TimerWorker, Timers, timers_service};

/// Name of this service as a source of events.
pub const SOURCE: &str = "antifraud";

/// Tables of the service's own; applied after those of the store, the vault, the directory and the timer.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/antifraud");

/// Brings the database up to date.
///
/// # Errors
/// When a migration fails or was changed after it had been applied.
pub async fn migrate(owner: PgPool) -> anyhow::Result<()> {
    let shared =
        [&xiaoan_privacy::MIGRATIONS, &xiaoan_directory::MIGRATIONS, &xiaoan_timer::MIGRATIONS, &MIGRATIONS];
    for own in shared {
        xiaoan_eventstore::migrate(&owner, own).await?;
    }
    Ok(())
}

/// Serves until the process is told to stop.
///
/// # Errors
/// When an address is taken, a key cannot be read, the database does not answer or is not migrated, or the server fails.
pub async fn serve(start: Start<AntifraudOptions>) -> anyhow::Result<()> {
    let server = Server::new(start.rpc).await?;
    let options = &start.service;
    let kek = Kek::from_either(options.kek.as_ref().map(Secret::expose), options.kek_file.as_deref())?;
    let pool = options.connect(SOURCE).await?;
    let store = EventStore::open(pool.clone(), SOURCE, Arc::new(SystemClock), AppenderOptions::default())
        .await
        .context("cannot open the log of antifraud; is the database migrated?")?;
    let vault = Vault::open(pool.clone(), kek).await?;
    let directory = Directory::load(pool.clone()).await.context("cannot read the directory")?;
    let following = Runner::remote(options.follow(xiaoan_directory::SOURCE)?, pool, Arc::clone(&directory));
    let relay = Publisher::spawn(store.clone(), options.nats()?, SOURCE);
    let patience = Duration::seconds(i64::from(start.own.bank_patience));
    let law = start.own.law.clock(city_day(store.clock().now()))?;
    let parts = Parts { store, directory, following: Some(following), law, vault, patience };
    let (server, running) = mount(server, parts);
    let outcome = server.serve(shutdown_signal()).await;
    running.worker.stop().await;
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
    /// Counts days.
    pub law: LegalClock,
    /// Seals persons.
    pub vault: Vault,
    /// How long a bank may take to answer.
    pub patience: Duration,
}

/// Which events mean what to the timer.
type Meaning = fn(&RecordedEvent) -> Result<Vec<Change>, UnknownEvent>;

/// What runs beside the server.
pub struct Running {
    /// Carries deadlines out.
    pub worker: TimerWorker,
    /// Knows them; a test that moves its clock wakes it.
    pub timers: Arc<Timers<Meaning>>,
}

/// Starts views and timer and mounts every service.
#[must_use]
pub fn mount(server: Server, parts: Parts) -> (Server, Running) {
    let Parts { store, directory, following, law, vault, patience } = parts;
    let pool = store.pool().clone();
    let views = Runner::local(store.clone(), pool.clone(), Arc::new(Views));
    let timers = Arc::new(Timers::new(deadlines as Meaning));
    let armed = Runner::local(store.clone(), pool.clone(), Arc::clone(&timers));
    let rebuilders = [
        Rebuilder::new(
            pool.clone(),
            vec![LogReader::local(store.clone())],
            Arc::new(Replay::new(Arc::new(Views), crate::views::TABLES)),
        ),
        Rebuilder::new(pool.clone(), vec![LogReader::local(store.clone())], Arc::new(timers.rebuild())),
    ];
    let handles = [views.clone(), armed].into_iter().chain(following.clone()).collect();
    let units_known = units_known(Arc::clone(&directory), following);
    let antifraud = Antifraud::new(store.clone(), views, directory, law, vault, patience);
    let alarms = Arc::new(Alarms { accounts: antifraud.accounts() });
    let clock = Arc::clone(store.clock());
    let worker = timers.run(pool.clone(), clock, alarms, TimerOptions::default());
    let server = server
        .add_service(MemberUnitServiceServer::new(antifraud.clone()))
        .add_service(StopServiceServer::new(antifraud.clone()))
        .add_service(FreezeServiceServer::new(antifraud.clone()))
        .add_service(ReturnServiceServer::new(antifraud.clone()))
        .add_service(OrderServiceServer::new(antifraud.clone()))
        .add_service(InstructionServiceServer::new(antifraud.clone()))
        .add_service(LedgerServiceServer::new(antifraud.clone()))
        .add_service(BankDeskServiceServer::new(antifraud))
        .add_service(event_log_service(store, allow(LOG_READERS)))
        .add_service(projections_service(handles, rebuilders.into(), allow(REBUILDERS)))
        .add_service(timers_service(pool.clone(), allow(TIMER_READERS)))
        .readiness("database", database_answers(pool))
        .readiness("directory", units_known);
    (server, Running { worker, timers })
}
