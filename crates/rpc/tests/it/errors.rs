use crate::rig::{PLANTED, Rig, STATION, bearing, reason, refused, request, sentences, verdict};
use prost::Message;
use std::time::Duration;
use tonic::metadata::MetadataValue;
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;
use tonic_types::StatusExt;
use xiaoan_proto::eventlog::v1::ReadRequest;
use xiaoan_proto::eventlog::v1::event_log_service_client::EventLogServiceClient;

#[tokio::test]
async fn every_outcome_of_a_command_has_its_status_and_its_reason() {
    let rig = Rig::start().await;
    for (behaviour, code, reason) in [
        ("refuse field", Code::InvalidArgument, "CB-006"),
        ("refuse state", Code::FailedPrecondition, "CB-006"),
        ("refuse permission", Code::PermissionDenied, "CB-006"),
        ("refuse missing", Code::NotFound, "CB-006"),
        ("stale", Code::Aborted, "GE-001"),
        ("lost race", Code::Aborted, "GE-001"),
        ("reused", Code::AlreadyExists, "GE-002"),
        ("overloaded", Code::ResourceExhausted, "OVERLOADED"),
        ("not found", Code::NotFound, "NOT-FOUND"),
        ("unavailable", Code::Unavailable, "STORE-UNAVAILABLE"),
        ("store", Code::Internal, "INTERNAL"),
    ] {
        let status = rig.ask(behaviour).await.expect_err("refused");
        let locales: Vec<String> = sentences(&status).into_iter().map(|(locale, _)| locale).collect();
        assert_eq!(locales, ["zh-CN", "en"], "{behaviour}");
        assert!(!format!("{status:?}").contains(PLANTED), "{behaviour}");
        assert_eq!(verdict::<()>(Err(status)), refused(code, reason), "{behaviour}");
    }
}

#[tokio::test]
async fn a_refusal_names_every_code_and_speaks_both_languages() {
    let rig = Rig::start().await;
    let status = rig.ask("refuse field").await.expect_err("refused");
    let info = status.get_details_error_info().expect("error info");
    assert_eq!(info.metadata["codes"], "CB-006,CB-008");
    assert_eq!(info.metadata["warnings"], "CB-014");
    assert_eq!(info.metadata["field"], "approver");
    let violations = status.get_details_bad_request().expect("violations").field_violations;
    let shown: Vec<_> = violations
        .iter()
        .map(|v| {
            let zh = v.localized_message.as_ref().map(|m| m.message.as_str()).unwrap_or_default();
            (v.field.as_str(), v.reason.as_str(), v.description.as_str(), zh)
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("approver", "CB-006", "english CB-006", "中文 CB-006"),
            ("evidence", "CB-008", "english CB-008", "中文 CB-008"),
        ]
    );
    assert_eq!(
        sentences(&status),
        [
            ("zh-CN".to_owned(), "中文 CB-006；中文 CB-008".to_owned()),
            ("en".to_owned(), "CB-006: english CB-006; CB-008: english CB-008".to_owned()),
        ]
    );
    let by_state = rig.ask("refuse state").await.expect_err("refused");
    assert!(by_state.get_details_bad_request().is_none(), "no field is wrong");
}

#[tokio::test]
async fn what_is_worth_another_try_says_when() {
    let rig = Rig::start().await;
    for behaviour in ["overloaded", "lost race", "unavailable"] {
        let status = rig.ask(behaviour).await.expect_err("refused");
        let delay = status.get_details_retry_info().and_then(|retry| retry.retry_delay);
        assert!(delay.is_some_and(|d| d > Duration::ZERO), "{behaviour}");
    }
    for behaviour in ["stale", "reused", "refuse state"] {
        let status = rig.ask(behaviour).await.expect_err("refused");
        assert!(status.get_details_retry_info().is_none(), "{behaviour}");
    }
}

#[tokio::test]
async fn a_panic_and_a_handlers_own_internal_error_show_nothing_and_harm_nobody() {
    let rig = Rig::start().await;
    for behaviour in ["panic", "internal", "unknown", "panic"] {
        let status = rig.ask(behaviour).await.expect_err("refused");
        assert_eq!((status.code(), status.message()), (Code::Internal, "internal error"), "{behaviour}");
        assert_eq!(reason(&status), "INTERNAL");
        assert!(!format!("{status:?}").contains(PLANTED), "{behaviour}");
    }
    assert!(rig.ask("echo").await.is_ok(), "the server goes on");
    let (_, metrics) = rig.admin("/metrics").await;
    assert!(metrics.contains("xiaoan_rpc_panics_total"), "{metrics}");
}

