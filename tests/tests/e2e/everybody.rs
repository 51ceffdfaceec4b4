//! All five sources at work at once: stations file, the port reports, volunteers apply, banks confirm, headquarters registers.

use crate::city::{Bearer, City};
use crate::storm::{Storm, insist};
use anyhow::{Result, ensure};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use xiaoan_kernel::{RequestId, parse_city_minute};
use xiaoan_proto::antifraud::v1::attend_request::Said as BankSaid;
use xiaoan_proto::antifraud::v1::attend_response::Said as DeskSaid;
use xiaoan_proto::antifraud::v1::bank_desk_service_client::BankDeskServiceClient;
use xiaoan_proto::antifraud::v1::member_unit_service_client::MemberUnitServiceClient;
use xiaoan_proto::antifraud::v1::stop_service_client::StopServiceClient;
use xiaoan_proto::antifraud::v1::{
    AccountClass, AccountInput, ApproveStopRequest, AttendRequest, BankAcknowledgement, BankFeedback,
    BankOrder, DeskOpen, DraftStopRequest, FeedbackResult, JoinMemberUnitRequest, MatchField, MemberKind,
    OfficersInput, OnSiteRole, RestrictionText, TransferInput,
};
use xiaoan_proto::core::v1::{Date, OrgKind, PersonInput, Provenance};
use xiaoan_proto::hq::v1::RegisterOrgUnitRequest;
use xiaoan_proto::hq::v1::org_unit_service_client::OrgUnitServiceClient;
use xiaoan_proto::port::v1::incident_service_client::IncidentServiceClient;
use xiaoan_proto::port::v1::{IncidentKind, ReportIncidentRequest};
use xiaoan_proto::timestamp;
use xiaoan_proto::volunteers::v1::volunteer_service_client::VolunteerServiceClient;
use xiaoan_proto::volunteers::v1::{ReceiveApplicationRequest, VolunteerBackground};

pub const ZHONGZHI: &str = "371121010000";
pub const PORT: &str = "371190000000";
/// Each stop of the storm.
pub const STOP_FEN: i64 = 1_234_500;
const DAY: Date = Date { year: 2026, month: 6, day: 10 };

/// How much each source is told.
#[derive(Clone, Copy)]
pub struct Plan {
    pub cases: usize,
    pub incidents: usize,
    pub applications: usize,
    pub stops: usize,
    pub units: usize,
}

/// The storm while it blows.
pub struct Everybody {
    pub cases: Storm,
    others: JoinSet<Result<()>>,
    bank: tokio::task::JoinHandle<()>,
}

type Called<C> = InterceptedService<C, Bearer>;

impl Everybody {
    /// Begins. Everything is sent until it is answered, always with the same request id.
    pub async fn start(city: &City, plan: Plan) -> Result<Self> {
        join_bank(city, "bank-01").await?;
        let bank = tokio::spawn(attend(city.bank_desk("bank-01")?, "bank-01"));
        let cases = Storm::start(city, 8, plan.cases).await?;
        let mut others = JoinSet::new();
        let incidents = IncidentServiceClient::with_interceptor(city.lazy(&city.port)?, city.officer()?);
        others.spawn(async move {
            for n in 0..plan.incidents {
                insist(|| {
                    let (mut client, request) = (incidents.clone(), an_incident(n));
                    async move { client.report_incident(request).await }
                })
                .await?;
            }
            Ok(())
        });
        let people = VolunteerServiceClient::with_interceptor(city.lazy(&city.volunteers)?, city.officer()?);
        others.spawn(async move {
            for n in 0..plan.applications {
                insist(|| {
                    let (mut client, request) = (people.clone(), an_application(n));
                    async move { client.receive_application(request).await }
                })
                .await?;
            }
            Ok(())
        });
        let units = OrgUnitServiceClient::with_interceptor(city.lazy(&city.hq)?, city.headquarters()?);
        others.spawn(async move {
            for n in 0..plan.units {
                insist(|| {
                    let (mut client, request) = (units.clone(), a_station(n));
                    async move { client.register_org_unit(request).await }
                })
                .await?;
            }
            Ok(())
        });
        let drafting = stops(city, "officer-1")?;
        let approving = stops(city, "officer-2")?;
        others.spawn(async move {
            for n in 0..plan.stops {
                let order = insist(|| {
                    let (mut client, request) = (drafting.clone(), a_stop("bank-01", n));
                    async move { client.draft_stop(request).await }
                })
                .await?
                .order_id;
                let approval = ApproveStopRequest {
                    request_id: RequestId::of(&format!("approval {n}")).to_string(),
                    order_id: order,
                    ..Default::default()
                };
                insist(|| {
                    let (mut client, request) = (approving.clone(), approval.clone());
                    async move { client.approve_stop(request).await }
                })
                .await?;
            }
            Ok(())
        });
        Ok(Self { cases, others, bank })
    }

