//! Conversions between the wire's dates and instants and those of the `time` crate.

use crate::core::v1::Date;
use time::OffsetDateTime;

/// A `Date` message that names no day of the calendar, such as 2021-02-30.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotADay(pub Date);

impl std::fmt::Display for NotADay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02} is no day of the calendar", self.0.year, self.0.month, self.0.day)
    }
}
impl std::error::Error for NotADay {}

impl From<time::Date> for Date {
    fn from(day: time::Date) -> Self {
        Self { year: day.year(), month: u8::from(day.month()).into(), day: day.day().into() }
    }
}

impl TryFrom<Date> for time::Date {
    type Error = NotADay;
    fn try_from(date: Date) -> Result<Self, NotADay> {
        let month = u8::try_from(date.month).ok().and_then(|m| time::Month::try_from(m).ok());
        let day = u8::try_from(date.day).ok();
        match (month, day) {
            (Some(month), Some(day)) if (1900..=2200).contains(&date.year) => {
                Self::from_calendar_date(date.year, month, day).map_err(|_| NotADay(date))
            }
            _ => Err(NotADay(date)),
        }
    }
}

/// A day of an event or a view; `None` when it is missing or no day of the calendar.
#[must_use]
pub fn day(date: Option<Date>) -> Option<time::Date> {
    date.and_then(|date| date.try_into().ok())
}

/// An instant as a wire timestamp (nanoseconds kept).
#[must_use]
pub fn timestamp(at: OffsetDateTime) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: at.unix_timestamp(), nanos: at.nanosecond().cast_signed() }
}

/// A wire timestamp as an instant; `None` when it lies outside years 1..9999 or its nanos are out of range.
#[must_use]
pub fn instant(at: &prost_types::Timestamp) -> Option<OffsetDateTime> {
    let base = OffsetDateTime::from_unix_timestamp(at.seconds).ok()?;
    let nanos = u32::try_from(at.nanos).ok()?;
    base.replace_nanosecond(nanos).ok()
}
