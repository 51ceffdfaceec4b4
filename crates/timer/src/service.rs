//! `TimersService`: how the deadlines of a service stand.

use crate::{Failing, status};
use sqlx::PgPool;
use tonic::{Request, Response, Status};
use xiaoan_feed::Access;
use xiaoan_proto::timers::v1::timers_service_server::{TimersService, TimersServiceServer};
use xiaoan_proto::timers::v1::{FailingTimer, GetTimersRequest, GetTimersResponse};
use xiaoan_proto::timestamp;

/// Shows the deadlines in a database. See [`timers_service`].
#[derive(Clone)]
pub struct TimersApi {
    pool: PgPool,
    may_look: Access,
}

/// The service over the deadlines in a database; `may_look` says who may ask.
#[must_use]
pub fn timers_service(pool: PgPool, may_look: Access) -> TimersServiceServer<TimersApi> {
    TimersServiceServer::new(TimersApi { pool, may_look })
}

#[tonic::async_trait]
impl TimersService for TimersApi {
    async fn get_timers(
        &self,
        request: Request<GetTimersRequest>,
    ) -> Result<Response<GetTimersResponse>, Status> {
        (self.may_look)(request.extensions())?;
        let status = status(&self.pool).await.map_err(|error| {
            tracing::warn!(%error, "the deadlines cannot be read");
            Status::unavailable("the deadlines cannot be read")
        })?;
        Ok(Response::new(GetTimersResponse {
            pending: status.pending,
            next_due: status.next_due.map(timestamp),
            failing: status.failing.into_iter().map(failing).collect(),
        }))
    }
}

fn failing(failing: Failing) -> FailingTimer {
    FailingTimer {
        kind: failing.alarm.kind,
        stream: failing.alarm.stream.as_str().to_owned(),
        due_at: Some(timestamp(failing.alarm.due_at)),
        tries: failing.alarm.tries,
        try_at: Some(timestamp(failing.try_at)),
        problem: failing.problem,
    }
}
