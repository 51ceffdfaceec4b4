use crate::rig::{BUREAU, CITY, OTHER, Rig, STATION, bearing, now, refused, rename, request, verdict};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tokio_stream::StreamExt;
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use xiaoan_testkit::{TestIssuer, wait_until};

fn unauthenticated(reason: &str) -> (Code, String) {
    refused(Code::Unauthenticated, reason)
}

fn claims() -> Value {
    json!({
        "iss": TestIssuer::ISSUER, "aud": TestIssuer::AUDIENCE, "sub": "officer", "org_unit": BUREAU,
        "roles": ["officer"], "exp": now() + 3600,
    })
}

fn without(mut claims: Value, name: &str) -> Value {
    claims.as_object_mut().expect("an object").remove(name);
    claims
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", part(header), part(claims))
}

fn jwk(issuer: &TestIssuer) -> Value {
    let text = std::fs::read_to_string(issuer.jwks_path()).expect("a key set");
    let set: Value = serde_json::from_str(&text).expect("json");
    set["keys"][0].clone()
}

/// Calls a method by its path with an empty message.
async fn call(rig: &Rig, path: &str) -> Result<(), Status> {
    let mut grpc = tonic::client::Grpc::new(rig.channel().await);
    grpc.ready().await.expect("connected");
    let path = path.parse().expect("a path");
    grpc.server_streaming(Request::new(()), path, ProstCodec::<(), ()>::default()).await.map(|_| ())
}

#[tokio::test]
async fn without_a_token_every_method_that_reflection_shows_is_refused() {
    let rig = Rig::start().await;
    let mut reflection = ServerReflectionClient::new(rig.channel().await);
    let ask = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut answers = reflection
        .server_reflection_info(tokio_stream::iter([ask]))
        .await
        .expect("open on loopback")
        .into_inner();
    let answer = answers.next().await.expect("an answer").expect("no error");
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
        panic!("no list: {answer:?}")
    };
    let shown: BTreeSet<String> = list.service.into_iter().map(|s| s.name).collect();
    let mounted =
        ["grpc.health.v1.Health", "xiaoan.eventlog.v1.EventLogService", "xiaoan.hq.v1.OrgUnitService"];
    assert_eq!(shown, mounted.map(str::to_owned).into());

    let mut tried = 0;
    for service in xiaoan_proto::descriptor_pool().services().filter(|s| shown.contains(s.full_name())) {
        for method in service.methods() {
            let path = format!("/{}/{}", service.full_name(), method.name());
            assert_eq!(verdict(call(&rig, &path).await), unauthenticated("AUTH-MISSING"), "{path}");
            tried += 1;
        }
    }
    assert_eq!(tried, 9);
}

#[tokio::test]
async fn without_a_token_nobody_learns_which_methods_there_are() {
    let rig = Rig::start().await;
    for service in xiaoan_proto::descriptor_pool().services() {
        for method in service.methods() {
            let path = format!("/{}/{}", service.full_name(), method.name());
            assert_eq!(verdict(call(&rig, &path).await), unauthenticated("AUTH-MISSING"), "{path}");
        }
    }
    for path in ["/", "/nothing/Here", "/grpc.health.v1.HealthX/Check", "/grpc.reflectionX/Y"] {
        assert_eq!(verdict(call(&rig, path).await), unauthenticated("AUTH-MISSING"), "{path}");
    }
}

#[tokio::test]
async fn health_is_answered_to_everybody() {
    let rig = Rig::start().await;
    let mut health = tonic_health::pb::health_client::HealthClient::new(rig.channel().await);
    for service in ["", "xiaoan.hq.v1.OrgUnitService"] {
        let request = tonic_health::pb::HealthCheckRequest { service: service.into() };
        let answer = health.check(request).await.expect("an answer").into_inner();
        assert_eq!(answer.status(), tonic_health::pb::health_check_response::ServingStatus::Serving);
    }
}

