use crate::support::*;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::TcpListenerStream;
use xiaoan_feed::{FeedSource, NatsOptions, PeerTls, Publisher, allow_all, event_log_service};
use xiaoan_projection::Runner;
use xiaoan_proto::projections::v1::ProjectionState;
use xiaoan_testkit::{DEADLINE, TestDb, TestNats, wait_until};

struct EventLog(String, JoinHandle<()>);

impl EventLog {
    async fn of(world: &World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let service = event_log_service(world.store.clone(), allow_all());
        let server = tonic::transport::Server::builder().add_service(service);
        let task = async move { server.serve_with_incoming(TcpListenerStream::new(listener)).await.unwrap() };
        Self(url, tokio::spawn(task))
    }
    fn feed(&self, nats: &TestNats) -> FeedSource {
        let nats = NatsOptions::at(&nats.url());
        let tls = PeerTls::default();
        FeedSource { name: "cases".into(), event_log_url: self.0.clone(), token: None, tls, nats }
    }
}

impl Drop for EventLog {
    fn drop(&mut self) {
        self.1.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remote_projection_survives_a_killed_and_wiped_broker_exactly() {
    let (world, nats) = tokio::join!(World::new(), TestNats::start());
    let log = EventLog::of(&world).await;
    let _relay = Publisher::spawn(world.store.clone(), NatsOptions::at(&nats.url()), "cases");
    let tally = Tally::new("tally");
    let handle = Runner::remote(log.feed(&nats), pool(&world), Arc::clone(&tally));
    for round in 0..3 {
        let head = world.append(100).await;
        handle.wait_for("cases", head, DEADLINE).await.unwrap();
        nats.kill9();
        if round == 1 {
            nats.wipe();
        }
        let head = world.append(100).await;
        handle.wait_for("cases", head, DEADLINE).await.unwrap();
        nats.restart().await;
    }
    let head = world.append(100).await;
    handle.wait_for("cases", head, DEADLINE).await.unwrap();
    assert_eq!(world.counted("tally").await, up_to(head));
    assert_eq!(tally.shown(), up_to(head));
    wait_until(DEADLINE, || async { handle.status().state() == ProjectionState::Live }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_says_that_neither_broker_nor_event_log_answers() {
    let (world, nats) = tokio::join!(World::new(), TestNats::start());
    nats.kill9();
    let nowhere = FeedSource {
        name: "cases".into(),
        event_log_url: "http://127.0.0.1:9".into(),
        token: None,
        tls: PeerTls::default(),
        nats: NatsOptions::at(&nats.url()),
    };
    let handle = Runner::remote(nowhere, pool(&world), Tally::new("tally"));
    wait_until(DEADLINE, || async { handle.status().state() == ProjectionState::Disconnected }).await;
    assert!(!handle.has_caught_up());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_services_log_is_followed_into_a_database_of_its_own() {
    let (world, nats) = tokio::join!(World::new(), TestNats::start());
    let log = EventLog::of(&world).await;
    let own = TestDb::create("eventstore").await;
    let tables = "CREATE SCHEMA tallies AUTHORIZATION xiaoan_app;
                  CREATE TABLE tallies.tally (name text, position bigint, PRIMARY KEY (name, position));
                  GRANT ALL ON tallies.tally TO xiaoan_app";
    sqlx::raw_sql(tables).execute(&own.owner_pool()).await.unwrap();
    // Far behind: the past comes through the event log, what is new through the stream.
    let head = world.append(3000).await;
    let _relay = Publisher::spawn(world.store.clone(), NatsOptions::at(&nats.url()), "cases");
    let handle = Runner::remote(log.feed(&nats), own.pool(), Tally::new("tally"));
    handle.wait_for("cases", head, DEADLINE).await.unwrap();
    let head = world.append(100).await;
    handle.wait_for("cases", head, DEADLINE).await.unwrap();
    let counted: i64 =
        sqlx::query_scalar("SELECT count(*) FROM tallies.tally").fetch_one(&own.pool()).await.unwrap();
    assert_eq!(counted, head);
}
