//! The directory's four tables: written in the batch's transaction, read whole into a snapshot.

use crate::snapshot::{Change, Dated, Snapshot, Unit, UnitChange, UnitName};
use anyhow::Context;
use sqlx::{Connection, PgConnection, PgPool};
use std::collections::HashMap;
use std::sync::Arc;
use time::Date;
use xiaoan_kernel::{OrgCode, OrgTree};
use xiaoan_proto::core::v1::OrgKind;

/// The tables; the others refer to the first.
pub(crate) const ALL: &[&str] =
    &["directory_units", "directory_names", "directory_parents", "directory_headcounts"];

/// Writes one change.
pub(crate) async fn write_in_tx(tx: &mut PgConnection, change: &UnitChange) -> Result<(), sqlx::Error> {
    let code = change.code.as_str();
    match &change.change {
        Change::Registered { kind, parent, name, on } => {
            sqlx::query(
                "INSERT INTO directory_units (code, kind, effective_on, version)
                 VALUES              ($1,   $2,   $3,           $4)",
            )
            .bind(code)
            .bind(i32::from(*kind))
            .bind(on)
            .bind(change.version)
            .execute(&mut *tx)
            .await?;
            write_name(tx, code, *on, name).await?;
            write_parent(tx, code, *on, *parent).await
        }
        Change::Renamed { name, on } => {
            write_version(tx, change).await?;
            write_name(tx, code, *on, name).await
        }
        Change::Moved { parent, on } => {
            write_version(tx, change).await?;
            write_parent(tx, code, *on, Some(*parent)).await
        }
        Change::Retired { successor, on } => {
            write_version(tx, change).await?;
            sqlx::query("UPDATE directory_units SET retired_on = $2, successor = $3 WHERE code = $1")
                .bind(code)
                .bind(on)
                .bind(successor.as_ref().map(OrgCode::as_str))
                .execute(tx)
                .await
                .map(drop)
        }
        Change::Counted { officers, since } => {
            write_version(tx, change).await?;
            sqlx::query(
                "INSERT INTO directory_headcounts (code, since, officers)
                 VALUES                   ($1,   $2,    $3)
                 ON CONFLICT (code, since) DO UPDATE SET officers = excluded.officers",
            )
            .bind(code)
            .bind(since)
            .bind(officers)
            .execute(tx)
            .await
            .map(drop)
        }
    }
}

async fn write_version(tx: &mut PgConnection, change: &UnitChange) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE directory_units SET version = $2 WHERE code = $1")
        .bind(change.code.as_str())
        .bind(change.version)
        .execute(tx)
        .await
        .map(drop)
}

async fn write_name(
    tx: &mut PgConnection,
    code: &str,
    since: Date,
    name: &UnitName,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO directory_names (code, since, name_zh, name_en)
         VALUES              ($1,   $2,    $3,      $4)
         ON CONFLICT (code, since) DO UPDATE SET name_zh = excluded.name_zh, name_en = excluded.name_en",
    )
    .bind(code)
    .bind(since)
    .bind(&name.zh)
    .bind(&name.en)
    .execute(tx)
    .await
    .map(drop)
}

async fn write_parent(
    tx: &mut PgConnection,
    code: &str,
    since: Date,
    parent: Option<OrgCode>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO directory_parents (code, since, parent)
         VALUES                ($1,   $2,    $3)
         ON CONFLICT (code, since) DO UPDATE SET parent = excluded.parent",
    )
    .bind(code)
    .bind(since)
    .bind(parent.as_ref().map(OrgCode::as_str))
    .execute(tx)
    .await
    .map(drop)
}

#[derive(sqlx::FromRow)]
struct UnitRow {
    code: String,
    kind: i32,
    effective_on: Date,
    retired_on: Option<Date>,
    successor: Option<String>,
    version: i64,
}

/// Reads the tables and the checkpoint they stand at, all of one moment.
pub(crate) async fn read_all(pool: &PgPool) -> anyhow::Result<Snapshot> {
    let mut connection = pool.acquire().await?;
    let mut tx = connection.begin().await?;
    sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY").execute(&mut *tx).await?;
    let position: Option<i64> = sqlx::query_scalar(
        "SELECT position FROM eventstore.checkpoints WHERE projection = $1 AND source = $2",
    )
    .bind(crate::NAME)
    .bind(crate::SOURCE)
    .fetch_optional(&mut *tx)
    .await?;
    let snapshot = read_in_tx(&mut tx, position.unwrap_or_default()).await?;
    tx.commit().await?;
    Ok(snapshot)
}

/// Reads the tables as this transaction sees them; `position` is where they stand.
pub(crate) async fn read_in_tx(tx: &mut PgConnection, position: i64) -> anyhow::Result<Snapshot> {
    let mut tree = OrgTree::default();
    let mut units = HashMap::new();
    let rows: Vec<UnitRow> = sqlx::query_as(
        "SELECT code, kind, effective_on, retired_on, successor, version FROM directory_units",
    )
    .fetch_all(&mut *tx)
    .await?;
    for row in rows {
        let (code, unit) = unit_of(&row).with_context(|| format!("directory_units row {}", row.code))?;
        units.insert(code, unit);
    }
    let names: Vec<(String, Date, String, String)> =
        sqlx::query_as("SELECT code, since, name_zh, name_en FROM directory_names")
            .fetch_all(&mut *tx)
            .await?;
    for (code, since, zh, en) in names {
        known(&mut units, &code)?.names.set(since, UnitName { zh, en });
    }
    let counts: Vec<(String, Date, i32)> =
        sqlx::query_as("SELECT code, since, officers FROM directory_headcounts").fetch_all(&mut *tx).await?;
    for (code, since, officers) in counts {
        known(&mut units, &code)?.officers.set(since, officers);
    }
    let parents: Vec<(String, Date, Option<String>)> =
        sqlx::query_as("SELECT code, since, parent FROM directory_parents").fetch_all(&mut *tx).await?;
    for (code, since, parent) in parents {
        let parent = parent.as_deref().map(OrgCode::parse).transpose()?;
        tree.place(OrgCode::parse(&code)?, parent, since);
    }
    for (code, unit) in &units {
        if let Some(day) = unit.retired_on {
            tree.retire(*code, day);
        }
    }
    let units = units.into_iter().map(|(code, unit)| (code, Arc::new(unit))).collect();
    Ok(Snapshot { position, tree: Arc::new(tree), units })
}

fn unit_of(row: &UnitRow) -> anyhow::Result<(OrgCode, Unit)> {
    let unit = Unit {
        kind: OrgKind::try_from(row.kind)?,
        effective_on: row.effective_on,
        retired_on: row.retired_on,
        successor: row.successor.as_deref().map(OrgCode::parse).transpose()?,
        version: row.version,
        names: Dated::default(),
        officers: Dated::default(),
    };
    Ok((OrgCode::parse(&row.code)?, unit))
}

fn known<'a>(units: &'a mut HashMap<OrgCode, Unit>, code: &str) -> anyhow::Result<&'a mut Unit> {
    units.get_mut(&OrgCode::parse(code)?).with_context(|| format!("directory_units has no row {code}"))
}
