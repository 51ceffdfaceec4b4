use super::*;
use crate::case::story::{CASE_NO, Desk, STATION};
use crate::work::kit::{filed, no, on, run};
use crate::work::{Cases, decide_after_due};
use time::macros::datetime;
use xiaoan_kernel::Aggregate;
use xiaoan_proto::cases::v1::TaskForceResults;

const BUREAU: &str = "371102000000";

fn form() -> FormTaskForceRequest {
    FormTaskForceRequest {
        task_force_id: "tf-1".into(),
        org_unit: BUREAU.into(),
        kind: TaskForceKind::Campaign.into(),
        name: "侵财案件工作专班".into(),
        formed_on: on(9, 30),
        members: vec![RoleCount { role: TaskForceRole::Investigator.into(), count: 6 }],
        ..Default::default()
    }
}

fn desk(now: OffsetDateTime) -> Desk {
    Desk { now, ..Desk::default() }
}

/// Formed on Thursday 2026-10-01 at noon.
fn formed() -> TaskForce {
    let desk = desk(datetime!(2026-10-01 12:00 +8));
    let mut tf = TaskForce::default();
    run(&mut tf, &desk.chief("chief-1"), |tf| tf.decide_form(&form(), &desk.chief("chief-1")));
    tf
}

fn directive(month: i32, day: i32) -> IssueDirectiveRequest {
    IssueDirectiveRequest {
        day: on(month, day),
        alerts: 12,
        text: "加强夜间巡逻".into(),
        addressed_to: vec![STATION.into()],
        ..Default::default()
    }
}

fn owed_now(tf: &TaskForce, cadence: WorkCadence) -> Vec<(String, bool)> {
    let mine = tf.shown().duties.iter().filter(|d| d.cadence() == cadence);
    mine.map(|d| (time::Date::try_from(d.period_start.unwrap()).unwrap().to_string(), d.overdue)).collect()
}

#[test]
fn a_task_force_owes_the_day_the_week_and_the_month_it_is_formed_in() {
    let tf = formed();
    let due = |cadence| {
        let duty = tf.shown().duties.iter().find(|d| d.cadence() == cadence).unwrap();
        xiaoan_proto::instant(&duty.due_at.unwrap()).unwrap()
    };
    assert_eq!(due(WorkCadence::DailyDirective), datetime!(2026-10-02 12:00 +8));
    // the week ends in the holidays: the two working days are 8 and 9 October
    assert_eq!(due(WorkCadence::WeeklyAnalysis), datetime!(2026-10-10 0:00 +8));
    assert_eq!(due(WorkCadence::MonthlyAnalysis), datetime!(2026-11-05 0:00 +8));
}

#[test]
fn a_directive_in_time_brings_the_next_and_one_too_many_is_not_owed() {
    let mut tf = formed();
    let desk = desk(datetime!(2026-10-01 18:00 +8));
    let at = desk.chief("chief-1");
    assert_eq!(
        run(&mut tf, &at, |tf| tf.decide_issue_directive(&directive(10, 1), &at)),
        ["DirectiveIssued"]
    );
    assert_eq!(owed_now(&tf, WorkCadence::DailyDirective), [("2026-10-02".into(), false)]);
    assert_eq!(no(tf.decide_issue_directive(&directive(10, 1), &at)), ["TASKFORCE-NOT-OWED"]);
    assert_eq!(no(tf.decide_issue_directive(&directive(10, 2), &at)), ["TASKFORCE-TOO-EARLY"]);
    assert_eq!(tf.shown().counts[0].in_time, 1);
}

#[test]
fn what_is_late_is_a_fact_before_it_is_done_and_counts_on_the_day_it_was_due() {
    let mut tf = formed();
    let desk = desk(datetime!(2026-10-02 12:00 +8));
    let at = desk.chief("chief-1");
    let facts = decide_after_due(&tf, &at, |tf| tf.decide_issue_directive(&directive(10, 1), &at)).unwrap();
    assert_eq!(facts[0].occurred_on.to_string(), "2026-10-02");
    for fact in &facts {
        tf.apply(&fact.event);
    }
    let [TaskForceEvent::WorkOverdue(_), TaskForceEvent::DirectiveIssued(late)] =
        [&facts[0].event, &facts[1].event]
    else {
        panic!("{facts:?}")
    };
    assert!(late.late && late.next.is_none(), "the next was known when this fell overdue");
    assert_eq!(owed_now(&tf, WorkCadence::DailyDirective), [("2026-10-02".into(), false)]);
    assert_eq!((tf.shown().counts[0].late, tf.shown().counts[0].missed), (1, 0));
}

