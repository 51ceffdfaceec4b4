//! `AlertService`.

use super::{Casebook, Sitting, broken, remembered, well_formed_id};
use crate::alert::{Alert, AlertEvent};
use crate::case::case_no_is_well_formed;
use crate::moment::Moment;
use crate::refusal::Refused;
use crate::views::alerts;
use prost::{Message, Name};
use std::collections::BTreeMap;
use tonic::{Request, Response, Status};
use xiaoan_eventstore::{Decision, OfOthers};
use xiaoan_kernel::{Fact, OrgCode, city_midnight, day_over};
use xiaoan_proto::cases::v1;
use xiaoan_proto::cases::v1::alert_service_server::AlertService;
use xiaoan_proto::core::v1::Receipt;
use xiaoan_rpc::wire;
use xiaoan_rpc::{Check, Page, command_status, errors, receipt, store_status};

impl Casebook {
    async fn change_alert<M: Message + Name>(
        &self,
        sitting: &Sitting,
        (alert_id, request_id, etag): (&str, &str, &str),
        message: &M,
        decide: impl Fn(&Alert, &Moment<'_>) -> Result<Vec<Fact<AlertEvent>>, Refused>,
    ) -> Result<Option<Receipt>, Status> {
        well_formed_id("alert_id", alert_id)?;
        let meta = self.meta(sitting, request_id, message, etag)?;
        let decide = |alert: &Alert, _| {
            sitting.may_write(alert.unit())?;
            decide(alert, &sitting.moment()).map(Decision::from)
        };
        let outcome = self.alerts.execute(alert_id, meta, decide).await.map_err(command_status)?;
        Ok(Some(receipt(format!("alerts/{alert_id}"), &outcome)))
    }

    /// A step of the unit that deals with the alert.
    async fn step_alert<M: Message + Name>(
        &self,
        sitting: &Sitting,
        (alert_id, request_id, etag): (&str, &str, &str),
        message: &M,
        decide: impl Fn(&Alert, &Moment<'_>) -> Result<Vec<Fact<AlertEvent>>, Refused>,
    ) -> Result<Option<Receipt>, Status> {
        well_formed_id("alert_id", alert_id)?;
        let meta = self.meta(sitting, request_id, message, etag)?;
        let decide = |alert: &Alert, _| {
            sitting.may_write(alert.handler())?;
            decide(alert, &sitting.moment()).map(Decision::from)
        };
        let outcome = self.alerts.execute(alert_id, meta, decide).await.map_err(command_status)?;
        Ok(Some(receipt(format!("alerts/{alert_id}"), &outcome)))
    }

    /// An earlier alert from the same place within ten minutes, as far as the view has come: it is only a remark.
    async fn nearby(&self, message: &v1::ReceiveAlertRequest) -> Result<Option<String>, Status> {
        match message.received_at.as_ref().and_then(xiaoan_proto::instant) {
            Some(at) => alerts::nearby(self.store.pool(), &message.place, at).await.map_err(broken),
            None => Ok(None),
        }
    }
}

#[tonic::async_trait]
impl AlertService for Casebook {
    async fn receive_alert(
        &self,
        request: Request<v1::ReceiveAlertRequest>,
    ) -> Result<Response<v1::ReceiveAlertResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let meta = self.meta(&sitting, &m.request_id, &m, "")?;
        let unit = OrgCode::parse(&m.org_unit).ok();
        let alert_id = if m.alert_id.is_empty() { meta.request.id.to_string() } else { m.alert_id.clone() };
        well_formed_id("alert_id", &alert_id)?;
        let promising = unit.is_some_and(|unit| sitting.writes_for(unit))
            && !Alert::remarks_on_receiving(&m, None, &sitting.moment()).reject();
        let (nearby, mut sealed) = if promising {
            (self.nearby(&m).await?, self.seal(meta.request.id, "caller", m.caller.as_slice()).await?)
        } else {
            (None, Vec::new())
        };
        let caller = sealed.pop();
        let decide = |alert: &Alert, _| {
            let at = sitting.moment();
            let warnings = Alert::remarks_on_receiving(&m, nearby.as_deref(), &at).refuse()?;
            sitting.may_write(unit)?;
            let facts = alert.decide_receive(&m, &alert_id, caller.clone(), &at)?;
            let findings = warnings.iter().map(|remark| wire(&remark.finding())).collect();
            let answer = v1::ReceiveAlertResponse { receipt: None, findings };
            Ok(Decision { facts, response: answer.encode_to_vec() })
        };
        let outcome =
            self.alerts.execute::<Refused, _>(&alert_id, meta, decide).await.map_err(command_status)?;
        let mut answer: v1::ReceiveAlertResponse = remembered(&outcome.appended.response)?;
        answer.receipt = Some(receipt(format!("alerts/{alert_id}"), &outcome));
        Ok(Response::new(answer))
    }

    async fn dispose_alert(
        &self,
        request: Request<v1::DisposeAlertRequest>,
    ) -> Result<Response<v1::DisposeAlertResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let case_exists = case_no_is_well_formed(&m.case_no)
            && self.cases.load(&m.case_no).await.map_err(|e| store_status(&e))?.version > 0;
        let receipt = self
            .change_alert(&sitting, (&m.alert_id, &m.request_id, &m.etag), &m, |alert, at| {
                alert.decide_dispose(&m, case_exists, at)
            })
            .await?;
        Ok(Response::new(v1::DisposeAlertResponse { receipt }))
    }

