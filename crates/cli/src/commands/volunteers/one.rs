//! `xiaoan volunteers get` and `xiaoan volunteers history`.

use super::super::{Context, Verdict};
use super::{Storied, What};
use crate::args::Service;
use crate::fault::Fault;
use crate::moments::{rfc3339, show_day, show_instant};
use crate::render::{self, Align, Field, Sheet, message_json};
use serde_json::{Value, json};
use xiaoan_proto::volunteers::v1 as pb;

pub async fn get(context: &Context, what: What, id: String) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let service = Service::Volunteers;
    let document = match what {
        What::Volunteer => {
            let request = pb::GetVolunteerRequest { volunteer_id: id, at_least: 0 };
            let found =
                clients.call(service, request, async |r| clients.volunteer().get_volunteer(r).await).await?;
            found.volunteer.as_ref().map(message_json)
        }
        What::Squadron => {
            let request = pb::GetSquadronRequest { squadron_id: id, at_least: 0 };
            let found =
                clients.call(service, request, async |r| clients.squadron().get_squadron(r).await).await?;
            found.squadron.as_ref().map(message_json)
        }
        What::DutyPoint => {
            let request = pb::GetDutyPointRequest { duty_point_id: id, at_least: 0 };
            let found =
                clients.call(service, request, async |r| clients.squadron().get_duty_point(r).await).await?;
            found.duty_point.as_ref().map(message_json)
        }
        What::Patrol => {
            let request = pb::GetPatrolRequest { patrol_id: id, at_least: 0 };
            let found =
                clients.call(service, request, async |r| clients.patrol().get_patrol(r).await).await?;
            found.patrol.as_ref().map(message_json)
        }
        What::Rule => {
            let request = pb::ListPatrolRulesRequest { rule_id: id, at_least: 0 };
            let found =
                clients.call(service, request, async |r| clients.patrol().list_patrol_rules(r).await).await?;
            found.rules.first().map(message_json)
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

pub async fn history(context: &Context, what: Storied, id: String) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let service = Service::Volunteers;
    let entries = match what {
        Storied::Volunteer => {
            let request = pb::GetVolunteerHistoryRequest { volunteer_id: id };
            let ask = async |r| clients.volunteer().get_volunteer_history(r).await;
            clients.call(service, request, ask).await?.entries
        }
        Storied::Patrol => {
            let request = pb::GetPatrolHistoryRequest { patrol_id: id };
            let ask = async |r| clients.patrol().get_patrol_history(r).await;
            clients.call(service, request, ask).await?.entries
        }
    };
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
