//! What officers decide about returns (返还若干规定, article 8): three methods, a notice for the third, shares that add up to the
//! fen (AF-010), never more than is frozen (AF-011), nobody paid twice.

use super::orders::day;
use super::{Account, Facts, OrderKind, provenance};
use crate::moment::{Moment, choice, choice_or_default, fen, numbered, text};
use crate::refusal::{Reason, Refused, Remarks};
use crate::shares::pro_rata;
use crate::terms::notice_ends;
use xiaoan_proto::antifraud::v1::{
    ApprovalLevel, DecideObjectionRequest, FileObjectionRequest, FreezeState, ProposeReturnRequest,
    PublishReturnNoticeRequest, ReturnDecided, ReturnExecutionRevoked, ReturnMethod, ReturnNoticed,
    ReturnObjected, ReturnObjectionDecided, ReturnOrder, ReturnProposed, ReturnState, Share,
};
use xiaoan_proto::core::v1::{Provenance, SealedPerson};
use xiaoan_proto::timestamp;

/// Claims in one return at most.
const MOST_CLAIMS: usize = 200;

/// What was sealed of a claim.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SealedClaim {
    /// Keyed digest of the victim's id number.
    pub victim_ref: String,
    /// Victim.
    pub victim: Option<SealedPerson>,
    /// Account the money goes to.
    pub account: Option<SealedPerson>,
}

/// Whether money is promised or paid by a return in this state.
fn holds_money(state: ReturnState) -> bool {
    match state {
        ReturnState::Proposed
        | ReturnState::Noticed
        | ReturnState::Objected
        | ReturnState::Decided
        | ReturnState::Executed => true,
        ReturnState::Unspecified | ReturnState::Failed | ReturnState::Closed | ReturnState::Revoked => false,
    }
}

impl Account {
    /// Everything that is to be said about a proposal, whatever the account's state. Asked before persons are sealed.
    #[must_use]
    pub fn remarks_on_return(request: &ProposeReturnRequest) -> Remarks {
        let mut remarks = Remarks::default();
        let method: ReturnMethod = choice(&mut remarks, "method", request.method);
        fen(&mut remarks, "amount_fen", request.amount_fen, 1);
        let _: Provenance = choice_or_default(&mut remarks, "provenance", request.provenance);
        let count = request.claims.len();
        let form = Reason::Malformed { form_zh: "1至200名被害人", form_en: "1 to 200 claims" };
        remarks.ensure((1..=MOST_CLAIMS).contains(&count), "claims", form);
        for claim in &request.claims {
            numbered(&mut remarks, "claims.victim", claim.victim.as_ref());
            numbered(&mut remarks, "claims.account", claim.account.as_ref());
            fen(&mut remarks, "claims.loss_fen", claim.loss_fen, 1);
            fen(&mut remarks, "claims.traced_fen", claim.traced_fen, 0);
        }
        if remarks.reject() {
            return remarks;
        }
        match method {
            ReturnMethod::Direct => remarks.ensure(count == 1, "claims", Reason::ReturnMethod),
            ReturnMethod::Timestamp => {
                let whole = request.claims.iter().all(|c| (1..=c.loss_fen).contains(&c.traced_fen));
                remarks.ensure(whole, "claims.traced_fen", Reason::ReturnMethod);
            }
            ReturnMethod::ProRata | ReturnMethod::Unspecified => {}
        }
        let lost: i128 = request.claims.iter().map(|c| i128::from(c.loss_fen)).sum();
        let shares_fen: i64 = if method == ReturnMethod::Timestamp {
            request.claims.iter().map(|c| c.traced_fen).sum()
        } else {
            // Nobody gets more than was lost: a larger amount cannot be shared out.
            i64::try_from(lost).unwrap_or(i64::MAX).min(request.amount_fen)
        };
        let amount_fen = request.amount_fen;
        remarks.ensure(shares_fen == amount_fen, "amount_fen", Reason::ReturnSum { shares_fen, amount_fen });
        remarks
    }

    /// Id that a proposal gets.
    #[must_use]
    pub fn next_return_id(&self, account_id: &str) -> String {
        self.next_id(account_id, OrderKind::Return)
    }

