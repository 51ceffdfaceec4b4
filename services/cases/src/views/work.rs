//! The table `work`: everything of [`crate::work`], found by id, by what it belongs to, by unit and state.

use super::corrupt;
use crate::work::{
    Cleanup, Den, Exhibit, Lookup, MajorCase, ReverseReview, Row, TaskForce, Work, task_force,
};
use sqlx::{FromRow, PgConnection, PgPool};
use xiaoan_eventstore::RecordedEvent;
use xiaoan_kernel::{Aggregate, EventSet, OrgCode};
use xiaoan_projection::ApplyError;
use xiaoan_proto::cases::v1::TaskForceWork;
use xiaoan_rpc::Page;

/// Kind of the rows of what task forces owed.
pub const TASK_FORCE_WORK: &str = "taskforcework";

/// Takes an event in, row by row: work is little, beside cases and alerts. Nothing for events of other aggregates.
pub(super) async fn apply_in_tx(tx: &mut PgConnection, recorded: &RecordedEvent) -> Result<(), ApplyError> {
    let Some((kind, id)) = recorded.stream.split_once('-') else { return Ok(()) };
    match kind {
        TaskForce::KIND => {
            let event = decoded::<TaskForce>(recorded)?;
            take_in_tx::<TaskForce>(tx, recorded, id, &event).await?;
            if let Some(work) = task_force::work_of(&event, recorded.recorded_at) {
                let row = task_force::row_id(&work);
                let opened_at = find_in_tx::<TaskForceWork>(tx, TASK_FORCE_WORK, &row).await?;
                let opened_at = opened_at.map_or(recorded.position, |(opened_at, _)| opened_at);
                put_in_tx(tx, TASK_FORCE_WORK, &row, opened_at, recorded.version, &work).await?;
            }
            Ok(())
        }
        Cleanup::KIND => take::<Cleanup>(tx, recorded, id).await,
        ReverseReview::KIND => take::<ReverseReview>(tx, recorded, id).await,
        MajorCase::KIND => take::<MajorCase>(tx, recorded, id).await,
        Exhibit::KIND => take::<Exhibit>(tx, recorded, id).await,
        Den::KIND => take::<Den>(tx, recorded, id).await,
        Lookup::KIND => take::<Lookup>(tx, recorded, id).await,
        _ => Ok(()),
    }
}

fn decoded<A: Work>(recorded: &RecordedEvent) -> Result<A::Event, ApplyError> {
    A::Event::decode(&recorded.r#type, &recorded.payload).map_err(|e| ApplyError::poison(recorded, e))
}

async fn take<A: Work>(tx: &mut PgConnection, recorded: &RecordedEvent, id: &str) -> Result<(), ApplyError> {
    let event = decoded::<A>(recorded)?;
    Ok(take_in_tx::<A>(tx, recorded, id, &event).await?)
}

async fn take_in_tx<A: Work>(
    tx: &mut PgConnection,
    recorded: &RecordedEvent,
    id: &str,
    event: &A::Event,
) -> Result<(), sqlx::Error> {
    let there = find_in_tx::<A::Shown>(tx, A::KIND, id).await?;
    let (opened_at, mut shown) = there.unwrap_or_else(|| (recorded.position, A::Shown::default()));
    A::note(&mut shown, event);
    put_in_tx(tx, A::KIND, id, opened_at, recorded.version, &shown).await
}

async fn find_in_tx<R: Row>(
    tx: &mut PgConnection,
    kind: &str,
    id: &str,
) -> Result<Option<(i64, R)>, sqlx::Error> {
    let there: Option<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT opened_at, shown FROM work WHERE kind = $1 AND id = $2")
            .bind(kind)
            .bind(id)
            .fetch_optional(tx)
            .await?;
    let read = |(opened_at, shown): (i64, Vec<u8>)| {
        R::decode(shown.as_slice()).map(|row| (opened_at, row)).map_err(|e| corrupt("work", id, &e))
    };
    there.map(read).transpose()
}

async fn put_in_tx<R: Row>(
    tx: &mut PgConnection,
    kind: &str,
    id: &str,
    opened_at: i64,
    version: i64,
    row: &R,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO work (kind, id, parent, org_unit, state, opened_at, version, shown)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (kind, id) DO UPDATE SET
             parent   = excluded.parent,
             org_unit = excluded.org_unit,
             state    = excluded.state,
             version  = excluded.version,
             shown    = excluded.shown",
    )
    .bind(kind)
    .bind(id)
    .bind(row.parent())
    .bind(row.org_unit())
    .bind(i16::try_from(row.state_number()).unwrap_or_default())
    .bind(opened_at)
    .bind(version)
    .bind(row.encode_to_vec())
    .execute(tx)
    .await?;
    Ok(())
}

#[derive(FromRow)]
struct Found {
    id: String,
    opened_at: i64,
    version: i64,
    shown: Vec<u8>,
}

impl Found {
    fn into_row<R: Row>(self) -> Result<(i64, R), sqlx::Error> {
        let mut row = R::decode(self.shown.as_slice()).map_err(|e| corrupt("work", &self.id, &e))?;
        row.set_etag(self.version.to_string());
        Ok((self.opened_at, row))
    }
}

/// One of a kind with its etag.
///
/// # Errors
/// When the database fails or the row is corrupt.
#[tracing::instrument(name = "db.work.find", skip_all)]
pub async fn find<R: Row>(pool: &PgPool, kind: &str, id: &str) -> Result<Option<R>, sqlx::Error> {
    let found: Option<Found> =
        sqlx::query_as("SELECT id, opened_at, version, shown FROM work WHERE kind = $1 AND id = $2")
            .bind(kind)
            .bind(id)
            .fetch_optional(pool)
            .await?;
    found.map(|found| found.into_row().map(|(_, row)| row)).transpose()
}

/// Which are listed.
#[derive(Debug, Clone)]
pub struct Filter {
    /// Units; one of none of them is not listed.
    pub units: Vec<OrgCode>,
    /// Number of the state; 0 = all.
    pub state: i32,
    /// What it belongs to; empty = anything.
    pub parent: String,
}

/// A page of a kind, newest first; behind `page.after`, the position that made the row.
///
/// # Errors
/// When the database fails or a row is corrupt.
#[tracing::instrument(name = "db.work.list", skip_all)]
pub async fn list<R: Row>(
    pool: &PgPool,
    kind: &str,
    filter: &Filter,
    page: &Page<i64>,
) -> Result<(Vec<R>, Option<i64>), sqlx::Error> {
    let units: Vec<String> = filter.units.iter().map(ToString::to_string).collect();
    let found: Vec<Found> = sqlx::query_as(
        "SELECT id, opened_at, version, shown FROM work
         WHERE kind = $1
           AND org_unit = ANY($2)
           AND ($3 = 0 OR state = $3)
           AND ($4 = '' OR parent = $4)
           AND opened_at < coalesce($5, 9223372036854775807)
         ORDER BY opened_at DESC
         LIMIT $6",
    )
    .bind(kind)
    .bind(units)
    .bind(filter.state)
    .bind(&filter.parent)
    .bind(page.after)
    .bind(page.limit())
    .fetch_all(pool)
    .await?;
    let mut rows = found.into_iter().map(Found::into_row).collect::<Result<Vec<_>, _>>()?;
    let next = page.cut(&mut rows, |(opened_at, _)| *opened_at);
    Ok((rows.into_iter().map(|(_, row)| row).collect(), next))
}
