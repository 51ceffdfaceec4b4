//! Patrols, through gRPC: a check-in is a fact of the patrol and of the volunteer, whichever process it came to.

use crate::world::*;
use tonic::Code;
use xiaoan_proto::volunteers::v1;
use xiaoan_proto::volunteers::v1::PatrolState;

#[tokio::test]
async fn a_leader_plans_checks_in_and_ends_and_everything_counts_once() {
    let world = World::with_squadron().await;
    let (officer, leader) = (world.officer(), world.leader());
    for n in 1..=3 {
        officer.recruit(&format!("zz-{n}")).await;
    }
    leader.plan("p-1", 20).await;
    let mut patrols = leader.patrols();
    for n in 1..=3 {
        patrols.check_in(check_in("p-1", &format!("zz-{n}"), 20)).await.unwrap();
    }
    patrols.muster_patrol(muster("p-1")).await.unwrap();
    let out = v1::CheckOutRequest {
        request_id: id(),
        patrol_id: "p-1".into(),
        volunteer_id: "zz-1".into(),
        at: at(20, 21, 0),
        ..Default::default()
    };
    let answer = patrols.check_out(out.clone()).await.unwrap().into_inner();
    assert_eq!(answer.minutes, 60);
    let again = patrols.check_out(out).await.unwrap().into_inner();
    assert_eq!((again.minutes, again.receipt.unwrap().replayed), (60, true));
    let ended = patrols.end_patrol(end("p-1", 20)).await.unwrap().into_inner();
    assert_eq!(ended.minutes, 60 + 2 * 120, "two were released by the end");

    let last = position(ended.receipt.as_ref());
    let patrol = leader.patrol("p-1", last).await;
    assert_eq!(patrol.state(), PatrolState::Ended);
    assert_eq!((patrol.minutes, patrol.deviated), (300, false));
    let attendance: Vec<_> = patrol.attendance.iter().map(|a| (a.minutes, a.released)).collect();
    assert_eq!(attendance, [(60, false), (120, true), (120, true)]);
    let volunteer = leader.volunteer("zz-2", last).await;
    assert_eq!((volunteer.minutes_served, volunteer.on_patrol.as_str()), (120, ""));
}

#[tokio::test]
async fn a_volunteer_checked_in_twice_is_refused_with_its_code() {
    let world = World::with_squadron().await;
    let leader = world.leader();
    world.officer().recruit("zz-1").await;
    leader.plan("p-1", 20).await;
    leader.plan("p-2", 20).await;
    let mut patrols = leader.patrols();
    patrols.check_in(check_in("p-1", "zz-1", 20)).await.unwrap();
    let overlap = no(Code::FailedPrecondition, "VO-004");
    assert_eq!(refused(patrols.check_in(check_in("p-1", "zz-1", 20)).await), overlap, "at the same patrol");
    assert_eq!(refused(patrols.check_in(check_in("p-2", "zz-1", 20)).await), overlap, "at another one");
}

#[tokio::test]
async fn two_processes_cannot_both_check_one_volunteer_in() {
    let world = World::with_squadron().await;
    world.officer().recruit("zz-1").await;
    let leader = world.leader();
    for n in 1..=8 {
        leader.plan(&format!("p-{n}"), 20).await;
    }
    let replica = world.replica().await;
    let other = world.caller_at(&replica, "leader-2", STATION, &["volunteer-leader"]);
    let tries = (1..=8).map(|n| {
        let caller = if n % 2 == 0 { leader.clone() } else { other.clone() };
        tokio::spawn(async move {
            caller.patrols().check_in(check_in(&format!("p-{n}"), "zz-1", 20)).await.map(|_| ())
        })
    });
    let mut accepted = 0;
    for attempt in tries.collect::<Vec<_>>() {
        match attempt.await.expect("no panic") {
            Ok(()) => accepted += 1,
            Err(status) => assert_eq!(refused::<()>(Err(status)), no(Code::FailedPrecondition, "VO-004")),
        }
    }
    assert_eq!(accepted, 1);
}

