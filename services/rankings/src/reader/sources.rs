//! How far every source has been read: from the checkpoints of the snapshot, and from the running projections.

use super::{ReadError, Reader};
use crate::decisions;
use crate::source::Source;
use sqlx::{FromRow, PgConnection};
use std::collections::{BTreeMap, BTreeSet};
use time::OffsetDateTime;
use xiaoan_projection::ProjectionHandle;
use xiaoan_proto::projections::v1::ProjectionState;
use xiaoan_proto::rankings::v1::{SourcePosition, SourceStatus};

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

/// Rises with every event of these sources that is applied, whoever applied it, and is the same after a restart.
pub(super) fn revision(marks: &[Mark], of: &[&str]) -> i64 {
    marks.iter().filter(|mark| of.contains(&mark.source.as_str())).map(|mark| mark.position).sum()
}

/// One row per source, all or those named: of several projections that follow it, the one that is furthest behind.
pub(super) fn positions(
    marks: &[Mark],
    handles: &[ProjectionHandle],
    of: Option<&[&str]>,
) -> Vec<SourcePosition> {
    let wanted = |source: &str| of.is_none_or(|of| of.contains(&source));
    let mut sources: BTreeMap<String, SourcePosition> = BTreeMap::new();
    for status in handles.iter().filter(|h| wanted(h.source())).map(ProjectionHandle::status) {
        let row = sources
            .entry(status.source.clone())
            .or_insert_with(|| SourcePosition { source: status.source.clone(), ..Default::default() });
        row.lag_events = row.lag_events.max(status.lag_events);
        if row.problem.is_empty() {
            row.problem = status.problem;
        }
    }
    let mut seen = BTreeMap::new();
    for mark in marks.iter().filter(|mark| wanted(&mark.source)) {
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
        Ok(positions(&marks(&mut connection).await?, self.handles(), None))
    }

    /// Every source there can be: how far it has been read, and whether it is followed and well.
    ///
    /// # Errors
    /// [`ReadError::Database`].
    pub async fn source_statuses(&self) -> Result<Vec<SourceStatus>, ReadError> {
        let read = self.sources().await?;
        let names = Source::ALL.map(Source::name).into_iter().chain([decisions::SOURCE]);
        let names: BTreeSet<&str> = names.collect();
        Ok(names.into_iter().map(|name| self.source_status(name, &read)).collect())
    }

    fn source_status(&self, name: &str, read: &[SourcePosition]) -> SourceStatus {
        let followers = self.handles().iter().filter(|handle| handle.source() == name);
        let statuses: Vec<_> = followers.map(ProjectionHandle::status).collect();
        // The worst of them is the source's.
        let worst = statuses.iter().max_by_key(|status| badness(status.state()));
        let at = read.iter().find(|row| row.source == name);
        let measures = Source::named(name).map(Source::measures).unwrap_or_default();
        SourceStatus {
            source: name.to_owned(),
            followed: !statuses.is_empty(),
            position: at.map_or(0, |row| row.position),
            source_head: statuses.iter().map(|status| status.source_head).max().unwrap_or_default(),
            lag_events: statuses.iter().map(|status| status.lag_events).max().unwrap_or_default(),
            lag_seconds: statuses.iter().map(|status| status.lag_seconds).fold(0.0, f64::max),
            chain_head: at.map(|row| row.chain_head.clone()).unwrap_or_default(),
            data_as_of: at.and_then(|row| row.data_as_of),
            state: worst.map_or(0, |status| status.state),
            problem: worst.map(|status| status.problem.clone()).unwrap_or_default(),
            measures: measures.iter().map(|measure| measure.name().to_owned()).collect(),
        }
    }
}

fn badness(state: ProjectionState) -> u8 {
    match state {
        ProjectionState::Unspecified | ProjectionState::Live => 0,
        ProjectionState::CatchingUp => 1,
        ProjectionState::Disconnected => 2,
        ProjectionState::Stopped => 3,
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
        let rows = positions(&marks, &[], None);
        assert_eq!(
            rows.iter().map(|r| (r.source.as_str(), r.position)).collect::<Vec<_>>(),
            [("cases", 40), ("hq", 7)]
        );
        assert_eq!(rows[1].chain_head, vec![7; 32]);
        assert_eq!(revision(&marks, &["cases", "hq"]), 56);
        assert_eq!(revision(&marks, &["hq"]), 16);
        let rows = positions(&marks, &[], Some(&["cases"]));
        assert_eq!(rows.iter().map(|r| r.source.as_str()).collect::<Vec<_>>(), ["cases"]);
    }
}
