//! `SurveyService`.

use super::{Registers, question};
use crate::register::survey::Survey;
use crate::views::registers::Filter;
use tonic::{Request, Response, Status};
use xiaoan_proto::hq::v1 as hq;
use xiaoan_proto::hq::v1::survey_service_server::SurveyService;
use xiaoan_rpc::receipt;

#[tonic::async_trait]
impl SurveyService for Registers {
    async fn record_survey(
        &self,
        request: Request<hq::RecordSurveyRequest>,
    ) -> Result<Response<hq::RecordSurveyResponse>, Status> {
        let sitting = self.of_hq(request, |m| (&m.request_id, ""))?;
        let survey = sitting.command.survey.clone().unwrap_or_default();
        self.known(&survey.org_unit).await?;
        let decide = |known: &Survey| known.decide_record(&survey, sitting.by());
        let outcome = Self::act(&self.surveys, &survey.survey_id, sitting.meta.clone(), decide).await?;
        let receipt = Some(receipt(name(&survey.survey_id), &outcome));
        Ok(Response::new(hq::RecordSurveyResponse { receipt }))
    }

    async fn retract_survey(
        &self,
        request: Request<hq::RetractSurveyRequest>,
    ) -> Result<Response<hq::RetractSurveyResponse>, Status> {
        let sitting = self.of_hq(request, |m| (&m.request_id, &m.etag))?;
        let command = &sitting.command;
        let decide = |survey: &Survey| survey.decide_retract(command, sitting.by());
        let outcome = Self::act(&self.surveys, &command.survey_id, sitting.meta.clone(), decide).await?;
        let receipt = Some(receipt(name(&command.survey_id), &outcome));
        Ok(Response::new(hq::RetractSurveyResponse { receipt }))
    }

    async fn list_surveys(
        &self,
        request: Request<hq::ListSurveysRequest>,
    ) -> Result<Response<hq::ListSurveysResponse>, Status> {
        let q = question(request)?;
        let filter = Filter { org_unit: &q.org_unit, ..Filter::default() };
        let (surveys, next_page_token) =
            self.page::<Survey>(&filter, q.page_size, &q.page_token, q.at_least).await?;
        Ok(Response::new(hq::ListSurveysResponse { surveys, next_page_token }))
    }
}

/// Resource name.
fn name(survey_id: &str) -> String {
    format!("surveys/{survey_id}")
}
