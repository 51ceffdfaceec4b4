//! `xiaoan timers`: how the deadlines of the services that have some stand, and which of them fail.

use super::{Context, Verdict};
use crate::args::Service;
use crate::fault::Fault;
use crate::moments::{rfc3339, show_instant};
use crate::render::{self, Align, Field, Sheet, Tone};
use serde_json::json;
use xiaoan_proto::timers::v1::GetTimersRequest;

/// The services that have deadlines.
const SERVICES: [Service; 3] = [Service::Cases, Service::Hq, Service::Antifraud];

pub async fn run(context: &Context, only: &[Service]) -> Result<Verdict, Fault> {
    let clients = context.clients()?.once();
    let asked = SERVICES.into_iter().filter(|service| only.is_empty() || only.contains(service));
    let asked: Vec<_> = asked.collect();
    if let Some(other) = only.iter().find(|service| !SERVICES.contains(service)) {
        let why = context.say("没有期限", "has no deadlines");
        return Err(Fault::Usage(format!("{} {why}", other.word())));
    }
    let mut sheet = Sheet::new(&[
        (context.say("服务", "service"), Align::Left),
        (context.say("待办期限", "to come"), Align::Right),
        (context.say("种类", "kind"), Align::Left),
        (context.say("对象", "stream"), Align::Left),
        (context.say("到期", "due"), Align::Left),
        (context.say("次数", "tries"), Align::Right),
        (context.say("下次", "next try"), Align::Left),
        (context.say("问题", "problem"), Align::Left),
    ])
    .may_drop(6, 1);
    let (mut documents, mut failing, mut unreached) = (Vec::new(), 0, Vec::new());
    for service in &asked {
        let ask = async |r| clients.timers(*service).get_timers(r).await;
        let found = match clients.call(*service, GetTimersRequest {}, ask).await {
            Ok(found) => found,
            Err(fault) => {
                unreached.push(fault);
                continue;
            }
        };
        let cells = |rest: [Field; 6]| {
            let first = [service.word().into(), found.pending.to_string().into()];
            first.into_iter().chain(rest).collect::<Vec<Field>>()
        };
        if found.failing.is_empty() {
            let next = show_instant(found.next_due.as_ref());
            sheet.row(cells(["".into(), "".into(), next.into(), "".into(), "".into(), "".into()]));
        }
        for timer in &found.failing {
            failing += 1;
            sheet.row(cells([
                timer.kind.as_str().into(),
                timer.stream.as_str().into(),
                show_instant(timer.due_at.as_ref()).into(),
                timer.tries.to_string().into(),
                show_instant(timer.try_at.as_ref()).into(),
                Field::toned(&timer.problem, Tone::Alert),
            ]));
        }
        let each = found.failing.iter().map(|timer| {
            json!({
                "kind": timer.kind, "stream": timer.stream, "dueAt": rfc3339(timer.due_at.as_ref()),
                "tries": timer.tries, "tryAt": rfc3339(timer.try_at.as_ref()), "problem": timer.problem,
            })
        });
        documents.push(json!({
            "service": service.word(), "pending": found.pending, "nextDue": rfc3339(found.next_due.as_ref()),
            "failing": each.collect::<Vec<_>>(),
        }));
    }
    if unreached.len() == asked.len() {
        return Err(unreached.remove(0));
    }
    for fault in &unreached {
        eprintln!("{}", fault.present(context.lang));
    }
    render::print(context, &sheet, &json!({ "services": documents }), "")?;
    Ok(if failing == 0 && unreached.is_empty() { Verdict::Done } else { Verdict::SomeRejected })
}
