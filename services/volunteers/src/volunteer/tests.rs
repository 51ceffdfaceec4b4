use super::application::{SealedApplicant, adult_from};
use super::shift::Duty;
use super::story::*;
use super::{Volunteer, VolunteerEvent};
use crate::squadron::{Squadron, SquadronEvent};
use proptest::prelude::*;
use time::macros::date;
use xiaoan_kernel::given::given;
use xiaoan_kernel::{Aggregate, OrgCode};
use xiaoan_proto::core::v1::{PersonInput, Provenance};
use xiaoan_proto::volunteers::v1::*;

fn application() -> ReceiveApplicationRequest {
    ReceiveApplicationRequest {
        org_unit: STATION.into(),
        person: Some(PersonInput { name: "演示甲".into(), phone: String::new(), id_number: "X".into() }),
        birth_date: Some(date!(1990 - 02 - 28).into()),
        received_on: day(1),
        background: VolunteerBackground::Veteran.into(),
        risks_explained: true,
        ..Default::default()
    }
}

fn duty() -> Duty<'static> {
    Duty {
        patrol_id: "p-9",
        unit: OrgCode::parse(STATION).expect("12 digits"),
        planned_to: at(20, 22, 0),
        min_rest: 480,
    }
}

fn formed(org_unit: &str) -> Squadron {
    let mut squadron = Squadron::default();
    let formed = SquadronFormed {
        squadron_id: "s-1".into(),
        org_unit: org_unit.into(),
        kind: SquadronKind::Village.into(),
        name_zh: "示例一中队".into(),
        formed_on: day(1),
        ..Default::default()
    };
    squadron.apply(&SquadronEvent::from(formed));
    squadron
}

/// Begins a shift at eight in the evening of 20 June after this past.
#[track_caller]
fn begins(past: Vec<VolunteerEvent>, codes: &[&str]) {
    let decided = given::<Volunteer>(past).when(|v| v.decide_begin_shift(duty(), at(20, 20, 0)));
    if codes.is_empty() {
        decided.then([begun("p-9", 20, 20)]);
    } else {
        decided.then_refused(codes);
    }
}

#[test]
fn an_application_keeps_when_somebody_is_of_age_but_of_an_adult_no_birth_date() {
    assert_eq!(adult_from(date!(1990 - 02 - 28), june(1)), june(1));
    assert_eq!(adult_from(date!(2008 - 06 - 02), june(1)), june(2));
    assert_eq!(adult_from(date!(2008 - 02 - 29), date!(2026 - 01 - 01)), date!(2026 - 03 - 01));
    let desk = Desk::default();
    given::<Volunteer>([])
        .when(|v| v.decide_receive(&application(), ID, SealedApplicant::default(), &desk.moment()))
        .then([received()]);
}

#[test]
fn an_application_is_refused_with_everything_that_is_wrong() {
    let desk = Desk::default();
    let bad = ReceiveApplicationRequest {
        org_unit: "371199990000".into(),
        person: None,
        birth_date: day(99),
        risks_explained: false,
        ..application()
    };
    given::<Volunteer>([])
        .when(|v| v.decide_receive(&bad, ID, SealedApplicant::default(), &desk.moment()))
        .then_refused(&["CB-001", "GE-006", "CB-003", "GE-006"]);
    given::<Volunteer>([received()])
        .when(|v| v.decide_receive(&application(), ID, SealedApplicant::default(), &desk.moment()))
        .then_refused(&["VOLUNTEER-EXISTS"]);
}

