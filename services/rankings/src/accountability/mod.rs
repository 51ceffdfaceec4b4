//! What hq decided after a month was over, as far as the board shows it: closings, notices, interviews, cases under listed
//! supervision. A projection of hq's events of its own, so that a rebuild gives the same; nothing is judged here.
//!
//! Invariant: no person. Of whoever takes part the post is kept; subjects, plans, minutes and reports in words are not.

mod fold;

use prost::Message;
use sqlx::PgConnection;
use std::collections::HashMap;
use std::sync::Arc;
use xiaoan_eventstore::RecordedEvent;
use xiaoan_kernel::EventSet;
use xiaoan_projection::{ApplyError, Projection, Replay};
use xiaoan_proto::hq::v1::{ClosedFigures, Closing, Correction, Interview, ListedCase, Notice};

pub use fold::{ClosingEvent, InterviewEvent, ListedCaseEvent, NoticeEvent};

/// Name of the projection, in checkpoints and on the board.
pub const NAME: &str = "accountability";
/// Its tables.
pub const TABLES: &[&str] = &["accountability", "closed_figures"];

/// Projection of hq's closings, notices, interviews and listed cases.
#[derive(Debug, Clone, Copy, Default)]
pub struct Accountability;

impl Accountability {
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

impl Projection for Accountability {
    fn name(&self) -> &str {
        NAME
    }

    async fn apply(&self, tx: &mut PgConnection, batch: &[RecordedEvent]) -> Result<(), ApplyError> {
        for recorded in batch {
            match recorded.stream.split_once('-').map_or("", |(kind, _)| kind) {
                Closing::KIND => {
                    keep_figures(tx, recorded).await?;
                    keep::<Closing>(tx, recorded).await?;
                }
                Notice::KIND => keep::<Notice>(tx, recorded).await?,
                Interview::KIND => keep::<Interview>(tx, recorded).await?,
                ListedCase::KIND => keep::<ListedCase>(tx, recorded).await?,
                // Whatever else hq decides is followed by others or stands on no page.
                _ => {}
            }
        }
        Ok(())
    }
}

/// Whether an event of these streams is read. One that is not would stop the projection: `tests/architecture` compares with the
/// published language.
#[must_use]
pub fn reads(type_name: &str) -> bool {
    // Every message can be read from no bytes at all.
    ClosingEvent::decode(type_name, &[]).is_ok()
        || NoticeEvent::decode(type_name, &[]).is_ok()
        || InterviewEvent::decode(type_name, &[]).is_ok()
        || ListedCaseEvent::decode(type_name, &[]).is_ok()
}

/// What is kept of a stream of hq.
pub trait Kept: Message + Default {
    /// First part of the stream's name.
    const KIND: &'static str;
    /// Its events.
    type Event: EventSet;
    /// What an event makes of it.
    fn apply(&mut self, event: Self::Event, recorded: &RecordedEvent);
    /// By what it is found.
    fn keys(&self) -> Keys<'_>;
}

/// By what a row is found.
#[derive(Debug, Default)]
pub struct Keys<'a> {
    /// Board; empty where it belongs to none.
    pub board: &'a str,
    /// Period.
    pub period: &'a str,
    /// Unit.
    pub org_unit: &'a str,
    /// A deadline has passed and what was due is not done.
    pub overdue: bool,
}

async fn keep<K: Kept>(tx: &mut PgConnection, recorded: &RecordedEvent) -> Result<(), ApplyError> {
    let event: K::Event = read(recorded)?;
    let row: Option<(Vec<u8>,)> = sqlx::query_as("SELECT payload FROM accountability WHERE stream = $1")
        .bind(&recorded.stream)
        .fetch_optional(&mut *tx)
        .await?;
    let mut kept = row.map(|(payload,)| decoded::<K>(&payload)).transpose()?.unwrap_or_default();
    kept.apply(event, recorded);
    let keys = kept.keys();
    sqlx::query(
        "INSERT INTO accountability (stream, kind, board, period, org_unit, overdue, payload, position)
         VALUES             ($1,     $2,   $3,    $4,     $5,       $6,      $7,      $8)
         ON CONFLICT (stream) DO UPDATE
         SET board = $3, period = $4, org_unit = $5, overdue = $6, payload = $7, position = $8",
    )
    .bind(&recorded.stream)
    .bind(K::KIND)
    .bind(keys.board)
    .bind(keys.period)
    .bind(keys.org_unit)
    .bind(keys.overdue)
    .bind(kept.encode_to_vec())
    .bind(recorded.position)
    .execute(tx)
    .await?;
    Ok(())
}

