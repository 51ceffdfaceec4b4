//! What hq decided, as far as boards need it: every version of every scheme, the days of campaigns, and which units hq told of
//! at which position. Org units as they are now are the directory's ([`xiaoan_directory`]); as they were known they are read
//! from here.

use crate::ledger::Cut;
use crate::standings::builtin;
use crate::standings::period::Days;
use prost::Message;
use sqlx::{FromRow, PgConnection};
use std::sync::Arc;
use time::{Date, OffsetDateTime};
use xiaoan_directory::OrgUnits;
use xiaoan_eventstore::RecordedEvent;
use xiaoan_kernel::EventSet;
use xiaoan_projection::{ApplyError, Projection, Replay};
use xiaoan_proto::hq::v1::{Campaign, CampaignClosed, CampaignOpened, Scheme, SchemePublished};

/// Name of the projection, in checkpoints and on the board.
pub const NAME: &str = "decisions";
/// Source it follows.
pub const SOURCE: &str = "hq";
/// Its tables.
pub const TABLES: &[&str] = &["schemes", "campaigns", "unit_log"];

xiaoan_kernel::events! {
    enum SchemeEvent { Published(SchemePublished) }
}
xiaoan_kernel::events! {
    enum CampaignEvent { Opened(CampaignOpened), Closed(CampaignClosed) }
}

/// Projection of hq's schemes and campaigns.
#[derive(Debug, Clone, Copy, Default)]
pub struct Decisions;

impl Decisions {
    /// The projection.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self)
    }

    /// How it is built anew from hq's log.
    #[must_use]
    pub fn rebuild() -> Replay<Self> {
        Replay::new(Self::new(), TABLES)
    }
}

impl Projection for Decisions {
    fn name(&self) -> &str {
        NAME
    }

    async fn apply(&self, tx: &mut PgConnection, batch: &[RecordedEvent]) -> Result<(), ApplyError> {
        for event in batch {
            let unread = |e: xiaoan_kernel::UnknownEvent| ApplyError::poison(event, e);
            match event.stream.split_once('-').map_or("", |(kind, _)| kind) {
                "scheme" => match SchemeEvent::decode(&event.r#type, &event.payload).map_err(unread)? {
                    SchemeEvent::Published(published) => keep_scheme(tx, event, published).await?,
                },
                "campaign" => match CampaignEvent::decode(&event.r#type, &event.payload).map_err(unread)? {
                    CampaignEvent::Opened(opened) => open_campaign(tx, event, opened).await?,
                    CampaignEvent::Closed(closed) => close_campaign(tx, event, &closed).await?,
                },
                _ if xiaoan_directory::is_of_units(event) => log_unit(tx, event).await?,
                // Whatever else hq decides makes no board.
                _ => {}
            }
        }
        Ok(())
    }
}

async fn keep_scheme(
    tx: &mut PgConnection,
    event: &RecordedEvent,
    published: SchemePublished,
) -> Result<(), ApplyError> {
    let scheme = published.scheme.ok_or_else(|| ApplyError::poison(event, "the scheme is missing"))?;
    let effective_on = scheme.effective_on.map(|on| day(event, Some(on))).transpose()?;
    let published_at = event.recorded_at.as_ref().and_then(xiaoan_proto::instant);
    sqlx::query(
        "INSERT INTO schemes (board, version, effective_on, published_at, scheme, position)
         VALUES      ($1,    $2,      $3,           $4,           $5,     $6)",
    )
    .bind(&scheme.board)
    .bind(scheme.version)
    .bind(effective_on)
    .bind(published_at)
    .bind(scheme.encode_to_vec())
    .bind(event.position)
    .execute(tx)
    .await?;
    Ok(())
}

async fn open_campaign(
    tx: &mut PgConnection,
    event: &RecordedEvent,
    opened: CampaignOpened,
) -> Result<(), ApplyError> {
    sqlx::query(
        "INSERT INTO campaigns (campaign_id, name_zh, name_en, first_day, last_day, version, position)
         VALUES        ($1,          $2,      $3,      $4,        $5,       $6,      $7)",
    )
    .bind(&opened.campaign_id)
    .bind(&opened.name_zh)
    .bind(&opened.name_en)
    .bind(day(event, opened.from)?)
    .bind(day(event, opened.to)?)
    .bind(event.version)
    .bind(event.position)
    .execute(tx)
    .await?;
    Ok(())
}

