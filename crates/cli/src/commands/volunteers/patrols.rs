//! Patrols: a rule published, a patrol planned, people in and out, the end of it, and what is put right afterwards.

use super::super::listing::{Beside, show_accepted, show_accepted_with, word_of};
use super::super::{Context, Verdict, fields};
use crate::connect::call;
use crate::fault::Fault;
use crate::moments;
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::PathBuf;
use time::OffsetDateTime;
use xiaoan_proto::timestamp;
use xiaoan_proto::volunteers::v1 as pb;

/// Patrols.
#[derive(Debug, Subcommand)]
pub enum Patrols {
    /// Publish the next version of a rule for patrols (a PatrolRule in JSON; - = stdin); headquarters only
    #[command(after_help = "Example: xiaoan volunteers publish-rule standard.json")]
    PublishRule {
        /// The file
        file: PathBuf,
    },
    /// Plan a patrol
    #[command(
        after_help = "Example: xiaoan volunteers plan --id p-1 --org-unit 371102010000 --squadron zd-1 \
        --duty-point zq-1 --officer 071234 --from \"2026-06-30 19:00\" --to \"2026-06-30 21:00\" --task street-patrol"
    )]
    Plan(Plan),
    /// Plan a later end of a patrol
    #[command(
        after_help = "Example: xiaoan volunteers extend p-1 --to \"2026-06-30 22:00\" --reason 夜市延时"
    )]
    Extend {
        /// Patrol
        patrol: String,
        /// New end, at most 24 hours after the begin
        #[arg(long, value_parser = moments::moment)]
        to: OffsetDateTime,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Cancel a patrol at which nobody has checked in
    #[command(after_help = "Example: xiaoan volunteers cancel p-1 --reason 暴雨")]
    Cancel {
        /// Patrol
        patrol: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Say who else mustered
    #[command(
        after_help = "Example: xiaoan volunteers muster p-1 officer=1 grid-worker=2 police-assistant=9"
    )]
    Muster {
        /// Patrol
        patrol: String,
        /// role=count
        #[arg(required = true, value_parser = crew)]
        crew: Vec<(String, i32)>,
    },
    /// Check a volunteer in: the hours begin
    #[command(after_help = "Example: xiaoan volunteers check-in p-1 zy-001 --at \"2026-06-30 19:02\"")]
    CheckIn(Presence),
    /// Check a volunteer out: the hours end
    #[command(after_help = "Example: xiaoan volunteers check-out p-1 zy-001 --at \"2026-06-30 21:00\"")]
    CheckOut(Presence),
    /// End a patrol; whoever is still there is released
    #[command(after_help = "Example: xiaoan volunteers end p-1 --log 巡逻正常 --result people-rescued=1")]
    End(End),
    /// Correct the results of an ended patrol; all of them are stated anew (officers)
    #[command(
        after_help = "Example: xiaoan volunteers correct-results p-1 --result people-rescued=2 --reason 漏记一人"
    )]
    CorrectResults {
        /// Patrol
        patrol: String,
        /// A result as it should have been, for example people-rescued=2; may be repeated, none = nothing came of it
        #[arg(long = "result", value_parser = result)]
        results: Vec<(pb::PatrolResultKind, i32)>,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

/// A patrol to be.
#[derive(Debug, Args)]
pub struct Plan {
    /// Id [default: the service gives one]
    #[arg(long, default_value = "")]
    pub id: String,
    /// Unit, 12 digits
    #[arg(long = "org-unit", alias = "unit")]
    pub unit: String,
    /// Squadron
    #[arg(long)]
    pub squadron: String,
    /// Duty point; or --route
    #[arg(long, default_value = "", conflicts_with = "route")]
    pub duty_point: String,
    /// Route; or --duty-point
    #[arg(long, default_value = "")]
    pub route: String,
    /// Badge number of the officer in charge
    #[arg(long)]
    pub officer: String,
    /// Planned begin
    #[arg(long, value_parser = moments::moment)]
    pub from: OffsetDateTime,
    /// Planned end
    #[arg(long, value_parser = moments::moment)]
    pub to: OffsetDateTime,
    /// Task, one of the rule's
    #[arg(long)]
    pub task: String,
    /// Rule [default: standard]
    #[arg(long, default_value = "")]
    pub rule: String,
}

/// A volunteer at a patrol.
#[derive(Debug, Args)]
pub struct Presence {
    /// Patrol
    pub patrol: String,
    /// Volunteer
    pub volunteer: String,
    /// When [default: now]
    #[arg(long, value_parser = moments::moment)]
    pub at: Option<OffsetDateTime>,
}

/// The end of a patrol.
#[derive(Debug, Args)]
pub struct End {
    /// Patrol
    pub patrol: String,
    /// When [default: now]
    #[arg(long, value_parser = moments::moment)]
    pub at: Option<OffsetDateTime>,
    /// What happened, without personal data
    #[arg(long)]
    pub log: String,
    /// A result, for example people-rescued=2; may be repeated. Kinds: fugitives-caught, suspects-caught,
    /// people-rescued, traffic-eased, disputes-mediated
    #[arg(long = "result", value_parser = result)]
    pub results: Vec<(pb::PatrolResultKind, i32)>,
    /// Why the composition was another than the rule's
    #[arg(long, default_value = "")]
    pub deviation: String,
}

/// "officer=1", for clap.
fn crew(text: &str) -> Result<(String, i32), String> {
    let (role, count) = text.split_once('=').ok_or("write role=count, for example officer=1")?;
    let count = count.parse().map_err(|_| format!("{count:?} is no whole number"))?;
    Ok((role.to_owned(), count))
}

/// "people-rescued=2", for clap.
fn result(text: &str) -> Result<(pb::PatrolResultKind, i32), String> {
    let (kind, count) = crew(text)?;
    word_of(&kind, "PATROL_RESULT_KIND_", pb::PatrolResultKind::from_str_name)
        .filter(|kind| *kind != pb::PatrolResultKind::Unspecified)
        .map(|kind| (kind, count))
        .ok_or_else(|| format!("{kind:?} is no kind of result"))
}

fn results(stated: Vec<(pb::PatrolResultKind, i32)>) -> Vec<pb::PatrolResult> {
    stated.into_iter().map(|(kind, count)| pb::PatrolResult { kind: kind.into(), count }).collect()
}

/// Minutes beside a receipt.
fn minutes(minutes: i64) -> [Beside<'static>; 1] {
    [Beside("分钟", "minutes", "minutes", json!(minutes))]
}

pub(super) async fn run(context: &Context, what: Patrols) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let (request_id, etag) = (context.request_id(), String::new());
    let receipt = match what {
        Patrols::PublishRule { file } => {
            let rule = Some(fields::read_file(context, &file)?);
            let request = pb::PublishPatrolRuleRequest { request_id, rule };
            call!(Volunteers, clients.patrol().publish_patrol_rule(request)).receipt
        }
        Patrols::Plan(what) => {
            let request = pb::PlanPatrolRequest {
                request_id,
                patrol_id: what.id,
                org_unit: what.unit,
                squadron_id: what.squadron,
                duty_point_id: what.duty_point,
                route: what.route,
                officer_in_charge: what.officer,
                planned_from: Some(timestamp(what.from)),
                planned_to: Some(timestamp(what.to)),
                task: what.task,
                rule_id: what.rule,
                ..Default::default()
            };
            call!(Volunteers, clients.patrol().plan_patrol(request)).receipt
        }
        Patrols::Extend { patrol, to, reason } => {
            let planned_to = Some(timestamp(to));
            let request = pb::ExtendPatrolRequest { request_id, patrol_id: patrol, etag, planned_to, reason };
            call!(Volunteers, clients.patrol().extend_patrol(request)).receipt
        }
        Patrols::Cancel { patrol, reason } => {
            let request = pb::CancelPatrolRequest { request_id, patrol_id: patrol, etag, reason };
            call!(Volunteers, clients.patrol().cancel_patrol(request)).receipt
        }
        Patrols::Muster { patrol, crew } => {
            let crew = crew.into_iter().map(|(role, count)| pb::CrewCount { role, count }).collect();
            let request = pb::MusterPatrolRequest { request_id, patrol_id: patrol, etag, crew };
            call!(Volunteers, clients.patrol().muster_patrol(request)).receipt
        }
        Patrols::CheckIn(what) => {
            let request = pb::CheckInRequest {
                request_id,
                patrol_id: what.patrol,
                etag,
                volunteer_id: what.volunteer,
                at: moments::or_now(what.at),
            };
            call!(Volunteers, clients.patrol().check_in(request)).receipt
        }
        Patrols::CheckOut(what) => {
            let request = pb::CheckOutRequest {
                request_id,
                patrol_id: what.patrol,
                etag,
                volunteer_id: what.volunteer,
                at: moments::or_now(what.at),
            };
            let answer = call!(Volunteers, clients.patrol().check_out(request));
            return show_accepted_with(context, answer.receipt, &minutes(answer.minutes));
        }
        Patrols::End(what) => {
            let request = pb::EndPatrolRequest {
                request_id,
                patrol_id: what.patrol,
                etag,
                ended_at: moments::or_now(what.at),
                results: results(what.results),
                log: what.log,
                deviation_reason: what.deviation,
            };
            let answer = call!(Volunteers, clients.patrol().end_patrol(request));
            return show_accepted_with(context, answer.receipt, &minutes(answer.minutes));
        }
        Patrols::CorrectResults { patrol, results: stated, reason } => {
            let results = results(stated);
            let request = pb::CorrectResultsRequest { request_id, patrol_id: patrol, etag, results, reason };
            call!(Volunteers, clients.patrol().correct_results(request)).receipt
        }
    };
    show_accepted(context, receipt)
}
