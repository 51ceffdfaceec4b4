//! The command line of Xiaoan.
//!
//! | room | what happens there |
//! |---|---|
//! | `args` | the words a user types (clap) |
//! | `connect` | endpoints, tokens, deadlines, retries with the same request id |
//! | `fault` | what went wrong, in the user's language, with what to do; exit codes 0 / 1 / 2 |
//! | `render` | one sheet of columns as table, CSV or JSON; JSON alone on stdout |
//! | `spreadsheet` | the user's CSV files: encodings, headers, rows, the rejected-rows file |
//! | `commands` | one file per subcommand |
//! | `sim` | others' machines, played: banks |
//! | `demo` | the invented city: generator, sums, replay through gRPC |

pub mod args;
pub mod commands;
pub mod connect;
pub mod demo;
pub mod fault;
pub mod keys;
pub mod lang;
pub mod moments;
pub mod progress;
pub mod render;
pub mod sim;
pub mod spreadsheet;

use clap::Parser;
use std::process::ExitCode;

/// Reads the command line, does what it says, and gives the exit code: 0 done, 1 failed or some rejected, 2 usage.
pub async fn run() -> ExitCode {
    let cli = match args::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { 2 } else { 0 };
            // A closed pipe is the reader's choice, not an error of ours.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let lang = lang::Lang::resolve(cli.globals.lang);
    match commands::dispatch(cli, lang).await {
        Ok(commands::Verdict::Done) => ExitCode::SUCCESS,
        Ok(commands::Verdict::SomeRejected) => ExitCode::from(1),
        Err(fault) => {
            eprintln!("{}", fault.present(lang));
            ExitCode::from(fault.exit_code())
        }
    }
}
