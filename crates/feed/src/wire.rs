//! An event as a NATS message: subject and headers, from which it can be rebuilt byte for byte.
//!
//! | header | content |
//! |---|---|
//! | `ce-specversion`, `ce-id`, `ce-source`, `ce-type`, `ce-time`, `ce-subject`, `ce-datacontenttype` | CloudEvents 1.0, binary mode: "1.0", `<source>/<position>`, `urn:xiaoan:<source>`, the payload's full type, `recorded_at`, the stream, `application/protobuf` |
//! | `traceparent` | W3C trace context of the command; absent when there was none |
//! | `xiaoan-position`, `xiaoan-version` | decimal |
//! | `xiaoan-org`, `xiaoan-actor` | 12 digits; the token's subject |
//! | `xiaoan-occurred-on` | `2026-06-30` |
//! | `xiaoan-recorded-at` | microseconds since the epoch; `ce-time` is the same for people |
//! | `xiaoan-previous-hash`, `xiaoan-hash` | 64 hex digits |
//!
//! The body is the payload's bytes, untouched. Texts are percent-encoded where CloudEvents says so. A subject holds no
//! personal data: context, kind of aggregate, event, version, and the bureau's six digits.

use async_nats::{HeaderMap, HeaderValue};
use bytes::Bytes;
use std::fmt::Write;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};
use xiaoan_eventstore::RecordedEvent;
use xiaoan_proto::{instant, timestamp};

/// Name of a context's stream.
#[must_use]
pub fn stream_name(context: &str) -> String {
    format!("XIAOAN_{}", token(context).to_ascii_uppercase())
}

/// All subjects of a context.
#[must_use]
pub fn subjects(context: &str) -> String {
    format!("xiaoan.evt.{}.>", token(context))
}

/// Subject of an event: `xiaoan.evt.<context>.<aggregate>.<event>.v1.<bureau>`.
#[must_use]
pub fn subject(context: &str, event: &RecordedEvent) -> String {
    let kind = event.stream.split_once('-').map_or(event.stream.as_str(), |(kind, _)| kind);
    let mut path = event.r#type.rsplit('.');
    let name = kebab(path.next().unwrap_or_default());
    let version = path.next().unwrap_or_default();
    // The first six digits are the county or district (GB/T 2260), which is what consumers filter by.
    let bureau = event.org_unit.get(..6).unwrap_or_default();
    format!(
        "xiaoan.evt.{}.{}.{}.{}.{}",
        token(context),
        token(kind),
        token(&name),
        token(version),
        token(bureau)
    )
}

/// One word of a subject: whatever NATS would read as something else becomes an underscore.
fn token(text: &str) -> String {
    if text.is_empty() {
        return "_".to_owned();
    }
    text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' }).collect()
}

fn kebab(name: &str) -> String {
    let mut kebab = String::with_capacity(name.len() + 4);
    for (at, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            kebab.push('-');
        }
        kebab.push(letter.to_ascii_lowercase());
    }
    kebab
}

