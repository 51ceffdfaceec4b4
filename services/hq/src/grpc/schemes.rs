//! `SchemeService`.

use super::{Hq, decision_of_hq, question};
use crate::scheme::{Scheme, SchemeRefusal};
use prost::Message;
use tonic::{Request, Response, Status};
use xiaoan_eventstore::Decision;
use xiaoan_proto::hq::v1 as hq;
use xiaoan_proto::hq::v1::scheme_service_server::SchemeService;
use xiaoan_rpc::{command_meta, command_status, errors, receipt, store_status};

#[tonic::async_trait]
impl SchemeService for Hq {
    async fn publish_scheme(
        &self,
        request: Request<hq::PublishSchemeRequest>,
    ) -> Result<Response<hq::PublishSchemeResponse>, Status> {
        let (caller, command) = decision_of_hq(request)?;
        let meta = command_meta(&caller, &command.request_id, &command, &command.etag)?;
        let board = command.scheme.as_ref().map_or("", |scheme| &scheme.board);
        let today = self.today();
        let decide = |scheme: &Scheme, _| -> Result<_, SchemeRefusal> {
            let facts = scheme.decide_publish(&command, caller.org_unit, today)?;
            // The version given is part of the answer that a repeated command gets again.
            let answer = hq::PublishSchemeResponse { receipt: None, version: scheme.next_version() };
            Ok(Decision { facts, response: answer.encode_to_vec() })
        };
        let outcome = self.schemes.execute(board, meta, decide).await.map_err(command_status)?;
        let answer = hq::PublishSchemeResponse::decode(outcome.appended.response.as_slice())
            .map_err(|e| errors::internal(&e))?;
        let receipt = Some(receipt(format!("schemes/{board}"), &outcome));
        Ok(Response::new(hq::PublishSchemeResponse { receipt, ..answer }))
    }

    async fn list_schemes(
        &self,
        request: Request<hq::ListSchemesRequest>,
    ) -> Result<Response<hq::ListSchemesResponse>, Status> {
        let query = question(request)?;
        let view = self.listed_schemes.at_least(query.at_least).await?;
        let schemes = view.list(&query.board).await.map_err(|e| store_status(&e))?;
        Ok(Response::new(hq::ListSchemesResponse { schemes }))
    }
}
