//! `xiaoan cases list | get | history`.

use super::listing::show_history;
use super::{Context, Verdict, acts};
use crate::args::{Cases, ListCases, Service, State};
use crate::fault::Fault;
use crate::moments::{rfc3339, show_day, show_instant};
use crate::render::{self, Align, Field, Sheet};
use serde_json::{Value, json};
use xiaoan_kernel::yuan_from_fen;
use xiaoan_proto::cases::v1 as pb;
use xiaoan_proto::cases::v1::{CaseState, Discovery, SolveClass, SolveManner, WithdrawalGround};
use xiaoan_proto::core::v1::Provenance;

/// Cases asked for at once.
const PAGE: usize = 500;

pub async fn run(context: &Context, what: Cases) -> Result<Verdict, Fault> {
    match what {
        Cases::List(what) => list(context, what).await,
        Cases::Get { case_no } => get(context, case_no).await,
        Cases::History { case_no } => history(context, case_no).await,
        Cases::Do(act) => acts::case(context, &act).await,
        Cases::Import(what) => super::import::run(context, what).await,
    }
}

async fn list(context: &Context, what: ListCases) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let wanted = if what.limit == 0 { usize::MAX } else { what.limit };
    let mut request = pb::ListCasesRequest {
        org_unit: what.unit,
        state: what.state.map_or(CaseState::Unspecified, CaseState::from).into(),
        category_prefix: what.category,
        filed_from: what.from.map(Into::into),
        filed_to: what.to.map(Into::into),
        ..Default::default()
    };
    let mut cases = Vec::new();
    let more = loop {
        request.page_size = i32::try_from(PAGE.min(wanted - cases.len())).unwrap_or(i32::MAX);
        let page = clients
            .call(Service::Cases, request.clone(), async |r| clients.case().list_cases(r).await)
            .await?;
        cases.extend(page.cases);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() || cases.len() >= wanted {
            break !request.page_token.is_empty();
        }
    };
    let mut sheet = Sheet::new(&[
        (context.say("案件编号", "case no"), Align::Left),
        (context.say("单位", "unit"), Align::Left),
        (context.say("案别", "category"), Align::Left),
        (context.say("立案", "filed"), Align::Left),
        (context.say("状态", "state"), Align::Left),
        (context.say("破案", "solved"), Align::Left),
        (context.say("损失(元)", "loss (yuan)"), Align::Right),
    ]);
    for case in &cases {
        let facts = case.facts.clone().unwrap_or_default();
        sheet.row(vec![
            case.case_no.as_str().into(),
            case.org_unit.as_str().into(),
            facts.category.as_str().into(),
            show_day(facts.filed_on).into(),
            state(context, case).into(),
            show_day(facts.solved_on).into(),
            yuan_from_fen(facts.loss_fen).into(),
        ]);
    }
    let note = match (cases.is_empty(), more) {
        (true, _) => context.say(" 没有符合条件的案件", " no such cases").to_owned(),
        (_, true) => format!(
            "\n {}",
            context.say("还有更多：--limit 0 列出全部", "there are more: --limit 0 lists all")
        ),
        _ => String::new(),
    };
    let document = json!({ "cases": cases.iter().map(document).collect::<Vec<_>>(), "more": more });
    render::print(context, &sheet, &document, &note)?;
    Ok(Verdict::Done)
}

async fn get(context: &Context, case_no: String) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let request = pb::GetCaseRequest { case_no, at_least: 0 };
    let case = clients
        .call(Service::Cases, request, async |r| clients.case().get_case(r).await)
        .await?
        .case
        .unwrap_or_default();
    let facts = case.facts.clone().unwrap_or_default();
    let yes = |b: bool| if b { context.say("是", "yes") } else { context.say("否", "no") };
    let arrests: i32 = facts.arrests.iter().map(|a| a.count).sum();
    let recovered: i64 = facts.recovered.iter().map(|a| a.fen).sum();
    let returned: i64 = facts.returned.iter().map(|a| a.fen).sum();
    let mut sheet = Sheet::new(&[
        (context.say("项目", "item"), Align::Left),
        (context.say("内容", "value"), Align::Left),
    ]);
    let mut add = |zh: &str, en: &str, value: String| {
        if !value.is_empty() {
            sheet.row(vec![context.say(zh, en).into(), Field::from(value)]);
        }
    };
    add("案件编号", "case no", case.case_no.clone());
    add("办案单位", "unit", case.org_unit.clone());
    add("案别", "category", facts.category.clone());
    add("状态", "state", state(context, &case).to_owned());
    add("发案时间", "occurred", show_instant(case.occurred_from.as_ref()));
    add("报案时间", "reported", show_instant(case.reported_at.as_ref()));
    add("立案日期", "filed on", show_day(facts.filed_on));
    add("破案日期", "solved on", show_day(facts.solved_on));
    if case.report_to_solve_minutes > 0 {
        let (hours, minutes) = (case.report_to_solve_minutes / 60, case.report_to_solve_minutes % 60);
        add("报案到破案", "report to solve", format!("{hours} h {minutes} min"));
    }
    add("提请人", "proposed by", case.proposed_by.clone());
    add("审批人", "approved by", case.approved_by.clone());
    add("损失(元)", "loss (yuan)", yuan_from_fen(facts.loss_fen));
    add(
        "损失物品",
        "what was lost",
        if case.loss_items > 0 {
            format!("{} × {}", case.loss_items, case.loss_description)
        } else {
            case.loss_description.clone()
        },
    );
    add("地点", "place", case.place.clone());
    add("小案", "small case", yes(facts.small_case).to_owned());
    add("可防性", "preventable", yes(facts.preventable).to_owned());
    add("抓获人数", "suspects caught", arrests.to_string());
    add("追回(元)", "recovered (yuan)", yuan_from_fen(recovered));
    add("返还(元)", "returned (yuan)", yuan_from_fen(returned));
    add("警情", "alert", case.alert_id.clone());
    add("串并案", "series", case.series_id.clone());
    add("版本", "version", case.etag.clone());
    render::print(context, &sheet, &document(&case), "")?;
    Ok(Verdict::Done)
}

