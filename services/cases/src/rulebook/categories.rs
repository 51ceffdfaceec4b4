//! Categories of cases: GA 240.1, six digits, hierarchical. Newer prints differ from older ones, so the list is data
//! with effective days (`ga240.csv`; the columns are explained at [`Category`]).

use super::{BadBook, days, mark, rows};
use std::collections::BTreeMap;
use time::Date;

/// A category as it is in force for some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// Six digits.
    pub code: String,
    /// Name in Chinese.
    pub name_zh: String,
    /// Name in English (ours; the standard has none).
    pub name_en: String,
    /// First day in force.
    pub from: Date,
    /// First day no longer in force.
    pub to: Option<Date>,
    /// How grave it is, 0..100. Only compared: a reclassification to a lighter one needs the registrar (CB-016). The
    /// weights are the project's own reading of the penalties in law.
    pub weight: i32,
    /// Goods that are always worth something: a loss of zero is an error (CB-013), as in NIBRS edit 351.
    pub valued: bool,
    /// Belongs to the small livelihood cases (小案) when the loss is below the threshold.
    pub small: bool,
}

impl Category {
    fn in_force_on(&self, day: Date) -> bool {
        self.from <= day && self.to.is_none_or(|to| day < to)
    }
}

/// What a code is worth as the category of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing<'a> {
    /// A leaf in force.
    Leaf(&'a Category),
    /// In force, but divided further: a case must say which part.
    NotLeaf(&'a Category),
    /// Known, but not in force on the day.
    NotInForce(&'a Category),
    /// No such code.
    Unknown,
}

/// All categories. A code may have several rows with different days.
#[derive(Debug, Clone, Default)]
pub struct Categories(BTreeMap<String, Vec<Category>>);

impl Categories {
    /// Reads the book; see `ga240.csv` for the form.
    ///
    /// # Errors
    /// [`BadBook`] for a code that is not six digits, a bad day or number, or two rows in force at once.
    pub fn read(text: &str) -> Result<Self, BadBook> {
        let columns =
            ["code", "name_zh", "name_en", "effective_from", "effective_to", "weight", "valued", "small"];
        let mut all = Self::default();
        for (line, row) in rows("categories", text, &columns)? {
            let category =
                Self::category(&row).map_err(|reason| BadBook { book: "categories", line, reason })?;
            let dated = all.0.entry(category.code.clone()).or_default();
            if dated.iter().any(|c| c.in_force_on(category.from) || category.in_force_on(c.from)) {
                let reason = format!("two rows of {} are in force at once", category.code);
                return Err(BadBook { book: "categories", line, reason });
            }
            dated.push(category);
        }
        Ok(all)
    }

    fn category(row: &csv::StringRecord) -> Result<Category, String> {
        let code = row[0].to_owned();
        if code.len() != 6 || !code.bytes().all(|b| b.is_ascii_digit()) {
            return Err(format!("{code:?} is no code of six digits"));
        }
        let (from, to) = days(&row[3], &row[4])?;
        let weight = row[5].parse().map_err(|_| format!("{:?} is no weight", &row[5]))?;
        let (name_zh, name_en) = (row[1].to_owned(), row[2].to_owned());
        Ok(Category {
            code,
            name_zh,
            name_en,
            from,
            to,
            weight,
            valued: mark(&row[6])?,
            small: mark(&row[7])?,
        })
    }

    /// The category in force on a day, leaf or not.
    #[must_use]
    pub fn find(&self, code: &str, day: Date) -> Option<&Category> {
        self.0.get(code)?.iter().find(|c| c.in_force_on(day))
    }

    /// What the code is worth on a day.
    #[must_use]
    pub fn standing(&self, code: &str, day: Date) -> Standing<'_> {
        match (self.find(code, day), self.0.get(code).and_then(|dated| dated.first())) {
            (Some(found), _) if self.is_divided(code, |c| c.in_force_on(day)) => Standing::NotLeaf(found),
            (Some(found), _) => Standing::Leaf(found),
            (None, Some(other)) => Standing::NotInForce(other),
            (None, None) => Standing::Unknown,
        }
    }

    /// What the code is worth when the day is not known: a leaf if it ever was one.
    #[must_use]
    pub fn standing_ever(&self, code: &str) -> Standing<'_> {
        match self.0.get(code).and_then(|dated| dated.first()) {
            None => Standing::Unknown,
            Some(found) if self.is_divided(code, |_| true) => Standing::NotLeaf(found),
            Some(found) => Standing::Leaf(found),
        }
    }

    /// XX0000 is divided by any other XX…, XXYY00 by any other XXYY…; other codes are never divided: in the standard
    /// 050210 and 050211 stand side by side.
    fn is_divided(&self, code: &str, counts: impl Fn(&Category) -> bool) -> bool {
        let stem = match code.strip_suffix("0000") {
            Some(stem) => stem,
            None => match code.strip_suffix("00") {
                Some(stem) => stem,
                None => return false,
            },
        };
        let below = self.0.range(stem.to_owned()..).take_while(|(other, _)| other.starts_with(stem));
        below.filter(|(other, _)| *other != code).any(|(_, dated)| dated.iter().any(&counts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    fn shipped() -> Categories {
        Categories::read(include_str!("ga240.csv")).unwrap()
    }

    #[test]
    fn only_leaves_in_force_are_categories_of_a_case() {
        let all = shipped();
        let standing = |code| all.standing(code, date!(2026 - 06 - 01));
        for leaf in ["050101", "050110", "050111", "050201", "050210", "050240", "050300", "050400", "051200"]
        {
            assert!(matches!(standing(leaf), Standing::Leaf(_)), "{leaf}");
        }
        for divided in ["050000", "050100", "050200", "050700"] {
            assert!(matches!(standing(divided), Standing::NotLeaf(_)), "{divided}");
        }
        for unknown in ["050299", "05", "", "盗窃"] {
            assert_eq!(standing(unknown), Standing::Unknown, "{unknown}");
        }
    }

    #[test]
    fn a_category_counts_from_its_first_day_on() {
        let all = shipped();
        assert!(matches!(all.standing("051200", date!(2011 - 04 - 30)), Standing::NotInForce(_)));
        assert!(matches!(all.standing("051200", date!(2011 - 05 - 01)), Standing::Leaf(_)));
    }

    #[test]
    fn a_code_is_a_leaf_while_its_parts_are_not_yet_in_force() {
        let text = "code,name_zh,name_en,effective_from,effective_to,weight,valued,small\n\
                    050300,诈骗案,Fraud,2000-01-01,,50,,\n050301,电信诈骗案,Telecom fraud,2027-01-01,,50,,\n";
        let all = Categories::read(text).unwrap();
        assert!(matches!(all.standing("050300", date!(2026 - 12 - 31)), Standing::Leaf(_)));
        assert!(matches!(all.standing("050300", date!(2027 - 01 - 01)), Standing::NotLeaf(_)));
    }

    #[test]
    fn two_rows_of_a_code_in_force_at_once_are_refused() {
        let text = "code,name_zh,name_en,effective_from,effective_to,weight,valued,small\n\
                    050300,诈骗案,Fraud,2000-01-01,2027-01-01,50,,\n050300,诈骗案,Fraud,2026-01-01,,50,,\n";
        assert_eq!(Categories::read(text).unwrap_err().line, 3);
    }
}
