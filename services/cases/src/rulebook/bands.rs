//! From which share of recorded alerts on recording is good or fair: data with the days from which it holds. No law says; the
//! defaults of `bands.csv` follow what HMICFRS called inadequate and outstanding (domain reference §A.4).

use super::{BadBook, days, rows};
use std::path::Path;
use time::Date;
use xiaoan_proto::cases::v1::IntegrityBand;

/// Limits in percent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Good from this share on.
    pub good: i64,
    /// Fair from this share on.
    pub fair: i64,
    /// First day in force.
    pub from: Date,
    /// First day no longer in force.
    pub to: Option<Date>,
}

impl Limits {
    /// Band of `recorded` out of `should`; compared by multiplying, so exactly 95 % is good and exactly 90 % is fair.
    #[must_use]
    pub fn band(&self, recorded: i64, should: i64) -> IntegrityBand {
        if should == 0 {
            IntegrityBand::Unspecified
        } else if recorded * 100 >= self.good * should {
            IntegrityBand::Good
        } else if recorded * 100 >= self.fair * should {
            IntegrityBand::Fair
        } else {
            IntegrityBand::Poor
        }
    }
}

/// All limits.
#[derive(Debug, Clone, Default)]
pub struct Bands(Vec<Limits>);

impl Bands {
    /// Reads the book; see `bands.csv` for the form.
    ///
    /// # Errors
    /// [`BadBook`] for a bad percentage or day.
    pub fn read(text: &str) -> Result<Self, BadBook> {
        let columns = ["good", "fair", "effective_from", "effective_to", "basis"];
        let mut all = Vec::new();
        for (line, row) in rows("bands", text, &columns)? {
            let bad = |reason: String| BadBook { book: "bands", line, reason };
            let percent = |text: &str| match text.parse::<i64>() {
                Ok(percent @ 0..=100) => Ok(percent),
                _ => Err(format!("{text:?} is no percentage")),
            };
            let (good, fair) = (percent(&row[0]).map_err(bad)?, percent(&row[1]).map_err(bad)?);
            if fair > good {
                return Err(bad("fair lies above good".to_owned()));
            }
            let (from, to) = days(&row[2], &row[3]).map_err(bad)?;
            all.push(Limits { good, fair, from, to });
        }
        Ok(Self(all))
    }

    /// Reads the book from a file.
    ///
    /// # Errors
    /// As [`read`](Self::read), or when the file cannot be read.
    pub fn load(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(file)
            .map_err(|e| anyhow::anyhow!("cannot read {}: {e}", file.display()))?;
        Ok(Self::read(&text)?)
    }

    /// The limits in force on a day.
    #[must_use]
    pub fn find(&self, day: Date) -> Option<&Limits> {
        self.0.iter().find(|l| l.from <= day && l.to.is_none_or(|to| day < to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn a_share_on_the_limit_is_in_the_better_band() {
        let bands = Bands::read(include_str!("bands.csv")).unwrap();
        let limits = bands.find(date!(2026 - 06 - 01)).unwrap();
        let band = |recorded, should| limits.band(recorded, should);
        assert_eq!(band(190, 200), IntegrityBand::Good);
        assert_eq!(band(189, 200), IntegrityBand::Fair);
        assert_eq!(band(180, 200), IntegrityBand::Fair);
        assert_eq!(band(179, 200), IntegrityBand::Poor);
        assert_eq!(band(0, 0), IntegrityBand::Unspecified);
        assert!(bands.find(date!(2019 - 12 - 31)).is_none());
    }

    #[test]
    fn a_book_of_bands_that_cannot_be_is_refused() {
        let head = "good,fair,effective_from,effective_to,basis\n";
        for row in ["90,95,2020-01-01,,x", "101,90,2020-01-01,,x", "95,90,2020-13-01,,x"] {
            assert!(Bands::read(&format!("{head}{row}\n")).is_err(), "{row}");
        }
    }
}
