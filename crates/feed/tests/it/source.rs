//! A source as a service makes it: a store, its `EventLog`, and (when wanted) its relay.

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::{self, stream};
use futures::StreamExt;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_stream::wrappers::TcpListenerStream;
use xiaoan_eventstore::{Append, AppenderOptions, EventStore, NewEvent, RecordedEvent, StreamWrite};
use xiaoan_feed::{
    FeedSource, NatsOptions, PeerTls, Publisher, PublisherHandle, PublisherStatus, allow_all, wire,
};
use xiaoan_kernel::{OrgCode, StreamId, SystemClock};
use xiaoan_testkit::{DEADLINE, TestDb, TestNats, free_port};

pub struct Source {
    pub db: TestDb,
    pub store: EventStore,
    port: u16,
    log: JoinHandle<()>,
    log_port: u16,
    /// What stands between the callers and the `EventLog`, so that a test can cut their connections.
    line: Option<JoinHandle<()>>,
}

impl Source {
    /// With its `EventLog` running.
    pub async fn new() -> Self {
        let db = TestDb::create("eventstore").await;
        let store = open(&db).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let log_port = listener.local_addr().unwrap().port();
        let service = xiaoan_feed::event_log_service(store.clone(), allow_all());
        let log = tokio::spawn(async move {
            let server = tonic::transport::Server::builder().add_service(service);
            server.serve_with_incoming(TcpListenerStream::new(listener)).await.unwrap();
        });
        let mut source = Self { db, store, port: free_port(), log, log_port, line: None };
        source.serve().await;
        source
    }

    /// Makes the `EventLog` reachable.
    pub async fn serve(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        let log_port = self.log_port;
        self.line = Some(tokio::spawn(async move {
            let mut lines = JoinSet::new();
            while let Ok((mut caller, _)) = listener.accept().await {
                lines.spawn(async move {
                    let mut log = TcpStream::connect(("127.0.0.1", log_port)).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut caller, &mut log).await;
                });
            }
        }));
    }

    /// Cuts every connection to the `EventLog`, and takes no new ones.
    pub async fn hang_up(&mut self) {
        if let Some(line) = self.line.take() {
            line.abort();
            let _ = line.await;
        }
    }

    pub fn feed(&self, nats: &TestNats) -> FeedSource {
        FeedSource {
            name: "cases".into(),
            event_log_url: format!("http://127.0.0.1:{}", self.port),
            token: None,
            tls: PeerTls::default(),
            nats: NatsOptions::at(&nats.url()),
        }
    }

    pub fn publish(&self, nats: &TestNats) -> PublisherHandle {
        Publisher::spawn(self.store.clone(), NatsOptions::at(&nats.url()), "cases")
    }

    /// Appends that many events, one command each; gives the head.
    pub async fn append(&self, count: usize) -> i64 {
        append_to(&self.store, count).await
    }

    pub async fn log(&self) -> Vec<RecordedEvent> {
        self.store.read_log(1, 1_000_000).await.unwrap()
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.log.abort();
        if let Some(line) = &self.line {
            line.abort();
        }
    }
}

/// Another process's store on the same database.
pub async fn open(db: &TestDb) -> EventStore {
    EventStore::open(db.pool(), "cases", Arc::new(SystemClock), AppenderOptions::default()).await.unwrap()
}

pub async fn append_to(store: &EventStore, count: usize) -> i64 {
    let mut last = 0;
    let waiting: Vec<_> = (0..count)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move { store.append(one(n)).await.unwrap().last_position })
        })
        .collect();
    for appended in waiting {
        last = last.max(appended.await.unwrap());
    }
    last
}

/// A command that records one event in a stream of its own.
pub fn one(n: usize) -> Append {
    sized(vec![u8::try_from(n % 256).unwrap(); 40])
}

pub fn sized(payload: Vec<u8>) -> Append {
    let event = NewEvent {
        type_name: "xiaoan.cases.v1.CaseFiled".into(),
        payload,
        org_unit: OrgCode::parse("371102010000").unwrap(),
        occurred_on: time::macros::date!(2026 - 06 - 30),
    };
    let stream = StreamId::new("case", &uuid::Uuid::now_v7().to_string());
    Append {
        request: None,
        response: Vec::new(),
        writes: vec![StreamWrite { stream, expected_version: 0, events: vec![event] }],
        actor: "officer-7".into(),
        traceparent: String::new(),
    }
}

pub async fn jetstream(nats: &TestNats) -> jetstream::Context {
    jetstream::new(async_nats::connect(nats.url()).await.unwrap())
}

/// How many messages of the stream came in an atomic batch.
pub async fn in_batches(nats: &TestNats) -> usize {
    let stream = jetstream(nats).await.get_stream("XIAOAN_CASES").await.unwrap();
    let state = stream.cached_info().state.clone();
    let mut count = 0;
    for sequence in state.first_sequence..=state.last_sequence {
        let message = stream.direct_get(sequence).await.unwrap();
        count += usize::from(message.headers.get("Nats-Batch-Id").is_some());
    }
    count
}

/// Everything in the stream: sequence and event.
pub async fn in_stream(nats: &TestNats) -> Vec<(i64, RecordedEvent)> {
    let stream: stream::Stream = jetstream(nats).await.get_stream("XIAOAN_CASES").await.unwrap();
    let count = usize::try_from(stream.cached_info().state.messages).unwrap();
    let config = pull::Config {
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::None,
        ..pull::Config::default()
    };
    let messages = stream.create_consumer(config).await.unwrap().messages().await.unwrap();
    let read = messages.take(count).map(|message| {
        let message = message.unwrap();
        let sequence = message.info().unwrap().stream_sequence.cast_signed();
        let message = message.message;
        (sequence, wire::event(&message.headers.unwrap(), message.payload).unwrap())
    });
    tokio::time::timeout(DEADLINE, read.collect()).await.unwrap()
}

/// Waits until the relay says something.
pub async fn until(relay: &PublisherHandle, what: impl FnMut(&PublisherStatus) -> bool) -> PublisherStatus {
    let mut status = relay.status();
    let waiting = tokio::time::timeout(DEADLINE, status.wait_for(what)).await;
    match waiting {
        Ok(status) => status.unwrap().clone(),
        Err(_) => panic!("the relay never said so: {:?}", relay.status().borrow()),
    }
}

/// The stream holds the source's whole log, each event at its position.
pub async fn assert_stream_is_the_log(source: &Source, nats: &TestNats) {
    let (log, stream) = (source.log().await, in_stream(nats).await);
    assert_eq!(stream.len(), log.len());
    for ((sequence, event), recorded) in stream.iter().zip(&log) {
        assert_eq!(*sequence, recorded.position);
        assert_eq!(event, recorded);
    }
}
