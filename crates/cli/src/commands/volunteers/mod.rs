//! `xiaoan volunteers …`: people, squadrons, duty points and patrols.
//!
//! | file | what |
//! |---|---|
//! | `list.rs`, `one.rs` | lists; one of them, and its history |
//! | `people.rs`, `hours.rs` | from the application to the certificate |
//! | `squadrons.rs` | squadrons and duty points |
//! | `patrols.rs` | rules, patrols, who is there |

mod hours;
mod list;
mod one;
pub mod patrols;
pub mod people;
pub mod squadrons;

use super::import::{Parts, Sent, Words, import};
use super::{Context, Verdict};
use crate::args::{Import, Service};
use crate::fault::Fault;
use crate::moments;
use clap::{Args, Subcommand, ValueEnum};
use time::Date;
use tokio_stream::StreamExt;
use xiaoan_proto::volunteers::v1 as pb;

/// Volunteers.
#[derive(Debug, Subcommand)]
pub enum Volunteers {
    /// Import a spreadsheet of people (CSV in UTF-8 or GB18030, Chinese or English headers)
    #[command(after_help = "Example: xiaoan volunteers import people.csv --dry-run")]
    Import(Import),
    /// Volunteers, squadrons, duty points, patrols or rules of a unit and those below it, last begun first
    #[command(
        after_help = "Example: xiaoan volunteers list volunteers --org-unit 371102010000 --state active"
    )]
    List(List),
    /// One of them; nothing personal is shown
    #[command(after_help = "Example: xiaoan volunteers get volunteer zy-001")]
    Get {
        /// What
        #[arg(value_enum)]
        what: What,
        /// Its id
        id: String,
    },
    /// Everything that happened to a volunteer or a patrol
    #[command(after_help = "Example: xiaoan volunteers history patrol p-1")]
    History {
        /// What
        #[arg(value_enum)]
        what: Storied,
        /// Its id
        id: String,
    },
    /// What happens to people.
    #[command(flatten)]
    People(people::People),
    /// What happens to squadrons and duty points.
    #[command(flatten)]
    Squadrons(squadrons::Squadrons),
    /// What happens to rules and patrols.
    #[command(flatten)]
    Patrols(patrols::Patrols),
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

pub(super) async fn run(context: &Context, what: Volunteers) -> Result<Verdict, Fault> {
    match what {
        Volunteers::Import(what) => import_people(context, what).await,
        Volunteers::List(what) => list::list(context, &what).await,
        Volunteers::Get { what, id } => one::get(context, what, id).await,
        Volunteers::History { what, id } => one::history(context, what, id).await,
        Volunteers::People(what) => people::run(context, what).await,
        Volunteers::Squadrons(what) => squadrons::run(context, what).await,
        Volunteers::Patrols(what) => patrols::run(context, what).await,
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
