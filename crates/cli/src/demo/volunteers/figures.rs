//! The share's figures, as the service's own lists add up to them.

use super::{
    APPLIED, DUTY_POINTS, ENROLLED, LAST_PATROL, LIANGCHENG_ENROLLED, PATROLS, PORT, PORT_ENROLLED, RESULTS,
    SQUADRONS,
};
use crate::args::Service;
use crate::connect::Clients;
use crate::demo::city::{LIANGCHENG, ZHONGZHI};
use crate::demo::stage::{Asked, Shown};
use crate::fault::Fault;
use xiaoan_proto::volunteers::v1;
use xiaoan_proto::volunteers::v1::{DutyPointKind, PatrolResultKind, PatrolState, VolunteerState};

pub(super) fn is_loaded(clients: &Clients) -> Asked<'_, bool> {
    Box::pin(async move {
        let request = v1::GetPatrolRequest { patrol_id: LAST_PATROL.into(), at_least: 0 };
        match clients.call(Service::Volunteers, request, async |r| clients.patrol().get_patrol(r).await).await
        {
            Ok(found) => Ok(found.patrol.is_some_and(|p| p.state() == PatrolState::Cancelled)),
            Err(fault) if fault.grpc_code() == Some(tonic::Code::NotFound) => Ok(false),
            Err(fault) => Err(fault),
        }
    })
}

/// Volunteers of a unit: all, and those who were ever numbered.
async fn people(clients: &Clients, org_unit: &str) -> Result<(usize, usize), Fault> {
    let request =
        v1::ListVolunteersRequest { org_unit: org_unit.into(), page_size: 1000, ..Default::default() };
    let found = clients
        .call(Service::Volunteers, request, async |r| clients.volunteer().list_volunteers(r).await)
        .await?
        .volunteers;
    let numbered = found.iter().filter(|v| !v.volunteer_no.is_empty()).count();
    debug_assert!(found.iter().all(|v| v.state() != VolunteerState::Unspecified));
    Ok((found.len(), numbered))
}

pub(super) fn figures(clients: &Clients) -> Asked<'_, Vec<Shown>> {
    Box::pin(async move {
        let shown = |zh: &str, en: &str, expected: usize, found: usize| Shown {
            zh: zh.to_owned(),
            en: en.to_owned(),
            expected: expected.to_string(),
            found: found.to_string(),
        };
        let zhongzhi = people(clients, ZHONGZHI).await?;
        let mut figures = vec![
            shown("中至义警报名", "volunteers applied, Zhongzhi", APPLIED, zhongzhi.0),
            shown("中至义警编号", "volunteers enrolled, Zhongzhi", ENROLLED, zhongzhi.1),
            shown(
                "两城志愿警",
                "volunteers enrolled, Liangcheng",
                LIANGCHENG_ENROLLED,
                people(clients, LIANGCHENG).await?.1,
            ),
            shown("港航红日义警", "volunteers enrolled, port", PORT_ENROLLED, people(clients, PORT).await?.1),
        ];
        let request =
            v1::ListSquadronsRequest { org_unit: ZHONGZHI.into(), page_size: 1000, ..Default::default() };
        let squadrons = clients
            .call(Service::Volunteers, request, async |r| clients.squadron().list_squadrons(r).await)
            .await?
            .squadrons;
        figures.push(shown("中至中队", "squadrons, Zhongzhi", SQUADRONS, squadrons.len()));
        let request =
            v1::ListDutyPointsRequest { org_unit: ZHONGZHI.into(), page_size: 1000, ..Default::default() };
        let points = clients
            .call(Service::Volunteers, request, async |r| clients.squadron().list_duty_points(r).await)
            .await?
            .duty_points;
        for (kind, expected) in DUTY_POINTS {
            let (zh, en) = match kind {
                DutyPointKind::Town => ("镇区执勤点", "duty points, town"),
                DutyPointKind::Village => ("村执勤点", "duty points, village"),
                DutyPointKind::Enterprise => ("企业执勤点", "duty points, enterprise"),
                DutyPointKind::Unspecified => ("", ""),
            };
            figures.push(shown(zh, en, expected, points.iter().filter(|p| p.kind() == kind).count()));
        }
        let request = v1::ListPatrolsRequest {
            org_unit: ZHONGZHI.into(),
            state: PatrolState::Ended.into(),
            page_size: 1000,
            ..Default::default()
        };
        let patrols = clients
            .call(Service::Volunteers, request, async |r| clients.patrol().list_patrols(r).await)
            .await?
            .patrols;
        figures.push(shown("义警巡逻", "patrols", PATROLS, patrols.len()));
        for (kind, expected) in RESULTS {
            let (zh, en) = match kind {
                PatrolResultKind::FugitivesCaught => ("协助抓获逃犯", "fugitives caught with help"),
                PatrolResultKind::SuspectsCaught => ("协助抓获嫌疑人", "suspects caught with help"),
                PatrolResultKind::PeopleRescued => ("救助群众", "people rescued"),
                PatrolResultKind::TrafficEased => ("疏导交通", "traffic eased"),
                PatrolResultKind::DisputesMediated => ("调解纠纷", "disputes mediated"),
                PatrolResultKind::Unspecified => ("", ""),
            };
            let results = patrols.iter().flat_map(|p| &p.results).filter(|r| r.kind() == kind);
            let found: i32 = results.map(|r| r.count).sum();
            let count = |n: i32| usize::try_from(n).unwrap_or_default();
            figures.push(shown(zh, en, count(expected), count(found)));
        }
        Ok(figures)
    })
}
