//! What a bank makes of an instruction. Pure: the same seed, bank and serial always come to the same, in whatever order
//! instructions come and whenever.

use crate::demo::dice::Dice;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use time::OffsetDateTime;
use time::macros::{format_description, offset};
use xiaoan_proto::antifraud::v1::attend_request::Said;
use xiaoan_proto::antifraud::v1::{BankAcknowledgement, BankFeedback, BankOrder, FeedbackResult, MatchField};

/// All that a bank compares.
const FOUR: [MatchField; 4] = [MatchField::Name, MatchField::Account, MatchField::Amount, MatchField::Time];

/// How likely a bank does what; of a hundred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Habits {
    /// Least and greatest delay of an answer in milliseconds.
    pub latency: (u64, u64),
    /// A field differs.
    pub mismatch: u8,
    /// It cannot.
    pub fail: u8,
    /// An answer goes out twice.
    pub duplicate: u8,
    /// The feedback goes out before its acknowledgement.
    pub out_of_order: u8,
    /// It acts and says nothing.
    pub silence: u8,
    /// The balance is less than was transferred.
    pub partial: u8,
}

/// A bank: its habits, and what it has done so far.
#[derive(Debug, Clone)]
pub struct Bank {
    member_unit: String,
    seed: u64,
    habits: Habits,
    /// What it has done, by serial; asked again it says the same.
    done: HashMap<String, BankFeedback>,
    /// What is left on an account, by number.
    balances: HashMap<String, i64>,
}

/// An answer, so many milliseconds after the instruction.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// Delay in milliseconds.
    pub after: u64,
    /// What is said.
    pub said: Said,
}

impl Bank {
    /// A bank that has done nothing yet.
    #[must_use]
    pub fn new(member_unit: &str, seed: u64, habits: Habits) -> Self {
        let (done, balances) = (HashMap::new(), HashMap::new());
        Self { member_unit: member_unit.to_owned(), seed, habits, done, balances }
    }

    /// What it answers to an instruction that it hears at `now`.
    pub fn hear(&mut self, order: &BankOrder, now: OffsetDateTime) -> Vec<Reply> {
        let serial = &order.trans_serial_number;
        let mut dice = self.dice(serial);
        let mut delay = || self.delay(&mut dice);
        let (first, second) = (delay(), delay());
        if self.done.contains_key(serial) {
            // Handed over again: taken before. The result is given when it is asked for.
            return vec![Reply { after: first, said: acknowledgement(serial, "200003") }];
        }
        let mut chance = |percent: u8| dice.chance(percent.into());
        if chance(self.habits.fail) {
            let code = *dice.pick(&["200004", "200008", "200009", "200010"]);
            return vec![Reply { after: first, said: acknowledgement(serial, code) }];
        }
        let mismatch = chance(self.habits.mismatch) && matches!(order.tx_code.as_str(), "100101" | "100201");
        let feedback = if mismatch {
            let differing = vec![i32::from(*dice.pick(&FOUR))];
            BankFeedback { result: FeedbackResult::Mismatch.into(), differing, ..answer(order) }
        } else {
            self.act(order, now, &mut dice)
        };
        self.done.insert(serial.clone(), feedback.clone());
        let mut chance = |percent: u8| dice.chance(percent.into());
        if chance(self.habits.silence) {
            return Vec::new();
        }
        let acknowledged = acknowledgement(serial, "100000");
        let mut replies = if chance(self.habits.out_of_order) {
            vec![
                Reply { after: first, said: Said::Feedback(feedback) },
                Reply { after: first + second, said: acknowledged },
            ]
        } else {
            vec![
                Reply { after: first, said: acknowledged },
                Reply { after: first + second, said: Said::Feedback(feedback) },
            ]
        };
        if chance(self.habits.duplicate) {
            let again: Vec<_> =
                replies.iter().map(|r| Reply { after: r.after + second, said: r.said.clone() }).collect();
            replies.extend(again);
        }
        replies
    }

