use super::*;
use crate::terms::end_of;
use xiaoan_proto::antifraud::v1::{AssetClass, FreezeState, StopState};

#[test]
fn k07_a_freeze_is_renewed_on_its_last_day_and_lapses_after_it() {
    let mut story = Story::begin();
    story.now = datetime!(2026-08-31 10:00 +8);
    let request = af::DraftFreezeRequest { filed_on: Some(date!(2026 - 08 - 30).into()), ..freeze_request() };
    let (id, _) = story.frozen(&request, 1_000);
    assert_eq!(day(story.freeze(1).expires_on), Some(date!(2027 - 02 - 28)));
    let renew = af::RenewFreezeRequest { order_id: id.clone(), restriction: told(), ..Default::default() };

    story.now = datetime!(2027-02-28 23:59 +8);
    assert!(story.account.decide_renew_freeze(&renew, &story.at("officer-1", STATION)).is_ok());
    story.now = datetime!(2027-03-01 0:00 +8);
    refused(story.account.decide_renew_freeze(&renew, &story.at("officer-1", STATION)), &["AF-007"]);

    let due = end_of(date!(2027 - 02 - 28));
    assert_eq!(story.account.decide_lapse_freeze(&id, due, due - Duration::SECOND), Ok(Vec::new()));
    let lapsed = story.account.decide_lapse_freeze(&id, due, due);
    assert!(matches!(story.take(lapsed).as_slice(), [AccountEvent::FreezeLapsed(_)]));
    assert_eq!(story.freeze(1).state(), FreezeState::Lapsed);
    refused(story.account.decide_renew_freeze(&renew, &story.at("officer-1", STATION)), &["AF-007"]);
}

#[test]
fn k07_a_renewal_that_the_bank_made_in_time_counts_although_we_hear_of_it_late() {
    let mut story = Story::begin();
    story.now = datetime!(2026-08-31 10:00 +8);
    let (id, _) = story.frozen(&freeze_request(), 1_000);
    let renew = af::RenewFreezeRequest { order_id: id.clone(), restriction: told(), ..Default::default() };
    story.now = datetime!(2027-02-28 20:00 +8);
    let asked = story.account.decide_renew_freeze(&renew, &story.at("officer-1", STATION));
    story.take(asked);
    let approved = story.account.decide_approve_freeze(&id, &story.at("chief-1", BUREAU));
    story.take(approved);
    let serial = story.send(&id);
    let acted_at = story.now;
    let due = end_of(date!(2027 - 02 - 28));
    let lapsed = story.account.decide_lapse_freeze(&id, due, due);
    story.take(lapsed);
    story.now = due + Duration::hours(2);
    refused(story.answer(&done(InstructionKind::Renew, &serial, 0, story.now)), &["AF-007"]);
    let renewed = story.answer(&done(InstructionKind::Renew, &serial, 0, acted_at));
    story.take(renewed);
    let freeze = story.freeze(1);
    assert_eq!((freeze.state(), freeze.renewals), (FreezeState::Frozen, 1));
    assert_eq!(day(freeze.expires_on), Some(date!(2027 - 08 - 28)));
}

#[test]
fn af005_no_freeze_without_a_filed_case() {
    let story = Story::begin();
    assert!(story.draft_freeze(&freeze_request()).is_ok());
    let unfiled = af::DraftFreezeRequest { case_no: String::new(), filed_on: None, ..freeze_request() };
    refused(story.draft_freeze(&unfiled), &["AF-005", "AF-005"]);
    let tomorrow =
        af::DraftFreezeRequest { filed_on: Some(date!(2026 - 03 - 02).into()), ..freeze_request() };
    refused(story.draft_freeze(&tomorrow), &["AF-005"]);
}

#[test]
fn af006_a_freeze_is_approved_at_the_level_that_its_term_needs() {
    for (asset, complex, months, needs_city) in [
        (AssetClass::Deposit, false, 6, false),
        (AssetClass::Deposit, true, 12, true),
        (AssetClass::Bonds, false, 24, false),
        (AssetClass::Equity, false, 6, true),
    ] {
        let mut story = Story::begin();
        let request = af::DraftFreezeRequest { asset_class: asset.into(), complex, ..freeze_request() };
        let drafted = story.draft_freeze(&request);
        story.take(drafted);
        assert_eq!(story.freeze(1).months, months);
        let id = format!("{ACCOUNT}-f1");
        refused(story.account.decide_approve_freeze(&id, &story.at("chief-1", STATION)), &["AF-006"]);
        let by_county = story.account.decide_approve_freeze(&id, &story.at("chief-1", BUREAU));
        if needs_city {
            refused(by_county, &["AF-006"]);
        } else {
            assert!(by_county.is_ok());
        }
        assert!(story.account.decide_approve_freeze(&id, &story.at("chief-1", CITY)).is_ok());
    }
}

