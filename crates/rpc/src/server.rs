//! The server of a service: what it listens on, what it lets through, how it stops.

use crate::admin::{Admin, ReadinessCheck};
use crate::admit::{AdmitLayer, Limits};
use crate::auth::{AuthLayer, Verifier};
use crate::methods::Methods;
use crate::observe::ObserveLayer;
use crate::options::RpcOptions;
use crate::tls::Certificates;
use anyhow::{Context, Result, bail};
use futures::FutureExt;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::transport::Server as Transport;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tower::Service;
use xiaoan_kernel::{Clock, SystemClock};

/// tonic's own limit for a decoded message; ours may only be smaller.
const LARGEST_MESSAGE: u32 = 4 << 20;

/// A server in the making: both ports are bound; the admin port says "starting", gRPC callers wait.
pub struct Server {
    options: RpcOptions,
    grpc: TcpListener,
    admin: Admin,
    admin_addr: SocketAddr,
    tls: Option<Arc<Certificates>>,
    verifier: Arc<Verifier>,
    routes: Routes,
    services: Vec<&'static str>,
    checks: Vec<ReadinessCheck>,
    draining: CancellationToken,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("options", &self.options)
            .field("services", &self.services)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// Binds both ports and reads certificates and the key set.
    ///
    /// # Errors
    /// When an address is taken, a file cannot be read, the key set holds no usable key, or the server would talk
    /// plaintext beyond loopback.
    pub async fn new(options: RpcOptions) -> Result<Self> {
        Self::with_clock(options, Arc::new(SystemClock)).await
    }

    /// The same with a clock of its own, by which tokens expire.
    ///
    /// # Errors
    /// As [`Server::new`].
    pub async fn with_clock(options: RpcOptions, clock: Arc<dyn Clock>) -> Result<Self> {
        // Whoever uses TLS in this process needs one provider; a second call changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let tls = Certificates::open(&options)?;
        if tls.is_none() && !options.grpc_addr.ip().is_loopback() {
            bail!(
                "refusing plaintext gRPC on {}: give a certificate (--tls-cert and --tls-key) or a loopback address",
                options.grpc_addr
            );
        }
        if options.max_message_bytes > LARGEST_MESSAGE {
            bail!("--max-message-bytes is {}, the most is {LARGEST_MESSAGE}", options.max_message_bytes);
        }
        let verifier = Verifier::open(
            &options.jwks,
            &options.issuer,
            &options.audience,
            clock,
            usize::try_from(options.token_cache).unwrap_or(usize::MAX),
        )?;
        let grpc = bind("gRPC", options.grpc_addr).await?;
        let admin = bind("admin", options.admin_addr).await?;
        let admin_addr = admin.local_addr()?;
        Ok(Self {
            grpc,
            admin: Admin::spawn(admin),
            admin_addr,
            options,
            tls,
            verifier: Arc::new(verifier),
            routes: Routes::default(),
            services: Vec::new(),
            checks: Vec::new(),
            draining: CancellationToken::new(),
        })
    }

