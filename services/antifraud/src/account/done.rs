//! What a bank did: the facts of a feedback that says "done".

use super::orders::{day, instant};
use super::{Account, Facts, is_brought_in};
use crate::moment::{self, Moment};
use crate::refusal::{Reason, Refused};
use crate::terms::{freeze_ends, stop_ends};
use time::{Date, OffsetDateTime};
use xiaoan_kernel::city_day;
use xiaoan_proto::antifraud::v1::{
    BankFeedback, FreezeConfirmed, FreezeLifted, FreezeOrder, FreezeRenewed, Instruction, InstructionKind,
    MatchField, ReturnExecuted, ReturnOrder, StopConfirmed, StopConverted, StopExtended, StopOrder,
    StopReleased,
};
use xiaoan_proto::timestamp;

/// A feedback about an instruction, with the moment of the act read from it.
pub(super) struct Act<'a> {
    pub(super) instruction: &'a Instruction,
    pub(super) feedback: &'a BankFeedback,
    pub(super) acted_at: OffsetDateTime,
}

impl Account {
    pub(super) fn done_of_stop(
        &self,
        act: &Act<'_>,
        stop: &StopOrder,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let (order_id, org_unit) = (stop.order_id.clone(), stop.org_unit.clone());
        let trans_serial_number = act.instruction.trans_serial_number.clone();
        let event: super::AccountEvent = match act.instruction.kind() {
            InstructionKind::Stop => {
                all_agree(act.feedback)?;
                act.not_before(self.earliest_stop(stop, instant(act.instruction.sent_at.as_ref())))?;
                act.within_balance()?;
                StopConfirmed {
                    order_id,
                    org_unit,
                    amount_fen: act.feedback.amount_fen,
                    occurred_on: Some(city_day(act.acted_at).into()),
                    member_unit: stop.member_unit.clone(),
                    account_class: stop.account_class,
                    balance_before_fen: act.feedback.balance_before_fen,
                    started_at: Some(timestamp(act.acted_at)),
                    expires_at: Some(timestamp(stop_ends(at.law, act.acted_at)?)),
                    trans_serial_number,
                    case_no: stop.case_no.clone(),
                    provenance: stop.provenance,
                }
                .into()
            }
            InstructionKind::Extend => {
                // The second 48 hours follow the first; when those are over, they begin with the bank's moment.
                let ends = instant(stop.expires_at.as_ref()).unwrap_or(act.acted_at).max(act.acted_at);
                StopExtended {
                    order_id,
                    org_unit,
                    expires_at: Some(timestamp(stop_ends(at.law, ends)?)),
                    extended_at: Some(timestamp(act.acted_at)),
                    trans_serial_number,
                }
                .into()
            }
            InstructionKind::Release => StopReleased {
                order_id,
                org_unit,
                released_at: Some(timestamp(act.acted_at)),
                trans_serial_number,
            }
            .into(),
            InstructionKind::Unspecified
            | InstructionKind::Freeze
            | InstructionKind::Unfreeze
            | InstructionKind::Renew
            | InstructionKind::Return => return Err(Reason::NotThisAnswer.into()),
        };
        Ok(vec![Self::fact(&stop.org_unit, event, city_day(act.acted_at))?])
    }

