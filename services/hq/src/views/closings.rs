//! The table of closings, and how each entry stands.

use super::accountability::{corrupt, id_of, small};
use crate::closing::{Closing, ClosingEvent, current};
use crate::consequence::{History, Month, Past, consequences};
use prost::Message;
use sqlx::{PgConnection, PgPool};
use xiaoan_kernel::Aggregate;
use xiaoan_projection::ApplyError;
use xiaoan_proto::eventlog::v1::RecordedEvent;
use xiaoan_proto::hq::v1::{self as hq, Consequence, NoticeState, Standing};

pub(super) async fn apply_in_tx(
    tx: &mut PgConnection,
    recorded: &RecordedEvent,
    event: &ClosingEvent,
) -> Result<(), ApplyError> {
    let mut closing = match find_in(&mut *tx, id_of(recorded)).await? {
        Some(shown) => Closing::from(shown),
        None => Closing::default(),
    };
    closing.apply(event);
    let Some(mut shown) = closing.into_shown() else { return Ok(()) };
    shown.etag = recorded.version.to_string();
    if recorded.version == 1 {
        shown.recorded_at = recorded.recorded_at;
    }
    sqlx::query(
        "INSERT INTO closings (closing_id, board, period, payload, position)
         VALUES       ($1,         $2,    $3,     $4,      $5)
         ON CONFLICT (closing_id) DO UPDATE SET payload = $4",
    )
    .bind(&shown.closing_id)
    .bind(&shown.board)
    .bind(&shown.period)
    .bind(shown.encode_to_vec())
    .bind(recorded.position)
    .execute(&mut *tx)
    .await?;
    keep_standings(tx, &shown).await?;
    Ok(())
}

async fn keep_standings(tx: &mut PgConnection, shown: &hq::Closing) -> Result<(), sqlx::Error> {
    let found = current(shown).map(consequences).unwrap_or_default();
    let month = Month::parse(&shown.period).map(Month::number);
    let units: Vec<_> = found.iter().map(|c| c.org_unit.clone()).collect();
    let standings: Vec<_> = found.iter().map(|c| small(c.standing)).collect();
    let payloads: Vec<_> = found.iter().map(Message::encode_to_vec).collect();
    sqlx::query("DELETE FROM closed_standings WHERE closing_id = $1")
        .bind(&shown.closing_id)
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "INSERT INTO closed_standings (closing_id, board, month, org_unit, standing, payload)
         SELECT                $1,         $2,    $3,    org_unit, standing, payload
         FROM unnest($4::text[], $5::smallint[], $6::bytea[]) AS rows (org_unit, standing, payload)",
    )
    .bind(&shown.closing_id)
    .bind(&shown.board)
    .bind(month)
    .bind(units)
    .bind(standings)
    .bind(payloads)
    .execute(&mut *tx)
    .await?;
    Ok(())
}

async fn find_in(tx: &mut PgConnection, closing_id: &str) -> Result<Option<hq::Closing>, sqlx::Error> {
    let row: Option<(Vec<u8>,)> = sqlx::query_as("SELECT payload FROM closings WHERE closing_id = $1")
        .bind(closing_id)
        .fetch_optional(tx)
        .await?;
    row.map(|(payload,)| decode(&payload)).transpose()
}

fn decode(payload: &[u8]) -> Result<hq::Closing, sqlx::Error> {
    hq::Closing::decode(payload).map_err(|e| corrupt("closings", &e))
}

/// One closing.
///
/// # Errors
/// When the database cannot be read or the row is corrupt; so for what follows.
pub async fn find(pool: &PgPool, closing_id: &str) -> Result<Option<hq::Closing>, sqlx::Error> {
    find_in(&mut *pool.acquire().await?, closing_id).await
}

/// How each entry of a closing stands, by org unit, with the notices that were issued.
///
/// # Errors
/// See [`find`].
pub async fn standings(pool: &PgPool, closing_id: &str) -> Result<Vec<Consequence>, sqlx::Error> {
    let rows: Vec<(Vec<u8>, Option<String>)> = sqlx::query_as(
        "SELECT s.payload, n.notice_id
         FROM closed_standings s
         LEFT JOIN notices n ON n.closing_id = s.closing_id AND n.org_unit = s.org_unit
         WHERE s.closing_id = $1
         ORDER BY s.org_unit",
    )
    .bind(closing_id)
    .fetch_all(pool)
    .await?;
    let found = |(payload, notice_id): (Vec<u8>, Option<String>)| {
        let found = Consequence::decode(payload.as_slice()).map_err(|e| corrupt("closed_standings", &e))?;
        Ok(Consequence { notice_id: notice_id.unwrap_or_default(), ..found })
    };
    rows.into_iter().map(found).collect()
}

/// Closings without their entries, of one board or (empty) of all: the newest period first.
///
/// # Errors
/// See [`find`].
pub async fn list(pool: &PgPool, board: &str) -> Result<Vec<hq::Closing>, sqlx::Error> {
    let rows: Vec<(Vec<u8>,)> = sqlx::query_as(
        "SELECT payload FROM closings WHERE $1 = '' OR board = $1 ORDER BY period DESC, board",
    )
    .bind(board)
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(|(payload,)| decode(&payload).map(without_entries)).collect()
}

fn without_entries(mut closing: hq::Closing) -> hq::Closing {
    let figures = closing.corrections.iter_mut().filter_map(|correction| {
        correction.differences.clear();
        correction.figures.as_mut()
    });
    for figures in figures.chain(closing.frozen.as_mut()) {
        figures.entries.clear();
        figures.total = None;
    }
    closing
}

/// What is known of a unit's closed months on a board.
///
/// # Errors
/// See [`find`].
pub async fn history(pool: &PgPool, board: &str, org_unit: &str) -> Result<History, sqlx::Error> {
    let rows: Vec<(i32, i16, Option<i16>)> = sqlx::query_as(
        "SELECT s.month, s.standing, n.state
         FROM closed_standings s
         LEFT JOIN notices n ON n.closing_id = s.closing_id AND n.org_unit = s.org_unit
         WHERE s.org_unit = $1 AND s.board = $2 AND s.month IS NOT NULL",
    )
    .bind(org_unit)
    .bind(board)
    .fetch_all(pool)
    .await?;
    let past = |(month, standing, notice): (i32, i16, Option<i16>)| {
        let standing = Standing::try_from(i32::from(standing)).unwrap_or_default();
        let notice = notice.map(|state| NoticeState::try_from(i32::from(state)).unwrap_or_default());
        (Month::numbered(month), Past { standing, notice })
    };
    Ok(rows.into_iter().map(past).collect())
}
