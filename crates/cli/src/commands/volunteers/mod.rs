//! `xiaoan volunteers …`: people, squadrons, duty points and patrols; the import of people; the acts of officers and
//! leaders that need no form of their own.

mod act;
mod list;
mod one;

use super::import::{Parts, Sent, Words, import};
use super::{Context, Verdict};
use crate::args::{Import, Service};
use crate::fault::Fault;
use crate::moments;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;
use time::{Date, OffsetDateTime};
use tokio_stream::StreamExt;
use xiaoan_proto::volunteers::v1 as pb;

/// Volunteers.
#[derive(Debug, Subcommand)]
pub enum Volunteers {
    /// Import a spreadsheet of people (CSV in UTF-8 or GB18030, Chinese or English headers)
    Import(Import),
    /// Volunteers, squadrons, duty points, patrols or rules of a unit and those below it, last begun first
    List(List),
    /// One of them; nothing personal is shown
    Get {
        /// What
        #[arg(value_enum)]
        what: What,
        /// Its id
        id: String,
    },
    /// Everything that happened to a volunteer or a patrol
    History {
        /// What
        #[arg(value_enum)]
        what: Storied,
        /// Its id
        id: String,
    },
    /// Publish the next version of a rule for patrols (a PatrolRule in JSON); headquarters only
    PublishRule {
        /// The file
        file: PathBuf,
    },
    /// Plan a patrol
    Plan(Plan),
    /// Say who else mustered, for example officer=1 grid-worker=2 police-assistant=9
    Muster {
        /// Patrol
        patrol: String,
        /// role=count
        #[arg(required = true, value_parser = crew)]
        crew: Vec<(String, i32)>,
    },
    /// Check a volunteer in
    CheckIn(Presence),
    /// Check a volunteer out
    CheckOut(Presence),
    /// End a patrol; whoever is still there is released
    End(End),
}

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// 志愿者
    #[value(alias = "volunteers")]
    Volunteer,
    /// 中队
    #[value(alias = "squadrons")]
    Squadron,
    /// 执勤点
    #[value(alias = "duty-points")]
    DutyPoint,
    /// 巡逻
    #[value(alias = "patrols")]
    Patrol,
    /// 编组办法
    #[value(alias = "rules")]
    Rule,
}

/// What has a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Storied {
    /// 志愿者
    Volunteer,
    /// 巡逻
    Patrol,
}

/// Which of them.
#[derive(Debug, Args)]
pub struct List {
    /// What
    #[arg(value_enum)]
    pub what: What,
    /// Unit whose subtree is listed [default: the token's own]
    #[arg(long = "org-unit", alias = "unit", default_value = "")]
    pub unit: String,
    /// Only this state: applied, vetted, rejected, enrolled, active, suspended, retired, expelled of volunteers; planned,
    /// begun, ended, cancelled of patrols
    #[arg(long, default_value = "")]
    pub state: String,
    /// Only volunteers or patrols of this squadron
    #[arg(long, default_value = "")]
    pub squadron: String,
    /// First day of patrols
    #[arg(long, value_parser = moments::day)]
    pub from: Option<Date>,
    /// Last day of patrols
    #[arg(long, value_parser = moments::day)]
    pub to: Option<Date>,
    /// At most this many; 0 = all
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
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

pub(super) async fn run(context: &Context, what: Volunteers) -> Result<Verdict, Fault> {
    match what {
        Volunteers::Import(what) => import_people(context, what).await,
        Volunteers::List(what) => list::list(context, &what).await,
        Volunteers::Get { what, id } => one::get(context, what, id).await,
        Volunteers::History { what, id } => one::history(context, what, id).await,
        Volunteers::PublishRule { file } => act::publish_rule(context, &file).await,
        Volunteers::Plan(what) => act::plan(context, what).await,
        Volunteers::Muster { patrol, crew } => act::muster(context, patrol, crew).await,
        Volunteers::CheckIn(what) => act::check_in(context, what).await,
        Volunteers::CheckOut(what) => act::check_out(context, what).await,
        Volunteers::End(what) => act::end(context, what).await,
    }
}

async fn import_people(context: &Context, what: Import) -> Result<Verdict, Fault> {
    let clients = &context.clients()?;
    let words = Words { zh: "报名编号", en: "volunteer id", json: "volunteerId" };
    let answer = |parts: Parts<pb::VolunteerRow>| async move {
        use pb::import_volunteers_request::Part;
        let part = |part| pb::ImportVolunteersRequest { part: Some(part) };
        let messages = parts.map(move |sent| match sent {
            Sent::Header { dry_run, file_name } => {
                part(Part::Header(pb::ImportHeader { dry_run, file_name }))
            }
            Sent::Row(row) => part(Part::Row(row)),
        });
        let messages = clients.request_without_deadline(messages)?;
        let answer = clients.volunteer().import_volunteers(messages).await;
        answer.map(|a| a.into_inner().into()).map_err(|status| clients.fault(Service::Volunteers, status))
    };
    import(context, what, words, answer).await
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
    let name = format!("PATROL_RESULT_KIND_{}", kind.to_ascii_uppercase().replace('-', "_"));
    pb::PatrolResultKind::from_str_name(&name)
        .filter(|kind| *kind != pb::PatrolResultKind::Unspecified)
        .map(|kind| (kind, count))
        .ok_or_else(|| format!("{kind:?} is no kind of result"))
}
