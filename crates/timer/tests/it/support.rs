//! A service of one aggregate: a stop that ends by itself unless it is released. Its clock is moved by the test.

use sqlx::PgPool;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use time::macros::datetime;
use time::{Date, OffsetDateTime};
use xiaoan_eventstore::{AppenderOptions, CommandMeta, EventStore, RecordedEvent, Repository, RequestKey};
use xiaoan_kernel::{
    Aggregate, Clock, EventSet, Fact, Finding, FixedClock, OrgCode, Refusal, RefusalKind, RequestId,
    StreamId, SystemClock, UnknownEvent, city_day,
};
use xiaoan_projection::{ProjectionHandle, Runner};
use xiaoan_testkit::{DEADLINE, TestDb, wait_until};
use xiaoan_timer::{Alarm, Change, Fire, TimerOptions, TimerStatus, TimerWorker, Timers, settled};

pub const START: OffsetDateTime = datetime!(2026-03-01 10:00 +8);
pub const ENDS: &str = "stop-ends";

#[derive(Debug, Clone, PartialEq)]
pub enum StopEvent {
    /// It ends then. A second one moves the end.
    Confirmed(OffsetDateTime),
    Released,
    Ended,
}

impl EventSet for StopEvent {
    fn type_name(&self) -> String {
        let name = match self {
            Self::Confirmed(_) => "Confirmed",
            Self::Released => "Released",
            Self::Ended => "Ended",
        };
        format!("xiaoan.test.v1.{name}")
    }
    fn encode(&self) -> Vec<u8> {
        match self {
            Self::Confirmed(at) => at.unix_timestamp_nanos().to_be_bytes().to_vec(),
            Self::Released | Self::Ended => Vec::new(),
        }
    }
    fn decode(type_name: &str, payload: &[u8]) -> Result<Self, UnknownEvent> {
        let unknown = || UnknownEvent { type_name: type_name.to_owned(), reason: "not of a stop".into() };
        match type_name {
            "xiaoan.test.v1.Confirmed" => {
                let nanos = i128::from_be_bytes(payload.try_into().map_err(|_| unknown())?);
                Ok(Self::Confirmed(OffsetDateTime::from_unix_timestamp_nanos(nanos).map_err(|_| unknown())?))
            }
            "xiaoan.test.v1.Released" => Ok(Self::Released),
            "xiaoan.test.v1.Ended" => Ok(Self::Ended),
            _ => Err(unknown()),
        }
    }
}

#[derive(Debug, Clone, Default)]
pub struct Stop {
    ends_at: Option<OffsetDateTime>,
    over: bool,
}

impl Aggregate for Stop {
    const KIND: &'static str = "stop";
    type Event = StopEvent;
    fn apply(&mut self, event: &StopEvent) {
        match event {
            StopEvent::Confirmed(at) => self.ends_at = Some(*at),
            StopEvent::Released | StopEvent::Ended => self.over = true,
        }
    }
}

impl Stop {
    fn end(&self, due_at: OffsetDateTime) -> Result<Vec<Fact<StopEvent>>, NotEnding> {
        if self.over || self.ends_at != Some(due_at) {
            return Err(NotEnding);
        }
        Ok(vec![Fact::new(StopEvent::Ended, unit(), city_day(due_at))])
    }
}

#[derive(Debug)]
pub struct NotEnding;

impl Refusal for NotEnding {
    fn kind(&self) -> RefusalKind {
        RefusalKind::State
    }
    fn findings(&self) -> Vec<Finding> {
        let text = || String::from("over, or ends at another time");
        vec![Finding {
            code: "XX-001",
            severity: xiaoan_kernel::Severity::Error,
            field: "",
            zh: text(),
            en: text(),
        }]
    }
}

pub fn unit() -> OrgCode {
    OrgCode::parse("371102010000").unwrap()
}

fn deadlines(event: &RecordedEvent) -> Result<Vec<Change>, UnknownEvent> {
    let stream = StreamId::from(event.stream.clone());
    Ok(match StopEvent::decode(&event.r#type, &event.payload)? {
        StopEvent::Confirmed(at) => vec![Change::cancel(ENDS, &stream), Change::arm(ENDS, &stream, at)],
        StopEvent::Released | StopEvent::Ended => vec![Change::cancel_all(&stream)],
    })
}

/// What events mean for deadlines.
pub type Meaning = fn(&RecordedEvent) -> Result<Vec<Change>, UnknownEvent>;

/// One that is not told of releases.
fn deaf(event: &RecordedEvent) -> Result<Vec<Change>, UnknownEvent> {
    if event.r#type.ends_with("Released") { Ok(Vec::new()) } else { deadlines(event) }
}

