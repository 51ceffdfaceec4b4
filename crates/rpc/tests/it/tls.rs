use crate::rig::{Rig, STATION, bearing, refused, rename, request, verdict};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::path::{Path, PathBuf};
use tonic::Code;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use xiaoan_feed::{FeedSource, LogReader, NatsOptions, PeerTls, Token};
use xiaoan_rpc::RpcOptions;

/// A CA with certificates for the server and a client.
struct Authority {
    folder: tempfile::TempDir,
}

impl Authority {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a CA");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
        write("ca.pem", &ca.pem());
        for name in ["server", "client"] {
            let key = KeyPair::generate().expect("a key");
            let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
            write(&format!("{name}.pem"), &params.signed_by(&key, &ca).expect("a certificate").pem());
            write(&format!("{name}.key"), &key.serialize_pem());
        }
        Self { folder }
    }
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
    /// Files of another in place of its own: a renewal.
    fn takes(&self, from: &Self, files: &[&str]) {
        for file in files {
            std::fs::copy(from.path(file), self.path(file)).expect("copied");
        }
    }
}

/// A server with the authority's certificate.
async fn serving(ca: &Authority, more: impl FnOnce(&mut RpcOptions)) -> Rig {
    Rig::with(
        |options| {
            options.tls_cert = Some(ca.path("server.pem"));
            options.tls_key = Some(ca.path("server.key"));
            more(options);
        },
        |server| server,
    )
    .await
}

/// The same for clients with a certificate of the authority alone.
async fn mutual(ca: &Authority) -> Rig {
    serving(ca, |options| options.tls_client_ca = Some(ca.path("ca.pem"))).await
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("a PEM file")
}

async fn connect(rig: &Rig, ca: &Authority, identity: bool) -> Result<Channel, tonic::transport::Error> {
    let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(&ca.path("ca.pem"))));
    if identity {
        tls = tls.identity(Identity::from_pem(read(&ca.path("client.pem")), read(&ca.path("client.key"))));
    }
    let url = format!("https://localhost:{}", rig.grpc.port());
    Endpoint::from_shared(url).expect("an address").tls_config(tls)?.connect().await
}

/// A reader of the server's log.
fn log(rig: &Rig, tls: PeerTls) -> LogReader {
    LogReader::remote(&FeedSource {
        name: "cases".to_owned(),
        event_log_url: format!("https://localhost:{}", rig.grpc.port()),
        token: Some(Token::Fixed(rig.officer())),
        tls,
        nats: NatsOptions::default(),
    })
}

fn peer(ca: &Authority, cert: &Authority) -> PeerTls {
    PeerTls {
        ca: Some(ca.path("ca.pem")),
        identity: Some((cert.path("client.pem"), cert.path("client.key"))),
    }
}

async fn echo(rig: &Rig, channel: Channel) -> bool {
    rename(channel, bearing(&rig.officer(), request("echo", STATION))).await.is_ok()
}

#[tokio::test]
async fn with_a_certificate_it_may_listen_everywhere_and_reflection_needs_a_token_there() {
    let ca = Authority::new();
    let everywhere = "0.0.0.0:0".parse().expect("an address");
    let rig = serving(&ca, |options| options.grpc_addr = everywhere).await;
    let channel = connect(&rig, &ca, false).await.expect("connects");
    assert!(echo(&rig, channel.clone()).await);

    let ask = || tokio_stream::iter([ServerReflectionRequest::default()]);
    let mut reflection = ServerReflectionClient::new(channel);
    let answer = reflection.server_reflection_info(ask()).await;
    assert_eq!(verdict(answer), refused(Code::Unauthenticated, "AUTH-MISSING"));
    assert!(reflection.server_reflection_info(bearing(&rig.officer(), ask())).await.is_ok());
    let plaintext =
        Endpoint::from_shared(format!("http://127.0.0.1:{}", rig.grpc.port())).expect("an address");
    let channel = plaintext.connect_lazy();
    assert!(!echo(&rig, channel).await, "plaintext was answered");
}

#[tokio::test]
async fn with_a_client_ca_only_clients_with_a_certificate_and_a_token_get_in() {
    let (ca, strangers) = (Authority::new(), Authority::new());
    let rig = mutual(&ca).await;
    let channel = connect(&rig, &ca, true).await.expect("connects");
    assert!(echo(&rig, channel.clone()).await);
    let answer = rename(channel, tonic::Request::new(request("echo", STATION))).await;
    assert_eq!(verdict(answer), refused(Code::Unauthenticated, "AUTH-MISSING"));
    // TLS 1.3 tells a client only after its handshake that it was refused.
    if let Ok(channel) = connect(&rig, &ca, false).await {
        assert!(!echo(&rig, channel).await, "a client without a certificate got in");
    }
    assert!(connect(&rig, &strangers, true).await.is_err(), "the client trusts no stranger");
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_without_a_restart_and_a_broken_one_is_not() {
    let (ca, next) = (Authority::new(), Authority::new());
    let rig = serving(&ca, |_| {}).await;
    assert!(connect(&rig, &ca, false).await.is_ok());
    std::fs::write(ca.path("server.key"), "no key").expect("written");
    assert!(connect(&rig, &ca, false).await.is_ok(), "the old certificate stays");
    ca.takes(&next, &["server.pem", "server.key"]);
    assert!(connect(&rig, &next, false).await.is_ok(), "the new certificate is shown");
    assert!(connect(&rig, &ca, false).await.is_err(), "and the old one no more");
}

#[tokio::test]
async fn a_log_is_followed_over_mutual_tls_and_a_renewed_certificate_is_taken_up() {
    let (ca, strangers) = (Authority::new(), Authority::new());
    let rig = mutual(&ca).await;
    let source = |tls| log(&rig, tls);
    let peer = |cert: &Authority| peer(&ca, cert);
    assert!(source(peer(&ca)).head().await.is_ok());
    assert!(source(PeerTls { identity: None, ..peer(&ca) }).head().await.is_err(), "without a certificate");
    assert!(source(PeerTls { ca: None, ..peer(&ca) }).head().await.is_err(), "without knowing the CA");

    let renewed = source(peer(&strangers));
    assert!(renewed.head().await.is_err(), "with a stranger's certificate");
    strangers.takes(&ca, &["client.pem", "client.key"]);
    assert!(renewed.head().await.is_ok(), "the files are read again");
}

#[tokio::test]
async fn a_renewal_that_is_half_done_leaves_the_line_that_there_is_and_a_whole_one_is_taken_up() {
    let (ca, renewed, strangers) = (Authority::new(), Authority::new(), Authority::new());
    let rig = mutual(&ca).await;
    renewed.takes(&ca, &["client.pem", "client.key"]);
    let line = log(&rig, peer(&ca, &renewed));
    assert!(line.head().await.is_ok());
    renewed.takes(&strangers, &["client.pem"]);
    for _ in 0..2 {
        assert!(line.head().await.is_ok(), "the old certificate stays while the new one has no key");
    }
    assert!(log(&rig, peer(&ca, &renewed)).head().await.is_err(), "nothing is there to stay");
    renewed.takes(&strangers, &["client.key"]);
    assert!(line.head().await.is_err(), "a stranger's certificate, whole now, is shown");
    renewed.takes(&ca, &["client.pem", "client.key"]);
    assert!(line.head().await.is_ok(), "and the next one, too");
}
