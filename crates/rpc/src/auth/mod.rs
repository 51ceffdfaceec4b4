//! Authentication of every call: `authorization: Bearer <JWT>`, except for health, and for reflection on loopback.

mod cache;
mod keys;
mod verify;

use futures::future::{Either, Ready, ready};
use http::{HeaderMap, Request, Response, header};
use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use tonic::body::Body;
use tower::{Layer, Service};
pub(crate) use verify::{Refused, Verifier};

const HEALTH: &str = "/grpc.health.v1.Health/";
const REFLECTION: &str = "/grpc.reflection.";

/// Puts [`crate::Caller`] into the request's extensions, or refuses.
#[derive(Clone)]
pub(crate) struct AuthLayer {
    pub(crate) verifier: Arc<Verifier>,
    /// Whether the published language may be asked for without a token: on loopback only.
    pub(crate) open_reflection: bool,
}

impl<S> Layer<S> for AuthLayer {
    type Service = Auth<S>;
    fn layer(&self, inner: S) -> Auth<S> {
        Auth { inner, layer: self.clone() }
    }
}

#[derive(Clone)]
pub(crate) struct Auth<S> {
    inner: S,
    layer: AuthLayer,
}

impl<S> Service<Request<Body>> for Auth<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<S::Future, Ready<Result<Response<Body>, Infallible>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let path = request.uri().path();
        if path.starts_with(HEALTH) || (self.layer.open_reflection && path.starts_with(REFLECTION)) {
            return Either::Left(self.inner.call(request));
        }
        match bearer(request.headers()).and_then(|token| self.layer.verifier.verify(token)) {
            Ok(caller) => {
                // Handlers get the caller, never the token.
                request.headers_mut().remove(header::AUTHORIZATION);
                request.extensions_mut().insert(caller);
                Either::Left(self.inner.call(request))
            }
            Err(refused) => Either::Right(ready(Ok(refused.status().into_http()))),
        }
    }
}

/// The one bearer token of a call.
fn bearer(headers: &HeaderMap) -> Result<&str, Refused> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or(Refused::Missing)?;
    if values.next().is_some() {
        return Err(Refused::Malformed);
    }
    let text = value.to_str().map_err(|_| Refused::Malformed)?;
    let (scheme, token) = text.split_once(' ').ok_or(Refused::Malformed)?;
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(Refused::Missing);
    }
    Ok(token)
}
