//! What officers decide about freezes: only of a filed case (AF-005), approved at the level the law asks for (AF-006), renewed
//! before the end (AF-007), never a second time but in the queue (AF-008).

use super::orders::{day, instant};
use super::stop::case_no;
use super::{Account, AccountEvent, Facts, OrderKind, account_of, is_brought_in, provenance};
use crate::moment::{self, Moment, SealedDraft, choice, choice_or_default, fen, officers, restriction, text};
use crate::refusal::{Reason, Refused, Remarks};
use crate::terms::{end_of, freeze_level, freeze_rule, tell_by};
use time::{Date, OffsetDateTime};
use xiaoan_kernel::city_midnight;
use xiaoan_proto::antifraud::v1::{
    ApprovalLevel, AssetClass, DraftFreezeRequest, FreezeApproved, FreezeConfirmationRevoked, FreezeDrafted,
    FreezeLapsed, FreezeLiftRequested, FreezeLifted, FreezeOrder, FreezeRenewalApproved,
    FreezeRenewalRequested, FreezeState, InstructionKind, RenewFreezeRequest, ReturnState, UnfreezeRequest,
};
use xiaoan_proto::core::v1::Provenance;
use xiaoan_proto::timestamp;

/// Whether an order in this state may still become, or is, a freeze.
pub(super) fn is_open(state: FreezeState) -> bool {
    match state {
        FreezeState::Drafted
        | FreezeState::Approved
        | FreezeState::Sent
        | FreezeState::Frozen
        | FreezeState::Queued
        | FreezeState::TimedOut => true,
        FreezeState::Unspecified
        | FreezeState::Failed
        | FreezeState::Lapsed
        | FreezeState::Lifted
        | FreezeState::Revoked => false,
    }
}

impl Account {
    /// Everything that is to be said about a draft, whatever the account's state. Asked before persons are sealed.
    #[must_use]
    pub fn remarks_on_freeze(request: &DraftFreezeRequest, at: &Moment<'_>) -> Remarks {
        let mut remarks = Remarks::default();
        at.org_unit(&mut remarks, "org_unit", &request.org_unit);
        moment::account(&mut remarks, request.account.as_ref());
        case_no(&mut remarks, &request.case_no, false);
        // A day that is missing, no day at all or to come is no filing.
        let filed =
            request.filed_on.and_then(|on| Date::try_from(on).ok()).is_some_and(|on| on <= at.today());
        remarks.ensure(filed, "filed_on", Reason::NoFiledCase);
        let _: AssetClass = choice(&mut remarks, "asset_class", request.asset_class);
        fen(&mut remarks, "amount_fen", request.amount_fen, 0);
        text(&mut remarks, "remark", &request.remark, 0, 200);
        restriction(&mut remarks, request.restriction.as_ref());
        officers(&mut remarks, request.officers.as_ref());
        let _: Provenance = choice_or_default(&mut remarks, "provenance", request.provenance);
        remarks
    }

    /// Id that a draft gets.
    #[must_use]
    pub fn next_freeze_id(&self, account_id: &str) -> String {
        self.next_id(account_id, OrderKind::Freeze)
    }

    /// Drafts a freeze under `order_id` ([`Self::next_freeze_id`]).
    ///
    /// # Errors
    /// AF-002, AF-004, AF-005, AF-008, AF-009, BANK-UNKNOWN, FREEZE-OPEN, STOP-OTHER-ACCOUNT, NO-LAW, CB-001, GE-006.
    pub fn decide_draft_freeze(
        &self,
        request: &DraftFreezeRequest,
        order_id: &str,
        sealed: SealedDraft,
        bank_takes_orders: bool,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        Self::remarks_on_freeze(request, at).refuse()?;
        if !bank_takes_orders {
            return Err(Reason::BankUnknown.into());
        }
        let stop = &request.stop_order_id;
        if !stop.is_empty() && (account_of(stop) != account_of(order_id) || self.stop(stop).is_err()) {
            return Err(Reason::StopOfOtherAccount.into());
        }
        if self.all_freezes().any(|f| f.case_no == request.case_no && is_open(f.state())) {
            return Err(Reason::FreezeOpen.into());
        }
        let frozen = self.all_freezes().any(|f| f.state() == FreezeState::Frozen);
        if frozen && !request.queue {
            return Err(Reason::AlreadyFrozen.into());
        }
        let rule = freeze_rule(request.asset_class(), request.complex);
        let law = at.law.catalogue().get(rule, at.today()).map_err(|_| Reason::NoLaw { id: rule })?;
        let account = request.account.clone().unwrap_or_default();
        let drafted = FreezeDrafted {
            order_id: order_id.to_owned(),
            org_unit: request.org_unit.clone(),
            member_unit: account.member_unit,
            account_class: account.account_class,
            holder: sealed.holder,
            case_no: request.case_no.clone(),
            filed_on: request.filed_on,
            asset_class: request.asset_class,
            complex: request.complex,
            ordered_fen: request.amount_fen,
            stop_order_id: stop.clone(),
            restriction: request.restriction.clone(),
            officers: sealed.officers,
            remark: request.remark.clone(),
            months: i32::from(law.limit.amount),
            level: freeze_level(request.asset_class(), request.complex).into(),
            drafted_by: at.actor.to_owned(),
            provenance: provenance(request.provenance),
        };
        Ok(vec![Self::fact(&request.org_unit, drafted, at.today())?])
    }