#[test]
fn what_is_never_done_is_missed_for_good() {
    let mut tf = formed();
    let desk = desk(datetime!(2026-10-04 11:59 +8));
    let at = desk.chief("chief-1");
    let names: Vec<String> = run(&mut tf, &at, |_| Ok(Vec::new()));
    assert_eq!(
        names,
        ["TaskForceWorkOverdue", "TaskForceWorkMissed", "TaskForceWorkOverdue"],
        "1 October overdue on the 2nd; on the 3rd at noon it is missed, and 2 October overdue"
    );
    assert_eq!(no(tf.decide_issue_directive(&directive(10, 1), &at)), ["TASKFORCE-NOT-OWED"]);
    assert_eq!(
        owed_now(&tf, WorkCadence::DailyDirective),
        [("2026-10-02".into(), true), ("2026-10-03".into(), false)]
    );
    assert!(tf.fall_due(at.now, at.rules).is_empty(), "nothing falls due twice");
}

#[test]
fn whether_the_timer_or_a_command_is_first_makes_no_difference() {
    let rules = crate::rulebook::RuleBook::shipped().unwrap();
    let (mut step_by_step, at_once) = (formed(), formed());
    let until = datetime!(2026-11-20 0:00 +8);
    let mut one_by_one = Vec::new();
    for hour in 0..24 * 50 {
        let facts =
            step_by_step.fall_due(datetime!(2026-10-01 12:00 +8) + time::Duration::hours(hour), &rules);
        for fact in facts {
            step_by_step.apply(&fact.event);
            one_by_one.push(fact);
        }
    }
    one_by_one.retain(|fact| fact.occurred_on <= xiaoan_kernel::city_day(until));
    assert_eq!(at_once.fall_due(datetime!(2026-11-20 11:00 +8), &rules), one_by_one);
}

#[test]
fn an_analysis_is_of_a_period_that_is_over_and_of_cases_that_exist() {
    let mut tf = formed();
    let week = |case_nos: Vec<String>| AnalyseKeyCasesRequest {
        week_start: on(9, 28),
        case_nos,
        text: "夜间入室为主".into(),
        ..Default::default()
    };
    let early = desk(datetime!(2026-10-04 23:59 +8));
    let request = week(vec![CASE_NO.into()]);
    assert_eq!(
        no(tf.decide_analyse_key_cases(&request, &filed(), &early.chief("chief-1"))),
        ["TASKFORCE-TOO-EARLY"]
    );
    let desk = desk(datetime!(2026-10-05 9:00 +8));
    let at = desk.chief("chief-1");
    assert_eq!(no(tf.decide_analyse_key_cases(&request, &Cases::new(), &at)), ["WORK-CASE-UNKNOWN"]);
    let twice = week(vec![CASE_NO.into(), CASE_NO.into()]);
    assert_eq!(no(tf.decide_analyse_key_cases(&twice, &filed(), &at)), ["GE-006"]);
    let names = run(&mut tf, &at, |tf| tf.decide_analyse_key_cases(&request, &filed(), &at));
    assert_eq!(names.last().unwrap(), "KeyCasesAnalysed");
    let month = AnalyseMonthRequest {
        month_start: on(10, 1),
        filed: 20,
        solved: 8,
        text: "破案率四成".into(),
        ..Default::default()
    };
    assert_eq!(no(tf.decide_analyse_month(&month, &at)), ["TASKFORCE-TOO-EARLY"]);
    let later = Desk { now: datetime!(2026-11-04 23:59 +8), ..Desk::default() };
    let at = later.chief("chief-1");
    let names = run(&mut tf, &at, |tf| tf.decide_analyse_month(&month, &at));
    assert_eq!(names.last().unwrap(), "MonthAnalysed");
    assert_eq!(tf.shown().counts[2].in_time, 1, "the last second of the third working day");
}

