//! What officers decide about stops: at most two of an account in a case (AF-001), asked for by two officers and approved by a
//! third who is another subject (AF-004).

use super::orders::instant;
use super::{Account, AccountEvent, Facts, OrderKind, is_brought_in, provenance, serial};
use crate::moment::{self, Moment, SealedDraft, choice_or_default, fen, officers, restriction, text};
use crate::refusal::{Reason, Refused, Remarks};
use time::OffsetDateTime;
use xiaoan_kernel::OrgCode;
use xiaoan_proto::antifraud::v1::{
    ApplicationType, DraftStopRequest, ExtendStopRequest, Instruction, InstructionKind, ReleaseStopRequest,
    StopApproved, StopConfirmationRevoked, StopDrafted, StopExpired, StopExtensionApproved,
    StopExtensionRequested, StopOrder, StopReleaseRequested, StopReleased, StopState,
};
use xiaoan_proto::core::v1::Provenance;
use xiaoan_proto::timestamp;

/// An account is stopped so often at most in one case (银发〔2016〕86号).
const MOST_STOPS: i32 = 2;

/// Whether an order in this state may still become, or is, a stop.
fn is_open(state: StopState) -> bool {
    match state {
        StopState::Drafted
        | StopState::Approved
        | StopState::Sent
        | StopState::Acknowledged
        | StopState::TimedOut
        | StopState::Stopped
        | StopState::Extended => true,
        StopState::Unspecified
        | StopState::Mismatched
        | StopState::Failed
        | StopState::Expired
        | StopState::Released
        | StopState::Converted
        | StopState::Revoked => false,
    }
}

pub(super) fn lasts(stop: &StopOrder) -> bool {
    matches!(stop.state(), StopState::Stopped | StopState::Extended)
}

impl Account {
    /// Everything that is to be said about a draft, whatever the account's state. Asked before persons are sealed.
    #[must_use]
    pub fn remarks_on_stop(request: &DraftStopRequest, at: &Moment<'_>) -> Remarks {
        let mut remarks = Remarks::default();
        at.org_unit(&mut remarks, "org_unit", &request.org_unit);
        moment::account(&mut remarks, request.account.as_ref());
        let transfer = request.transfer.as_ref();
        let at_all = transfer.is_some_and(|t| t.amount_fen > 0 && t.transferred_at.is_some());
        remarks.ensure(at_all, "transfer", Reason::MatchFieldMissing);
        if let Some(transfer) = transfer {
            let transferred_at = instant(transfer.transferred_at.as_ref());
            remarks.ensure(
                transferred_at.is_none_or(|then| then <= at.now),
                "transfer.transferred_at",
                Reason::InFuture,
            );
            text(&mut remarks, "transfer.from_bank", &transfer.from_bank, 0, 60);
            fen(&mut remarks, "transfer.amount_fen", transfer.amount_fen, 0);
        }
        let kind: ApplicationType =
            choice_or_default(&mut remarks, "application_type", request.application_type);
        let first = matches!(
            kind,
            ApplicationType::Unspecified | ApplicationType::FirstRmbDemand | ApplicationType::FirstOther
        );
        text(&mut remarks, "original_application_id", &request.original_application_id, 0, 64);
        remarks.ensure(
            first || !request.original_application_id.is_empty(),
            "original_application_id",
            Reason::OriginalApplicationMissing,
        );
        case_no(&mut remarks, &request.case_no, true);
        text(&mut remarks, "case_type", &request.case_type, 0, 20);
        text(&mut remarks, "remark", &request.remark, 0, 200);
        restriction(&mut remarks, request.restriction.as_ref());
        officers(&mut remarks, request.officers.as_ref());
        let _: Provenance = choice_or_default(&mut remarks, "provenance", request.provenance);
        remarks
    }

    /// Id that a draft gets.
    #[must_use]
    pub fn next_stop_id(&self, account_id: &str) -> String {
        self.next_id(account_id, OrderKind::Stop)
    }

