//! Standings that were just evaluated, kept while nothing they depend on was applied; and one evaluation at a time of
//! each board and period, however many screens ask at once.

use super::sources::Mark;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;
use xiaoan_proto::rankings::v1::{GetStandingsResponse, SourcePosition};

/// Boards × periods kept at most: a wall of screens asks for a handful.
const KEPT: usize = 64;

/// What an answer was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Basis {
    /// Checkpoints of the snapshot.
    pub(super) marks: Vec<Mark>,
    /// Where the directory in memory stood.
    pub(super) directory: i64,
}

/// Board and period.
type Key = (String, String);

/// Turns to evaluate a board and period. Whoever gets the turn finds the last answer and when its evaluation began: begun
/// after the question was asked, it is as good as another one.
pub(super) type Turn = tokio::sync::Mutex<Option<(Instant, Arc<GetStandingsResponse>)>>;

#[derive(Debug, Default)]
pub(super) struct Remembered {
    answers: Mutex<HashMap<Key, (Basis, Arc<GetStandingsResponse>)>>,
    turns: Mutex<HashMap<Key, Arc<Turn>>>,
}

impl Remembered {
    /// The answer, if it is of this basis; with these sources, whose lag changes without anything being applied.
    pub(super) fn find(
        &self,
        board: &str,
        period: &str,
        basis: &Basis,
        sources: &[SourcePosition],
    ) -> Option<Arc<GetStandingsResponse>> {
        let mut kept = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
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
        let mut kept = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
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

    /// The turns of a board and period.
    pub(super) fn turn(&self, board: &str, period: &str) -> Arc<Turn> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() >= KEPT {
            // Those that somebody waits for stay.
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        }
        Arc::clone(turns.entry((board.to_owned(), period.to_owned())).or_default())
    }
}
