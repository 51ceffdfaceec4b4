//! The log of `cases`, as far as hq needs it.

use sqlx::PgConnection;
use std::sync::Arc;
use time::Date;
use tokio::sync::Notify;
use xiaoan_eventstore::RecordedEvent;
use xiaoan_kernel::EventSet;
use xiaoan_projection::{ApplyError, Projection};
use xiaoan_proto::cases::v1::{
    CaseFiled, CaseLinked, CaseReclassified, CaseSolved, CaseTransferred, CaseUnlinked, SolveRevoked,
};

/// Tables of this view.
pub const TABLES: &[&str] = &["known_cases", "revoked_solves"];

xiaoan_kernel::events! {
    enum CaseEvent {
        Filed(CaseFiled),
        Solved(CaseSolved),
        Revoked(SolveRevoked),
        Reclassified(CaseReclassified),
        Transferred(CaseTransferred),
        Linked(CaseLinked),
        Unlinked(CaseUnlinked),
    }
}

/// Types of the events that are read; whatever else happens to a case bears on nothing that hq decides.
const READ: [&str; 7] = [
    "xiaoan.cases.v1.CaseFiled",
    "xiaoan.cases.v1.CaseSolved",
    REVOKED,
    "xiaoan.cases.v1.CaseReclassified",
    "xiaoan.cases.v1.CaseTransferred",
    "xiaoan.cases.v1.CaseLinked",
    "xiaoan.cases.v1.CaseUnlinked",
];
const REVOKED: &str = "xiaoan.cases.v1.SolveRevoked";

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
        for recorded in batch.iter().filter(|event| READ.contains(&event.r#type.as_str())) {
            let event = CaseEvent::decode(&recorded.r#type, &recorded.payload)
                .map_err(|e| ApplyError::poison(recorded, e))?;
            match event {
                CaseEvent::Filed(e) => file(tx, &e).await?,
                CaseEvent::Solved(e) => {
                    let facts = e.facts.unwrap_or_default();
                    let on = facts.solved_on.and_then(|day| Date::try_from(day).ok());
                    let on =
                        on.ok_or_else(|| ApplyError::poison(recorded, "the day of the solve is missing"))?;
                    solve(tx, &e.case_no, Some((on, recorded.position))).await?;
                }
                CaseEvent::Revoked(e) => {
                    solve(tx, &e.case_no, None).await?;
                    revoke(tx, recorded, &e.case_no).await?;
                }
                CaseEvent::Reclassified(e) => set(tx, "category", &e.case_no, &e.category).await?,
                CaseEvent::Transferred(e) => set(tx, "org_unit", &e.case_no, &e.to_org_unit).await?,
                CaseEvent::Linked(e) => set(tx, "series_id", &e.case_no, &e.series_id).await?,
                CaseEvent::Unlinked(e) => set(tx, "series_id", &e.case_no, "").await?,
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
    fn every_event_that_can_be_read_is() {
        let names = [
            CaseFiled::full_name(),
            CaseSolved::full_name(),
            SolveRevoked::full_name(),
            CaseReclassified::full_name(),
            CaseTransferred::full_name(),
            CaseLinked::full_name(),
            CaseUnlinked::full_name(),
        ];
        assert_eq!(names.map(|name| name.to_string()), READ);
    }
}
