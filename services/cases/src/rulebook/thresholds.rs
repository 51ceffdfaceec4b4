//! The amount from which a theft is "relatively large" (数额较大). The Supreme Court and Procuratorate name a range
//! (2013: 1,000 to 3,000 yuan), each province picks; so it is data by area, family of categories and day. The picks in
//! `thresholds.csv` are unverified (domain reference §A.1, marked [M]): an office replaces the file with its own.

use super::{BadBook, days, rows};
use time::Date;
use xiaoan_kernel::{OrgCode, yuan_to_fen};

/// A threshold for units whose code begins with `area`, and cases whose category begins with `category`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Threshold {
    /// Beginning of org codes, for example "37".
    pub area: String,
    /// Beginning of categories, for example "0502".
    pub category: String,
    /// The amount.
    pub fen: i64,
    /// First day in force.
    pub from: Date,
    /// First day no longer in force.
    pub to: Option<Date>,
    /// Where it comes from, in words.
    pub basis: String,
}

/// All thresholds.
#[derive(Debug, Clone, Default)]
pub struct Thresholds(Vec<Threshold>);

impl Thresholds {
    /// Reads the book; see `thresholds.csv` for the form.
    ///
    /// # Errors
    /// [`BadBook`] for a bad amount or day.
    pub fn read(text: &str) -> Result<Self, BadBook> {
        let columns = ["area", "category", "amount_yuan", "effective_from", "effective_to", "basis"];
        let mut all = Vec::new();
        for (line, row) in rows("thresholds", text, &columns)? {
            let bad = |reason: String| BadBook { book: "thresholds", line, reason };
            let (from, to) = days(&row[3], &row[4]).map_err(bad)?;
            let fen = yuan_to_fen(&row[2]).map_err(|e| bad(e.to_string()))?;
            all.push(Threshold {
                area: row[0].to_owned(),
                category: row[1].to_owned(),
                fen,
                from,
                to,
                basis: row[5].to_owned(),
            });
        }
        Ok(Self(all))
    }

    /// The threshold in force for a unit and a category on a day; the longest beginnings win.
    #[must_use]
    pub fn find(&self, unit: OrgCode, category: &str, day: Date) -> Option<&Threshold> {
        self.0
            .iter()
            .filter(|t| unit.as_str().starts_with(&t.area) && category.starts_with(&t.category))
            .filter(|t| t.from <= day && t.to.is_none_or(|to| day < to))
            .max_by_key(|t| (t.area.len(), t.category.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn the_nearest_threshold_in_force_wins() {
        let text = "area,category,amount_yuan,effective_from,effective_to,basis\n\
                    37,0502,2000,2013-04-04,2027-01-01,a\n37,0502,2500,2027-01-01,,b\n3711,0502,1500,2020-01-01,,c\n";
        let all = Thresholds::read(text).unwrap();
        let fen = |unit: &str, day| all.find(OrgCode::parse(unit).unwrap(), "050201", day).map(|t| t.fen);
        assert_eq!(fen("370102010000", date!(2013 - 04 - 03)), None);
        assert_eq!(fen("370102010000", date!(2026 - 12 - 31)), Some(200_000));
        assert_eq!(fen("370102010000", date!(2027 - 01 - 01)), Some(250_000));
        assert_eq!(fen("371102010000", date!(2027 - 01 - 01)), Some(150_000));
    }
}
