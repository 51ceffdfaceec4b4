//! The ledger: signed lines with daily and monthly sums beside them, always equal to them.
//!
//! | what | where |
//! |---|---|
//! | the tables of one generation: lines, and sums per source | `tables.sql`, `sums.sql`, made and indexed by [`tables`] |
//! | events of a batch → rows | [`batch`] |
//! | a batch into the live tables, with its checkpoint | [`live`] |
//! | a generation beside the live one, and the swap | [`rebuild`], with [`tally`] and [`copy`] |
//! | sums for the standings, lines for an explanation | [`sums`], [`lines`] |
//! | proof that sums equal lines, and the digest | [`check`] |
//!
//! Invariant: each source has a runner, a checkpoint and sums of its own. A source that is down or has stopped leaves the others
//! alone, and two runners never wait for one another.
//!
//! Invariant: a line is written once, with its event's position, and never changed; a rebuild from the same logs has the
//! same digest, whatever the batches were.

mod batch;
pub mod check;
mod copy;
pub mod lines;
mod live;
mod rebuild;
pub mod sums;
mod tables;
mod tally;

pub use live::Ledger;
pub use rebuild::LedgerRebuild;
pub(crate) use tables::HOLD;

use time::OffsetDateTime;
use xiaoan_kernel::OrgCode;

/// Name of the projection, in checkpoints and on the board.
pub const NAME: &str = "ledger";

/// Lengths to which a category is cut for the monthly sums.
pub const PREFIX_LENGTHS: [usize; 4] = [0, 2, 4, 6];

/// How much of a source counts: what was recorded by a moment and up to a position of its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Last moment of recording.
    pub at: OffsetDateTime,
    /// Last position.
    pub position: i64,
}

impl Cut {
    /// Everything.
    pub const NONE: Self = Self { at: time::macros::datetime!(9999-12-31 0:00 UTC), position: i64::MAX };
}

/// A code as the tables store it: its 12 digits as a number.
#[must_use]
pub fn unit_number(code: OrgCode) -> i64 {
    code.as_str().bytes().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'))
}

/// The code of a stored number; `None` for a number that is none.
#[must_use]
pub fn unit_code(number: i64) -> Option<OrgCode> {
    OrgCode::parse(&format!("{number:012}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_its_number_with_all_twelve_digits() {
        for text in ["371102010000", "012345678901", "000000000000"] {
            let code = OrgCode::parse(text).expect("12 digits");
            assert_eq!(unit_code(unit_number(code)), Some(code));
        }
        assert_eq!(unit_code(-1), None);
        assert_eq!(unit_code(1_000_000_000_000), None);
    }
}
