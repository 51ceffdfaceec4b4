//! `LedgerService`.

use super::{Antifraud, broken};
use crate::views::ledger;
use tonic::{Request, Response, Status};
use xiaoan_proto::antifraud::v1 as af;
use xiaoan_proto::antifraud::v1::Ledger;
use xiaoan_proto::antifraud::v1::ledger_service_server::LedgerService;
use xiaoan_rpc::{Check, Page};

#[tonic::async_trait]
impl LedgerService for Antifraud {
    async fn sum_ledger(
        &self,
        request: Request<af::SumLedgerRequest>,
    ) -> Result<Response<af::SumLedgerResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let mut check = Check::new();
        let (from, to) = (check.optional_day("from", m.from), check.optional_day("to", m.to));
        let (from, to) = check.finish((from, to))?;
        let units = sitting.subtree(&m.org_unit)?;
        self.at_least(m.at_least).await?;
        let filter = ledger::Filter { units, from, to };
        let sums = ledger::sum(self.store.pool(), &filter).await.map_err(broken)?;
        Ok(Response::new(af::SumLedgerResponse { sums }))
    }

    async fn list_ledger_entries(
        &self,
        request: Request<af::ListLedgerEntriesRequest>,
    ) -> Result<Response<af::ListLedgerEntriesResponse>, Status> {
        let (sitting, m) = self.enter(request)?;
        let mut check = Check::new();
        let which = check.choice::<Ledger>("ledger", m.ledger);
        let (from, to) = (check.optional_day("from", m.from), check.optional_day("to", m.to));
        let (which, from, to) = check.finish((which, from, to))?;
        let units = sitting.subtree(&m.org_unit)?;
        let spelled = format!("ledger {which:?} {} {from:?} {to:?}", m.org_unit);
        let page = Page::of(m.page_size, &m.page_token, &spelled)?;
        self.at_least(m.at_least).await?;
        let filter = ledger::Filter { units, from, to };
        let found = ledger::entries(self.store.pool(), which, &filter, &page).await.map_err(broken)?;
        let (entries, next) = found;
        let next_page_token = Page::token(next.as_ref(), &spelled);
        Ok(Response::new(af::ListLedgerEntriesResponse { entries, next_page_token }))
    }
}
