//! The table of scoring schemes: every published version, as it was recorded.

use crate::scheme::{Scheme, SchemeEvent};
use crate::views::event_of;
use prost::Message;
use sqlx::{PgConnection, PgPool};
use xiaoan_eventstore::StoreError;
use xiaoan_projection::{ApplyError, Projection};
use xiaoan_proto::eventlog::v1::RecordedEvent;
use xiaoan_proto::hq::v1 as hq;

/// Tables of this view.
pub const TABLES: &[&str] = &["schemes"];

/// Lists schemes.
#[derive(Debug, Clone)]
pub struct Schemes {
    pool: PgPool,
}

impl Schemes {
    /// Over the service's database.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// All versions, newest first; of one board, or of all when `board` is empty.
    ///
    /// # Errors
    /// When the database cannot be read or holds no scheme where one should be.
    pub async fn list(&self, board: &str) -> Result<Vec<hq::Scheme>, StoreError> {
        let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(
            "SELECT position, payload
             FROM schemes
             WHERE $1 = '' OR board = $1
             ORDER BY position DESC",
        )
        .bind(board)
        .fetch_all(&self.pool)
        .await?;
        let scheme = |(position, payload): (i64, Vec<u8>)| {
            let published = hq::SchemePublished::decode(payload.as_slice()).ok();
            published
                .and_then(|event| event.scheme)
                .ok_or_else(|| StoreError::Corrupt { position, reason: "no scheme in its row".into() })
        };
        rows.into_iter().map(scheme).collect()
    }
}

impl Projection for Schemes {
    fn name(&self) -> &str {
        "schemes"
    }

    async fn apply(&self, tx: &mut PgConnection, batch: &[RecordedEvent]) -> Result<(), ApplyError> {
        for recorded in batch {
            let Some(SchemeEvent::Published(event)) = event_of::<Scheme>(recorded)? else { continue };
            let scheme = event.scheme.ok_or_else(|| ApplyError::poison(recorded, "the scheme is missing"))?;
            sqlx::query(
                "INSERT INTO schemes (board, version, payload, position)
                 VALUES              ($1,    $2,      $3,      $4)",
            )
            .bind(&scheme.board)
            .bind(scheme.version)
            .bind(recorded.payload.as_ref())
            .bind(recorded.position)
            .execute(&mut *tx)
            .await?;
        }
        Ok(())
    }
}