/// What a service does with its alarms; the test says what goes wrong.
pub struct Ending {
    stops: Repository<Stop>,
    /// Every call, in order.
    pub calls: Mutex<Vec<Alarm>>,
    /// How many calls from now on go wrong.
    pub wrong: AtomicI64,
    pub how: How,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum How {
    /// Nothing goes wrong.
    Well,
    /// Says that it failed, without having done anything.
    Refuse,
    Panic,
    /// Never comes back, without having done anything.
    Hang,
    /// Never comes back after the command is in the log: what a crash between firing and marking looks like.
    HangAfterwards,
}

impl Ending {
    pub fn calls(&self) -> Vec<Alarm> {
        self.calls.lock().unwrap().clone()
    }
}

impl Fire for Ending {
    async fn fire(&self, alarm: Alarm) -> anyhow::Result<()> {
        self.calls.lock().unwrap().push(alarm.clone());
        let how = if self.wrong.fetch_sub(1, Ordering::SeqCst) > 0 { self.how } else { How::Well };
        match how {
            How::Refuse => anyhow::bail!("the bank is closed"),
            How::Panic => panic!("cannot be"),
            How::Hang => std::future::pending::<()>().await,
            How::Well | How::HangAfterwards => {}
        }
        let (_, id) = alarm.stream.parts();
        let due_at = alarm.due_at;
        let outcome =
            self.stops.execute(id, alarm.command(), |stop, _| stop.end(due_at).map(Into::into)).await;
        if how == How::HangAfterwards {
            std::future::pending::<()>().await;
        }
        settled(outcome)
    }
}

/// A database with the service's log; processes come and go.
pub struct World {
    pub db: TestDb,
    pub clock: Arc<FixedClock>,
}

/// A process of the service.
pub struct Process {
    pub store: EventStore,
    pub stops: Repository<Stop>,
    pub timers: Arc<Timers<Meaning>>,
    pub projection: ProjectionHandle,
    pub ending: Arc<Ending>,
    /// Taken by whoever kills it.
    pub worker: Option<TimerWorker>,
}

/// Options under which nothing happens by looking again.
pub fn options() -> TimerOptions {
    TimerOptions { look_again: Duration::from_secs(3600), ..TimerOptions::default() }
}

impl World {
    pub async fn new() -> Self {
        Self { db: TestDb::create("timer").await, clock: Arc::new(FixedClock::at(START)) }
    }

    pub async fn process(&self) -> Process {
        self.process_that(How::Well, 0, options()).await
    }

    pub async fn process_that(&self, how: How, times: i64, options: TimerOptions) -> Process {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        self.process_by(clock, deadlines, how, times, options).await
    }

    /// One with the machine's clock.
    pub async fn system_process(&self) -> Process {
        self.process_by(Arc::new(SystemClock), deadlines, How::Well, 0, options()).await
    }

    pub async fn deaf_process(&self) -> Process {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        self.process_by(clock, deaf, How::Well, 0, options()).await
    }

    async fn process_by(
        &self,
        clock: Arc<dyn Clock>,
        deadlines: Meaning,
        how: How,
        times: i64,
        options: TimerOptions,
    ) -> Process {
        let pool = self.db.pool();
        let store = EventStore::open(pool.clone(), "test", Arc::clone(&clock), AppenderOptions::default());
        let store = store.await.unwrap();
        let stops = Repository::new(store.clone(), 1000);
        let timers = Arc::new(Timers::new(deadlines));
        let projection = Runner::local(store.clone(), pool.clone(), Arc::clone(&timers));
        let ending = Arc::new(Ending {
            stops: stops.clone(),
            calls: Mutex::default(),
            wrong: AtomicI64::new(times),
            how,
        });
        let worker = Some(timers.run(pool, clock, Arc::clone(&ending), options));
        Process { store, stops, timers, projection, ending, worker }
    }

    pub fn pool(&self) -> PgPool {
        self.db.pool()
    }

    pub async fn status(&self) -> TimerStatus {
        xiaoan_timer::status(&self.pool()).await.unwrap()
    }

    /// Waits until so many deadlines are left.
    #[track_caller]
    pub fn left(&self, pending: i64) -> impl Future<Output = ()> {
        let pool = self.pool();
        wait_until(DEADLINE, move || {
            let pool = pool.clone();
            async move { xiaoan_timer::status(&pool).await.unwrap().pending == pending }
        })
    }
}

impl Process {
    /// A stop that ends then; waits until its deadline is armed.
    pub async fn confirm(&self, id: &str, ends_at: OffsetDateTime) {
        // Deadlines are kept in whole microseconds.
        let ends_at = ends_at.replace_microsecond(ends_at.microsecond()).unwrap();
        self.record(id, StopEvent::Confirmed(ends_at)).await;
    }

    /// Records an event of a stop; waits until the deadlines know.
    pub async fn record(&self, id: &str, event: StopEvent) {
        let position = self.record_only(id, event).await;
        self.projection.wait_for("test", position, DEADLINE).await.unwrap();
    }

    /// Records an event; gives its position.
    pub async fn record_only(&self, id: &str, event: StopEvent) -> i64 {
        let request = RequestKey { id: RequestId::fresh(), digest: [1; 32] };
        let meta = CommandMeta { request, etag: None, actor: "tester".into(), traceparent: String::new() };
        let fact = Fact::new(event, unit(), city_day(START));
        let decided = self.stops.execute::<NotEnding, _>(id, meta, |_, _| Ok(vec![fact.clone()].into()));
        decided.await.unwrap().appended.last_position
    }

    /// Days on which a stop has ended by itself, one per event.
    pub async fn ended(&self, id: &str) -> Vec<Date> {
        let events = self.store.read_stream(&StreamId::new(Stop::KIND, id), 0).await.unwrap();
        let ended = events.into_iter().filter(|event| event.r#type.ends_with("Ended"));
        ended.map(|event| Date::try_from(event.occurred_on.unwrap()).unwrap()).collect()
    }

    #[track_caller]
    pub fn until_ended(&self, id: &str) -> impl Future<Output = ()> {
        let (store, stream) = (self.store.clone(), StreamId::new(Stop::KIND, id));
        wait_until(DEADLINE, move || {
            let (store, stream) = (store.clone(), stream.clone());
            async move {
                let events = store.read_stream(&stream, 0).await.unwrap();
                events.iter().any(|event| event.r#type.ends_with("Ended"))
            }
        })
    }
}
