use super::super::Answered;
use super::*;
use crate::views::ledger::line;
use xiaoan_proto::antifraud::v1::{InstructionState, StopState};

fn acknowledged(serial: &str, return_code: &str) -> af::BankAcknowledgement {
    af::BankAcknowledgement {
        trans_serial_number: serial.into(),
        return_code: return_code.into(),
        failure_cause: String::new(),
    }
}

fn acknowledge(story: &mut Story, serial: &str, code: &str) -> Answered {
    let decided =
        story.account.decide_acknowledge(BANK, &acknowledged(serial, code), &story.at("desk-1", CITY));
    let (facts, next) = decided.expect("taken");
    story.take(Ok(facts));
    next
}

#[test]
fn k10_a_duplicate_reply_after_a_time_out_ends_stopped_once_and_counts_once() {
    let mut story = Story::begin();
    let (id, serial) = story.sent_stop();
    let due = story.now + Duration::minutes(30);
    let timed_out = story.account.decide_time_out(&id, due, due);
    assert_eq!(story.take(timed_out).len(), 1);
    assert_eq!(story.stop(1).state(), StopState::TimedOut);

    story.now += Duration::hours(1);
    let resent = story.account.decide_resend(&id, &serial, &story.at("officer-1", STATION));
    story.take(resent);
    assert_eq!(story.serial(&id), serial, "the same serial");
    assert_eq!(acknowledge(&mut story, &serial, "200003"), Answered::ResultWanted);

    let moment = datetime!(2026-03-01 10:02 +8);
    let mut lines = Vec::new();
    for _ in 0..3 {
        let decided = story.answer(&done(InstructionKind::Stop, &serial, 4_200_000, moment));
        let events = story.take(decided);
        lines.extend(events.iter().filter_map(line));
    }
    assert_eq!(acknowledge(&mut story, &serial, "200003"), Answered::Noted, "nothing is asked for twice");
    assert_eq!(story.stop(1).state(), StopState::Stopped);
    assert_eq!(lines.iter().map(|l| l.amount_fen).collect::<Vec<_>>(), [4_200_000]);
}

#[test]
fn k10_feedback_before_its_acknowledgement_is_as_good() {
    let mut story = Story::begin();
    let (_, serial) = story.sent_stop();
    let confirmed = story.answer(&done(InstructionKind::Stop, &serial, 100, story.now));
    story.take(confirmed);
    assert_eq!(acknowledge(&mut story, &serial, "100000"), Answered::Noted);
    assert_eq!(story.stop(1).state(), StopState::Stopped);
}

#[test]
fn k10_an_answer_that_contradicts_the_first_changes_nothing() {
    let mut story = Story::begin();
    let (_, serial) = story.sent_stop();
    let confirmed = story.answer(&done(InstructionKind::Stop, &serial, 100, story.now));
    story.take(confirmed);
    let more = done(InstructionKind::Stop, &serial, 200, story.now);
    refused(story.answer(&more), &["ANSWER-CONTRADICTS"]);
    let failed = af::BankFeedback { result: FeedbackResult::Failed.into(), ..more };
    refused(story.answer(&failed), &["ANSWER-CONTRADICTS"]);
    assert_eq!(story.stop(1).stopped_fen, 100);
}

#[test]
fn af014_an_order_counts_nothing_until_its_bank_confirms() {
    let mut story = Story::begin();
    let id = story.account.next_stop_id(ACCOUNT);
    let mut counted = Vec::new();
    let drafted = story.draft_stop(&stop_request());
    counted.extend(story.take(drafted).iter().filter_map(line));
    let approved = story.account.decide_approve_stop(&id, &story.at("chief-1", BUREAU));
    counted.extend(story.take(approved).iter().filter_map(line));
    let serial = story.send(&id);
    acknowledge(&mut story, &serial, "100000");
    assert_eq!(counted, [], "ordered, approved, sent and acknowledged: nothing");
    let confirmed = story.answer(&done(InstructionKind::Stop, &serial, 4_999_999, story.now));
    counted.extend(story.take(confirmed).iter().filter_map(line));
    assert_eq!(counted.len(), 1);
    assert_eq!(counted[0].amount_fen, 4_999_999, "what was stopped, not what was ordered");
}

