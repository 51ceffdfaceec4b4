//! `IncidentService`.

use super::queries::{Asked, Listed};
use super::sitting::OFFICERS;
use super::{Port, Sitting, Target, given_id, plain, remembered};
use crate::incident::{Incident, IncidentEvent};
use crate::moment::Moment;
use crate::refusal::Refused;
use prost::{Message, Name};
use std::collections::BTreeMap;
use tonic::{Request, Response, Status, Streaming};
use xiaoan_eventstore::{Decision, OfOthers};
use xiaoan_kernel::{Aggregate, Fact};
use xiaoan_proto::core::v1::Receipt;
use xiaoan_proto::port::v1;
use xiaoan_proto::port::v1::incident_service_server::IncidentService;
use xiaoan_rpc::{command_status, receipt};

impl Port {
    async fn change_incident<M: Message + Name>(
        &self,
        sitting: &Sitting,
        (incident_id, request_id, etag): (&str, &str, &str),
        message: &M,
        decide: impl Fn(&Incident, &Moment<'_>) -> Result<Vec<Fact<IncidentEvent>>, Refused>,
    ) -> Result<Option<Receipt>, Status> {
        let meta = self.meta(sitting, request_id, message, etag)?;
        let target = self.incident(incident_id);
        let outcome = self.change(sitting, &target, meta, |state, at| plain(decide(state, at))).await?;
        Ok(Some(receipt(format!("incidents/{incident_id}"), &outcome)))
    }

    fn incident<'t>(&'t self, id: &'t str) -> Target<'t, Incident> {
        Target {
            repository: &self.incidents,
            field: "incident_id",
            id,
            unit: Incident::unit,
            roles: OFFICERS,
        }
    }
}

fn asked(id: &str) -> Asked<'_> {
    Asked { collection: "incidents", field: "incident_id", id, roles: OFFICERS }
}

