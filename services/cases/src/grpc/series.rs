//! `SeriesService`. Approving brought solves writes the series and every brought case in one append, all or none.

use super::{Casebook, Sitting, broken, remembered, well_formed_id};
use crate::case::{Case, case_no_is_well_formed};
use crate::moment::Moment;
use crate::refusal::Refused;
use crate::series::{Cases, MOST_CASES, Series, SeriesEvent};
use crate::views::series as view;
use prost::{Message, Name};
use tonic::{Request, Response, Status};
use xiaoan_eventstore::{Decision, OfOthers};
use xiaoan_kernel::{Fact, OrgCode};
use xiaoan_proto::cases::v1;
use xiaoan_proto::cases::v1::series_service_server::SeriesService;
use xiaoan_proto::core::v1::Receipt;
use xiaoan_rpc::wire;
use xiaoan_rpc::{Page, command_status, errors, receipt, store_status};

impl Casebook {
    async fn change_series<M: Message + Name>(
        &self,
        sitting: &Sitting,
        (series_id, request_id, etag): (&str, &str, &str),
        message: &M,
        decide: impl Fn(&Series, &Moment<'_>) -> Result<Vec<Fact<SeriesEvent>>, Refused>,
    ) -> Result<Option<Receipt>, Status> {
        well_formed_id("series_id", series_id)?;
        let meta = self.meta(sitting, request_id, message, etag)?;
        let decide = |series: &Series, _| {
            sitting.may_write(series.unit())?;
            decide(series, &sitting.moment()).map(Decision::from)
        };
        let outcome = self.series.execute(series_id, meta, decide).await.map_err(command_status)?;
        Ok(Some(receipt(format!("series/{series_id}"), &outcome)))
    }

    /// The named cases that exist, as they are now.
    async fn cases_of(&self, case_nos: &[String]) -> Result<Cases, Status> {
        let mut cases = Cases::new();
        // More than a series holds are refused by the decision, whatever they are.
        for case_no in case_nos.iter().filter(|no| case_no_is_well_formed(no)).take(MOST_CASES + 1) {
            let loaded = self.cases.load(case_no).await.map_err(|e| store_status(&e))?;
            if loaded.version > 0 {
                cases.insert(case_no.clone(), loaded.state);
            }
        }
        Ok(cases)
    }
}

/// Approves the open proposal; every case's unit must be the caller's to write for. The leading case gets no facts: it
/// is only checked that it is still solved.
fn bring(
    sitting: &Sitting,
    series: &Series,
    cases: &Cases,
) -> Result<(Decision<SeriesEvent>, OfOthers<Case>), Refused> {
    sitting.may_write(series.unit())?;
    let brought = series.decide_approve_brought(cases, &sitting.moment())?;
    for (case_no, _) in &brought.cases {
        sitting.may_write(cases.get(case_no).and_then(Case::unit))?;
    }
    Ok((brought.series.into(), brought.cases.into_iter().collect()))
}

#[tonic::async_trait]
impl SeriesService for Casebook {
    async fn open_series(
        &self,
        request: Request<v1::OpenSeriesRequest>,
    ) -> Result<Response<v1::OpenSeriesResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let meta = self.meta(&sitting, &m.request_id, &m, "")?;
        let series_id =
            if m.series_id.is_empty() { meta.request.id.to_string() } else { m.series_id.clone() };
        well_formed_id("series_id", &series_id)?;
        let cases = self.cases_of(&m.case_nos).await?;
        let unit = OrgCode::parse(&m.org_unit).ok().filter(|unit| sitting.units.knows(*unit));
        let decide = |series: &Series, _| {
            sitting.may_write(unit)?;
            series.decide_open(&m, &series_id, &cases, &sitting.moment()).map(Decision::from)
        };
        let outcome =
            self.series.execute::<Refused, _>(&series_id, meta, decide).await.map_err(command_status)?;
        let receipt = Some(receipt(format!("series/{series_id}"), &outcome));
        Ok(Response::new(v1::OpenSeriesResponse { receipt }))
    }

