//! Which shares of liability are legal together (PO-003; domain reference §D, art. 60).
//!
//! | set | shares |
//! |---|---|
//! | one alone | one full, the others none |
//! | graded | one main, at least one secondary, the others none |
//! | equal | two or more equal, the others none |
//! | nobody | all none |

use xiaoan_proto::port::v1::{Liability, Share};

/// Whether the shares name every party exactly once, nobody else, and are one of the four sets.
#[must_use]
pub fn are_legal<'p>(shares: &[Share], parties: impl IntoIterator<Item = &'p str>) -> bool {
    let mut named: Vec<_> = shares.iter().map(|share| share.party_id.as_str()).collect();
    let mut parties: Vec<_> = parties.into_iter().collect();
    named.sort_unstable();
    parties.sort_unstable();
    if named != parties || shares.is_empty() {
        return false;
    }
    let count = |liability| shares.iter().filter(|share| share.liability() == liability).count();
    let none = count(Liability::None);
    let counts = (
        count(Liability::Full),
        count(Liability::Main),
        count(Liability::Equal),
        count(Liability::Secondary),
    );
    let stated = counts.0 + counts.1 + counts.2 + counts.3 + none;
    let is_a_set = match counts {
        (1 | 0, 0, 0, 0) => true,
        (0, 1, 0, secondary) => secondary >= 1,
        (0, 0, equal, 0) => equal >= 2,
        (_, _, _, _) => false,
    };
    stated == shares.len() && is_a_set
}

#[cfg(test)]
mod tests {
    use super::*;
    use Liability::{Equal, Full, Main, None, Secondary, Unspecified};

    const IDS: [&str; 4] = ["A", "B", "C", "D"];

    fn shares(of: &[Liability]) -> Vec<Share> {
        let share = |(id, liability): (&&str, &Liability)| Share {
            party_id: (*id).into(),
            liability: (*liability).into(),
        };
        IDS.iter().zip(of).map(share).collect()
    }

    fn legal(of: &[Liability]) -> bool {
        are_legal(&shares(of), IDS[..of.len()].iter().copied())
    }

    #[test]
    fn the_four_sets_are_legal() {
        for set in [
            &[Full, None] as &[_],
            &[Full],
            &[Main, Secondary],
            &[Main, Secondary, Secondary, None],
            &[Equal, Equal],
            &[Equal, Equal, Equal, None],
            &[None, None],
        ] {
            assert!(legal(set), "{set:?}");
        }
    }

    #[test]
    fn po_003_anything_else_is_not() {
        for set in [
            &[Full, Full] as &[_],
            &[Full, Secondary],
            &[Main, None],
            &[Main, Main],
            &[Main, Equal],
            &[Equal, None],
            &[Secondary, None],
            &[Full, Unspecified],
            &[],
        ] {
            assert!(!legal(set), "{set:?}");
        }
    }

    #[test]
    fn po_003_every_party_has_exactly_one_share_and_nobody_else_has_any() {
        let two = shares(&[Full, None]);
        assert!(!are_legal(&two, ["A", "B", "C"]));
        assert!(!are_legal(&two, ["A", "X"]));
        let twice = vec![two[0].clone(), two[1].clone(), two[1].clone()];
        assert!(!are_legal(&twice, ["A", "B"]));
    }
}
