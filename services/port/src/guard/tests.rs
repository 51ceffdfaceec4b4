use super::*;
use crate::incident::story::Desk;
use time::macros::date;
use xiaoan_kernel::given::given;
use xiaoan_proto::core::v1::PersonInput;

pub(crate) const GUARD: &str = "guard-1";
const BUREAU: &str = "371190000000";

fn registered() -> GuardEvent {
    GuardRegistered {
        guard_id: GUARD.into(),
        org_unit: BUREAU.into(),
        account: "guard-account".into(),
        employer: "示例港务".into(),
        provenance: Provenance::Recorded.into(),
        ..Default::default()
    }
    .into()
}

fn trained() -> GuardEvent {
    GuardTrained {
        guard_id: GUARD.into(),
        course: "快处".into(),
        trained_on: Some(date!(2026 - 03 - 01).into()),
        hours: 16,
        org_unit: BUREAU.into(),
    }
    .into()
}

fn tested(passed: bool) -> GuardEvent {
    GuardTested {
        guard_id: GUARD.into(),
        tested_on: Some(date!(2026 - 03 - 05).into()),
        points: 90,
        passed,
        org_unit: BUREAU.into(),
    }
    .into()
}

fn authorised(from: Date, to: Date, renewal: bool) -> GuardEvent {
    GuardAuthorised {
        guard_id: GUARD.into(),
        org_unit: BUREAU.into(),
        authorised_on: Some(date!(2026 - 03 - 08).into()),
        from: Some(from.into()),
        to: Some(to.into()),
        document: "纪要1".into(),
        authorised_by: "chief-1".into(),
        renewal,
    }
    .into()
}

fn authorise_request(from: Date, to: Date) -> AuthoriseGuardRequest {
    AuthoriseGuardRequest {
        authorised_on: Some(date!(2026 - 03 - 08).into()),
        from: Some(from.into()),
        to: Some(to.into()),
        document: "纪要1".into(),
        ..Default::default()
    }
}

const FROM: Date = date!(2026 - 03 - 10);
const TO: Date = date!(2027 - 03 - 09);

/// A guard with authority from 2026-03-10 to 2027-03-09.
pub(crate) fn authorised_guard() -> Guard {
    given::<Guard>([registered(), trained(), tested(true), authorised(FROM, TO, false)]).0
}

#[test]
fn a_guard_is_registered_once_with_a_person_and_an_account() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    let request = RegisterGuardRequest {
        org_unit: BUREAU.into(),
        account: "guard-account".into(),
        employer: "示例港务".into(),
        person: Some(PersonInput { name: "测试甲".into(), ..Default::default() }),
        ..Default::default()
    };
    given::<Guard>([]).when(|g| g.decide_register(&request, GUARD, None, &at)).then([registered()]);
    given::<Guard>([registered()])
        .when(|g| g.decide_register(&request, GUARD, None, &at))
        .then_refused(&["GUARD-EXISTS"]);
    let nobody = RegisterGuardRequest { person: None, account: String::new(), ..request };
    given::<Guard>([])
        .when(|g| g.decide_register(&nobody, GUARD, None, &at))
        .then_refused(&["GE-006", "GE-006"]);
}

#[test]
fn authority_needs_a_training_and_a_test_that_was_passed() {
    let desk = Desk::default();
    let at = desk.moment("chief-1");
    let request = authorise_request(FROM, TO);
    for (past, code) in [
        (vec![registered()], "GUARD-NOT-TRAINED"),
        (vec![registered(), trained()], "GUARD-NOT-TESTED"),
        (vec![registered(), trained(), tested(false)], "GUARD-NOT-TESTED"),
    ] {
        given::<Guard>(past).when(|g| g.decide_authorise(&request, &at)).then_refused(&[code]);
    }
    given::<Guard>([registered(), trained(), tested(true)])
        .when(|g| g.decide_authorise(&request, &at))
        .then([authorised(FROM, TO, false)]);
}

#[test]
fn nobody_gives_authority_to_themselves_and_terms_do_not_overlap() {
    let desk = Desk::default();
    let past = || given::<Guard>([registered(), trained(), tested(true)]);
    past()
        .when(|g| g.decide_authorise(&authorise_request(FROM, TO), &desk.moment("guard-account")))
        .then_refused(&["GE-004"]);
    let at = desk.moment("chief-1");
    for (from, to, code) in [
        (date!(2026 - 03 - 07), TO, "PORT-TIME-ORDER"),
        (FROM, date!(2026 - 03 - 09), "PORT-TIME-ORDER"),
        (FROM, date!(2030 - 03 - 09), "GE-006"),
    ] {
        past().when(|g| g.decide_authorise(&authorise_request(from, to), &at)).then_refused(&[code]);
    }
    let guard = authorised_guard();
    assert!(guard.decide_authorise(&authorise_request(TO, date!(2028 - 01 - 01)), &at).is_err());
    let next = date!(2027 - 03 - 10);
    xiaoan_kernel::given::Given(guard)
        .when(|g| g.decide_authorise(&authorise_request(next, date!(2028 - 01 - 01)), &at))
        .then([authorised(next, date!(2028 - 01 - 01), true)]);
}

#[test]
fn authority_holds_from_the_first_day_to_the_last_and_no_longer_once_ended() {
    let desk = Desk::default();
    let guard = authorised_guard();
    for (day, holds) in
        [(date!(2026 - 03 - 09), false), (FROM, true), (TO, true), (date!(2027 - 03 - 10), false)]
    {
        assert_eq!(guard.has_authority_on(day), holds, "{day}");
    }
    let end = |on: Date| EndGuardAuthorityRequest {
        ended_on: Some(on.into()),
        reason: "离职".into(),
        ..Default::default()
    };
    let ended: GuardEvent = GuardAuthorityEnded {
        guard_id: GUARD.into(),
        org_unit: BUREAU.into(),
        ended_on: Some(date!(2026 - 07 - 01).into()),
        reason: "离职".into(),
        authorised_on: Some(date!(2026 - 03 - 08).into()),
    }
    .into();
    let guard = xiaoan_kernel::given::Given(guard)
        .when(|g| g.decide_end(&end(date!(2026 - 07 - 01)), &desk.moment("chief-1")))
        .then([ended]);
    assert!(guard.has_authority_on(date!(2026 - 07 - 01)) && !guard.has_authority_on(date!(2026 - 07 - 02)));
    xiaoan_kernel::given::Given(guard)
        .when(|g| g.decide_end(&end(date!(2026 - 08 - 01)), &desk.moment("chief-1")))
        .then_refused(&["GUARD-NO-AUTHORITY"]);
}

#[test]
fn a_test_follows_a_training() {
    let desk = Desk::default();
    let at = desk.moment("officer-1");
    let test = |on: Date| RecordGuardTestRequest {
        tested_on: Some(on.into()),
        points: 90,
        passed: true,
        ..Default::default()
    };
    given::<Guard>([registered()])
        .when(|g| g.decide_test(&test(date!(2026 - 03 - 05)), &at))
        .then_refused(&["GUARD-NOT-TRAINED"]);
    given::<Guard>([registered(), trained()])
        .when(|g| g.decide_test(&test(date!(2026 - 02 - 05)), &at))
        .then_refused(&["PORT-TIME-ORDER"]);
    given::<Guard>([registered(), trained()])
        .when(|g| g.decide_test(&test(date!(2026 - 03 - 05)), &at))
        .then([tested(true)]);
}
