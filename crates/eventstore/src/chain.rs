//! The hash chain over every event, and its verifier.
//!
//! ```text
//! content = SHA-256(stream ‖ type ‖ org_unit ‖ actor ‖ payload   each as u64 length + bytes
//!                   ‖ version as i64 ‖ year, month, day as i32)
//! hash    = SHA-256(hash of the event before ‖ position as i64 ‖ recorded_at in microseconds as i64 ‖ content)
//! ```
//! All integers big-endian; before position 1 stand 32 zero bytes. The content digest is made where the command is made,
//! the link inside the database under the append lock (`migrations/eventstore/0001_events.sql`), and both again here.
//! The trace context is no evidence and stays outside.
//!
//! What the chain cannot tell by itself: that its **last** events were cut off. Whoever keeps a head elsewhere can
//! (every consumer does), by asking for a chain that reaches it.

use crate::{ChainHead, EventStore, RecordedEvent, StoreError};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use xiaoan_kernel::whole_micros;

/// Where a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("chain broken at position {position}: {reason}")]
pub struct BrokenChain {
    /// First position that is wrong or missing.
    pub position: i64,
    /// What is wrong.
    pub reason: Break,
}

/// What is wrong at a position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Break {
    /// The event is missing; another position came instead.
    #[error("missing, found position {found}")]
    Missing {
        /// Position that came instead.
        found: i64,
    },
    /// It does not build on the event before it.
    #[error("does not build on the event before it")]
    Previous,
    /// Recorded before its predecessor.
    #[error("recorded before its predecessor")]
    Clock,
    /// Its hash does not match its content, place or time.
    #[error("hash does not match the event")]
    Content,
    /// Fields are absent or have the wrong size.
    #[error("malformed: {0}")]
    Malformed(&'static str),
}

/// Why a verification did not come through.
#[derive(Debug, Clone, thiserror::Error)]
pub enum VerifyError {
    /// The log is not what was recorded.
    #[error(transparent)]
    Broken(#[from] BrokenChain),
    /// The log could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The parts of an event that its content digest covers.
pub(crate) struct Content<'a> {
    pub stream: &'a str,
    pub version: i64,
    pub type_name: &'a str,
    pub payload: &'a [u8],
    pub org_unit: &'a str,
    /// Year, month, day.
    pub occurred_on: (i32, i32, i32),
    pub actor: &'a str,
}

impl Content<'_> {
    pub(crate) fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for text in [self.stream, self.type_name, self.org_unit, self.actor] {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        }
        hash.update((self.payload.len() as u64).to_be_bytes());
        hash.update(self.payload);
        hash.update(self.version.to_be_bytes());
        let (year, month, day) = self.occurred_on;
        for number in [year, month, day] {
            hash.update(number.to_be_bytes());
        }
        hash.finalize().into()
    }
}

/// SHA-256 over the canonical form of everything in an event but its place in the log and its trace context.
/// A missing day counts as 0-0-0, which no recorded event has.
#[must_use]
pub fn content_digest(event: &RecordedEvent) -> [u8; 32] {
    let day = event.occurred_on.unwrap_or_default();
    Content {
        stream: &event.stream,
        version: event.version,
        type_name: &event.r#type,
        payload: &event.payload,
        org_unit: &event.org_unit,
        occurred_on: (day.year, day.month, day.day),
        actor: &event.actor,
    }
    .digest()
}

/// Hash of an event: SHA-256(previous ‖ position ‖ recorded_at in microseconds ‖ content digest), integers as 8 bytes
/// big-endian.
#[must_use]
pub fn link(previous: &[u8; 32], position: i64, recorded_at_micros: i64, content: &[u8; 32]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(position.to_be_bytes());
    hash.update(recorded_at_micros.to_be_bytes());
    hash.update(content);
    hash.finalize().into()
}

