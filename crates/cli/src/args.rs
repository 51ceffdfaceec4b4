//! The words a user types.

use crate::lang::Lang;
use crate::moments;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::path::PathBuf;
use time::{Date, OffsetDateTime};
use xiaoan_kernel::RequestId;

/// Xiaoan (小案) in a terminal: small cases, saved up, are a city's sense of security.
#[derive(Debug, Parser)]
#[command(name = "xiaoan", version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 done, 1 failed or some rows rejected, 2 wrong usage.\n\
    Without --token the token is taken from XIAOAN_TOKEN, the file XIAOAN_TOKEN_FILE, or the nearest .dev/token upward.")]
pub struct Cli {
    /// Options that every command understands.
    #[command(flatten)]
    pub globals: Globals,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options that every command understands.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct Globals {
    /// How results are printed on stdout; messages and progress go to stderr
    #[arg(long, short, global = true, value_enum, default_value = "table", env = "XIAOAN_OUTPUT")]
    pub output: Output,
    /// Language of what a person reads [default: the locale's]
    #[arg(long, global = true, value_enum, env = "XIAOAN_LANG")]
    pub lang: Option<Lang>,
    /// gRPC address of `cases`
    #[arg(long, global = true, env = "XIAOAN_CASES_URL", default_value = "http://127.0.0.1:7101")]
    pub cases_url: String,
    /// gRPC address of `hq`
    #[arg(long, global = true, env = "XIAOAN_HQ_URL", default_value = "http://127.0.0.1:7102")]
    pub hq_url: String,
    /// gRPC address of `rankings`
    #[arg(long, global = true, env = "XIAOAN_RANKINGS_URL", default_value = "http://127.0.0.1:7103")]
    pub rankings_url: String,
    /// gRPC address of `antifraud`
    #[arg(long, global = true, env = "XIAOAN_ANTIFRAUD_URL", default_value = "http://127.0.0.1:7104")]
    pub antifraud_url: String,
    /// gRPC address of `port`
    #[arg(long, global = true, env = "XIAOAN_PORT_URL", default_value = "http://127.0.0.1:7105")]
    pub port_url: String,
    /// gRPC address of `volunteers`
    #[arg(long, global = true, env = "XIAOAN_VOLUNTEERS_URL", default_value = "http://127.0.0.1:7106")]
    pub volunteers_url: String,
    /// Bearer token (JWT)
    #[arg(long, global = true, env = "XIAOAN_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// File that holds the bearer token
    #[arg(long, global = true, env = "XIAOAN_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
    /// Certificate authority (PEM) for https addresses
    #[arg(long, global = true, env = "XIAOAN_CA_FILE")]
    pub ca_file: Option<PathBuf>,
    /// Client certificate (PEM), where services ask for one
    #[arg(long, global = true, env = "XIAOAN_CLIENT_CERT", requires = "client_key")]
    pub client_cert: Option<PathBuf>,
    /// Its private key (PEM)
    #[arg(long, global = true, env = "XIAOAN_CLIENT_KEY", requires = "client_cert")]
    pub client_key: Option<PathBuf>,
    /// Seconds a single call may take
    #[arg(long, global = true, default_value_t = 30, env = "XIAOAN_DEADLINE", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub deadline: u64,
    /// Request id of the command, a UUID: the same command sent again under it is done once. State its times too, "now" is
    /// another time the next time [default: a fresh one]
    #[arg(long, global = true, value_name = "UUID", value_parser = request_id)]
    pub request_id: Option<RequestId>,
}

/// A UUID, for clap.
fn request_id(text: &str) -> Result<RequestId, String> {
    RequestId::parse(text)
        .ok_or_else(|| format!("{text:?} is no UUID, for example 0198c5a2-7d1e-7b3a-9c44-2f6d1e8a5b01"))
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Columns for a person
    Table,
    /// One JSON document, alone on stdout
    Json,
    /// Comma-separated values
    Csv,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Org units and headcounts
    #[command(subcommand)]
    Org(Org),
    /// Cases: import, list, look at one
    #[command(subcommand)]
    Cases(Cases),
    /// Alerts with every step from dispatch to registration
    #[command(subcommand)]
    Alerts(crate::commands::alerts::Alerts),
    /// Series (串并案): cases linked as the work of the same hands
    #[command(subcommand)]
    Series(crate::commands::series::Series),
    /// Reports (受案) with their time limits, and the limits that ran out
    #[command(subcommand)]
    Reports(crate::commands::reports::Reports),
    /// Audits of recording integrity: samples of alerts, verdicts, the share recorded
    #[command(subcommand)]
    Audits(crate::commands::audits::Audits),
    /// Task forces: daily directives, weekly and monthly analyses, results
    #[command(subcommand)]
    TaskForces(crate::commands::work::TaskForces),
    /// Clean-up operations: venues inspected, findings put right
    #[command(subcommand)]
    Cleanups(crate::commands::work::One),
    /// Reverse responsibility reviews of preventable cases
    #[command(subcommand)]
    Reviews(crate::commands::work::Reviews),
    /// Supervised major cases and their progress
    #[command(subcommand)]
    MajorCases(crate::commands::work::One),
    /// Exhibits, 24 hours to the custodian, and the dens they were found in
    #[command(subcommand)]
    Exhibits(crate::commands::work::Exhibits),
    /// The three lookups of a case, with accountability
    #[command(subcommand)]
    Lookups(crate::commands::work::One),
    /// The port police: incidents, accidents, guards, freight traffic
    #[command(subcommand)]
    Port(crate::commands::port::Port),
    /// Volunteers: people, squadrons, duty points, patrols
    #[command(subcommand)]
    Volunteers(crate::commands::volunteers::Volunteers),
    /// The anti-fraud centre: stops, freezes and returns of money, and what banks confirmed
    #[command(subcommand)]
    Antifraud(crate::commands::antifraud::Antifraud),
    /// Honours: nominations, grants, revocations
    #[command(subcommand)]
    Commendations(crate::commands::registers::Commendations),
    /// Cases under listed supervision, each taken by a bureau chief
    #[command(subcommand)]
    ListedCases(crate::commands::registers::ListedCases),
    /// Figures that other cities and the province published
    #[command(subcommand)]
    References(crate::commands::registers::References),
    /// Surveys of the public
    #[command(subcommand)]
    Surveys(crate::commands::registers::Listed),
    /// Inspections of units and what they found
    #[command(subcommand)]
    Inspections(crate::commands::registers::Listed),
    /// Play others' machines: banks that answer their orders
    #[command(subcommand)]
    Sim(crate::sim::Sim),
    /// Standings of a board over a period
    Standings(Standings),
    /// The ledger lines, and their events, behind one number of a board
    Explain(Explain),
    /// Standings now, and again whenever they change
    Watch(Watch),
    /// Closed periods: freeze, correct, verify
    #[command(subcommand)]
    Closings(crate::commands::closings::Closings),
    /// A closing as a PDF in official layout and a spreadsheet; issue it, compare a file with what was issued
    Bulletin(crate::commands::bulletin::Bulletin),
    /// Notices to units below a threshold, and their rectification
    #[command(subcommand)]
    Notices(crate::commands::notices::Notices),
    /// Interviews after notices in adjacent months
    #[command(subcommand)]
    Interviews(crate::commands::notices::Interviews),
    /// The sources of the boards: how far each has been read, and whether it is well
    Sources,
    /// How far the projections of each service have come
    #[command(subcommand)]
    Projections(Projections),
    /// Deadlines that are to come about, service by service, and those whose last try failed (exit code 1 when one did)
    #[command(after_help = "Example: xiaoan timers --service antifraud")]
    Timers {
        /// Only this service: cases, hq, antifraud
        #[arg(long, value_enum)]
        service: Vec<Service>,
    },
    /// The evidence: hash chains
    #[command(subcommand)]
    Audit(Audit),
    /// Tokens for development, signed without any server
    #[command(subcommand)]
    Token(Token),
    /// The invented demo city
    #[command(subcommand)]
    Demo(Demo),
    /// What ./dev needs of us
    #[command(subcommand, hide = true)]
    Dev(Dev),
    /// Completion script for a shell
    Completion {
        /// Shell
        #[arg(value_enum)]
        shell: Shell,
    },
}

/// Org units.
#[derive(Debug, Subcommand)]
pub enum Org {
    /// Register the units and headcounts of a CSV file (code,kind,parent,name_zh,name_en,officers_from,officers)
    Import {
        /// The file
        file: PathBuf,
        /// Seconds to wait until the other services know the units; 0 = do not wait
        #[arg(long, default_value_t = 60)]
        wait: u64,
    },
    /// All units, as a tree
    List,
    /// One unit
    Show {
        /// 12 digits
        code: String,
    },
}

/// Cases.
#[derive(Debug, Subcommand)]
pub enum Cases {
    /// Import a spreadsheet (CSV in UTF-8 or GB18030, Chinese or English headers)
    Import(Import),
    /// Cases of a unit and those below it, newest filing first
    List(ListCases),
    /// One case
    Get {
        /// Case number (案件编号)
        case_no: String,
    },
    /// Everything that happened to a case
    History {
        /// Case number (案件编号)
        case_no: String,
    },
    /// A command with its fields in JSON: file, investigate, record-suspect-caught, propose-solve, approve-solve, return-solve,
    /// revoke-solve, recover-property, return-property, reclassify, transfer, withdraw, serve-withdrawal-notice, refile.
    /// What names persons comes from @FILE or -
    #[command(
        after_help = "Example: xiaoan cases do approve-solve '{\"caseNo\": \"A3711020100002026060001\"}'"
    )]
    Do(crate::commands::fields::Act),
}

