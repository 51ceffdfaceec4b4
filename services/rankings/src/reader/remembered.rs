//! Standings that were just evaluated, kept while nothing of the sources they need was applied; and one evaluation at a time of
//! each board and period, however many screens ask at once.

use super::Standings;
use super::sources::Mark;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;
use xiaoan_proto::rankings::v1::SourcePosition;

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

impl Basis {
    /// Whether nothing of these sources differs.
    fn agrees(&self, other: &Self, of: &[&str]) -> bool {
        let needed = |mark: &&Mark| of.contains(&mark.source.as_str());
        let same = self.marks.iter().filter(needed).eq(other.marks.iter().filter(needed));
        same && self.directory == other.directory
    }
}

/// Board and period.
type Key = (String, String);

#[derive(Debug)]
struct Kept {
    basis: Basis,
    /// Sources that it needs.
    needed: Vec<&'static str>,
    answer: Arc<Standings>,
}

/// Turns to evaluate a board and period. Whoever gets the turn finds the last answer and when its evaluation began: begun
/// after the question was asked, it is as good as another one.
pub(super) type Turn = tokio::sync::Mutex<Option<(Instant, Arc<Standings>)>>;

#[derive(Debug, Default)]
pub(super) struct Remembered {
    answers: Mutex<HashMap<Key, Kept>>,
    turns: Mutex<HashMap<Key, Arc<Turn>>>,
}

impl Remembered {
    /// The answer, if nothing that it needs has changed; with the sources as they are now, whose lag changes without
    /// anything being applied.
    pub(super) fn find(
        &self,
        board: &str,
        period: &str,
        basis: &Basis,
        sources: impl FnOnce(&[&str]) -> Vec<SourcePosition>,
    ) -> Option<Arc<Standings>> {
        let mut kept = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.get_mut(&(board.to_owned(), period.to_owned()))?;
        if !known.basis.agrees(basis, &known.needed) {
            return None;
        }
        let sources = sources(&known.needed);
        if known.answer.sources != sources {
            Arc::make_mut(&mut known.answer).set_sources(sources);
        }
        Some(Arc::clone(&known.answer))
    }

    /// Keeps an answer; gives back the one it takes the place of, whose thirty thousand texts take their time to be freed.
    pub(super) fn keep(
        &self,
        basis: Basis,
        needed: Vec<&'static str>,
        answer: &Arc<Standings>,
    ) -> Option<Arc<Standings>> {
        let mut kept = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (answer.board.clone(), answer.period.clone());
        if kept.len() >= KEPT && !kept.contains_key(&key) {
            // Answers of an older basis will never be asked for again; when all are fresh, begin anew.
            kept.retain(|_, known| known.basis.agrees(&basis, &known.needed));
            if kept.len() >= KEPT {
                kept.clear();
            }
        }
        kept.insert(key, Kept { basis, needed, answer: Arc::clone(answer) }).map(|before| before.answer)
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
