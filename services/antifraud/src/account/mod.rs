//! The aggregate `Account` (涉案账户): every stop, freeze and return of one account number at one bank, and the instructions
//! about them. One stream, so that "stopped twice at most", "never frozen twice" and "never more returned than frozen" are
//! decided on one state.
//!
//! | file | what |
//! |---|---|
//! | `orders.rs` | an order as everybody sees it: what each event does to it |
//! | `stop.rs`, `freeze.rs`, `returning.rs` | what officers decide |
//! | `answer.rs` | what a bank's acknowledgement or feedback means: counted once, whatever comes twice, late or in another order |
//! | `overdue.rs` | what the timer says before a freeze lapses, and when a time limit of law ran out |
//! | `done.rs` | what a bank did: the facts of a feedback that says "done" |
//! | `wire.rs` | an instruction in the vocabulary of the platform |
//!
//! An account's id is a keyed digest of bank and number; an order's id is the account's, a letter and a number
//! (`…-s1`, `…-f2`, `…-r1`). Neither says anything about the account to whoever has no key.

mod answer;
mod done;
mod freeze;
mod orders;
mod overdue;
mod returning;
mod stop;
#[cfg(test)]
mod tests;
mod wire;

pub use answer::{Answered, is_final};
pub use orders::{Order, OrderKind, note, touched};
pub use overdue::warnings;
pub use returning::SealedClaim;
pub use wire::Unopened;

use crate::moment::Moment;
use crate::refusal::{Reason, Refused};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use time::{Date, OffsetDateTime};
use xiaoan_kernel::{Aggregate, Fact, OrgCode};
use xiaoan_proto::antifraud::v1::{self, Instruction, InstructionKind};
use xiaoan_proto::core::v1::{Provenance, SealedPerson};

xiaoan_kernel::events! {
    /// Everything that can happen to an account.
    pub enum AccountEvent {
        StopDrafted(v1::StopDrafted),
        StopApproved(v1::StopApproved),
        StopConfirmed(v1::StopConfirmed),
        StopExtensionRequested(v1::StopExtensionRequested),
        StopExtensionApproved(v1::StopExtensionApproved),
        StopExtended(v1::StopExtended),
        StopReleaseRequested(v1::StopReleaseRequested),
        StopReleased(v1::StopReleased),
        StopExpired(v1::StopExpired),
        StopConverted(v1::StopConverted),
        StopConfirmationRevoked(v1::StopConfirmationRevoked),
        FreezeDrafted(v1::FreezeDrafted),
        FreezeApproved(v1::FreezeApproved),
        FreezeConfirmed(v1::FreezeConfirmed),
        FreezeQueued(v1::FreezeQueued),
        FreezeRenewalRequested(v1::FreezeRenewalRequested),
        FreezeRenewalApproved(v1::FreezeRenewalApproved),
        FreezeRenewed(v1::FreezeRenewed),
        FreezeLapsed(v1::FreezeLapsed),
        FreezeLiftRequested(v1::FreezeLiftRequested),
        FreezeLifted(v1::FreezeLifted),
        FreezeConfirmationRevoked(v1::FreezeConfirmationRevoked),
        FreezeLapseWarned(v1::FreezeLapseWarned),
        DeadlineBreached(v1::OrderDeadlineBreached),
        ReturnProposed(v1::ReturnProposed),
        ReturnNoticed(v1::ReturnNoticed),
        ReturnObjected(v1::ReturnObjected),
        ReturnObjectionDecided(v1::ReturnObjectionDecided),
        ReturnDecided(v1::ReturnDecided),
        ReturnExecuted(v1::ReturnExecuted),
        ReturnExecutionRevoked(v1::ReturnExecutionRevoked),
        InstructionSent(v1::InstructionSent),
        InstructionAcknowledged(v1::InstructionAcknowledged),
        InstructionResent(v1::InstructionResent),
        InstructionTimedOut(v1::InstructionTimedOut),
        InstructionMismatched(v1::InstructionMismatched),
        InstructionFailed(v1::InstructionFailed),
    }
}

