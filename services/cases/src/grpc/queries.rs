//! `CaseService`: one case, and lists of cases.

use super::{Casebook, Sitting, broken, well_formed};
use crate::views::cases;
use tonic::Status;
use xiaoan_proto::cases::v1::{
    CaseState, GetCaseRequest, GetCaseResponse, ListCasesRequest, ListCasesResponse,
};
use xiaoan_rpc::{Check, Page, errors};

impl Casebook {
    pub(super) async fn get(
        &self,
        sitting: &Sitting,
        message: &GetCaseRequest,
    ) -> Result<GetCaseResponse, Status> {
        well_formed(&message.case_no)?;
        self.at_least(message.at_least).await?;
        let found = cases::find(self.store.pool(), &message.case_no).await.map_err(broken)?;
        let case = found.ok_or_else(|| errors::not_found(&format!("cases/{}", message.case_no)))?;
        sitting.may_read(&case.org_unit)?;
        Ok(GetCaseResponse { case: Some(case) })
    }

    pub(super) async fn list(
        &self,
        sitting: &Sitting,
        message: &ListCasesRequest,
    ) -> Result<ListCasesResponse, Status> {
        let mut check = Check::new();
        let from = check.optional_day("filed_from", message.filed_from);
        let to = check.optional_day("filed_to", message.filed_to);
        let state = CaseState::try_from(message.state).ok();
        check.ensure(
            state.is_some(),
            "GE-006",
            "state",
            "状态不在规定取值之内",
            "this is no state of a case",
        );
        let digits =
            message.category_prefix.bytes().all(|b| b.is_ascii_digit()) && message.category_prefix.len() <= 6;
        check.ensure(
            digits,
            "GE-006",
            "category_prefix",
            "案别前缀须为至多6位数字",
            "a prefix is at most 6 digits",
        );
        let (filed_from, filed_to, state) = check.finish((from, to, state))?;
        let units = sitting.subtree(&message.org_unit)?;
        let spelled = format!(
            "cases {} {} {} {filed_from:?} {filed_to:?}",
            message.org_unit, message.state, message.category_prefix
        );
        let page = Page::of(message.page_size, &message.page_token, &spelled)?;
        self.at_least(message.at_least).await?;
        let filter = cases::Filter {
            units,
            state,
            category_prefix: message.category_prefix.clone(),
            filed_from,
            filed_to,
        };
        let (found, next) = cases::list(self.store.pool(), &filter, &page).await.map_err(broken)?;
        Ok(ListCasesResponse { cases: found, next_page_token: Page::token(next.as_ref(), &spelled) })
    }
}