/// Import of cases.
#[derive(Debug, Args)]
pub struct Import {
    /// The CSV file
    pub file: PathBuf,
    /// Check every row, write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Where rejected rows are written [default: beside FILE, as NAME.rejected.csv]
    #[arg(long, value_name = "FILE")]
    pub rejected: Option<PathBuf>,
}

/// Which cases.
#[derive(Debug, Args)]
pub struct ListCases {
    /// Unit whose cases and those below it are listed [default: the token's own]
    #[arg(long = "org-unit", alias = "unit", default_value = "")]
    pub unit: String,
    /// Only this state
    #[arg(long, value_enum)]
    pub state: Option<State>,
    /// Only categories with this prefix, for example 0502
    #[arg(long, default_value = "")]
    pub category: String,
    /// First day of filing
    #[arg(long, value_parser = moments::day)]
    pub from: Option<Date>,
    /// Last day of filing
    #[arg(long, value_parser = moments::day)]
    pub to: Option<Date>,
    /// At most this many; 0 = all
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
}

/// State of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum State {
    /// 已立案
    Filed,
    /// 侦查中
    Investigating,
    /// 待审批
    Proposed,
    /// 已破案
    Solved,
    /// 已撤案
    Withdrawn,
}

/// "cases=1200", for clap.
fn source_position(text: &str) -> Result<(String, i64), String> {
    let wrong = || format!("{text:?} is not of the form SOURCE=N, for example cases=1200");
    let (source, position) = text.split_once('=').ok_or_else(wrong)?;
    let position = position.parse().ok().filter(|n: &i64| *n >= 0).ok_or_else(wrong)?;
    if source.is_empty() { Err(wrong()) } else { Ok((source.to_owned(), position)) }
}

