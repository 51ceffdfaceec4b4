//! What projections tell about themselves.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram};
use std::sync::OnceLock;

pub(crate) struct Metrics {
    pub(crate) position: Gauge<i64>,
    pub(crate) lag_events: Gauge<i64>,
    pub(crate) lag_seconds: Gauge<f64>,
    pub(crate) stopped: Gauge<i64>,
    pub(crate) events: Counter<u64>,
    pub(crate) retries: Counter<u64>,
    pub(crate) batch_seconds: Histogram<f64>,
}

pub(crate) fn metrics() -> &'static Metrics {
    static METRICS: OnceLock<Metrics> = OnceLock::new();
    METRICS.get_or_init(|| {
        let meter = xiaoan_telemetry::meter();
        let gauge = |name, description| meter.i64_gauge(name).with_description(description).build();
        let counter = |name, description| meter.u64_counter(name).with_description(description).build();
        Metrics {
            position: gauge("xiaoan.projection.position", "position of the last event applied"),
            lag_events: gauge("xiaoan.projection.lag.events", "head of the source minus own position"),
            lag_seconds: meter
                .f64_gauge("xiaoan.projection.lag.age")
                .with_unit("s")
                .with_description("age of the oldest event not applied; 0 when there is none")
                .build(),
            stopped: gauge("xiaoan.projection.stopped", "1 while stopped at an event or at a broken chain"),
            events: counter("xiaoan.projection.events", "events applied by this process"),
            retries: counter("xiaoan.projection.retries", "batches tried again after a database error"),
            batch_seconds: xiaoan_telemetry::seconds_histogram(
                "xiaoan.projection.batch.duration",
                "from begin to commit of a batch",
            ),
        }
    })
}

pub(crate) fn of(projection: &str, source: &str) -> [KeyValue; 2] {
    [KeyValue::new("projection", projection.to_owned()), KeyValue::new("source", source.to_owned())]
}
