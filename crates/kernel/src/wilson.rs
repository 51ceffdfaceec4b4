//! The Wilson score interval of a proportion: what a rate of few cases may really be.

/// 97.5 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// 95 % interval of k of n in parts per 10,000, rounded to the nearest. `None` when n is 0, or when k is no part of n:
/// a throughput rate above 100 % is no proportion.
///
/// The only floats of a board: an interval is shown, never compared.
#[must_use]
pub fn interval(k: i64, n: i64) -> Option<(i32, i32)> {
    if n <= 0 || k < 0 || k > n {
        return None;
    }
    #[allow(clippy::cast_precision_loss)] // 2^53 cases are beyond any city
    let (k, n) = (k as f64, n as f64);
    let (p, z2) = (k / n, Z * Z);
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    #[allow(clippy::cast_possible_truncation)] // clamped to 0..=10000
    let parts = |share: f64| (share.clamp(0.0, 1.0) * 10_000.0).round() as i32;
    Some((parts(centre - half), parts(centre + half)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k12_wilson_intervals_to_four_decimals() {
        for (k, n, low, high) in [
            (2, 5, 1176, 7693),
            (8, 20, 2188, 6134),
            (20, 50, 2761, 5382),
            (80, 200, 3346, 4692),
            (13, 15, 6212, 9626),
            (0, 3, 0, 5615),
            (3, 3, 4385, 10_000),
            (171, 200, 7995, 8971),
        ] {
            assert_eq!(interval(k, n), Some((low, high)), "{k}/{n}");
        }
    }

    #[test]
    fn what_is_no_proportion_has_no_interval() {
        assert_eq!(interval(0, 0), None);
        assert_eq!(interval(3, 2), None);
        assert_eq!(interval(-1, 2), None);
    }
}