#[test]
fn return_codes_say_whether_the_order_failed_or_is_unsure() {
    for (code, state) in [
        ("200001", StopState::Failed),
        ("200002", StopState::TimedOut),
        ("200004", StopState::Failed),
        ("200010", StopState::Failed),
        ("100000", StopState::Acknowledged),
    ] {
        let mut story = Story::begin();
        let (_, serial) = story.sent_stop();
        acknowledge(&mut story, &serial, code);
        assert_eq!(story.stop(1).state(), state, "{code}");
    }
    let mut story = Story::begin();
    let (_, serial) = story.sent_stop();
    let odd = story.account.decide_acknowledge(BANK, &acknowledged(&serial, "ok"), &story.at("desk-1", CITY));
    assert!(odd.is_err());
    acknowledge(&mut story, &serial, "200010");
    assert_eq!(story.stop(1).instructions[0].failure, "200010");
    // A failed order is over; another may be drafted.
    assert!(story.draft_stop(&stop_request()).is_ok());
}

#[test]
fn another_banks_instruction_and_nobodys_are_refused_alike() {
    let mut story = Story::begin();
    let (_, serial) = story.sent_stop();
    let feedback = done(InstructionKind::Stop, &serial, 100, story.now);
    let at = story.at("desk-2", CITY);
    refused(story.account.decide_feedback("bank-02", &feedback, &at), &["GE-004"]);
    let nobodys = af::BankFeedback { trans_serial_number: "x".into(), ..feedback };
    refused(story.account.decide_feedback(BANK, &nobodys, &at), &["GE-004"]);
    assert!(story.account.decide_acknowledge("bank-02", &acknowledged(&serial, "100000"), &at).is_err());
}

#[test]
fn an_instruction_is_sent_once_and_answered_under_its_own_code() {
    let mut story = Story::begin();
    let (id, serial) = story.sent_stop();
    assert_eq!(story.account.decide_send(&serial, &story.at("desk-1", CITY)), Ok(Vec::new()));
    let wrong =
        af::BankFeedback { tx_code: "100202".into(), ..done(InstructionKind::Stop, &serial, 100, story.now) };
    refused(story.answer(&wrong), &["GE-006"]);
    // An early or outdated deadline finds nothing to do.
    let due = story.now + Duration::minutes(30);
    assert_eq!(story.account.decide_time_out(&id, due, due - Duration::SECOND), Ok(Vec::new()));
    assert_eq!(story.account.decide_time_out(&id, due - Duration::SECOND, due), Ok(Vec::new()));
    let confirmed = story.answer(&done(InstructionKind::Stop, &serial, 100, story.now));
    story.take(confirmed);
    assert_eq!(story.account.decide_time_out(&id, due, due), Ok(Vec::new()));
    refused(story.account.decide_resend(&id, &serial, &story.at("o", STATION)), &["INSTRUCTION-ANSWERED"]);
    assert_eq!(story.stop(1).instructions[0].state(), InstructionState::Done);
}

#[test]
fn an_instruction_speaks_the_platforms_words() {
    let mut story = Story::begin();
    let (id, serial) = story.sent_stop();
    let order = story.account.on_the_wire(&serial).expect("on the wire").order;
    assert_eq!(order.tx_code, "100101");
    assert_eq!(order.application_type, "00");
    assert_eq!(order.account_type, "01");
    assert_eq!(order.transfer_time, "20260301090000");
    assert_eq!(order.application_id, id);
    assert_eq!(order.trans_serial_number, serial);
    assert!(order.trans_serial_number.starts_with(STATION));
    assert_eq!(story.account.on_the_wire("x"), None);
}
