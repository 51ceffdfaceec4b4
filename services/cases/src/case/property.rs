//! Property recovered (追回) and given back to its owner (返还). Two sums, never mixed: recovered ≤ lost, returned ≤
//! recovered. Both may still happen to a withdrawn case: the property is there whatever became of the case.

use super::{Case, Facts, day};
use crate::moment::Moment;
use crate::refusal::{Reason, Refused, Remarks};
use xiaoan_kernel::Fact;
use xiaoan_proto::cases::v1::{
    DatedAmount, PropertyRecovered, PropertyReturned, RecoverPropertyRequest, ReturnPropertyRequest,
};
use xiaoan_proto::core::v1::Provenance;

const ABOVE_ZERO: Reason =
    Reason::Malformed { form_zh: "大于0的金额（分）", form_en: "an amount in fen above 0" };

fn sum(amounts: &[DatedAmount]) -> i64 {
    amounts.iter().map(|a| a.fen).fold(0, i64::saturating_add)
}

impl Case {
    /// Records property recovered.
    ///
    /// # Errors
    /// CASE-UNKNOWN, CB-003, CB-012 (more in all than was lost), GE-006.
    pub fn decide_recover(
        &self,
        request: &RecoverPropertyRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.existing()?;
        let facts = self.facts();
        let mut remarks = Remarks::default();
        at.past_day(&mut remarks, "recovered_on", request.recovered_on.as_ref());
        let recovered_fen = sum(&facts.recovered).saturating_add(request.fen);
        if request.fen <= 0 {
            remarks.note("fen", ABOVE_ZERO);
        } else if recovered_fen > facts.loss_fen {
            remarks.note("fen", Reason::RecoveredExceedsLoss { recovered_fen, loss_fen: facts.loss_fen });
        }
        remarks.refuse()?;
        let recovered = PropertyRecovered {
            case_no: self.seen.case_no.clone(),
            recovered_on: request.recovered_on,
            fen: request.fen,
            org_unit: facts.org_unit,
            category: facts.category,
            provenance: Provenance::Recorded.into(),
        };
        Ok(vec![Fact::new(recovered, unit, day(request.recovered_on))])
    }

    /// Records property given back.
    ///
    /// # Errors
    /// CASE-UNKNOWN, CB-003, CASE-RETURN-EXCEEDS-RECOVERED, GE-006.
    pub fn decide_return(&self, request: &ReturnPropertyRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.existing()?;
        let facts = self.facts();
        let mut remarks = Remarks::default();
        at.past_day(&mut remarks, "returned_on", request.returned_on.as_ref());
        if request.fen <= 0 {
            remarks.note("fen", ABOVE_ZERO);
        }
        remarks.refuse()?;
        let recovered_fen = sum(&facts.recovered);
        let returned_fen = sum(&facts.returned).saturating_add(request.fen);
        if returned_fen > recovered_fen {
            return Err(Reason::ReturnExceedsRecovered { returned_fen, recovered_fen }.into());
        }
        let returned = PropertyReturned {
            case_no: self.seen.case_no.clone(),
            returned_on: request.returned_on,
            fen: request.fen,
            org_unit: facts.org_unit,
            category: facts.category,
        };
        Ok(vec![Fact::new(returned, unit, day(request.returned_on))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::story::{self, Desk};
    use time::macros::date;
    use xiaoan_kernel::Reason as _;
    use xiaoan_kernel::given::given;

    fn recover(fen: i64) -> RecoverPropertyRequest {
        RecoverPropertyRequest { recovered_on: Some(date!(2026 - 06 - 08).into()), fen, ..Default::default() }
    }
    fn give_back(fen: i64) -> ReturnPropertyRequest {
        ReturnPropertyRequest { returned_on: Some(date!(2026 - 06 - 09).into()), fen, ..Default::default() }
    }

    #[test]
    fn no_more_is_recovered_in_all_than_was_lost() {
        let desk = Desk::default();
        let at = desk.moment("officer-1");
        // the story's case lost 1,200 yuan
        let once = given::<Case>([story::filed()])
            .when(|case| case.decide_recover(&recover(100_000), &at))
            .then([story::recovered(date!(2026 - 06 - 08), 100_000)]);
        assert!(once.decide_recover(&recover(20_000), &at).is_ok());
        let refused = once.decide_recover(&recover(20_001), &at).unwrap_err();
        assert_eq!(
            refused.remarks()[0].reason,
            Reason::RecoveredExceedsLoss { recovered_fen: 120_001, loss_fen: 120_000 }
        );
    }

    #[test]
    fn no_more_is_returned_in_all_than_was_recovered() {
        let desk = Desk::default();
        let at = desk.moment("officer-1");
        let past = [story::filed(), story::recovered(date!(2026 - 06 - 08), 100_000)];
        let case = given::<Case>(past).0;
        assert!(case.decide_return(&give_back(100_000), &at).is_ok());
        let refused = case.decide_return(&give_back(100_001), &at).unwrap_err();
        assert_eq!(refused.remarks()[0].reason.said().code, "CASE-RETURN-EXCEEDS-RECOVERED");
    }

    #[test]
    fn property_is_recovered_in_the_past_and_is_worth_something() {
        let desk = Desk::default();
        let request = RecoverPropertyRequest {
            recovered_on: Some(date!(2031 - 01 - 01).into()),
            fen: 0,
            ..Default::default()
        };
        given::<Case>([story::filed()])
            .when(|case| case.decide_recover(&request, &desk.moment("officer-1")))
            .then_refused(&["CB-003", "GE-006"]);
    }
}
