//! Patrols, squadron by squadron; hours approved; the last command of all.

use super::{ENROLLED, FIRST_PATROL, LAST_PATROL, NAME, PATROLS, RESULTS, SQUADRONS};
use super::{demo, leader, patrol_id, squadron_id, volunteer_id};
use crate::demo::city::ZHONGZHI;
use crate::demo::stage::{Actor, Tale};
use time::macros::date;
use time::{Date, Duration, OffsetDateTime};
use xiaoan_kernel::CITY_OFFSET;
use xiaoan_proto::timestamp;
use xiaoan_proto::volunteers::v1;
use xiaoan_proto::volunteers::v1::PatrolResultKind;

/// An hour and minute of a day in the city.
fn at(day: Date, hour: i64, minute: i64) -> Option<prost_types::Timestamp> {
    let midnight: OffsetDateTime = day.midnight().assume_offset(CITY_OFFSET);
    Some(timestamp(midnight + Duration::hours(hour) + Duration::minutes(minute)))
}

/// Patrols of one squadron.
pub(super) const EACH: usize = PATROLS / SQUADRONS;

/// Day of the n-th patrol of a squadron: about one a week, each squadron on a day of its own.
pub(super) fn patrol_day(squadron: usize, n: usize) -> Date {
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
pub(super) fn results(squadron: usize, n: usize) -> Vec<v1::PatrolResult> {
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
pub(super) fn patrols(squadron: usize) -> Tale {
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
            tale.add(&Actor::officer(ZHONGZHI), correct);
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
pub(super) fn hours() -> Vec<Tale> {
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
            tale.add(&Actor::officer(ZHONGZHI), approve);
        }
        tale
    };
    (0..SQUADRONS).map(of_squadron).collect()
}

pub(super) fn last() -> Tale {
    let cancel = v1::CancelPatrolRequest {
        patrol_id: LAST_PATROL.into(),
        reason: "演示：台风".into(),
        ..Default::default()
    };
    Tale::new(NAME, "end")
        .with(&leader(), plan(LAST_PATROL, 0, date!(2021 - 07 - 09), 0))
        .with(&leader(), cancel)
}
