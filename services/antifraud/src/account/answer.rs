//! Instructions on their way: handed over, acknowledged, answered, timed out, sent again.
//!
//! | what comes | and it stands | then |
//! |---|---|---|
//! | acknowledgement 100000 or 200003 | unanswered | acknowledged; for 200003 the result is asked for |
//! | acknowledgement 200002 | unanswered | timed out: a late feedback still counts |
//! | another return code | unanswered | failed |
//! | any acknowledgement | answered | nothing: it came after its feedback |
//! | feedback | unanswered, also timed out | what it says, once |
//! | the same feedback | answered | nothing: counted once (vector K10) |
//! | another feedback | answered | ANSWER-CONTRADICTS: a person looks at it |

use super::done::Act;
use super::orders::instant;
use super::{Account, Facts, Order};
use crate::moment::{self, Moment, parse_stamp};
use crate::refusal::{Reason, Refused};
use crate::terms::pay_by;
use time::OffsetDateTime;
use xiaoan_kernel::city_day;
use xiaoan_proto::antifraud::v1::{
    BankAcknowledgement, BankFeedback, FeedbackResult, FreezeQueued, Instruction, InstructionAcknowledged,
    InstructionFailed, InstructionKind, InstructionMismatched, InstructionResent, InstructionSent,
    InstructionState, InstructionTimedOut,
};
use xiaoan_proto::timestamp;

/// Return code: taken.
const OK: &str = "100000";
/// Return code: the bank does not know whether it took it.
const UNSURE: &str = "200002";
/// Return code: taken before.
const DUPLICATE: &str = "200003";

/// What an acknowledgement comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// Nothing more.
    Noted,
    /// The bank had taken the instruction before, and its result is not here yet.
    ResultWanted,
}

/// Whether nothing more is to come about an instruction.
#[must_use]
pub fn is_final(state: InstructionState) -> bool {
    match state {
        InstructionState::Done | InstructionState::Mismatched | InstructionState::Failed => true,
        InstructionState::Unspecified
        | InstructionState::Queued
        | InstructionState::Sent
        | InstructionState::Acknowledged
        | InstructionState::TimedOut => false,
    }
}

impl Account {
    /// Handed to its bank for the first time; nothing when it was handed over before.
    ///
    /// # Errors
    /// INSTRUCTION-UNKNOWN.
    pub fn decide_send(&self, serial: &str, at: &Moment<'_>) -> Result<Facts, Refused> {
        let (order, instruction) = self.instruction(serial).ok_or(Reason::InstructionUnknown)?;
        if instruction.sent_at.is_some() || is_final(instruction.state()) {
            return Ok(Vec::new());
        }
        let pays = instruction.kind() == InstructionKind::Return && !super::is_brought_in(order.provenance());
        let sent = InstructionSent {
            order_id: order.order_id().to_owned(),
            trans_serial_number: serial.to_owned(),
            kind: instruction.kind,
            member_unit: order.member_unit().to_owned(),
            sent_at: Some(timestamp(at.now)),
            answer_due: Some(timestamp(at.answer_due())),
            pay_by: pays.then(|| pay_by(at.law, at.now)).flatten().map(timestamp),
        };
        Ok(vec![Self::fact(order.org_unit(), sent, at.today())?])
    }

    /// Put in the bank's way again, with the same serial.
    ///
    /// # Errors
    /// INSTRUCTION-UNKNOWN, INSTRUCTION-ANSWERED.
    pub fn decide_resend(&self, order_id: &str, serial: &str, at: &Moment<'_>) -> Result<Facts, Refused> {
        let (order, instruction) = self
            .instruction(serial)
            .filter(|(order, _)| order.order_id() == order_id)
            .ok_or(Reason::InstructionUnknown)?;
        if is_final(instruction.state()) {
            return Err(Reason::InstructionAnswered.into());
        }
        let resent = InstructionResent {
            order_id: order_id.to_owned(),
            trans_serial_number: serial.to_owned(),
            member_unit: order.member_unit().to_owned(),
            answer_due: Some(timestamp(at.answer_due())),
        };
        Ok(vec![Self::fact(order.org_unit(), resent, at.today())?])
    }