    pub(super) fn done_of_freeze(
        &self,
        act: &Act<'_>,
        freeze: &FreezeOrder,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let (order_id, org_unit) = (freeze.order_id.clone(), freeze.org_unit.clone());
        let trans_serial_number = act.instruction.trans_serial_number.clone();
        let on = city_day(act.acted_at);
        let drafted = self.freezes.get(&freeze.order_id).cloned().unwrap_or_default();
        let ends = |from: Date| freeze_ends(at.law, drafted.asset_class(), drafted.complex, from);
        let mut facts = Vec::new();
        let event: super::AccountEvent = match act.instruction.kind() {
            InstructionKind::Freeze => {
                act.not_before(self.earliest_freeze(freeze, instant(act.instruction.sent_at.as_ref())))?;
                act.within_balance()?;
                if freeze.ordered_fen > 0 && act.feedback.amount_fen > freeze.ordered_fen {
                    return Err(Reason::MoreThanBalance.into());
                }
                if let Some(stop_order_id) = self.stop_to_convert(freeze, act.acted_at) {
                    let stop = self.stop(&stop_order_id)?;
                    let converted = StopConverted {
                        order_id: stop_order_id,
                        org_unit: stop.org_unit.clone(),
                        freeze_order_id: order_id.clone(),
                    };
                    facts.push(Self::fact(&stop.org_unit, converted, on)?);
                }
                FreezeConfirmed {
                    order_id,
                    org_unit,
                    amount_fen: act.feedback.amount_fen,
                    occurred_on: Some(on.into()),
                    member_unit: freeze.member_unit.clone(),
                    account_class: freeze.account_class,
                    started_at: Some(timestamp(act.acted_at)),
                    expires_on: Some(ends(on)?.into()),
                    trans_serial_number,
                    case_no: freeze.case_no.clone(),
                    stop_order_id: freeze.stop_order_id.clone(),
                    provenance: freeze.provenance,
                }
                .into()
            }
            InstructionKind::Renew => {
                let last = day(freeze.expires_on).unwrap_or(on);
                // The bank's moment decides, not the moment at which we hear of it: the timer may have spoken meanwhile.
                if on > last {
                    return Err(Reason::RenewedTooLate { expired_on: last }.into());
                }
                FreezeRenewed {
                    order_id,
                    org_unit,
                    expires_on: Some(ends(last)?.into()),
                    renewed_at: Some(timestamp(act.acted_at)),
                    trans_serial_number,
                }
                .into()
            }
            InstructionKind::Unfreeze => FreezeLifted {
                order_id,
                org_unit,
                lifted_at: Some(timestamp(act.acted_at)),
                trans_serial_number,
            }
            .into(),
            InstructionKind::Unspecified
            | InstructionKind::Stop
            | InstructionKind::Release
            | InstructionKind::Extend
            | InstructionKind::Return => return Err(Reason::NotThisAnswer.into()),
        };
        facts.push(Self::fact(&freeze.org_unit, event, on)?);
        Ok(facts)
    }

    pub(super) fn done_of_return(&self, act: &Act<'_>, order: &ReturnOrder) -> Result<Facts, Refused> {
        let shares_fen = act.feedback.amount_fen;
        if shares_fen != order.amount_fen {
            return Err(Reason::ReturnSum { shares_fen, amount_fen: order.amount_fen }.into());
        }
        let freeze = self.freeze(&order.freeze_order_id)?;
        if let Some(sent_at) = instant(act.instruction.sent_at.as_ref())
            && !is_brought_in(order.provenance)
        {
            act.not_before(sent_at - moment::SKEW)?;
        }
        let on = city_day(act.acted_at);
        let executed = ReturnExecuted {
            order_id: order.order_id.clone(),
            org_unit: order.org_unit.clone(),
            amount_fen: order.amount_fen,
            occurred_on: Some(on.into()),
            member_unit: order.member_unit.clone(),
            account_class: freeze.account_class,
            executed_at: Some(timestamp(act.acted_at)),
            trans_serial_number: act.instruction.trans_serial_number.clone(),
            freeze_order_id: order.freeze_order_id.clone(),
            provenance: order.provenance,
        };
        Ok(vec![Self::fact(&order.org_unit, executed, on)?])
    }
}

impl Act<'_> {
    fn not_before(&self, earliest: OffsetDateTime) -> Result<(), Refused> {
        if self.acted_at < earliest { Err(Reason::ActedBefore { earliest }.into()) } else { Ok(()) }
    }
    fn within_balance(&self) -> Result<(), Refused> {
        let fits = (0..=self.feedback.balance_before_fen).contains(&self.feedback.amount_fen);
        if fits { Ok(()) } else { Err(Reason::MoreThanBalance.into()) }
    }
}

/// All four fields were compared and agree (AF-002).
fn all_agree(feedback: &BankFeedback) -> Result<(), Refused> {
    let four = [MatchField::Name, MatchField::Account, MatchField::Amount, MatchField::Time];
    let agreed = |field: &MatchField| feedback.agreed.contains(&i32::from(*field));
    if four.iter().all(agreed) && feedback.differing.is_empty() {
        Ok(())
    } else {
        Err(Reason::NotAgreed.into())
    }
}
