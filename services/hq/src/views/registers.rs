//! The table of everything that is in a register: honours, listed cases and what else headquarters keeps.

use super::event_of;
use crate::register::Register;
use crate::register::commendation::Commendation;
use crate::register::inspection::Inspection;
use crate::register::reference::Reference;
use crate::register::supervision::ListedCase;
use crate::register::survey::Survey;
use prost::Message;
use sqlx::{PgConnection, PgPool};
use std::marker::PhantomData;
use time::Date;
use xiaoan_projection::{ApplyError, Projection};
use xiaoan_proto::eventlog::v1::RecordedEvent;
use xiaoan_rpc::Page;

/// Tables of this view.
pub const TABLES: &[&str] = &["register_entries"];

/// The projection.
#[derive(Debug, Clone, Copy, Default)]
pub struct RegisterEntries;

impl Projection for RegisterEntries {
    fn name(&self) -> &str {
        "registers"
    }

    async fn apply(&self, tx: &mut PgConnection, batch: &[RecordedEvent]) -> Result<(), ApplyError> {
        for recorded in batch {
            Table::<Commendation>::apply_in_tx(tx, recorded).await?;
            Table::<ListedCase>::apply_in_tx(tx, recorded).await?;
            Table::<Reference>::apply_in_tx(tx, recorded).await?;
            Table::<Survey>::apply_in_tx(tx, recorded).await?;
            Table::<Inspection>::apply_in_tx(tx, recorded).await?;
        }
        Ok(())
    }
}

/// Which entries; empty and 0 = all.
#[derive(Debug, Clone, Default)]
pub struct Filter<'a> {
    /// About this unit.
    pub org_unit: &'a str,
    /// In this state.
    pub state: i32,
    /// Of this kind.
    pub kind: i32,
    /// Referring to this.
    pub reference: &'a str,
    /// Counting on this day or later.
    pub from: Option<Date>,
    /// Counting on this day or earlier.
    pub to: Option<Date>,
}

/// How many entries of a kind are in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Counted {
    /// Number of the kind.
    pub kind: i16,
    /// Number of the state.
    pub state: i16,
    /// How many.
    pub entries: i64,
}

/// The entries of one register.
pub struct Table<R>(PhantomData<R>);

impl<R: Register> Table<R> {
    async fn apply_in_tx(tx: &mut PgConnection, recorded: &RecordedEvent) -> Result<(), ApplyError> {
        let Some(event) = event_of::<R>(recorded)? else { return Ok(()) };
        let id = recorded.stream.split_once('-').map_or("", |(_, id)| id);
        let mut entry = match Self::find_in(&mut *tx, id).await? {
            Some(shown) => R::from(shown),
            None => R::default(),
        };
        entry.apply(&event);
        let Some(mut shown) = entry.into_shown() else { return Ok(()) };
        R::put_etag(&mut shown, recorded.version.to_string());
        let keys = R::keys(&shown);
        sqlx::query(
            "INSERT INTO register_entries
                    (register, id, org_unit, state, kind, reference, day, payload, position)
             VALUES ($1,       $2, $3,       $4,    $5,   $6,        $7,  $8,      $9)
             ON CONFLICT (register, id) DO UPDATE
             SET org_unit = $3, state = $4, kind = $5, reference = $6, day = $7, payload = $8",
        )
        .bind(R::KIND)
        .bind(id)
        .bind(keys.org_unit)
        .bind(small(keys.state))
        .bind(small(keys.kind))
        .bind(keys.reference)
        .bind(keys.day.and_then(|day| Date::try_from(day).ok()))
        .bind(shown.encode_to_vec())
        .bind(recorded.position)
        .execute(&mut *tx)
        .await?;
        Ok(())
    }

    async fn find_in(tx: &mut PgConnection, id: &str) -> Result<Option<R::Shown>, sqlx::Error> {
        let row: Option<(Vec<u8>,)> =
            sqlx::query_as("SELECT payload FROM register_entries WHERE register = $1 AND id = $2")
                .bind(R::KIND)
                .bind(id)
                .fetch_optional(tx)
                .await?;
        row.map(|(payload,)| decode(&payload)).transpose()
    }

    /// One entry.
    ///
    /// # Errors
    /// When the database cannot be read or the row is corrupt; so for what follows.
    pub async fn find(pool: &PgPool, id: &str) -> Result<Option<R::Shown>, sqlx::Error> {
        Self::find_in(&mut *pool.acquire().await?, id).await
    }

    /// A page, newest first, and the position behind which the next one begins.
    ///
    /// # Errors
    /// See [`find`](Self::find).
    pub async fn list(
        pool: &PgPool,
        filter: &Filter<'_>,
        page: &Page<i64>,
    ) -> Result<(Vec<R::Shown>, Option<i64>), sqlx::Error> {
        let mut rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(
            "SELECT position, payload FROM register_entries
             WHERE register = $1
               AND ($2 = '' OR org_unit = $2)
               AND ($3 = 0 OR state = $3)
               AND ($4 = 0 OR kind = $4)
               AND ($5 = '' OR reference = $5)
               AND ($6::date IS NULL OR day >= $6)
               AND ($7::date IS NULL OR day <= $7)
               AND position < coalesce($8, 9223372036854775807)
             ORDER BY position DESC
             LIMIT $9",
        )
        .bind(R::KIND)
        .bind(filter.org_unit)
        .bind(small(filter.state))
        .bind(small(filter.kind))
        .bind(filter.reference)
        .bind(filter.from)
        .bind(filter.to)
        .bind(page.after)
        .bind(page.limit())
        .fetch_all(pool)
        .await?;
        let next = page.cut(&mut rows, |(position, _)| *position);
        let shown = rows.into_iter().map(|(_, payload)| decode(&payload)).collect::<Result<_, _>>()?;
        Ok((shown, next))
    }

    /// How many count in these days, by kind and state.
    ///
    /// # Errors
    /// See [`find`](Self::find).
    pub async fn count(pool: &PgPool, filter: &Filter<'_>) -> Result<Vec<Counted>, sqlx::Error> {
        sqlx::query_as(
            "SELECT kind, state, count(*) AS entries FROM register_entries
             WHERE register = $1
               AND day IS NOT NULL
               AND ($2 = '' OR org_unit = $2)
               AND ($3::date IS NULL OR day >= $3)
               AND ($4::date IS NULL OR day <= $4)
             GROUP BY kind, state",
        )
        .bind(R::KIND)
        .bind(filter.org_unit)
        .bind(filter.from)
        .bind(filter.to)
        .fetch_all(pool)
        .await
    }
}

fn decode<M: Message + Default>(payload: &[u8]) -> Result<M, sqlx::Error> {
    M::decode(payload)
        .map_err(|e| sqlx::Error::Decode(format!("corrupt row of register_entries: {e}").into()))
}

/// A number of an enum as the database keeps it.
fn small(number: i32) -> i16 {
    i16::try_from(number).unwrap_or_default()
}