/// Which standings.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    xiaoan standings --board theft-stations --period 2026-06\n  \
    xiaoan standings --board theft-stations --period 2026-06 --as-of-position cases=1200 --as-of-position hq=90")]
pub struct Standings {
    /// Board, for example theft-stations
    #[arg(long)]
    pub board: String,
    /// 2026-06, 2026-Q2, 2026, 2020-09-01..2021-07-10, or a campaign id
    #[arg(long)]
    pub period: String,
    /// As it was known at this moment
    #[arg(long, value_parser = moments::moment)]
    pub as_of: Option<OffsetDateTime>,
    /// As it stood at this position of a source, for example cases=1200; may be repeated, one for each source. What a closing
    /// froze is asked for so
    #[arg(long = "as-of-position", value_name = "SOURCE=N", value_parser = source_position)]
    pub as_of_positions: Vec<(String, i64)>,
}

/// Which number.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    xiaoan explain --board theft-stations --period 2026-06 --org-unit 371102010000 --indicator solve_rate\n  \
    xiaoan explain --board theft-stations --period 2026-06 --indicator filed --as-of-position cases=1200")]
pub struct Explain {
    /// Board
    #[arg(long)]
    pub board: String,
    /// Period
    #[arg(long)]
    pub period: String,
    /// Unit [default: the whole city]
    #[arg(long = "org-unit", alias = "unit", default_value = "")]
    pub unit: String,
    /// Squadron, on a board that ranks squadrons
    #[arg(long, default_value = "")]
    pub squadron: String,
    /// Indicator, for example solve_rate
    #[arg(long)]
    pub indicator: String,
    /// The denominator instead of the numerator
    #[arg(long)]
    pub denominator: bool,
    /// As it was known at this moment
    #[arg(long, value_parser = moments::moment)]
    pub as_of: Option<OffsetDateTime>,
    /// As it stood at this position of a source, for example cases=1200; may be repeated, one for each source. What a closing
    /// froze is asked for so
    #[arg(long = "as-of-position", value_name = "SOURCE=N", value_parser = source_position)]
    pub as_of_positions: Vec<(String, i64)>,
    /// At most this many lines; 0 = all
    #[arg(long, default_value_t = 500)]
    pub limit: usize,
}

/// What to watch.
#[derive(Debug, Args)]
pub struct Watch {
    /// Board
    #[arg(long)]
    pub board: String,
    /// Period
    #[arg(long)]
    pub period: String,
    /// Stop after this many changes; 0 = never
    #[arg(long, default_value_t = 0)]
    pub count: usize,
}

