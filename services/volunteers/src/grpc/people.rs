//! `VolunteerService`.

use super::{About, OFFICERS, Volunteers};
use crate::moment::{NOT_ONE_OF, known};
use crate::reason::Remarks;
use crate::views::Filter;
use crate::volunteer::Volunteer;
use tonic::{Request, Response, Status, Streaming};
use xiaoan_proto::volunteers::v1;
use xiaoan_proto::volunteers::v1::volunteer_service_server::VolunteerService;
use xiaoan_rpc::refusal_status;

#[tonic::async_trait]
impl VolunteerService for Volunteers {
    async fn receive_application(
        &self,
        request: Request<v1::ReceiveApplicationRequest>,
    ) -> Result<Response<v1::ReceiveApplicationResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        self.receive(&sitting, &m).await.map(Response::new)
    }

    async fn enrol_volunteer(
        &self,
        request: Request<v1::EnrolVolunteerRequest>,
    ) -> Result<Response<v1::EnrolVolunteerResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        self.enrol(&sitting, &m).await.map(Response::new)
    }

    async fn assign_squadron(
        &self,
        request: Request<v1::AssignSquadronRequest>,
    ) -> Result<Response<v1::AssignSquadronResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        self.assign(&sitting, &m).await.map(Response::new)
    }

    async fn record_vetting(
        &self,
        request: Request<v1::RecordVettingRequest>,
    ) -> Result<Response<v1::RecordVettingResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let about = About(&m.volunteer_id, &m.request_id, &m.etag);
        let receipt = self
            .change((&sitting, OFFICERS), &self.people, about, &m, |v: &Volunteer, at| v.decide_vet(&m, at))
            .await?;
        Ok(Response::new(v1::RecordVettingResponse { receipt }))
    }

    async fn appeal_rejection(
        &self,
        request: Request<v1::AppealRejectionRequest>,
    ) -> Result<Response<v1::AppealRejectionResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let about = About(&m.volunteer_id, &m.request_id, &m.etag);
        let receipt = self
            .change((&sitting, OFFICERS), &self.people, about, &m, |v: &Volunteer, at| {
                v.decide_appeal(&m, at)
            })
            .await?;
        Ok(Response::new(v1::AppealRejectionResponse { receipt }))
    }

    async fn decide_appeal(
        &self,
        request: Request<v1::DecideAppealRequest>,
    ) -> Result<Response<v1::DecideAppealResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let about = About(&m.volunteer_id, &m.request_id, &m.etag);
        let receipt = self
            .change((&sitting, OFFICERS), &self.people, about, &m, |v: &Volunteer, at| {
                v.decide_on_appeal(&m, at)
            })
            .await?;
        Ok(Response::new(v1::DecideAppealResponse { receipt }))
    }

    async fn record_course(
        &self,
        request: Request<v1::RecordCourseRequest>,
    ) -> Result<Response<v1::RecordCourseResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let about = About(&m.volunteer_id, &m.request_id, &m.etag);
        let receipt = self
            .change((&sitting, OFFICERS), &self.people, about, &m, |v: &Volunteer, at| {
                v.decide_course(&m, at)
            })
            .await?;
        Ok(Response::new(v1::RecordCourseResponse { receipt }))
    }

    async fn record_insurance(
        &self,
        request: Request<v1::RecordInsuranceRequest>,
    ) -> Result<Response<v1::RecordInsuranceResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let about = About(&m.volunteer_id, &m.request_id, &m.etag);
        let receipt = self
            .change((&sitting, OFFICERS), &self.people, about, &m, |v: &Volunteer, at| {
                v.decide_insurance(&m, at)
            })
            .await?;
        Ok(Response::new(v1::RecordInsuranceResponse { receipt }))
    }

    async fn activate_volunteer(
        &self,
        request: Request<v1::ActivateVolunteerRequest>,
    ) -> Result<Response<v1::ActivateVolunteerResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let about = About(&m.volunteer_id, &m.request_id, &m.etag);
        let receipt = self
            .change((&sitting, OFFICERS), &self.people, about, &m, |v: &Volunteer, at| {
                v.decide_activate(&m, at)
            })
            .await?;
        Ok(Response::new(v1::ActivateVolunteerResponse { receipt }))
    }

    async fn suspend_volunteer(
        &self,
        request: Request<v1::SuspendVolunteerRequest>,
    ) -> Result<Response<v1::SuspendVolunteerResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let about = About(&m.volunteer_id, &m.request_id, &m.etag);
        let receipt = self
            .change((&sitting, OFFICERS), &self.people, about, &m, |v: &Volunteer, at| {
                v.decide_suspend(&m, at)
            })
            .await?;
        Ok(Response::new(v1::SuspendVolunteerResponse { receipt }))
    }

    async fn reinstate_volunteer(
        &self,
        request: Request<v1::ReinstateVolunteerRequest>,
    ) -> Result<Response<v1::ReinstateVolunteerResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let about = About(&m.volunteer_id, &m.request_id, &m.etag);
        let receipt = self
            .change((&sitting, OFFICERS), &self.people, about, &m, |v: &Volunteer, at| {
                v.decide_reinstate(&m, at)
            })
            .await?;
        Ok(Response::new(v1::ReinstateVolunteerResponse { receipt }))
    }

    async fn retire_volunteer(
        &self,
        request: Request<v1::RetireVolunteerRequest>,
    ) -> Result<Response<v1::RetireVolunteerResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let about = About(&m.volunteer_id, &m.request_id, &m.etag);
        let receipt = self
            .change((&sitting, OFFICERS), &self.people, about, &m, |v: &Volunteer, at| {
                v.decide_retire(&m, at)
            })
            .await?;
        Ok(Response::new(v1::RetireVolunteerResponse { receipt }))
    }

    async fn expel_volunteer(
        &self,
        request: Request<v1::ExpelVolunteerRequest>,
    ) -> Result<Response<v1::ExpelVolunteerResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let about = About(&m.volunteer_id, &m.request_id, &m.etag);
        let receipt = self
            .change((&sitting, OFFICERS), &self.people, about, &m, |v: &Volunteer, at| v.decide_expel(&m, at))
            .await?;
        Ok(Response::new(v1::ExpelVolunteerResponse { receipt }))
    }

    async fn approve_hours(
        &self,
        request: Request<v1::ApproveHoursRequest>,
    ) -> Result<Response<v1::ApproveHoursResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let about = About(&m.volunteer_id, &m.request_id, &m.etag);
        let receipt = self
            .change((&sitting, OFFICERS), &self.people, about, &m, |v: &Volunteer, at| {
                v.decide_approve_hours(&m, at)
            })
            .await?;
        Ok(Response::new(v1::ApproveHoursResponse { receipt }))
    }

    async fn issue_certificate(
        &self,
        request: Request<v1::IssueCertificateRequest>,
    ) -> Result<Response<v1::IssueCertificateResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let about = About(&m.volunteer_id, &m.request_id, &m.etag);
        let receipt = self
            .change((&sitting, OFFICERS), &self.people, about, &m, |v: &Volunteer, at| {
                v.decide_certify(&m, at)
            })
            .await?;
        Ok(Response::new(v1::IssueCertificateResponse { receipt }))
    }

    async fn import_volunteers(
        &self,
        request: Request<Streaming<v1::ImportVolunteersRequest>>,
    ) -> Result<Response<v1::ImportVolunteersResponse>, Status> {
        let (sitting, stream) = self.enter(request)?;
        self.import(&sitting, stream).await.map(Response::new)
    }

    async fn get_volunteer(
        &self,
        request: Request<v1::GetVolunteerRequest>,
    ) -> Result<Response<v1::GetVolunteerResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let volunteer = self.one::<Volunteer, v1::Volunteer>(&sitting, &m.volunteer_id, m.at_least).await?;
        Ok(Response::new(v1::GetVolunteerResponse { volunteer: Some(volunteer) }))
    }

    async fn list_volunteers(
        &self,
        request: Request<v1::ListVolunteersRequest>,
    ) -> Result<Response<v1::ListVolunteersResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let mut remarks = Remarks::default();
        let _: v1::VolunteerState = known(&mut remarks, "state", m.state);
        remarks.ensure(m.squadron_id.len() <= 64, "squadron_id", NOT_ONE_OF);
        remarks.refuse().map_err(|refused| refusal_status(&refused))?;
        let spelled = format!("volunteers {} {} {}", m.org_unit, m.state, m.squadron_id);
        let filter = Filter {
            units: Some(sitting.subtree(&m.org_unit)?),
            state: m.state,
            squadron_id: m.squadron_id,
            ..Filter::default()
        };
        let (volunteers, next_page_token) =
            self.page(filter, (m.page_size, &m.page_token, &spelled), m.at_least).await?;
        Ok(Response::new(v1::ListVolunteersResponse { volunteers, next_page_token }))
    }

    async fn get_volunteer_history(
        &self,
        request: Request<v1::GetVolunteerHistoryRequest>,
    ) -> Result<Response<v1::GetVolunteerHistoryResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let entries = self.history(&sitting, &self.people, &m.volunteer_id).await?;
        Ok(Response::new(v1::GetVolunteerHistoryResponse { entries }))
    }
}