#[tokio::test]
async fn a_valid_token_makes_the_caller_and_stays_at_the_door() {
    let rig = Rig::start().await;
    let token = rig.issuer.token("zhang.test", STATION, &["officer", "registrar", "offline_access"]);
    let receipt = rig.ask_as(&token, "echo", STATION).await.expect("let in");
    assert_eq!(receipt.name, format!("zhang.test {STATION} 2"));
    let receipt = rig.ask_as(&token, "see token", STATION).await.expect("let in");
    assert_eq!(receipt.name, "", "the token reached the handler");
}

#[tokio::test]
async fn a_token_is_for_its_time_only_also_when_it_was_verified_before() {
    let rig = Rig::start().await;
    let seconds = |n| time::Duration::seconds(n);
    let token = rig.issuer.token_for("officer", BUREAU, &["officer"], 100);
    assert!(rig.present(&token).await.is_ok());
    rig.clock.advance(seconds(120));
    assert!(rig.present(&token).await.is_ok(), "clocks may differ by 30 s");
    rig.clock.advance(seconds(15));
    assert_eq!(verdict(rig.present(&token).await), unauthenticated("AUTH-EXPIRED"));
    let stale = rig.issuer.token_for("officer", BUREAU, &["officer"], 90);
    assert_eq!(verdict(rig.present(&stale).await), unauthenticated("AUTH-EXPIRED"));

    let early = rig.issuer.sign(&with(claims(), "nbf", json!(now() + 135 + 300)));
    assert_eq!(verdict(rig.present(&early).await), unauthenticated("AUTH-NOT-YET"));
    rig.clock.advance(seconds(280));
    assert!(rig.present(&early).await.is_ok(), "clocks may differ by 30 s");
}

#[tokio::test]
async fn a_token_of_another_issuer_or_for_another_audience_is_refused() {
    let rig = Rig::start().await;
    for (claims, reason) in [
        (with(claims(), "iss", json!("https://elsewhere.test")), "AUTH-ISSUER"),
        (without(claims(), "iss"), "AUTH-ISSUER"),
        (with(claims(), "aud", json!("elsewhere")), "AUTH-AUDIENCE"),
        (with(claims(), "aud", json!(["elsewhere", "xiaoan2"])), "AUTH-AUDIENCE"),
        (with(claims(), "aud", json!([])), "AUTH-AUDIENCE"),
        (without(claims(), "aud"), "AUTH-AUDIENCE"),
    ] {
        assert_eq!(
            verdict(rig.present(&rig.issuer.sign(&claims)).await),
            unauthenticated(reason),
            "{claims}"
        );
    }
    let among_others = with(claims(), "aud", json!(["elsewhere", TestIssuer::AUDIENCE]));
    assert!(rig.present(&rig.issuer.sign(&among_others)).await.is_ok());
}

#[tokio::test]
async fn a_token_without_what_is_needed_is_refused() {
    let rig = Rig::start().await;
    for bad in [
        without(claims(), "sub"),
        with(claims(), "sub", json!("")),
        with(claims(), "sub", json!("a\nb")),
        without(claims(), "org_unit"),
        with(claims(), "org_unit", json!("3711")),
        without(claims(), "exp"),
        with(claims(), "exp", json!(1e30)),
        with(claims(), "exp", json!("tomorrow")),
        with(claims(), "roles", json!("officer")),
        with(claims(), "member_unit", json!("Bank 1")),
        with(claims(), "member_unit", json!("")),
    ] {
        assert_eq!(
            verdict(rig.present(&rig.issuer.sign(&bad)).await),
            unauthenticated("AUTH-CLAIMS"),
            "{bad}"
        );
    }
}

