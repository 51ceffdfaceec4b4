//! `xiaoan port get` and `xiaoan port history`.

use super::super::listing::pages;
use super::super::{Context, Verdict};
use super::What;
use crate::args::Service;
use crate::fault::Fault;
use crate::moments::{rfc3339, show_day, show_instant};
use crate::render::{self, Align, Field, Sheet, message_json};
use serde_json::{Value, json};
use xiaoan_proto::port::v1 as pb;

pub async fn get(context: &Context, what: What, id: String) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let at_least = 0;
    let document = match what {
        What::Incident => {
            let request = pb::GetIncidentRequest { incident_id: id, at_least };
            let found = clients
                .call(Service::Port, request, async |r| clients.incident().get_incident(r).await)
                .await?;
            found.incident.as_ref().map(message_json)
        }
        What::Accident => {
            let request = pb::GetAccidentRequest { accident_id: id, at_least };
            let found = clients
                .call(Service::Port, request, async |r| clients.accident().get_accident(r).await)
                .await?;
            found.accident.as_ref().map(message_json)
        }
        What::Guard => {
            let request = pb::GetGuardRequest { guard_id: id, at_least };
            let found =
                clients.call(Service::Port, request, async |r| clients.guard().get_guard(r).await).await?;
            found.guard.as_ref().map(message_json)
        }
        What::Freight => {
            let request = pb::GetFreightTrafficRequest { record_id: id, at_least };
            let found = clients
                .call(Service::Port, request, async |r| clients.freight().get_freight_traffic(r).await)
                .await?;
            found.record.as_ref().map(message_json)
        }
    }
    .unwrap_or(Value::Null);
    let mut sheet = Sheet::new(&[
        (context.say("项目", "item"), Align::Left),
        (context.say("内容", "value"), Align::Left),
    ]);
    for (name, value) in document.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        sheet.row(vec![name.as_str().into(), Field::from(text)]);
    }
    render::print(context, &sheet, &document, "")?;
    Ok(Verdict::Done)
}

pub async fn history(context: &Context, what: What, id: String) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let fetch = async |page_size: i32, page_token: String| {
        let id = id.clone();
        let page = match what {
            What::Incident => {
                let request = pb::GetIncidentHistoryRequest { incident_id: id, page_size, page_token };
                let page = clients
                    .call(Service::Port, request, async |r| clients.incident().get_incident_history(r).await)
                    .await?;
                (page.entries, page.next_page_token)
            }
            What::Accident => {
                let request = pb::GetAccidentHistoryRequest { accident_id: id, page_size, page_token };
                let page = clients
                    .call(Service::Port, request, async |r| clients.accident().get_accident_history(r).await)
                    .await?;
                (page.entries, page.next_page_token)
            }
            What::Guard => {
                let request = pb::GetGuardHistoryRequest { guard_id: id, page_size, page_token };
                let page = clients
                    .call(Service::Port, request, async |r| clients.guard().get_guard_history(r).await)
                    .await?;
                (page.entries, page.next_page_token)
            }
            What::Freight => {
                let request = pb::GetFreightTrafficHistoryRequest { record_id: id, page_size, page_token };
                let page = clients
                    .call(Service::Port, request, async |r| {
                        clients.freight().get_freight_traffic_history(r).await
                    })
                    .await?;
                (page.entries, page.next_page_token)
            }
        };
        Ok(page)
    };
    let (entries, _) = pages(0, fetch).await?;
    let mut sheet = Sheet::new(&[
        (context.say("版本", "version"), Align::Right),
        (context.say("事件", "event"), Align::Left),
        (context.say("发生日", "day"), Align::Left),
        (context.say("记录人", "actor"), Align::Left),
        (context.say("记录时间", "recorded at"), Align::Left),
        (context.say("位置", "position"), Align::Right),
        (context.say("哈希", "hash"), Align::Left),
    ])
    .may_drop(5, 1)
    .may_drop(6, 2);
    let mut documents = Vec::new();
    for entry in &entries {
        sheet.row(vec![
            entry.version.to_string().into(),
            entry.r#type.rsplit('.').next().unwrap_or_default().into(),
            show_day(entry.occurred_on).into(),
            entry.actor.as_str().into(),
            show_instant(entry.recorded_at.as_ref()).into(),
            entry.position.to_string().into(),
            hex::encode(entry.hash.get(..6).unwrap_or_default()).into(),
        ]);
        documents.push(json!({
            "position": entry.position, "version": entry.version, "type": entry.r#type,
            "occurredOn": show_day(entry.occurred_on), "recordedAt": rfc3339(entry.recorded_at.as_ref()),
            "actor": entry.actor, "hash": hex::encode(&entry.hash),
            "event": serde_json::from_str::<Value>(&entry.event_json).unwrap_or(Value::Null),
        }));
    }
    render::print(context, &sheet, &json!({ "entries": documents }), "")?;
    Ok(Verdict::Done)
}
