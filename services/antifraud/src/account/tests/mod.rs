//! Decisions of an account, told as stories: what officers ask, what a bank answers, what the timer says.

mod answers;
mod any;
mod freezes;
mod overdue;
mod returns;
mod stops;

use super::{Account, AccountEvent, Facts, Order, SealedClaim};
use crate::moment::{Moment, SealedDraft, stamp};
use crate::refusal::Refused;
use time::macros::{date, datetime};
use time::{Date, Duration, OffsetDateTime};
use xiaoan_kernel::legal::LegalClock;
use xiaoan_kernel::{Aggregate, OrgCode, OrgTree, Refusal};
use xiaoan_proto::antifraud::v1 as af;
use xiaoan_proto::antifraud::v1::{ApprovalLevel, FeedbackResult, InstructionKind, MatchField};
use xiaoan_proto::core::v1::PersonInput;
use xiaoan_proto::timestamp;

pub(super) const CITY: &str = "371100000000";
pub(super) const BUREAU: &str = "371102000000";
pub(super) const STATION: &str = "371102010000";
pub(super) const ACCOUNT: &str = "0123456789abcdef01234567";
pub(super) const BANK: &str = "bank-01";
pub(super) const CASE: &str = "A3711020100002026030001";

/// An account with everything that decides about it.
pub(super) struct Story {
    pub(super) account: Account,
    pub(super) now: OffsetDateTime,
    law: LegalClock,
    units: OrgTree,
}

fn code(text: &str) -> OrgCode {
    OrgCode::parse(text).expect("12 digits")
}

impl Story {
    /// On 2026-03-01 at 10 in the morning.
    pub(super) fn begin() -> Self {
        let always = date!(1949 - 10 - 01);
        let mut units = OrgTree::default();
        units.place(code(CITY), None, always);
        units.place(code(BUREAU), Some(code(CITY)), always);
        units.place(code(STATION), Some(code(BUREAU)), always);
        Self {
            account: Account::default(),
            now: datetime!(2026-03-01 10:00 +8),
            law: LegalClock::built_in(),
            units,
        }
    }

    pub(super) fn at<'a>(&'a self, actor: &'a str, unit: &str) -> Moment<'a> {
        let level = match unit {
            CITY => ApprovalLevel::City,
            BUREAU => ApprovalLevel::County,
            _ => ApprovalLevel::Unspecified,
        };
        Moment {
            now: self.now,
            actor,
            unit: code(unit),
            level,
            law: &self.law,
            units: &self.units,
            patience: Duration::minutes(30),
        }
    }

    /// Takes the facts of a decision in.
    #[track_caller]
    pub(super) fn take(&mut self, decided: Result<Facts, Refused>) -> Vec<AccountEvent> {
        let facts = decided.unwrap_or_else(|refused| panic!("refused: {:?}", codes(&refused)));
        let events: Vec<_> = facts.into_iter().map(|fact| fact.event).collect();
        for event in &events {
            self.account.apply(event);
        }
        events
    }

    pub(super) fn draft_stop(&self, request: &af::DraftStopRequest) -> Result<Facts, Refused> {
        let id = self.account.next_stop_id(ACCOUNT);
        self.account.decide_draft_stop(
            request,
            &id,
            SealedDraft::default(),
            true,
            &self.at("officer-1", STATION),
        )
    }

    pub(super) fn draft_freeze(&self, request: &af::DraftFreezeRequest) -> Result<Facts, Refused> {
        let id = self.account.next_freeze_id(ACCOUNT);
        self.account.decide_draft_freeze(
            request,
            &id,
            SealedDraft::default(),
            true,
            &self.at("officer-1", STATION),
        )
    }

    pub(super) fn propose(&self, request: &af::ProposeReturnRequest) -> Result<Facts, Refused> {
        let id = self.account.next_return_id(ACCOUNT);
        let claim = |c: &af::ClaimInput| SealedClaim {
            victim_ref: c.victim.clone().unwrap_or_default().id_number,
            ..SealedClaim::default()
        };
        let sealed = request.claims.iter().map(claim).collect();
        self.account.decide_propose_return(request, &id, sealed, &self.at("officer-1", BUREAU))
    }

    /// Serial of an order's last instruction.
    #[track_caller]
    pub(super) fn serial(&self, order_id: &str) -> String {
        let order = self.account.orders().get(order_id).expect("an order");
        order.instructions().last().expect("an instruction").trans_serial_number.clone()
    }

    #[track_caller]
    pub(super) fn stop(&self, number: usize) -> &af::StopOrder {
        match &self.account.orders()[&format!("{ACCOUNT}-s{number}")] {
            Order::Stop(stop) => stop,
            other => panic!("no stop: {other:?}"),
        }
    }
    #[track_caller]
    pub(super) fn freeze(&self, number: usize) -> &af::FreezeOrder {
        match &self.account.orders()[&format!("{ACCOUNT}-f{number}")] {
            Order::Freeze(freeze) => freeze,
            other => panic!("no freeze: {other:?}"),
        }
    }
    #[track_caller]
    pub(super) fn returned(&self, number: usize) -> &af::ReturnOrder {
        match &self.account.orders()[&format!("{ACCOUNT}-r{number}")] {
            Order::Return(order) => order,
            other => panic!("no return: {other:?}"),
        }
    }

