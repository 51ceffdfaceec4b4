use super::*;
use xiaoan_proto::antifraud::v1::{ReturnMethod, ReturnState};

fn request(method: ReturnMethod, amount_fen: i64, claims: Vec<af::ClaimInput>) -> af::ProposeReturnRequest {
    af::ProposeReturnRequest {
        freeze_order_id: format!("{ACCOUNT}-f1"),
        method: method.into(),
        amount_fen,
        claims,
        ..Default::default()
    }
}

fn with_frozen(fen: i64) -> Story {
    let mut story = Story::begin();
    story.frozen(&freeze_request(), fen);
    story
}

#[test]
fn k09_a_pro_rata_return_is_exact_to_the_fen() {
    let mut story = with_frozen(10_000);
    let three = ["a", "b", "c"].map(|v| claim(v, 500_000)).to_vec();
    let proposed = story.propose(&request(ReturnMethod::ProRata, 10_000, three));
    story.take(proposed);
    let shares: Vec<_> = story.returned(1).shares.iter().map(|share| share.amount_fen).collect();
    assert_eq!(shares, [3_334, 3_333, 3_333]);
}

#[test]
fn af010_shares_add_up_to_the_amount() {
    let story = with_frozen(10_000);
    let traced = |first, second| {
        let of = |victim, traced_fen| af::ClaimInput { traced_fen, ..claim(victim, 9_000) };
        request(ReturnMethod::Timestamp, 10_000, vec![of("a", first), of("b", second)])
    };
    refused(story.propose(&traced(6_000, 3_999)), &["AF-010"]);
    assert!(story.propose(&traced(6_000, 4_000)).is_ok());
    // Nobody is given more than was lost.
    refused(story.propose(&request(ReturnMethod::Direct, 10_000, vec![claim("a", 9_999)])), &["AF-010"]);
    assert!(story.propose(&request(ReturnMethod::Direct, 9_999, vec![claim("a", 9_999)])).is_ok());
    let two = vec![claim("a", 9_999), claim("b", 1)];
    refused(story.propose(&request(ReturnMethod::Direct, 10_000, two)), &["RETURN-METHOD"]);
}

#[test]
fn af011_no_more_is_returned_than_is_frozen_and_not_promised() {
    let mut story = with_frozen(10_000);
    refused(story.propose(&request(ReturnMethod::Direct, 10_001, vec![claim("a", 20_000)])), &["AF-011"]);
    let proposed = story.propose(&request(ReturnMethod::Direct, 6_000, vec![claim("a", 6_000)]));
    story.take(proposed);
    refused(story.propose(&request(ReturnMethod::Direct, 4_001, vec![claim("b", 5_000)])), &["AF-011"]);
    assert!(story.propose(&request(ReturnMethod::Direct, 4_000, vec![claim("b", 5_000)])).is_ok());
}

#[test]
fn nobody_is_paid_twice_out_of_an_account() {
    let mut story = with_frozen(10_000);
    let twice = vec![claim("a", 1_000), claim("a", 1_000)];
    refused(story.propose(&request(ReturnMethod::ProRata, 2_000, twice)), &["RETURN-VICTIM-PAID"]);
    let proposed = story.propose(&request(ReturnMethod::Direct, 1_000, vec![claim("a", 1_000)]));
    story.take(proposed);
    refused(
        story.propose(&request(ReturnMethod::Direct, 500, vec![claim("a", 1_000)])),
        &["RETURN-VICTIM-PAID"],
    );
    assert!(story.propose(&request(ReturnMethod::Direct, 500, vec![claim("b", 1_000)])).is_ok());
}

#[test]
fn af012_a_pro_rata_return_waits_for_its_notice_to_run_out() {
    let mut story = with_frozen(10_000);
    let two = vec![claim("a", 5_000), claim("b", 6_000)];
    let proposed = story.propose(&request(ReturnMethod::ProRata, 10_000, two));
    story.take(proposed);
    let id = format!("{ACCOUNT}-r1");
    let chief = |story: &Story| story.account.decide_return(&id, &story.at("chief-1", BUREAU));
    refused(chief(&story), &["AF-012"]);
    let notice = af::PublishReturnNoticeRequest {
        order_id: id.clone(),
        published_on: Some(date!(2026 - 03 - 01).into()),
        ..Default::default()
    };
    let noticed = story.account.decide_notice(&notice, &story.at("officer-1", BUREAU));
    story.take(noticed);
    assert_eq!(day(story.returned(1).notice_until), Some(date!(2026 - 03 - 31)));
    refused(story.account.decide_notice(&notice, &story.at("officer-1", BUREAU)), &["RETURN-NOTICED"]);
    story.now = datetime!(2026-03-31 23:59 +8);
    refused(chief(&story), &["AF-012"]);
    story.now = datetime!(2026-04-01 0:00 +8);
    assert!(chief(&story).is_ok());
}

