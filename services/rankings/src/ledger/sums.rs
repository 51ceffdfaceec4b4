//! Sums of measures over days, unit by unit, in one round trip for each source of a board.
//!
//! Whole months come from `month_sums` (one row per unit and month, with every measure), the days at either end from
//! `day_sums`; a moment or a position in the past is asked of the lines themselves, for sums only know the present.

use super::batch::month_of;
use super::tables::Schema;
use super::{Cut, PREFIX_LENGTHS};
use crate::measures::Measure;
use crate::source::Source;
use crate::standings::period::Days;
use sqlx::{AssertSqlSafe, PgConnection, Row};
use std::fmt::Write as _;
use time::{Date, Duration};

/// Facts to sum: of every unit, or of a single one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Prefix of the category.
    pub prefix: String,
    /// Days.
    pub days: Days,
    /// Only this unit.
    pub unit: Option<i64>,
}

/// Sums by unit number, one vector per measure asked for; units without facts are absent. A unit may appear more than
/// once (months and days apart): add.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    /// Unit numbers.
    pub units: Vec<i64>,
    /// For each measure, the units' sums in the same order.
    pub measures: Vec<Vec<i64>>,
}

/// Sums of these measures of a source for each of the wanted, in the order wanted.
///
/// # Errors
/// When the database cannot be read.
pub async fn read(
    connection: &mut PgConnection,
    source: Source,
    measures: &[Measure],
    wanted: &[Wanted],
    known: Option<Cut>,
) -> Result<Vec<Sums>, sqlx::Error> {
    let empty = Sums { units: Vec::new(), measures: vec![Vec::new(); measures.len()] };
    let mut sums = vec![empty; wanted.len()];
    if measures.is_empty() || wanted.is_empty() {
        return Ok(sums);
    }
    let mut asked = Asked::default();
    for (at, one) in wanted.iter().enumerate() {
        asked.add(at, one, known.is_some());
    }
    let sql = if known.is_some() { from_lines(measures) } else { from_sums(source, measures) };
    let mut query = sqlx::query(AssertSqlSafe(sql))
        .bind(asked.at)
        .bind(asked.prefix)
        .bind(asked.since)
        .bind(asked.until)
        .bind(asked.unit);
    query = match known {
        Some(cut) => query.bind(cut.at).bind(cut.position),
        None => query.bind(asked.span),
    };
    for row in query.fetch_all(connection).await? {
        let at: i32 = row.try_get(0)?;
        let Some(found) = usize::try_from(at).ok().and_then(|at| sums.get_mut(at)) else { continue };
        let units: Option<Vec<i64>> = row.try_get(1)?;
        found.units.extend(units.unwrap_or_default());
        for (n, measure) in found.measures.iter_mut().enumerate() {
            let quantities: Option<Vec<i64>> = row.try_get(n + 2)?;
            measure.extend(quantities.unwrap_or_default());
        }
    }
    Ok(sums)
}

/// Sums of these measures of a source over some days by category: what a board of squadrons asks. Few rows, so whatever the
/// days are, they come from `day_sums`, or from the lines of what was known.
///
/// # Errors
/// When the database cannot be read.
pub async fn by_category(
    connection: &mut PgConnection,
    source: Source,
    measures: &[Measure],
    days: Days,
    known: Option<Cut>,
) -> Result<Vec<(String, Vec<i64>)>, sqlx::Error> {
    let sql = match known {
        None => format!(
            "SELECT t.category{} FROM {} t
             WHERE t.day >= $1 AND t.day < $2 AND $3::timestamptz IS NULL AND $4::bigint IS NULL
             GROUP BY t.category",
            columns(measures, |m| format!("sum(t.{})::bigint", m.column())),
            Schema::Live.day_sums(source)
        ),
        Some(_) => format!(
            "SELECT t.category{} FROM ledger.lines t
             WHERE t.measure IN ({}) AND t.occurred_on >= $1 AND t.occurred_on < $2
               AND t.recorded_at <= $3 AND t.position <= $4
             GROUP BY t.category",
            columns(measures, summed),
            ids(measures)
        ),
    };
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(days.from).bind(days.until);
    let rows = rows.bind(known.map(|cut| cut.at)).bind(known.map(|cut| cut.position));
    let mut found = Vec::new();
    for row in rows.fetch_all(connection).await? {
        let quantities = (1..=measures.len()).map(|n| row.try_get(n)).collect::<Result<_, _>>()?;
        found.push((row.try_get(0)?, quantities));
    }
    Ok(found)
}

