//! What went wrong, told in the user's language with the code and what to do about it.

use crate::lang::Lang;
use std::fmt::Write as _;
use std::path::Path;
use tonic::{Code, Status};
use tonic_types::{ErrorDetail, StatusExt};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The command line or a file's shape is wrong; exit code 2.
    #[error("{0}")]
    Usage(String),
    /// A service said no or could not be reached; exit code 1.
    #[error("{service}: {status}")]
    Call {
        /// Service that was called.
        service: &'static str,
        /// Its address.
        url: String,
        /// What came back.
        status: Box<Status>,
    },
    /// Anything else that failed; exit code 1.
    #[error("{0}")]
    Failed(String),
}

impl Fault {
    /// A file that cannot be read or written. A file that is not there is a usage error.
    #[must_use]
    pub fn file(path: &Path, error: &std::io::Error) -> Self {
        let text = format!("{}: {error}", path.display());
        if error.kind() == std::io::ErrorKind::NotFound { Self::Usage(text) } else { Self::Failed(text) }
    }

    /// 2 for wrong usage, 1 otherwise.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Call { .. } | Self::Failed(_) => 1,
        }
    }

    /// The gRPC code when a service said no.
    #[must_use]
    pub fn grpc_code(&self) -> Option<Code> {
        match self {
            Self::Call { status, .. } => Some(status.code()),
            Self::Usage(_) | Self::Failed(_) => None,
        }
    }

    /// The stable reason of a refusal, for example `CB-006`; empty when there is none.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Call { status, .. } => {
                status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
            }
            Self::Usage(_) | Self::Failed(_) => String::new(),
        }
    }

    /// The lines a person reads: message, code, fields, what to do.
    #[must_use]
    pub fn present(&self, lang: Lang) -> String {
        let label = lang.pick("错误：", "error: ");
        match self {
            Self::Usage(text) | Self::Failed(text) => format!("{label}{text}"),
            Self::Call { service, url, status } => present_call(service, url, status, lang),
        }
    }
}

fn present_call(service: &str, url: &str, status: &Status, lang: Lang) -> String {
    let details = status.get_error_details_vec();
    let locale = lang.pick("zh", "en");
    let localized = details.iter().find_map(|detail| match detail {
        ErrorDetail::LocalizedMessage(m) if m.locale.starts_with(locale) => Some(m.message.clone()),
        _ => None,
    });
    let code = status.code();
    let message = localized.unwrap_or_else(|| match code {
        Code::Unavailable => {
            lang.pick(format!("连不上 {service} 服务（{url}）"), format!("cannot reach {service} at {url}"))
        }
        _ if status.message().is_empty() => code.description().to_owned(),
        _ => status.message().to_owned(),
    });
    let mut reason = String::new();
    let mut fields = String::new();
    for detail in &details {
        match detail {
            ErrorDetail::ErrorInfo(info) => reason.clone_from(&info.reason),
            ErrorDetail::BadRequest(bad) => {
                for violation in &bad.field_violations {
                    let own = violation.localized_message.as_ref().filter(|m| m.locale.starts_with(locale));
                    let said = own.map_or(&violation.description, |m| &m.message);
                    let _ = write!(fields, "\n  {} {}: {said}", violation.field, violation.reason);
                }
            }
            _ => {}
        }
    }
    // The fields say it all, each with its own code; the message would only repeat them.
    let headline =
        if fields.is_empty() { message } else { lang.pick("未被接受", "not accepted").to_owned() };
    let mut text = format!("{}{headline}{fields}", lang.pick("错误：", "error: "));
    let word = screaming(code);
    let shown = if reason.is_empty() { word } else { format!("{reason} ({word})") };
    let _ = write!(text, "\n  {}{shown}", lang.pick("代码：", "code: "));
    if let Some(advice) = advice(code, service, lang) {
        let _ = write!(text, "\n  {}{advice}", lang.pick("怎么办：", "what to do: "));
    }
    text
}

/// The status word of the gRPC specification, for example `FAILED_PRECONDITION`.
fn screaming(code: Code) -> String {
    let mut word = String::new();
    for (i, letter) in format!("{code:?}").chars().enumerate() {
        if letter.is_uppercase() && i > 0 {
            word.push('_');
        }
        word.push(letter.to_ascii_uppercase());
    }
    word
}

