//! Sums gathered in memory while a long log is read, so that the database need not group millions of lines again.
//!
//! Bounded: when the tables grow beyond a number of rows they are written out as **parts** and begin anew; in the end
//! either all of it is in memory, or the parts are grouped by the database after all.

use super::batch::{Quantities, month_of, prefixes};
use super::unit_number;
use crate::booking::Line;
use crate::source::Source;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use time::Date;

/// Number of a category or prefix in this tally.
type Word = u32;
/// (day, word, unit)
type Key = (i32, Word, i64);
type Table = HashMap<Key, Quantities, BuildHasherDefault<Mix>>;

/// Daily and monthly sums of a source's lines added so far.
#[derive(Debug)]
pub(super) struct Tally {
    source: Source,
    numbers: HashMap<String, (Word, Vec<Word>)>,
    words: Vec<String>,
    days: Table,
    months: Table,
}

/// A row of `day_sums` (by category) or `month_sums` (by prefix).
#[derive(Debug, Clone, Copy)]
pub(super) struct SumRow<'a> {
    pub(super) day: Date,
    pub(super) word: &'a str,
    pub(super) unit: i64,
    /// As many as the source has measures.
    pub(super) quantities: &'a [i64],
}

impl Tally {
    pub(super) fn of(source: Source) -> Self {
        Self {
            source,
            numbers: HashMap::new(),
            words: Vec::new(),
            days: Table::default(),
            months: Table::default(),
        }
    }

    pub(super) fn add(&mut self, line: &Line) {
        if !self.numbers.contains_key(&line.category) {
            self.learn(&line.category);
        }
        let Some((word, cuts)) = self.numbers.get(&line.category) else { return };
        let (unit, place) = (unit_number(line.org_unit), line.measure.place());
        let day = line.occurred_on.to_julian_day();
        self.days.entry((day, *word, unit)).or_default()[place] += line.quantity;
        let month = month_of(line.occurred_on).to_julian_day();
        for cut in cuts {
            self.months.entry((month, *cut, unit)).or_default()[place] += line.quantity;
        }
    }

    fn learn(&mut self, category: &str) {
        let mut number = |word: &str| -> Word {
            let known = self.words.iter().position(|w| w == word).unwrap_or_else(|| {
                self.words.push(word.to_owned());
                self.words.len() - 1
            });
            Word::try_from(known).unwrap_or(Word::MAX)
        };
        let entry = (number(category), prefixes(category).map(&mut number).collect());
        self.numbers.insert(category.to_owned(), entry);
    }

    /// Rows of both tables together.
    pub(super) fn len(&self) -> usize {
        self.days.len() + self.months.len()
    }

    /// Daily sums in the order of their key, so that a range of the key is a range of the table.
    pub(super) fn days(&self) -> Vec<SumRow<'_>> {
        let mut rows = self.rows(&self.days);
        rows.sort_unstable_by_key(|row| (row.day, row.unit, row.word));
        rows
    }
    /// Monthly sums in the order of theirs.
    pub(super) fn months(&self) -> Vec<SumRow<'_>> {
        let mut rows = self.rows(&self.months);
        rows.sort_unstable_by_key(|row| (row.word, row.day, row.unit));
        rows
    }

    fn rows<'a>(&'a self, table: &'a Table) -> Vec<SumRow<'a>> {
        let row = |(key, quantities): (&Key, &'a Quantities)| {
            let word = usize::try_from(key.1).ok().and_then(|at| self.words.get(at));
            let quantities = &quantities[..self.source.measures().len()];
            Some(SumRow { day: Date::from_julian_day(key.0).ok()?, word: word?, unit: key.2, quantities })
        };
        table.iter().filter_map(row).collect()
    }
}

/// A hasher for keys of small numbers: a multiplication each. Whoever could choose units and days to collide could as well
/// file the cases.
#[derive(Debug, Default)]
struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64((*byte).into()));
    }
    fn write_i32(&mut self, n: i32) {
        self.write_u64(u64::from(n.cast_unsigned()));
    }
    fn write_u32(&mut self, n: u32) {
        self.write_u64(n.into());
    }
    fn write_i64(&mut self, n: i64) {
        self.write_u64(n.cast_unsigned());
    }
    fn write_u64(&mut self, n: u64) {
        self.0 = (self.0.rotate_left(23) ^ n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// All columns of a source's sums, in the order of its measures.
pub(super) fn columns(source: Source) -> String {
    source.measures().iter().map(|m| m.column()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::Measure;
    use time::macros::date;
    use xiaoan_kernel::OrgCode;

    fn line(unit: &str, category: &str, on: Date, measure: Measure, quantity: i64) -> Line {
        let org_unit = OrgCode::parse(unit).expect("12 digits");
        Line { measure, org_unit, category: category.into(), occurred_on: on, quantity }
    }

    #[test]
    fn lines_of_a_day_become_one_row_and_of_a_month_one_per_prefix() {
        let mut tally = Tally::of(Source::Cases);
        let (third, fourth) = (date!(2026 - 06 - 03), date!(2026 - 06 - 04));
        tally.add(&line("371102010000", "050201", third, Measure::CaseFiled, 1));
        tally.add(&line("371102010000", "050201", third, Measure::CaseSolved, 1));
        tally.add(&line("371102010000", "050240", fourth, Measure::CaseFiled, 2));
        let days: Vec<_> =
            tally.days().iter().map(|r| (r.day, r.word, r.quantities[0], r.quantities[1])).collect();
        assert_eq!(days, [(third, "050201", 1, 1), (fourth, "050240", 2, 0)]);
        let months: Vec<_> = tally.months().iter().map(|r| (r.word, r.day, r.quantities[0])).collect();
        let june = date!(2026 - 06 - 01);
        assert_eq!(
            months,
            [("", june, 3), ("05", june, 3), ("0502", june, 3), ("050201", june, 1), ("050240", june, 2)]
        );
    }
}
