//! What a person sees of a list.

use super::Context;
use crate::moments::{show_day, show_instant};
use crate::render::{Align, Field, Sheet};
use xiaoan_proto::cases::v1 as pb;

/// A column: titles in both languages, and where its cells stand.
type Column = (&'static str, &'static str, Align);

const L: Align = Align::Left;
const R: Align = Align::Right;

fn sheet<T>(context: &Context, columns: &[Column], rows: &[T], cells: impl Fn(&T) -> Vec<String>) -> Sheet {
    let titles: Vec<_> = columns.iter().map(|(zh, en, align)| (context.say(*zh, *en), *align)).collect();
    let mut sheet = Sheet::new(&titles);
    for row in rows {
        sheet.row(cells(row).into_iter().map(Field::from).collect());
    }
    sheet
}

/// "in time" of `TASK_FORCE_WORK_STATE_IN_TIME`.
fn word(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix).to_ascii_lowercase().replace('_', " ")
}

/// "!" where something is late.
fn mark(late: bool) -> String {
    if late { "!".to_owned() } else { String::new() }
}

pub fn task_forces(context: &Context, rows: &[pb::TaskForce]) -> Sheet {
    let columns = [
        ("专班", "task force", L),
        ("单位", "unit", L),
        ("名称", "name", L),
        ("类型", "kind", L),
        ("状态", "state", L),
        ("成立", "formed", L),
        ("按时", "in time", R),
        ("迟交", "late", R),
        ("缺失", "missed", R),
        ("逾期", "overdue", R),
    ];
    sheet(context, &columns, rows, |t| {
        let sum = |of: fn(&pb::WorkCount) -> i32| t.counts.iter().map(of).sum::<i32>().to_string();
        vec![
            t.task_force_id.clone(),
            t.org_unit.clone(),
            t.name.clone(),
            word(t.kind().as_str_name(), "TASK_FORCE_KIND_"),
            word(t.state().as_str_name(), "TASK_FORCE_STATE_"),
            show_day(t.formed_on),
            sum(|c| c.in_time),
            sum(|c| c.late),
            sum(|c| c.missed),
            t.duties.iter().filter(|d| d.overdue).count().to_string(),
        ]
    })
}

pub fn work(context: &Context, rows: &[pb::TaskForceWork]) -> Sheet {
    let columns = [
        ("专班", "task force", L),
        ("单位", "unit", L),
        ("应交", "owed", L),
        ("期间", "period from", L),
        ("结果", "state", L),
        ("期限", "due", L),
        ("完成", "done", L),
    ];
    sheet(context, &columns, rows, |w| {
        vec![
            w.task_force_id.clone(),
            w.org_unit.clone(),
            word(w.cadence().as_str_name(), "WORK_CADENCE_"),
            show_day(w.period_start),
            word(w.state().as_str_name(), "TASK_FORCE_WORK_STATE_"),
            show_instant(w.due_at.as_ref()),
            show_instant(w.done_at.as_ref()),
        ]
    })
}

pub fn cleanups(context: &Context, rows: &[pb::Cleanup]) -> Sheet {
    let columns = [
        ("清查", "operation", L),
        ("单位", "unit", L),
        ("名称", "title", L),
        ("状态", "state", L),
        ("开始", "from", L),
        ("结束", "to", L),
        ("场所", "venues", R),
        ("问题", "findings", R),
        ("整改", "put right", R),
        ("移交", "handed over", R),
        ("逾期", "overdue", R),
    ];
    sheet(context, &columns, rows, |c| {
        let sum = |of: fn(&pb::VenueKindCount) -> i32| c.counts.iter().map(of).sum::<i32>().to_string();
        vec![
            c.cleanup_id.clone(),
            c.org_unit.clone(),
            c.title.clone(),
            word(c.state().as_str_name(), "CLEANUP_STATE_"),
            show_day(c.starts_on),
            show_day(c.ends_on),
            sum(|k| k.venues),
            sum(|k| k.findings),
            sum(|k| k.rectified),
            sum(|k| k.handed_over),
            sum(|k| k.overdue),
        ]
    })
}

pub fn reviews(context: &Context, rows: &[pb::ReverseReview]) -> Sheet {
    let columns = [
        ("案件编号", "case no", L),
        ("责任单位", "unit", L),
        ("案别", "category", L),
        ("环节", "state", L),
        ("责任", "responsibility", L),
        ("措施落实", "measures in place", R),
        ("逾期", "overdue", R),
        ("开始", "opened", L),
        ("闭环", "closed", L),
    ];
    sheet(context, &columns, rows, |r| {
        let done = r.measures.iter().filter(|m| m.implemented_on.is_some()).count();
        let responsibility = match r.responsibility() {
            pb::ReviewResponsibility::Unspecified => String::new(),
            known => word(known.as_str_name(), "REVIEW_RESPONSIBILITY_"),
        };
        vec![
            r.case_no.clone(),
            r.org_unit.clone(),
            r.category.clone(),
            word(r.state().as_str_name(), "REVERSE_REVIEW_STATE_"),
            responsibility,
            format!("{done}/{}", r.measures.len()),
            r.measures.iter().filter(|m| m.overdue).count().to_string(),
            show_day(r.opened_on),
            show_day(r.closed_on),
        ]
    })
}

