//! Checkpoints: how far a projection has come along a source (table of migrations/eventstore/0002).

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use time::OffsetDateTime;
use xiaoan_eventstore::ChainHead;

/// A row of the checkpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Projection.
    pub projection: String,
    /// Source.
    pub source: String,
    /// Last event applied, with the hash the next one builds on.
    pub head: ChainHead,
}

/// Locks a projection's row until the end of the transaction; makes it when there is none.
pub(crate) async fn lock_in_tx(
    tx: &mut PgConnection,
    projection: &str,
    source: &str,
) -> Result<ChainHead, sqlx::Error> {
    if let Some(head) = lock_existing(tx, projection, source).await? {
        return Ok(head);
    }
    // Two processes may come here at once: the second finds the first one's row, and then waits for it.
    sqlx::query(
        "INSERT INTO eventstore.checkpoints (projection, source, position, hash, recorded_at)
         VALUES ($1, $2, 0, $3, $4)
         ON CONFLICT DO NOTHING",
    )
    .bind(projection)
    .bind(source)
    .bind(ChainHead::EMPTY.hash.as_slice())
    .bind(ChainHead::EMPTY.recorded_at)
    .execute(&mut *tx)
    .await?;
    Ok(lock_existing(tx, projection, source).await?.unwrap_or_default())
}

async fn lock_existing(
    tx: &mut PgConnection,
    projection: &str,
    source: &str,
) -> Result<Option<ChainHead>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT position, hash, recorded_at
           FROM eventstore.checkpoints
          WHERE projection = $1 AND source = $2
            FOR UPDATE",
    )
    .bind(projection)
    .bind(source)
    .fetch_optional(tx)
    .await?;
    row.as_ref().map(head_of).transpose()
}

/// Where a projection stands along a source, without a lock; the empty head when it has not begun.
pub(crate) async fn find(
    connection: &mut PgConnection,
    projection: &str,
    source: &str,
) -> Result<ChainHead, sqlx::Error> {
    let row = sqlx::query(
        "SELECT position, hash, recorded_at FROM eventstore.checkpoints WHERE projection = $1 AND source = $2",
    )
    .bind(projection)
    .bind(source)
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(head_of).transpose().map(Option::unwrap_or_default)
}

/// Moves a row that this transaction has locked.
pub(crate) async fn move_in_tx(
    tx: &mut PgConnection,
    projection: &str,
    source: &str,
    head: &ChainHead,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE eventstore.checkpoints
            SET position = $3, hash = $4, recorded_at = $5
          WHERE projection = $1 AND source = $2",
    )
    .bind(projection)
    .bind(source)
    .bind(head.position)
    .bind(head.hash.as_slice())
    .bind(head.recorded_at)
    .execute(tx)
    .await?;
    Ok(())
}

fn head_of(row: &PgRow) -> Result<ChainHead, sqlx::Error> {
    let hash: Vec<u8> = row.try_get("hash")?;
    let hash = hash
        .try_into()
        .map_err(|_| sqlx::Error::ColumnDecode { index: "hash".into(), source: "not 32 bytes".into() })?;
    let recorded_at: OffsetDateTime = row.try_get("recorded_at")?;
    Ok(ChainHead { position: row.try_get("position")?, hash, recorded_at })
}
