//! Hears how far the source is, so that lag is told honestly when the stream is dead.

use super::Heard;
use super::stream;
use crate::LogReader;
use crate::nats::Connection;
use std::time::Duration;
use tokio::sync::watch;

/// Asks for the head for ever. Every answer wakes the watchers, also one that says the same.
pub(super) async fn beat(
    reader: LogReader,
    nats: Option<Connection>,
    heard: watch::Sender<Heard>,
    every: Duration,
) {
    loop {
        match reader.head().await {
            Ok(head) => heard.send_modify(|heard| {
                heard.head = head.position;
                heard.hash = Some(head.hash);
                heard.beat += 1;
            }),
            // The stream's end is a lower bound: good enough while the source itself is away.
            Err(_) => {
                if let Some(nats) = nats.as_ref().filter(|nats| nats.presence.borrow().up)
                    && let Ok(bounds) = stream::bounds(nats, reader.source()).await
                {
                    heard.send_modify(|heard| {
                        heard.head = heard.head.max(bounds.last);
                        heard.hash = None;
                    });
                }
            }
        }
        tokio::time::sleep(every).await;
    }
}
