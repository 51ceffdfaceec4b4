//! Publishes consecutive events so that the broker accepts them only behind the event before them.
//!
//! Preferred is an atomic batch (ADR-50): one sync of the broker's disk for all of it, all or nothing. A broker
//! without it (before 2.12) gets them one behind the other, all on their way at once.

use crate::nats::Connection;
use crate::wire;
use async_nats::client::PublishErrorKind;
use async_nats::jetstream::publish::PublishAck;
use async_nats::jetstream::response::Response;
use async_nats::jetstream::{ErrorCode, context};
use async_nats::{HeaderMap, Request};
use std::time::Duration;
use xiaoan_eventstore::RecordedEvent;

const EXPECTED_LAST: &str = "Nats-Expected-Last-Sequence";
const BATCH_ID: &str = "Nats-Batch-Id";
const BATCH_SEQUENCE: &str = "Nats-Batch-Sequence";
const BATCH_COMMIT: &str = "Nats-Batch-Commit";

/// Why events were not published.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotPublished {
    /// The stream does not end right before them.
    #[error("the stream is elsewhere")]
    Elsewhere,
    /// The broker cannot do atomic batches.
    #[error("no atomic batches")]
    NoBatches,
    /// An event is larger than the broker lets pass.
    #[error("event at position {position} exceeds the broker's max_payload of {limit} bytes")]
    TooLarge { position: i64, limit: usize },
    /// No answer, or another one.
    #[error("{0}")]
    Broker(String),
}

/// Publishes events; when it returns without an error, all of them are stored.
pub(crate) async fn publish(
    nats: &Connection,
    context: &str,
    events: &[RecordedEvent],
    atomic: bool,
    timeout: Duration,
) -> Result<(), NotPublished> {
    match events {
        [] => Ok(()),
        [one] => {
            let headers = expecting(wire::headers(one), one);
            commit(nats, context, one, headers, timeout).await
        }
        several if atomic => in_a_batch(nats, context, several, timeout).await,
        several => one_by_one(nats, context, several).await,
    }
}

fn expecting(mut headers: HeaderMap, event: &RecordedEvent) -> HeaderMap {
    headers.insert(EXPECTED_LAST, (event.position - 1).to_string());
    headers
}

/// The broker takes the batch with its last message, and answers that one only.
async fn in_a_batch(
    nats: &Connection,
    context: &str,
    events: &[RecordedEvent],
    timeout: Duration,
) -> Result<(), NotPublished> {
    let id = uuid::Uuid::now_v7().simple().to_string();
    for (index, event) in events.iter().enumerate() {
        let mut headers = wire::headers(event);
        if index == 0 {
            // The rest follows by itself: a batch is numbered without a gap.
            headers = expecting(headers, event);
        }
        headers.insert(BATCH_ID, id.as_str());
        headers.insert(BATCH_SEQUENCE, (index + 1).to_string());
        if index + 1 == events.len() {
            headers.insert(BATCH_COMMIT, "1");
            return commit(nats, context, event, headers, timeout).await;
        }
        let subject = wire::subject(context, event);
        let sent = nats.client.publish_with_headers(subject, headers, event.payload.clone()).await;
        sent.map_err(|error| match error.kind() {
            PublishErrorKind::MaxPayloadExceeded => too_large(nats, event),
            _ => NotPublished::Broker(error.to_string()),
        })?;
    }
    Ok(())
}

/// Publishes one message and reads the broker's answer to it.
async fn commit(
    nats: &Connection,
    context: &str,
    event: &RecordedEvent,
    headers: HeaderMap,
    timeout: Duration,
) -> Result<(), NotPublished> {
    use async_nats::client::RequestErrorKind;
    let request = Request::new().headers(headers).payload(event.payload.clone()).timeout(Some(timeout));
    let answer = nats.client.send_request(wire::subject(context, event), request).await;
    let answer = answer.map_err(|error| match error.kind() {
        RequestErrorKind::MaxPayloadExceeded => too_large(nats, event),
        _ => NotPublished::Broker(error.to_string()),
    })?;
    match serde_json::from_slice::<Response<PublishAck>>(&answer.payload) {
        Ok(Response::Ok(ack)) => stored_at(event, ack.sequence),
        Ok(Response::Err { error }) => Err(refusal(error.error_code(), &error)),
        Err(error) => Err(NotPublished::Broker(format!("unreadable answer: {error}"))),
    }
}

async fn one_by_one(nats: &Connection, context: &str, events: &[RecordedEvent]) -> Result<(), NotPublished> {
    let mut answers = Vec::with_capacity(events.len());
    for event in events {
        let headers = expecting(wire::headers(event), event);
        let subject = wire::subject(context, event);
        let sent = nats.jetstream.publish_with_headers(subject, headers, event.payload.clone()).await;
        answers.push(sent.map_err(|error| refused(nats, event, &error))?);
    }
    for (event, answer) in events.iter().zip(answers) {
        let ack = answer.await.map_err(|error| refused(nats, event, &error))?;
        stored_at(event, ack.sequence)?;
    }
    Ok(())
}

fn refused(nats: &Connection, event: &RecordedEvent, error: &context::PublishError) -> NotPublished {
    match error.kind() {
        context::PublishErrorKind::WrongLastSequence => NotPublished::Elsewhere,
        context::PublishErrorKind::MaxPayloadExceeded => too_large(nats, event),
        _ => NotPublished::Broker(error.to_string()),
    }
}

fn refusal(code: ErrorCode, error: &dyn std::fmt::Display) -> NotPublished {
    match code {
        ErrorCode::STREAM_WRONG_LAST_SEQUENCE => NotPublished::Elsewhere,
        ErrorCode::ATOMIC_PUBLISH_DISABLED | ErrorCode::ATOMIC_PUBLISH_UNSUPPORTED_HEADER => {
            NotPublished::NoBatches
        }
        _ => NotPublished::Broker(error.to_string()),
    }
}

fn too_large(nats: &Connection, event: &RecordedEvent) -> NotPublished {
    NotPublished::TooLarge { position: event.position, limit: nats.client.max_payload() }
}

/// A stream that numbers otherwise than we do is not the one we mean.
fn stored_at(event: &RecordedEvent, sequence: u64) -> Result<(), NotPublished> {
    if i64::try_from(sequence) == Ok(event.position) { Ok(()) } else { Err(NotPublished::Elsewhere) }
}
