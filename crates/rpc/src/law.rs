//! Where the legal clock of a service has its data from.

use anyhow::{Context, Result};
use clap::Args;
use std::path::{Path, PathBuf};
use time::{Date, Duration};
use xiaoan_kernel::legal::{BeyondCalendar, Catalogue, LegalClock, WorkCalendar};

/// Most limits of law end within so many days.
const AHEAD: Duration = Duration::days(60);

/// Holidays and time limits, which can be replaced without a release; for services with deadlines of law to flatten into their own
/// options. The shipped ones are in `crates/kernel/src/legal/`.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Legal clock")]
pub struct LegalOptions {
    /// Holidays and make-up days (CSV: from,to,kind,name,source) instead of the shipped ones
    #[arg(long, env = "XIAOAN_HOLIDAYS", value_name = "FILE")]
    pub holidays: Option<PathBuf>,
    /// Time limits of law (CSV: id,starts,ends,amount,mode,basis,from,until,checked) instead of the shipped ones
    #[arg(long, env = "XIAOAN_DEADLINES", value_name = "FILE")]
    pub deadlines: Option<PathBuf>,
}

impl LegalOptions {
    /// The legal clock. Days of years that the holidays do not cover are assumed, said so in each answer; a warning is logged now
    /// when such a year is near.
    ///
    /// # Errors
    /// When a file cannot be read, or a row of it; names both.
    pub fn clock(&self, today: Date) -> Result<LegalClock> {
        let calendar = match &self.holidays {
            None => WorkCalendar::built_in(),
            Some(file) => read(file, WorkCalendar::read)?,
        };
        let catalogue = match &self.deadlines {
            None => Catalogue::built_in(),
            Some(file) => read(file, Catalogue::read)?,
        };
        for day in [today, today.saturating_add(AHEAD)] {
            if calendar.workday(day).is_err() {
                let year = day.year();
                tracing::warn!(
                    year,
                    "holidays of this year are not known and will be assumed: give --holidays"
                );
            }
        }
        Ok(LegalClock::new(calendar.beyond(BeyondCalendar::AssumeWeekends), catalogue))
    }
}

fn read<T, E>(file: &Path, parse: impl FnOnce(&str) -> Result<T, E>) -> Result<T>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    parse(&text).with_context(|| format!("cannot use {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};
    use xiaoan_kernel::legal::{Certainty, Custody, Limit};

    #[test]
    fn a_file_of_holidays_replaces_the_shipped_ones() {
        let folder = tempfile::tempdir().unwrap();
        let holidays = folder.path().join("holidays.csv");
        std::fs::write(&holidays, "from,to,kind\n2027-01-01,2027-12-31,year\n2027-03-01,2027-03-05,off\n")
            .unwrap();
        let options = LegalOptions { holidays: Some(holidays.clone()), deadlines: None };
        let law = options.clock(date!(2027 - 02 - 20)).unwrap();
        let due = law.count(Limit::days(3), datetime!(2027-02-26 10:00 +8), Custody::None).unwrap();
        assert_eq!((due.last_day, due.certainty), (date!(2027 - 03 - 08), Certainty::Known));
        let due = law.count(Limit::days(3), datetime!(2026-02-25 10:00 +8), Custody::None).unwrap();
        assert_eq!(due.certainty, Certainty::Assumed { year: 2026 });

        std::fs::write(&holidays, "from,to,kind\n2027-01-01,2027-12-31,leap\n").unwrap();
        let wrong = options.clock(date!(2027 - 02 - 20)).unwrap_err();
        assert!(
            format!("{wrong:#}").ends_with("holidays.csv: line 2: kind is none of year, off, work"),
            "{wrong:#}"
        );
    }
}
