//! `AccidentService`.

use super::queries::{Asked, Listed};
use super::sitting::{OFFICERS, OFFICERS_ALONE, OFFICERS_AND_GUARDS};
use super::{Port, Sitting, Target, broken, given_id, plain, remembered};
use crate::accident::{Accident, AccidentEvent, check_track};
use crate::moment::Moment;
use crate::refusal::{Reason, Refused};
use crate::views::is_guard;
use prost::{Message, Name};
use tonic::{Request, Response, Status};
use xiaoan_eventstore::{Decision, Outcome};
use xiaoan_kernel::{Aggregate, Fact};
use xiaoan_proto::core::v1::SealedPerson;
use xiaoan_proto::port::v1;
use xiaoan_proto::port::v1::accident_service_server::AccidentService;
use xiaoan_rpc::{Check, Role, receipt, refusal_status, store_status};

impl Port {
    async fn change_accident<M: Message + Name>(
        &self,
        sitting: &Sitting,
        (accident_id, request_id, etag): (&str, &str, &str),
        roles: &'static [Role],
        message: &M,
        decide: impl Fn(&Accident, &Moment<'_>) -> Result<Decision<AccidentEvent>, Refused>,
    ) -> Result<Outcome, Status> {
        let meta = self.meta(sitting, request_id, message, etag)?;
        self.change(sitting, &self.accident(accident_id, roles), meta, decide).await
    }

    fn accident<'t>(&'t self, id: &'t str, roles: &'static [Role]) -> Target<'t, Accident> {
        Target { repository: &self.accidents, field: "accident_id", id, unit: Accident::unit, roles }
    }

    /// The persons of the parties, sealed, in the order of the parties.
    async fn seal_parties(
        &self,
        request: xiaoan_kernel::RequestId,
        parties: &[v1::PartyInput],
    ) -> Result<Vec<Option<SealedPerson>>, Status> {
        let stated: Vec<_> = parties.iter().filter_map(|party| party.person.as_ref()).collect();
        let mut sealed = self.seal(request, "parties", &stated).await?.into_iter();
        Ok(parties.iter().map(|party| party.person.as_ref().and_then(|_| sealed.next())).collect())
    }
}

fn asked(id: &str) -> Asked<'_> {
    Asked { collection: "accidents", field: "accident_id", id, roles: OFFICERS_AND_GUARDS }
}

/// Facts that may change the track, with the track after them as the answer to remember.
fn with_track(
    accident: &Accident,
    facts: Result<Vec<Fact<AccidentEvent>>, Refused>,
) -> Result<Decision<AccidentEvent>, Refused> {
    let facts = facts?;
    let decision = accident.decision_after(&facts);
    let response = v1::AmendAccidentFactsResponse { receipt: None, decision }.encode_to_vec();
    Ok(Decision { facts, response })
}

