//! `ProjectionsService`: shows projections and rebuilds them.

use crate::rebuild::RebuildError;
use crate::{ApplyError, Digests, ProjectionHandle, RebuildProgress, Rebuilder};
use std::pin::Pin;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};
use xiaoan_feed::{Access, FeedError};
use xiaoan_proto::projections::v1::projections_service_server::{
    ProjectionsService, ProjectionsServiceServer,
};
use xiaoan_proto::projections::v1::{
    ListProjectionsRequest, ListProjectionsResponse, RebuildProjectionRequest, RebuildProjectionResponse,
};

/// How often a rebuild reports at most.
const REPORT: Duration = Duration::from_millis(200);

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

type Report = Result<RebuildProjectionResponse, Status>;

#[tonic::async_trait]
impl ProjectionsService for ProjectionsApi {
    type RebuildProjectionStream = Pin<Box<dyn Stream<Item = Report> + Send>>;

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
        let name = request.into_inner().projection;
        let Some(rebuilder) = self.rebuilders.iter().find(|rebuilder| rebuilder.name() == name).cloned()
        else {
            return Err(Status::not_found("no projection of this name can be rebuilt here"));
        };
        let handles: Vec<_> = self.handles.iter().filter(|handle| handle.name() == name).cloned().collect();
        let (reports, stream) = mpsc::channel(4);
        let (begun, begins) = oneshot::channel();
        // In a task of its own: a caller that goes away does not leave a rebuild half done.
        tokio::spawn(async move {
            match rebuilder.begin().await {
                Err(error) => {
                    let _ = begun.send(Err(status(&error)));
                }
                Ok(turn) => {
                    let _ = begun.send(Ok(()));
                    let progress = watch::Sender::new(RebuildProgress::default());
                    let watching = progress.subscribe();
                    let last = tokio::select! {
                        built = turn.run(&progress) => built,
                        never = report(watching, &reports) => match never {},
                    };
                    handles.iter().for_each(ProjectionHandle::resume);
                    let last = last.map(|digests| done(&progress.borrow(), digests)).map_err(|e| status(&e));
                    let _ = reports.send(last).await;
                }
            }
        });
        begins.await.map_err(|_| Status::internal("rebuild did not begin"))??;
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }
}

/// Reports for as long as it is listened to; then it only waits.
async fn report(
    mut progress: watch::Receiver<RebuildProgress>,
    reports: &mpsc::Sender<Report>,
) -> std::convert::Infallible {
    loop {
        let RebuildProgress { events, total, .. } = *progress.borrow_and_update();
        let report = RebuildProjectionResponse { events, total, ..Default::default() };
        if reports.send(Ok(report)).await.is_err() || progress.changed().await.is_err() {
            return std::future::pending().await;
        }
        tokio::time::sleep(REPORT).await;
    }
}

fn done(progress: &RebuildProgress, digests: Digests) -> RebuildProjectionResponse {
    RebuildProjectionResponse {
        events: progress.events,
        total: progress.total,
        done: true,
        digest: digests.rebuilt,
        replaced_digest: digests.replaced,
    }
}

/// What an operator may know of a failed rebuild; the rest is in the log.
fn status(error: &RebuildError) -> Status {
    match error {
        RebuildError::Busy(_) => Status::failed_precondition(error.to_string()),
        RebuildError::Source(FeedError::BrokenChain { .. }) => Status::data_loss(error.to_string()),
        RebuildError::Source(_) => Status::unavailable("a source cannot be read"),
        RebuildError::Apply(ApplyError::Poison { .. }) => Status::failed_precondition(error.to_string()),
        RebuildError::Apply(ApplyError::Database(_))
        | RebuildError::Database(_)
        | RebuildError::Owner { .. } => {
            tracing::error!(%error, "rebuild failed");
            Status::internal("rebuild failed")
        }
    }
}
