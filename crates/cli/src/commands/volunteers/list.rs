//! `xiaoan volunteers list`.

use super::super::listing::{documents, pages, show_list, state};
use super::super::{Context, Verdict};
use super::{List, What};
use crate::args::Service;
use crate::connect::Clients;
use crate::fault::Fault;
use crate::moments::{show_day, show_instant};
use crate::render::{Align, Sheet};
use xiaoan_proto::volunteers::v1 as pb;

pub async fn list(context: &Context, what: &List) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    match what.what {
        What::Volunteer => {
            let (found, more) =
                pages(what.limit, async |size, token| volunteers(&clients, what, size, token).await).await?;
            let mut sheet = Sheet::new(&[
                (context.say("报名编号", "volunteer"), Align::Left),
                (context.say("单位", "unit"), Align::Left),
                (context.say("状态", "state"), Align::Left),
                (context.say("编号", "number"), Align::Left),
                (context.say("中队", "squadron"), Align::Left),
                (context.say("报名", "received"), Align::Left),
                (context.say("执勤分钟", "minutes"), Align::Right),
            ])
            .may_drop(5, 1);
            for v in &found {
                sheet.row(vec![
                    v.volunteer_id.as_str().into(),
                    v.org_unit.as_str().into(),
                    volunteer_state(context, v.state()).into(),
                    v.volunteer_no.as_str().into(),
                    v.squadron.as_ref().map_or("", |s| &s.name_zh).into(),
                    show_day(v.received_on).into(),
                    v.minutes_served.to_string().into(),
                ]);
            }
            show_list(context, &sheet, "volunteers", &documents(&found), more)
        }
        What::Squadron => {
            let (found, more) =
                pages(what.limit, async |size, token| squadrons(&clients, what, size, token).await).await?;
            let mut sheet = places(context, context.say("中队", "squadron"));
            for s in &found {
                let kind = word(s.kind().as_str_name(), "SQUADRON_KIND_");
                sheet.row(vec![
                    s.squadron_id.as_str().into(),
                    s.org_unit.as_str().into(),
                    kind.into(),
                    context.say(s.name_zh.as_str(), s.name_en.as_str()).into(),
                    show_day(s.formed_on).into(),
                    show_day(s.disbanded_on).into(),
                ]);
            }
            show_list(context, &sheet, "squadrons", &documents(&found), more)
        }
        What::DutyPoint => {
            let (found, more) =
                pages(what.limit, async |size, token| duty_points(&clients, what, size, token).await).await?;
            let mut sheet = places(context, context.say("执勤点", "duty point"));
            for p in &found {
                let kind = word(p.kind().as_str_name(), "DUTY_POINT_KIND_");
                sheet.row(vec![
                    p.duty_point_id.as_str().into(),
                    p.org_unit.as_str().into(),
                    kind.into(),
                    context.say(p.name_zh.as_str(), p.name_en.as_str()).into(),
                    show_day(p.opened_on).into(),
                    show_day(p.closed_on).into(),
                ]);
            }
            show_list(context, &sheet, "dutyPoints", &documents(&found), more)
        }
        What::Patrol => {
            let (found, more) =
                pages(what.limit, async |size, token| patrols(&clients, what, size, token).await).await?;
            show_list(context, &patrol_sheet(context, &found), "patrols", &documents(&found), more)
        }
        What::Rule => {
            let request = pb::ListPatrolRulesRequest::default();
            let found = clients
                .call(Service::Volunteers, request, async |r| clients.patrol().list_patrol_rules(r).await)
                .await?
                .rules;
            let mut sheet = Sheet::new(&[
                (context.say("办法", "rule"), Align::Left),
                (context.say("版本", "version"), Align::Right),
                (context.say("生效", "effective"), Align::Left),
                (context.say("编组", "composition"), Align::Left),
                (context.say("依据", "basis"), Align::Left),
            ]);
            for rule in &found {
                let slot =
                    |s: &pb::CompositionSlot| format!("{} {}+", context.say(&s.name_zh, &s.name_en), s.min);
                let slots: Vec<_> = rule.slots.iter().map(slot).collect();
                sheet.row(vec![
                    rule.rule_id.as_str().into(),
                    rule.version.to_string().into(),
                    show_day(rule.effective_on).into(),
                    slots.join(", ").into(),
                    rule.basis.as_str().into(),
                ]);
            }
            show_list(context, &sheet, "rules", &documents(&found), false)
        }
    }
}

