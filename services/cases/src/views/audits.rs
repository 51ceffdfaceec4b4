//! The tables `audits` and `breaches`, and the frame of a new audit.

use super::{NAME, Seen, corrupt};
use crate::audit::lot::{Frame, FrameRule};
use crate::audit::{AuditEvent, note};
use crate::deadline::DeadlineEvent;
use prost::Message;
use sqlx::{FromRow, PgConnection, PgPool};
use std::collections::{BTreeMap, BTreeSet};
use time::OffsetDateTime;
use xiaoan_kernel::OrgCode;
use xiaoan_proto::cases::v1::{Alert, Audit, DeadlineBreached, Report};
use xiaoan_rpc::Page;

/// Row by row: audits are few.
pub(super) async fn apply_in_tx(
    tx: &mut PgConnection,
    events: &[Seen<AuditEvent>],
) -> Result<(), sqlx::Error> {
    for seen in events {
        let there: Option<(i64, Vec<u8>)> =
            sqlx::query_as("SELECT drawn_at, shown FROM audits WHERE audit_id = $1")
                .bind(&seen.id)
                .fetch_optional(&mut *tx)
                .await?;
        let (drawn_at, mut audit) = match there {
            Some((drawn_at, shown)) => {
                (drawn_at, Audit::decode(shown.as_slice()).map_err(|e| corrupt("audits", &seen.id, &e))?)
            }
            None => (seen.position, Audit::default()),
        };
        note(&mut audit, &seen.event);
        sqlx::query(
            "INSERT INTO audits (audit_id, org_unit, drawn_at, version, shown) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (audit_id) DO UPDATE SET version = excluded.version, shown = excluded.shown",
        )
        .bind(&seen.id)
        .bind(&audit.org_unit)
        .bind(drawn_at)
        .bind(seen.version)
        .bind(audit.encode_to_vec())
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

pub(super) async fn apply_breaches_in_tx(
    tx: &mut PgConnection,
    events: &[Seen<DeadlineEvent>],
) -> Result<(), sqlx::Error> {
    for Seen { id, event: DeadlineEvent::Breached(breach), .. } in events {
        sqlx::query(
            "INSERT INTO breaches (breach_id, org_unit, due_at, shown) VALUES ($1, $2, $3, $4)
             ON CONFLICT (breach_id) DO NOTHING",
        )
        .bind(id)
        .bind(&breach.org_unit)
        .bind(due_at(breach))
        .bind(breach.encode_to_vec())
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

fn due_at(breach: &DeadlineBreached) -> OffsetDateTime {
    breach.due_at.as_ref().and_then(xiaoan_proto::instant).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[derive(FromRow)]
struct Row {
    audit_id: String,
    drawn_at: i64,
    version: i64,
    shown: Vec<u8>,
}

impl Row {
    fn into_audit(self) -> Result<(i64, Audit), sqlx::Error> {
        let mut audit =
            Audit::decode(self.shown.as_slice()).map_err(|e| corrupt("audits", &self.audit_id, &e))?;
        audit.etag = self.version.to_string();
        Ok((self.drawn_at, audit))
    }
}

/// One audit with its etag.
///
/// # Errors
/// When the database fails or the row is corrupt.
#[tracing::instrument(name = "db.audits.find", skip_all)]
pub async fn find(pool: &PgPool, audit_id: &str) -> Result<Option<Audit>, sqlx::Error> {
    let row: Option<Row> =
        sqlx::query_as("SELECT audit_id, drawn_at, version, shown FROM audits WHERE audit_id = $1")
            .bind(audit_id)
            .fetch_optional(pool)
            .await?;
    row.map(|row| row.into_audit().map(|(_, audit)| audit)).transpose()
}

/// A page of audits of these units, drawn last first; behind `page.after`, the position that drew one.
///
/// # Errors
/// When the database fails or a row is corrupt.
#[tracing::instrument(name = "db.audits.list", skip_all)]
pub async fn list(
    pool: &PgPool,
    units: &[OrgCode],
    page: &Page<i64>,
) -> Result<(Vec<Audit>, Option<i64>), sqlx::Error> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT audit_id, drawn_at, version, shown FROM audits
         WHERE org_unit = ANY($1) AND drawn_at < coalesce($2, 9223372036854775807)
         ORDER BY drawn_at DESC
         LIMIT $3",
    )
    .bind(units.iter().map(ToString::to_string).collect::<Vec<_>>())
    .bind(page.after)
    .bind(page.limit())
    .fetch_all(pool)
    .await?;
    let mut audits = rows.into_iter().map(Row::into_audit).collect::<Result<Vec<_>, _>>()?;
    let next = page.cut(&mut audits, |(drawn_at, _)| *drawn_at);
    Ok((audits.into_iter().map(|(_, audit)| audit).collect(), next))
}

/// The frame of an audit as the views show it now: alerts of these units received in `[from, until)` whose kind is one of
/// `kinds` (empty = any), as the rule takes them; and the position up to which the views have come, in one snapshot.
///
/// # Errors
/// When the database fails or a row is corrupt.
#[tracing::instrument(name = "db.audits.frame", skip_all)]
pub async fn frame(
    pool: &PgPool,
    units: &[OrgCode],
    (from, until): (OffsetDateTime, OffsetDateTime),
    kinds: &[String],
    rule: FrameRule,
) -> Result<Frame, sqlx::Error> {
    let mut tx = pool.begin().await?;
    sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY").execute(&mut *tx).await?;
    let position: Option<i64> = sqlx::query_scalar(
        "SELECT position FROM eventstore.checkpoints WHERE projection = $1 AND source = $2",
    )
    .bind(NAME)
    .bind(crate::service::SOURCE)
    .fetch_optional(&mut *tx)
    .await?;
    let rows: Vec<(String, Vec<u8>)> = sqlx::query_as(
        "SELECT alert_id, shown FROM alerts
         WHERE org_unit = ANY($1) AND received_at >= $2 AND received_at < $3",
    )
    .bind(units.iter().map(ToString::to_string).collect::<Vec<_>>())
    .bind(from)
    .bind(until)
    .fetch_all(&mut *tx)
    .await?;
    let mut alerts = Vec::new();
    for (alert_id, shown) in rows {
        let alert = Alert::decode(shown.as_slice()).map_err(|e| corrupt("alerts", &alert_id, &e))?;
        if kinds.is_empty() || kinds.contains(&alert.kind) {
            alerts.push(alert);
        }
    }
    let reports = reports_of_in_tx(&mut tx, &alerts).await?;
    let held = held_in_tx(&mut tx).await?;
    tx.commit().await?;
    let entries = alerts
        .iter()
        .filter_map(|alert| rule.entry(alert, reports.get(&alert.report_id), held.contains(&alert.alert_id)));
    Ok(Frame::new(entries.collect(), position.unwrap_or_default(), rule))
}

/// The reports that these alerts were registered as, by id.
async fn reports_of_in_tx(
    tx: &mut PgConnection,
    alerts: &[Alert],
) -> Result<BTreeMap<String, Report>, sqlx::Error> {
    let ids: Vec<String> =
        alerts.iter().map(|alert| alert.report_id.clone()).filter(|id| !id.is_empty()).collect();
    let rows: Vec<(String, Vec<u8>)> =
        sqlx::query_as("SELECT report_id, shown FROM reports WHERE report_id = ANY($1)")
            .bind(ids)
            .fetch_all(tx)
            .await?;
    let decoded = |(id, shown): (String, Vec<u8>)| {
        let report = Report::decode(shown.as_slice()).map_err(|e| corrupt("reports", &id, &e))?;
        Ok((id, report))
    };
    rows.into_iter().map(decoded).collect()
}

/// Every alert that an audit has drawn. Audits are few.
async fn held_in_tx(tx: &mut PgConnection) -> Result<BTreeSet<String>, sqlx::Error> {
    let rows: Vec<(String, Vec<u8>)> =
        sqlx::query_as("SELECT audit_id, shown FROM audits").fetch_all(tx).await?;
    let mut held = BTreeSet::new();
    for (audit_id, shown) in rows {
        let audit = Audit::decode(shown.as_slice()).map_err(|e| corrupt("audits", &audit_id, &e))?;
        held.extend(audit.alerts.into_iter().filter_map(|a| a.alert).map(|alert| alert.alert_id));
    }
    Ok(held)
}

/// Which breaches are listed.
#[derive(Debug, Clone)]
pub struct Breaches {
    /// Units.
    pub units: Vec<OrgCode>,
    /// Due from this instant on.
    pub from: Option<OffsetDateTime>,
    /// Due before this instant.
    pub until: Option<OffsetDateTime>,
}

/// A page of breaches, latest first; behind `page.after`.
///
/// # Errors
/// When the database fails or a row is corrupt.
#[tracing::instrument(name = "db.breaches.list", skip_all)]
pub async fn breaches(
    pool: &PgPool,
    filter: &Breaches,
    page: &Page<super::alerts::Key>,
) -> Result<(Vec<DeadlineBreached>, Option<super::alerts::Key>), sqlx::Error> {
    let (after_time, after_id) = page.after.clone().unzip();
    let rows: Vec<(String, Vec<u8>)> = sqlx::query_as(
        "SELECT breach_id, shown FROM breaches
         WHERE org_unit = ANY($1)
           AND due_at >= coalesce($2, '-infinity'::timestamptz)
           AND due_at <  coalesce($3, 'infinity'::timestamptz)
           AND due_at <= coalesce($4, 'infinity'::timestamptz)
           AND ($4 IS NULL OR due_at < $4 OR breach_id > $5)
         ORDER BY due_at DESC, breach_id
         LIMIT $6",
    )
    .bind(filter.units.iter().map(ToString::to_string).collect::<Vec<_>>())
    .bind(filter.from)
    .bind(filter.until)
    .bind(after_time)
    .bind(after_id)
    .bind(page.limit())
    .fetch_all(pool)
    .await?;
    let mut found = Vec::new();
    for (breach_id, shown) in rows {
        let breach =
            DeadlineBreached::decode(shown.as_slice()).map_err(|e| corrupt("breaches", &breach_id, &e))?;
        found.push((breach_id, breach));
    }
    let next = page.cut(&mut found, |(breach_id, breach)| (due_at(breach), breach_id.clone()));
    Ok((found.into_iter().map(|(_, breach)| breach).collect(), next))
}
