//! The error contract: every no has one status code, one stable reason, and a sentence in Chinese and in English.
//!
//! The table stands in the crate's documentation. Nothing here is a catch-all: a new kind of refusal or breakage does not compile
//! until somebody has said what it is on the wire.

use std::collections::HashMap;
use std::fmt::Display;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{
    BadRequest, ErrorDetail, ErrorInfo, FieldViolation, LocalizedMessage, ResourceInfo, RetryInfo, StatusExt,
};
use xiaoan_eventstore::{AppendError, CommandError, StoreError};
use xiaoan_kernel::{Finding, Refusal, RefusalKind, Severity};

/// `ErrorInfo.domain` of every error of the suite.
pub const DOMAIN: &str = "xiaoan";
/// Message of every INTERNAL error; its cause is in the log only.
pub const INTERNAL_MESSAGE: &str = "internal error";

/// Reasons that are not codes of domain reference §J. Stable: clients compare them.
pub mod reason {
    /// A resource does not exist.
    pub const NOT_FOUND: &str = "NOT-FOUND";
    /// Too much at once; try again after `RetryInfo`.
    pub const OVERLOADED: &str = "OVERLOADED";
    /// A message is longer than the server takes; sending it again does not help.
    pub const MESSAGE_TOO_LARGE: &str = "MESSAGE-TOO-LARGE";
    /// The call's deadline passed. Whether a command took effect is unknown: send it again with the same request id.
    pub const DEADLINE: &str = "DEADLINE";
    /// The service is stopping; try again, another replica may answer.
    pub const DRAINING: &str = "DRAINING";
    /// The database is away. Whether a command took effect is unknown: send it again with the same request id.
    pub const STORE_UNAVAILABLE: &str = "STORE-UNAVAILABLE";
    /// A view has not reached the position asked for with `at_least`.
    pub const NOT_YET: &str = "NOT-YET";
    /// Another service that the command needs cannot be reached; nothing was recorded.
    pub const SERVICE_UNREACHABLE: &str = "SERVICE-UNREACHABLE";
    /// Ours; the cause is in the log.
    pub const INTERNAL: &str = "INTERNAL";
    /// No bearer token.
    pub const AUTH_MISSING: &str = "AUTH-MISSING";
    /// The token is no JWT that can be read.
    pub const AUTH_MALFORMED: &str = "AUTH-MALFORMED";
    /// Signed with an algorithm that is not allowed (`none`, HS*, …) or not the key's.
    pub const AUTH_ALGORITHM: &str = "AUTH-ALGORITHM";
    /// Signed with a key that is not in the key set.
    pub const AUTH_KEY: &str = "AUTH-KEY";
    /// The signature does not fit.
    pub const AUTH_SIGNATURE: &str = "AUTH-SIGNATURE";
    /// Issued by somebody else.
    pub const AUTH_ISSUER: &str = "AUTH-ISSUER";
    /// Issued for somebody else.
    pub const AUTH_AUDIENCE: &str = "AUTH-AUDIENCE";
    /// Expired.
    pub const AUTH_EXPIRED: &str = "AUTH-EXPIRED";
    /// Not valid yet.
    pub const AUTH_NOT_YET: &str = "AUTH-NOT-YET";
    /// A claim that is needed is missing or malformed: `sub`, `org_unit`, `exp`.
    pub const AUTH_CLAIMS: &str = "AUTH-CLAIMS";
}

/// Error details travel in one HTTP/2 header, and clients refuse header lists above 16 KiB.
const MOST_VIOLATION_BYTES: usize = 6000;
/// In bytes of UTF-8: 80 Chinese characters.
const LONGEST_SENTENCE: usize = 240;
const MOST_SENTENCES: usize = 6;
const RETRY_SOON: Duration = Duration::from_millis(200);

/// An answer in the making.
struct Problem {
    code: Code,
    reason: String,
    zh: String,
    en: String,
    metadata: HashMap<String, String>,
    more: Vec<ErrorDetail>,
}

