//! `ReturnService`.

use super::{Antifraud, Wanted, receipt_of, remembered};
use crate::account::{Account, Order, OrderKind, account_of};
use prost::Message;
use tonic::{Request, Response, Status};
use xiaoan_proto::antifraud::v1 as af;
use xiaoan_proto::antifraud::v1::return_service_server::ReturnService;

const KIND: OrderKind = OrderKind::Return;

#[tonic::async_trait]
impl ReturnService for Antifraud {
    async fn propose_return(
        &self,
        request: Request<af::ProposeReturnRequest>,
    ) -> Result<Response<af::ProposeReturnResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let meta = self.meta(&sitting, &m.request_id, &m, &m.etag)?;
        let account_id = account_of(&m.freeze_order_id).to_owned();
        // A look at the state as it is: whether it has a chance decides only whether keys are made.
        let now = self.accounts.load(&account_id).await.map_err(|e| xiaoan_rpc::store_status(&e))?.state;
        let unsealed = self.unsealed_claims(&m.claims);
        let own = now.unit_of(&m.freeze_order_id).is_some_and(|unit| sitting.writes_for(unit));
        let promising = own && now.decide_propose_return(&m, "", unsealed.clone(), &sitting.moment()).is_ok();
        let sealed = if promising { self.seal_claims(meta.request.id, &m.claims).await? } else { unsealed };
        let decide = |a: &Account| {
            let order_id = a.next_return_id(&account_id);
            let facts = a.decide_propose_return(&m, &order_id, sealed.clone(), &sitting.moment())?;
            if !promising {
                // What became possible in between is tried anew, with keys.
                return Err(crate::refusal::Reason::NotFrozen.into());
            }
            Ok((facts, af::ProposeReturnResponse { receipt: None, order_id }.encode_to_vec()))
        };
        let outcome = self.on_order(&sitting, &m.freeze_order_id, meta, decide).await?;
        let mut answer: af::ProposeReturnResponse = remembered(&outcome)?;
        answer.receipt = receipt_of(KIND, &answer.order_id, &outcome);
        Ok(Response::new(answer))
    }

    async fn publish_return_notice(
        &self,
        request: Request<af::PublishReturnNoticeRequest>,
    ) -> Result<Response<af::PublishReturnNoticeResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let meta = self.meta(&sitting, &m.request_id, &m, &m.etag)?;
        let decide = |a: &Account| Ok((a.decide_notice(&m, &sitting.moment())?, Vec::new()));
        let outcome = self.on_order(&sitting, &m.order_id, meta, decide).await?;
        let receipt = receipt_of(KIND, &m.order_id, &outcome);
        Ok(Response::new(af::PublishReturnNoticeResponse { receipt }))
    }

    async fn file_objection(
        &self,
        request: Request<af::FileObjectionRequest>,
    ) -> Result<Response<af::FileObjectionResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let meta = self.meta(&sitting, &m.request_id, &m, &m.etag)?;
        let decide = |a: &Account| {
            let objection = a.next_objection(&m.order_id);
            let answer = af::FileObjectionResponse { receipt: None, objection };
            Ok((a.decide_object(&m, &sitting.moment())?, answer.encode_to_vec()))
        };
        let outcome = self.on_order(&sitting, &m.order_id, meta, decide).await?;
        let mut answer: af::FileObjectionResponse = remembered(&outcome)?;
        answer.receipt = receipt_of(KIND, &m.order_id, &outcome);
        Ok(Response::new(answer))
    }

    async fn decide_objection(
        &self,
        request: Request<af::DecideObjectionRequest>,
    ) -> Result<Response<af::DecideObjectionResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let meta = self.meta(&sitting, &m.request_id, &m, &m.etag)?;
        let decide = |a: &Account| Ok((a.decide_objection(&m, &sitting.moment())?, Vec::new()));
        let outcome = self.on_order(&sitting, &m.order_id, meta, decide).await?;
        let receipt = receipt_of(KIND, &m.order_id, &outcome);
        Ok(Response::new(af::DecideObjectionResponse { receipt }))
    }

    async fn decide_return(
        &self,
        request: Request<af::DecideReturnRequest>,
    ) -> Result<Response<af::DecideReturnResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let meta = self.meta(&sitting, &m.request_id, &m, &m.etag)?;
        let decide = |a: &Account| Ok((a.decide_return(&m.order_id, &sitting.moment())?, Vec::new()));
        let outcome = self.on_order(&sitting, &m.order_id, meta, decide).await?;
        let receipt = receipt_of(KIND, &m.order_id, &outcome);
        Ok(Response::new(af::DecideReturnResponse { receipt }))
    }

    async fn get_return(
        &self,
        request: Request<af::GetReturnRequest>,
    ) -> Result<Response<af::GetReturnResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let order = self.order(&sitting, KIND, &m.order_id, m.at_least).await?;
        let return_order = if let Order::Return(order) = order { Some(order) } else { None };
        Ok(Response::new(af::GetReturnResponse { return_order }))
    }

    async fn list_returns(
        &self,
        request: Request<af::ListReturnsRequest>,
    ) -> Result<Response<af::ListReturnsResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let wanted = Wanted {
            kind: KIND,
            org_unit: &m.org_unit,
            state: m.state,
            member_unit: &m.member_unit,
            page_size: m.page_size,
            page_token: &m.page_token,
            at_least: m.at_least,
        };
        let (orders, next_page_token) = self.listed(&sitting, wanted).await?;
        let of = |order| if let Order::Return(order) = order { Some(order) } else { None };
        let return_orders = orders.into_iter().filter_map(of).collect();
        Ok(Response::new(af::ListReturnsResponse { return_orders, next_page_token }))
    }
}
