//! What the service must look up to decide: categories of cases and theft thresholds. Both are data with days from
//! which they hold, never constants in code; both can be replaced by a file without a release (`config.rs`).

mod bands;
mod categories;
mod thresholds;
mod work;

pub use bands::{Bands, Limits};
pub use categories::{Categories, Category, Standing};
pub use thresholds::{Threshold, Thresholds};
pub use work::{Preventable, WorkBooks, WorkRules};

use std::path::Path;
use time::Date;
use xiaoan_kernel::legal::LegalClock;
use xiaoan_kernel::{OrgCode, parse_day};

/// The rules that decisions are made with.
#[derive(Debug, Clone)]
pub struct RuleBook {
    /// Categories of cases (GA 240.1).
    pub categories: Categories,
    /// Amounts from which theft is "relatively large".
    pub thresholds: Thresholds,
    /// Limits of the bands of recording integrity.
    pub bands: Bands,
    /// Time limits of law and the calendar of working days.
    pub law: LegalClock,
    /// Terms, preventable categories and checklist of the work on cases.
    pub work: WorkRules,
}

impl RuleBook {
    /// The books that come with this release.
    ///
    /// # Errors
    /// Never for the shipped files; a test reads them.
    pub fn shipped() -> Result<Self, BadBook> {
        Self::read(include_str!("ga240.csv"), include_str!("thresholds.csv"))
    }

    /// Reads both books from CSV text.
    ///
    /// # Errors
    /// [`BadBook`] names the book, the line and what is wrong with it.
    pub fn read(categories: &str, thresholds: &str) -> Result<Self, BadBook> {
        let law = LegalClock::built_in();
        Ok(Self {
            categories: Categories::read(categories)?,
            thresholds: Thresholds::read(thresholds)?,
            bands: Bands::read(include_str!("bands.csv"))?,
            work: WorkRules::read(&WorkBooks::default(), &law)?,
            law,
        })
    }

    /// The shipped books, each replaced by the file at its path if there is one.
    ///
    /// # Errors
    /// As [`read`](Self::read), or when a file cannot be read.
    pub fn load(categories: Option<&Path>, thresholds: Option<&Path>) -> anyhow::Result<Self> {
        let text = |path: Option<&Path>, shipped: &str| match path {
            None => Ok(shipped.to_owned()),
            Some(path) => std::fs::read_to_string(path)
                .map_err(|e| anyhow::anyhow!("cannot read {}: {e}", path.display())),
        };
        let categories = text(categories, include_str!("ga240.csv"))?;
        let thresholds = text(thresholds, include_str!("thresholds.csv"))?;
        Ok(Self::read(&categories, &thresholds)?)
    }

    /// Whether a case is a small case (小案): of a family that the category book marks as small livelihood cases
    /// (theft and snatch theft), with a loss below the threshold in force on the day of filing where the unit is.
    /// Without a threshold there is no small case: nothing is guessed.
    #[must_use]
    pub fn is_small_case(&self, unit: OrgCode, category: &str, filed_on: Date, loss_fen: i64) -> bool {
        self.categories.find(category, filed_on).is_some_and(|c| c.small)
            && self.thresholds.find(unit, category, filed_on).is_some_and(|t| loss_fen < t.fen)
    }

    /// Whether a loss lies within 10 % below the threshold: [90 %, 100 %) of it (CB-017).
    #[must_use]
    pub fn is_just_under_threshold(
        &self,
        unit: OrgCode,
        category: &str,
        filed_on: Date,
        loss_fen: i64,
    ) -> bool {
        let within = |t: &Threshold| loss_fen < t.fen && i128::from(loss_fen) * 10 >= i128::from(t.fen) * 9;
        self.thresholds.find(unit, category, filed_on).is_some_and(within)
    }
}

/// A book that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the book of {book}, line {line}: {reason}")]
pub struct BadBook {
    /// "categories" or "thresholds".
    pub book: &'static str,
    /// Line in the file, the header is line 1.
    pub line: u64,
    /// What is wrong.
    pub reason: String,
}

