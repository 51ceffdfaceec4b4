//! Share of `volunteers`: facts rows V1 (310 applied, 260 enrolled), V2 (42 duty points, 4 + 1 squadrons), V3 (70 patrols) and
//! V4 (their results) of Zhongzhi station, F3 (67 enrolled at Liangcheng) and P9 (96 at the port), until 2021-07-10.
//!
//! Nobody in it exists: people are called 演示… with a number, and their id numbers begin with DEMO. How the figures are
//! spread over people, days and squadrons is ours. Some go another way and net to the figures: rejected and let in after an
//! appeal, a patrol cancelled, results corrected, compositions short with a reason.

use super::city::{CITY, LIANGCHENG, ZHONGZHI};
use super::plan::bureau_of;
use super::stage::{Actor, Asked, Share, Shown, Stage, Tale, Told, counted, demo_commands};
use crate::args::Service;
use crate::connect::Clients;
use crate::fault::Fault;
use time::macros::date;
use time::{Date, Duration, OffsetDateTime};
use xiaoan_kernel::CITY_OFFSET;
use xiaoan_proto::core::v1::{PersonInput, Provenance};
use xiaoan_proto::timestamp;
use xiaoan_proto::volunteers::v1;
use xiaoan_proto::volunteers::v1::{
    DutyPointKind, PatrolResultKind, PatrolState, SquadronKind, VettingResult, VolunteerState,
};

demo_commands! { Volunteers, squadron:
    v1::FormSquadronRequest => form_squadron,
    v1::OpenDutyPointRequest => open_duty_point,
}
demo_commands! { Volunteers, volunteer:
    v1::ReceiveApplicationRequest => receive_application,
    v1::RecordVettingRequest => record_vetting,
    v1::AppealRejectionRequest => appeal_rejection,
    v1::DecideAppealRequest => decide_appeal,
    v1::EnrolVolunteerRequest => enrol_volunteer,
    v1::RecordCourseRequest => record_course,
    v1::RecordInsuranceRequest => record_insurance,
    v1::ActivateVolunteerRequest => activate_volunteer,
    v1::ApproveHoursRequest => approve_hours,
}
demo_commands! { Volunteers, patrol:
    v1::PublishPatrolRuleRequest => publish_patrol_rule,
    v1::PlanPatrolRequest => plan_patrol,
    v1::CheckInRequest => check_in,
    v1::CheckOutRequest => check_out,
    v1::MusterPatrolRequest => muster_patrol,
    v1::EndPatrolRequest => end_patrol,
    v1::CancelPatrolRequest => cancel_patrol,
    v1::CorrectResultsRequest => correct_results,
}

/// The share.
pub const SHARE: Share = Share {
    service: Service::Volunteers,
    title_zh: "义警",
    title_en: "volunteers",
    commands: || counted(phases().iter().flatten()),
    replay,
    is_loaded,
    figures,
};

const NAME: &str = "volunteers";
/// The port bureau, whose volunteers are the "Red Sun" (P9).
const PORT: &str = "371190000000";
/// V1.
const APPLIED: usize = 310;
/// V1.
const ENROLLED: usize = 260;
/// F3.
const LIANGCHENG_ENROLLED: usize = 67;
/// P9.
const PORT_ENROLLED: usize = 96;
/// V2: village squadrons and one of police and guards.
const SQUADRONS: usize = 5;
/// V2: in the town, in each village, in enterprises.
const DUTY_POINTS: [(DutyPointKind, usize); 3] =
    [(DutyPointKind::Town, 1), (DutyPointKind::Village, 36), (DutyPointKind::Enterprise, 5)];
/// V3.
const PATROLS: usize = 70;
/// V4.
const RESULTS: [(PatrolResultKind, i32); 5] = [
    (PatrolResultKind::FugitivesCaught, 2),
    (PatrolResultKind::SuspectsCaught, 8),
    (PatrolResultKind::PeopleRescued, 16),
    (PatrolResultKind::TrafficEased, 7),
    (PatrolResultKind::DisputesMediated, 5),
];

/// Rejected, and let in after an appeal.
const LET_IN: usize = 2;
/// Rejected in vain appealing, and rejected at all.
const REJECTED: (usize, usize) = (3, 38);
/// Recruitment began.
const CALL: Date = date!(2021 - 03 - 01);
/// Vetted and numbered within these weeks.
const VETTED: Date = date!(2021 - 03 - 16);
const NUMBERED: Date = date!(2021 - 03 - 22);
const TRAINED: Date = date!(2021 - 03 - 27);
const ON_DUTY: Date = date!(2021 - 04 - 01);
/// First patrol; the last one is 13 weeks later.
const FIRST_PATROL: Date = date!(2021 - 04 - 03);
/// The last command of all cancels this patrol: when it is cancelled, everything before it was accepted.
const LAST_PATROL: &str = "demo-1-patrol-end";

