//! `ReportService`.

use super::{Casebook, Sitting, broken, remembered, well_formed_id};
use crate::alert::Alert;
use crate::moment::Moment;
use crate::refusal::{Reason, Refused};
use crate::report::{Report, ReportEvent};
use crate::views::reports;
use prost::{Message, Name};
use std::collections::BTreeMap;
use tonic::{Request, Response, Status};
use xiaoan_eventstore::Decision;
use xiaoan_kernel::{Fact, OrgCode, city_midnight, day_over};
use xiaoan_proto::cases::v1;
use xiaoan_proto::cases::v1::report_service_server::ReportService;
use xiaoan_proto::core::v1::Receipt;
use xiaoan_rpc::{Check, Page, command_status, errors, receipt};

type Answer<T> = Result<Response<T>, Status>;

impl Casebook {
    async fn change_report<M: Message + Name>(
        &self,
        sitting: &Sitting,
        (report_id, request_id, etag): (&str, &str, &str),
        message: &M,
        decide: impl Fn(&Report, &Moment<'_>) -> Result<Vec<Fact<ReportEvent>>, Refused>,
    ) -> Result<Option<Receipt>, Status> {
        well_formed_id("report_id", report_id)?;
        let meta = self.meta(sitting, request_id, message, etag)?;
        let decide = |report: &Report, _| {
            sitting.may_write(report.unit())?;
            decide(report, &sitting.moment()).map(Decision::from)
        };
        let outcome = self.reports.execute(report_id, meta, decide).await.map_err(command_status)?;
        Ok(Some(receipt(format!("reports/{report_id}"), &outcome)))
    }

    /// Registers a report, and its alert with it.
    async fn register(
        &self,
        sitting: &Sitting,
        m: &v1::RegisterReportRequest,
    ) -> Result<v1::RegisterReportResponse, Status> {
        let meta = self.meta(sitting, &m.request_id, m, "")?;
        let unit = OrgCode::parse(&m.org_unit).ok();
        let report_id =
            if m.report_id.is_empty() { meta.request.id.to_string() } else { m.report_id.clone() };
        well_formed_id("report_id", &report_id)?;
        let promising = unit.is_some_and(|unit| sitting.writes_for(unit))
            && !Report::remarks_on_registering(m, &sitting.moment()).reject();
        let reporter = match (&m.reporter, promising) {
            (Some(reporter), true) => {
                self.seal(meta.request.id, "reporter", std::slice::from_ref(reporter)).await?.pop()
            }
            _ => None,
        };
        let of_alert: Vec<String> =
            Some(m.alert_id.clone()).filter(|id| !id.is_empty()).into_iter().collect();
        let answer = v1::RegisterReportResponse { receipt: None, report_id: report_id.clone() };
        let decide = |report: &Report, alerts: &BTreeMap<String, Alert>| {
            let at = sitting.moment();
            Report::remarks_on_registering(m, &at).refuse()?;
            sitting.may_write(unit)?;
            let (mut late, mut facts_of_alerts) = (false, BTreeMap::new());
            for alert_id in &of_alert {
                let alert = alerts.get(alert_id).ok_or_else(|| Refused::from(Reason::AlertUnknown))?;
                sitting.may_write(alert.handler())?;
                let (facts, after_the_day) =
                    alert.decide_register(&report_id, Report::registration_time(m, &at))?;
                late = after_the_day;
                facts_of_alerts.insert(alert_id.clone(), facts);
            }
            let facts = report.decide_register(m, &report_id, reporter.clone(), late, &at)?;
            Ok((Decision { facts, response: answer.encode_to_vec() }, facts_of_alerts))
        };
        let outcome = self
            .reports
            .execute_across::<_, Refused>(&report_id, &self.alerts, |_| of_alert.clone(), &meta, decide)
            .await
            .map_err(command_status)?;
        let receipt = Some(receipt(format!("reports/{report_id}"), &outcome));
        Ok(v1::RegisterReportResponse { receipt, ..remembered(&outcome.appended.response)? })
    }
}

/// A command on one report: message, what is decided, answer.
macro_rules! change {
    ($self:ident, $request:ident, $decide:ident, $answer:ident) => {{
        let (sitting, m) = $self.enter($request)?;
        let of = (m.report_id.as_str(), m.request_id.as_str(), m.etag.as_str());
        let receipt = $self.change_report(&sitting, of, &m, |report, at| report.$decide(&m, at)).await?;
        Ok(Response::new(v1::$answer { receipt }))
    }};
}

#[tonic::async_trait]
impl ReportService for Casebook {
    async fn register_report(
        &self,
        request: Request<v1::RegisterReportRequest>,
    ) -> Answer<v1::RegisterReportResponse> {
        let (sitting, m) = self.enter(request)?;
        self.register(&sitting, &m).await.map(Response::new)
    }

