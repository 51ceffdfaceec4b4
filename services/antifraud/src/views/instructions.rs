//! The table `instructions`: what the banks' desk hands over.

use super::{Seen, small};
use crate::account::{AccountEvent, Order, account_of, is_final};
use sqlx::{PgConnection, PgPool};
use std::collections::HashMap;

/// Serial that an event puts in its bank's way.
fn put_forward(event: &AccountEvent) -> Option<&str> {
    use AccountEvent as E;
    match event {
        E::StopApproved(e) => Some(&e.trans_serial_number),
        E::StopExtensionApproved(e) => Some(&e.trans_serial_number),
        E::StopReleaseRequested(e) => Some(&e.trans_serial_number),
        E::FreezeApproved(e) => Some(&e.trans_serial_number),
        E::FreezeRenewalApproved(e) => Some(&e.trans_serial_number),
        E::FreezeLiftRequested(e) => Some(&e.trans_serial_number),
        E::ReturnDecided(e) => Some(&e.trans_serial_number),
        E::InstructionResent(e) => Some(&e.trans_serial_number),
        _ => None,
    }
}

/// Takes the instructions of the orders that a batch touched.
pub(super) async fn apply_in_tx(
    tx: &mut PgConnection,
    events: &[Seen<AccountEvent>],
    orders: &[&Order],
) -> Result<(), sqlx::Error> {
    let put: HashMap<&str, i64> = events
        .iter()
        .filter_map(|seen| put_forward(&seen.event).map(|serial| (serial, seen.position)))
        .collect();
    let all: Vec<_> =
        orders.iter().flat_map(|order| order.instructions().iter().map(move |i| (*order, i))).collect();
    if all.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO instructions (trans_serial_number, order_id, account_id, member_unit, kind, state, open, sequence)
         SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::smallint[], $7::boolean[], $8::bigint[])
         ON CONFLICT (trans_serial_number) DO UPDATE SET
             state    = excluded.state,
             open     = excluded.open,
             sequence = greatest(instructions.sequence, excluded.sequence)",
    )
    .bind(all.iter().map(|(_, i)| i.trans_serial_number.clone()).collect::<Vec<_>>())
    .bind(all.iter().map(|(o, _)| o.order_id().to_owned()).collect::<Vec<_>>())
    .bind(all.iter().map(|(o, _)| account_of(o.order_id()).to_owned()).collect::<Vec<_>>())
    .bind(all.iter().map(|(o, _)| o.member_unit().to_owned()).collect::<Vec<_>>())
    .bind(all.iter().map(|(_, i)| small(i.kind)).collect::<Vec<_>>())
    .bind(all.iter().map(|(_, i)| small(i.state)).collect::<Vec<_>>())
    .bind(all.iter().map(|(_, i)| !is_final(i.state())).collect::<Vec<_>>())
    .bind(
        all.iter()
            .map(|(_, i)| put.get(i.trans_serial_number.as_str()).copied().unwrap_or_default())
            .collect::<Vec<_>>(),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// An instruction that waits for its bank.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Waiting {
    /// Serial.
    pub trans_serial_number: String,
    /// Account.
    pub account_id: String,
    /// Its place on the stream.
    pub sequence: i64,
}

/// What is open for a bank behind a place on its stream, in order.
///
/// # Errors
/// When the database fails.
#[tracing::instrument(name = "db.instructions.waiting", skip_all)]
pub async fn waiting(
    pool: &PgPool,
    member_unit: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<Waiting>, sqlx::Error> {
    sqlx::query_as(
        "SELECT trans_serial_number, account_id, sequence
         FROM instructions
         WHERE member_unit = $1 AND open AND sequence > $2
         ORDER BY sequence
         LIMIT $3",
    )
    .bind(member_unit)
    .bind(after)
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// Account of an instruction of a bank; `None` when the bank has no such instruction, whoever else may.
///
/// # Errors
/// When the database fails.
#[tracing::instrument(name = "db.instructions.account", skip_all)]
pub async fn account_of_serial(
    pool: &PgPool,
    member_unit: &str,
    serial: &str,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT account_id FROM instructions WHERE member_unit = $1 AND trans_serial_number = $2",
    )
    .bind(member_unit)
    .bind(serial)
    .fetch_optional(pool)
    .await
}