/// Headers of an event.
#[must_use]
pub fn headers(event: &RecordedEvent) -> HeaderMap {
    let at = event.recorded_at.as_ref().and_then(instant).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let day = event.occurred_on.and_then(|day| Date::try_from(day).ok());
    let mut headers = HeaderMap::new();
    headers.insert("ce-specversion", "1.0");
    headers.insert("ce-id", format!("{}/{}", encode(&event.source), event.position));
    headers.insert("ce-source", format!("urn:xiaoan:{}", encode(&event.source)));
    headers.insert("ce-type", encode(&event.r#type));
    headers.insert("ce-time", at.format(&Rfc3339).unwrap_or_default());
    headers.insert("ce-subject", encode(&event.stream));
    headers.insert("ce-datacontenttype", "application/protobuf");
    if !event.traceparent.is_empty() {
        headers.insert("traceparent", encode(&event.traceparent));
    }
    headers.insert("xiaoan-position", event.position.to_string());
    headers.insert("xiaoan-version", event.version.to_string());
    headers.insert("xiaoan-org", encode(&event.org_unit));
    headers.insert("xiaoan-actor", encode(&event.actor));
    headers.insert("xiaoan-occurred-on", day.and_then(|d| d.format(DAY).ok()).unwrap_or_default());
    headers.insert("xiaoan-recorded-at", (at.unix_timestamp_nanos() / 1000).to_string());
    headers.insert("xiaoan-previous-hash", hex::encode(&event.previous_hash));
    headers.insert("xiaoan-hash", hex::encode(&event.hash));
    headers
}

const DAY: &[time::format_description::BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// Rebuilds an event from its message.
///
/// # Errors
/// Names the header that is absent or unreadable: then the message was not published by a feed.
pub fn event(headers: &HeaderMap, payload: Bytes) -> Result<RecordedEvent, String> {
    let raw =
        |name: &'static str| headers.get(name).map(HeaderValue::as_str).ok_or_else(|| format!("no {name}"));
    let text = |name| raw(name).and_then(|v| decode(v).ok_or_else(|| format!("unreadable {name}")));
    let number = |name| raw(name).and_then(|v| v.parse::<i64>().map_err(|_| format!("unreadable {name}")));
    let hash = |name| raw(name).and_then(|v| unhex(v).ok_or_else(|| format!("unreadable {name}")));
    let source = text("ce-source")?;
    let micros = number("xiaoan-recorded-at")?;
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000);
    let day = Date::parse(raw("xiaoan-occurred-on")?, DAY);
    Ok(RecordedEvent {
        source: source.strip_prefix("urn:xiaoan:").unwrap_or(&source).to_owned(),
        position: number("xiaoan-position")?,
        stream: text("ce-subject")?,
        version: number("xiaoan-version")?,
        r#type: text("ce-type")?,
        payload,
        org_unit: text("xiaoan-org")?,
        occurred_on: Some(day.map_err(|_| "unreadable xiaoan-occurred-on".to_owned())?.into()),
        recorded_at: Some(timestamp(at.map_err(|_| "unreadable xiaoan-recorded-at".to_owned())?)),
        actor: text("xiaoan-actor")?,
        traceparent: if headers.get("traceparent").is_some() { text("traceparent")? } else { String::new() },
        previous_hash: hash("xiaoan-previous-hash")?,
        hash: hash("xiaoan-hash")?,
    })
}

/// The hash a message says it has.
#[must_use]
pub fn hash_of(headers: &HeaderMap) -> Option<Bytes> {
    headers.get("xiaoan-hash").and_then(|value| unhex(value.as_str()))
}

/// Percent-encoding of the CloudEvents bindings: everything but printable ASCII without space, quote and percent.
fn encode(text: &str) -> String {
    let plain = |byte: &u8| matches!(byte, 0x21..=0x7e) && !matches!(byte, b'"' | b'%');
    if text.as_bytes().iter().all(plain) {
        return text.to_owned();
    }
    text.bytes().fold(String::with_capacity(text.len() * 3), |mut encoded, byte| {
        if plain(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

fn decode(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' { nibble(rest.next()?)? << 4 | nibble(rest.next()?)? } else { byte });
    }
    String::from_utf8(bytes).ok()
}

fn unhex(text: &str) -> Option<Bytes> {
    hex::decode(text).ok().map(Bytes::from)
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    fn sample() -> RecordedEvent {
        RecordedEvent {
            source: "cases".into(),
            position: 123_456,
            stream: "case-A3711020100002026060001".into(),
            version: 7,
            r#type: "xiaoan.cases.v1.CaseFiled".into(),
            payload: Bytes::from_static(&[0, 255, 10, 13, 1]),
            org_unit: "371102010000".into(),
            occurred_on: Some(date!(2026 - 06 - 30).into()),
            recorded_at: Some(timestamp(datetime!(2026-07-01 08:09:10.123456 UTC))),
            actor: "officer-7".into(),
            traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into(),
            previous_hash: Bytes::from(vec![7; 32]),
            hash: Bytes::from(vec![0xab; 32]),
        }
    }

    #[test]
    fn an_event_comes_back_byte_for_byte() {
        let strange = RecordedEvent {
            stream: "no hyphen".into(),
            actor: "王五 100%\r\nx: \"y\"".into(),
            traceparent: String::new(),
            payload: Bytes::new(),
            ..sample()
        };
        for event_in in [sample(), strange] {
            let headers = headers(&event_in);
            assert_eq!(event(&headers, event_in.payload.clone()).unwrap(), event_in);
            assert_eq!(hash_of(&headers).unwrap(), event_in.hash);
        }
    }

    #[test]
    fn the_headers_are_a_cloud_event() {
        let headers = headers(&sample());
        let value = |name: &str| headers.get(name).unwrap().as_str().to_owned();
        assert_eq!(value("ce-specversion"), "1.0");
        assert_eq!(value("ce-id"), "cases/123456");
        assert_eq!(value("ce-source"), "urn:xiaoan:cases");
        assert_eq!(value("ce-type"), "xiaoan.cases.v1.CaseFiled");
        assert_eq!(value("ce-time"), "2026-07-01T08:09:10.123456Z");
        assert_eq!(value("ce-subject"), "case-A3711020100002026060001");
    }

    #[test]
    fn a_subject_names_context_aggregate_event_version_and_bureau_and_nothing_else() {
        assert_eq!(subject("cases", &sample()), "xiaoan.evt.cases.case.case-filed.v1.371102");
        let odd = RecordedEvent {
            stream: "a b.*-x".into(),
            r#type: String::new(),
            org_unit: String::new(),
            ..sample()
        };
        assert_eq!(subject("cases", &odd), "xiaoan.evt.cases.a_b__._._._");
        assert_eq!(stream_name("cases"), "XIAOAN_CASES");
        assert_eq!(subjects("cases"), "xiaoan.evt.cases.>");
    }

    #[test]
    fn a_message_that_no_feed_published_is_refused_with_the_header_that_is_wrong() {
        let mut wrong = headers(&sample());
        wrong.insert("xiaoan-position", "x");
        assert_eq!(event(&wrong, Bytes::new()), Err("unreadable xiaoan-position".into()));
        assert_eq!(event(&HeaderMap::new(), Bytes::new()), Err("no ce-source".into()));
    }
}
