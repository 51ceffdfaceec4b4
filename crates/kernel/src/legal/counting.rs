//! The four ways of counting.

use super::LegalError;
use super::work_calendar::{WorkCalendar, Workday};
use crate::{CITY_OFFSET, city_day, day_over};
use time::{Date, Duration, Month, OffsetDateTime};

/// Way of counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// H: hours by the clock.
    Hours,
    /// CR: calendar days; the last one rolls forward past a holiday.
    Days,
    /// WD: working days.
    WorkingDays,
    /// CM: calendar months, clamped to the end of the month.
    Months,
}

/// A time limit: how much of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limit {
    /// Hours, days or months.
    pub amount: u16,
    /// What it counts.
    pub mode: Mode,
}

impl Limit {
    /// Hours by the clock.
    #[must_use]
    pub const fn hours(amount: u16) -> Self {
        Self { amount, mode: Mode::Hours }
    }
    /// Calendar days that roll forward past a holiday.
    #[must_use]
    pub const fn days(amount: u16) -> Self {
        Self { amount, mode: Mode::Days }
    }
    /// Working days.
    #[must_use]
    pub const fn working_days(amount: u16) -> Self {
        Self { amount, mode: Mode::WorkingDays }
    }
    /// Calendar months.
    #[must_use]
    pub const fn months(amount: u16) -> Self {
        Self { amount, mode: Mode::Months }
    }
}

/// Whether somebody is held while the period runs: then calendar days never roll (刑事诉讼法 art. 105).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Custody {
    /// Nobody is held.
    None,
    /// A person is held.
    Held,
}

/// Whether the calendar knew all days that decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Certainty {
    /// All of them.
    Known,
    /// Days of this year (the first such) were assumed, because its holidays are not in the data.
    Assumed {
        /// Year without data.
        year: i32,
    },
}

/// End of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// First instant at which the time is up. For the modes that count days: midnight (Shanghai) after `last_day`.
    pub ends_at: OffsetDateTime,
    /// The city's day on which it can last be done.
    pub last_day: Date,
    /// Whether the end was moved past a holiday.
    pub rolled: bool,
    /// Whether the calendar knew the days that decided.
    pub certainty: Certainty,
}

impl Due {
    /// Whether something done now is in time.
    #[must_use]
    pub fn in_time(&self, now: OffsetDateTime) -> bool {
        now < self.ends_at
    }
    /// Last second in which it can be done; what people read as "until 23:59:59".
    #[must_use]
    pub fn last_second(&self) -> OffsetDateTime {
        (self.ends_at - Duration::SECOND).to_offset(CITY_OFFSET)
    }
}

pub(super) fn count(
    calendar: &WorkCalendar,
    limit: Limit,
    start: OffsetDateTime,
    custody: Custody,
) -> Result<Due, LegalError> {
    let mut days = Days { calendar, certainty: Certainty::Known };
    match limit.mode {
        Mode::Hours => {
            let hours = Duration::hours(i64::from(limit.amount));
            let ends_at = start.checked_add(hours).ok_or(LegalError::TooLong)?;
            // Something that ends at midnight can last be done the day before.
            let last = if limit.amount == 0 { ends_at } else { ends_at - Duration::NANOSECOND };
            Ok(Due { ends_at, last_day: city_day(last), rolled: false, certainty: Certainty::Known })
        }
        Mode::Days => {
            let counted = Duration::days(i64::from(limit.amount));
            let last = city_day(start).checked_add(counted).ok_or(LegalError::TooLong)?;
            let rolled_to = match custody {
                Custody::None => days.this_or_next_working(last)?,
                Custody::Held => last,
            };
            days.end_of(rolled_to, rolled_to != last)
        }
        Mode::WorkingDays => {
            let mut last = city_day(start);
            for _ in 0..limit.amount {
                last = days.this_or_next_working(next(last)?)?;
            }
            days.end_of(last, false)
        }
        Mode::Months => days.end_of(months_after(city_day(start), limit.amount)?, false),
    }
}

/// Walks along the calendar and remembers whether it had to assume anything.
struct Days<'a> {
    calendar: &'a WorkCalendar,
    certainty: Certainty,
}

impl Days<'_> {
    fn this_or_next_working(&mut self, mut day: Date) -> Result<Date, LegalError> {
        loop {
            let (works, known) = match self.calendar.workday(day)? {
                Workday::Known(works) => (works, true),
                Workday::Assumed(works) => (works, false),
            };
            if !known && self.certainty == Certainty::Known {
                self.certainty = Certainty::Assumed { year: day.year() };
            }
            if works {
                return Ok(day);
            }
            day = next(day)?;
        }
    }

    fn end_of(&self, last_day: Date, rolled: bool) -> Result<Due, LegalError> {
        let ends_at = day_over(last_day).ok_or(LegalError::TooLong)?;
        Ok(Due { ends_at, last_day, rolled, certainty: self.certainty })
    }
}

fn next(day: Date) -> Result<Date, LegalError> {
    day.next_day().ok_or(LegalError::TooLong)
}

/// The same day of the month that many months later, or the month's last day.
fn months_after(day: Date, months: u16) -> Result<Date, LegalError> {
    let months = i32::from(u8::from(day.month())) - 1 + i32::from(months);
    let year = day.year() + months / 12;
    let month = u8::try_from(months % 12 + 1).map_err(|_| LegalError::TooLong)?;
    let month = Month::try_from(month).map_err(|_| LegalError::TooLong)?;
    let clamped = day.day().min(month.length(year));
    Date::from_calendar_date(year, month, clamped).map_err(|_| LegalError::TooLong)
}