    /// Proposes a return under `order_id` ([`Self::next_return_id`]).
    ///
    /// # Errors
    /// ORDER-UNKNOWN, FREEZE-NOT-FROZEN, AF-010, AF-011, RETURN-METHOD, RETURN-VICTIM-PAID, GE-006.
    pub fn decide_propose_return(
        &self,
        request: &ProposeReturnRequest,
        order_id: &str,
        sealed: Vec<SealedClaim>,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let freeze = self.freeze(&request.freeze_order_id)?;
        Self::remarks_on_return(request).refuse()?;
        if freeze.state() != FreezeState::Frozen {
            return Err(Reason::NotFrozen.into());
        }
        let promised: i64 = self
            .all_returns()
            .filter(|r| r.freeze_order_id == request.freeze_order_id && holds_money(r.state()))
            .map(|r| r.amount_fen)
            .sum();
        let left_fen = freeze.frozen_fen - promised;
        if request.amount_fen > left_fen {
            return Err(Reason::ReturnTooMuch { amount_fen: request.amount_fen, left_fen }.into());
        }
        let paid = |victim: &str| {
            self.all_returns()
                .filter(|r| holds_money(r.state()))
                .any(|r| r.shares.iter().any(|share| share.victim_ref == victim))
        };
        let twice = sealed.iter().enumerate().any(|(n, claim)| {
            paid(&claim.victim_ref) || sealed[..n].iter().any(|other| other.victim_ref == claim.victim_ref)
        });
        if twice {
            return Err(Reason::VictimPaid.into());
        }
        let amounts = match request.method() {
            ReturnMethod::Timestamp => request.claims.iter().map(|c| c.traced_fen).collect(),
            ReturnMethod::Direct | ReturnMethod::ProRata | ReturnMethod::Unspecified => {
                let losses: Vec<i64> = request.claims.iter().map(|c| c.loss_fen).collect();
                pro_rata(request.amount_fen, &losses)
            }
        };
        let shares: Vec<Share> = request
            .claims
            .iter()
            .zip(sealed)
            .zip(amounts)
            .map(|((claim, sealed), amount_fen)| Share {
                victim_ref: sealed.victim_ref,
                victim: sealed.victim,
                account: sealed.account,
                loss_fen: claim.loss_fen,
                amount_fen,
            })
            .collect();
        let shares_fen: i64 = shares.iter().map(|share| share.amount_fen).sum();
        if shares_fen != request.amount_fen {
            return Err(Reason::ReturnSum { shares_fen, amount_fen: request.amount_fen }.into());
        }
        let proposed = ReturnProposed {
            order_id: order_id.to_owned(),
            freeze_order_id: request.freeze_order_id.clone(),
            org_unit: freeze.org_unit.clone(),
            method: request.method,
            amount_fen: request.amount_fen,
            shares,
            proposed_by: at.actor.to_owned(),
            provenance: provenance(request.provenance),
            member_unit: freeze.member_unit.clone(),
        };
        Ok(vec![Self::fact(&freeze.org_unit, proposed, at.today())?])
    }

    /// Publishes the notice of a pro-rata return.
    ///
    /// # Errors
    /// ORDER-UNKNOWN, RETURN-NO-NOTICE, RETURN-NOTICED, RETURN-CLOSED, NO-LAW, CB-003, GE-006.
    pub fn decide_notice(
        &self,
        request: &PublishReturnNoticeRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let order = self.return_order(&request.order_id)?;
        let mut remarks = Remarks::default();
        let published_on = at.past_day(&mut remarks, "published_on", request.published_on);
        remarks.refuse()?;
        if order.method() != ReturnMethod::ProRata {
            return Err(Reason::NoNoticeNeeded.into());
        }
        if order.noticed_on.is_some() {
            return Err(Reason::Noticed.into());
        }
        undecided(order)?;
        let published_on = published_on.unwrap_or_else(|| at.today());
        let noticed = ReturnNoticed {
            order_id: request.order_id.clone(),
            published_on: request.published_on,
            until: Some(notice_ends(at.law, published_on)?.into()),
        };
        Ok(vec![Self::fact(&order.org_unit, noticed, published_on)?])
    }

    /// Number that an objection gets.
    #[must_use]
    pub fn next_objection(&self, order_id: &str) -> i32 {
        self.objections_ever.get(order_id).copied().unwrap_or_default() + 1
    }