#[test]
fn a_rejection_may_be_appealed_once_and_is_not_decided_by_whoever_vetted() {
    let appeal = AppealRejectionRequest { grounds: "g".into(), ..Default::default() };
    let decide = DecideAppealRequest { granted: true, reason: "r".into(), ..Default::default() };
    let desk = Desk::default();
    given::<Volunteer>([received()])
        .when(|v| v.decide_appeal(&appeal, &desk.moment()))
        .then_refused(&["VOLUNTEER-NOT-REJECTED"]);
    let facts = given::<Volunteer>([received(), rejected()])
        .when(|v| v.decide_appeal(&appeal, &desk.moment()))
        .then_facts();
    let past = vec![received(), rejected(), facts[0].event.clone()];
    given::<Volunteer>(past.clone())
        .when(|v| v.decide_appeal(&appeal, &desk.moment()))
        .then_refused(&["VOLUNTEER-APPEALED"]);
    given::<Volunteer>(past.clone())
        .when(|v| v.decide_on_appeal(&decide, &desk.moment()))
        .then_refused(&["GE-004"]);
    let facts = given::<Volunteer>(past.clone())
        .when(|v| v.decide_on_appeal(&decide, &Desk::of("chief-1").moment()))
        .then_facts();
    let mut again = past;
    again.push(facts[0].event.clone());
    let state = given::<Volunteer>(again).0;
    assert_eq!(state.seen().state(), VolunteerState::Applied, "it is vetted anew");
    assert!(!state.seen().appealed);
}

#[test]
fn only_a_vetted_applicant_is_enrolled_and_only_while_the_vetting_holds() {
    let desk = Desk::default();
    let request =
        EnrolVolunteerRequest { squadron_id: "s-1".into(), enrolled_on: day(3), ..Default::default() };
    let squadron = formed(STATION);
    let no = "V3711210100000001";
    let enrol = |past: Vec<VolunteerEvent>, squadron: Option<&Squadron>| {
        given::<Volunteer>(past).when(|v| v.decide_enrol(&request, squadron, no, &desk.moment()))
    };
    enrol(vec![received(), vetted(2, 365)], Some(&squadron)).then([enrolled()]);
    enrol(vec![received()], Some(&squadron)).then_refused(&["VOLUNTEER-NOT-VETTED"]);
    enrol(vec![received(), rejected()], Some(&squadron)).then_refused(&["VOLUNTEER-REJECTED"]);
    enrol(vec![received(), vetted(2, 2)], Some(&squadron)).then_refused(&["VO-002"]);
    enrol(active(), Some(&squadron)).then_refused(&["VOLUNTEER-ENROLLED"]);
    enrol(vec![received(), vetted(2, 365)], None).then_refused(&["SQUADRON-UNKNOWN"]);
    enrol(vec![received(), vetted(2, 365)], Some(&formed(OTHER))).then_refused(&["SQUADRON-ELSEWHERE"]);
}

#[test]
fn nobody_patrols_untrained_uninsured_or_with_an_expired_vetting() {
    let desk = Desk::default();
    let request = ActivateVolunteerRequest { active_on: day(5), ..Default::default() };
    let enrolled_only = vec![received(), vetted(2, 365), enrolled()];
    given::<Volunteer>(enrolled_only)
        .when(|v| v.decide_activate(&request, &desk.moment()))
        .then_refused(&["VO-001", "VOLUNTEER-NOT-TRAINED"]);
    let past = vec![received(), vetted(2, 3), enrolled(), course(), insured(1, 60)];
    given::<Volunteer>(past).when(|v| v.decide_activate(&request, &desk.moment())).then_refused(&["VO-002"]);
    let ready = vec![received(), vetted(2, 365), enrolled(), course(), insured(1, 60)];
    given::<Volunteer>(ready).when(|v| v.decide_activate(&request, &desk.moment())).then([activated()]);
}

#[test]
fn vo_001_a_shift_needs_insurance_on_its_day() {
    begins(active(), &[]);
    let mut past = active();
    past[4] = insured(1, 19);
    begins(past, &["VO-001"]);
}

#[test]
fn vo_001_a_shift_over_midnight_needs_insurance_on_both_days() {
    let mut past = active();
    past[4] = insured(1, 20);
    let over_midnight = Duty { planned_to: at(21, 2, 0), ..duty() };
    given::<Volunteer>(past)
        .when(|v| v.decide_begin_shift(over_midnight, at(20, 20, 0)))
        .then_refused(&["VO-001"]);
}

