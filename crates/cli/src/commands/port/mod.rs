//! `xiaoan port …`: incidents, accidents, guards and freight traffic of the port.
//!
//! | file | what |
//! |---|---|
//! | `list.rs`, `one.rs` | lists; one of them, and its history |
//! | `incidents.rs`, `guards.rs` | what happens to incidents, freight traffic and guards |
//! | `act.rs` | `do`: what names persons, and what happens to accidents |
//! | `answers.rs` | the track that facts lead to; how far a port system's records are taken |
//! | `send.rs` | records of a port system, out of a file |

mod act;
mod answers;
pub mod guards;
pub mod incidents;
mod list;
mod one;
mod send;

use super::fields::Act;
use super::import::{Parts, Sent, Words, import};
use super::listing::word_of;
use super::{Context, Verdict};
use crate::args::{Import, Service};
use crate::fault::Fault;
use crate::moments;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;
use time::Date;
use tokio_stream::StreamExt;
use xiaoan_proto::port::v1 as pb;

/// The port.
#[derive(Debug, Subcommand)]
pub enum Port {
    /// Import a spreadsheet of incidents (CSV in UTF-8 or GB18030, Chinese or English headers)
    #[command(after_help = "Example: xiaoan port import incidents.csv --dry-run")]
    Import(Import),
    /// Incidents, accidents, guards or records of freight traffic of a unit and those below it, newest first
    #[command(
        after_help = "Example: xiaoan port list incidents --kind congestion --state closed --from 2026-06-01 --to 2026-06-30"
    )]
    List(List),
    /// One of them
    #[command(after_help = "Example: xiaoan port get incident e-1")]
    Get {
        /// What
        #[arg(value_enum)]
        what: What,
        /// Its id
        id: String,
    },
    /// Everything that happened to one of them
    #[command(after_help = "Example: xiaoan port history accident a-1")]
    History {
        /// What
        #[arg(value_enum)]
        what: What,
        /// Its id
        id: String,
    },
    /// Which procedure an accident takes, by its facts; records nothing
    #[command(after_help = "Example: xiaoan port track --harm none --facility --parties 2")]
    Track(Track),
    /// What happens to incidents and freight traffic.
    #[command(flatten)]
    Incidents(incidents::Incidents),
    /// What happens to guards.
    #[command(flatten)]
    Guards(guards::Guards),
    /// A command with its fields in JSON: report-incident and register-guard (they name persons: @FILE or -), report-accident,
    /// amend-facts, request-officer, assign-officers, fix-evidence, clear-scene, sign-settlement, issue-certificate, close-accident
    #[command(after_help = "Examples:\n  \
        xiaoan port do report-accident @accident.json\n  \
        xiaoan port do request-officer '{\"accidentId\": \"a-1\", \"partyId\": \"A\"}'")]
    Do(Act),
    /// Send the records of a port dispatch system, a SystemRecord in JSON on each line; what is taken already is not sent again
    /// (role port-system)
    #[command(after_help = "Example: xiaoan port send records.jsonl --software \"dispatch 4.2\"\n\n\
        {\"sequence\": \"1\", \"recordId\": \"r1\", \"orgUnit\": \"371190010000\", \"incident\": {\"kind\": \"INCIDENT_KIND_FIRE\", …}}")]
    Send {
        /// The file; - = stdin
        file: PathBuf,
        /// Version of the system's software, for the log
        #[arg(long, default_value = "xiaoan")]
        software: String,
    },
    /// How far the records of a port dispatch system are taken
    #[command(after_help = "Example: xiaoan port intake dispatch-1")]
    Intake {
        /// The system: the subject of its token [default: the caller]
        #[arg(default_value = "")]
        system: String,
    },
}