#[tonic::async_trait]
impl IncidentService for Port {
    async fn report_incident(
        &self,
        request: Request<v1::ReportIncidentRequest>,
    ) -> Result<Response<v1::ReportIncidentResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let meta = self.meta(&sitting, &m.request_id, &m, "")?;
        let incident_id = given_id(&m.incident_id, &meta);
        let unit = Self::unit_of(&m.org_unit);
        let promising = unit.is_some_and(|unit| sitting.writes_for(OFFICERS, unit))
            && !Incident::remarks_on_report(&m, &sitting.moment()).reject();
        let mut sealed = match (&m.reporter, promising) {
            (Some(reporter), true) => self.seal(meta.request.id, "reporter", &[reporter]).await?,
            _ => Vec::new(),
        };
        let reporter = sealed.pop();
        let decide = |incident: &Incident, at: &Moment<'_>| {
            Incident::remarks_on_report(&m, at).refuse()?;
            sitting.may_write(OFFICERS, unit)?;
            let facts = incident.decide_report(&m, &incident_id, reporter.clone(), None, at)?;
            let answer = v1::ReportIncidentResponse { receipt: None, incident_id: incident_id.clone() };
            Ok(Decision { facts, response: answer.encode_to_vec() })
        };
        let outcome = self.change(&sitting, &self.incident(&incident_id), meta, decide).await?;
        let mut answer: v1::ReportIncidentResponse = remembered(&outcome.appended.response)?;
        answer.receipt = Some(receipt(format!("incidents/{}", answer.incident_id), &outcome));
        Ok(Response::new(answer))
    }

    async fn classify_incident(
        &self,
        request: Request<v1::ClassifyIncidentRequest>,
    ) -> Result<Response<v1::ClassifyIncidentResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let command = (m.incident_id.as_str(), m.request_id.as_str(), m.etag.as_str());
        let receipt = self.change_incident(&sitting, command, &m, |i, at| i.decide_classify(&m, at)).await?;
        Ok(Response::new(v1::ClassifyIncidentResponse { receipt }))
    }

    async fn dispatch_incident(
        &self,
        request: Request<v1::DispatchIncidentRequest>,
    ) -> Result<Response<v1::DispatchIncidentResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let command = (m.incident_id.as_str(), m.request_id.as_str(), m.etag.as_str());
        let receipt = self.change_incident(&sitting, command, &m, |i, at| i.decide_dispatch(&m, at)).await?;
        Ok(Response::new(v1::DispatchIncidentResponse { receipt }))
    }

    async fn arrive_at_incident(
        &self,
        request: Request<v1::ArriveAtIncidentRequest>,
    ) -> Result<Response<v1::ArriveAtIncidentResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let command = (m.incident_id.as_str(), m.request_id.as_str(), m.etag.as_str());
        let receipt = self.change_incident(&sitting, command, &m, |i, at| i.decide_arrive(&m, at)).await?;
        Ok(Response::new(v1::ArriveAtIncidentResponse { receipt }))
    }

    async fn control_incident(
        &self,
        request: Request<v1::ControlIncidentRequest>,
    ) -> Result<Response<v1::ControlIncidentResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let command = (m.incident_id.as_str(), m.request_id.as_str(), m.etag.as_str());
        let receipt = self.change_incident(&sitting, command, &m, |i, at| i.decide_control(&m, at)).await?;
        Ok(Response::new(v1::ControlIncidentResponse { receipt }))
    }

    async fn restore_incident(
        &self,
        request: Request<v1::RestoreIncidentRequest>,
    ) -> Result<Response<v1::RestoreIncidentResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let command = (m.incident_id.as_str(), m.request_id.as_str(), m.etag.as_str());
        let receipt = self.change_incident(&sitting, command, &m, |i, at| i.decide_restore(&m, at)).await?;
        Ok(Response::new(v1::RestoreIncidentResponse { receipt }))
    }

    async fn refer_incident(
        &self,
        request: Request<v1::ReferIncidentRequest>,
    ) -> Result<Response<v1::ReferIncidentResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let command = (m.incident_id.as_str(), m.request_id.as_str(), m.etag.as_str());
        let receipt = self.change_incident(&sitting, command, &m, |i, at| i.decide_refer(&m, at)).await?;
        Ok(Response::new(v1::ReferIncidentResponse { receipt }))
    }

    async fn close_incident(
        &self,
        request: Request<v1::CloseIncidentRequest>,
    ) -> Result<Response<v1::CloseIncidentResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let command = (m.incident_id.as_str(), m.request_id.as_str(), m.etag.as_str());
        let receipt = self.change_incident(&sitting, command, &m, |i, at| i.decide_close(&m, at)).await?;
        Ok(Response::new(v1::CloseIncidentResponse { receipt }))
    }

    async fn withdraw_incident(
        &self,
        request: Request<v1::WithdrawIncidentRequest>,
    ) -> Result<Response<v1::WithdrawIncidentResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        super::well_formed_id("incident_id", &m.incident_id)?;
        let meta = self.meta(&sitting, &m.request_id, &m, &m.etag)?;
        let original = Some(&m.duplicate_of).filter(|id| !id.is_empty() && **id != m.incident_id);
        if let Some(id) = original {
            super::well_formed_id("duplicate_of", id)?;
        }
        let decide = |incident: &Incident, originals: &BTreeMap<String, Incident>| {
            sitting.may_write(OFFICERS, incident.unit())?;
            let original = originals.get(&m.duplicate_of);
            let facts = incident.decide_withdraw(&m, original, &sitting.moment())?;
            // The original gets no facts: it is only checked that it still stands.
            Ok((Decision::from(facts), OfOthers::<Incident>::new()))
        };
        let outcome = self
            .incidents
            .execute_across::<_, Refused>(
                &m.incident_id,
                &self.incidents,
                |_| original.cloned().into_iter().collect(),
                &meta,
                decide,
            )
            .await
            .map_err(command_status)?;
        let receipt = Some(receipt(format!("incidents/{}", m.incident_id), &outcome));
        Ok(Response::new(v1::WithdrawIncidentResponse { receipt }))
    }

    async fn import_incidents(
        &self,
        request: Request<Streaming<v1::ImportIncidentsRequest>>,
    ) -> Result<Response<v1::ImportIncidentsResponse>, Status> {
        let (sitting, stream) = self.enter(request)?;
        self.import(&sitting, stream).await.map(Response::new)
    }

    async fn get_incident(
        &self,
        request: Request<v1::GetIncidentRequest>,
    ) -> Result<Response<v1::GetIncidentResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let shown = self.get(&sitting, &asked(&m.incident_id), m.at_least).await?;
        Ok(Response::new(v1::GetIncidentResponse { incident: Some(shown) }))
    }

    async fn list_incidents(
        &self,
        request: Request<v1::ListIncidentsRequest>,
    ) -> Result<Response<v1::ListIncidentsResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        Self::known_choice::<v1::IncidentState>("state", m.state)?;
        Self::known_choice::<v1::IncidentKind>("kind", m.kind)?;
        let listed = Listed {
            org_unit: &m.org_unit,
            from: m.from,
            to: m.to,
            state: m.state,
            facet: m.kind,
            authorised_on: None,
            page_size: m.page_size,
            page_token: &m.page_token,
            at_least: m.at_least,
            roles: OFFICERS,
        };
        let (incidents, next_page_token) = self.list(&sitting, &listed).await?;
        Ok(Response::new(v1::ListIncidentsResponse { incidents, next_page_token }))
    }

    async fn get_incident_history(
        &self,
        request: Request<v1::GetIncidentHistoryRequest>,
    ) -> Result<Response<v1::GetIncidentHistoryResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let page = (m.page_size, m.page_token.as_str());
        let (entries, next_page_token) =
            self.history(&sitting, Incident::KIND, &asked(&m.incident_id), page).await?;
        Ok(Response::new(v1::GetIncidentHistoryResponse { entries, next_page_token }))
    }
}
