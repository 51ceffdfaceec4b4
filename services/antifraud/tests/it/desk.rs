//! The banks' stream.

use crate::world::*;
use tonic::Code;
use xiaoan_proto::antifraud::v1 as af;
use xiaoan_proto::antifraud::v1::{AnswerOutcome, StopState, attend_response};

#[tokio::test]
async fn a_bank_is_told_the_account_in_clear_in_the_platforms_words() {
    let world = World::start().await;
    let mut bank = Attending::open(&world.bank("bank-01"), "bank-01", 0).await.expect("attends");
    let order_id = world.officer().draft(stop()).await;
    world.chief().approve(&order_id).await;
    let order = bank.next().await;
    assert_eq!(order.tx_code, "100101");
    assert_eq!(order.application_id, order_id);
    let holder = order.account.clone().unwrap();
    assert_eq!((holder.name.as_str(), holder.id_number.as_str()), (HOLDER, NUMBER));
    assert_eq!(order.transfer_amount_fen, 5_000_000);
    assert_eq!(order.transfer_time, "20260301090000");
    assert_eq!(order.operator.clone().unwrap().id_number, "021001");
    assert_eq!(order.co_investigator.clone().unwrap().id_number, "021002");
    assert!(!format!("{order:?}").contains(NUMBER), "printing it says nothing");
}

#[tokio::test]
async fn another_banks_order_is_refused_and_not_shown() {
    let world = World::start().await;
    let mut own = Attending::open(&world.bank("bank-01"), "bank-01", 0).await.expect("attends");
    let mut other = Attending::open(&world.bank("bank-02"), "bank-02", 0).await.expect("attends");
    let order_id = world.officer().draft(stop()).await;
    world.chief().approve(&order_id).await;
    let order = own.next().await;
    // The other bank answers an order that it was never told, and learns nothing by it.
    let taken = other.feedback(done(&order, 1, "20260301100000")).await;
    assert_eq!((taken.outcome(), taken.code.as_str()), (AnswerOutcome::Refused, "GE-004"));
    let taken_too = other.acknowledge("no-such-serial", "100000").await;
    assert_eq!(
        (taken_too.outcome(), &taken_too.code, &taken_too.message_en),
        (AnswerOutcome::Refused, &taken.code, &taken.message_en)
    );
    assert_eq!(world.officer().stop(&order_id, 0).await.stopped_fen, 0);
    // What was said to it was never an order.
    let quiet = tokio::time::timeout(std::time::Duration::from_millis(700), other.hear()).await;
    assert!(quiet.is_err(), "{quiet:?}");
    // Nor does it get in under the other's name, nor anybody without the role.
    for (caller, as_bank) in [
        (world.bank("bank-02"), "bank-01"),
        (world.officer(), "bank-01"),
        (world.bank("operator-01"), "operator-01"),
    ] {
        let denied = Attending::open(&caller, as_bank, 0).await.map(drop);
        assert_eq!(refused(denied), no(Code::PermissionDenied, "GE-004"));
    }
}

#[tokio::test]
async fn k10_a_duplicate_reply_after_a_time_out_counts_once() {
    let world = World::start().await;
    let (officer, chief) = (world.officer(), world.chief());
    let order_id = officer.draft(stop()).await;
    chief.approve(&order_id).await;
    let mut bank = Attending::open(&world.bank("bank-01"), "bank-01", 0).await.expect("attends");
    let order = bank.next().await;
    // The bank acted, and its answer was lost.
    drop(bank);
    world.pass(time::Duration::minutes(31));
    let state = || async { officer.stop(&order_id, 0).await.state() };
    xiaoan_testkit::wait_until(std::time::Duration::from_secs(20), || async {
        state().await == StopState::TimedOut
    })
    .await;

    let resend = af::ResendInstructionRequest {
        request_id: id(),
        order_id: order_id.clone(),
        trans_serial_number: order.trans_serial_number.clone(),
    };
    let receipt =
        officer.instructions().resend_instruction(resend).await.unwrap().into_inner().receipt.unwrap();
    let mut bank = Attending::open(&world.bank("bank-01"), "bank-01", order.sequence).await.expect("attends");
    let again = bank.next().await;
    assert_eq!(again.trans_serial_number, order.trans_serial_number, "the same serial");
    assert_eq!(again.sequence, receipt.position);

    assert_eq!(
        bank.acknowledge(&order.trans_serial_number, "200003").await.outcome(),
        AnswerOutcome::Recorded
    );
    let wanted = bank.hear().await;
    let attend_response::Said::ResultWanted(wanted) = wanted else { panic!("{wanted:?}") };
    assert_eq!(wanted.trans_serial_number, order.trans_serial_number);
    let feedback = done(&order, 4_200_000, "20260301100000");
    let first = bank.feedback(feedback.clone()).await;
    assert_eq!(first.outcome(), AnswerOutcome::Recorded);
    for _ in 0..2 {
        assert_eq!(bank.feedback(feedback.clone()).await.outcome(), AnswerOutcome::Repeated);
    }
    // Worded otherwise it is still the same answer; another amount is not.
    let reworded = af::BankFeedback { feedback_remark: "重复".into(), ..feedback.clone() };
    assert_eq!(bank.feedback(reworded).await.outcome(), AnswerOutcome::Repeated);
    let more = af::BankFeedback { amount_fen: 4_300_000, balance_before_fen: 4_300_000, ..feedback };
    let refused = bank.feedback(more).await;
    assert_eq!((refused.outcome(), refused.code.as_str()), (AnswerOutcome::Refused, "ANSWER-CONTRADICTS"));
    assert_eq!(
        bank.acknowledge(&order.trans_serial_number, "100000").await.outcome(),
        AnswerOutcome::Repeated
    );
    let head = world.store.head().await.unwrap().position;
    assert_eq!(officer.stop(&order_id, head).await.state(), StopState::Stopped);
    assert_eq!(chief.sums(head).await, [4_200_000, 0, 0]);
}

