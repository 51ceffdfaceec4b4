//! hq put together: the log, the views that follow it, the relay that publishes it, the server in front.

use crate::cases::revoked::RevocationWorker;
use crate::cases::{self, Cases, KnownCases};
use crate::config::HqOptions;
use crate::deadlines::deadlines;
use crate::grpc::{Accountable, Bulletin, Hq, Registers, Shown};
use crate::rankings::{Rankings, Token};
use crate::terms::Terms;
use crate::views::accountability::{self, Accountability};
use crate::views::campaigns::{self, Campaigns};
use crate::views::registers::{self, RegisterEntries};
use crate::views::schemes::{self, Schemes};
use anyhow::Context;
use sqlx::PgPool;
use std::sync::Arc;
use xiaoan_directory::Directory;
use xiaoan_eventstore::{AppenderOptions, EventStore, RecordedEvent};
use xiaoan_feed::{LogReader, Publisher, event_log_service};
use xiaoan_kernel::{Clock, SystemClock, UnknownEvent, city_day};
use xiaoan_privacy::{Kek, Vault};
use xiaoan_projection::{Projection, ProjectionHandle, Rebuilder, Replay, Runner, projections_service};
use xiaoan_proto::hq::v1::bulletin_service_server::BulletinServiceServer;
use xiaoan_proto::hq::v1::campaign_service_server::CampaignServiceServer;
use xiaoan_proto::hq::v1::closing_service_server::ClosingServiceServer;
use xiaoan_proto::hq::v1::commendation_service_server::CommendationServiceServer;
use xiaoan_proto::hq::v1::inspection_service_server::InspectionServiceServer;
use xiaoan_proto::hq::v1::interview_service_server::InterviewServiceServer;
use xiaoan_proto::hq::v1::notice_service_server::NoticeServiceServer;
use xiaoan_proto::hq::v1::org_unit_service_server::OrgUnitServiceServer;
use xiaoan_proto::hq::v1::reference_service_server::ReferenceServiceServer;
use xiaoan_proto::hq::v1::scheme_service_server::SchemeServiceServer;
use xiaoan_proto::hq::v1::supervision_service_server::SupervisionServiceServer;
use xiaoan_proto::hq::v1::survey_service_server::SurveyServiceServer;
use xiaoan_rpc::{
    LOG_READERS, LegalOptions, REBUILDERS, Secret, Server, ServiceOptions, Start, TIMER_READERS, allow,
    database_answers, shutdown_signal,
};
use xiaoan_timer::{Change, TimerOptions, TimerWorker, Timers, timers_service};

/// Serves until the process is told to stop.
///
/// # Errors
/// When an address is taken, the database does not answer or is not migrated, or the server fails.
pub async fn serve(start: Start<HqOptions>) -> anyhow::Result<()> {
    let server = Server::new(start.rpc).await?;
    let pool = start.service.connect(crate::SOURCE).await?;
    let HqOptions { rankings_url, holidays, notice_deadlines } = start.own;
    let rankings = Rankings::new(rankings_url, Token::Of(Box::new(start.service.clone())));
    let law = LegalOptions { holidays, deadlines: None }.clock(city_day(SystemClock.now()))?;
    let terms = Terms::read(&law, notice_deadlines.as_deref())?;
    let vault = vault(&start.service, pool.clone()).await?;
    let parts = Parts::over(pool.clone(), Arc::new(SystemClock), rankings, terms).await?.sealing(vault);
    let parts = match start.service.source(cases::SOURCE) {
        Some(_) => {
            let (log, known) = (start.service.follow(cases::SOURCE)?, KnownCases::new());
            let projection = Runner::remote(log.clone(), pool, Arc::clone(&known));
            parts.knowing(known, projection, LogReader::remote(&log))
        }
        None => {
            tracing::warn!("no --source names cases: no case can be listed, none is known to be solved");
            parts
        }
    };
    let relay = Publisher::spawn(parts.store.clone(), start.service.nats()?, crate::SOURCE);
    let (server, running) = parts.mount(server);
    let outcome = server.serve(shutdown_signal()).await;
    running.worker.stop().await;
    relay.stop().await;
    outcome
}

/// Which events mean what to the timer.
type Meaning = fn(&RecordedEvent) -> Result<Vec<Change>, UnknownEvent>;

/// What runs beside the server.
pub struct Running {
    /// Carries deadlines out.
    pub worker: TimerWorker,
    /// Knows them; a test that moves its clock wakes it.
    pub timers: Arc<Timers<Meaning>>,
    /// Takes away what revoked solves take away.
    pub revocations: Option<RevocationWorker>,
}

/// hq over a database, before a server is put in front.
pub struct Parts {
    store: EventStore,
    api: Hq,
    accountable: Accountable,
    registers: Registers,
    timers: Arc<Timers<Meaning>>,
    projections: Vec<ProjectionHandle>,
    rebuilders: Vec<Rebuilder>,
    cases: Option<Arc<KnownCases>>,
}

