//! The table of interviews.

use super::accountability::{corrupt, id_of, small};
use crate::interview::{Interview, InterviewEvent};
use prost::Message;
use sqlx::{PgConnection, PgPool};
use xiaoan_kernel::Aggregate;
use xiaoan_projection::ApplyError;
use xiaoan_proto::eventlog::v1::RecordedEvent;
use xiaoan_proto::hq::v1 as hq;

pub(super) async fn apply_in_tx(
    tx: &mut PgConnection,
    recorded: &RecordedEvent,
    event: &InterviewEvent,
) -> Result<(), ApplyError> {
    let mut interview = match find_in(&mut *tx, id_of(recorded)).await? {
        Some(shown) => Interview::from(shown),
        None => Interview::default(),
    };
    interview.apply(event);
    let Some(mut shown) = interview.into_shown() else { return Ok(()) };
    shown.etag = recorded.version.to_string();
    let triggered = matches!(event, InterviewEvent::Triggered(_));
    sqlx::query(
        "INSERT INTO interviews (interview_id, board, org_unit, state, payload, position)
         VALUES         ($1,           $2,    $3,       $4,    $5,      $6)
         ON CONFLICT (interview_id) DO UPDATE
         SET state = $4, payload = $5, position = CASE WHEN $7 THEN $6 ELSE interviews.position END",
    )
    .bind(&shown.interview_id)
    .bind(&shown.board)
    .bind(&shown.org_unit)
    .bind(small(shown.state))
    .bind(shown.encode_to_vec())
    .bind(recorded.position)
    .bind(triggered)
    .execute(&mut *tx)
    .await?;
    Ok(())
}

async fn find_in(tx: &mut PgConnection, interview_id: &str) -> Result<Option<hq::Interview>, sqlx::Error> {
    let row: Option<(Vec<u8>,)> = sqlx::query_as("SELECT payload FROM interviews WHERE interview_id = $1")
        .bind(interview_id)
        .fetch_optional(tx)
        .await?;
    row.map(|(payload,)| decode(&payload)).transpose()
}

fn decode(payload: &[u8]) -> Result<hq::Interview, sqlx::Error> {
    hq::Interview::decode(payload).map_err(|e| corrupt("interviews", &e))
}

/// One interview.
///
/// # Errors
/// When the database cannot be read or the row is corrupt; so for [`list`].
pub async fn find(pool: &PgPool, interview_id: &str) -> Result<Option<hq::Interview>, sqlx::Error> {
    find_in(&mut *pool.acquire().await?, interview_id).await
}

/// Interviews of a board and a unit (empty = all), newest first.
///
/// # Errors
/// See [`find`].
pub async fn list(pool: &PgPool, board: &str, org_unit: &str) -> Result<Vec<hq::Interview>, sqlx::Error> {
    let rows: Vec<(Vec<u8>,)> = sqlx::query_as(
        "SELECT payload FROM interviews
         WHERE ($1 = '' OR board = $1) AND ($2 = '' OR org_unit = $2)
         ORDER BY position DESC",
    )
    .bind(board)
    .bind(org_unit)
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(|(payload,)| decode(&payload)).collect()
}
