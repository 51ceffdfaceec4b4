//! Whatever officers, banks and the timer do, in whatever order: what must always hold.

use super::*;
use crate::views::ledger::line;
use proptest::prelude::*;
use std::collections::HashMap;
use xiaoan_proto::antifraud::v1::{InstructionState, Ledger, ReturnMethod};

/// One thing that somebody does; numbers choose among what is there.
#[derive(Debug, Clone)]
enum Deed {
    DraftStop(u8),
    DraftFreeze(u8, bool),
    Propose(u8, i64, u8),
    Approve(u8),
    Extend(u8),
    Release(u8),
    Revoke(u8),
    Resend(u8),
    Answer(u8, u8, i64),
    Acknowledge(u8, u8),
    Due(u8),
    Wait(u16),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        1 => any::<u8>().prop_map(Deed::DraftStop),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(c, q)| Deed::DraftFreeze(c, q)),
        3 => (any::<u8>(), 1_i64..2_000, any::<u8>()).prop_map(|(o, fen, v)| Deed::Propose(o, fen, v)),
        3 => any::<u8>().prop_map(Deed::Approve),
        1 => any::<u8>().prop_map(Deed::Extend),
        1 => any::<u8>().prop_map(Deed::Release),
        1 => any::<u8>().prop_map(Deed::Revoke),
        1 => any::<u8>().prop_map(Deed::Resend),
        6 => (any::<u8>(), any::<u8>(), 0_i64..2_000).prop_map(|(i, r, fen)| Deed::Answer(i, r, fen)),
        2 => (any::<u8>(), any::<u8>()).prop_map(|(i, c)| Deed::Acknowledge(i, c)),
        2 => any::<u8>().prop_map(Deed::Due),
        1 => (1_u16..60_000).prop_map(Deed::Wait),
    ]
}

fn case(n: u8) -> String {
    format!("A371102010000202603000{}", n % 2 + 1)
}

impl Story {
    fn chosen(&self, n: u8) -> String {
        let ids: Vec<_> = self.account.orders().keys().collect();
        if ids.is_empty() { format!("{ACCOUNT}-s1") } else { ids[usize::from(n) % ids.len()].clone() }
    }

    fn instruction(&self, n: u8) -> (String, String, InstructionKind) {
        let all: Vec<_> = self.account.orders().values().flat_map(|o| o.instructions().iter()).collect();
        if all.is_empty() {
            return (String::new(), String::new(), InstructionKind::Stop);
        }
        let one = all[usize::from(n) % all.len()];
        (one.order_id.clone(), one.trans_serial_number.clone(), one.kind())
    }

    /// What comes of it; a refusal is as good as anything.
    fn does(&self, deed: &Deed) -> Result<Facts, Refused> {
        let (officer, chief) = (self.at("officer-1", STATION), self.at("chief-1", CITY));
        match deed {
            Deed::DraftStop(n) => {
                self.draft_stop(&af::DraftStopRequest { case_no: case(*n), ..stop_request() })
            }
            Deed::DraftFreeze(n, queue) => self.draft_freeze(&af::DraftFreezeRequest {
                case_no: case(*n),
                queue: *queue,
                ..freeze_request()
            }),
            Deed::Propose(n, fen, victim) => self.propose(&af::ProposeReturnRequest {
                freeze_order_id: self.chosen(*n),
                method: ReturnMethod::Direct.into(),
                amount_fen: *fen,
                claims: vec![claim(&victim.to_string(), 5_000)],
                ..Default::default()
            }),
            Deed::Approve(n) => {
                let id = self.chosen(*n);
                match &self.account.orders().get(&id) {
                    Some(Order::Freeze(_)) => self.account.decide_approve_freeze(&id, &chief),
                    Some(Order::Return(_)) => self.account.decide_return(&id, &chief),
                    Some(Order::Stop(_)) | None => self.account.decide_approve_stop(&id, &chief),
                }
            }
            Deed::Extend(n) => {
                let (order_id, restriction) = (self.chosen(*n), told());
                if matches!(self.account.orders().get(&order_id), Some(Order::Freeze(_))) {
                    let renew = af::RenewFreezeRequest { order_id, restriction, ..Default::default() };
                    self.account.decide_renew_freeze(&renew, &officer)
                } else {
                    let extend = af::ExtendStopRequest { order_id, restriction, ..Default::default() };
                    self.account.decide_extend_stop(&extend, &officer)
                }
            }
            Deed::Release(n) => {
                let (order_id, reason) = (self.chosen(*n), "r".to_owned());
                if matches!(self.account.orders().get(&order_id), Some(Order::Freeze(_))) {
                    let lift = af::UnfreezeRequest { order_id, reason, ..Default::default() };
                    self.account.decide_unfreeze(&lift, &officer)
                } else {
                    let release = af::ReleaseStopRequest { order_id, reason, ..Default::default() };
                    self.account.decide_release_stop(&release, &officer)
                }
            }
            Deed::Revoke(n) => self.account.decide_revoke(&self.chosen(*n), "r", &chief),
            Deed::Resend(n) => {
                let (order_id, serial, _) = self.instruction(*n);
                self.account.decide_resend(&order_id, &serial, &officer)
            }
            Deed::Answer(n, result, fen) => {
                let (order_id, serial, kind) = self.instruction(*n);
                // A return is paid as it was decided, or not at all.
                let fen = match self.account.orders().get(&order_id) {
                    Some(Order::Return(order)) => order.amount_fen,
                    Some(Order::Stop(_) | Order::Freeze(_)) | None => *fen,
                };
                let mut feedback = done(kind, &serial, fen, self.now);
                feedback.result = match result % 8 {
                    0 => FeedbackResult::Mismatch,
                    1 => FeedbackResult::Failed,
                    2 => FeedbackResult::Queued,
                    _ => FeedbackResult::Done,
                }
                .into();
                self.answer(&feedback)
            }
            Deed::Acknowledge(n, code) => {
                let (_, trans_serial_number, _) = self.instruction(*n);
                let return_code = ["100000", "200002", "200003", "200010"][usize::from(code % 4)].to_owned();
                let said = af::BankAcknowledgement { trans_serial_number, return_code, ..Default::default() };
                self.account.decide_acknowledge(BANK, &said, &chief).map(|(facts, _)| facts)
            }
            Deed::Due(n) => {
                let id = self.chosen(*n);
                match self.account.orders().get(&id) {
                    Some(Order::Stop(stop)) => match instant(stop.expires_at) {
                        Some(due) => self.account.decide_expire_stop(&id, due, self.now),
                        None => Ok(Vec::new()),
                    },
                    Some(Order::Freeze(freeze)) => match day(freeze.expires_on) {
                        Some(last) => {
                            self.account.decide_lapse_freeze(&id, crate::terms::end_of(last), self.now)
                        }
                        None => Ok(Vec::new()),
                    },
                    Some(Order::Return(_)) | None => self.account.decide_time_out(&id, self.now, self.now),
                }
            }
            Deed::Wait(_) => Ok(Vec::new()),
        }
    }

