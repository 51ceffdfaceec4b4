use crate::rig::{LONG, Rig, STATION, admin, verdict};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use xiaoan_rpc::{RpcOptions, Server};
use xiaoan_testkit::{TestIssuer, wait_until};

#[tokio::test]
async fn readiness_names_what_is_missing_and_liveness_does_not_care() {
    let database = Arc::new(AtomicBool::new(false));
    let seen = database.clone();
    let rig = Rig::with(
        |_| {},
        |server| {
            server
                .readiness("database", move || {
                    let up = seen.load(Ordering::Relaxed);
                    async move { if up { Ok(()) } else { Err("connection\nrefused".to_owned()) } }
                })
                .readiness("projection", || async { Ok(()) })
        },
    )
    .await;
    let down = "not ready\nnot ready database: connection refused\nok projection\n";
    assert_eq!(rig.admin("/readyz").await, (503, down.to_owned()));
    assert_eq!(rig.admin("/livez").await, (200, "alive\n".to_owned()));
    database.store(true, Ordering::Relaxed);
    assert_eq!(rig.admin("/readyz").await, (200, "ready\nok database\nok projection\n".to_owned()));
}

#[tokio::test]
async fn a_process_that_still_starts_is_alive_and_not_ready() {
    let issuer = TestIssuer::new();
    let options = RpcOptions::loopback(issuer.jwks_path(), TestIssuer::ISSUER, TestIssuer::AUDIENCE);
    let server = Server::new(options).await.expect("a server");
    let addr = server.admin_addr().expect("bound");
    assert_eq!(admin(addr, "/livez").await.expect("an answer"), (200, "alive\n".to_owned()));
    assert_eq!(admin(addr, "/readyz").await.expect("an answer"), (503, "starting\n".to_owned()));
    drop(server);
    wait_until(LONG, async || admin(addr, "/livez").await.is_err()).await;
}

#[tokio::test]
async fn a_check_that_hangs_is_a_check_that_failed() {
    let rig = Rig::with(|_| {}, |server| server.readiness("broker", std::future::pending)).await;
    let (code, text) = rig.admin("/readyz").await;
    assert_eq!((code, text.as_str()), (503, "not ready\nnot ready broker: no answer in time\n"));
}

#[tokio::test]
async fn metrics_count_calls_by_method_and_code_and_no_stranger_can_add_words() {
    let rig = Rig::start().await;
    assert!(rig.ask("echo").await.is_ok());
    assert!(rig.ask("reused").await.is_err());
    let mut grpc = tonic::client::Grpc::new(rig.channel().await);
    grpc.ready().await.expect("connected");
    let codec = tonic_prost::ProstCodec::<(), ()>::default();
    let stranger =
        grpc.unary(tonic::Request::new(()), "/planted.Word/Planted".parse().expect("a path"), codec).await;
    assert_eq!(verdict(stranger).1, "AUTH-MISSING");

    let (code, text) = rig.admin("/metrics").await;
    assert_eq!(code, 200);
    let count = |method: &str, status: i32| {
        text.lines().any(|line| {
            line.starts_with("rpc_server_duration_seconds_count")
                && line.contains(&format!("rpc_method=\"{method}\""))
                && line.contains(&format!("rpc_grpc_status_code=\"{status}\""))
        })
    };
    assert!(count("RenameOrgUnit", 0), "{text}");
    assert!(count("RenameOrgUnit", 6), "{text}");
    assert!(count("_OTHER", 16), "{text}");
    assert!(!text.to_lowercase().contains("planted"), "{text}");
    assert!(text.contains("rpc_server_duration_seconds_bucket") && text.contains("le=\"0.0005\""), "{text}");
}

#[tokio::test]
async fn plaintext_beyond_loopback_is_refused_with_what_to_do_about_it() {
    let issuer = TestIssuer::new();
    let mut options = RpcOptions::loopback(issuer.jwks_path(), TestIssuer::ISSUER, TestIssuer::AUDIENCE);
    options.grpc_addr = "0.0.0.0:0".parse().expect("an address");
    let error = Server::new(options).await.expect_err("refused").to_string();
    assert!(error.contains("plaintext") && error.contains("--tls-cert"), "{error}");
}

#[tokio::test]
async fn a_server_does_not_start_on_what_it_cannot_use() {
    let issuer = TestIssuer::new();
    let options = || RpcOptions::loopback(issuer.jwks_path(), TestIssuer::ISSUER, TestIssuer::AUDIENCE);
    let taken = Rig::start().await;
    let busy = RpcOptions { grpc_addr: taken.grpc, ..options() };
    let error = format!("{:#}", Server::new(busy).await.expect_err("refused"));
    assert!(error.contains("cannot listen for gRPC"), "{error}");
    let missing = RpcOptions { jwks: "/nowhere/jwks.json".into(), ..options() };
    let error = format!("{:#}", Server::new(missing).await.expect_err("refused"));
    assert!(error.contains("/nowhere/jwks.json"), "{error}");
    let folder = tempfile::tempdir().expect("a folder");
    let empty = folder.path().join("jwks.json");
    std::fs::write(&empty, r#"{"keys":[{"kty":"oct","kid":"a","k":"AAAA"}]}"#).expect("written");
    let error =
        format!("{:#}", Server::new(RpcOptions { jwks: empty, ..options() }).await.expect_err("refused"));
    assert!(error.contains("no public key"), "{error}");
    let huge = RpcOptions { max_message_bytes: 5 << 20, ..options() };
    assert!(Server::new(huge).await.is_err());
}

#[tokio::test]
async fn the_client_module_brings_token_deadline_and_trace() {
    let rig = Rig::start().await;
    let options = xiaoan_rpc::client::ClientOptions::new(format!("http://{}", rig.grpc));
    let token = xiaoan_rpc::Secret::new(&rig.officer());
    let channel = xiaoan_rpc::client::channel(&options, &token).expect("a channel");
    let mut client = xiaoan_proto::hq::v1::org_unit_service_client::OrgUnitServiceClient::new(channel);
    let answer = client.rename_org_unit(crate::rig::request("echo", STATION)).await.expect("an answer");
    assert!(answer.into_inner().receipt.is_some_and(|r| r.name.starts_with("officer ")));
}
