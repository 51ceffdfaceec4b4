//! The city's calendar. Facts count on civil days of Asia/Shanghai, which has had no other offset since 1991.

use time::format_description::BorrowedFormatItem;
use time::macros::{format_description, offset};
use time::{Date, Duration, OffsetDateTime, PrimitiveDateTime, UtcOffset};

/// Offset of Asia/Shanghai.
pub const CITY_OFFSET: UtcOffset = offset!(+8);

const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
const MINUTE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]");
const SECOND: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");

/// The city's calendar day of an instant: 2026-06-30T15:59:59.999Z is still June, one millisecond later is July (vector K5).
#[must_use]
pub fn city_day(at: OffsetDateTime) -> Date {
    at.to_offset(CITY_OFFSET).date()
}

/// The first instant of a day in the city.
#[must_use]
pub fn city_midnight(day: Date) -> OffsetDateTime {
    day.midnight().assume_offset(CITY_OFFSET)
}

/// The first instant after a day in the city; `None` for the last day that there is.
#[must_use]
pub fn day_over(day: Date) -> Option<OffsetDateTime> {
    day.next_day().map(city_midnight)
}

/// An instant without what is finer than a microsecond, which is what PostgreSQL keeps; of one before 1970 it is the
/// earlier one, too.
#[must_use]
pub fn whole_micros(at: OffsetDateTime) -> OffsetDateTime {
    at - Duration::nanoseconds(i64::from(at.nanosecond() % 1_000))
}

/// "YYYY-MM-DD"; `None` for anything else and for days that do not exist.
#[must_use]
pub fn parse_day(text: &str) -> Option<Date> {
    Date::parse(text, DAY).ok()
}

/// "YYYY-MM-DD HH:MM" or "… HH:MM:SS" in the city's time as an instant; `None` for anything else.
#[must_use]
pub fn parse_city_minute(text: &str) -> Option<OffsetDateTime> {
    let local =
        PrimitiveDateTime::parse(text, MINUTE).or_else(|_| PrimitiveDateTime::parse(text, SECOND)).ok()?;
    Some(local.assume_offset(CITY_OFFSET))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    #[test]
    fn k05_midnight_in_shanghai_divides_the_months() {
        assert_eq!(city_day(datetime!(2026-06-30 15:59:59.999 UTC)), date!(2026 - 06 - 30));
        assert_eq!(city_day(datetime!(2026-06-30 16:00:00.000 UTC)), date!(2026 - 07 - 01));
    }

    #[test]
    fn a_day_lasts_from_its_midnight_in_shanghai_to_the_next() {
        let day = date!(2026 - 06 - 30);
        assert_eq!(city_midnight(day), datetime!(2026-06-29 16:00 UTC));
        assert_eq!(day_over(day), Some(datetime!(2026-06-30 16:00 UTC)));
        assert_eq!(day_over(Date::MAX), None);
    }

    #[test]
    fn what_is_finer_than_a_microsecond_is_cut_off_towards_the_past() {
        let cut = |at| whole_micros(at).unix_timestamp_nanos();
        assert_eq!(cut(datetime!(1970-01-01 00:00:00.000001999 UTC)), 1_000);
        assert_eq!(cut(datetime!(1970-01-01 00:00:00.000002 UTC)), 2_000);
        assert_eq!(cut(datetime!(1969-12-31 23:59:59.999999999 UTC)), -1_000);
    }

    #[test]
    fn a_day_that_does_not_exist_is_no_day() {
        assert_eq!(parse_day("2021-02-30"), None);
        assert_eq!(parse_day("2024-02-29"), Some(date!(2024 - 02 - 29)));
        assert_eq!(parse_city_minute("2026-06-07 01:58"), Some(datetime!(2026-06-06 17:58 UTC)));
    }
}
