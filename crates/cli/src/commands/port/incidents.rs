//! An incident from the report to the closing, and freight traffic that was directed.

use super::super::listing::{Beside, show_accepted, show_accepted_with};
use super::super::{Context, Verdict};
use super::kind;
use crate::connect::call;
use crate::fault::Fault;
use crate::moments;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use time::OffsetDateTime;
use xiaoan_proto::port::v1 as pb;
use xiaoan_proto::timestamp;

/// Incidents and freight traffic.
#[derive(Debug, Subcommand)]
pub enum Incidents {
    /// Report an incident; who reported it is stated with `do report-incident @FILE` only
    #[command(
        after_help = "Example: xiaoan port report --id e-1 --org-unit 371190010000 --kind congestion --place 2号门 \
        --description 货车积压 --at \"2026-06-30 08:15\""
    )]
    Report(Report),
    /// Say what kind of incident it is
    #[command(after_help = "Example: xiaoan port classify e-1 traffic")]
    Classify {
        /// Incident
        incident: String,
        /// Kind: congestion, channel, traffic, security, fire, hazmat
        #[arg(value_parser = kind)]
        kind: pb::IncidentKind,
    },
    /// Send crews
    #[command(after_help = "Example: xiaoan port dispatch e-1 patrol-3 patrol-4 --at \"2026-06-30 08:17\"")]
    Dispatch {
        /// Incident
        incident: String,
        /// Call signs
        #[arg(required = true)]
        crews: Vec<String>,
        /// When [default: now]
        #[arg(long, value_parser = moments::moment)]
        at: Option<OffsetDateTime>,
    },
    /// A crew has arrived
    #[command(after_help = "Example: xiaoan port arrive e-1 patrol-3 --at \"2026-06-30 08:25\"")]
    Arrive {
        /// Incident
        incident: String,
        /// Call sign
        crew: String,
        /// When [default: now]
        #[arg(long, value_parser = moments::moment)]
        at: Option<OffsetDateTime>,
    },
    /// It is under control
    #[command(after_help = "Example: xiaoan port control e-1 --at \"2026-06-30 08:40\"")]
    Control(Step),
    /// Production goes on as before
    #[command(after_help = "Example: xiaoan port restore e-1 --at \"2026-06-30 09:00\"")]
    Restore(Step),
    /// Hand it to another authority, which gave a receipt
    #[command(after_help = "Example: xiaoan port refer e-2 msa --receipt 海-17 --at \"2026-06-30 10:20\"")]
    Refer {
        /// Incident
        incident: String,
        /// Authority
        #[arg(value_enum)]
        to: Authority,
        /// Number of its receipt
        #[arg(long)]
        receipt: String,
        /// When [default: now]
        #[arg(long, value_parser = moments::moment)]
        at: Option<OffsetDateTime>,
    },
    /// Close a restored or referred incident; its crews are free
    #[command(after_help = "Example: xiaoan port close e-1 --at \"2026-06-30 09:30\"")]
    Close(Step),
    /// Take an incident out of the count: a false report, or a repetition of another
    #[command(after_help = "Examples:\n  \
        xiaoan port withdraw e-3 --reason 误报\n  \
        xiaoan port withdraw e-4 --reason 重复报告 --duplicate-of e-1")]
    Withdraw {
        /// Incident
        incident: String,
        /// Why
        #[arg(long)]
        reason: String,
        /// Incident that it repeats
        #[arg(long, default_value = "")]
        duplicate_of: String,
    },
    /// Record vehicles of freight traffic that were directed
    #[command(after_help = "Example: xiaoan port direct --id h-1 --org-unit 371190010000 --vehicles 320 \
        --from \"2026-06-30 06:00\" --to \"2026-06-30 12:00\" --place 疏港大道")]
    Direct(Direct),
    /// Correct the number of vehicles of a record
    #[command(after_help = "Example: xiaoan port correct-freight h-1 302 --reason 重复计数")]
    CorrectFreight {
        /// Record
        record: String,
        /// Vehicles as they were
        vehicles: i64,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

/// An incident.
#[derive(Debug, Args)]
pub struct Report {
    /// Id: letters, digits, hyphens [default: the service gives one]
    #[arg(long, default_value = "")]
    pub id: String,
    /// Unit, 12 digits
    #[arg(long = "org-unit", alias = "unit")]
    pub unit: String,
    /// Kind as far as the reporter says: congestion, channel, traffic, security, fire, hazmat
    #[arg(long, value_parser = kind)]
    pub kind: pb::IncidentKind,
    /// Place, without personal data
    #[arg(long, default_value = "")]
    pub place: String,
    /// What happened, without personal data
    #[arg(long, default_value = "")]
    pub description: String,
    /// When it was reported [default: now]
    #[arg(long, value_parser = moments::moment)]
    pub at: Option<OffsetDateTime>,
}

/// A step of an incident.
#[derive(Debug, Args)]
pub struct Step {
    /// Incident
    pub incident: String,
    /// When [default: now]
    #[arg(long, value_parser = moments::moment)]
    pub at: Option<OffsetDateTime>,
}

/// Whom an incident is referred to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Authority {
    /// 海事
    Msa,
    /// 港口
    Port,
    /// 消防
    Fire,
    /// 交警
    Traffic,
}

