//! Control limits of a funnel plot (domain reference §E): between which counts a unit stays by chance alone when it solves the
//! share of the whole city.
//!
//! Exact quantiles of the binomial distribution; floats are drawn and named here, never ranked by.

/// Counts between which k of n lies by chance: within `inner` with 95 %, within `outer` with 99.8 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// 95 %.
    pub inner: (i64, i64),
    /// 99.8 %.
    pub outer: (i64, i64),
}

/// Where a unit stands in the funnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Below the outer limit.
    FarBelow,
    /// Below the inner limit.
    Below,
    /// Within 95 %.
    Within,
    /// Above the inner limit.
    Above,
    /// Above the outer limit.
    FarAbove,
}

impl Limits {
    /// Where k stands.
    #[must_use]
    pub fn of(&self, k: i64) -> Standing {
        match k {
            k if k < self.outer.0 => Standing::FarBelow,
            k if k < self.inner.0 => Standing::Below,
            k if k > self.outer.1 => Standing::FarAbove,
            k if k > self.inner.1 => Standing::Above,
            _ => Standing::Within,
        }
    }
}

/// The largest n for which limits are computed: a drawing of more is a line.
pub const MOST: i64 = 100_000;

/// Limits for n cases when the whole city solves `numerator` of `denominator`. `None` for what is no proportion, and beyond
/// [`MOST`].
#[must_use]
pub fn limits(n: i64, (numerator, denominator): (i64, i64)) -> Option<Limits> {
    if !(1..=MOST).contains(&n) || denominator <= 0 || numerator < 0 || numerator > denominator {
        return None;
    }
    #[allow(clippy::cast_precision_loss)] // 2^53 cases are beyond any city
    let p = numerator as f64 / denominator as f64;
    let [far_low, low, high, far_high] = quantiles(n, p, [0.001, 0.025, 0.975, 0.999]);
    Some(Limits { inner: (low, high), outer: (far_low, far_high) })
}

/// Smallest k whose cumulated probability reaches each share; shares rise.
fn quantiles<const N: usize>(n: i64, p: f64, shares: [f64; N]) -> [i64; N] {
    let mut found = [n; N];
    if p <= 0.0 || p >= 1.0 {
        return [if p <= 0.0 { 0 } else { n }; N];
    }
    #[allow(clippy::cast_precision_loss)]
    let float = |count: i64| count as f64;
    let (odds, mut next, mut sum) = ((p / (1.0 - p)).ln(), 0, 0.0);
    // ln of the probability of k: sums of logarithms do not vanish where the probabilities do.
    let mut ln = float(n) * (1.0 - p).ln();
    for k in 0..=n {
        sum += ln.exp();
        // A hair below the share is the share: the sum is rounded a few thousand times.
        while next < N && sum >= shares[next] - 1e-12 {
            found[next] = k;
            next += 1;
        }
        if next == N {
            break;
        }
        ln += odds + (float(n - k)).ln() - float(k + 1).ln();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_at_one_half_are_those_of_the_reference() {
        for (n, inner, outer) in [(10, (2, 8), (1, 9)), (20, (6, 14), (3, 17)), (50, (18, 32), (14, 36))] {
            assert_eq!(limits(n, (1, 2)), Some(Limits { inner, outer }), "{n}");
        }
    }

    #[test]
    fn many_cases_do_not_vanish_into_zero() {
        let Limits { inner, outer } = limits(20_000, (1, 2)).expect("limits");
        assert!(
            (9_855..=9_865).contains(&inner.0) && (9_775..=9_790).contains(&outer.0),
            "{inner:?} {outer:?}"
        );
        assert_eq!(inner.0 + inner.1, 20_000);
    }

    #[test]
    fn a_city_that_solves_nothing_or_everything_has_no_room_for_chance() {
        assert_eq!(limits(7, (0, 5)), Some(Limits { inner: (0, 0), outer: (0, 0) }));
        assert_eq!(limits(7, (5, 5)), Some(Limits { inner: (7, 7), outer: (7, 7) }));
        for (n, city) in [(0, (1, 2)), (5, (3, 2)), (5, (0, 0)), (MOST + 1, (1, 2))] {
            assert_eq!(limits(n, city), None, "{n} {city:?}");
        }
    }

    #[test]
    fn a_count_on_the_limit_is_within_it() {
        let limits = limits(20, (1, 2)).expect("limits");
        let told = [2, 3, 5, 6, 14, 15, 17, 18].map(|k| limits.of(k));
        use Standing::{Above, Below, FarAbove, FarBelow, Within};
        assert_eq!(told, [FarBelow, Below, Below, Within, Within, Above, Above, FarAbove]);
    }
}
