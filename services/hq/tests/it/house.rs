//! A running hq and its callers.

use prost::{Message, Name};
use std::sync::Arc;
use time::OffsetDateTime;
use time::macros::{date, datetime};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use xiaoan_eventstore::{Append, AppenderOptions, EventStore, NewEvent, StreamWrite};
use xiaoan_feed::LogReader;
use xiaoan_hq::cases::KnownCases;
use xiaoan_hq::rankings::{Rankings, Token};
use xiaoan_hq::terms::Terms;
use xiaoan_hq::{Parts, Running};
use xiaoan_kernel::legal::LegalClock;
use xiaoan_kernel::{Clock, FixedClock, OrgCode, RequestId, StreamId};
use xiaoan_privacy::{Kek, Vault};
use xiaoan_projection::Runner;
use xiaoan_proto::cases::v1::{CaseFacts, CaseFiled, CaseSolved, SolveRevoked};
use xiaoan_proto::core::v1::{Date, OrgKind, Receipt};
use xiaoan_proto::hq::v1 as hq;
use xiaoan_proto::hq::v1::campaign_service_client::CampaignServiceClient;
use xiaoan_proto::hq::v1::org_unit_service_client::OrgUnitServiceClient;
use xiaoan_proto::hq::v1::scheme_service_client::SchemeServiceClient;
use xiaoan_rpc::client::{AuthenticatedChannel, ClientOptions, channel};
use xiaoan_rpc::{RpcOptions, Secret, Server};
use xiaoan_testkit::{TestDb, TestIssuer};

pub const CITY: &str = "371100000000";
pub const DONGGANG: &str = "371102000000";
pub const LANSHAN: &str = "371103000000";
pub const STATION: &str = "371102010000";
/// An address where nobody answers.
pub const NO_RANKINGS: &str = "http://127.0.0.1:1";

/// Wraps the keys of persons in every replica.
const KEK: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// One replica of hq; several may share a database and an issuer.
pub struct House {
    db: Arc<TestDb>,
    issuer: Arc<TestIssuer>,
    url: String,
    clock: Arc<FixedClock>,
    /// The log of `cases`, which hq follows.
    cases: EventStore,
    _cases_db: TestDb,
    running: Running,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<anyhow::Result<()>>>,
}

impl House {
    /// An empty hq. For it, it is noon of 2026-06-30 in the city.
    pub async fn new() -> Self {
        Self::at(datetime!(2026-06-30 04:00 UTC), NO_RANKINGS, Arc::new(TestIssuer::new())).await
    }
    /// An empty hq at a moment that asks these rankings.
    pub async fn at(now: OffsetDateTime, rankings: &str, issuer: Arc<TestIssuer>) -> Self {
        let clock = Arc::new(FixedClock::at(now));
        Self::over(Arc::new(TestDb::create("hq").await), issuer, clock, rankings).await
    }
    /// An hq with a city bureau, two bureaus and a station.
    pub async fn with_units() -> Self {
        Self::with_units_at(datetime!(2026-06-30 04:00 UTC)).await
    }
    /// The same at a moment.
    pub async fn with_units_at(now: OffsetDateTime) -> Self {
        let house = Self::at(now, NO_RANKINGS, Arc::new(TestIssuer::new())).await;
        house.register(CITY, OrgKind::CityBureau, "").await;
        house.register(DONGGANG, OrgKind::CountyBureau, CITY).await;
        house.register(LANSHAN, OrgKind::CountyBureau, CITY).await;
        house.register(STATION, OrgKind::Station, DONGGANG).await;
        house
    }
    /// Another replica on the same database.
    pub async fn replica(&self) -> Self {
        let (db, issuer) = (Arc::clone(&self.db), Arc::clone(&self.issuer));
        Self::over(db, issuer, Arc::clone(&self.clock), NO_RANKINGS).await
    }

