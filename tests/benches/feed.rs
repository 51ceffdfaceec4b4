//! Events per second from PostgreSQL to JetStream and on to a follower, beside simpler ways of publishing the same events.
//!
//! `cargo bench -p xiaoan-tests --bench feed`. Needs `XIAOAN_TEST_PG` and `XIAOAN_NATS_SERVER`; the broker syncs its disk
//! at every write (`sync_interval: always`), as shipped. `XIAOAN_BENCH_EVENTS` (200,000) of 300 bytes;
//! `XIAOAN_BENCH_ROUNDS` (3) of all contenders in turn.
//!
//! | contender | what it does |
//! |---|---|
//! | one by one | publishes an event, waits for the acknowledgement, publishes the next |
//! | pipelined | the feed's relay without atomic batches |
//! | limit | the same messages as atomic batches of 1000, made beforehand: what the broker and its disk can take |
//! | feed | the feed's relay as shipped: atomic batches of 1000, position = sequence |
//! | follow, stream | a follower over the stream: chain verified, batches handed over |
//! | follow, EventLog | a follower over `EventLog` alone, as on a first start |
//! | commit → follower | from the answer of an append to the follower's batch, at 500 appends/s: p50, p99 |

use anyhow::{Context, Result, ensure};
use std::sync::Arc;
use std::time::{Duration, Instant};
use time::macros::date;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_stream::wrappers::TcpListenerStream;
use xiaoan_eventstore::{
    Append, AppenderOptions, ChainHead, EventStore, NewEvent, RecordedEvent, StreamWrite, chain,
};
use xiaoan_feed::{
    FeedSource, FollowOptions, Follower, NatsOptions, PeerTls, Publisher, allow_all, event_log_service,
    follow_with, wire,
};
use xiaoan_kernel::{OrgCode, StreamId, SystemClock};
use xiaoan_testkit::{TestDb, TestNats};

const PAYLOAD: usize = 300;

fn setting(name: &str, default: i64) -> i64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

fn main() -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(bench())
}

async fn bench() -> Result<()> {
    let (events, rounds) = (setting("XIAOAN_BENCH_EVENTS", 200_000), setting("XIAOAN_BENCH_ROUNDS", 3));
    let db = TestDb::create("eventstore").await;
    let store =
        EventStore::open(db.pool(), "cases", Arc::new(SystemClock), AppenderOptions::default()).await?;
    let mut left = events;
    while left > 0 {
        store.append(command(left.min(1000))).await.context("filling the log")?;
        left -= 1000;
    }
    let nats = TestNats::start().await;
    let url = serve(&store).await?;
    println!("feed: {events} events of {PAYLOAD} bytes, broker syncs always; events/s");
    println!(
        "{:>5} {:>12} {:>12} {:>12} {:>12} {:>15} {:>17}",
        "round", "one by one", "pipelined", "limit", "feed", "follow, stream", "follow, EventLog"
    );
    let mut feeds = Vec::new();
    for round in 1..=rounds {
        let single = one_by_one(&store, &nats, 3_000.min(events)).await?;
        let pipelined = relay(&store, &nats, 20_000.min(events), false).await?;
        let limit = limit(&store, &nats, 50_000.min(events)).await?;
        let feed = relay(&store, &nats, events, true).await?;
        let source = source(&nats, &url);
        let first = store.read_log(1, 1).await?;
        let behind_first = chain::verify(&ChainHead::EMPTY, first.first().context("empty log")?)?;
        let patient = FollowOptions { far_behind: i64::MAX, ..FollowOptions::default() };
        let stream = followed(follow_with(source.clone(), behind_first, patient), events).await?;
        let log = followed(follow_with(source, ChainHead::EMPTY, FollowOptions::default()), events).await?;
        println!(
            "{round:>5} {single:>12.0} {pipelined:>12.0} {limit:>12.0} {feed:>12.0} {stream:>15.0} {log:>17.0}"
        );
        feeds.push(feed);
    }
    feeds.sort_by(f64::total_cmp);
    let median = feeds.get(feeds.len() / 2).copied().unwrap_or_default();
    println!("feed, median: {median:.0} events/s (must reach 30,000)");
    let (p50, p99) = latency(&store, &nats, &url).await?;
    println!("commit → follower at 500/s: p50 {:.1} ms, p99 {:.1} ms", p50 * 1e3, p99 * 1e3);
    Ok(())
}

