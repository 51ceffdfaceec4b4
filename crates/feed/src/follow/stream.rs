//! The broker's side of a follower.

use crate::nats::Connection;
use crate::{FeedError, wire};
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use std::time::Duration;

/// Positions that a stream holds; `first` is `last + 1` when it is empty.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) first: i64,
    pub(super) last: i64,
}

pub(super) async fn bounds(nats: &Connection, context: &str) -> Result<Bounds, FeedError> {
    let stream = nats.jetstream.get_stream(wire::stream_name(context)).await.map_err(broker)?;
    let state = &stream.cached_info().state;
    let last = i64::try_from(state.last_sequence).map_err(broker)?;
    let first =
        if state.messages == 0 { last + 1 } else { i64::try_from(state.first_sequence).map_err(broker)? };
    Ok(Bounds { first, last })
}

/// Messages from a position on.
pub(super) async fn open(
    nats: &Connection,
    context: &str,
    from: i64,
    batch: usize,
) -> Result<pull::Stream, FeedError> {
    let config = pull::Config {
        description: Some("xiaoan follower".to_owned()),
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: from.cast_unsigned() },
        ack_policy: AckPolicy::None,
        // It keeps nothing worth keeping: the position is ours.
        memory_storage: true,
        num_replicas: 1,
        inactive_threshold: Duration::from_secs(30),
        ..pull::Config::default()
    };
    let name = wire::stream_name(context);
    let consumer = nats.jetstream.create_consumer_on_stream(config, name).await.map_err(broker)?;
    consumer
        .stream()
        .max_messages_per_batch(batch)
        // Twice without a sign of life is a dead consumer: its server or its stream is gone.
        .heartbeat(Duration::from_secs(2))
        .expires(Duration::from_secs(30))
        .messages()
        .await
        .map_err(broker)
}

fn broker(error: impl std::fmt::Display) -> FeedError {
    FeedError::Nats(error.to_string())
}