    async fn over(db: Arc<TestDb>, issuer: Arc<TestIssuer>, clock: Arc<FixedClock>, rankings: &str) -> Self {
        let token = Token::Fixed(Secret::new(&issuer.token("hq", CITY, &["service"])));
        let rankings = Rankings::new(rankings.to_owned(), token);
        let terms = Terms::read(&LegalClock::built_in(), None).expect("the shipped limits");
        let parts = Parts::over(db.pool(), Arc::clone(&clock) as _, rankings, terms)
            .await
            .expect("hq starts on a migrated database");
        let kek = Kek::from_either(Some(KEK), None).expect("a key");
        let cases_db = TestDb::create("eventstore").await;
        let cases =
            EventStore::open(cases_db.pool(), "cases", Arc::clone(&clock) as _, AppenderOptions::default());
        let (cases, known) = (cases.await.expect("a log"), KnownCases::new());
        let following = Runner::local(cases.clone(), db.pool(), Arc::clone(&known));
        let parts = parts.knowing(known, following, LogReader::local(cases.clone()));
        let parts = parts.sealing(Some(Vault::open(db.pool(), kek).await.expect("a vault")));
        let options = RpcOptions::loopback(issuer.jwks_path(), TestIssuer::ISSUER, TestIssuer::AUDIENCE);
        let (server, running) = parts.mount(Server::new(options).await.expect("free ports"));
        let url = format!("http://{}", server.grpc_addr().expect("a bound socket"));
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(server.serve(async move {
            let _ = stopped.await;
        }));
        let (stop, server) = (Some(stop), Some(server));
        Self { db, issuer, url, clock, cases, _cases_db: cases_db, running, stop, server }
    }

    /// Puts a frozen period into the log, as hq records one that rankings has shown it.
    pub async fn record(&self, event: hq::PeriodFrozen) {
        let clock = Arc::clone(&self.clock) as _;
        let store = EventStore::open(self.db.pool(), "hq", clock, AppenderOptions::default()).await;
        let new = NewEvent {
            type_name: hq::PeriodFrozen::full_name(),
            payload: event.encode_to_vec(),
            org_unit: OrgCode::parse(CITY).expect("12 digits"),
            occurred_on: date!(2026 - 07 - 01),
        };
        let stream = StreamId::new("closing", &event.closing_id);
        let append = Append {
            request: None,
            response: Vec::new(),
            writes: vec![StreamWrite { stream, expected_version: 0, events: vec![new] }],
            actor: "tester".into(),
            traceparent: String::new(),
        };
        store.expect("a log").append(append).await.expect("recorded");
    }
    /// Something happens at `cases`, of which so much has happened to this stream before; gives the position.
    pub async fn happens<E: Message + Name>(&self, kind: &str, id: &str, before: i64, event: &E) -> i64 {
        let new = NewEvent {
            type_name: E::full_name(),
            payload: event.encode_to_vec(),
            org_unit: OrgCode::parse(STATION).expect("12 digits"),
            occurred_on: date!(2026 - 06 - 29),
        };
        let write =
            StreamWrite { stream: StreamId::new(kind, id), expected_version: before, events: vec![new] };
        let append = Append {
            request: None,
            response: Vec::new(),
            writes: vec![write],
            actor: "tester".into(),
            traceparent: String::new(),
        };
        self.cases.append(append).await.expect("recorded").last_position
    }
    /// A case is filed.
    pub async fn files(&self, case_no: &str) {
        let filed = CaseFiled {
            case_no: case_no.into(),
            org_unit: STATION.into(),
            category: "050201".into(),
            ..Default::default()
        };
        self.happens("case", case_no, 0, &filed).await;
    }
    /// It is solved on 2026-06-29, after so many events; gives the position.
    pub async fn solves(&self, case_no: &str, before: i64) -> i64 {
        let facts = CaseFacts { solved_on: on(2026, 6, 29), ..Default::default() };
        let solved = CaseSolved { case_no: case_no.into(), facts: Some(facts), ..Default::default() };
        self.happens("case", case_no, before, &solved).await
    }
    /// The solve is revoked, after so many events; gives the position.
    pub async fn revokes(&self, case_no: &str, before: i64) -> i64 {
        let revoked = SolveRevoked { case_no: case_no.into(), reason: "抓错人".into(), facts: None };
        self.happens("case", case_no, before, &revoked).await
    }

    /// From now on the log of `cases` cannot be asked.
    pub async fn cuts_off_cases(&self) {
        self.cases.pool().close().await;
    }

