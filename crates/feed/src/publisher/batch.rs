//! Publishes consecutive events so that the broker accepts them only behind the event before them.
//!
//! Preferred is an atomic batch (ADR-50): one sync of the broker's disk for all of it, all or nothing. A broker
//! without it (before 2.12) gets them one behind the other, all on their way at once.
//!
//! Sending and being acknowledged are two steps, so that a batch can be read and sent while the broker still syncs the
//! one before it. Whatever is sent behind a batch that is refused is refused as well: it expects that batch's end.

use crate::nats::Connection;
use crate::wire;
use async_nats::client::{PublishError, PublishErrorKind};
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context;
use async_nats::jetstream::publish::PublishAck;
use async_nats::jetstream::response::Response;
use async_nats::{HeaderMap, Message, StatusCode, Subscriber};
use futures::future::BoxFuture;
use futures::stream::FuturesOrdered;
use futures::{FutureExt, StreamExt};
use std::time::Duration;
use tokio::time::Instant;
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

/// Events on their way to the broker.
pub(crate) struct Flight {
    /// Position of the last of them.
    pub(crate) last: i64,
    pub(crate) events: usize,
    /// What the broker has not said until then it will not say.
    deadline: Instant,
    answer: Answer,
}

enum Answer {
    /// One for all of them, to an inbox of its own.
    Together(Subscriber),
    Each(FuturesOrdered<BoxFuture<'static, (i64, Result<PublishAck, context::PublishError>)>>),
}

/// Sends consecutive events; they are stored when the flight is acknowledged.
pub(crate) async fn send(
    nats: &Connection,
    context: &str,
    events: &[RecordedEvent],
    atomic: bool,
    timeout: Duration,
) -> Result<Flight, NotPublished> {
    let answer = if atomic || events.len() == 1 {
        together(nats, context, events).await?
    } else {
        each(nats, context, events).await?
    };
    let last = events.last().map_or(0, |event| event.position);
    Ok(Flight { last, events: events.len(), deadline: Instant::now() + timeout, answer })
}

/// The broker takes a batch with its last message, and answers that one only.
async fn together(
    nats: &Connection,
    context: &str,
    events: &[RecordedEvent],
) -> Result<Answer, NotPublished> {
    let inbox = nats.client.new_inbox();
    let answers = nats.client.subscribe(inbox.clone()).await;
    let answers = answers.map_err(|error| NotPublished::Broker(error.to_string()))?;
    let id = uuid::Uuid::now_v7().simple().to_string();
    for (index, event) in events.iter().enumerate() {
        let mut headers = wire::headers(event);
        if index == 0 {
            // The rest follows by itself: a batch is numbered without a gap.
            headers = expecting(headers, event);
        }
        if events.len() > 1 {
            headers.insert(BATCH_ID, id.as_str());
            headers.insert(BATCH_SEQUENCE, (index + 1).to_string());
        }
        let (subject, payload) = (wire::subject(context, event), event.payload.clone());
        let sent = if index + 1 < events.len() {
            nats.client.publish_with_headers(subject, headers, payload).await
        } else {
            if events.len() > 1 {
                headers.insert(BATCH_COMMIT, "1");
            }
            nats.client.publish_with_reply_and_headers(subject, inbox.clone(), headers, payload).await
        };
        sent.map_err(|error| not_sent(nats, event, &error))?;
    }
    Ok(Answer::Together(answers))
}

async fn each(nats: &Connection, context: &str, events: &[RecordedEvent]) -> Result<Answer, NotPublished> {
    let mut answers = FuturesOrdered::new();
    for event in events {
        let headers = expecting(wire::headers(event), event);
        let subject = wire::subject(context, event);
        let sent = nats.jetstream.publish_with_headers(subject, headers, event.payload.clone()).await;
        let (position, answer) = (event.position, sent.map_err(|e| refused(nats, event.position, &e))?);
        answers.push_back(async move { (position, answer.await) }.boxed());
    }
    Ok(Answer::Each(answers))
}

impl Flight {
    /// Waits for the broker's answer; without an error all events of the flight are stored.
    pub(crate) async fn acknowledged(&mut self, nats: &Connection) -> Result<(), NotPublished> {
        let answered = async {
            match &mut self.answer {
                Answer::Together(answers) => match answers.next().await {
                    Some(message) => read(&message, self.last),
                    None => Err(NotPublished::Broker("connection closed".into())),
                },
                Answer::Each(answers) => {
                    while let Some((position, ack)) = answers.next().await {
                        let ack = ack.map_err(|error| refused(nats, position, &error))?;
                        stored_at(position, ack.sequence)?;
                    }
                    Ok(())
                }
            }
        };
        let in_time = tokio::time::timeout_at(self.deadline, answered).await;
        in_time.unwrap_or_else(|_| Err(NotPublished::Broker("no answer".into())))
    }
}

fn read(message: &Message, position: i64) -> Result<(), NotPublished> {
    if message.status == Some(StatusCode::NO_RESPONDERS) {
        return Err(NotPublished::Broker("no stream takes the subject".into()));
    }
    match serde_json::from_slice::<Response<PublishAck>>(&message.payload) {
        Ok(Response::Ok(ack)) => stored_at(position, ack.sequence),
        Ok(Response::Err { error }) => Err(refusal(error.error_code(), &error)),
        Err(error) => Err(NotPublished::Broker(format!("unreadable answer: {error}"))),
    }
}

fn expecting(mut headers: HeaderMap, event: &RecordedEvent) -> HeaderMap {
    headers.insert(EXPECTED_LAST, (event.position - 1).to_string());
    headers
}

fn not_sent(nats: &Connection, event: &RecordedEvent, error: &PublishError) -> NotPublished {
    match error.kind() {
        PublishErrorKind::MaxPayloadExceeded => too_large(nats, event.position),
        _ => NotPublished::Broker(error.to_string()),
    }
}

fn refused(nats: &Connection, position: i64, error: &context::PublishError) -> NotPublished {
    match error.kind() {
        context::PublishErrorKind::WrongLastSequence => NotPublished::Elsewhere,
        context::PublishErrorKind::MaxPayloadExceeded => too_large(nats, position),
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

fn too_large(nats: &Connection, position: i64) -> NotPublished {
    NotPublished::TooLarge { position, limit: nats.client.max_payload() }
}

/// A stream that numbers otherwise than we do is not the one we mean.
fn stored_at(position: i64, sequence: u64) -> Result<(), NotPublished> {
    if i64::try_from(sequence) == Ok(position) { Ok(()) } else { Err(NotPublished::Elsewhere) }
}
