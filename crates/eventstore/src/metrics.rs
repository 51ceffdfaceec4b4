//! What the store tells about itself.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram};
use std::time::Duration;

/// Instruments of one store; every point carries its `source`.
pub(crate) struct Metrics {
    labels: [KeyValue; 1],
    duration: Histogram<f64>,
    batch: Histogram<u64>,
    events: Counter<u64>,
    conflicts: Counter<u64>,
    overloads: Counter<u64>,
    failures: Counter<u64>,
    queue: Gauge<u64>,
    head: Gauge<i64>,
}

impl Metrics {
    pub fn new(source: &str) -> Self {
        let meter = xiaoan_telemetry::meter();
        Self {
            labels: [KeyValue::new("source", source.to_owned())],
            duration: xiaoan_telemetry::seconds_histogram(
                "xiaoan.append.duration",
                "from a command's arrival in the queue to its answer",
            ),
            batch: meter
                .u64_histogram("xiaoan.append.batch_size")
                .with_description("commands in one transaction")
                .with_boundaries([1, 2, 4, 8, 16, 32, 64, 128, 256, 512].map(f64::from).to_vec())
                .build(),
            events: meter.u64_counter("xiaoan.append.events").with_description("events recorded").build(),
            conflicts: meter
                .u64_counter("xiaoan.append.conflicts")
                .with_description("commands that lost a race for a stream")
                .build(),
            overloads: meter
                .u64_counter("xiaoan.append.overloads")
                .with_description("commands refused because too many were waiting")
                .build(),
            failures: meter
                .u64_counter("xiaoan.append.failures")
                .with_description("batches that the database failed")
                .build(),
            queue: meter
                .u64_gauge("xiaoan.append.queue_depth")
                .with_description("commands waiting when a batch was formed")
                .build(),
            head: meter
                .i64_gauge("xiaoan.log.head")
                .with_description("position of the last event of the log")
                .build(),
        }
    }

    pub fn answered(&self, after: Duration) {
        self.duration.record(after.as_secs_f64(), &self.labels);
    }
    pub fn batch(&self, commands: usize, left_waiting: usize) {
        self.batch.record(commands as u64, &self.labels);
        self.queue.record(left_waiting as u64, &self.labels);
    }
    pub fn events(&self, recorded: u64) {
        self.events.add(recorded, &self.labels);
    }
    pub fn conflict(&self) {
        self.conflicts.add(1, &self.labels);
    }
    pub fn overload(&self) {
        self.overloads.add(1, &self.labels);
    }
    pub fn failure(&self) {
        self.failures.add(1, &self.labels);
    }
    pub fn head(&self, position: i64) {
        self.head.record(position, &self.labels);
    }
}