#[test]
fn a_team_against_economic_crime_has_a_chief_in_charge() {
    let desk = desk(datetime!(2026-10-01 12:00 +8));
    let at = desk.chief("chief-1");
    let mut request = FormTaskForceRequest { kind: TaskForceKind::EconomicCrime.into(), ..form() };
    assert_eq!(no(TaskForce::default().decide_form(&request, &at)), ["TASKFORCE-CHIEF-MISSING"]);
    request.chief = "021001".into();
    assert!(TaskForce::default().decide_form(&request, &at).is_ok());
    for (change, code) in [
        (FormTaskForceRequest { org_unit: "37".into(), ..form() }, "CB-001"),
        (FormTaskForceRequest { formed_on: on(10, 2), ..form() }, "CB-003"),
        (FormTaskForceRequest { members: vec![], ..form() }, "GE-006"),
        (FormTaskForceRequest { kind: 0, ..form() }, "GE-006"),
    ] {
        assert_eq!(no(TaskForce::default().decide_form(&change, &at)), [code]);
    }
    assert_eq!(no(formed().decide_form(&form(), &at)), ["TASKFORCE-EXISTS"]);
}

#[test]
fn results_are_recorded_once_and_revoked_once() {
    let mut tf = formed();
    let desk = desk(datetime!(2026-10-01 13:00 +8));
    let at = desk.chief("chief-1");
    let results = TaskForceResults {
        result_id: "r-1".into(),
        on: on(9, 30),
        major_cases: 6,
        suspects: 84,
        fugitives: 16,
        recovered_fen: 320_000_000,
    };
    let record = RecordTaskForceResultsRequest { results: Some(results.clone()), ..Default::default() };
    run(&mut tf, &at, |tf| tf.decide_record_results(&record, &at));
    assert_eq!(tf.shown().results, [results]);
    assert_eq!(no(tf.decide_record_results(&record, &at)), ["TASKFORCE-RESULT-EXISTS"]);
    let revoke = RevokeTaskForceResultsRequest {
        result_id: "r-1".into(),
        reason: "重复登记".into(),
        ..Default::default()
    };
    run(&mut tf, &at, |tf| tf.decide_revoke_results(&revoke, &at));
    assert!(tf.shown().results.is_empty());
    assert_eq!(no(tf.decide_revoke_results(&revoke, &at)), ["TASKFORCE-RESULT-UNKNOWN"]);
}

#[test]
fn a_dissolved_task_force_owes_nothing_and_takes_nothing() {
    let mut tf = formed();
    let desk = desk(datetime!(2026-10-01 13:00 +8));
    let at = desk.chief("chief-1");
    let assign = AssignTaskForceCaseRequest { case_no: CASE_NO.into(), ..Default::default() };
    run(&mut tf, &at, |tf| tf.decide_assign(&assign, &filed(), &at));
    assert_eq!(no(tf.decide_assign(&assign, &filed(), &at)), ["TASKFORCE-CASE-ASSIGNED"]);
    let staff = StaffTaskForceRequest {
        members: vec![RoleCount { role: TaskForceRole::Investigator.into(), count: 3 }],
        ..Default::default()
    };
    run(&mut tf, &at, |tf| tf.decide_staff(&staff, &at));
    let dissolve = DissolveTaskForceRequest { reason: "行动结束".into(), ..Default::default() };
    run(&mut tf, &at, |tf| tf.decide_dissolve(&dissolve, &at));
    assert!(tf.fall_due(datetime!(2027-10-01 13:00 +8), at.rules).is_empty());
    assert_eq!(no(tf.decide_staff(&staff, &at)), ["TASKFORCE-DISSOLVED"]);
    assert_eq!(no(tf.decide_issue_directive(&directive(10, 1), &at)), ["TASKFORCE-DISSOLVED"]);
    assert_eq!(no(tf.decide_dissolve(&dissolve, &at)), ["TASKFORCE-DISSOLVED"]);
    assert_eq!(no(TaskForce::default().decide_staff(&staff, &at)), ["TASKFORCE-UNKNOWN"]);
}

