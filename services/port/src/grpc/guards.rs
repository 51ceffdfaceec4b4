//! `GuardService`.

use super::queries::{Asked, Listed};
use super::sitting::OFFICERS;
use super::{Port, Sitting, Target, given_id, plain, remembered};
use crate::guard::{Guard, GuardEvent};
use crate::moment::Moment;
use crate::refusal::Refused;
use prost::{Message, Name};
use tonic::{Request, Response, Status};
use xiaoan_eventstore::Decision;
use xiaoan_kernel::{Aggregate, Fact};
use xiaoan_proto::core::v1::Receipt;
use xiaoan_proto::port::v1;
use xiaoan_proto::port::v1::guard_service_server::GuardService;
use xiaoan_rpc::receipt;

impl Port {
    async fn change_guard<M: Message + Name>(
        &self,
        sitting: &Sitting,
        (guard_id, request_id, etag): (&str, &str, &str),
        message: &M,
        decide: impl Fn(&Guard, &Moment<'_>) -> Result<Vec<Fact<GuardEvent>>, Refused>,
    ) -> Result<Option<Receipt>, Status> {
        let meta = self.meta(sitting, request_id, message, etag)?;
        let target = self.guard(guard_id);
        let outcome = self.change(sitting, &target, meta, |state, at| plain(decide(state, at))).await?;
        Ok(Some(receipt(format!("guards/{guard_id}"), &outcome)))
    }

    fn guard<'t>(&'t self, id: &'t str) -> Target<'t, Guard> {
        Target { repository: &self.guards, field: "guard_id", id, unit: Guard::unit, roles: OFFICERS }
    }
}

fn asked(id: &str) -> Asked<'_> {
    Asked { collection: "guards", field: "guard_id", id, roles: OFFICERS }
}

#[tonic::async_trait]
impl GuardService for Port {
    async fn register_guard(
        &self,
        request: Request<v1::RegisterGuardRequest>,
    ) -> Result<Response<v1::RegisterGuardResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let meta = self.meta(&sitting, &m.request_id, &m, "")?;
        let guard_id = given_id(&m.guard_id, &meta);
        let unit = Self::unit_of(&m.org_unit);
        let promising = unit.is_some_and(|unit| sitting.writes_for(OFFICERS, unit))
            && !Guard::remarks_on_registration(&m, &sitting.moment()).reject();
        let mut sealed = match (&m.person, promising) {
            (Some(person), true) => self.seal(meta.request.id, "person", &[person]).await?,
            _ => Vec::new(),
        };
        let person = sealed.pop();
        let decide = |guard: &Guard, at: &Moment<'_>| {
            Guard::remarks_on_registration(&m, at).refuse()?;
            sitting.may_write(OFFICERS, unit)?;
            let facts = guard.decide_register(&m, &guard_id, person.clone(), at)?;
            let answer = v1::RegisterGuardResponse { receipt: None, guard_id: guard_id.clone() };
            Ok(Decision { facts, response: answer.encode_to_vec() })
        };
        let outcome = self.change(&sitting, &self.guard(&guard_id), meta, decide).await?;
        let mut answer: v1::RegisterGuardResponse = remembered(&outcome.appended.response)?;
        answer.receipt = Some(receipt(format!("guards/{}", answer.guard_id), &outcome));
        Ok(Response::new(answer))
    }

    async fn record_guard_training(
        &self,
        request: Request<v1::RecordGuardTrainingRequest>,
    ) -> Result<Response<v1::RecordGuardTrainingResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let command = (m.guard_id.as_str(), m.request_id.as_str(), m.etag.as_str());
        let receipt = self.change_guard(&sitting, command, &m, |g, at| g.decide_train(&m, at)).await?;
        Ok(Response::new(v1::RecordGuardTrainingResponse { receipt }))
    }

    async fn record_guard_test(
        &self,
        request: Request<v1::RecordGuardTestRequest>,
    ) -> Result<Response<v1::RecordGuardTestResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let command = (m.guard_id.as_str(), m.request_id.as_str(), m.etag.as_str());
        let receipt = self.change_guard(&sitting, command, &m, |g, at| g.decide_test(&m, at)).await?;
        Ok(Response::new(v1::RecordGuardTestResponse { receipt }))
    }

    async fn authorise_guard(
        &self,
        request: Request<v1::AuthoriseGuardRequest>,
    ) -> Result<Response<v1::AuthoriseGuardResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let command = (m.guard_id.as_str(), m.request_id.as_str(), m.etag.as_str());
        let receipt = self.change_guard(&sitting, command, &m, |g, at| g.decide_authorise(&m, at)).await?;
        Ok(Response::new(v1::AuthoriseGuardResponse { receipt }))
    }

    async fn end_guard_authority(
        &self,
        request: Request<v1::EndGuardAuthorityRequest>,
    ) -> Result<Response<v1::EndGuardAuthorityResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let command = (m.guard_id.as_str(), m.request_id.as_str(), m.etag.as_str());
        let receipt = self.change_guard(&sitting, command, &m, |g, at| g.decide_end(&m, at)).await?;
        Ok(Response::new(v1::EndGuardAuthorityResponse { receipt }))
    }

    async fn get_guard(
        &self,
        request: Request<v1::GetGuardRequest>,
    ) -> Result<Response<v1::GetGuardResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let shown = self.get(&sitting, &asked(&m.guard_id), m.at_least).await?;
        Ok(Response::new(v1::GetGuardResponse { guard: Some(shown) }))
    }

    async fn list_guards(
        &self,
        request: Request<v1::ListGuardsRequest>,
    ) -> Result<Response<v1::ListGuardsResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let listed = Listed {
            org_unit: &m.org_unit,
            from: None,
            to: None,
            state: 0,
            facet: 0,
            authorised_on: m.authorised_on,
            page_size: m.page_size,
            page_token: &m.page_token,
            at_least: m.at_least,
            roles: OFFICERS,
        };
        let (guards, next_page_token) = self.list(&sitting, &listed).await?;
        Ok(Response::new(v1::ListGuardsResponse { guards, next_page_token }))
    }

    async fn get_guard_history(
        &self,
        request: Request<v1::GetGuardHistoryRequest>,
    ) -> Result<Response<v1::GetGuardHistoryResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let page = (m.page_size, m.page_token.as_str());
        let (entries, next_page_token) =
            self.history(&sitting, Guard::KIND, &asked(&m.guard_id), page).await?;
        Ok(Response::new(v1::GetGuardHistoryResponse { entries, next_page_token }))
    }
}
