//! What the timer tells about itself.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram};
use std::sync::OnceLock;

pub(crate) struct Metrics {
    pub(crate) armed: Counter<u64>,
    pub(crate) fired: Counter<u64>,
    pub(crate) failures: Counter<u64>,
    pub(crate) late: Histogram<f64>,
    pub(crate) pending: Gauge<i64>,
    pub(crate) failing: Gauge<i64>,
    pub(crate) overdue: Gauge<f64>,
}

pub(crate) fn metrics() -> &'static Metrics {
    static METRICS: OnceLock<Metrics> = OnceLock::new();
    METRICS.get_or_init(|| {
        let meter = xiaoan_telemetry::meter();
        let gauge = |name, description| meter.i64_gauge(name).with_description(description).build();
        let counter = |name, description| meter.u64_counter(name).with_description(description).build();
        Metrics {
            armed: counter("xiaoan.timer.armed", "deadlines armed by events"),
            fired: counter("xiaoan.timer.fired", "deadlines settled by this process"),
            failures: counter("xiaoan.timer.failures", "tries of this process that failed"),
            late: xiaoan_telemetry::seconds_histogram(
                "xiaoan.timer.late.duration",
                "from a deadline's due time to its being settled",
            ),
            pending: gauge("xiaoan.timer.pending", "deadlines to come or due"),
            failing: gauge("xiaoan.timer.failing", "deadlines whose last try failed"),
            overdue: meter
                .f64_gauge("xiaoan.timer.overdue.age")
                .with_unit("s")
                .with_description("how long the oldest deadline is due and not settled; 0 when none is")
                .build(),
        }
    })
}

pub(crate) fn kind_of(kind: &str) -> [KeyValue; 1] {
    [KeyValue::new("kind", kind.to_owned())]
}