#[tonic::async_trait]
impl AccidentService for Port {
    async fn report_accident(
        &self,
        request: Request<v1::ReportAccidentRequest>,
    ) -> Result<Response<v1::ReportAccidentResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let meta = self.meta(&sitting, &m.request_id, &m, "")?;
        let accident_id = given_id(&m.accident_id, &meta);
        let unit = Self::unit_of(&m.org_unit);
        let promising = unit.is_some_and(|unit| sitting.writes_for(OFFICERS_AND_GUARDS, unit))
            && !Accident::remarks_on_report(&m, &sitting.moment()).reject();
        let persons =
            if promising { self.seal_parties(meta.request.id, &m.parties).await? } else { Vec::new() };
        let incident_exists = promising
            && !m.incident_id.is_empty()
            && self.incidents.load(&m.incident_id).await.map_err(|e| store_status(&e))?.version > 0;
        let decide = |accident: &Accident, at: &Moment<'_>| {
            Accident::remarks_on_report(&m, at).refuse()?;
            sitting.may_write(OFFICERS_AND_GUARDS, unit)?;
            let facts = accident.decide_report(&m, &accident_id, &persons, incident_exists, at)?;
            let decision = accident.decision_after(&facts);
            let accident_id = accident_id.clone();
            let answer = v1::ReportAccidentResponse { receipt: None, accident_id, decision };
            Ok(Decision { facts, response: answer.encode_to_vec() })
        };
        let target = self.accident(&accident_id, OFFICERS_AND_GUARDS);
        let outcome = self.change(&sitting, &target, meta, decide).await?;
        let mut answer: v1::ReportAccidentResponse = remembered(&outcome.appended.response)?;
        answer.receipt = Some(receipt(format!("accidents/{}", answer.accident_id), &outcome));
        Ok(Response::new(answer))
    }

    async fn amend_accident_facts(
        &self,
        request: Request<v1::AmendAccidentFactsRequest>,
    ) -> Result<Response<v1::AmendAccidentFactsResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let command = (m.accident_id.as_str(), m.request_id.as_str(), m.etag.as_str());
        let outcome = self
            .change_accident(&sitting, command, OFFICERS_AND_GUARDS, &m, |a, at| {
                with_track(a, a.decide_amend(&m, at))
            })
            .await?;
        let answer: v1::AmendAccidentFactsResponse = remembered(&outcome.appended.response)?;
        let receipt = Some(receipt(format!("accidents/{}", m.accident_id), &outcome));
        Ok(Response::new(v1::AmendAccidentFactsResponse { receipt, decision: answer.decision }))
    }

    async fn request_officer(
        &self,
        request: Request<v1::RequestOfficerRequest>,
    ) -> Result<Response<v1::RequestOfficerResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let command = (m.accident_id.as_str(), m.request_id.as_str(), m.etag.as_str());
        let outcome = self
            .change_accident(&sitting, command, OFFICERS_AND_GUARDS, &m, |a, at| {
                with_track(a, a.decide_request_officer(&m, at))
            })
            .await?;
        let answer: v1::AmendAccidentFactsResponse = remembered(&outcome.appended.response)?;
        let receipt = Some(receipt(format!("accidents/{}", m.accident_id), &outcome));
        Ok(Response::new(v1::RequestOfficerResponse { receipt, decision: answer.decision }))
    }

    async fn assign_accident_officers(
        &self,
        request: Request<v1::AssignAccidentOfficersRequest>,
    ) -> Result<Response<v1::AssignAccidentOfficersResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let command = (m.accident_id.as_str(), m.request_id.as_str(), m.etag.as_str());
        let outcome = self
            .change_accident(&sitting, command, OFFICERS, &m, |a, at| plain(a.decide_assign(&m, at)))
            .await?;
        let receipt = Some(receipt(format!("accidents/{}", m.accident_id), &outcome));
        Ok(Response::new(v1::AssignAccidentOfficersResponse { receipt }))
    }

    async fn fix_evidence(
        &self,
        request: Request<v1::FixEvidenceRequest>,
    ) -> Result<Response<v1::FixEvidenceResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let command = (m.accident_id.as_str(), m.request_id.as_str(), m.etag.as_str());
        let outcome = self
            .change_accident(&sitting, command, OFFICERS_AND_GUARDS, &m, |a, at| {
                plain(a.decide_fix_evidence(&m, at))
            })
            .await?;
        let receipt = Some(receipt(format!("accidents/{}", m.accident_id), &outcome));
        Ok(Response::new(v1::FixEvidenceResponse { receipt }))
    }

    async fn clear_scene(
        &self,
        request: Request<v1::ClearSceneRequest>,
    ) -> Result<Response<v1::ClearSceneResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let command = (m.accident_id.as_str(), m.request_id.as_str(), m.etag.as_str());
        let outcome = self
            .change_accident(&sitting, command, OFFICERS_AND_GUARDS, &m, |a, at| {
                plain(a.decide_clear(&m, at))
            })
            .await?;
        let receipt = Some(receipt(format!("accidents/{}", m.accident_id), &outcome));
        Ok(Response::new(v1::ClearSceneResponse { receipt }))
    }

    async fn sign_settlement(
        &self,
        request: Request<v1::SignSettlementRequest>,
    ) -> Result<Response<v1::SignSettlementResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let receipt = Some(self.settle(&sitting, &m).await?);
        Ok(Response::new(v1::SignSettlementResponse { receipt }))
    }

    async fn issue_certificate(
        &self,
        request: Request<v1::IssueCertificateRequest>,
    ) -> Result<Response<v1::IssueCertificateResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        // Before anything else is looked at, the unit included: a guard never does this, whatever the token says.
        let account = &sitting.caller.subject;
        if sitting.moment().guard || is_guard(self.store.pool(), account).await.map_err(broken)? {
            return Err(refusal_status(&Refused::from(Reason::GuardIssuedCertificate)));
        }
        let command = (m.accident_id.as_str(), m.request_id.as_str(), m.etag.as_str());
        let outcome = self
            .change_accident(&sitting, command, OFFICERS_ALONE, &m, |a, at| plain(a.decide_certify(&m, at)))
            .await?;
        let receipt = Some(receipt(format!("accidents/{}", m.accident_id), &outcome));
        Ok(Response::new(v1::IssueCertificateResponse { receipt }))
    }

    async fn close_accident(
        &self,
        request: Request<v1::CloseAccidentRequest>,
    ) -> Result<Response<v1::CloseAccidentResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let command = (m.accident_id.as_str(), m.request_id.as_str(), m.etag.as_str());
        let outcome = self
            .change_accident(&sitting, command, OFFICERS, &m, |a, at| plain(a.decide_close(&m, at)))
            .await?;
        let receipt = Some(receipt(format!("accidents/{}", m.accident_id), &outcome));
        Ok(Response::new(v1::CloseAccidentResponse { receipt }))
    }

    async fn check_track(
        &self,
        request: Request<v1::CheckTrackRequest>,
    ) -> Result<Response<v1::CheckTrackResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        sitting.caller.require_any(&Role::ALL)?;
        let mut check = Check::new();
        let on = check.optional_day("on", m.on);
        let (on, ()) = check.finish((on, Some(())))?;
        let on = on.unwrap_or_else(|| sitting.today());
        let decision = check_track(m.facts.as_ref(), &m.parties, on, &sitting.moment())
            .map_err(|refused| refusal_status(&refused))?;
        Ok(Response::new(v1::CheckTrackResponse { decision: Some(decision) }))
    }

    async fn get_accident(
        &self,
        request: Request<v1::GetAccidentRequest>,
    ) -> Result<Response<v1::GetAccidentResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let shown = self.get(&sitting, &asked(&m.accident_id), m.at_least).await?;
        Ok(Response::new(v1::GetAccidentResponse { accident: Some(shown) }))
    }

    async fn list_accidents(
        &self,
        request: Request<v1::ListAccidentsRequest>,
    ) -> Result<Response<v1::ListAccidentsResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        Self::known_choice::<v1::AccidentState>("state", m.state)?;
        let listed = Listed {
            org_unit: &m.org_unit,
            from: m.from,
            to: m.to,
            state: m.state,
            facet: 0,
            authorised_on: None,
            page_size: m.page_size,
            page_token: &m.page_token,
            at_least: m.at_least,
            roles: OFFICERS_AND_GUARDS,
        };
        let (accidents, next_page_token) = self.list(&sitting, &listed).await?;
        Ok(Response::new(v1::ListAccidentsResponse { accidents, next_page_token }))
    }

    async fn get_accident_history(
        &self,
        request: Request<v1::GetAccidentHistoryRequest>,
    ) -> Result<Response<v1::GetAccidentHistoryResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let page = (m.page_size, m.page_token.as_str());
        let (entries, next_page_token) =
            self.history(&sitting, Accident::KIND, &asked(&m.accident_id), page).await?;
        Ok(Response::new(v1::GetAccidentHistoryResponse { entries, next_page_token }))
    }
}
