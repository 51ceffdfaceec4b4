//! The tables `orders` and `accounts`.

use super::{Seen, corrupt, instructions, small};
use crate::account::{AccountEvent, Order, OrderKind, account_of, note, touched};
use prost::Message;
use sqlx::{PgConnection, PgPool};
use std::collections::BTreeMap;
use xiaoan_kernel::OrgCode;
use xiaoan_proto::antifraud::v1::{FreezeOrder, ReturnOrder, StopOrder};
use xiaoan_rpc::Page;

fn number(kind: OrderKind) -> i16 {
    match kind {
        OrderKind::Stop => 1,
        OrderKind::Freeze => 2,
        OrderKind::Return => 3,
    }
}

fn decode(kind: OrderKind, order_id: &str, shown: &[u8]) -> Result<Order, sqlx::Error> {
    match kind {
        OrderKind::Stop => StopOrder::decode(shown).map(Order::Stop),
        OrderKind::Freeze => FreezeOrder::decode(shown).map(Order::Freeze),
        OrderKind::Return => ReturnOrder::decode(shown).map(Order::Return),
    }
    .map_err(|e| corrupt("orders", order_id, &e))
}

fn encode(order: &Order) -> Vec<u8> {
    match order {
        Order::Stop(stop) => stop.encode_to_vec(),
        Order::Freeze(freeze) => freeze.encode_to_vec(),
        Order::Return(order) => order.encode_to_vec(),
    }
}

/// An order of the batch: as it is shown, and where it was opened.
struct Row {
    order: Order,
    opened_at: i64,
}

