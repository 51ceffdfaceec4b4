//! `ReferenceService`.

use super::{Registers, question};
use crate::register::reference::Reference;
use crate::views::registers::Filter;
use tonic::{Request, Response, Status};
use xiaoan_proto::hq::v1 as hq;
use xiaoan_proto::hq::v1::reference_service_server::ReferenceService;
use xiaoan_rpc::receipt;

#[tonic::async_trait]
impl ReferenceService for Registers {
    async fn record_reference_figure(
        &self,
        request: Request<hq::RecordReferenceFigureRequest>,
    ) -> Result<Response<hq::RecordReferenceFigureResponse>, Status> {
        let sitting = self.of_hq(request, |m| (&m.request_id, ""))?;
        let figure = sitting.command.figure.clone().unwrap_or_default();
        let of = sitting.caller.org_unit;
        let decide = |reference: &Reference| reference.decide_record(&figure, of, sitting.by());
        let outcome = Self::act(&self.references, &figure.figure_id, sitting.meta.clone(), decide).await?;
        let receipt = Some(receipt(name(&figure.figure_id), &outcome));
        Ok(Response::new(hq::RecordReferenceFigureResponse { receipt }))
    }

    async fn withdraw_reference_figure(
        &self,
        request: Request<hq::WithdrawReferenceFigureRequest>,
    ) -> Result<Response<hq::WithdrawReferenceFigureResponse>, Status> {
        let sitting = self.of_hq(request, |m| (&m.request_id, &m.etag))?;
        let (command, of) = (&sitting.command, sitting.caller.org_unit);
        let decide = |reference: &Reference| reference.decide_withdraw(command, of, sitting.by());
        let outcome = Self::act(&self.references, &command.figure_id, sitting.meta.clone(), decide).await?;
        let receipt = Some(receipt(name(&command.figure_id), &outcome));
        Ok(Response::new(hq::WithdrawReferenceFigureResponse { receipt }))
    }

    async fn list_reference_figures(
        &self,
        request: Request<hq::ListReferenceFiguresRequest>,
    ) -> Result<Response<hq::ListReferenceFiguresResponse>, Status> {
        let q = question(request)?;
        let filter = Filter { reference: &q.measure, ..Filter::default() };
        let (figures, next_page_token) =
            self.page::<Reference>(&filter, q.page_size, &q.page_token, q.at_least).await?;
        Ok(Response::new(hq::ListReferenceFiguresResponse { figures, next_page_token }))
    }
}

/// Resource name.
fn name(figure_id: &str) -> String {
    format!("reference-figures/{figure_id}")
}
