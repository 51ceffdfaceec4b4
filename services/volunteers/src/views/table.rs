//! The table `shown`.

use super::{Entry, Seen};
use sqlx::{FromRow, PgConnection, PgPool};
use std::collections::BTreeMap;
use time::Date;
use xiaoan_kernel::OrgCode;
use xiaoan_rpc::Page;

/// A row while it is folded.
struct Fold<M> {
    message: M,
    begun_at: i64,
    version: i64,
}

/// Takes the events of one kind into the table.
pub(super) async fn fold_in_tx<M: Entry>(
    tx: &mut PgConnection,
    events: &[Seen<M::Event>],
) -> Result<(), sqlx::Error> {
    if events.is_empty() {
        return Ok(());
    }
    let mut ids: Vec<String> = events.iter().map(|seen| seen.id.clone()).collect();
    ids.sort();
    ids.dedup();
    let found: Vec<(String, i64, i64, Vec<u8>)> =
        sqlx::query_as("SELECT id, begun_at, version, message FROM shown WHERE kind = $1 AND id = ANY($2)")
            .bind(M::KIND)
            .bind(ids)
            .fetch_all(&mut *tx)
            .await?;
    let mut rows: BTreeMap<&str, Fold<M>> = BTreeMap::new();
    for seen in events {
        let known = found.iter().find(|(id, ..)| *id == seen.id);
        let row = match rows.entry(seen.id.as_str()) {
            std::collections::btree_map::Entry::Occupied(row) => row.into_mut(),
            std::collections::btree_map::Entry::Vacant(free) => free.insert(match known {
                Some((id, begun_at, version, bytes)) => {
                    Fold { message: read(id, bytes)?, begun_at: *begun_at, version: *version }
                }
                None => Fold { message: M::default(), begun_at: seen.position, version: 0 },
            }),
        };
        row.message.note(&seen.event);
        row.version = seen.version;
    }
    upsert_in_tx(tx, &rows).await
}

async fn upsert_in_tx<M: Entry>(
    tx: &mut PgConnection,
    rows: &BTreeMap<&str, Fold<M>>,
) -> Result<(), sqlx::Error> {
    let messages = || rows.values().map(|row| &row.message);
    sqlx::query(
        "INSERT INTO shown (kind, id, org_unit, begun_at, state, squadron_id, day, version, message)
         SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::smallint[], $6::text[], $7::date[], $8::bigint[], $9::bytea[])
         ON CONFLICT (kind, id) DO UPDATE SET
             state       = excluded.state,
             squadron_id = excluded.squadron_id,
             day         = excluded.day,
             version     = excluded.version,
             message     = excluded.message",
    )
    .bind(M::KIND)
    .bind(rows.keys().map(|id| (*id).to_owned()).collect::<Vec<_>>())
    .bind(messages().map(|m| m.org_unit().to_owned()).collect::<Vec<_>>())
    .bind(rows.values().map(|row| row.begun_at).collect::<Vec<_>>())
    .bind(messages().map(|m| i16::try_from(m.state()).unwrap_or_default()).collect::<Vec<_>>())
    .bind(messages().map(|m| m.squadron_id().to_owned()).collect::<Vec<_>>())
    .bind(messages().map(Entry::day).collect::<Vec<Option<Date>>>())
    .bind(rows.values().map(|row| row.version).collect::<Vec<_>>())
    .bind(messages().map(prost::Message::encode_to_vec).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

#[derive(FromRow)]
struct Row {
    id: String,
    begun_at: i64,
    version: i64,
    message: Vec<u8>,
}

impl Row {
    fn into_entry<M: Entry>(self) -> Result<(i64, M), sqlx::Error> {
        let mut message: M = read(&self.id, &self.message)?;
        message.set_etag(self.version.to_string());
        Ok((self.begun_at, message))
    }
}

/// The message of a row; a corrupt one names itself.
fn read<M: Entry>(id: &str, bytes: &[u8]) -> Result<M, sqlx::Error> {
    M::decode(bytes).map_err(|error| {
        sqlx::Error::Decode(format!("corrupt row of shown, {} {id}: {error}", M::KIND).into())
    })
}

/// One entry with its etag.
///
/// # Errors
/// When the database fails or the row is corrupt.
#[tracing::instrument(name = "db.shown.find", skip_all)]
pub async fn find<M: Entry>(pool: &PgPool, id: &str) -> Result<Option<M>, sqlx::Error> {
    let row: Option<Row> =
        sqlx::query_as("SELECT id, begun_at, version, message FROM shown WHERE kind = $1 AND id = $2")
            .bind(M::KIND)
            .bind(id)
            .fetch_optional(pool)
            .await?;
    row.map(|row| row.into_entry().map(|(_, entry)| entry)).transpose()
}

/// Which entries are listed.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Units; an entry of none of them is not listed. `None` = whatever the unit.
    pub units: Option<Vec<OrgCode>>,
    /// Only this state; 0 = any.
    pub state: i32,
    /// Only this squadron; empty = any.
    pub squadron_id: String,
    /// From this day on.
    pub from: Option<Date>,
    /// Up to this day.
    pub to: Option<Date>,
}

/// A page of entries, last begun first; behind `page.after`, the position at which one began.
///
/// # Errors
/// When the database fails or a row is corrupt.
#[tracing::instrument(name = "db.shown.list", skip_all)]
pub async fn list<M: Entry>(
    pool: &PgPool,
    filter: &Filter,
    page: &Page<i64>,
) -> Result<(Vec<M>, Option<i64>), sqlx::Error> {
    let units: Option<Vec<String>> =
        filter.units.as_ref().map(|units| units.iter().map(ToString::to_string).collect());
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, begun_at, version, message FROM shown
         WHERE kind = $1
           AND ($2::text[] IS NULL OR org_unit = ANY($2))
           AND ($3 = 0 OR state = $3)
           AND ($4 = '' OR squadron_id = $4)
           AND ($5::date IS NULL OR day >= $5)
           AND ($6::date IS NULL OR day <= $6)
           AND begun_at < coalesce($7, 9223372036854775807)
         ORDER BY begun_at DESC
         LIMIT $8",
    )
    .bind(M::KIND)
    .bind(units)
    .bind(i16::try_from(filter.state).unwrap_or_default())
    .bind(&filter.squadron_id)
    .bind(filter.from)
    .bind(filter.to)
    .bind(page.after)
    .bind(page.limit())
    .fetch_all(pool)
    .await?;
    let mut entries = rows.into_iter().map(Row::into_entry::<M>).collect::<Result<Vec<_>, _>>()?;
    let next = page.cut(&mut entries, |(begun_at, _)| *begun_at);
    Ok((entries.into_iter().map(|(_, entry)| entry).collect(), next))
}
