use super::*;
use xiaoan_proto::antifraud::v1::{ApplicationType, StopState};

#[test]
fn k06_two_stops_of_48_hours_and_never_a_third() {
    let mut story = Story::begin();
    let (id, _) = story.stopped();
    assert_eq!(instant(story.stop(1).expires_at), Some(datetime!(2026-03-03 10:00 +8)));

    story.now = datetime!(2026-03-03 9:00 +8);
    let extend = af::ExtendStopRequest { order_id: id.clone(), restriction: told(), ..Default::default() };
    let asked = story.account.decide_extend_stop(&extend, &story.at("officer-1", STATION));
    story.take(asked);
    let approved = story.account.decide_approve_stop(&id, &story.at("chief-1", BUREAU));
    story.take(approved);
    let serial = story.send(&id);
    let extended = story.answer(&done(InstructionKind::Extend, &serial, 0, story.now));
    story.take(extended);
    assert_eq!(story.stop(1).state(), StopState::Extended);
    assert_eq!(instant(story.stop(1).expires_at), Some(datetime!(2026-03-05 10:00 +8)));

    refused(story.account.decide_extend_stop(&extend, &story.at("officer-1", STATION)), &["AF-001"]);
    // Nor by a new order, once it has ended.
    let ends = datetime!(2026-03-05 10:00 +8);
    let expired = story.account.decide_expire_stop(&id, ends, ends);
    story.take(expired);
    refused(story.draft_stop(&stop_request()), &["AF-001"]);
    // In another case it is the first again.
    let other = af::DraftStopRequest { case_no: "A3711020100002026030002".into(), ..stop_request() };
    assert!(story.draft_stop(&other).is_ok());
}

#[test]
fn a_stop_that_expired_once_may_be_ordered_again_and_that_is_the_second() {
    let mut story = Story::begin();
    let (id, _) = story.stopped();
    refused(story.draft_stop(&stop_request()), &["STOP-OPEN"]);
    let ends = datetime!(2026-03-03 10:00 +8);
    let expired = story.account.decide_expire_stop(&id, ends, ends);
    assert_eq!(story.take(expired).len(), 1);
    story.now = ends + Duration::hours(1);
    let (second, _) = story.stopped();
    let extend = af::ExtendStopRequest { order_id: second, restriction: told(), ..Default::default() };
    refused(story.account.decide_extend_stop(&extend, &story.at("officer-1", STATION)), &["AF-001"]);
}

#[test]
fn af002_a_draft_states_all_four_fields_that_the_bank_compares() {
    let story = Story::begin();
    assert!(story.draft_stop(&stop_request()).is_ok());
    let without = |change: fn(&mut af::DraftStopRequest)| {
        let mut request = stop_request();
        change(&mut request);
        refused(story.draft_stop(&request), &["AF-002"]);
    };
    without(|r| r.account.as_mut().unwrap().holder.as_mut().unwrap().name.clear());
    without(|r| r.account.as_mut().unwrap().holder.as_mut().unwrap().id_number.clear());
    without(|r| r.transfer.as_mut().unwrap().amount_fen = 0);
    without(|r| r.transfer.as_mut().unwrap().transferred_at = None);
}

#[test]
fn af002_a_bank_that_found_a_difference_stops_nothing() {
    let mut story = Story::begin();
    let (_, serial) = story.sent_stop();
    let mut three = done(InstructionKind::Stop, &serial, 5_000_000, story.now);
    three.agreed.pop();
    refused(story.answer(&three), &["AF-002"]);
    let mismatch = af::BankFeedback {
        tx_code: "100102".into(),
        trans_serial_number: serial,
        result: FeedbackResult::Mismatch.into(),
        differing: vec![MatchField::Name.into()],
        ..Default::default()
    };
    let mismatched = story.answer(&mismatch);
    story.take(mismatched);
    assert_eq!(story.stop(1).state(), StopState::Mismatched);
    assert_eq!(story.stop(1).stopped_fen, 0);
    assert_eq!(story.stop(1).instructions[0].differing, [i32::from(MatchField::Name)]);
}

