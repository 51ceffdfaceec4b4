//! An order as everybody sees it: what each event does to it. Used by the aggregate and by the views alike.

use super::AccountEvent as E;
use super::account_of;
use time::{Date, OffsetDateTime};
use xiaoan_proto::antifraud::v1::{
    DeadlineBreach, FreezeOrder, FreezeState, Instruction, InstructionKind, InstructionState,
    OrderDeadlineBreached, ReturnOrder, ReturnState, ShownShare, StopOrder, StopState,
};

/// Kind of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OrderKind {
    /// A stop.
    Stop,
    /// A freeze.
    Freeze,
    /// A return.
    Return,
}

impl OrderKind {
    /// Letter in the order's id.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Stop => 's',
            Self::Freeze => 'f',
            Self::Return => 'r',
        }
    }
    /// Kind of an order by its id; `None` of what is no order's id.
    #[must_use]
    pub fn of(order_id: &str) -> Option<Self> {
        let (account, own) = order_id.rsplit_once('-')?;
        let is_account = account.len() == super::ACCOUNT_ID && account.bytes().all(|b| b.is_ascii_hexdigit());
        let is_number = own.len() > 1 && own.len() < 8 && own[1..].bytes().all(|b| b.is_ascii_digit());
        if !is_account || !own.is_char_boundary(1) || !is_number {
            return None;
        }
        [Self::Stop, Self::Freeze, Self::Return].into_iter().find(|kind| own.starts_with(kind.letter()))
    }
}

/// An order, without etag.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant)] // most are stops, which are the largest
pub enum Order {
    /// A stop.
    Stop(StopOrder),
    /// A freeze.
    Freeze(FreezeOrder),
    /// A return.
    Return(ReturnOrder),
}

impl Order {
    /// One that nothing has happened to.
    #[must_use]
    pub fn blank(kind: OrderKind) -> Self {
        match kind {
            OrderKind::Stop => Self::Stop(StopOrder::default()),
            OrderKind::Freeze => Self::Freeze(FreezeOrder::default()),
            OrderKind::Return => Self::Return(ReturnOrder::default()),
        }
    }
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> OrderKind {
        match self {
            Self::Stop(_) => OrderKind::Stop,
            Self::Freeze(_) => OrderKind::Freeze,
            Self::Return(_) => OrderKind::Return,
        }
    }
    /// Its id.
    #[must_use]
    pub fn order_id(&self) -> &str {
        match self {
            Self::Stop(s) => &s.order_id,
            Self::Freeze(f) => &f.order_id,
            Self::Return(r) => &r.order_id,
        }
    }
    /// Unit that it belongs to.
    #[must_use]
    pub fn org_unit(&self) -> &str {
        match self {
            Self::Stop(s) => &s.org_unit,
            Self::Freeze(f) => &f.org_unit,
            Self::Return(r) => &r.org_unit,
        }
    }
    /// Its bank.
    #[must_use]
    pub fn member_unit(&self) -> &str {
        match self {
            Self::Stop(s) => &s.member_unit,
            Self::Freeze(f) => &f.member_unit,
            Self::Return(r) => &r.member_unit,
        }
    }
    /// Number of its state's enum.
    #[must_use]
    pub fn state(&self) -> i32 {
        match self {
            Self::Stop(s) => s.state,
            Self::Freeze(f) => f.state,
            Self::Return(r) => r.state,
        }
    }
    /// Its provenance.
    #[must_use]
    pub fn provenance(&self) -> i32 {
        match self {
            Self::Stop(s) => s.provenance,
            Self::Freeze(f) => f.provenance,
            Self::Return(r) => r.provenance,
        }
    }
    /// Time limits that ran out; of a stop none is kept.
    #[must_use]
    pub fn breaches(&self) -> &[DeadlineBreach] {
        match self {
            Self::Stop(_) => &[],
            Self::Freeze(f) => &f.breaches,
            Self::Return(r) => &r.breaches,
        }
    }
    /// Everything that went to the bank.
    #[must_use]
    pub fn instructions(&self) -> &[Instruction] {
        match self {
            Self::Stop(s) => &s.instructions,
            Self::Freeze(f) => &f.instructions,
            Self::Return(r) => &r.instructions,
        }
    }
    fn instructions_mut(&mut self) -> &mut Vec<Instruction> {
        match self {
            Self::Stop(s) => &mut s.instructions,
            Self::Freeze(f) => &mut f.instructions,
            Self::Return(r) => &mut r.instructions,
        }
    }
    /// Sets the version that readers see.
    pub fn set_etag(&mut self, etag: String) {
        match self {
            Self::Stop(s) => s.etag = etag,
            Self::Freeze(f) => f.etag = etag,
            Self::Return(r) => r.etag = etag,
        }
    }
}

