//! A centre with the real service in it: PostgreSQL, tokens, a server on loopback, org units, two banks.

use std::net::SocketAddr;
use std::sync::Arc;
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};
use xiaoan_antifraud::service::{Parts, Running, SOURCE, mount};
use xiaoan_directory::Directory;
use xiaoan_eventstore::{AppenderOptions, EventStore};
use xiaoan_kernel::legal::LegalClock;
use xiaoan_kernel::{Clock, FixedClock};
use xiaoan_privacy::{Kek, Vault};
use xiaoan_proto::antifraud::v1 as af;
use xiaoan_proto::antifraud::v1::bank_desk_service_client::BankDeskServiceClient;
use xiaoan_proto::antifraud::v1::freeze_service_client::FreezeServiceClient;
use xiaoan_proto::antifraud::v1::instruction_service_client::InstructionServiceClient;
use xiaoan_proto::antifraud::v1::ledger_service_client::LedgerServiceClient;
use xiaoan_proto::antifraud::v1::member_unit_service_client::MemberUnitServiceClient;
use xiaoan_proto::antifraud::v1::return_service_client::ReturnServiceClient;
use xiaoan_proto::antifraud::v1::stop_service_client::StopServiceClient;
use xiaoan_proto::antifraud::v1::{FeedbackResult, MatchField, attend_request, attend_response};
use xiaoan_proto::core::v1::{Date, PersonInput};
use xiaoan_proto::projections::v1::projections_service_client::ProjectionsServiceClient;
use xiaoan_proto::timestamp;
use xiaoan_rpc::client::{AuthenticatedChannel, ClientOptions, channel};
use xiaoan_rpc::{RpcOptions, Secret, Server};
use xiaoan_testkit::{TestDb, TestIssuer};
pub use xiaoan_testkit::{id, no, refused, register_units};

/// The world's "now" unless a test moves it.
pub const NOW: OffsetDateTime = datetime!(2026-03-01 10:00 +8);
pub const STATION: &str = "371102010000";
pub const BUREAU: &str = "371102000000";
pub const ELSEWHERE: &str = "371103010000";
pub const CITY: &str = "371100000000";
pub const CASE: &str = "A3711020100002026030001";
pub const HOLDER: &str = "测试户主";
pub const NUMBER: &str = "6222020000000000017";

