//! Standings as they are handed out: the message, and its bytes, which are made once.

use bytes::Bytes;
use prost::Message;
use std::ops::Deref;
use std::sync::OnceLock;
use xiaoan_proto::rankings::v1::{GetStandingsResponse, SourcePosition};

/// Standings; a board of a thousand units is half a megabyte of thirty thousand texts, so nobody copies them who need not.
#[derive(Debug, Clone)]
pub struct Standings {
    answer: GetStandingsResponse,
    encoded: OnceLock<Bytes>,
}

impl Deref for Standings {
    type Target = GetStandingsResponse;
    fn deref(&self) -> &GetStandingsResponse {
        &self.answer
    }
}

impl Standings {
    pub(super) fn new(answer: GetStandingsResponse) -> Self {
        Self { answer, encoded: OnceLock::new() }
    }

    /// The same standings with other sources: their lag changes without anything being applied.
    pub(super) fn set_sources(&mut self, sources: Vec<SourcePosition>) {
        self.answer.sources = sources;
        self.encoded = OnceLock::new();
    }

    /// A copy of the message.
    #[must_use]
    pub fn to_message(&self) -> GetStandingsResponse {
        self.answer.clone()
    }

    /// The message's bytes.
    #[must_use]
    pub fn encoded(&self) -> Bytes {
        self.encoded.get_or_init(|| self.answer.encode_to_vec().into()).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_those_of_the_message_also_with_other_sources() {
        let source = |position| SourcePosition { source: "cases".into(), position, ..Default::default() };
        let mut standings =
            Standings::new(GetStandingsResponse { board: "theft-stations".into(), ..Default::default() });
        for position in [7, 8] {
            standings.set_sources(vec![source(position)]);
            let read = GetStandingsResponse::decode(standings.encoded()).expect("a message");
            assert_eq!(read.sources[0].position, position);
            assert_eq!(read, standings.to_message());
        }
    }
}
