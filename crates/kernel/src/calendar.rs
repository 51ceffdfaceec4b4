//! The city's calendar. Facts count on civil days of Asia/Shanghai, which has had no other offset since 1991.

use time::format_description::BorrowedFormatItem;
use time::macros::{format_description, offset};
use time::{Date, OffsetDateTime, PrimitiveDateTime, UtcOffset};

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
    fn a_day_that_does_not_exist_is_no_day() {
        assert_eq!(parse_day("2021-02-30"), None);
        assert_eq!(parse_day("2024-02-29"), Some(date!(2024 - 02 - 29)));
        assert_eq!(parse_city_minute("2026-06-07 01:58"), Some(datetime!(2026-06-06 17:58 UTC)));
    }
}