    /// The database as its owner sees it.
    pub fn owner_pool(&self) -> sqlx::PgPool {
        self.db.owner_pool()
    }
    /// Moves the clock; deadlines that are due by then come about.
    pub fn move_to(&self, now: OffsetDateTime) {
        self.clock.advance(now - self.clock.now());
        self.running.timers.wake();
    }
    /// A channel of an officer of a unit.
    pub fn officer(&self, unit: &str) -> AuthenticatedChannel {
        let token = self.issuer.token("officer", unit, &["officer"]);
        channel(&ClientOptions::new(&self.url), &Secret::new(&token)).expect("a channel")
    }

    /// A channel of a caller of the city bureau with these roles.
    pub fn caller(&self, roles: &[&str]) -> AuthenticatedChannel {
        let token = self.issuer.token("tester", CITY, roles);
        channel(&ClientOptions::new(&self.url), &Secret::new(&token)).expect("a channel")
    }
    /// A channel with a token that nobody issued.
    pub fn stranger(&self) -> AuthenticatedChannel {
        channel(&ClientOptions::new(&self.url), &Secret::new("nobody")).expect("a channel")
    }
    pub fn org_units(&self) -> OrgUnitServiceClient<AuthenticatedChannel> {
        OrgUnitServiceClient::new(self.caller(&["hq"]))
    }
    pub fn campaigns(&self) -> CampaignServiceClient<AuthenticatedChannel> {
        CampaignServiceClient::new(self.caller(&["hq"]))
    }
    pub fn schemes(&self) -> SchemeServiceClient<AuthenticatedChannel> {
        SchemeServiceClient::new(self.caller(&["hq"]))
    }

    pub async fn register(&self, code: &str, kind: OrgKind, parent: &str) -> Receipt {
        let answer = self.org_units().register_org_unit(registration(code, kind, parent)).await;
        receipt(answer.expect("a registration").into_inner().receipt)
    }
    /// The unit as it is once a position is visible.
    pub async fn unit(&self, code: &str, at_least: i64) -> hq::OrgUnit {
        let request = hq::GetOrgUnitRequest { code: code.into(), at_least };
        let answer = self.org_units().get_org_unit(request).await.expect("a unit").into_inner();
        answer.org_unit.expect("a unit")
    }
    /// Stops the replica as a signal would.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        if let Some(server) = self.server.take() {
            server.await.expect("no panic").expect("a clean stop");
        }
    }
}

pub fn registration(code: &str, kind: OrgKind, parent: &str) -> hq::RegisterOrgUnitRequest {
    hq::RegisterOrgUnitRequest {
        request_id: fresh(),
        code: code.into(),
        kind: kind.into(),
        parent: parent.into(),
        name_zh: "示例单位".into(),
        name_en: "Example".into(),
        effective_on: None,
    }
}

pub fn moving(code: &str, parent: &str, effective_on: Option<Date>) -> hq::MoveOrgUnitRequest {
    hq::MoveOrgUnitRequest {
        request_id: fresh(),
        code: code.into(),
        etag: String::new(),
        parent: parent.into(),
        effective_on,
    }
}

pub fn fresh() -> String {
    RequestId::fresh().to_string()
}

pub fn on(year: i32, month: i32, day: i32) -> Option<Date> {
    Some(Date { year, month, day })
}

#[track_caller]
pub fn receipt(receipt: Option<Receipt>) -> Receipt {
    receipt.expect("every accepted command has a receipt")
}

/// The code and reason of a refusal, after checking that it carries what every refusal carries.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String) {
    let status = answer.expect_err("the command should have been refused");
    let details = status.get_error_details_vec();
    let languages: Vec<_> = details
        .iter()
        .filter_map(|detail| match detail {
            tonic_types::ErrorDetail::LocalizedMessage(text) if !text.message.is_empty() => {
                Some(text.locale.as_str())
            }
            _ => None,
        })
        .collect();
    assert_eq!(languages, ["zh-CN", "en"], "{status:?}");
    let info = status.get_details_error_info().expect("every refusal has a reason");
    assert_eq!(info.domain, "xiaoan");
    (status.code(), info.reason)
}

/// The fields that a refusal names.
pub fn fields(status: &Status) -> Vec<String> {
    let violations = status.get_details_bad_request().map(|bad| bad.field_violations).unwrap_or_default();
    violations.into_iter().map(|violation| violation.field).collect()
}