pub struct World {
    pub db: TestDb,
    pub clock: Arc<FixedClock>,
    pub running: Running,
    pub store: EventStore,
    issuer: TestIssuer,
    addr: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl World {
    pub async fn start() -> Self {
        let db = TestDb::create("antifraud").await;
        let clock = Arc::new(FixedClock::at(NOW));
        let issuer = TestIssuer::new();
        register_units(&db, NOW).await;
        let store = EventStore::open(
            db.pool(),
            SOURCE,
            Arc::clone(&clock) as Arc<dyn Clock>,
            AppenderOptions::default(),
        )
        .await
        .expect("the store opens");
        let directory = Directory::load(db.pool()).await.expect("the directory loads");
        let vault = Vault::open(db.pool(), Kek::fresh()).await.expect("the vault opens");
        let patience = time::Duration::minutes(30);
        let parts = Parts {
            store: store.clone(),
            directory,
            following: None,
            law: LegalClock::built_in(),
            vault,
            patience,
        };
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
        let world = Self { db, clock, running, store, issuer, addr, _stop: stop };
        join_banks(&world.caller("hq-1", CITY, &["hq"])).await;
        world
    }

    pub fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// Moves the clock and has the timer look.
    pub fn pass(&self, time: time::Duration) {
        self.clock.advance(time);
        self.running.timers.wake();
    }

    pub fn caller(&self, subject: &str, org_unit: &str, roles: &[&str]) -> Caller {
        Caller::new(&format!("http://{}", self.addr), &self.issuer.token(subject, org_unit, roles))
    }
    pub fn officer(&self) -> Caller {
        self.caller("officer-1", STATION, &["officer"])
    }
    pub fn chief(&self) -> Caller {
        self.caller("chief-1", CITY, &["officer"])
    }
    pub fn registrar(&self) -> Caller {
        self.caller("registrar-1", BUREAU, &["officer", "registrar"])
    }
    /// A bank's desk.
    pub fn bank(&self, member_unit: &str) -> Caller {
        let token = self.issuer.token_of_member(&format!("desk-{member_unit}"), CITY, member_unit, &["bank"]);
        Caller::new(&format!("http://{}", self.addr), &token)
    }
}

/// Takes two banks and an operator in.
pub async fn join_banks(hq: &Caller) {
    for (member_unit, kind) in [
        ("bank-01", af::MemberKind::Bank),
        ("bank-02", af::MemberKind::Bank),
        ("operator-01", af::MemberKind::Operator),
    ] {
        let join = af::JoinMemberUnitRequest {
            request_id: id(),
            member_unit: member_unit.into(),
            kind: kind.into(),
            name_zh: "示例成员".into(),
            on_site_role: af::OnSiteRole::StopPayment.into(),
            joined_on: Some(Date { year: 2020, month: 1, day: 1 }),
            ..Default::default()
        };
        hq.members().join_member_unit(join).await.expect("joined");
    }
}

/// The clients of one caller.
#[derive(Clone)]
pub struct Caller {
    channel: AuthenticatedChannel,
}

impl Caller {
    pub fn new(url: &str, token: &str) -> Self {
        let channel = channel(&ClientOptions::new(url), &Secret::new(token)).expect("channel");
        Self { channel }
    }
    pub fn stops(&self) -> StopServiceClient<AuthenticatedChannel> {
        StopServiceClient::new(self.channel.clone())
    }
    pub fn freezes(&self) -> FreezeServiceClient<AuthenticatedChannel> {
        FreezeServiceClient::new(self.channel.clone())
    }
    pub fn returns(&self) -> ReturnServiceClient<AuthenticatedChannel> {
        ReturnServiceClient::new(self.channel.clone())
    }
    pub fn members(&self) -> MemberUnitServiceClient<AuthenticatedChannel> {
        MemberUnitServiceClient::new(self.channel.clone())
    }
    pub fn instructions(&self) -> InstructionServiceClient<AuthenticatedChannel> {
        InstructionServiceClient::new(self.channel.clone())
    }
    pub fn ledger(&self) -> LedgerServiceClient<AuthenticatedChannel> {
        LedgerServiceClient::new(self.channel.clone())
    }
    pub fn projections(&self) -> ProjectionsServiceClient<AuthenticatedChannel> {
        ProjectionsServiceClient::new(self.channel.clone())
    }
    pub fn desk(&self) -> BankDeskServiceClient<AuthenticatedChannel> {
        BankDeskServiceClient::new(self.channel.clone())
    }

    pub async fn stop(&self, order_id: &str, at_least: i64) -> af::StopOrder {
        let request = af::GetStopRequest { order_id: order_id.into(), at_least };
        self.stops().get_stop(request).await.expect("a stop").into_inner().stop.expect("a stop")
    }

    /// Drafts a stop; gives its id.
    pub async fn draft(&self, request: af::DraftStopRequest) -> String {
        self.stops().draft_stop(request).await.expect("drafted").into_inner().order_id
    }
    /// Approves a stop or its extension; gives the position.
    pub async fn approve(&self, order_id: &str) -> i64 {
        let request =
            af::ApproveStopRequest { request_id: id(), order_id: order_id.into(), ..Default::default() };
        let answer = self.stops().approve_stop(request).await.expect("approved").into_inner();
        answer.receipt.expect("a receipt").position
    }

    /// The sums of stopped, frozen and returned in fen, once a position is seen.
    pub async fn sums(&self, at_least: i64) -> [i64; 3] {
        let request = af::SumLedgerRequest { org_unit: CITY.into(), at_least, ..Default::default() };
        let sums = self.ledger().sum_ledger(request).await.expect("sums").into_inner().sums;
        sums.iter().map(|sum| sum.amount_fen).collect::<Vec<_>>().try_into().expect("three ledgers")
    }
}

/// A bank that attends.
pub struct Attending {
    say: mpsc::Sender<af::AttendRequest>,
    hear: Streaming<af::AttendResponse>,
}

impl Attending {
    pub async fn open(caller: &Caller, member_unit: &str, after: i64) -> Result<Self, Status> {
        let (say, said) = mpsc::channel(64);
        let open = af::DeskOpen { member_unit: member_unit.into(), after_sequence: after };
        say.send(message(attend_request::Said::Open(open))).await.expect("room");
        let hear = caller.desk().attend(ReceiverStream::new(said)).await?.into_inner();
        let mut attending = Self { say, hear };
        let opened = attending.hear().await;
        assert!(matches!(opened, attend_response::Said::Opened(_)), "{opened:?}");
        Ok(attending)
    }