fn demo() -> i32 {
    Provenance::Demo.into()
}

fn officer(unit: &'static str) -> Actor {
    Actor::new(format!("demo-officer-{unit}"), unit, &["officer"])
}

/// Who decides appeals: not whoever vetted.
fn bureau(unit: &'static str) -> Actor {
    let bureau = bureau_of(unit);
    Actor::new(format!("demo-approver-{bureau}"), bureau, &["officer"])
}

fn leader() -> Actor {
    Actor::new(format!("demo-leader-{ZHONGZHI}"), ZHONGZHI, &["volunteer-leader"])
}

fn squadron_id(n: usize) -> String {
    format!("demo-1-squadron-{}", n + 1)
}

fn volunteer_id(unit: &str, n: usize) -> String {
    format!("demo-1-{unit}-{:04}", n + 1)
}

fn patrol_id(squadron: usize, n: usize) -> String {
    format!("demo-1-patrol-{}-{:02}", squadron + 1, n + 1)
}

fn phases() -> Vec<Vec<Tale>> {
    let people = (0..APPLIED)
        .map(|n| person(ZHONGZHI, n))
        .chain((0..LIANGCHENG_ENROLLED).map(|n| person(LIANGCHENG, n)))
        .chain((0..PORT_ENROLLED).map(|n| person(PORT, n)));
    vec![ground(), people.collect(), (0..SQUADRONS).map(patrols).collect(), hours(), vec![last()]]
}

/// The rule, squadrons and duty points.
fn ground() -> Vec<Tale> {
    let headquarters = Actor::new("demo-headquarters", CITY, &["hq", "officer"]);
    let rule = v1::PublishPatrolRuleRequest { rule: Some(rule()), ..Default::default() };
    let mut tales = vec![Tale::new(NAME, "rule").with(&headquarters, rule)];
    for n in 0..SQUADRONS {
        let police_guard = n + 1 == SQUADRONS;
        let (kind, name_zh, name_en) = if police_guard {
            (
                SquadronKind::PoliceGuard,
                "桃乡义警警保中队（演示）".to_owned(),
                "Peach Village police and guards (demo)".to_owned(),
            )
        } else {
            (
                SquadronKind::Village,
                format!("桃乡义警第{}中队（演示）", n + 1),
                format!("Peach Village squadron {} (demo)", n + 1),
            )
        };
        let form = v1::FormSquadronRequest {
            squadron_id: squadron_id(n),
            org_unit: ZHONGZHI.into(),
            kind: kind.into(),
            name_zh,
            name_en,
            formed_on: Some(date!(2021 - 03 - 20).into()),
            provenance: demo(),
            ..Default::default()
        };
        tales.push(Tale::new(NAME, squadron_id(n)).with(&officer(ZHONGZHI), form));
    }
    for (kind, count) in DUTY_POINTS {
        for n in 1..=count {
            let (zh, en) = match kind {
                DutyPointKind::Town => ("镇区", "town"),
                DutyPointKind::Village => ("村", "village"),
                DutyPointKind::Enterprise => ("企业", "enterprise"),
                DutyPointKind::Unspecified => ("", ""),
            };
            let id = format!("demo-1-point-{en}-{n:02}");
            let open = v1::OpenDutyPointRequest {
                duty_point_id: id.clone(),
                org_unit: ZHONGZHI.into(),
                kind: kind.into(),
                name_zh: format!("警民联防执勤点·{zh}{n:02}（演示）"),
                name_en: format!("Duty point, {en} {n:02} (demo)"),
                opened_on: Some((date!(2021 - 03 - 21) + Duration::days(weeks(n))).into()),
                provenance: demo(),
                ..Default::default()
            };
            tales.push(Tale::new(NAME, id).with(&officer(ZHONGZHI), open));
        }
    }
    tales
}

/// A number of days, a fortnight at most.
fn weeks(n: usize) -> i64 {
    i64::try_from(n % 14).unwrap_or_default()
}

