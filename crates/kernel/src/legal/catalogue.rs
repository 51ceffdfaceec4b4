//! The time limits of law, as data with the days from which they hold.

use super::{LegalError, Limit, Mode};
use crate::parse_day;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use time::Date;

/// One time limit of law, in one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    /// Stable id, for example `STOP-48`.
    pub id: String,
    /// What starts the period.
    pub starts: String,
    /// What must have been done, or what happens, when it ends.
    pub ends: String,
    /// How long.
    pub limit: Limit,
    /// Act and article.
    pub basis: String,
    /// First day on which it is law.
    pub from: Date,
    /// Last day; `None` while it is.
    pub until: Option<Date>,
    /// Whether first day and way of counting are the act's own; otherwise they are assumed (domain reference, end of §I).
    pub checked: bool,
}

/// The catalogue of time limits (domain reference, section I).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue(Vec<Deadline>);

#[derive(Deserialize)]
struct Row {
    id: String,
    starts: String,
    ends: String,
    amount: u16,
    mode: String,
    basis: String,
    from: String,
    until: String,
    checked: String,
}

impl Catalogue {
    /// The limits that are built in.
    ///
    /// # Panics
    /// Never: a test reads the built-in data.
    #[must_use]
    pub fn built_in() -> Self {
        Self::read(include_str!("deadlines.csv")).expect("the built-in deadlines are read by a test")
    }

    /// Reads a catalogue: CSV with a head line, columns as in `deadlines.csv`; lines beginning with `#` are comments.
    ///
    /// # Errors
    /// The first row that is wrong, also one that overlaps another version of its id.
    pub fn read(text: &str) -> Result<Self, LegalError> {
        let mut all: Vec<Deadline> = Vec::new();
        rows(text, |line, row: Row| {
            let deadline =
                row.deadline().map_err(|reason| LegalError::Row { line, reason: reason.to_owned() })?;
            let overlaps = |other: &Deadline| {
                other.id == deadline.id
                    && other.until.is_none_or(|until| deadline.from <= until)
                    && deadline.until.is_none_or(|until| other.from <= until)
            };
            if all.iter().any(overlaps) {
                return Err(LegalError::Row {
                    line,
                    reason: format!("two versions of {} overlap", deadline.id),
                });
            }
            all.push(deadline);
            Ok(())
        })?;
        Ok(Self(all))
    }

    /// The limit of an id that is law on a day.
    #[must_use]
    pub fn find(&self, id: &str, on: Date) -> Option<&Deadline> {
        self.0.iter().find(|d| d.id == id && d.from <= on && d.until.is_none_or(|until| on <= until))
    }

    /// [`find`](Self::find), or an error that names what is missing.
    ///
    /// # Errors
    /// When no limit of that id is law on that day.
    pub fn get(&self, id: &str, on: Date) -> Result<&Deadline, LegalError> {
        self.find(id, on).ok_or_else(|| LegalError::UnknownDeadline { id: id.to_owned(), on })
    }

    /// All limits in all versions, in the order of the data.
    pub fn iter(&self) -> impl Iterator<Item = &Deadline> {
        self.0.iter()
    }
}

impl Row {
    fn deadline(self) -> Result<Deadline, &'static str> {
        let mode = match self.mode.as_str() {
            "h" => Mode::Hours,
            "cr" => Mode::Days,
            "wd" => Mode::WorkingDays,
            "cm" => Mode::Months,
            _ => return Err("mode is none of h, cr, wd, cm"),
        };
        let from = parse_day(&self.from).ok_or("from is no day")?;
        let until = match self.until.as_str() {
            "" => None,
            day => Some(parse_day(day).ok_or("until is no day")?),
        };
        if until.is_some_and(|until| until < from) {
            return Err("ends before it begins");
        }
        if self.id.is_empty() || self.basis.is_empty() || self.amount == 0 {
            return Err("id, basis and amount must be there");
        }
        let checked = match self.checked.as_str() {
            "yes" => true,
            "no" => false,
            _ => return Err("checked is neither yes nor no"),
        };
        Ok(Deadline {
            id: self.id,
            starts: self.starts,
            ends: self.ends,
            limit: Limit { amount: self.amount, mode },
            basis: self.basis,
            from,
            until,
            checked,
        })
    }
}

/// Hands the rows of a CSV to `take`, each with its line.
pub(super) fn rows<T: DeserializeOwned>(
    text: &str,
    mut take: impl FnMut(u64, T) -> Result<(), LegalError>,
) -> Result<(), LegalError> {
    let mut reader =
        csv::ReaderBuilder::new().comment(Some(b'#')).trim(csv::Trim::All).from_reader(text.as_bytes());
    let wrong = |error: &csv::Error| LegalError::Row {
        line: error.position().map_or(0, csv::Position::line),
        reason: error.to_string(),
    };
    let heads = reader.headers().map_err(|error| wrong(&error))?.clone();
    for record in reader.records() {
        let record = record.map_err(|error| wrong(&error))?;
        let line = record.position().map_or(0, csv::Position::line);
        let row = record
            .deserialize(Some(&heads))
            .map_err(|error| LegalError::Row { line, reason: error.to_string() })?;
        take(line, row)?;
    }
    Ok(())
}
