//! `PatrolService`.

use super::{About, LEADERS, OFFICERS, Volunteers, broken};
use crate::moment::known;
use crate::patrol::Patrol;
use crate::patrol_rule::PatrolRules;
use crate::reason::{Refused, Remarks};
use crate::views::{Filter, list};
use tonic::{Request, Response, Status};
use xiaoan_eventstore::Decision;
use xiaoan_proto::volunteers::v1;
use xiaoan_proto::volunteers::v1::patrol_service_server::PatrolService;
use xiaoan_rpc::{Check, Page, Role, command_status, receipt, refusal_status};

/// Rules of a city: some versions of a handful.
const MOST_RULES: i32 = 1000;

#[tonic::async_trait]
impl PatrolService for Volunteers {
    async fn publish_patrol_rule(
        &self,
        request: Request<v1::PublishPatrolRuleRequest>,
    ) -> Result<Response<v1::PublishPatrolRuleResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        sitting.caller.require(Role::Hq)?;
        let meta = self.meta(&sitting, &m.request_id, &m, "")?;
        let rule_id = m.rule.as_ref().map_or("", |rule| &rule.rule_id);
        let decide = |rules: &PatrolRules, _| -> Result<_, Refused> {
            rules.decide_publish(&m, sitting.caller.org_unit, &sitting.moment()).map(Decision::from)
        };
        let outcome = self.rules.execute(rule_id, meta, decide).await.map_err(command_status)?;
        let receipt = Some(receipt(format!("patrolRules/{rule_id}"), &outcome));
        Ok(Response::new(v1::PublishPatrolRuleResponse { receipt }))
    }

    /// What headquarters decides is known to all.
    async fn list_patrol_rules(
        &self,
        request: Request<v1::ListPatrolRulesRequest>,
    ) -> Result<Response<v1::ListPatrolRulesResponse>, Status> {
        let (_, m) = self.enter(request)?;
        self.at_least(m.at_least).await?;
        let page = Page { size: usize::try_from(MOST_RULES).unwrap_or_default(), after: None };
        let (found, _) = list::<v1::ListPatrolRulesResponse>(self.store.pool(), &Filter::default(), &page)
            .await
            .map_err(broken)?;
        let rules = found.into_iter().flat_map(|of_one| of_one.rules);
        let rules = rules.filter(|rule| m.rule_id.is_empty() || rule.rule_id == m.rule_id).collect();
        Ok(Response::new(v1::ListPatrolRulesResponse { rules }))
    }

    async fn plan_patrol(
        &self,
        request: Request<v1::PlanPatrolRequest>,
    ) -> Result<Response<v1::PlanPatrolResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let receipt = Some(self.plan(&sitting, &m).await?);
        Ok(Response::new(v1::PlanPatrolResponse { receipt }))
    }

    async fn check_in(
        &self,
        request: Request<v1::CheckInRequest>,
    ) -> Result<Response<v1::CheckInResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let receipt = Some(self.volunteer_in(&sitting, &m).await?);
        Ok(Response::new(v1::CheckInResponse { receipt }))
    }

    async fn check_out(
        &self,
        request: Request<v1::CheckOutRequest>,
    ) -> Result<Response<v1::CheckOutResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        self.volunteer_out(&sitting, &m).await.map(Response::new)
    }

    async fn end_patrol(
        &self,
        request: Request<v1::EndPatrolRequest>,
    ) -> Result<Response<v1::EndPatrolResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        self.end(&sitting, &m).await.map(Response::new)
    }

    async fn extend_patrol(
        &self,
        request: Request<v1::ExtendPatrolRequest>,
    ) -> Result<Response<v1::ExtendPatrolResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let about = About(&m.patrol_id, &m.request_id, &m.etag);
        let receipt = self
            .change((&sitting, LEADERS), &self.patrols, about, &m, |p: &Patrol, at| p.decide_extend(&m, at))
            .await?;
        Ok(Response::new(v1::ExtendPatrolResponse { receipt }))
    }

    async fn cancel_patrol(
        &self,
        request: Request<v1::CancelPatrolRequest>,
    ) -> Result<Response<v1::CancelPatrolResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let about = About(&m.patrol_id, &m.request_id, &m.etag);
        let receipt = self
            .change((&sitting, LEADERS), &self.patrols, about, &m, |p: &Patrol, at| p.decide_cancel(&m, at))
            .await?;
        Ok(Response::new(v1::CancelPatrolResponse { receipt }))
    }

    async fn muster_patrol(
        &self,
        request: Request<v1::MusterPatrolRequest>,
    ) -> Result<Response<v1::MusterPatrolResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let about = About(&m.patrol_id, &m.request_id, &m.etag);
        let receipt = self
            .change((&sitting, LEADERS), &self.patrols, about, &m, |p: &Patrol, at| p.decide_muster(&m, at))
            .await?;
        Ok(Response::new(v1::MusterPatrolResponse { receipt }))
    }

    async fn correct_results(
        &self,
        request: Request<v1::CorrectResultsRequest>,
    ) -> Result<Response<v1::CorrectResultsResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let about = About(&m.patrol_id, &m.request_id, &m.etag);
        let receipt = self
            .change((&sitting, OFFICERS), &self.patrols, about, &m, |p: &Patrol, at| p.decide_correct(&m, at))
            .await?;
        Ok(Response::new(v1::CorrectResultsResponse { receipt }))
    }

    async fn get_patrol(
        &self,
        request: Request<v1::GetPatrolRequest>,
    ) -> Result<Response<v1::GetPatrolResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let patrol = self.one::<Patrol, v1::Patrol>(&sitting, &m.patrol_id, m.at_least).await?;
        Ok(Response::new(v1::GetPatrolResponse { patrol: Some(patrol) }))
    }

    async fn list_patrols(
        &self,
        request: Request<v1::ListPatrolsRequest>,
    ) -> Result<Response<v1::ListPatrolsResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let mut remarks = Remarks::default();
        let _: v1::PatrolState = known(&mut remarks, "state", m.state);
        remarks.refuse().map_err(|refused| refusal_status(&refused))?;
        let mut check = Check::new();
        let (from, to) = (check.optional_day("from", m.from), check.optional_day("to", m.to));
        let (from, to) = check.finish((from, to))?;
        let spelled = format!("patrols {} {} {} {from:?} {to:?}", m.org_unit, m.state, m.squadron_id);
        let filter = Filter {
            units: Some(sitting.subtree(&m.org_unit)?),
            state: m.state,
            squadron_id: m.squadron_id,
            from,
            to,
        };
        let (patrols, next_page_token) =
            self.page(filter, (m.page_size, &m.page_token, &spelled), m.at_least).await?;
        Ok(Response::new(v1::ListPatrolsResponse { patrols, next_page_token }))
    }

    async fn get_patrol_history(
        &self,
        request: Request<v1::GetPatrolHistoryRequest>,
    ) -> Result<Response<v1::GetPatrolHistoryResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let entries = self.history(&sitting, &self.patrols, &m.patrol_id).await?;
        Ok(Response::new(v1::GetPatrolHistoryResponse { entries }))
    }
}
