//! The table `resources`.

use super::{Seen, Shown};
use sqlx::{FromRow, PgConnection, PgPool};
use std::collections::BTreeMap;
use time::{Date, OffsetDateTime};
use xiaoan_kernel::OrgCode;
use xiaoan_rpc::Page;

pub(super) async fn apply_in_tx<S: Shown>(
    tx: &mut PgConnection,
    events: &[Seen<S::Event>],
) -> Result<(), sqlx::Error> {
    if events.is_empty() {
        return Ok(());
    }
    let mut rows: BTreeMap<&str, (S, i64)> =
        events.iter().map(|seen| (seen.id.as_str(), Default::default())).collect();
    let ids: Vec<String> = rows.keys().map(|id| (*id).to_owned()).collect();
    let found: Vec<(String, i64, Vec<u8>)> =
        sqlx::query_as("SELECT id, version, shown FROM resources WHERE kind = $1 AND id = ANY($2)")
            .bind(S::KIND)
            .bind(ids)
            .fetch_all(&mut *tx)
            .await?;
    for (id, version, shown) in found {
        let shown = decode::<S>(&id, &shown)?;
        if let Some(row) = rows.get_mut(id.as_str()) {
            *row = (shown, version);
        }
    }
    for seen in events {
        let (shown, version) = rows.entry(seen.id.as_str()).or_default();
        shown.note(&seen.event);
        *version = seen.version;
    }
    upsert_in_tx(tx, &rows).await
}

async fn upsert_in_tx<S: Shown>(
    tx: &mut PgConnection,
    rows: &BTreeMap<&str, (S, i64)>,
) -> Result<(), sqlx::Error> {
    let shown = || rows.values().map(|(shown, _)| shown);
    let small = |number: i32| i16::try_from(number).unwrap_or_default();
    sqlx::query(
        "INSERT INTO resources (kind, id, org_unit, at, state, facet, version, shown)
         SELECT $1, * FROM unnest($2::text[], $3::text[], $4::timestamptz[], $5::smallint[], $6::smallint[], $7::bigint[], $8::bytea[])
         ON CONFLICT (kind, id) DO UPDATE SET
             state   = excluded.state,
             facet   = excluded.facet,
             version = excluded.version,
             shown   = excluded.shown",
    )
    .bind(S::KIND)
    .bind(rows.keys().map(|id| (*id).to_owned()).collect::<Vec<_>>())
    .bind(shown().map(|s| s.unit().to_owned()).collect::<Vec<_>>())
    .bind(shown().map(|s| in_microseconds(s.at())).collect::<Vec<_>>())
    .bind(shown().map(|s| small(s.state_number())).collect::<Vec<_>>())
    .bind(shown().map(|s| small(s.facet_number())).collect::<Vec<_>>())
    .bind(rows.values().map(|(_, version)| *version).collect::<Vec<_>>())
    .bind(shown().map(prost::Message::encode_to_vec).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

/// What the database keeps of an instant.
fn in_microseconds(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(at.nanosecond() / 1000 * 1000).unwrap_or(at)
}

/// A row's message; one that cannot be read names its row.
fn decode<S: Shown>(id: &str, shown: &[u8]) -> Result<S, sqlx::Error> {
    S::decode(shown)
        .map_err(|e| sqlx::Error::Decode(format!("corrupt row of resources, {} {id}: {e}", S::KIND).into()))
}

#[derive(FromRow)]
struct Row {
    id: String,
    version: i64,
    shown: Vec<u8>,
}

impl Row {
    fn into_shown<S: Shown>(self) -> Result<(String, S), sqlx::Error> {
        let mut shown = decode::<S>(&self.id, &self.shown)?;
        shown.set_etag(self.version.to_string());
        Ok((self.id, shown))
    }
}

/// One resource with its etag.
///
/// # Errors
/// When the database fails or the row is corrupt.
#[tracing::instrument(name = "db.resources.find", skip_all)]
pub async fn find<S: Shown>(pool: &PgPool, id: &str) -> Result<Option<S>, sqlx::Error> {
    let row: Option<Row> =
        sqlx::query_as("SELECT id, version, shown FROM resources WHERE kind = $1 AND id = $2")
            .bind(S::KIND)
            .bind(id)
            .fetch_optional(pool)
            .await?;
    Ok(row.map(Row::into_shown).transpose()?.map(|(_, shown)| shown))
}

/// Which resources are listed.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Units; a resource of none of them is not listed.
    pub units: Vec<OrgCode>,
    /// From this instant on.
    pub from: Option<OffsetDateTime>,
    /// Before this instant.
    pub until: Option<OffsetDateTime>,
    /// Only this state.
    pub state: Option<i32>,
    /// Only this kind.
    pub facet: Option<i32>,
    /// Only guards whose authority holds on this day.
    pub authorised_on: Option<Date>,
}

/// Where a page ended.
pub type Key = (OffsetDateTime, String);

/// A page of resources, newest first, then by id; behind `page.after`.
///
/// # Errors
/// When the database fails or a row is corrupt.
#[tracing::instrument(name = "db.resources.list", skip_all)]
pub async fn list<S: Shown>(
    pool: &PgPool,
    filter: &Filter,
    page: &Page<Key>,
) -> Result<(Vec<S>, Option<Key>), sqlx::Error> {
    let units: Vec<String> = filter.units.iter().map(ToString::to_string).collect();
    let (after_time, after_id) = page.after.clone().unzip();
    let small = |number: Option<i32>| number.and_then(|n| i16::try_from(n).ok());
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, version, shown FROM resources AS r
         WHERE kind = $1
           AND org_unit = ANY($2)
           AND at >= coalesce($3, '-infinity'::timestamptz)
           AND at <  coalesce($4, 'infinity'::timestamptz)
           AND ($5::smallint IS NULL OR state = $5)
           AND ($6::smallint IS NULL OR facet = $6)
           AND ($7::date IS NULL OR EXISTS (
                SELECT FROM guard_terms AS t WHERE t.guard_id = r.id AND $7 BETWEEN t.first_day AND t.last_day))
           AND at <= coalesce($8, 'infinity'::timestamptz)
           AND ($8 IS NULL OR at < $8 OR id > $9)
         ORDER BY at DESC, id
         LIMIT $10",
    )
    .bind(S::KIND)
    .bind(units)
    .bind(filter.from)
    .bind(filter.until)
    .bind(small(filter.state))
    .bind(small(filter.facet))
    .bind(filter.authorised_on)
    .bind(after_time)
    .bind(after_id)
    .bind(page.limit())
    .fetch_all(pool)
    .await?;
    let mut found = rows.into_iter().map(Row::into_shown::<S>).collect::<Result<Vec<_>, _>>()?;
    let next = page.cut(&mut found, |(id, shown)| (in_microseconds(shown.at()), id.clone()));
    Ok((found.into_iter().map(|(_, shown)| shown).collect(), next))
}
