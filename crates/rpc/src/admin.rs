//! The admin port: liveness, readiness, metrics. Plaintext (a kubelet cannot do TLS for gRPC probes), without personal data.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use futures::future::{BoxFuture, join_all};
use std::fmt::Write;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

/// A check that does not answer in time has failed.
const PATIENCE: Duration = Duration::from_secs(2);

type CheckFn = Box<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// A named reason to be not ready.
pub(crate) struct ReadinessCheck {
    pub(crate) name: &'static str,
    pub(crate) check: CheckFn,
}

/// What `/readyz` knows.
#[derive(Default)]
struct Readiness {
    /// Set when the service begins to serve; until then it is starting.
    checks: OnceLock<Vec<ReadinessCheck>>,
    /// Set as soon as the process was told to stop, before it stops accepting.
    stopping: CancellationToken,
}

/// The admin port, answered from the moment it is bound: a process that still waits for its database is alive.
pub(crate) struct Admin {
    readiness: Arc<Readiness>,
    stop: DropGuard,
    task: JoinHandle<std::io::Result<()>>,
}

impl Admin {
    /// Begins to answer.
    pub(crate) fn spawn(listener: TcpListener) -> Self {
        let readiness = Arc::new(Readiness::default());
        let stop = CancellationToken::new();
        let served = axum::serve(listener, router(Arc::clone(&readiness)))
            .with_graceful_shutdown(stop.clone().cancelled_owned());
        Self { readiness, task: tokio::spawn(served.into_future()), stop: stop.drop_guard() }
    }

    /// From now on the checks decide whether it is ready.
    pub(crate) fn started(&self, checks: Vec<ReadinessCheck>) {
        let _ = self.readiness.checks.set(checks);
    }

    /// From now on it is not ready.
    pub(crate) fn stopping(&self) {
        self.readiness.stopping.cancel();
    }

    /// Stops answering.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        // A monitoring system that keeps its connection open must not keep the process.
        if tokio::time::timeout(Duration::from_secs(1), self.task).await.is_err() {
            tracing::debug!("admin connections were cut");
        }
    }
}

fn router(readiness: Arc<Readiness>) -> Router {
    Router::new()
        // Alive is who answers. It never asks the database or the broker: restarting a service mends neither.
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(readiness)
}

async fn readyz(State(readiness): State<Arc<Readiness>>) -> impl IntoResponse {
    if readiness.stopping.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n".to_owned());
    }
    let Some(checks) = readiness.checks.get() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "starting\n".to_owned());
    };
    let outcomes = join_all(checks.iter().map(|check| async move {
        let outcome = tokio::time::timeout(PATIENCE, (check.check)()).await;
        (check.name, outcome.unwrap_or_else(|_| Err("no answer in time".to_owned())))
    }))
    .await;
    let mut code = StatusCode::OK;
    let mut text = String::new();
    for (name, outcome) in outcomes {
        // Writing to a String does not fail.
        let _ = match outcome {
            Ok(()) => writeln!(text, "ok {name}"),
            Err(reason) => {
                code = StatusCode::SERVICE_UNAVAILABLE;
                writeln!(text, "not ready {name}: {}", reason.replace('\n', " "))
            }
        };
    }
    let verdict = if code == StatusCode::OK { "ready\n" } else { "not ready\n" };
    (code, verdict.to_owned() + &text)
}

async fn metrics() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], xiaoan_telemetry::metrics_text())
}
