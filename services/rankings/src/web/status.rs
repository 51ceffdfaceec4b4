//! How fresh the figures are, said honestly: what each source has delivered, what is missing, what has stopped.

use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use xiaoan_proto::rankings::v1::SourcePosition;

use super::format::{Moment, whole};
use super::lang::Lang;
use super::names;

/// State of everything a board is based on.
#[derive(Debug, Clone)]
pub struct Status {
    /// One row per source.
    pub sources: Vec<SourceView>,
    /// Moment up to which everything recorded is counted; absent before the first event.
    pub data_as_of: Option<Moment>,
    /// Sources whose projection has stopped.
    pub stopped: bool,
    /// Events known to exist and not yet counted, over all sources.
    pub behind: String,
    /// True when there are any.
    pub is_behind: bool,
    /// So many that the figures must be called old: a rebuild, or a source that was away.
    pub far_behind: bool,
    /// Changes when a source stops or recovers, falls far behind or catches up, or delivers events that did not move the
    /// board: an open page then fetches itself anew, so that what it says about freshness stays true.
    pub state: String,
}

/// From this many events on a page says in large letters that it is catching up.
const FAR: i64 = 1_000;

/// A source.
#[derive(Debug, Clone)]
pub struct SourceView {
    /// Its name, for example "cases".
    pub name: String,
    /// What it records, in words.
    pub role: String,
    /// Last position applied.
    pub position: String,
    /// Events not yet applied.
    pub lag: String,
    /// True when there are any.
    pub behind: bool,
    /// recorded_at of the last event applied.
    pub data_as_of: Option<Moment>,
    /// Hash of the last event applied, hex; empty before the first event.
    pub chain_head: String,
    /// Its first twelve digits.
    pub chain_head_short: String,
    /// Why it stopped; empty while it is well.
    pub problem: String,
}

impl Status {
    /// The state in words.
    pub fn of(sources: &[SourcePosition], lang: Lang) -> Self {
        let behind: i64 = sources.iter().map(|s| s.lag_events.max(0)).sum();
        let far_behind = behind >= FAR;
        Self {
            data_as_of: data_as_of(sources).map(Moment::of),
            far_behind,
            state: state(sources, far_behind),
            stopped: sources.iter().any(|s| !s.problem.is_empty()),
            behind: whole(behind),
            is_behind: behind > 0,
            sources: sources.iter().map(|s| source(s, lang)).collect(),
        }
    }
}

/// While every source is read to its end, the last event of any of them dates the board. When one is behind or has
/// stopped, the oldest such source does: nothing after it can be relied on.
fn data_as_of(sources: &[SourcePosition]) -> Option<OffsetDateTime> {
    let at = |s: &SourcePosition| s.data_as_of.as_ref().and_then(xiaoan_proto::instant);
    let incomplete = sources.iter().filter(|s| s.lag_events > 0 || !s.problem.is_empty());
    incomplete.filter_map(at).min().or_else(|| sources.iter().filter_map(at).max())
}

fn state(sources: &[SourcePosition], far_behind: bool) -> String {
    let mut digest = Sha256::new();
    for source in sources {
        digest.update(source.source.as_bytes());
        digest.update([0]);
        digest.update(source.problem.as_bytes());
        digest.update([0]);
        digest.update(source.position.to_be_bytes());
    }
    digest.update([u8::from(far_behind)]);
    hex::encode(digest.finalize()).chars().take(16).collect()
}

fn source(of: &SourcePosition, lang: Lang) -> SourceView {
    let chain_head = hex::encode(&of.chain_head);
    SourceView {
        name: of.source.clone(),
        role: names::source(&of.source, lang).to_owned(),
        position: whole(of.position),
        lag: whole(of.lag_events.max(0)),
        behind: of.lag_events > 0,
        data_as_of: Moment::of_wire(of.data_as_of.as_ref()),
        chain_head_short: chain_head.chars().take(12).collect(),
        chain_head,
        problem: of.problem.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost_types::Timestamp;

    fn source(name: &str, seconds: i64, lag: i64, problem: &str) -> SourcePosition {
        SourcePosition {
            source: name.into(),
            position: 7,
            chain_head: vec![0xab; 32],
            data_as_of: Some(Timestamp { seconds, nanos: 0 }),
            lag_events: lag,
            problem: problem.into(),
        }
    }

    #[test]
    fn a_quiet_source_does_not_age_the_board() {
        let status = Status::of(&[source("cases", 2_000, 0, ""), source("hq", 1_000, 0, "")], Lang::Zh);
        assert_eq!(status.data_as_of, Some(Moment::of(OffsetDateTime::from_unix_timestamp(2_000).unwrap())));
        assert!(!status.stopped && !status.is_behind);
    }

    #[test]
    fn a_stopped_source_dates_the_board() {
        let status = Status::of(&[source("cases", 1_000, 3, "poison"), source("hq", 2_000, 0, "")], Lang::Zh);
        assert_eq!(status.data_as_of, Some(Moment::of(OffsetDateTime::from_unix_timestamp(1_000).unwrap())));
        assert!(status.stopped && status.is_behind);
        assert_eq!(status.behind, "3");
        assert_ne!(status.state, Status::of(&[], Lang::Zh).state);
    }

    #[test]
    fn nothing_recorded_yet_has_no_date() {
        assert_eq!(Status::of(&[], Lang::Zh).data_as_of, None);
    }
}
