//! Follows the store of this process: no broker, no wire, the same guarantees.

use super::{FollowOptions, Follower, Heard, Link};
use crate::FeedError;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use xiaoan_eventstore::chain;
use xiaoan_eventstore::{ChainHead, EventStore, RecordedEvent};

/// How often the database is asked although the store has heard of nothing: costs little, and forgives a watch that
/// was missed.
const LOOK_AFTER: Duration = Duration::from_secs(5);
/// After a batch of so many events more are coming: a moment's wait makes fewer transactions of them.
const CROWD: usize = 48;
/// That moment.
const GATHER: Duration = Duration::from_millis(40);

/// Follows a store of this process from the event after `from` on. Woken by the store's own appends at once.
#[must_use]
pub fn follow_store(store: EventStore, from: ChainHead, options: &FollowOptions) -> Follower {
    // The next batch is read while the one before it is being applied.
    let (out, batches) = mpsc::channel(1);
    let (sender, heard) = watch::channel(Heard { head: from.position, ..Heard::default() });
    let batch = i64::try_from(options.batch_events).unwrap_or(1).max(1);
    tokio::spawn(async move {
        tokio::select! {
            () = read(&store, from, batch, &out, &sender) => {}
            () = out.closed() => {}
        }
    });
    Follower::new(batches, heard)
}

async fn read(
    store: &EventStore,
    mut head: ChainHead,
    batch: i64,
    out: &mpsc::Sender<Result<Vec<RecordedEvent>, FeedError>>,
    heard: &watch::Sender<Heard>,
) {
    let mut watch = store.watch_head();
    let mut failures = 0_u32;
    let mut looked = false;
    loop {
        let known = *watch.borrow_and_update();
        heard.send_if_modified(|heard| {
            let news = heard.head < known;
            heard.head = heard.head.max(known);
            news
        });
        // When nothing new is known the database need not be asked, except now and then.
        if looked && known <= head.position {
            tokio::select! {
                changed = watch.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(LOOK_AFTER) => looked = false,
            }
            continue;
        }
        // What was there before comes from the database, what came while this follows from memory where it can.
        let read = if looked {
            store.read_on(head.position + 1, batch).await
        } else {
            store.read_log(head.position + 1, batch).await
        };
        looked = true;
        let events = match read {
            Ok(events) => events,
            Err(error) => {
                failures += 1;
                if failures.is_power_of_two() {
                    tracing::warn!(source = store.source(), %error, failures, "own log cannot be read");
                }
                link(heard, Link::Lost);
                tokio::time::sleep(Duration::from_millis(20 << failures.min(7))).await;
                continue;
            }
        };
        failures = 0;
        link(heard, Link::Stream);
        let crowded = events.len() >= CROWD && events.len() < usize::try_from(batch).unwrap_or(usize::MAX);
        let mut good = Vec::with_capacity(events.len());
        let mut broken = None;
        for event in events {
            match chain::verify(&head, &event) {
                Ok(next) => {
                    head = next;
                    good.push(event);
                }
                Err(error) => {
                    broken = Some(error);
                    break;
                }
            }
        }
        if !good.is_empty() && out.send(Ok(good)).await.is_err() {
            return;
        }
        if let Some(broken) = broken {
            let source_name = store.source().to_owned();
            tracing::error!(source = source_name, position = broken.position, %broken, "hash chain broken");
            let _ = out.send(Err(FeedError::BrokenChain { source_name, broken })).await;
            return;
        }
        if crowded {
            tokio::time::sleep(GATHER).await;
        }
    }
}

fn link(heard: &watch::Sender<Heard>, link: Link) {
    heard.send_if_modified(|heard| std::mem::replace(&mut heard.link, link) != link);
}