    /// No answer in time: what the timer says. Nothing, when it was answered or is waited for anew.
    ///
    /// # Errors
    /// Never in practice: an order's unit is a unit.
    pub fn decide_time_out(
        &self,
        order_id: &str,
        due: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<Facts, Refused> {
        let Some(order) = self.orders.get(order_id) else { return Ok(Vec::new()) };
        let mut facts = Vec::new();
        for instruction in order.instructions() {
            let serial = &instruction.trans_serial_number;
            let waits = matches!(
                instruction.state(),
                InstructionState::Queued | InstructionState::Sent | InstructionState::Acknowledged
            );
            // A freeze in the bank's queue is answered; only its turn is to come.
            let in_queue = matches!(order, Order::Freeze(f) if f.state() == xiaoan_proto::antifraud::v1::FreezeState::Queued);
            if waits && !in_queue && self.due.get(serial) == Some(&due) && now >= due {
                let timed_out = InstructionTimedOut {
                    order_id: order_id.to_owned(),
                    trans_serial_number: serial.clone(),
                    answer_due: Some(timestamp(due)),
                };
                facts.push(Self::fact(order.org_unit(), timed_out, city_day(due))?);
            }
        }
        Ok(facts)
    }

    /// Takes back what a bank confirmed by mistake.
    ///
    /// # Errors
    /// ORDER-UNKNOWN, NOT-CONFIRMED, RETURN-OPEN, GE-006.
    pub fn decide_revoke(&self, order_id: &str, reason: &str, at: &Moment<'_>) -> Result<Facts, Refused> {
        let mut remarks = crate::refusal::Remarks::default();
        moment::text(&mut remarks, "reason", reason, 1, 500);
        remarks.refuse()?;
        match self.orders.get(order_id) {
            Some(Order::Stop(_)) | None => self.revoke_stop(order_id, reason, at),
            Some(Order::Freeze(_)) => self.revoke_freeze(order_id, reason, at),
            Some(Order::Return(_)) => self.revoke_return(order_id, reason, at),
        }
    }

    /// The instruction with this serial, provided that it is this bank's.
    ///
    /// # Errors
    /// GE-004, the same whether it is another bank's or nobody's.
    fn own_instruction(&self, bank: &str, serial: &str) -> Result<(&Order, &Instruction), Refused> {
        self.instruction(serial)
            .filter(|(order, _)| order.member_unit() == bank)
            .ok_or_else(|| Reason::NotYourInstruction.into())
    }

    /// A bank has taken an instruction, or cannot.
    ///
    /// # Errors
    /// GE-004, GE-006.
    pub fn decide_acknowledge(
        &self,
        bank: &str,
        said: &BankAcknowledgement,
        at: &Moment<'_>,
    ) -> Result<(Facts, Answered), Refused> {
        let (order, instruction) = self.own_instruction(bank, &said.trans_serial_number)?;
        let (order_id, trans_serial_number) = (order.order_id().to_owned(), said.trans_serial_number.clone());
        let return_code = said.return_code.clone();
        if !is_return_code(&return_code) {
            return Err(Reason::Malformed {
                form_zh: "六位返回码", form_en: "a return code of six digits"
            }
            .into());
        }
        if is_final(instruction.state()) {
            return Ok((Vec::new(), Answered::Noted));
        }
        let taken_before = instruction.state() == InstructionState::Acknowledged;
        let facts = match return_code.as_str() {
            OK | DUPLICATE if taken_before => Vec::new(),
            OK | DUPLICATE => {
                let taken = InstructionAcknowledged {
                    order_id,
                    trans_serial_number,
                    return_code: return_code.clone(),
                };
                vec![Self::fact(order.org_unit(), taken, at.today())?]
            }
            UNSURE if instruction.state() == InstructionState::TimedOut => Vec::new(),
            UNSURE => {
                let unsure = InstructionTimedOut {
                    order_id,
                    trans_serial_number,
                    answer_due: Some(timestamp(at.now)),
                };
                vec![Self::fact(order.org_unit(), unsure, at.today())?]
            }
            _ => {
                let failed = InstructionFailed {
                    order_id,
                    trans_serial_number,
                    return_code: return_code.clone(),
                    failure_cause: shortened(&said.failure_cause),
                    feedback_remark: String::new(),
                };
                vec![Self::fact(order.org_unit(), failed, at.today())?]
            }
        };
        let wanted = if return_code == DUPLICATE { Answered::ResultWanted } else { Answered::Noted };
        Ok((facts, wanted))
    }

    /// A bank has done it, or not.
    ///
    /// # Errors
    /// GE-004, AF-002, AF-007, AF-010, ANSWER-CONTRADICTS, CB-003, GE-006, NO-LAW.
    pub fn decide_feedback(
        &self,
        bank: &str,
        feedback: &BankFeedback,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let (order, instruction) = self.own_instruction(bank, &feedback.trans_serial_number)?;
        if feedback.tx_code != super::wire::answer_code(instruction.kind()) {
            return Err(Reason::NotThisAnswer.into());
        }
        let result = feedback.result();
        if is_final(instruction.state()) {
            let same = match (instruction.state(), result) {
                (InstructionState::Done, FeedbackResult::Done) => {
                    self.says_the_same(order, instruction, feedback)
                }
                (InstructionState::Mismatched, FeedbackResult::Mismatch)
                | (InstructionState::Failed, FeedbackResult::Failed) => true,
                _ => false,
            };
            return if same { Ok(Vec::new()) } else { Err(Reason::AnswerContradicts.into()) };
        }
        let (order_id, trans_serial_number) =
            (order.order_id().to_owned(), feedback.trans_serial_number.clone());
        match result {
            FeedbackResult::Unspecified => Err(Reason::NotThisAnswer.into()),
            FeedbackResult::Mismatch => {
                let mismatched = InstructionMismatched {
                    order_id,
                    trans_serial_number,
                    differing: feedback.differing.clone(),
                };
                Ok(vec![Self::fact(order.org_unit(), mismatched, at.today())?])
            }
            FeedbackResult::Failed => {
                let failed = InstructionFailed {
                    order_id,
                    trans_serial_number,
                    return_code: String::new(),
                    failure_cause: shortened(&feedback.failure_cause),
                    feedback_remark: shortened(&feedback.feedback_remark),
                };
                Ok(vec![Self::fact(order.org_unit(), failed, at.today())?])
            }
            FeedbackResult::Queued => self.queued(order, instruction, feedback, at),
            FeedbackResult::Done => {
                let acted_at = parse_stamp(&feedback.acted_at)
                    .ok_or(Reason::Malformed { form_zh: "yyyyMMddHHmmss", form_en: "yyyyMMddHHmmss" })?;
                if acted_at > at.now + moment::SKEW {
                    return Err(Reason::InFuture.into());
                }
                let act = Act { instruction, feedback, acted_at };
                match order {
                    Order::Stop(stop) => self.done_of_stop(&act, stop, at),
                    Order::Freeze(freeze) => self.done_of_freeze(&act, freeze, at),
                    Order::Return(order) => self.done_of_return(&act, order),
                }
            }
        }
    }

    /// Whether a repeated feedback says what is on record: what was counted decides.
    fn says_the_same(&self, order: &Order, instruction: &Instruction, feedback: &BankFeedback) -> bool {
        match (order, instruction.kind()) {
            (Order::Stop(stop), InstructionKind::Stop) => {
                feedback.amount_fen == stop.stopped_fen
                    && parse_stamp(&feedback.acted_at) == instant(stop.stopped_at.as_ref())
            }
            (Order::Freeze(freeze), InstructionKind::Freeze) => feedback.amount_fen == freeze.frozen_fen,
            (Order::Return(order), _) => feedback.amount_fen == order.amount_fen,
            _ => true,
        }
    }

    /// Frozen by somebody else: the order waits (轮候), and becomes a freeze when the bank says so.
    fn queued(
        &self,
        order: &Order,
        instruction: &Instruction,
        feedback: &BankFeedback,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let Order::Freeze(freeze) = order else { return Err(Reason::NotThisAnswer.into()) };
        if instruction.kind() != InstructionKind::Freeze {
            return Err(Reason::NotThisAnswer.into());
        }
        if freeze.state() == xiaoan_proto::antifraud::v1::FreezeState::Queued {
            return Ok(Vec::new());
        }
        let prior_expires_on = parse_stamp(&format!("{}000000", feedback.prior_expires_on)).map(city_day);
        let queued = FreezeQueued {
            order_id: freeze.order_id.clone(),
            org_unit: freeze.org_unit.clone(),
            prior_freezer: shortened(&feedback.prior_freezer),
            prior_amount_fen: feedback.prior_amount_fen,
            prior_expires_on: prior_expires_on.map(Into::into),
            trans_serial_number: instruction.trans_serial_number.clone(),
        };
        Ok(vec![Self::fact(&freeze.org_unit, queued, at.today())?])
    }
}

fn is_return_code(code: &str) -> bool {
    code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit())
}

/// What a bank wrote, without control characters and not longer than an event should carry.
fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