/// "1+2+9+N" (V3).
fn rule() -> v1::PatrolRule {
    let slot = |role: &str, name_zh: &str, name_en: &str, min, max| v1::CompositionSlot {
        role: role.into(),
        name_zh: name_zh.into(),
        name_en: name_en.into(),
        min,
        max,
    };
    v1::PatrolRule {
        rule_id: "standard".into(),
        version: 1,
        title_zh: "“1+2+9+N”巡逻编组（演示）".into(),
        title_en: "Patrols 1+2+9+N (demo)".into(),
        slots: vec![
            slot("officer", "民警", "officers", 1, 0),
            slot("grid-worker", "网格员", "grid workers", 2, 0),
            slot("police-assistant", "辅警", "police assistants", 9, 0),
            slot("volunteer", "义警", "volunteers", 1, 0),
        ],
        min_rest_minutes: 480,
        early_minutes: 30,
        overrun_minutes: 60,
        allowed_tasks: ["patrol", "night-patrol", "traffic", "publicity", "rescue"].map(Into::into).to_vec(),
        effective_on: Some(CALL.into()),
        basis: "演示文件1号".into(),
    }
}

/// Somebody from application to duty, or as far as they came.
fn person(unit: &'static str, n: usize) -> Tale {
    let id = volunteer_id(unit, n);
    let station = officer(unit);
    let apply = v1::ReceiveApplicationRequest {
        volunteer_id: id.clone(),
        org_unit: unit.into(),
        person: Some(PersonInput {
            name: format!("演示{}{:03}", ["甲", "乙", "丙", "丁", "戊"][n % 5], n + 1),
            phone: format!("1390000{:04}", n + 1),
            id_number: format!("DEMO-{unit}-{:04}", n + 1),
        }),
        birth_date: Some(
            (date!(1955 - 01 - 15) + Duration::days(i64::try_from(n * 53).unwrap_or_default())).into(),
        ),
        received_on: Some((CALL + Duration::days(weeks(n))).into()),
        // Veterans, party members, forest rangers, sanitation workers, others (V1).
        background: i32::try_from(n % 5 + 1).unwrap_or_default(),
        risks_explained: true,
        provenance: demo(),
        ..Default::default()
    };
    let tale = Tale::new(NAME, id.clone()).with(&station, apply);
    if unit != ZHONGZHI {
        return enrol(tale.with(&station, vet(&id, true)), &station, &id, None);
    }
    match n {
        n if n < ENROLLED - LET_IN => {
            enrol(tale.with(&station, vet(&id, true)), &station, &id, Some(n % SQUADRONS))
        }
        n if n < ENROLLED => {
            let tale = tale
                .with(&station, vet(&id, false))
                .with(&station, appeal(&id))
                .with(&bureau(unit), decide(&id, true))
                .with(&station, vet(&id, true));
            enrol(tale, &station, &id, Some(n % SQUADRONS))
        }
        n if n < ENROLLED + REJECTED.0 => tale
            .with(&station, vet(&id, false))
            .with(&station, appeal(&id))
            .with(&bureau(unit), decide(&id, false)),
        n if n < ENROLLED + REJECTED.1 => tale.with(&station, vet(&id, false)),
        // Applied, and not decided yet.
        _ => tale,
    }
}

fn vet(id: &str, passed: bool) -> v1::RecordVettingRequest {
    let result = if passed { VettingResult::Passed } else { VettingResult::Failed };
    v1::RecordVettingRequest {
        volunteer_id: id.to_owned(),
        result: result.into(),
        vetted_on: Some(VETTED.into()),
        expires_on: passed.then(|| date!(2023 - 03 - 15).into()),
        ..Default::default()
    }
}

fn appeal(id: &str) -> v1::AppealRejectionRequest {
    v1::AppealRejectionRequest {
        volunteer_id: id.to_owned(),
        grounds: "演示：申请复核".into(),
        ..Default::default()
    }
}

fn decide(id: &str, granted: bool) -> v1::DecideAppealRequest {
    let reason = if granted { "演示：复核后同意重新政审" } else { "演示：维持原结论" };
    v1::DecideAppealRequest {
        volunteer_id: id.to_owned(),
        granted,
        reason: reason.into(),
        ..Default::default()
    }
}