impl Problem {
    fn new(code: Code, reason: &str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.to_owned(),
            zh: zh.into(),
            en: en.into(),
            metadata: HashMap::new(),
            more: Vec::new(),
        }
    }
    fn meta(mut self, key: &str, value: impl Into<String>) -> Self {
        self.metadata.insert(key.to_owned(), value.into());
        self
    }
    fn detail(mut self, detail: impl Into<ErrorDetail>) -> Self {
        self.more.push(detail.into());
        self
    }
    fn retry(self, after: Duration) -> Self {
        self.detail(RetryInfo::new(Some(after)))
    }
    fn into_status(self) -> Status {
        let mut details: Vec<ErrorDetail> = vec![ErrorInfo::new(self.reason, DOMAIN, self.metadata).into()];
        details.extend(self.more);
        let message = self.en.clone();
        // Chinese first: whoever takes the first message gets the language of the city.
        details.push(LocalizedMessage::new("zh-CN", self.zh).into());
        details.push(LocalizedMessage::new("en", self.en).into());
        Status::with_error_details_vec(self.code, message, details)
    }
}

/// A refusal of the domain as a status; the code follows from its kind.
#[must_use]
pub fn refusal_status(refusal: &impl Refusal) -> Status {
    let code = match refusal.kind() {
        RefusalKind::Field => Code::InvalidArgument,
        RefusalKind::State => Code::FailedPrecondition,
        RefusalKind::Permission => Code::PermissionDenied,
        RefusalKind::Missing => Code::NotFound,
    };
    of_findings(code, &refusal.findings())
}

/// A finding as it travels in an answer.
#[must_use]
pub fn wire(finding: &Finding) -> xiaoan_proto::core::v1::Finding {
    let severity = match finding.severity {
        Severity::Error => xiaoan_proto::core::v1::Severity::Error,
        Severity::Warning => xiaoan_proto::core::v1::Severity::Warning,
    };
    xiaoan_proto::core::v1::Finding {
        code: finding.code.to_owned(),
        severity: severity.into(),
        field: finding.field.to_owned(),
        message_zh: finding.zh.clone(),
        message_en: finding.en.clone(),
    }
}

/// INVALID_ARGUMENT with a field violation for every finding.
#[must_use]
pub fn invalid(findings: &[Finding]) -> Status {
    of_findings(Code::InvalidArgument, findings)
}

/// Why a command was not recorded, as a status. (With `?`: `.map_err(command_status)`.)
#[must_use]
pub fn command_status<R: Refusal>(error: CommandError<R>) -> Status {
    match error {
        CommandError::Refused(refusal) => refusal_status(&refusal),
        CommandError::StaleEtag => stale_etag(),
        CommandError::LostRace => lost_race(),
        CommandError::RequestReused => request_reused(),
        CommandError::Overloaded => overloaded(),
        CommandError::Store(error) => store_status(&error),
    }
}

/// Why an append over several streams did not happen, as a status.
#[must_use]
pub fn append_status(error: AppendError) -> Status {
    match error {
        AppendError::Conflict { stream: _ } => lost_race(),
        AppendError::RequestReused => request_reused(),
        AppendError::Overloaded => overloaded(),
        AppendError::Store(error) => store_status(&error),
    }
}

/// Breakage of the store as a status; the cause goes to the log.
#[must_use]
pub fn store_status(error: &StoreError) -> Status {
    match error {
        StoreError::Unavailable(_) => {
            tracing::warn!(%error, "database unavailable");
            Problem::new(
                Code::Unavailable,
                reason::STORE_UNAVAILABLE,
                "数据库暂时不可用，请用同一个 request_id 重试",
                "database unavailable; send the same command again with the same request_id",
            )
            .retry(Duration::from_secs(1))
            .into_status()
        }
        StoreError::Closed => draining(),
        StoreError::Database(_) | StoreError::Invalid(_) | StoreError::Corrupt { .. } => internal(error),
    }
}

