//! The table `ledger`: stopped, frozen, returned. Only confirmations and their corrections have lines (AF-014).

use super::{Seen, small};
use crate::account::AccountEvent;
use sqlx::{PgConnection, PgPool};
use time::Date;
use xiaoan_kernel::OrgCode;
use xiaoan_proto::antifraud::v1::{Ledger, LedgerEntry, LedgerSum};
use xiaoan_proto::core::v1 as core;
use xiaoan_rpc::Page;

/// What an event adds to a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Which.
    pub ledger: Ledger,
    /// Order.
    pub order_id: String,
    /// Unit.
    pub org_unit: String,
    /// Bank; empty for a correction.
    pub member_unit: String,
    /// Day it counts on.
    pub occurred_on: Option<core::Date>,
    /// Fen; negative for a correction.
    pub amount_fen: i64,
    /// 1, or −1 for a correction.
    pub confirmations: i16,
}

/// The line of an event; `None` for everything that no bank confirmed. Pure.
#[must_use]
pub fn line(event: &AccountEvent) -> Option<Line> {
    const ADDED: i16 = 1;
    const TAKEN_OFF: i16 = -1;
    macro_rules! line {
        ($e:ident, $ledger:ident, $bank:expr, $sign:expr) => {
            Some(Line {
                ledger: Ledger::$ledger,
                order_id: $e.order_id.clone(),
                org_unit: $e.org_unit.clone(),
                member_unit: $bank,
                occurred_on: $e.occurred_on,
                amount_fen: i64::from($sign) * $e.amount_fen,
                confirmations: $sign,
            })
        };
    }
    match event {
        AccountEvent::StopConfirmed(e) => line!(e, Stopped, e.member_unit.clone(), ADDED),
        AccountEvent::FreezeConfirmed(e) => line!(e, Frozen, e.member_unit.clone(), ADDED),
        AccountEvent::ReturnExecuted(e) => line!(e, Returned, e.member_unit.clone(), ADDED),
        AccountEvent::StopConfirmationRevoked(e) => line!(e, Stopped, String::new(), TAKEN_OFF),
        AccountEvent::FreezeConfirmationRevoked(e) => line!(e, Frozen, String::new(), TAKEN_OFF),
        AccountEvent::ReturnExecutionRevoked(e) => line!(e, Returned, String::new(), TAKEN_OFF),
        _ => None,
    }
}

pub(super) async fn apply_in_tx(
    tx: &mut PgConnection,
    events: &[Seen<AccountEvent>],
) -> Result<(), sqlx::Error> {
    for seen in events {
        let Some(line) = line(&seen.event) else { continue };
        let occurred_on = line.occurred_on.and_then(|day| Date::try_from(day).ok()).unwrap_or(Date::MIN);
        sqlx::query(
            "INSERT INTO ledger
                    (position, ledger, order_id, org_unit, member_unit, occurred_on, amount_fen, confirmations, event_type)
             VALUES ($1,       $2,     $3,       $4,       $5,          $6,          $7,         $8,            $9)",
        )
        .bind(seen.position)
        .bind(small(line.ledger.into()))
        .bind(line.order_id)
        .bind(line.org_unit)
        .bind(line.member_unit)
        .bind(occurred_on)
        .bind(line.amount_fen)
        .bind(line.confirmations)
        .bind(&seen.event_type)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// Which lines.
#[derive(Debug, Clone)]
pub struct Filter {
    /// Units.
    pub units: Vec<OrgCode>,
    /// First day.
    pub from: Option<Date>,
    /// Last day.
    pub to: Option<Date>,
}

impl Filter {
    fn units(&self) -> Vec<String> {
        self.units.iter().map(ToString::to_string).collect()
    }
}

/// The three sums.
///
/// # Errors
/// When the database fails.
#[tracing::instrument(name = "db.ledger.sum", skip_all)]
pub async fn sum(pool: &PgPool, filter: &Filter) -> Result<Vec<LedgerSum>, sqlx::Error> {
    let rows: Vec<(i16, i64, i64)> = sqlx::query_as(
        "SELECT ledger, sum(amount_fen)::bigint, sum(confirmations)::bigint
         FROM ledger
         WHERE org_unit = ANY($1)
           AND occurred_on >= coalesce($2, '-infinity'::date)
           AND occurred_on <= coalesce($3, 'infinity'::date)
         GROUP BY ledger",
    )
    .bind(filter.units())
    .bind(filter.from)
    .bind(filter.to)
    .fetch_all(pool)
    .await?;
    let of = |ledger: Ledger| {
        let found = rows.iter().find(|(number, ..)| *number == small(ledger.into()));
        let (amount_fen, confirmations) = found.map_or((0, 0), |(_, fen, count)| (*fen, *count));
        LedgerSum { ledger: ledger.into(), amount_fen, confirmations }
    };
    Ok([Ledger::Stopped, Ledger::Frozen, Ledger::Returned].map(of).to_vec())
}

#[derive(sqlx::FromRow)]
struct Row {
    position: i64,
    ledger: i16,
    order_id: String,
    org_unit: String,
    member_unit: String,
    occurred_on: Date,
    amount_fen: i64,
    event_type: String,
}

impl From<Row> for LedgerEntry {
    fn from(row: Row) -> Self {
        Self {
            ledger: i32::from(row.ledger),
            amount_fen: row.amount_fen,
            occurred_on: Some(row.occurred_on.into()),
            org_unit: row.org_unit,
            member_unit: row.member_unit,
            order_id: row.order_id,
            event_type: row.event_type,
            position: row.position,
        }
    }
}

/// A page of the events behind a sum, in the order of the log; behind `page.after`.
///
/// # Errors
/// When the database fails.
#[tracing::instrument(name = "db.ledger.entries", skip_all)]
pub async fn entries(
    pool: &PgPool,
    ledger: Ledger,
    filter: &Filter,
    page: &Page<i64>,
) -> Result<(Vec<LedgerEntry>, Option<i64>), sqlx::Error> {
    let mut rows: Vec<Row> = sqlx::query_as(
        "SELECT position, ledger, order_id, org_unit, member_unit, occurred_on, amount_fen, event_type
         FROM ledger
         WHERE ledger = $1
           AND org_unit = ANY($2)
           AND occurred_on >= coalesce($3, '-infinity'::date)
           AND occurred_on <= coalesce($4, 'infinity'::date)
           AND position > coalesce($5, 0)
         ORDER BY position
         LIMIT $6",
    )
    .bind(small(ledger.into()))
    .bind(filter.units())
    .bind(filter.from)
    .bind(filter.to)
    .bind(page.after)
    .bind(page.limit())
    .fetch_all(pool)
    .await?;
    let next = page.cut(&mut rows, |row| row.position);
    Ok((rows.into_iter().map(Into::into).collect(), next))
}
