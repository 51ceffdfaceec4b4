//! The tables `guard_terms` and `guard_accounts`. Guards are few: row by row.

use super::Seen;
use crate::guard::GuardEvent;
use sqlx::{PgConnection, PgPool};
use time::Date;

pub(super) async fn apply_in_tx(
    tx: &mut PgConnection,
    events: &[Seen<GuardEvent>],
) -> Result<(), sqlx::Error> {
    let day = |on: Option<xiaoan_proto::core::v1::Date>| on.and_then(|on| Date::try_from(on).ok());
    for seen in events {
        match &seen.event {
            GuardEvent::Authorised(e) => {
                sqlx::query(
                    "INSERT INTO guard_terms (guard_id, first_day, last_day) VALUES ($1, $2, $3)
                     ON CONFLICT (guard_id, first_day) DO UPDATE SET last_day = excluded.last_day",
                )
                .bind(&seen.id)
                .bind(day(e.from))
                .bind(day(e.to))
                .execute(&mut *tx)
                .await?;
            }
            GuardEvent::AuthorityEnded(e) => {
                sqlx::query(
                    "UPDATE guard_terms SET last_day = $2 WHERE guard_id = $1 AND $2 BETWEEN first_day AND last_day",
                )
                .bind(&seen.id)
                .bind(day(e.ended_on))
                .execute(&mut *tx)
                .await?;
            }
            GuardEvent::Registered(e) => {
                sqlx::query(
                    "INSERT INTO guard_accounts (guard_id, account) VALUES ($1, $2)
                     ON CONFLICT (guard_id) DO UPDATE SET account = excluded.account",
                )
                .bind(&seen.id)
                .bind(&e.account)
                .execute(&mut *tx)
                .await?;
            }
            GuardEvent::Trained(_) | GuardEvent::Tested(_) => {}
        }
    }
    Ok(())
}

/// Whether an account is that of a guard.
///
/// # Errors
/// When the database fails.
pub async fn is_guard(pool: &PgPool, account: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM guard_accounts WHERE account = $1)")
        .bind(account)
        .fetch_one(pool)
        .await
}