    /// Drafts a stop under `order_id` ([`Self::next_stop_id`]).
    ///
    /// # Errors
    /// AF-001, AF-002, AF-003, AF-004, AF-009, BANK-UNKNOWN, STOP-OPEN, CB-001, CB-003, GE-006.
    pub fn decide_draft_stop(
        &self,
        request: &DraftStopRequest,
        order_id: &str,
        sealed: SealedDraft,
        bank_takes_orders: bool,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        Self::remarks_on_stop(request, at).refuse()?;
        if !bank_takes_orders {
            return Err(Reason::BankUnknown.into());
        }
        if self.all_stops().any(|s| s.case_no == request.case_no && is_open(s.state())) {
            return Err(Reason::StopOpen.into());
        }
        self.may_stop_again(&request.case_no)?;
        let account = request.account.clone().unwrap_or_default();
        let transfer = request.transfer.clone().unwrap_or_default();
        let drafted = StopDrafted {
            order_id: order_id.to_owned(),
            org_unit: request.org_unit.clone(),
            member_unit: account.member_unit,
            account_class: account.account_class,
            holder: sealed.holder,
            from_bank: transfer.from_bank,
            from: sealed.from,
            ordered_fen: transfer.amount_fen,
            transferred_at: transfer.transferred_at,
            application_type: request.application_type,
            original_application_id: request.original_application_id.clone(),
            case_no: request.case_no.clone(),
            case_type: request.case_type.clone(),
            urgent: request.urgent,
            restriction: request.restriction.clone(),
            officers: sealed.officers,
            remark: request.remark.clone(),
            drafted_by: at.actor.to_owned(),
            provenance: provenance(request.provenance),
        };
        Ok(vec![Self::fact(&request.org_unit, drafted, at.today())?])
    }

    /// Refuses the third stop of the account in a case. What its bank has not answered may yet turn out to be a stop: an order,
    /// also one that was released meanwhile, and an extension, also of a stop that has expired meanwhile.
    fn may_stop_again(&self, case_no: &str) -> Result<(), Refused> {
        let may_be = |stop: &StopOrder| {
            let open = |kind: InstructionKind| {
                let unanswered = |i: &Instruction| i.kind() == kind && !super::answer::is_final(i.state());
                i32::from(stop.instructions.iter().any(unanswered))
            };
            stop.stops.max(open(InstructionKind::Stop)) + open(InstructionKind::Extend)
        };
        let had: i32 = self.all_stops().filter(|s| s.case_no == case_no).map(may_be).sum();
        if had >= MOST_STOPS { Err(Reason::ThirdStop.into()) } else { Ok(()) }
    }

    /// Approves what waits: the draft, or the extension.
    ///
    /// # Errors
    /// ORDER-UNKNOWN, NOTHING-TO-APPROVE, AF-004.
    pub fn decide_approve_stop(&self, order_id: &str, at: &Moment<'_>) -> Result<Facts, Refused> {
        let stop = self.stop(order_id)?;
        let Some((kind, asked_by)) = self.asked.get(order_id) else {
            return Err(Reason::NothingToApprove.into());
        };
        at.other_than(asked_by)?;
        let trans_serial_number = self.next_serial(order_id, at);
        let (order_id, member_unit) = (order_id.to_owned(), stop.member_unit.clone());
        let (approved_by, approved_at) = (at.actor.to_owned(), Some(timestamp(at.now)));
        let event: AccountEvent = if *kind == InstructionKind::Extend {
            if !lasts(stop) {
                return Err(Reason::NotStopped.into());
            }
            StopExtensionApproved { order_id, approved_by, trans_serial_number, member_unit, approved_at }
                .into()
        } else {
            StopApproved { order_id, approved_by, trans_serial_number, member_unit, approved_at }.into()
        };
        Ok(vec![Self::fact(&stop.org_unit, event, at.today())?])
    }

    /// Serial of an order's next instruction.
    pub(super) fn next_serial(&self, order_id: &str, at: &Moment<'_>) -> String {
        self.orders.get(order_id).map_or(String::new(), |o| serial(o.org_unit(), at, o, order_id))
    }

    /// Asks for the second stop.
    ///
    /// # Errors
    /// ORDER-UNKNOWN, AF-001, AF-009, STOP-NOT-STOPPED, ORDER-WAITS.
    pub fn decide_extend_stop(&self, request: &ExtendStopRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let stop = self.stop(&request.order_id)?;
        let mut remarks = Remarks::default();
        restriction(&mut remarks, request.restriction.as_ref());
        remarks.refuse()?;
        self.nothing_waits(&request.order_id)?;
        self.may_stop_again(&stop.case_no)?;
        if !lasts(stop) {
            return Err(Reason::NotStopped.into());
        }
        let requested = StopExtensionRequested {
            order_id: request.order_id.clone(),
            requested_by: at.actor.to_owned(),
            restriction: request.restriction.clone(),
        };
        Ok(vec![Self::fact(&stop.org_unit, requested, at.today())?])
    }

    /// Refuses while an instruction of the order is unanswered or something of it waits for approval.
    pub(super) fn nothing_waits(&self, order_id: &str) -> Result<(), Refused> {
        let unanswered = self
            .orders
            .get(order_id)
            .is_some_and(|o| o.instructions().iter().any(|i| !super::answer::is_final(i.state())));
        if unanswered || self.asked.contains_key(order_id) { Err(Reason::Waits.into()) } else { Ok(()) }
    }

