//! Settings of `cases` beside those of every service.

use crate::rulebook::{Bands, RuleBook};
use clap::Args;
use std::path::PathBuf;
use time::Date;
use xiaoan_rpc::LegalOptions;

/// The rule books can be replaced without a release; the shipped ones are in `src/rulebook/`.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Rule books")]
pub struct CasesOptions {
    /// Categories of cases (CSV: code,name_zh,name_en,effective_from,effective_to,weight,valued,small) instead of the
    /// shipped GA 240.1
    #[arg(long, env = "XIAOAN_CATEGORIES", value_name = "FILE")]
    pub categories: Option<PathBuf>,
    /// Theft thresholds (CSV: area,category,amount_yuan,effective_from,effective_to,basis) instead of the shipped ones
    #[arg(long, env = "XIAOAN_THRESHOLDS", value_name = "FILE")]
    pub thresholds: Option<PathBuf>,
    /// Limits of the bands of recording integrity (CSV: good,fair,effective_from,effective_to,basis) instead of the shipped ones
    #[arg(long, env = "XIAOAN_BANDS", value_name = "FILE")]
    pub bands: Option<PathBuf>,
    /// Holidays and time limits of law
    #[command(flatten)]
    pub law: LegalOptions,
}

impl CasesOptions {
    /// The rule books.
    ///
    /// # Errors
    /// When a file cannot be read, or a line of it; names both.
    pub fn rules(&self, today: Date) -> anyhow::Result<RuleBook> {
        let mut rules = RuleBook::load(self.categories.as_deref(), self.thresholds.as_deref())?;
        if let Some(file) = &self.bands {
            rules.bands = Bands::load(file)?;
        }
        rules.law = self.law.clock(today)?;
        Ok(rules)
    }
}