async fn close_campaign(
    tx: &mut PgConnection,
    event: &RecordedEvent,
    closed: &CampaignClosed,
) -> Result<(), ApplyError> {
    sqlx::query("UPDATE campaigns SET closed = true, version = $2 WHERE campaign_id = $1")
        .bind(&closed.campaign_id)
        .bind(event.version)
        .execute(tx)
        .await?;
    Ok(())
}

async fn log_unit(tx: &mut PgConnection, event: &RecordedEvent) -> Result<(), ApplyError> {
    sqlx::query(
        "INSERT INTO unit_log (position, recorded_at, stream, version, type, payload)
         VALUES       ($1,       $2,          $3,     $4,      $5,   $6)",
    )
    .bind(event.position)
    .bind(event.recorded_at.as_ref().and_then(xiaoan_proto::instant))
    .bind(&event.stream)
    .bind(event.version)
    .bind(&event.r#type)
    .bind(event.payload.as_ref())
    .execute(tx)
    .await?;
    Ok(())
}

/// Last position at which hq told of a unit, of what was known; 0 = it had told of none.
///
/// # Errors
/// When the database cannot be read.
pub async fn units_told(connection: &mut PgConnection, known: Cut) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT coalesce(max(position), 0) FROM unit_log WHERE position <= $1 AND recorded_at <= $2",
    )
    .bind(known.position)
    .bind(known.at)
    .fetch_one(connection)
    .await
}

#[derive(FromRow)]
struct UnitRow {
    position: i64,
    recorded_at: OffsetDateTime,
    stream: String,
    version: i64,
    #[sqlx(rename = "type")]
    type_name: String,
    payload: Vec<u8>,
}

/// Org units by everything that hq had told of them up to a position.
///
/// # Errors
/// When the database cannot be read or a row is corrupt.
pub async fn units_as_told(connection: &mut PgConnection, position: i64) -> Result<OrgUnits, sqlx::Error> {
    let rows: Vec<UnitRow> = sqlx::query_as(
        "SELECT position, recorded_at, stream, version, type, payload
         FROM unit_log
         WHERE position <= $1
         ORDER BY position",
    )
    .bind(position)
    .fetch_all(connection)
    .await?;
    let event = |row: UnitRow| RecordedEvent {
        position: row.position,
        recorded_at: Some(xiaoan_proto::timestamp(row.recorded_at)),
        stream: row.stream,
        version: row.version,
        r#type: row.type_name,
        payload: row.payload.into(),
        ..Default::default()
    };
    let events: Vec<_> = rows.into_iter().map(event).collect();
    OrgUnits::of(&events).map_err(|e| sqlx::Error::Decode(format!("corrupt row of unit_log: {e}").into()))
}

fn day(event: &RecordedEvent, date: Option<xiaoan_proto::core::v1::Date>) -> Result<Date, ApplyError> {
    let date = date.ok_or_else(|| ApplyError::poison(event, "a day is missing"))?;
    Date::try_from(date).map_err(|e| ApplyError::poison(event, e))
}

/// Every scheme there is, built in or published; which one counts depends on the period.
#[derive(Debug, Clone, Default)]
pub struct Schemes {
    /// By board in the order shown, then by version.
    all: Vec<Scheme>,
}

impl Schemes {
    /// Built-in ones alone.
    #[must_use]
    pub fn built_in() -> Self {
        Self { all: builtin::schemes() }
    }

    /// All schemes, or those that were published by then.
    ///
    /// # Errors
    /// When the database cannot be read or a row is corrupt.
    pub async fn read(connection: &mut PgConnection, known: Option<Cut>) -> Result<Self, sqlx::Error> {
        let rows: Vec<(String, i32, Vec<u8>)> = sqlx::query_as(
            "SELECT board, version, scheme FROM schemes
             WHERE $1::timestamptz IS NULL OR (published_at <= $1 AND position <= $2)
             ORDER BY board, version",
        )
        .bind(known.map(|cut| cut.at))
        .bind(known.map(|cut| cut.position))
        .fetch_all(connection)
        .await?;
        let mut schemes = Self::built_in();
        for (board, version, bytes) in rows {
            let scheme = Scheme::decode(bytes.as_slice())
                .map_err(|e| sqlx::Error::Decode(format!("schemes row {board} {version}: {e}").into()))?;
            schemes.all.push(scheme);
        }
        Ok(schemes)
    }