#[test]
fn vo_002_a_shift_needs_a_vetting_that_holds() {
    let mut past = active();
    past[1] = vetted(2, 20);
    begins(past.clone(), &[]);
    past[1] = vetted(2, 19);
    begins(past, &["VO-002"]);
}

#[test]
fn vo_003_nobody_patrols_before_the_eighteenth_birthday() {
    let of_age_from = |d| {
        let mut past = active();
        if let VolunteerEvent::ApplicationReceived(e) = &mut past[0] {
            e.adult_from = day(d);
        }
        past
    };
    begins(of_age_from(20), &[]);
    begins(of_age_from(21), &["VO-003"]);
}

#[test]
fn vo_004_shifts_do_not_overlap() {
    let with = |more: Vec<VolunteerEvent>| [active(), more].concat();
    begins(with(shift("p-1", 20, 6, 12)), &[]);
    begins(with(vec![begun("p-1", 20, 18)]), &["VO-004"]);
    // Recorded late: the other one began before this one's planned end.
    begins(with(shift("p-1", 20, 21, 23)), &["VO-004"]);
}

#[test]
fn vo_004_nobody_is_checked_in_twice_at_one_patrol() {
    begins([active(), vec![begun("p-9", 20, 19)]].concat(), &["VO-004"]);
}

#[test]
fn vo_005_eight_hours_of_rest_lie_between_two_shifts_on_either_side() {
    let with = |more: Vec<VolunteerEvent>| [active(), more].concat();
    begins(with(shift("p-1", 20, 8, 12)), &[]);
    begins(with(shift("p-1", 20, 8, 13)), &["VO-005"]);
    begins(with(shift("p-1", 21, 5, 7)), &["VO-005"]);
    begins(with(shift("p-1", 21, 6, 7)), &[]);
}

#[test]
fn a_suspended_volunteer_or_one_of_another_unit_begins_no_shift() {
    let suspended =
        VolunteerSuspended { volunteer_id: ID.into(), org_unit: STATION.into(), reason: "r".into() };
    begins([active(), vec![suspended.into()]].concat(), &["VOLUNTEER-NOT-ACTIVE"]);
    let elsewhere = Duty { unit: OrgCode::parse(OTHER).expect("12 digits"), ..duty() };
    given::<Volunteer>(active())
        .when(|v| v.decide_begin_shift(elsewhere, at(20, 20, 0)))
        .then_refused(&["VOLUNTEER-ELSEWHERE"]);
    given::<Volunteer>([])
        .when(|v| v.decide_begin_shift(duty(), at(20, 20, 0)))
        .then_refused(&["VOLUNTEER-UNKNOWN"]);
}

#[test]
fn whoever_is_on_a_shift_is_neither_suspended_nor_let_go() {
    let desk = Desk::default();
    let past = [active(), vec![begun("p-1", 20, 18)]].concat();
    let suspend = SuspendVolunteerRequest { reason: "r".into(), ..Default::default() };
    given::<Volunteer>(past.clone())
        .when(|v| v.decide_suspend(&suspend, &desk.moment()))
        .then_refused(&["VOLUNTEER-ON-SHIFT"]);
    given::<Volunteer>(past)
        .when(|v| v.decide_retire(&RetireVolunteerRequest::default(), &desk.moment()))
        .then_refused(&["VOLUNTEER-ON-SHIFT"]);
}

#[test]
fn vo_010_no_more_hours_are_approved_than_were_served_and_only_once() {
    let desk = Desk::default();
    let past = [active(), shift("p-1", 20, 18, 20)].concat();
    let approve = |patrol_id: &str, minutes| ApproveHoursRequest {
        patrol_id: patrol_id.into(),
        minutes,
        ..Default::default()
    };
    let when = |past: Vec<VolunteerEvent>, request: ApproveHoursRequest| {
        given::<Volunteer>(past).when(|v| v.decide_approve_hours(&request, &desk.moment()))
    };
    when(past.clone(), approve("p-1", 121)).then_refused(&["VO-010"]);
    when(past.clone(), approve("p-2", 1)).then_refused(&["VO-008"]);
    let facts = when(past.clone(), approve("p-1", 120)).then_facts();
    let approved = [past, vec![facts[0].event.clone()]].concat();
    when(approved, approve("p-1", 120)).then_refused(&["HOURS-APPROVED"]);
}