#[tokio::test]
async fn a_token_that_names_no_signature_or_a_shared_secret_is_refused() {
    let rig = Rig::start().await;
    let key = jwk(&rig.issuer);
    let kid = &key["kid"];
    for alg in ["none", "None", "NONE", "", "HS256", "HS512", "ES384", "PS256"] {
        let token = unsigned(&json!({ "alg": alg, "kid": kid }), &claims());
        assert_eq!(verdict(rig.present(&token).await), unauthenticated("AUTH-ALGORITHM"), "{alg}");
    }
    // The public key as an HMAC secret, in every form somebody may have it: the classic confusion of algorithms.
    let whole = std::fs::read(rig.issuer.jwks_path()).expect("a key set");
    let part = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().expect("text")).expect("base64");
    let point = [vec![4], part("x"), part("y")].concat();
    for secret in [whole, key.to_string().into_bytes(), point] {
        let header = Header { kid: kid.as_str().map(str::to_owned), ..Header::new(Algorithm::HS256) };
        let token =
            jsonwebtoken::encode(&header, &claims(), &EncodingKey::from_secret(&secret)).expect("signed");
        assert_eq!(verdict(rig.present(&token).await), unauthenticated("AUTH-ALGORITHM"));
    }
    // An allowed algorithm that is not this key's.
    let token = unsigned(&json!({ "alg": "RS256", "kid": kid }), &claims());
    assert_eq!(verdict(rig.present(&token).await), unauthenticated("AUTH-ALGORITHM"));
}

#[tokio::test]
async fn a_token_signed_by_somebody_else_or_changed_is_refused() {
    let rig = Rig::start().await;
    let stranger = TestIssuer::new();
    assert_eq!(verdict(rig.present(&stranger.sign(&claims())).await), unauthenticated("AUTH-KEY"));

    let good = rig.issuer.sign(&claims());
    let parts: Vec<&str> = good.split('.').collect();
    let promoted = with(claims(), "roles", json!(["hq"]));
    let changed = [parts[0], &URL_SAFE_NO_PAD.encode(promoted.to_string()), parts[2]].join(".");
    assert_eq!(verdict(rig.present(&changed).await), unauthenticated("AUTH-SIGNATURE"));
    // A stranger who names our key.
    let theirs = stranger.sign(&claims());
    let forged = [parts[0], parts[1], theirs.rsplit('.').next().expect("a signature")].join(".");
    assert_eq!(verdict(rig.present(&forged).await), unauthenticated("AUTH-SIGNATURE"));
    assert_eq!(
        verdict(rig.present(&[parts[0], parts[1], ""].join(".")).await),
        unauthenticated("AUTH-SIGNATURE")
    );
}

#[tokio::test]
async fn what_is_no_token_is_refused_without_a_panic() {
    let rig = Rig::start().await;
    let kid = jwk(&rig.issuer)["kid"].clone();
    let critical = unsigned(&json!({ "alg": "ES256", "kid": kid, "crit": ["b64"] }), &claims());
    let huge = "a".repeat(9000);
    for bad in ["x", "..", "a.b.c", "e30.e30.", &critical, &huge] {
        assert_eq!(verdict(rig.present(bad).await), unauthenticated("AUTH-MALFORMED"), "{bad:.40}");
    }
    let nameless = unsigned(&json!({ "alg": "ES256" }), &claims());
    assert_eq!(verdict(rig.present(&nameless).await), unauthenticated("AUTH-KEY"));

    let channel = rig.channel().await;
    for (value, reason) in [
        ("", "AUTH-MALFORMED"),
        ("Bearer", "AUTH-MALFORMED"),
        ("Basic eDp5", "AUTH-MISSING"),
        ("Bearer ", "AUTH-MISSING"),
    ] {
        let mut request = Request::new(request("echo", STATION));
        request.metadata_mut().insert("authorization", value.parse().expect("ascii"));
        assert_eq!(verdict(rename(channel.clone(), request).await), unauthenticated(reason), "{value:?}");
    }
    let mut twice = bearing(&rig.officer(), request("echo", STATION));
    twice.metadata_mut().append("authorization", format!("Bearer {}", rig.officer()).parse().expect("ascii"));
    assert_eq!(verdict(rename(channel.clone(), twice).await), unauthenticated("AUTH-MALFORMED"));
    let mut lower = Request::new(request("echo", STATION));
    lower.metadata_mut().insert("authorization", format!("bearer {}", rig.officer()).parse().expect("ascii"));
    assert!(rename(channel, lower).await.is_ok());
}

