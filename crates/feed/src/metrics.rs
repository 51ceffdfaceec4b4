//! What the feed tells about itself.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge};
use std::sync::OnceLock;

pub(crate) struct Metrics {
    /// Position up to which a log is in its stream.
    pub(crate) published: Gauge<i64>,
    /// Events recorded but not in the stream yet.
    pub(crate) lag: Gauge<i64>,
    /// Events published.
    pub(crate) events: Counter<u64>,
    /// Publishes refused by the broker because the stream was elsewhere: another relay, or a lost tail.
    pub(crate) refused: Counter<u64>,
    /// Streams created, by reason.
    pub(crate) created: Counter<u64>,
    /// Events read through `EventLog` in place of the stream.
    pub(crate) backfilled: Counter<u64>,
    /// Messages in a stream that contradict the source's log.
    pub(crate) distrusted: Counter<u64>,
    /// Chains found broken.
    pub(crate) broken: Counter<u64>,
}

pub(crate) fn metrics() -> &'static Metrics {
    static METRICS: OnceLock<Metrics> = OnceLock::new();
    METRICS.get_or_init(|| {
        let meter = xiaoan_telemetry::meter();
        let counter = |name, description| meter.u64_counter(name).with_description(description).build();
        let gauge = |name, description| meter.i64_gauge(name).with_description(description).build();
        Metrics {
            published: gauge(
                "xiaoan.feed.published.position",
                "position up to which the log is in the stream",
            ),
            lag: gauge("xiaoan.feed.lag", "events recorded but not in the stream yet"),
            events: counter("xiaoan.feed.events", "events published"),
            refused: counter("xiaoan.feed.refused", "publishes refused because the stream was elsewhere"),
            created: counter("xiaoan.feed.streams.created", "streams created, by reason"),
            backfilled: counter(
                "xiaoan.feed.backfilled",
                "events read through EventLog instead of the stream",
            ),
            distrusted: counter("xiaoan.feed.distrusted", "messages that contradict the source's log"),
            broken: counter("xiaoan.feed.broken_chains", "hash chains found broken"),
        }
    })
}

pub(crate) fn of_source(source: &str) -> [KeyValue; 1] {
    [KeyValue::new("source", source.to_owned())]
}
