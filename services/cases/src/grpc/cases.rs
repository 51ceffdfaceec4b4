//! `CaseService`: the commands. Filing, suspects and import have files of their own.

use super::{Casebook, Sitting, remembered, well_formed};
use crate::case::{Case, CaseEvent};
use crate::moment::Moment;
use crate::refusal::Refused;
use prost::{Message, Name};
use std::pin::Pin;
use tonic::{Request, Response, Status, Streaming};
use xiaoan_eventstore::Decision;
use xiaoan_kernel::Fact;
use xiaoan_proto::cases::v1;
use xiaoan_proto::cases::v1::case_service_server::CaseService;
use xiaoan_proto::core::v1::Receipt;
use xiaoan_rpc::wire;
use xiaoan_rpc::{command_status, receipt};

type Answer<T> = Result<Response<T>, Status>;

impl Casebook {
    /// Decides a command on a case that exists, for a caller who may write for its unit.
    pub(super) async fn change_case<M: Message + Name>(
        &self,
        sitting: &Sitting,
        (case_no, request_id, etag): (&str, &str, &str),
        message: &M,
        decide: impl Fn(&Case, &Moment<'_>) -> Result<Vec<Fact<CaseEvent>>, Refused>,
    ) -> Result<Option<Receipt>, Status> {
        well_formed(case_no)?;
        let meta = self.meta(sitting, request_id, message, etag)?;
        let decide = |case: &Case, _| {
            sitting.may_write(case.unit())?;
            decide(case, &sitting.moment()).map(Decision::from)
        };
        let outcome = self.cases.execute(case_no, meta, decide).await.map_err(command_status)?;
        Ok(Some(receipt(format!("cases/{case_no}"), &outcome)))
    }
}

#[tonic::async_trait]
impl CaseService for Casebook {
    async fn file_case(&self, request: Request<v1::FileCaseRequest>) -> Answer<v1::FileCaseResponse> {
        let (sitting, message) = self.enter(request)?;
        self.file(&sitting, &message).await.map(Response::new)
    }

    async fn investigate_case(
        &self,
        request: Request<v1::InvestigateCaseRequest>,
    ) -> Answer<v1::InvestigateCaseResponse> {
        let (sitting, m) = self.enter(request)?;
        let receipt = self
            .change_case(&sitting, (&m.case_no, &m.request_id, &m.etag), &m, |case, at| {
                case.decide_investigate(&m, at)
            })
            .await?;
        Ok(Response::new(v1::InvestigateCaseResponse { receipt }))
    }

    async fn record_suspect_caught(
        &self,
        request: Request<v1::RecordSuspectCaughtRequest>,
    ) -> Answer<v1::RecordSuspectCaughtResponse> {
        let (sitting, m) = self.enter(request)?;
        let suspects = self.seal_suspects(&sitting, &m).await?;
        let receipt = self
            .change_case(&sitting, (&m.case_no, &m.request_id, &m.etag), &m, |case, at| {
                case.decide_suspect_caught(&m, suspects.clone(), at)
            })
            .await?;
        Ok(Response::new(v1::RecordSuspectCaughtResponse { receipt }))
    }

    async fn propose_solve(
        &self,
        request: Request<v1::ProposeSolveRequest>,
    ) -> Answer<v1::ProposeSolveResponse> {
        let (sitting, m) = self.enter(request)?;
        let receipt = self
            .change_case(&sitting, (&m.case_no, &m.request_id, &m.etag), &m, |case, at| {
                case.decide_propose_solve(&m, at)
            })
            .await?;
        Ok(Response::new(v1::ProposeSolveResponse { receipt }))
    }

    async fn approve_solve(
        &self,
        request: Request<v1::ApproveSolveRequest>,
    ) -> Answer<v1::ApproveSolveResponse> {
        let (sitting, m) = self.enter(request)?;
        let receipt = self
            .change_case(&sitting, (&m.case_no, &m.request_id, &m.etag), &m, Case::decide_approve_solve)
            .await?;
        Ok(Response::new(v1::ApproveSolveResponse { receipt }))
    }

    async fn return_solve(
        &self,
        request: Request<v1::ReturnSolveRequest>,
    ) -> Answer<v1::ReturnSolveResponse> {
        let (sitting, m) = self.enter(request)?;
        let receipt = self
            .change_case(&sitting, (&m.case_no, &m.request_id, &m.etag), &m, |case, at| {
                case.decide_return_solve(&m, at)
            })
            .await?;
        Ok(Response::new(v1::ReturnSolveResponse { receipt }))
    }

    async fn revoke_solve(
        &self,
        request: Request<v1::RevokeSolveRequest>,
    ) -> Answer<v1::RevokeSolveResponse> {
        let (sitting, m) = self.enter(request)?;
        let receipt = self
            .change_case(&sitting, (&m.case_no, &m.request_id, &m.etag), &m, |case, at| {
                case.decide_revoke_solve(&m, at)
            })
            .await?;
        Ok(Response::new(v1::RevokeSolveResponse { receipt }))
    }