    /// Records an objection.
    ///
    /// # Errors
    /// ORDER-UNKNOWN, RETURN-CLOSED, GE-006.
    pub fn decide_object(&self, request: &FileObjectionRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let order = self.return_order(&request.order_id)?;
        let mut remarks = Remarks::default();
        text(&mut remarks, "ground", &request.ground, 1, 500);
        remarks.refuse()?;
        undecided(order)?;
        let objected = ReturnObjected {
            order_id: request.order_id.clone(),
            objection: self.next_objection(&request.order_id),
            ground: request.ground.clone(),
        };
        Ok(vec![Self::fact(&order.org_unit, objected, at.today())?])
    }

    /// Decides an objection.
    ///
    /// # Errors
    /// ORDER-UNKNOWN, OBJECTION-UNKNOWN, RETURN-CLOSED, GE-006.
    pub fn decide_objection(
        &self,
        request: &DecideObjectionRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let order = self.return_order(&request.order_id)?;
        let mut remarks = Remarks::default();
        text(&mut remarks, "reason", &request.reason, 1, 500);
        remarks.refuse()?;
        undecided(order)?;
        let open = self.objections.get(&request.order_id);
        if !open.is_some_and(|open| open.contains(&request.objection)) {
            return Err(Reason::ObjectionUnknown.into());
        }
        let decided = ReturnObjectionDecided {
            order_id: request.order_id.clone(),
            objection: request.objection,
            upheld: request.upheld,
            reason: request.reason.clone(),
            decided_by: at.actor.to_owned(),
        };
        Ok(vec![Self::fact(&order.org_unit, decided, at.today())?])
    }

    /// Decides the return.
    ///
    /// # Errors
    /// ORDER-UNKNOWN, AF-004, AF-006, AF-012, RETURN-OBJECTED, RETURN-CLOSED, FREEZE-NOT-FROZEN.
    pub fn decide_return(&self, order_id: &str, at: &Moment<'_>) -> Result<Facts, Refused> {
        let order = self.return_order(order_id)?;
        undecided(order)?;
        at.other_than(&order.proposed_by)?;
        at.at_level(ApprovalLevel::County)?;
        if order.open_objections > 0 {
            return Err(Reason::Objected.into());
        }
        if order.method() == ReturnMethod::ProRata {
            match day(order.notice_until) {
                None => return Err(Reason::NotNoticed.into()),
                Some(until) if at.today() <= until => return Err(Reason::NoticeRuns { until }.into()),
                Some(_) => {}
            }
        }
        if self.freeze(&order.freeze_order_id)?.state() != FreezeState::Frozen {
            return Err(Reason::NotFrozen.into());
        }
        let decided = ReturnDecided {
            order_id: order_id.to_owned(),
            decided_by: at.actor.to_owned(),
            decided_at_unit: at.unit.to_string(),
            trans_serial_number: self.next_serial(order_id, at),
            member_unit: order.member_unit.clone(),
            decided_at: Some(timestamp(at.now)),
        };
        Ok(vec![Self::fact(&order.org_unit, decided, at.today())?])
    }

    /// Takes back a return that its bank confirmed by mistake.
    pub(super) fn revoke_return(
        &self,
        order_id: &str,
        reason: &str,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let order = self.return_order(order_id)?;
        let (Some(counted_on), ReturnState::Executed) = (day(order.executed_on), order.state()) else {
            return Err(Reason::NotConfirmed.into());
        };
        let revoked = ReturnExecutionRevoked {
            order_id: order_id.to_owned(),
            org_unit: order.org_unit.clone(),
            amount_fen: order.amount_fen,
            occurred_on: Some(counted_on.into()),
            account_class: self.freeze(&order.freeze_order_id)?.account_class,
            reason: reason.to_owned(),
            revoked_by: at.actor.to_owned(),
            freeze_order_id: order.freeze_order_id.clone(),
        };
        Ok(vec![Self::fact(&order.org_unit, revoked, counted_on)?])
    }
}

/// Refuses what is decided or closed.
fn undecided(order: &ReturnOrder) -> Result<(), Refused> {
    match order.state() {
        ReturnState::Proposed | ReturnState::Noticed | ReturnState::Objected => Ok(()),
        ReturnState::Unspecified
        | ReturnState::Decided
        | ReturnState::Executed
        | ReturnState::Failed
        | ReturnState::Closed
        | ReturnState::Revoked => Err(Reason::ReturnClosed.into()),
    }
}
