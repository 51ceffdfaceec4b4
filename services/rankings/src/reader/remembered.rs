//! Standings that were just evaluated, kept while nothing they depend on was applied.

use super::sources::Mark;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use xiaoan_proto::rankings::v1::{GetStandingsResponse, SourcePosition};

/// Boards × periods kept at most: a wall of screens asks for a handful.
const KEPT: usize = 256;

/// What an answer was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Basis {
    /// Checkpoints of the snapshot.
    pub(super) marks: Vec<Mark>,
    /// Where the directory in memory stood.
    pub(super) directory: i64,
}

/// By board and period.
type Answers = HashMap<(String, String), (Basis, Arc<GetStandingsResponse>)>;

#[derive(Debug, Default)]
pub(super) struct Remembered(Mutex<Answers>);

impl Remembered {
    /// The answer, if it is of this basis; with these sources, whose lag changes without anything being applied.
    pub(super) fn find(
        &self,
        board: &str,
        period: &str,
        basis: &Basis,
        sources: &[SourcePosition],
    ) -> Option<Arc<GetStandingsResponse>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, answer) = kept.get_mut(&(board.to_owned(), period.to_owned()))?;
        if known != basis {
            return None;
        }
        if answer.sources != sources {
            Arc::make_mut(answer).sources = sources.to_vec();
        }
        Some(Arc::clone(answer))
    }

    pub(super) fn keep(&self, basis: Basis, answer: &Arc<GetStandingsResponse>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (answer.board.clone(), answer.period.clone());
        if kept.len() >= KEPT && !kept.contains_key(&key) {
            // Answers of an older basis will never be asked for again; when all are fresh, begin anew.
            kept.retain(|_, (known, _)| *known == basis);
            if kept.len() >= KEPT {
                kept.clear();
            }
        }
        kept.insert(key, (basis, Arc::clone(answer)));
    }
}
