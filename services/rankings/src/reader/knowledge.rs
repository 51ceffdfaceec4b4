//! What the standings are to know: everything, or what was recorded by a moment and up to positions of the sources.

use super::sources::Mark;
use super::{ReadError, Reader};
use crate::ledger::Cut;
use futures::future::join_all;
use std::collections::HashMap;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::time::timeout;
use xiaoan_feed::LogReader;
use xiaoan_proto::eventlog::v1::RecordedEvent;
use xiaoan_proto::rankings::v1::SourcePosition;

/// How long a source may take to say which event stands at a position: without its hash the answer is as right.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is to be known. The default is everything, up to now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Knowledge {
    at: Option<OffsetDateTime>,
    positions: HashMap<String, i64>,
}

impl From<Option<OffsetDateTime>> for Knowledge {
    fn from(at: Option<OffsetDateTime>) -> Self {
        Self { at, ..Self::default() }
    }
}

impl Knowledge {
    /// What was recorded by a moment, and of some sources up to these positions only.
    ///
    /// # Errors
    /// [`ReadError::BadArgument`] for a position below 0.
    pub fn new(at: Option<OffsetDateTime>, positions: HashMap<String, i64>) -> Result<Self, ReadError> {
        match positions.iter().find(|(_, position)| **position < 0) {
            Some((source, position)) => Err(ReadError::BadArgument {
                field: "as_of_positions",
                reason: format!("{position} of {source:?} is no position"),
            }),
            None => Ok(Self { at, positions }),
        }
    }

    /// By this moment.
    pub(super) fn at(&self) -> Option<OffsetDateTime> {
        self.at
    }

    pub(super) fn is_everything(&self) -> bool {
        self.at.is_none() && self.positions.is_empty()
    }

    /// What is known of a source; `None` = everything.
    pub(super) fn of(&self, source: &str) -> Option<Cut> {
        let position = self.positions.get(source).copied();
        (self.at.is_some() || position.is_some()).then(|| Cut {
            at: self.at.unwrap_or(Cut::NONE.at),
            position: position.unwrap_or(Cut::NONE.position),
        })
    }
}

impl Reader {
    /// Tells the reader of the sources' logs, for the hashes of positions that were left behind. Only the first call counts.
    pub fn read_logs(&self, logs: Vec<LogReader>) {
        let _ = self.inner.logs.set(logs);
    }

    /// Waits for the positions that are to be counted.
    pub(super) async fn reached(&self, knowledge: &Knowledge) -> Result<(), ReadError> {
        self.wait("as_of_positions", &knowledge.positions).await
    }

    /// The sources as they were counted: at the positions asked for, with the hash of the event there.
    pub(super) async fn counted(
        &self,
        mut sources: Vec<SourcePosition>,
        marks: &[Mark],
        knowledge: &Knowledge,
    ) -> Vec<SourcePosition> {
        let counted = sources.iter_mut().map(|row| async {
            let Some(position) = knowledge.positions.get(&row.source).copied() else { return };
            let mark = marks.iter().find(|mark| mark.source == row.source && mark.position == position);
            let (hash, recorded_at) = match mark {
                _ if position == 0 => Default::default(),
                Some(mark) => (mark.hash.clone(), Some(xiaoan_proto::timestamp(mark.recorded_at))),
                None => match self.event_at(&row.source, position).await {
                    Some(event) => (event.hash.to_vec(), event.recorded_at),
                    None => Default::default(),
                },
            };
            row.position = position;
            row.chain_head = hash;
            row.data_as_of = recorded_at;
        });
        join_all(counted).await;
        sources
    }

    /// The event at a position of a source, asked of its log.
    async fn event_at(&self, source: &str, position: i64) -> Option<RecordedEvent> {
        let log = self.inner.logs.get()?.iter().find(|log| log.source() == source)?;
        match timeout(PATIENCE, log.read(position, 1)).await {
            Ok(Ok(events)) => events.into_iter().find(|event| event.position == position),
            Ok(Err(error)) => {
                tracing::warn!(source, position, %error, "the event at a position cannot be read");
                None
            }
            Err(_) => {
                tracing::warn!(source, position, "the event at a position is not told in time");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_source_that_is_not_named_counts_up_to_now_or_up_to_the_moment() {
        let moment = datetime!(2026-07-01 0:00 UTC);
        let positions = HashMap::from([("cases".to_owned(), 7)]);
        let known = Knowledge::new(None, positions.clone()).expect("positions");
        assert_eq!(known.of("cases"), Some(Cut { position: 7, ..Cut::NONE }));
        assert_eq!(known.of("hq"), None);
        let known = Knowledge::new(Some(moment), positions).expect("positions");
        assert_eq!(known.of("cases"), Some(Cut { at: moment, position: 7 }));
        assert_eq!(known.of("hq"), Some(Cut { at: moment, ..Cut::NONE }));
        assert!(Knowledge::default().is_everything() && Knowledge::from(None).is_everything());
        assert!(Knowledge::new(None, HashMap::from([("cases".to_owned(), -1)])).is_err());
    }
}