/// Numbered, and at Zhongzhi trained, insured and on duty.
fn enrol(tale: Tale, station: &Actor, id: &str, squadron: Option<usize>) -> Tale {
    let enrol = v1::EnrolVolunteerRequest {
        volunteer_id: id.to_owned(),
        squadron_id: squadron.map(squadron_id).unwrap_or_default(),
        enrolled_on: Some(NUMBERED.into()),
        ..Default::default()
    };
    let tale = tale.with(station, enrol);
    if squadron.is_none() {
        return tale;
    }
    let course = v1::Course { course: "law".into(), completed_on: Some(TRAINED.into()) };
    let insurance = v1::Insurance {
        from: Some(date!(2021 - 04 - 01).into()),
        to: Some(date!(2022 - 03 - 31).into()),
        policy_ref: format!("DEMO-{id}"),
    };
    tale.with(
        station,
        v1::RecordCourseRequest { volunteer_id: id.to_owned(), course: Some(course), ..Default::default() },
    )
    .with(
        station,
        v1::RecordInsuranceRequest {
            volunteer_id: id.to_owned(),
            insurance: Some(insurance),
            ..Default::default()
        },
    )
    .with(
        station,
        v1::ActivateVolunteerRequest {
            volunteer_id: id.to_owned(),
            active_on: Some(ON_DUTY.into()),
            ..Default::default()
        },
    )
}

/// An hour and minute of a day in the city.
fn at(day: Date, hour: i64, minute: i64) -> Option<prost_types::Timestamp> {
    let midnight: OffsetDateTime = day.midnight().assume_offset(CITY_OFFSET);
    Some(timestamp(midnight + Duration::hours(hour) + Duration::minutes(minute)))
}

/// Patrols of one squadron.
const EACH: usize = PATROLS / SQUADRONS;

/// Day of the n-th patrol of a squadron: about one a week, each squadron on a day of its own.
fn patrol_day(squadron: usize, n: usize) -> Date {
    FIRST_PATROL + Duration::days(i64::try_from(n * 7 + squadron).unwrap_or_default())
}

/// Volunteers of the n-th patrol of a squadron: six to nine, taking turns.
fn members(squadron: usize, n: usize) -> impl Iterator<Item = String> {
    let of_squadron = ENROLLED / SQUADRONS;
    (0..6 + n % 4).map(move |seat| {
        let turn = (n * 9 + seat) % of_squadron;
        volunteer_id(ZHONGZHI, turn * SQUADRONS + squadron)
    })
}

/// Results of a patrol: all of one kind are dealt one by one over the patrols, beginning at a place of its own.
fn results(squadron: usize, n: usize) -> Vec<v1::PatrolResult> {
    let number = n * SQUADRONS + squadron;
    let dealt = RESULTS.iter().enumerate().filter_map(|(k, (kind, total))| {
        let count = (0..*total).filter(|i| {
            let at = usize::try_from(*i).unwrap_or_default() * 11 + k * 5;
            at % PATROLS == number
        });
        let count = i32::try_from(count.count()).unwrap_or_default();
        (count > 0).then(|| v1::PatrolResult { kind: (*kind).into(), count })
    });
    dealt.collect()
}

/// The patrols of a squadron, one after the other.
fn patrols(squadron: usize) -> Tale {
    let leader = leader();
    let mut tale = Tale::new(NAME, format!("patrols-{squadron}"));
    for n in 0..EACH {
        let (id, day) = (patrol_id(squadron, n), patrol_day(squadron, n));
        tale.add(&leader, plan(&id, squadron, day, n));
        let short = n == 8;
        let crew = |role: &str, count| v1::CrewCount { role: role.into(), count };
        let muster = v1::MusterPatrolRequest {
            patrol_id: id.clone(),
            crew: vec![
                crew("officer", 1),
                crew("grid-worker", 2),
                crew("police-assistant", if short { 7 } else { 9 }),
            ],
            ..Default::default()
        };
        for volunteer_id in members(squadron, n) {
            let check_in = v1::CheckInRequest {
                patrol_id: id.clone(),
                volunteer_id,
                at: at(day, 19, 30),
                ..Default::default()
            };
            tale.add(&leader, check_in);
        }
        tale.add(&leader, muster);
        // One goes earlier; the end of the patrol releases the others.
        let check_out = v1::CheckOutRequest {
            patrol_id: id.clone(),
            volunteer_id: members(squadron, n).next().unwrap_or_default(),
            at: at(day, 21, 0),
            ..Default::default()
        };
        tale.add(&leader, check_out);
        let counted = results(squadron, n);
        let overstated = squadron == 1 && n == 3;
        let end = v1::EndPatrolRequest {
            patrol_id: id.clone(),
            ended_at: at(day, 22, 0),
            results: if overstated { one_more(&counted) } else { counted.clone() },
            log: "演示：巡逻平安，情况已登记".into(),
            deviation_reason: if short {
                "演示：两名辅警支援其他警情".into()
            } else {
                String::new()
            },
            ..Default::default()
        };
        tale.add(&leader, end);
        if overstated {
            let correct = v1::CorrectResultsRequest {
                patrol_id: id,
                results: counted,
                reason: "演示：同一起纠纷登记两次".into(),
                ..Default::default()
            };
            tale.add(&officer(ZHONGZHI), correct);
        }
    }
    tale
}

