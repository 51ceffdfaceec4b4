//! How far every source has been read: from the checkpoints of the snapshot, and from the running projections.

use super::{ReadError, Reader};
use sqlx::{FromRow, PgConnection};
use std::collections::BTreeMap;
use time::OffsetDateTime;
use xiaoan_projection::ProjectionHandle;
use xiaoan_proto::rankings::v1::SourcePosition;

/// A checkpoint as this database holds it.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(super) struct Mark {
    pub(super) projection: String,
    pub(super) source: String,
    pub(super) position: i64,
    pub(super) hash: Vec<u8>,
    pub(super) recorded_at: OffsetDateTime,
}

/// Checkpoints in the order of projection and source.
pub(super) async fn marks(connection: &mut PgConnection) -> Result<Vec<Mark>, sqlx::Error> {
    sqlx::query_as(
        "SELECT projection, source, position, hash, recorded_at
         FROM eventstore.checkpoints
         ORDER BY projection, source",
    )
    .fetch_all(connection)
    .await
}

/// Rises with every event applied, whoever applied it, and is the same after a restart.
pub(super) fn revision(marks: &[Mark]) -> i64 {
    marks.iter().map(|mark| mark.position).sum()
}

/// One row per source: of several projections that follow it, the one that is furthest behind.
pub(super) fn positions(marks: &[Mark], handles: &[ProjectionHandle]) -> Vec<SourcePosition> {
    let mut sources: BTreeMap<String, SourcePosition> = BTreeMap::new();
    for status in handles.iter().map(ProjectionHandle::status) {
        let row = sources
            .entry(status.source.clone())
            .or_insert_with(|| SourcePosition { source: status.source.clone(), ..Default::default() });
        row.lag_events = row.lag_events.max(status.lag_events);
        if row.problem.is_empty() {
            row.problem = status.problem;
        }
    }
    let mut seen = BTreeMap::new();
    for mark in marks {
        let furthest_behind = seen.entry(mark.source.as_str()).or_insert(mark);
        if mark.position < furthest_behind.position {
            *furthest_behind = mark;
        }
    }
    for (source, mark) in seen.into_iter().filter(|(_, mark)| mark.position > 0) {
        let row = sources
            .entry(source.to_owned())
            .or_insert_with(|| SourcePosition { source: source.to_owned(), ..Default::default() });
        row.position = mark.position;
        row.chain_head.clone_from(&mark.hash);
        row.data_as_of = Some(xiaoan_proto::timestamp(mark.recorded_at));
    }
    sources.into_values().collect()
}

impl Reader {
    /// How far every source has been read.
    ///
    /// # Errors
    /// [`ReadError::Database`].
    pub async fn sources(&self) -> Result<Vec<SourcePosition>, ReadError> {
        let mut connection = self.inner.pool.acquire().await?;
        Ok(positions(&marks(&mut connection).await?, self.handles()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(projection: &str, source: &str, position: i64) -> Mark {
        Mark {
            projection: projection.into(),
            source: source.into(),
            position,
            hash: vec![u8::try_from(position).unwrap_or(0); 32],
            recorded_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_source_is_as_far_as_the_projection_that_is_furthest_behind() {
        let marks = [mark("decisions", "hq", 9), mark("directory", "hq", 7), mark("ledger", "cases", 40)];
        let rows = positions(&marks, &[]);
        assert_eq!(
            rows.iter().map(|r| (r.source.as_str(), r.position)).collect::<Vec<_>>(),
            [("cases", 40), ("hq", 7)]
        );
        assert_eq!(rows[1].chain_head, vec![7; 32]);
        assert_eq!(revision(&marks), 56);
    }
}