    /// The next thing the desk says.
    pub async fn hear(&mut self) -> attend_response::Said {
        let next = tokio::time::timeout(std::time::Duration::from_secs(20), self.hear.message());
        let message = next.await.expect("the desk says something").expect("no error");
        message.expect("the stream goes on").said.expect("something")
    }

    #[track_caller]
    pub fn order(said: attend_response::Said) -> af::BankOrder {
        match said {
            attend_response::Said::Order(order) => order,
            other => panic!("no order: {other:?}"),
        }
    }

    /// The next instruction.
    pub async fn next(&mut self) -> af::BankOrder {
        Self::order(self.hear().await)
    }

    pub async fn say(&self, said: attend_request::Said) {
        self.say.send(message(said)).await.expect("the desk listens");
    }

    /// Says a feedback; gives what became of it.
    pub async fn feedback(&mut self, feedback: af::BankFeedback) -> af::AnswerTaken {
        self.say(attend_request::Said::Feedback(feedback)).await;
        self.taken().await
    }
    pub async fn acknowledge(&mut self, serial: &str, return_code: &str) -> af::AnswerTaken {
        let said = af::BankAcknowledgement {
            trans_serial_number: serial.into(),
            return_code: return_code.into(),
            failure_cause: String::new(),
        };
        self.say(attend_request::Said::Acknowledgement(said)).await;
        self.taken().await
    }
    pub async fn taken(&mut self) -> af::AnswerTaken {
        match self.hear().await {
            attend_response::Said::Taken(taken) => taken,
            other => panic!("not what became of an answer: {other:?}"),
        }
    }
}

fn message(said: attend_request::Said) -> af::AttendRequest {
    af::AttendRequest { said: Some(said) }
}

/// "Done" in the words of a bank.
pub fn done(order: &af::BankOrder, fen: i64, acted_at: &str) -> af::BankFeedback {
    let tx_code = order.tx_code.parse::<u32>().expect("a code") + 1;
    af::BankFeedback {
        tx_code: tx_code.to_string(),
        trans_serial_number: order.trans_serial_number.clone(),
        result: FeedbackResult::Done.into(),
        agreed: [MatchField::Name, MatchField::Account, MatchField::Amount, MatchField::Time]
            .map(i32::from)
            .to_vec(),
        balance_before_fen: fen,
        amount_fen: fen,
        acted_at: acted_at.into(),
        ..Default::default()
    }
}

pub fn person(name: &str, number: &str) -> PersonInput {
    PersonInput { name: name.into(), phone: String::new(), id_number: number.into() }
}

pub fn told() -> Option<af::RestrictionText> {
    Some(af::RestrictionText {
        reason: "涉案".into(), remedy: "可申诉".into(), papers: "身份证".into()
    })
}

pub fn account(bank: &str, number: &str) -> Option<af::AccountInput> {
    Some(af::AccountInput {
        member_unit: bank.into(),
        account_class: af::AccountClass::Person.into(),
        holder: Some(person(HOLDER, number)),
    })
}

pub fn officers() -> Option<af::OfficersInput> {
    Some(af::OfficersInput {
        operator: Some(person("测试警员一", "021001")),
        co_investigator: Some(person("测试警员二", "021002")),
    })
}

/// A stop that nothing is wrong with: 50,000 yuan at bank-01.
pub fn stop() -> af::DraftStopRequest {
    af::DraftStopRequest {
        request_id: id(),
        org_unit: STATION.into(),
        account: account("bank-01", NUMBER),
        transfer: Some(af::TransferInput {
            from_bank: "示例银行".into(),
            from: Some(person("测试被害人", "6222020000000000025")),
            amount_fen: 5_000_000,
            transferred_at: Some(timestamp(datetime!(2026-03-01 9:00 +8))),
        }),
        case_no: CASE.into(),
        restriction: told(),
        officers: officers(),
        ..Default::default()
    }
}

/// A freeze that nothing is wrong with.
pub fn freeze() -> af::DraftFreezeRequest {
    af::DraftFreezeRequest {
        request_id: id(),
        org_unit: STATION.into(),
        account: account("bank-01", NUMBER),
        case_no: CASE.into(),
        filed_on: Some(Date { year: 2026, month: 3, day: 1 }),
        asset_class: af::AssetClass::Deposit.into(),
        restriction: told(),
        officers: officers(),
        ..Default::default()
    }
}