    async fn issue_receipt(
        &self,
        request: Request<v1::IssueReceiptRequest>,
    ) -> Answer<v1::IssueReceiptResponse> {
        change!(self, request, decide_issue_receipt, IssueReceiptResponse)
    }

    async fn note_receipt_refused(
        &self,
        request: Request<v1::NoteReceiptRefusedRequest>,
    ) -> Answer<v1::NoteReceiptRefusedResponse> {
        change!(self, request, decide_note_receipt_refused, NoteReceiptRefusedResponse)
    }

    async fn switch_track(
        &self,
        request: Request<v1::SwitchTrackRequest>,
    ) -> Answer<v1::SwitchTrackResponse> {
        change!(self, request, decide_switch_track, SwitchTrackResponse)
    }

    async fn extend_review(
        &self,
        request: Request<v1::ExtendReviewRequest>,
    ) -> Answer<v1::ExtendReviewResponse> {
        change!(self, request, decide_extend, ExtendReviewResponse)
    }

    async fn find_foreign_jurisdiction(
        &self,
        request: Request<v1::FindForeignJurisdictionRequest>,
    ) -> Answer<v1::FindForeignJurisdictionResponse> {
        change!(self, request, decide_find_foreign, FindForeignJurisdictionResponse)
    }

    async fn transfer_report(
        &self,
        request: Request<v1::TransferReportRequest>,
    ) -> Answer<v1::TransferReportResponse> {
        change!(self, request, decide_transfer, TransferReportResponse)
    }

    async fn decide_report(
        &self,
        request: Request<v1::DecideReportRequest>,
    ) -> Answer<v1::DecideReportResponse> {
        change!(self, request, decide_outcome, DecideReportResponse)
    }

    async fn serve_not_filed_notice(
        &self,
        request: Request<v1::ServeNotFiledNoticeRequest>,
    ) -> Answer<v1::ServeNotFiledNoticeResponse> {
        change!(self, request, decide_serve, ServeNotFiledNoticeResponse)
    }

    async fn request_reconsideration(
        &self,
        request: Request<v1::RequestReconsiderationRequest>,
    ) -> Answer<v1::RequestReconsiderationResponse> {
        change!(self, request, decide_request, RequestReconsiderationResponse)
    }

    async fn decide_reconsideration(
        &self,
        request: Request<v1::DecideReconsiderationRequest>,
    ) -> Answer<v1::DecideReconsiderationResponse> {
        change!(self, request, decide_reconsider, DecideReconsiderationResponse)
    }

    async fn override_report(
        &self,
        request: Request<v1::OverrideReportRequest>,
    ) -> Answer<v1::OverrideReportResponse> {
        change!(self, request, decide_override, OverrideReportResponse)
    }

    async fn record_reasons_asked(
        &self,
        request: Request<v1::RecordReasonsAskedRequest>,
    ) -> Answer<v1::RecordReasonsAskedResponse> {
        change!(self, request, decide_ask_reasons, RecordReasonsAskedResponse)
    }

