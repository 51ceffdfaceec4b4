//! Task forces: what is owed falls due by itself, in order, once, also with two processes.

use super::*;
use time::Duration;
use tonic::Code;
use v1::{TaskForceKind, TaskForceRole, TaskForceWorkState};

fn form(id_: &str) -> v1::FormTaskForceRequest {
    v1::FormTaskForceRequest {
        request_id: id(),
        task_force_id: id_.into(),
        org_unit: BUREAU.into(),
        kind: TaskForceKind::Campaign.into(),
        name: "侵财案件工作专班".into(),
        formed_on: on(10, 1),
        members: [
            (TaskForceRole::Investigator, 8),
            (TaskForceRole::Technician, 2),
            (TaskForceRole::VideoInvestigator, 3),
        ]
        .map(|(role, count)| v1::RoleCount { role: role.into(), count })
        .to_vec(),
        ..Default::default()
    }
}

fn directive(day: i32) -> v1::IssueDirectiveRequest {
    v1::IssueDirectiveRequest {
        request_id: id(),
        task_force_id: "tf-1".into(),
        day: on(10, day),
        alerts: 9,
        text: "加强夜间巡逻".into(),
        addressed_to: vec![STATION.into()],
        ..Default::default()
    }
}

#[tokio::test]
async fn a_directive_that_nobody_issues_becomes_overdue_and_then_missed_by_the_timer() {
    let world = World::start().await;
    let chief = world.chief();
    task_forces(&chief).form_task_force(form("tf-1")).await.unwrap();
    world.pass(Duration::hours(24));
    let overdue = until(async || work_in(&chief, TaskForceWorkState::Overdue).await.pop()).await;
    assert_eq!((overdue.period_start, overdue.due_at.is_some()), (on(10, 1), true));
    // still possible, and late
    let late = directive(1);
    let receipt =
        task_forces(&chief).issue_directive(late.clone()).await.unwrap().into_inner().receipt.unwrap();
    let again = task_forces(&chief).issue_directive(late).await.unwrap().into_inner().receipt.unwrap();
    assert!(again.replayed);
    assert_eq!(again.position, receipt.position);
    let done = until(async || work_in(&chief, TaskForceWorkState::Late).await.pop()).await;
    assert_eq!((done.alerts, done.text.as_str()), (9, "加强夜间巡逻"));
    assert!(work_in(&chief, TaskForceWorkState::Overdue).await.is_empty());
    // nobody issues that of 2 October
    world.pass(Duration::hours(48));
    let missed = until(async || work_in(&chief, TaskForceWorkState::Missed).await.pop()).await;
    assert_eq!(missed.period_start, on(10, 2));
    assert_eq!(
        refused(task_forces(&chief).issue_directive(directive(2)).await),
        no(Code::FailedPrecondition, "TASKFORCE-NOT-OWED")
    );
}

#[tokio::test]
async fn two_processes_note_what_is_overdue_once() {
    let world = World::start().await;
    let _other = world.replica().await;
    let chief = world.chief();
    task_forces(&chief).form_task_force(form("tf-1")).await.unwrap();
    world.pass(Duration::days(10));
    let get = v1::GetTaskForceRequest { task_force_id: "tf-1".into(), at_least: 0 };
    // ten days: the directives of 1 to 9 October are missed, that of the 10th is overdue, that of the 11th is due next
    let tf = until(async || {
        let tf = task_forces(&chief).get_task_force(get.clone()).await.ok()?.into_inner().task_force?;
        (tf.counts[0].missed == 9).then_some(tf)
    })
    .await;
    let daily: Vec<_> =
        tf.duties.iter().filter(|d| d.cadence == 1).map(|d| (d.period_start, d.overdue)).collect();
    assert_eq!(daily, [(on(10, 10), true), (on(10, 11), false)]);
    let missed = work_in(&chief, TaskForceWorkState::Missed).await;
    assert_eq!(missed.len(), 9, "each once");
}

