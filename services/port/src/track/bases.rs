//! The article behind each ground: data with the days on which it holds, never a constant in code.

use std::path::Path;
use time::Date;
use xiaoan_kernel::parse_day;
use xiaoan_proto::port::v1::TrackGround;

/// Articles by ground.
#[derive(Debug, Clone, Default)]
pub struct Bases(Vec<Row>);

#[derive(Debug, Clone)]
struct Row {
    ground: TrackGround,
    basis: String,
    from: Date,
    /// First day on which it no longer holds.
    to: Option<Date>,
}

const COLUMNS: [&str; 4] = ["ground", "basis", "effective_from", "effective_to"];

impl Bases {
    /// The articles that come with this release.
    ///
    /// # Errors
    /// Never for the shipped file; a test reads it.
    pub fn shipped() -> anyhow::Result<Self> {
        Self::read(include_str!("bases.csv"))
    }

    /// The shipped articles, or those of a file.
    ///
    /// # Errors
    /// When the file cannot be read, or a line of it.
    pub fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        match file {
            None => Self::shipped(),
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|e| anyhow::anyhow!("cannot read {}: {e}", path.display()))?;
                Self::read(&text).map_err(|e| e.context(path.display().to_string()))
            }
        }
    }

    /// Reads CSV text.
    ///
    /// # Errors
    /// Names the line that cannot be read.
    pub fn read(text: &str) -> anyhow::Result<Self> {
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        anyhow::ensure!(
            reader.headers()?.iter().eq(COLUMNS),
            "line 1: the header must be {}",
            COLUMNS.join(",")
        );
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record?;
            let line = record.position().map_or(0, csv::Position::line);
            let cell = |n| record.get(n).unwrap_or_default();
            let name = format!("TRACK_GROUND_{}", cell(0).to_ascii_uppercase());
            let ground = TrackGround::from_str_name(&name)
                .ok_or_else(|| anyhow::anyhow!("line {line}: {:?} is no ground", cell(0)))?;
            let day = |text: &str| {
                parse_day(text).ok_or_else(|| anyhow::anyhow!("line {line}: {text:?} is no day"))
            };
            let to = if cell(3).is_empty() { None } else { Some(day(cell(3))?) };
            rows.push(Row { ground, basis: cell(1).to_owned(), from: day(cell(2))?, to });
        }
        Ok(Self(rows))
    }

    /// The article for a ground on a day; empty when none is known.
    #[must_use]
    pub fn find(&self, ground: TrackGround, on: Date) -> &str {
        self.0
            .iter()
            .find(|row| row.ground == ground && row.from <= on && row.to.is_none_or(|to| on < to))
            .map_or("", |row| &row.basis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn an_article_holds_on_its_days_and_every_ground_has_one_today() {
        let bases = Bases::shipped().unwrap();
        for number in 1..=15 {
            let ground = TrackGround::try_from(number).unwrap();
            assert!(!bases.find(ground, date!(2021 - 07 - 01)).is_empty(), "{ground:?}");
            assert_eq!(bases.find(ground, date!(2018 - 04 - 30)), "", "{ground:?}");
        }
    }

    #[test]
    fn a_bad_line_is_named() {
        let text = "ground,basis,effective_from,effective_to\nmoon,x,2018-05-01,\n";
        assert!(Bases::read(text).unwrap_err().to_string().contains("line 2"));
        assert!(Bases::read("a,b\n").is_err());
    }
}