    async fn explain_non_filing(
        &self,
        request: Request<v1::ExplainNonFilingRequest>,
    ) -> Answer<v1::ExplainNonFilingResponse> {
        change!(self, request, decide_explain, ExplainNonFilingResponse)
    }

    async fn record_filing_ordered(
        &self,
        request: Request<v1::RecordFilingOrderedRequest>,
    ) -> Answer<v1::RecordFilingOrderedResponse> {
        change!(self, request, decide_order_filing, RecordFilingOrderedResponse)
    }

    async fn ask_agency_for_materials(
        &self,
        request: Request<v1::AskAgencyForMaterialsRequest>,
    ) -> Answer<v1::AskAgencyForMaterialsResponse> {
        change!(self, request, decide_ask_agency, AskAgencyForMaterialsResponse)
    }

    async fn record_agency_materials(
        &self,
        request: Request<v1::RecordAgencyMaterialsRequest>,
    ) -> Answer<v1::RecordAgencyMaterialsResponse> {
        change!(self, request, decide_take_materials, RecordAgencyMaterialsResponse)
    }

    async fn extend_security_case(
        &self,
        request: Request<v1::ExtendSecurityCaseRequest>,
    ) -> Answer<v1::ExtendSecurityCaseResponse> {
        change!(self, request, decide_extend_security, ExtendSecurityCaseResponse)
    }

    async fn exclude_expert_time(
        &self,
        request: Request<v1::ExcludeExpertTimeRequest>,
    ) -> Answer<v1::ExcludeExpertTimeResponse> {
        change!(self, request, decide_exclude_expert_time, ExcludeExpertTimeResponse)
    }

    async fn decide_security_case(
        &self,
        request: Request<v1::DecideSecurityCaseRequest>,
    ) -> Answer<v1::DecideSecurityCaseResponse> {
        change!(self, request, decide_security, DecideSecurityCaseResponse)
    }

    async fn get_report(&self, request: Request<v1::GetReportRequest>) -> Answer<v1::GetReportResponse> {
        let (sitting, m) = self.enter(request)?;
        well_formed_id("report_id", &m.report_id)?;
        self.at_least(m.at_least).await?;
        let found = reports::find(self.store.pool(), &m.report_id).await.map_err(broken)?;
        let report = found.ok_or_else(|| errors::not_found(&format!("reports/{}", m.report_id)))?;
        sitting.may_read(&report.org_unit)?;
        Ok(Response::new(v1::GetReportResponse { report: Some(report) }))
    }

    async fn list_reports(
        &self,
        request: Request<v1::ListReportsRequest>,
    ) -> Answer<v1::ListReportsResponse> {
        let (sitting, m) = self.enter(request)?;
        let mut check = Check::new();
        let from = check.optional_day("from", m.from);
        let to = check.optional_day("to", m.to);
        let state = v1::ReportState::try_from(m.state).ok();
        check.ensure(
            state.is_some(),
            "GE-006",
            "state",
            "状态不在规定取值之内",
            "this is no state of a report",
        );
        let (from, to, state) = check.finish((from, to, state))?;
        let units = sitting.subtree(&m.org_unit)?;
        let spelled = format!("reports {} {} {} {from:?} {to:?}", m.org_unit, m.state, m.overdue);
        let page = Page::of(m.page_size, &m.page_token, &spelled)?;
        self.at_least(m.at_least).await?;
        let filter = reports::Filter {
            units,
            state,
            from: from.map(city_midnight),
            until: to.and_then(day_over),
            overdue_at: m.overdue.then_some(sitting.now),
        };
        let (found, next) = reports::list(self.store.pool(), &filter, &page).await.map_err(broken)?;
        let next_page_token = Page::token(next.as_ref(), &spelled);
        Ok(Response::new(v1::ListReportsResponse { reports: found, next_page_token }))
    }
}