#[tokio::test]
async fn an_analysis_looks_at_cases_and_lists_have_pages() {
    let world = World::start().await;
    let case_no = filed(&world).await;
    let chief = world.chief();
    for n in 1..=3 {
        task_forces(&chief).form_task_force(form(&format!("tf-{n}"))).await.unwrap();
    }
    let assign = v1::AssignTaskForceCaseRequest {
        request_id: id(),
        task_force_id: "tf-1".into(),
        case_no: case_no.clone(),
        ..Default::default()
    };
    task_forces(&chief).assign_task_force_case(assign.clone()).await.unwrap();
    let again = v1::AssignTaskForceCaseRequest { request_id: id(), ..assign.clone() };
    assert_eq!(
        refused(task_forces(&chief).assign_task_force_case(again).await),
        no(Code::FailedPrecondition, "TASKFORCE-CASE-ASSIGNED")
    );
    let unknown = v1::AssignTaskForceCaseRequest { request_id: id(), case_no: number(9), ..assign };
    assert_eq!(
        refused(task_forces(&chief).assign_task_force_case(unknown).await),
        no(Code::FailedPrecondition, "WORK-CASE-UNKNOWN")
    );
    world.clock.advance(datetime!(2026-10-05 9:00 +8) - NOW);
    let analyse = v1::AnalyseKeyCasesRequest {
        request_id: id(),
        task_force_id: "tf-1".into(),
        week_start: on(9, 28),
        case_nos: vec![case_no],
        text: "夜间入室为主".into(),
        ..Default::default()
    };
    task_forces(&chief).analyse_key_cases(analyse).await.unwrap();
    let mut request =
        v1::ListTaskForcesRequest { page_size: 2, at_least: head(&world).await, ..Default::default() };
    let mut found = Vec::new();
    loop {
        let page = task_forces(&chief).list_task_forces(request.clone()).await.unwrap().into_inner();
        found.extend(page.task_forces.into_iter().map(|tf| tf.task_force_id));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(found, ["tf-3", "tf-2", "tf-1"]);
    let bad = v1::ListTaskForcesRequest { state: 77, ..Default::default() };
    assert_eq!(refused(task_forces(&chief).list_task_forces(bad).await), no(Code::InvalidArgument, "GE-006"));
}

#[tokio::test]
async fn only_the_bureau_and_those_above_form_and_read_its_task_force() {
    let world = World::start().await;
    let request = form("tf-1");
    for (caller, what) in [
        (world.officer(), "a station of the bureau"),
        (world.caller("x", "371103000000", &["officer"]), "another bureau"),
        (world.caller("x", BUREAU, &["auditor"]), "an auditor"),
    ] {
        let refusal = refused(task_forces(&caller).form_task_force(request.clone()).await);
        assert_eq!(refusal, no(Code::PermissionDenied, "GE-004"), "{what}");
    }
    task_forces(&world.chief()).form_task_force(request).await.unwrap();
    let get = v1::GetTaskForceRequest { task_force_id: "tf-1".into(), at_least: head(&world).await };
    let elsewhere = world.caller("x", "371103000000", &["officer"]);
    assert_eq!(refused(task_forces(&elsewhere).get_task_force(get.clone()).await).0, Code::PermissionDenied);
    let missing = v1::GetTaskForceRequest { task_force_id: "tf-9".into(), at_least: 0 };
    assert_eq!(refused(task_forces(&world.chief()).get_task_force(missing).await).0, Code::NotFound);
    let dissolve = v1::DissolveTaskForceRequest {
        request_id: id(),
        task_force_id: "tf-1".into(),
        etag: "7".into(),
        reason: "行动结束".into(),
    };
    assert_eq!(refused(task_forces(&world.chief()).dissolve_task_force(dissolve).await).0, Code::Aborted);
}

#[tokio::test]
async fn what_the_assigned_cases_say_themselves_stands_beside_what_a_task_force_states() {
    let world = World::start().await;
    let (chief, officer) = (world.chief(), world.officer());
    task_forces(&chief).form_task_force(form("tf-1")).await.unwrap();
    for n in 1..=2 {
        officer.file(burglary(&number(n))).await.expect("filed");
        let assign = v1::AssignTaskForceCaseRequest {
            request_id: id(),
            task_force_id: "tf-1".into(),
            case_no: number(n),
            ..Default::default()
        };
        task_forces(&chief).assign_task_force_case(assign).await.expect("assigned");
    }
    let caught = v1::RecordSuspectCaughtRequest {
        request_id: id(),
        case_no: number(1),
        caught_on: june(8),
        count: 3,
        measure: "detained".into(),
        ..Default::default()
    };
    officer.cases().record_suspect_caught(caught).await.expect("caught");
    officer.cases().propose_solve(propose(&number(1))).await.expect("proposed");
    let seen = async || {
        let get = v1::GetTaskForceRequest { task_force_id: "tf-1".into(), at_least: head(&world).await };
        task_forces(&chief).get_task_force(get).await.unwrap().into_inner().task_force.unwrap()
    };
    let before = seen().await;
    assert_eq!((before.assigned_solved, before.assigned_caught), (0, 3), "a proposal is no solve");
    chief.cases().approve_solve(approve(&number(1))).await.expect("solved");
    let after = seen().await;
    assert_eq!((after.assigned_solved, after.assigned_caught), (1, 3));
}
