//! The campaign's whole months, station by station, as the board of thefts shows them: solved over filed. Which months are below
//! the notice's threshold decides what headquarters does in the share [`super::accountability`].

use super::city::{CAMPAIGN, JUFENG, LIANGCHENG, STATIONS, Span, Station, ZHONGZHI};
use super::sums::Sums;
use time::Date;

/// Below this number of cases filed a month cannot be evaluated (scheme "theft-stations").
const LEAST: usize = 10;
/// Notices name invented stations only; these four have the names of real ones.
const REAL: [&str; 4] = [ZHONGZHI, LIANGCHENG, JUFENG, "371172010000"];

/// The whole months of the campaign, from September to June.
#[must_use]
pub fn all() -> Vec<Span> {
    let mut months = Vec::new();
    let mut from = CAMPAIGN.from;
    while let Some(to) = last_of(from).filter(|to| *to <= CAMPAIGN.to) {
        months.push(Span { from, to });
        let Some(next) = to.next_day() else { break };
        from = next;
    }
    months
}

/// The last day of the month that begins on a day.
#[must_use]
pub fn last_of(from: Date) -> Option<Date> {
    from.replace_day(from.month().length(from.year())).ok()
}

/// Its name as a period, for example "2021-06".
#[must_use]
pub fn word(month: Span) -> String {
    format!("{:04}-{:02}", month.from.year(), u8::from(month.from.month()))
}

/// Stations that may be named in a notice.
pub fn nameable() -> impl Iterator<Item = &'static Station> {
    STATIONS.iter().filter(|s| !REAL.contains(&s.code) && !s.code.starts_with("371190"))
}

/// Solved and filed in a month.
#[must_use]
pub fn rate(sums: &Sums, unit: &str, month: Span) -> (usize, usize) {
    (sums.solved(unit, month), sums.filed(unit, month))
}

/// Whether solved of filed is below 40 % and can be evaluated. Exactly 40.0 % is not below.
#[must_use]
pub fn is_below((solved, filed): (usize, usize)) -> bool {
    filed >= LEAST && solved * 100 < filed * 40
}
