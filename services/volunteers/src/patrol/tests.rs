use super::planning::Referred;
use super::story::*;
use super::{Facts, PatrolEvent};
use crate::duty_point::DutyPoint;
use crate::patrol_rule::{PatrolRuleEvent, PatrolRules};
use crate::reason::Refused;
use crate::squadron::{Squadron, SquadronEvent};
use crate::volunteer::story::{CITY, Desk, ID, STATION, active, day, stamp};
use crate::volunteer::{Volunteer, VolunteerEvent};
use std::collections::BTreeMap;
use xiaoan_kernel::given::given;
use xiaoan_kernel::{Aggregate, Refusal};
use xiaoan_proto::volunteers::v1::*;

fn plan() -> PlanPatrolRequest {
    PlanPatrolRequest {
        org_unit: STATION.into(),
        squadron_id: "s-1".into(),
        route: "示例村环线".into(),
        officer_in_charge: "021345".into(),
        planned_from: stamp(20, 20, 0),
        planned_to: stamp(20, 22, 0),
        task: "night-patrol".into(),
        ..Default::default()
    }
}

/// Plans with a squadron of a unit.
fn planning(request: &PlanPatrolRequest, unit: &str, past: Vec<PatrolEvent>) -> Result<Facts, Refused> {
    let mut squadron = Squadron::default();
    let formed = SquadronFormed {
        squadron_id: "s-1".into(),
        org_unit: unit.into(),
        kind: SquadronKind::Village.into(),
        name_zh: "示例一中队".into(),
        formed_on: day(1),
        ..Default::default()
    };
    squadron.apply(&SquadronEvent::from(formed));
    let mut rules = PatrolRules::default();
    rules.apply(&PatrolRuleEvent::from(PatrolRulePublished { rule: Some(rule()) }));
    let referred = Referred { squadron: Some(&squadron), duty_point: &DutyPoint::default(), rules: &rules };
    patrol(past).decide_plan(request, PATROL, referred, &Desk::default().moment())
}

#[track_caller]
fn codes<T: std::fmt::Debug>(decided: Result<T, Refused>) -> Vec<&'static str> {
    decided.expect_err("refused").findings().iter().map(|f| f.code).collect()
}

fn check_in(hour: i64, minute: i64) -> CheckInRequest {
    CheckInRequest {
        patrol_id: PATROL.into(),
        volunteer_id: ID.into(),
        at: stamp(20, hour, minute),
        ..Default::default()
    }
}

fn check_out(hour: i64, minute: i64) -> CheckOutRequest {
    CheckOutRequest {
        patrol_id: PATROL.into(),
        volunteer_id: ID.into(),
        at: stamp(20, hour, minute),
        ..Default::default()
    }
}

fn end(hour: i64) -> EndPatrolRequest {
    EndPatrolRequest {
        patrol_id: PATROL.into(),
        ended_at: stamp(20, hour, 0),
        results: vec![PatrolResult { kind: PatrolResultKind::PeopleRescued.into(), count: 1 }],
        log: "l".into(),
        ..Default::default()
    }
}

fn somebody() -> Volunteer {
    given::<Volunteer>(active()).0
}

#[test]
fn a_patrol_is_planned_with_the_rule_that_applies_on_its_day() {
    let facts = planning(&plan(), STATION, vec![]).expect("planned");
    assert_eq!(facts.into_iter().map(|f| f.event).collect::<Vec<_>>(), [planned()]);
    assert_eq!(codes(planning(&plan(), STATION, vec![planned()])), ["PATROL-EXISTS"]);
    assert_eq!(codes(planning(&plan(), CITY, vec![])), ["SQUADRON-ELSEWHERE"]);
    let before = PlanPatrolRequest { planned_from: stamp(0, 20, 0), planned_to: stamp(0, 22, 0), ..plan() };
    assert_eq!(codes(planning(&before, STATION, vec![])), ["PATROL-RULE-UNKNOWN"]);
    let both = PlanPatrolRequest { duty_point_id: "d-1".into(), ..plan() };
    assert_eq!(codes(planning(&both, STATION, vec![])), ["GE-006"]);
    let long = PlanPatrolRequest { planned_to: stamp(21, 20, 1), ..plan() };
    assert_eq!(codes(planning(&long, STATION, vec![])), ["GE-006"]);
}

#[test]
fn vo_006_a_patrol_is_given_no_task_that_volunteers_may_not_have() {
    let arrest = PlanPatrolRequest { task: "arrest".into(), ..plan() };
    assert_eq!(codes(planning(&arrest, STATION, vec![])), ["VO-006"]);
}