/// Checks that an event is the one after `before`, and returns the new head.
///
/// # Errors
/// Names the first position that is wrong or missing.
pub fn verify(before: &ChainHead, event: &RecordedEvent) -> Result<ChainHead, BrokenChain> {
    let position = before.position + 1;
    let broken = |reason| BrokenChain { position, reason };
    if event.position != position {
        return Err(broken(Break::Missing { found: event.position }));
    }
    let previous: &[u8; 32] =
        event.previous_hash.as_ref().try_into().map_err(|_| broken(Break::Malformed("previous_hash")))?;
    let hash: [u8; 32] = event.hash.as_ref().try_into().map_err(|_| broken(Break::Malformed("hash")))?;
    let recorded_at = event
        .recorded_at
        .as_ref()
        .and_then(xiaoan_proto::instant)
        .ok_or_else(|| broken(Break::Malformed("recorded_at")))?;
    if event.occurred_on.is_none() {
        return Err(broken(Break::Malformed("occurred_on")));
    }
    if *previous != before.hash {
        return Err(broken(Break::Previous));
    }
    // An instant finer than the store's would read back as another event with the same hash.
    if recorded_at != whole_micros(recorded_at) {
        return Err(broken(Break::Malformed("recorded_at")));
    }
    if hash != link(previous, position, micros(recorded_at), &content_digest(event)) {
        return Err(broken(Break::Content));
    }
    if before.position > 0 && recorded_at < before.recorded_at {
        return Err(broken(Break::Clock));
    }
    Ok(ChainHead { position, hash, recorded_at })
}

/// Events read at a time by [`verify_log`].
const PAGE: i64 = 1_000;

/// Walks a log from a trusted head ([`ChainHead::EMPTY`] for all of it) to its end and returns the head found there.
/// `progress` hears of every page. Memory stays at two pages.
///
/// # Errors
/// Names the first broken position, or says why the log cannot be read.
pub async fn verify_log(
    store: &EventStore,
    from: ChainHead,
    mut progress: impl FnMut(&ChainHead),
) -> Result<ChainHead, VerifyError> {
    let mut head = from;
    let mut page = store.read_log(head.position + 1, PAGE).await?;
    while let Some(last) = page.last() {
        // The next page is on its way while this one is hashed.
        let ahead = tokio::spawn({
            let (store, next) = (store.clone(), last.position + 1);
            async move { store.read_log(next, PAGE).await }
        });
        for event in &page {
            head = verify(&head, event)?;
        }
        progress(&head);
        page = ahead.await.map_err(|_| StoreError::Closed)??;
    }
    Ok(head)
}

