//! Takes batches of records, each in one append.

use super::batch::Batch;
use super::{Intake, IntakeEvent};
use crate::freight::Freight;
use crate::incident::Incident;
use crate::moment::Moment;
use crate::refusal::{Reason, Refused};
use crate::track::Bases;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use xiaoan_eventstore::{Append, AppendError, NewEvent, Repository, StoreError, StreamWrite};
use xiaoan_kernel::{Aggregate, EventSet, OrgCode, OrgTree, StreamId, city_day};
use xiaoan_proto::port::v1::{RefusedSystemRecord, SystemRecord, SystemRecordsTaken, Taken};

/// How often a lost race is run again: with an officer on the same incident, or with a second stream of the same system.
const RACES: usize = 32;
/// How far a system's clock may be ahead of ours. Its records are not sent again once they are refused, so a clock that is a
/// little fast must not cost any.
const SKEW: time::Duration = time::Duration::minutes(2);
/// Codes of a refused record that the log keeps.
const MOST_CODES: usize = 8;

/// Why a batch was not taken. Nothing of it was recorded.
#[derive(Debug)]
pub enum TakeFailed {
    /// The stream is not as it must be.
    Refused(Refused),
    /// The store failed.
    Store(StoreError),
    /// Others kept winning the race.
    LostRace,
}

impl From<StoreError> for TakeFailed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The intake of one system for the length of one batch: who, when, and where to.
#[derive(Clone)]
pub struct Taker {
    /// Intakes.
    pub intakes: Repository<Intake>,
    /// Incidents.
    pub incidents: Repository<Incident>,
    /// Records of freight traffic.
    pub freight: Repository<Freight>,
    /// The system: subject of its token.
    pub system_id: String,
    /// Unit of its token.
    pub org_unit: OrgCode,
    /// Now.
    pub now: OffsetDateTime,
    /// Org units.
    pub units: Arc<OrgTree>,
    /// Legal bases; not asked here, part of every moment.
    pub bases: Arc<Bases>,
    /// W3C trace context, or empty.
    pub traceparent: String,
}

impl Taker {
    /// What a decision is made with.
    pub(super) fn moment(&self) -> Moment<'_> {
        Moment {
            now: self.now,
            skew: SKEW,
            actor: &self.system_id,
            registrar: false,
            guard: false,
            units: &self.units,
            bases: &self.bases,
        }
    }

    /// Takes records in the order of their numbers. What was taken already is passed over; answers how far everything is
    /// taken now.
    ///
    /// # Errors
    /// [`TakeFailed`]; INTAKE-GAP when a number is missing.
    pub async fn take(
        &self,
        records: &[SystemRecord],
        may_write: impl Fn(OrgCode) -> bool + Sync,
    ) -> Result<Taken, TakeFailed> {
        for _ in 0..RACES {
            let intake = self.intakes.load(&self.system_id).await?;
            let last = intake.state.last_sequence();
            let new = not_taken(records, last)?;
            let (Some(first), Some(newest)) = (new.first(), new.last()) else {
                return Ok(Taken { last_sequence: last, position: 0, refused: Vec::new() });
            };
            let mut batch = Batch::default();
            for record in &new {
                batch.take(self, record, &may_write).await?;
            }
            let refused = batch.refused.clone();
            let taken = SystemRecordsTaken {
                system_id: self.system_id.clone(),
                first_sequence: first.sequence,
                last_sequence: newest.sequence,
                refused: refused.iter().map(kept).collect(),
                org_unit: self.org_unit.to_string(),
            };
            let mut writes = batch.writes();
            writes.push(StreamWrite {
                stream: StreamId::new(Intake::KIND, &self.system_id),
                expected_version: intake.version,
                events: vec![self.event(&IntakeEvent::from(taken))],
            });
            match self.append(writes).await {
                Ok(position) => {
                    return Ok(Taken { last_sequence: newest.sequence, position, refused });
                }
                Err(AppendError::Conflict { .. }) => {}
                // Others are storing as well: the system keeps its records, they wait.
                Err(AppendError::Overloaded) => tokio::time::sleep(Duration::from_millis(20)).await,
                Err(AppendError::Store(error)) => return Err(error.into()),
                // Cannot be: no request id is sent. The number on the system's stream is what makes it once.
                Err(AppendError::RequestReused) => return Err(TakeFailed::LostRace),
            }
        }
        Err(TakeFailed::LostRace)
    }

    fn event(&self, event: &IntakeEvent) -> NewEvent {
        NewEvent {
            type_name: event.type_name(),
            payload: event.encode(),
            org_unit: self.org_unit,
            occurred_on: city_day(self.now),
        }
    }

    async fn append(&self, writes: Vec<StreamWrite>) -> Result<i64, AppendError> {
        let append = Append {
            request: None,
            response: Vec::new(),
            writes,
            actor: self.system_id.clone(),
            traceparent: self.traceparent.clone(),
        };
        Ok(self.intakes.store().append(append).await?.last_position)
    }
}