#[test]
fn a_direct_return_needs_no_notice_but_another_officer_of_a_bureau() {
    let mut story = with_frozen(10_000);
    let proposed = story.propose(&request(ReturnMethod::Direct, 10_000, vec![claim("a", 10_000)]));
    story.take(proposed);
    let id = format!("{ACCOUNT}-r1");
    let notice = af::PublishReturnNoticeRequest {
        order_id: id.clone(),
        published_on: Some(date!(2026 - 03 - 01).into()),
        ..Default::default()
    };
    refused(story.account.decide_notice(&notice, &story.at("officer-1", BUREAU)), &["RETURN-NO-NOTICE"]);
    refused(story.account.decide_return(&id, &story.at("officer-1", BUREAU)), &["AF-004"]);
    refused(story.account.decide_return(&id, &story.at("chief-1", STATION)), &["AF-006"]);
    let decided = story.account.decide_return(&id, &story.at("chief-1", BUREAU));
    story.take(decided);
    let serial = story.send(&id);
    refused(story.answer(&done(InstructionKind::Return, &serial, 9_999, story.now)), &["AF-010"]);
    let feedback = done(InstructionKind::Return, &serial, 10_000, story.now);
    let executed = story.answer(&feedback);
    assert!(matches!(story.take(executed).as_slice(), [AccountEvent::ReturnExecuted(_)]));
    assert_eq!(story.answer(&feedback), Ok(Vec::new()));
    assert_eq!(story.returned(1).state(), ReturnState::Executed);
    assert_eq!((story.freeze(1).frozen_fen, story.freeze(1).returned_fen), (10_000, 10_000));
    let freeze = format!("{ACCOUNT}-f1");
    refused(story.account.decide_revoke(&freeze, "更正", &story.at("registrar-1", BUREAU)), &["RETURN-OPEN"]);
    let revoked = story.account.decide_revoke(&id, "更正", &story.at("registrar-1", BUREAU));
    story.take(revoked);
    assert_eq!(story.freeze(1).returned_fen, 0);
    let revoked = story.account.decide_revoke(&freeze, "更正", &story.at("registrar-1", BUREAU));
    assert!(matches!(story.take(revoked).as_slice(), [AccountEvent::FreezeConfirmationRevoked(_)]));
}

#[test]
fn an_objection_holds_a_return_up_and_an_upheld_one_ends_it() {
    let mut story = with_frozen(10_000);
    let proposed = story.propose(&request(ReturnMethod::Direct, 10_000, vec![claim("a", 10_000)]));
    story.take(proposed);
    let id = format!("{ACCOUNT}-r1");
    let object =
        af::FileObjectionRequest { order_id: id.clone(), ground: "异议".into(), ..Default::default() };
    for expected in [1, 2] {
        assert_eq!(story.account.next_objection(&id), expected);
        let objected = story.account.decide_object(&object, &story.at("officer-1", BUREAU));
        story.take(objected);
    }
    refused(story.account.decide_return(&id, &story.at("chief-1", BUREAU)), &["RETURN-OBJECTED"]);
    let decide = |objection, upheld| af::DecideObjectionRequest {
        order_id: id.clone(),
        objection,
        upheld,
        reason: "核实".into(),
        ..Default::default()
    };
    let rejected = story.account.decide_objection(&decide(1, false), &story.at("chief-1", BUREAU));
    story.take(rejected);
    refused(
        story.account.decide_objection(&decide(1, false), &story.at("chief-1", BUREAU)),
        &["OBJECTION-UNKNOWN"],
    );
    let upheld = story.account.decide_objection(&decide(2, true), &story.at("chief-1", BUREAU));
    story.take(upheld);
    assert_eq!(story.returned(1).state(), ReturnState::Closed);
    refused(story.account.decide_return(&id, &story.at("chief-1", BUREAU)), &["RETURN-CLOSED"]);
    // The money and the victim are free for another return.
    assert!(story.propose(&request(ReturnMethod::Direct, 10_000, vec![claim("a", 10_000)])).is_ok());
}
