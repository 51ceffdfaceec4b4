//! Numbers, days and instants as a reader sees them.

use time::{Date, OffsetDateTime};
use xiaoan_kernel::CITY_OFFSET;

use super::lang::Lang;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// English name of a month, 1..=12, three letters.
pub fn month_en(month: u8) -> &'static str {
    MONTHS.get(usize::from(month).wrapping_sub(1)).copied().unwrap_or("?")
}

/// A decimal text with its integer part in groups of three and a true minus sign: "-7470000.50" → "−7,470,000.50".
pub fn grouped(decimal: &str) -> String {
    let (sign, digits) = match decimal.strip_prefix(['-', '−']) {
        Some(rest) => ("−", rest),
        None => match decimal.strip_prefix('+') {
            Some(rest) => ("+", rest),
            None => ("", decimal),
        },
    };
    let (whole, rest) = digits.find('.').map_or((digits, ""), |dot| digits.split_at(dot));
    let mut out = String::with_capacity(decimal.len() + whole.len() / 3 + 3);
    out.push_str(sign);
    for (i, c) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 && c.is_ascii_digit() {
            out.push(',');
        }
        out.push(c);
    }
    out.push_str(rest);
    out
}

/// A whole number in groups of three.
pub fn whole(number: i64) -> String {
    grouped(&number.to_string())
}

/// A change with a true minus sign: "-3.2pp" → "−3.2 pp", "+84.8%" as it is.
pub fn change(text: &str) -> String {
    let text = text.replace('-', "−");
    match text.strip_suffix("pp") {
        Some(number) => format!("{number} pp"),
        None => text,
    }
}

/// Parts per ten thousand as a percentage with one decimal: 2188 → "21.9". Rounds half away from zero.
pub fn percent_of_bp(parts: i32) -> String {
    let tenths = (parts + 5).div_euclid(10);
    format!("{}.{}", tenths.div_euclid(10), tenths.rem_euclid(10))
}

/// "2026-06-30".
pub fn day_iso(day: Date) -> String {
    format!("{:04}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day())
}

/// "2026年6月30日" or "30 Jun 2026".
pub fn day_text(day: Date, lang: Lang) -> String {
    let month = u8::from(day.month());
    match lang {
        Lang::Zh => format!("{}年{}月{}日", day.year(), month, day.day()),
        Lang::En => format!("{} {} {}", day.day(), month_en(month), day.year()),
    }
}

/// An instant for a `<time>` element: what a machine reads and what a person reads, both in the city's time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// RFC 3339 with the city's offset, to the microsecond when there is one.
    pub iso: String,
    /// "2026-07-10 08:00:05".
    pub text: String,
}

impl Moment {
    /// The instant in the city's time.
    pub fn of(at: OffsetDateTime) -> Self {
        let local = at.to_offset(CITY_OFFSET);
        let day = day_iso(local.date());
        let clock = format!("{:02}:{:02}:{:02}", local.hour(), local.minute(), local.second());
        let micros = local.microsecond();
        let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
        Self { iso: format!("{day}T{clock}{fraction}+08:00"), text: format!("{day} {clock}") }
    }

    /// The wire's timestamp, when it is one.
    pub fn of_wire(at: Option<&prost_types::Timestamp>) -> Option<Self> {
        at.and_then(xiaoan_proto::instant).map(Self::of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    #[test]
    fn numbers_are_grouped_and_minus_is_a_minus() {
        assert_eq!(whole(0), "0");
        assert_eq!(whole(999), "999");
        assert_eq!(whole(-1000), "−1,000");
        assert_eq!(grouped("7470000.00"), "7,470,000.00");
        assert_eq!(grouped("47.8"), "47.8");
        assert_eq!(grouped("+1234"), "+1,234");
        assert_eq!(change("-7.68%"), "−7.68%");
        assert_eq!(change("+22.83pp"), "+22.83 pp");
    }

    #[test]
    fn an_interval_end_has_one_decimal() {
        assert_eq!(percent_of_bp(2188), "21.9");
        assert_eq!(percent_of_bp(0), "0.0");
        assert_eq!(percent_of_bp(10_000), "100.0");
        assert_eq!(percent_of_bp(1176), "11.8");
        assert_eq!(percent_of_bp(4), "0.0");
        assert_eq!(percent_of_bp(5), "0.1");
    }

    #[test]
    fn days_and_instants_are_those_of_the_city() {
        assert_eq!(day_text(date!(2026 - 06 - 30), Lang::Zh), "2026年6月30日");
        assert_eq!(day_text(date!(2026 - 06 - 30), Lang::En), "30 Jun 2026");
        let moment = Moment::of(datetime!(2026-06-30 16:00:00.000 UTC));
        assert_eq!(moment.text, "2026-07-01 00:00:00");
        assert_eq!(moment.iso, "2026-07-01T00:00:00+08:00");
    }
}
