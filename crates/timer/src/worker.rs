//! The worker: sleeps until something is due, has it carried out, and lets go of what is settled.

use crate::metrics::{kind_of, metrics};
use crate::{Alarm, Fire, table};
use futures::{FutureExt, future};
use sqlx::PgPool;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use xiaoan_kernel::Clock;

/// Bounds and rhythms of a worker.
#[derive(Debug, Clone)]
pub struct TimerOptions {
    /// Most deadlines at once.
    pub at_once: usize,
    /// Longest that carrying one out may take; then it has failed.
    pub patience: Duration,
    /// How long one is held by whoever carries it out. Longer than `patience`; what a dead process held comes back after it.
    pub hold: Duration,
    /// Pause after the first failure; doubled after each further one.
    pub first_pause: Duration,
    /// Longest pause between two tries.
    pub longest_pause: Duration,
    /// Longest sleep. Only measures are taken then, and clocks that were set are noticed: what is due next is known.
    pub look_again: Duration,
}

impl Default for TimerOptions {
    fn default() -> Self {
        Self {
            at_once: 16,
            patience: Duration::from_secs(15),
            hold: Duration::from_secs(20),
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(300),
            look_again: Duration::from_secs(15),
        }
    }
}

impl TimerOptions {
    fn pause_after(&self, tries: i32) -> Duration {
        let doublings = u32::try_from(tries - 1).unwrap_or_default().min(31);
        self.first_pause.saturating_mul(1 << doublings).min(self.longest_pause)
    }
}

/// A running worker; dropping it ends it at once. What it was carrying out is carried out again by the next one, as the same
/// command.
#[derive(Debug)]
pub struct TimerWorker {
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl TimerWorker {
    pub(crate) fn spawn<F: Fire>(
        pool: PgPool,
        clock: Arc<dyn Clock>,
        fire: Arc<F>,
        changed: Arc<Notify>,
        options: TimerOptions,
    ) -> Self {
        let stop = CancellationToken::new();
        let worker = Arc::new(Worker { id: Uuid::now_v7(), pool, clock, fire, options });
        let task = tokio::spawn(run(worker, changed, stop.clone()));
        Self { stop, task: Some(task) }
    }

    /// Stops: takes up nothing more and waits for what is being carried out.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            let _ = task.await;
        }
    }
}

impl Drop for TimerWorker {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

struct Worker<F> {
    id: Uuid,
    pool: PgPool,
    clock: Arc<dyn Clock>,
    fire: Arc<F>,
    options: TimerOptions,
}

async fn run<F: Fire>(worker: Arc<Worker<F>>, changed: Arc<Notify>, stop: CancellationToken) {
    // Tasks of their own: what is being carried out goes on, and gives its connection back, while this asks for one.
    let mut busy = JoinSet::new();
    let mut measured: Option<Instant> = None;
    while !stop.is_cancelled() {
        if measured.is_none_or(|at| at.elapsed() > Duration::from_secs(1)) {
            worker.measure().await;
            measured = Some(Instant::now());
        }
        let free = worker.options.at_once.max(1).saturating_sub(busy.len());
        let held = worker.hold(free).await;
        let none_left = held.len() < free;
        for alarm in held {
            busy.spawn(Arc::clone(&worker).carry_out(alarm));
        }
        // With every hand busy, only a free one or the end is news.
        let sleep = async {
            if none_left {
                tokio::time::sleep(worker.until_next().await).await;
            } else {
                future::pending::<()>().await;
            }
        };
        let news = async {
            if none_left {
                changed.notified().await;
            } else {
                future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = sleep => {}
            () = news => {}
            Some(_) = busy.join_next() => {}
            () = stop.cancelled() => {}
        }
    }
    while busy.join_next().await.is_some() {}
}

impl<F: Fire> Worker<F> {
    async fn hold(&self, limit: usize) -> Vec<Alarm> {
        match table::hold(&self.pool, self.clock.now(), self.id, self.options.hold, limit).await {
            Ok(alarms) => alarms,
            Err(error) => {
                tracing::warn!(%error, "due deadlines cannot be read, will look again");
                Vec::new()
            }
        }
    }

    /// How long nothing is due, as far as is known now.
    async fn until_next(&self) -> Duration {
        // Two workers that ask in the same moment, or a database that is away: not at once again.
        const LEAST: Duration = Duration::from_millis(20);
        const AFTER_AN_ERROR: Duration = Duration::from_secs(1);
        let Ok(next) = table::next(&self.pool).await else { return AFTER_AN_ERROR };
        let due = next.try_at.map(|at| (at - self.clock.now()).try_into().unwrap_or(Duration::ZERO));
        let let_go = next.held_for.map(|seconds| Duration::try_from_secs_f64(seconds).unwrap_or_default());
        let first = due.into_iter().chain(let_go).min().unwrap_or(self.options.look_again);
        first.clamp(LEAST, self.options.look_again.max(LEAST))
    }

    async fn carry_out(self: Arc<Self>, alarm: Alarm) {
        let firing = AssertUnwindSafe(self.fire.fire(alarm.clone())).catch_unwind();
        let problem = match tokio::time::timeout(self.options.patience, firing).await {
            Ok(Ok(Ok(()))) => return self.settle(&alarm).await,
            Ok(Ok(Err(error))) => format!("{error:#}"),
            Ok(Err(panic)) => format!("panicked: {}", text_of(&*panic)),
            Err(_) => format!("not done within {:?}", self.options.patience),
        };
        let pause = self.options.pause_after(alarm.tries);
        tracing::error!(
            kind = alarm.kind, stream = %alarm.stream, due_at = %alarm.due_at, tries = alarm.tries, problem, again_in = ?pause,
            "deadline not carried out"
        );
        metrics().failures.add(1, &kind_of(&alarm.kind));
        let try_at = self.clock.now() + pause;
        if let Err(error) = table::postpone(&self.pool, &alarm, self.id, try_at, &problem).await {
            tracing::warn!(%error, "failed deadline stays held for a while");
        }
    }

    async fn settle(&self, alarm: &Alarm) {
        // If this fails, the deadline fires again when its hold runs out, as the same command.
        if let Err(error) = table::settle(&self.pool, alarm).await {
            return tracing::warn!(%error, "settled deadline could not be removed");
        }
        let late = self.clock.now() - alarm.due_at;
        tracing::info!(kind = alarm.kind, stream = %alarm.stream, due_at = %alarm.due_at, "deadline settled");
        metrics().fired.add(1, &kind_of(&alarm.kind));
        metrics().late.record(late.as_seconds_f64().max(0.0), &kind_of(&alarm.kind));
    }

    async fn measure(&self) {
        let Ok(status) = table::status(&self.pool).await else { return };
        let now: OffsetDateTime = self.clock.now();
        let overdue = status.next_due.map_or(0.0, |due| (now - due).as_seconds_f64().max(0.0));
        metrics().pending.record(status.pending, &[]);
        metrics().failing.record(i64::try_from(status.failing.len()).unwrap_or(i64::MAX), &[]);
        metrics().overdue.record(overdue, &[]);
    }
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let options = TimerOptions::default();
        let seconds = |tries| options.pause_after(tries).as_secs();
        assert_eq!([1, 2, 3, 9, 10, 1000].map(seconds), [1, 2, 4, 256, 300, 300]);
    }
}
