//! Which calls are taken, and for how long: load shedding, deadlines, message limits.

use crate::errors;
use crate::methods::Method;
use bytes::{Buf, Bytes};
use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::Semaphore;
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};

/// Limits of a server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) max_message_bytes: u32,
    pub(crate) default_deadline: Duration,
    pub(crate) max_deadline: Duration,
    pub(crate) upload_deadline: Duration,
}

impl Limits {
    /// How long a call may take until it answers. A stream that the server sends may go on after that.
    fn deadline(&self, method: &Method, headers: &HeaderMap) -> Duration {
        let stated = stated_deadline(headers);
        if method.client_streaming {
            return stated.unwrap_or(self.upload_deadline).min(self.upload_deadline);
        }
        stated.unwrap_or(self.default_deadline).min(self.max_deadline)
    }
}

/// `grpc-timeout` (gRPC over HTTP/2: at most eight digits and a unit), less a little: the answer with its details
/// should reach the client before the client stops waiting.
fn stated_deadline(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    let stated = match unit {
        "H" => Duration::from_secs(number * 3600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    };
    Some(stated - (stated / 10).min(Duration::from_millis(20)))
}

#[derive(Clone)]
pub(crate) struct AdmitLayer {
    pub(crate) limits: Limits,
    pub(crate) places: Arc<Semaphore>,
}

impl<S> Layer<S> for AdmitLayer {
    type Service = Admit<S>;
    fn layer(&self, inner: S) -> Admit<S> {
        Admit { inner, layer: self.clone() }
    }
}

#[derive(Clone)]
pub(crate) struct Admit<S> {
    inner: S,
    layer: AdmitLayer,
}

impl<S> Service<Request<Body>> for Admit<S>
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

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let AdmitLayer { limits, places } = &self.layer;
        let Some(method) = request.extensions().get::<Arc<Method>>().cloned() else {
            return refuse(&errors::internal("a request without a method reached the gate"));
        };
        if method.always_admitted {
            return Box::pin(self.inner.call(request));
        }
        // Nobody queues here: a caller that is told at once can go elsewhere.
        let Ok(place) = Arc::clone(places).try_acquire_owned() else {
            return refuse(&errors::overloaded());
        };
        let deadline = limits.deadline(&method, request.headers());
        let limit = u64::from(limits.max_message_bytes);
        let inner = self.inner.call(request.map(|body| Body::new(Limited::new(body, limit))));
        Box::pin(async move {
            let answer = tokio::time::timeout(deadline, inner).await;
            drop(place);
            answer.unwrap_or_else(|_| Ok(errors::deadline_exceeded().into_http()))
        })
    }
}

fn refuse(status: &Status) -> BoxFuture<'static, Result<Response<Body>, Infallible>> {
    Box::pin(std::future::ready(Ok(status.clone().into_http())))
}

/// A request body whose messages may not be longer than a limit. The length stands before each message (gRPC over
/// HTTP/2: a flag byte and four bytes), so a long one is refused before any of it is kept.
struct Limited {
    inner: Body,
    limit: u64,
    /// Bytes of the prefix read so far.
    prefix: [u8; 5],
    have: usize,
    /// Bytes of the current message still to come.
    left: u64,
}

impl Limited {
    fn new(inner: Body, limit: u64) -> Self {
        Self { inner, limit, prefix: [0; 5], have: 0, left: 0 }
    }

    fn measure(&mut self, mut data: &[u8]) -> Result<(), Status> {
        while !data.is_empty() {
            if self.left > 0 {
                let skip = usize::try_from(self.left).unwrap_or(usize::MAX).min(data.len());
                data.advance(skip);
                self.left -= skip as u64;
                continue;
            }
            let take = (self.prefix.len() - self.have).min(data.len());
            self.prefix[self.have..self.have + take].copy_from_slice(&data[..take]);
            self.have += take;
            data.advance(take);
            if self.have == self.prefix.len() {
                self.have = 0;
                let [_, length @ ..] = self.prefix;
                self.left = u64::from(u32::from_be_bytes(length));
                if self.left > self.limit {
                    return Err(errors::message_too_large(self.left, self.limit));
                }
            }
        }
        Ok(())
    }
}

impl HttpBody for Limited {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
            && let Err(status) = self.measure(data)
        {
            return Poll::Ready(Some(Err(status)));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn stated(text: &'static str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-timeout", HeaderValue::from_static(text));
        stated_deadline(&headers)
    }

    #[test]
    fn a_stated_deadline_is_kept_a_little_early() {
        assert_eq!(stated("100m"), Some(Duration::from_millis(90)));
        assert_eq!(stated("5S"), Some(Duration::from_millis(4980)));
        assert_eq!(
            stated("99999999H"),
            Some(Duration::from_secs(99_999_999 * 3600) - Duration::from_millis(20))
        );
        for bad in ["", "S", "5", "-1S", "123456789S", "5x", "5 S"] {
            assert_eq!(stated(bad), None, "{bad}");
        }
    }

    #[test]
    fn messages_are_measured_however_their_bytes_arrive() {
        // Two messages of 3 and 4 bytes.
        let bytes = [0, 0, 0, 0, 3, 1, 2, 3, 0, 0, 0, 0, 4, 1, 2, 3, 4];
        for chunk in 1..=bytes.len() {
            let mut fits = Limited::new(Body::empty(), 4);
            assert!(bytes.chunks(chunk).all(|c| fits.measure(c).is_ok()), "chunks of {chunk}");
            let mut exceeds = Limited::new(Body::empty(), 3);
            assert!(bytes.chunks(chunk).any(|c| exceeds.measure(c).is_err()), "chunks of {chunk}");
        }
    }
}
