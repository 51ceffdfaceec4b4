//! How numbers and days are written. Whole numbers only.

use time::Date;
use xiaoan_kernel::fraction;

/// Ten-thousandths as per cent with one decimal, for example "21.9".
pub fn percent(parts: i64) -> String {
    let tenths = (parts + 5).div_euclid(10);
    format!("{}.{}", tenths.div_euclid(10), tenths.rem_euclid(10))
}

/// k × scale ÷ n as the board writes it ([`fraction::decimal`]), for example "40.0"; nothing when n is 0.
pub fn ratio(k: i64, scale: i64, n: i64, places: u32) -> Option<String> {
    fraction::decimal(i128::from(k) * i128::from(scale.max(1)), n.into(), places)
}

/// "2026年6月30日".
pub fn day(day: Date) -> String {
    format!("{}年{}月{}日", day.year(), u8::from(day.month()), day.day())
}

/// A period as a title names it: "2026年6月", "2026年第2季度", "2026年"; a campaign by its days.
pub fn period(text: &str, from: Date, to: Date) -> String {
    let number = |text: &str| text.parse::<u16>().ok();
    match text.split_once('-') {
        None => match number(text) {
            Some(year) if text.len() == 4 => format!("{year}年"),
            _ => days(from, to),
        },
        Some((year, part)) if year.len() == 4 && number(year).is_some() => {
            match (part.strip_prefix('Q').and_then(number), number(part)) {
                (Some(quarter), _) => format!("{year}年第{quarter}季度"),
                (None, Some(month)) => format!("{year}年{month}月"),
                (None, None) => days(from, to),
            }
        }
        Some(_) => days(from, to),
    }
}

/// "2026年6月1日至2026年6月30日".
pub fn days(from: Date, to: Date) -> String {
    format!("{}至{}", day(from), day(to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn numbers_are_rounded_half_up_and_a_rate_may_exceed_a_hundred() {
        assert_eq!(ratio(8, 100, 20, 1).as_deref(), Some("40.0"));
        assert_eq!(ratio(3, 100, 2, 1).as_deref(), Some("150.0"));
        assert_eq!(ratio(1, 100, 3, 1).as_deref(), Some("33.3"));
        assert_eq!(ratio(1, 100, 0, 1), None);
        assert_eq!((percent(2188).as_str(), percent(10_000).as_str()), ("21.9", "100.0"));
    }

    #[test]
    fn periods_are_named_as_people_name_them() {
        let (from, to) = (date!(2026 - 06 - 01), date!(2026 - 06 - 30));
        assert_eq!(period("2026-06", from, to), "2026年6月");
        assert_eq!(period("2026-Q2", from, to), "2026年第2季度");
        assert_eq!(period("2026", from, to), "2026年");
        assert_eq!(period("autumn-wind", from, to), "2026年6月1日至2026年6月30日");
    }
}
