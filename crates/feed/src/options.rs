//! Where the broker and the sources are.

use std::path::{Path, PathBuf};
use std::time::Duration;
use tonic::transport::{Certificate, ClientTlsConfig, Identity};

/// How to reach NATS and what a stream keeps.
#[derive(Debug, Clone)]
pub struct NatsOptions {
    /// `nats://host:port`, several separated by commas; `tls://` asks for TLS.
    pub url: String,
    /// Credentials file (`nsc`), when the broker asks for one.
    pub credentials: Option<PathBuf>,
    /// File with the seed of an nkey (`SU…`), when the broker knows its users by nkey ([`crate::BrokerUser`]).
    pub nkey: Option<PathBuf>,
    /// Certificate authority of the broker, PEM, beside the built-in ones.
    pub ca: Option<PathBuf>,
    /// Replicas of a stream: 1, or 3 in a cluster.
    pub replicas: usize,
    /// Age after which the broker may forget a message; zero = never. Consumers that come later read `EventLog`.
    pub max_age: Duration,
    /// Bytes a stream may hold, -1 = no limit. The oldest messages go first.
    pub max_bytes: i64,
    /// Messages a stream may hold, -1 = no limit.
    pub max_messages: i64,
    /// How many of the newest events a stream gets when it is created anew beside a log that is longer.
    pub refill: i64,
    /// Publish in atomic batches (ADR-50, nats-server ≥ 2.12): one sync of the broker's disk for each. Otherwise the
    /// messages are on their way one behind the other, which a broker that syncs always makes slow.
    pub atomic_batches: bool,
    /// Most events in one batch. The server's own limit is 1000, and a batch costs it the same whatever is in it:
    /// 500 gave 20,000 events/s where 1000 gave 29,000.
    pub batch_events: usize,
    /// How long to wait for an answer of the broker.
    pub request_timeout: Duration,
}

impl NatsOptions {
    /// A broker at an address, with the settings that are shipped.
    #[must_use]
    pub fn at(url: &str) -> Self {
        Self { url: url.to_owned(), ..Self::default() }
    }
}

impl Default for NatsOptions {
    fn default() -> Self {
        Self {
            url: "nats://127.0.0.1:7222".to_owned(),
            credentials: None,
            nkey: None,
            ca: None,
            replicas: 1,
            max_age: Duration::from_secs(30 * 24 * 3600),
            max_bytes: -1,
            max_messages: -1,
            refill: 100_000,
            atomic_batches: true,
            batch_events: 1000,
            request_timeout: Duration::from_secs(5),
        }
    }
}

/// A bearer token for a source's `EventLog`: fixed, or read from a file at every call, so that it can be renewed.
#[derive(Clone)]
pub enum Token {
    /// The token itself.
    Fixed(String),
    /// A file that holds it.
    File(PathBuf),
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fixed(_) => f.write_str("Token::Fixed(..)"),
            Self::File(path) => f.debug_tuple("Token::File").field(path).finish(),
        }
    }
}

/// What an `https` address of a source is trusted by, and what we show it. The files are read again when they change, so that
/// they can be renewed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeerTls {
    /// Certificate authority of the source's certificate, PEM.
    pub ca: Option<PathBuf>,
    /// Our certificate and its key, PEM: the source may ask for one.
    pub identity: Option<(PathBuf, PathBuf)>,
}

impl PeerTls {
    /// What a connection is made with, of what the files hold now.
    ///
    /// # Errors
    /// The file that cannot be read, and why.
    pub fn config(&self) -> Result<ClientTlsConfig, String> {
        let read = |file: &Path| {
            std::fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))
        };
        let mut tls = ClientTlsConfig::new();
        if let Some(ca) = &self.ca {
            tls = tls.ca_certificate(Certificate::from_pem(read(ca)?));
        }
        if let Some((cert, key)) = &self.identity {
            tls = tls.identity(Identity::from_pem(read(cert)?, read(key)?));
        }
        Ok(tls)
    }
}

/// A source that is followed.
#[derive(Debug, Clone)]
pub struct FeedSource {
    /// Name of the writing service and context, for example "cases": its stream is `XIAOAN_CASES`.
    pub name: String,
    /// Where its `EventLog` listens, for example `http://127.0.0.1:7101`; `https` asks for TLS.
    pub event_log_url: String,
    /// Token for it.
    pub token: Option<Token>,
    /// For an `https` address.
    pub tls: PeerTls,
    /// The broker.
    pub nats: NatsOptions,
}