/// Rows of a CSV text with exactly these columns, as (line, cells).
fn rows(book: &'static str, text: &str, columns: &[&str]) -> Result<Vec<(u64, csv::StringRecord)>, BadBook> {
    let bad = |line: u64, reason: String| BadBook { book, line, reason };
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let header = reader.headers().map_err(|e| bad(1, e.to_string()))?;
    if header.iter().ne(columns.iter().copied()) {
        return Err(bad(1, format!("the header must be {}", columns.join(","))));
    }
    let mut found = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| bad(e.position().map_or(0, csv::Position::line), e.to_string()))?;
        found.push((record.position().map_or(0, csv::Position::line), record));
    }
    Ok(found)
}

/// "from" and "to" cells: the first day, and the first day on which it no longer holds.
fn days(from: &str, to: &str) -> Result<(Date, Option<Date>), String> {
    let day = |text: &str| parse_day(text).ok_or_else(|| format!("{text:?} is no day"));
    let from = day(from)?;
    let to = if to.is_empty() { None } else { Some(day(to)?) };
    if to.is_some_and(|to| to <= from) {
        return Err(format!("it ends before it begins: {from}"));
    }
    Ok((from, to))
}

/// An empty cell or "yes".
fn mark(text: &str) -> Result<bool, String> {
    match text {
        "" => Ok(false),
        "yes" => Ok(true),
        other => Err(format!("{other:?} is neither yes nor empty")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    const DAY: Date = date!(2026 - 06 - 01);

    fn unit(text: &str) -> OrgCode {
        OrgCode::parse(text).unwrap()
    }

    #[test]
    fn a_small_case_is_a_theft_or_snatch_below_the_threshold() {
        let book = RuleBook::shipped().unwrap();
        let here = unit("371102010000");
        assert!(book.is_small_case(here, "050201", DAY, 199_999));
        assert!(!book.is_small_case(here, "050201", DAY, 200_000), "at the threshold it is no longer small");
        assert!(book.is_small_case(here, "050400", DAY, 0));
        assert!(!book.is_small_case(here, "050300", DAY, 100), "fraud is no small livelihood case");
        assert!(!book.is_small_case(here, "050101", DAY, 100), "robbery never is");
        assert!(!book.is_small_case(unit("440100000000"), "050201", DAY, 100), "no threshold is known there");
    }

    #[test]
    fn just_under_the_threshold_is_from_ninety_percent_on() {
        let book = RuleBook::shipped().unwrap();
        let here = unit("371102010000");
        for (fen, expected) in [(179_999, false), (180_000, true), (199_999, true), (200_000, false)] {
            assert_eq!(book.is_just_under_threshold(here, "050223", DAY, fen), expected, "{fen}");
        }
    }

    #[test]
    fn an_office_replaces_a_book_by_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("thresholds.csv");
        let text =
            "area,category,amount_yuan,effective_from,effective_to,basis\n37,0502,1000,2013-04-04,,office\n";
        std::fs::write(&file, text).unwrap();
        let book = RuleBook::load(None, Some(&file)).unwrap();
        assert!(!book.is_small_case(unit("371102010000"), "050201", DAY, 150_000));
        let missing = folder.path().join("none.csv");
        assert!(RuleBook::load(Some(&missing), None).unwrap_err().to_string().contains("none.csv"));
    }

    #[test]
    fn a_book_with_a_bad_line_names_it() {
        let bad = "area,category,amount_yuan,effective_from,effective_to,basis\n37,0502,2000,2013-02-30,,x\n";
        let refused = RuleBook::read(include_str!("ga240.csv"), bad).unwrap_err();
        assert_eq!((refused.book, refused.line), ("thresholds", 2));
        assert!(RuleBook::read("code\n", bad).unwrap_err().reason.contains("header"));
    }
}
