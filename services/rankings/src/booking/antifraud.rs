//! Money that banks stopped, froze and gave back: three ledgers, counted on bank confirmation only, on the city's day of the
//! bank's moment (facts row J2, domain reference §H.4). An extension or a renewal adds nothing: it is the same money.
//!
//! | event | lines |
//! |---|---|
//! | stop confirmed | + stopped, + one stop confirmed |
//! | freeze confirmed, return executed | + the amount |
//! | a confirmation that was a mistake | − the same, on the same day |

use super::{Book, Line, Unbookable, day, word};
use crate::measures::Measure;
use xiaoan_proto::antifraud::v1::{
    AccountClass, FreezeConfirmationRevoked, FreezeConfirmed, ReturnExecuted, ReturnExecutionRevoked,
    StopConfirmationRevoked, StopConfirmed,
};
use xiaoan_proto::core::v1 as core;

xiaoan_kernel::events! {
    /// What books.
    pub enum AntifraudEvent {
        StopConfirmed(StopConfirmed),
        StopRevoked(StopConfirmationRevoked),
        FreezeConfirmed(FreezeConfirmed),
        FreezeRevoked(FreezeConfirmationRevoked),
        ReturnExecuted(ReturnExecuted),
        ReturnRevoked(ReturnExecutionRevoked),
    }
}

/// What books nothing.
pub const NOTHING: &[&str] = &[
    "xiaoan.antifraud.v1.InstructionSent",
    "xiaoan.antifraud.v1.InstructionAcknowledged",
    "xiaoan.antifraud.v1.InstructionResent",
    "xiaoan.antifraud.v1.InstructionTimedOut",
    "xiaoan.antifraud.v1.InstructionMismatched",
    "xiaoan.antifraud.v1.InstructionFailed",
    "xiaoan.antifraud.v1.FreezeDrafted",
    "xiaoan.antifraud.v1.FreezeApproved",
    "xiaoan.antifraud.v1.FreezeQueued",
    "xiaoan.antifraud.v1.FreezeRenewalRequested",
    "xiaoan.antifraud.v1.FreezeRenewalApproved",
    "xiaoan.antifraud.v1.FreezeRenewed",
    "xiaoan.antifraud.v1.FreezeLapsed",
    "xiaoan.antifraud.v1.FreezeLapseWarned",
    "xiaoan.antifraud.v1.OrderDeadlineBreached",
    "xiaoan.antifraud.v1.FreezeLiftRequested",
    "xiaoan.antifraud.v1.FreezeLifted",
    "xiaoan.antifraud.v1.MemberUnitJoined",
    "xiaoan.antifraud.v1.OnSiteRoleAssigned",
    "xiaoan.antifraud.v1.MemberUnitLeft",
    "xiaoan.antifraud.v1.ReturnProposed",
    "xiaoan.antifraud.v1.ReturnNoticed",
    "xiaoan.antifraud.v1.ReturnObjected",
    "xiaoan.antifraud.v1.ReturnObjectionDecided",
    "xiaoan.antifraud.v1.ReturnDecided",
    "xiaoan.antifraud.v1.StopDrafted",
    "xiaoan.antifraud.v1.StopApproved",
    "xiaoan.antifraud.v1.StopExtensionRequested",
    "xiaoan.antifraud.v1.StopExtensionApproved",
    "xiaoan.antifraud.v1.StopExtended",
    "xiaoan.antifraud.v1.StopReleaseRequested",
    "xiaoan.antifraud.v1.StopReleased",
    "xiaoan.antifraud.v1.StopExpired",
    "xiaoan.antifraud.v1.StopConverted",
];

/// Lines of an event; the category is the class of the account, "person" or "company".
///
/// # Errors
/// [`Unbookable`] when a day or a unit is missing or none.
pub fn lines(event: &AntifraudEvent) -> Result<Vec<Line>, Unbookable> {
    use Measure::{Frozen, PaidBack, Stopped, StopsConfirmed};
    match event {
        AntifraudEvent::StopConfirmed(e) => {
            let counted = [(Stopped, e.amount_fen), (StopsConfirmed, 1)];
            book(&e.org_unit, e.account_class(), e.occurred_on, 1, &counted)
        }
        AntifraudEvent::StopRevoked(e) => {
            let counted = [(Stopped, e.amount_fen), (StopsConfirmed, 1)];
            book(&e.org_unit, e.account_class(), e.occurred_on, -1, &counted)
        }
        AntifraudEvent::FreezeConfirmed(e) => {
            book(&e.org_unit, e.account_class(), e.occurred_on, 1, &[(Frozen, e.amount_fen)])
        }
        AntifraudEvent::FreezeRevoked(e) => {
            book(&e.org_unit, e.account_class(), e.occurred_on, -1, &[(Frozen, e.amount_fen)])
        }
        AntifraudEvent::ReturnExecuted(e) => {
            book(&e.org_unit, e.account_class(), e.occurred_on, 1, &[(PaidBack, e.amount_fen)])
        }
        AntifraudEvent::ReturnRevoked(e) => {
            book(&e.org_unit, e.account_class(), e.occurred_on, -1, &[(PaidBack, e.amount_fen)])
        }
    }
}

