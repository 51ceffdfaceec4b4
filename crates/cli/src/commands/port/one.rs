//! `xiaoan port get` and `xiaoan port history`.

use super::super::listing::{pages, show_history, show_one};
use super::super::{Context, Verdict};
use super::What;
use crate::args::Service;
use crate::fault::Fault;
use crate::render::message_json;
use serde_json::Value;
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
    show_one(context, &document)
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
    show_history(context, entries)
}
