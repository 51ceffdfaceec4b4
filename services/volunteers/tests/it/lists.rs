//! Lists: pages, filters, subtrees; and the views built anew.

use crate::world::*;
use tonic::Code;
use xiaoan_proto::volunteers::v1;
use xiaoan_proto::volunteers::v1::{DutyPointKind, VolunteerState};

#[tokio::test]
async fn volunteers_are_listed_last_received_first_page_by_page() {
    let world = World::with_squadron().await;
    let officer = world.officer();
    let mut at_least = 0;
    for n in 1..=7 {
        let answer = officer.people().receive_application(application(&format!("zz-{n}"))).await.unwrap();
        at_least = position(answer.into_inner().receipt.as_ref());
    }
    for page_size in [1, 3, 7, 50] {
        let mut request = v1::ListVolunteersRequest { page_size, at_least, ..Default::default() };
        let mut found = Vec::new();
        loop {
            let page = officer.people().list_volunteers(request.clone()).await.unwrap().into_inner();
            found.extend(page.volunteers.into_iter().map(|v| v.volunteer_id));
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        let expected: Vec<_> = (1..=7).rev().map(|n| format!("zz-{n}")).collect();
        assert_eq!(found, expected, "pages of {page_size}");
    }
}

#[tokio::test]
async fn lists_are_narrowed_by_state_squadron_and_day_and_stay_in_the_subtree() {
    let world = World::with_squadron().await;
    let (officer, leader) = (world.officer(), world.leader());
    officer.recruit("zz-1").await;
    officer.people().receive_application(application("zz-2")).await.unwrap();
    leader.plan("p-1", 20).await;
    let at_least = leader.plan("p-2", 22).await.position;
    let people = |request: v1::ListVolunteersRequest| {
        let leader = leader.clone();
        async move {
            let page = leader.people().list_volunteers(request).await.unwrap().into_inner();
            page.volunteers.into_iter().map(|v| v.volunteer_id).collect::<Vec<_>>()
        }
    };
    let all = v1::ListVolunteersRequest { at_least, ..Default::default() };
    assert_eq!(people(all.clone()).await, ["zz-2", "zz-1"]);
    let applied = v1::ListVolunteersRequest { state: VolunteerState::Applied.into(), ..all.clone() };
    assert_eq!(people(applied).await, ["zz-2"]);
    let of_squadron = v1::ListVolunteersRequest { squadron_id: SQUADRON.into(), ..all.clone() };
    assert_eq!(people(of_squadron).await, ["zz-1"]);
    let patrols = v1::ListPatrolsRequest { from: june(21), to: june(22), at_least, ..Default::default() };
    let page = leader.patrols().list_patrols(patrols).await.unwrap().into_inner();
    assert_eq!(page.patrols.iter().map(|p| p.patrol_id.as_str()).collect::<Vec<_>>(), ["p-2"]);
    let elsewhere = v1::ListVolunteersRequest { org_unit: ELSEWHERE.into(), ..all };
    let answer = leader.people().list_volunteers(elsewhere).await;
    assert_eq!(refused(answer), no(Code::PermissionDenied, "GE-004"));
}

#[tokio::test]
async fn duty_points_and_squadrons_are_opened_listed_and_closed() {
    let world = World::with_squadron().await;
    let officer = world.officer();
    let mut squadrons = officer.squadrons();
    for (n, kind) in
        [DutyPointKind::Town, DutyPointKind::Village, DutyPointKind::Enterprise].into_iter().enumerate()
    {
        let request = v1::OpenDutyPointRequest {
            request_id: id(),
            duty_point_id: format!("d-{n}"),
            org_unit: STATION.into(),
            kind: kind.into(),
            name_zh: "示例执勤点".into(),
            name_en: "Demo point".into(),
            opened_on: june(1),
            ..Default::default()
        };
        squadrons.open_duty_point(request).await.unwrap();
    }
    let close = v1::CloseDutyPointRequest {
        request_id: id(),
        duty_point_id: "d-2".into(),
        closed_on: june(10),
        ..Default::default()
    };
    let answer = squadrons.close_duty_point(close).await.unwrap().into_inner();
    let at_least = position(answer.receipt.as_ref());
    let request = v1::ListDutyPointsRequest { at_least, ..Default::default() };
    let points = squadrons.list_duty_points(request).await.unwrap().into_inner().duty_points;
    let closed: Vec<_> = points.iter().map(|p| (p.duty_point_id.as_str(), p.closed_on.is_some())).collect();
    assert_eq!(closed, [("d-2", true), ("d-1", false), ("d-0", false)]);
    let on_closed =
        v1::PlanPatrolRequest { duty_point_id: "d-2".into(), route: String::new(), ..plan("p-1", 20) };
    let planned = officer.patrols().plan_patrol(on_closed).await;
    assert_eq!(refused(planned), no(Code::FailedPrecondition, "DUTY-POINT-CLOSED"));
    let rules = v1::ListPatrolRulesRequest { rule_id: String::new(), at_least };
    let rules = officer.patrols().list_patrol_rules(rules).await.unwrap().into_inner().rules;
    assert_eq!(rules.len(), 1);
}