pub(super) async fn apply_in_tx(
    tx: &mut PgConnection,
    events: &[Seen<AccountEvent>],
) -> Result<(), sqlx::Error> {
    if events.is_empty() {
        return Ok(());
    }
    let mut rows = load_in_tx(tx, events).await?;
    let mut versions = BTreeMap::new();
    for seen in events {
        let (own, other) = touched(&seen.event);
        for order_id in std::iter::once(own).chain(other) {
            let Some(kind) = OrderKind::of(order_id) else { continue };
            let row = rows
                .entry(order_id.to_owned())
                .or_insert_with(|| Row { order: Order::blank(kind), opened_at: seen.position });
            note(&mut row.order, order_id, &seen.event);
        }
        versions.insert(seen.id.clone(), seen.version);
    }
    upsert_in_tx(tx, &rows).await?;
    let orders: Vec<&Order> = rows.values().map(|row| &row.order).collect();
    instructions::apply_in_tx(tx, events, &orders).await?;
    sqlx::query(
        "INSERT INTO accounts (account_id, version)
         SELECT * FROM unnest($1::text[], $2::bigint[])
         ON CONFLICT (account_id) DO UPDATE SET version = excluded.version",
    )
    .bind(versions.keys().cloned().collect::<Vec<_>>())
    .bind(versions.values().copied().collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

async fn load_in_tx(
    tx: &mut PgConnection,
    events: &[Seen<AccountEvent>],
) -> Result<BTreeMap<String, Row>, sqlx::Error> {
    let mut ids: Vec<String> = events
        .iter()
        .flat_map(|seen| {
            let (own, other) = touched(&seen.event);
            std::iter::once(own).chain(other).map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let found: Vec<(String, i64, Vec<u8>)> =
        sqlx::query_as("SELECT order_id, opened_at, shown FROM orders WHERE order_id = ANY($1)")
            .bind(ids)
            .fetch_all(tx)
            .await?;
    let mut rows = BTreeMap::new();
    for (order_id, opened_at, shown) in found {
        if let Some(kind) = OrderKind::of(&order_id) {
            let order = decode(kind, &order_id, &shown)?;
            rows.insert(order_id, Row { order, opened_at });
        }
    }
    Ok(rows)
}

async fn upsert_in_tx(tx: &mut PgConnection, rows: &BTreeMap<String, Row>) -> Result<(), sqlx::Error> {
    let orders = || rows.values().map(|row| &row.order);
    sqlx::query(
        "INSERT INTO orders (order_id, account_id, kind, org_unit, member_unit, state, opened_at, shown)
         SELECT * FROM unnest($1::text[], $2::text[], $3::smallint[], $4::text[], $5::text[], $6::smallint[], $7::bigint[], $8::bytea[])
         ON CONFLICT (order_id) DO UPDATE SET
             state = excluded.state,
             shown = excluded.shown",
    )
    .bind(rows.keys().cloned().collect::<Vec<_>>())
    .bind(rows.keys().map(|id| account_of(id).to_owned()).collect::<Vec<_>>())
    .bind(orders().map(|o| number(o.kind())).collect::<Vec<_>>())
    .bind(orders().map(|o| o.org_unit().to_owned()).collect::<Vec<_>>())
    .bind(orders().map(|o| o.member_unit().to_owned()).collect::<Vec<_>>())
    .bind(orders().map(|o| small(o.state())).collect::<Vec<_>>())
    .bind(rows.values().map(|row| row.opened_at).collect::<Vec<_>>())
    .bind(orders().map(encode).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Shown {
    order_id: String,
    opened_at: i64,
    version: i64,
    shown: Vec<u8>,
}

impl Shown {
    fn into_order(self, kind: OrderKind) -> Result<Order, sqlx::Error> {
        let mut order = decode(kind, &self.order_id, &self.shown)?;
        order.set_etag(self.version.to_string());
        Ok(order)
    }
}

/// One order with its etag; `None` also for what is no order's id.
///
/// # Errors
/// When the database fails or the row is corrupt.
#[tracing::instrument(name = "db.orders.find", skip_all)]
pub async fn find(pool: &PgPool, order_id: &str) -> Result<Option<Order>, sqlx::Error> {
    let Some(kind) = OrderKind::of(order_id) else { return Ok(None) };
    let row: Option<Shown> = sqlx::query_as(
        "SELECT o.order_id, o.opened_at, a.version, o.shown
         FROM orders o JOIN accounts a USING (account_id)
         WHERE o.order_id = $1",
    )
    .bind(order_id)
    .fetch_optional(pool)
    .await?;
    row.map(|row| row.into_order(kind)).transpose()
}

/// Which orders are listed.
#[derive(Debug, Clone)]
pub struct Filter {
    /// Stops, freezes or returns.
    pub kind: OrderKind,
    /// Units; an order of none of them is not listed.
    pub units: Vec<OrgCode>,
    /// Only this state; 0 = all.
    pub state: i32,
    /// Only this bank; empty = all.
    pub member_unit: String,
}

/// A page of orders, newest first; behind `page.after`.
///
/// # Errors
/// When the database fails or a row is corrupt.
#[tracing::instrument(name = "db.orders.list", skip_all)]
pub async fn list(
    pool: &PgPool,
    filter: &Filter,
    page: &Page<i64>,
) -> Result<(Vec<Order>, Option<i64>), sqlx::Error> {
    let units: Vec<String> = filter.units.iter().map(ToString::to_string).collect();
    let mut rows: Vec<Shown> = sqlx::query_as(
        "SELECT o.order_id, o.opened_at, a.version, o.shown
         FROM orders o JOIN accounts a USING (account_id)
         WHERE o.kind = $1
           AND o.org_unit = ANY($2)
           AND ($3 = 0 OR o.state = $3)
           AND ($4 = '' OR o.member_unit = $4)
           AND o.opened_at < coalesce($5, 9223372036854775807)
         ORDER BY o.opened_at DESC
         LIMIT $6",
    )
    .bind(number(filter.kind))
    .bind(units)
    .bind(small(filter.state))
    .bind(&filter.member_unit)
    .bind(page.after)
    .bind(page.limit())
    .fetch_all(pool)
    .await?;
    let next = page.cut(&mut rows, |row| row.opened_at);
    let orders = rows.into_iter().map(|row| row.into_order(filter.kind)).collect::<Result<_, _>>()?;
    Ok((orders, next))
}