/// The records behind `last`, which must follow it and each other without a gap.
fn not_taken(records: &[SystemRecord], last: i64) -> Result<Vec<&SystemRecord>, TakeFailed> {
    let mut expected = last + 1;
    let mut new = Vec::new();
    for record in records {
        if record.sequence < expected && record.sequence > 0 {
            continue;
        }
        if record.sequence != expected {
            return Err(TakeFailed::Refused(Reason::IntakeGap { expected }.into()));
        }
        new.push(record);
        expected += 1;
    }
    Ok(new)
}

/// What the log keeps of a refused record.
fn kept(refused: &xiaoan_proto::port::v1::RefusedRecord) -> RefusedSystemRecord {
    RefusedSystemRecord {
        sequence: refused.sequence,
        record_id: refused.record_id.clone(),
        codes: refused.findings.iter().take(MOST_CODES).map(|f| f.code.clone()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(records: &[i64], last: i64) -> Result<Vec<i64>, i64> {
        let records: Vec<_> =
            records.iter().map(|n| SystemRecord { sequence: *n, ..Default::default() }).collect();
        match not_taken(&records, last) {
            Ok(new) => Ok(new.iter().map(|r| r.sequence).collect()),
            Err(TakeFailed::Refused(refused)) => {
                let expected =
                    (0..100).find(|n| refused.is(&Reason::IntakeGap { expected: *n })).unwrap_or(-1);
                Err(expected)
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_was_taken_is_passed_over_and_what_follows_is_new() {
        assert_eq!(numbers(&[1, 2, 3], 0), Ok(vec![1, 2, 3]));
        assert_eq!(numbers(&[2, 3, 4, 5], 3), Ok(vec![4, 5]));
        assert_eq!(numbers(&[1, 2], 7), Ok(vec![]));
        assert_eq!(numbers(&[4, 4, 5, 4, 6], 3), Ok(vec![4, 5, 6]), "the same number twice in a batch");
    }

    #[test]
    fn a_missing_number_is_named() {
        assert_eq!(numbers(&[5], 3), Err(4));
        assert_eq!(numbers(&[4, 6], 3), Err(5));
        assert_eq!(numbers(&[0], 3), Err(4), "there is no record 0");
        assert_eq!(numbers(&[-1], 0), Err(1));
    }

    proptest::proptest! {
        /// Whatever a system sends again, in whatever pieces: every number is taken once, in order.
        #[test]
        fn every_number_is_taken_once_however_often_it_is_sent(
            pieces in proptest::collection::vec((0_i64..20, 1_i64..20), 0..30),
        ) {
            let (mut last, mut taken) = (0, Vec::new());
            for (again, length) in pieces {
                let from = (last + 1 - again).max(1);
                let sent: Vec<_> = (from..from + length).collect();
                let new = numbers(&sent, last).expect("no gap");
                last = new.last().copied().unwrap_or(last);
                taken.extend(new);
            }
            proptest::prop_assert_eq!(taken, (1..=last).collect::<Vec<_>>());
        }
    }
}