    /// The result of what it did before, when it is asked for.
    #[must_use]
    pub fn result(&self, serial: &str) -> Option<Reply> {
        let after = self.delay(&mut self.dice(serial));
        self.done.get(serial).map(|feedback| Reply { after, said: Said::Feedback(feedback.clone()) })
    }

    /// Does what is asked; the amounts follow from what is on the account.
    fn act(&mut self, order: &BankOrder, now: OffsetDateTime, dice: &mut Dice) -> BankFeedback {
        let number = order.account.as_ref().map(|account| account.id_number.clone()).unwrap_or_default();
        let wanted = if order.amount_fen > 0 { order.amount_fen } else { 10_000_000 };
        let partial = dice.chance(self.habits.partial.into());
        let opening = if partial { wanted / 100 * dice.between(5, 95) } else { wanted };
        let balance = *self.balances.entry(number.clone()).or_insert(opening);
        let amount_fen = match order.tx_code.as_str() {
            "100101" | "100201" => balance.min(wanted),
            // A return is paid as it was decided.
            "900101" => order.amount_fen,
            _ => 0,
        };
        if order.tx_code == "900101" {
            self.balances.insert(number, balance - amount_fen);
        }
        BankFeedback {
            result: FeedbackResult::Done.into(),
            agreed: FOUR.map(i32::from).to_vec(),
            balance_before_fen: balance,
            amount_fen,
            acted_at: stamp(now),
            ..answer(order)
        }
    }

    fn dice(&self, serial: &str) -> Dice {
        let mut hasher = DefaultHasher::new();
        (self.seed, &self.member_unit, serial).hash(&mut hasher);
        Dice::new(hasher.finish())
    }

    fn delay(&self, dice: &mut Dice) -> u64 {
        let (least, greatest) = self.habits.latency;
        let bound = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
        dice.between(bound(least), bound(greatest)).unsigned_abs()
    }
}

/// An answer to an instruction, with nothing said yet.
fn answer(order: &BankOrder) -> BankFeedback {
    BankFeedback {
        tx_code: answer_code(&order.tx_code),
        trans_serial_number: order.trans_serial_number.clone(),
        ..BankFeedback::default()
    }
}

/// TxCode of the answer: each feedback follows its request.
#[must_use]
pub fn answer_code(tx_code: &str) -> String {
    tx_code.parse::<u32>().map(|code| (code + 1).to_string()).unwrap_or_default()
}

/// An acknowledgement with a return code.
#[must_use]
pub fn acknowledgement(serial: &str, return_code: &str) -> Said {
    Said::Acknowledgement(BankAcknowledgement {
        trans_serial_number: serial.to_owned(),
        return_code: return_code.to_owned(),
        failure_cause: String::new(),
    })
}

/// "Done", all four fields agreeing.
#[must_use]
pub fn done(order: &BankOrder, amount_fen: i64, acted_at: OffsetDateTime) -> Said {
    Said::Feedback(BankFeedback {
        result: FeedbackResult::Done.into(),
        agreed: FOUR.map(i32::from).to_vec(),
        balance_before_fen: amount_fen,
        amount_fen,
        acted_at: stamp(acted_at),
        ..answer(order)
    })
}

