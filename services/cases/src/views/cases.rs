//! The table `cases`.

use super::{Seen, corrupt};
use crate::case::{CaseEvent, note};
use crate::work::ReverseReview;
use prost::Message;
use sqlx::{FromRow, PgConnection, PgPool};
use std::collections::BTreeMap;
use time::Date;
use xiaoan_kernel::{Aggregate, OrgCode};
use xiaoan_proto::cases::v1::{Case, CaseState};
use xiaoan_rpc::Page;

pub(super) async fn apply_in_tx(
    tx: &mut PgConnection,
    events: &[Seen<CaseEvent>],
) -> Result<(), sqlx::Error> {
    if events.is_empty() {
        return Ok(());
    }
    let mut rows = there(tx, events).await?;
    for seen in events {
        let (case, version) = rows.entry(seen.id.as_str()).or_default();
        note(case, &seen.event);
        *version = seen.version;
    }
    let mut columns = Columns::default();
    for (case_no, (case, version)) in &rows {
        columns.push(case_no, case, *version);
    }
    columns.upsert_in_tx(tx).await
}

/// The rows of the batch's cases as they are.
async fn there<'e>(
    tx: &mut PgConnection,
    events: &'e [Seen<CaseEvent>],
) -> Result<BTreeMap<&'e str, (Case, i64)>, sqlx::Error> {
    let mut rows: BTreeMap<&str, (Case, i64)> =
        events.iter().map(|s| (s.id.as_str(), Default::default())).collect();
    let ids: Vec<String> = rows.keys().map(|id| (*id).to_owned()).collect();
    let found: Vec<(String, i64, Vec<u8>)> =
        sqlx::query_as("SELECT case_no, version, shown FROM cases WHERE case_no = ANY($1)")
            .bind(ids)
            .fetch_all(tx)
            .await?;
    for (case_no, version, shown) in found {
        let case = Case::decode(shown.as_slice()).map_err(|e| corrupt("cases", &case_no, &e))?;
        if let Some(row) = rows.get_mut(case_no.as_str()) {
            *row = (case, version);
        }
    }
    Ok(rows)
}

#[derive(Default)]
struct Columns {
    case_no: Vec<String>,
    org_unit: Vec<String>,
    state: Vec<i16>,
    category: Vec<String>,
    filed_on: Vec<Date>,
    version: Vec<i64>,
    shown: Vec<Vec<u8>>,
}

impl Columns {
    fn push(&mut self, case_no: &str, case: &Case, version: i64) {
        let facts = case.facts.as_ref();
        self.case_no.push(case_no.to_owned());
        self.org_unit.push(case.org_unit.clone());
        self.state.push(i16::try_from(case.state).unwrap_or_default());
        self.category.push(facts.map(|f| f.category.clone()).unwrap_or_default());
        self.filed_on.push(crate::case::day(facts.and_then(|f| f.filed_on)));
        self.version.push(version);
        self.shown.push(case.encode_to_vec());
    }

    async fn upsert_in_tx(self, tx: &mut PgConnection) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO cases (case_no, org_unit, state, category, filed_on, version, shown)
             SELECT * FROM unnest($1::text[], $2::text[], $3::smallint[], $4::text[], $5::date[], $6::bigint[], $7::bytea[])
             ON CONFLICT (case_no) DO UPDATE SET
                 org_unit = excluded.org_unit,
                 state    = excluded.state,
                 category = excluded.category,
                 filed_on = excluded.filed_on,
                 version  = excluded.version,
                 shown    = excluded.shown",
        )
        .bind(self.case_no)
        .bind(self.org_unit)
        .bind(self.state)
        .bind(self.category)
        .bind(self.filed_on)
        .bind(self.version)
        .bind(self.shown)
        .execute(tx)
        .await?;
        Ok(())
    }
}

#[derive(FromRow)]
struct Row {
    case_no: String,
    version: i64,
    shown: Vec<u8>,
    series_id: Option<String>,
}

impl Row {
    fn into_case(self) -> Result<Case, sqlx::Error> {
        let mut case =
            Case::decode(self.shown.as_slice()).map_err(|e| corrupt("cases", &self.case_no, &e))?;
        case.etag = self.version.to_string();
        case.series_id = self.series_id.unwrap_or_default();
        Ok(case)
    }
}

/// One case with its etag and the series it was linked to last.
///
/// # Errors
/// When the database fails or the row is corrupt.
#[tracing::instrument(name = "db.cases.find", skip_all)]
pub async fn find(pool: &PgPool, case_no: &str) -> Result<Option<Case>, sqlx::Error> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT c.case_no, c.version, c.shown,
                (SELECT s.series_id FROM series_cases AS s WHERE s.case_no = c.case_no
                 ORDER BY s.linked_at DESC LIMIT 1) AS series_id
         FROM cases AS c
         WHERE c.case_no = $1",
    )
    .bind(case_no)
    .fetch_optional(pool)
    .await?;
    row.map(Row::into_case).transpose()
}

