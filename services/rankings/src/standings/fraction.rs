//! Exact fractions and their decimal text. Order and threshold never see a float.

use std::cmp::Ordering;

/// A fraction of two whole numbers; the denominator is above 0.
#[derive(Debug, Clone, Copy)]
pub struct Fraction {
    numerator: i64,
    denominator: i64,
}

impl Fraction {
    /// `None` for a denominator of 0 or below.
    #[must_use]
    pub fn new(numerator: i64, denominator: i64) -> Option<Self> {
        (denominator > 0).then_some(Self { numerator, denominator })
    }
    /// A whole number.
    #[must_use]
    pub fn whole(number: i64) -> Self {
        Self { numerator: number, denominator: 1 }
    }
}

impl Ord for Fraction {
    /// By cross multiplication: the product of two `i64` always fits an `i128`.
    fn cmp(&self, other: &Self) -> Ordering {
        let cross = |a: i64, b: i64| i128::from(a) * i128::from(b);
        cross(self.numerator, other.denominator).cmp(&cross(other.numerator, self.denominator))
    }
}
impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Fraction {
    /// Equal in value: 8/20 is 2/5.
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Fraction {}

/// numerator ÷ denominator in units of the last of `places` decimals, rounded half away from zero. `None` when the
/// denominator is not above 0 or the numbers are beyond any ledger.
#[must_use]
pub fn rounded(numerator: i128, denominator: i128, places: u32) -> Option<i128> {
    if denominator <= 0 {
        return None;
    }
    let scaled = numerator.checked_mul(10_i128.checked_pow(places)?)?;
    let (whole, rest) = (
        scaled.unsigned_abs() / denominator.unsigned_abs(),
        scaled.unsigned_abs() % denominator.unsigned_abs(),
    );
    let up = u128::from(rest >= denominator.unsigned_abs() - rest);
    let magnitude = i128::try_from(whole + up).ok()?;
    Some(if scaled < 0 { -magnitude } else { magnitude })
}

/// A number of `places` decimals as text. With two decimals one zero at the end goes: "40.00" is "40.0".
#[must_use]
pub fn text(units: i128, places: u32) -> String {
    let sign = if units < 0 { "-" } else { "" };
    if places == 0 {
        return format!("{sign}{}", units.unsigned_abs());
    }
    let one = 10_u128.pow(places);
    let width = usize::try_from(places).unwrap_or(2);
    let mut text = format!("{sign}{}.{:0width$}", units.unsigned_abs() / one, units.unsigned_abs() % one);
    if places == 2 && text.ends_with('0') {
        text.pop();
    }
    text
}

/// The same with a "+" before what is above zero.
#[must_use]
pub fn signed(units: i128, places: u32) -> String {
    let plus = if units > 0 { "+" } else { "" };
    format!("{plus}{}", text(units, places))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(n: i128, d: i128, places: u32) -> String {
        rounded(n, d, places).map_or_else(String::new, |u| text(u, places))
    }

    #[test]
    fn halves_are_rounded_away_from_zero() {
        assert_eq!(shown(1, 8, 2), "0.13");
        assert_eq!(shown(-1, 8, 2), "-0.13");
        assert_eq!(shown(1, 2, 0), "1");
        assert_eq!(shown(2, 5, 2), "0.4");
        assert_eq!(shown(40, 1, 2), "40.0");
        assert_eq!(shown(0, 7, 2), "0.0");
        assert_eq!(rounded(1, 0, 2), None);
        assert_eq!(rounded(i128::MAX, 3, 2), None);
    }

    #[test]
    fn a_negative_number_below_one_keeps_its_sign() {
        assert_eq!(text(-5, 2), "-0.05");
        assert_eq!(signed(5, 2), "+0.05");
        assert_eq!(signed(0, 1), "0.0");
    }

    proptest! {
        #[test]
        fn order_agrees_with_the_reduced_fraction(n in -1_000_i64..1_000, d in 1_i64..1_000, k in 1_i64..1_000_000_000) {
            let (small, big) = (Fraction::new(n, d).expect("above 0"), Fraction::new(n * k, d * k).expect("above 0"));
            prop_assert_eq!(small, big);
            let above = Fraction::new(n * k + 1, d * k).expect("above 0");
            prop_assert!(above > small);
        }
    }
}
