//! A checked append, ready to be put into a batch.

use crate::chain::Content;
use crate::{Append, StoreError};
use std::collections::HashSet;
use std::fmt::Write;

/// Largest payload or answer. A NATS message is 1 MiB by default and carries headers too, so what the log accepts the feed
/// can carry.
const MAX_BLOB: usize = 512 << 10;
/// Longest name (stream, type, actor, trace context) in bytes. An index entry of PostgreSQL ends at 2,700.
const MAX_NAME: usize = 512;
/// Most streams and most events in one command.
const MAX_WRITES: usize = 1_000;
/// Largest command with everything in it; a gRPC message is 4 MiB at most.
const MAX_COMMAND: usize = 8 << 20;
/// What a command costs beside its bytes.
const OVERHEAD: usize = 256;

/// An append that cannot fail for its form: nothing in it can make PostgreSQL refuse its batch.
#[derive(Debug)]
pub(crate) struct Command {
    pub append: Append,
    /// Versions of the streams after it.
    pub versions: Vec<i64>,
    /// The same as a `bigint[]` literal.
    pub versions_literal: String,
    /// Content digest of each event, over all writes.
    pub contents: Vec<[u8; 32]>,
    /// Memory it holds, roughly.
    pub bytes: usize,
}

impl Command {
    /// Checks an append and digests its events. Runs in the caller's task, not in the appender's.
    pub fn new(append: Append) -> Result<Self, StoreError> {
        let mut bytes = OVERHEAD + blob("response", &append.response)?;
        bytes += name("actor", &append.actor)? + name("traceparent", &append.traceparent)?;
        if append.writes.len() > MAX_WRITES {
            return Err(invalid(format!("more than {MAX_WRITES} streams")));
        }
        if append.request.is_none() && append.writes.is_empty() {
            return Err(invalid("neither a request id nor a write"));
        }

        let mut streams = HashSet::with_capacity(append.writes.len());
        let mut versions = Vec::with_capacity(append.writes.len());
        let mut contents = Vec::new();
        for write in &append.writes {
            let stream = write.stream.as_str();
            bytes += name("stream", stream)? + OVERHEAD;
            if stream.is_empty() {
                return Err(invalid("a stream without a name"));
            }
            if !streams.insert(stream) {
                return Err(invalid(format!("stream {stream} written twice")));
            }
            if write.expected_version < 0 || write.expected_version > i64::MAX - MAX_WRITES as i64 {
                return Err(invalid(format!("expected version {}", write.expected_version)));
            }
            if contents.len() + write.events.len() > MAX_WRITES {
                return Err(invalid(format!("more than {MAX_WRITES} events")));
            }
            let mut version = write.expected_version;
            for event in &write.events {
                bytes += OVERHEAD + name("type", &event.type_name)? + blob("payload", &event.payload)?;
                if event.type_name.is_empty() {
                    return Err(invalid("an event without a type"));
                }
                let day = event.occurred_on;
                // Years that the wire's dates can say; PostgreSQL would take more.
                if !(1900..=2200).contains(&day.year()) {
                    return Err(invalid(format!("occurred on {day}")));
                }
                version += 1;
                contents.push(
                    Content {
                        stream,
                        version,
                        type_name: &event.type_name,
                        payload: &event.payload,
                        org_unit: event.org_unit.as_str(),
                        occurred_on: (day.year(), u8::from(day.month()).into(), day.day().into()),
                        actor: &append.actor,
                    }
                    .digest(),
                );
            }
            versions.push(version);
        }

        if bytes > MAX_COMMAND {
            return Err(invalid(format!("{bytes} bytes in one command, more than {MAX_COMMAND}")));
        }

        let mut versions_literal = String::from("{");
        for (n, version) in versions.iter().enumerate() {
            let comma = if n == 0 { "" } else { "," };
            // Writing into a String cannot fail.
            let _ = write!(versions_literal, "{comma}{version}");
        }
        versions_literal.push('}');
        Ok(Self { append, versions, versions_literal, contents, bytes })
    }
}

fn name(what: &str, text: &str) -> Result<usize, StoreError> {
    if text.len() > MAX_NAME {
        return Err(invalid(format!("{what} longer than {MAX_NAME} bytes")));
    }
    // The one character that PostgreSQL's text cannot hold.
    if text.contains('\0') {
        return Err(invalid(format!("{what} with a NUL character")));
    }
    Ok(text.len())
}

fn blob(what: &str, bytes: &[u8]) -> Result<usize, StoreError> {
    if bytes.len() > MAX_BLOB {
        return Err(invalid(format!("{what} of {} bytes, more than {MAX_BLOB}", bytes.len())));
    }
    Ok(bytes.len())
}

fn invalid(reason: impl Into<String>) -> StoreError {
    StoreError::Invalid(reason.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NewEvent, StreamWrite};
    use time::macros::date;
    use xiaoan_kernel::{OrgCode, StreamId};

    fn append() -> Append {
        let event = NewEvent {
            type_name: "xiaoan.test.v1.Noted".into(),
            payload: vec![1; 8],
            org_unit: OrgCode::parse("371102010000").expect("12 digits"),
            occurred_on: date!(2026 - 06 - 07),
        };
        let write = |id: &str, expected_version, n: usize| StreamWrite {
            stream: StreamId::new("test", id),
            expected_version,
            events: vec![event.clone(); n],
        };
        Append {
            request: None,
            response: Vec::new(),
            writes: vec![write("a", 0, 2), write("b", 7, 0), write("c", 3, 1)],
            actor: "officer-1".into(),
            traceparent: String::new(),
        }
    }

    #[test]
    fn versions_after_a_command_follow_from_the_expected_ones() {
        let command = Command::new(append()).expect("valid");
        assert_eq!(command.versions, [2, 7, 4]);
        assert_eq!(command.versions_literal, "{2,7,4}");
        assert_eq!(command.contents.len(), 3);
    }

    #[test]
    fn whatever_postgresql_would_refuse_is_refused_before_it_is_queued() {
        type Change = fn(&mut Append);
        let changes: [(&str, Change); 12] = [
            ("NUL in the actor", |a| a.actor.push('\0')),
            ("NUL in a stream", |a| a.writes[0].stream = StreamId::new("test", "a\0")),
            ("NUL in a type", |a| a.writes[0].events[0].type_name.push('\0')),
            ("NUL in the trace context", |a| a.traceparent.push('\0')),
            ("a long stream", |a| a.writes[0].stream = StreamId::new("test", &"x".repeat(600))),
            ("a large payload", |a| a.writes[0].events[0].payload = vec![0; 600 << 10]),
            ("a large answer", |a| a.response = vec![0; 600 << 10]),
            ("one stream twice", |a| a.writes[1].stream = a.writes[0].stream.clone()),
            ("a negative version", |a| a.writes[0].expected_version = -1),
            ("a version without room", |a| a.writes[0].expected_version = i64::MAX),
            ("a day nobody can say", |a| a.writes[0].events[0].occurred_on = date!(9999 - 12 - 31)),
            ("nothing at all", |a| a.writes.clear()),
        ];
        for (what, change) in changes {
            let mut append = append();
            change(&mut append);
            assert!(matches!(Command::new(append), Err(StoreError::Invalid(_))), "{what}");
        }
    }
}
