//! A city with the real service in it: PostgreSQL, tokens, a server on loopback, and the org units of the acceptance data.

use std::net::SocketAddr;
use std::sync::Arc;
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::sync::oneshot;
use tonic::Status;
use xiaoan_cases::rulebook::RuleBook;
use xiaoan_cases::service::{Parts, Running, SOURCE, mount};
use xiaoan_directory::Directory;
use xiaoan_eventstore::{AppenderOptions, EventStore};
use xiaoan_kernel::{Clock, FixedClock};
use xiaoan_privacy::{Kek, Vault};
use xiaoan_proto::cases::v1;
use xiaoan_proto::cases::v1::alert_service_client::AlertServiceClient;
use xiaoan_proto::cases::v1::case_service_client::CaseServiceClient;
use xiaoan_proto::cases::v1::series_service_client::SeriesServiceClient;
use xiaoan_proto::core::v1::Date;
use xiaoan_proto::eventlog::v1::event_log_service_client::EventLogServiceClient;
use xiaoan_proto::projections::v1::projections_service_client::ProjectionsServiceClient;
use xiaoan_proto::timestamp;
use xiaoan_rpc::client::{AuthenticatedChannel, ClientOptions, channel};
use xiaoan_rpc::{RpcOptions, Secret, Server};
use xiaoan_testkit::{TestDb, TestIssuer};
pub use xiaoan_testkit::{id, no, position, refused, register_units};

/// The world's "now" unless a test moves it.
pub const NOW: OffsetDateTime = datetime!(2026-10-01 12:00 +8);
/// A station of Donggang.
pub const STATION: &str = "371102010000";
/// Its neighbour in the same bureau.
pub const NEIGHBOUR: &str = "371102020000";
/// Their bureau.
pub const BUREAU: &str = "371102000000";
/// A station of another bureau.
pub const ELSEWHERE: &str = "371103010000";
/// The city bureau.
pub const CITY: &str = "371100000000";

pub struct World {
    pub db: TestDb,
    pub clock: Arc<FixedClock>,
    issuer: TestIssuer,
    kek: Kek,
    server: Served,
}

/// A server that stops with the test.
pub struct Served {
    addr: SocketAddr,
    pub store: EventStore,
    running: Running,
    _stop: oneshot::Sender<()>,
}

impl World {
    pub async fn start() -> Self {
        let db = TestDb::create("cases").await;
        let clock = Arc::new(FixedClock::at(NOW));
        let issuer = TestIssuer::new();
        register_units(&db, NOW).await;
        let kek = Kek::fresh();
        let server = serve(&db, &issuer, Arc::clone(&clock), kek.clone()).await;
        Self { db, clock, issuer, kek, server }
    }

    pub fn store(&self) -> &EventStore {
        &self.server.store
    }

    pub fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// Moves the clock and has the timer look.
    pub fn pass(&self, time: time::Duration) {
        self.clock.advance(time);
        self.server.running.timers.wake();
    }

    /// Another replica of the service on the same database.
    pub async fn replica(&self) -> Served {
        serve(&self.db, &self.issuer, Arc::clone(&self.clock), self.kek.clone()).await
    }

    /// Somebody with a token.
    pub fn caller(&self, subject: &str, org_unit: &str, roles: &[&str]) -> Caller {
        self.caller_at(&self.server, subject, org_unit, roles)
    }

    /// Somebody with a token, talking to a certain replica.
    pub fn caller_at(&self, served: &Served, subject: &str, org_unit: &str, roles: &[&str]) -> Caller {
        let token = Secret::new(&self.issuer.token(subject, org_unit, roles));
        let options = ClientOptions::new(format!("http://{}", served.addr));
        Caller { channel: channel(&options, &token).expect("channel") }
    }

    /// An officer of the station.
    pub fn officer(&self) -> Caller {
        self.caller("officer-1", STATION, &["officer"])
    }

