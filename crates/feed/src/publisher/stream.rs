//! The stream as the relay finds it, and as it should be.

use crate::nats::Connection;
use crate::{FeedError, NatsOptions, wire};
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::stream::{Config, DiscardPolicy, Info, RawMessageErrorKind, StorageType, Stream};
use std::time::Duration;
use xiaoan_eventstore::EventStore;

/// What was found.
#[derive(Debug)]
pub(crate) enum Found {
    /// Ours, ending at a position.
    Ours { last: i64, atomic: bool },
    /// There is none.
    Missing,
    /// One that does not hold our log; says why.
    Foreign(String),
}

/// Reads the stream and compares its end with the log.
pub(crate) async fn inspect(
    nats: &Connection,
    options: &NatsOptions,
    store: &EventStore,
    context: &str,
) -> Result<Found, FeedError> {
    let name = wire::stream_name(context);
    let stream = match nats.jetstream.get_stream(&name).await {
        Ok(stream) => stream,
        Err(error) => {
            return match error.kind() {
                GetStreamErrorKind::JetStream(cause) if cause.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                    Ok(Found::Missing)
                }
                _ => Err(broker(error)),
            };
        }
    };
    let info = stream.cached_info();
    let last = position(info.state.last_sequence)?;
    // Read after the stream: whatever was published before is committed by now.
    let head = store.head().await?.position;
    if last > head {
        return Ok(Found::Foreign(format!("it ends at {last}, the log at {head}")));
    }
    if info.state.messages > 0
        && let Some(reason) = differs_at(&stream, store, last).await?
    {
        return Ok(Found::Foreign(reason));
    }
    let atomic = match adjusted(&info.config, options, context) {
        None => info.config.allow_atomic_publish,
        Some(config) => {
            let info = nats.jetstream.update_stream(&config).await.map_err(broker)?;
            tracing::info!(stream = name, "stream adjusted to the settings");
            info.config.allow_atomic_publish
        }
    };
    Ok(Found::Ours { last, atomic })
}

/// Why the stream's message at a position is not our event there; `None` when it is, or when it cannot be told
/// (a message that the broker has lost is filled in by the consumers, from `EventLog`).
async fn differs_at(stream: &Stream, store: &EventStore, at: i64) -> Result<Option<String>, FeedError> {
    let message = match stream.get_raw_message(at.cast_unsigned()).await {
        Ok(message) => message,
        Err(error) if matches!(error.kind(), RawMessageErrorKind::NoMessageFound) => return Ok(None),
        Err(error) => return Err(broker(error)),
    };
    let ours = store.read_log(at, 1).await?;
    let ours = ours.first().map(|event| &event.hash);
    let same = ours.is_some() && wire::hash_of(&message.headers).as_ref() == ours;
    Ok((!same).then(|| format!("its message {at} is not the log's event {at}")))
}

/// Creates the stream so that the newest events fit; gives the position before its first one.
pub(crate) async fn create(
    nats: &Connection,
    options: &NatsOptions,
    store: &EventStore,
    context: &str,
) -> Result<(i64, bool), FeedError> {
    let head = store.head().await?.position;
    let first = (head - options.refill.max(0) + 1).max(1);
    let config = Config {
        name: wire::stream_name(context),
        description: Some(format!(
            "log of {context}: sequence = position; rebuilt from PostgreSQL when lost"
        )),
        first_sequence: Some(first.cast_unsigned()),
        ..wanted(Config::default(), options, context)
    };
    let stream = nats.jetstream.create_stream(config).await.map_err(broker)?;
    let Info { state, config, .. } = stream.cached_info();
    Ok((position(state.last_sequence)?, config.allow_atomic_publish))
}

pub(crate) async fn delete(nats: &Connection, context: &str) -> Result<(), FeedError> {
    nats.jetstream.delete_stream(wire::stream_name(context)).await.map(|_| ()).map_err(broker)
}

/// The settings that are ours to decide, over a configuration; the rest stays as the operator has made it.
fn wanted(config: Config, options: &NatsOptions, context: &str) -> Config {
    Config {
        subjects: vec![wire::subjects(context)],
        storage: StorageType::File,
        num_replicas: options.replicas,
        discard: DiscardPolicy::Old,
        max_age: options.max_age,
        max_bytes: options.max_bytes,
        max_messages: options.max_messages,
        // Nothing in it is ever taken out by hand. (The stream itself can be deleted.)
        deny_delete: true,
        deny_purge: true,
        allow_direct: true,
        allow_atomic_publish: options.atomic_batches,
        // Duplicates are refused by sequence; there are no message ids to remember.
        duplicate_window: Duration::from_millis(100),
        ..config
    }
}

fn adjusted(found: &Config, options: &NatsOptions, context: &str) -> Option<Config> {
    let wanted = wanted(found.clone(), options, context);
    let settled = Config {
        // An older broker forgets the wish for atomic batches every time.
        allow_atomic_publish: options.atomic_batches && found.allow_atomic_publish,
        duplicate_window: found.duplicate_window,
        ..wanted.clone()
    };
    (settled != *found).then_some(wanted)
}

fn position(sequence: u64) -> Result<i64, FeedError> {
    i64::try_from(sequence).map_err(|_| FeedError::Nats(format!("sequence {sequence} is no position")))
}

fn broker(error: impl std::fmt::Display) -> FeedError {
    FeedError::Nats(error.to_string())
}
