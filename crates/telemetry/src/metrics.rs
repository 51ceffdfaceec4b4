//! Metrics, kept by OpenTelemetry and read as Prometheus text.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter, MeterProvider};
use opentelemetry_sdk::metrics::{Aggregation, Instrument, InstrumentKind, SdkMeterProvider, Stream};
use prometheus::{Encoder, Registry, TextEncoder};
use std::sync::OnceLock;

/// Bucket boundaries of every histogram in seconds: 0.5 ms … 10 s. (The SDK's own start at 5 and suit milliseconds.)
pub const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

struct Metrics {
    provider: SdkMeterProvider,
    registry: Registry,
}

/// Made at the first use, so that an instrument made before `init` counts as well.
fn metrics() -> &'static Metrics {
    static METRICS: OnceLock<Metrics> = OnceLock::new();
    METRICS.get_or_init(|| {
        let registry = Registry::new();
        let mut builder = SdkMeterProvider::builder().with_view(seconds_view);
        match opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .without_target_info()
            .build()
        {
            Ok(reader) => builder = builder.with_reader(reader),
            // Metrics are not worth a process: it works on without them.
            Err(error) => tracing::error!(%error, "metrics are not collected"),
        }
        let provider = builder.build();
        opentelemetry::global::set_meter_provider(provider.clone());
        Metrics { provider, registry }
    })
}

/// Whoever says "seconds" gets buckets that suit seconds, also where nobody thought of it.
fn seconds_view(instrument: &Instrument) -> Option<Stream> {
    (instrument.kind() == InstrumentKind::Histogram && instrument.unit() == "s").then(|| {
        Stream::builder()
            .with_aggregation(Aggregation::ExplicitBucketHistogram {
                boundaries: SECONDS.to_vec(),
                record_min_max: false,
            })
            .build()
            .ok()
    })?
}

/// The meter from which all instruments of the suite are made. Names follow the OpenTelemetry conventions where they
/// exist (`rpc.*`, `db.*`, `messaging.*`) and begin with `xiaoan.` where they do not.
#[must_use]
pub fn meter() -> Meter {
    metrics().provider.meter("xiaoan")
}

/// A histogram of durations in seconds with the boundaries of [`SECONDS`].
#[must_use]
pub fn seconds_histogram(name: &'static str, description: &'static str) -> Histogram<f64> {
    meter()
        .f64_histogram(name)
        .with_unit("s")
        .with_description(description)
        .with_boundaries(SECONDS.to_vec())
        .build()
}

/// All metrics in the Prometheus text format, version 0.0.4.
#[must_use]
pub fn metrics_text() -> String {
    let mut text = Vec::new();
    if let Err(error) = TextEncoder::new().encode(&metrics().registry.gather(), &mut text) {
        tracing::warn!(%error, "metrics cannot be written as text");
    }
    String::from_utf8(text).unwrap_or_default()
}

/// What runs here and how much memory it holds.
pub(crate) fn describe_process(service: &str, version: &str) {
    static DESCRIBED: OnceLock<()> = OnceLock::new();
    if DESCRIBED.set(()).is_err() {
        return;
    }
    let build = [KeyValue::new("service", service.to_owned()), KeyValue::new("version", version.to_owned())];
    let _build = meter()
        .u64_observable_gauge("xiaoan.build.info")
        .with_description("always 1; the labels say what runs")
        .with_callback(move |observer| observer.observe(1, &build))
        .build();
    let _memory = meter()
        .u64_observable_gauge("process.memory.usage")
        .with_unit("By")
        .with_description("resident memory")
        .with_callback(|observer| {
            if let Some(bytes) = resident_bytes() {
                observer.observe(bytes, &[]);
            }
        })
        .build();
}

/// Resident memory as Linux tells it; `None` elsewhere.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_fall_into_buckets_that_suit_seconds() {
        seconds_histogram("xiaoan.test.with_helper", "test").record(0.003, &[]);
        meter().f64_histogram("xiaoan.test.without_helper").with_unit("s").build().record(0.003, &[]);
        let text = metrics_text();
        for name in ["xiaoan_test_with_helper", "xiaoan_test_without_helper"] {
            let below = |le: &str| {
                let line = text
                    .lines()
                    .find(|l| {
                        l.starts_with(&format!("{name}_seconds_bucket"))
                            && l.contains(&format!("le=\"{le}\""))
                    })
                    .unwrap_or_else(|| panic!("no bucket {le} of {name} in\n{text}"));
                line.ends_with(" 1")
            };
            assert!(!below("0.0025") && below("0.005"), "{text}");
        }
    }

    #[test]
    fn the_process_tells_its_version_and_its_memory() {
        describe_process("test", "1.2.3");
        let text = metrics_text();
        assert!(text.contains("version=\"1.2.3\""), "{text}");
        assert!(text.contains("process_memory_usage_bytes"), "{text}");
    }
}
