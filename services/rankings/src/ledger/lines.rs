//! The lines behind a number, page by page, with their sum and count over all pages.

use super::{Cut, unit_code};
use crate::booking::event_type_with_id;
use crate::measures::Measure;
use crate::standings::period::Days;
use sqlx::{FromRow, PgConnection};
use time::{Date, OffsetDateTime};
use xiaoan_proto::rankings::v1::LedgerLine;

/// Which lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Number of the measure.
    pub measure: i16,
    /// Prefix of the category.
    pub prefix: String,
    /// Only this category: a squadron's lines.
    pub category: Option<String>,
    /// Days, all units together.
    pub days: Days,
    /// Units and their days; `None` = the whole city.
    pub units: Option<Vec<(i64, Days)>>,
    /// What was known of the measure's source; `None` = everything.
    pub known: Option<Cut>,
}

/// Where a page ended: day, source, position, number of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Day.
    pub day: Date,
    /// Source.
    pub source: String,
    /// Position.
    pub position: i64,
    /// Number of the line within its event.
    pub line_no: i16,
}

#[derive(FromRow)]
struct LineRow {
    measure: i16,
    org_unit: i64,
    category: String,
    occurred_on: Date,
    quantity: i64,
    source: String,
    position: i64,
    line_no: i16,
    recorded_at: OffsetDateTime,
    event_type: i16,
    stream: String,
}

/// The selected lines as a table `l`: piece by piece, each one range of `lines_by_fact`. $1..$8.
macro_rules! selected {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " FROM UNNEST($1::bigint[], $2::date[], $3::date[]) AS w (unit, since, until)
              CROSS JOIN LATERAL (
                  SELECT *
                  FROM ledger.lines x
                  WHERE x.measure = $4 AND starts_with(x.category, $5) AND x.recorded_at <= $6
                    AND x.occurred_on >= w.since AND x.occurred_on < w.until
                    AND (w.unit IS NULL OR x.org_unit = w.unit)
                    AND ($7::text IS NULL OR x.category = $7) AND x.position <= $8
              ) l ",
            $after
        )
    };
}

const TOTALS: &str = selected!("SELECT coalesce(sum(l.quantity), 0)::bigint, count(*)", "");

const PAGE: &str = selected!(
    "SELECT l.measure, l.org_unit, l.category, l.occurred_on, l.quantity, l.source, l.position, l.line_no,
            l.recorded_at, l.event_type, l.stream",
    "WHERE (l.occurred_on, l.source, l.position, l.line_no) > ($9::date, $10::text COLLATE \"C\", $11::bigint, $12::smallint)
     ORDER BY l.occurred_on, l.source, l.position, l.line_no
     LIMIT $13"
);

/// Sum and count of all selected lines.
///
/// # Errors
/// When the database cannot be read.
pub async fn totals(connection: &mut PgConnection, of: &Selection) -> Result<(i64, i64), sqlx::Error> {
    let (units, since, until) = pieces(of);
    let known = of.known.unwrap_or(Cut::NONE);
    sqlx::query_as(TOTALS)
        .bind(units)
        .bind(since)
        .bind(until)
        .bind(of.measure)
        .bind(&of.prefix)
        .bind(known.at)
        .bind(&of.category)
        .bind(known.position)
        .fetch_one(connection)
        .await
}

/// At most `limit` lines after a mark, by day, source, position; with the mark of the last when more follow.
///
/// # Errors
/// When the database cannot be read or a row is corrupt (reported as a decode error that names it).
pub async fn page(
    connection: &mut PgConnection,
    of: &Selection,
    after: Option<Mark>,
    limit: i64,
) -> Result<(Vec<LedgerLine>, Option<Mark>), sqlx::Error> {
    let (units, since, until) = pieces(of);
    let known = of.known.unwrap_or(Cut::NONE);
    let after = after.unwrap_or(Mark { day: of.days.from, source: String::new(), position: 0, line_no: 0 });
    let rows: Vec<LineRow> = sqlx::query_as(PAGE)
        .bind(units)
        .bind(since)
        .bind(until)
        .bind(of.measure)
        .bind(&of.prefix)
        .bind(known.at)
        .bind(&of.category)
        .bind(known.position)
        .bind(after.day)
        .bind(after.source)
        .bind(after.position)
        .bind(after.line_no)
        .bind(limit + 1)
        .fetch_all(connection)
        .await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mark = |row: &LineRow| Mark {
        day: row.occurred_on,
        source: row.source.clone(),
        position: row.position,
        line_no: row.line_no,
    };
    let next = (rows.len() > limit).then(|| rows.get(limit.saturating_sub(1)).map(mark)).flatten();
    let lines = rows.into_iter().take(limit).map(line).collect::<Result<_, _>>()?;
    Ok((lines, next))
}

type Pieces = (Vec<Option<i64>>, Vec<Date>, Vec<Date>);

fn pieces(of: &Selection) -> Pieces {
    let whole = [(None, of.days)];
    let units = of.units.iter().flatten().map(|(unit, days)| (Some(*unit), *days));
    let all: Vec<_> = if of.units.is_some() { units.collect() } else { whole.to_vec() };
    (
        all.iter().map(|(unit, _)| *unit).collect(),
        all.iter().map(|(_, days)| days.from).collect(),
        all.iter().map(|(_, days)| days.until).collect(),
    )
}

fn line(row: LineRow) -> Result<LedgerLine, sqlx::Error> {
    let corrupt = |what: &str| {
        sqlx::Error::Decode(
            format!("ledger.lines {} {} {}: {what}", row.source, row.position, row.line_no).into(),
        )
    };
    let measure = Measure::with_id(row.measure).ok_or_else(|| corrupt("unknown measure"))?;
    let org_unit = unit_code(row.org_unit).ok_or_else(|| corrupt("org unit is no code"))?;
    let event_type = event_type_with_id(row.event_type).ok_or_else(|| corrupt("unknown event type"))?;
    Ok(LedgerLine {
        measure: measure.name().to_owned(),
        org_unit: org_unit.to_string(),
        category: row.category,
        occurred_on: Some(row.occurred_on.into()),
        quantity: row.quantity,
        source: row.source,
        position: row.position,
        recorded_at: Some(xiaoan_proto::timestamp(row.recorded_at)),
        event_type: event_type.to_owned(),
        stream: row.stream,
    })
}
