//! Options of a service's process, from the command line or the environment.

use clap::Args;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Options of the gRPC server and the admin port.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Server")]
pub struct RpcOptions {
    /// Address of the gRPC server. Anything but a loopback address needs --tls-cert and --tls-key
    #[arg(long, env = "XIAOAN_GRPC_ADDR", value_name = "IP:PORT", default_value = "127.0.0.1:7100")]
    pub grpc_addr: SocketAddr,
    /// Address of the admin port: /livez, /readyz and /metrics, plaintext, without personal data
    #[arg(long, env = "XIAOAN_ADMIN_ADDR", value_name = "IP:PORT", default_value = "127.0.0.1:7200")]
    pub admin_addr: SocketAddr,
    /// Server certificate chain (PEM); read again when it changes, like the key and the CA of clients
    #[arg(long, env = "XIAOAN_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Private key of the server certificate (PEM)
    #[arg(long, env = "XIAOAN_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// CA of client certificates (PEM); when given, every client must present one (mTLS), besides its token
    #[arg(long, env = "XIAOAN_TLS_CLIENT_CA", value_name = "FILE", requires = "tls_cert")]
    pub tls_client_ca: Option<PathBuf>,
    /// Key set that tokens are verified with (a JWKS file); read again when it changes
    #[arg(long, env = "XIAOAN_JWKS", value_name = "FILE")]
    pub jwks: PathBuf,
    /// Who must have issued a token (its `iss`)
    #[arg(long, env = "XIAOAN_ISSUER", value_name = "TEXT")]
    pub issuer: String,
    /// For whom a token must have been issued (its `aud`)
    #[arg(long, env = "XIAOAN_AUDIENCE", value_name = "TEXT", default_value = "xiaoan")]
    pub audience: String,
    /// Largest request message in bytes (4 MiB at most)
    #[arg(long, env = "XIAOAN_MAX_MESSAGE_BYTES", value_name = "BYTES", default_value_t = 1 << 20)]
    pub max_message_bytes: u32,
    /// Calls handled at the same time; more are refused with RESOURCE_EXHAUSTED
    #[arg(long, env = "XIAOAN_MAX_IN_FLIGHT", value_name = "N", default_value_t = 1024)]
    pub max_in_flight: u32,
    /// Calls that one connection may have open
    #[arg(long, env = "XIAOAN_MAX_STREAMS", value_name = "N", default_value_t = 1024)]
    pub max_streams_per_connection: u32,
    /// Deadline of a call whose client states none, for example 500ms, 10s, 2m
    #[arg(long, env = "XIAOAN_DEFAULT_DEADLINE", value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub default_deadline: Duration,
    /// Longest deadline that a client may state
    #[arg(long, env = "XIAOAN_MAX_DEADLINE", value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub max_deadline: Duration,
    /// Deadline of a call in which the client sends a stream (imports)
    #[arg(long, env = "XIAOAN_UPLOAD_DEADLINE", value_name = "TIME", default_value = "1h", value_parser = duration)]
    pub upload_deadline: Duration,
    /// Age at which a connection is asked to be made anew, so that clients find new replicas; calls on it go on. 0s = never
    #[arg(long, env = "XIAOAN_MAX_CONNECTION_AGE", value_name = "TIME", default_value = "0s", value_parser = duration)]
    pub max_connection_age: Duration,
    /// How long calls may go on after a signal to stop
    #[arg(long, env = "XIAOAN_DRAIN_GRACE", value_name = "TIME", default_value = "15s", value_parser = duration)]
    pub drain_grace: Duration,
    /// How long a stopping process goes on accepting calls while it already says that it is not ready
    #[arg(long, env = "XIAOAN_DRAIN_DELAY", value_name = "TIME", default_value = "0s", value_parser = duration)]
    pub drain_delay: Duration,
    /// Verified tokens kept in memory
    #[arg(long, env = "XIAOAN_TOKEN_CACHE", value_name = "N", default_value_t = 10_000)]
    pub token_cache: u32,
}

impl RpcOptions {
    /// Plaintext on free loopback ports with the defaults of the command line: for tests and tools.
    #[must_use]
    pub fn loopback(jwks: PathBuf, issuer: &str, audience: &str) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            grpc_addr: any,
            admin_addr: any,
            tls_cert: None,
            tls_key: None,
            tls_client_ca: None,
            jwks,
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            max_message_bytes: 1 << 20,
            max_in_flight: 1024,
            max_streams_per_connection: 1024,
            default_deadline: Duration::from_secs(10),
            max_deadline: Duration::from_secs(60),
            upload_deadline: Duration::from_secs(3600),
            max_connection_age: Duration::ZERO,
            drain_grace: Duration::from_secs(15),
            drain_delay: Duration::ZERO,
            token_cache: 10_000,
        }
    }
}

