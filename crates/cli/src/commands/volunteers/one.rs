//! `xiaoan volunteers get` and `xiaoan volunteers history`.

use super::super::listing::{show_history, show_one};
use super::super::{Context, Verdict};
use super::{Storied, What};
use crate::args::Service;
use crate::fault::Fault;
use crate::render::message_json;
use serde_json::Value;
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
    show_one(context, &document)
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
    show_history(context, entries)
}
