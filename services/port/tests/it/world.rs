//! A city with the real service in it: PostgreSQL, tokens, a server on loopback, and the org units of the acceptance data.

use std::net::SocketAddr;
use std::sync::Arc;
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::sync::oneshot;
use tonic::Status;
use xiaoan_directory::Directory;
use xiaoan_eventstore::{AppenderOptions, EventStore};
use xiaoan_kernel::FixedClock;
use xiaoan_port::service::{Parts, SOURCE, mount};
use xiaoan_port::track::Bases;
use xiaoan_privacy::{Kek, Vault};
use xiaoan_proto::core::v1::Date;
use xiaoan_proto::port::v1;
use xiaoan_proto::port::v1::accident_service_client::AccidentServiceClient;
use xiaoan_proto::port::v1::freight_traffic_service_client::FreightTrafficServiceClient;
use xiaoan_proto::port::v1::guard_service_client::GuardServiceClient;
use xiaoan_proto::port::v1::incident_service_client::IncidentServiceClient;
use xiaoan_proto::port::v1::intake_service_client::IntakeServiceClient;
use xiaoan_proto::projections::v1::projections_service_client::ProjectionsServiceClient;
use xiaoan_proto::timestamp;
use xiaoan_rpc::client::{AuthenticatedChannel, ClientOptions, channel};
use xiaoan_rpc::{RpcOptions, Secret, Server};
use xiaoan_testkit::{TestDb, TestIssuer};
pub use xiaoan_testkit::{id, no, position, refused, register_units};

/// The world's "now" unless a test moves it.
pub const NOW: OffsetDateTime = datetime!(2026-10-01 12:00 +8);
/// A station of the port.
pub const STATION: &str = "371190010000";
/// Its neighbour in the same bureau.
pub const NEIGHBOUR: &str = "371190020000";
/// Their bureau.
pub const BUREAU: &str = "371190000000";
/// A station of another bureau.
pub const ELSEWHERE: &str = "371103010000";
/// The city bureau.
pub const CITY: &str = "371100000000";

pub struct World {
    pub db: TestDb,
    clock: Arc<FixedClock>,
    issuer: TestIssuer,
    kek: Kek,
    server: Served,
}

/// A server that stops with the test.
pub struct Served {
    addr: SocketAddr,
    pub store: EventStore,
    _stop: oneshot::Sender<()>,
}

impl World {
    pub async fn start() -> Self {
        let db = TestDb::create("port").await;
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

    /// The bureau's chief.
    pub fn chief(&self) -> Caller {
        self.caller("chief-1", BUREAU, &["officer"])
    }

    /// The bureau's registrar.
    pub fn registrar(&self) -> Caller {
        self.caller("registrar-1", BUREAU, &["registrar"])
    }

    /// A guard's own token.
    pub fn guard(&self) -> Caller {
        self.caller("guard-account", BUREAU, &["guard"])
    }

    /// A port dispatch system of the station.
    pub fn system(&self, subject: &str) -> Caller {
        self.caller(subject, STATION, &["port-system"])
    }
}

/// The clients of one caller.
#[derive(Clone)]
pub struct Caller {
    pub channel: AuthenticatedChannel,
}

impl Caller {
    pub fn incidents(&self) -> IncidentServiceClient<AuthenticatedChannel> {
        IncidentServiceClient::new(self.channel.clone())
    }
    pub fn accidents(&self) -> AccidentServiceClient<AuthenticatedChannel> {
        AccidentServiceClient::new(self.channel.clone())
    }
    pub fn guards(&self) -> GuardServiceClient<AuthenticatedChannel> {
        GuardServiceClient::new(self.channel.clone())
    }
    pub fn freight(&self) -> FreightTrafficServiceClient<AuthenticatedChannel> {
        FreightTrafficServiceClient::new(self.channel.clone())
    }
    pub fn intake(&self) -> IntakeServiceClient<AuthenticatedChannel> {
        IntakeServiceClient::new(self.channel.clone())
    }
    pub fn projections(&self) -> ProjectionsServiceClient<AuthenticatedChannel> {
        ProjectionsServiceClient::new(self.channel.clone())
    }

    /// Reports an incident and gives its answer.
    pub async fn report(
        &self,
        request: v1::ReportIncidentRequest,
    ) -> Result<v1::ReportIncidentResponse, Status> {
        self.incidents().report_incident(request).await.map(tonic::Response::into_inner)
    }

    /// An incident once the views have seen a position.
    pub async fn incident(&self, incident_id: &str, at_least: i64) -> v1::Incident {
        let request = v1::GetIncidentRequest { incident_id: incident_id.into(), at_least };
        self.incidents()
            .get_incident(request)
            .await
            .expect("an incident")
            .into_inner()
            .incident
            .expect("an incident")
    }
}

async fn serve(db: &TestDb, issuer: &TestIssuer, clock: Arc<FixedClock>, kek: Kek) -> Served {
    let store = EventStore::open(db.pool(), SOURCE, clock, AppenderOptions::default())
        .await
        .expect("the store opens");
    let directory = Directory::load(db.pool()).await.expect("the directory loads");
    let vault = Vault::open(db.pool(), kek).await.expect("the vault opens");
    let bases = Bases::shipped().expect("the shipped bases");
    let parts = Parts { store: store.clone(), directory, following: None, bases, vault };
    let options = RpcOptions::loopback(issuer.jwks_path(), TestIssuer::ISSUER, TestIssuer::AUDIENCE);
    let server = Server::new(options).await.expect("a server");
    let addr = server.grpc_addr().expect("an address");
    let (stop, stopped) = oneshot::channel::<()>();
    let server = mount(server, parts);
    tokio::spawn(async move {
        let until_dropped = async {
            let _ = stopped.await;
        };
        server.serve(until_dropped).await.expect("it serves");
    });
    Served { addr, store, _stop: stop }
}

/// A report that nothing is wrong with: a congested gate on 2026-06-07 at 08:00.
pub fn congestion(incident_id: &str) -> v1::ReportIncidentRequest {
    v1::ReportIncidentRequest {
        request_id: id(),
        incident_id: incident_id.into(),
        org_unit: STATION.into(),
        kind: v1::IncidentKind::Congestion.into(),
        reported_at: june_7(0),
        place: "示例2号门".into(),
        ..Default::default()
    }
}

/// So many minutes after 2026-06-07 08:00.
pub fn june_7(minutes: i64) -> Option<prost_types::Timestamp> {
    Some(timestamp(datetime!(2026-06-07 8:00 +8) + time::Duration::minutes(minutes)))
}

/// A day of June 2026.
pub fn june(day: i32) -> Option<Date> {
    Some(Date { year: 2026, month: 6, day })
}
