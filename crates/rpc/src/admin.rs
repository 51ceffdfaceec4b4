//! The admin port: liveness, readiness, metrics. Plaintext (a kubelet cannot do TLS for gRPC probes), without personal data.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use futures::future::{BoxFuture, join_all};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A check that does not answer in time has failed.
const PATIENCE: Duration = Duration::from_secs(2);

type CheckFn = Box<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// A named reason to be not ready.
pub(crate) struct ReadinessCheck {
    pub(crate) name: &'static str,
    pub(crate) check: CheckFn,
}

pub(crate) struct Readiness {
    pub(crate) checks: Vec<ReadinessCheck>,
    /// Set as soon as the process was told to stop, before it stops accepting.
    pub(crate) stopping: CancellationToken,
}

/// The routes of the admin port.
pub(crate) fn router(readiness: Readiness) -> Router {
    Router::new()
        // Alive is who answers. It never asks the database or the broker: restarting a service mends neither.
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(Arc::new(readiness))
}

async fn readyz(State(readiness): State<Arc<Readiness>>) -> impl IntoResponse {
    if readiness.stopping.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n".to_owned());
    }
    let outcomes = join_all(readiness.checks.iter().map(|check| async move {
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