    /// Waits until everybody has been answered; gives the numbers of the cases.
    pub async fn finished(mut self) -> Result<Vec<String>> {
        let cases = self.cases.finished().await?;
        while let Some(done) = self.others.join_next().await {
            done??;
        }
        // The bank goes on answering until the test has seen its answers, and ends with the test.
        drop(self.bank);
        Ok(cases)
    }
}

fn stops(city: &City, who: &str) -> Result<StopServiceClient<Called<Channel>>> {
    Ok(StopServiceClient::with_interceptor(city.lazy(&city.antifraud)?, city.bearer(who, &["officer"])?))
}

/// Takes a bank into the joint meeting.
pub async fn join_bank(city: &City, bank: &str) -> Result<()> {
    let members =
        MemberUnitServiceClient::with_interceptor(city.lazy(&city.antifraud)?, city.headquarters()?);
    let join = JoinMemberUnitRequest {
        request_id: RequestId::of(&format!("join {bank}")).to_string(),
        member_unit: bank.into(),
        kind: MemberKind::Bank.into(),
        name_zh: "示例银行".into(),
        on_site_role: OnSiteRole::StopPayment.into(),
        joined_on: Some(Date { year: 2020, month: 1, day: 1 }),
        ..Default::default()
    };
    insist(|| {
        let (mut client, request) = (members.clone(), join.clone());
        async move { client.join_member_unit(request).await }
    })
    .await?;
    Ok(())
}

