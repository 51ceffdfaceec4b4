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
    let magnitude = match (u64::try_from(scaled.unsigned_abs()), u64::try_from(denominator)) {
        // Nearly always: a division of 64 bits instead of one of 128, twenty thousand times a board.
        (Ok(scaled), Ok(denominator)) => {
            let (whole, rest) = (scaled / denominator, scaled % denominator);
            i128::from(whole) + i128::from(rest >= denominator - rest)
        }
        _ => {
            let (scaled, denominator) = (scaled.unsigned_abs(), denominator.unsigned_abs());
            let (whole, rest) = (scaled / denominator, scaled % denominator);
            i128::try_from(whole).ok()?.checked_add(i128::from(rest >= denominator - rest))?
        }
    };
    Some(if scaled < 0 { -magnitude } else { magnitude })
}

/// Decimals of a rate in per cent: a rate of a thousand or more is worth two.
#[must_use]
pub fn rate_places(denominator: i64) -> u32 {
    if denominator >= 1_000 { 2 } else { 1 }
}

/// numerator ÷ denominator as text; `None` as of [`rounded`].
#[must_use]
pub fn decimal(numerator: i128, denominator: i128, places: u32) -> Option<String> {
    let units = rounded(numerator, denominator, places)?;
    let mut text = String::with_capacity(12);
    push(&mut text, units, places);
    Some(text)
}

/// Adds a number of `places` decimals to a text. With two decimals one zero at the end goes: "40.00" is "40.0".
pub fn push(text: &mut String, units: i128, places: u32) {
    if units < 0 {
        text.push('-');
    }
    let one = 10_u128.pow(places);
    push_digits(text, units.unsigned_abs() / one, 1);
    if places == 0 {
        return;
    }
    text.push('.');
    let decimals = units.unsigned_abs() % one;
    match places {
        2 if decimals.is_multiple_of(10) => push_digits(text, decimals / 10, 1),
        _ => push_digits(text, decimals, places),
    }
}

/// The same with a "+" before what is above zero.
pub fn push_signed(text: &mut String, units: i128, places: u32) {
    if units > 0 {
        text.push('+');
    }
    push(text, units, places);
}

/// At least `width` digits.
fn push_digits(text: &mut String, number: u128, width: u32) {
    let mut digits = [0_u8; 39];
    let mut at = digits.len();
    let mut left = 0;
    // Divisions of 64 bits wherever they will do.
    let mut small = match u64::try_from(number) {
        Ok(small) => small,
        Err(_) => {
            let mut large = number;
            while u64::try_from(large).is_err() {
                at -= 1;
                digits[at] = b'0' + u8::try_from(large % 10).unwrap_or_default();
                large /= 10;
                left += 1;
            }
            u64::try_from(large).unwrap_or_default()
        }
    };
    while small > 0 || left < width {
        at -= 1;
        digits[at] = b'0' + u8::try_from(small % 10).unwrap_or_default();
        small /= 10;
        left += 1;
    }
    digits[at..].iter().for_each(|digit| text.push(char::from(*digit)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(units: i128, places: u32) -> String {
        let mut text = String::new();
        push(&mut text, units, places);
        text
    }
    fn signed(units: i128, places: u32) -> String {
        let mut text = String::new();
        push_signed(&mut text, units, places);
        text
    }
    fn shown(n: i128, d: i128, places: u32) -> String {
        decimal(n, d, places).unwrap_or_default()
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
        fn digits_are_those_of_the_number(units: i128, small: i32, places in 0_u32..4) {
            for units in [units, small.into()] {
                let magnitude = units.unsigned_abs();
                let (whole, decimals) = (magnitude / 10_u128.pow(places), magnitude % 10_u128.pow(places));
                let sign = if units < 0 { "-" } else { "" };
                let mut expected = match places {
                    0 => format!("{sign}{whole}"),
                    _ => format!("{sign}{whole}.{decimals:0width$}", width = places as usize),
                };
                if places == 2 && expected.ends_with('0') {
                    expected.pop();
                }
                prop_assert_eq!(text(units, places), expected);
            }
        }

        #[test]
        fn rounding_is_to_the_nearest(n in -1_000_000_000_i64..1_000_000_000, d in 1_i64..1_000_000, big: bool) {
            // The same value by the narrow and by the wide way.
            let k = if big { 1_i128 << 70 } else { 1 };
            let units = rounded(i128::from(n) * k, i128::from(d) * k, 2).expect("within range");
            let twice_off = (units * i128::from(d) - i128::from(n) * 100).abs() * 2;
            prop_assert!(twice_off <= i128::from(d));
        }

        #[test]
        fn order_agrees_with_the_reduced_fraction(n in -1_000_i64..1_000, d in 1_i64..1_000, k in 1_i64..1_000_000_000) {
            let (small, big) = (Fraction::new(n, d).expect("above 0"), Fraction::new(n * k, d * k).expect("above 0"));
            prop_assert_eq!(small, big);
            let above = Fraction::new(n * k + 1, d * k).expect("above 0");
            prop_assert!(above > small);
        }
    }
}
