//! Waiting for a condition.

use std::future::Future;
use std::panic::Location;
use std::time::{Duration, Instant};

/// A deadline that no healthy test comes near, also on a loaded machine.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Asks again and again, ever more slowly, until the condition holds.
///
/// # Panics
/// When it does not hold before the deadline; names the caller's line.
#[track_caller]
pub fn wait_until<F, Fut>(deadline: Duration, mut condition: F) -> impl Future<Output = ()>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    let asked_by = Location::caller();
    async move {
        let started = Instant::now();
        let mut pause = Duration::from_millis(2);
        while !condition().await {
            assert!(started.elapsed() < deadline, "condition of {asked_by} did not hold within {deadline:?}");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(100));
        }
    }
}
