//! `InstructionService`.

use super::{Antifraud, receipt_of};
use crate::account::{Account, OrderKind};
use tonic::{Request, Response, Status};
use xiaoan_proto::antifraud::v1 as af;
use xiaoan_proto::antifraud::v1::instruction_service_server::InstructionService;
use xiaoan_rpc::Role;

#[tonic::async_trait]
impl InstructionService for Antifraud {
    async fn resend_instruction(
        &self,
        request: Request<af::ResendInstructionRequest>,
    ) -> Result<Response<af::ResendInstructionResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let meta = self.meta(&sitting, &m.request_id, &m, "")?;
        let decide = |a: &Account| {
            Ok((a.decide_resend(&m.order_id, &m.trans_serial_number, &sitting.moment())?, Vec::new()))
        };
        let outcome = self.on_order(&sitting, &m.order_id, meta, decide).await?;
        let kind = OrderKind::of(&m.order_id).unwrap_or(OrderKind::Stop);
        let receipt = receipt_of(kind, &m.order_id, &outcome);
        Ok(Response::new(af::ResendInstructionResponse { receipt }))
    }

    async fn revoke_confirmation(
        &self,
        request: Request<af::RevokeConfirmationRequest>,
    ) -> Result<Response<af::RevokeConfirmationResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        sitting.caller.require(Role::Registrar)?;
        let meta = self.meta(&sitting, &m.request_id, &m, &m.etag)?;
        let decide =
            |a: &Account| Ok((a.decide_revoke(&m.order_id, &m.reason, &sitting.moment())?, Vec::new()));
        let outcome = self.on_order(&sitting, &m.order_id, meta, decide).await?;
        let kind = OrderKind::of(&m.order_id).unwrap_or(OrderKind::Stop);
        let receipt = receipt_of(kind, &m.order_id, &outcome);
        Ok(Response::new(af::RevokeConfirmationResponse { receipt }))
    }
}
