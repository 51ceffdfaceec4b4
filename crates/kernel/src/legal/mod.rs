//! The legal clock: when a time limit of law is up.
//!
//! | way of counting | start | end | on a holiday |
//! |---|---|---|---|
//! | [`Mode::Hours`] (H) | the moment itself | that many hours later, to the second | nothing: the clock runs |
//! | [`Mode::Days`] (CR) | its day is not counted | the end of the last calendar day | rolls to the next working day, but never while a person is in custody |
//! | [`Mode::WorkingDays`] (WD) | its day is not counted | the end of the last working day | is not counted |
//! | [`Mode::Months`] (CM) | its day is not counted | the end of the same day of the month, or of the month's last day | nothing |
//!
//! Sources: 刑事诉讼法 art. 105 and 公安机关办理行政案件程序规定 art. 35 (CR), 道路交通事故处理程序规定 art. 112(5) (WD), 银发〔2016〕86号
//! (H), 公安机关办理刑事案件程序规定 art. 243 (CM); domain reference §0.4, §I, vectors K6–K8. All days are civil days of Asia/Shanghai.
//!
//! What is data and not code: which days are worked ([`WorkCalendar`], `holidays.csv`) and which limits there are
//! ([`Catalogue`], `deadlines.csv`), both with the days from which they hold.
//!
//! Invariant: a day of a year that the calendar does not know is never silently taken for a working day. The clock either
//! refuses ([`BeyondCalendar::Refuse`]) or says in the answer that it assumed ([`Certainty::Assumed`]).
//!
//! Whoever fixes a deadline writes [`Due::ends_at`] into the event: a later calendar never moves it.

mod catalogue;
mod counting;
mod work_calendar;

pub use catalogue::{Catalogue, Deadline};
pub use counting::{Certainty, Custody, Due, Limit, Mode};
pub use work_calendar::{BeyondCalendar, WorkCalendar, Workday};

use crate::city_day;
use std::sync::{Arc, LazyLock};
use time::{Date, OffsetDateTime};

/// Why the legal clock gives no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LegalError {
    /// The working days of that year are not known, and the calendar does not assume any.
    #[error("the calendar of working days has no year {0}")]
    UnknownYear(i32),
    /// No limit of that id is law on that day.
    #[error("no deadline {id} is in force on {on}")]
    UnknownDeadline {
        /// Id asked for.
        id: String,
        /// Day on which the period starts.
        on: Date,
    },
    /// The end lies beyond the days that can be told.
    #[error("the end of the period lies beyond the calendar")]
    TooLong,
    /// A row of the data is wrong.
    #[error("line {line}: {reason}")]
    Row {
        /// Line, from 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
}

/// Tells when periods of law end. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LegalClock {
    calendar: Arc<WorkCalendar>,
    catalogue: Arc<Catalogue>,
}

impl LegalClock {
    /// A clock on data of one's own.
    #[must_use]
    pub fn new(calendar: WorkCalendar, catalogue: Catalogue) -> Self {
        Self { calendar: Arc::new(calendar), catalogue: Arc::new(catalogue) }
    }

    /// The clock on the data that is built in: holidays of 2021 to 2026, and beyond them weekends and the holidays of fixed
    /// date, said to be assumed ([`Certainty::Assumed`]).
    ///
    /// # Panics
    /// Never: a test reads the built-in data.
    #[must_use]
    pub fn built_in() -> Self {
        static CLOCK: LazyLock<LegalClock> = LazyLock::new(|| {
            let calendar = WorkCalendar::built_in().beyond(BeyondCalendar::AssumeWeekends);
            LegalClock::new(calendar, Catalogue::built_in())
        });
        CLOCK.clone()
    }

    /// The calendar of working days.
    #[must_use]
    pub fn calendar(&self) -> &WorkCalendar {
        &self.calendar
    }
    /// The limits of law.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// When the limit `id` (for example `STOP-48`) is up that is law on the day of `start`; nobody is in custody.
    ///
    /// # Errors
    /// When there is no such limit on that day, or the calendar does not reach to its end.
    pub fn due(&self, id: &str, start: OffsetDateTime) -> Result<Due, LegalError> {
        self.due_with(id, start, Custody::None)
    }

    /// [`due`](Self::due), with a person in custody or not.
    ///
    /// # Errors
    /// As [`due`](Self::due).
    pub fn due_with(&self, id: &str, start: OffsetDateTime, custody: Custody) -> Result<Due, LegalError> {
        let deadline = self.catalogue.get(id, city_day(start))?;
        self.count(deadline.limit, start, custody)
    }

    /// When a limit is up that is not in the catalogue (local rules, periods named in a decision).
    ///
    /// # Errors
    /// When the calendar does not reach to its end.
    pub fn count(&self, limit: Limit, start: OffsetDateTime, custody: Custody) -> Result<Due, LegalError> {
        counting::count(&self.calendar, limit, start, custody)
    }
}

#[cfg(test)]
mod tests;
