//! Squadrons and duty points: formed, opened, given up.

use super::super::listing::show_accepted;
use super::super::{Context, Verdict};
use crate::connect::call;
use crate::fault::Fault;
use crate::moments;
use clap::{Args, Subcommand, ValueEnum};
use time::Date;
use xiaoan_proto::volunteers::v1 as pb;

/// Squadrons and duty points.
#[derive(Debug, Subcommand)]
pub enum Squadrons {
    /// Form a squadron
    #[command(
        after_help = "Example: xiaoan volunteers form-squadron --id zd-1 --org-unit 371102010000 --kind village \
        --name-zh 演示村义警中队 --name-en \"Demo village squadron\" --on 2026-03-01"
    )]
    FormSquadron {
        /// Kind
        #[arg(long, value_enum)]
        kind: SquadronKind,
        /// What it is
        #[command(flatten)]
        place: Place,
    },
    /// Disband a squadron
    #[command(
        after_help = "Example: xiaoan volunteers disband-squadron zd-1 --on 2026-06-30 --reason 并入镇中队"
    )]
    DisbandSquadron(GivenUp),
    /// Open a duty point
    #[command(
        after_help = "Example: xiaoan volunteers open-duty-point --id zq-1 --org-unit 371102010000 --kind town \
        --name-zh 演示广场执勤点 --name-en \"Demo square\" --on 2026-03-01"
    )]
    OpenDutyPoint {
        /// Kind
        #[arg(long, value_enum)]
        kind: DutyPointKind,
        /// What it is
        #[command(flatten)]
        place: Place,
    },
    /// Close a duty point
    #[command(
        after_help = "Example: xiaoan volunteers close-duty-point zq-1 --on 2026-06-30 --reason 广场改造"
    )]
    CloseDutyPoint(GivenUp),
}

/// Kinds of squadron.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SquadronKind {
    /// 村居中队
    Village,
    /// 警保联防中队
    PoliceGuard,
}

/// Kinds of duty point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DutyPointKind {
    /// 镇街
    Town,
    /// 村居
    Village,
    /// 企业
    Enterprise,
}

/// A squadron or a duty point to be.
#[derive(Debug, Args)]
pub struct Place {
    /// Id: letters, digits, hyphens [default: the service gives one]
    #[arg(long, default_value = "")]
    pub id: String,
    /// Unit, 12 digits
    #[arg(long = "org-unit", alias = "unit")]
    pub unit: String,
    /// Chinese name
    #[arg(long)]
    pub name_zh: String,
    /// English name
    #[arg(long)]
    pub name_en: String,
    /// Day [default: today]
    #[arg(long, value_parser = moments::day)]
    pub on: Option<Date>,
}

/// A squadron or a duty point that is no more.
#[derive(Debug, Args)]
pub struct GivenUp {
    /// Its id
    pub id: String,
    /// Day [default: today]
    #[arg(long, value_parser = moments::day)]
    pub on: Option<Date>,
    /// Why
    #[arg(long, default_value = "")]
    pub reason: String,
}

pub(super) async fn run(context: &Context, what: Squadrons) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let (request_id, etag) = (context.request_id(), String::new());
    let receipt = match what {
        Squadrons::FormSquadron { kind, place } => {
            let kind = match kind {
                SquadronKind::Village => pb::SquadronKind::Village,
                SquadronKind::PoliceGuard => pb::SquadronKind::PoliceGuard,
            };
            let request = pb::FormSquadronRequest {
                request_id,
                squadron_id: place.id,
                org_unit: place.unit,
                kind: kind.into(),
                name_zh: place.name_zh,
                name_en: place.name_en,
                formed_on: moments::or_today(place.on),
                ..Default::default()
            };
            call!(Volunteers, clients.squadron().form_squadron(request)).receipt
        }
        Squadrons::DisbandSquadron(GivenUp { id, on, reason }) => {
            let disbanded_on = moments::or_today(on);
            let request =
                pb::DisbandSquadronRequest { request_id, squadron_id: id, etag, disbanded_on, reason };
            call!(Volunteers, clients.squadron().disband_squadron(request)).receipt
        }
        Squadrons::OpenDutyPoint { kind, place } => {
            let kind = match kind {
                DutyPointKind::Town => pb::DutyPointKind::Town,
                DutyPointKind::Village => pb::DutyPointKind::Village,
                DutyPointKind::Enterprise => pb::DutyPointKind::Enterprise,
            };
            let request = pb::OpenDutyPointRequest {
                request_id,
                duty_point_id: place.id,
                org_unit: place.unit,
                kind: kind.into(),
                name_zh: place.name_zh,
                name_en: place.name_en,
                opened_on: moments::or_today(place.on),
                ..Default::default()
            };
            call!(Volunteers, clients.squadron().open_duty_point(request)).receipt
        }
        Squadrons::CloseDutyPoint(GivenUp { id, on, reason }) => {
            let closed_on = moments::or_today(on);
            let request =
                pb::CloseDutyPointRequest { request_id, duty_point_id: id, etag, closed_on, reason };
            call!(Volunteers, clients.squadron().close_duty_point(request)).receipt
        }
    };
    show_accepted(context, receipt)
}
