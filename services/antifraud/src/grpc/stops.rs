//! `StopService`.

use super::{Antifraud, Wanted, receipt_of, remembered};
use crate::account::{Account, Order, OrderKind};
use crate::moment::SealedDraft;
use crate::refusal::Refused;
use prost::Message;
use tonic::{Request, Response, Status};
use xiaoan_eventstore::Decision;
use xiaoan_kernel::OrgCode;
use xiaoan_proto::antifraud::v1 as af;
use xiaoan_proto::antifraud::v1::stop_service_server::StopService;
use xiaoan_rpc::command_status;

const KIND: OrderKind = OrderKind::Stop;

#[tonic::async_trait]
impl StopService for Antifraud {
    async fn draft_stop(
        &self,
        request: Request<af::DraftStopRequest>,
    ) -> Result<Response<af::DraftStopResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let meta = self.meta(&sitting, &m.request_id, &m, "")?;
        let account = m.account.as_ref();
        let account_id = self.account_id(account);
        let takes_orders = self.takes_orders(account.map_or("", |a| &a.member_unit)).await?;
        let unit = OrgCode::parse(&m.org_unit).ok();
        let promising = takes_orders
            && unit.is_some_and(|unit| sitting.writes_for(unit))
            && !Account::remarks_on_stop(&m, &sitting.moment()).reject();
        let sealed = if promising {
            let from = m.transfer.as_ref().and_then(|t| t.from.as_ref());
            self.seal_draft(meta.request.id, account, from, m.officers.as_ref()).await?
        } else {
            SealedDraft::default()
        };
        let decide = |account: &Account, _| {
            let at = sitting.moment();
            Account::remarks_on_stop(&m, &at).refuse()?;
            sitting.may_write(unit)?;
            let order_id = account.next_stop_id(&account_id);
            let facts = account.decide_draft_stop(&m, &order_id, sealed.clone(), takes_orders, &at)?;
            let answer = af::DraftStopResponse { receipt: None, order_id };
            Ok::<_, Refused>(Decision { facts, response: answer.encode_to_vec() })
        };
        let outcome = self.accounts.execute(&account_id, meta, decide).await.map_err(command_status)?;
        let mut answer: af::DraftStopResponse = remembered(&outcome)?;
        answer.receipt = receipt_of(KIND, &answer.order_id, &outcome);
        Ok(Response::new(answer))
    }

    async fn approve_stop(
        &self,
        request: Request<af::ApproveStopRequest>,
    ) -> Result<Response<af::ApproveStopResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let meta = self.meta(&sitting, &m.request_id, &m, &m.etag)?;
        let decide = |a: &Account| Ok((a.decide_approve_stop(&m.order_id, &sitting.moment())?, Vec::new()));
        let outcome = self.on_order(&sitting, &m.order_id, meta, decide).await?;
        let receipt = receipt_of(KIND, &m.order_id, &outcome);
        Ok(Response::new(af::ApproveStopResponse { receipt }))
    }

    async fn extend_stop(
        &self,
        request: Request<af::ExtendStopRequest>,
    ) -> Result<Response<af::ExtendStopResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let meta = self.meta(&sitting, &m.request_id, &m, &m.etag)?;
        let decide = |a: &Account| Ok((a.decide_extend_stop(&m, &sitting.moment())?, Vec::new()));
        let outcome = self.on_order(&sitting, &m.order_id, meta, decide).await?;
        let receipt = receipt_of(KIND, &m.order_id, &outcome);
        Ok(Response::new(af::ExtendStopResponse { receipt }))
    }

    async fn release_stop(
        &self,
        request: Request<af::ReleaseStopRequest>,
    ) -> Result<Response<af::ReleaseStopResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let meta = self.meta(&sitting, &m.request_id, &m, &m.etag)?;
        let decide = |a: &Account| Ok((a.decide_release_stop(&m, &sitting.moment())?, Vec::new()));
        let outcome = self.on_order(&sitting, &m.order_id, meta, decide).await?;
        let receipt = receipt_of(KIND, &m.order_id, &outcome);
        Ok(Response::new(af::ReleaseStopResponse { receipt }))
    }

    async fn get_stop(
        &self,
        request: Request<af::GetStopRequest>,
    ) -> Result<Response<af::GetStopResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let order = self.order(&sitting, KIND, &m.order_id, m.at_least).await?;
        let stop = if let Order::Stop(stop) = order { Some(stop) } else { None };
        Ok(Response::new(af::GetStopResponse { stop }))
    }

    async fn list_stops(
        &self,
        request: Request<af::ListStopsRequest>,
    ) -> Result<Response<af::ListStopsResponse>, Status> {
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
        let stop = |order| if let Order::Stop(stop) = order { Some(stop) } else { None };
        let stops = orders.into_iter().filter_map(stop).collect();
        Ok(Response::new(af::ListStopsResponse { stops, next_page_token }))
    }
}
