//! Around every call: its span, its metrics, its panic, and the promise that no cause leaves the process.

use crate::errors;
use crate::methods::{Method, Methods};
use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use http_body::{Body as HttpBody, Frame};
use opentelemetry::metrics::{Histogram, UpDownCounter};
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};
use tracing::{Instrument, Span, field};

/// A stream that still runs so long after the signal to stop is ended with UNAVAILABLE; its reader resumes elsewhere.
const STREAM_GRACE: Duration = Duration::from_secs(1);

struct Instruments {
    duration: Histogram<f64>,
    active: UpDownCounter<i64>,
    panics: opentelemetry::metrics::Counter<u64>,
}

static INSTRUMENTS: LazyLock<Instruments> = LazyLock::new(|| Instruments {
    duration: xiaoan_telemetry::seconds_histogram(
        "rpc.server.duration",
        "duration of calls by method and status code",
    ),
    active: xiaoan_telemetry::meter()
        .i64_up_down_counter("rpc.server.active_requests")
        .with_description("calls and streams that are open")
        .build(),
    panics: xiaoan_telemetry::meter()
        .u64_counter("xiaoan.rpc.panics")
        .with_description("calls whose handler panicked")
        .build(),
});

#[derive(Clone)]
pub(crate) struct ObserveLayer {
    pub(crate) methods: Methods,
    pub(crate) draining: CancellationToken,
}

impl<S> Layer<S> for ObserveLayer {
    type Service = Observe<S>;
    fn layer(&self, inner: S) -> Observe<S> {
        Observe { inner, layer: self.clone() }
    }
}

#[derive(Clone)]
pub(crate) struct Observe<S> {
    inner: S,
    layer: ObserveLayer,
}

impl<S> Service<Request<Body>> for Observe<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let method = self.layer.methods.of(request.uri().path());
        let span = tracing::info_span!(
            "rpc",
            otel.name = &*method.full,
            otel.kind = "server",
            otel.status_code = field::Empty,
            rpc.system = "grpc",
            rpc.method = &*method.full,
            rpc.grpc.status_code = field::Empty,
        );
        if let Some(parent) = request.headers().get("traceparent").and_then(|v| v.to_str().ok()) {
            xiaoan_telemetry::set_parent(&span, parent);
        }
        request.extensions_mut().insert(Arc::clone(&method));
        let call = Call::begin(Arc::clone(&method), span.clone());
        // The handler's own code runs in the future; what it does before its first await runs here.
        let inner = span.in_scope(|| catch_unwind(AssertUnwindSafe(|| self.inner.call(request))));
        let draining = method.server_streaming.then(|| self.layer.draining.clone());
        Box::pin(
            async move {
                let answer = match inner {
                    Ok(future) => AssertUnwindSafe(future).catch_unwind().await,
                    Err(panic) => Err(panic),
                };
                let response = match answer {
                    Ok(Ok(response)) => response,
                    Err(_) => call.panicked().into_http(),
                };
                Ok(call.answer(response, draining))
            }
            .instrument(span),
        )
    }
}

/// A call from its first byte to its last. Dropped before its end, it was given up by the client.
struct Call {
    method: Arc<Method>,
    span: Span,
    began: Instant,
    ended: bool,
}

impl Call {
    fn begin(method: Arc<Method>, span: Span) -> Self {
        INSTRUMENTS.active.add(1, &[]);
        Self { method, span, began: Instant::now(), ended: false }
    }

    fn panicked(&self) -> Status {
        INSTRUMENTS.panics.add(1, &[]);
        // The panic's own text went to stderr; it may hold anything, so it goes nowhere else.
        tracing::error!(
            rpc.method = &*self.method.full,
            trace_id = xiaoan_telemetry::current_trace_id(),
            "a handler panicked"
        );
        errors::internal_logged()
    }

    /// The answer without causes; a failed call ends here, others when their body does.
    fn answer(mut self, mut response: Response<Body>, draining: Option<CancellationToken>) -> Response<Body> {
        if let Some(status) = failure(response.headers()) {
            let mut code = status.code();
            if let Some(shown) = presentable(&status) {
                code = shown.code();
                response = shown.into_http();
            }
            self.end(code);
            return response;
        }
        let cut = draining.map(|token| {
            async move {
                token.cancelled_owned().await;
                tokio::time::sleep(STREAM_GRACE).await;
            }
            .boxed()
        });
        response.map(|body| Body::new(CallBody { inner: body, call: Some(self), cut, done: false }))
    }