#[tokio::test]
async fn a_key_set_that_changes_is_followed_and_what_old_keys_signed_ends() {
    let rig = Rig::start().await;
    let old = rig.officer();
    assert!(rig.present(&old).await.is_ok());

    let next = TestIssuer::new();
    let new = next.token("officer", BUREAU, &["officer"]);
    assert_eq!(verdict(rig.present(&new).await), unauthenticated("AUTH-KEY"));

    // A file that is broken for a moment locks nobody out.
    std::fs::write(rig.issuer.jwks_path(), "{").expect("written");
    assert!(rig.present(&old).await.is_ok());
    std::fs::copy(next.jwks_path(), rig.issuer.jwks_path()).expect("rotated");
    wait_until(crate::rig::LONG, async || rig.present(&new).await.is_ok()).await;
    assert_eq!(
        verdict(rig.present(&old).await),
        unauthenticated("AUTH-KEY"),
        "though it was verified before"
    );
}

#[tokio::test]
async fn eddsa_and_rsa_keys_verify_and_weak_or_shared_ones_are_left_out() {
    let fixture: Value =
        serde_json::from_str(include_str!("fixtures/thrown-away-keys.json")).expect("a fixture");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("jwks.json");
    std::fs::write(&path, fixture["jwks"].to_string()).expect("written");
    let rig = Rig::of(TestIssuer::new(), path, |_| {}, |server| server).await;
    let token = |name: &str| fixture["tokens"][name].as_str().expect("a token").to_owned();
    for name in ["EdDSA", "RS256"] {
        let receipt = rig.ask_as(&token(name), "echo", STATION).await.expect(name);
        assert_eq!(receipt.name, format!("fixture {STATION} 1"));
        let mut forged = token(name);
        let middle = forged.rfind('.').expect("a signature") + 20;
        let other = if forged.as_bytes()[middle] == b'A' { "B" } else { "A" };
        forged.replace_range(middle..=middle, other);
        assert_eq!(verdict(rig.present(&forged).await), unauthenticated("AUTH-SIGNATURE"), "{name}");
    }
    assert_eq!(verdict(rig.present(&token("RS256-1024")).await), unauthenticated("AUTH-KEY"));
    let shared = EncodingKey::from_secret(b"0123456789abcdef0123456789abcdef");
    let header = Header { kid: Some("shared".into()), ..Header::new(Algorithm::HS256) };
    let token = jsonwebtoken::encode(&header, &claims(), &shared).expect("signed");
    assert_eq!(verdict(rig.present(&token).await), unauthenticated("AUTH-ALGORITHM"));
}

#[tokio::test]
async fn a_unit_writes_within_its_own_subtree_and_an_auditor_nowhere() {
    let rig = Rig::start().await;
    let bureau = rig.issuer.token("officer", BUREAU, &["officer"]);
    let station = rig.issuer.token("officer", STATION, &["officer"]);
    let auditor = rig.issuer.token("auditor", CITY, &["auditor", "officer", "hq"]);
    let hq = rig.issuer.token("hq", CITY, &["hq"]);
    let denied = || refused(Code::PermissionDenied, "GE-004");
    assert!(rig.ask_as(&bureau, "write", STATION).await.is_ok());
    assert!(rig.ask_as(&station, "write", STATION).await.is_ok());
    assert_eq!(verdict(rig.ask_as(&bureau, "write", OTHER).await), denied());
    assert_eq!(verdict(rig.ask_as(&station, "write", BUREAU).await), denied());
    assert_eq!(verdict(rig.ask_as(&auditor, "write", STATION).await), denied());
    assert_eq!(verdict(rig.ask_as(&auditor, "decide as hq", CITY).await), denied());
    assert_eq!(verdict(rig.ask_as(&hq, "write", STATION).await), denied());
    assert!(rig.ask_as(&hq, "decide as hq", CITY).await.is_ok());
    assert_eq!(verdict(rig.ask_as(&bureau, "decide as hq", CITY).await), denied());
    let wrong = |code: &str| (Code::InvalidArgument, code.to_owned());
    assert_eq!(verdict(rig.ask_as(&bureau, "write", "371199990000").await), wrong("CB-001"));
    assert_eq!(verdict(rig.ask_as(&bureau, "write", "3711").await), wrong("CB-001"));
}
