//! A town with the real service in it: PostgreSQL, tokens, a server on loopback, org units, a rule for patrols.

use std::net::SocketAddr;
use std::sync::Arc;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use tokio::sync::oneshot;
use xiaoan_directory::Directory;
use xiaoan_eventstore::{AppenderOptions, EventStore, RecordedEvent};
use xiaoan_kernel::{CITY_OFFSET, EventSet, FixedClock};
use xiaoan_privacy::{Kek, Vault};
use xiaoan_projection::Projection;
use xiaoan_proto::core::v1::{Date, OrgKind, PersonInput, Receipt};
use xiaoan_proto::hq::v1::OrgUnitRegistered;
use xiaoan_proto::timestamp;
use xiaoan_proto::volunteers::v1;
use xiaoan_proto::volunteers::v1::patrol_service_client::PatrolServiceClient;
use xiaoan_proto::volunteers::v1::squadron_service_client::SquadronServiceClient;
use xiaoan_proto::volunteers::v1::volunteer_service_client::VolunteerServiceClient;
use xiaoan_rpc::client::{AuthenticatedChannel, ClientOptions, channel};
use xiaoan_rpc::{RpcOptions, Secret, Server};
use xiaoan_testkit::{TestDb, TestIssuer};
pub use xiaoan_testkit::{id, no, position, refused};
use xiaoan_volunteers::{Parts, SOURCE, mount};

/// The world's "now": noon of 30 June 2026 in the city.
pub const NOW: OffsetDateTime = datetime!(2026-06-30 12:00 +8);
/// Zhongzhi station.
pub const STATION: &str = "371121010000";
/// A station of another bureau.
pub const ELSEWHERE: &str = "371172020000";
/// Zhongzhi's bureau.
pub const BUREAU: &str = "371121000000";
/// The city bureau.
pub const CITY: &str = "371100000000";
/// Squadron of the station.
pub const SQUADRON: &str = "s-1";

const UNITS: [(&str, OrgKind, &str); 5] = [
    (CITY, OrgKind::CityBureau, ""),
    (BUREAU, OrgKind::CountyBureau, CITY),
    ("371172000000", OrgKind::CountyBureau, CITY),
    (STATION, OrgKind::Station, BUREAU),
    (ELSEWHERE, OrgKind::Station, "371172000000"),
];

pub struct World {
    pub db: TestDb,
    pub vault: Vault,
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
    /// An empty town.
    pub async fn start() -> Self {
        let db = TestDb::create("volunteers").await;
        let issuer = TestIssuer::new();
        register_units(&db).await;
        let kek = Kek::fresh();
        let server = serve(&db, &issuer, kek.clone()).await;
        let vault = Vault::open(db.pool(), kek.clone()).await.expect("the vault opens");
        Self { db, vault, issuer, kek, server }
    }

    /// A town with a rule for patrols and a squadron.
    pub async fn with_squadron() -> Self {
        let world = Self::start().await;
        world.hq().patrols().publish_patrol_rule(publication()).await.expect("a rule");
        world.officer().form(SQUADRON).await;
        world
    }

    pub fn store(&self) -> &EventStore {
        &self.server.store
    }

    /// Another replica of the service on the same database.
    pub async fn replica(&self) -> Served {
        serve(&self.db, &self.issuer, self.kek.clone()).await
    }

    /// Somebody with a token, talking to a certain replica.
    pub fn caller_at(&self, served: &Served, subject: &str, org_unit: &str, roles: &[&str]) -> Caller {
        let token = Secret::new(&self.issuer.token(subject, org_unit, roles));
        let options = ClientOptions::new(format!("http://{}", served.addr));
        Caller { channel: channel(&options, &token).expect("channel") }
    }

    /// Somebody with a token.
    pub fn caller(&self, subject: &str, org_unit: &str, roles: &[&str]) -> Caller {
        self.caller_at(&self.server, subject, org_unit, roles)
    }
    /// An officer of the station.
    pub fn officer(&self) -> Caller {
        self.caller("officer-1", STATION, &["officer"])
    }
    /// A volunteer leader of the station.
    pub fn leader(&self) -> Caller {
        self.caller("leader-1", STATION, &["volunteer-leader"])
    }
    /// The bureau's chief.
    pub fn chief(&self) -> Caller {
        self.caller("chief-1", BUREAU, &["officer"])
    }
    /// Headquarters.
    pub fn hq(&self) -> Caller {
        self.caller("hq-1", CITY, &["hq"])
    }
}

/// The clients of one caller.
#[derive(Clone)]
pub struct Caller {
    pub channel: AuthenticatedChannel,
}