    fn end(&mut self, code: Code) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        INSTRUMENTS.active.add(-1, &[]);
        INSTRUMENTS.duration.record(self.began.elapsed().as_secs_f64(), &self.method.attributes(code));
        self.span.record("rpc.grpc.status_code", code as i32);
        let _in_span = self.span.enter();
        let millis = self.began.elapsed().as_secs_f64() * 1e3;
        match code {
            Code::Ok => tracing::debug!(millis, "call answered"),
            // Ours. The cause was logged where it happened.
            Code::Internal | Code::Unknown | Code::DataLoss => {
                self.span.record("otel.status_code", "ERROR");
                tracing::error!(?code, millis, "call failed");
            }
            Code::Unavailable | Code::DeadlineExceeded | Code::Unimplemented => {
                tracing::warn!(?code, millis, "call failed");
            }
            Code::Unauthenticated | Code::PermissionDenied => tracing::info!(?code, millis, "call refused"),
            // Everyday answers, and overload, of which there may be thousands a second: the metrics count them.
            Code::Cancelled
            | Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::ResourceExhausted
            | Code::FailedPrecondition
            | Code::Aborted
            | Code::OutOfRange => tracing::debug!(?code, millis, "call refused"),
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

/// The status in headers or trailers, unless it is OK or there is none.
fn failure(headers: &HeaderMap) -> Option<Status> {
    headers.get(Status::GRPC_STATUS).filter(|value| value.as_bytes() != b"0")?;
    Status::from_header_map(headers)
}

/// What is shown instead of a status that was not made by the error contract; `None` when it may be shown as it is.
fn presentable(status: &Status) -> Option<Status> {
    match status.code() {
        Code::Internal | Code::Unknown | Code::DataLoss => {
            let text = status.message();
            if text == errors::INTERNAL_MESSAGE && !status.details().is_empty() {
                return None;
            }
            // tonic blames itself for what the caller sent (tonic-prost codec, tonic server/grpc).
            if text.contains("failed to decode Protobuf message") || text == "Missing request message." {
                return Some(errors::malformed_message());
            }
            Some(errors::internal(text))
        }
        Code::Ok
        | Code::Cancelled
        | Code::InvalidArgument
        | Code::DeadlineExceeded
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::Unavailable
        | Code::Unauthenticated => None,
    }
}

/// The answer's body: watches for its end, a panic, and the time to stop.
struct CallBody {
    inner: Body,
    call: Option<Call>,
    cut: Option<BoxFuture<'static, ()>>,
    done: bool,
}

impl CallBody {
    fn finish(&mut self, code: Code) {
        self.done = true;
        if let Some(mut call) = self.call.take() {
            call.end(code);
        }
    }

    /// Ends the stream with a status of ours.
    fn finish_with(&mut self, status: &Status) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.inner = Body::empty();
        self.finish(status.code());
        let mut trailers = HeaderMap::new();
        Poll::Ready(Some(match status.add_header(&mut trailers) {
            Ok(()) => Ok(Frame::trailers(trailers)),
            Err(unwritable) => Err(unwritable),
        }))
    }
}

impl HttpBody for CallBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        if this.done {
            return Poll::Ready(None);
        }
        let span = this.call.as_ref().map_or_else(Span::none, |call| call.span.clone());
        let _in_span = span.enter();
        // First of all: a stream that always has something to say must stop as well.
        if let Some(cut) = &mut this.cut
            && cut.poll_unpin(cx).is_ready()
        {
            return this.finish_with(&errors::draining());
        }
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(&mut this.inner).poll_frame(cx)));
        match polled {
            Err(_) => {
                let status = this.call.as_ref().map_or_else(errors::internal_logged, Call::panicked);
                this.finish_with(&status)
            }
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(None)) => {
                this.finish(Code::Ok);
                Poll::Ready(None)
            }
            Ok(Poll::Ready(Some(Err(status)))) => {
                let shown = presentable(&status).unwrap_or(status);
                this.finish_with(&shown)
            }
            Ok(Poll::Ready(Some(Ok(frame)))) => {
                let Some(trailers) = frame.trailers_ref() else { return Poll::Ready(Some(Ok(frame))) };
                match failure(trailers) {
                    None => {
                        this.finish(Code::Ok);
                        Poll::Ready(Some(Ok(frame)))
                    }
                    Some(status) => match presentable(&status) {
                        Some(shown) => this.finish_with(&shown),
                        None => {
                            this.finish(status.code());
                            Poll::Ready(Some(Ok(frame)))
                        }
                    },
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.done
    }
}