#[tokio::test]
async fn the_codes_of_a_check_in_reach_the_caller() {
    let world = World::with_squadron().await;
    let (officer, leader) = (world.officer(), world.leader());
    officer.recruit("zz-1").await;
    leader.plan("p-1", 20).await;
    leader.plan("p-2", 21).await;
    let mut patrols = leader.patrols();
    let not_there = v1::CheckOutRequest {
        request_id: id(),
        patrol_id: "p-1".into(),
        volunteer_id: "zz-1".into(),
        at: at(20, 21, 0),
        ..Default::default()
    };
    assert_eq!(refused(patrols.check_out(not_there).await), no(Code::FailedPrecondition, "VO-008"));
    let unknown = patrols.check_in(check_in("p-1", "zz-9", 20)).await;
    assert_eq!(refused(unknown), no(Code::NotFound, "VOLUNTEER-UNKNOWN"));
    // Only a vetted, trained, insured volunteer patrols.
    officer.people().receive_application(application("zz-2")).await.unwrap();
    let raw = patrols.check_in(check_in("p-1", "zz-2", 20)).await;
    assert_eq!(refused(raw), no(Code::FailedPrecondition, "VOLUNTEER-NOT-ACTIVE"));
    let forbidden = v1::PlanPatrolRequest { task: "arrest".into(), ..plan("p-3", 20) };
    assert_eq!(refused(patrols.plan_patrol(forbidden).await), no(Code::InvalidArgument, "VO-006"));
    let nobody = v1::PlanPatrolRequest { officer_in_charge: String::new(), ..plan("p-3", 20) };
    assert_eq!(refused(patrols.plan_patrol(nobody).await), no(Code::InvalidArgument, "VO-007"));
}

#[tokio::test]
async fn another_composition_needs_a_reason_and_is_shown() {
    let world = World::with_squadron().await;
    world.officer().recruit("zz-1").await;
    let leader = world.leader();
    leader.plan("p-1", 20).await;
    let mut patrols = leader.patrols();
    patrols.check_in(check_in("p-1", "zz-1", 20)).await.unwrap();
    let silent = patrols.end_patrol(end("p-1", 20)).await;
    assert_eq!(refused(silent), no(Code::FailedPrecondition, "PATROL-COMPOSITION"));
    let explained = v1::EndPatrolRequest { deviation_reason: "台风".into(), ..end("p-1", 20) };
    let answer = patrols.end_patrol(explained).await.unwrap().into_inner();
    let patrol = leader.patrol("p-1", position(answer.receipt.as_ref())).await;
    assert!(patrol.deviated);
    assert_eq!(patrol.deviation_reason, "台风");
    let present: Vec<_> = patrol.composition.iter().map(|p| p.present).collect();
    assert_eq!(present, [0, 0, 0, 1]);
}

#[tokio::test]
async fn a_leader_keeps_patrols_of_the_own_unit_only_and_corrects_no_results() {
    let world = World::with_squadron().await;
    world.officer().recruit("zz-1").await;
    let leader = world.leader();
    leader.plan("p-1", 20).await;
    let denied = no(Code::PermissionDenied, "GE-004");
    let stranger = world.caller("leader-2", ELSEWHERE, &["volunteer-leader"]);
    assert_eq!(refused(stranger.patrols().check_in(check_in("p-1", "zz-1", 20)).await), denied);
    assert_eq!(refused(stranger.patrols().plan_patrol(plan("p-2", 20)).await), denied);
    let get = v1::GetPatrolRequest { patrol_id: "p-1".into(), at_least: 0 };
    assert_eq!(refused(stranger.patrols().get_patrol(get).await), denied);
    let mut patrols = leader.patrols();
    patrols.check_in(check_in("p-1", "zz-1", 20)).await.unwrap();
    patrols.muster_patrol(muster("p-1")).await.unwrap();
    patrols.end_patrol(end("p-1", 20)).await.unwrap();
    let correct = || v1::CorrectResultsRequest {
        request_id: id(),
        patrol_id: "p-1".into(),
        results: vec![],
        reason: "误报".into(),
        ..Default::default()
    };
    assert_eq!(refused(patrols.correct_results(correct()).await), denied);
    let answer = world.officer().patrols().correct_results(correct()).await.unwrap().into_inner();
    let patrol = leader.patrol("p-1", position(answer.receipt.as_ref())).await;
    assert!(patrol.results.is_empty());
}