#[tokio::test]
async fn a_panic_in_the_middle_of_a_stream_ends_it_with_the_same_text() {
    let rig = Rig::start().await;
    let request = bearing(&rig.officer(), ReadRequest { from: 1, limit: 13 });
    let mut stream =
        EventLogServiceClient::new(rig.channel().await).read(request).await.expect("a stream").into_inner();
    assert!(stream.message().await.expect("the first batch").is_some());
    rig.gate.add_permits(1);
    let status = stream.message().await.expect_err("the panic");
    assert_eq!((status.code(), status.message()), (Code::Internal, "internal error"));
    assert!(!format!("{status:?}").contains(PLANTED));
}

#[tokio::test]
async fn bytes_that_are_no_message_are_the_callers_mistake() {
    let rig = Rig::start().await;
    // Field 1 as a text that is longer than the message.
    let status = send(&rig, vec![0x0a, 0xff, 0x01]).await.expect_err("malformed");
    assert_eq!(verdict::<()>(Err(status)), refused(Code::InvalidArgument, "GE-006"));
    // Bytes that are no UTF-8 where a text should be.
    let status = send(&rig, vec![0x0a, 0x02, 0xff, 0xfe]).await.expect_err("malformed");
    assert_eq!(verdict::<()>(Err(status)), refused(Code::InvalidArgument, "GE-006"));
    assert!(send(&rig, request("echo", STATION).encode_to_vec()).await.is_ok());
}

/// Sends a message of these bytes as a RenameOrgUnit.
async fn send(rig: &Rig, bytes: Vec<u8>) -> Result<(), Status> {
    let mut grpc = tonic::client::Grpc::new(rig.channel().await);
    grpc.ready().await.expect("connected");
    let path = "/xiaoan.hq.v1.OrgUnitService/RenameOrgUnit".parse().expect("a path");
    grpc.unary(bearing(&rig.officer(), Raw(bytes)), path, ProstCodec::<Raw, Raw>::default()).await.map(|_| ())
}

/// A message that is whatever bytes it is.
#[derive(Debug, Default)]
struct Raw(Vec<u8>);

impl Message for Raw {
    fn encode_raw(&self, buf: &mut impl prost::bytes::BufMut) {
        buf.put_slice(&self.0);
    }
    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: prost::encoding::WireType,
        buf: &mut impl prost::bytes::Buf,
        ctx: prost::encoding::DecodeContext,
    ) -> Result<(), prost::DecodeError> {
        prost::encoding::skip_field(wire_type, tag, buf, ctx)
    }
    fn encoded_len(&self) -> usize {
        self.0.len()
    }
    fn clear(&mut self) {
        self.0.clear();
    }
}

#[tokio::test]
async fn the_longest_refusal_still_fits_into_a_header() {
    use xiaoan_kernel::{Finding, Severity};
    let finding = |n: usize| Finding {
        code: ["CB-001", "CB-002", "GE-006"][n % 3],
        severity: Severity::Error,
        field: "a_field_with_quite_a_long_name",
        zh: "中".repeat(1000),
        en: "x".repeat(1000),
    };
    let status = xiaoan_rpc::invalid(&(0..500).map(finding).collect::<Vec<_>>());
    let headers = status.into_http::<()>().into_parts().0.headers;
    let length: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
    assert!(length < 16 << 10, "{length} bytes");
}

#[tokio::test]
async fn a_command_continues_the_trace_of_its_caller() {
    let _telemetry = xiaoan_telemetry::init("test", "0");
    let rig = Rig::start().await;
    let mut request: Request<_> = bearing(&rig.officer(), request("trace", STATION));
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    request.metadata_mut().insert("traceparent", MetadataValue::from_static(parent));
    let seen = crate::rig::rename(rig.channel().await, request).await.expect("an answer").name;
    assert!(seen.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && seen.ends_with("-01"), "{seen}");
    assert_ne!(seen, parent, "the call is a span of its own");
}
