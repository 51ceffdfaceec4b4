//! Which limit of law a freeze has and at which level it is approved (criminal procedure rules 239, 243–245). The limits
//! themselves are data of the kernel's legal clock.

use crate::refusal::Reason;
use time::{Date, OffsetDateTime};
use xiaoan_kernel::legal::LegalClock;
use xiaoan_kernel::{city_midnight, day_over};
use xiaoan_proto::antifraud::v1::{ApprovalLevel, AssetClass};
use xiaoan_proto::core::v1::OrgKind;

/// Id of the limit in the catalogue of deadlines.
#[must_use]
pub fn freeze_rule(asset: AssetClass, complex: bool) -> &'static str {
    match (asset, complex) {
        (AssetClass::Deposit | AssetClass::Unspecified, false) => "FRZ-6M",
        (AssetClass::Deposit | AssetClass::Unspecified, true) => "FRZ-12M",
        (AssetClass::Bonds, _) => "FRZ-24M",
        (AssetClass::Equity, _) => "FRZ-EQUITY",
    }
}

/// Level that approves: the city for equity and for major or complex cases, otherwise the head of a county bureau.
#[must_use]
pub fn freeze_level(asset: AssetClass, complex: bool) -> ApprovalLevel {
    if complex || asset == AssetClass::Equity { ApprovalLevel::City } else { ApprovalLevel::County }
}

/// Level at which officers of a kind of unit decide; stations decide nothing here.
#[must_use]
pub fn level_of(kind: OrgKind) -> ApprovalLevel {
    match kind {
        OrgKind::CityBureau => ApprovalLevel::City,
        OrgKind::CountyBureau | OrgKind::PortBureau => ApprovalLevel::County,
        OrgKind::Unspecified | OrgKind::Station | OrgKind::PortStation | OrgKind::MemberUnit => {
            ApprovalLevel::Unspecified
        }
    }
}

/// End of a stop that a bank began at `started_at` (STOP-48, by the clock).
///
/// # Errors
/// When no such limit is law on that day.
pub fn stop_ends(law: &LegalClock, started_at: OffsetDateTime) -> Result<OffsetDateTime, Reason> {
    law.due("STOP-48", started_at).map(|due| due.ends_at).map_err(|_| Reason::NoLaw { id: "STOP-48" })
}

/// Last day of a freeze that begins or is renewed on a day.
///
/// # Errors
/// When no such limit is law on that day.
pub fn freeze_ends(law: &LegalClock, asset: AssetClass, complex: bool, from: Date) -> Result<Date, Reason> {
    let id = freeze_rule(asset, complex);
    law.due(id, city_midnight(from)).map(|due| due.last_day).map_err(|_| Reason::NoLaw { id })
}

/// Found unrelated, the bank told.
pub const UNFRZ_3D: &str = "UNFRZ-3D";
/// The decision to return received, the money returned.
pub const RET_BANK: &str = "RET-BANK";

/// By when a bank is to be told to lift what was found to be unrelated on a day; `None` when no such limit is law on that day.
#[must_use]
pub fn tell_by(law: &LegalClock, found_on: Date) -> Option<OffsetDateTime> {
    let found_at = city_midnight(found_on);
    law.due(UNFRZ_3D, found_at).ok().map(|due| due.ends_at)
}

/// By when a bank is to pay what it was told to return at a moment; `None` when no such limit is law then.
#[must_use]
pub fn pay_by(law: &LegalClock, told_at: OffsetDateTime) -> Option<OffsetDateTime> {
    law.due(RET_BANK, told_at).ok().map(|due| due.ends_at)
}

/// Last day of the notice of a pro-rata return.
///
/// # Errors
/// When no such limit is law on that day.
pub fn notice_ends(law: &LegalClock, published_on: Date) -> Result<Date, Reason> {
    law.due("RET-NOTICE", city_midnight(published_on))
        .map(|due| due.last_day)
        .map_err(|_| Reason::NoLaw { id: "RET-NOTICE" })
}

/// First instant after a day of the city.
#[must_use]
pub fn end_of(day: Date) -> OffsetDateTime {
    day_over(day).unwrap_or_else(|| city_midnight(day))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    #[test]
    fn k06_a_stop_lasts_48_hours_from_the_banks_moment() {
        let ends = stop_ends(&LegalClock::built_in(), datetime!(2026-03-01 10:00 +8));
        assert_eq!(ends, Ok(datetime!(2026-03-03 10:00 +8)));
    }

    #[test]
    fn k07_a_freeze_of_the_31st_ends_on_the_last_of_february() {
        let ends = |asset, complex| {
            freeze_ends(&LegalClock::built_in(), asset, complex, date!(2026 - 08 - 31)).expect("a law")
        };
        assert_eq!(ends(AssetClass::Deposit, false), date!(2027 - 02 - 28));
        assert_eq!(ends(AssetClass::Deposit, true), date!(2027 - 08 - 31));
        assert_eq!(ends(AssetClass::Bonds, false), date!(2028 - 08 - 31));
        assert_eq!(ends(AssetClass::Equity, false), date!(2027 - 02 - 28));
    }

    #[test]
    fn a_bank_is_told_within_three_days_and_pays_within_three_working_days() {
        let law = LegalClock::built_in();
        // Friday 2026-03-06: the third day is a Monday; the third working day a Wednesday.
        assert_eq!(tell_by(&law, date!(2026 - 03 - 06)), Some(datetime!(2026-03-10 0:00 +8)));
        assert_eq!(pay_by(&law, datetime!(2026-03-06 10:00 +8)), Some(datetime!(2026-03-12 0:00 +8)));
    }

    #[test]
    fn the_city_approves_equity_and_what_is_complex() {
        assert_eq!(freeze_level(AssetClass::Deposit, false), ApprovalLevel::County);
        assert_eq!(freeze_level(AssetClass::Deposit, true), ApprovalLevel::City);
        assert_eq!(freeze_level(AssetClass::Equity, false), ApprovalLevel::City);
        assert!(level_of(OrgKind::Station) < ApprovalLevel::County);
    }

    #[test]
    fn what_ends_on_a_day_ends_at_midnight_after_it() {
        assert_eq!(end_of(date!(2027 - 02 - 28)), datetime!(2027-03-01 0:00 +8));
    }
}
