//! An instruction in the vocabulary of the platform (domain reference §B.2). The persons in it are still sealed: who hands it
//! over opens them for that bank only.

use super::orders::{day, instant};
use super::{Account, Order};
use crate::moment::stamp;
use crate::terms::end_of;
use xiaoan_proto::antifraud::v1::{
    AccountClass, ApplicationType, BankOrder, FreezeDrafted, InstructionKind, RestrictionText, StopDrafted,
};
use xiaoan_proto::core::v1::SealedPerson;

/// An instruction whose persons are still sealed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Unopened {
    /// Everything but persons and payments.
    pub order: BankOrder,
    /// Holder of the account to act on.
    pub account: Option<SealedPerson>,
    /// Where the money came from.
    pub transfer_out: Option<SealedPerson>,
    /// Operator.
    pub operator: Option<SealedPerson>,
    /// Co-investigator.
    pub co_investigator: Option<SealedPerson>,
    /// Whom to pay how many fen.
    pub payments: Vec<(SealedPerson, i64)>,
}

/// TxCode of an instruction.
#[must_use]
pub fn code(kind: InstructionKind) -> &'static str {
    match kind {
        InstructionKind::Unspecified => "",
        InstructionKind::Stop => "100101",
        InstructionKind::Release => "100103",
        InstructionKind::Extend => "100105",
        InstructionKind::Freeze => "100201",
        InstructionKind::Unfreeze => "100203",
        InstructionKind::Renew => "100205",
        InstructionKind::Return => "900101",
    }
}

/// TxCode of its answer.
#[must_use]
pub fn answer_code(kind: InstructionKind) -> &'static str {
    match kind {
        InstructionKind::Unspecified => "",
        InstructionKind::Stop => "100102",
        InstructionKind::Release => "100104",
        InstructionKind::Extend => "100106",
        InstructionKind::Freeze => "100202",
        InstructionKind::Unfreeze => "100204",
        InstructionKind::Renew => "100206",
        InstructionKind::Return => "900102",
    }
}

impl Account {
    /// The instruction with this serial as its bank is told it; `None` when there is none.
    #[must_use]
    pub fn on_the_wire(&self, serial: &str) -> Option<Unopened> {
        let (order, instruction) = self.instruction(serial)?;
        let mut unopened = match order {
            Order::Stop(stop) => {
                let mut unopened = of_stop(self.stops.get(&stop.order_id)?);
                unopened.order.start_time = stamp(instant(stop.stopped_at.as_ref()));
                unopened.order.expire_time = stamp(instant(stop.expires_at.as_ref()));
                told(&mut unopened.order, stop.restriction.as_ref());
                unopened
            }
            Order::Freeze(freeze) => {
                let mut unopened = of_freeze(self.freezes.get(&freeze.order_id)?);
                unopened.order.expire_time = stamp(day(freeze.expires_on).map(end_of));
                told(&mut unopened.order, freeze.restriction.as_ref());
                unopened
            }
            Order::Return(order) => {
                let mut unopened = of_freeze(self.freezes.get(&order.freeze_order_id)?);
                let proposed = self.returns.get(&order.order_id)?;
                unopened.order.amount_fen = order.amount_fen;
                unopened.order.freeze_type.clear();
                unopened.payments = proposed
                    .shares
                    .iter()
                    .filter_map(|share| Some((share.account.clone()?, share.amount_fen)))
                    .collect();
                unopened
            }
        };
        code(instruction.kind()).clone_into(&mut unopened.order.tx_code);
        serial.clone_into(&mut unopened.order.trans_serial_number);
        order.order_id().clone_into(&mut unopened.order.application_id);
        // What extends, releases, renews or lifts names the instruction that began it.
        let first = order.instructions().first().map(|i| &i.trans_serial_number);
        unopened.order.original_trans_serial_number =
            first.filter(|first| *first != serial).cloned().unwrap_or_default();
        Some(unopened)
    }
}

fn of_stop(drafted: &StopDrafted) -> Unopened {
    let officers = drafted.officers.clone().unwrap_or_default();
    Unopened {
        order: BankOrder {
            application_type: application_type(drafted.application_type()).to_owned(),
            original_application_id: drafted.original_application_id.clone(),
            case_number: drafted.case_no.clone(),
            case_type: drafted.case_type.clone(),
            emergency_level: if drafted.urgent { "02" } else { "01" }.to_owned(),
            transfer_out_bank_name: drafted.from_bank.clone(),
            currency: "CNY".to_owned(),
            transfer_amount_fen: drafted.ordered_fen,
            transfer_time: stamp(instant(drafted.transferred_at.as_ref())),
            account_type: account_type(drafted.account_class()).to_owned(),
            remark: drafted.remark.clone(),
            application_org_id: drafted.org_unit.clone(),
            amount_fen: drafted.ordered_fen,
            ..BankOrder::default()
        },
        account: drafted.holder.clone(),
        transfer_out: drafted.from.clone(),
        operator: officers.operator,
        co_investigator: officers.co_investigator,
        payments: Vec::new(),
    }
}

fn of_freeze(drafted: &FreezeDrafted) -> Unopened {
    let officers = drafted.officers.clone().unwrap_or_default();
    Unopened {
        order: BankOrder {
            application_type: "00".to_owned(),
            case_number: drafted.case_no.clone(),
            emergency_level: "01".to_owned(),
            currency: "CNY".to_owned(),
            account_type: account_type(drafted.account_class()).to_owned(),
            remark: drafted.remark.clone(),
            application_org_id: drafted.org_unit.clone(),
            freeze_type: if drafted.ordered_fen > 0 { "01" } else { "02" }.to_owned(),
            amount_fen: drafted.ordered_fen,
            ..BankOrder::default()
        },
        account: drafted.holder.clone(),
        transfer_out: None,
        operator: officers.operator,
        co_investigator: officers.co_investigator,
        payments: Vec::new(),
    }
}

fn told(order: &mut BankOrder, restriction: Option<&RestrictionText>) {
    order.reason = restriction.map(|text| text.reason.clone()).unwrap_or_default();
}

fn account_type(class: AccountClass) -> &'static str {
    match class {
        AccountClass::Person | AccountClass::Unspecified => "01",
        AccountClass::Company => "02",
    }
}

fn application_type(kind: ApplicationType) -> &'static str {
    match kind {
        ApplicationType::Unspecified | ApplicationType::FirstRmbDemand => "00",
        ApplicationType::FirstOther => "01",
        ApplicationType::BankReported => "02",
        ApplicationType::BankReportedOther => "03",
        ApplicationType::AfterTheFact => "04",
        ApplicationType::AfterTheFactOther => "05",
    }
}
