//! Whether a message is the event that follows.

use crate::wire;
use async_nats::jetstream::Message;
use xiaoan_eventstore::chain::{self, Break};
use xiaoan_eventstore::{ChainHead, RecordedEvent};

/// A message that does not follow.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) position: i64,
    pub(super) reason: String,
    /// Whether the message itself is wrong, rather than others missing before it.
    pub(super) distrust: bool,
}

impl Wrong {
    fn message(position: i64, reason: impl std::fmt::Display) -> Self {
        Self { position, reason: reason.to_string(), distrust: true }
    }
}

/// The event of a message with the head behind it; `None` when it was handed over before.
pub(super) fn check(
    source: &str,
    message: Message,
    head: &ChainHead,
) -> Result<Option<(RecordedEvent, ChainHead)>, Wrong> {
    let sequence = match message.info() {
        Ok(info) => info.stream_sequence.cast_signed(),
        Err(error) => return Err(Wrong::message(head.position + 1, error)),
    };
    let message = message.message;
    let headers = message.headers.unwrap_or_default();
    let event = wire::event(&headers, message.payload).map_err(|reason| Wrong::message(sequence, reason))?;
    if event.position != sequence || event.source != source {
        let reason = format!("holds event {} of {}", event.position, event.source);
        return Err(Wrong::message(sequence, reason));
    }
    if event.position <= head.position {
        if event.position == head.position && event.hash != head.hash.as_slice() {
            return Err(Wrong::message(sequence, "is another event than was read before"));
        }
        return Ok(None);
    }
    match chain::verify(head, &event) {
        Ok(next) => Ok(Some((event, next))),
        Err(broken) => Err(Wrong {
            position: event.position,
            distrust: !matches!(broken.reason, Break::Missing { .. }),
            reason: broken.to_string(),
        }),
    }
}
