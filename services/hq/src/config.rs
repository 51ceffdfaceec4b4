//! Settings of `hq` beside those of every service.

use clap::Args;
use std::path::PathBuf;

/// Whom hq asks, and how long units have.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Closings and notices")]
pub struct HqOptions {
    /// gRPC address of rankings; asked only when a period is frozen or corrected, with the service token
    #[arg(long, env = "XIAOAN_RANKINGS_URL", value_name = "URL", default_value = "http://127.0.0.1:7103")]
    pub rankings_url: String,
    /// Holidays and make-up days (CSV: from,to,kind,name,source) instead of the shipped ones
    #[arg(long, env = "XIAOAN_HOLIDAYS", value_name = "FILE")]
    pub holidays: Option<PathBuf>,
    /// Time limits of notices (CSV, as services/hq/src/notice_deadlines.csv) instead of the shipped ones
    #[arg(long, env = "XIAOAN_NOTICE_DEADLINES", value_name = "FILE")]
    pub notice_deadlines: Option<PathBuf>,
}
