//! The table `reports`.

use super::{Seen, corrupt};
use crate::report::{ReportEvent, note};
use prost::Message;
use prost_types::Timestamp;
use sqlx::{FromRow, PgConnection, PgPool};
use time::OffsetDateTime;
use xiaoan_kernel::OrgCode;
use xiaoan_proto::cases::v1::{Report, ReportState};
use xiaoan_rpc::Page;

/// Row by row: an event of a report is a decision of somebody, not a stream.
pub(super) async fn apply_in_tx(
    tx: &mut PgConnection,
    events: &[Seen<ReportEvent>],
) -> Result<(), sqlx::Error> {
    for seen in events {
        let there: Option<Vec<u8>> = sqlx::query_scalar("SELECT shown FROM reports WHERE report_id = $1")
            .bind(&seen.id)
            .fetch_optional(&mut *tx)
            .await?;
        let mut report = match there {
            Some(shown) => Report::decode(shown.as_slice()).map_err(|e| corrupt("reports", &seen.id, &e))?,
            None => Report::default(),
        };
        note(&mut report, &seen.event);
        sqlx::query(
            "INSERT INTO reports (report_id, org_unit, registered_at, due_at, state, version, shown)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (report_id) DO UPDATE SET
                 due_at  = excluded.due_at,
                 state   = excluded.state,
                 version = excluded.version,
                 shown   = excluded.shown",
        )
        .bind(&seen.id)
        .bind(&report.org_unit)
        .bind(registered_at(&report))
        .bind(earliest(&report))
        .bind(i16::try_from(report.state).unwrap_or_default())
        .bind(seen.version)
        .bind(report.encode_to_vec())
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

fn instant(at: Option<&Timestamp>) -> Option<OffsetDateTime> {
    let at = at.and_then(xiaoan_proto::instant)?;
    Some(at.replace_nanosecond(at.nanosecond() / 1000 * 1000).unwrap_or(at))
}

fn registered_at(report: &Report) -> OffsetDateTime {
    instant(report.registered_at.as_ref()).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// When the earliest clock is up that is running.
fn earliest(report: &Report) -> Option<OffsetDateTime> {
    let running = report.clocks.iter().filter(|clock| clock.met_at.is_none() && !clock.lifted);
    running.filter_map(|clock| instant(clock.due_at.as_ref())).min()
}

#[derive(FromRow)]
struct Row {
    report_id: String,
    version: i64,
    shown: Vec<u8>,
}

impl Row {
    fn into_report(self) -> Result<Report, sqlx::Error> {
        let mut report =
            Report::decode(self.shown.as_slice()).map_err(|e| corrupt("reports", &self.report_id, &e))?;
        report.etag = self.version.to_string();
        Ok(report)
    }
}

/// One report with its etag.
///
/// # Errors
/// When the database fails or the row is corrupt.
#[tracing::instrument(name = "db.reports.find", skip_all)]
pub async fn find(pool: &PgPool, report_id: &str) -> Result<Option<Report>, sqlx::Error> {
    let row: Option<Row> =
        sqlx::query_as("SELECT report_id, version, shown FROM reports WHERE report_id = $1")
            .bind(report_id)
            .fetch_optional(pool)
            .await?;
    row.map(Row::into_report).transpose()
}

/// Which reports are listed.
#[derive(Debug, Clone)]
pub struct Filter {
    /// Units; a report of none of them is not listed.
    pub units: Vec<OrgCode>,
    /// Only this state.
    pub state: ReportState,
    /// Registered from this instant on.
    pub from: Option<OffsetDateTime>,
    /// Registered before this instant.
    pub until: Option<OffsetDateTime>,
    /// Only those with a running time limit that was up at this instant.
    pub overdue_at: Option<OffsetDateTime>,
}

/// A page of reports, latest first; behind `page.after`.
///
/// # Errors
/// When the database fails or a row is corrupt.
#[tracing::instrument(name = "db.reports.list", skip_all)]
pub async fn list(
    pool: &PgPool,
    filter: &Filter,
    page: &Page<super::alerts::Key>,
) -> Result<(Vec<Report>, Option<super::alerts::Key>), sqlx::Error> {
    let units: Vec<String> = filter.units.iter().map(ToString::to_string).collect();
    let (after_time, after_id) = page.after.clone().unzip();
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT report_id, version, shown FROM reports
         WHERE org_unit = ANY($1)
           AND registered_at >= coalesce($2, '-infinity'::timestamptz)
           AND registered_at <  coalesce($3, 'infinity'::timestamptz)
           AND registered_at <= coalesce($4, 'infinity'::timestamptz)
           AND ($4 IS NULL OR registered_at < $4 OR report_id > $5)
           AND ($7 = 0 OR state = $7)
           AND ($8 IS NULL OR due_at <= $8)
         ORDER BY registered_at DESC, report_id
         LIMIT $6",
    )
    .bind(units)
    .bind(filter.from)
    .bind(filter.until)
    .bind(after_time)
    .bind(after_id)
    .bind(page.limit())
    .bind(i16::try_from(i32::from(filter.state)).unwrap_or_default())
    .bind(filter.overdue_at)
    .fetch_all(pool)
    .await?;
    let mut reports = rows.into_iter().map(Row::into_report).collect::<Result<Vec<_>, _>>()?;
    let next = page.cut(&mut reports, |report| (registered_at(report), report.report_id.clone()));
    Ok((reports, next))
}