/// yyyyMMddHHmmss in the city's time.
fn stamp(at: OffsetDateTime) -> String {
    let form = format_description!("[year][month][day][hour][minute][second]");
    at.to_offset(offset!(+8)).format(&form).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;
    use xiaoan_proto::core::v1::PersonInput;

    const NOW: OffsetDateTime = datetime!(2026-03-01 10:00 +8);

    fn order(serial: &str) -> BankOrder {
        BankOrder {
            tx_code: "100101".into(),
            trans_serial_number: serial.into(),
            amount_fen: 100_000,
            account: Some(PersonInput { id_number: serial.into(), ..Default::default() }),
            ..Default::default()
        }
    }

    fn bank(habits: Habits) -> Bank {
        Bank::new("bank-01", 7, Habits { latency: (10, 20), ..habits })
    }

    fn feedback(replies: &[Reply]) -> Option<&BankFeedback> {
        replies.iter().find_map(|r| if let Said::Feedback(f) = &r.said { Some(f) } else { None })
    }

    #[test]
    fn a_plain_bank_acknowledges_then_does_it() {
        let replies = bank(Habits::default()).hear(&order("1"), NOW);
        assert_eq!(replies.len(), 2);
        assert!(replies[0].after <= replies[1].after && replies[0].after >= 10);
        let feedback = feedback(&replies).unwrap();
        assert_eq!((feedback.tx_code.as_str(), feedback.amount_fen), ("100102", 100_000));
        assert_eq!((feedback.agreed.len(), feedback.acted_at.as_str()), (4, "20260301100000"));
    }

    #[test]
    fn the_same_seed_behaves_the_same_in_whatever_order_instructions_come() {
        let habits = Habits {
            mismatch: 30,
            fail: 30,
            duplicate: 30,
            out_of_order: 30,
            partial: 50,
            ..Habits::default()
        };
        let serials: Vec<String> = (0..40).map(|n| n.to_string()).collect();
        let (mut one, mut other) = (bank(habits), bank(habits));
        let forward: HashMap<_, _> = serials.iter().map(|s| (s, one.hear(&order(s), NOW))).collect();
        let backward: HashMap<_, _> = serials.iter().rev().map(|s| (s, other.hear(&order(s), NOW))).collect();
        assert_eq!(forward, backward);
    }

    #[test]
    fn a_silent_bank_has_acted_and_says_so_when_asked_again() {
        let mut bank = bank(Habits { silence: 100, ..Habits::default() });
        assert_eq!(bank.hear(&order("1"), NOW), []);
        let again = bank.hear(&order("1"), NOW);
        assert_eq!(again.len(), 1);
        assert_eq!(again[0].said, acknowledgement("1", "200003"));
        let result = bank.result("1").expect("it acted");
        assert_eq!(feedback(&[result]).unwrap().amount_fen, 100_000);
        assert_eq!(bank.result("2"), None);
    }

    #[test]
    fn duplicates_are_the_same_answers_again_and_out_of_order_is_feedback_first() {
        let mut bank = bank(Habits { duplicate: 100, out_of_order: 100, ..Habits::default() });
        let replies = bank.hear(&order("1"), NOW);
        assert_eq!(replies.len(), 4);
        assert!(matches!(replies[0].said, Said::Feedback(_)));
        assert_eq!(replies[0].said, replies[2].said);
        assert_eq!(replies[1].said, replies[3].said);
    }

    #[test]
    fn a_bank_that_differs_or_cannot_does_nothing() {
        let replies = bank(Habits { mismatch: 100, ..Habits::default() }).hear(&order("1"), NOW);
        let found = feedback(&replies).unwrap();
        assert_eq!(
            (found.result(), found.differing.len(), found.amount_fen),
            (FeedbackResult::Mismatch, 1, 0)
        );
        let replies = bank(Habits { fail: 100, ..Habits::default() }).hear(&order("1"), NOW);
        assert!(feedback(&replies).is_none() && replies.len() == 1);
    }

    #[test]
    fn a_partial_balance_is_what_is_there() {
        let mut bank = bank(Habits { partial: 100, ..Habits::default() });
        let stopped = feedback(&bank.hear(&order("1"), NOW)).unwrap().clone();
        assert!(stopped.amount_fen < 100_000 && stopped.amount_fen == stopped.balance_before_fen);
        let freeze = BankOrder { tx_code: "100201".into(), trans_serial_number: "2".into(), ..order("1") };
        let freeze = BankOrder { amount_fen: 0, ..freeze };
        assert_eq!(feedback(&bank.hear(&freeze, NOW)).unwrap().amount_fen, stopped.amount_fen);
    }
}