/// Freight traffic that was directed.
#[derive(Debug, Args)]
pub struct Direct {
    /// Id: letters, digits, hyphens [default: the service gives one]
    #[arg(long, default_value = "")]
    pub id: String,
    /// Unit, 12 digits
    #[arg(long = "org-unit", alias = "unit")]
    pub unit: String,
    /// Vehicles
    #[arg(long)]
    pub vehicles: i64,
    /// From
    #[arg(long, value_parser = moments::moment)]
    pub from: OffsetDateTime,
    /// To, at most 24 hours later
    #[arg(long, value_parser = moments::moment)]
    pub to: OffsetDateTime,
    /// Road, gate or yard, without personal data
    #[arg(long, default_value = "")]
    pub place: String,
}

pub(super) async fn run(context: &Context, what: Incidents) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let (request_id, etag) = (context.request_id(), String::new());
    let receipt = match what {
        Incidents::Report(what) => {
            let request = pb::ReportIncidentRequest {
                request_id,
                incident_id: what.id,
                org_unit: what.unit,
                kind: what.kind.into(),
                reported_at: moments::or_now(what.at),
                place: what.place,
                description: what.description,
                ..Default::default()
            };
            let answer = call!(Port, clients.incident().report_incident(request));
            let id = Beside("事件编号", "incident", "incidentId", json!(answer.incident_id));
            return show_accepted_with(context, answer.receipt, &[id]);
        }
        Incidents::Classify { incident, kind } => {
            let request =
                pb::ClassifyIncidentRequest { request_id, incident_id: incident, etag, kind: kind.into() };
            call!(Port, clients.incident().classify_incident(request)).receipt
        }
        Incidents::Dispatch { incident, crews, at } => {
            let dispatched_at = moments::or_now(at);
            let request =
                pb::DispatchIncidentRequest { request_id, incident_id: incident, etag, crews, dispatched_at };
            call!(Port, clients.incident().dispatch_incident(request)).receipt
        }
        Incidents::Arrive { incident, crew, at } => {
            let arrived_at = moments::or_now(at);
            let request =
                pb::ArriveAtIncidentRequest { request_id, incident_id: incident, etag, crew, arrived_at };
            call!(Port, clients.incident().arrive_at_incident(request)).receipt
        }
        Incidents::Control(Step { incident, at }) => {
            let controlled_at = moments::or_now(at);
            let request =
                pb::ControlIncidentRequest { request_id, incident_id: incident, etag, controlled_at };
            call!(Port, clients.incident().control_incident(request)).receipt
        }
        Incidents::Restore(Step { incident, at }) => {
            let restored_at = moments::or_now(at);
            let request = pb::RestoreIncidentRequest { request_id, incident_id: incident, etag, restored_at };
            call!(Port, clients.incident().restore_incident(request)).receipt
        }
        Incidents::Refer { incident, to, receipt, at } => {
            let to = match to {
                Authority::Msa => pb::Authority::Msa,
                Authority::Port => pb::Authority::Port,
                Authority::Fire => pb::Authority::Fire,
                Authority::Traffic => pb::Authority::Traffic,
            };
            let request = pb::ReferIncidentRequest {
                request_id,
                incident_id: incident,
                etag,
                to: to.into(),
                receipt_no: receipt,
                referred_at: moments::or_now(at),
            };
            call!(Port, clients.incident().refer_incident(request)).receipt
        }
        Incidents::Close(Step { incident, at }) => {
            let closed_at = moments::or_now(at);
            let request = pb::CloseIncidentRequest { request_id, incident_id: incident, etag, closed_at };
            call!(Port, clients.incident().close_incident(request)).receipt
        }
        Incidents::Withdraw { incident, reason, duplicate_of } => {
            let request =
                pb::WithdrawIncidentRequest { request_id, incident_id: incident, etag, reason, duplicate_of };
            call!(Port, clients.incident().withdraw_incident(request)).receipt
        }
        Incidents::Direct(what) => {
            let request = pb::DirectFreightTrafficRequest {
                request_id,
                record_id: what.id,
                org_unit: what.unit,
                vehicles: what.vehicles,
                from: Some(timestamp(what.from)),
                to: Some(timestamp(what.to)),
                place: what.place,
                ..Default::default()
            };
            let answer = call!(Port, clients.freight().direct_freight_traffic(request));
            let id = Beside("记录编号", "record", "recordId", json!(answer.record_id));
            return show_accepted_with(context, answer.receipt, &[id]);
        }
        Incidents::CorrectFreight { record, vehicles, reason } => {
            let request =
                pb::CorrectFreightTrafficRequest { request_id, record_id: record, etag, vehicles, reason };
            call!(Port, clients.freight().correct_freight_traffic(request)).receipt
        }
    };
    show_accepted(context, receipt)
}
