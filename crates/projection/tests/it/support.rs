//! A log to follow, and a projection that notices everything done twice.

use sqlx::{PgConnection, PgPool};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use time::macros::datetime;
use xiaoan_eventstore::{Append, AppenderOptions, EventStore, NewEvent, RecordedEvent, StreamWrite};
use xiaoan_kernel::{Clock, FixedClock, OrgCode, StreamId, SystemClock};
use xiaoan_projection::{ApplyError, Projection};
use xiaoan_testkit::TestDb;

pub struct World {
    pub db: TestDb,
    pub store: EventStore,
}

impl World {
    pub async fn new() -> Self {
        Self::at(Arc::new(SystemClock)).await
    }

    /// With a clock that stands.
    pub async fn standing() -> (Self, Arc<FixedClock>) {
        let clock = Arc::new(FixedClock::at(datetime!(2026-07-01 00:00 UTC)));
        (Self::at(Arc::clone(&clock) as _).await, clock)
    }

    async fn at(clock: Arc<dyn Clock>) -> Self {
        let db = TestDb::create("eventstore").await;
        let store = EventStore::open(db.pool(), "cases", clock, AppenderOptions::default()).await.unwrap();
        let tables = "CREATE SCHEMA tallies AUTHORIZATION xiaoan_app;
                      SET ROLE xiaoan_app;
                      CREATE TABLE tallies.tally (name text, position bigint, PRIMARY KEY (name, position));
                      RESET ROLE";
        sqlx::raw_sql(tables).execute(&db.owner_pool()).await.unwrap();
        Self { db, store }
    }

    pub async fn append(&self, count: usize) -> i64 {
        append_to(&self.store, count).await
    }

    /// Positions that a tally has counted, in order.
    pub async fn counted(&self, name: &str) -> Vec<i64> {
        sqlx::query_scalar("SELECT position FROM tallies.tally WHERE name = $1 ORDER BY position")
            .bind(name)
            .fetch_all(&self.db.pool())
            .await
            .unwrap()
    }

    pub async fn checkpoint(&self, name: &str) -> Option<i64> {
        sqlx::query_scalar(
            "SELECT position FROM eventstore.checkpoints WHERE projection = $1 AND source = 'cases'",
        )
        .bind(name)
        .fetch_optional(&self.db.pool())
        .await
        .unwrap()
    }

    pub async fn as_superuser(&self, statement: &'static str) {
        sqlx::raw_sql(statement).execute(&self.db.owner_pool()).await.unwrap();
    }
}

pub async fn append_to(store: &EventStore, count: usize) -> i64 {
    let mut last = 0;
    let waiting: Vec<_> = (0..count)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.append(one()).await.unwrap().last_position })
        })
        .collect();
    for appended in waiting {
        last = last.max(appended.await.unwrap());
    }
    last
}

fn one() -> Append {
    let event = NewEvent {
        type_name: "xiaoan.cases.v1.CaseFiled".into(),
        payload: b"payload".to_vec(),
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

pub fn up_to(last: i64) -> Vec<i64> {
    (1..=last).collect()
}

/// Writes down every position by a plain INSERT: an event applied twice violates its key.
pub struct Tally {
    name: &'static str,
    /// Position at which it does what `how` says; 0 = nowhere.
    pub at: AtomicI64,
    how: How,
    failed_once: AtomicBool,
    pub shown: Mutex<Vec<i64>>,
}

#[derive(Clone, Copy)]
pub enum How {
    Poison,
    Panic,
    /// Writes what a constraint refuses.
    Violate,
    /// Fails once with a database error, after having written.
    FailOnce,
}

impl Tally {
    pub fn new(name: &'static str) -> Arc<Self> {
        Self::that(name, How::Poison, 0)
    }
    pub fn that(name: &'static str, how: How, at: i64) -> Arc<Self> {
        let (at, failed_once, shown) = (AtomicI64::new(at), AtomicBool::new(false), Mutex::default());
        Arc::new(Self { name, at, how, failed_once, shown })
    }
    pub fn shown(&self) -> Vec<i64> {
        self.shown.lock().unwrap().clone()
    }
}

impl Projection for Tally {
    fn name(&self) -> &str {
        self.name
    }

    async fn apply(&self, tx: &mut PgConnection, batch: &[RecordedEvent]) -> Result<(), ApplyError> {
        let at = self.at.load(Ordering::Relaxed);
        for event in batch {
            let position = event.position;
            if position == at && matches!(self.how, How::Poison) {
                return Err(ApplyError::poison(event, "unreadable"));
            }
            assert!(!(position == at && matches!(self.how, How::Panic)), "cannot be");
            let null = position == at && matches!(self.how, How::Violate);
            sqlx::query("INSERT INTO tallies.tally (name, position) VALUES ($1, $2)")
                .bind(self.name)
                .bind((!null).then_some(position))
                .execute(&mut *tx)
                .await?;
            let fails = position == at && matches!(self.how, How::FailOnce);
            if fails && !self.failed_once.swap(true, Ordering::Relaxed) {
                sqlx::query("SELECT FROM tallies.no_such_table").execute(&mut *tx).await?;
            }
        }
        Ok(())
    }

    fn committed(&self, batch: &[RecordedEvent]) {
        self.shown.lock().unwrap().extend(batch.iter().map(|event| event.position));
    }
}

pub fn pool(world: &World) -> PgPool {
    world.db.pool()
}
