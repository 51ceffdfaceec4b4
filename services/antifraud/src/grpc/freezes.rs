//! `FreezeService`.

use super::{Antifraud, Wanted, receipt_of, remembered};
use crate::account::{Account, Order, OrderKind};
use crate::moment::SealedDraft;
use crate::refusal::Refused;
use prost::Message;
use tonic::{Request, Response, Status};
use xiaoan_eventstore::Decision;
use xiaoan_kernel::OrgCode;
use xiaoan_proto::antifraud::v1 as af;
use xiaoan_proto::antifraud::v1::freeze_service_server::FreezeService;
use xiaoan_rpc::command_status;

const KIND: OrderKind = OrderKind::Freeze;

#[tonic::async_trait]
impl FreezeService for Antifraud {
    async fn draft_freeze(
        &self,
        request: Request<af::DraftFreezeRequest>,
    ) -> Result<Response<af::DraftFreezeResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let meta = self.meta(&sitting, &m.request_id, &m, "")?;
        let account = m.account.as_ref();
        let account_id = self.account_id(account);
        let takes_orders = self.takes_orders(account.map_or("", |a| &a.member_unit)).await?;
        let unit = OrgCode::parse(&m.org_unit).ok();
        let promising = takes_orders
            && unit.is_some_and(|unit| sitting.writes_for(unit))
            && !Account::remarks_on_freeze(&m, &sitting.moment()).reject();
        let sealed = if promising {
            self.seal_draft(meta.request.id, account, None, m.officers.as_ref()).await?
        } else {
            SealedDraft::default()
        };
        let decide = |account: &Account, _| {
            let at = sitting.moment();
            Account::remarks_on_freeze(&m, &at).refuse()?;
            sitting.may_write(unit)?;
            let order_id = account.next_freeze_id(&account_id);
            let facts = account.decide_draft_freeze(&m, &order_id, sealed.clone(), takes_orders, &at)?;
            let answer = af::DraftFreezeResponse { receipt: None, order_id };
            Ok::<_, Refused>(Decision { facts, response: answer.encode_to_vec() })
        };
        let outcome = self.accounts.execute(&account_id, meta, decide).await.map_err(command_status)?;
        let mut answer: af::DraftFreezeResponse = remembered(&outcome)?;
        answer.receipt = receipt_of(KIND, &answer.order_id, &outcome);
        Ok(Response::new(answer))
    }

    async fn approve_freeze(
        &self,
        request: Request<af::ApproveFreezeRequest>,
    ) -> Result<Response<af::ApproveFreezeResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let meta = self.meta(&sitting, &m.request_id, &m, &m.etag)?;
        let decide = |a: &Account| Ok((a.decide_approve_freeze(&m.order_id, &sitting.moment())?, Vec::new()));
        let outcome = self.on_order(&sitting, &m.order_id, meta, decide).await?;
        let receipt = receipt_of(KIND, &m.order_id, &outcome);
        Ok(Response::new(af::ApproveFreezeResponse { receipt }))
    }

    async fn renew_freeze(
        &self,
        request: Request<af::RenewFreezeRequest>,
    ) -> Result<Response<af::RenewFreezeResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let meta = self.meta(&sitting, &m.request_id, &m, &m.etag)?;
        let decide = |a: &Account| Ok((a.decide_renew_freeze(&m, &sitting.moment())?, Vec::new()));
        let outcome = self.on_order(&sitting, &m.order_id, meta, decide).await?;
        let receipt = receipt_of(KIND, &m.order_id, &outcome);
        Ok(Response::new(af::RenewFreezeResponse { receipt }))
    }

    async fn unfreeze(
        &self,
        request: Request<af::UnfreezeRequest>,
    ) -> Result<Response<af::UnfreezeResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let meta = self.meta(&sitting, &m.request_id, &m, &m.etag)?;
        let decide = |a: &Account| Ok((a.decide_unfreeze(&m, &sitting.moment())?, Vec::new()));
        let outcome = self.on_order(&sitting, &m.order_id, meta, decide).await?;
        let receipt = receipt_of(KIND, &m.order_id, &outcome);
        Ok(Response::new(af::UnfreezeResponse { receipt }))
    }

    async fn get_freeze(
        &self,
        request: Request<af::GetFreezeRequest>,
    ) -> Result<Response<af::GetFreezeResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let order = self.order(&sitting, KIND, &m.order_id, m.at_least).await?;
        let freeze = if let Order::Freeze(freeze) = order { Some(freeze) } else { None };
        Ok(Response::new(af::GetFreezeResponse { freeze }))
    }

    async fn list_freezes(
        &self,
        request: Request<af::ListFreezesRequest>,
    ) -> Result<Response<af::ListFreezesResponse>, Status> {
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
        let freeze = |order| if let Order::Freeze(freeze) = order { Some(freeze) } else { None };
        let freezes = orders.into_iter().filter_map(freeze).collect();
        Ok(Response::new(af::ListFreezesResponse { freezes, next_page_token }))
    }
}
