//! The connection to NATS: one that never gives up, and says when it was interrupted.

use crate::{FeedError, NatsOptions, users};
use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectOptions, Event, ServerAddr};
use std::time::Duration;
use tokio::sync::watch;

/// Whether the broker is connected, and how often it has been so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Presence {
    pub(crate) up: bool,
    /// Grows with every connection: a different number means that something may have changed at the broker.
    pub(crate) connections: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) jetstream: Context,
    pub(crate) presence: watch::Receiver<Presence>,
}

/// Starts connecting and returns at once; the client connects, and connects again, in the background.
pub(crate) async fn connect(options: &NatsOptions, name: &str) -> Result<Connection, FeedError> {
    let addresses = options
        .url
        .split(',')
        .map(|url| url.trim().parse::<ServerAddr>())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| setting("nats url", error))?;
    let (presence, watched) = watch::channel(Presence::default());
    let who = name.to_owned();
    let mut connect = ConnectOptions::new()
        .name(name)
        .retry_on_initial_connect()
        .max_reconnects(None)
        .reconnect_delay_callback(|attempt| match attempt {
            0 | 1 => Duration::ZERO,
            n => Duration::from_millis(50 << n.min(5)),
        })
        .connection_timeout(Duration::from_secs(3))
        // A connection that is dead without a word is found within two of these.
        .ping_interval(Duration::from_secs(5))
        .request_timeout(Some(options.request_timeout))
        .event_callback(move |event| {
            note(&who, &presence, &event);
            std::future::ready(())
        });
    if let Some(path) = &options.credentials {
        connect = connect.credentials_file(path).await.map_err(|error| setting("nats credentials", error))?;
    }
    if let Some(path) = &options.nkey {
        let signing = users::sign_in(path)?;
        connect = connect.nkey(signing.seed).custom_inbox_prefix(signing.inbox);
    }
    if let Some(path) = &options.ca {
        connect = connect.add_root_certificates(path.clone());
    }
    let client = connect.connect(addresses).await.map_err(|error| setting("nats", error))?;
    let mut jetstream = jetstream::new(client.clone());
    jetstream.set_timeout(options.request_timeout);
    Ok(Connection { client, jetstream, presence: watched })
}

fn setting(setting: &'static str, error: impl std::fmt::Display) -> FeedError {
    FeedError::Setting { setting, reason: error.to_string() }
}

fn note(who: &str, presence: &watch::Sender<Presence>, event: &Event) {
    match event {
        Event::Connected => {
            presence.send_modify(|p| {
                p.up = true;
                p.connections += 1;
            });
            tracing::info!(who, "nats connected");
        }
        Event::Disconnected | Event::Closed => {
            // Told once per interruption: a client that cannot connect reports every attempt.
            if presence.send_if_modified(|p| std::mem::replace(&mut p.up, false)) {
                tracing::warn!(who, "nats disconnected");
            }
        }
        Event::SlowConsumer(_) | Event::ServerError(_) => tracing::warn!(who, %event, "nats"),
        Event::LameDuckMode | Event::Draining | Event::ClientError(_) => {
            tracing::debug!(who, %event, "nats");
        }
    }
}
