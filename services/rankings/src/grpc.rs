//! The gRPC services of rankings: thin over the [`Reader`]. Any verified caller may read: what the board shows is public
//! inside the bureau, and no line of the ledger says anything about a person.

mod encoded;

pub use encoded::RankingsServer;

use crate::ledger::check::check;
use crate::reader::{Knowledge, ReadError, Reader, Standings};
use futures::{Stream, StreamExt};
use sqlx::PgPool;
use std::pin::Pin;
use std::sync::Arc;
use tonic::{Request, Response, Status};
use xiaoan_eventstore::StoreError;
use xiaoan_proto::rankings::v1::rankings_service_server::RankingsService;
use xiaoan_proto::rankings::v1::{
    Board, CheckLedgerRequest, CheckLedgerResponse, ExplainRequest, ExplainResponse, GetStandingsRequest,
    GetStandingsResponse, ListBoardsRequest, ListBoardsResponse, ListSourcesRequest, ListSourcesResponse,
    WatchStandingsRequest, WatchStandingsResponse,
};
use xiaoan_rpc::{Caller, Role, errors};

/// The handlers.
#[derive(Debug, Clone)]
pub struct Rankings {
    reader: Reader,
    pool: PgPool,
}

/// The service over a reader and its database.
#[must_use]
pub fn rankings_service(reader: Reader, pool: PgPool) -> RankingsServer {
    RankingsServer::new(Rankings { reader, pool })
}

impl Rankings {
    async fn find_standings(&self, request: Request<GetStandingsRequest>) -> Result<Arc<Standings>, Status> {
        Caller::of(&request)?;
        let m = request.into_inner();
        let as_of = match &m.as_of {
            None => None,
            Some(at) => Some(xiaoan_proto::instant(at).ok_or_else(|| {
                status(ReadError::BadArgument { field: "as_of", reason: "it is no instant".into() })
            })?),
        };
        let knowledge = Knowledge::new(as_of, m.as_of_positions).map_err(status)?;
        self.reader.wait_for(&m.at_least).await.map_err(status)?;
        let Some(scheme) = &m.scheme else {
            return self.reader.standings(&m.board, &m.period, knowledge).await.map_err(status);
        };
        if scheme.board != m.board {
            let reason = format!("it is of board {:?}", scheme.board);
            return Err(status(ReadError::BadArgument { field: "scheme", reason }));
        }
        self.reader.standings_by(scheme, &m.period, &knowledge).await.map_err(status)
    }
}

#[tonic::async_trait]
impl RankingsService for Rankings {
    type WatchStandingsStream = Pin<Box<dyn Stream<Item = Result<WatchStandingsResponse, Status>> + Send>>;

    async fn list_boards(
        &self,
        request: Request<ListBoardsRequest>,
    ) -> Result<Response<ListBoardsResponse>, Status> {
        Caller::of(&request)?;
        let schemes = self.reader.boards().await.map_err(status)?;
        let boards = schemes.into_iter().map(|scheme| Board { scheme: Some(scheme) }).collect();
        Ok(Response::new(ListBoardsResponse { boards }))
    }

    async fn get_standings(
        &self,
        request: Request<GetStandingsRequest>,
    ) -> Result<Response<GetStandingsResponse>, Status> {
        // Over the wire this call is answered without a copy: see `encoded`.
        Ok(Response::new(self.find_standings(request).await?.to_message()))
    }

    async fn explain(&self, request: Request<ExplainRequest>) -> Result<Response<ExplainResponse>, Status> {
        Caller::of(&request)?;
        let lines = self.reader.explain(request.get_ref()).await.map_err(status)?;
        Ok(Response::new(lines))
    }

    async fn watch_standings(
        &self,
        request: Request<WatchStandingsRequest>,
    ) -> Result<Response<Self::WatchStandingsStream>, Status> {
        Caller::of(&request)?;
        let m = request.into_inner();
        let changes = self.reader.watch(&m.board, &m.period, m.after_revision).map(|change| {
            let standings = change.map_err(status)?.to_message();
            Ok(WatchStandingsResponse { standings: Some(standings) })
        });
        Ok(Response::new(Box::pin(changes)))
    }

    async fn check_ledger(
        &self,
        request: Request<CheckLedgerRequest>,
    ) -> Result<Response<CheckLedgerResponse>, Status> {
        // It reads the whole ledger: not for every screen.
        Caller::of(&request)?.require_any(&[Role::Hq, Role::Auditor, Role::Service])?;
        let found = check(&self.pool).await.map_err(|e| status(e.into()))?;
        Ok(Response::new(CheckLedgerResponse {
            lines: found.lines,
            digest: found.digest,
            differences: found.differences,
        }))
    }

    async fn list_sources(
        &self,
        request: Request<ListSourcesRequest>,
    ) -> Result<Response<ListSourcesResponse>, Status> {
        Caller::of(&request)?;
        let sources = self.reader.source_statuses().await.map_err(status)?;
        Ok(Response::new(ListSourcesResponse { sources }))
    }
}

/// What an error is on the wire. Every kind is named.
#[allow(clippy::needless_pass_by_value)] // the shape that map_err takes
fn status(error: ReadError) -> Status {
    if let Some(refusal) = error.refusal() {
        return errors::refusal_status(&refusal);
    }
    match error {
        ReadError::UnknownBoard { .. } | ReadError::BadPeriod { .. } | ReadError::BadArgument { .. } => {
            errors::internal(&error)
        }
        ReadError::NotYet { position, reached: Some(reached), .. } => errors::not_yet(position, reached),
        ReadError::NotYet { reached: None, .. } | ReadError::Corrupt(_) => errors::internal(&error),
        ReadError::Database(error) => errors::store_status(&StoreError::from(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::Code;
    use tonic_types::StatusExt;

    #[test]
    fn every_error_has_its_code_and_reason() {
        let told = |error| {
            let status = status(error);
            (status.code(), status.get_details_error_info().map(|info| info.reason).unwrap_or_default())
        };
        let board = ReadError::UnknownBoard { board: "x".into() };
        assert_eq!(told(board), (Code::NotFound, "BOARD-UNKNOWN".into()));
        let period = ReadError::BadPeriod { text: "2026-13".into(), reason: "expected a month" };
        assert_eq!(told(period), (Code::InvalidArgument, "GE-006".into()));
        let late = |reached| ReadError::NotYet {
            source_name: "cases".into(),
            position: 9,
            reached,
            reason: String::new(),
        };
        assert_eq!(told(late(Some(7))), (Code::Unavailable, "NOT-YET".into()));
        assert_eq!(told(late(None)), (Code::Internal, "INTERNAL".into()));
        assert_eq!(told(ReadError::Database(sqlx::Error::PoolClosed)).0, Code::Unavailable);
        assert_eq!(told(ReadError::Database(sqlx::Error::RowNotFound)).0, Code::Internal);
    }
}