/// A measure's sum of lines `t` of several.
fn summed(measure: Measure) -> String {
    format!("coalesce(sum(t.quantity) FILTER (WHERE t.measure = {}), 0)::bigint", measure.id())
}

fn ids(measures: &[Measure]) -> String {
    measures.iter().map(|m| m.id().to_string()).collect::<Vec<_>>().join(", ")
}

/// A subquery per wanted piece, so that each is one range of one index whatever the planner thinks of the whole. Sums
/// come back as arrays: a thousand rows would take ten times as long to send and to read. A single month has one row per
/// unit, so nothing is added up: that would take twice as long as reading them.
fn from_sums(source: Source, measures: &[Measure]) -> String {
    let (day_sums, month_sums) = (Schema::Live.day_sums(source), Schema::Live.month_sums(source));
    let pieces = "UNNEST($1::int[], $2::text[], $3::date[], $4::date[], $5::bigint[], $6::smallint[])
                  AS w (at, prefix, since, until, unit, span)";
    let (arrays, added) =
        (arrays(measures, "g"), columns(measures, |m| format!("sum(t.{})::bigint", m.column())));
    let grouped = |table: &str, key: &str, span: Span| {
        format!(
            "SELECT w.at, s.*
             FROM {pieces}
             CROSS JOIN LATERAL (
                 SELECT array_agg(g.org_unit){arrays}
                 FROM (
                     SELECT t.org_unit{added}
                     FROM {table} t
                     WHERE {key} AND (w.unit IS NULL OR t.org_unit = w.unit)
                     GROUP BY t.org_unit
                 ) g
             ) s
             WHERE w.span = {}",
            span as i16
        )
    };
    let months = grouped(
        &month_sums,
        "t.prefix = w.prefix AND t.month >= w.since AND t.month < w.until",
        Span::Months,
    );
    let days = grouped(
        &day_sums,
        "t.day >= w.since AND t.day < w.until AND starts_with(t.category, w.prefix)",
        Span::Days,
    );
    format!(
        "SELECT w.at, s.*
         FROM {pieces}
         CROSS JOIN LATERAL (
             SELECT array_agg(t.org_unit){}
             FROM {month_sums} t
             WHERE t.prefix = w.prefix AND t.month = w.since AND (w.unit IS NULL OR t.org_unit = w.unit)
         ) s
         WHERE w.span = {}
         UNION ALL {months}
         UNION ALL {days}",
        self::arrays(measures, "t"),
        Span::Month as i16,
    )
}

/// The same of what was known: a measure is of one source, so a position is of its log.
fn from_lines(measures: &[Measure]) -> String {
    let arrays = arrays(measures, "g");
    let (sums, ids) = (columns(measures, summed), ids(measures));
    format!(
        "SELECT w.at, s.*
         FROM UNNEST($1::int[], $2::text[], $3::date[], $4::date[], $5::bigint[]) AS w (at, prefix, since, until, unit)
         CROSS JOIN LATERAL (
             SELECT array_agg(g.org_unit){arrays}
             FROM (
                 SELECT t.org_unit{sums}
                 FROM ledger.lines t
                 WHERE t.measure IN ({ids}) AND t.occurred_on >= w.since AND t.occurred_on < w.until
                   AND starts_with(t.category, w.prefix) AND (w.unit IS NULL OR t.org_unit = w.unit)
                   AND t.recorded_at <= $6 AND t.position <= $7
                 GROUP BY t.org_unit
             ) g
         ) s"
    )
}

