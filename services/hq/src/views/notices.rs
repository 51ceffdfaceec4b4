//! The table of notices.

use super::accountability::{corrupt, id_of, small};
use crate::notice::{Notice, NoticeEvent};
use prost::Message;
use sqlx::{PgConnection, PgPool};
use xiaoan_kernel::Aggregate;
use xiaoan_projection::ApplyError;
use xiaoan_proto::eventlog::v1::RecordedEvent;
use xiaoan_proto::hq::v1::{self as hq, NoticeState};

pub(super) async fn apply_in_tx(
    tx: &mut PgConnection,
    recorded: &RecordedEvent,
    event: &NoticeEvent,
) -> Result<(), ApplyError> {
    let mut notice = match find_in(&mut *tx, id_of(recorded)).await? {
        Some(shown) => Notice::from(shown),
        None => Notice::default(),
    };
    notice.apply(event);
    let Some(mut shown) = notice.into_shown() else { return Ok(()) };
    shown.etag = recorded.version.to_string();
    let issued = matches!(event, NoticeEvent::Issued(_));
    sqlx::query(
        "INSERT INTO notices (notice_id, closing_id, board, period, org_unit, state, payload, position)
         VALUES      ($1,        $2,         $3,    $4,     $5,       $6,    $7,      $8)
         ON CONFLICT (notice_id) DO UPDATE
         SET state = $6, payload = $7, position = CASE WHEN $9 THEN $8 ELSE notices.position END",
    )
    .bind(&shown.notice_id)
    .bind(&shown.closing_id)
    .bind(&shown.board)
    .bind(&shown.period)
    .bind(&shown.org_unit)
    .bind(small(shown.state))
    .bind(shown.encode_to_vec())
    .bind(recorded.position)
    .bind(issued)
    .execute(&mut *tx)
    .await?;
    Ok(())
}

async fn find_in(tx: &mut PgConnection, notice_id: &str) -> Result<Option<hq::Notice>, sqlx::Error> {
    let row: Option<(Vec<u8>,)> = sqlx::query_as("SELECT payload FROM notices WHERE notice_id = $1")
        .bind(notice_id)
        .fetch_optional(tx)
        .await?;
    row.map(|(payload,)| decode(&payload)).transpose()
}

fn decode(payload: &[u8]) -> Result<hq::Notice, sqlx::Error> {
    hq::Notice::decode(payload).map_err(|e| corrupt("notices", &e))
}

/// One notice.
///
/// # Errors
/// When the database cannot be read or the row is corrupt; so for what follows.
pub async fn find(pool: &PgPool, notice_id: &str) -> Result<Option<hq::Notice>, sqlx::Error> {
    find_in(&mut *pool.acquire().await?, notice_id).await
}

/// Which notices; empty = all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    /// Of this board.
    pub board: &'a str,
    /// Of this unit.
    pub org_unit: &'a str,
    /// From this closing.
    pub closing_id: &'a str,
    /// Only those that are not closed, waived or withdrawn.
    pub open_only: bool,
}

/// Notices: the newest period first, then by unit.
///
/// # Errors
/// See [`find`].
pub async fn list(pool: &PgPool, filter: Filter<'_>) -> Result<Vec<hq::Notice>, sqlx::Error> {
    let ended = [NoticeState::Closed, NoticeState::Waived, NoticeState::Withdrawn];
    let ended: Vec<i16> = ended.into_iter().map(|state| small(state.into())).collect();
    let rows: Vec<(Vec<u8>,)> = sqlx::query_as(
        "SELECT payload FROM notices
         WHERE ($1 = '' OR board = $1) AND ($2 = '' OR org_unit = $2) AND ($3 = '' OR closing_id = $3)
           AND (NOT $4 OR state <> ALL ($5))
         ORDER BY period DESC, org_unit, board",
    )
    .bind(filter.board)
    .bind(filter.org_unit)
    .bind(filter.closing_id)
    .bind(filter.open_only)
    .bind(ended)
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(|(payload,)| decode(&payload)).collect()
}