    /// The scheme of a board for periods that begin on a day: of the versions in force then, the newest.
    #[must_use]
    pub fn in_force(&self, board: &str, on: Date) -> Option<&Scheme> {
        let begun = |scheme: &&Scheme| match scheme.effective_on {
            None => true,
            Some(date) => Date::try_from(date).is_ok_and(|from| from <= on),
        };
        self.all.iter().filter(|s| s.board == board).filter(begun).max_by_key(|s| s.version)
    }

    /// Names of the boards: the built-in ones first, then the others by name.
    #[must_use]
    pub fn boards(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for scheme in &self.all {
            if !names.contains(&scheme.board.as_str()) {
                names.push(&scheme.board);
            }
        }
        names
    }
}

#[derive(FromRow)]
struct CampaignRow {
    campaign_id: String,
    name_zh: String,
    name_en: String,
    first_day: Date,
    last_day: Date,
    closed: bool,
    version: i64,
}

/// Campaigns, newest first.
///
/// # Errors
/// When the database cannot be read.
pub async fn campaigns(connection: &mut PgConnection) -> Result<Vec<Campaign>, sqlx::Error> {
    let rows: Vec<CampaignRow> = sqlx::query_as(
        "SELECT campaign_id, name_zh, name_en, first_day, last_day, closed, version
         FROM campaigns
         ORDER BY position DESC",
    )
    .fetch_all(connection)
    .await?;
    let campaign = |row: CampaignRow| Campaign {
        campaign_id: row.campaign_id,
        name_zh: row.name_zh,
        name_en: row.name_en,
        from: Some(row.first_day.into()),
        to: Some(row.last_day.into()),
        closed: row.closed,
        etag: row.version.to_string(),
    };
    Ok(rows.into_iter().map(campaign).collect())
}

/// Days of a campaign.
///
/// # Errors
/// When the database cannot be read.
pub async fn campaign_days(connection: &mut PgConnection, id: &str) -> Result<Option<Days>, sqlx::Error> {
    let row: Option<(Date, Date)> =
        sqlx::query_as("SELECT first_day, last_day FROM campaigns WHERE campaign_id = $1")
            .bind(id)
            .fetch_optional(connection)
            .await?;
    Ok(row.and_then(|(from, to)| Days::inclusive(from, to)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    fn published(version: i32, effective_on: Option<Date>) -> Scheme {
        Scheme {
            board: "theft-stations".into(),
            version,
            effective_on: effective_on.map(Into::into),
            ..Default::default()
        }
    }

    #[test]
    fn the_newest_version_in_force_on_the_first_day_of_the_period_counts() {
        let mut schemes = Schemes::built_in();
        schemes.all.push(published(1, Some(date!(2026 - 07 - 01))));
        schemes.all.push(published(2, Some(date!(2026 - 09 - 01))));
        let version = |on| schemes.in_force("theft-stations", on).map(|s| s.version);
        assert_eq!(version(date!(2026 - 06 - 30)), Some(0));
        assert_eq!(version(date!(2026 - 07 - 01)), Some(1));
        assert_eq!(version(date!(2026 - 09 - 01)), Some(2));
        assert_eq!(schemes.in_force("unheard-of", date!(2026 - 09 - 01)), None);
    }

    #[test]
    fn a_published_board_stands_behind_the_built_in_ones() {
        let mut schemes = Schemes::built_in();
        schemes.all.push(Scheme { board: "a-new-one".into(), version: 1, ..Default::default() });
        schemes.all.push(published(1, None));
        assert_eq!(
            schemes.boards(),
            [
                "theft-stations",
                "theft-bureaus",
                "small-cases",
                "prevention-stations",
                "anti-fraud-bureaus",
                "volunteer-squadrons",
                "port-operations",
                "city",
                "a-new-one"
            ]
        );
    }
}