impl Caller {
    pub fn people(&self) -> VolunteerServiceClient<AuthenticatedChannel> {
        VolunteerServiceClient::new(self.channel.clone())
    }
    pub fn squadrons(&self) -> SquadronServiceClient<AuthenticatedChannel> {
        SquadronServiceClient::new(self.channel.clone())
    }
    pub fn patrols(&self) -> PatrolServiceClient<AuthenticatedChannel> {
        PatrolServiceClient::new(self.channel.clone())
    }

    /// Forms a squadron of the station.
    pub async fn form(&self, squadron_id: &str) -> Receipt {
        let request = v1::FormSquadronRequest {
            request_id: id(),
            squadron_id: squadron_id.into(),
            org_unit: STATION.into(),
            kind: v1::SquadronKind::Village.into(),
            name_zh: "示例一中队".into(),
            name_en: "Demo First".into(),
            formed_on: june(1),
            ..Default::default()
        };
        let answer = self.squadrons().form_squadron(request).await.expect("a squadron");
        answer.into_inner().receipt.expect("a receipt")
    }

    /// Takes somebody from application to active duty; gives the last position.
    pub async fn recruit(&self, volunteer_id: &str) -> i64 {
        let mut people = self.people();
        people.receive_application(application(volunteer_id)).await.expect("received");
        people.record_vetting(vetting(volunteer_id, true)).await.expect("vetted");
        people.enrol_volunteer(enrolment(volunteer_id)).await.expect("enrolled");
        let course = v1::Course { course: "law".into(), completed_on: june(4) };
        let request = v1::RecordCourseRequest {
            request_id: id(),
            volunteer_id: volunteer_id.into(),
            course: Some(course),
            ..Default::default()
        };
        people.record_course(request).await.expect("trained");
        let insurance = v1::Insurance { from: june(1), to: june(30), policy_ref: "p-1".into() };
        let request = v1::RecordInsuranceRequest {
            request_id: id(),
            volunteer_id: volunteer_id.into(),
            insurance: Some(insurance),
            ..Default::default()
        };
        people.record_insurance(request).await.expect("insured");
        let request = v1::ActivateVolunteerRequest {
            request_id: id(),
            volunteer_id: volunteer_id.into(),
            active_on: june(5),
            ..Default::default()
        };
        let answer = people.activate_volunteer(request).await.expect("active").into_inner();
        position(answer.receipt.as_ref())
    }

    /// Plans a patrol of the station's squadron, 20:00 to 22:00 on a day of June.
    pub async fn plan(&self, patrol_id: &str, day: i64) -> Receipt {
        let answer = self.patrols().plan_patrol(plan(patrol_id, day)).await.expect("planned").into_inner();
        answer.receipt.expect("a receipt")
    }

    /// The volunteer once the views have seen a position.
    pub async fn volunteer(&self, volunteer_id: &str, at_least: i64) -> v1::Volunteer {
        let request = v1::GetVolunteerRequest { volunteer_id: volunteer_id.into(), at_least };
        let answer = self.people().get_volunteer(request).await.expect("a volunteer").into_inner();
        answer.volunteer.expect("a volunteer")
    }

    /// The patrol once the views have seen a position.
    pub async fn patrol(&self, patrol_id: &str, at_least: i64) -> v1::Patrol {
        let request = v1::GetPatrolRequest { patrol_id: patrol_id.into(), at_least };
        let answer = self.patrols().get_patrol(request).await.expect("a patrol").into_inner();
        answer.patrol.expect("a patrol")
    }
}

