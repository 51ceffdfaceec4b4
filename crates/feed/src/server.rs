//! `EventLog` over a store: the past of a service, by position.

use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Extensions, Request, Response, Status};
use xiaoan_eventstore::{EventStore, RecordedEvent, StoreError};
use xiaoan_proto::eventlog::v1::event_log_service_server::{EventLogService, EventLogServiceServer};
use xiaoan_proto::eventlog::v1::{GetHeadRequest, GetHeadResponse, ReadRequest, ReadResponse};
use xiaoan_proto::timestamp;

/// Events in one response at most.
const BATCH_EVENTS: i64 = 500;
/// Payload bytes in one response at most; a larger event comes alone.
const BATCH_BYTES: usize = 1 << 20;

/// Decides by a request's extensions (where the mounting server has put the caller) whether it may go on.
pub type Access = Arc<dyn Fn(&Extensions) -> Result<(), Status> + Send + Sync>;

/// Lets everybody through: for tests, and for callers that guard the service otherwise.
#[must_use]
pub fn allow_all() -> Access {
    Arc::new(|_| Ok(()))
}

/// Serves a store's log. See [`event_log_service`].
#[derive(Clone)]
pub struct EventLogServer {
    store: EventStore,
    access: Access,
}

/// The `EventLog` of a store, to be mounted. `access` decides who may read: the mounting service passes a check of
/// the roles `service` and `auditor` (this crate does not know callers).
#[must_use]
pub fn event_log_service(store: EventStore, access: Access) -> EventLogServiceServer<EventLogServer> {
    EventLogServiceServer::new(EventLogServer { store, access })
}

#[tonic::async_trait]
impl EventLogService for EventLogServer {
    type ReadStream = Pin<Box<dyn Stream<Item = Result<ReadResponse, Status>> + Send>>;

    async fn read(&self, request: Request<ReadRequest>) -> Result<Response<Self::ReadStream>, Status> {
        (self.access)(request.extensions())?;
        let ReadRequest { from, limit } = request.into_inner();
        if from < 1 || limit < 0 {
            return Err(Status::out_of_range("positions begin at 1, and a limit is not negative"));
        }
        let head = self.store.head().await.map_err(|error| broken(&error))?.position;
        let last = if limit == 0 { head } else { head.min(from.saturating_add(limit - 1)) };
        // Two responses wait at most: a slow reader holds no more memory than that.
        let (responses, stream) = mpsc::channel(2);
        let store = self.store.clone();
        tokio::spawn(async move {
            // Ends when the reader has gone away or has got everything.
            let _ = send_all(&store, from, last, &responses).await;
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }

    async fn get_head(&self, request: Request<GetHeadRequest>) -> Result<Response<GetHeadResponse>, Status> {
        (self.access)(request.extensions())?;
        let head = self.store.head().await.map_err(|error| broken(&error))?;
        let empty = head.position == 0;
        Ok(Response::new(GetHeadResponse {
            position: head.position,
            hash: if empty { Vec::new() } else { head.hash.to_vec() },
            recorded_at: (!empty).then(|| timestamp(head.recorded_at)),
            source: self.store.source().to_owned(),
        }))
    }
}

type Responses = mpsc::Sender<Result<ReadResponse, Status>>;

async fn send_all(
    store: &EventStore,
    mut from: i64,
    last: i64,
    responses: &Responses,
) -> Result<(), mpsc::error::SendError<Result<ReadResponse, Status>>> {
    while from <= last {
        let events = match store.read_log(from, BATCH_EVENTS.min(last - from + 1)).await {
            Ok(events) => events,
            Err(error) => return responses.send(Err(broken(&error))).await,
        };
        let Some(end) = events.last().map(|event| event.position) else {
            // The log is dense and cannot shrink: this one was tampered with.
            return responses.send(Err(Status::data_loss(format!("position {from} is missing")))).await;
        };
        from = end + 1;
        let head_position = last.max((*store.watch_head().borrow()).max(end));
        for events in by_bytes(events) {
            responses.send(Ok(ReadResponse { events, head_position })).await?;
        }
    }
    Ok(())
}

/// Cuts a batch where it grows beyond [`BATCH_BYTES`].
fn by_bytes(events: Vec<RecordedEvent>) -> Vec<Vec<RecordedEvent>> {
    let mut batches = Vec::new();
    let mut batch = Vec::with_capacity(events.len());
    let mut bytes = 0;
    for event in events {
        if !batch.is_empty() && bytes + event.payload.len() > BATCH_BYTES {
            batches.push(std::mem::take(&mut batch));
            bytes = 0;
        }
        bytes += event.payload.len();
        batch.push(event);
    }
    batches.push(batch);
    batches
}

/// What went wrong is for the log; the caller learns that it did.
fn broken(error: &StoreError) -> Status {
    tracing::error!(%error, "event log cannot be read");
    match error {
        StoreError::Unavailable(_) | StoreError::Closed => Status::unavailable("event log unavailable"),
        StoreError::Corrupt { position, .. } => {
            Status::data_loss(format!("position {position} is unreadable"))
        }
        StoreError::Database(_) | StoreError::Invalid(_) => Status::internal("event log cannot be read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_cut_by_bytes_and_a_large_event_comes_alone() {
        let event = |position, size| RecordedEvent {
            position,
            payload: vec![0; size].into(),
            ..RecordedEvent::default()
        };
        let sizes = [10, BATCH_BYTES - 10, 1, BATCH_BYTES * 3, 5, 6];
        let events = sizes.iter().enumerate().map(|(at, size)| event(at as i64 + 1, *size)).collect();
        let cut: Vec<Vec<i64>> =
            by_bytes(events).iter().map(|b| b.iter().map(|e| e.position).collect()).collect();
        assert_eq!(cut, [vec![1, 2], vec![3], vec![4], vec![5, 6]]);
    }
}