impl Parts {
    /// Opens the log and starts the views that follow it.
    ///
    /// # Errors
    /// When the database does not answer or is not migrated.
    pub async fn over(
        pool: PgPool,
        clock: Arc<dyn Clock>,
        rankings: Rankings,
        terms: Terms,
    ) -> anyhow::Result<Self> {
        let store = EventStore::open(pool.clone(), crate::SOURCE, clock, AppenderOptions::default())
            .await
            .context("cannot open hq's log; is the database migrated?")?;
        let directory = Directory::load(pool.clone()).await.context("cannot read the directory")?;
        let (campaigns, schemes) = (Arc::new(Campaigns::new(pool.clone())), Arc::new(Schemes::new(pool)));
        let accountability = Arc::new(Accountability);
        let entries = Arc::new(RegisterEntries);
        let timers = Arc::new(Timers::new(deadlines as Meaning));
        let rebuilders = vec![
            rebuilder(&store, directory.rebuild()),
            rebuilder(&store, Replay::new(Arc::clone(&campaigns), campaigns::TABLES)),
            rebuilder(&store, Replay::new(Arc::clone(&schemes), schemes::TABLES)),
            rebuilder(&store, Replay::new(Arc::clone(&accountability), accountability::TABLES)),
            rebuilder(&store, Replay::new(Arc::clone(&entries), registers::TABLES)),
            rebuilder(&store, timers.rebuild()),
        ];
        let (directory, campaigns, schemes) =
            (shown(&store, directory), shown(&store, campaigns), shown(&store, schemes));
        let (accountability, armed) =
            (shown(&store, accountability), shown(&store, Arc::clone(&timers)).projection);
        let entries = shown(&store, entries);
        let projections = vec![
            directory.projection.clone(),
            campaigns.projection.clone(),
            schemes.projection.clone(),
            accountability.projection.clone(),
            entries.projection.clone(),
            armed,
        ];
        let units = Arc::clone(&directory.view);
        let registers = Registers::new(store.clone(), entries, directory.clone());
        let accountable = Accountable::new(store.clone(), accountability, units, rankings, terms);
        let api = Hq::new(store.clone(), directory, campaigns, schemes);
        Ok(Self { store, api, accountable, registers, timers, projections, rebuilders, cases: None })
    }

    /// With what seals the persons whom it is told about; without, it takes none.
    #[must_use]
    pub fn sealing(self, vault: Option<Vault>) -> Self {
        Self { registers: self.registers.sealing(vault), ..self }
    }

    /// With what is known of cases: the projection of their log, its runner, and the log itself.
    #[must_use]
    pub fn knowing(mut self, known: Arc<KnownCases>, projection: ProjectionHandle, log: LogReader) -> Self {
        self.projections.push(projection.clone());
        let cases = Cases::following(self.store.pool().clone(), projection, log);
        Self { registers: self.registers.knowing(cases), cases: Some(known), ..self }
    }

    /// Mounts all services of hq and starts the timer.
    #[must_use]
    pub fn mount(self, server: Server) -> (Server, Running) {
        let Self { store, api, accountable, registers, timers, projections, rebuilders, cases } = self;
        let pool = store.pool().clone();
        let (clock, alarms) = (
            Arc::clone(store.clock()),
            Arc::new(accountable.alarms(registers.listed(), registers.inspections())),
        );
        let revocations = cases.map(|known| registers.revocations().run(known));
        let worker = timers.run(pool.clone(), clock, alarms, TimerOptions::default());
        let server = server
            .add_service(OrgUnitServiceServer::new(api.clone()))
            .add_service(CampaignServiceServer::new(api.clone()))
            .add_service(SchemeServiceServer::new(api))
            .add_service(BulletinServiceServer::new(Bulletin::new(accountable.clone(), registers.clone())))
            .add_service(ClosingServiceServer::new(accountable.clone()))
            .add_service(NoticeServiceServer::new(accountable.clone()))
            .add_service(InterviewServiceServer::new(accountable))
            .add_service(CommendationServiceServer::new(registers.clone()))
            .add_service(SupervisionServiceServer::new(registers.clone()))
            .add_service(ReferenceServiceServer::new(registers.clone()))
            .add_service(SurveyServiceServer::new(registers.clone()))
            .add_service(InspectionServiceServer::new(registers))
            .add_service(event_log_service(store, allow(LOG_READERS)))
            .add_service(projections_service(projections, rebuilders, allow(REBUILDERS)))
            .add_service(timers_service(pool.clone(), allow(TIMER_READERS)))
            .readiness("database", database_answers(pool));
        (server, Running { worker, timers, revocations })
    }
}

/// What seals persons, when a key is configured. Only commending individuals needs it, so hq serves without one as well.
async fn vault(options: &ServiceOptions, pool: PgPool) -> anyhow::Result<Option<Vault>> {
    if options.kek.is_none() && options.kek_file.is_none() {
        tracing::warn!("no key for personal data is configured: individuals cannot be nominated");
        return Ok(None);
    }
    let kek = Kek::from_either(options.kek.as_ref().map(Secret::expose), options.kek_file.as_deref())?;
    Ok(Some(Vault::open(pool, kek).await?))
}

/// A view with the runner that fills it from hq's own log.
fn shown<P: Projection>(store: &EventStore, view: Arc<P>) -> Shown<P> {
    let projection = Runner::local(store.clone(), store.pool().clone(), Arc::clone(&view));
    Shown { view, projection }
}

fn rebuilder<P: Projection>(store: &EventStore, replay: Replay<P>) -> Rebuilder {
    Rebuilder::new(store.pool().clone(), vec![LogReader::local(store.clone())], Arc::new(replay))
}