    /// Asks the bank to release; whoever asks is enough: it is in the holder's favour. An order that is on its way, or was not
    /// answered, is released at the bank as well; a draft that no bank has heard of is simply over.
    ///
    /// # Errors
    /// ORDER-UNKNOWN, STOP-NOT-STOPPED, ORDER-WAITS, GE-006.
    pub fn decide_release_stop(
        &self,
        request: &ReleaseStopRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let stop = self.stop(&request.order_id)?;
        let mut remarks = Remarks::default();
        text(&mut remarks, "reason", &request.reason, 1, 500);
        remarks.refuse()?;
        if !is_open(stop.state()) {
            return Err(Reason::NotStopped.into());
        }
        if stop.state() == StopState::Drafted {
            let released = StopReleased {
                order_id: request.order_id.clone(),
                org_unit: stop.org_unit.clone(),
                released_at: Some(timestamp(at.now)),
                trans_serial_number: String::new(),
            };
            return Ok(vec![Self::fact(&stop.org_unit, released, at.today())?]);
        }
        let releasing = stop
            .instructions
            .iter()
            .any(|i| i.kind() == InstructionKind::Release && !super::answer::is_final(i.state()));
        if releasing {
            return Err(Reason::Waits.into());
        }
        let requested = StopReleaseRequested {
            order_id: request.order_id.clone(),
            requested_by: at.actor.to_owned(),
            reason: request.reason.clone(),
            trans_serial_number: self.next_serial(&request.order_id, at),
            member_unit: stop.member_unit.clone(),
        };
        Ok(vec![Self::fact(&stop.org_unit, requested, at.today())?])
    }

    /// Its time is over: what the timer says. Nothing, when it ended otherwise or was extended meanwhile.
    ///
    /// # Errors
    /// Never in practice: an order's unit is a unit.
    pub fn decide_expire_stop(
        &self,
        order_id: &str,
        due: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<Facts, Refused> {
        let Ok(stop) = self.stop(order_id) else { return Ok(Vec::new()) };
        if !lasts(stop) || instant(stop.expires_at.as_ref()) != Some(due) || now < due {
            return Ok(Vec::new());
        }
        let expired = StopExpired {
            order_id: order_id.to_owned(),
            org_unit: stop.org_unit.clone(),
            expires_at: stop.expires_at,
        };
        Ok(vec![Self::fact(&stop.org_unit, expired, xiaoan_kernel::city_day(due))?])
    }

    /// Takes back a stop that its bank confirmed by mistake.
    pub(super) fn revoke_stop(
        &self,
        order_id: &str,
        reason: &str,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let stop = self.stop(order_id)?;
        let (Some(counted_at), true) = (instant(stop.stopped_at.as_ref()), stop.stops > 0) else {
            return Err(Reason::NotConfirmed.into());
        };
        let counted_on = xiaoan_kernel::city_day(counted_at);
        let revoked = StopConfirmationRevoked {
            order_id: order_id.to_owned(),
            org_unit: stop.org_unit.clone(),
            amount_fen: stop.stopped_fen,
            occurred_on: Some(counted_on.into()),
            account_class: stop.account_class,
            reason: reason.to_owned(),
            revoked_by: at.actor.to_owned(),
        };
        Ok(vec![Self::fact(&stop.org_unit, revoked, counted_on)?])
    }

    /// Earliest moment at which a bank can have acted on a stop.
    pub(super) fn earliest_stop(&self, stop: &StopOrder, sent_at: Option<OffsetDateTime>) -> OffsetDateTime {
        let transferred = self.stops.get(&stop.order_id).and_then(|d| instant(d.transferred_at.as_ref()));
        let transferred = transferred.unwrap_or(OffsetDateTime::UNIX_EPOCH);
        match sent_at {
            Some(sent_at) if !is_brought_in(stop.provenance) => transferred.max(sent_at - moment::SKEW),
            _ => transferred,
        }
    }
}

/// A case number, 23 characters: "A", unit, month, serial.
pub(super) fn case_no(remarks: &mut Remarks, case_no: &str, may_be_empty: bool) {
    let whole = case_no.len() == 23
        && case_no.starts_with('A')
        && case_no[1..].bytes().all(|b| b.is_ascii_digit())
        && OrgCode::parse(&case_no[1..13]).is_ok();
    let form = Reason::Malformed {
        form_zh: "23位案件编号（A开头）",
        form_en: "a case number of 23 characters",
    };
    if !case_no.is_empty() {
        remarks.ensure(whole, "case_no", form);
    } else if !may_be_empty {
        remarks.note("case_no", Reason::NoFiledCase);
    }
}