/// Length of an account's id, in hexadecimal digits.
pub const ACCOUNT_ID: usize = 24;

/// Facts of a decision.
pub type Facts = Vec<Fact<AccountEvent>>;

/// One account.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Account {
    /// Holder and number, as the latest draft stated them.
    holder: Option<SealedPerson>,
    /// Orders by id, as everybody sees them.
    orders: BTreeMap<String, Order>,
    /// What was drafted, with everything sealed in it.
    stops: BTreeMap<String, v1::StopDrafted>,
    freezes: BTreeMap<String, v1::FreezeDrafted>,
    returns: BTreeMap<String, v1::ReturnProposed>,
    /// What waits for a second officer, and who asked.
    asked: BTreeMap<String, (InstructionKind, String)>,
    /// When the answer to an instruction is due.
    due: BTreeMap<String, OffsetDateTime>,
    /// By when the law wants something of an instruction: that its bank is told (UNFRZ-3D), or pays (RET-BANK).
    owed: BTreeMap<String, OffsetDateTime>,
    /// Objections that are not decided, by return.
    objections: BTreeMap<String, Vec<i32>>,
    /// Number of the last objection ever, by return.
    objections_ever: BTreeMap<String, i32>,
}

impl Aggregate for Account {
    const KIND: &'static str = "account";
    type Event = AccountEvent;

    fn apply(&mut self, event: &AccountEvent) {
        let (own, other) = orders::touched(event);
        for id in std::iter::once(own).chain(other) {
            if let Some(kind) = OrderKind::of(id) {
                let order = self.orders.entry(id.to_owned()).or_insert_with(|| Order::blank(kind));
                note(order, id, event);
            }
        }
        self.remember(own.to_owned(), event);
    }
}

impl Account {
    /// What deciding needs besides what everybody sees.
    fn remember(&mut self, id: String, event: &AccountEvent) {
        use AccountEvent as E;
        match event {
            E::StopDrafted(e) => {
                self.holder.clone_from(&e.holder);
                self.asked.insert(id.clone(), (InstructionKind::Stop, e.drafted_by.clone()));
                self.stops.insert(id, e.clone());
            }
            E::FreezeDrafted(e) => {
                self.holder.clone_from(&e.holder);
                self.asked.insert(id.clone(), (InstructionKind::Freeze, e.drafted_by.clone()));
                self.freezes.insert(id, e.clone());
            }
            E::ReturnProposed(e) => {
                self.returns.insert(id, e.clone());
            }
            E::StopExtensionRequested(e) => {
                self.asked.insert(id, (InstructionKind::Extend, e.requested_by.clone()));
            }
            E::FreezeRenewalRequested(e) => {
                self.asked.insert(id, (InstructionKind::Renew, e.requested_by.clone()));
            }
            E::StopApproved(_)
            | E::StopExtensionApproved(_)
            | E::FreezeApproved(_)
            | E::FreezeRenewalApproved(_)
            | E::StopReleased(_)
            | E::FreezeLifted(_) => {
                self.asked.remove(&id);
            }
            E::InstructionSent(e) => {
                self.wait(&e.trans_serial_number, e.answer_due.as_ref());
                self.owe(&e.trans_serial_number, e.pay_by.as_ref());
            }
            E::FreezeLiftRequested(e) => self.owe(&e.trans_serial_number, e.tell_by.as_ref()),
            E::InstructionResent(e) => {
                self.wait(&e.trans_serial_number, e.answer_due.as_ref());
            }
            E::ReturnObjected(e) => {
                self.objections_ever.insert(id.clone(), e.objection);
                self.objections.entry(id).or_default().push(e.objection);
            }
            E::ReturnObjectionDecided(e) => {
                self.objections.entry(id).or_default().retain(|n| *n != e.objection);
            }
            _ => {}
        }
    }

    fn wait(&mut self, serial: &str, due: Option<&prost_types::Timestamp>) {
        if let Some(due) = due.and_then(xiaoan_proto::instant) {
            self.due.insert(serial.to_owned(), due);
        }
    }

