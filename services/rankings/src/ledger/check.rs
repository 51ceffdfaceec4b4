//! Proves that the sums equal the lines, and digests the lines.
//!
//! The digest of a source is SHA-256 over one text line per ledger line, in order of position and number: fields separated
//! by tabs, as PostgreSQL's COPY writes them. The digest of the ledger is SHA-256 over `source TAB digest` of each source
//! that has lines, in the order of their names. It says nothing about how the rows lie on disk, and anybody can compute it
//! without this program: `psql -c "COPY (SELECT …) TO STDOUT" | sha256sum` per source, with the SELECT of [`select_lines`].

use super::batch::PlacedLine;
use super::tables::{HOLD, Schema};
use super::{PREFIX_LENGTHS, unit_number};
use crate::measures::Measure;
use crate::source::Source;
use futures::TryStreamExt;
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, FromRow, PgConnection, PgPool};
use std::fmt::Write as _;
use time::Date;

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Lines in the ledger.
    pub lines: i64,
    /// SHA-256 over all lines, hex.
    pub digest: String,
    /// Sums that do not equal the lines, a few of each kind.
    pub differences: Vec<String>,
}

/// Differences named of each kind, at most.
const SHOWN: i64 = 20;

/// A source's lines as they are digested: source, position, number, measure, unit, category, day, quantity, microseconds of
/// recording since 1970, event type, stream.
#[must_use]
pub fn select_lines(source: Source) -> String {
    format!(
        "SELECT source, position, line_no, measure, lpad(org_unit::text, 12, '0'), category,
                to_char(occurred_on, 'YYYY-MM-DD'), quantity,
                (extract(epoch FROM recorded_at) * 1000000)::bigint, event_type, stream
         FROM ledger.lines
         WHERE source = '{}'
         ORDER BY source, position, line_no",
        source.name()
    )
}

/// `text` of every measure of a source, with commas between.
fn of_all(source: Source, text: impl Fn(Measure) -> String) -> String {
    source.measures().iter().map(|m| text(*m)).collect::<Vec<_>>().join(", ")
}

/// Rows of sums that are not what the lines say, one row per measure. `lines` has the columns of the key and of all
/// measures of the source.
fn differences(source: Source, lines: &str, table: &str, [day, category]: [&str; 2]) -> String {
    let of = |alias: &str| of_all(source, |m| format!("{alias}.{}", m.column()));
    let both = of_all(source, |m| format!("l.{0} AS l{1}, s.{0} AS s{1}", m.column(), m.id()));
    let values =
        of_all(source, |m| format!("({0}::smallint, coalesce(d.l{0}, 0), coalesce(d.s{0}, 0))", m.id()));
    format!(
        "SELECT v.measure, d.{category} AS category, d.{day} AS day, d.org_unit, v.lines, v.sums
         FROM (
             SELECT {day}, {category}, org_unit, {both}
             FROM ({lines}) l
             FULL JOIN {table} s USING ({day}, org_unit, {category})
             WHERE ({}) IS DISTINCT FROM ({})
         ) d
         CROSS JOIN LATERAL (VALUES {values}) AS v (measure, lines, sums)
         WHERE v.lines <> v.sums
         ORDER BY v.measure, d.{day}, d.org_unit, d.{category}
         LIMIT $1",
        of("l"),
        of("s")
    )
}

/// Sums of the lines by measure, as columns.
fn summed(source: Source) -> String {
    of_all(source, |m| {
        format!("coalesce(sum(quantity) FILTER (WHERE measure = {}), 0)::bigint AS {}", m.id(), m.column())
    })
}

fn days(source: Source) -> String {
    let lines = format!(
        "SELECT occurred_on AS day, org_unit, category, {}
         FROM ledger.lines
         WHERE source = '{}'
         GROUP BY occurred_on, org_unit, category",
        summed(source),
        source.name()
    );
    differences(source, &lines, &Schema::Live.day_sums(source), ["day", "category"])
}

fn months(source: Source) -> String {
    let again = of_all(source, |m| format!("sum({0})::bigint AS {0}", m.column()));
    let lines = format!(
        "SELECT month, org_unit, left(category, n) AS prefix, {again}
         FROM (
             SELECT date_trunc('month', occurred_on)::date AS month, org_unit, category, {}
             FROM ledger.lines
             WHERE source = '{}'
             GROUP BY 1, 2, 3
         ) leaves
         CROSS JOIN UNNEST($2::int[]) AS n
         WHERE length(category) >= n
         GROUP BY 1, 2, 3",
        summed(source),
        source.name()
    );
    differences(source, &lines, &Schema::Live.month_sums(source), ["month", "prefix"])
}

/// Lines that no sum can hold: of a source that is none, or of a measure that belongs to another one.
fn strays() -> String {
    let known = Source::ALL.map(|source| {
        let measures = of_all(source, |m| m.id().to_string());
        format!("(source = '{}' AND measure IN ({measures}))", source.name())
    });
    format!(
        "SELECT source, position, measure
         FROM ledger.lines
         WHERE ({}) IS NOT TRUE
         ORDER BY source, position
         LIMIT $1",
        known.join(" OR ")
    )
}

