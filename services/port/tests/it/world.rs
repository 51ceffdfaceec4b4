//! A city with the real service in it: PostgreSQL, tokens, a server on loopback, and the org units of the acceptance data.

use std::net::SocketAddr;
use std::sync::Arc;
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::sync::oneshot;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use uuid::Uuid;
use xiaoan_directory::Directory;
use xiaoan_eventstore::{AppenderOptions, EventStore, RecordedEvent};
use xiaoan_kernel::{EventSet, FixedClock};
use xiaoan_port::service::{Parts, SOURCE, mount};
use xiaoan_port::track::Bases;
use xiaoan_privacy::{Kek, Vault};
use xiaoan_projection::Projection;
use xiaoan_proto::core::v1::{Date, OrgKind};
use xiaoan_proto::hq::v1::OrgUnitRegistered;
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
        register_units(&db).await;
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

/// Registers the org units of the acceptance data as hq's log would.
pub async fn register_units(db: &TestDb) {
    let text = include_str!("../../../../tests/acceptance/org-units.csv");
    let events: Vec<_> = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes())
        .records()
        .zip(1_i64..)
        .map(|(record, position)| {
            let record = record.expect("a row");
            let kind = match &record[1] {
                "city_bureau" => OrgKind::CityBureau,
                "county_bureau" => OrgKind::CountyBureau,
                "port_bureau" => OrgKind::PortBureau,
                "port_station" => OrgKind::PortStation,
                _ => OrgKind::Station,
            };
            let event = OrgUnitRegistered {
                code: record[0].into(),
                kind: kind.into(),
                parent: record[2].into(),
                name_zh: record[3].into(),
                name_en: record[4].into(),
                effective_on: Some(Date { year: 2020, month: 1, day: 1 }),
            };
            let event = xiaoan_directory::OrgUnitEvent::from(event);
            RecordedEvent {
                source: "hq".into(),
                position,
                stream: format!("{}-{}", xiaoan_directory::STREAM_KIND, &record[0]),
                version: 1,
                r#type: event.type_name(),
                payload: event.encode().into(),
                recorded_at: Some(timestamp(NOW)),
                ..Default::default()
            }
        })
        .collect();
    let directory = Directory::load(db.pool()).await.expect("an empty directory");
    let mut tx = db.pool().begin().await.expect("a transaction");
    directory.apply(&mut tx, &events).await.expect("the units are registered");
    tx.commit().await.expect("committed");
}

/// A fresh request id.
pub fn id() -> String {
    Uuid::now_v7().to_string()
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

/// Status code and stable reason of a refusal.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String) {
    let status = answer.expect_err("should have been refused");
    let reason = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
    (status.code(), reason)
}

/// The same as a pair to compare with.
pub fn no(code: Code, reason: &str) -> (Code, String) {
    (code, reason.to_owned())
}

/// Position of a receipt.
pub fn position(receipt: Option<&xiaoan_proto::core::v1::Receipt>) -> i64 {
    receipt.expect("a receipt").position
}
