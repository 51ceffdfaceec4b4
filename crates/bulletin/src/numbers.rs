//! How numbers and days are written. Whole numbers only, but for the interval, which is shown and never compared.

use time::Date;

/// 97.5 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// The 95 % Wilson interval of k of n in ten-thousandths. `None` when k is no part of n (domain reference §E).
pub fn wilson(k: i64, n: i64) -> Option<(i64, i64)> {
    if n <= 0 || k < 0 || k > n {
        return None;
    }
    #[allow(clippy::cast_precision_loss)] // 2^53 cases are beyond any city
    let (k, n) = (k as f64, n as f64);
    let (p, z2) = (k / n, Z * Z);
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    #[allow(clippy::cast_possible_truncation)] // clamped to 0..=10000
    let parts = |share: f64| (share.clamp(0.0, 1.0) * 10_000.0).round() as i64;
    Some((parts(centre - half), parts(centre + half)))
}

/// Ten-thousandths as per cent with one decimal, for example "21.9".
pub fn percent(parts: i64) -> String {
    let tenths = (parts + 5).div_euclid(10);
    format!("{}.{}", tenths.div_euclid(10), tenths.rem_euclid(10))
}

/// k × scale ÷ n with one decimal, rounded half up, for example "40.0"; nothing when n is 0.
pub fn ratio(k: i64, scale: i64, n: i64) -> Option<String> {
    if n <= 0 {
        return None;
    }
    let tenths =
        (i128::from(k) * i128::from(scale.max(1)) * 20 + i128::from(n)).div_euclid(2 * i128::from(n));
    let sign = if tenths < 0 { "-" } else { "" };
    Some(format!("{sign}{}.{}", tenths.abs() / 10, tenths.abs() % 10))
}

/// Fen as yuan, for example "1234.50".
pub fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", fen.unsigned_abs() / 100, fen.unsigned_abs() % 100)
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
    fn k12_the_interval_to_four_decimals() {
        for (k, n, interval) in [
            (2, 5, (1176, 7693)),
            (8, 20, (2188, 6134)),
            (80, 200, (3346, 4692)),
            (0, 3, (0, 5615)),
            (3, 3, (4385, 10_000)),
        ] {
            assert_eq!(wilson(k, n), Some(interval), "{k}/{n}");
        }
        assert_eq!((wilson(3, 2), wilson(0, 0)), (None, None));
    }

    #[test]
    fn numbers_are_rounded_half_up_and_a_rate_may_exceed_a_hundred() {
        assert_eq!(ratio(8, 100, 20).as_deref(), Some("40.0"));
        assert_eq!(ratio(3, 100, 2).as_deref(), Some("150.0"));
        assert_eq!(ratio(1, 100, 3).as_deref(), Some("33.3"));
        assert_eq!(ratio(1, 100, 0), None);
        assert_eq!((percent(2188).as_str(), percent(10_000).as_str()), ("21.9", "100.0"));
        assert_eq!((yuan(-5).as_str(), yuan(123_450).as_str()), ("-0.05", "1234.50"));
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
