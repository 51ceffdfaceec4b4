//! A server with a handler that does what the test asks for, and ways to call it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use time::macros::date;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::task::JoinHandle;
use tokio_stream::Stream;
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status};
use tonic_types::{ErrorDetail, StatusExt};
use xiaoan_eventstore::CommandError;
use xiaoan_kernel::{
    Clock, Finding, FixedClock, OrgCode, OrgTree, Refusal, RefusalKind, Severity, SystemClock,
};
use xiaoan_proto::core::v1::Receipt;
use xiaoan_proto::eventlog::v1::event_log_service_client::EventLogServiceClient;
use xiaoan_proto::eventlog::v1::event_log_service_server::{EventLogService, EventLogServiceServer};
use xiaoan_proto::eventlog::v1::*;
use xiaoan_proto::hq::v1::org_unit_service_client::OrgUnitServiceClient;
use xiaoan_proto::hq::v1::org_unit_service_server::{OrgUnitService, OrgUnitServiceServer};
use xiaoan_proto::hq::v1::*;
use xiaoan_rpc::{Caller, Check, Role, RpcOptions, Server, command_status, errors};
use xiaoan_testkit::TestIssuer;

pub const CITY: &str = "371100000000";
pub const BUREAU: &str = "371102000000";
pub const STATION: &str = "371102010000";
pub const OTHER: &str = "371103010000";
/// Stands in causes that must not leave the process.
pub const PLANTED: &str = "planted-cause";

/// A running server.
pub struct Rig {
    pub grpc: SocketAddr,
    pub admin: SocketAddr,
    pub issuer: TestIssuer,
    pub clock: Arc<FixedClock>,
    /// Calls that wait in the handler.
    pub waiting: watch::Receiver<usize>,
    /// Lets them go on.
    pub gate: Arc<Semaphore>,
    stop: Option<oneshot::Sender<()>>,
    pub running: JoinHandle<anyhow::Result<()>>,
}

impl Rig {
    pub async fn start() -> Self {
        Self::with(|_| {}, |server| server).await
    }

    /// With other options, or more on the server.
    pub async fn with(change: impl FnOnce(&mut RpcOptions), more: impl FnOnce(Server) -> Server) -> Self {
        let issuer = TestIssuer::new();
        let jwks = issuer.jwks_path();
        Self::of(issuer, jwks, change, more).await
    }

    /// With another key set.
    pub async fn of(
        issuer: TestIssuer,
        jwks: PathBuf,
        change: impl FnOnce(&mut RpcOptions),
        more: impl FnOnce(Server) -> Server,
    ) -> Self {
        let mut options = RpcOptions::loopback(jwks, TestIssuer::ISSUER, TestIssuer::AUDIENCE);
        change(&mut options);
        let clock = Arc::new(FixedClock::at(SystemClock.now()));
        let server = Server::with_clock(options, clock.clone()).await.expect("a server");
        let (grpc, admin) = (server.grpc_addr().expect("bound"), server.admin_addr().expect("bound"));
        let (count, waiting) = watch::channel(0);
        let gate = Arc::new(Semaphore::new(0));
        let handler = Handler { count: Arc::new(count), gate: gate.clone() };
        let server = server
            .add_service(OrgUnitServiceServer::new(handler.clone()))
            .add_service(EventLogServiceServer::new(handler));
        let server = more(server);
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(server.serve(async {
            let _ = stopped.await;
        }));
        Self { grpc, admin, issuer, clock, waiting, gate, stop: Some(stop), running }
    }

    pub fn stop(&mut self) {
        let stop = self.stop.take().expect("stopped once");
        stop.send(()).expect("still running");
    }

    pub async fn stopped(self) -> anyhow::Result<()> {
        tokio::time::timeout(xiaoan_testkit::DEADLINE, self.running).await.expect("stops").expect("no panic")
    }

    /// A plaintext connection of its own.
    pub async fn channel(&self) -> Channel {
        Endpoint::from_shared(format!("http://{}", self.grpc))
            .expect("an address")
            .connect()
            .await
            .expect("connects")
    }

    pub fn officer(&self) -> String {
        self.issuer.token("officer", BUREAU, &["officer"])
    }

    /// What the handler does with a behaviour, asked for by an officer of the bureau.
    pub async fn ask(&self, behaviour: &str) -> Result<Receipt, Status> {
        self.ask_as(&self.officer(), behaviour, STATION).await
    }

    pub async fn ask_as(&self, token: &str, behaviour: &str, unit: &str) -> Result<Receipt, Status> {
        rename(self.channel().await, bearing(token, request(behaviour, unit))).await
    }

    /// The token alone: is it taken?
    pub async fn present(&self, token: &str) -> Result<Receipt, Status> {
        self.ask_as(token, "echo", STATION).await
    }

