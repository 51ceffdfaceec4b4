//! Who gets how many fen of a return (返还若干规定, article 8): in proportion to the losses, exact to the fen.
//!
//! The regulation's text divides a loss by the *frozen total*; read so, the shares would not add up to what is frozen. Here a
//! share is amount × loss ÷ Σ losses (domain reference §B.2, flagged there).

/// Shares of `amount` fen in proportion to losses in fen, by largest remainder; of equal remainders the first claim gets the
/// fen. Their sum is the amount. Empty, or all 0, when nothing was lost or an argument is negative.
#[must_use]
pub fn pro_rata(amount: i64, losses: &[i64]) -> Vec<i64> {
    let total: i128 = losses.iter().map(|loss| i128::from(*loss)).sum();
    if total <= 0 || amount < 0 || losses.iter().any(|loss| *loss < 0) {
        return vec![0; losses.len()];
    }
    let exact: Vec<i128> = losses.iter().map(|loss| i128::from(amount) * i128::from(*loss)).collect();
    let mut shares: Vec<i128> = exact.iter().map(|part| part / total).collect();
    let left = i128::from(amount) - shares.iter().sum::<i128>();
    let mut by_remainder: Vec<usize> = (0..losses.len()).collect();
    by_remainder.sort_by_key(|at| (-(exact[*at] % total), *at));
    for at in by_remainder.into_iter().take(usize::try_from(left).unwrap_or_default()) {
        shares[at] += 1;
    }
    // A share is at most the amount, which fits.
    shares.into_iter().map(|share| i64::try_from(share).unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn k09_shares_are_exact_to_the_fen() {
        assert_eq!(pro_rata(10_000, &[500_000, 500_000, 500_000]), [3_334, 3_333, 3_333]);
        assert_eq!(
            pro_rata(10_000_000, &[3_000_000, 5_000_000, 12_000_000]),
            [1_500_000, 2_500_000, 6_000_000]
        );
    }

    #[test]
    fn nothing_lost_shares_nothing() {
        assert_eq!(pro_rata(100, &[]), Vec::<i64>::new());
        assert_eq!(pro_rata(100, &[0, 0]), [0, 0]);
        assert_eq!(pro_rata(-1, &[1]), [0]);
    }

    proptest! {
        #[test]
        fn the_sum_is_the_amount_and_nobody_is_a_fen_off(
            amount in 0_i64..1_000_000_000_000_000,
            losses in proptest::collection::vec(1_i64..1_000_000_000_000_000, 1..40),
        ) {
            let shares = pro_rata(amount, &losses);
            prop_assert_eq!(shares.iter().sum::<i64>(), amount);
            let total: i128 = losses.iter().map(|l| i128::from(*l)).sum();
            for (share, loss) in shares.iter().zip(&losses) {
                let exact = i128::from(amount) * i128::from(*loss);
                prop_assert!((i128::from(*share) * total - exact).abs() < total);
            }
        }
    }
}