    fn owe(&mut self, serial: &str, due: Option<&prost_types::Timestamp>) {
        if let Some(due) = due.and_then(xiaoan_proto::instant) {
            self.owed.insert(serial.to_owned(), due);
        }
    }

    /// The orders as everybody sees them.
    #[must_use]
    pub fn orders(&self) -> &BTreeMap<String, Order> {
        &self.orders
    }

    /// Unit that an order belongs to; `None` of an order that never was.
    #[must_use]
    pub fn unit_of(&self, order_id: &str) -> Option<OrgCode> {
        self.orders.get(order_id).and_then(|order| OrgCode::parse(order.org_unit()).ok())
    }

    fn stop(&self, order_id: &str) -> Result<&v1::StopOrder, Refused> {
        match self.orders.get(order_id) {
            Some(Order::Stop(stop)) => Ok(stop),
            _ => Err(Reason::StopUnknown.into()),
        }
    }
    fn freeze(&self, order_id: &str) -> Result<&v1::FreezeOrder, Refused> {
        match self.orders.get(order_id) {
            Some(Order::Freeze(freeze)) => Ok(freeze),
            _ => Err(Reason::FreezeUnknown.into()),
        }
    }
    fn return_order(&self, order_id: &str) -> Result<&v1::ReturnOrder, Refused> {
        match self.orders.get(order_id) {
            Some(Order::Return(order)) => Ok(order),
            _ => Err(Reason::ReturnUnknown.into()),
        }
    }
    fn all_stops(&self) -> impl Iterator<Item = &v1::StopOrder> {
        self.orders.values().filter_map(|order| if let Order::Stop(s) = order { Some(s) } else { None })
    }
    fn all_freezes(&self) -> impl Iterator<Item = &v1::FreezeOrder> {
        self.orders.values().filter_map(|order| if let Order::Freeze(f) = order { Some(f) } else { None })
    }
    fn all_returns(&self) -> impl Iterator<Item = &v1::ReturnOrder> {
        self.orders.values().filter_map(|order| if let Order::Return(r) = order { Some(r) } else { None })
    }

    /// An instruction with its order.
    fn instruction(&self, serial: &str) -> Option<(&Order, &Instruction)> {
        self.orders.values().find_map(|order| {
            let found = order.instructions().iter().find(|i| i.trans_serial_number == serial)?;
            Some((order, found))
        })
    }

    /// Id of the account's next order of a kind.
    fn next_id(&self, account_id: &str, kind: OrderKind) -> String {
        let before = self.orders.values().filter(|order| order.kind() == kind).count();
        format!("{account_id}-{}{}", kind.letter(), before + 1)
    }

    /// A fact of an order's unit.
    fn fact(
        order_unit: &str,
        event: impl Into<AccountEvent>,
        on: Date,
    ) -> Result<Fact<AccountEvent>, Refused> {
        let unit = OrgCode::parse(order_unit).map_err(|_| Reason::OrgUnit)?;
        Ok(Fact::new(event, unit, on))
    }
}

/// Id of the account that an order belongs to.
#[must_use]
pub fn account_of(order_id: &str) -> &str {
    order_id.rsplit_once('-').map_or("", |(account, _)| account)
}

/// TransSerialNumber of an order's next instruction: unit, moment, and a digest that no other instruction has.
fn serial(unit: &str, at: &Moment<'_>, order: &Order, order_id: &str) -> String {
    let digest = Sha256::digest(format!("{order_id}|{}", order.instructions().len()));
    format!("{unit}{}{}", crate::moment::stamp(Some(at.now)), hex::encode(&digest[..6]))
}

/// Whether the facts of an order were brought in from elsewhere, so that a bank's moment may lie before the order.
fn is_brought_in(provenance: i32) -> bool {
    [Provenance::Demo, Provenance::LegacyImport].into_iter().any(|p| i32::from(p) == provenance)
}

/// Recorded unless the caller says otherwise.
fn provenance(stated: i32) -> i32 {
    if stated == 0 { Provenance::Recorded.into() } else { stated }
}
