//! The table of campaigns.

use crate::campaign::{Campaign, CampaignEvent};
use crate::fields::recorded_day;
use crate::views::event_of;
use sqlx::{PgConnection, PgPool};
use time::Date;
use xiaoan_eventstore::StoreError;
use xiaoan_projection::{ApplyError, Projection};
use xiaoan_proto::eventlog::v1::RecordedEvent;
use xiaoan_proto::hq::v1 as hq;

/// Tables of this view.
pub const TABLES: &[&str] = &["campaigns"];

/// Lists campaigns.
#[derive(Debug, Clone)]
pub struct Campaigns {
    pool: PgPool,
}

#[derive(sqlx::FromRow)]
struct CampaignRow {
    campaign_id: String,
    name_zh: String,
    name_en: String,
    from_day: Date,
    to_day: Date,
    closed_on: Option<Date>,
    version: i64,
}

impl From<CampaignRow> for hq::Campaign {
    fn from(row: CampaignRow) -> Self {
        Self {
            campaign_id: row.campaign_id,
            name_zh: row.name_zh,
            name_en: row.name_en,
            from: Some(row.from_day.into()),
            to: Some(row.to_day.into()),
            closed: row.closed_on.is_some(),
            etag: row.version.to_string(),
        }
    }
}

impl Campaigns {
    /// Over the service's database.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// All campaigns, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn list(&self) -> Result<Vec<hq::Campaign>, StoreError> {
        let rows: Vec<CampaignRow> = sqlx::query_as(
            "SELECT campaign_id, name_zh, name_en, from_day, to_day, closed_on, version
             FROM campaigns
             ORDER BY position DESC",
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(hq::Campaign::from).collect())
    }
}

impl Projection for Campaigns {
    fn name(&self) -> &str {
        "campaigns"
    }

    async fn apply(&self, tx: &mut PgConnection, batch: &[RecordedEvent]) -> Result<(), ApplyError> {
        for recorded in batch {
            match event_of::<Campaign>(recorded)? {
                None => {}
                Some(CampaignEvent::Opened(e)) => {
                    sqlx::query(
                        "INSERT INTO campaigns
                                (campaign_id, name_zh, name_en, from_day, to_day, version, position)
                         VALUES ($1,          $2,      $3,      $4,       $5,     $6,      $7)",
                    )
                    .bind(&e.campaign_id)
                    .bind(&e.name_zh)
                    .bind(&e.name_en)
                    .bind(recorded_day(e.from))
                    .bind(recorded_day(e.to))
                    .bind(recorded.version)
                    .bind(recorded.position)
                    .execute(&mut *tx)
                    .await?;
                }
                Some(CampaignEvent::Closed(e)) => {
                    sqlx::query("UPDATE campaigns SET closed_on = $2, version = $3 WHERE campaign_id = $1")
                        .bind(&e.campaign_id)
                        .bind(recorded_day(e.closed_on))
                        .bind(recorded.version)
                        .execute(&mut *tx)
                        .await?;
                }
            }
        }
        Ok(())
    }
}
