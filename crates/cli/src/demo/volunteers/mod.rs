//! Share of `volunteers`: facts rows V1 (310 applied, 260 enrolled), V2 (42 duty points, 4 + 1 squadrons), V3 (70 patrols) and
//! V4 (their results) of Zhongzhi station, F3 (67 enrolled at Liangcheng) and P9 (96 at the port), until 2021-07-10.
//!
//! Nobody in it exists: people are called 演示… with a number, and their id numbers begin with DEMO. How the figures are
//! spread over people, days and squadrons is ours. Some go another way and net to the figures: rejected and let in after an
//! appeal, a patrol cancelled, results corrected, compositions short with a reason.

mod figures;
mod patrols;
mod people;

use super::city::{LIANGCHENG, ZHONGZHI};
use super::plan::bureau_of;
use super::stage::{Actor, Share, Tale, counted, demo_commands};
use crate::args::Service;
use time::macros::date;
use time::{Date, Duration};
use xiaoan_proto::core::v1::Provenance;
use xiaoan_proto::volunteers::v1;
use xiaoan_proto::volunteers::v1::{DutyPointKind, PatrolResultKind, SquadronKind};

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
    replay: |stage| Box::pin(async move { stage.play_all(phases()).await }),
    is_loaded: figures::is_loaded,
    figures: figures::figures,
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

/// Who decides appeals: not whoever vetted.
fn bureau(unit: &'static str) -> Actor {
    Actor::approver(bureau_of(unit))
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
    let everybody = (0..APPLIED)
        .map(|n| people::person(ZHONGZHI, n))
        .chain((0..LIANGCHENG_ENROLLED).map(|n| people::person(LIANGCHENG, n)))
        .chain((0..PORT_ENROLLED).map(|n| people::person(PORT, n)));
    vec![
        ground(),
        everybody.collect(),
        (0..SQUADRONS).map(patrols::patrols).collect(),
        patrols::hours(),
        vec![patrols::last()],
    ]
}

/// The rule, squadrons and duty points.
fn ground() -> Vec<Tale> {
    let headquarters = Actor::headquarters(&["hq", "officer"]);
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
        tales.push(Tale::new(NAME, squadron_id(n)).with(&Actor::officer(ZHONGZHI), form));
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
            tales.push(Tale::new(NAME, id).with(&Actor::officer(ZHONGZHI), open));
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

#[cfg(test)]
mod tests {
    use super::patrols::{EACH, patrol_day, results};
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