    pub async fn watch(&self) -> Result<Response<tonic::Streaming<ReadResponse>>, Status> {
        let request = bearing(&self.officer(), ReadRequest::default());
        EventLogServiceClient::new(self.channel().await).read(request).await
    }

    /// Waits until so many calls are in the handler.
    pub async fn until_waiting(&mut self, calls: usize) {
        tokio::time::timeout(xiaoan_testkit::DEADLINE, self.waiting.wait_for(|n| *n >= calls))
            .await
            .expect("calls arrive")
            .expect("handler lives");
    }

    /// Status code and text of a path of the admin port.
    pub async fn admin(&self, path: &str) -> (u16, String) {
        admin(self.admin, path).await.expect("the admin port answers")
    }
}

pub async fn admin(addr: SocketAddr, path: &str) -> std::io::Result<(u16, String)> {
    let mut socket = tokio::net::TcpStream::connect(addr).await?;
    socket.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).await?;
    let mut text = String::new();
    socket.read_to_string(&mut text).await?;
    let code = text.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_default();
    let body = text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
    Ok((code, body))
}

pub fn request(behaviour: &str, unit: &str) -> RenameOrgUnitRequest {
    RenameOrgUnitRequest { name_zh: behaviour.into(), code: unit.into(), ..Default::default() }
}

pub fn bearing<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().expect("ascii"));
    request
}

pub async fn rename(channel: Channel, request: Request<RenameOrgUnitRequest>) -> Result<Receipt, Status> {
    let answer = OrgUnitServiceClient::new(channel).rename_org_unit(request).await?;
    Ok(answer.into_inner().receipt.unwrap_or_default())
}

/// Code and stable reason.
pub fn verdict<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String) {
    let status = answer.expect_err("should be refused");
    (status.code(), reason(&status))
}

pub fn reason(status: &Status) -> String {
    let info = status.get_details_error_info().unwrap_or_else(|| panic!("no ErrorInfo in {status:?}"));
    assert_eq!(info.domain, "xiaoan");
    info.reason
}

/// The sentences by locale.
pub fn sentences(status: &Status) -> Vec<(String, String)> {
    status
        .get_error_details_vec()
        .into_iter()
        .filter_map(|detail| match detail {
            ErrorDetail::LocalizedMessage(m) => Some((m.locale, m.message)),
            _ => None,
        })
        .collect()
}

pub fn refused(code: Code, reason: &str) -> (Code, String) {
    (code, reason.to_owned())
}

#[derive(Debug)]
pub struct TestRefusal(pub RefusalKind);

impl Refusal for TestRefusal {
    fn kind(&self) -> RefusalKind {
        self.0
    }
    fn findings(&self) -> Vec<Finding> {
        let finding = |code, severity, field| Finding {
            code,
            severity,
            field,
            zh: format!("中文 {code}"),
            en: format!("english {code}"),
        };
        vec![
            finding("CB-006", Severity::Error, "approver"),
            finding("CB-014", Severity::Warning, "loss"),
            finding("CB-008", Severity::Error, "evidence"),
        ]
    }
}

#[derive(Clone)]
struct Handler {
    count: Arc<watch::Sender<usize>>,
    gate: Arc<Semaphore>,
}

impl Handler {
    async fn behave(
        &self,
        caller: &Caller,
        meta: &MetadataMap,
        m: &RenameOrgUnitRequest,
    ) -> Result<String, Status> {
        let refuse = |error: CommandError<TestRefusal>| Err(command_status(error));
        let refused = |kind| Err(command_status(CommandError::Refused(TestRefusal(kind))));
        match m.name_zh.as_str() {
            "echo" => Ok(format!("{} {} {}", caller.subject, caller.org_unit, caller.roles.len())),
            "see token" => Ok(meta.get("authorization").map(|v| format!("{v:?}")).unwrap_or_default()),
            "trace" => Ok(xiaoan_telemetry::current_traceparent()),
            "wait" => {
                self.count.send_modify(|n| *n += 1);
                self.gate.acquire().await.map_err(|e| errors::internal(&e))?.forget();
                Ok("waited".to_owned())
            }
            "forever" => std::future::pending().await,
            "panic" => panic!("{PLANTED}"),
            "internal" => Err(Status::internal(PLANTED)),
            "unknown" => Err(Status::unknown(PLANTED)),
            "store" => {
                let error = xiaoan_eventstore::StoreError::Corrupt { position: 7, reason: PLANTED.into() };
                refuse(CommandError::Store(error))
            }
            "unavailable" => refuse(CommandError::Store(xiaoan_eventstore::StoreError::Unavailable(
                Arc::new(sqlx::Error::Protocol(PLANTED.into())),
            ))),
            "stale" => refuse(CommandError::StaleEtag),
            "lost race" => refuse(CommandError::LostRace),
            "reused" => refuse(CommandError::RequestReused),
            "overloaded" => refuse(CommandError::Overloaded),
            "refuse field" => refused(RefusalKind::Field),
            "refuse state" => refused(RefusalKind::State),
            "refuse permission" => refused(RefusalKind::Permission),
            "refuse missing" => refused(RefusalKind::Missing),
            "not found" => Err(errors::not_found("orgUnits/371199990000")),
            "decide as hq" => caller.require(Role::Hq).map(|()| "decided".to_owned()),
            "write" => {
                let mut check = Check::new();
                let unit = check.org_unit("org_unit", &m.code);
                let (unit,) = check.finish((unit,))?;
                caller.may_write(&tree(), unit, date!(2026 - 06 - 30))?;
                Ok("written".to_owned())
            }
            other => panic!("no behaviour {other:?}"),
        }
    }
}

