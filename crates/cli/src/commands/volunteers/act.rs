//! Acts of headquarters and of leaders: a rule published, a patrol planned, people in and out, the end of it.

use super::super::{Context, Verdict};
use super::{End, Plan, Presence};
use crate::args::Service;
use crate::fault::Fault;
use crate::render::{self, Align, Sheet};
use prost_reflect::DynamicMessage;
use serde_json::json;
use std::path::Path;
use time::OffsetDateTime;
use xiaoan_kernel::{Clock, RequestId, SystemClock};
use xiaoan_proto::core::v1::Receipt;
use xiaoan_proto::timestamp;
use xiaoan_proto::volunteers::v1 as pb;

pub async fn publish_rule(context: &Context, file: &Path) -> Result<Verdict, Fault> {
    let text = std::fs::read_to_string(file).map_err(|e| Fault::file(file, &e))?;
    let rule = read_rule(&text).map_err(|why| Fault::Usage(format!("{}: {why}", file.display())))?;
    let clients = context.clients()?;
    let request = pb::PublishPatrolRuleRequest { request_id: fresh(), rule: Some(rule) };
    let ask = async |r| clients.patrol().publish_patrol_rule(r).await;
    let answer = clients.call(Service::Volunteers, request, ask).await?;
    accepted(context, answer.receipt, None)
}

/// A rule in ProtoJSON.
fn read_rule(text: &str) -> Result<pb::PatrolRule, String> {
    let descriptor = xiaoan_proto::descriptor_pool()
        .get_message_by_name("xiaoan.volunteers.v1.PatrolRule")
        .ok_or("this program knows no rules")?;
    let mut json = serde_json::Deserializer::from_str(text);
    let dynamic = DynamicMessage::deserialize(descriptor, &mut json).map_err(|e| e.to_string())?;
    json.end().map_err(|e| e.to_string())?;
    dynamic.transcode_to().map_err(|e| e.to_string())
}

pub async fn plan(context: &Context, what: Plan) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let request = pb::PlanPatrolRequest {
        request_id: fresh(),
        patrol_id: what.id,
        org_unit: what.unit,
        squadron_id: what.squadron,
        duty_point_id: what.duty_point,
        route: what.route,
        officer_in_charge: what.officer,
        planned_from: Some(timestamp(what.from)),
        planned_to: Some(timestamp(what.to)),
        task: what.task,
        ..Default::default()
    };
    let ask = async |r| clients.patrol().plan_patrol(r).await;
    accepted(context, clients.call(Service::Volunteers, request, ask).await?.receipt, None)
}

pub async fn muster(context: &Context, patrol: String, crew: Vec<(String, i32)>) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let crew = crew.into_iter().map(|(role, count)| pb::CrewCount { role, count }).collect();
    let request =
        pb::MusterPatrolRequest { request_id: fresh(), patrol_id: patrol, crew, ..Default::default() };
    let ask = async |r| clients.patrol().muster_patrol(r).await;
    accepted(context, clients.call(Service::Volunteers, request, ask).await?.receipt, None)
}

pub async fn check_in(context: &Context, what: Presence) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let request = pb::CheckInRequest {
        request_id: fresh(),
        patrol_id: what.patrol,
        volunteer_id: what.volunteer,
        at: now_or(what.at),
        ..Default::default()
    };
    let ask = async |r| clients.patrol().check_in(r).await;
    accepted(context, clients.call(Service::Volunteers, request, ask).await?.receipt, None)
}

pub async fn check_out(context: &Context, what: Presence) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let request = pb::CheckOutRequest {
        request_id: fresh(),
        patrol_id: what.patrol,
        volunteer_id: what.volunteer,
        at: now_or(what.at),
        ..Default::default()
    };
    let ask = async |r| clients.patrol().check_out(r).await;
    let answer = clients.call(Service::Volunteers, request, ask).await?;
    accepted(context, answer.receipt, Some(answer.minutes))
}

pub async fn end(context: &Context, what: End) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let result = |(kind, count): (pb::PatrolResultKind, i32)| pb::PatrolResult { kind: kind.into(), count };
    let request = pb::EndPatrolRequest {
        request_id: fresh(),
        patrol_id: what.patrol,
        ended_at: now_or(what.at),
        results: what.results.into_iter().map(result).collect(),
        log: what.log,
        deviation_reason: what.deviation,
        ..Default::default()
    };
    let ask = async |r| clients.patrol().end_patrol(r).await;
    let answer = clients.call(Service::Volunteers, request, ask).await?;
    accepted(context, answer.receipt, Some(answer.minutes))
}

fn fresh() -> String {
    RequestId::fresh().to_string()
}

fn now_or(at: Option<OffsetDateTime>) -> Option<prost_types::Timestamp> {
    Some(timestamp(at.unwrap_or_else(|| SystemClock.now())))
}

/// Shows what became of a command.
fn accepted(context: &Context, receipt: Option<Receipt>, minutes: Option<i64>) -> Result<Verdict, Fault> {
    let receipt = receipt.unwrap_or_default();
    let mut sheet = Sheet::new(&[
        (context.say("资源", "resource"), Align::Left),
        (context.say("版本", "version"), Align::Right),
        (context.say("位置", "position"), Align::Right),
        (context.say("分钟", "minutes"), Align::Right),
    ]);
    sheet.row(vec![
        receipt.name.as_str().into(),
        receipt.etag.as_str().into(),
        receipt.position.to_string().into(),
        minutes.map(|m| m.to_string()).unwrap_or_default().into(),
    ]);
    let document = json!({
        "name": receipt.name, "etag": receipt.etag, "position": receipt.position, "replayed": receipt.replayed,
        "minutes": minutes,
    });
    render::print(context, &sheet, &document, "")?;
    Ok(Verdict::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_read_from_json_and_what_it_does_not_know_is_said() {
        let rule = read_rule(
            r#"{"ruleId": "standard", "minRestMinutes": 480, "effectiveOn": {"year": 2026, "month": 6, "day": 1},
                "slots": [{"role": "volunteer", "nameZh": "义警", "nameEn": "volunteers", "min": 1}]}"#,
        )
        .unwrap();
        assert_eq!((rule.min_rest_minutes, rule.slots[0].min), (480, 1));
        assert!(read_rule(r#"{"colour": "red"}"#).unwrap_err().contains("colour"));
    }
}
