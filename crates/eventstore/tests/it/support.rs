//! What the tests share: a log of their own, events to put into it, and the append lock to hold others up with.

use sqlx::{Connection, PgConnection, PgPool};
use std::sync::Arc;
use time::macros::date;
use xiaoan_eventstore::{
    Append, AppenderOptions, ChainHead, EventStore, NewEvent, RequestKey, StreamWrite, chain,
};
use xiaoan_kernel::{OrgCode, RequestId, StreamId, SystemClock};
use xiaoan_testkit::{DEADLINE, TestDb, wait_until};

/// An empty log with one handle on it.
pub async fn log() -> (TestDb, EventStore) {
    let db = TestDb::create("eventstore").await;
    let store = open(&db, AppenderOptions::default()).await;
    (db, store)
}

/// Another handle, with an appender of its own, as another process would have.
pub async fn open(db: &TestDb, options: AppenderOptions) -> EventStore {
    EventStore::open(db.pool(), "test", Arc::new(SystemClock), options).await.expect("a migrated database")
}

pub fn unit() -> OrgCode {
    OrgCode::parse("371102010000").expect("12 digits")
}

pub fn event(payload: &str) -> NewEvent {
    NewEvent {
        type_name: "xiaoan.test.v1.Noted".into(),
        payload: payload.as_bytes().to_vec(),
        org_unit: unit(),
        occurred_on: date!(2026 - 06 - 07),
    }
}

pub fn events(n: usize) -> Vec<NewEvent> {
    (0..n).map(|number| event(&format!("note {number}"))).collect()
}

pub fn stream(id: &str) -> StreamId {
    StreamId::new("test", id)
}

pub fn write(id: &str, expected_version: i64, n: usize) -> StreamWrite {
    StreamWrite { stream: stream(id), expected_version, events: events(n) }
}

pub fn append(writes: Vec<StreamWrite>) -> Append {
    Append {
        request: None,
        response: Vec::new(),
        writes,
        actor: "officer-1".into(),
        traceparent: String::new(),
    }
}

pub fn key(id: RequestId) -> RequestKey {
    RequestKey { id, digest: [7; 32] }
}

pub fn keyed(id: RequestId, writes: Vec<StreamWrite>) -> Append {
    Append { request: Some(key(id)), response: id.0.as_bytes().to_vec(), ..append(writes) }
}

/// Walks the whole log: dense, chained, time never going back. Returns its head.
pub async fn verified(store: &EventStore) -> ChainHead {
    let head = chain::verify_log(store, ChainHead::EMPTY, |_| ()).await.expect("the chain is whole");
    assert_eq!(head, store.head().await.expect("a head"));
    head
}

/// Holds the append lock as another process's appender would, until released.
pub struct Holder {
    connection: PgConnection,
    watching: PgPool,
}

impl Holder {
    pub async fn take(db: &TestDb) -> Self {
        let mut connection = PgConnection::connect(db.owner_url()).await.expect("connects");
        sqlx::query("SELECT pg_advisory_lock(8676573288109845868)")
            .execute(&mut connection)
            .await
            .expect("the lock");
        Self { connection, watching: db.owner_pool() }
    }

    /// Waits until some appender waits for the lock.
    pub async fn somebody_waits(&self) {
        let waits = || async {
            sqlx::query_scalar::<_, bool>(
                "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
            )
            .fetch_one(&self.watching)
            .await
            .expect("pg_locks")
        };
        wait_until(DEADLINE, waits).await;
    }

    pub async fn release(self) {
        self.connection.close().await.expect("closes");
    }
}
