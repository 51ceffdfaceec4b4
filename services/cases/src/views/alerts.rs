//! The table `alerts`.

use super::{Seen, corrupt};
use crate::alert::{AlertEvent, note};
use prost::Message;
use sqlx::{FromRow, PgConnection, PgPool};
use std::collections::BTreeMap;
use time::{Duration, OffsetDateTime};
use xiaoan_kernel::OrgCode;
use xiaoan_proto::cases::v1::{Alert, AlertState};
use xiaoan_rpc::Page;

pub(super) async fn apply_in_tx(
    tx: &mut PgConnection,
    events: &[Seen<AlertEvent>],
) -> Result<(), sqlx::Error> {
    if events.is_empty() {
        return Ok(());
    }
    let mut rows: BTreeMap<&str, (Alert, i64)> =
        events.iter().map(|s| (s.id.as_str(), Default::default())).collect();
    let ids: Vec<String> = rows.keys().map(|id| (*id).to_owned()).collect();
    let found: Vec<(String, i64, Vec<u8>)> =
        sqlx::query_as("SELECT alert_id, version, shown FROM alerts WHERE alert_id = ANY($1)")
            .bind(ids)
            .fetch_all(&mut *tx)
            .await?;
    for (alert_id, version, shown) in found {
        let alert = Alert::decode(shown.as_slice()).map_err(|e| corrupt("alerts", &alert_id, &e))?;
        if let Some(row) = rows.get_mut(alert_id.as_str()) {
            *row = (alert, version);
        }
    }
    for seen in events {
        let (alert, version) = rows.entry(seen.id.as_str()).or_default();
        note(alert, &seen.event);
        *version = seen.version;
    }
    upsert_in_tx(tx, &rows).await
}

async fn upsert_in_tx(tx: &mut PgConnection, rows: &BTreeMap<&str, (Alert, i64)>) -> Result<(), sqlx::Error> {
    let alerts = || rows.values().map(|(alert, _)| alert);
    sqlx::query(
        "INSERT INTO alerts (alert_id, org_unit, received_at, place, state, version, shown)
         SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::smallint[], $6::bigint[], $7::bytea[])
         ON CONFLICT (alert_id) DO UPDATE SET
             state   = excluded.state,
             version = excluded.version,
             shown   = excluded.shown",
    )
    .bind(rows.keys().map(|id| (*id).to_owned()).collect::<Vec<_>>())
    .bind(alerts().map(|a| a.org_unit.clone()).collect::<Vec<_>>())
    .bind(alerts().map(received_at).collect::<Vec<_>>())
    .bind(alerts().map(|a| a.place.clone()).collect::<Vec<_>>())
    .bind(alerts().map(|a| i16::try_from(a.state).unwrap_or_default()).collect::<Vec<_>>())
    .bind(rows.values().map(|(_, version)| *version).collect::<Vec<_>>())
    .bind(alerts().map(Message::encode_to_vec).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

/// When it was received, in the microseconds that the database keeps.
fn received_at(alert: &Alert) -> OffsetDateTime {
    let at = alert.received_at.as_ref().and_then(xiaoan_proto::instant).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    at.replace_nanosecond(at.nanosecond() / 1000 * 1000).unwrap_or(at)
}

#[derive(FromRow)]
struct Row {
    alert_id: String,
    version: i64,
    shown: Vec<u8>,
}

impl Row {
    fn into_alert(self) -> Result<Alert, sqlx::Error> {
        let mut alert =
            Alert::decode(self.shown.as_slice()).map_err(|e| corrupt("alerts", &self.alert_id, &e))?;
        alert.etag = self.version.to_string();
        Ok(alert)
    }
}

/// One alert with its etag.
///
/// # Errors
/// When the database fails or the row is corrupt.
#[tracing::instrument(name = "db.alerts.find", skip_all)]
pub async fn find(pool: &PgPool, alert_id: &str) -> Result<Option<Alert>, sqlx::Error> {
    let row: Option<Row> = sqlx::query_as("SELECT alert_id, version, shown FROM alerts WHERE alert_id = $1")
        .bind(alert_id)
        .fetch_optional(pool)
        .await?;
    row.map(Row::into_alert).transpose()
}

/// Id of the latest alert from the same place within ten minutes before or after, that is no duplicate itself
/// (CB-015); an empty place has no neighbours.
///
/// # Errors
/// When the database fails.
#[tracing::instrument(name = "db.alerts.nearby", skip_all)]
pub async fn nearby(pool: &PgPool, place: &str, at: OffsetDateTime) -> Result<Option<String>, sqlx::Error> {
    if place.is_empty() {
        return Ok(None);
    }
    sqlx::query_scalar(
        "SELECT alert_id FROM alerts
         WHERE place = $1 AND place <> '' AND received_at BETWEEN $2 AND $3 AND state <> $4
         ORDER BY received_at DESC, alert_id
         LIMIT 1",
    )
    .bind(place)
    .bind(at - Duration::minutes(10))
    .bind(at + Duration::minutes(10))
    .bind(i16::try_from(i32::from(AlertState::Duplicate)).unwrap_or_default())
    .fetch_optional(pool)
    .await
}

/// Which alerts are listed.
#[derive(Debug, Clone)]
pub struct Filter {
    /// Units; an alert of none of them is not listed.
    pub units: Vec<OrgCode>,
    /// Only this state.
    pub state: AlertState,
    /// Received from this instant on.
    pub from: Option<OffsetDateTime>,
    /// Received before this instant.
    pub until: Option<OffsetDateTime>,
}

/// Where a page of alerts ended.
pub type Key = (OffsetDateTime, String);

/// A page of alerts, newest first; behind `page.after`.
///
/// # Errors
/// When the database fails or a row is corrupt.
#[tracing::instrument(name = "db.alerts.list", skip_all)]
pub async fn list(
    pool: &PgPool,
    filter: &Filter,
    page: &Page<Key>,
) -> Result<(Vec<Alert>, Option<Key>), sqlx::Error> {
    let units: Vec<String> = filter.units.iter().map(ToString::to_string).collect();
    let (after_time, after_id) = page.after.clone().unzip();
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT alert_id, version, shown FROM alerts
         WHERE org_unit = ANY($1)
           AND received_at >= coalesce($2, '-infinity'::timestamptz)
           AND received_at <  coalesce($3, 'infinity'::timestamptz)
           AND received_at <= coalesce($4, 'infinity'::timestamptz)
           AND ($4 IS NULL OR received_at < $4 OR alert_id > $5)
           AND ($7 = 0 OR state = $7)
         ORDER BY received_at DESC, alert_id
         LIMIT $6",
    )
    .bind(units)
    .bind(filter.from)
    .bind(filter.until)
    .bind(after_time)
    .bind(after_id)
    .bind(page.limit())
    .bind(i16::try_from(i32::from(filter.state)).unwrap_or_default())
    .fetch_all(pool)
    .await?;
    let mut alerts = rows.into_iter().map(Row::into_alert).collect::<Result<Vec<_>, _>>()?;
    let next = page.cut(&mut alerts, |alert| (received_at(alert), alert.alert_id.clone()));
    Ok((alerts, next))
}
