//! The last days of the months of a period, on which solves pile up where figures are made (domain reference §E).

use std::collections::HashMap;
use time::{Date, Duration};
use xiaoan_proto::rankings::v1::GetStandingsResponse;

use super::board::Place;
use super::figure;
use super::period::Span;

/// How many days of a month are its end.
const LAST: i64 = 3;
/// Months looked at, the latest ones.
const MONTHS: usize = 13;

/// The ends of the months that are over, within a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthEnds {
    /// Periods of those days, "2026-06-28..2026-06-30", oldest first.
    pub spans: Vec<String>,
    /// Days in them.
    pub days: i64,
    /// Days of the period that are over: what they are a part of.
    pub of: i64,
    last_days: Vec<Date>,
}

impl MonthEnds {
    /// Those of the standings' period that were over on a day; `None` when there is none, or more than [`MONTHS`].
    pub fn of(standings: &GetStandingsResponse, known_on: Date) -> Option<Self> {
        let day = |date: Option<xiaoan_proto::core::v1::Date>| date.and_then(|d| Date::try_from(d).ok());
        let (from, to) = (day(standings.from)?, day(standings.to)?.min(known_on));
        let mut ends =
            Self { spans: Vec::new(), days: 0, of: (to - from).whole_days() + 1, last_days: Vec::new() };
        let mut month = from.replace_day(1).ok()?;
        while month <= to {
            let last = month.replace_day(month.month().length(month.year())).ok()?;
            // The end of a month that is under way has not come.
            if last <= to && last >= from {
                let first = (last - Duration::days(LAST - 1)).max(from);
                ends.spans.push(Span::Days(first, last).param());
                ends.days += (last - first).whole_days() + 1;
                ends.last_days.push(last);
            }
            month = last.next_day()?;
        }
        (1..=MONTHS).contains(&ends.spans.len()).then_some(ends)
    }

    /// The only span, when there is one.
    pub fn single(&self) -> Option<&str> {
        match self.spans.as_slice() {
            [span] => Some(span),
            _ => None,
        }
    }

    /// The spans in words; with the page of each month when there are several.
    pub fn months(&self, place: &Place) -> Vec<(String, String)> {
        let several = self.spans.len() > 1;
        let one = |last: &Date| {
            let month = Span::month_of(*last);
            let page = Place { period: month.param(), ..place.clone() };
            (
                month.label(place.lang),
                if several { figure::page(&page, "integrity", "", "") } else { String::new() },
            )
        };
        self.last_days.iter().map(one).collect()
    }
}

/// Solves on those days: the numerators of an indicator, by what tells the rows apart; empty for the whole city.
pub fn solves(at_ends: &[&GetStandingsResponse], indicator: &str) -> HashMap<String, i64> {
    let mut solves = HashMap::new();
    for standings in at_ends {
        for entry in standings.entries.iter().chain(&standings.total) {
            let value = entry.indicators.iter().find(|value| value.id == indicator);
            *solves.entry(figure::key(entry).to_owned()).or_default() += value.map_or(0, |v| v.numerator);
        }
    }
    solves
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    fn period(from: Date, to: Date) -> GetStandingsResponse {
        GetStandingsResponse { from: Some(from.into()), to: Some(to.into()), ..Default::default() }
    }

    #[test]
    fn a_month_ends_with_its_last_three_days_once_it_is_over() {
        let june = period(date!(2026 - 06 - 01), date!(2026 - 06 - 30));
        let ends = MonthEnds::of(&june, date!(2026 - 07 - 15)).expect("over");
        assert_eq!((ends.single(), ends.days, ends.of), (Some("2026-06-28..2026-06-30"), 3, 30));
        assert_eq!(MonthEnds::of(&june, date!(2026 - 06 - 29)), None, "not over");
    }

    #[test]
    fn of_several_months_each_has_its_end_and_the_one_under_way_has_none() {
        let quarter = period(date!(2026 - 01 - 15), date!(2026 - 03 - 31));
        let ends = MonthEnds::of(&quarter, date!(2026 - 03 - 20)).expect("two are over");
        assert_eq!(ends.spans, ["2026-01-29..2026-01-31", "2026-02-26..2026-02-28"]);
        assert_eq!((ends.days, ends.of), (6, 65));
    }

    #[test]
    fn a_period_that_begins_within_an_end_counts_only_its_own_days() {
        let days = period(date!(2026 - 06 - 30), date!(2026 - 07 - 31));
        let ends = MonthEnds::of(&days, date!(2026 - 12 - 01)).expect("over");
        assert_eq!(ends.spans, ["2026-06-30..2026-06-30", "2026-07-29..2026-07-31"]);
        assert_eq!((ends.days, ends.of), (4, 32));
    }
}
