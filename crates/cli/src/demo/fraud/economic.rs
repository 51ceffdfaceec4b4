//! Facts row P6: the task force "Sharp Sword" of seven, its chief in charge, six major economic cases solved, 84 suspects and 16
//! fugitives caught, 3.2 million yuan recovered. How they are spread over the cases is ours. GA 240.1 as it is shipped has no
//! leaf for contract fraud: the cases are misappropriations in office and of company funds.

use super::{Draft, NAME, PORT};
use crate::args::Service;
use crate::connect::Clients;
use crate::demo::deal::at;
use crate::demo::stage::{Actor, Shown, Tale};
use crate::demo::work::today;
use crate::fault::Fault;
use time::Date;
use time::macros::date;
use xiaoan_kernel::yuan_from_fen;
use xiaoan_proto::cases::v1 as pb;
use xiaoan_proto::cases::v1::TaskForceRole;

/// Id of the task force.
const FORCE: &str = "demo-1-sharp-sword";

/// One of the six.
struct Case {
    case_no: &'static str,
    category: &'static str,
    filed_on: Date,
    solved_on: Date,
    suspects: i32,
    fugitives: i32,
    /// In ten thousand yuan.
    recovered: i64,
}

macro_rules! cases {
    ($($case_no:literal $category:literal $filed:expr, $solved:expr, $suspects:literal $fugitives:literal $recovered:literal;)+) => {
        [$(Case {
            case_no: $case_no, category: $category, filed_on: $filed, solved_on: $solved,
            suspects: $suspects, fugitives: $fugitives, recovered: $recovered,
        }),+]
    };
}

const CASES: [Case; 6] = cases! {
    "A3711900100002020109101" "050600" date!(2020 - 10 - 12), date!(2020 - 12 - 03), 20 4 90;
    "A3711900100002020119102" "050710" date!(2020 - 11 - 05), date!(2021 - 01 - 22), 16 3 70;
    "A3711900100002021019103" "050600" date!(2021 - 01 - 18), date!(2021 - 03 - 09), 14 3 60;
    "A3711900100002021029104" "050710" date!(2021 - 02 - 26), date!(2021 - 04 - 19), 13 2 45;
    "A3711900100002021039105" "050600" date!(2021 - 03 - 30), date!(2021 - 05 - 25), 12 2 35;
    "A3711900100002021049106" "050710" date!(2021 - 04 - 27), date!(2021 - 06 - 30), 9 2 20;
};

/// 10,000 yuan in fen.
const WAN: i64 = 1_000_000;

pub(super) fn cases() -> Vec<Tale> {
    let case = |case: &Case| {
        let draft = Draft {
            case_no: case.case_no.into(),
            unit: PORT.1,
            category: case.category,
            reported_at: at(case.filed_on, 10, 15),
            filed_on: case.filed_on,
            loss_fen: case.recovered * WAN * 2,
            what: "资金（演示）",
            caught: vec![(case.solved_on, case.suspects)],
            solved_at: Some(at(case.solved_on, 17, 30)),
            recovered_fen: case.recovered * WAN,
        };
        draft.tale()
    };
    CASES.iter().map(case).collect()
}