/// What a service needs besides its server: database, broker, other services' logs, keys.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Service")]
pub struct ServiceOptions {
    /// Database of the service, as the role that may append but not change events
    #[arg(long, env = "XIAOAN_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: Secret,
    /// Connections to the database
    #[arg(long, env = "XIAOAN_DATABASE_POOL", value_name = "N", default_value_t = 16)]
    pub database_pool: u32,
    /// How long to wait for the database at the start
    #[arg(long, env = "XIAOAN_DATABASE_WAIT", value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub database_wait: Duration,
    /// NATS server
    #[arg(
        long,
        env = "XIAOAN_NATS_URL",
        value_name = "URL",
        default_value = "nats://127.0.0.1:7222",
        hide_env_values = true
    )]
    pub nats_url: Secret,
    /// NATS credentials (a .creds file)
    #[arg(long, env = "XIAOAN_NATS_CREDS", value_name = "FILE")]
    pub nats_creds: Option<PathBuf>,
    /// Seed of the service's nkey at NATS (SU…); the broker lets it publish its own subjects only
    #[arg(long, env = "XIAOAN_NATS_NKEY_FILE", value_name = "FILE", conflicts_with = "nats_creds")]
    pub nats_nkey_file: Option<PathBuf>,
    /// CA of the NATS server's certificate (PEM)
    #[arg(long, env = "XIAOAN_NATS_CA", value_name = "FILE")]
    pub nats_ca: Option<PathBuf>,
    /// Replicas of the JetStream stream (3 in a cluster)
    #[arg(long, env = "XIAOAN_NATS_REPLICAS", value_name = "N", default_value_t = 1)]
    pub nats_replicas: u32,
    /// Log of another service to follow, for example hq=http://127.0.0.1:7102; may be repeated or a comma list
    #[arg(long = "source", env = "XIAOAN_SOURCES", value_name = "NAME=URL", value_delimiter = ',')]
    pub sources: Vec<SourceAddress>,
    /// Token with the role `service`, for reading other services' logs
    #[arg(long, env = "XIAOAN_SERVICE_TOKEN", value_name = "JWT", hide_env_values = true)]
    pub service_token: Option<Secret>,
    /// The same in a file; read again for each connection, so it may be renewed
    #[arg(long, env = "XIAOAN_SERVICE_TOKEN_FILE", value_name = "FILE", conflicts_with = "service_token")]
    pub service_token_file: Option<PathBuf>,
    /// CA of other services' certificates (PEM), for https addresses; read again when it changes
    #[arg(long, env = "XIAOAN_PEER_CA", value_name = "FILE")]
    pub peer_ca: Option<PathBuf>,
    /// Our certificate when we call another service (PEM)
    #[arg(long, env = "XIAOAN_PEER_CERT", value_name = "FILE", requires = "peer_key")]
    pub peer_cert: Option<PathBuf>,
    /// Its private key (PEM)
    #[arg(long, env = "XIAOAN_PEER_KEY", value_name = "FILE", requires = "peer_cert")]
    pub peer_key: Option<PathBuf>,
    /// Key that wraps the keys of persons: 32 bytes in base64
    #[arg(long, env = "XIAOAN_KEK", value_name = "BASE64", hide_env_values = true)]
    pub kek: Option<Secret>,
    /// The same in a file
    #[arg(long, env = "XIAOAN_KEK_FILE", value_name = "FILE", conflicts_with = "kek")]
    pub kek_file: Option<PathBuf>,
}

impl ServiceOptions {
    /// Address of a service's log by the service's name.
    #[must_use]
    pub fn source(&self, name: &str) -> Option<&str> {
        self.sources.iter().find(|source| source.name == name).map(|source| source.url.as_str())
    }

    /// The service token as it is now; `None` when none is configured.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn token(&self) -> anyhow::Result<Option<Secret>> {
        use anyhow::Context;
        let Some(file) = &self.service_token_file else { return Ok(self.service_token.clone()) };
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read the service token {}", file.display()))?;
        Ok(Some(Secret::new(text.trim())))
    }
}

/// A text that does not print itself: a password, a token, an address with a password in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }
    /// The text, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("withheld")
    }
}

impl FromStr for Secret {
    type Err = std::convert::Infallible;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::new(text))
    }
}

/// Another service whose log is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceAddress {
    /// Its name, for example `hq`.
    pub name: String,
    /// Address of its gRPC server.
    pub url: String,
}

impl FromStr for SourceAddress {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not of the form NAME=http://HOST:PORT");
        let (name, url) = text.trim().split_once('=').ok_or_else(wrong)?;
        let plain_name =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !plain_name || !(url.starts_with("http://") || url.starts_with("https://")) {
            return Err(wrong());
        }
        Ok(Self { name: name.to_owned(), url: url.to_owned() })
    }
}

/// `500ms`, `10s`, `2m`, `1h`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no time such as 500ms, 10s, 2m or 1h");
    let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let seconds = |each: u64| number.checked_mul(each).map(Duration::from_secs).ok_or_else(wrong);
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => seconds(1),
        "m" => seconds(60),
        "h" => seconds(3600),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_a_number_and_a_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        for bad in ["", "5", "s", "5 s", "-1s", "1d", "99999999999999999999s", "9999999999999999h"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_source_is_a_name_and_an_address() {
        let source: SourceAddress = "hq=http://127.0.0.1:7102".parse().expect("a source");
        assert_eq!((source.name.as_str(), source.url.as_str()), ("hq", "http://127.0.0.1:7102"));
        for bad in ["hq", "=http://x", "hq=127.0.0.1:7102", "H Q=http://x"] {
            assert!(bad.parse::<SourceAddress>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_secret_does_not_print_itself() {
        assert_eq!(format!("{:?}", Secret::new("postgres://u:planted@h/d")), "withheld");
    }
}