/// The order that an event is about, and another one that it changes too.
#[must_use]
pub fn touched(event: &E) -> (&str, Option<&str>) {
    match event {
        E::StopDrafted(e) => (&e.order_id, None),
        E::StopApproved(e) => (&e.order_id, None),
        E::StopConfirmed(e) => (&e.order_id, None),
        E::StopExtensionRequested(e) => (&e.order_id, None),
        E::StopExtensionApproved(e) => (&e.order_id, None),
        E::StopExtended(e) => (&e.order_id, None),
        E::StopReleaseRequested(e) => (&e.order_id, None),
        E::StopReleased(e) => (&e.order_id, None),
        E::StopExpired(e) => (&e.order_id, None),
        E::StopConverted(e) => (&e.order_id, None),
        E::StopConfirmationRevoked(e) => (&e.order_id, None),
        E::FreezeDrafted(e) => (&e.order_id, None),
        E::FreezeApproved(e) => (&e.order_id, None),
        E::FreezeConfirmed(e) => (&e.order_id, None),
        E::FreezeQueued(e) => (&e.order_id, None),
        E::FreezeRenewalRequested(e) => (&e.order_id, None),
        E::FreezeRenewalApproved(e) => (&e.order_id, None),
        E::FreezeRenewed(e) => (&e.order_id, None),
        E::FreezeLapsed(e) => (&e.order_id, None),
        E::FreezeLiftRequested(e) => (&e.order_id, None),
        E::FreezeLifted(e) => (&e.order_id, None),
        E::FreezeConfirmationRevoked(e) => (&e.order_id, None),
        E::FreezeLapseWarned(e) => (&e.order_id, None),
        E::DeadlineBreached(e) => (&e.order_id, None),
        E::ReturnProposed(e) => (&e.order_id, None),
        E::ReturnNoticed(e) => (&e.order_id, None),
        E::ReturnObjected(e) => (&e.order_id, None),
        E::ReturnObjectionDecided(e) => (&e.order_id, None),
        E::ReturnDecided(e) => (&e.order_id, None),
        E::ReturnExecuted(e) => (&e.order_id, Some(&e.freeze_order_id)),
        E::ReturnExecutionRevoked(e) => (&e.order_id, Some(&e.freeze_order_id)),
        E::InstructionSent(e) => (&e.order_id, None),
        E::InstructionAcknowledged(e) => (&e.order_id, None),
        E::InstructionResent(e) => (&e.order_id, None),
        E::InstructionTimedOut(e) => (&e.order_id, None),
        E::InstructionMismatched(e) => (&e.order_id, None),
        E::InstructionFailed(e) => (&e.order_id, None),
    }
}

/// Takes one event into the order `order_id`.
pub fn note(order: &mut Order, order_id: &str, event: &E) {
    note_instructions(order.instructions_mut(), order_id, event);
    match order {
        Order::Stop(stop) => note_stop(stop, event),
        Order::Freeze(freeze) => note_freeze(freeze, event),
        Order::Return(order) => note_return(order, event),
    }
}