/// Microseconds since 1970 of an instant, rounded down.
pub(crate) fn micros(at: OffsetDateTime) -> i64 {
    // Years up to 9999 fit well: 2^63 µs are 292,000 years.
    i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;
    use time::macros::datetime;

    /// A log of `n` events as the database would make it.
    fn log(n: i64) -> Vec<RecordedEvent> {
        let mut head = ChainHead::EMPTY;
        (1..=n)
            .map(|position| {
                let recorded_at = datetime!(2026-06-07 01:58:00.123456 UTC) + Duration::seconds(position);
                let mut event = RecordedEvent {
                    source: "cases".into(),
                    position,
                    stream: format!("case-{}", position % 3),
                    version: (position - 1) / 3 + 1,
                    r#type: "xiaoan.cases.v1.CaseFiled".into(),
                    payload: vec![position as u8; 20].into(),
                    org_unit: "371102010000".into(),
                    occurred_on: Some(xiaoan_proto::core::v1::Date { year: 2026, month: 6, day: 7 }),
                    recorded_at: Some(xiaoan_proto::timestamp(recorded_at)),
                    actor: "officer-1".into(),
                    traceparent: String::new(),
                    previous_hash: head.hash.to_vec().into(),
                    hash: Vec::new().into(),
                };
                let hash = link(&head.hash, position, micros(recorded_at), &content_digest(&event));
                event.hash = hash.to_vec().into();
                head = ChainHead { position, hash, recorded_at };
                event
            })
            .collect()
    }

    fn walk(events: &[RecordedEvent]) -> Result<ChainHead, BrokenChain> {
        events.iter().try_fold(ChainHead::EMPTY, |head, event| verify(&head, event))
    }

    #[test]
    fn an_untouched_log_is_whole() {
        assert_eq!(walk(&log(10)).map(|head| head.position), Ok(10));
    }

    #[test]
    fn every_field_but_the_trace_context_is_covered() {
        let changes: [fn(&mut RecordedEvent); 9] = [
            |e| e.stream.push('x'),
            |e| e.version += 1,
            |e| e.r#type.push('x'),
            |e| e.payload = vec![9; 20].into(),
            |e| e.org_unit = "371103010000".into(),
            |e| e.occurred_on = Some(xiaoan_proto::core::v1::Date { year: 2026, month: 7, day: 6 }),
            |e| e.recorded_at.as_mut().expect("set").nanos += 1_000,
            |e| e.actor.push('x'),
            |e| e.hash = vec![1; 32].into(),
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut events = log(10);
            change(&mut events[4]);
            let broken = walk(&events).expect_err("altered");
            assert_eq!((broken.position, broken.reason), (5, Break::Content), "change {number}");
        }
        let mut events = log(10);
        events[4].traceparent = "00-1-2-03".into();
        assert!(walk(&events).is_ok());
    }

    #[test]
    fn text_moved_from_one_field_into_its_neighbour_is_noticed() {
        let mut events = log(3);
        let moved = events[1].stream.pop().expect("not empty");
        events[1].r#type.insert(0, moved);
        assert_eq!(walk(&events).map_err(|b| b.position), Err(2));
    }

    #[test]
    fn gaps_swaps_and_foreign_links_are_named() {
        let mut gap = log(10);
        gap.remove(6);
        assert_eq!(walk(&gap), Err(BrokenChain { position: 7, reason: Break::Missing { found: 8 } }));

        let mut swapped = log(10);
        swapped.swap(2, 3);
        assert_eq!(walk(&swapped), Err(BrokenChain { position: 3, reason: Break::Missing { found: 4 } }));

        let mut foreign = log(10);
        foreign[5].previous_hash = vec![7; 32].into();
        assert_eq!(walk(&foreign), Err(BrokenChain { position: 6, reason: Break::Previous }));

        let mut short = log(10);
        short[8].hash = vec![1; 31].into();
        assert_eq!(walk(&short), Err(BrokenChain { position: 9, reason: Break::Malformed("hash") }));
    }

    #[test]
    fn a_log_rewritten_with_correct_hashes_breaks_at_the_kept_head() {
        let events = log(10);
        let kept = walk(&events[..5]).expect("whole");
        let mut forged = events;
        forged[4].actor = "somebody-else".into();
        let before = walk(&forged[..4]).expect("whole");
        let hash = link(&before.hash, 5, micros(before.recorded_at) + 1_000_000, &content_digest(&forged[4]));
        forged[4].hash = hash.to_vec().into();
        forged[5].previous_hash = hash.to_vec().into();
        let at = xiaoan_proto::instant(&forged[5].recorded_at.expect("set")).expect("an instant");
        forged[5].hash = link(&hash, 6, micros(at), &content_digest(&forged[5])).to_vec().into();
        assert!(walk(&forged[..6]).is_ok(), "a forger with all of the log can make a whole one");
        let broken = verify(&kept, &forged[5]).expect_err("but not one that builds on a head kept elsewhere");
        assert_eq!(broken, BrokenChain { position: 6, reason: Break::Previous });
    }

    #[test]
    fn an_event_recorded_before_its_predecessor_is_named() {
        let mut events = log(4);
        let before = walk(&events[..3]).expect("whole");
        let early = before.recorded_at - Duration::seconds(60);
        events[3].recorded_at = Some(xiaoan_proto::timestamp(early));
        let hash = link(&before.hash, 4, micros(early), &content_digest(&events[3]));
        events[3].hash = hash.to_vec().into();
        assert_eq!(walk(&events), Err(BrokenChain { position: 4, reason: Break::Clock }));
    }
}
