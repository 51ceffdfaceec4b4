//! Sums of measures over days, unit by unit, in one round trip for a whole board.
//!
//! Whole months come from `month_sums` (one row per unit), the days at either end from `day_sums`; a moment in the past
//! is asked of the lines themselves, for sums only know the present.

use super::PREFIX_LENGTHS;
use super::batch::month_of;
use crate::standings::period::Days;
use sqlx::{PgConnection, Row};
use time::{Date, Duration, OffsetDateTime};

/// One column to sum: every unit, or a single one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Number of the measure.
    pub measure: i16,
    /// Prefix of the category.
    pub prefix: String,
    /// Days.
    pub days: Days,
    /// Only this unit.
    pub unit: Option<i64>,
}

/// Sums of one column by unit number; units without facts are absent.
pub type Sums = Vec<(i64, i64)>;

/// The columns' sums, in the order wanted; a unit may appear more than once in a column (months and days apart).
///
/// # Errors
/// When the database cannot be read.
pub async fn read(
    connection: &mut PgConnection,
    wanted: &[Wanted],
    as_of: Option<OffsetDateTime>,
) -> Result<Vec<Sums>, sqlx::Error> {
    let mut sums = vec![Sums::new(); wanted.len()];
    let mut asked = Asked::default();
    for (at, column) in wanted.iter().enumerate() {
        asked.add(at, column, as_of.is_some());
    }
    let mut query = sqlx::query(if as_of.is_some() { FROM_LINES } else { FROM_SUMS })
        .bind(asked.column)
        .bind(asked.measure)
        .bind(asked.prefix)
        .bind(asked.from)
        .bind(asked.until)
        .bind(asked.unit)
        .bind(asked.by_month);
    if let Some(moment) = as_of {
        query = query.bind(moment);
    }
    for row in query.fetch_all(connection).await? {
        let at: i32 = row.try_get(0)?;
        let (units, quantities): (Option<Vec<i64>>, Option<Vec<i64>>) = (row.try_get(1)?, row.try_get(2)?);
        let pairs = units.unwrap_or_default().into_iter().zip(quantities.unwrap_or_default());
        if let Some(column) = usize::try_from(at).ok().and_then(|at| sums.get_mut(at)) {
            column.extend(pairs);
        }
    }
    Ok(sums)
}

/// A subquery per wanted piece, so that each is one range of one index whatever the planner thinks of the whole; sums
/// come back as two arrays per piece, which a thousand rows would take ten times as long to do.
const FROM_SUMS: &str = "
    SELECT w.at, s.units, s.quantities
    FROM UNNEST($1::int[], $2::smallint[], $3::text[], $4::date[], $5::date[], $6::bigint[], $7::boolean[])
         AS w (at, measure, prefix, since, until, unit, by_month)
    CROSS JOIN LATERAL (
        SELECT array_agg(g.org_unit) AS units, array_agg(g.quantity) AS quantities
        FROM (
            SELECT m.org_unit, sum(m.quantity)::bigint AS quantity
            FROM ledger.month_sums m
            WHERE m.measure = w.measure AND m.prefix = w.prefix AND m.month >= w.since AND m.month < w.until
              AND (w.unit IS NULL OR m.org_unit = w.unit)
            GROUP BY m.org_unit
        ) g
    ) s
    WHERE w.by_month
    UNION ALL
    SELECT w.at, s.units, s.quantities
    FROM UNNEST($1::int[], $2::smallint[], $3::text[], $4::date[], $5::date[], $6::bigint[], $7::boolean[])
         AS w (at, measure, prefix, since, until, unit, by_month)
    CROSS JOIN LATERAL (
        SELECT array_agg(g.org_unit) AS units, array_agg(g.quantity) AS quantities
        FROM (
            SELECT d.org_unit, sum(d.quantity)::bigint AS quantity
            FROM ledger.day_sums d
            WHERE d.measure = w.measure AND d.day >= w.since AND d.day < w.until
              AND starts_with(d.category, w.prefix)
              AND (w.unit IS NULL OR d.org_unit = w.unit)
            GROUP BY d.org_unit
        ) g
    ) s
    WHERE NOT w.by_month";

/// The same at a moment of knowledge. `by_month` is false throughout.
const FROM_LINES: &str = "
    SELECT w.at, s.units, s.quantities
    FROM UNNEST($1::int[], $2::smallint[], $3::text[], $4::date[], $5::date[], $6::bigint[], $7::boolean[])
         AS w (at, measure, prefix, since, until, unit, by_month)
    CROSS JOIN LATERAL (
        SELECT array_agg(g.org_unit) AS units, array_agg(g.quantity) AS quantities
        FROM (
            SELECT l.org_unit, sum(l.quantity)::bigint AS quantity
            FROM ledger.lines l
            WHERE l.measure = w.measure AND l.occurred_on >= w.since AND l.occurred_on < w.until
              AND starts_with(l.category, w.prefix)
              AND (w.unit IS NULL OR l.org_unit = w.unit)
              AND l.recorded_at <= $8
            GROUP BY l.org_unit
        ) g
    ) s";

#[derive(Default)]
struct Asked {
    column: Vec<i32>,
    measure: Vec<i16>,
    prefix: Vec<String>,
    from: Vec<Date>,
    until: Vec<Date>,
    unit: Vec<Option<i64>>,
    by_month: Vec<bool>,
}

impl Asked {
    fn add(&mut self, at: usize, wanted: &Wanted, from_lines: bool) {
        let summed = PREFIX_LENGTHS.contains(&wanted.prefix.chars().count());
        let (months, days) = match from_lines || !summed {
            true => (None, vec![wanted.days]),
            false => split(wanted.days),
        };
        if let Some(months) = months {
            self.piece(at, wanted, months, true);
        }
        for days in days {
            self.piece(at, wanted, days, false);
        }
    }
    fn piece(&mut self, at: usize, wanted: &Wanted, days: Days, by_month: bool) {
        self.column.push(i32::try_from(at).unwrap_or(i32::MAX));
        self.measure.push(wanted.measure);
        self.prefix.push(wanted.prefix.clone());
        self.from.push(days.from);
        self.until.push(days.until);
        self.unit.push(wanted.unit);
        self.by_month.push(by_month);
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
