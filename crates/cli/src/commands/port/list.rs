//! `xiaoan port list`.

use super::super::listing::{documents, pages, show_list, state};
use super::super::{Context, Verdict};
use super::answers::{kind_name, short, state_name, track_name};
use super::{List, What};
use crate::args::Service;
use crate::connect::Clients;
use crate::fault::Fault;
use crate::moments::{show_day, show_instant};
use crate::render::{Align, Sheet};
use xiaoan_proto::port::v1 as pb;

pub async fn list(context: &Context, what: &List) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    match what.what {
        What::Incident => {
            let (found, more) =
                pages(what.limit, async |size, token| incidents(&clients, what, size, token).await).await?;
            let mut sheet = Sheet::new(&[
                (context.say("事件编号", "incident"), Align::Left),
                (context.say("单位", "unit"), Align::Left),
                (context.say("类别", "kind"), Align::Left),
                (context.say("接报时间", "reported"), Align::Left),
                (context.say("状态", "state"), Align::Left),
                (context.say("地点", "place"), Align::Left),
            ])
            .may_drop(5, 1);
            for i in &found {
                sheet.row(vec![
                    i.incident_id.as_str().into(),
                    i.org_unit.as_str().into(),
                    kind_name(context, i.kind()).into(),
                    show_instant(i.reported_at.as_ref()).into(),
                    state_name(context, i.state()).into(),
                    i.place.as_str().into(),
                ]);
            }
            show_list(context, &sheet, "incidents", &documents(&found), more)
        }
        What::Accident => {
            let (found, more) =
                pages(what.limit, async |size, token| accidents(&clients, what, size, token).await).await?;
            let mut sheet = Sheet::new(&[
                (context.say("事故编号", "accident"), Align::Left),
                (context.say("单位", "unit"), Align::Left),
                (context.say("发生时间", "occurred"), Align::Left),
                (context.say("程序", "track"), Align::Left),
                (context.say("状态", "state"), Align::Left),
            ]);
            for a in &found {
                let track = a.decision.as_ref().map_or(pb::Track::Unspecified, pb::TrackDecision::track);
                sheet.row(vec![
                    a.accident_id.as_str().into(),
                    a.org_unit.as_str().into(),
                    show_instant(a.occurred_at.as_ref()).into(),
                    track_name(context, track).into(),
                    short(a.state().as_str_name(), "ACCIDENT_STATE_").into(),
                ]);
            }
            show_list(context, &sheet, "accidents", &documents(&found), more)
        }
        What::Guard => {
            let (found, more) =
                pages(what.limit, async |size, token| guards(&clients, what, size, token).await).await?;
            let mut sheet = Sheet::new(&[
                (context.say("保安编号", "guard"), Align::Left),
                (context.say("单位", "unit"), Align::Left),
                (context.say("用人单位", "employer"), Align::Left),
                (context.say("培训", "trained"), Align::Left),
                (context.say("授权起", "from"), Align::Left),
                (context.say("授权止", "to"), Align::Left),
            ]);
            for g in &found {
                sheet.row(vec![
                    g.guard_id.as_str().into(),
                    g.org_unit.as_str().into(),
                    g.employer.as_str().into(),
                    show_day(g.trained_on).into(),
                    show_day(g.authority_from).into(),
                    show_day(g.authority_to).into(),
                ]);
            }
            show_list(context, &sheet, "guards", &documents(&found), more)
        }
        What::Freight => {
            let (found, more) =
                pages(what.limit, async |size, token| freight(&clients, what, size, token).await).await?;
            let mut sheet = Sheet::new(&[
                (context.say("记录编号", "record"), Align::Left),
                (context.say("单位", "unit"), Align::Left),
                (context.say("日期", "day"), Align::Left),
                (context.say("车辆", "vehicles"), Align::Right),
                (context.say("地点", "place"), Align::Left),
            ]);
            for r in &found {
                sheet.row(vec![
                    r.record_id.as_str().into(),
                    r.org_unit.as_str().into(),
                    show_day(r.directed_on).into(),
                    r.vehicles.to_string().into(),
                    r.place.as_str().into(),
                ]);
            }
            show_list(context, &sheet, "records", &documents(&found), more)
        }
    }
}

async fn incidents(
    clients: &Clients,
    what: &List,
    page_size: i32,
    page_token: String,
) -> Result<(Vec<pb::Incident>, String), Fault> {
    let request = pb::ListIncidentsRequest {
        org_unit: what.unit.clone(),
        state: state(&what.state, "INCIDENT_STATE_", pb::IncidentState::from_str_name)?,
        kind: what.kind.unwrap_or_default().into(),
        from: what.from.map(Into::into),
        to: what.to.map(Into::into),
        page_size,
        page_token,
        ..Default::default()
    };
    let page =
        clients.call(Service::Port, request, async |r| clients.incident().list_incidents(r).await).await?;
    Ok((page.incidents, page.next_page_token))
}

async fn accidents(
    clients: &Clients,
    what: &List,
    page_size: i32,
    page_token: String,
) -> Result<(Vec<pb::Accident>, String), Fault> {
    let request = pb::ListAccidentsRequest {
        org_unit: what.unit.clone(),
        state: state(&what.state, "ACCIDENT_STATE_", pb::AccidentState::from_str_name)?,
        from: what.from.map(Into::into),
        to: what.to.map(Into::into),
        page_size,
        page_token,
        ..Default::default()
    };
    let page =
        clients.call(Service::Port, request, async |r| clients.accident().list_accidents(r).await).await?;
    Ok((page.accidents, page.next_page_token))
}

async fn guards(
    clients: &Clients,
    what: &List,
    page_size: i32,
    page_token: String,
) -> Result<(Vec<pb::Guard>, String), Fault> {
    let request = pb::ListGuardsRequest {
        org_unit: what.unit.clone(),
        authorised_on: what.authorised_on.map(Into::into),
        page_size,
        page_token,
        ..Default::default()
    };
    let page = clients.call(Service::Port, request, async |r| clients.guard().list_guards(r).await).await?;
    Ok((page.guards, page.next_page_token))
}

async fn freight(
    clients: &Clients,
    what: &List,
    page_size: i32,
    page_token: String,
) -> Result<(Vec<pb::FreightTraffic>, String), Fault> {
    let request = pb::ListFreightTrafficRequest {
        org_unit: what.unit.clone(),
        from: what.from.map(Into::into),
        to: what.to.map(Into::into),
        page_size,
        page_token,
        ..Default::default()
    };
    let page = clients
        .call(Service::Port, request, async |r| clients.freight().list_freight_traffic(r).await)
        .await?;
    Ok((page.records, page.next_page_token))
}
