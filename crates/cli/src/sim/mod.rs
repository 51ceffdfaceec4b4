//! `xiaoan sim …`: others' machines, played, so that a service can be tried without them. What is played here speaks the
//! published language and nothing else: a real machine's adapter can stand in its place.
//!
//! | file | what it plays |
//! |---|---|
//! | `bank` | what a bank makes of an instruction: pure, the same each time for a seed |
//! | `attend` | the bank's end of the stream: delays, answers, reconnects |

mod attend;
pub mod bank;

pub use attend::run;

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What is played.
#[derive(Debug, Subcommand)]
pub enum Sim {
    /// Banks that attend the antifraud desk and answer their orders
    Bank(PlayBank),
}

/// How banks behave. Chances are in percent, each falling for itself.
#[derive(Debug, Clone, Args)]
pub struct PlayBank {
    /// Member units to play, repeated or as a comma list
    #[arg(long = "bank", value_delimiter = ',', default_value = "bank-01")]
    pub banks: Vec<String>,
    /// The same seed behaves the same
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Least and greatest delay of an answer in milliseconds
    #[arg(long, value_name = "LEAST..GREATEST", default_value = "50..400", value_parser = latency)]
    pub latency: (u64, u64),
    /// Finds that a field differs (of a hundred)
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = percent())]
    pub mismatch: u8,
    /// Cannot: account not found, not authorised, quota
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = percent())]
    pub fail: u8,
    /// Sends an answer twice
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = percent())]
    pub duplicate: u8,
    /// Sends the feedback before its acknowledgement
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = percent())]
    pub out_of_order: u8,
    /// Acts and says nothing: the order times out; sent again it is a 200003, and the result is fetched
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = percent())]
    pub silence: u8,
    /// Has less than was transferred
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = percent())]
    pub partial: u8,
    /// Stop after so many orders per bank; 0 = never
    #[arg(long, default_value_t = 0)]
    pub count: u64,
    /// Signing key for the banks' tokens [default: the nearest .dev/secrets/signing-key.pem upward]
    #[arg(long, env = "XIAOAN_SIGNING_KEY")]
    pub key: Option<PathBuf>,
    /// Issuer
    #[arg(long, env = "XIAOAN_ISSUER", default_value = crate::keys::ISSUER)]
    pub issuer: String,
    /// Audience
    #[arg(long, env = "XIAOAN_AUDIENCE", default_value = crate::keys::AUDIENCE)]
    pub audience: String,
}

fn percent() -> clap::builder::RangedI64ValueParser<u8> {
    clap::value_parser!(u8).range(0..=100)
}

/// "50..400" in milliseconds.
fn latency(text: &str) -> Result<(u64, u64), String> {
    let form = || format!("{text:?} is no range of milliseconds such as 50..400");
    let (least, greatest) = text.split_once("..").ok_or_else(form)?;
    let (least, greatest) = (least.parse().map_err(|_| form())?, greatest.parse().map_err(|_| form())?);
    if least <= greatest { Ok((least, greatest)) } else { Err(form()) }
}