#[test]
fn af008_what_is_frozen_is_not_frozen_again_but_queued() {
    let mut story = Story::begin();
    story.frozen(&freeze_request(), 1_000);
    refused(story.draft_freeze(&freeze_request()), &["FREEZE-OPEN"]);
    let mut other = af::DraftFreezeRequest { case_no: "A3711020100002026030002".into(), ..freeze_request() };
    refused(story.draft_freeze(&other), &["AF-008"]);
    other.queue = true;
    let (_, serial) = story.sent_freeze(&other);
    let queued = af::BankFeedback {
        tx_code: "100202".into(),
        trans_serial_number: serial.clone(),
        result: FeedbackResult::Queued.into(),
        prior_freezer: "日照市公安局".into(),
        prior_amount_fen: 1_000,
        prior_expires_on: "20260901".into(),
        ..Default::default()
    };
    let decided = story.answer(&queued);
    let events = story.take(decided);
    assert!(matches!(events.as_slice(), [AccountEvent::FreezeQueued(_)]));
    assert_eq!(story.freeze(2).state(), FreezeState::Queued);
    assert_eq!(story.freeze(2).frozen_fen, 0);
    assert_eq!(story.answer(&queued), Ok(Vec::new()), "said twice, queued once");
    // Nothing times out while it waits in the bank's queue.
    let due = story.now + Duration::minutes(30);
    assert_eq!(story.account.decide_time_out(&format!("{ACCOUNT}-f2"), due, due), Ok(Vec::new()));
    // Its turn comes when the freeze before it ends.
    let turn = story.answer(&done(InstructionKind::Freeze, &serial, 900, story.now));
    story.take(turn);
    assert_eq!(story.freeze(2).state(), FreezeState::Frozen);
}

#[test]
fn a_freeze_converts_the_stop_that_the_bank_had_not_ended() {
    let mut story = Story::begin();
    let (stop, _) = story.stopped();
    let request = af::DraftFreezeRequest { stop_order_id: stop, ..freeze_request() };
    let (_, serial) = story.sent_freeze(&request);
    story.now = datetime!(2026-03-03 11:00 +8);
    // The bank froze in time, although the stop has ended by now.
    let ends = datetime!(2026-03-03 10:00 +8);
    let expired = story.account.decide_expire_stop(&format!("{ACCOUNT}-s1"), ends, ends);
    story.take(expired);
    let decided =
        story.answer(&done(InstructionKind::Freeze, &serial, 4_000_000, datetime!(2026-03-03 9:59 +8)));
    let events = story.take(decided);
    assert!(matches!(events.as_slice(), [AccountEvent::StopConverted(_), AccountEvent::FreezeConfirmed(_)]));
    assert_eq!(story.stop(1).state(), StopState::Converted);
    assert_eq!(story.stop(1).stopped_fen, 5_000_000, "the two ledgers stay apart");
    assert_eq!(story.freeze(1).frozen_fen, 4_000_000);
}

#[test]
fn a_freeze_of_a_stop_names_a_stop_of_that_account() {
    let mut story = Story::begin();
    story.stopped();
    for stop in [format!("{ACCOUNT}-s9"), "ffffffffffffffffffffffff-s1".into()] {
        let request = af::DraftFreezeRequest { stop_order_id: stop, ..freeze_request() };
        refused(story.draft_freeze(&request), &["STOP-OTHER-ACCOUNT"]);
    }
}

#[test]
fn what_is_unrelated_is_unfrozen() {
    let mut story = Story::begin();
    let (id, _) = story.frozen(&freeze_request(), 1_000);
    let lift = af::UnfreezeRequest {
        order_id: id.clone(),
        reason: "与案件无关".into(),
        found_unrelated_on: Some(date!(2026 - 03 - 01).into()),
        ..Default::default()
    };
    let asked = story.account.decide_unfreeze(&lift, &story.at("officer-1", STATION));
    story.take(asked);
    let serial = story.send(&id);
    let lifted = story.answer(&done(InstructionKind::Unfreeze, &serial, 0, story.now));
    story.take(lifted);
    assert_eq!(story.freeze(1).state(), FreezeState::Lifted);
    refused(story.account.decide_unfreeze(&lift, &story.at("officer-1", STATION)), &["FREEZE-NOT-FROZEN"]);
    let due = end_of(date!(2026 - 09 - 01));
    assert_eq!(story.account.decide_lapse_freeze(&id, due, due), Ok(Vec::new()));
}

#[test]
fn a_freeze_in_the_banks_queue_is_taken_out_of_it() {
    let mut story = Story::begin();
    let (id, serial) = story.sent_freeze(&freeze_request());
    let queued = af::BankFeedback {
        tx_code: "100202".into(),
        trans_serial_number: serial,
        result: FeedbackResult::Queued.into(),
        ..Default::default()
    };
    let decided = story.answer(&queued);
    story.take(decided);
    let lift = af::UnfreezeRequest { order_id: id.clone(), reason: "撤销".into(), ..Default::default() };
    let asked = story.account.decide_unfreeze(&lift, &story.at("officer-1", STATION));
    story.take(asked);
    let serial = story.send(&id);
    let lifted = story.answer(&done(InstructionKind::Unfreeze, &serial, 0, story.now));
    story.take(lifted);
    assert_eq!(story.freeze(1).state(), FreezeState::Lifted);
    assert!(story.draft_freeze(&freeze_request()).is_ok(), "it holds nothing up");
}