/// Formed, given its cases, and credited with what came of each; one result was recorded twice and is revoked.
pub(super) fn task_force() -> Tale {
    let bureau = Actor::approver(PORT.0);
    let task_force_id = || FORCE.to_owned();
    let role = |role: TaskForceRole, count| pb::RoleCount { role: role.into(), count };
    let form = pb::FormTaskForceRequest {
        task_force_id: task_force_id(),
        org_unit: PORT.0.into(),
        kind: pb::TaskForceKind::EconomicCrime.into(),
        name: "利剑经侦专班（演示）".into(),
        chief: "DEMO-CHIEF-PORT".into(),
        formed_on: Some(date!(2020 - 09 - 15).into()),
        members: vec![
            role(TaskForceRole::Investigator, 5),
            role(TaskForceRole::Technician, 1),
            role(TaskForceRole::VideoInvestigator, 1),
        ],
        ..Default::default()
    };
    let mut tale = Tale::new(NAME, FORCE).with(&bureau, form);
    for (n, case) in CASES.iter().enumerate() {
        let assign = pb::AssignTaskForceCaseRequest {
            task_force_id: task_force_id(),
            case_no: case.case_no.into(),
            ..Default::default()
        };
        tale.add(&bureau, assign);
        tale.add(&bureau, results(format!("case-{}", n + 1), case));
    }
    let last = CASES.last().map(|case| results("case-6-again".into(), case)).unwrap_or_default();
    let revoke = pb::RevokeTaskForceResultsRequest {
        task_force_id: task_force_id(),
        result_id: "case-6-again".into(),
        reason: "演示：同一案件重复登记".into(),
        ..Default::default()
    };
    let directive = pb::IssueDirectiveRequest {
        task_force_id: task_force_id(),
        day: Some(today().into()),
        alerts: 3,
        text: "演示：核查涉企合同纠纷警情".into(),
        addressed_to: vec![PORT.1.into()],
        ..Default::default()
    };
    tale.with(&bureau, last).with(&bureau, revoke).with(&Actor::officer(PORT.0), directive)
}

fn results(result_id: String, case: &Case) -> pb::RecordTaskForceResultsRequest {
    let results = pb::TaskForceResults {
        result_id,
        on: Some(case.solved_on.into()),
        major_cases: 1,
        suspects: case.suspects,
        fugitives: case.fugitives,
        recovered_fen: case.recovered * WAN,
    };
    pb::RecordTaskForceResultsRequest {
        task_force_id: FORCE.into(),
        results: Some(results),
        ..Default::default()
    }
}

pub(super) async fn figures(clients: &Clients) -> Result<Vec<Shown>, Fault> {
    let request = pb::GetTaskForceRequest { task_force_id: FORCE.into(), at_least: 0 };
    let force = clients
        .call(Service::Cases, request, async |r| clients.task_force().get_task_force(r).await)
        .await?
        .task_force
        .unwrap_or_default();
    let found = |of: fn(&pb::TaskForceResults) -> i64| force.results.iter().map(of).sum::<i64>();
    let wanted = |of: fn(&Case) -> i64| CASES.iter().map(of).sum::<i64>();
    // What the task force states must be what the cases assigned to it say themselves.
    let said = |stated: i64, by_cases: i32| match i64::from(by_cases) == stated {
        true => stated.to_string(),
        false => format!("{stated} ≠ {by_cases}"),
    };
    let solved = said(found(|r| r.major_cases.into()), force.assigned_solved);
    let caught = said(found(|r| r.suspects.into()), force.assigned_caught);
    let members: i32 = force.members.iter().map(|m| m.count).sum();
    Ok(vec![
        Shown::of("利剑专班人数", "members of Sharp Sword (P6)", &7, &members),
        Shown::of("经济案件侦破", "economic cases solved, port (P6)", &CASES.len(), &solved),
        Shown::of("经济案件抓获", "suspects caught, port (P6)", &wanted(|c| c.suspects.into()), &caught),
        Shown::of(
            "经济案件抓获逃犯",
            "fugitives caught, port (P6)",
            &wanted(|c| c.fugitives.into()),
            &found(|r| r.fugitives.into()),
        ),
        Shown::of(
            "经济案件追回(元)",
            "recovered, yuan, port (P6)",
            &yuan_from_fen(wanted(|c| c.recovered * WAN)),
            &yuan_from_fen(found(|r| r.recovered_fen)),
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p06_the_six_cases_add_up_to_the_published_figures() {
        let sum = |of: fn(&Case) -> i64| CASES.iter().map(of).sum::<i64>();
        let sums = [sum(|c| c.suspects.into()), sum(|c| c.fugitives.into()), sum(|c| c.recovered)];
        assert_eq!((CASES.len(), sums), (6, [84, 16, 320]));
        assert!(CASES.iter().all(|c| c.filed_on < c.solved_on && c.solved_on <= date!(2021 - 07 - 10)));
    }
}
