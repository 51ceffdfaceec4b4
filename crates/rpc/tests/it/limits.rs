use crate::rig::{Rig, STATION, bearing, refused, rename, request, verdict};
use std::time::{Duration, Instant};
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;

#[tokio::test]
async fn a_message_that_is_too_long_is_refused_before_it_is_read() {
    let rig = Rig::with(|options| options.max_message_bytes = 10_000, |server| server).await;
    let channel = rig.channel().await;
    let mut long = request("echo", STATION);
    long.name_en = "x".repeat(20_000);
    let answer = rename(channel.clone(), bearing(&rig.officer(), long.clone())).await;
    assert_eq!(verdict(answer), refused(Code::ResourceExhausted, "MESSAGE-TOO-LARGE"));
    long.name_en = "x".repeat(9_000);
    assert!(rename(channel, bearing(&rig.officer(), long)).await.is_ok(), "the connection goes on");
}

#[tokio::test]
async fn a_clients_deadline_is_kept_and_answered_before_the_client_gives_up() {
    let rig = Rig::start().await;
    let mut request = bearing(&rig.officer(), request("forever", STATION));
    request.set_timeout(Duration::from_millis(300));
    let began = Instant::now();
    let answer = rename(rig.channel().await, request).await;
    assert_eq!(verdict(answer), refused(Code::DeadlineExceeded, "DEADLINE"));
    assert!(began.elapsed() >= Duration::from_millis(250));
}

#[tokio::test]
async fn a_call_without_a_deadline_gets_one_and_a_long_one_is_cut() {
    let short = Duration::from_millis(200);
    let rig = Rig::with(
        |options| {
            options.default_deadline = short;
            options.max_deadline = short;
        },
        |server| server,
    )
    .await;
    let deadline = refused(Code::DeadlineExceeded, "DEADLINE");
    assert_eq!(verdict(rig.ask("forever").await), deadline);
    let mut patient = bearing(&rig.officer(), request("forever", STATION));
    patient.set_timeout(Duration::from_secs(3600));
    assert_eq!(verdict(rename(rig.channel().await, patient).await), deadline);
}

#[tokio::test]
async fn a_stream_may_go_on_after_the_deadline_of_its_first_answer() {
    let short = Duration::from_millis(100);
    let rig = Rig::with(
        |options| {
            options.default_deadline = short;
            options.max_deadline = short;
        },
        |server| server,
    )
    .await;
    let mut stream = rig.watch().await.expect("a stream").into_inner();
    assert!(stream.message().await.expect("a batch").is_some());
    // The next one comes well after the deadline.
    let began = Instant::now();
    xiaoan_testkit::wait_until(crate::rig::LONG, async || began.elapsed() > short * 3).await;
    rig.gate.add_permits(1);
    assert_eq!(stream.message().await.expect("a batch").map(|batch| batch.head_position), Some(2));
}

#[tokio::test]
async fn more_calls_than_there_are_places_are_turned_away_at_once() {
    let mut rig = Rig::with(|options| options.max_in_flight = 2, |server| server).await;
    let channel = rig.channel().await;
    let token = rig.officer();
    let waiting: Vec<_> = (0..2)
        .map(|_| tokio::spawn(rename(channel.clone(), bearing(&token, request("wait", STATION)))))
        .collect();
    rig.until_waiting(2).await;

    let status = rig.ask("echo").await.expect_err("no place");
    assert!(status.get_details_retry_info().is_some_and(|retry| retry.retry_delay.is_some()));
    assert_eq!(verdict::<()>(Err(status)), refused(Code::ResourceExhausted, "OVERLOADED"));
    let health = HealthClient::new(channel).check(HealthCheckRequest::default()).await;
    assert!(health.is_ok(), "health is answered under any load");

    rig.gate.add_permits(2);
    for call in waiting {
        assert_eq!(call.await.expect("no panic").expect("an answer").name, "waited");
    }
    assert!(rig.ask("echo").await.is_ok());
}

#[tokio::test]
async fn a_call_that_its_client_gives_up_gives_its_place_back() {
    let mut rig = Rig::with(|options| options.max_in_flight = 1, |server| server).await;
    let call = tokio::spawn(rename(rig.channel().await, bearing(&rig.officer(), request("wait", STATION))));
    rig.until_waiting(1).await;
    call.abort();
    xiaoan_testkit::wait_until(crate::rig::LONG, async || rig.ask("echo").await.is_ok()).await;
}
