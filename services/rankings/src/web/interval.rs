//! The 95 % interval of a rate, drawn as a small bar on a scale from 0 to 100 %.
//!
//! Only drawing happens here: the interval's ends come with the standings, and a place on the scale is rounded to
//! a tenth of a pixel. Nothing is compared or ranked by these figures.

/// Width of the drawing, in its own units.
pub const WIDTH: i32 = 120;

/// Places on the scale, as SVG attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// Left end of the interval.
    pub from: String,
    /// Its length; at least one unit, so that it is always seen.
    pub length: String,
    /// The observed value; the end of the scale when it lies beyond.
    pub dot: String,
    /// True when the value lies beyond 100 % (more solved in the period than filed in it).
    pub beyond: bool,
    /// The threshold of an attention rule.
    pub threshold: Option<String>,
}

/// Draws an interval in parts per 10,000 with the value `numerator ÷ denominator` and a threshold fraction.
pub fn bar(low: i32, high: i32, value: (i64, i64), threshold: Option<(i64, i64)>) -> Bar {
    let (low, high) = (low.clamp(0, 10_000), high.clamp(0, 10_000));
    let parts = parts_of(value);
    Bar {
        from: place(low),
        length: place((high - low).max(10_000 / WIDTH)),
        dot: place(parts.clamp(0, 10_000)),
        beyond: parts > 10_000,
        threshold: threshold.map(|fraction| place(parts_of(fraction).clamp(0, 10_000))),
    }
}

/// A fraction in parts per 10,000, rounded down; 0 for a zero denominator; at most 1,000,000.
pub fn parts_of((numerator, denominator): (i64, i64)) -> i32 {
    if denominator <= 0 {
        return 0;
    }
    let parts = i128::from(numerator) * 10_000 / i128::from(denominator);
    i32::try_from(parts.clamp(-1_000_000, 1_000_000)).unwrap_or(0)
}

fn place(parts: i32) -> String {
    let tenths = parts * WIDTH / 1_000;
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_of_twenty_stands_at_forty_per_cent() {
        let bar = bar(2188, 6134, (8, 20), Some((40, 100)));
        assert_eq!(bar.from, "26.2");
        assert_eq!(bar.length, "47.3");
        assert_eq!(bar.dot, "48.0");
        assert_eq!(bar.threshold.as_deref(), Some("48.0"));
        assert!(!bar.beyond);
    }

    #[test]
    fn more_than_all_is_shown_at_the_end_and_said() {
        let bar = bar(0, 10_000, (3, 2), None);
        assert_eq!((bar.dot.as_str(), bar.beyond), ("120.0", true));
    }

    #[test]
    fn a_zero_denominator_draws_at_zero() {
        assert_eq!(parts_of((5, 0)), 0);
        assert_eq!(parts_of((i64::MAX, 1)), 1_000_000);
    }
}
