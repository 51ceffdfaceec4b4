//! Settings of `port` beside those of every service.

use crate::track::Bases;
use clap::Args;
use std::path::PathBuf;

/// Legal bases can be replaced without a release; the shipped ones are in `src/track/bases.csv`.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Rule books")]
pub struct PortOptions {
    /// Articles behind the track of an accident (CSV: ground,basis,effective_from,effective_to) instead of the shipped ones
    #[arg(long, env = "XIAOAN_TRACK_BASES", value_name = "FILE")]
    pub track_bases: Option<PathBuf>,
}

impl PortOptions {
    /// The legal bases.
    ///
    /// # Errors
    /// When the file cannot be read, or a line of it; names both.
    pub fn bases(&self) -> anyhow::Result<Bases> {
        Bases::load(self.track_bases.as_deref())
    }
}
