//! Which days are worked: Monday to Friday, with the exceptions that are announced year by year.

use super::LegalError;
use crate::parse_day;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use time::{Date, Month, Weekday};

/// What becomes of days in a year that is not in the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum BeyondCalendar {
    /// No answer: [`LegalError::UnknownYear`].
    #[default]
    Refuse,
    /// Monday to Friday except the holidays of fixed date (1 January, 1–2 May, 1–3 October: 全国年节及纪念日放假办法, as of
    /// 2025), and said to be assumed. Holidays by the moon, long weekends and make-up days are missing: the real period may
    /// end later than told by those days off, or earlier by those days worked.
    AssumeWeekends,
}

/// Whether a day is worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Workday {
    /// As announced.
    Known(bool),
    /// The year is not in the data.
    Assumed(bool),
}

/// The calendar of working days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkCalendar {
    years: BTreeSet<i32>,
    /// Days that are worked or not against their weekday.
    exceptions: BTreeMap<Date, bool>,
    beyond: BeyondCalendar,
}

#[derive(Deserialize)]
struct Row {
    from: String,
    to: String,
    kind: String,
}

impl WorkCalendar {
    /// The announced days of 2021 to 2026; beyond them it refuses.
    ///
    /// # Panics
    /// Never: a test reads the built-in data.
    #[must_use]
    pub fn built_in() -> Self {
        Self::read(include_str!("holidays.csv")).expect("the built-in holidays are read by a test")
    }

    /// Reads a calendar: CSV with a head line, columns `from,to,kind` (others are ignored), lines beginning with `#` are
    /// comments. `year` rows say which years are complete. Beyond them it refuses, see [`beyond`](Self::beyond).
    ///
    /// # Errors
    /// The first row that is wrong: no such day or kind, an end before its start, an exception in a year that is not said to
    /// be complete, a day twice, a make-up day that is no Saturday or Sunday.
    pub fn read(text: &str) -> Result<Self, LegalError> {
        let mut calendar =
            Self { years: BTreeSet::new(), exceptions: BTreeMap::new(), beyond: BeyondCalendar::Refuse };
        let mut exceptions = Vec::new();
        super::catalogue::rows(text, |line, row: Row| {
            let wrong = |reason: &str| LegalError::Row { line, reason: reason.to_owned() };
            let from = parse_day(&row.from).ok_or_else(|| wrong("from is no day"))?;
            let to = parse_day(&row.to).ok_or_else(|| wrong("to is no day"))?;
            if to < from {
                return Err(wrong("ends before it starts"));
            }
            match row.kind.as_str() {
                "year" => {
                    let ends_with_it = to.next_day().is_none_or(|day| day.year() > from.year());
                    if from.ordinal() != 1 || to.year() != from.year() || !ends_with_it {
                        return Err(wrong("a year is from its first to its last day"));
                    }
                    calendar.years.insert(from.year());
                }
                "off" => exceptions.push((line, from, to, false)),
                "work" => exceptions.push((line, from, to, true)),
                _ => return Err(wrong("kind is none of year, off, work")),
            }
            Ok(())
        })?;
        for (line, from, to, works) in exceptions {
            calendar.except(from, to, works).map_err(|reason| LegalError::Row { line, reason })?;
        }
        Ok(calendar)
    }

    fn except(&mut self, from: Date, to: Date, works: bool) -> Result<(), String> {
        let mut day = from;
        while day <= to {
            if !self.years.contains(&day.year()) {
                return Err(format!("year {} is not said to be complete", day.year()));
            }
            if works && !is_weekend(day) {
                return Err(format!("{day} is made a working day, and is one anyway"));
            }
            if self.exceptions.insert(day, works).is_some() {
                return Err(format!("{day} is here twice"));
            }
            day = day.next_day().ok_or_else(|| format!("nothing follows {day}"))?;
        }
        Ok(())
    }

    /// The same calendar with another answer for years that are not in it.
    #[must_use]
    pub fn beyond(mut self, beyond: BeyondCalendar) -> Self {
        self.beyond = beyond;
        self
    }

    /// Years whose days are all known.
    pub fn years(&self) -> impl Iterator<Item = i32> {
        self.years.iter().copied()
    }

    /// Whether a day is worked.
    ///
    /// # Errors
    /// [`LegalError::UnknownYear`] when the year is not in the data and nothing is assumed.
    pub fn workday(&self, day: Date) -> Result<Workday, LegalError> {
        if self.years.contains(&day.year()) {
            let works = self.exceptions.get(&day).copied().unwrap_or_else(|| !is_weekend(day));
            return Ok(Workday::Known(works));
        }
        match self.beyond {
            BeyondCalendar::Refuse => Err(LegalError::UnknownYear(day.year())),
            BeyondCalendar::AssumeWeekends => {
                Ok(Workday::Assumed(!is_weekend(day) && !is_holiday_of_fixed_date(day)))
            }
        }
    }
}

fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

fn is_holiday_of_fixed_date(day: Date) -> bool {
    matches!((day.month(), day.day()), (Month::January, 1) | (Month::May, 1..=2) | (Month::October, 1..=3))
}