#[test]
fn vo_007_a_patrol_has_an_officer_in_charge_by_badge_number() {
    for nobody in ["", "演示甲"] {
        let request = PlanPatrolRequest { officer_in_charge: nobody.into(), ..plan() };
        assert_eq!(codes(planning(&request, STATION, vec![])), ["VO-007"], "{nobody}");
    }
}

#[test]
fn check_in_is_possible_from_a_little_before_the_begin_until_the_planned_end() {
    let desk = Desk::default();
    let at = |hour, minute| {
        patrol([planned()]).decide_check_in(&check_in(hour, minute), Some(&somebody()), &desk.moment())
    };
    assert_eq!(codes(at(19, 29)), ["PATROL-TOO-EARLY"]);
    assert!(at(19, 30).is_ok());
    assert!(at(21, 59).is_ok());
    assert_eq!(codes(at(22, 0)), ["PATROL-OVER"]);
    let unknown = patrol([planned()]).decide_check_in(&check_in(20, 0), None, &desk.moment());
    assert_eq!(codes(unknown), ["VOLUNTEER-UNKNOWN"]);
    let no_patrol = patrol([]).decide_check_in(&check_in(20, 0), Some(&somebody()), &desk.moment());
    assert_eq!(codes(no_patrol), ["PATROL-UNKNOWN"]);
}

#[test]
fn a_check_in_is_a_fact_of_the_patrol_and_of_the_volunteer() {
    let desk = Desk::default();
    let both = patrol([planned()])
        .decide_check_in(&check_in(20, 0), Some(&somebody()), &desk.moment())
        .expect("checked in");
    assert_eq!(both.patrol[0].event, checked_in());
    assert!(matches!(&both.volunteer[0].event, VolunteerEvent::ShiftBegun(e) if e.patrol_id == PATROL));
}

#[test]
fn vo_008_nobody_is_checked_out_who_is_not_checked_in() {
    let desk = Desk::default();
    let out = |past: Vec<PatrolEvent>, people: BTreeMap<String, Volunteer>| {
        patrol(past).decide_check_out(&check_out(21, 0), people.get(ID), &desk.moment())
    };
    assert_eq!(codes(out(vec![planned()], on_duty())), ["VO-008"]);
    assert_eq!(codes(out(vec![planned(), checked_in(), checked_out(21)], off_duty(21))), ["VO-008"]);
    let both = out(vec![planned(), checked_in()], on_duty()).expect("checked out");
    assert_eq!((both.patrol[0].event.clone(), both.minutes), (checked_out(21), 60));
}

#[test]
fn vo_010_a_shift_lasts_no_longer_than_planned_and_what_the_rule_allows() {
    let desk = Desk::default();
    let out = |hour, minute| {
        patrol([planned(), checked_in()]).decide_check_out(
            &check_out(hour, minute),
            on_duty().get(ID),
            &desk.moment(),
        )
    };
    assert_eq!(out(23, 0).map(|both| both.minutes), Ok(180));
    assert_eq!(codes(out(23, 1)), ["VO-010"]);
    let extended =
        PatrolExtended { patrol_id: PATROL.into(), planned_to: stamp(20, 23, 0), reason: "r".into() };
    let longer = patrol([planned(), checked_in(), extended.into()]).decide_check_out(
        &check_out(23, 1),
        on_duty().get(ID),
        &desk.moment(),
    );
    assert_eq!(longer.map(|both| both.minutes), Ok(181));
}

#[test]
fn the_end_of_a_patrol_releases_everybody_and_carries_all_that_is_counted() {
    let desk = Desk::default();
    let ended = patrol([planned(), mustered(), checked_in()])
        .decide_end(&end(22), &on_duty(), &desk.moment())
        .expect("ended");
    assert_eq!(ended.minutes, 120);
    assert!(matches!(&ended.volunteers[ID][0].event, VolunteerEvent::ShiftEnded(e) if e.minutes == 120));
    let [out, end] = &ended.patrol[..] else { panic!("one out, one end: {:?}", ended.patrol) };
    assert!(matches!(&out.event, PatrolEvent::CheckedOut(e) if e.released));
    let PatrolEvent::Ended(e) = &end.event else { panic!("{:?}", end.event) };
    assert_eq!((e.volunteers, e.minutes, e.deviated, e.ended_on), (1, 120, false, day(20)));
    let present: Vec<_> = e.composition.iter().map(|p| p.present).collect();
    assert_eq!(present, [1, 2, 9, 1]);
}

#[test]
fn whoever_was_forgotten_is_released_when_the_shift_could_last_no_longer() {
    let desk = Desk::default();
    let mut late = end(22);
    late.ended_at = stamp(21, 9, 0);
    let ended = patrol([planned(), mustered(), checked_in()])
        .decide_end(&late, &on_duty(), &desk.moment())
        .expect("ended");
    assert_eq!(ended.minutes, 180, "to 23:00: planned to 22:00, and an hour more");
}

