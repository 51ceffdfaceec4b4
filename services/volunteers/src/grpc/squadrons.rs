//! `SquadronService`: squadrons and duty points.

use super::{About, OFFICERS, Volunteers};
use crate::duty_point::DutyPoint;
use crate::squadron::Squadron;
use crate::views::Filter;
use tonic::{Request, Response, Status};
use xiaoan_proto::volunteers::v1;
use xiaoan_proto::volunteers::v1::squadron_service_server::SquadronService;

#[tonic::async_trait]
impl SquadronService for Volunteers {
    async fn form_squadron(
        &self,
        request: Request<v1::FormSquadronRequest>,
    ) -> Result<Response<v1::FormSquadronResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let about = (About(&m.squadron_id, &m.request_id, ""), m.org_unit.as_str());
        let receipt = self
            .begin((&sitting, OFFICERS), &self.squadrons, about, &m, |s, id, at| s.decide_form(&m, id, at))
            .await?;
        Ok(Response::new(v1::FormSquadronResponse { receipt }))
    }

    async fn disband_squadron(
        &self,
        request: Request<v1::DisbandSquadronRequest>,
    ) -> Result<Response<v1::DisbandSquadronResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let about = About(&m.squadron_id, &m.request_id, &m.etag);
        let receipt = self
            .change((&sitting, OFFICERS), &self.squadrons, about, &m, |s, at| s.decide_disband(&m, at))
            .await?;
        Ok(Response::new(v1::DisbandSquadronResponse { receipt }))
    }

    async fn open_duty_point(
        &self,
        request: Request<v1::OpenDutyPointRequest>,
    ) -> Result<Response<v1::OpenDutyPointResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let about = (About(&m.duty_point_id, &m.request_id, ""), m.org_unit.as_str());
        let receipt = self
            .begin((&sitting, OFFICERS), &self.duty_points, about, &m, |p, id, at| p.decide_open(&m, id, at))
            .await?;
        Ok(Response::new(v1::OpenDutyPointResponse { receipt }))
    }

    async fn close_duty_point(
        &self,
        request: Request<v1::CloseDutyPointRequest>,
    ) -> Result<Response<v1::CloseDutyPointResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let about = About(&m.duty_point_id, &m.request_id, &m.etag);
        let receipt = self
            .change((&sitting, OFFICERS), &self.duty_points, about, &m, |p, at| p.decide_close(&m, at))
            .await?;
        Ok(Response::new(v1::CloseDutyPointResponse { receipt }))
    }

    async fn get_squadron(
        &self,
        request: Request<v1::GetSquadronRequest>,
    ) -> Result<Response<v1::GetSquadronResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let squadron = self.one::<Squadron, v1::Squadron>(&sitting, &m.squadron_id, m.at_least).await?;
        Ok(Response::new(v1::GetSquadronResponse { squadron: Some(squadron) }))
    }

    async fn list_squadrons(
        &self,
        request: Request<v1::ListSquadronsRequest>,
    ) -> Result<Response<v1::ListSquadronsResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let filter = Filter { units: Some(sitting.subtree(&m.org_unit)?), ..Filter::default() };
        let spelled = format!("squadrons {}", m.org_unit);
        let (squadrons, next_page_token) =
            self.page(filter, (m.page_size, &m.page_token, &spelled), m.at_least).await?;
        Ok(Response::new(v1::ListSquadronsResponse { squadrons, next_page_token }))
    }

    async fn get_duty_point(
        &self,
        request: Request<v1::GetDutyPointRequest>,
    ) -> Result<Response<v1::GetDutyPointResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let point = self.one::<DutyPoint, v1::DutyPoint>(&sitting, &m.duty_point_id, m.at_least).await?;
        Ok(Response::new(v1::GetDutyPointResponse { duty_point: Some(point) }))
    }

    async fn list_duty_points(
        &self,
        request: Request<v1::ListDutyPointsRequest>,
    ) -> Result<Response<v1::ListDutyPointsResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let filter = Filter { units: Some(sitting.subtree(&m.org_unit)?), ..Filter::default() };
        let spelled = format!("duty points {}", m.org_unit);
        let (duty_points, next_page_token) =
            self.page(filter, (m.page_size, &m.page_token, &spelled), m.at_least).await?;
        Ok(Response::new(v1::ListDutyPointsResponse { duty_points, next_page_token }))
    }
}
