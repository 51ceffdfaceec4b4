//! One file per subcommand.

mod acts;
pub mod alerts;
pub mod antifraud;
mod audit;
pub mod audits;
pub mod bulletin;
mod cases;
pub mod closings;
mod demo;
mod dev;
mod explain;
pub mod fields;
mod import;
mod listing;
pub mod notices;
mod org;
pub mod port;
mod projections;
pub mod registers;
pub mod reports;
pub mod series;
mod sources;
mod standings;
mod timers;
mod token;
pub mod volunteers;
mod watch;
pub mod work;

use crate::args::{Cases, Cli, Command, Globals, Output};
use crate::connect::Clients;
use crate::fault::Fault;
use crate::lang::Lang;
use clap::CommandFactory;
use xiaoan_kernel::RequestId;

/// How a command that ran ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All of it was done.
    Done,
    /// It ran to its end, but part of the input was rejected, or a check failed.
    SomeRejected,
}

/// What every command is given.
pub struct Context {
    /// Global options.
    pub globals: Globals,
    /// Language.
    pub lang: Lang,
}

impl Context {
    /// Form of the output.
    #[must_use]
    pub fn output(&self) -> Output {
        self.globals.output
    }
    /// One of two texts.
    #[must_use]
    pub fn say<T>(&self, zh: T, en: T) -> T {
        self.lang.pick(zh, en)
    }
    /// Id of the command: the one that was asked for, otherwise a fresh one.
    #[must_use]
    pub fn request_id(&self) -> String {
        self.globals.request_id.unwrap_or_else(RequestId::fresh).to_string()
    }
    /// Id of one of several commands that a command line stands for; `part` says which. Made from the one that was asked for, if
    /// any.
    #[must_use]
    pub fn request_id_of(&self, part: &str) -> String {
        let given = self.globals.request_id.map(|id| RequestId::of(&format!("{id}|{part}")));
        given.unwrap_or_else(RequestId::fresh).to_string()
    }
    /// Clients with the user's token.
    ///
    /// # Errors
    /// When an address or the token cannot be read.
    pub fn clients(&self) -> Result<Clients, Fault> {
        Clients::new(&self.globals)
    }
}

/// Does what the command line says.
///
/// # Errors
/// Whatever went wrong.
pub async fn dispatch(cli: Cli, lang: Lang) -> Result<Verdict, Fault> {
    let context = Context { globals: cli.globals, lang };
    match cli.command {
        Command::Org(what) => org::run(&context, what).await,
        Command::Cases(Cases::Import(what)) => import::run(&context, what).await,
        Command::Cases(what) => cases::run(&context, what).await,
        Command::Alerts(what) => alerts::run(&context, what).await,
        Command::Series(what) => series::run(&context, what).await,
        Command::Reports(what) => reports::run(&context, what).await,
        Command::Audits(what) => audits::run(&context, what).await,
        Command::TaskForces(what) => work::task_forces(&context, what).await,
        Command::Cleanups(what) => work::cleanups(&context, what).await,
        Command::Reviews(what) => work::reviews(&context, what).await,
        Command::MajorCases(what) => work::major_cases(&context, what).await,
        Command::Exhibits(what) => work::exhibits(&context, what).await,
        Command::Lookups(what) => work::lookups(&context, what).await,
        Command::Port(what) => port::run(&context, what).await,
        Command::Volunteers(what) => volunteers::run(&context, what).await,
        Command::Antifraud(what) => antifraud::run(&context, what).await,
        Command::Commendations(what) => registers::commendations(&context, what).await,
        Command::ListedCases(what) => registers::listed_cases(&context, what).await,
        Command::References(what) => registers::references(&context, what).await,
        Command::Surveys(what) => registers::surveys(&context, what).await,
        Command::Inspections(what) => registers::inspections(&context, what).await,
        Command::Sim(what) => crate::sim::run(&context, what).await,
        Command::Standings(what) => standings::run(&context, what).await,
        Command::Explain(what) => explain::run(&context, what).await,
        Command::Closings(what) => closings::run(&context, what).await,
        Command::Bulletin(what) => bulletin::run(&context, what).await,
        Command::Notices(what) => notices::run(&context, what).await,
        Command::Interviews(what) => notices::interviews(&context, what).await,
        Command::Watch(what) => watch::run(&context, what).await,
        Command::Sources => sources::run(&context).await,
        Command::Projections(what) => projections::run(&context, what).await,
        Command::Timers { service } => timers::run(&context, &service).await,
        Command::Audit(what) => audit::run(&context, what).await,
        Command::Token(what) => token::run(&context, what),
        Command::Demo(what) => demo::run(&context, what).await,
        Command::Dev(what) => dev::run(what).await,
        Command::Completion { shell } => {
            clap_complete::generate(shell, &mut shown_commands(), "xiaoan", &mut std::io::stdout());
            Ok(Verdict::Done)
        }
    }
}

/// The command line without what is hidden from its help; completion would offer it otherwise.
fn shown_commands() -> clap::Command {
    let all = Cli::command();
    let shown: Vec<_> = all.get_subcommands().filter(|command| !command.is_hide_set()).cloned().collect();
    clap::Command::new("xiaoan").args(all.get_arguments().cloned()).subcommands(shown)
}