    async fn recover_property(
        &self,
        request: Request<v1::RecoverPropertyRequest>,
    ) -> Answer<v1::RecoverPropertyResponse> {
        let (sitting, m) = self.enter(request)?;
        let receipt = self
            .change_case(&sitting, (&m.case_no, &m.request_id, &m.etag), &m, |case, at| {
                case.decide_recover(&m, at)
            })
            .await?;
        Ok(Response::new(v1::RecoverPropertyResponse { receipt }))
    }

    async fn return_property(
        &self,
        request: Request<v1::ReturnPropertyRequest>,
    ) -> Answer<v1::ReturnPropertyResponse> {
        let (sitting, m) = self.enter(request)?;
        let receipt = self
            .change_case(&sitting, (&m.case_no, &m.request_id, &m.etag), &m, |case, at| {
                case.decide_return(&m, at)
            })
            .await?;
        Ok(Response::new(v1::ReturnPropertyResponse { receipt }))
    }

    async fn reclassify_case(
        &self,
        request: Request<v1::ReclassifyCaseRequest>,
    ) -> Answer<v1::ReclassifyCaseResponse> {
        let (sitting, m) = self.enter(request)?;
        well_formed(&m.case_no)?;
        let meta = self.meta(&sitting, &m.request_id, &m, &m.etag)?;
        let decide = |case: &Case, _| {
            sitting.may_write(case.unit())?;
            let at = sitting.moment();
            let facts = case.decide_reclassify(&m, &at)?;
            let findings = case.remarks_on_reclassifying(&m, &at).findings().iter().map(wire).collect();
            let answer = v1::ReclassifyCaseResponse { receipt: None, findings };
            Ok(Decision { facts, response: answer.encode_to_vec() })
        };
        let outcome =
            self.cases.execute::<Refused, _>(&m.case_no, meta, decide).await.map_err(command_status)?;
        let mut answer: v1::ReclassifyCaseResponse = remembered(&outcome.appended.response)?;
        answer.receipt = Some(receipt(format!("cases/{}", m.case_no), &outcome));
        Ok(Response::new(answer))
    }

    async fn transfer_case(
        &self,
        request: Request<v1::TransferCaseRequest>,
    ) -> Answer<v1::TransferCaseResponse> {
        let (sitting, m) = self.enter(request)?;
        let receipt = self
            .change_case(&sitting, (&m.case_no, &m.request_id, &m.etag), &m, |case, at| {
                case.decide_transfer(&m, at)
            })
            .await?;
        Ok(Response::new(v1::TransferCaseResponse { receipt }))
    }

    async fn withdraw_case(
        &self,
        request: Request<v1::WithdrawCaseRequest>,
    ) -> Answer<v1::WithdrawCaseResponse> {
        let (sitting, m) = self.enter(request)?;
        let receipt = self
            .change_case(&sitting, (&m.case_no, &m.request_id, &m.etag), &m, |case, at| {
                case.decide_withdraw(&m, at)
            })
            .await?;
        Ok(Response::new(v1::WithdrawCaseResponse { receipt }))
    }

    async fn serve_withdrawal_notice(
        &self,
        request: Request<v1::ServeWithdrawalNoticeRequest>,
    ) -> Answer<v1::ServeWithdrawalNoticeResponse> {
        let (sitting, m) = self.enter(request)?;
        let receipt = self
            .change_case(&sitting, (&m.case_no, &m.request_id, &m.etag), &m, |case, at| {
                case.decide_serve_withdrawal(&m, at)
            })
            .await?;
        Ok(Response::new(v1::ServeWithdrawalNoticeResponse { receipt }))
    }

    async fn refile_case(&self, request: Request<v1::RefileCaseRequest>) -> Answer<v1::RefileCaseResponse> {
        let (sitting, m) = self.enter(request)?;
        let receipt = self
            .change_case(&sitting, (&m.case_no, &m.request_id, &m.etag), &m, |case, at| {
                case.decide_refile(&m, at)
            })
            .await?;
        Ok(Response::new(v1::RefileCaseResponse { receipt }))
    }

    async fn import_cases(
        &self,
        request: Request<Streaming<v1::ImportCasesRequest>>,
    ) -> Answer<v1::ImportCasesResponse> {
        let (sitting, stream) = self.enter(request)?;
        // Boxed: the state of an import is larger than that of all other calls together.
        let import: Pin<Box<dyn Future<Output = _> + Send + '_>> = Box::pin(self.import(&sitting, stream));
        import.await.map(Response::new)
    }

    async fn get_case(&self, request: Request<v1::GetCaseRequest>) -> Answer<v1::GetCaseResponse> {
        let (sitting, message) = self.enter(request)?;
        self.get(&sitting, &message).await.map(Response::new)
    }

    async fn list_cases(&self, request: Request<v1::ListCasesRequest>) -> Answer<v1::ListCasesResponse> {
        let (sitting, message) = self.enter(request)?;
        self.list(&sitting, &message).await.map(Response::new)
    }

    async fn get_case_history(
        &self,
        request: Request<v1::GetCaseHistoryRequest>,
    ) -> Answer<v1::GetCaseHistoryResponse> {
        let (sitting, message) = self.enter(request)?;
        self.history(&sitting, &message).await.map(Response::new)
    }
}