async fn serve(db: &TestDb, issuer: &TestIssuer, kek: Kek) -> Served {
    let clock = Arc::new(FixedClock::at(NOW));
    let store = EventStore::open(db.pool(), SOURCE, clock, AppenderOptions::default())
        .await
        .expect("the store opens");
    let directory = Directory::load(db.pool()).await.expect("the directory loads");
    let vault = Vault::open(db.pool(), kek).await.expect("the vault opens");
    let parts = Parts { store: store.clone(), directory, following: None, vault };
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

/// Registers the org units as hq's log would.
async fn register_units(db: &TestDb) {
    let events: Vec<_> = UNITS
        .iter()
        .zip(1_i64..)
        .map(|((code, kind, parent), position)| {
            let event = xiaoan_directory::OrgUnitEvent::from(OrgUnitRegistered {
                code: (*code).into(),
                kind: (*kind).into(),
                parent: (*parent).into(),
                name_zh: "示例单位".into(),
                name_en: "Example".into(),
                effective_on: Some(Date { year: 2020, month: 1, day: 1 }),
            });
            RecordedEvent {
                source: "hq".into(),
                position,
                stream: format!("{}-{code}", xiaoan_directory::STREAM_KIND),
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

pub fn person(name: &str) -> PersonInput {
    PersonInput { name: name.into(), phone: "13900001234".into(), id_number: "37112119900228123X".into() }
}

/// An application that nothing is wrong with, received on 1 June.
pub fn application(volunteer_id: &str) -> v1::ReceiveApplicationRequest {
    v1::ReceiveApplicationRequest {
        request_id: id(),
        volunteer_id: volunteer_id.into(),
        org_unit: STATION.into(),
        person: Some(person("演示甲")),
        birth_date: Some(Date { year: 1990, month: 2, day: 28 }),
        received_on: june(1),
        background: v1::VolunteerBackground::Veteran.into(),
        risks_explained: true,
        ..Default::default()
    }
}

pub fn vetting(volunteer_id: &str, passed: bool) -> v1::RecordVettingRequest {
    let result = if passed { v1::VettingResult::Passed } else { v1::VettingResult::Failed };
    v1::RecordVettingRequest {
        request_id: id(),
        volunteer_id: volunteer_id.into(),
        result: result.into(),
        vetted_on: june(2),
        expires_on: Some(Date { year: 2027, month: 6, day: 2 }),
        ..Default::default()
    }
}

pub fn enrolment(volunteer_id: &str) -> v1::EnrolVolunteerRequest {
    v1::EnrolVolunteerRequest {
        request_id: id(),
        volunteer_id: volunteer_id.into(),
        squadron_id: SQUADRON.into(),
        enrolled_on: june(3),
        ..Default::default()
    }
}

/// "1+2+9+N" from 1 June on.
pub fn publication() -> v1::PublishPatrolRuleRequest {
    let slot = |role: &str, min| v1::CompositionSlot {
        role: role.into(),
        name_zh: role.into(),
        name_en: role.into(),
        min,
        max: 0,
    };
    let rule = v1::PatrolRule {
        rule_id: "standard".into(),
        version: 1,
        title_zh: "1+2+9+N".into(),
        title_en: "1+2+9+N".into(),
        slots: vec![
            slot("officer", 1),
            slot("grid-worker", 2),
            slot("police-assistant", 9),
            slot("volunteer", 1),
        ],
        min_rest_minutes: 480,
        early_minutes: 30,
        overrun_minutes: 60,
        allowed_tasks: vec!["night-patrol".into()],
        effective_on: june(1),
        basis: "示例文件1号".into(),
    };
    v1::PublishPatrolRuleRequest { request_id: id(), rule: Some(rule) }
}

pub fn plan(patrol_id: &str, day: i64) -> v1::PlanPatrolRequest {
    v1::PlanPatrolRequest {
        request_id: id(),
        patrol_id: patrol_id.into(),
        org_unit: STATION.into(),
        squadron_id: SQUADRON.into(),
        route: "示例村环线".into(),
        officer_in_charge: "021345".into(),
        planned_from: at(day, 20, 0),
        planned_to: at(day, 22, 0),
        task: "night-patrol".into(),
        ..Default::default()
    }
}

pub fn check_in(patrol_id: &str, volunteer_id: &str, day: i64) -> v1::CheckInRequest {
    v1::CheckInRequest {
        request_id: id(),
        patrol_id: patrol_id.into(),
        volunteer_id: volunteer_id.into(),
        at: at(day, 20, 0),
        ..Default::default()
    }
}

pub fn muster(patrol_id: &str) -> v1::MusterPatrolRequest {
    let crew = |role: &str, count| v1::CrewCount { role: role.into(), count };
    v1::MusterPatrolRequest {
        request_id: id(),
        patrol_id: patrol_id.into(),
        crew: vec![crew("officer", 1), crew("grid-worker", 2), crew("police-assistant", 9)],
        ..Default::default()
    }
}

pub fn end(patrol_id: &str, day: i64) -> v1::EndPatrolRequest {
    let result = |kind: v1::PatrolResultKind, count| v1::PatrolResult { kind: kind.into(), count };
    v1::EndPatrolRequest {
        request_id: id(),
        patrol_id: patrol_id.into(),
        ended_at: at(day, 22, 0),
        results: vec![result(v1::PatrolResultKind::PeopleRescued, 2)],
        log: "平安".into(),
        ..Default::default()
    }
}

/// A day of June 2026.
pub fn june(day: i32) -> Option<Date> {
    Some(Date { year: 2026, month: 6, day })
}

/// An hour and minute of a day of June 2026 in the city.
pub fn at(day: i64, hour: i64, minute: i64) -> Option<prost_types::Timestamp> {
    let first = datetime!(2026-06-01 0:00 UTC).replace_offset(CITY_OFFSET);
    Some(timestamp(first + Duration::days(day - 1) + Duration::hours(hour) + Duration::minutes(minute)))
}
