//! A deadline that is due, and the command that it becomes.

use sha2::{Digest, Sha256};
use std::future::Future;
use time::OffsetDateTime;
use xiaoan_eventstore::{CommandError, CommandMeta, Outcome, RequestKey};
use xiaoan_kernel::{Refusal, RequestId, StreamId};

/// A deadline that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Kind, as it was armed.
    pub kind: String,
    /// Stream of the aggregate that it is about.
    pub stream: StreamId,
    /// When it was due; the facts that come of it count on that day.
    pub due_at: OffsetDateTime,
    /// Which try this is, from 1.
    pub tries: i32,
}

impl Alarm {
    /// The name of the deadline; the same for ever, in every process.
    fn name(&self) -> String {
        let micros = self.due_at.unix_timestamp_nanos() / 1000;
        format!("xiaoan-timer/{}/{}/{micros}", self.kind, self.stream)
    }

    /// Id of the command that carries it out: UUID v5 of kind, stream and due time.
    #[must_use]
    pub fn request_id(&self) -> RequestId {
        RequestId::of(&self.name())
    }

    /// Everything about that command but its content. However often a deadline fires, it is one command.
    #[must_use]
    pub fn command(&self) -> CommandMeta {
        CommandMeta {
            request: RequestKey { id: self.request_id(), digest: Sha256::digest(self.name()).into() },
            etag: None,
            actor: crate::ACTOR.to_owned(),
            traceparent: xiaoan_telemetry::current_traceparent(),
        }
    }
}

/// Carries out what a deadline means, by the service's own command path.
pub trait Fire: Send + Sync + 'static {
    /// Carries it out. `Ok` = settled, also when nothing was left to do; an error = try again later.
    ///
    /// Called again for the same deadline after a failure, a crash or a rebuild, perhaps by two processes at once: use
    /// [`Alarm::command`], and it is one command.
    fn fire(&self, alarm: Alarm) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// What the outcome of a deadline's command means for the deadline: carried out or refused, it is settled (the aggregate
/// knows better, and would refuse for ever); anything else is tried again.
///
/// # Errors
/// When the command did not get as far as a decision.
pub fn settled<R: Refusal>(outcome: Result<Outcome, CommandError<R>>) -> anyhow::Result<()> {
    match outcome {
        Ok(_) => Ok(()),
        Err(CommandError::Refused(refusal)) => {
            let code = refusal.findings().first().map_or("", |finding| finding.code);
            tracing::info!(code, "a deadline's command was refused, nothing was left to do");
            Ok(())
        }
        Err(
            error @ (CommandError::StaleEtag
            | CommandError::LostRace
            | CommandError::RequestReused
            | CommandError::Overloaded
            | CommandError::Store(_)),
        ) => Err(anyhow::anyhow!("{error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn alarm() -> Alarm {
        let stream = StreamId::new("stop", "1");
        Alarm { kind: "stop-ends".into(), stream, due_at: datetime!(2026-03-03 10:00 +8), tries: 1 }
    }

    #[test]
    fn a_deadline_is_one_command_for_ever() {
        let id = alarm().request_id();
        // Frozen: another id would carry out again what was carried out before an upgrade.
        assert_eq!(id.to_string(), "de855eb5-f91e-59b0-b3e4-eb71199de7ab");
        let again = Alarm { tries: 7, due_at: datetime!(2026-03-03 02:00 UTC), ..alarm() };
        assert_eq!(again.command().request, alarm().command().request);
    }

    #[test]
    fn another_kind_stream_or_time_is_another_command() {
        let others = [
            Alarm { kind: "stop-ends-soon".into(), ..alarm() },
            Alarm { stream: StreamId::new("stop", "2"), ..alarm() },
            Alarm { due_at: datetime!(2026-03-05 10:00 +8), ..alarm() },
        ];
        for other in others {
            assert_ne!(other.request_id(), alarm().request_id(), "{other:?}");
        }
    }
}