/// What the port keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// 事件
    #[value(alias = "incidents")]
    Incident,
    /// 事故
    #[value(alias = "accidents")]
    Accident,
    /// 保安
    #[value(alias = "guards")]
    Guard,
    /// 货运交通疏导
    Freight,
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
    /// First day
    #[arg(long, value_parser = moments::day)]
    pub from: Option<Date>,
    /// Last day
    #[arg(long, value_parser = moments::day)]
    pub to: Option<Date>,
    /// Only incidents or accidents in this state, for example closed, on-scene; settled, certified
    #[arg(long, default_value = "")]
    pub state: String,
    /// Only this kind of incident: congestion, channel, traffic, security, fire, hazmat
    #[arg(long, value_parser = kind)]
    pub kind: Option<pb::IncidentKind>,
    /// Only guards whose authority holds on this day
    #[arg(long, value_parser = moments::day)]
    pub authorised_on: Option<Date>,
    /// At most this many; 0 = all
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
}

/// Facts of an accident.
#[derive(Debug, Args)]
pub struct Track {
    /// Worst harm: none, slight-injury, serious-injury, death
    #[arg(long, value_parser = harm)]
    pub harm: pb::Harm,
    /// Items of article 13, 1 to 7
    #[arg(long = "item", value_delimiter = ',', value_parser = clap::value_parser!(i32).range(1..=7))]
    pub items: Vec<i32>,
    /// A building or facility was hit
    #[arg(long)]
    pub facility: bool,
    /// A vehicle carries dangerous goods
    #[arg(long)]
    pub hazmat: bool,
    /// An inspection or insurance mark is missing
    #[arg(long)]
    pub mark_missing: bool,
    /// A crime is suspected
    #[arg(long)]
    pub crime: bool,
    /// Parties of the accident
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=20))]
    pub parties: u8,
    /// Parties who consent to the simple procedure
    #[arg(long, default_value_t = 0)]
    pub consent: u8,
    /// A party wants an officer
    #[arg(long)]
    pub officer: bool,
}

fn kind(word: &str) -> Result<pb::IncidentKind, String> {
    word_of(word, "INCIDENT_KIND_", pb::IncidentKind::from_str_name)
        .filter(|kind| *kind != pb::IncidentKind::Unspecified)
        .ok_or_else(|| "congestion, channel, traffic, security, fire or hazmat".to_owned())
}

fn harm(word: &str) -> Result<pb::Harm, String> {
    word_of(word, "HARM_", pb::Harm::from_str_name)
        .filter(|harm| *harm != pb::Harm::Unspecified)
        .ok_or_else(|| "none, slight-injury, serious-injury or death".to_owned())
}

/// `xiaoan port …`.
pub async fn run(context: &Context, what: Port) -> Result<Verdict, Fault> {
    match what {
        Port::Import(what) => import_incidents(context, what).await,
        Port::List(what) => list::list(context, &what).await,
        Port::Get { what, id } => one::get(context, what, id).await,
        Port::History { what, id } => one::history(context, what, id).await,
        Port::Track(what) => answers::track(context, &what).await,
        Port::Incidents(what) => incidents::run(context, what).await,
        Port::Guards(what) => guards::run(context, what).await,
        Port::Do(what) => act::act(context, &what).await,
        Port::Send { file, software } => send::send(context, &file, software).await,
        Port::Intake { system } => answers::intake(context, system).await,
    }
}

async fn import_incidents(context: &Context, what: Import) -> Result<Verdict, Fault> {
    let clients = &context.clients()?;
    let words = Words { zh: "事件编号", en: "incident no", json: "incidentNo" };
    let answer = |parts: Parts<pb::IncidentRow>| async move {
        use pb::import_incidents_request::Part;
        let part = |part| pb::ImportIncidentsRequest { part: Some(part) };
        let messages = parts.map(move |sent| match sent {
            Sent::Header { dry_run, file_name } => {
                part(Part::Header(pb::ImportHeader { dry_run, file_name }))
            }
            Sent::Row(row) => part(Part::Row(row)),
        });
        let answer = clients.incident().import_incidents(clients.request_without_deadline(messages)?).await;
        answer.map(|a| a.into_inner().into()).map_err(|status| clients.fault(Service::Port, status))
    };
    import(context, what, words, answer).await
}
