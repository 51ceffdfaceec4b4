//! `xiaoan audit verify`: walks the log of each writing service and names the first broken position.

use super::{Context, Verdict};
use crate::args::{Audit, Service};
use crate::connect::{Clients, find_token};
use crate::fault::Fault;
use crate::moments::rfc3339;
use crate::progress;
use crate::render::{self, Align, Field, Sheet, Tone};
use serde_json::json;
use xiaoan_eventstore::{ChainHead, chain};
use xiaoan_proto::eventlog::v1::{GetHeadRequest, ReadRequest};

/// Services that record events.
const WRITERS: [Service; 5] =
    [Service::Cases, Service::Hq, Service::Antifraud, Service::Port, Service::Volunteers];

/// What the walk along one log found.
struct Walked {
    service: Service,
    events: i64,
    head: ChainHead,
    recorded_at: Option<prost_types::Timestamp>,
    /// First broken position and why.
    broken: Option<(i64, String)>,
}

pub async fn run(context: &Context, what: Audit) -> Result<Verdict, Fault> {
    let Audit::Verify { service } = what;
    let services = if service.is_empty() { WRITERS.to_vec() } else { service };
    if services.contains(&Service::Rankings) {
        return Err(Fault::Usage(
            context.say("rankings 没有自己的事件", "rankings records no events of its own").into(),
        ));
    }
    // Reading a log needs the role auditor (or service), which the everyday token does not have.
    let token = find_token(&context.globals, &["auditor-token", "token"])?;
    let clients = context.clients()?.with_token(token);
    let mut walked = Vec::new();
    for service in services {
        walked.push(walk(context, &clients, service).await?);
    }
    let mut sheet = Sheet::new(&[
        (context.say("服务", "service"), Align::Left),
        (context.say("事件", "events"), Align::Right),
        (context.say("结果", "result"), Align::Left),
        (context.say("链首哈希", "chain head"), Align::Left),
    ]);
    let mut documents = Vec::new();
    for log in &walked {
        let result = match &log.broken {
            None => Field::from(context.say("完整", "whole")),
            Some((position, why)) => Field::toned(
                format!("{} {position}: {why}", context.say("断于位置", "BROKEN at position")),
                Tone::Alert,
            ),
        };
        sheet.row(vec![
            log.service.word().into(),
            log.events.to_string().into(),
            result,
            hex::encode(log.head.hash).into(),
        ]);
        documents.push(json!({
            "service": log.service.word(), "events": log.events, "whole": log.broken.is_none(),
            "brokenPosition": log.broken.as_ref().map(|(position, _)| position),
            "reason": log.broken.as_ref().map(|(_, why)| why),
            "chainHead": hex::encode(log.head.hash), "recordedAt": rfc3339(log.recorded_at.as_ref()),
        }));
    }
    render::print(context, &sheet, &json!({ "logs": documents }), "")?;
    let whole = walked.iter().all(|log| log.broken.is_none());
    Ok(if whole { Verdict::Done } else { Verdict::SomeRejected })
}

async fn walk(context: &Context, clients: &Clients, service: Service) -> Result<Walked, Fault> {
    let fault = |status| clients.fault(service, status);
    let mut log = clients.event_log(service);
    let head = clients
        .call(service, GetHeadRequest {}, async |r| clients.event_log(service).get_head(r).await)
        .await?;
    let mut walked =
        Walked { service, events: 0, head: ChainHead::default(), recorded_at: None, broken: None };
    let bar = progress::bar(
        head.position.unsigned_abs(),
        &format!("{} {}", context.say("核验", "verifying"), service.word()),
        false,
    );
    if head.position == 0 {
        return Ok(walked);
    }
    // Up to the head as it was just told, so that a busy service does not keep us for ever.
    let request = clients.request_without_deadline(ReadRequest { from: 1, limit: head.position })?;
    let mut stream = log.read(request).await.map_err(fault)?.into_inner();
    while let Some(batch) = stream.message().await.map_err(fault)? {
        for event in &batch.events {
            match chain::verify(&walked.head, event) {
                Ok(next) => walked.head = next,
                Err(broken) => {
                    walked.broken = Some((broken.position, broken.reason.to_string()));
                    return Ok(walked);
                }
            }
            walked.events += 1;
            walked.recorded_at = event.recorded_at;
        }
        bar.set_position(walked.events.unsigned_abs());
    }
    bar.finish_and_clear();
    if walked.events < head.position {
        walked.broken = Some((walked.events + 1, context.say("缺失", "missing").to_owned()));
    } else if walked.head.hash.as_slice() != head.hash.as_ref() as &[u8] {
        walked.broken = Some((
            head.position,
            context.say("与服务报告的链首不同", "differs from the head that the service reports").to_owned(),
        ));
    }
    Ok(walked)
}
