//! The log of `cases`, as far as hq needs it.

use prost::Message;
use sqlx::PgConnection;
use std::sync::Arc;
use time::Date;
use tokio::sync::Notify;
use xiaoan_eventstore::RecordedEvent;
use xiaoan_projection::{ApplyError, Projection};
use xiaoan_proto::cases::v1::{
    CaseFiled, CaseLinked, CaseReclassified, CaseSolved, CaseTransferred, CaseUnlinked, SolveRevoked,
};
use xiaoan_proto::day;

/// Tables of this view.
pub const TABLES: &[&str] = &["known_cases", "revoked_solves"];

/// Types of the events that are read; whatever else happens to a case bears on nothing that hq decides. hq records none of them.
const FILED: &str = "xiaoan.cases.v1.CaseFiled";
const SOLVED: &str = "xiaoan.cases.v1.CaseSolved";
const REVOKED: &str = "xiaoan.cases.v1.SolveRevoked";
const RECLASSIFIED: &str = "xiaoan.cases.v1.CaseReclassified";
const TRANSFERRED: &str = "xiaoan.cases.v1.CaseTransferred";
const LINKED: &str = "xiaoan.cases.v1.CaseLinked";
const UNLINKED: &str = "xiaoan.cases.v1.CaseUnlinked";

fn read<M: Message + Default>(recorded: &RecordedEvent) -> Result<M, ApplyError> {
    M::decode(recorded.payload.as_ref()).map_err(|e| ApplyError::poison(recorded, e))
}

/// The projection.
#[derive(Debug, Default)]
pub struct KnownCases {
    revoked: Notify,
}

impl KnownCases {
    /// The projection.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Waits until a revoked solve has become known since the last call.
    pub(super) async fn revoked(&self) {
        self.revoked.notified().await;
    }
}

impl Projection for KnownCases {
    fn name(&self) -> &str {
        super::NAME
    }

    async fn apply(&self, tx: &mut PgConnection, batch: &[RecordedEvent]) -> Result<(), ApplyError> {
        for recorded in batch {
            match recorded.r#type.as_str() {
                FILED => file(tx, &read(recorded)?).await?,
                SOLVED => {
                    let e: CaseSolved = read(recorded)?;
                    let on = day(e.facts.and_then(|facts| facts.solved_on));
                    let on =
                        on.ok_or_else(|| ApplyError::poison(recorded, "the day of the solve is missing"))?;
                    solve(tx, &e.case_no, Some((on, recorded.position))).await?;
                }
                REVOKED => {
                    let e: SolveRevoked = read(recorded)?;
                    solve(tx, &e.case_no, None).await?;
                    revoke(tx, recorded, &e.case_no).await?;
                }
                RECLASSIFIED => {
                    let e: CaseReclassified = read(recorded)?;
                    set(tx, "category", &e.case_no, &e.category).await?;
                }
                TRANSFERRED => {
                    let e: CaseTransferred = read(recorded)?;
                    set(tx, "org_unit", &e.case_no, &e.to_org_unit).await?;
                }
                LINKED => {
                    let e: CaseLinked = read(recorded)?;
                    set(tx, "series_id", &e.case_no, &e.series_id).await?;
                }
                UNLINKED => set(tx, "series_id", &read::<CaseUnlinked>(recorded)?.case_no, "").await?,
                _ => {}
            }
        }
        Ok(())
    }

    fn committed(&self, batch: &[RecordedEvent]) {
        if batch.iter().any(|event| event.r#type == REVOKED) {
            self.revoked.notify_one();
        }
    }
}

async fn file(tx: &mut PgConnection, e: &CaseFiled) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO known_cases (case_no, org_unit, category) VALUES ($1, $2, $3)")
        .bind(&e.case_no)
        .bind(&e.org_unit)
        .bind(&e.category)
        .execute(tx)
        .await
        .map(drop)
}

async fn solve(tx: &mut PgConnection, case_no: &str, by: Option<(Date, i64)>) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE known_cases SET solved_on = $2, solved_position = $3 WHERE case_no = $1")
        .bind(case_no)
        .bind(by.map(|(on, _)| on))
        .bind(by.map(|(_, position)| position))
        .execute(tx)
        .await
        .map(drop)
}

/// What its series has left is known now and not later, so it is kept.
async fn revoke(tx: &mut PgConnection, event: &RecordedEvent, case_no: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO revoked_solves (position, case_no, series_id, series_over, recorded_at)
         SELECT $1, case_no, series_id,
                series_id <> '' AND NOT EXISTS (
                    SELECT FROM known_cases o WHERE o.series_id = c.series_id AND o.solved_position IS NOT NULL),
                $3
         FROM known_cases c
         WHERE case_no = $2",
    )
    .bind(event.position)
    .bind(case_no)
    .bind(event.recorded_at.as_ref().and_then(xiaoan_proto::instant))
    .execute(tx)
    .await
    .map(drop)
}

async fn set(
    tx: &mut PgConnection,
    column: &'static str,
    case_no: &str,
    value: &str,
) -> Result<(), sqlx::Error> {
    // Made of names in this program's source only.
    sqlx::query(sqlx::AssertSqlSafe(format!("UPDATE known_cases SET {column} = $2 WHERE case_no = $1")))
        .bind(case_no)
        .bind(value)
        .execute(tx)
        .await
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Name;

    #[test]
    fn the_names_of_the_events_are_those_of_the_language() {
        let names = [
            CaseFiled::full_name(),
            CaseSolved::full_name(),
            SolveRevoked::full_name(),
            CaseReclassified::full_name(),
            CaseTransferred::full_name(),
            CaseLinked::full_name(),
            CaseUnlinked::full_name(),
        ];
        assert_eq!(names, [FILED, SOLVED, REVOKED, RECLASSIFIED, TRANSFERRED, LINKED, UNLINKED]);
    }
}