/// A bank that does at once what it is told; it comes back whenever its line is cut.
async fn attend(mut desk: BankDeskServiceClient<Called<Channel>>, bank: &'static str) {
    loop {
        let (say, said) = mpsc::channel(64);
        let open = BankSaid::Open(DeskOpen { member_unit: bank.into(), after_sequence: 0 });
        let _ = say.send(AttendRequest { said: Some(open) }).await;
        if let Ok(heard) = desk.attend(ReceiverStream::new(said)).await {
            let mut heard = heard.into_inner();
            while let Ok(Some(message)) = heard.message().await {
                let Some(DeskSaid::Order(order)) = message.said else { continue };
                for answer in [taken(&order), done(&order)] {
                    let _ = say.send(AttendRequest { said: Some(answer) }).await;
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn taken(order: &BankOrder) -> BankSaid {
    BankSaid::Acknowledgement(BankAcknowledgement {
        trans_serial_number: order.trans_serial_number.clone(),
        return_code: "100000".into(),
        ..Default::default()
    })
}

fn done(order: &BankOrder) -> BankSaid {
    let code: u32 = order.tx_code.parse().unwrap_or_default();
    let agreed = [MatchField::Name, MatchField::Account, MatchField::Amount, MatchField::Time];
    BankSaid::Feedback(BankFeedback {
        tx_code: (code + 1).to_string(),
        trans_serial_number: order.trans_serial_number.clone(),
        result: FeedbackResult::Done.into(),
        agreed: agreed.map(i32::from).to_vec(),
        balance_before_fen: STOP_FEN,
        amount_fen: STOP_FEN,
        acted_at: "20260610120000".into(),
        ..Default::default()
    })
}

/// The n-th stop: an account of its own.
pub fn a_stop(bank: &str, n: usize) -> DraftStopRequest {
    let person = |name: &str, number: String| {
        Some(PersonInput { name: name.into(), phone: String::new(), id_number: number })
    };
    DraftStopRequest {
        request_id: RequestId::of(&format!("stop {bank} {n}")).to_string(),
        org_unit: "371102000000".into(),
        account: Some(AccountInput {
            member_unit: bank.into(),
            account_class: AccountClass::Person.into(),
            holder: person("示例户主", format!("62220000{n:08}")),
        }),
        transfer: Some(TransferInput {
            from_bank: "示例转出行".into(),
            from: person("示例事主", format!("62210000{n:08}")),
            amount_fen: STOP_FEN,
            transferred_at: parse_city_minute("2026-06-10 11:00").map(timestamp),
        }),
        case_type: "示例".into(),
        restriction: Some(RestrictionText {
            reason: "涉嫌电信网络诈骗".into(),
            remedy: "向决定机关申诉".into(),
            papers: "身份证件与交易凭证".into(),
        }),
        officers: Some(OfficersInput {
            operator: person("示例民警甲", "371102199001010011".into()),
            co_investigator: person("示例民警乙", "371102199001010022".into()),
        }),
        provenance: Provenance::Demo.into(),
        ..Default::default()
    }
}

/// The n-th incident: a congestion at the port.
pub fn an_incident(n: usize) -> ReportIncidentRequest {
    ReportIncidentRequest {
        request_id: RequestId::of(&format!("incident {n}")).to_string(),
        incident_id: format!("storm-{n}"),
        org_unit: PORT.into(),
        kind: IncidentKind::Congestion.into(),
        reported_at: parse_city_minute("2026-06-10 08:00").map(timestamp),
        place: "示例港区一号门".into(),
        description: "示例：货车排队".into(),
        ..Default::default()
    }
}

/// The n-th application, of an invented person.
pub fn an_application(n: usize) -> ReceiveApplicationRequest {
    ReceiveApplicationRequest {
        request_id: RequestId::of(&format!("application {n}")).to_string(),
        volunteer_id: format!("storm-{n}"),
        org_unit: ZHONGZHI.into(),
        person: Some(PersonInput {
            name: format!("示例{n}"),
            phone: String::new(),
            id_number: format!("3711211990010{n:05}"),
        }),
        birth_date: Some(Date { year: 1990, month: 1, day: 1 }),
        received_on: Some(DAY),
        background: VolunteerBackground::Other.into(),
        risks_explained: true,
        ..Default::default()
    }
}

fn a_station(n: usize) -> RegisterOrgUnitRequest {
    RegisterOrgUnitRequest {
        request_id: RequestId::of(&format!("station {n}")).to_string(),
        code: format!("3711029{n:05}"),
        kind: OrgKind::Station.into(),
        parent: "371102000000".into(),
        name_zh: format!("示例派出所{n}"),
        name_en: format!("Demo station {n}"),
        ..Default::default()
    }
}

/// Every board shows exactly what was acknowledged.
pub async fn boards_are_exact(city: &City, plan: Plan) -> Result<()> {
    let sheet = city.board("city", "2026-06").await?;
    let total = sheet.total.unwrap_or_default();
    let figure = |id: &str| total.indicators.iter().find(|i| i.id == id).map_or(-1, |i| i.numerator);
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let expected = [
        ("theft_filed", count(plan.cases)),
        ("incidents", count(plan.incidents)),
        ("applied", count(plan.applications)),
        ("stops", count(plan.stops)),
        ("stopped", count(plan.stops) * STOP_FEN),
    ];
    for (id, value) in expected {
        ensure!(figure(id) == value, "the sheet's {id} is {}, acknowledged {value}", figure(id));
    }
    Ok(())
}
