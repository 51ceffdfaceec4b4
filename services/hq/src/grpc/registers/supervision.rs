//! `SupervisionService`.

use super::{Registers, question};
use crate::register::refusal::{Reason, Refused};
use crate::register::supervision::ListedCase;
use crate::views::registers::Filter;
use tonic::{Request, Response, Status};
use xiaoan_kernel::OrgCode;
use xiaoan_proto::core::v1::OrgKind;
use xiaoan_proto::hq::v1::supervision_service_server::SupervisionService;
use xiaoan_proto::hq::v1::{self as hq, CaseOwner};
use xiaoan_rpc::{Role, receipt, refusal_status};

/// Whoever may report progress: the chief's bureau, and headquarters for every one.
const REPORTING: &[Role] = &[Role::Officer, Role::Registrar, Role::Hq];

#[tonic::async_trait]
impl SupervisionService for Registers {
    async fn list_case(
        &self,
        request: Request<hq::ListCaseRequest>,
    ) -> Result<Response<hq::ListCaseResponse>, Status> {
        let sitting = self.of_hq(request, |m| (&m.request_id, ""))?;
        let command = &sitting.command;
        self.known(&command.org_unit).await?;
        let is_bureau = self.is_bureau(command.owner.as_ref()).await?;
        let known = self.cases.case(&command.case_no, |_| true).await?;
        let decide = |case: &ListedCase| case.decide_list(command, known.as_ref(), is_bureau, sitting.by());
        let outcome = Self::act(&self.listed, &command.case_no, sitting.meta.clone(), decide).await?;
        let receipt = Some(receipt(name(&command.case_no), &outcome));
        Ok(Response::new(hq::ListCaseResponse { receipt }))
    }

    async fn report_listed_case_progress(
        &self,
        request: Request<hq::ReportListedCaseProgressRequest>,
    ) -> Result<Response<hq::ReportListedCaseProgressResponse>, Status> {
        let sitting = self.sitting(REPORTING, request, |m| (&m.request_id, &m.etag))?;
        let (command, tree) = (&sitting.command, self.tree());
        let may = |owner: &CaseOwner| {
            let bureau = owner.office.as_ref().and_then(|office| OrgCode::parse(&office.org_unit).ok());
            bureau.is_some_and(|bureau| {
                sitting.caller.may_write_as(REPORTING, &tree, bureau, sitting.today).is_ok()
            })
        };
        let decide = |case: &ListedCase| case.decide_report(command, may, sitting.by());
        let outcome = Self::act(&self.listed, &command.case_no, sitting.meta.clone(), decide).await?;
        let receipt = Some(receipt(name(&command.case_no), &outcome));
        Ok(Response::new(hq::ReportListedCaseProgressResponse { receipt }))
    }

    async fn extend_listed_case(
        &self,
        request: Request<hq::ExtendListedCaseRequest>,
    ) -> Result<Response<hq::ExtendListedCaseResponse>, Status> {
        let sitting = self.of_hq(request, |m| (&m.request_id, &m.etag))?;
        let command = &sitting.command;
        let decide = |case: &ListedCase| case.decide_extend(command, sitting.by());
        let outcome = Self::act(&self.listed, &command.case_no, sitting.meta.clone(), decide).await?;
        let receipt = Some(receipt(name(&command.case_no), &outcome));
        Ok(Response::new(hq::ExtendListedCaseResponse { receipt }))
    }

    async fn delist_case(
        &self,
        request: Request<hq::DelistCaseRequest>,
    ) -> Result<Response<hq::DelistCaseResponse>, Status> {
        let sitting = self.of_hq(request, |m| (&m.request_id, &m.etag))?;
        let command = &sitting.command;
        let known = match ListedCase::stated_solve(command) {
            Some(stated) => self.cases.case(&command.case_no, |case| case.solve == Some(stated)).await?,
            None => None,
        };
        let solve = known.and_then(|case| case.solve);
        let decide = |case: &ListedCase| case.decide_delist(command, solve, sitting.by());
        let outcome = Self::act(&self.listed, &command.case_no, sitting.meta.clone(), decide).await?;
        let receipt = Some(receipt(name(&command.case_no), &outcome));
        Ok(Response::new(hq::DelistCaseResponse { receipt }))
    }

    async fn get_listed_case(
        &self,
        request: Request<hq::GetListedCaseRequest>,
    ) -> Result<Response<hq::GetListedCaseResponse>, Status> {
        let query = question(request)?;
        let found = self.one::<ListedCase>(&query.case_no, query.at_least).await?;
        let none = || refusal_status(&Refused::from(Reason::ListedCaseUnknown));
        Ok(Response::new(hq::GetListedCaseResponse { listed_case: Some(found.ok_or_else(none)?) }))
    }

    async fn list_listed_cases(
        &self,
        request: Request<hq::ListListedCasesRequest>,
    ) -> Result<Response<hq::ListListedCasesResponse>, Status> {
        let q = question(request)?;
        let filter =
            Filter { org_unit: &q.org_unit, state: q.state, reference: &q.owner, ..Filter::default() };
        let (listed_cases, next_page_token) =
            self.page::<ListedCase>(&filter, q.page_size, &q.page_token, q.at_least).await?;
        Ok(Response::new(hq::ListListedCasesResponse { listed_cases, next_page_token }))
    }
}

impl Registers {
    /// Whether the office of a chief is one of a bureau.
    async fn is_bureau(&self, owner: Option<&CaseOwner>) -> Result<bool, Status> {
        let Some(office) = owner.and_then(|owner| owner.office.as_ref()) else { return Ok(false) };
        let bureaus = [OrgKind::CityBureau, OrgKind::CountyBureau, OrgKind::PortBureau];
        Ok(self.unit(&office.org_unit).await?.is_some_and(|unit| bureaus.contains(&unit.kind)))
    }
}

/// Resource name.
fn name(case_no: &str) -> String {
    format!("listed-cases/{case_no}")
}