/// The named cases that there are, in the order of their numbers; without etag and series.
///
/// # Errors
/// When the database fails or a row is corrupt.
#[tracing::instrument(name = "db.cases.named", skip_all)]
pub async fn named(pool: &PgPool, case_nos: &[String]) -> Result<Vec<Case>, sqlx::Error> {
    let rows: Vec<(String, Vec<u8>)> =
        sqlx::query_as("SELECT case_no, shown FROM cases WHERE case_no = ANY($1) ORDER BY case_no")
            .bind(case_nos)
            .fetch_all(pool)
            .await?;
    let decoded = |(case_no, shown): (String, Vec<u8>)| {
        Case::decode(shown.as_slice()).map_err(|e| corrupt("cases", &case_no, &e))
    };
    rows.into_iter().map(decoded).collect()
}

/// Which cases are listed.
#[derive(Debug, Clone)]
pub struct Filter {
    /// Units; a case of none of them is not listed.
    pub units: Vec<OrgCode>,
    /// Only this state; unspecified = all.
    pub state: CaseState,
    /// Only categories with this beginning.
    pub category_prefix: String,
    /// First day of filing.
    pub filed_from: Option<Date>,
    /// Last day of filing.
    pub filed_to: Option<Date>,
}

/// Where a page of cases ended.
pub type Key = (Date, String);

/// A page of cases, newest filing first, then by number; behind `page.after`.
///
/// # Errors
/// When the database fails or a row is corrupt.
#[tracing::instrument(name = "db.cases.list", skip_all)]
pub async fn list(
    pool: &PgPool,
    filter: &Filter,
    page: &Page<Key>,
) -> Result<(Vec<Case>, Option<Key>), sqlx::Error> {
    let units: Vec<String> = filter.units.iter().map(ToString::to_string).collect();
    let (after_day, after_no) = page.after.clone().unzip();
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT c.case_no, c.version, c.shown,
                (SELECT s.series_id FROM series_cases AS s WHERE s.case_no = c.case_no
                 ORDER BY s.linked_at DESC LIMIT 1) AS series_id
         FROM cases AS c
         WHERE c.org_unit = ANY($1)
           AND ($2 = 0 OR c.state = $2)
           AND starts_with(c.category, $3)
           AND c.filed_on >= coalesce($4, '-infinity'::date)
           AND c.filed_on <= least(coalesce($5, 'infinity'::date), coalesce($6, 'infinity'::date))
           AND ($6 IS NULL OR c.filed_on < $6 OR c.case_no > $7)
         ORDER BY c.filed_on DESC, c.case_no
         LIMIT $8",
    )
    .bind(units)
    .bind(i16::try_from(i32::from(filter.state)).unwrap_or_default())
    .bind(&filter.category_prefix)
    .bind(filter.filed_from)
    .bind(filter.filed_to)
    .bind(after_day)
    .bind(after_no)
    .bind(page.limit())
    .fetch_all(pool)
    .await?;
    let mut cases = rows.into_iter().map(Row::into_case).collect::<Result<Vec<_>, _>>()?;
    let next = page.cut(&mut cases, key);
    Ok((cases, next))
}

/// Most rows that are looked at for one page: whether a case is preventable stands in the row, not in a column.
const LOOKED_AT: i64 = 1_000;

/// A page of solved cases of these units that were filed as preventable and have no reverse review, newest filing first, then by number;
/// behind `page.after`.
///
/// # Errors
/// When the database fails or a row is corrupt.
#[tracing::instrument(name = "db.cases.unreviewed", skip_all)]
pub async fn unreviewed(
    pool: &PgPool,
    units: &[OrgCode],
    page: &Page<Key>,
) -> Result<(Vec<Case>, Option<Key>), sqlx::Error> {
    let units: Vec<String> = units.iter().map(ToString::to_string).collect();
    let wanted = usize::try_from(page.limit()).unwrap_or_default();
    let (mut found, mut after) = (Vec::new(), page.after.clone());
    loop {
        let (after_day, after_no) = after.clone().unzip();
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT c.case_no, c.version, c.shown, NULL::text AS series_id
             FROM cases AS c
             WHERE c.org_unit = ANY($1)
               AND c.state = $2
               AND NOT EXISTS (SELECT FROM work AS w WHERE w.kind = $3 AND w.id = c.case_no)
               AND c.filed_on <= coalesce($4, 'infinity'::date)
               AND ($4 IS NULL OR c.filed_on < $4 OR c.case_no > $5)
             ORDER BY c.filed_on DESC, c.case_no
             LIMIT $6",
        )
        .bind(&units)
        .bind(i16::try_from(i32::from(CaseState::Solved)).unwrap_or_default())
        .bind(ReverseReview::KIND)
        .bind(after_day)
        .bind(after_no)
        .bind(LOOKED_AT)
        .fetch_all(pool)
        .await?;
        let last = rows.len() < usize::try_from(LOOKED_AT).unwrap_or(usize::MAX);
        for row in rows {
            let case = row.into_case()?;
            after = Some(key(&case));
            if case.facts.as_ref().is_some_and(|facts| facts.preventable) {
                found.push(case);
            }
        }
        if last || found.len() >= wanted {
            break;
        }
    }
    found.truncate(wanted);
    let next = page.cut(&mut found, key);
    Ok((found, next))
}

fn key(case: &Case) -> Key {
    (crate::case::day(case.facts.as_ref().and_then(|f| f.filed_on)), case.case_no.clone())
}
