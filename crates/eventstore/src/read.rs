//! Reading: by stream, by position, by request.

use crate::{Appended, ChainHead, RecordedEvent, Remembered, StoreError};
use bytes::Bytes;
use futures::TryStreamExt;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use time::{Date, OffsetDateTime};
use xiaoan_kernel::{RequestId, StreamId};

const STREAM: &str = "
    SELECT position, version, recorded_at, occurred_on, stream, type, payload, org_unit, actor, traceparent, previous_hash, hash
    FROM eventstore.events WHERE stream = $1 AND version > $2 ORDER BY version";

const LOG: &str = "
    SELECT position, version, recorded_at, occurred_on, stream, type, payload, org_unit, actor, traceparent, previous_hash, hash
    FROM eventstore.events WHERE position >= $1 ORDER BY position LIMIT $2";

/// A row of [`STREAM`] or [`LOG`]. By index: a name per column and row costs more than the value.
fn event(row: &PgRow, source: &str) -> Result<RecordedEvent, sqlx::Error> {
    Ok(RecordedEvent {
        source: source.to_owned(),
        position: row.try_get(0)?,
        version: row.try_get(1)?,
        recorded_at: Some(xiaoan_proto::timestamp(row.try_get::<OffsetDateTime, _>(2)?)),
        occurred_on: Some(row.try_get::<Date, _>(3)?.into()),
        stream: row.try_get(4)?,
        r#type: row.try_get(5)?,
        payload: blob(row, 6)?,
        org_unit: row.try_get(7)?,
        actor: row.try_get(8)?,
        traceparent: row.try_get(9)?,
        previous_hash: blob(row, 10)?,
        hash: blob(row, 11)?,
    })
}

fn blob(row: &PgRow, column: usize) -> Result<Bytes, sqlx::Error> {
    row.try_get(column).map(Bytes::copy_from_slice)
}

pub(crate) async fn stream(
    pool: &PgPool,
    source: &str,
    stream: &StreamId,
    after_version: i64,
) -> Result<Vec<RecordedEvent>, StoreError> {
    let rows = sqlx::query(STREAM).bind(stream.as_str()).bind(after_version).fetch_all(pool).await?;
    Ok(rows.iter().map(|row| event(row, source)).collect::<Result<_, _>>()?)
}

pub(crate) async fn log(
    pool: &PgPool,
    source: &str,
    from: i64,
    limit: i64,
) -> Result<Vec<RecordedEvent>, StoreError> {
    let limit = limit.max(0);
    let mut events = Vec::with_capacity(usize::try_from(limit.min(4_096)).unwrap_or(0));
    // Row by row while the server sends: collecting the rows first makes long pages half as fast.
    let mut rows = sqlx::query(LOG).bind(from).bind(limit).fetch(pool);
    while let Some(row) = rows.try_next().await? {
        events.push(event(&row, source)?);
    }
    Ok(events)
}

pub(crate) async fn head(pool: &PgPool) -> Result<ChainHead, StoreError> {
    let row: Option<(i64, Vec<u8>, OffsetDateTime)> = sqlx::query_as(
        "SELECT position, hash, recorded_at FROM eventstore.events ORDER BY position DESC LIMIT 1",
    )
    .fetch_optional(pool)
    .await?;
    let Some((position, hash, recorded_at)) = row else { return Ok(ChainHead::EMPTY) };
    let hash = hash_of(position, hash)?;
    Ok(ChainHead { position, hash, recorded_at })
}

pub(crate) async fn head_position(pool: &PgPool) -> Result<i64, StoreError> {
    let position: i64 = sqlx::query_scalar("SELECT coalesce(max(position), 0) FROM eventstore.events")
        .fetch_one(pool)
        .await?;
    Ok(position)
}

pub(crate) async fn remembered(pool: &PgPool, id: RequestId) -> Result<Option<Remembered>, StoreError> {
    let row = sqlx::query(
        "SELECT first_position, last_position, recorded_at, versions, response, digest
         FROM eventstore.requests WHERE request_id = $1",
    )
    .bind(id.0)
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let last_position = row.try_get(1)?;
    let appended = Appended {
        first_position: row.try_get(0)?,
        last_position,
        recorded_at: row.try_get(2)?,
        versions: row.try_get(3)?,
        replayed: true,
        response: row.try_get(4)?,
    };
    Ok(Some(Remembered { digest: hash_of(last_position, row.try_get(5)?)?, appended }))
}

fn hash_of(position: i64, bytes: Vec<u8>) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Corrupt { position, reason: "hash is not 32 bytes".into() })
}
