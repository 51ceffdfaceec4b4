//! Proves that the sums equal the lines, and digests the lines.
//!
//! The digest is SHA-256 over one text line per ledger line, in order of source, position and number: fields separated
//! by tabs, as PostgreSQL's COPY writes them. It says nothing about how the rows lie on disk, and anybody can compute it
//! without this program: `psql -c "COPY (SELECT …) TO STDOUT" | sha256sum`, with the SELECT of [`SELECT_LINES`].

use super::batch::PlacedLine;
use super::{PREFIX_LENGTHS, unit_number};
use crate::measures::Measure;
use futures::TryStreamExt;
use sha2::{Digest, Sha256};
use sqlx::{Acquire, AssertSqlSafe, FromRow, PgConnection, PgPool};
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

/// The lines as they are digested: source, position, number, measure, unit, category, day, quantity, microseconds of
/// recording since 1970, event type, stream.
macro_rules! select_lines {
    ($schema:literal) => {
        concat!(
            "SELECT source, position, line_no, measure, lpad(org_unit::text, 12, '0'), category,
                    to_char(occurred_on, 'YYYY-MM-DD'), quantity,
                    (extract(epoch FROM recorded_at) * 1000000)::bigint, event_type, stream
             FROM ",
            $schema,
            ".lines ORDER BY source, position, line_no"
        )
    };
}
/// See the module.
pub const SELECT_LINES: &str = select_lines!("ledger");

pub(super) const COPY_LIVE: &str = concat!("COPY (", select_lines!("ledger"), ") TO STDOUT");
pub(super) const COPY_NEXT: &str = concat!("COPY (", select_lines!("ledger_next"), ") TO STDOUT");

/// Rows of sums that are not what the lines say, one row per measure. `lines` has the columns of the key and of all
/// measures.
fn differences(lines: &str, table: &str, [day, category]: [&str; 2]) -> String {
    let of = |alias: &str| Measure::ALL.map(|m| format!("{alias}.{}", m.column())).join(", ");
    let both = Measure::ALL.map(|m| format!("l.{0} AS l{1}, s.{0} AS s{1}", m.column(), m.id())).join(", ");
    let values =
        Measure::ALL.map(|m| format!("({0}::smallint, coalesce(d.l{0}, 0), coalesce(d.s{0}, 0))", m.id()));
    format!(
        "SELECT v.measure, d.{category} AS category, d.{day} AS day, d.org_unit, v.lines, v.sums
         FROM (
             SELECT {day}, {category}, org_unit, {both}
             FROM ({lines}) l
             FULL JOIN {table} s USING ({day}, org_unit, {category})
             WHERE ({}) IS DISTINCT FROM ({})
         ) d
         CROSS JOIN LATERAL (VALUES {}) AS v (measure, lines, sums)
         WHERE v.lines <> v.sums
         ORDER BY v.measure, d.{day}, d.org_unit, d.{category}
         LIMIT $1",
        of("l"),
        of("s"),
        values.join(", ")
    )
}

/// Sums of the lines by measure, as columns.
fn summed() -> String {
    Measure::ALL
        .map(|m| {
            format!(
                "coalesce(sum(quantity) FILTER (WHERE measure = {}), 0)::bigint AS {}",
                m.id(),
                m.column()
            )
        })
        .join(", ")
}

fn days() -> String {
    let lines = format!(
        "SELECT occurred_on AS day, org_unit, category, {} FROM ledger.lines GROUP BY occurred_on, org_unit, category",
        summed()
    );
    differences(&lines, "ledger.day_sums", ["day", "category"])
}

fn months() -> String {
    let again = Measure::ALL.map(|m| format!("sum({0})::bigint AS {0}", m.column())).join(", ");
    let lines = format!(
        "SELECT month, org_unit, left(category, n) AS prefix, {again}
         FROM (
             SELECT date_trunc('month', occurred_on)::date AS month, org_unit, category, {}
             FROM ledger.lines
             GROUP BY 1, 2, 3
         ) leaves
         CROSS JOIN UNNEST($2::int[]) AS n
         WHERE length(category) >= n
         GROUP BY 1, 2, 3",
        summed()
    );
    differences(&lines, "ledger.month_sums", ["month", "prefix"])
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

/// Checks the whole ledger, of one moment. Reads every line once in order and twice in bulk; memory stays bounded.
///
/// # Errors
/// When the database cannot be read.
pub async fn check(pool: &PgPool) -> Result<Checked, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let mut tx = connection.begin().await?;
    sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY").execute(&mut *tx).await?;
    sqlx::query("SET LOCAL work_mem = '64MB'").execute(&mut *tx).await?;
    let days: Vec<Difference> = sqlx::query_as(AssertSqlSafe(days())).bind(SHOWN).fetch_all(&mut *tx).await?;
    let lengths = PREFIX_LENGTHS.map(|length| i32::try_from(length).unwrap_or_default());
    let months: Vec<Difference> = sqlx::query_as(AssertSqlSafe(months()))
        .bind(SHOWN)
        .bind(lengths.as_slice())
        .fetch_all(&mut *tx)
        .await?;
    let (lines, digest) = digest(&mut tx, COPY_LIVE).await?;
    tx.commit().await?;
    let differences = days.iter().map(|d| d.text("day"));
    let differences = differences.chain(months.iter().map(|d| d.text("month"))).collect();
    Ok(Checked { lines, digest, differences })
}

/// Number and digest of the lines that a COPY gives.
pub(super) async fn digest(connection: &mut PgConnection, copy: &str) -> Result<(i64, String), sqlx::Error> {
    let mut hash = Sha256::new();
    let mut lines = 0;
    let mut chunks = connection.copy_out_raw(copy).await?;
    while let Some(chunk) = chunks.try_next().await? {
        hash.update(&chunk);
        // COPY escapes a newline within a field: each byte of it ends a row.
        lines += chunk.iter().map(|byte| i64::from(*byte == b'\n')).sum::<i64>();
    }
    Ok((lines, hex::encode(hash.finalize())))
}

/// The same digest, of lines that are handed over one by one in order.
#[derive(Debug, Default)]
pub(super) struct LineDigest {
    hash: Sha256,
    text: String,
}

impl LineDigest {
    pub(super) fn add(&mut self, placed: &PlacedLine<'_>) {
        let line = &placed.line;
        self.text.clear();
        escape(&mut self.text, placed.source);
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
    pub(super) fn finish(self) -> String {
        hex::encode(self.hash.finalize())
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
