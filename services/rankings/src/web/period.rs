//! A period as the reader moves through it: what it is called, what comes before and after, what lies around it.
//!
//! Which days a period covers is decided by the standings, not here; this only reads the text of the request.

use time::{Date, Duration, Month};
use xiaoan_kernel::parse_day;

use super::format::{day_iso, day_text, month_en};
use super::lang::Lang;

/// A period, as far as its text says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// "2026-06".
    Month(i32, u8),
    /// "2026-Q2".
    Quarter(i32, u8),
    /// "2026".
    Year(i32),
    /// "2020-09-01..2021-07-10", both days counted.
    Days(Date, Date),
    /// Anything else: a campaign's id, or a mistake; the standings know which.
    Named(String),
}

impl Span {
    /// Reads the text of a request; what has no known form is taken for a name.
    pub fn read(text: &str) -> Self {
        Self::month(text)
            .or_else(|| Self::quarter(text))
            .or_else(|| year(text).map(Self::Year))
            .or_else(|| {
                let (from, to) = text.split_once("..")?;
                Some(Self::Days(parse_day(from)?, parse_day(to)?))
            })
            .unwrap_or_else(|| Self::Named(text.to_owned()))
    }

    fn month(text: &str) -> Option<Self> {
        let (left, right) = text.split_once('-')?;
        let month: u8 = if right.len() == 2 { right.parse().ok()? } else { return None };
        (1..=12).contains(&month).then_some(Self::Month(year(left)?, month))
    }

    fn quarter(text: &str) -> Option<Self> {
        let (left, right) = text.split_once("-Q")?;
        let quarter: u8 = if right.len() == 1 { right.parse().ok()? } else { return None };
        (1..=4).contains(&quarter).then_some(Self::Quarter(year(left)?, quarter))
    }

    /// The month of a day.
    pub fn month_of(day: Date) -> Self {
        Self::Month(day.year(), day.month().into())
    }

    /// The text a request carries.
    pub fn param(&self) -> String {
        match self {
            Self::Month(year, month) => format!("{year:04}-{month:02}"),
            Self::Quarter(year, quarter) => format!("{year:04}-Q{quarter}"),
            Self::Year(year) => format!("{year:04}"),
            Self::Days(from, to) => format!("{}..{}", day_iso(*from), day_iso(*to)),
            Self::Named(name) => name.clone(),
        }
    }

    /// What a reader calls it.
    pub fn label(&self, lang: Lang) -> String {
        match (self, lang) {
            (Self::Month(year, month), Lang::Zh) => format!("{year}年{month}月"),
            (Self::Month(year, month), Lang::En) => format!("{} {year}", month_en(*month)),
            (Self::Quarter(year, quarter), Lang::Zh) => {
                let ordinal = ["一", "二", "三", "四"].get(usize::from(*quarter) - 1).copied().unwrap_or("?");
                format!("{year}年第{ordinal}季度")
            }
            (Self::Quarter(year, quarter), Lang::En) => format!("Q{quarter} {year}"),
            (Self::Year(year), Lang::Zh) => format!("{year}年"),
            (Self::Year(year), Lang::En) => format!("{year}"),
            (Self::Days(from, to), Lang::Zh) => format!("{}至{}", day_text(*from, lang), day_text(*to, lang)),
            (Self::Days(from, to), Lang::En) => {
                format!("{} – {}", day_text(*from, lang), day_text(*to, lang))
            }
            (Self::Named(name), _) => name.clone(),
        }
    }

    /// The period of the same kind before this one; a range moves by its own length.
    pub fn before(&self) -> Option<Self> {
        self.moved(-1)
    }

    /// The period of the same kind after this one.
    pub fn after(&self) -> Option<Self> {
        self.moved(1)
    }