/// The rows of a closing are many: they stand apart, so that a list need not read them.
async fn keep_figures(tx: &mut PgConnection, recorded: &RecordedEvent) -> Result<(), ApplyError> {
    let figures = match read(recorded)? {
        ClosingEvent::Frozen(e) => {
            Correction { corrected_on: e.frozen_on, figures: e.figures, ..Correction::default() }
        }
        ClosingEvent::Corrected(e) => {
            e.correction.ok_or_else(|| ApplyError::poison(recorded, "the correction is missing"))?
        }
    };
    sqlx::query("INSERT INTO closed_figures (stream, number, payload) VALUES ($1, $2, $3)")
        .bind(&recorded.stream)
        .bind(figures.number)
        .bind(figures.encode_to_vec())
        .execute(tx)
        .await?;
    Ok(())
}

fn read<E: EventSet>(recorded: &RecordedEvent) -> Result<E, ApplyError> {
    E::decode(&recorded.r#type, &recorded.payload).map_err(|e| ApplyError::poison(recorded, e))
}

fn decoded<M: Message + Default>(payload: &[u8]) -> Result<M, sqlx::Error> {
    M::decode(payload).map_err(|e| sqlx::Error::Decode(format!("corrupt row of accountability: {e}").into()))
}

/// All of a kind, the latest period first, then by unit and stream.
///
/// # Errors
/// When the database cannot be read or a row is corrupt; so for what follows.
pub async fn all<K: Kept>(connection: &mut PgConnection) -> Result<Vec<K>, sqlx::Error> {
    let rows: Vec<(Vec<u8>,)> = sqlx::query_as(
        "SELECT payload FROM accountability
         WHERE kind = $1
         ORDER BY period DESC, board, org_unit, stream",
    )
    .bind(K::KIND)
    .fetch_all(connection)
    .await?;
    rows.iter().map(|(payload,)| decoded(payload)).collect()
}

/// Notices of which a deadline has passed, by unit and period.
///
/// # Errors
/// See [`all`].
pub async fn overdue_notices(connection: &mut PgConnection) -> Result<Vec<Notice>, sqlx::Error> {
    let rows: Vec<(Vec<u8>,)> = sqlx::query_as(
        "SELECT payload FROM accountability
         WHERE kind = $1 AND overdue
         ORDER BY org_unit, period, stream",
    )
    .bind(Notice::KIND)
    .fetch_all(connection)
    .await?;
    rows.iter().map(|(payload,)| decoded(payload)).collect()
}

/// A closing with all its figures.
#[derive(Debug, Clone)]
pub struct Closed {
    /// The closing, without rows.
    pub closing: Closing,
    /// The frozen figures as number 0, then the corrections.
    pub versions: Vec<Correction>,
}

impl Closed {
    /// The figures of a correction; 0 = those that were frozen.
    #[must_use]
    pub fn figures(&self, number: i32) -> Option<&ClosedFigures> {
        self.versions.iter().find(|version| version.number == number)?.figures.as_ref()
    }
}

/// The figures of a closing's correction, without rows; 0 = those that were frozen.
#[must_use]
pub fn figures_of(closing: &Closing, number: i32) -> Option<&ClosedFigures> {
    match number {
        0 => closing.frozen.as_ref(),
        _ => closing.corrections.iter().find(|correction| correction.number == number)?.figures.as_ref(),
    }
}

/// Up to where figures counted each source.
#[must_use]
pub fn positions(figures: &ClosedFigures) -> HashMap<String, i64> {
    figures.sources.iter().map(|source| (source.source.clone(), source.position)).collect()
}

/// The closing of a period of a board without its rows; `None` while it is provisional.
///
/// # Errors
/// See [`all`].
pub async fn closing(
    connection: &mut PgConnection,
    board: &str,
    period: &str,
) -> Result<Option<Closing>, sqlx::Error> {
    Ok(found(connection, board, period).await?.map(|(_, closing)| closing))
}

/// The closing of a period of a board with all its figures; `None` while it is provisional.
///
/// # Errors
/// See [`all`].
pub async fn closed(
    connection: &mut PgConnection,
    board: &str,
    period: &str,
) -> Result<Option<Closed>, sqlx::Error> {
    let Some((stream, closing)) = found(&mut *connection, board, period).await? else { return Ok(None) };
    let rows: Vec<(Vec<u8>,)> =
        sqlx::query_as("SELECT payload FROM closed_figures WHERE stream = $1 ORDER BY number")
            .bind(stream)
            .fetch_all(connection)
            .await?;
    let versions = rows.iter().map(|(payload,)| decoded(payload)).collect::<Result<_, _>>()?;
    Ok(Some(Closed { closing, versions }))
}

async fn found(
    connection: &mut PgConnection,
    board: &str,
    period: &str,
) -> Result<Option<(String, Closing)>, sqlx::Error> {
    let row: Option<(String, Vec<u8>)> = sqlx::query_as(
        "SELECT stream, payload FROM accountability WHERE kind = $1 AND board = $2 AND period = $3",
    )
    .bind(Closing::KIND)
    .bind(board)
    .bind(period)
    .fetch_optional(connection)
    .await?;
    row.map(|(stream, payload)| Ok((stream, decoded(&payload)?))).transpose()
}

#[cfg(test)]
mod tests;