fn advice(code: Code, service: &str, lang: Lang) -> Option<String> {
    let (zh, en) = match code {
        Code::Unauthenticated => (
            "给一个有效的令牌：./dev token，或 --token / XIAOAN_TOKEN".to_owned(),
            "give a valid token: ./dev token, or --token / XIAOAN_TOKEN".to_owned(),
        ),
        Code::PermissionDenied => (
            "用本单位或上级单位、带所需角色的令牌（xiaoan token mint --org-unit … --role …）".to_owned(),
            "use a token of this unit or one above it, with the role needed (xiaoan token mint --org-unit … --role …)".to_owned(),
        ),
        Code::Unavailable => (
            format!("看 {service} 是否在运行：./dev status；地址可用 --{service}-url 改"),
            format!("see whether {service} runs: ./dev status; change the address with --{service}-url"),
        ),
        Code::DeadlineExceeded => (
            "稍后再试，或用 --deadline 给更多时间；命令没有做两次的危险".to_owned(),
            "try again, or allow more time with --deadline; a command is never done twice".to_owned(),
        ),
        Code::ResourceExhausted => ("服务正忙，稍后再试".to_owned(), "the service is busy: try again in a moment".to_owned()),
        Code::Aborted => (
            "有人先改了：重新查看后再改".to_owned(),
            "somebody else changed it first: look at it again, then repeat".to_owned(),
        ),
        Code::AlreadyExists => (
            "同一个请求号已经用于另一条命令".to_owned(),
            "the same request id was used for another command".to_owned(),
        ),
        Code::Internal | Code::DataLoss => (
            format!("这是服务的错：看 ./dev logs {service}"),
            format!("this is the service's fault: look at ./dev logs {service}"),
        ),
        _ => return None,
    };
    Some(lang.pick(zh, en))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::{ErrorDetails, LocalizedMessage};

    fn refused() -> Fault {
        let details = vec![
            ErrorDetails::with_error_info("CB-006", "xiaoan", std::collections::HashMap::new())
                .error_info()
                .unwrap()
                .clone()
                .into(),
            LocalizedMessage::new("zh-CN", "审批人不能是提请人。").into(),
            LocalizedMessage::new("en", "The approver must not be the proposer.").into(),
        ];
        let status = Status::with_error_details_vec(Code::FailedPrecondition, "refused", details);
        Fault::Call { service: "cases", url: "http://127.0.0.1:7101".into(), status: Box::new(status) }
    }

    #[test]
    fn a_refusal_speaks_the_users_language_and_names_its_code() {
        assert_eq!(
            refused().present(Lang::En),
            "error: The approver must not be the proposer.\n  code: CB-006 (FAILED_PRECONDITION)"
        );
        assert_eq!(
            refused().present(Lang::Zh),
            "错误：审批人不能是提请人。\n  代码：CB-006 (FAILED_PRECONDITION)"
        );
        assert_eq!(refused().reason(), "CB-006");
        assert_eq!(refused().exit_code(), 1);
    }

    #[test]
    fn every_field_stands_on_its_own_line_with_its_code_in_the_users_language() {
        let violation = tonic_types::FieldViolation {
            field: "parent".into(),
            description: "unit 1 is not registered".into(),
            reason: "CB-001".into(),
            localized_message: Some(LocalizedMessage::new("zh-CN", "单位1未登记")),
        };
        let details = vec![
            tonic_types::BadRequest::new(vec![violation]).into(),
            LocalizedMessage::new("zh-CN", "CB-001：单位1未登记").into(),
        ];
        let status = Status::with_error_details_vec(Code::InvalidArgument, "CB-001: unit 1 …", details);
        let fault = Fault::Call { service: "hq", url: String::new(), status: Box::new(status) };
        assert!(fault.present(Lang::Zh).starts_with("错误：未被接受\n  parent CB-001: 单位1未登记\n"));
        assert!(
            fault
                .present(Lang::En)
                .starts_with("error: not accepted\n  parent CB-001: unit 1 is not registered\n")
        );
    }

    #[test]
    fn a_service_that_cannot_be_reached_says_where_and_what_to_do() {
        let fault = Fault::Call {
            service: "hq",
            url: "http://127.0.0.1:1".into(),
            status: Box::new(Status::unavailable("refused")),
        };
        let text = fault.present(Lang::En);
        assert!(
            text.contains("cannot reach hq at http://127.0.0.1:1") && text.contains("./dev status"),
            "{text}"
        );
    }
}