#[test]
fn af003_types_02_to_05_name_the_original_application() {
    let story = Story::begin();
    for kind in [
        ApplicationType::BankReported,
        ApplicationType::BankReportedOther,
        ApplicationType::AfterTheFact,
        ApplicationType::AfterTheFactOther,
    ] {
        let mut request = af::DraftStopRequest { application_type: kind.into(), ..stop_request() };
        refused(story.draft_stop(&request), &["AF-003"]);
        request.original_application_id = "YH-1".into();
        assert!(story.draft_stop(&request).is_ok());
    }
    for kind in [ApplicationType::FirstRmbDemand, ApplicationType::FirstOther] {
        let request = af::DraftStopRequest { application_type: kind.into(), ..stop_request() };
        assert!(story.draft_stop(&request).is_ok());
    }
}

#[test]
fn af004_two_officers_state_an_order_and_a_third_subject_approves_it() {
    let mut story = Story::begin();
    let mut alone = stop_request();
    alone.officers.as_mut().unwrap().co_investigator = None;
    refused(story.draft_stop(&alone), &["AF-004"]);
    alone.officers = officers();
    alone.officers.as_mut().unwrap().co_investigator = Some(person("测试警员二", "021001"));
    refused(story.draft_stop(&alone), &["AF-004"]);

    let drafted = story.draft_stop(&stop_request());
    story.take(drafted);
    let id = format!("{ACCOUNT}-s1");
    refused(story.account.decide_approve_stop(&id, &story.at("officer-1", STATION)), &["AF-004"]);
    let approved = story.account.decide_approve_stop(&id, &story.at("chief-1", BUREAU));
    assert!(matches!(story.take(approved).as_slice(), [AccountEvent::StopApproved(_)]));
    refused(story.account.decide_approve_stop(&id, &story.at("chief-1", BUREAU)), &["NOTHING-TO-APPROVE"]);
}

#[test]
fn af009_whoever_is_restricted_is_told_reason_remedy_and_papers() {
    let story = Story::begin();
    let missing: [fn(&mut af::RestrictionText); 3] =
        [|t| t.reason.clear(), |t| t.remedy = "  ".into(), |t| t.papers.clear()];
    for change in missing {
        let mut request = stop_request();
        change(request.restriction.as_mut().unwrap());
        refused(story.draft_stop(&request), &["AF-009"]);
    }
    let silent = af::DraftStopRequest { restriction: None, ..stop_request() };
    refused(story.draft_stop(&silent), &["AF-009"]);
}

#[test]
fn every_wrong_field_of_a_draft_is_named_at_once() {
    let story = Story::begin();
    let request = af::DraftStopRequest {
        org_unit: "999999999999".into(),
        transfer: Some(af::TransferInput {
            amount_fen: 1,
            transferred_at: Some(timestamp(datetime!(2031-01-01 0:00 +8))),
            ..Default::default()
        }),
        case_no: "A12".into(),
        ..stop_request()
    };
    refused(story.draft_stop(&request), &["CB-001", "CB-003", "GE-006"]);
}

#[test]
fn a_released_stop_is_over_and_the_timer_finds_nothing_to_do() {
    let mut story = Story::begin();
    let (id, _) = story.stopped();
    let release =
        af::ReleaseStopRequest { order_id: id.clone(), reason: "查否".into(), ..Default::default() };
    let asked = story.account.decide_release_stop(&release, &story.at("officer-1", STATION));
    story.take(asked);
    refused(story.account.decide_release_stop(&release, &story.at("officer-1", STATION)), &["ORDER-WAITS"]);
    let serial = story.send(&id);
    let released = story.answer(&done(InstructionKind::Release, &serial, 0, story.now));
    story.take(released);
    assert_eq!(story.stop(1).state(), StopState::Released);
    let ends = datetime!(2026-03-03 10:00 +8);
    assert_eq!(story.account.decide_expire_stop(&id, ends, ends), Ok(Vec::new()));
    refused(
        story.account.decide_release_stop(&release, &story.at("officer-1", STATION)),
        &["STOP-NOT-STOPPED"],
    );
}

