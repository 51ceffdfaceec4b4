//! Days and instants as a user writes and reads them, in the city's time.

use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};
use xiaoan_kernel::{CITY_OFFSET, Clock, SystemClock, city_day, parse_city_minute, parse_day};
use xiaoan_proto::core::v1 as core;
use xiaoan_proto::timestamp;

const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
const SECOND: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");

/// "2026-06-30", for clap.
///
/// # Errors
/// When it is no such day.
pub fn day(text: &str) -> Result<Date, String> {
    parse_day(text).ok_or_else(|| format!("{text:?} is no day; write YYYY-MM-DD, for example 2026-06-30"))
}

/// RFC 3339, "2026-06-30 18:00[:30]" in the city's time, or a day, which means its last second; for clap.
///
/// # Errors
/// When it is none of these.
pub fn moment(text: &str) -> Result<OffsetDateTime, String> {
    if let Some(day) = parse_day(text) {
        let end = day.with_hms_micro(23, 59, 59, 999_999).map_err(|e| e.to_string())?;
        return Ok(end.assume_offset(CITY_OFFSET));
    }
    parse_city_minute(text).or_else(|| OffsetDateTime::parse(text, &Rfc3339).ok()).ok_or_else(|| {
        format!("{text:?} is no moment; write 2026-06-30T18:00:00+08:00, \"2026-06-30 18:00\" (city time) or 2026-06-30")
    })
}

/// A stated day on the wire; today in the city when none is stated.
#[must_use]
pub fn or_today(day: Option<Date>) -> Option<core::Date> {
    Some(day.unwrap_or_else(|| city_day(SystemClock.now())).into())
}

/// A stated instant on the wire; now when none is stated.
#[must_use]
pub fn or_now(at: Option<OffsetDateTime>) -> Option<prost_types::Timestamp> {
    Some(timestamp(at.unwrap_or_else(|| SystemClock.now())))
}

/// A wire day as "2026-06-30"; empty when absent or no day of the calendar.
#[must_use]
pub fn show_day(day: Option<core::Date>) -> String {
    day.and_then(|d| Date::try_from(d).ok()).and_then(|d| d.format(DAY).ok()).unwrap_or_default()
}

/// A wire instant as "2026-06-30 18:00:00" in the city's time; empty when absent.
#[must_use]
pub fn show_instant(at: Option<&prost_types::Timestamp>) -> String {
    at.and_then(xiaoan_proto::instant)
        .and_then(|at| at.to_offset(CITY_OFFSET).format(SECOND).ok())
        .unwrap_or_default()
}

/// A wire instant as RFC 3339 with the city's offset, for JSON and CSV; empty when absent.
#[must_use]
pub fn rfc3339(at: Option<&prost_types::Timestamp>) -> String {
    at.and_then(xiaoan_proto::instant)
        .and_then(|at| at.to_offset(CITY_OFFSET).format(&Rfc3339).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_moment_is_read_in_the_citys_time() {
        assert_eq!(moment("2026-06-30 18:00"), Ok(datetime!(2026-06-30 10:00 UTC)));
        assert_eq!(moment("2026-06-30T18:00:00Z"), Ok(datetime!(2026-06-30 18:00 UTC)));
        assert_eq!(moment("2026-06-30"), Ok(datetime!(2026-06-30 15:59:59.999999 UTC)));
        assert!(moment("yesterday").is_err());
        assert!(day("2026-02-30").is_err());
    }
}
