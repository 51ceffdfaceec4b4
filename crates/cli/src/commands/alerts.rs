//! `xiaoan alerts …`: alerts with every step from dispatch to registration.

use super::listing::{documents, pages, show_accepted, show_list, show_one};
use super::{Context, Verdict};
use crate::connect::call;
use crate::fault::Fault;
use crate::moments::{self, show_instant};
use crate::render::{Align, Sheet, message_json};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;
use time::{Date, OffsetDateTime};
use xiaoan_kernel::{Clock, SystemClock};
use xiaoan_proto::cases::v1 as pb;
use xiaoan_proto::timestamp;

/// Alerts.
#[derive(Debug, Subcommand)]
pub enum Alerts {
    /// Alerts of a unit and those below it, newest first
    List(List),
    /// One alert with its steps; the caller is not shown
    Get {
        /// Its id
        alert_id: String,
    },
    /// Receive an alert; who called is registered by forms, not here
    Receive(Receive),
    /// Say what became of an alert; one that is registered as a report needs none of this
    Dispose {
        /// Alert
        alert_id: String,
        /// What became of it
        #[arg(value_enum)]
        disposition: Became,
        /// Case, when it was filed as one
        #[arg(long, default_value = "")]
        case: String,
        /// Why no case
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Send a unit, or another one instead
    Dispatch {
        /// Alert
        alert_id: String,
        /// Unit, 12 digits
        #[arg(long)]
        to: String,
    },
    /// Say that the unit has heard
    Acknowledge {
        /// Alert
        alert_id: String,
    },
    /// Say that the unit sets out
    SetOut {
        /// Alert
        alert_id: String,
    },
    /// Say that the unit is there
    Arrive {
        /// Alert
        alert_id: String,
    },
    /// Say what dealing with it on the spot came to
    Resolve {
        /// Alert
        alert_id: String,
        /// Result
        #[arg(value_enum)]
        result: Came,
    },
    /// Set a disposition without a case aside; registrars only
    Override {
        /// Alert
        alert_id: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

/// A new alert.
#[derive(Debug, Args)]
pub struct Receive {
    /// Id; letters, digits, hyphens [default: a UUID]
    #[arg(long, default_value = "")]
    pub id: String,
    /// Unit, 12 digits
    #[arg(long = "org-unit", alias = "unit")]
    pub unit: String,
    /// Kind, for example theft
    #[arg(long)]
    pub kind: String,
    /// Place, without personal data
    #[arg(long, default_value = "")]
    pub place: String,
    /// When [default: now]
    #[arg(long, value_parser = moments::moment)]
    pub at: Option<OffsetDateTime>,
}

/// What became of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Became {
    /// 立案
    FiledAsCase,
    /// 无违法犯罪事实
    NoCrime,
    /// 当场调解
    Mediated,
    /// 已救助
    Helped,
    /// 移交
    HandedOver,
    /// 行政处理
    Administrative,
}

impl From<Became> for pb::AlertDisposition {
    fn from(became: Became) -> Self {
        match became {
            Became::FiledAsCase => Self::FiledAsCase,
            Became::NoCrime => Self::NoCrime,
            Became::Mediated => Self::Mediated,
            Became::Helped => Self::Helped,
            Became::HandedOver => Self::HandedOver,
            Became::Administrative => Self::Administrative,
        }
    }
}

/// What dealing with an alert on the spot came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Came {
    /// 涉嫌犯罪，24小时内受案
    CrimeSuspected,
    /// 涉嫌治安案件，24小时内受案
    OrderCaseSuspected,
    /// 已调解
    Mediated,
    /// 已救助
    Helped,
    /// 现场无异常
    NothingFound,
    /// 不实警情
    Unfounded,
    /// 移交其他单位
    HandedOver,
}

impl From<Came> for pb::AlertResult {
    fn from(came: Came) -> Self {
        match came {
            Came::CrimeSuspected => Self::CrimeSuspected,
            Came::OrderCaseSuspected => Self::OrderCaseSuspected,
            Came::Mediated => Self::Mediated,
            Came::Helped => Self::Helped,
            Came::NothingFound => Self::NothingFound,
            Came::Unfounded => Self::Unfounded,
            Came::HandedOver => Self::HandedOver,
        }
    }
}

/// Which alerts.
#[derive(Debug, Args)]
pub struct List {
    /// Unit whose subtree is listed [default: the token's own]
    #[arg(long = "org-unit", alias = "unit", default_value = "")]
    pub unit: String,
    /// Only this state
    #[arg(long, value_enum)]
    pub state: Option<State>,
    /// First day received
    #[arg(long, value_parser = moments::day)]
    pub from: Option<Date>,
    /// Last day received
    #[arg(long, value_parser = moments::day)]
    pub to: Option<Date>,
    /// At most this many; 0 = all
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
}

/// State of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum State {
    /// 已接警
    Received,
    /// 已派警
    Dispatched,
    /// 已签收
    Acknowledged,
    /// 出警途中
    EnRoute,
    /// 已到场
    OnScene,
    /// 现场处置完毕
    Resolved,
    /// 已受案登记
    Registered,
    /// 已处置
    Disposed,
    /// 重复警情
    Duplicate,
}

impl From<State> for pb::AlertState {
    fn from(state: State) -> Self {
        match state {
            State::Received => Self::Received,
            State::Dispatched => Self::Dispatched,
            State::Acknowledged => Self::Acknowledged,
            State::EnRoute => Self::EnRoute,
            State::OnScene => Self::OnScene,
            State::Resolved => Self::Resolved,
            State::Registered => Self::Registered,
            State::Disposed => Self::Disposed,
            State::Duplicate => Self::Duplicate,
        }
    }
}

