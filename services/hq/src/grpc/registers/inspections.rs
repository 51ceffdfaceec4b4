//! `InspectionService`.

use super::{Registers, broken, days, question};
use crate::register::inspection::Inspection;
use crate::views::registers::{Filter, Table};
use tonic::{Request, Response, Status};
use xiaoan_proto::hq::v1::inspection_service_server::InspectionService;
use xiaoan_proto::hq::v1::{self as hq, InspectionKind};
use xiaoan_rpc::receipt;

#[tonic::async_trait]
impl InspectionService for Registers {
    async fn record_inspection(
        &self,
        request: Request<hq::RecordInspectionRequest>,
    ) -> Result<Response<hq::RecordInspectionResponse>, Status> {
        let sitting = self.of_hq(request, |m| (&m.request_id, ""))?;
        let command = &sitting.command;
        self.known(&command.org_unit).await?;
        let decide = |inspection: &Inspection| inspection.decide_record(command, sitting.by());
        let outcome =
            Self::act(&self.inspections, &command.inspection_id, sitting.meta.clone(), decide).await?;
        let receipt = Some(receipt(name(&command.inspection_id), &outcome));
        Ok(Response::new(hq::RecordInspectionResponse { receipt }))
    }

    async fn resolve_inspection_finding(
        &self,
        request: Request<hq::ResolveInspectionFindingRequest>,
    ) -> Result<Response<hq::ResolveInspectionFindingResponse>, Status> {
        let sitting = self.of_hq(request, |m| (&m.request_id, &m.etag))?;
        let command = &sitting.command;
        let decide = |inspection: &Inspection| inspection.decide_resolve(command, sitting.by());
        let outcome =
            Self::act(&self.inspections, &command.inspection_id, sitting.meta.clone(), decide).await?;
        let receipt = Some(receipt(name(&command.inspection_id), &outcome));
        Ok(Response::new(hq::ResolveInspectionFindingResponse { receipt }))
    }

    async fn list_inspections(
        &self,
        request: Request<hq::ListInspectionsRequest>,
    ) -> Result<Response<hq::ListInspectionsResponse>, Status> {
        let q = question(request)?;
        let filter = Filter { org_unit: &q.org_unit, kind: q.kind, ..Filter::default() };
        let (inspections, next_page_token) =
            self.page::<Inspection>(&filter, q.page_size, &q.page_token, q.at_least).await?;
        Ok(Response::new(hq::ListInspectionsResponse { inspections, next_page_token }))
    }

    async fn count_inspections(
        &self,
        request: Request<hq::CountInspectionsRequest>,
    ) -> Result<Response<hq::CountInspectionsResponse>, Status> {
        let query = question(request)?;
        let (from, to) = days(query.from, query.to)?;
        self.entries.at_least(query.at_least).await?;
        let filter = Filter { org_unit: &query.org_unit, from, to, ..Filter::default() };
        let counted = Table::<Inspection>::count(self.store.pool(), &filter).await.map_err(broken)?;
        let mut answer = hq::CountInspectionsResponse::default();
        for line in counted {
            match InspectionKind::try_from(i32::from(line.kind)) {
                Ok(InspectionKind::Visit) => answer.visits += line.entries,
                Ok(InspectionKind::LawEnforcement) => answer.law_enforcement += line.entries,
                Ok(InspectionKind::Online) => answer.online += line.entries,
                // Not recorded: deciding refuses a kind that is not stated.
                Ok(InspectionKind::Unspecified) | Err(_) => {}
            }
        }
        Ok(Response::new(answer))
    }
}

/// Resource name.
fn name(inspection_id: &str) -> String {
    format!("inspections/{inspection_id}")
}