    /// Mounts a service, for example `CaseServiceServer::new(handler)`. Every call of it needs a token.
    #[must_use]
    pub fn add_service<S>(mut self, service: S) -> Self
    where
        S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        self.routes = self.routes.add_service(service);
        self.services.push(S::NAME);
        self
    }

    /// Adds a reason to be not ready: while `check` fails, or takes more than two seconds, `/readyz` is 503 and says so.
    #[must_use]
    pub fn readiness<C, F>(mut self, name: &'static str, check: C) -> Self
    where
        C: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.checks.push(ReadinessCheck { name, check: Box::new(move || Box::pin(check())) });
        self
    }

    /// Where gRPC is answered; useful when port 0 was asked for.
    ///
    /// # Errors
    /// When the socket is gone.
    pub fn grpc_addr(&self) -> Result<SocketAddr> {
        Ok(self.grpc.local_addr()?)
    }

    /// Where the admin port is.
    ///
    /// # Errors
    /// Never; as [`Server::grpc_addr`].
    pub fn admin_addr(&self) -> Result<SocketAddr> {
        Ok(self.admin_addr)
    }

    /// Cancelled when the server stops accepting; for background work that should stop with it. Streams to clients
    /// need not watch it: they are ended by the server.
    #[must_use]
    pub fn draining(&self) -> CancellationToken {
        self.draining.clone()
    }

    /// Answers until `shutdown` is ready, then stops: says that it is not ready (admin port and health), stops
    /// accepting, lets open calls finish, ends streams, and gives up after the grace of the options.
    ///
    /// # Errors
    /// When the transport fails.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> Result<()> {
        let (health, health_service) = tonic_health::server::health_reporter();
        for service in &self.services {
            health.set_service_status(service, ServingStatus::Serving).await;
        }
        let routes = self.routes.add_service(health_service);
        let (routes, reflected) = with_reflection(routes, &self.services)?;
        let options = &self.options;
        let grpc_addr = self.grpc.local_addr()?;
        tracing::info!(
            grpc = %grpc_addr,
            admin = %self.admin_addr,
            tls = self.tls.is_some(),
            client_certificates = options.tls_client_ca.is_some(),
            services = self.services.join(","),
            reflected,
            "listening"
        );

        let mut transport = Transport::builder();
        if !options.max_connection_age.is_zero() {
            transport = transport.max_connection_age(options.max_connection_age);
        }
        let router = transport
            .max_concurrent_streams(options.max_streams_per_connection)
            .http2_keepalive_interval(Some(Duration::from_secs(30)))
            .http2_keepalive_timeout(Some(Duration::from_secs(10)))
            .http2_max_header_list_size(16 << 10)
            .layer(ObserveLayer { methods: Methods::all(), draining: self.draining.clone() })
            .layer(AuthLayer { verifier: self.verifier, open_reflection: grpc_addr.ip().is_loopback() })
            .layer(AdmitLayer {
                limits: limits(options),
                places: Arc::new(Semaphore::new(usize::try_from(options.max_in_flight)?)),
            })
            .add_routes(routes.prepare());
        let (draining, drained) = (self.draining.clone(), self.draining.clone().cancelled_owned());
        let mut serving = match self.tls {
            Some(tls) => {
                router.serve_with_incoming_shutdown(tls.incoming(self.grpc, draining), drained).boxed()
            }
            None => {
                let incoming = TcpIncoming::from(self.grpc).with_nodelay(Some(true));
                router.serve_with_incoming_shutdown(incoming, drained).boxed()
            }
        };

        self.admin.started(self.checks);
        let told_to_stop = async {
            shutdown.await;
            self.admin.stopping();
            say_not_serving(&health, &self.services).await;
            tracing::info!(delay = ?options.drain_delay, grace = ?options.drain_grace, "stopping");
            tokio::time::sleep(options.drain_delay).await;
        };
        let outcome = tokio::select! {
            // Only breakage ends it before it was told to stop.
            ended = &mut serving => ended.context("gRPC server"),
            () = told_to_stop => {
                self.draining.cancel();
                match tokio::time::timeout(options.drain_grace, &mut serving).await {
                    Ok(ended) => ended.context("gRPC server"),
                    Err(_) => {
                        tracing::warn!("some calls did not finish within the grace");
                        Ok(())
                    }
                }
            }
        };
        self.draining.cancel();
        self.admin.stop().await;
        tracing::info!("stopped");
        outcome
    }
}

fn limits(options: &RpcOptions) -> Limits {
    Limits {
        max_message_bytes: options.max_message_bytes,
        default_deadline: options.default_deadline,
        max_deadline: options.max_deadline,
        upload_deadline: options.upload_deadline,
    }
}

async fn bind(what: &str, address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen for {what} on {address}"))
}

async fn say_not_serving(health: &HealthReporter, services: &[&'static str]) {
    for service in services.iter().chain(&[""]) {
        health.set_service_status(service, ServingStatus::NotServing).await;
    }
}

/// Reflection in both versions that clients ask for, of the mounted services only.
fn with_reflection(routes: Routes, services: &[&'static str]) -> Result<(Routes, usize)> {
    let builder = || {
        let all = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(xiaoan_proto::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .with_service_name("grpc.health.v1.Health");
        services.iter().fold(all, |builder, service| builder.with_service_name(*service))
    };
    let routes = routes
        .add_service(builder().build_v1().context("reflection")?)
        .add_service(builder().build_v1alpha().context("reflection")?);
    Ok((routes, services.len()))
}

/// Ready when the process is told to stop: SIGTERM or ctrl-c.
pub async fn shutdown_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let interrupt = tokio::signal::ctrl_c();
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(error) => {
            tracing::warn!(%error, "cannot listen for SIGTERM");
            let _ = interrupt.await;
        }
    }
}
