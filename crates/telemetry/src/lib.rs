//! Logs, traces and metrics of every process of the suite.
//!
//! | what | how | where to |
//! |---|---|---|
//! | logs | `tracing`, filtered by `RUST_LOG` (default `info`) | stderr; JSON unless it is a terminal (`XIAOAN_LOG_FORMAT=json\|text` overrides) |
//! | traces | OpenTelemetry spans | OTLP, only when `OTEL_EXPORTER_OTLP_ENDPOINT` is set |
//! | metrics | OpenTelemetry instruments of [`meter`] | Prometheus text by [`metrics_text`] |
//!
//! The W3C trace context works without an exporter as well: [`current_traceparent`] goes into events and NATS
//! headers, [`set_parent`] and [`add_link`] take it up again on the other side.
//!
//! Invariant: nothing secret and nothing personal is given to any of the three. Log texts are lowercase, values
//! are fields, and a request is never logged as a whole.

mod logs;
mod metrics;
mod trace;

pub use metrics::{SECONDS, meter, metrics_text, seconds_histogram};
pub use trace::{add_link, current_trace_id, current_traceparent, parent_from, set_parent};

use anyhow::Result;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Keeps telemetry running; hand it to [`Guard::shutdown`] as the last thing a process does.
#[must_use = "spans that were not exported are lost when the guard is dropped early"]
#[derive(Debug)]
pub struct Guard {
    /// The provider that has spans to export; `None` when nothing is exported.
    exporting: Option<SdkTracerProvider>,
}

impl Guard {
    /// Sends what is left and stops. Takes five seconds at most, also when the collector is gone.
    pub async fn shutdown(mut self) {
        let Some(provider) = self.exporting.take() else { return };
        // The provider blocks until the exporter answers; never do that on a runtime's worker.
        let stopped = tokio::task::spawn_blocking(move || stop(&provider)).await;
        if let Err(error) = stopped {
            tracing::warn!(%error, "telemetry did not stop cleanly");
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(provider) = self.exporting.take() {
            stop(&provider);
        }
    }
}

fn stop(provider: &SdkTracerProvider) {
    if let Err(error) = provider.shutdown_with_timeout(std::time::Duration::from_secs(5)) {
        tracing::warn!(%error, "spans were lost when telemetry stopped");
    }
}

/// Starts logs, traces and metrics of a process; `service` is its name ("cases"), `version` its crate's version.
///
/// A second call in one process changes nothing and succeeds, so tests may call it freely. Inside a tokio
/// runtime when `OTEL_EXPORTER_OTLP_ENDPOINT` is set.
///
/// # Errors
/// When the OTLP endpoint is no address.
pub fn init(service: &str, version: &str) -> Result<Guard> {
    metrics::describe_process(service, version);
    let (provider, exporting) = trace::provider(service, version)?;
    let installed = tracing_subscriber::registry()
        .with(trace::layer(&provider, exporting).with_filter(trace::level()))
        .with(logs::layer().with_filter(logs::filter()))
        .try_init();
    let exporting = exporting && installed.is_ok();
    Ok(Guard { exporting: exporting.then_some(provider) })
}