    /// Approves what waits: the draft, or the renewal.
    ///
    /// # Errors
    /// ORDER-UNKNOWN, NOTHING-TO-APPROVE, AF-004, AF-006, AF-007.
    pub fn decide_approve_freeze(&self, order_id: &str, at: &Moment<'_>) -> Result<Facts, Refused> {
        let freeze = self.freeze(order_id)?;
        let Some((kind, asked_by)) = self.asked.get(order_id) else {
            return Err(Reason::NothingToApprove.into());
        };
        at.other_than(asked_by)?;
        at.at_level(freeze.level())?;
        let trans_serial_number = self.next_serial(order_id, at);
        let (order_id, member_unit) = (order_id.to_owned(), freeze.member_unit.clone());
        let (approved_by, approved_at) = (at.actor.to_owned(), Some(timestamp(at.now)));
        let approved_at_unit = at.unit.to_string();
        let event: AccountEvent = if *kind == InstructionKind::Renew {
            in_time(freeze, at.today())?;
            FreezeRenewalApproved {
                order_id,
                approved_by,
                approved_at_unit,
                trans_serial_number,
                member_unit,
                approved_at,
            }
            .into()
        } else {
            FreezeApproved {
                order_id,
                approved_by,
                approved_at_unit,
                level: at.level.into(),
                trans_serial_number,
                member_unit,
                approved_at,
            }
            .into()
        };
        Ok(vec![Self::fact(&freeze.org_unit, event, at.today())?])
    }

    /// Asks for a renewal, on the last day at the latest.
    ///
    /// # Errors
    /// ORDER-UNKNOWN, AF-007, AF-009, FREEZE-NOT-FROZEN, ORDER-WAITS.
    pub fn decide_renew_freeze(
        &self,
        request: &RenewFreezeRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let freeze = self.freeze(&request.order_id)?;
        let mut remarks = Remarks::default();
        restriction(&mut remarks, request.restriction.as_ref());
        remarks.refuse()?;
        in_time(freeze, at.today())?;
        self.nothing_waits(&request.order_id)?;
        let requested = FreezeRenewalRequested {
            order_id: request.order_id.clone(),
            requested_by: at.actor.to_owned(),
            restriction: request.restriction.clone(),
        };
        Ok(vec![Self::fact(&freeze.org_unit, requested, at.today())?])
    }

    /// Asks the bank to lift it; whoever asks is enough: it is in the holder's favour. An order on its way or in the bank's queue
    /// is lifted at the bank as well; a draft that no bank has heard of is simply over.
    ///
    /// # Errors
    /// ORDER-UNKNOWN, FREEZE-NOT-FROZEN, ORDER-WAITS, CB-003, GE-006.
    pub fn decide_unfreeze(&self, request: &UnfreezeRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let freeze = self.freeze(&request.order_id)?;
        let mut remarks = Remarks::default();
        text(&mut remarks, "reason", &request.reason, 1, 500);
        if request.found_unrelated_on.is_some() {
            at.past_day(&mut remarks, "found_unrelated_on", request.found_unrelated_on);
        }
        remarks.refuse()?;
        if !is_open(freeze.state()) {
            return Err(Reason::NotFrozen.into());
        }
        if freeze.state() == FreezeState::Drafted {
            let lifted = FreezeLifted {
                order_id: request.order_id.clone(),
                org_unit: freeze.org_unit.clone(),
                lifted_at: Some(timestamp(at.now)),
                trans_serial_number: String::new(),
            };
            return Ok(vec![Self::fact(&freeze.org_unit, lifted, at.today())?]);
        }
        let lifting = freeze
            .instructions
            .iter()
            .any(|i| i.kind() == InstructionKind::Unfreeze && !super::answer::is_final(i.state()));
        if lifting {
            return Err(Reason::Waits.into());
        }
        let requested = FreezeLiftRequested {
            order_id: request.order_id.clone(),
            requested_by: at.actor.to_owned(),
            reason: request.reason.clone(),
            trans_serial_number: self.next_serial(&request.order_id, at),
            member_unit: freeze.member_unit.clone(),
            found_unrelated_on: request.found_unrelated_on,
            tell_by: day(request.found_unrelated_on).and_then(|on| tell_by(at.law, on)).map(timestamp),
        };
        Ok(vec![Self::fact(&freeze.org_unit, requested, at.today())?])
    }

