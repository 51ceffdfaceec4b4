//! The table `members`.

use super::{Seen, corrupt};
use crate::member::{MemberEvent, note};
use prost::Message;
use sqlx::{PgConnection, PgPool};
use xiaoan_proto::antifraud::v1::MemberUnit;

pub(super) async fn apply_in_tx(
    tx: &mut PgConnection,
    events: &[Seen<MemberEvent>],
) -> Result<(), sqlx::Error> {
    for seen in events {
        let shown: Option<Vec<u8>> = sqlx::query_scalar("SELECT shown FROM members WHERE member_unit = $1")
            .bind(&seen.id)
            .fetch_optional(&mut *tx)
            .await?;
        let mut member = MemberUnit::decode(shown.unwrap_or_default().as_slice())
            .map_err(|e| corrupt("members", &seen.id, &e))?;
        note(&mut member, &seen.event);
        sqlx::query(
            "INSERT INTO members (member_unit, version, shown) VALUES ($1, $2, $3)
             ON CONFLICT (member_unit) DO UPDATE SET version = excluded.version, shown = excluded.shown",
        )
        .bind(&seen.id)
        .bind(seen.version)
        .bind(member.encode_to_vec())
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// All member units by id, with their etags.
///
/// # Errors
/// When the database fails or a row is corrupt.
#[tracing::instrument(name = "db.members.list", skip_all)]
pub async fn list(pool: &PgPool) -> Result<Vec<MemberUnit>, sqlx::Error> {
    let rows: Vec<(String, i64, Vec<u8>)> =
        sqlx::query_as("SELECT member_unit, version, shown FROM members ORDER BY member_unit")
            .fetch_all(pool)
            .await?;
    rows.into_iter()
        .map(|(id, version, shown)| {
            let mut member = MemberUnit::decode(shown.as_slice()).map_err(|e| corrupt("members", &id, &e))?;
            member.etag = version.to_string();
            Ok(member)
        })
        .collect()
}
