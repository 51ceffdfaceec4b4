//! Settings of `antifraud` beside those of every service.

use clap::Args;
use xiaoan_rpc::LegalOptions;

/// How banks are waited for.
#[derive(Debug, Clone, Args)]
pub struct AntifraudOptions {
    /// Holidays and time limits of law
    #[command(flatten)]
    pub law: LegalOptions,
    /// Seconds a bank may take to answer an instruction before it has timed out (no law says; a late answer still counts)
    #[arg(long, env = "XIAOAN_BANK_PATIENCE", help_heading = "Banks", default_value_t = 1800, value_parser = clap::value_parser!(u32).range(1..=604_800))]
    pub bank_patience: u32,
}