#[test]
fn a_bank_cannot_have_stopped_before_the_transfer_nor_before_it_was_asked() {
    let mut story = Story::begin();
    let (_, serial) = story.sent_stop();
    let early = done(InstructionKind::Stop, &serial, 1, datetime!(2026-03-01 9:30 +8));
    refused(story.answer(&early), &["GE-006"]);
    let late = done(InstructionKind::Stop, &serial, 1, datetime!(2026-03-01 10:30 +8));
    refused(story.answer(&late), &["CB-003"]);
    let skewed = done(InstructionKind::Stop, &serial, 1, datetime!(2026-03-01 9:56 +8));
    assert!(story.answer(&skewed).is_ok());
    let more = af::BankFeedback {
        amount_fen: 6,
        balance_before_fen: 5,
        ..done(InstructionKind::Stop, &serial, 1, story.now)
    };
    refused(story.answer(&more), &["GE-006"]);
}

#[test]
fn a_confirmation_taken_back_names_what_it_counted_and_where() {
    let mut story = Story::begin();
    let (id, _) = story.sent_stop();
    refused(
        story.account.decide_revoke(&id, "银行更正", &story.at("registrar-1", BUREAU)),
        &["NOT-CONFIRMED"],
    );
    let serial = story.serial(&id);
    let confirmed = story.answer(&done(InstructionKind::Stop, &serial, 5_000_000, story.now));
    story.take(confirmed);
    story.now += Duration::days(40);
    let facts = story.account.decide_revoke(&id, "银行更正", &story.at("registrar-1", BUREAU)).unwrap();
    assert_eq!(facts[0].occurred_on, date!(2026 - 03 - 01));
    let events = story.take(Ok(facts));
    let [AccountEvent::StopConfirmationRevoked(revoked)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((revoked.amount_fen, day(revoked.occurred_on)), (5_000_000, Some(date!(2026 - 03 - 01))));
    refused(
        story.account.decide_revoke(&id, "银行更正", &story.at("registrar-1", BUREAU)),
        &["NOT-CONFIRMED"],
    );
}

#[test]
fn a_draft_that_was_a_mistake_is_over_and_another_may_follow() {
    let mut story = Story::begin();
    let drafted = story.draft_stop(&stop_request());
    story.take(drafted);
    let id = format!("{ACCOUNT}-s1");
    let release =
        af::ReleaseStopRequest { order_id: id.clone(), reason: "笔误".into(), ..Default::default() };
    let released = story.account.decide_release_stop(&release, &story.at("officer-1", STATION));
    story.take(released);
    assert_eq!(story.stop(1).state(), StopState::Released);
    refused(story.account.decide_approve_stop(&id, &story.at("chief-1", BUREAU)), &["NOTHING-TO-APPROVE"]);
    assert!(story.draft_stop(&stop_request()).is_ok());
}

#[test]
fn an_unanswered_order_is_released_at_the_bank_and_a_late_answer_still_counts() {
    let mut story = Story::begin();
    let (id, serial) = story.sent_stop();
    let release =
        af::ReleaseStopRequest { order_id: id.clone(), reason: "查否".into(), ..Default::default() };
    let asked = story.account.decide_release_stop(&release, &story.at("officer-1", STATION));
    story.take(asked);
    let second = story.send(&id);
    let released = story.answer(&done(InstructionKind::Release, &second, 0, story.now));
    story.take(released);
    let confirmed = story.answer(&done(InstructionKind::Stop, &serial, 700, story.now));
    story.take(confirmed);
    assert_eq!((story.stop(1).state(), story.stop(1).stopped_fen), (StopState::Released, 700));
}

#[test]
fn af001_an_extension_that_is_answered_late_is_never_the_third_stop() {
    let mut story = Story::begin();
    let (id, _) = story.stopped();
    story.now = datetime!(2026-03-03 9:00 +8);
    let extend = af::ExtendStopRequest { order_id: id.clone(), restriction: told(), ..Default::default() };
    let asked = story.account.decide_extend_stop(&extend, &story.at("officer-1", STATION));
    story.take(asked);
    let approved = story.account.decide_approve_stop(&id, &story.at("chief-1", BUREAU));
    story.take(approved);
    let serial = story.send(&id);
    // The bank is silent, the first stop ends: a new order would be the second, and the extension may yet be it.
    let ends = datetime!(2026-03-03 10:00 +8);
    let expired = story.account.decide_expire_stop(&id, ends, ends);
    story.take(expired);
    story.now = ends + Duration::hours(1);
    refused(story.draft_stop(&stop_request()), &["AF-001"]);
    let extended = story.answer(&done(InstructionKind::Extend, &serial, 0, story.now));
    story.take(extended);
    assert_eq!(story.stop(1).stops, 2);
}