#[test]
fn a_directive_goes_to_units_of_the_bureau() {
    let desk = desk(datetime!(2026-10-01 13:00 +8));
    let elsewhere = IssueDirectiveRequest { addressed_to: vec!["371103010000".into()], ..directive(10, 1) };
    assert_eq!(no(formed().decide_issue_directive(&elsewhere, &desk.chief("chief-1"))), ["GE-006"]);
}

fn piece(
    cadence: WorkCadence,
    start: Option<core::Date>,
    done_at: Option<OffsetDateTime>,
) -> xiaoan_proto::cases::v1::TaskForceWorkTakenOver {
    xiaoan_proto::cases::v1::TaskForceWorkTakenOver {
        cadence: cadence.into(),
        period_start: start,
        text: if done_at.is_some() { "按纸质台账录入".into() } else { String::new() },
        done_at: done_at.map(xiaoan_proto::timestamp),
        ..Default::default()
    }
}

#[test]
fn a04_a_task_force_that_was_at_work_before_brings_what_it_did_late_and_missed() {
    let desk = desk(datetime!(2026-10-01 12:00 +8));
    let at = desk.chief("chief-1");
    let request = FormTaskForceRequest {
        formed_on: on(8, 31),
        taken_over: vec![
            piece(WorkCadence::MonthlyAnalysis, on(8, 1), Some(datetime!(2026-09-02 16:00 +8))),
            piece(WorkCadence::WeeklyAnalysis, on(9, 7), Some(datetime!(2026-09-16 9:00 +8))),
            piece(WorkCadence::DailyDirective, on(9, 2), None),
            piece(WorkCadence::DailyDirective, on(9, 1), Some(datetime!(2026-09-02 11:59 +8))),
            piece(WorkCadence::DailyDirective, on(9, 3), Some(datetime!(2026-09-04 12:00 +8))),
        ],
        ..form()
    };
    let mut tf = TaskForce::default();
    let names = run(&mut tf, &at, |tf| tf.decide_form(&request, &at));
    assert_eq!(
        names,
        [
            "TaskForceFormed",
            "DirectiveIssued",
            "MonthAnalysed",
            "TaskForceWorkMissed",
            "DirectiveIssued",
            "KeyCasesAnalysed",
        ],
        "in the order of their days"
    );
    let counts: Vec<_> = tf.shown().counts.iter().map(|c| (c.in_time, c.late, c.missed)).collect();
    assert_eq!(counts, [(1, 1, 1), (0, 1, 0), (1, 0, 0)]);
    // What is owed is what would be owed without it.
    assert_eq!(tf.shown().duties, formed().shown().duties);
    assert!(tf.fall_due(datetime!(2026-10-02 11:59 +8), at.rules).is_empty(), "nothing of it falls due");
}

#[test]
fn what_is_taken_over_is_of_a_period_that_is_past_and_could_be_done_then() {
    let desk = desk(datetime!(2026-10-01 12:00 +8));
    let at = desk.chief("chief-1");
    let daily = WorkCadence::DailyDirective;
    let early = datetime!(2026-09-13 23:59 +8);
    for (what, pieces) in [
        ("today's is owed, not taken over", vec![piece(daily, on(10, 1), Some(at.now))]),
        ("before it was formed", vec![piece(daily, on(9, 29), Some(datetime!(2026-09-29 9:00 +8)))]),
        ("no Monday", vec![piece(WorkCadence::WeeklyAnalysis, on(9, 30), None)]),
        ("not over yet", vec![piece(WorkCadence::WeeklyAnalysis, on(9, 7), Some(early))]),
        ("can still be done", vec![piece(daily, on(9, 30), None)]),
        ("done after it was missed", vec![piece(daily, on(9, 30), Some(datetime!(2026-10-02 12:00 +8)))]),
        ("twice", vec![piece(daily, on(9, 30), Some(at.now)), piece(daily, on(9, 30), Some(at.now))]),
    ] {
        let request = FormTaskForceRequest { taken_over: pieces, ..form() };
        let refused = no(TaskForce::default().decide_form(&request, &at));
        assert!(!refused.is_empty() && refused.iter().all(|c| ["GE-006", "CB-003"].contains(c)), "{what}");
    }
}