fn command(events: i64) -> Append {
    let event = NewEvent {
        type_name: "xiaoan.cases.v1.CaseFiled".into(),
        payload: vec![b'x'; PAYLOAD],
        org_unit: OrgCode::parse("371102010000").unwrap_or_else(|e| panic!("{e}")),
        occurred_on: date!(2026 - 06 - 30),
    };
    let stream = StreamId::new("case", &uuid::Uuid::now_v7().to_string());
    let events = (0..events).map(|_| event.clone()).collect();
    Append {
        request: None,
        response: Vec::new(),
        writes: vec![StreamWrite { stream, expected_version: 0, events }],
        actor: "officer-7".into(),
        traceparent: String::new(),
    }
}

async fn serve(store: &EventStore) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let service = event_log_service(store.clone(), allow_all());
    let server = tonic::transport::Server::builder().add_service(service);
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    Ok(url)
}

fn source(nats: &TestNats, url: &str) -> FeedSource {
    let nats = NatsOptions::at(&nats.url());
    FeedSource {
        name: "cases".into(),
        event_log_url: url.to_owned(),
        token: None,
        tls: PeerTls::default(),
        nats,
    }
}

async fn forget_stream(nats: &TestNats) -> Result<async_nats::jetstream::Context> {
    let js = async_nats::jetstream::new(async_nats::connect(nats.url()).await?);
    // The first time there is none.
    let _ = js.delete_stream(wire::stream_name("cases")).await;
    Ok(js)
}

async fn one_by_one(store: &EventStore, nats: &TestNats, events: i64) -> Result<f64> {
    let js = forget_stream(nats).await?;
    let config = async_nats::jetstream::stream::Config {
        name: wire::stream_name("cases"),
        subjects: vec![wire::subjects("cases")],
        ..Default::default()
    };
    js.create_stream(config).await?;
    let log: Vec<RecordedEvent> = store.read_log(1, events).await?;
    let began = Instant::now();
    for event in &log {
        let subject = wire::subject("cases", event);
        js.publish_with_headers(subject, wire::headers(event), event.payload.clone()).await?.await?;
    }
    Ok(per_second(events, began))
}

/// The same messages, made beforehand and written to the broker's socket a batch at a time.
async fn limit(store: &EventStore, nats: &TestNats, events: i64) -> Result<f64> {
    let js = forget_stream(nats).await?;
    let config = async_nats::jetstream::stream::Config {
        name: wire::stream_name("cases"),
        subjects: vec![wire::subjects("cases")],
        allow_atomic_publish: true,
        ..Default::default()
    };
    js.create_stream(config).await?;
    let log = store.read_log(1, events).await?;
    let batches: Vec<Vec<u8>> = log.chunks(1000).map(encoded).collect();
    drop(log);
    let address = nats.url().trim_start_matches("nats://").to_owned();
    let mut socket = BufReader::new(TcpStream::connect(address).await?);
    let mut line = String::new();
    socket.read_line(&mut line).await?;
    socket.write_all(b"CONNECT {\"verbose\":false,\"headers\":true}\r\nSUB answers 1\r\n").await?;
    let began = Instant::now();
    for batch in &batches {
        socket.write_all(batch).await?;
        // The answer is a MSG line and its JSON; the broker may ask for a sign of life in between.
        loop {
            line.clear();
            ensure!(socket.read_line(&mut line).await? > 0, "the broker hung up");
            ensure!(!line.contains("error") && !line.starts_with("-ERR"), "{line}");
            if line.starts_with("PING") {
                socket.write_all(b"PONG\r\n").await?;
            } else if line.starts_with('{') {
                break;
            }
        }
    }
    Ok(per_second(events, began))
}