fn note_stop(stop: &mut StopOrder, event: &E) {
    match event {
        E::StopDrafted(e) => {
            *stop = StopOrder {
                order_id: e.order_id.clone(),
                account_id: account_of(&e.order_id).to_owned(),
                org_unit: e.org_unit.clone(),
                member_unit: e.member_unit.clone(),
                account_class: e.account_class,
                state: StopState::Drafted.into(),
                case_no: e.case_no.clone(),
                ordered_fen: e.ordered_fen,
                drafted_by: e.drafted_by.clone(),
                restriction: e.restriction.clone(),
                provenance: e.provenance,
                ..StopOrder::default()
            };
        }
        E::StopApproved(e) => {
            stop.set_state(StopState::Approved);
            stop.approved_by.clone_from(&e.approved_by);
        }
        E::StopConfirmed(e) => {
            // Heard of late, after the bank has released it: it was stopped, and is no longer.
            if stop.state() != StopState::Released {
                stop.set_state(StopState::Stopped);
            }
            stop.stopped_fen = e.amount_fen;
            stop.stopped_at = e.started_at;
            stop.expires_at = e.expires_at;
            stop.stops = 1;
        }
        E::StopExtensionRequested(e) => stop.restriction.clone_from(&e.restriction),
        E::StopExtended(e) => {
            // The extension of a confirmation that was taken back meanwhile is a stop of its own, and the order stays revoked.
            if stop.state() != StopState::Revoked {
                stop.set_state(StopState::Extended);
            }
            stop.expires_at = e.expires_at;
            stop.stops += 1;
        }
        E::StopReleased(_) => stop.set_state(StopState::Released),
        E::StopExpired(_) => stop.set_state(StopState::Expired),
        E::StopConverted(e) => {
            stop.set_state(StopState::Converted);
            stop.freeze_order_id.clone_from(&e.freeze_order_id);
        }
        E::StopConfirmationRevoked(_) => {
            stop.set_state(StopState::Revoked);
            stop.stopped_fen = 0;
            stop.stops = 0;
        }
        _ => {
            if let Some(state) = opening(event, &stop.instructions, InstructionKind::Stop)
                && stop.state() != StopState::Released
            {
                stop.set_state(match state {
                    InstructionState::Acknowledged => StopState::Acknowledged,
                    InstructionState::Mismatched => StopState::Mismatched,
                    InstructionState::Failed => StopState::Failed,
                    InstructionState::TimedOut => StopState::TimedOut,
                    InstructionState::Unspecified
                    | InstructionState::Queued
                    | InstructionState::Sent
                    | InstructionState::Done => StopState::Sent,
                });
            }
        }
    }
}

fn note_freeze(freeze: &mut FreezeOrder, event: &E) {
    match event {
        E::FreezeDrafted(e) => {
            *freeze = FreezeOrder {
                order_id: e.order_id.clone(),
                account_id: account_of(&e.order_id).to_owned(),
                org_unit: e.org_unit.clone(),
                member_unit: e.member_unit.clone(),
                account_class: e.account_class,
                state: FreezeState::Drafted.into(),
                case_no: e.case_no.clone(),
                asset_class: e.asset_class,
                level: e.level,
                months: e.months,
                ordered_fen: e.ordered_fen,
                drafted_by: e.drafted_by.clone(),
                stop_order_id: e.stop_order_id.clone(),
                restriction: e.restriction.clone(),
                provenance: e.provenance,
                ..FreezeOrder::default()
            };
        }
        E::FreezeApproved(e) => {
            freeze.set_state(FreezeState::Approved);
            freeze.approved_by.clone_from(&e.approved_by);
        }
        E::FreezeConfirmed(e) => {
            if freeze.state() != FreezeState::Lifted {
                freeze.set_state(FreezeState::Frozen);
            }
            freeze.frozen_fen = e.amount_fen;
            freeze.frozen_on = e.occurred_on;
            freeze.expires_on = e.expires_on;
            freeze.prior_freezer.clear();
        }
        E::FreezeQueued(e) => {
            freeze.set_state(FreezeState::Queued);
            freeze.prior_freezer.clone_from(&e.prior_freezer);
        }
        E::FreezeRenewalRequested(e) => freeze.restriction.clone_from(&e.restriction),
        E::FreezeRenewed(e) => {
            freeze.set_state(FreezeState::Frozen);
            freeze.expires_on = e.expires_on;
            freeze.renewals += 1;
            freeze.warned_days = 0;
        }
        E::FreezeLapseWarned(e) => freeze.warned_days = e.days_left,
        E::DeadlineBreached(e) => freeze.breaches.push(breach(e)),
        E::FreezeLapsed(_) => freeze.set_state(FreezeState::Lapsed),
        E::FreezeLifted(_) => freeze.set_state(FreezeState::Lifted),
        E::FreezeConfirmationRevoked(_) => {
            freeze.set_state(FreezeState::Revoked);
            freeze.frozen_fen = 0;
        }
        E::ReturnExecuted(e) => freeze.returned_fen += e.amount_fen,
        E::ReturnExecutionRevoked(e) => freeze.returned_fen -= e.amount_fen,
        _ => {
            if let Some(state) = opening(event, &freeze.instructions, InstructionKind::Freeze)
                && !matches!(freeze.state(), FreezeState::Queued | FreezeState::Lifted)
            {
                freeze.set_state(match state {
                    InstructionState::Mismatched | InstructionState::Failed => FreezeState::Failed,
                    InstructionState::TimedOut => FreezeState::TimedOut,
                    InstructionState::Unspecified
                    | InstructionState::Queued
                    | InstructionState::Sent
                    | InstructionState::Acknowledged
                    | InstructionState::Done => FreezeState::Sent,
                });
            }
        }
    }
}

