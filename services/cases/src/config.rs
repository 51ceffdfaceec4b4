//! Settings of `cases` beside those of every service.

use crate::rulebook::{Bands, RuleBook, WorkBooks, WorkRules};
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
    /// Terms of the work on cases (CSV: id,starts,ends,amount,mode,basis,from,until,checked) instead of the shipped ones
    #[arg(long, env = "XIAOAN_WORK_TERMS", value_name = "FILE")]
    pub work_terms: Option<PathBuf>,
    /// Preventable categories (CSV: prefix,name_zh,name_en,effective_from,effective_to,basis) instead of the shipped ones
    #[arg(long, env = "XIAOAN_PREVENTABLE", value_name = "FILE")]
    pub preventable: Option<PathBuf>,
    /// Checklist of the three lookups (CSV: id,lookup,text_zh,text_en,effective_from,effective_to,basis) instead of the shipped one
    #[arg(long, env = "XIAOAN_LOOKUP_ITEMS", value_name = "FILE")]
    pub lookup_items: Option<PathBuf>,
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
        let files = [&self.work_terms, &self.preventable, &self.lookup_items];
        rules.work = WorkRules::read(&WorkBooks::load(files.map(|file| file.as_deref()))?, &rules.law)?;
        Ok(rules)
    }
}
