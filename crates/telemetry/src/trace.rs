//! Traces: W3C trace context in and out, exported only when somebody asks for it.

use anyhow::{Context as _, Result};
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};
use tracing::level_filters::LevelFilter;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::{OpenTelemetryLayer, OpenTelemetrySpanExt};
use tracing_subscriber::registry::LookupSpan;

/// Spans from here up are part of a trace.
pub(crate) fn level() -> LevelFilter {
    LevelFilter::INFO
}

/// The provider, and whether it exports.
pub(crate) fn provider(service: &str, version: &str) -> Result<(SdkTracerProvider, bool)> {
    let exporting = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|v| !v.is_empty()));
    // Without an exporter nothing is recorded, but every span still has its ids; a caller's wish to be sampled
    // is passed on either way.
    let root = if exporting { Sampler::AlwaysOn } else { Sampler::AlwaysOff };
    let mut builder = SdkTracerProvider::builder().with_sampler(Sampler::parent_based(root)).with_resource(
        Resource::builder()
            .with_service_name(format!("xiaoan-{service}"))
            .with_attribute(KeyValue::new("service.version", version.to_owned()))
            .build(),
    );
    if exporting {
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_tonic()
            .build()
            .context("OTEL_EXPORTER_OTLP_ENDPOINT cannot be used")?;
        builder = builder.with_batch_exporter(exporter);
    }
    Ok((builder.build(), exporting))
}

/// The layer that makes OpenTelemetry spans of `tracing` spans.
pub(crate) fn layer<S>(provider: &SdkTracerProvider, exporting: bool) -> OpenTelemetryLayer<S, SdkTracer>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("xiaoan"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(exporting)
        // Our code asks `tracing` for the current span, so entering one need not be told to OpenTelemetry as well.
        .with_context_activation(false)
}

/// `traceparent` of the current span, or an empty text when there is none.
#[must_use]
pub fn current_traceparent() -> String {
    traceparent_of(&Span::current()).unwrap_or_default()
}

/// Trace id of the current span in hex, for a user to quote; `None` when there is none.
#[must_use]
pub fn current_trace_id() -> Option<String> {
    let context = Span::current().context();
    let span = context.span();
    span.span_context().is_valid().then(|| span.span_context().trace_id().to_string())
}

fn traceparent_of(span: &Span) -> Option<String> {
    let context = span.context();
    let span = context.span();
    let ids = span.span_context();
    ids.is_valid().then(|| {
        format!("00-{}-{}-{:02x}", ids.trace_id(), ids.span_id(), ids.trace_flags() & TraceFlags::SAMPLED)
    })
}

/// The remote span that a `traceparent` names; `None` when the text is none (W3C Trace Context, level 1, §3.2).
#[must_use]
pub fn parent_from(traceparent: &str) -> Option<SpanContext> {
    let mut parts = traceparent.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let lower_hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    // Version 00 has four parts; a later one may have more, and ff is none.
    let whole = version != "00" || parts.next().is_none();
    if !(lower_hex(version, 2) && version != "ff" && whole) {
        return None;
    }
    if !(lower_hex(trace, 32) && lower_hex(span, 16) && lower_hex(flags, 2)) {
        return None;
    }
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED,
        true,
        TraceState::NONE,
    );
    context.is_valid().then_some(context)
}

/// Makes a new span the child of a remote one. Only before the span was entered; without effect for a text
/// that names no span.
pub fn set_parent(span: &Span, traceparent: &str) {
    if let Some(parent) = parent_from(traceparent) {
        // Fails only when the span is disabled or was entered: then it simply has no parent.
        let _ = span.set_parent(Context::new().with_remote_span_context(parent));
    }
}

/// Links a span to a remote one that caused it without being its parent, for example a batch to its events.
pub fn add_link(span: &Span, traceparent: &str) {
    if let Some(cause) = parent_from(traceparent) {
        span.add_link(cause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::layer::SubscriberExt;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn traced<T>(body: impl FnOnce() -> T) -> T {
        let provider =
            SdkTracerProvider::builder().with_sampler(Sampler::parent_based(Sampler::AlwaysOff)).build();
        let subscriber = tracing_subscriber::registry().with(layer(&provider, false));
        tracing::subscriber::with_default(subscriber, body)
    }

    #[test]
    fn only_a_whole_traceparent_names_a_span() {
        assert!(parent_from(PARENT).is_some_and(|p| p.is_sampled() && p.is_remote()));
        assert!(parent_from(&PARENT.replace("-01", "-00")).is_some_and(|p| !p.is_sampled()));
        assert!(parent_from(&format!("{}-later", PARENT.replace("00-4b", "01-4b"))).is_some());
        for bad in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
        ] {
            assert!(parent_from(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_span_has_a_traceparent_without_any_exporter() {
        traced(|| {
            let span = tracing::info_span!("alone");
            let text = span.in_scope(current_traceparent);
            assert!(parent_from(&text).is_some_and(|p| !p.is_sampled()), "{text:?}");
            assert_eq!(span.in_scope(current_trace_id).as_deref(), text.get(3..35));
        });
    }

    #[test]
    fn a_child_stays_in_the_trace_of_its_remote_parent() {
        traced(|| {
            let span = tracing::info_span!("child");
            set_parent(&span, PARENT);
            let text = span.in_scope(|| tracing::info_span!("grandchild").in_scope(current_traceparent));
            assert!(text.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"), "{text}");
            assert!(text.ends_with("-01"), "the wish to be sampled is passed on: {text}");
            assert!(!text.contains("00f067aa0ba902b7"), "a span has its own id: {text}");
        });
    }

    #[test]
    fn outside_a_span_there_is_no_traceparent() {
        traced(|| assert_eq!(current_traceparent(), ""));
        assert_eq!(current_traceparent(), "");
    }
}