/// INTERNAL with a fixed text; the cause goes to the log, the answer carries the trace id to find it by.
#[must_use]
pub fn internal(cause: &(impl Display + ?Sized)) -> Status {
    tracing::error!(error = %cause, trace_id = xiaoan_telemetry::current_trace_id(), "internal error");
    internal_logged()
}

/// The same when the cause is in the log already.
pub(crate) fn internal_logged() -> Status {
    let problem =
        Problem::new(Code::Internal, reason::INTERNAL, "系统内部错误，请联系管理员", INTERNAL_MESSAGE);
    match xiaoan_telemetry::current_trace_id() {
        Some(trace) => problem.meta("trace_id", trace),
        None => problem,
    }
    .into_status()
}

/// ABORTED (GE-001): the resource changed since the caller read it.
#[must_use]
pub fn stale_etag() -> Status {
    Problem::new(
        Code::Aborted,
        "GE-001",
        "记录已被他人修改，请重新读取后再提交",
        "the resource has changed since you read it; read it again and decide again",
    )
    .meta("cause", "stale-etag")
    .into_status()
}

/// ABORTED (GE-001): others kept winning the race.
#[must_use]
pub fn lost_race() -> Status {
    Problem::new(
        Code::Aborted,
        "GE-001",
        "多人同时修改同一记录，请重试",
        "others changed the same resource at the same time; try again",
    )
    .meta("cause", "lost-race")
    .retry(RETRY_SOON)
    .into_status()
}

/// ALREADY_EXISTS (GE-002): the request id was used for another command.
#[must_use]
pub fn request_reused() -> Status {
    Problem::new(
        Code::AlreadyExists,
        "GE-002",
        "该 request_id 已用于内容不同的请求，请换一个新的",
        "this request_id was used for a request with another body; take a new one",
    )
    .into_status()
}

/// RESOURCE_EXHAUSTED with a delay to wait.
#[must_use]
pub fn overloaded() -> Status {
    Problem::new(
        Code::ResourceExhausted,
        reason::OVERLOADED,
        "系统繁忙，请稍后重试",
        "too many requests at once; try again shortly",
    )
    .retry(RETRY_SOON)
    .into_status()
}

/// PERMISSION_DENIED (GE-004) with a sentence in both languages.
#[must_use]
pub fn denied(zh: impl Into<String>, en: impl Into<String>) -> Status {
    Problem::new(Code::PermissionDenied, "GE-004", zh, en).meta("codes", "GE-004").into_status()
}

/// NOT_FOUND for a resource name such as `cases/A3711020100002026060001`.
#[must_use]
pub fn not_found(name: &str) -> Status {
    let name = shortened(name);
    let (kind, _) = name.split_once('/').unwrap_or((&name, ""));
    Problem::new(Code::NotFound, reason::NOT_FOUND, format!("没有 {name}"), format!("there is no {name}"))
        .detail(ResourceInfo::new(kind, name.as_str(), "", ""))
        .into_status()
}

/// UNAVAILABLE: a view has not reached the position that the caller wants to see.
#[must_use]
pub fn not_yet(wanted: i64, reached: i64) -> Status {
    Problem::new(
        Code::Unavailable,
        reason::NOT_YET,
        "数据尚未更新到所要求的位置，请稍后重试",
        "the view has not reached the position asked for; try again shortly",
    )
    .meta("at_least", wanted.to_string())
    .meta("reached", reached.to_string())
    .retry(RETRY_SOON)
    .into_status()
}

/// UNAVAILABLE: another service that the command needs cannot be reached or does not answer. Nothing was recorded.
#[must_use]
pub fn unreachable(service: &str) -> Status {
    Problem::new(
        Code::Unavailable,
        reason::SERVICE_UNREACHABLE,
        format!("{service} 服务无法访问，未作任何记录，请稍后重试"),
        format!("the service {service} cannot be reached; nothing was recorded, try again later"),
    )
    .meta("service", service)
    .retry(Duration::from_secs(1))
    .into_status()
}