#[test]
fn another_composition_than_the_rule_wants_is_ended_only_with_a_reason_and_shown() {
    let desk = Desk::default();
    let short = || patrol([planned(), checked_in()]);
    let refused = short().decide_end(&end(22), &on_duty(), &desk.moment());
    let said = refused.expect_err("refused").findings();
    assert_eq!(said[0].code, "PATROL-COMPOSITION");
    assert!(said[0].en.contains("police assistants 0 of 9"), "{}", said[0].en);
    let explained = EndPatrolRequest { deviation_reason: "台风".into(), ..end(22) };
    let ended = short().decide_end(&explained, &on_duty(), &desk.moment()).expect("ended");
    let mut after = short();
    for fact in &ended.patrol {
        after.apply(&fact.event);
    }
    assert!(after.seen().deviated);
    assert_eq!(after.seen().deviation_reason, "台风");
    assert_eq!(after.on_duty(), Vec::<String>::new());
}

#[test]
fn an_end_before_somebody_came_or_went_is_refused_and_nothing_follows_an_end() {
    let desk = Desk::default();
    let past = || vec![planned(), mustered(), checked_in(), checked_out(22)];
    let early = patrol(past()).decide_end(&end(21), &BTreeMap::new(), &desk.moment());
    assert_eq!(codes(early), ["PATROL-ENDS-BEFORE"]);
    let facts = patrol(past()).decide_end(&end(22), &BTreeMap::new(), &desk.moment()).expect("ended").patrol;
    let over: Vec<_> = past().into_iter().chain(facts.into_iter().map(|f| f.event)).collect();
    let again = patrol(over.clone()).decide_end(&end(22), &BTreeMap::new(), &desk.moment());
    assert_eq!(codes(again), ["PATROL-ENDED"]);
    let muster = patrol(over).decide_muster(&MusterPatrolRequest::default(), &desk.moment());
    assert_eq!(codes(muster), ["PATROL-ENDED"]);
}

#[test]
fn a_correction_carries_what_no_longer_counts() {
    let desk = Desk::default();
    let mut state = patrol([planned(), mustered(), checked_in()]);
    let request = CorrectResultsRequest {
        results: vec![PatrolResult { kind: PatrolResultKind::DisputesMediated.into(), count: 2 }],
        reason: "r".into(),
        ..Default::default()
    };
    assert_eq!(codes(state.decide_correct(&request, &desk.moment())), ["PATROL-NOT-ENDED"]);
    for fact in state.decide_end(&end(22), &on_duty(), &desk.moment()).expect("ended").patrol {
        state.apply(&fact.event);
    }
    let facts = state.decide_correct(&request, &desk.moment()).expect("corrected");
    let PatrolEvent::ResultsCorrected(e) = &facts[0].event else { panic!("{facts:?}") };
    assert_eq!((&e.before, &e.after), (&end(22).results, &request.results));
    assert_eq!(facts[0].occurred_on, crate::volunteer::story::june(20), "it counts on the day of the end");
    state.apply(&facts[0].event);
    assert_eq!(codes(state.decide_correct(&request, &desk.moment())), ["PATROL-SAME-RESULTS"]);
}

#[test]
fn a_patrol_is_cancelled_only_before_somebody_came_and_mustered_only_with_its_roles() {
    let desk = Desk::default();
    let cancel = CancelPatrolRequest { reason: "r".into(), ..Default::default() };
    assert!(patrol([planned()]).decide_cancel(&cancel, &desk.moment()).is_ok());
    let begun = patrol([planned(), checked_in()]).decide_cancel(&cancel, &desk.moment());
    assert_eq!(codes(begun), ["PATROL-BEGUN"]);
    for role in ["volunteer", "pilot"] {
        let crew = vec![CrewCount { role: role.into(), count: 1 }];
        let request = MusterPatrolRequest { crew, ..Default::default() };
        let mustered = patrol([planned()]).decide_muster(&request, &desk.moment());
        assert_eq!(codes(mustered), ["GE-006"], "{role}");
    }
}

#[test]
fn results_are_of_known_kinds_each_once() {
    let desk = Desk::default();
    let twice = vec![PatrolResult { kind: 1, count: 1 }, PatrolResult { kind: 1, count: 2 }];
    for results in
        [twice, vec![PatrolResult { kind: 99, count: 1 }], vec![PatrolResult { kind: 0, count: 1 }]]
    {
        let request = EndPatrolRequest { results, ..end(22) };
        let ended =
            patrol([planned(), mustered(), checked_in()]).decide_end(&request, &on_duty(), &desk.moment());
        assert_eq!(codes(ended), ["GE-006"]);
    }
}
