//! `xiaoan projections status | rebuild`.

use super::{Context, Verdict};
use crate::args::{Projections, Service};
use crate::connect::Clients;
use crate::fault::Fault;
use crate::moments::{rfc3339, show_instant};
use crate::progress;
use crate::render::{self, Align, Field, Sheet, Tone};
use serde_json::json;
use xiaoan_proto::projections::v1::{
    ListProjectionsRequest, ProjectionState, ProjectionStatus, RebuildProjectionRequest,
};

pub async fn run(context: &Context, what: Projections) -> Result<Verdict, Fault> {
    match what {
        Projections::Status => status(context).await,
        Projections::Rebuild { name, service } => rebuild(context, name, service).await,
    }
}

/// Projections of one service.
pub async fn of(clients: &Clients, service: Service) -> Result<Vec<ProjectionStatus>, Fault> {
    let request = ListProjectionsRequest {};
    let answer = clients
        .call(service, request, async |r| clients.projections(service).list_projections(r).await)
        .await?;
    Ok(answer.projections)
}

async fn status(context: &Context) -> Result<Verdict, Fault> {
    let clients = context.clients()?.once();
    let mut sheet = Sheet::new(&[
        (context.say("服务", "service"), Align::Left),
        (context.say("投影", "projection"), Align::Left),
        (context.say("来源", "source"), Align::Left),
        (context.say("位置", "position"), Align::Right),
        (context.say("来源位置", "source head"), Align::Right),
        (context.say("落后", "behind"), Align::Right),
        (context.say("落后秒数", "seconds"), Align::Right),
        (context.say("状态", "state"), Align::Left),
        (context.say("数据截至", "data as of"), Align::Left),
    ])
    .may_drop(4, 2)
    .may_drop(6, 3)
    .may_drop(8, 1);
    let (mut documents, mut well, mut unreached) = (Vec::new(), true, Vec::new());
    for service in Service::ALL {
        let rows = match of(&clients, service).await {
            Ok(rows) => rows,
            Err(fault) => {
                unreached.push(fault);
                continue;
            }
        };
        for row in rows {
            let live = row.state() == ProjectionState::Live;
            well &= row.state() != ProjectionState::Stopped;
            let said = format!("{} {}", state(context, row.state()), row.problem);
            sheet.row(vec![
                service.word().into(),
                row.projection.as_str().into(),
                row.source.as_str().into(),
                row.position.to_string().into(),
                row.source_head.to_string().into(),
                row.lag_events.to_string().into(),
                format!("{:.1}", row.lag_seconds).into(),
                Field::toned(said.trim(), if live { Tone::Plain } else { Tone::Alert }),
                show_instant(row.data_as_of.as_ref()).into(),
            ]);
            documents.push(json!({
                "service": service.word(), "projection": row.projection, "source": row.source, "position": row.position,
                "sourceHead": row.source_head, "lagEvents": row.lag_events, "lagSeconds": row.lag_seconds,
                "state": row.state().as_str_name().trim_start_matches("PROJECTION_STATE_").to_ascii_lowercase(),
                "problem": row.problem, "chainHead": hex::encode(&row.chain_head),
                "dataAsOf": rfc3339(row.data_as_of.as_ref()),
            }));
        }
    }
    if unreached.len() == Service::ALL.len() {
        return Err(unreached.remove(0));
    }
    for fault in &unreached {
        eprintln!("{}", fault.present(context.lang));
    }
    render::print(context, &sheet, &json!({ "projections": documents }), "")?;
    Ok(if well && unreached.is_empty() { Verdict::Done } else { Verdict::SomeRejected })
}

fn state(context: &Context, state: ProjectionState) -> &'static str {
    match state {
        ProjectionState::Unspecified => "?",
        ProjectionState::Live => context.say("实时", "live"),
        ProjectionState::CatchingUp => context.say("追赶中", "catching up"),
        ProjectionState::Stopped => context.say("已停止", "STOPPED"),
        ProjectionState::Disconnected => context.say("来源不可达", "source unreachable"),
    }
}

async fn rebuild(context: &Context, name: String, service: Service) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let fault = |status| clients.fault(service, status);
    let request = clients.request_without_deadline(RebuildProjectionRequest { projection: name.clone() })?;
    let mut stream =
        clients.projections(service).rebuild_projection(request).await.map_err(fault)?.into_inner();
    let bar = progress::bar(0, &format!("{} {name}", context.say("重建", "rebuilding")), false);
    let mut last = None;
    while let Some(step) = stream.message().await.map_err(fault)? {
        bar.set_length(step.total.unsigned_abs());
        bar.set_position(step.events.unsigned_abs());
        last = Some(step);
    }
    bar.finish_and_clear();
    let Some(last) = last.filter(|step| step.done) else {
        return Err(Fault::Failed(context.say("重建没有完成", "the rebuild did not come to its end").into()));
    };
    let same = last.digest == last.replaced_digest;
    let mut sheet = Sheet::new(&[
        (context.say("投影", "projection"), Align::Left),
        (context.say("事件", "events"), Align::Right),
        (context.say("摘要", "digest"), Align::Left),
        (context.say("与原来相同", "same as before"), Align::Left),
    ]);
    sheet.row(vec![
        name.as_str().into(),
        last.events.to_string().into(),
        last.digest.as_str().into(),
        if same {
            context.say("是", "yes").into()
        } else {
            Field::toned(
                format!("{} {}", context.say("否，原为", "no, it was"), last.replaced_digest),
                Tone::Alert,
            )
        },
    ]);
    let document = json!({
        "projection": name, "events": last.events, "digest": last.digest, "replacedDigest": last.replaced_digest, "same": same,
    });
    render::print(context, &sheet, &document, "")?;
    Ok(Verdict::Done)
}
