use crate::source::*;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Code, Request, Status};
use xiaoan_eventstore::ChainHead;
use xiaoan_feed::{FeedSource, LogReader, NatsOptions, PeerTls, Token};
use xiaoan_proto::eventlog::v1::event_log_service_client::EventLogServiceClient;
use xiaoan_proto::eventlog::v1::{GetHeadRequest, ReadRequest};
use xiaoan_testkit::TestNats;

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_read_in_order_from_a_position_up_to_a_limit() {
    let (source, nats) = tokio::join!(Source::new(), TestNats::start());
    source.append(1200).await;
    let log = source.log().await;
    let remote = LogReader::remote(&source.feed(&nats));
    let local = LogReader::local(source.store.clone());
    for reader in [&remote, &local] {
        assert_eq!(reader.source(), "cases");
        assert_eq!(reader.read(1, 1200).await.unwrap(), log);
        assert_eq!(reader.read(700, 10).await.unwrap(), log[699..709]);
        assert_eq!(reader.read(1195, 100).await.unwrap(), log[1194..]);
        assert_eq!(reader.read(1201, 100).await.unwrap(), []);
        assert_eq!(reader.head().await.unwrap(), source.store.head().await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_log_has_an_empty_head() {
    let (source, nats) = tokio::join!(Source::new(), TestNats::start());
    let remote = LogReader::remote(&source.feed(&nats));
    assert_eq!(remote.head().await.unwrap(), ChainHead::EMPTY);
    assert_eq!(remote.read(1, 10).await.unwrap(), []);
    let mut client = EventLogServiceClient::connect(source.feed(&nats).event_log_url).await.unwrap();
    let head = client.get_head(GetHeadRequest {}).await.unwrap().into_inner();
    assert_eq!((head.position, head.hash.len(), head.source.as_str()), (0, 0, "cases"));
    assert_eq!(head.recorded_at, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_below_one_is_out_of_range() {
    let (source, nats) = tokio::join!(Source::new(), TestNats::start());
    let mut client = EventLogServiceClient::connect(source.feed(&nats).event_log_url).await.unwrap();
    for (from, limit) in [(0, 0), (-1, 10), (1, -1)] {
        let refused = client.read(ReadRequest { from, limit }).await.unwrap_err();
        assert_eq!(refused.code(), Code::OutOfRange, "{from} {limit}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_whom_the_mounting_service_lets_in_reads_and_the_token_is_sent_along() {
    #[derive(Clone)]
    struct Auditor;
    let source = Source::new().await;
    source.append(3).await;
    let access: xiaoan_feed::Access = Arc::new(|extensions| match extensions.get::<Auditor>() {
        Some(Auditor) => Ok(()),
        None => Err(Status::permission_denied("neither service nor auditor")),
    });
    let log = xiaoan_feed::event_log_service(source.store.clone(), access);
    let caller = |mut request: Request<()>| {
        if request.metadata().get("authorization").is_some_and(|token| token == "Bearer good") {
            request.extensions_mut().insert(Auditor);
        }
        Ok(request)
    };
    let guarded = tonic::service::interceptor::InterceptedService::new(log, caller);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let event_log_url = format!("http://{}", listener.local_addr().unwrap());
    let server = tonic::transport::Server::builder().add_service(guarded);
    let server = tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));

    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "good\n").unwrap();
    let tokens = [
        (None, false),
        (Some(Token::Fixed("bad".into())), false),
        (Some(Token::Fixed("good".into())), true),
        (Some(Token::File(file.path().into())), true),
    ];
    for (token, good) in tokens {
        let shown = format!("{token:?}");
        let feed = FeedSource {
            name: "cases".into(),
            event_log_url: event_log_url.clone(),
            token,
            tls: PeerTls::default(),
            nats: NatsOptions::default(),
        };
        let reader = LogReader::remote(&feed);
        assert_eq!(reader.head().await.is_ok(), good, "{shown}");
        match reader.read(1, 10).await {
            Ok(events) => assert!(good && events.len() == 3, "{shown}"),
            Err(error) => {
                assert!(!good && error.to_string().contains("PermissionDenied"), "{shown}: {error}");
            }
        }
    }
    server.abort();
}