pub fn unreviewed(context: &Context, rows: &[pb::UnreviewedSolve]) -> Sheet {
    let columns = [
        ("案件编号", "case no", L),
        ("单位", "unit", L),
        ("案别", "category", L),
        ("立案", "filed", L),
        ("破案", "solved", L),
        ("在目录内", "listed", L),
    ];
    sheet(context, &columns, rows, |s| {
        vec![
            s.case_no.clone(),
            s.org_unit.clone(),
            s.category.clone(),
            show_day(s.filed_on),
            show_day(s.solved_on),
            context.say(if s.listed { "是" } else { "否" }, if s.listed { "yes" } else { "no" }).into(),
        ]
    })
}

pub fn major_cases(context: &Context, rows: &[pb::MajorCase]) -> Sheet {
    let columns = [
        ("案件编号", "case no", L),
        ("单位", "unit", L),
        ("督办级别", "level", L),
        ("负责人", "chief", L),
        ("状态", "state", L),
        ("督办", "since", L),
        ("限期", "due", L),
        ("报告", "reports", R),
        ("逾期", "overdue", R),
        ("下次报告", "next report", L),
    ];
    sheet(context, &columns, rows, |m| {
        vec![
            m.case_no.clone(),
            m.org_unit.clone(),
            word(m.level().as_str_name(), "SUPERVISION_LEVEL_"),
            m.chief.clone(),
            word(m.state().as_str_name(), "MAJOR_CASE_STATE_"),
            show_day(m.supervised_on),
            show_day(m.due_on),
            m.progress.len().to_string(),
            m.overdue_reports.to_string(),
            show_instant(m.progress_due_at.as_ref()),
        ]
    })
}

pub fn exhibits(context: &Context, rows: &[pb::Exhibit]) -> Sheet {
    let columns = [
        ("物品", "lot", L),
        ("单位", "unit", L),
        ("案件编号", "case no", L),
        ("窝点", "den", L),
        ("种类", "kind", L),
        ("数量", "count", R),
        ("状态", "state", L),
        ("扣押", "seized", L),
        ("移交", "handed in", L),
        ("逾期", "late", L),
        ("返还", "returned", R),
        ("处理", "disposed", R),
    ];
    sheet(context, &columns, rows, |x| {
        vec![
            x.exhibit_id.clone(),
            x.org_unit.clone(),
            x.case_no.clone(),
            x.den_id.clone(),
            word(x.kind().as_str_name(), "EXHIBIT_KIND_"),
            x.count.to_string(),
            word(x.state().as_str_name(), "EXHIBIT_STATE_"),
            show_instant(x.seized_at.as_ref()),
            show_instant(x.handed_in_at.as_ref()),
            mark(x.overdue),
            x.returned.to_string(),
            x.disposed.to_string(),
        ]
    })
}

pub fn dens(context: &Context, rows: &[pb::Den]) -> Sheet {
    let columns = [
        ("窝点", "den", L),
        ("单位", "unit", L),
        ("案件编号", "case no", L),
        ("时间", "raided", L),
        ("地点", "place", L),
        ("警力", "officers", R),
        ("嫌疑人", "suspects", R),
    ];
    sheet(context, &columns, rows, |d| {
        vec![
            d.den_id.clone(),
            d.org_unit.clone(),
            d.case_no.clone(),
            show_instant(d.raided_at.as_ref()),
            d.place.clone(),
            d.officers.to_string(),
            d.suspects.to_string(),
        ]
    })
}

pub fn lookups(context: &Context, rows: &[pb::Lookups]) -> Sheet {
    let columns = [
        ("案件编号", "case no", L),
        ("侦查单位", "bureau", L),
        ("协助单位", "station", L),
        ("环节", "state", L),
        ("已查", "looked up", R),
        ("期限", "due", L),
        ("逾期", "late", L),
        ("追究", "accountability", L),
    ];
    sheet(context, &columns, rows, |l| {
        let checked = l.items.iter().filter(|i| i.outcome() != pb::LookupOutcome::Unspecified).count();
        let accountability = match l.accountability() {
            pb::Accountability::Unspecified => String::new(),
            known => word(known.as_str_name(), "ACCOUNTABILITY_"),
        };
        vec![
            l.case_no.clone(),
            l.org_unit.clone(),
            l.station.clone(),
            word(l.state().as_str_name(), "LOOKUP_STATE_"),
            format!("{checked}/{}", l.items.len()),
            show_instant(l.due_at.as_ref()),
            mark(l.overdue),
            accountability,
        ]
    })
}