    /// What must hold at any moment.
    fn holds(&self, counted: &HashMap<(Ledger, String), i64>) {
        let orders = self.account.orders().values();
        let mut stops: HashMap<&str, i32> = HashMap::new();
        let mut paid = HashMap::new();
        for order in orders {
            match order {
                Order::Stop(stop) => {
                    *stops.entry(&stop.case_no).or_default() += stop.stops;
                    let key = (Ledger::Stopped, stop.order_id.clone());
                    assert_eq!(counted.get(&key).copied().unwrap_or_default(), stop.stopped_fen);
                }
                Order::Freeze(freeze) => {
                    assert!(freeze.returned_fen <= freeze.frozen_fen, "AF-011");
                    let key = (Ledger::Frozen, freeze.order_id.clone());
                    assert_eq!(counted.get(&key).copied().unwrap_or_default(), freeze.frozen_fen);
                }
                Order::Return(order) if order.state() == af::ReturnState::Executed => {
                    for share in &order.shares {
                        let before = paid.insert(&share.victim_ref, &order.order_id);
                        assert_eq!(before, None, "nobody is paid twice");
                    }
                }
                Order::Return(_) => {}
            }
            for instruction in order.instructions() {
                assert_ne!(instruction.state(), InstructionState::Unspecified);
            }
        }
        assert!(stops.values().all(|had| *had <= 2), "AF-001: {stops:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn whatever_happens_the_invariants_hold_and_the_log_tells_the_same_again(
        deeds in proptest::collection::vec(deed(), 1..120),
    ) {
        let mut story = Story::begin();
        let mut log = Vec::new();
        let mut counted: HashMap<(Ledger, String), i64> = HashMap::new();
        for deed in &deeds {
            if let Deed::Wait(minutes) = deed {
                story.now += Duration::minutes((*minutes).into());
            }
            let Ok(facts) = story.does(deed) else { continue };
            let mut events = story.take(Ok(facts));
            // The banks attend: what was approved is handed over.
            let waiting: Vec<String> = story
                .account
                .orders()
                .values()
                .flat_map(Order::instructions)
                .filter(|i| i.sent_at.is_none())
                .map(|i| i.trans_serial_number.clone())
                .collect();
            for serial in waiting {
                let sent = story.account.decide_send(&serial, &story.at("desk-1", CITY));
                events.extend(story.take(sent));
            }
            for line in events.iter().filter_map(line) {
                *counted.entry((line.ledger, line.order_id)).or_default() += line.amount_fen;
            }
            log.extend(events);
            story.holds(&counted);
        }
        let mut again = Account::default();
        for event in &log {
            again.apply(event);
        }
        prop_assert_eq!(again, story.account);
    }
}
