//! `OrderService`: everything that happened to an order, from the log itself.

use super::Antifraud;
use crate::account::{Account, AccountEvent, OrderKind, account_of, touched};
use tonic::{Request, Response, Status};
use xiaoan_eventstore::RecordedEvent;
use xiaoan_kernel::{Aggregate, EventSet, StreamId};
use xiaoan_proto::antifraud::v1 as af;
use xiaoan_proto::antifraud::v1::order_service_server::OrderService;
use xiaoan_rpc::{errors, event_json, store_status};

#[tonic::async_trait]
impl OrderService for Antifraud {
    async fn get_order_history(
        &self,
        request: Request<af::GetOrderHistoryRequest>,
    ) -> Result<Response<af::GetOrderHistoryResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let Some(kind) = OrderKind::of(&m.order_id) else {
            return Err(errors::not_found(&format!("orders/{}", m.order_id)));
        };
        let account_id = account_of(&m.order_id);
        // The account itself, not a view: what was just done is part of what happened.
        let account = self.accounts.load(account_id).await.map_err(|e| store_status(&e))?.state;
        let unit =
            account.unit_of(&m.order_id).ok_or_else(|| errors::not_found(&super::name(kind, &m.order_id)))?;
        sitting.caller.may_read(&sitting.units, unit, sitting.today())?;
        let stream = StreamId::new(Account::KIND, account_id);
        let events = self.store.read_stream(&stream, 0).await.map_err(|e| store_status(&e))?;
        let mut entries = Vec::new();
        for event in &events {
            if is_about(event, &m.order_id)? {
                entries.push(entry(event)?);
            }
        }
        Ok(Response::new(af::GetOrderHistoryResponse { entries }))
    }
}

fn is_about(event: &RecordedEvent, order_id: &str) -> Result<bool, Status> {
    let event = AccountEvent::decode(&event.r#type, &event.payload).map_err(|e| errors::internal(&e))?;
    let (own, other) = touched(&event);
    Ok(own == order_id || other == Some(order_id))
}

fn entry(event: &RecordedEvent) -> Result<af::HistoryEntry, Status> {
    Ok(af::HistoryEntry {
        position: event.position,
        version: event.version,
        r#type: event.r#type.clone(),
        occurred_on: event.occurred_on,
        recorded_at: event.recorded_at,
        actor: event.actor.clone(),
        event_json: event_json(event)?,
        hash: event.hash.to_vec(),
    })
}