#[tokio::test]
async fn a_stream_resumes_where_the_bank_says_and_hands_over_again_what_it_never_kept() {
    let world = World::start().await;
    let (officer, chief) = (world.officer(), world.chief());
    let mut sequences = Vec::new();
    let mut bank = Attending::open(&world.bank("bank-01"), "bank-01", 0).await.expect("attends");
    for n in 0..3 {
        let request = af::DraftStopRequest { account: account("bank-01", &format!("62220{n}")), ..stop() };
        chief.approve(&officer.draft(request).await).await;
        sequences.push(bank.next().await.sequence);
    }
    assert!(sequences.is_sorted());
    drop(bank);
    let mut bank = Attending::open(&world.bank("bank-01"), "bank-01", sequences[1]).await.expect("attends");
    assert_eq!(bank.next().await.sequence, sequences[2]);
    drop(bank);
    let mut bank = Attending::open(&world.bank("bank-01"), "bank-01", 0).await.expect("attends");
    let mut orders = Vec::new();
    for sequence in &sequences {
        let order = bank.next().await;
        assert_eq!(order.sequence, *sequence);
        orders.push(order);
    }
    // Answered in another order than they were asked.
    let mut position = 0;
    for order in orders.iter().rev() {
        let taken = bank.feedback(done(order, 1, "20260301100000")).await;
        assert_eq!(taken.outcome(), AnswerOutcome::Recorded);
        position = taken.position;
    }
    // Handing over is recorded once, whatever is handed over again.
    let log = world.store.read_log(1, 1000).await.unwrap();
    let sent = log.iter().filter(|e| e.r#type.ends_with(".InstructionSent")).count();
    assert_eq!(sent, 3);
    drop(bank);
    assert_eq!(chief.sums(position).await, [3, 0, 0]);
    let mut bank = Attending::open(&world.bank("bank-01"), "bank-01", 0).await.expect("attends");
    let quiet = tokio::time::timeout(std::time::Duration::from_millis(700), bank.hear()).await;
    assert!(quiet.is_err(), "what is answered is not handed over again: {quiet:?}");
}

#[tokio::test]
async fn a_refused_answer_leaves_the_stream_open() {
    let world = World::start().await;
    let order_id = world.officer().draft(stop()).await;
    world.chief().approve(&order_id).await;
    let mut bank = Attending::open(&world.bank("bank-01"), "bank-01", 0).await.expect("attends");
    let order = bank.next().await;
    let mut three = done(&order, 1, "20260301100000");
    three.agreed.pop();
    let taken = bank.feedback(three).await;
    assert_eq!((taken.outcome(), taken.code.as_str()), (AnswerOutcome::Refused, "AF-002"));
    let taken = bank.feedback(done(&order, 1, "20260301100000")).await;
    assert_eq!(taken.outcome(), AnswerOutcome::Recorded);
}

#[tokio::test]
async fn two_desks_of_one_bank_that_answer_at_once_count_once() {
    let world = World::start().await;
    let mut orders = Vec::new();
    for n in 0..8 {
        let request = af::DraftStopRequest { account: account("bank-01", &format!("62220{n}")), ..stop() };
        let order_id = world.officer().draft(request).await;
        world.chief().approve(&order_id).await;
        orders.push(order_id);
    }
    let desk = async || {
        let mut bank = Attending::open(&world.bank("bank-01"), "bank-01", 0).await.expect("attends");
        let mut heard = Vec::new();
        for _ in 0..orders.len() {
            heard.push(bank.next().await);
        }
        let mut recorded = 0;
        for order in &heard {
            let taken = bank.feedback(done(order, 10, "20260301100000")).await;
            recorded += usize::from(taken.outcome() == AnswerOutcome::Recorded);
        }
        recorded
    };
    let (one, other) = tokio::join!(desk(), desk());
    assert_eq!(one + other, orders.len());
    let log = world.store.read_log(1, 1000).await.unwrap();
    let count = |name: &str| log.iter().filter(|e| e.r#type.ends_with(name)).count();
    assert_eq!((count(".InstructionSent"), count(".StopConfirmed")), (8, 8));
    let head = world.store.head().await.unwrap().position;
    assert_eq!(world.chief().sums(head).await, [80, 0, 0]);
}