    async fn link_case(
        &self,
        request: Request<v1::LinkCaseRequest>,
    ) -> Result<Response<v1::LinkCaseResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let cases = self.cases_of(std::slice::from_ref(&m.case_no)).await?;
        let receipt = self
            .change_series(&sitting, (&m.series_id, &m.request_id, &m.etag), &m, |series, at| {
                series.decide_link(&m, &cases, at)
            })
            .await?;
        Ok(Response::new(v1::LinkCaseResponse { receipt }))
    }

    async fn unlink_case(
        &self,
        request: Request<v1::UnlinkCaseRequest>,
    ) -> Result<Response<v1::UnlinkCaseResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let receipt = self
            .change_series(&sitting, (&m.series_id, &m.request_id, &m.etag), &m, |series, at| {
                series.decide_unlink(&m, at)
            })
            .await?;
        Ok(Response::new(v1::UnlinkCaseResponse { receipt }))
    }

    async fn propose_brought_solves(
        &self,
        request: Request<v1::ProposeBroughtSolvesRequest>,
    ) -> Result<Response<v1::ProposeBroughtSolvesResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        well_formed_id("series_id", &m.series_id)?;
        let meta = self.meta(&sitting, &m.request_id, &m, &m.etag)?;
        let looked_at: Vec<_> = std::iter::once(&m.lead_case_no).chain(&m.case_nos).cloned().collect();
        let cases = self.cases_of(&looked_at).await?;
        let decide = |series: &Series, _| {
            sitting.may_write(series.unit())?;
            let at = sitting.moment();
            let facts = series.decide_propose_brought(&m, &cases, &at)?;
            let findings = Series::remarks_on_bringing(&m, &at).findings().iter().map(wire).collect();
            let answer = v1::ProposeBroughtSolvesResponse { receipt: None, findings };
            Ok(Decision { facts, response: answer.encode_to_vec() })
        };
        let outcome =
            self.series.execute::<Refused, _>(&m.series_id, meta, decide).await.map_err(command_status)?;
        let mut answer: v1::ProposeBroughtSolvesResponse = remembered(&outcome.appended.response)?;
        answer.receipt = Some(receipt(format!("series/{}", m.series_id), &outcome));
        Ok(Response::new(answer))
    }

    async fn approve_brought_solves(
        &self,
        request: Request<v1::ApproveBroughtSolvesRequest>,
    ) -> Result<Response<v1::ApproveBroughtSolvesResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        well_formed_id("series_id", &m.series_id)?;
        let meta = self.meta(&sitting, &m.request_id, &m, &m.etag)?;
        let decide = |series: &Series, cases: &Cases| bring(&sitting, series, cases);
        let outcome = self
            .series
            .execute_across(&m.series_id, &self.cases, Series::cases_of_proposal, &meta, decide)
            .await
            .map_err(command_status)?;
        let receipt = Some(receipt(format!("series/{}", m.series_id), &outcome));
        Ok(Response::new(v1::ApproveBroughtSolvesResponse { receipt }))
    }

    async fn return_brought_solves(
        &self,
        request: Request<v1::ReturnBroughtSolvesRequest>,
    ) -> Result<Response<v1::ReturnBroughtSolvesResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let receipt = self
            .change_series(&sitting, (&m.series_id, &m.request_id, &m.etag), &m, |series, at| {
                series.decide_return_brought(&m, at)
            })
            .await?;
        Ok(Response::new(v1::ReturnBroughtSolvesResponse { receipt }))
    }

    async fn get_series(
        &self,
        request: Request<v1::GetSeriesRequest>,
    ) -> Result<Response<v1::GetSeriesResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        well_formed_id("series_id", &m.series_id)?;
        self.at_least(m.at_least).await?;
        let found = view::find(self.store.pool(), &m.series_id).await.map_err(broken)?;
        let series = found.ok_or_else(|| errors::not_found(&format!("series/{}", m.series_id)))?;
        sitting.may_read(&series.org_unit)?;
        Ok(Response::new(v1::GetSeriesResponse { series: Some(series) }))
    }

    async fn list_series(
        &self,
        request: Request<v1::ListSeriesRequest>,
    ) -> Result<Response<v1::ListSeriesResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let units = sitting.subtree(&m.org_unit)?;
        let spelled = format!("series {}", m.org_unit);
        let page = Page::of(m.page_size, &m.page_token, &spelled)?;
        self.at_least(m.at_least).await?;
        let (series, next) = view::list(self.store.pool(), &units, &page).await.map_err(broken)?;
        let next_page_token = Page::token(next.as_ref(), &spelled);
        Ok(Response::new(v1::ListSeriesResponse { series, next_page_token }))
    }
}