    /// Not renewed in time: what the timer says at the midnight after the last day. Nothing, when it was renewed or lifted.
    ///
    /// # Errors
    /// Never in practice: an order's unit is a unit.
    pub fn decide_lapse_freeze(
        &self,
        order_id: &str,
        due: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<Facts, Refused> {
        let Ok(freeze) = self.freeze(order_id) else { return Ok(Vec::new()) };
        let ends = day(freeze.expires_on).map(end_of);
        if freeze.state() != FreezeState::Frozen || ends != Some(due) || now < due {
            return Ok(Vec::new());
        }
        let lapsed = FreezeLapsed {
            order_id: order_id.to_owned(),
            org_unit: freeze.org_unit.clone(),
            expires_on: freeze.expires_on,
        };
        Ok(vec![Self::fact(&freeze.org_unit, lapsed, xiaoan_kernel::city_day(due))?])
    }

    /// Takes back a freeze that its bank confirmed by mistake.
    pub(super) fn revoke_freeze(
        &self,
        order_id: &str,
        reason: &str,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let freeze = self.freeze(order_id)?;
        let confirmed =
            matches!(freeze.state(), FreezeState::Frozen | FreezeState::Lapsed | FreezeState::Lifted);
        let (Some(counted_on), true) = (day(freeze.frozen_on), confirmed) else {
            return Err(Reason::NotConfirmed.into());
        };
        let returning = self.all_returns().any(|r| {
            r.freeze_order_id == order_id && !matches!(r.state(), ReturnState::Closed | ReturnState::Revoked)
        });
        if returning {
            return Err(Reason::ReturnsOpen.into());
        }
        let revoked = FreezeConfirmationRevoked {
            order_id: order_id.to_owned(),
            org_unit: freeze.org_unit.clone(),
            amount_fen: freeze.frozen_fen,
            occurred_on: Some(counted_on.into()),
            account_class: freeze.account_class,
            reason: reason.to_owned(),
            revoked_by: at.actor.to_owned(),
        };
        Ok(vec![Self::fact(&freeze.org_unit, revoked, counted_on)?])
    }

    /// Earliest moment at which a bank can have acted on a freeze: not before the case was filed.
    pub(super) fn earliest_freeze(
        &self,
        freeze: &FreezeOrder,
        sent_at: Option<OffsetDateTime>,
    ) -> OffsetDateTime {
        let filed = self.freezes.get(&freeze.order_id).and_then(|drafted| day(drafted.filed_on));
        let filed = filed.map_or(OffsetDateTime::UNIX_EPOCH, city_midnight);
        match sent_at {
            Some(sent_at) if !is_brought_in(freeze.provenance) => filed.max(sent_at - moment::SKEW),
            _ => filed,
        }
    }

    /// When the stop that a freeze converts ends, provided that the bank stopped it.
    pub(super) fn stop_to_convert(&self, freeze: &FreezeOrder, frozen_at: OffsetDateTime) -> Option<String> {
        use xiaoan_proto::antifraud::v1::StopState as S;
        let stop = self.stop(&freeze.stop_order_id).ok()?;
        let stopped = matches!(stop.state(), S::Stopped | S::Extended | S::Expired);
        let in_time = instant(stop.expires_at.as_ref()).is_some_and(|ends| frozen_at <= ends);
        (stopped && in_time).then(|| stop.order_id.clone())
    }

    /// Level that a freeze needs; for tests and lists.
    #[must_use]
    pub fn level_needed(&self, order_id: &str) -> ApprovalLevel {
        self.freeze(order_id).map(FreezeOrder::level).unwrap_or_default()
    }
}

/// Refuses after the last day, and what is not frozen.
fn in_time(freeze: &FreezeOrder, on: Date) -> Result<(), Refused> {
    let last = day(freeze.expires_on);
    match (freeze.state(), last) {
        (FreezeState::Frozen | FreezeState::Lapsed, Some(last)) if on > last => {
            Err(Reason::RenewedTooLate { expired_on: last }.into())
        }
        (FreezeState::Lapsed, Some(last)) => Err(Reason::RenewedTooLate { expired_on: last }.into()),
        (FreezeState::Frozen, _) => Ok(()),
        _ => Err(Reason::NotFrozen.into()),
    }
}