/// ", <expression> AS <column>" for each measure.
fn columns(measures: &[Measure], expression: impl Fn(Measure) -> String) -> String {
    measures.iter().fold(String::new(), |mut sql, measure| {
        // Writing into a String cannot fail.
        let _ = write!(sql, ", {} AS {}", expression(*measure), measure.column());
        sql
    })
}

fn arrays(measures: &[Measure], table: &str) -> String {
    columns(measures, |m| format!("array_agg({table}.{})", m.column()))
}

/// What a piece is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i16)]
enum Span {
    /// `day_sums`, or the lines themselves.
    Days = 0,
    /// One month of `month_sums`.
    Month = 1,
    /// Several months of `month_sums`.
    Months = 2,
}

#[derive(Default)]
struct Asked {
    at: Vec<i32>,
    prefix: Vec<String>,
    since: Vec<Date>,
    until: Vec<Date>,
    unit: Vec<Option<i64>>,
    span: Vec<i16>,
}

impl Asked {
    fn add(&mut self, at: usize, wanted: &Wanted, from_lines: bool) {
        let summed = PREFIX_LENGTHS.contains(&wanted.prefix.chars().count());
        let (months, days) = match from_lines || !summed {
            true => (None, vec![wanted.days]),
            false => split(wanted.days),
        };
        if let Some(months) = months {
            let one = month_of(months.last()) == months.from;
            self.piece(at, wanted, months, if one { Span::Month } else { Span::Months });
        }
        for days in days {
            self.piece(at, wanted, days, Span::Days);
        }
    }
    fn piece(&mut self, at: usize, wanted: &Wanted, days: Days, span: Span) {
        self.at.push(i32::try_from(at).unwrap_or(i32::MAX));
        self.prefix.push(wanted.prefix.clone());
        self.since.push(days.from);
        self.until.push(days.until);
        self.unit.push(wanted.unit);
        self.span.push(span as i16);
    }
}

/// The whole months in some days, and the days left over before and after them.
fn split(days: Days) -> (Option<Days>, Vec<Days>) {
    let next_month = |day: Date| month_of(month_of(day) + Duration::days(31));
    let from = if days.from.day() == 1 { days.from } else { next_month(days.from) };
    let until = month_of(days.until);
    if from >= until {
        return (None, vec![days]);
    }
    let ends = [Days { from: days.from, until: from }, Days { from: until, until: days.until }];
    (Some(Days { from, until }), ends.into_iter().filter(|end| end.from < end.until).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    fn days(from: Date, to: Date) -> Days {
        Days::inclusive(from, to).expect("in order")
    }

    #[test]
    fn whole_months_are_taken_out_of_the_middle() {
        let month = days(date!(2026 - 06 - 01), date!(2026 - 06 - 30));
        assert_eq!(split(month), (Some(month), vec![]));
        let within = days(date!(2026 - 06 - 02), date!(2026 - 06 - 30));
        assert_eq!(split(within), (None, vec![within]));
        let campaign = days(date!(2020 - 09 - 15), date!(2021 - 07 - 10));
        let (months, ends) = split(campaign);
        assert_eq!(months, Some(days(date!(2020 - 10 - 01), date!(2021 - 06 - 30))));
        assert_eq!(
            ends,
            [
                days(date!(2020 - 09 - 15), date!(2020 - 09 - 30)),
                days(date!(2021 - 07 - 01), date!(2021 - 07 - 10))
            ]
        );
    }

    proptest::proptest! {
        #[test]
        fn the_pieces_are_exactly_the_days(start in 0_i64..2_000, length in 1_i64..900) {
            let from = date!(2019 - 01 - 01) + Duration::days(start);
            let all = Days { from, until: from + Duration::days(length) };
            let (months, ends) = split(all);
            let mut pieces: Vec<_> = months.into_iter().chain(ends).collect();
            pieces.sort_by_key(|p| p.from);
            proptest::prop_assert_eq!(pieces[0].from, all.from);
            proptest::prop_assert_eq!(pieces[pieces.len() - 1].until, all.until);
            for pair in pieces.windows(2) {
                proptest::prop_assert_eq!(pair[0].until, pair[1].from);
            }
        }
    }
}