/// UNAVAILABLE: the service is stopping.
#[must_use]
pub fn draining() -> Status {
    Problem::new(
        Code::Unavailable,
        reason::DRAINING,
        "服务正在停止，请稍后重试",
        "the service is stopping; try again",
    )
    .retry(Duration::from_secs(1))
    .into_status()
}

pub(crate) fn unauthenticated(reason: &'static str, zh: &str, en: &str) -> Status {
    Problem::new(Code::Unauthenticated, reason, zh, en).into_status()
}

pub(crate) fn deadline_exceeded() -> Status {
    Problem::new(
        Code::DeadlineExceeded,
        reason::DEADLINE,
        "处理超时，请用同一个 request_id 重试",
        "the deadline passed; send the same command again with the same request_id",
    )
    .into_status()
}

pub(crate) fn message_too_large(length: u64, limit: u64) -> Status {
    Problem::new(
        Code::ResourceExhausted,
        reason::MESSAGE_TOO_LARGE,
        format!("消息 {length} 字节，超过上限 {limit} 字节"),
        format!("a message of {length} bytes is longer than the {limit} bytes that are taken"),
    )
    .into_status()
}

/// The caller sent bytes that are no message of the type.
pub(crate) fn malformed_message() -> Status {
    Problem::new(
        Code::InvalidArgument,
        "GE-006",
        "请求不是合法的消息",
        "the request is no well-formed message of its type",
    )
    .meta("codes", "GE-006")
    .into_status()
}

fn of_findings(code: Code, findings: &[Finding]) -> Status {
    let (errors, warnings): (Vec<_>, Vec<_>) = findings.iter().partition(|f| f.severity == Severity::Error);
    let Some(first) = errors.first() else {
        return internal("a refusal without a finding that rejects");
    };
    let en = sentences(errors.iter().map(|f| format!("{}: {}", f.code, shortened(&f.en))), "; ");
    let zh = sentences(errors.iter().map(|f| shortened(&f.zh)), "；");
    let mut problem =
        Problem::new(code, first.code, zh, en).meta("codes", codes(errors.iter().map(|f| f.code)));
    if !warnings.is_empty() {
        problem = problem.meta("warnings", codes(warnings.iter().map(|f| f.code)));
    }
    if !first.field.is_empty() {
        problem = problem.meta("field", first.field);
    }
    if code == Code::InvalidArgument {
        problem = problem.detail(BadRequest::new(violations(&errors)));
    }
    problem.into_status()
}

/// As many as fit; `metadata.codes` names the codes of all.
fn violations(errors: &[&Finding]) -> Vec<FieldViolation> {
    let mut bytes = 0;
    let fits = |finding: &&&Finding| {
        bytes += finding.field.len()
            + finding.en.len().min(LONGEST_SENTENCE)
            + finding.zh.len().min(LONGEST_SENTENCE);
        bytes <= MOST_VIOLATION_BYTES
    };
    errors.iter().take_while(fits).map(|finding| violation(finding)).collect()
}

fn violation(finding: &Finding) -> FieldViolation {
    FieldViolation {
        field: finding.field.to_owned(),
        description: shortened(&finding.en),
        reason: finding.code.to_owned(),
        localized_message: Some(LocalizedMessage::new("zh-CN", shortened(&finding.zh))),
    }
}

/// Codes in their order, each once, separated by commas.
fn codes<'a>(all: impl Iterator<Item = &'a str>) -> String {
    let mut seen: Vec<&str> = Vec::new();
    for code in all {
        if !seen.contains(&code) {
            seen.push(code);
        }
    }
    seen.join(",")
}

fn sentences(all: impl ExactSizeIterator<Item = String>, between: &str) -> String {
    let left_out = all.len().saturating_sub(MOST_SENTENCES);
    let mut text = all.take(MOST_SENTENCES).collect::<Vec<_>>().join(between);
    if left_out > 0 {
        text.push_str(&format!(" (+{left_out})"));
    }
    text
}

fn shortened(text: &str) -> String {
    if text.len() <= LONGEST_SENTENCE {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(LONGEST_SENTENCE - '…'.len_utf8());
    format!("{}…", &text[..end])
}
