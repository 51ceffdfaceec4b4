//! `EventLog` over a store: the past of a service, by position.

use std::pin::Pin;
use std::sync::Arc;
use tokio_stream::Stream;
use tonic::{Extensions, Request, Response, Status};
use xiaoan_eventstore::EventStore;
use xiaoan_proto::eventlog::v1::event_log_service_server::{EventLogService, EventLogServiceServer};
use xiaoan_proto::eventlog::v1::{GetHeadRequest, GetHeadResponse, ReadRequest, ReadResponse};

/// Decides by a request's extensions (where the mounting server has put the caller) whether it may read the log.
pub type Access = Arc<dyn Fn(&Extensions) -> Result<(), Status> + Send + Sync>;

/// Lets everybody read: for tests and for callers that guard the service otherwise.
pub fn allow_all() -> Access {
    Arc::new(|_| Ok(()))
}

/// Serves a store's log. See [`event_log_service`].
#[derive(Clone)]
pub struct EventLogServer {
    store: EventStore,
    access: Access,
}

/// The `EventLog` of a store, to be mounted. `access` decides who may read; the mounting service passes a check of
/// the roles `service` and `auditor`, for example
/// `Arc::new(|extensions| xiaoan_rpc::require_in(extensions, …))`.
#[must_use]
pub fn event_log_service(store: EventStore, access: Access) -> EventLogServiceServer<EventLogServer> {
    EventLogServiceServer::new(EventLogServer { store, access })
}

#[tonic::async_trait]
impl EventLogService for EventLogServer {
    type ReadStream = Pin<Box<dyn Stream<Item = Result<ReadResponse, Status>> + Send>>;

    async fn read(&self, request: Request<ReadRequest>) -> Result<Response<Self::ReadStream>, Status> {
        (self.access)(request.extensions())?;
        Err(Status::unavailable(self.store.source().to_owned()))
    }

    async fn get_head(&self, request: Request<GetHeadRequest>) -> Result<Response<GetHeadResponse>, Status> {
        (self.access)(request.extensions())?;
        Err(Status::unavailable(self.store.source().to_owned()))
    }
}
