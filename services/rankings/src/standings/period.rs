//! Which days a period covers, which days its base, and which period came before.
//!
//! | text | days | before it |
//! |---|---|---|
//! | `2026-06` | the month | the month before |
//! | `2026-Q2` | the quarter | the quarter before |
//! | `2026` | the year | the year before |
//! | `2020-09-01..2021-07-10` | both days included | as many days just before |
//! | `autumn-wind` | the campaign's days | as many days just before |
//!
//! The **base** is the same period one year before: each end moves by a year. The 29th of February becomes the 28th,
//! and the last day of February stays the last day of February, so that a range of whole months and the months'
//! own notation have the same base in leap years too.

use time::{Date, Duration, Month};
use xiaoan_kernel::{OrgTree, parse_day};

/// Days from `from` up to but not including `until`. Never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Days {
    /// First day counted.
    pub from: Date,
    /// First day no longer counted.
    pub until: Date,
}

impl Days {
    /// Both days included.
    #[must_use]
    pub fn inclusive(from: Date, to: Date) -> Option<Self> {
        (from <= to).then_some(())?;
        Some(Self { from, until: to.next_day()? })
    }
    /// Last day counted.
    #[must_use]
    pub fn last(self) -> Date {
        self.until.previous_day().unwrap_or(self.from)
    }
    fn count(self) -> Duration {
        self.until - self.from
    }
    /// Days that both have.
    #[must_use]
    pub fn overlap(self, other: Self) -> Option<Self> {
        let (from, until) = (self.from.max(other.from), self.until.min(other.until));
        (from < until).then_some(Self { from, until })
    }
}

/// A period with what it is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    /// Days counted.
    pub days: Days,
    /// The same a year before.
    pub base: Days,
    /// The period before, for the change of rank.
    pub previous: Days,
}

/// Years that a period may lie in: dates of the wire go from 1900 to 2200, and a base lies a year before.
const YEARS: std::ops::RangeInclusive<i32> = 1902..=2199;

impl Period {
    /// Reads a period; `campaign` knows the days of campaigns by id.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str, campaign: impl FnOnce(&str) -> Option<Days>) -> Result<Self, &'static str> {
        if let Some((from, to)) = text.split_once("..") {
            let from = parse_day(from).ok_or("the first day is no day of the form 2020-09-01")?;
            let to = parse_day(to).ok_or("the last day is no day of the form 2021-07-10")?;
            return Self::span(Days::inclusive(from, to).ok_or("the last day lies before the first")?);
        }
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            let months =
                calendar_period(text).ok_or("expected a month 2026-06, a quarter 2026-Q2 or a year 2026")?;
            return Self::months(months).ok_or("years go from 1902 to 2199");
        }
        Self::span(campaign(text).ok_or("no campaign has this id")?)
    }

    /// Whether every unit stands in one place on all days of the period, its base and the period before.
    #[must_use]
    pub fn is_still(&self, tree: &OrgTree) -> bool {
        let all = [self.days, self.base, self.previous];
        let earliest = all.iter().map(|d| d.from).min().unwrap_or(self.days.from);
        let latest = all.iter().map(|d| d.until).max().unwrap_or(self.days.until);
        // The earliest day itself is always among them.
        tree.turning_days(earliest).range(..latest).count() <= 1
    }

    fn span(days: Days) -> Result<Self, &'static str> {
        let in_range = YEARS.contains(&days.from.year()) && YEARS.contains(&days.last().year());
        let base = Days::inclusive(a_year_before(days.from), last_day_a_year_before(days.last()));
        let previous = days.from.checked_sub(days.count()).map(|from| Days { from, until: days.from });
        match (in_range, base, previous) {
            (true, Some(base), Some(previous)) if previous.from.year() >= 1900 => {
                Ok(Self { days, base, previous })
            }
            _ => Err("years go from 1902 to 2199"),
        }
    }

    fn months((year, first, count): (i32, u8, u8)) -> Option<Self> {
        let at = i32::from(first) - 1;
        let span = |months_back: i32| {
            let from = year * 12 + at - months_back;
            Some(Days { from: month_start(from)?, until: month_start(from + i32::from(count))? })
        };
        let found = Self { days: span(0)?, base: span(12)?, previous: span(count.into())? };
        YEARS.contains(&year).then_some(found)
    }
}

