//! What the timer says of freezes that are about to lapse, and of time limits that ran out.

use super::*;
use crate::terms::{RET_BANK, UNFRZ_3D};
use xiaoan_proto::antifraud::v1::{ReturnMethod, ReturnState};

/// The first instant of a day of 2026.
fn midnight(month: u8, day: u8) -> OffsetDateTime {
    let month = time::Month::try_from(month).expect("a month");
    let day = Date::from_calendar_date(2026, month, day).expect("a day");
    day.midnight().assume_offset(xiaoan_kernel::CITY_OFFSET)
}

#[test]
fn a_freeze_is_warned_of_30_7_and_1_days_before_it_lapses_and_once_each() {
    let mut story = Story::begin();
    let (id, _) = story.frozen(&freeze_request(), 10_000);
    // Its last day is 2026-09-01: it lapses at the midnight after.
    for (due, days_left) in [(midnight(8, 3), 30), (midnight(8, 26), 7), (midnight(9, 1), 1)] {
        let early = story.account.decide_warn_lapse(&id, due, due - Duration::SECOND);
        assert!(story.take(early).is_empty());
        let warned = story.account.decide_warn_lapse(&id, due, due);
        assert_eq!(story.take(warned).len(), 1, "{days_left}");
        assert_eq!(story.freeze(1).warned_days, days_left);
        let again = story.account.decide_warn_lapse(&id, due, due + Duration::HOUR);
        assert!(story.take(again).is_empty(), "once");
    }
}

#[test]
fn a_warning_that_the_next_has_overtaken_a_renewal_or_a_lifting_says_nothing() {
    let mut story = Story::begin();
    let (id, _) = story.frozen(&freeze_request(), 10_000);
    let late = story.account.decide_warn_lapse(&id, midnight(8, 3), midnight(8, 26));
    assert!(story.take(late).is_empty(), "seven days are said instead");
    let no_day = story.account.decide_warn_lapse(&id, midnight(8, 4), midnight(8, 4));
    assert!(story.take(no_day).is_empty(), "of another end");
    let warned = story.account.decide_warn_lapse(&id, midnight(8, 26), midnight(8, 26));
    story.take(warned);
    story.now = midnight(8, 27);
    let request = af::RenewFreezeRequest { order_id: id.clone(), restriction: told(), ..Default::default() };
    let asked = story.account.decide_renew_freeze(&request, &story.at("officer-1", STATION));
    story.take(asked);
    let approved = story.account.decide_approve_freeze(&id, &story.at("chief-1", CITY));
    story.take(approved);
    let serial = story.send(&id);
    let renewed = story.answer(&done(InstructionKind::Renew, &serial, 0, story.now));
    story.take(renewed);
    assert_eq!(story.freeze(1).warned_days, 0, "begins anew");
    let old = story.account.decide_warn_lapse(&id, midnight(9, 1), midnight(9, 1));
    assert!(story.take(old).is_empty());
}

#[test]
fn a_bank_that_is_told_to_lift_after_the_third_day_is_noted_once_and_one_told_in_time_is_not() {
    for (sent_in_time, breaches) in [(true, 0), (false, 1)] {
        let mut story = Story::begin();
        let (id, _) = story.frozen(&freeze_request(), 10_000);
        let lift = af::UnfreezeRequest {
            order_id: id.clone(),
            reason: "与案件无关".into(),
            found_unrelated_on: Some(date!(2026 - 03 - 01).into()),
            ..Default::default()
        };
        let asked = story.account.decide_unfreeze(&lift, &story.at("officer-1", STATION));
        let due = match &story.take(asked)[..] {
            [AccountEvent::FreezeLiftRequested(e)] => {
                xiaoan_proto::instant(e.tell_by.as_ref().unwrap()).unwrap()
            }
            other => panic!("{other:?}"),
        };
        if sent_in_time {
            story.now = due - Duration::SECOND;
            story.send(&id);
        }
        let early = story.account.decide_breach(&id, UNFRZ_3D, due, due - Duration::SECOND);
        assert!(story.take(early).is_empty());
        for _ in 0..2 {
            let noted = story.account.decide_breach(&id, UNFRZ_3D, due, due);
            story.take(noted);
        }
        assert_eq!(story.freeze(1).breaches.len(), breaches);
        // Told later: it was late, whatever the bank does now.
        if !sent_in_time {
            story.now = due + Duration::DAY;
            let serial = story.send(&id);
            let lifted = story.answer(&done(InstructionKind::Unfreeze, &serial, 0, story.now));
            story.take(lifted);
            assert_eq!(story.freeze(1).breaches.len(), 1);
        }
    }
}

#[test]
fn a_bank_that_has_not_paid_after_three_working_days_is_noted_and_one_that_cannot_is_not() {
    let mut story = Story::begin();
    story.frozen(&freeze_request(), 10_000);
    let proposal = af::ProposeReturnRequest {
        freeze_order_id: format!("{ACCOUNT}-f1"),
        method: ReturnMethod::Direct.into(),
        amount_fen: 5_000,
        claims: vec![claim("a", 9_000)],
        ..Default::default()
    };
    let proposed = story.propose(&proposal);
    story.take(proposed);
    let id = format!("{ACCOUNT}-r1");
    let decided = story.account.decide_return(&id, &story.at("chief-1", CITY));
    story.take(decided);
    let serial = story.serial(&id);
    let sent = story.account.decide_send(&serial, &story.at("desk-1", CITY));
    let due = match &story.take(sent)[..] {
        [AccountEvent::InstructionSent(e)] => xiaoan_proto::instant(e.pay_by.as_ref().unwrap()).unwrap(),
        other => panic!("{other:?}"),
    };
    // Told on Sunday 2026-03-01: Monday, Tuesday, Wednesday.
    assert_eq!(due, midnight(3, 5));
    let mut unpaid = story.account.clone();
    let noted = unpaid.decide_breach(&id, RET_BANK, due, due).expect("noted");
    noted.iter().for_each(|fact| unpaid.apply(&fact.event));
    assert_eq!(unpaid.orders()[&id].breaches().len(), 1);
    let other = story.account.decide_breach(&id, RET_BANK, due + Duration::DAY, due + Duration::DAY);
    assert!(story.take(other).is_empty(), "nothing was owed by then");
    let mut failed = done(InstructionKind::Return, &serial, 0, story.now);
    failed.result = FeedbackResult::Failed.into();
    let cannot = story.answer(&failed);
    story.take(cannot);
    assert_eq!(story.returned(1).state(), ReturnState::Failed);
    let nothing = story.account.decide_breach(&id, RET_BANK, due, due);
    assert!(story.take(nothing).is_empty());
}