/// The results with a dispute too many.
fn one_more(results: &[v1::PatrolResult]) -> Vec<v1::PatrolResult> {
    let disputes = i32::from(PatrolResultKind::DisputesMediated);
    let mut more = results.to_vec();
    match more.iter_mut().find(|r| r.kind == disputes) {
        Some(result) => result.count += 1,
        None => more.push(v1::PatrolResult { kind: disputes, count: 1 }),
    }
    more
}

fn plan(id: &str, squadron: usize, day: Date, n: usize) -> v1::PlanPatrolRequest {
    let village = (n * SQUADRONS + squadron) % 36 + 1;
    let by_route = n % 4 == 3;
    v1::PlanPatrolRequest {
        patrol_id: id.to_owned(),
        org_unit: ZHONGZHI.into(),
        squadron_id: squadron_id(squadron),
        duty_point_id: if by_route { String::new() } else { format!("demo-1-point-village-{village:02}") },
        route: if by_route { format!("示例村{village:02}环线") } else { String::new() },
        officer_in_charge: "DEMO-000001".into(),
        planned_from: at(day, 19, 30),
        planned_to: at(day, 22, 0),
        task: if n % 5 == 4 { "traffic" } else { "night-patrol" }.into(),
        provenance: demo(),
        ..Default::default()
    }
}

/// The hours of each squadron's first patrol, approved.
fn hours() -> Vec<Tale> {
    let of_squadron = |squadron: usize| {
        let mut tale = Tale::new(NAME, format!("hours-{squadron}"));
        for (seat, volunteer_id) in members(squadron, 0).enumerate() {
            let minutes = if seat == 0 { 90 } else { 150 };
            let approve = v1::ApproveHoursRequest {
                volunteer_id,
                patrol_id: patrol_id(squadron, 0),
                minutes,
                ..Default::default()
            };
            tale.add(&officer(ZHONGZHI), approve);
        }
        tale
    };
    (0..SQUADRONS).map(of_squadron).collect()
}

fn last() -> Tale {
    let cancel = v1::CancelPatrolRequest {
        patrol_id: LAST_PATROL.into(),
        reason: "演示：台风".into(),
        ..Default::default()
    };
    Tale::new(NAME, "end")
        .with(&leader(), plan(LAST_PATROL, 0, date!(2021 - 07 - 09), 0))
        .with(&leader(), cancel)
}

fn replay<'a>(stage: &'a Stage<'a>) -> Told<'a> {
    Box::pin(async move {
        for tales in phases() {
            stage.play(tales).await?;
        }
        Ok(())
    })
}

fn is_loaded(clients: &Clients) -> Asked<'_, bool> {
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

fn figures(clients: &Clients) -> Asked<'_, Vec<Shown>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_adds_up_to_the_published_figures_before_any_server_is_asked() {
        let commands = (SHARE.commands)();
        let of = |rpc: &str| commands.iter().find(|(known, _)| *known == rpc).map_or(0, |(_, n)| *n);
        assert_eq!(of("receive_application"), 310 + 67 + 96);
        assert_eq!(of("enrol_volunteer"), 260 + 67 + 96);
        assert_eq!(of("form_squadron"), 5);
        assert_eq!(of("open_duty_point"), 42);
        assert_eq!(of("end_patrol"), 70);
        for (kind, total) in RESULTS {
            let all = (0..SQUADRONS).flat_map(|s| (0..EACH).flat_map(move |n| results(s, n)));
            assert_eq!(all.filter(|r| r.kind == i32::from(kind)).map(|r| r.count).sum::<i32>(), total);
        }
    }

    #[test]
    fn nobody_patrols_twice_within_a_day_and_the_last_patrol_lies_in_the_campaign() {
        assert!(patrol_day(SQUADRONS - 1, EACH - 1) <= date!(2021 - 07 - 10));
        let days: std::collections::BTreeSet<_> =
            (0..SQUADRONS).flat_map(|s| (0..EACH).map(move |n| patrol_day(s, n))).collect();
        assert_eq!(days.len(), PATROLS);
    }
}
