//! The parts of the service, put together.

use crate::config::CasesOptions;
use crate::deadlines::{Alarms, deadlines};
use crate::grpc::{Casebook, WorkDesk};
use crate::rulebook::RuleBook;
use crate::views::{Views, ViewsRebuild};
use anyhow::Context;
use sqlx::PgPool;
use std::sync::Arc;
use xiaoan_directory::{Directory, units_known};
use xiaoan_eventstore::{AppenderOptions, EventStore, RecordedEvent};
use xiaoan_feed::{LogReader, Publisher, event_log_service};
use xiaoan_kernel::{Clock, SystemClock, UnknownEvent, city_day};
use xiaoan_privacy::{Kek, Vault};
use xiaoan_projection::{ProjectionHandle, Rebuilder, Runner, projections_service};
use xiaoan_proto::cases::v1::alert_service_server::AlertServiceServer;
use xiaoan_proto::cases::v1::audit_service_server::AuditServiceServer;
use xiaoan_proto::cases::v1::case_service_server::CaseServiceServer;
use xiaoan_proto::cases::v1::cleanup_service_server::CleanupServiceServer;
use xiaoan_proto::cases::v1::deadline_service_server::DeadlineServiceServer;
use xiaoan_proto::cases::v1::den_service_server::DenServiceServer;
use xiaoan_proto::cases::v1::exhibit_service_server::ExhibitServiceServer;
use xiaoan_proto::cases::v1::lookup_service_server::LookupServiceServer;
use xiaoan_proto::cases::v1::major_case_service_server::MajorCaseServiceServer;
use xiaoan_proto::cases::v1::report_service_server::ReportServiceServer;
use xiaoan_proto::cases::v1::reverse_review_service_server::ReverseReviewServiceServer;
use xiaoan_proto::cases::v1::series_service_server::SeriesServiceServer;
use xiaoan_proto::cases::v1::task_force_service_server::TaskForceServiceServer;
use xiaoan_rpc::{
    LOG_READERS, REBUILDERS, Secret, Server, Start, TIMER_READERS, allow, database_answers, shutdown_signal,
};
use xiaoan_timer::{Change, TimerOptions, TimerWorker, Timers, timers_service};

/// Name of this service as a source of events.
pub const SOURCE: &str = "cases";

/// Tables of the casebook's own; applied after those of the store, the vault, the directory and the timer.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/cases");

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
/// When an address is taken, a rule book or key cannot be read, the database does not answer or is not migrated, or
/// the server fails.
pub async fn serve(start: Start<CasesOptions>) -> anyhow::Result<()> {
    let server = Server::new(start.rpc).await?;
    let rules = start.own.rules(city_day(SystemClock.now()))?;
    let options = &start.service;
    let kek = Kek::from_either(options.kek.as_ref().map(Secret::expose), options.kek_file.as_deref())?;
    let pool = options.connect(SOURCE).await?;
    let store = EventStore::open(pool.clone(), SOURCE, Arc::new(SystemClock), AppenderOptions::default())
        .await
        .context("cannot open the log of cases; is the database migrated?")?;
    let vault = Vault::open(pool.clone(), kek).await?;
    let directory = Directory::load(pool.clone()).await.context("cannot read the directory")?;
    let following = Runner::remote(options.follow(xiaoan_directory::SOURCE)?, pool, Arc::clone(&directory));
    let relay = Publisher::spawn(store.clone(), options.nats()?, SOURCE);
    let parts = Parts { store, directory, following: Some(following), rules, vault };
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
    /// Categories and thresholds.
    pub rules: RuleBook,
    /// Seals persons.
    pub vault: Vault,
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
    let Parts { store, directory, following, rules, vault } = parts;
    let pool = store.pool().clone();
    let views = Runner::local(store.clone(), pool.clone(), Arc::new(Views));
    let timers = Arc::new(Timers::new(deadlines as Meaning));
    let armed = Runner::local(store.clone(), pool.clone(), Arc::clone(&timers));
    let rebuild = Arc::new(ViewsRebuild::new(pool.clone()));
    let rebuilders = vec![
        Rebuilder::new(pool.clone(), vec![LogReader::local(store.clone())], rebuild),
        Rebuilder::new(pool.clone(), vec![LogReader::local(store.clone())], Arc::new(timers.rebuild())),
    ];
    let handles = [views.clone(), armed].into_iter().chain(following.clone()).collect();
    let units_known = units_known(Arc::clone(&directory), following);
    let casebook = Casebook::new(store.clone(), views, directory, Arc::new(rules), vault);
    let desk = WorkDesk::new(casebook.clone());
    let alarms = Arc::new(Alarms { work: desk.alarms(), casebook: casebook.clone() });
    let clock = Arc::clone(store.clock());
    let worker = timers.run(pool.clone(), clock, alarms, TimerOptions::default());
    let server = server
        .add_service(AlertServiceServer::new(casebook.clone()))
        .add_service(CaseServiceServer::new(casebook.clone()))
        .add_service(ReportServiceServer::new(casebook.clone()))
        .add_service(AuditServiceServer::new(casebook.clone()))
        .add_service(DeadlineServiceServer::new(casebook.clone()))
        .add_service(SeriesServiceServer::new(casebook))
        .add_service(TaskForceServiceServer::new(desk.clone()))
        .add_service(CleanupServiceServer::new(desk.clone()))
        .add_service(ReverseReviewServiceServer::new(desk.clone()))
        .add_service(MajorCaseServiceServer::new(desk.clone()))
        .add_service(DenServiceServer::new(desk.clone()))
        .add_service(ExhibitServiceServer::new(desk.clone()))
        .add_service(LookupServiceServer::new(desk))
        .add_service(event_log_service(store, allow(LOG_READERS)))
        .add_service(projections_service(handles, rebuilders, allow(REBUILDERS)))
        .add_service(timers_service(pool.clone(), allow(TIMER_READERS)))
        .readiness("database", database_answers(pool))
        .readiness("directory", units_known);
    (server, Running { worker, timers })
}
