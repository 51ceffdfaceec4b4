//! Certificates of the server, read again when their files change: a renewed certificate needs no restart.

use crate::options::RpcOptions;
use anyhow::{Context, Result, bail};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ServerConfig, WebPkiClientVerifier};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

/// A client that does not finish its handshake in time is hung up on.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Connections that have shaken hands and wait to be taken.
const WAITING: usize = 64;
/// Pause after an accept that failed, for example because the process has too many files open.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Where the certificates are, and what was made of them.
#[derive(Debug)]
pub(crate) struct Certificates {
    cert: PathBuf,
    key: PathBuf,
    client_ca: Option<PathBuf>,
    loaded: Mutex<Loaded>,
}

#[derive(Debug)]
struct Loaded {
    /// When the files had been written; `None` for one that was not there.
    written: Vec<Option<SystemTime>>,
    config: Arc<ServerConfig>,
}

impl Certificates {
    /// What the options name; `None` for plaintext.
    pub(crate) fn open(options: &RpcOptions) -> Result<Option<Arc<Self>>> {
        let (Some(cert), Some(key)) = (&options.tls_cert, &options.tls_key) else {
            if options.tls_cert.is_some() || options.tls_key.is_some() || options.tls_client_ca.is_some() {
                bail!("TLS needs both --tls-cert and --tls-key");
            }
            return Ok(None);
        };
        let client_ca = options.tls_client_ca.clone();
        let written = written(cert, key, client_ca.as_deref());
        let config = load(cert, key, client_ca.as_deref())?;
        let loaded = Mutex::new(Loaded { written, config });
        Ok(Some(Arc::new(Self { cert: cert.clone(), key: key.clone(), client_ca, loaded })))
    }

    /// What holds now. Files that cannot be used leave what held before, and are tried again when they change.
    fn current(&self) -> Arc<ServerConfig> {
        let client_ca = self.client_ca.as_deref();
        let written = written(&self.cert, &self.key, client_ca);
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if loaded.written != written {
            match load(&self.cert, &self.key, client_ca) {
                Ok(config) => {
                    tracing::info!(certificate = %self.cert.display(), "certificates were renewed");
                    loaded.config = config;
                }
                Err(error) => {
                    tracing::error!(
                        error = format!("{error:#}"),
                        "new certificates cannot be used: the old ones stay"
                    );
                }
            }
            loaded.written = written;
        }
        Arc::clone(&loaded.config)
    }

    /// Connections that have shaken hands. A slow or silent client delays nobody else.
    pub(crate) fn incoming(
        self: Arc<Self>,
        listener: TcpListener,
        draining: CancellationToken,
    ) -> ReceiverStream<std::io::Result<TlsStream<TcpStream>>> {
        let (ready, incoming) = mpsc::channel(WAITING);
        tokio::spawn(draining.run_until_cancelled_owned(async move {
            loop {
                match listener.accept().await {
                    Ok((socket, _)) => {
                        tokio::spawn(shake_hands(self.current(), socket, ready.clone()));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a connection was not accepted");
                        tokio::time::sleep(ACCEPT_AGAIN).await;
                    }
                }
            }
        }));
        ReceiverStream::new(incoming)
    }
}

async fn shake_hands(
    config: Arc<ServerConfig>,
    socket: TcpStream,
    ready: mpsc::Sender<std::io::Result<TlsStream<TcpStream>>>,
) {
    // Small answers must not wait for more.
    let _ = socket.set_nodelay(true);
    match tokio::time::timeout(HANDSHAKE, TlsAcceptor::from(config).accept(socket)).await {
        // Nobody takes it any more when the server has stopped.
        Ok(Ok(stream)) => drop(ready.send(Ok(stream)).await),
        Ok(Err(error)) => tracing::debug!(%error, "a handshake failed"),
        Err(_) => tracing::debug!("a handshake took too long"),
    }
}

fn written(cert: &Path, key: &Path, client_ca: Option<&Path>) -> Vec<Option<SystemTime>> {
    let files = [cert, key].into_iter().chain(client_ca);
    files.map(|file| std::fs::metadata(file).and_then(|of| of.modified()).ok()).collect()
}

fn load(cert: &Path, key: &Path, client_ca: Option<&Path>) -> Result<Arc<ServerConfig>> {
    let builder = ServerConfig::builder();
    let builder = match client_ca {
        None => builder.with_no_client_auth(),
        Some(ca) => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(certificates(ca)?);
            let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build();
            builder.with_client_cert_verifier(
                verifier.with_context(|| format!("no CA of clients in {}", ca.display()))?,
            )
        }
    };
    let private =
        PrivateKeyDer::from_pem_file(key).with_context(|| format!("cannot read {}", key.display()))?;
    let mut config = builder
        .with_single_cert(certificates(cert)?, private)
        .with_context(|| format!("{} and {} do not belong together", cert.display(), key.display()))?;
    config.alpn_protocols.push(b"h2".to_vec());
    Ok(Arc::new(config))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let read = || CertificateDer::pem_file_iter(file)?.collect::<Result<Vec<_>, _>>();
    let found = read().with_context(|| format!("cannot read {}", file.display()))?;
    anyhow::ensure!(!found.is_empty(), "no certificate in {}", file.display());
    Ok(found)
}