    /// Hands the last instruction of an order to its bank.
    #[track_caller]
    pub(super) fn send(&mut self, order_id: &str) -> String {
        let serial = self.serial(order_id);
        let sent = self.account.decide_send(&serial, &self.at("desk-1", CITY));
        self.take(sent);
        serial
    }

    pub(super) fn answer(&self, feedback: &af::BankFeedback) -> Result<Facts, Refused> {
        self.account.decide_feedback(BANK, feedback, &self.at("desk-1", CITY))
    }

    /// A stop that was drafted, approved and handed over. Gives id and serial.
    #[track_caller]
    pub(super) fn sent_stop(&mut self) -> (String, String) {
        let id = self.account.next_stop_id(ACCOUNT);
        let drafted = self.draft_stop(&stop_request());
        self.take(drafted);
        let approved = self.account.decide_approve_stop(&id, &self.at("chief-1", BUREAU));
        self.take(approved);
        let serial = self.send(&id);
        (id, serial)
    }

    /// A stop that its bank confirmed now.
    #[track_caller]
    pub(super) fn stopped(&mut self) -> (String, String) {
        let (id, serial) = self.sent_stop();
        let confirmed = self.answer(&done(InstructionKind::Stop, &serial, 5_000_000, self.now));
        self.take(confirmed);
        (id, serial)
    }

    /// A freeze that its bank confirmed now.
    #[track_caller]
    pub(super) fn frozen(&mut self, request: &af::DraftFreezeRequest, fen: i64) -> (String, String) {
        let (id, serial) = self.sent_freeze(request);
        let confirmed = self.answer(&done(InstructionKind::Freeze, &serial, fen, self.now));
        self.take(confirmed);
        (id, serial)
    }

    #[track_caller]
    pub(super) fn sent_freeze(&mut self, request: &af::DraftFreezeRequest) -> (String, String) {
        let id = self.account.next_freeze_id(ACCOUNT);
        let drafted = self.draft_freeze(request);
        self.take(drafted);
        let approved = self.account.decide_approve_freeze(&id, &self.at("chief-1", CITY));
        self.take(approved);
        let serial = self.send(&id);
        (id, serial)
    }
}

pub(super) fn codes(refused: &Refused) -> Vec<&'static str> {
    refused.findings().iter().map(|finding| finding.code).collect()
}

/// Refused with these codes.
#[track_caller]
pub(super) fn refused(decided: Result<Facts, Refused>, expected: &[&str]) {
    let no = decided.expect_err("should have been refused");
    assert_eq!(codes(&no), expected);
}

pub(super) fn person(name: &str, number: &str) -> PersonInput {
    PersonInput { name: name.into(), phone: String::new(), id_number: number.into() }
}

pub(super) fn told() -> Option<af::RestrictionText> {
    Some(af::RestrictionText {
        reason: "涉案".into(), remedy: "可申诉".into(), papers: "身份证".into()
    })
}

pub(super) fn account_input() -> Option<af::AccountInput> {
    Some(af::AccountInput {
        member_unit: BANK.into(),
        account_class: af::AccountClass::Person.into(),
        holder: Some(person("测试甲", "6222000000000001")),
    })
}

pub(super) fn officers() -> Option<af::OfficersInput> {
    Some(af::OfficersInput {
        operator: Some(person("测试警员一", "021001")),
        co_investigator: Some(person("测试警员二", "021002")),
    })
}

pub(super) fn stop_request() -> af::DraftStopRequest {
    af::DraftStopRequest {
        org_unit: STATION.into(),
        account: account_input(),
        transfer: Some(af::TransferInput {
            from_bank: "示例银行".into(),
            from: Some(person("测试乙", "6222000000000009")),
            amount_fen: 5_000_000,
            transferred_at: Some(timestamp(datetime!(2026-03-01 9:00 +8))),
        }),
        case_no: CASE.into(),
        restriction: told(),
        officers: officers(),
        ..Default::default()
    }
}

pub(super) fn freeze_request() -> af::DraftFreezeRequest {
    af::DraftFreezeRequest {
        org_unit: STATION.into(),
        account: account_input(),
        case_no: CASE.into(),
        filed_on: Some(date!(2026 - 03 - 01).into()),
        asset_class: af::AssetClass::Deposit.into(),
        restriction: told(),
        officers: officers(),
        ..Default::default()
    }
}

pub(super) fn claim(victim: &str, loss_fen: i64) -> af::ClaimInput {
    af::ClaimInput {
        victim: Some(person("测试丙", victim)),
        account: Some(person("测试丙", "6222000000000100")),
        loss_fen,
        traced_fen: 0,
    }
}

/// "Done" in the words of a bank.
pub(super) fn done(kind: InstructionKind, serial: &str, fen: i64, at: OffsetDateTime) -> af::BankFeedback {
    af::BankFeedback {
        tx_code: super::wire::answer_code(kind).into(),
        trans_serial_number: serial.into(),
        result: FeedbackResult::Done.into(),
        agreed: [MatchField::Name, MatchField::Account, MatchField::Amount, MatchField::Time]
            .map(i32::from)
            .to_vec(),
        balance_before_fen: fen,
        amount_fen: fen,
        acted_at: stamp(Some(at)),
        ..Default::default()
    }
}

pub(super) fn day(date: Option<xiaoan_proto::core::v1::Date>) -> Option<Date> {
    date.map(|d| Date::try_from(d).expect("a day"))
}

pub(super) fn instant(at: Option<prost_types::Timestamp>) -> Option<OffsetDateTime> {
    at.as_ref().and_then(xiaoan_proto::instant)
}
