//! What stands before every page: which hosts are answered, and the headers that keep a browser honest.
//!
//! The board has no sign-in yet and therefore listens on loopback only. A page of a foreign site could still point a
//! name of its own at 127.0.0.1 and read the board through the visitor's browser (DNS rebinding); so the `Host` must be
//! one of ours.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderName, HeaderValue, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::uri::Authority;
use http::{HeaderMap, StatusCode, Uri};
use std::sync::Arc;

/// Nothing inline, nothing from elsewhere, no frame around us.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 7] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

/// Host names that are answered besides the loopback ones.
#[derive(Debug, Clone, Default)]
pub struct Hosts(pub Arc<[String]>);

impl Hosts {
    fn answers(&self, host: &str) -> bool {
        let name = without_port(host);
        matches!(name, "localhost" | "127.0.0.1" | "[::1]")
            || self.0.iter().any(|h| h.eq_ignore_ascii_case(name))
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

fn host_of<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    headers.get(HOST).and_then(|value| value.to_str().ok()).or_else(|| uri.authority().map(Authority::as_str))
}

/// The middleware.
pub async fn guard(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    let known = host_of(request.headers(), request.uri()).is_some_and(|host| hosts.answers(host));
    let mut response = if known {
        next.run(request).await
    } else {
        (StatusCode::MISDIRECTED_REQUEST, "this host name is not answered here\n").into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.append(VARY, HeaderValue::from_static("Cookie"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_host_names_are_answered() {
        let hosts = Hosts(Arc::from([String::from("board.example")]));
        for host in
            ["localhost", "localhost:7080", "127.0.0.1:7080", "[::1]:7080", "[::1]", "Board.Example:443"]
        {
            assert!(hosts.answers(host), "{host}");
        }
        for host in
            ["evil.example:7080", "127.0.0.1.evil.example", "localhost.evil.example", "", "10.0.0.1:7080"]
        {
            assert!(!hosts.answers(host), "{host}");
        }
    }
}