fn note_return(order: &mut ReturnOrder, event: &E) {
    match event {
        E::ReturnProposed(e) => {
            *order = ReturnOrder {
                order_id: e.order_id.clone(),
                freeze_order_id: e.freeze_order_id.clone(),
                account_id: account_of(&e.order_id).to_owned(),
                org_unit: e.org_unit.clone(),
                member_unit: e.member_unit.clone(),
                state: ReturnState::Proposed.into(),
                method: e.method,
                amount_fen: e.amount_fen,
                shares: e
                    .shares
                    .iter()
                    .map(|share| ShownShare {
                        victim_ref: share.victim_ref.clone(),
                        loss_fen: share.loss_fen,
                        amount_fen: share.amount_fen,
                    })
                    .collect(),
                proposed_by: e.proposed_by.clone(),
                provenance: e.provenance,
                ..ReturnOrder::default()
            };
        }
        E::ReturnNoticed(e) => {
            order.set_state(ReturnState::Noticed);
            order.noticed_on = e.published_on;
            order.notice_until = e.until;
        }
        E::ReturnObjected(_) => {
            order.set_state(ReturnState::Objected);
            order.open_objections += 1;
        }
        E::ReturnObjectionDecided(e) => {
            order.open_objections -= 1;
            if e.upheld {
                order.set_state(ReturnState::Closed);
            } else if order.open_objections == 0 {
                let noticed = order.noticed_on.is_some();
                order.set_state(if noticed { ReturnState::Noticed } else { ReturnState::Proposed });
            }
        }
        E::ReturnDecided(e) => {
            order.set_state(ReturnState::Decided);
            order.decided_by.clone_from(&e.decided_by);
        }
        E::ReturnExecuted(e) => {
            order.set_state(ReturnState::Executed);
            order.executed_on = e.occurred_on;
        }
        E::ReturnExecutionRevoked(_) => order.set_state(ReturnState::Revoked),
        E::DeadlineBreached(e) => order.breaches.push(breach(e)),
        _ => {
            if let Some(state) = opening(event, &order.instructions, InstructionKind::Return) {
                let failed = matches!(state, InstructionState::Failed | InstructionState::Mismatched);
                order.set_state(if failed { ReturnState::Failed } else { ReturnState::Decided });
            }
        }
    }
}

fn breach(e: &OrderDeadlineBreached) -> DeadlineBreach {
    DeadlineBreach { rule_id: e.rule_id.clone(), due_at: e.due_at }
}

/// State of the order's opening instruction after an event about it; `None` for every other event.
fn opening(event: &E, instructions: &[Instruction], kind: InstructionKind) -> Option<InstructionState> {
    let serial = match event {
        E::InstructionSent(e) => &e.trans_serial_number,
        E::InstructionAcknowledged(e) => &e.trans_serial_number,
        E::InstructionResent(e) => &e.trans_serial_number,
        E::InstructionTimedOut(e) => &e.trans_serial_number,
        E::InstructionMismatched(e) => &e.trans_serial_number,
        E::InstructionFailed(e) => &e.trans_serial_number,
        _ => return None,
    };
    let found = instructions.iter().find(|i| i.trans_serial_number == *serial)?;
    (found.kind() == kind).then_some(found.state())
}

