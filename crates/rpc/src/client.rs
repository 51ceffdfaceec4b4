//! Calls to other services: one channel, a token on every call, a deadline, the caller's trace.

use crate::options::Secret;
use anyhow::{Context, Result};
use std::time::Duration;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use xiaoan_feed::PeerTls;

/// A channel whose calls carry a token; give it to a generated client: `CaseServiceClient::new(channel)`.
pub type AuthenticatedChannel = InterceptedService<Channel, Bearer>;

/// How to reach a service.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// `http://127.0.0.1:7101` or `https://…`.
    pub url: String,
    /// For an `https` address.
    pub tls: PeerTls,
    /// Deadline of a call that states none.
    pub deadline: Duration,
}

impl ClientOptions {
    /// An address with a deadline of ten seconds.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), tls: PeerTls::default(), deadline: Duration::from_secs(10) }
    }
}

/// A channel to a service. Nothing is connected before the first call; a lost connection is made again.
///
/// # Errors
/// When the address is none, a PEM file cannot be read, or the token cannot stand in a header.
pub fn channel(options: &ClientOptions, token: &Secret) -> Result<AuthenticatedChannel> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut endpoint = Endpoint::from_shared(options.url.clone())
        .with_context(|| format!("{:?} is no address of a service", options.url))?
        .connect_timeout(Duration::from_secs(5))
        .http2_keep_alive_interval(Duration::from_secs(30))
        .tcp_nodelay(true);
    if options.url.starts_with("https://") {
        let tls = options.tls.config().map_err(anyhow::Error::msg)?;
        endpoint = endpoint.tls_config(tls).context("TLS configuration")?;
    }
    let bearer = Bearer::new(token, options.deadline)?;
    Ok(InterceptedService::new(endpoint.connect_lazy(), bearer))
}

/// Puts the token, the deadline and the current trace into every call.
#[derive(Clone)]
pub struct Bearer {
    authorization: MetadataValue<Ascii>,
    deadline: Duration,
}

impl std::fmt::Debug for Bearer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bearer").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

impl Bearer {
    /// For a token.
    ///
    /// # Errors
    /// When the token cannot stand in a header.
    pub fn new(token: &Secret, deadline: Duration) -> Result<Self> {
        let mut authorization: MetadataValue<Ascii> =
            format!("Bearer {}", token.expose()).parse().ok().context("the token is no token")?;
        // Never in a debug print, never in a header compression table.
        authorization.set_sensitive(true);
        Ok(Self { authorization, deadline })
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.authorization.clone());
        if request.metadata().get("grpc-timeout").is_none() {
            request.set_timeout(self.deadline);
        }
        if let Ok(traceparent) = xiaoan_telemetry::current_traceparent().parse::<MetadataValue<Ascii>>()
            && !traceparent.is_empty()
        {
            request.metadata_mut().insert("traceparent", traceparent);
        }
        Ok(request)
    }
}