    async fn mark_alert_duplicate(
        &self,
        request: Request<v1::MarkAlertDuplicateRequest>,
    ) -> Result<Response<v1::MarkAlertDuplicateResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        well_formed_id("alert_id", &m.alert_id)?;
        well_formed_id("duplicate_of", &m.duplicate_of)?;
        let meta = self.meta(&sitting, &m.request_id, &m, &m.etag)?;
        let of = if m.duplicate_of == m.alert_id { vec![] } else { vec![m.duplicate_of.clone()] };
        let decide = |alert: &Alert, originals: &BTreeMap<String, Alert>| {
            sitting.may_write(alert.unit())?;
            let original = originals.get(&m.duplicate_of).cloned().unwrap_or_default();
            let facts = alert.decide_mark_duplicate(&m, &original, &sitting.moment())?;
            // The original gets no facts: it is only checked that it is still no duplicate itself.
            Ok((facts.into(), OfOthers::<Alert>::new()))
        };
        let outcome = self
            .alerts
            .execute_across::<_, Refused>(&m.alert_id, &self.alerts, |_| of.clone(), &meta, decide)
            .await
            .map_err(command_status)?;
        let receipt = Some(receipt(format!("alerts/{}", m.alert_id), &outcome));
        Ok(Response::new(v1::MarkAlertDuplicateResponse { receipt }))
    }

    async fn dispatch_alert(
        &self,
        request: Request<v1::DispatchAlertRequest>,
    ) -> Result<Response<v1::DispatchAlertResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let receipt = self
            .change_alert(&sitting, (&m.alert_id, &m.request_id, &m.etag), &m, |alert, at| {
                alert.decide_dispatch(&m, at)
            })
            .await?;
        Ok(Response::new(v1::DispatchAlertResponse { receipt }))
    }

    async fn acknowledge_dispatch(
        &self,
        request: Request<v1::AcknowledgeDispatchRequest>,
    ) -> Result<Response<v1::AcknowledgeDispatchResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let receipt = self
            .step_alert(&sitting, (&m.alert_id, &m.request_id, &m.etag), &m, |alert, at| {
                alert.decide_acknowledge(&m, at)
            })
            .await?;
        Ok(Response::new(v1::AcknowledgeDispatchResponse { receipt }))
    }

    async fn set_out(
        &self,
        request: Request<v1::SetOutRequest>,
    ) -> Result<Response<v1::SetOutResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let receipt = self
            .step_alert(&sitting, (&m.alert_id, &m.request_id, &m.etag), &m, |alert, at| {
                alert.decide_set_out(&m, at)
            })
            .await?;
        Ok(Response::new(v1::SetOutResponse { receipt }))
    }

    async fn arrive(
        &self,
        request: Request<v1::ArriveRequest>,
    ) -> Result<Response<v1::ArriveResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let receipt = self
            .step_alert(&sitting, (&m.alert_id, &m.request_id, &m.etag), &m, |alert, at| {
                alert.decide_arrive(&m, at)
            })
            .await?;
        Ok(Response::new(v1::ArriveResponse { receipt }))
    }

    async fn resolve_alert(
        &self,
        request: Request<v1::ResolveAlertRequest>,
    ) -> Result<Response<v1::ResolveAlertResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let receipt = self
            .step_alert(&sitting, (&m.alert_id, &m.request_id, &m.etag), &m, |alert, at| {
                alert.decide_resolve(&m, at)
            })
            .await?;
        Ok(Response::new(v1::ResolveAlertResponse { receipt }))
    }

    async fn override_disposition(
        &self,
        request: Request<v1::OverrideDispositionRequest>,
    ) -> Result<Response<v1::OverrideDispositionResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let receipt = self
            .change_alert(&sitting, (&m.alert_id, &m.request_id, &m.etag), &m, |alert, at| {
                alert.decide_override(&m, at)
            })
            .await?;
        Ok(Response::new(v1::OverrideDispositionResponse { receipt }))
    }

    async fn get_alert(
        &self,
        request: Request<v1::GetAlertRequest>,
    ) -> Result<Response<v1::GetAlertResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        well_formed_id("alert_id", &m.alert_id)?;
        self.at_least(m.at_least).await?;
        let found = alerts::find(self.store.pool(), &m.alert_id).await.map_err(broken)?;
        let alert = found.ok_or_else(|| errors::not_found(&format!("alerts/{}", m.alert_id)))?;
        sitting.may_read(&alert.org_unit)?;
        Ok(Response::new(v1::GetAlertResponse { alert: Some(alert) }))
    }

    async fn list_alerts(
        &self,
        request: Request<v1::ListAlertsRequest>,
    ) -> Result<Response<v1::ListAlertsResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let mut check = Check::new();
        let from = check.optional_day("from", m.from);
        let to = check.optional_day("to", m.to);
        let state = v1::AlertState::try_from(m.state).ok();
        check.ensure(
            state.is_some(),
            "GE-006",
            "state",
            "状态不在规定取值之内",
            "this is no state of an alert",
        );
        let (from, to, state) = check.finish((from, to, state))?;
        let units = sitting.subtree(&m.org_unit)?;
        let spelled = format!("alerts {} {} {from:?} {to:?}", m.org_unit, m.state);
        let page = Page::of(m.page_size, &m.page_token, &spelled)?;
        self.at_least(m.at_least).await?;
        let filter =
            alerts::Filter { units, state, from: from.map(city_midnight), until: to.and_then(day_over) };
        let (found, next) = alerts::list(self.store.pool(), &filter, &page).await.map_err(broken)?;
        let next_page_token = Page::token(next.as_ref(), &spelled);
        Ok(Response::new(v1::ListAlertsResponse { alerts: found, next_page_token }))
    }
}
