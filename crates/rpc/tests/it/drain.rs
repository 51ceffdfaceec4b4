use crate::rig::{LONG, Rig, STATION, admin, bearing, rename, request};
use std::time::{Duration, Instant};
use tonic::Code;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use xiaoan_testkit::wait_until;

#[tokio::test]
async fn a_stopping_server_finishes_what_it_began_and_takes_nothing_new() {
    let mut rig = Rig::start().await;
    let channel = rig.channel().await;
    let token = rig.officer();
    let call = tokio::spawn(rename(channel.clone(), bearing(&token, request("wait", STATION))));
    let mut health = HealthClient::new(rig.channel().await);
    let mut watch =
        health.watch(HealthCheckRequest::default()).await.expect("a stream of health").into_inner();
    let first = watch.message().await.expect("an answer").expect("a status");
    assert_eq!(first.status(), ServingStatus::Serving);
    rig.until_waiting(1).await;

    rig.stop();
    let second = watch.message().await.expect("an answer").expect("a status");
    assert_eq!(second.status(), ServingStatus::NotServing);
    let (grpc, admin_addr) = (rig.grpc, rig.admin);
    wait_until(LONG, async || {
        Endpoint::from_shared(format!("http://{grpc}")).expect("an address").connect().await.is_err()
    })
    .await;
    assert_eq!(admin(admin_addr, "/readyz").await.expect("an answer"), (503, "stopping\n".to_owned()));
    assert_eq!(admin(admin_addr, "/livez").await.expect("an answer").0, 200);

    rig.gate.add_permits(1);
    assert_eq!(call.await.expect("no panic").expect("an answer").name, "waited");
    rig.stopped().await.expect("a clean stop");
    assert!(admin(admin_addr, "/livez").await.is_err());
}

#[tokio::test]
async fn an_endless_stream_does_not_hold_up_the_stop() {
    let mut rig = Rig::start().await;
    let mut stream = rig.watch().await.expect("a stream").into_inner();
    assert!(stream.message().await.expect("a batch").is_some());
    let began = Instant::now();
    rig.stop();
    let status = stream.message().await.expect_err("the end");
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(crate::rig::reason(&status), "DRAINING");
    drop(stream);
    rig.stopped().await.expect("a clean stop");
    assert!(began.elapsed() < Duration::from_secs(14), "the grace of 15 s was not needed");
}

#[tokio::test]
async fn a_call_that_never_ends_holds_up_the_stop_for_the_grace_and_no_longer() {
    let grace = Duration::from_millis(300);
    let mut rig = Rig::with(|options| options.drain_grace = grace, |server| server).await;
    let call = tokio::spawn(rename(rig.channel().await, bearing(&rig.officer(), request("wait", STATION))));
    rig.until_waiting(1).await;
    let began = Instant::now();
    rig.stop();
    rig.stopped().await.expect("it stops all the same");
    assert!(began.elapsed() >= grace);
    call.abort();
}

#[tokio::test]
async fn while_it_delays_its_drain_it_says_not_ready_and_still_answers() {
    let mut rig = Rig::with(|options| options.drain_delay = Duration::from_secs(600), |server| server).await;
    rig.stop();
    let admin_addr = rig.admin;
    wait_until(LONG, async || admin(admin_addr, "/readyz").await.is_ok_and(|(code, _)| code == 503)).await;
    assert!(rig.ask("echo").await.is_ok(), "load balancers need a moment to notice");
    rig.running.abort();
}