/// Projections.
#[derive(Debug, Subcommand)]
pub enum Projections {
    /// Position, lag and state of every projection
    Status,
    /// Build a projection anew beside the live one, and swap
    Rebuild {
        /// Projection, for example ledger
        name: String,
        /// Service it belongs to
        #[arg(long, value_enum, default_value = "rankings")]
        service: Service,
    },
}

/// A service of the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Service {
    /// Alerts, cases, series
    Cases,
    /// What headquarters decides
    Hq,
    /// Ledger and standings
    Rankings,
    /// Stops, freezes and returns of money
    Antifraud,
    /// Incidents and guards of the port
    Port,
    /// Volunteers and their patrols
    Volunteers,
}

/// Audit.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Walk the log of each writing service and verify its hash chain from the first event on
    Verify {
        /// Only this service
        #[arg(long, value_enum)]
        service: Vec<Service>,
    },
}

/// Tokens.
#[derive(Debug, Subcommand)]
pub enum Token {
    /// Sign a token with a development key and print it
    Mint(Mint),
    /// Make a signing key (PKCS#8 PEM) and its JWKS, unless they are there
    Keygen {
        /// Folder for signing-key.pem and jwks.json
        dir: PathBuf,
    },
}

/// What the token says.
#[derive(Debug, Args)]
pub struct Mint {
    /// Signing key (PKCS#8 PEM) [default: the nearest .dev/secrets/signing-key.pem upward]
    #[arg(long, env = "XIAOAN_SIGNING_KEY")]
    pub key: Option<PathBuf>,
    /// Who: the subject
    #[arg(long, default_value = "demo-hq")]
    pub subject: String,
    /// Org unit, 12 digits
    #[arg(long = "org-unit", alias = "unit", default_value = "371100000000")]
    pub unit: String,
    /// Roles: officer, registrar, hq, auditor, service, bank, port-system, guard, volunteer-leader
    #[arg(long = "role", value_delimiter = ',', default_value = "officer,registrar,hq")]
    pub roles: Vec<String>,
    /// Member unit that the subject works for, for example bank-01
    #[arg(long)]
    pub member_unit: Option<String>,
    /// Valid for this many hours
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(i64).range(1..=87_600))]
    pub hours: i64,
    /// Issuer
    #[arg(long, env = "XIAOAN_ISSUER", default_value = crate::keys::ISSUER)]
    pub issuer: String,
    /// Audience
    #[arg(long, env = "XIAOAN_AUDIENCE", default_value = crate::keys::AUDIENCE)]
    pub audience: String,
}

/// The demo city.
#[derive(Debug, Subcommand)]
pub enum Demo {
    /// What the demo city contains, computed without any server
    Plan,
    /// Replay the demo city through the gRPC APIs; what is there already stays as it is
    Load(DemoLoad),
    /// Compare the boards with the plan's figures
    Check,
}

/// How to replay.
#[derive(Debug, Args)]
pub struct DemoLoad {
    /// Signing key for the invented officers' tokens [default: the nearest .dev/secrets/signing-key.pem upward]
    #[arg(long, env = "XIAOAN_SIGNING_KEY")]
    pub key: Option<PathBuf>,
    /// Issuer
    #[arg(long, env = "XIAOAN_ISSUER", default_value = crate::keys::ISSUER)]
    pub issuer: String,
    /// Audience
    #[arg(long, env = "XIAOAN_AUDIENCE", default_value = crate::keys::AUDIENCE)]
    pub audience: String,
    /// Commands in flight
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=512))]
    pub in_flight: u16,
}

/// What ./dev needs of us.
#[derive(Debug, Subcommand)]
pub enum Dev {
    /// Make the roles xiaoan_owner and xiaoan_app and a database for each service, unless they are there
    Databases(Databases),
}

/// Which databases.
#[derive(Debug, Args)]
pub struct Databases {
    /// Address with a role that may create roles and databases
    #[arg(long, env = "XIAOAN_ADMIN_DATABASE_URL", hide_env_values = true)]
    pub admin_url: String,
    /// Password of xiaoan_owner
    #[arg(long, env = "XIAOAN_OWNER_PASSWORD", hide_env_values = true, default_value = "")]
    pub owner_password: String,
    /// Password of xiaoan_app
    #[arg(long, env = "XIAOAN_APP_PASSWORD", hide_env_values = true, default_value = "")]
    pub app_password: String,
    /// Before each name
    #[arg(long, default_value = "")]
    pub prefix: String,
    /// Drop the databases instead
    #[arg(long)]
    pub drop: bool,
    /// Services
    #[arg(required = true)]
    pub services: Vec<String>,
}
