//! Settings of `antifraud` beside those of every service.

use clap::Args;

/// How banks are waited for.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Banks")]
pub struct AntifraudOptions {
    /// Seconds a bank may take to answer an instruction before it has timed out (no law says; a late answer still counts)
    #[arg(long, env = "XIAOAN_BANK_PATIENCE", default_value_t = 1800, value_parser = clap::value_parser!(u32).range(1..=604_800))]
    pub bank_patience: u32,
}

impl Default for AntifraudOptions {
    fn default() -> Self {
        Self { bank_patience: 1800 }
    }
}