    fn moved(&self, by: i32) -> Option<Self> {
        let within = |year: i32| (1900..=2200).contains(&year).then_some(year);
        match self {
            Self::Month(year, month) => {
                let months = year * 12 + i32::from(*month) - 1 + by;
                Some(Self::Month(
                    within(months.div_euclid(12))?,
                    u8::try_from(months.rem_euclid(12) + 1).ok()?,
                ))
            }
            Self::Quarter(year, quarter) => {
                let quarters = year * 4 + i32::from(*quarter) - 1 + by;
                let quarter = u8::try_from(quarters.rem_euclid(4) + 1).ok()?;
                Some(Self::Quarter(within(quarters.div_euclid(4))?, quarter))
            }
            Self::Year(year) => within(year + by).map(Self::Year),
            Self::Days(from, to) if to >= from => {
                let step = Duration::days((*to - *from).whole_days() + 1) * by;
                let (from, to) = (from.checked_add(step)?, to.checked_add(step)?);
                within(from.year()).and(within(to.year())).map(|_| Self::Days(from, to))
            }
            Self::Days(..) | Self::Named(_) => None,
        }
    }

    /// The year whose months are offered beside this period.
    pub fn year(&self) -> Option<i32> {
        match self {
            Self::Month(year, _) | Self::Quarter(year, _) | Self::Year(year) => Some(*year),
            Self::Days(_, to) => Some(to.year()),
            Self::Named(_) => None,
        }
    }

    /// First and last day, when the text says them: what a range form is filled in with.
    pub fn days(&self) -> Option<(Date, Date)> {
        let of = |year, first: u8, last: u8| {
            let (first, last) = (Month::try_from(first).ok()?, Month::try_from(last).ok()?);
            let from = Date::from_calendar_date(year, first, 1).ok()?;
            Some((from, Date::from_calendar_date(year, last, last.length(year)).ok()?))
        };
        match self {
            Self::Month(year, month) => of(*year, *month, *month),
            Self::Quarter(year, quarter) => of(*year, quarter * 3 - 2, quarter * 3),
            Self::Year(year) => of(*year, 1, 12),
            Self::Days(from, to) => Some((*from, *to)),
            Self::Named(_) => None,
        }
    }
}

fn year(text: &str) -> Option<i32> {
    let digits = text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|year| digits && (1900..=2200).contains(year))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn every_form_is_read_and_written_back() {
        for text in ["2026-06", "2026-Q2", "2026", "2020-09-01..2021-07-10", "autumn-wind"] {
            assert_eq!(Span::read(text).param(), text);
        }
        assert_eq!(Span::read("2026-13"), Span::Named("2026-13".into()));
        assert_eq!(Span::read("2026-Q5"), Span::Named("2026-Q5".into()));
        assert_eq!(Span::read("2026-02-30..2026-03-01"), Span::Named("2026-02-30..2026-03-01".into()));
        assert_eq!(Span::read("+026"), Span::Named("+026".into()));
    }

    #[test]
    fn months_quarters_and_years_step_over_new_year() {
        assert_eq!(Span::Month(2026, 1).before(), Some(Span::Month(2025, 12)));
        assert_eq!(Span::Month(2026, 12).after(), Some(Span::Month(2027, 1)));
        assert_eq!(Span::Quarter(2026, 1).before(), Some(Span::Quarter(2025, 4)));
        assert_eq!(Span::Year(1900).before(), None);
        assert_eq!(Span::Named("autumn-wind".into()).after(), None);
    }

    #[test]
    fn a_range_moves_by_its_own_length() {
        let week = Span::Days(date!(2026 - 06 - 01), date!(2026 - 06 - 07));
        assert_eq!(week.after(), Some(Span::Days(date!(2026 - 06 - 08), date!(2026 - 06 - 14))));
        assert_eq!(Span::Days(date!(2026 - 06 - 07), date!(2026 - 06 - 01)).after(), None);
    }

    #[test]
    fn a_period_says_its_days() {
        assert_eq!(Span::read("2024-02").days(), Some((date!(2024 - 02 - 01), date!(2024 - 02 - 29))));
        assert_eq!(Span::read("2026-Q4").days(), Some((date!(2026 - 10 - 01), date!(2026 - 12 - 31))));
    }

    #[test]
    fn both_languages_name_it() {
        assert_eq!(Span::read("2026-06").label(Lang::Zh), "2026年6月");
        assert_eq!(Span::read("2026-Q2").label(Lang::Zh), "2026年第二季度");
        assert_eq!(Span::read("2026-Q2").label(Lang::En), "Q2 2026");
        assert_eq!(Span::read("2020-09-01..2021-07-10").label(Lang::Zh), "2020年9月1日至2021年7月10日");
    }
}
