//! The share that was recorded of what should have been, with its 95 % Wilson interval (domain reference §E, vectors K12, K13).
//! Everything that is stored is a whole number of ten-thousandths.

use xiaoan_kernel::wilson;
use xiaoan_proto::cases::v1::{AuditVerdict, AuditedAlert, IntegrityResult};

/// The result of verdicts so far, without a band.
#[must_use]
pub fn result(alerts: &[AuditedAlert]) -> IntegrityResult {
    let counted = alerts.iter().filter(|a| a.verdict() == AuditVerdict::ShouldBeRecorded);
    let (mut should, mut recorded) = (0_i32, 0_i32);
    for audited in counted {
        should += 1;
        recorded += i32::from(audited.alert.as_ref().is_some_and(|alert| alert.recorded));
    }
    let (low, high) = wilson(recorded, should);
    let share = (should > 0).then(|| (20_000 * recorded + should) / (2 * should));
    IntegrityResult { should, recorded, share, low, high, ..Default::default() }
}

/// Both ends of the interval of `k` out of `n` in ten-thousandths; 0 to 10000 of nothing.
#[must_use]
pub fn wilson(k: i32, n: i32) -> (i32, i32) {
    wilson::interval(k.into(), n.into()).unwrap_or((0, 10_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k12_the_interval_to_four_decimals() {
        let vectors = [
            ((2, 5), (1176, 7693)),
            ((8, 20), (2188, 6134)),
            ((20, 50), (2761, 5382)),
            ((80, 200), (3346, 4692)),
            ((13, 15), (6212, 9626)),
            ((0, 3), (0, 5615)),
            ((3, 3), (4385, 10_000)),
            ((171, 200), (7995, 8971)),
        ];
        for ((k, n), interval) in vectors {
            assert_eq!(wilson(k, n), interval, "{k}/{n}");
        }
    }

    #[test]
    fn of_nothing_everything_is_possible() {
        assert_eq!(wilson(0, 0), (0, 10_000));
        assert_eq!(result(&[]).share, None);
    }
}
