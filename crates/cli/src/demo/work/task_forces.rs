//! Facts row A4: the task force of each county bureau over the whole campaign, taken over from its papers: a directive every day,
//! an analysis every week and every month, a few of them late, very few missed. What they look at is what the demo city's own
//! records say. When the campaign is over the task forces are dissolved.

use super::{NAME, before, plain, stations};
use crate::args::Service;
use crate::connect::Clients;
use crate::demo::city::{BUREAUS, CAMPAIGN, STATIONS, Span};
use crate::demo::deal::at;
use crate::demo::draft::Draft;
use crate::demo::months;
use crate::demo::plan::bureau_of;
use crate::demo::stage::{Actor, Shown, Tale};
use crate::demo::sums::Sums;
use crate::fault::Fault;
use std::collections::BTreeMap;
use time::{Date, Duration};
use xiaoan_proto::cases::v1 as pb;
use xiaoan_proto::cases::v1::{TaskForceRole, WorkCadence};
use xiaoan_proto::timestamp;

/// Key cases that are assigned to each.
const KEY_CASES: usize = 3;

/// How a piece of work came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    InTime,
    Late,
    Never,
}

fn task_force_id(bureau: &str) -> String {
    format!("demo-1-autumn-wind-{bureau}")
}

/// Formed, given its key cases, dissolved.
pub(super) fn tale(bureau: &'static str, drafts: &[Draft], sums: &Sums) -> Tale {
    let chief = Actor::approver(bureau);
    let nth = BUREAUS.iter().position(|b| *b == bureau).unwrap_or_default();
    let members = [
        (TaskForceRole::Investigator, 8 + nth % 3),
        (TaskForceRole::Technician, 2),
        (TaskForceRole::VideoInvestigator, 3),
    ]
    .map(|(role, count)| pb::RoleCount {
        role: role.into(),
        count: i32::try_from(count).unwrap_or_default(),
    });
    let form = pb::FormTaskForceRequest {
        task_force_id: task_force_id(bureau),
        org_unit: bureau.into(),
        kind: pb::TaskForceKind::Campaign.into(),
        name: "秋风行动工作专班（演示）".into(),
        chief: format!("DEMO-CHIEF-{}", &bureau[..6]),
        formed_on: Some(CAMPAIGN.from.into()),
        members: members.to_vec(),
        taken_over: pieces(bureau, nth, sums),
        ..Default::default()
    };
    let mut tale = Tale::new(NAME, task_force_id(bureau)).with(&chief, form);
    let mine: Vec<_> = stations(bureau).collect();
    let key_cases = plain(drafts)
        .filter(|d| d.category == "050201" && mine.contains(&STATIONS[d.station].code))
        .take(KEY_CASES);
    for case in key_cases {
        let assign = pb::AssignTaskForceCaseRequest {
            task_force_id: task_force_id(bureau),
            case_no: case.case_no.clone(),
            ..Default::default()
        };
        tale.add(&chief, assign);
    }
    let dissolve = pb::DissolveTaskForceRequest {
        task_force_id: task_force_id(bureau),
        reason: "演示：专项行动结束".into(),
        ..Default::default()
    };
    tale.with(&chief, dissolve)
}

/// Days, weeks and months of the campaign that are whole within it, each with how it came out.
fn periods(nth: usize) -> Vec<(WorkCadence, Span, Done)> {
    let days = usize::try_from(CAMPAIGN.days()).unwrap_or_default();
    let day = |n: usize| CAMPAIGN.from + Duration::days(i64::try_from(n).unwrap_or_default());
    let mut periods = Vec::new();
    for n in 0..days {
        let done = match (n + nth * 7) % 83 {
            41 => Done::Late,
            82 if nth.is_multiple_of(2) => Done::Never,
            _ => Done::InTime,
        };
        periods.push((WorkCadence::DailyDirective, Span { from: day(n), to: day(n) }, done));
    }
    let monday = i64::from(CAMPAIGN.from.weekday().number_days_from_monday());
    let weeks = (0..).map(|n| before(CAMPAIGN.from, monday) + Duration::weeks(n));
    for (n, from) in weeks.take_while(|from| *from + Duration::days(6) <= CAMPAIGN.to).enumerate() {
        let done = if (n + nth * 5) % 22 == 17 { Done::Late } else { Done::InTime };
        periods.push((WorkCadence::WeeklyAnalysis, Span { from, to: from + Duration::days(6) }, done));
    }
    for month in months::all() {
        let late = usize::from(u8::from(month.from.month())) == nth + 1;
        periods.push((WorkCadence::MonthlyAnalysis, month, if late { Done::Late } else { Done::InTime }));
    }
    periods
}

