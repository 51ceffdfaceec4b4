use async_nats::jetstream;
use xiaoan_testkit::TestNats;

async fn context(nats: &TestNats) -> jetstream::Context {
    jetstream::new(async_nats::connect(nats.url()).await.unwrap())
}

#[tokio::test]
async fn a_killed_broker_comes_back_with_its_data_and_a_wiped_one_without() {
    let nats = TestNats::start().await;
    let config = jetstream::stream::Config { name: "S".into(), ..Default::default() };
    context(&nats).await.create_stream(config).await.unwrap();
    context(&nats).await.publish("S", "x".into()).await.unwrap().await.unwrap();
    let url = nats.url();

    nats.kill9();
    assert!(async_nats::connect(nats.url()).await.is_err());
    nats.restart().await;
    assert_eq!(nats.url(), url);
    assert_eq!(context(&nats).await.get_stream("S").await.unwrap().cached_info().state.messages, 1);

    nats.kill9();
    nats.wipe();
    nats.restart().await;
    assert!(context(&nats).await.get_stream("S").await.is_err());
}