/// (year, first month, number of months).
fn calendar_period(text: &str) -> Option<(i32, u8, u8)> {
    let digits = |s: &str, len: usize| s.len() == len && s.bytes().all(|b| b.is_ascii_digit());
    let Some((year, rest)) = text.split_once('-') else {
        return digits(text, 4).then(|| Some((text.parse().ok()?, 1, 12)))?;
    };
    if !digits(year, 4) {
        return None;
    }
    let year = year.parse().ok()?;
    if let Some(quarter) = rest.strip_prefix('Q').filter(|q| digits(q, 1)) {
        let quarter: u8 = quarter.parse().ok()?;
        return (1..=4).contains(&quarter).then_some((year, quarter * 3 - 2, 3));
    }
    let month: u8 = digits(rest, 2).then(|| rest.parse().ok())??;
    (1..=12).contains(&month).then_some((year, month, 1))
}

/// First day of a month counted from year 0.
fn month_start(months: i32) -> Option<Date> {
    let month = u8::try_from(months.rem_euclid(12) + 1).ok()?;
    Date::from_calendar_date(months.div_euclid(12), Month::try_from(month).ok()?, 1).ok()
}

fn a_year_before(day: Date) -> Date {
    day.replace_year(day.year() - 1).unwrap_or_else(|_| day - Duration::days(366))
}

fn last_day_a_year_before(day: Date) -> Date {
    match day.next_day() {
        // The last day of February: the day before the first of March, a year back.
        Some(next) if day.month() == Month::February && next.month() == Month::March => {
            a_year_before(next) - Duration::days(1)
        }
        _ => a_year_before(day),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::date;

    fn period(text: &str) -> Period {
        let autumn = Days::inclusive(date!(2020 - 09 - 01), date!(2021 - 07 - 10));
        Period::parse(text, |id| autumn.filter(|_| id == "autumn-wind")).expect("a period")
    }
    fn days(from: Date, to: Date) -> Days {
        Days::inclusive(from, to).expect("in order")
    }

    #[test]
    fn k05_a_month_begins_and_ends_with_the_citys_days() {
        let june = period("2026-06");
        assert_eq!(june.days, Days { from: date!(2026 - 06 - 01), until: date!(2026 - 07 - 01) });
        assert_eq!(june.days.last(), date!(2026 - 06 - 30));
    }

    #[test]
    fn months_quarters_and_years_have_a_base_and_a_period_before() {
        let january = period("2026-01");
        assert_eq!(january.base, days(date!(2025 - 01 - 01), date!(2025 - 01 - 31)));
        assert_eq!(january.previous, days(date!(2025 - 12 - 01), date!(2025 - 12 - 31)));
        let q1 = period("2026-Q1");
        assert_eq!(q1.days, days(date!(2026 - 01 - 01), date!(2026 - 03 - 31)));
        assert_eq!(q1.previous, days(date!(2025 - 10 - 01), date!(2025 - 12 - 31)));
        assert_eq!(period("2026").previous, days(date!(2025 - 01 - 01), date!(2025 - 12 - 31)));
        assert_eq!(period("2026").base, period("2025").days);
    }

    #[test]
    fn the_campaign_is_compared_with_the_same_days_a_year_earlier() {
        let campaign = period("autumn-wind");
        assert_eq!(campaign, period("2020-09-01..2021-07-10"));
        assert_eq!(campaign.base, days(date!(2019 - 09 - 01), date!(2020 - 07 - 10)));
        assert_eq!(campaign.previous.until, campaign.days.from);
        assert_eq!(campaign.previous.count(), campaign.days.count());
    }

    #[test]
    fn leap_days_neither_break_a_base_nor_fall_out_of_it() {
        assert_eq!(period("2024-02").base, days(date!(2023 - 02 - 01), date!(2023 - 02 - 28)));
        assert_eq!(period("2025-02").base, days(date!(2024 - 02 - 01), date!(2024 - 02 - 29)));
        assert_eq!(period("2024-02-29..2024-02-29").base, days(date!(2023 - 02 - 28), date!(2023 - 02 - 28)));
        assert_eq!(period("2025-02-01..2025-02-28").base, period("2025-02").base);
    }

    #[test]
    fn what_is_no_period_says_why() {
        for bad in [
            "",
            "2026-13",
            "2026-00",
            "2026-Q5",
            "2026-6",
            "26",
            "20260",
            "2026-06-01",
            "0001",
            "2026-Q",
            "spring",
            "2026-06-10..2026-06-09",
            "2026-02-30..2026-03-01",
            "2026-06-01..",
            "1900-01-01..1900-01-02",
            "1950-01-01..2150-01-01",
            "9999",
        ] {
            assert!(Period::parse(bad, |_| None).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_range_of_whole_months_has_the_base_of_its_months(year in 1990_i32..2100, month in 1_u8..=12) {
            let named = period(&format!("{year}-{month:02}"));
            let ranged = period(&format!("{}..{}", named.days.from, named.days.last()));
            prop_assert_eq!(named.days, ranged.days);
            prop_assert_eq!(named.base, ranged.base);
        }
    }
}