fn patrol_sheet(context: &Context, found: &[pb::Patrol]) -> Sheet {
    let mut sheet = Sheet::new(&[
        (context.say("巡逻编号", "patrol"), Align::Left),
        (context.say("中队", "squadron"), Align::Left),
        (context.say("计划", "planned"), Align::Left),
        (context.say("状态", "state"), Align::Left),
        (context.say("志愿者", "volunteers"), Align::Right),
        (context.say("分钟", "minutes"), Align::Right),
        (context.say("编组", "composition"), Align::Left),
    ])
    .may_drop(6, 1);
    for p in found {
        let composition = if p.deviated { context.say("有偏差", "deviates") } else { "" };
        sheet.row(vec![
            p.patrol_id.as_str().into(),
            p.squadron.as_ref().map_or("", |s| &s.name_zh).into(),
            show_instant(p.planned_from.as_ref()).into(),
            patrol_state(context, p.state()).into(),
            p.attendance.len().to_string().into(),
            p.minutes.to_string().into(),
            composition.into(),
        ]);
    }
    sheet
}

fn places(context: &Context, title: &'static str) -> Sheet {
    Sheet::new(&[
        (title, Align::Left),
        (context.say("单位", "unit"), Align::Left),
        (context.say("类别", "kind"), Align::Left),
        (context.say("名称", "name"), Align::Left),
        (context.say("自", "from"), Align::Left),
        (context.say("至", "to"), Align::Left),
    ])
}

async fn volunteers(
    clients: &Clients,
    what: &List,
    page_size: i32,
    page_token: String,
) -> Result<(Vec<pb::Volunteer>, String), Fault> {
    let state = state(&what.state, "VOLUNTEER_STATE_", pb::VolunteerState::from_str_name)?;
    let request = pb::ListVolunteersRequest {
        org_unit: what.unit.clone(),
        state,
        squadron_id: what.squadron.clone(),
        page_size,
        page_token,
        ..Default::default()
    };
    let page = clients
        .call(Service::Volunteers, request, async |r| clients.volunteer().list_volunteers(r).await)
        .await?;
    Ok((page.volunteers, page.next_page_token))
}

async fn squadrons(
    clients: &Clients,
    what: &List,
    page_size: i32,
    page_token: String,
) -> Result<(Vec<pb::Squadron>, String), Fault> {
    let request =
        pb::ListSquadronsRequest { org_unit: what.unit.clone(), page_size, page_token, ..Default::default() };
    let page = clients
        .call(Service::Volunteers, request, async |r| clients.squadron().list_squadrons(r).await)
        .await?;
    Ok((page.squadrons, page.next_page_token))
}

async fn duty_points(
    clients: &Clients,
    what: &List,
    page_size: i32,
    page_token: String,
) -> Result<(Vec<pb::DutyPoint>, String), Fault> {
    let request = pb::ListDutyPointsRequest {
        org_unit: what.unit.clone(),
        page_size,
        page_token,
        ..Default::default()
    };
    let page = clients
        .call(Service::Volunteers, request, async |r| clients.squadron().list_duty_points(r).await)
        .await?;
    Ok((page.duty_points, page.next_page_token))
}

async fn patrols(
    clients: &Clients,
    what: &List,
    page_size: i32,
    page_token: String,
) -> Result<(Vec<pb::Patrol>, String), Fault> {
    let state = state(&what.state, "PATROL_STATE_", pb::PatrolState::from_str_name)?;
    let request = pb::ListPatrolsRequest {
        org_unit: what.unit.clone(),
        state,
        squadron_id: what.squadron.clone(),
        from: what.from.map(Into::into),
        to: what.to.map(Into::into),
        page_size,
        page_token,
        ..Default::default()
    };
    let page =
        clients.call(Service::Volunteers, request, async |r| clients.patrol().list_patrols(r).await).await?;
    Ok((page.patrols, page.next_page_token))
}

/// The word of an enum's value, without its prefix.
pub fn word(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix).to_ascii_lowercase().replace('_', "-")
}

/// A volunteer's state in the user's language.
pub fn volunteer_state(context: &Context, state: pb::VolunteerState) -> &'static str {
    match state {
        pb::VolunteerState::Unspecified => "?",
        pb::VolunteerState::Applied => context.say("已报名", "applied"),
        pb::VolunteerState::Vetted => context.say("政审合格", "vetted"),
        pb::VolunteerState::Rejected => context.say("未通过", "rejected"),
        pb::VolunteerState::Enrolled => context.say("已编号", "enrolled"),
        pb::VolunteerState::Active => context.say("在岗", "active"),
        pb::VolunteerState::Suspended => context.say("停用", "suspended"),
        pb::VolunteerState::Retired => context.say("已退出", "retired"),
        pb::VolunteerState::Expelled => context.say("已除名", "expelled"),
    }
}

/// A patrol's state in the user's language.
pub fn patrol_state(context: &Context, state: pb::PatrolState) -> &'static str {
    match state {
        pb::PatrolState::Unspecified => "?",
        pb::PatrolState::Planned => context.say("已计划", "planned"),
        pb::PatrolState::Begun => context.say("进行中", "begun"),
        pb::PatrolState::Ended => context.say("已结束", "ended"),
        pb::PatrolState::Cancelled => context.say("已取消", "cancelled"),
    }
}