async fn history(context: &Context, case_no: String) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let request = pb::GetCaseHistoryRequest { case_no };
    let entries = clients
        .call(Service::Cases, request, async |r| clients.case().get_case_history(r).await)
        .await?
        .entries;
    show_history(context, entries)
}

impl From<State> for CaseState {
    fn from(state: State) -> Self {
        match state {
            State::Filed => Self::Filed,
            State::Investigating => Self::Investigating,
            State::Proposed => Self::SolveProposed,
            State::Solved => Self::Solved,
            State::Withdrawn => Self::Withdrawn,
        }
    }
}

fn state(context: &Context, case: &pb::Case) -> &'static str {
    match case.state() {
        CaseState::Unspecified => "?",
        CaseState::Filed => context.say("已立案", "filed"),
        CaseState::Investigating => context.say("侦查中", "investigating"),
        CaseState::SolveProposed => context.say("待审批", "solve proposed"),
        CaseState::Solved => context.say("已破案", "solved"),
        CaseState::Withdrawn => context.say("已撤案", "withdrawn"),
    }
}

fn document(case: &pb::Case) -> Value {
    let facts = case.facts.clone().unwrap_or_default();
    let short = |name: &str, prefix: &str| name.trim_start_matches(prefix).to_ascii_lowercase();
    let amounts = |list: &[pb::DatedAmount]| -> Vec<Value> {
        list.iter().map(|a| json!({ "on": show_day(a.on), "fen": a.fen })).collect()
    };
    json!({
        "caseNo": case.case_no, "orgUnit": case.org_unit, "state": short(case.state().as_str_name(), "CASE_STATE_"),
        "category": facts.category, "filedOn": show_day(facts.filed_on), "lossFen": facts.loss_fen,
        "preventable": facts.preventable, "smallCase": facts.small_case, "solvedOn": show_day(facts.solved_on),
        "solveClass": short(SolveClass::try_from(facts.solve_class).unwrap_or_default().as_str_name(), "SOLVE_CLASS_"),
        "solveManner": short(SolveManner::try_from(facts.solve_manner).unwrap_or_default().as_str_name(), "SOLVE_MANNER_"),
        "arrests": facts.arrests.iter().map(|a| json!({ "on": show_day(a.on), "count": a.count })).collect::<Vec<_>>(),
        "recovered": amounts(&facts.recovered), "returned": amounts(&facts.returned),
        "occurredFrom": rfc3339(case.occurred_from.as_ref()), "reportedAt": rfc3339(case.reported_at.as_ref()),
        "discovery": short(Discovery::try_from(case.discovery).unwrap_or_default().as_str_name(), "DISCOVERY_"),
        "lossItems": case.loss_items, "lossDescription": case.loss_description, "place": case.place,
        "dwelling": case.dwelling, "alertId": case.alert_id, "seriesId": case.series_id,
        "proposedBy": case.proposed_by, "approvedBy": case.approved_by,
        "reportToSolveMinutes": case.report_to_solve_minutes,
        "withdrawalGround": short(WithdrawalGround::try_from(case.withdrawal_ground).unwrap_or_default().as_str_name(), "WITHDRAWAL_GROUND_"),
        "provenance": short(Provenance::try_from(case.provenance).unwrap_or_default().as_str_name(), "PROVENANCE_"),
        "etag": case.etag,
    })
}
