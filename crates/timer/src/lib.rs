//! A durable timer: deadlines that a service has recorded come about, also after a restart, and once.
//!
//! | step | what happens | where |
//! |---|---|---|
//! | 1 | an event arms or cancels deadlines: a pure function of the event ([`Deadlines`]) | the service |
//! | 2 | the projection [`Timers`] writes them into table `timers`, in the transaction that moves its checkpoint | `projection.rs` |
//! | 3 | a worker sleeps until the next one is due, or until an event has changed something | `worker.rs` |
//! | 4 | it holds what is due, for a while, so that other processes leave it alone | `table.rs` |
//! | 5 | the service carries it out as a command ([`Fire`]) whose request id follows from the deadline ([`Alarm::command`]) | the service |
//! | 6 | the row goes; or, after a failure, is tried again later and later, and is shown | `table.rs` |
//!
//! Invariant: nothing is lost, because the rows are derived from the log, and derived again by a rebuild.
//! Invariant: nothing happens twice. A crash between 5 and 6, a hold that runs out and a rebuild all lead to the same command
//! again, and the event store answers that with the first run's outcome.
//! Invariant: the timer decides nothing. A command that comes too late, because somebody extended or released in the same
//! moment, is refused by the aggregate, and that settles the deadline ([`settled`]).
//!
//! # A service with deadlines
//! ```ignore
//! fn deadlines(event: &RecordedEvent) -> Result<Vec<Change>, UnknownEvent> {
//!     let stream = StreamId::from(event.stream.clone());
//!     let Some((Stop::KIND, _)) = event.stream.split_once('-') else { return Ok(Vec::new()) };
//!     Ok(match StopEvent::decode(&event.r#type, &event.payload)? {
//!         StopEvent::Confirmed(e) => vec![Change::arm("stop-ends", &stream, instant(e.ends_at))],
//!         StopEvent::Extended(e) => vec![Change::cancel("stop-ends", &stream), Change::arm("stop-ends", &stream, instant(e.ends_at))],
//!         StopEvent::Released(_) | StopEvent::Expired(_) => vec![Change::cancel_all(&stream)],
//!         _ => Vec::new(),
//!     })
//! }
//! impl Fire for Alarms {
//!     async fn fire(&self, alarm: Alarm) -> anyhow::Result<()> {
//!         let (_, id) = alarm.stream.parts();
//!         match alarm.kind.as_str() {
//!             "stop-ends" => settled(self.stops.execute(id, alarm.command(), |stop, _| stop.expire(alarm.due_at).map(Into::into)).await),
//!             kind => anyhow::bail!("no deadline of kind {kind}"),
//!         }
//!     }
//! }
//! // in service.rs
//! let timers = Arc::new(Timers::new(deadlines));
//! let armed = Runner::local(store.clone(), pool.clone(), Arc::clone(&timers));    // a ProjectionHandle like any other
//! let worker = timers.run(pool.clone(), Arc::clone(store.clock()), Arc::new(Alarms { stops }), TimerOptions::default());
//! let rebuilder = Rebuilder::new(pool.clone(), vec![LogReader::local(store.clone())], Arc::new(timers.rebuild()));
//! server.add_service(timers_service(pool, allow(TIMER_READERS)))                 // `xiaoan timers`
//! // migrate: &xiaoan_timer::MIGRATIONS before the service's own
//! ```
//! The facts of such a command count on the day of `alarm.due_at`, not on the day of a restart. The command's time is that of the
//! clock handed to [`Timers::run`]; a test that moves its clock says [`Timers::wake`] afterwards.

mod alarm;
mod change;
mod metrics;
mod projection;
mod service;
mod table;
mod worker;

pub use alarm::{Alarm, Fire, settled};
pub use change::{Change, Deadlines};
pub use projection::Timers;
pub use service::{TimersApi, timers_service};
pub use table::{Failing, TimerStatus, apply_in_tx, status};
pub use worker::{TimerOptions, TimerWorker};

/// Name of the projection, in checkpoints and on the board.
pub const NAME: &str = "timers";
/// Actor of the commands that come from a deadline.
pub const ACTOR: &str = "timer";
/// Tables of the projection.
pub const TABLES: &[&str] = &["timers"];

/// The timer's table, for services that have deadlines; applied before the service's own.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/timer");
