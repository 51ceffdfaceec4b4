//! The member units of the joint meeting: who is in, and what they do on site.

use super::orders::said;
use super::{Context, Join, Kind, OnSite, Verdict};
use crate::args::Service;
use crate::fault::Fault;
use crate::moments::{self, show_day};
use crate::render::{self, Align, Sheet};
use serde_json::json;
use time::Date;
use xiaoan_proto::antifraud::v1 as pb;

pub(super) async fn members(context: &Context) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let send = async |r| clients.member_unit().list_member_units(r).await;
    let request = pb::ListMemberUnitsRequest { at_least: 0 };
    let units = clients.call(Service::Antifraud, request, send).await?.member_units;
    let mut sheet = Sheet::new(&[
        (context.say("编号", "id"), Align::Left),
        (context.say("名称", "name"), Align::Left),
        (context.say("类别", "kind"), Align::Left),
        (context.say("驻场职责", "on site"), Align::Left),
        (context.say("加入", "joined"), Align::Left),
        (context.say("退出", "left"), Align::Left),
    ]);
    let short = |name: &str, prefix: &str| name.trim_start_matches(prefix).to_lowercase();
    for unit in &units {
        let name =
            if unit.name_en.is_empty() { &unit.name_zh } else { context.say(&unit.name_zh, &unit.name_en) };
        sheet.row(vec![
            unit.member_unit.as_str().into(),
            name.as_str().into(),
            short(unit.kind().as_str_name(), "MEMBER_KIND_").into(),
            match unit.on_site_role() {
                pb::OnSiteRole::Unspecified => String::new(),
                role => short(role.as_str_name(), "ON_SITE_ROLE_"),
            }
            .into(),
            show_day(unit.joined_on).into(),
            show_day(unit.left_on).into(),
        ]);
    }
    let document = json!({ "memberUnits": units.iter().map(render::message_json).collect::<Vec<_>>() });
    render::print(context, &sheet, &document, "")?;
    Ok(Verdict::Done)
}

pub(super) async fn join(context: &Context, what: Join) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let kind = match what.kind {
        Kind::Bank => pb::MemberKind::Bank,
        Kind::Operator => pb::MemberKind::Operator,
        Kind::Internet => pb::MemberKind::Internet,
        Kind::Department => pb::MemberKind::Department,
    };
    let request = pb::JoinMemberUnitRequest {
        request_id: context.request_id(),
        member_unit: what.member_unit,
        kind: kind.into(),
        name_zh: what.name_zh,
        name_en: what.name_en,
        on_site_role: on_site(what.role).into(),
        joined_on: Some(what.on.into()),
    };
    let send = async |r| clients.member_unit().join_member_unit(r).await;
    said(context, clients.call(Service::Antifraud, request, send).await?.receipt)
}

fn on_site(role: OnSite) -> pb::OnSiteRole {
    match role {
        OnSite::None => pb::OnSiteRole::Unspecified,
        OnSite::StopPayment => pb::OnSiteRole::StopPayment,
        OnSite::Blocking => pb::OnSiteRole::Blocking,
        OnSite::Inquiry => pb::OnSiteRole::Inquiry,
        OnSite::Liaison => pb::OnSiteRole::Liaison,
    }
}

pub(super) async fn role(
    context: &Context,
    member_unit: String,
    role: OnSite,
    from: Option<Date>,
) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let request = pb::AssignOnSiteRoleRequest {
        request_id: context.request_id(),
        member_unit,
        etag: String::new(),
        on_site_role: on_site(role).into(),
        from: moments::or_today(from),
    };
    let send = async |r| clients.member_unit().assign_on_site_role(r).await;
    said(context, clients.call(Service::Antifraud, request, send).await?.receipt)
}

pub(super) async fn leave(
    context: &Context,
    member_unit: String,
    on: Option<Date>,
) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let request = pb::LeaveMemberUnitRequest {
        request_id: context.request_id(),
        member_unit,
        etag: String::new(),
        left_on: moments::or_today(on),
    };
    let send = async |r| clients.member_unit().leave_member_unit(r).await;
    said(context, clients.call(Service::Antifraud, request, send).await?.receipt)
}
