//! The last events that this process appended, kept in memory for whoever follows the log: relay and views read each
//! event a moment after its commit, and need not ask the database for what just went through this process.
//!
//! Invariant: only committed events, dense in position, each building on the one before it. What another process
//! appended in between makes a new beginning; a reader of anything else is sent to the database.

use crate::RecordedEvent;
use crate::batch::Told;
use crate::chain::{link, micros};
use crate::queue::Job;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Events kept at most.
const EVENTS: usize = 2_048;
/// Bytes of payload kept at most.
const BYTES: usize = 2 << 20;

/// The tail of the log, as far as it went through this process.
#[derive(Default)]
pub(crate) struct Recent {
    tail: Mutex<Tail>,
}

#[derive(Default)]
struct Tail {
    events: VecDeque<RecordedEvent>,
    bytes: usize,
}

impl Recent {
    /// Keeps what a batch has recorded. Takes the events out of the jobs; the jobs' answers stay.
    pub fn keep(&self, source: &str, batch: &mut [Job], told: &[Told]) {
        let mut fresh = Vec::with_capacity(batch.len());
        for (job, told) in batch.iter_mut().zip(told) {
            record(source, job, told, &mut fresh);
        }
        self.tail().extend(fresh);
    }

    /// Events from a position on, at most `limit`; `None` when the database must be asked.
    pub fn read(&self, from: i64, limit: usize) -> Option<Vec<RecordedEvent>> {
        let tail = self.tail();
        let first = tail.events.front()?.position;
        let skip = usize::try_from(from.checked_sub(first)?).ok()?;
        if skip >= tail.events.len() {
            return None;
        }
        Some(tail.events.range(skip..).take(limit).cloned().collect())
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tail {
    fn extend(&mut self, fresh: Vec<RecordedEvent>) {
        for event in fresh {
            let follows = self
                .events
                .back()
                .is_some_and(|last| last.position + 1 == event.position && last.hash == event.previous_hash);
            if !follows {
                self.events.clear();
                self.bytes = 0;
            }
            self.bytes += event.payload.len();
            self.events.push_back(event);
        }
        while self.events.len() > EVENTS || self.bytes > BYTES {
            let Some(oldest) = self.events.pop_front() else { break };
            self.bytes -= oldest.payload.len();
        }
    }
}

/// The events of one job as the database recorded them.
fn record(source: &str, job: &mut Job, told: &Told, out: &mut Vec<RecordedEvent>) {
    let Ok(appended) = &told.answer else { return };
    let Ok(mut previous) = <[u8; 32]>::try_from(told.previous_hash.as_slice()) else { return };
    if appended.replayed {
        return;
    }
    let command = &mut job.command;
    let recorded_at = xiaoan_proto::timestamp(appended.recorded_at);
    let at = micros(appended.recorded_at);
    let mut contents = command.contents.iter();
    let mut position = appended.first_position;
    for write in &mut command.append.writes {
        let versions = write.expected_version + 1..;
        for ((event, content), version) in write.events.drain(..).zip(contents.by_ref()).zip(versions) {
            let hash = link(&previous, position, at, content);
            out.push(RecordedEvent {
                source: source.to_owned(),
                position,
                version,
                recorded_at: Some(recorded_at),
                occurred_on: Some(event.occurred_on.into()),
                stream: write.stream.as_str().to_owned(),
                r#type: event.type_name,
                payload: event.payload.into(),
                org_unit: event.org_unit.as_str().to_owned(),
                actor: command.append.actor.clone(),
                traceparent: command.append.traceparent.clone(),
                previous_hash: previous.to_vec().into(),
                hash: hash.to_vec().into(),
            });
            (previous, position) = (hash, position + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(position: i64, previous: u8, hash: u8, size: usize) -> RecordedEvent {
        RecordedEvent {
            position,
            payload: vec![0; size].into(),
            previous_hash: vec![previous; 32].into(),
            hash: vec![hash; 32].into(),
            ..RecordedEvent::default()
        }
    }

    fn positions(recent: &Recent, from: i64, limit: usize) -> Option<Vec<i64>> {
        recent.read(from, limit).map(|events| events.iter().map(|e| e.position).collect())
    }

    #[test]
    fn what_is_kept_is_read_from_any_place_in_it_and_nothing_else() {
        let recent = Recent::default();
        assert_eq!(positions(&recent, 1, 9), None);
        recent.tail().extend(vec![event(5, 4, 5, 1), event(6, 5, 6, 1), event(7, 6, 7, 1)]);
        assert_eq!(positions(&recent, 5, 2), Some(vec![5, 6]));
        assert_eq!(positions(&recent, 7, 9), Some(vec![7]));
        assert_eq!(positions(&recent, 4, 9), None, "before it");
        assert_eq!(positions(&recent, 8, 9), None, "behind it another process may have appended");
    }

    #[test]
    fn a_gap_or_another_chain_makes_a_new_beginning() {
        let recent = Recent::default();
        recent.tail().extend(vec![event(1, 0, 1, 1), event(2, 1, 2, 1)]);
        recent.tail().extend(vec![event(4, 3, 4, 1)]);
        assert_eq!(positions(&recent, 1, 9), None);
        assert_eq!(positions(&recent, 4, 9), Some(vec![4]));
        recent.tail().extend(vec![event(5, 9, 5, 1)]);
        assert_eq!(positions(&recent, 4, 9), None);
        assert_eq!(positions(&recent, 5, 9), Some(vec![5]));
    }

    #[test]
    fn memory_is_bounded_by_events_and_by_bytes() {
        let recent = Recent::default();
        let last = i64::try_from(EVENTS).expect("small") + 10;
        recent.tail().extend((1..=last).map(|n| event(n, 1, 1, 1)).collect());
        assert_eq!(positions(&recent, 10, 9), None);
        assert_eq!(positions(&recent, 11, 1), Some(vec![11]));
        recent.tail().extend(vec![event(last + 1, 1, 1, BYTES)]);
        assert_eq!(positions(&recent, last, 9), None);
        assert_eq!(positions(&recent, last + 1, 9), Some(vec![last + 1]));
    }
}