fn book(
    org_unit: &str,
    class: AccountClass,
    on: Option<core::Date>,
    sign: i64,
    counted: &[(Measure, i64)],
) -> Result<Vec<Line>, Unbookable> {
    let category = match class {
        AccountClass::Unspecified => String::new(),
        stated => word(stated.as_str_name(), "ACCOUNT_CLASS_"),
    };
    let mut book = Book::new(org_unit, &category, sign)?;
    let on = day(on, "occurred_on")?;
    counted.iter().for_each(|(measure, quantity)| book.add(*measure, on, *quantity));
    Ok(book.lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Date;
    use time::macros::date;

    const UNIT: &str = "371102000000";
    const DAY: Date = date!(2026 - 03 - 01);

    #[track_caller]
    fn booked(event: impl Into<AntifraudEvent>) -> Vec<(&'static str, String, Date, i64)> {
        let lines = lines(&event.into()).expect("books");
        lines.into_iter().map(|l| (l.measure.name(), l.category, l.occurred_on, l.quantity)).collect()
    }

    fn stopped() -> StopConfirmed {
        StopConfirmed {
            org_unit: UNIT.into(),
            amount_fen: 500_000,
            occurred_on: Some(DAY.into()),
            account_class: AccountClass::Person.into(),
            ..Default::default()
        }
    }

    #[test]
    fn a_confirmed_stop_counts_its_amount_and_itself_on_the_banks_day() {
        assert_eq!(
            booked(stopped()),
            [
                ("antifraud.stopped", "person".to_owned(), DAY, 500_000),
                ("antifraud.stops_confirmed", "person".to_owned(), DAY, 1)
            ]
        );
    }

    #[test]
    fn a_confirmation_that_was_a_mistake_leaves_the_day_it_counted_on() {
        let revoked = StopConfirmationRevoked {
            org_unit: UNIT.into(),
            amount_fen: 500_000,
            occurred_on: Some(DAY.into()),
            account_class: AccountClass::Person.into(),
            ..Default::default()
        };
        let counted: Vec<_> = booked(stopped()).into_iter().map(|(m, c, d, q)| (m, c, d, -q)).collect();
        assert_eq!(booked(revoked), counted);
    }

    #[test]
    fn frozen_and_returned_money_are_ledgers_of_their_own_and_can_be_taken_back() {
        let class = AccountClass::Company.into();
        let (org_unit, amount_fen, occurred_on) = (UNIT.to_owned(), 9_900, Some(DAY.into()));
        let freeze = FreezeConfirmed {
            org_unit: org_unit.clone(),
            amount_fen,
            occurred_on,
            account_class: class,
            ..Default::default()
        };
        assert_eq!(booked(freeze), [("antifraud.frozen", "company".to_owned(), DAY, 9_900)]);
        let unfreeze = FreezeConfirmationRevoked {
            org_unit: org_unit.clone(),
            amount_fen,
            occurred_on,
            account_class: class,
            ..Default::default()
        };
        assert_eq!(booked(unfreeze), [("antifraud.frozen", "company".to_owned(), DAY, -9_900)]);
        let paid = ReturnExecuted {
            org_unit: org_unit.clone(),
            amount_fen,
            occurred_on,
            account_class: class,
            ..Default::default()
        };
        assert_eq!(booked(paid), [("antifraud.returned", "company".to_owned(), DAY, 9_900)]);
        let not_paid = ReturnExecutionRevoked {
            org_unit,
            amount_fen,
            occurred_on,
            account_class: class,
            ..Default::default()
        };
        assert_eq!(booked(not_paid), [("antifraud.returned", "company".to_owned(), DAY, -9_900)]);
    }

    #[test]
    fn a_confirmation_without_a_day_or_a_unit_is_poison() {
        assert!(lines(&StopConfirmed { occurred_on: None, ..stopped() }.into()).is_err());
        assert!(lines(&StopConfirmed { org_unit: "bank-01".into(), ..stopped() }.into()).is_err());
    }
}