/// An atomic batch (ADR-50) as it goes over the wire.
fn encoded(events: &[RecordedEvent]) -> Vec<u8> {
    let id = uuid::Uuid::now_v7().simple();
    let mut bytes = Vec::new();
    for (index, event) in events.iter().enumerate() {
        let mut head = String::from("NATS/1.0\r\n");
        for (name, values) in wire::headers(event).iter() {
            values.iter().for_each(|value| head.push_str(&format!("{name}: {value}\r\n")));
        }
        head.push_str(&format!("Nats-Batch-Id: {id}\r\nNats-Batch-Sequence: {}\r\n", index + 1));
        let last = index + 1 == events.len();
        head.push_str(if last { "Nats-Batch-Commit: 1\r\n\r\n" } else { "\r\n" });
        let (subject, reply) = (wire::subject("cases", event), if last { "answers " } else { "" });
        let total = head.len() + event.payload.len();
        bytes.extend(format!("HPUB {subject} {reply}{} {total}\r\n{head}", head.len()).as_bytes());
        bytes.extend_from_slice(&event.payload);
        bytes.extend(b"\r\n");
    }
    bytes
}

/// From the relay's start to the last event's acknowledgement; the stream is created in it.
async fn relay(store: &EventStore, nats: &TestNats, events: i64, atomic_batches: bool) -> Result<f64> {
    forget_stream(nats).await?;
    let options = NatsOptions { refill: events, atomic_batches, ..NatsOptions::at(&nats.url()) };
    let head = store.head().await?.position;
    let began = Instant::now();
    let relay = Publisher::spawn(store.clone(), options, "cases");
    relay.status().wait_for(|status| status.published == head).await?;
    let rate = per_second(events, began);
    relay.stop().await;
    Ok(rate)
}

async fn followed(mut follower: Follower, events: i64) -> Result<f64> {
    let began = Instant::now();
    let mut last = 0;
    while last < events {
        let batch = follower.next_batch().await.context("follower ended")??;
        last = batch.last().map_or(last, |event| event.position);
    }
    ensure!(last == events, "at {last}");
    Ok(per_second(events, began))
}

async fn latency(store: &EventStore, nats: &TestNats, url: &str) -> Result<(f64, f64)> {
    let relay = Publisher::spawn(store.clone(), NatsOptions::at(&nats.url()), "cases");
    let mut follower = follow_with(source(nats, url), store.head().await?, FollowOptions::default());
    let mut heard = follower.heard();
    heard.wait_for(|heard| heard.link == xiaoan_feed::Link::Stream).await?;
    let (sent, mut answered) = tokio::sync::mpsc::unbounded_channel();
    let appending = store.clone();
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_millis(2));
        for _ in 0..5_000 {
            ticks.tick().await;
            let (store, sent) = (appending.clone(), sent.clone());
            tokio::spawn(async move {
                if let Ok(appended) = store.append(command(1)).await {
                    let _ = sent.send((appended.last_position, Instant::now()));
                }
            });
        }
    });
    let mut seen = std::collections::HashMap::new();
    while seen.len() < 5_000 {
        let batch = follower.next_batch().await.context("follower ended")??;
        let now = Instant::now();
        seen.extend(batch.iter().map(|event| (event.position, now)));
    }
    let mut latencies = Vec::with_capacity(seen.len());
    while let Some((position, at)) = answered.recv().await {
        if let Some(seen) = seen.get(&position) {
            // Seen before the caller was answered counts as nothing.
            latencies.push(seen.saturating_duration_since(at).as_secs_f64());
        }
    }
    relay.stop().await;
    latencies.sort_by(f64::total_cmp);
    let at = |share: usize| latencies.get(latencies.len() * share / 100).copied().unwrap_or_default();
    Ok((at(50), at(99)))
}

fn per_second(events: i64, began: Instant) -> f64 {
    events as f64 / began.elapsed().as_secs_f64()
}
