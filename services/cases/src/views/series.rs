//! The tables `series` and `series_cases`.

use super::{Seen, corrupt};
use crate::series::{SeriesEvent, note};
use prost::Message;
use sqlx::{FromRow, PgConnection, PgPool};
use xiaoan_kernel::OrgCode;
use xiaoan_proto::cases::v1::Series;
use xiaoan_rpc::Page;

/// Row by row: series are few, beside cases and alerts.
pub(super) async fn apply_in_tx(
    tx: &mut PgConnection,
    events: &[Seen<SeriesEvent>],
) -> Result<(), sqlx::Error> {
    for seen in events {
        let there: Option<(i64, Vec<u8>)> =
            sqlx::query_as("SELECT opened_at, shown FROM series WHERE series_id = $1")
                .bind(&seen.id)
                .fetch_optional(&mut *tx)
                .await?;
        let (opened_at, mut series) = match there {
            Some((opened_at, shown)) => {
                (opened_at, Series::decode(shown.as_slice()).map_err(|e| corrupt("series", &seen.id, &e))?)
            }
            None => (seen.position, Series::default()),
        };
        note(&mut series, &seen.event);
        sqlx::query(
            "INSERT INTO series (series_id, org_unit, opened_at, version, shown) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (series_id) DO UPDATE SET version = excluded.version, shown = excluded.shown",
        )
        .bind(&seen.id)
        .bind(&series.org_unit)
        .bind(opened_at)
        .bind(seen.version)
        .bind(series.encode_to_vec())
        .execute(&mut *tx)
        .await?;
        link_in_tx(tx, seen).await?;
    }
    Ok(())
}

async fn link_in_tx(tx: &mut PgConnection, seen: &Seen<SeriesEvent>) -> Result<(), sqlx::Error> {
    let linked = match &seen.event {
        SeriesEvent::Opened(e) => e.case_nos.clone(),
        SeriesEvent::Linked(e) => vec![e.case_no.clone()],
        SeriesEvent::Unlinked(e) => {
            sqlx::query("DELETE FROM series_cases WHERE case_no = $1 AND series_id = $2")
                .bind(&e.case_no)
                .bind(&seen.id)
                .execute(tx)
                .await?;
            return Ok(());
        }
        SeriesEvent::BroughtProposed(_)
        | SeriesEvent::BroughtApproved(_)
        | SeriesEvent::BroughtReturned(_) => {
            return Ok(());
        }
    };
    sqlx::query(
        "INSERT INTO series_cases (case_no, series_id, linked_at) SELECT no, $2, $3 FROM unnest($1::text[]) AS no
         ON CONFLICT (case_no, series_id) DO UPDATE SET linked_at = excluded.linked_at",
    )
    .bind(linked)
    .bind(&seen.id)
    .bind(seen.position)
    .execute(tx)
    .await?;
    Ok(())
}

#[derive(FromRow)]
struct Row {
    series_id: String,
    opened_at: i64,
    version: i64,
    shown: Vec<u8>,
}

impl Row {
    fn into_series(self) -> Result<(i64, Series), sqlx::Error> {
        let mut series =
            Series::decode(self.shown.as_slice()).map_err(|e| corrupt("series", &self.series_id, &e))?;
        series.etag = self.version.to_string();
        Ok((self.opened_at, series))
    }
}

/// One series with its etag.
///
/// # Errors
/// When the database fails or the row is corrupt.
#[tracing::instrument(name = "db.series.find", skip_all)]
pub async fn find(pool: &PgPool, series_id: &str) -> Result<Option<Series>, sqlx::Error> {
    let row: Option<Row> =
        sqlx::query_as("SELECT series_id, opened_at, version, shown FROM series WHERE series_id = $1")
            .bind(series_id)
            .fetch_optional(pool)
            .await?;
    row.map(|row| row.into_series().map(|(_, series)| series)).transpose()
}

/// A page of series of these units, opened last first; behind `page.after`, the position that opened one.
///
/// # Errors
/// When the database fails or a row is corrupt.
#[tracing::instrument(name = "db.series.list", skip_all)]
pub async fn list(
    pool: &PgPool,
    units: &[OrgCode],
    page: &Page<i64>,
) -> Result<(Vec<Series>, Option<i64>), sqlx::Error> {
    let units: Vec<String> = units.iter().map(ToString::to_string).collect();
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT series_id, opened_at, version, shown FROM series
         WHERE org_unit = ANY($1) AND opened_at < coalesce($2, 9223372036854775807)
         ORDER BY opened_at DESC
         LIMIT $3",
    )
    .bind(units)
    .bind(page.after)
    .bind(page.limit())
    .fetch_all(pool)
    .await?;
    let mut series = rows.into_iter().map(Row::into_series).collect::<Result<Vec<_>, _>>()?;
    let next = page.cut(&mut series, |(opened_at, _)| *opened_at);
    Ok((series.into_iter().map(|(_, series)| series).collect(), next))
}