    /// The bureau's chief, who approves.
    pub fn chief(&self) -> Caller {
        self.caller("chief-1", BUREAU, &["officer"])
    }

    /// The bureau's registrar.
    pub fn registrar(&self) -> Caller {
        self.caller("registrar-1", BUREAU, &["registrar"])
    }

    /// Address of the server, without a token.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.addr)
    }
}

/// The clients of one caller.
#[derive(Clone)]
pub struct Caller {
    pub channel: AuthenticatedChannel,
}

impl Caller {
    pub fn cases(&self) -> CaseServiceClient<AuthenticatedChannel> {
        CaseServiceClient::new(self.channel.clone())
    }
    pub fn alerts(&self) -> AlertServiceClient<AuthenticatedChannel> {
        AlertServiceClient::new(self.channel.clone())
    }
    pub fn series(&self) -> SeriesServiceClient<AuthenticatedChannel> {
        SeriesServiceClient::new(self.channel.clone())
    }
    pub fn log(&self) -> EventLogServiceClient<AuthenticatedChannel> {
        EventLogServiceClient::new(self.channel.clone())
    }
    pub fn projections(&self) -> ProjectionsServiceClient<AuthenticatedChannel> {
        ProjectionsServiceClient::new(self.channel.clone())
    }

    /// Files a case and gives its answer.
    pub async fn file(&self, request: v1::FileCaseRequest) -> Result<v1::FileCaseResponse, Status> {
        self.cases().file_case(request).await.map(tonic::Response::into_inner)
    }

    /// A case once the views have seen a position.
    pub async fn case(&self, case_no: &str, at_least: i64) -> v1::Case {
        let request = v1::GetCaseRequest { case_no: case_no.into(), at_least };
        self.cases().get_case(request).await.expect("a case").into_inner().case.expect("a case")
    }
}

async fn serve(db: &TestDb, issuer: &TestIssuer, clock: Arc<FixedClock>, kek: Kek) -> Served {
    let store = EventStore::open(db.pool(), SOURCE, clock, AppenderOptions::default())
        .await
        .expect("the store opens");
    let directory = Directory::load(db.pool()).await.expect("the directory loads");
    let vault = Vault::open(db.pool(), kek).await.expect("the vault opens");
    let rules = RuleBook::shipped().expect("the shipped books");
    let parts = Parts { store: store.clone(), directory, following: None, rules, vault };
    let options = RpcOptions::loopback(issuer.jwks_path(), TestIssuer::ISSUER, TestIssuer::AUDIENCE);
    let server = Server::new(options).await.expect("a server");
    let addr = server.grpc_addr().expect("an address");
    let (stop, stopped) = oneshot::channel::<()>();
    let (server, running) = mount(server, parts);
    tokio::spawn(async move {
        let until_dropped = async {
            let _ = stopped.await;
        };
        server.serve(until_dropped).await.expect("it serves");
    });
    Served { addr, store, running, _stop: stop }
}

/// What a filing says that nothing is wrong with: burglary, 1,200 yuan, reported on 2026-06-07 at 01:58.
pub fn burglary(case_no: &str) -> v1::FileCaseRequest {
    v1::FileCaseRequest {
        request_id: id(),
        case_no: case_no.into(),
        org_unit: STATION.into(),
        category: "050201".into(),
        occurred_from: Some(timestamp(datetime!(2026-06-06 11:58 +8))),
        reported_at: Some(timestamp(datetime!(2026-06-07 1:58 +8))),
        filed_on: Some(Date { year: 2026, month: 6, day: 7 }),
        loss_fen: 120_000,
        preventable: true,
        ..Default::default()
    }
}

/// The n-th case number of the station in June.
pub fn number(n: usize) -> String {
    format!("A{STATION}202606{n:04}")
}

/// A day of June 2026.
pub fn june(day: i32) -> Option<Date> {
    Some(Date { year: 2026, month: 6, day })
}