fn tree() -> OrgTree {
    let code = |text| OrgCode::parse(text).expect("12 digits");
    let mut tree = OrgTree::default();
    for (unit, parent) in [(CITY, None), (BUREAU, Some(CITY)), (STATION, Some(BUREAU)), (OTHER, Some(CITY))] {
        tree.place(code(unit), parent.map(code), date!(1949 - 10 - 01));
    }
    tree
}

#[tonic::async_trait]
impl OrgUnitService for Handler {
    async fn rename_org_unit(
        &self,
        request: Request<RenameOrgUnitRequest>,
    ) -> Result<Response<RenameOrgUnitResponse>, Status> {
        let caller = Caller::of(&request)?;
        let (meta, _, m) = request.into_parts();
        let name = self.behave(&caller, &meta, &m).await?;
        Ok(Response::new(RenameOrgUnitResponse { receipt: Some(Receipt { name, ..Default::default() }) }))
    }
    async fn register_org_unit(
        &self,
        _: Request<RegisterOrgUnitRequest>,
    ) -> Result<Response<RegisterOrgUnitResponse>, Status> {
        Ok(Response::new(RegisterOrgUnitResponse::default()))
    }
    async fn move_org_unit(
        &self,
        _: Request<MoveOrgUnitRequest>,
    ) -> Result<Response<MoveOrgUnitResponse>, Status> {
        Ok(Response::new(MoveOrgUnitResponse::default()))
    }
    async fn retire_org_unit(
        &self,
        _: Request<RetireOrgUnitRequest>,
    ) -> Result<Response<RetireOrgUnitResponse>, Status> {
        Ok(Response::new(RetireOrgUnitResponse::default()))
    }
    async fn record_headcount(
        &self,
        _: Request<RecordHeadcountRequest>,
    ) -> Result<Response<RecordHeadcountResponse>, Status> {
        Ok(Response::new(RecordHeadcountResponse::default()))
    }
    async fn get_org_unit(
        &self,
        _: Request<GetOrgUnitRequest>,
    ) -> Result<Response<GetOrgUnitResponse>, Status> {
        Ok(Response::new(GetOrgUnitResponse::default()))
    }
    async fn list_org_units(
        &self,
        _: Request<ListOrgUnitsRequest>,
    ) -> Result<Response<ListOrgUnitsResponse>, Status> {
        Ok(Response::new(ListOrgUnitsResponse::default()))
    }
}

#[tonic::async_trait]
impl EventLogService for Handler {
    type ReadStream = Pin<Box<dyn Stream<Item = Result<ReadResponse, Status>> + Send>>;

    /// A batch for each place in the gate, without an end; `limit` 13 panics in the middle.
    async fn read(&self, request: Request<ReadRequest>) -> Result<Response<Self::ReadStream>, Status> {
        let unlucky = request.into_inner().limit == 13;
        let gate = self.gate.clone();
        let stream = futures::stream::unfold(1_i64, move |position| {
            let gate = gate.clone();
            async move {
                if position > 1 {
                    gate.acquire().await.ok()?.forget();
                }
                assert!(!(unlucky && position == 2), "{PLANTED}");
                Some((Ok(ReadResponse { events: Vec::new(), head_position: position }), position + 1))
            }
        });
        Ok(Response::new(Box::pin(stream)))
    }
    async fn get_head(&self, _: Request<GetHeadRequest>) -> Result<Response<GetHeadResponse>, Status> {
        Ok(Response::new(GetHeadResponse::default()))
    }
}

/// Seconds since 1970 by the machine's clock.
pub fn now() -> i64 {
    let now: OffsetDateTime = SystemClock.now();
    now.unix_timestamp()
}

/// Long enough for every step of a test, also on a loaded machine.
pub const LONG: Duration = xiaoan_testkit::DEADLINE;
