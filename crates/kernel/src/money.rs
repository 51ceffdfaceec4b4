//! Money is whole fen in an `i64`; no floats anywhere.

/// A text that is no amount of yuan with at most two decimals.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no amount of yuan with at most two decimals")]
pub struct NotAnAmount(pub String);

/// "499.5" → 49950 fen. Signs, thousands separators, exponents and third decimals are refused.
///
/// # Errors
/// [`NotAnAmount`] for anything that is not digits with at most two decimals, or does not fit.
pub fn yuan_to_fen(text: &str) -> Result<i64, NotAnAmount> {
    let refuse = || NotAnAmount(text.to_owned());
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 2 || text.ends_with('.') {
        return Err(refuse());
    }
    let yuan: i64 = whole.parse().map_err(|_| refuse())?;
    let fen: i64 = format!("{fraction:0<2}").parse().map_err(|_| refuse())?;
    yuan.checked_mul(100).and_then(|y| y.checked_add(fen)).ok_or_else(refuse)
}

/// 49950 fen → "499.50".
#[must_use]
pub fn yuan_from_fen(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", fen.unsigned_abs() / 100, fen.unsigned_abs() % 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn yuan_are_read_to_the_fen() {
        assert_eq!(yuan_to_fen("499.5"), Ok(49_950));
        assert_eq!(yuan_to_fen("0"), Ok(0));
        assert_eq!(yuan_to_fen("1300.0"), Ok(130_000));
        for bad in ["abc", "", ".5", "1.", "-1", "1e3", "1,000", "0.001", "99999999999999999999"] {
            assert!(yuan_to_fen(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn an_amount_reads_back_as_itself(fen in 0_i64..=1_000_000_000_000) {
            prop_assert_eq!(yuan_to_fen(&yuan_from_fen(fen)), Ok(fen));
        }
    }
}