fn pieces(bureau: &str, nth: usize, sums: &Sums) -> Vec<pb::TaskForceWorkTakenOver> {
    let mut alerts: BTreeMap<Date, i32> = BTreeMap::new();
    for (_, day) in sums.alerts.values().filter(|(unit, _)| bureau_of(unit) == bureau) {
        *alerts.entry(*day).or_default() += 1;
    }
    let count = |of: &dyn Fn(&str) -> usize| {
        i32::try_from(stations(bureau).map(of).sum::<usize>()).unwrap_or(i32::MAX)
    };
    let piece = |(cadence, span, done): (WorkCadence, Span, Done)| {
        // In time the morning after; late on the evening of that day, or a week after for an analysis.
        let next = span.to + Duration::DAY;
        let done_at = match (done, cadence) {
            (Done::Never, _) => None,
            (Done::InTime, _) => Some(at(next, 8, 40)),
            (Done::Late, WorkCadence::DailyDirective) => Some(at(next, 19, 15)),
            (Done::Late, _) => Some(at(next + Duration::days(9), 10, 0)),
        };
        let piece = pb::TaskForceWorkTakenOver {
            cadence: cadence.into(),
            period_start: Some(span.from.into()),
            done_at: done_at.map(timestamp),
            ..Default::default()
        };
        if done_at.is_none() {
            return piece;
        }
        match cadence {
            WorkCadence::MonthlyAnalysis => pb::TaskForceWorkTakenOver {
                filed: count(&|unit| sums.filed(unit, span)),
                solved: count(&|unit| sums.solved(unit, span)),
                text: "演示：本月立案破案研判".into(),
                ..piece
            },
            WorkCadence::WeeklyAnalysis => {
                pb::TaskForceWorkTakenOver { text: "演示：重点案件周研判".into(), ..piece }
            }
            WorkCadence::DailyDirective | WorkCadence::Unspecified => pb::TaskForceWorkTakenOver {
                alerts: alerts.get(&span.from).copied().unwrap_or_default(),
                text: "演示：每日警情指令".into(),
                ..piece
            },
        }
    };
    periods(nth).into_iter().map(piece).collect()
}

/// Pieces that came out so, of all task forces.
fn wanted(cadence: WorkCadence, done: Done) -> usize {
    let of = |nth| periods(nth).into_iter().filter(|(c, _, d)| (*c, *d) == (cadence, done)).count();
    (0..BUREAUS.len()).map(of).sum()
}

pub(super) async fn figures(clients: &Clients) -> Result<Vec<Shown>, Fault> {
    let request = pb::ListTaskForcesRequest { page_size: 1000, ..Default::default() };
    let forces = clients
        .call(Service::Cases, request, async |r| clients.task_force().list_task_forces(r).await)
        .await?
        .task_forces;
    let mine: Vec<_> = forces.iter().filter(|f| f.task_force_id.starts_with("demo-1-autumn-wind-")).collect();
    let mut shown =
        vec![Shown::of("县区局工作专班", "task forces of county bureaus (A4)", &BUREAUS.len(), &mine.len())];
    for (cadence, zh, en) in [
        (WorkCadence::DailyDirective, "每日警情指令", "daily directives"),
        (WorkCadence::WeeklyAnalysis, "每周研判", "weekly analyses"),
        (WorkCadence::MonthlyAnalysis, "每月研判", "monthly analyses"),
    ] {
        let counts = mine.iter().flat_map(|f| &f.counts).filter(|c| c.cadence() == cadence);
        let (in_time, late, missed) =
            counts.fold((0, 0, 0), |sum, c| (sum.0 + c.in_time, sum.1 + c.late, sum.2 + c.missed));
        let wanted = [Done::InTime, Done::Late, Done::Never].map(|done| wanted(cadence, done));
        shown.push(Shown::of(
            &format!("{zh}：按时/迟报/缺失"),
            &format!("{en}: in time/late/missed (A4)"),
            &format!("{}/{}/{}", wanted[0], wanted[1], wanted[2]),
            &format!("{in_time}/{late}/{missed}"),
        ));
    }
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a04_every_day_week_and_month_of_the_campaign_has_its_work_and_a_few_pieces_are_late_or_missed() {
        for nth in 0..BUREAUS.len() {
            let of = |cadence| periods(nth).iter().filter(|(c, ..)| *c == cadence).count();
            assert_eq!(of(WorkCadence::DailyDirective), 313);
            assert_eq!((of(WorkCadence::WeeklyAnalysis), of(WorkCadence::MonthlyAnalysis)), (44, 10));
            // What one message may hold.
            assert!(periods(nth).len() <= 500);
        }
        for (cadence, done) in [
            (WorkCadence::DailyDirective, Done::Late),
            (WorkCadence::DailyDirective, Done::Never),
            (WorkCadence::WeeklyAnalysis, Done::Late),
            (WorkCadence::MonthlyAnalysis, Done::Late),
        ] {
            assert!((1..40).contains(&wanted(cadence, done)), "{cadence:?} {done:?}");
        }
    }
}