/// Does what the command line says.
///
/// # Errors
/// Whatever went wrong.
pub async fn run(context: &Context, what: Alerts) -> Result<Verdict, Fault> {
    match what {
        Alerts::List(what) => list(context, what).await,
        Alerts::Get { alert_id } => {
            let clients = context.clients()?;
            let request = pb::GetAlertRequest { alert_id, at_least: 0 };
            let found = call!(Cases, clients.alert().get_alert(request));
            show_one(context, &found.alert.as_ref().map_or(Value::Null, message_json))
        }
        act => step(context, act).await,
    }
}

async fn step(context: &Context, act: Alerts) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let request_id = context.request_id();
    let receipt = match act {
        Alerts::Receive(what) => {
            let request = pb::ReceiveAlertRequest {
                request_id,
                alert_id: what.id,
                org_unit: what.unit,
                received_at: Some(timestamp(what.at.unwrap_or_else(|| SystemClock.now()))),
                kind: what.kind,
                place: what.place,
                ..Default::default()
            };
            call!(Cases, clients.alert().receive_alert(request)).receipt
        }
        Alerts::Dispose { alert_id, disposition, case, reason } => {
            let request = pb::DisposeAlertRequest {
                request_id,
                alert_id,
                disposition: pb::AlertDisposition::from(disposition).into(),
                case_no: case,
                no_case_reason: reason,
                ..Default::default()
            };
            call!(Cases, clients.alert().dispose_alert(request)).receipt
        }
        Alerts::Dispatch { alert_id, to } => {
            let request =
                pb::DispatchAlertRequest { request_id, alert_id, to_org_unit: to, ..Default::default() };
            call!(Cases, clients.alert().dispatch_alert(request)).receipt
        }
        Alerts::Acknowledge { alert_id } => {
            let request = pb::AcknowledgeDispatchRequest { request_id, alert_id, ..Default::default() };
            call!(Cases, clients.alert().acknowledge_dispatch(request)).receipt
        }
        Alerts::SetOut { alert_id } => {
            let request = pb::SetOutRequest { request_id, alert_id, ..Default::default() };
            call!(Cases, clients.alert().set_out(request)).receipt
        }
        Alerts::Arrive { alert_id } => {
            let request = pb::ArriveRequest { request_id, alert_id, ..Default::default() };
            call!(Cases, clients.alert().arrive(request)).receipt
        }
        Alerts::Resolve { alert_id, result } => {
            let request = pb::ResolveAlertRequest {
                request_id,
                alert_id,
                result: pb::AlertResult::from(result).into(),
                ..Default::default()
            };
            call!(Cases, clients.alert().resolve_alert(request)).receipt
        }
        Alerts::Override { alert_id, reason } => {
            let request =
                pb::OverrideDispositionRequest { request_id, alert_id, reason, ..Default::default() };
            call!(Cases, clients.alert().override_disposition(request)).receipt
        }
        Alerts::List(_) | Alerts::Get { .. } => None, // no acts; done before
    };
    show_accepted(context, receipt)
}

async fn list(context: &Context, what: List) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let (found, more) = pages(what.limit, async |page_size, page_token| {
        let request = pb::ListAlertsRequest {
            org_unit: what.unit.clone(),
            from: what.from.map(Into::into),
            to: what.to.map(Into::into),
            state: what.state.map_or(pb::AlertState::Unspecified, Into::into).into(),
            page_size,
            page_token,
            ..Default::default()
        };
        let page = call!(Cases, clients.alert().list_alerts(request));
        Ok((page.alerts, page.next_page_token))
    })
    .await?;
    let mut sheet = Sheet::new(&[
        (context.say("警情", "alert"), Align::Left),
        (context.say("单位", "unit"), Align::Left),
        (context.say("接警", "received"), Align::Left),
        (context.say("类别", "kind"), Align::Left),
        (context.say("状态", "state"), Align::Left),
        (context.say("须登记至", "register by"), Align::Left),
        (context.say("受案/案件", "report or case"), Align::Left),
    ])
    .may_drop(5, 1);
    for alert in &found {
        let became = if alert.report_id.is_empty() { &alert.case_no } else { &alert.report_id };
        sheet.row(vec![
            alert.alert_id.as_str().into(),
            alert.org_unit.as_str().into(),
            show_instant(alert.received_at.as_ref()).into(),
            alert.kind.as_str().into(),
            state(context, alert.state()).into(),
            show_instant(alert.register_by.as_ref()).into(),
            became.as_str().into(),
        ]);
    }
    show_list(context, &sheet, "alerts", &documents(&found), more)
}

fn state(context: &Context, state: pb::AlertState) -> &'static str {
    match state {
        pb::AlertState::Unspecified => "?",
        pb::AlertState::Received => context.say("已接警", "received"),
        pb::AlertState::Dispatched => context.say("已派警", "dispatched"),
        pb::AlertState::Acknowledged => context.say("已签收", "acknowledged"),
        pb::AlertState::EnRoute => context.say("出警途中", "en route"),
        pb::AlertState::OnScene => context.say("已到场", "on scene"),
        pb::AlertState::Resolved => context.say("现场处置完毕", "resolved"),
        pb::AlertState::Registered => context.say("已受案登记", "registered"),
        pb::AlertState::Disposed => context.say("已处置", "disposed of"),
        pb::AlertState::Duplicate => context.say("重复警情", "duplicate"),
    }
}