#[test]
fn vo_011_a_certificate_states_exactly_the_approved_minutes_of_its_days() {
    let desk = Desk::default();
    let approved = |patrol: &str, d, minutes| -> VolunteerEvent {
        HoursApproved {
            volunteer_id: ID.into(),
            org_unit: STATION.into(),
            patrol_id: patrol.into(),
            minutes,
            served_on: day(d),
            approved_by: "officer-1".into(),
        }
        .into()
    };
    let past = [active(), vec![approved("p-1", 10, 120), approved("p-2", 20, 60)]].concat();
    let certify = |minutes, to| IssueCertificateRequest {
        certificate_no: "c-1".into(),
        from: day(1),
        to: day(to),
        minutes,
        ..Default::default()
    };
    let when = |past: Vec<VolunteerEvent>, request: IssueCertificateRequest| {
        given::<Volunteer>(past).when(|v| v.decide_certify(&request, &desk.moment()))
    };
    when(past.clone(), certify(181, 30)).then_refused(&["VO-011"]);
    when(past.clone(), certify(180, 19)).then_refused(&["VO-011"]);
    when(past.clone(), certify(120, 19)).then_facts();
    let facts = when(past.clone(), certify(180, 30)).then_facts();
    let issued = [past, vec![facts[0].event.clone()]].concat();
    when(issued, certify(180, 30)).then_refused(&["CERTIFICATE-EXISTS"]);
}

#[test]
fn what_is_shown_of_a_volunteer_is_what_the_events_add_up_to() {
    let past = [active(), shift("p-1", 10, 18, 20), shift("p-2", 12, 18, 21)].concat();
    let state = given::<Volunteer>(past).0;
    assert_eq!((state.seen().minutes_served, state.minutes_served()), (300, 300));
    assert_eq!(state.seen().on_patrol, "");
    assert_eq!(state.seen().provenance(), Provenance::Recorded);
    assert_eq!(state.seen().volunteer_no, "V3711210100000001");
}

proptest! {
    /// Whatever is tried, in whatever order it is recorded: shifts that were accepted never overlap, rest lies between
    /// them, and the minutes of the patrols add up to the minutes of the person.
    #[test]
    fn accepted_shifts_never_overlap_and_their_minutes_add_up(
        tries in prop::collection::vec((10_i64..25, 0_i64..24, 1_i64..6, 0_i64..400), 1..25),
    ) {
        let mut volunteer = given::<Volunteer>(active()).0;
        let mut sum = 0;
        for (n, (d, hour, planned, served)) in tries.into_iter().enumerate() {
            let patrol_id = format!("p-{n}");
            let (begin, end) = (at(d, hour, 0), at(d, hour + planned, 0));
            let duty = Duty { patrol_id: &patrol_id, planned_to: end, ..duty() };
            let Ok(facts) = volunteer.decide_begin_shift(duty, begin) else { continue };
            facts.iter().for_each(|fact| volunteer.apply(&fact.event));
            let out = begin + time::Duration::minutes(served);
            // Into another shift, it may not go: then it ends as planned.
            let ended = volunteer
                .decide_end_shift(&patrol_id, out)
                .or_else(|_| volunteer.decide_end_shift(&patrol_id, end));
            let (facts, minutes) = ended.expect("it may always end as planned");
            facts.iter().for_each(|fact| volunteer.apply(&fact.event));
            sum += minutes;
        }
        let mut spans: Vec<_> = volunteer.shifts.iter().map(|s| (s.begun, s.ended.expect("ended"))).collect();
        spans.sort();
        prop_assert!(spans.windows(2).all(|two| two[0].1 <= two[1].0), "{:?}", spans);
        prop_assert_eq!(volunteer.minutes_served(), sum);
        prop_assert_eq!(volunteer.seen().minutes_served, sum);
    }
}