#[derive(FromRow)]
struct Difference {
    measure: i16,
    category: String,
    day: Date,
    org_unit: i64,
    lines: i64,
    sums: i64,
}

impl Difference {
    fn text(&self, what: &str) -> String {
        let Self { measure, category, day, org_unit, lines, sums } = self;
        let measure = Measure::with_id(*measure).map_or("unknown measure", Measure::name);
        format!(
            "{what} {measure} category {category:?} {day} unit {org_unit:012}: lines say {lines}, sums {sums}"
        )
    }
}

/// Checks the whole ledger, of one moment. Reads every line once in order and a few times in bulk; memory stays bounded.
///
/// # Errors
/// When the database cannot be read.
pub async fn check(pool: &PgPool) -> Result<Checked, sqlx::Error> {
    // The lock comes before the snapshot: tables that took another one's place after it would seem empty.
    let begin =
        format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL work_mem = '64MB'; {HOLD}");
    let mut tx = pool.begin_with(AssertSqlSafe(begin)).await?;
    let lengths = PREFIX_LENGTHS.map(|length| i32::try_from(length).unwrap_or_default());
    let mut differences = Vec::new();
    for source in Source::ALL {
        let days: Vec<Difference> =
            sqlx::query_as(AssertSqlSafe(days(source))).bind(SHOWN).fetch_all(&mut *tx).await?;
        let months: Vec<Difference> = sqlx::query_as(AssertSqlSafe(months(source)))
            .bind(SHOWN)
            .bind(lengths.as_slice())
            .fetch_all(&mut *tx)
            .await?;
        differences.extend(days.iter().map(|d| d.text("day")));
        differences.extend(months.iter().map(|d| d.text("month")));
    }
    let strays: Vec<(String, i64, i16)> =
        sqlx::query_as(AssertSqlSafe(strays())).bind(SHOWN).fetch_all(&mut *tx).await?;
    differences.extend(strays.iter().map(|(source, position, measure)| {
        format!("line of {source} {position}: measure {measure} is not of that source")
    }));
    let (lines, digest) = digest(&mut tx).await?;
    tx.commit().await?;
    Ok(Checked { lines, digest, differences })
}

/// Number and digest of the live lines.
pub(super) async fn digest(connection: &mut PgConnection) -> Result<(i64, String), sqlx::Error> {
    let mut lines = 0;
    let mut of_sources = Vec::new();
    for source in Source::ALL {
        let mut hash = Sha256::new();
        let mut found = 0;
        let copy = format!("COPY ({}) TO STDOUT", select_lines(source));
        let mut chunks = connection.copy_out_raw(&copy).await?;
        while let Some(chunk) = chunks.try_next().await? {
            hash.update(&chunk);
            // COPY escapes a newline within a field: each byte of it ends a row.
            found += chunk.iter().map(|byte| i64::from(*byte == b'\n')).sum::<i64>();
        }
        lines += found;
        of_sources.push((source, (found > 0).then(|| hex::encode(hash.finalize()))));
    }
    Ok((lines, digest_of(of_sources)))
}

/// Digest of the ledger out of those of its sources, in the order of their names; a source without lines has none.
pub(super) fn digest_of(sources: impl IntoIterator<Item = (Source, Option<String>)>) -> String {
    let mut hash = Sha256::new();
    for (source, digest) in sources {
        if let Some(digest) = digest {
            hash.update(format!("{}\t{digest}\n", source.name()));
        }
    }
    hex::encode(hash.finalize())
}

/// The digest of a source, of lines that are handed over one by one in order.
#[derive(Debug, Default)]
pub(super) struct LineDigest {
    hash: Sha256,
    any: bool,
    text: String,
}

impl LineDigest {
    pub(super) fn add(&mut self, placed: &PlacedLine<'_>) {
        let line = &placed.line;
        self.any = true;
        self.text.clear();
        escape(&mut self.text, placed.source.name());
        // Writing into a String cannot fail.
        let _ = write!(
            self.text,
            "\t{}\t{}\t{}\t{:012}\t",
            placed.position,
            placed.line_no,
            line.measure.id(),
            unit_number(line.org_unit)
        );
        escape(&mut self.text, &line.category);
        let micros = placed.recorded_at.unix_timestamp_nanos() / 1_000;
        let (year, month, day) = line.occurred_on.to_calendar_date();
        let _ = write!(
            self.text,
            "\t{year:04}-{:02}-{day:02}\t{}\t{micros}\t{}\t",
            u8::from(month),
            line.quantity,
            placed.event_type
        );
        escape(&mut self.text, placed.stream);
        self.text.push('\n');
        self.hash.update(&self.text);
    }
    /// `None` when there was no line.
    pub(super) fn finish(self) -> Option<String> {
        self.any.then(|| hex::encode(self.hash.finalize()))
    }
}

/// A field as COPY writes it.
fn escape(text: &mut String, field: &str) {
    for c in field.chars() {
        match c {
            '\\' => text.push_str("\\\\"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{b}' => text.push_str("\\v"),
            c => text.push(c),
        }
    }
}