/// Sets the state of an instruction.
fn stand<'i>(
    instructions: &'i mut [Instruction],
    serial: &str,
    state: InstructionState,
    failure: &str,
) -> Option<&'i mut Instruction> {
    let found = instructions.iter_mut().find(|i| i.trans_serial_number == serial)?;
    found.set_state(state);
    failure.clone_into(&mut found.failure);
    Some(found)
}

fn note_instructions(instructions: &mut Vec<Instruction>, order_id: &str, event: &E) {
    use InstructionKind as K;
    use InstructionState as S;
    let mut put = |kind: K, serial: &str| {
        instructions.push(Instruction {
            trans_serial_number: serial.to_owned(),
            kind: kind.into(),
            state: S::Queued.into(),
            order_id: order_id.to_owned(),
            ..Instruction::default()
        });
    };
    match event {
        E::StopApproved(e) => return put(K::Stop, &e.trans_serial_number),
        E::StopExtensionApproved(e) => return put(K::Extend, &e.trans_serial_number),
        E::StopReleaseRequested(e) => return put(K::Release, &e.trans_serial_number),
        E::FreezeApproved(e) => return put(K::Freeze, &e.trans_serial_number),
        E::FreezeRenewalApproved(e) => return put(K::Renew, &e.trans_serial_number),
        E::FreezeLiftRequested(e) => return put(K::Unfreeze, &e.trans_serial_number),
        E::ReturnDecided(e) => return put(K::Return, &e.trans_serial_number),
        _ => {}
    }
    match event {
        E::InstructionSent(e) => {
            if let Some(sent) = stand(instructions, &e.trans_serial_number, S::Sent, "") {
                sent.sent_at = e.sent_at;
            }
        }
        E::InstructionAcknowledged(e) => {
            stand(instructions, &e.trans_serial_number, S::Acknowledged, "");
        }
        E::InstructionResent(e) => {
            stand(instructions, &e.trans_serial_number, S::Queued, "");
        }
        E::InstructionTimedOut(e) => {
            stand(instructions, &e.trans_serial_number, S::TimedOut, "");
        }
        E::InstructionMismatched(e) => {
            if let Some(found) = stand(instructions, &e.trans_serial_number, S::Mismatched, "AF-002") {
                found.differing.clone_from(&e.differing);
            }
        }
        E::InstructionFailed(e) => {
            let why = [&e.return_code, &e.failure_cause, &e.feedback_remark];
            let why = why.into_iter().find(|part| !part.is_empty());
            stand(instructions, &e.trans_serial_number, S::Failed, why.map_or("", String::as_str));
        }
        E::FreezeQueued(e) => {
            stand(instructions, &e.trans_serial_number, S::Acknowledged, "");
        }
        E::StopConfirmed(e) => {
            stand(instructions, &e.trans_serial_number, S::Done, "");
        }
        E::StopExtended(e) => {
            stand(instructions, &e.trans_serial_number, S::Done, "");
        }
        E::StopReleased(e) => {
            stand(instructions, &e.trans_serial_number, S::Done, "");
        }
        E::FreezeConfirmed(e) => {
            stand(instructions, &e.trans_serial_number, S::Done, "");
        }
        E::FreezeRenewed(e) => {
            stand(instructions, &e.trans_serial_number, S::Done, "");
        }
        E::FreezeLifted(e) => {
            stand(instructions, &e.trans_serial_number, S::Done, "");
        }
        E::ReturnExecuted(e) => {
            stand(instructions, &e.trans_serial_number, S::Done, "");
        }
        _ => {}
    }
}

/// A recorded instant; deciding never records one that cannot be read.
pub(super) fn instant(at: Option<&prost_types::Timestamp>) -> Option<OffsetDateTime> {
    at.and_then(xiaoan_proto::instant)
}

/// A recorded day.
pub(super) fn day(on: Option<xiaoan_proto::core::v1::Date>) -> Option<Date> {
    on.and_then(|on| Date::try_from(on).ok())
}
