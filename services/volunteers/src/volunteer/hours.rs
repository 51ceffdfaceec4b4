//! Shifts as intervals of time, half-open: from the check-in up to, and not including, the check-out.

use time::OffsetDateTime;

/// A shift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// Patrol.
    pub patrol_id: String,
    /// Check-in.
    pub begun: OffsetDateTime,
    /// Check-out; `None` while on duty.
    pub ended: Option<OffsetDateTime>,
}

/// Whole minutes between two instants; never negative.
#[must_use]
pub fn minutes(begun: OffsetDateTime, ended: OffsetDateTime) -> i64 {
    (ended - begun).whole_minutes().max(0)
}

/// Minutes of ended shifts together. Where shifts overlap (they should not, VO-004) a minute is counted once.
#[must_use]
pub fn minutes_once(shifts: &[Shift]) -> i64 {
    let mut spans: Vec<_> = shifts.iter().filter_map(|s| Some((s.begun, s.ended?))).collect();
    spans.sort();
    let mut sum = 0;
    let mut open: Option<(OffsetDateTime, OffsetDateTime)> = None;
    for (begun, ended) in spans {
        open = match open {
            Some((from, until)) if begun < until => Some((from, until.max(ended))),
            Some((from, until)) => {
                sum += minutes(from, until);
                Some((begun, ended))
            }
            None => Some((begun, ended)),
        };
    }
    sum + open.map_or(0, |(from, until)| minutes(from, until))
}

/// A shift that has a moment in common with `begun..ended`; `None` as the end means "still going on".
#[must_use]
pub fn overlapping(shifts: &[Shift], begun: OffsetDateTime, ended: Option<OffsetDateTime>) -> Option<&Shift> {
    shifts.iter().find(|s| {
        let begins_before_our_end = ended.is_none_or(|ended| s.begun < ended);
        let ends_after_our_begin = s.ended.is_none_or(|their_end| begun < their_end);
        // A shift of no length overlaps with nothing but what it lies in.
        begins_before_our_end && ends_after_our_begin
    })
}

/// Minutes of rest before an instant: since the last shift that ended by then. `None` when there was none.
#[must_use]
pub fn rest_before(shifts: &[Shift], at: OffsetDateTime) -> Option<i64> {
    let last = shifts.iter().filter_map(|s| s.ended).filter(|ended| *ended <= at).max()?;
    Some(minutes(last, at))
}

/// Minutes of rest after an instant: until the next shift begins. `None` when none does.
#[must_use]
pub fn rest_after(shifts: &[Shift], at: OffsetDateTime) -> Option<i64> {
    let next = shifts.iter().map(|s| s.begun).filter(|begun| *begun >= at).min()?;
    Some(minutes(at, next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use time::Duration;
    use time::macros::datetime;

    const NOON: OffsetDateTime = datetime!(2026-06-07 12:00 +8);

    fn shift(from: i64, to: i64) -> Shift {
        let at = |minute| NOON + Duration::minutes(minute);
        Shift { patrol_id: format!("p{from}"), begun: at(from), ended: Some(at(to)) }
    }

    #[test]
    fn a_minute_is_counted_once_even_across_overlapping_shifts() {
        assert_eq!(minutes_once(&[shift(0, 60), shift(30, 90)]), 90);
        assert_eq!(minutes_once(&[shift(0, 60), shift(60, 90), shift(200, 210)]), 100);
        assert_eq!(minutes_once(&[]), 0);
    }

    #[test]
    fn shifts_that_touch_do_not_overlap() {
        let shifts = [shift(0, 60)];
        let at = |minute| NOON + Duration::minutes(minute);
        assert_eq!(overlapping(&shifts, at(60), Some(at(90))), None);
        assert!(overlapping(&shifts, at(59), None).is_some());
        assert!(overlapping(&shifts, at(-10), Some(at(1))).is_some());
        let open = [Shift { ended: None, ..shift(0, 1) }];
        assert!(overlapping(&open, at(500), None).is_some());
    }

    #[test]
    fn rest_is_measured_to_the_nearest_shift_on_either_side() {
        let shifts = [shift(0, 60), shift(1000, 1060)];
        let at = |minute| NOON + Duration::minutes(minute);
        assert_eq!(rest_before(&shifts, at(300)), Some(240));
        assert_eq!(rest_after(&shifts, at(300)), Some(700));
        assert_eq!(rest_before(&shifts, at(-5)), None);
        assert_eq!(rest_after(&shifts, at(2000)), None);
    }

    proptest! {
        #[test]
        fn minutes_once_is_the_size_of_the_set_of_minutes(
            spans in prop::collection::vec((0_i64..500, 0_i64..120), 0..12),
        ) {
            let shifts: Vec<_> = spans.iter().map(|(from, long)| shift(*from, from + long)).collect();
            let set: BTreeSet<i64> = spans.iter().flat_map(|(from, long)| *from..from + long).collect();
            prop_assert_eq!(minutes_once(&shifts), i64::try_from(set.len()).unwrap());
        }
    }
}
