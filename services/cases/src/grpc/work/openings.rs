//! Commands that make something, and those that look at cases: what the table in `services.rs` cannot say in a line.

use super::WorkDesk;
use crate::case::Case;
use crate::moment::Moment;
use crate::work::{Cleanup, Lookup, Work};
use tonic::{Request, Status};
use xiaoan_proto::cases::v1;
use xiaoan_proto::core::v1::Receipt;
use xiaoan_rpc::store_status;

/// What became of a command.
type Answer = Result<Option<Receipt>, Status>;

impl WorkDesk {
    pub(super) async fn form(&self, request: Request<v1::FormTaskForceRequest>) -> Answer {
        let (sitting, m) = self.book.enter(request)?;
        let key = (m.task_force_id.as_str(), m.request_id.as_str());
        let decide = |work: &crate::work::TaskForce, at: &crate::moment::Moment<'_>| work.decide_form(&m, at);
        self.open(&self.all.task_forces, &sitting, key, &m.org_unit, &m, decide).await
    }

    pub(super) async fn assign(&self, request: Request<v1::AssignTaskForceCaseRequest>) -> Answer {
        let (sitting, m) = self.book.enter(request)?;
        let cases = self.cases_of(std::slice::from_ref(&m.case_no)).await?;
        let key = (m.task_force_id.as_str(), m.request_id.as_str(), m.etag.as_str());
        self.change(&self.all.task_forces, &sitting, key, &m, |work, at| work.decide_assign(&m, &cases, at))
            .await
    }

    pub(super) async fn analyse_cases(&self, request: Request<v1::AnalyseKeyCasesRequest>) -> Answer {
        let (sitting, m) = self.book.enter(request)?;
        let cases = self.cases_of(&m.case_nos).await?;
        let key = (m.task_force_id.as_str(), m.request_id.as_str(), m.etag.as_str());
        let all = &self.all.task_forces;
        self.change(all, &sitting, key, &m, |work, at| work.decide_analyse_key_cases(&m, &cases, at)).await
    }

    pub(super) async fn plan(&self, request: Request<v1::PlanCleanupRequest>) -> Answer {
        let (sitting, m) = self.book.enter(request)?;
        let key = (m.cleanup_id.as_str(), m.request_id.as_str());
        self.open(&self.all.cleanups, &sitting, key, &m.org_unit, &m, |work, at| work.decide_plan(&m, at))
            .await
    }

    /// A station of the bureau inspects as well: whoever may write for the own unit, within the operation's.
    pub(super) async fn inspect(&self, request: Request<v1::InspectVenueRequest>) -> Answer {
        let (sitting, m) = self.book.enter(request)?;
        let key = (m.cleanup_id.as_str(), m.request_id.as_str(), m.etag.as_str());
        let may = |work: &Cleanup, _: &Moment<'_>| {
            let own = sitting.caller.org_unit;
            let within =
                work.unit().is_some_and(|bureau| sitting.units.is_within(own, bureau, sitting.today()));
            sitting.may_write(if within { Some(own) } else { work.unit() })
        };
        let decide = |work: &Cleanup, at: &Moment<'_>| work.decide_inspect(&m, at);
        self.execute(&self.all.cleanups, &sitting, key, &m, may, decide).await
    }

    pub(super) async fn rectify(&self, request: Request<v1::RectifyCleanupFindingRequest>) -> Answer {
        let (sitting, m) = self.book.enter(request)?;
        let key = (m.cleanup_id.as_str(), m.request_id.as_str(), m.etag.as_str());
        let may = |work: &Cleanup, _: &Moment<'_>| sitting.may_write(work.unit_of(&m.finding_id));
        let decide = |work: &Cleanup, at: &Moment<'_>| work.decide_rectify(&m, at);
        self.execute(&self.all.cleanups, &sitting, key, &m, may, decide).await
    }

    pub(super) async fn hand_over(&self, request: Request<v1::HandOverCleanupFindingRequest>) -> Answer {
        let (sitting, m) = self.book.enter(request)?;
        let key = (m.cleanup_id.as_str(), m.request_id.as_str(), m.etag.as_str());
        let may = |work: &Cleanup, _: &Moment<'_>| sitting.may_write(work.unit_of(&m.finding_id));
        let decide = |work: &Cleanup, at: &Moment<'_>| work.decide_hand_over(&m, at);
        self.execute(&self.all.cleanups, &sitting, key, &m, may, decide).await
    }

    /// The unit of the item's tier, or whoever may write for the bureau whose lookups they are.
    pub(super) async fn check_item(&self, request: Request<v1::CheckLookupItemRequest>) -> Answer {
        let (sitting, m) = self.book.enter(request)?;
        let key = (m.case_no.as_str(), m.request_id.as_str(), m.etag.as_str());
        let may = |work: &Lookup, _: &Moment<'_>| {
            sitting.may_write(work.unit_of(&m.item_id)).or_else(|_| sitting.may_write(work.unit()))
        };
        let decide = |work: &Lookup, at: &Moment<'_>| work.decide_check(&m, at);
        self.execute(&self.all.lookups, &sitting, key, &m, may, decide).await
    }

    pub(super) async fn open_review(&self, request: Request<v1::OpenReverseReviewRequest>) -> Answer {
        let (sitting, m) = self.book.enter(request)?;
        let cases = self.cases_of(std::slice::from_ref(&m.case_no)).await?;
        let key = (m.case_no.as_str(), m.request_id.as_str());
        let all = &self.all.reviews;
        self.open(all, &sitting, key, &m.org_unit, &m, |work, at| work.decide_open(&m, &cases, at)).await
    }

    /// The unit is the case's.
    pub(super) async fn supervise(&self, request: Request<v1::SuperviseMajorCaseRequest>) -> Answer {
        let (sitting, m) = self.book.enter(request)?;
        let cases = self.cases_of(std::slice::from_ref(&m.case_no)).await?;
        let unit =
            cases.get(&m.case_no).and_then(Case::unit).map(|unit| unit.to_string()).unwrap_or_default();
        let key = (m.case_no.as_str(), m.request_id.as_str());
        let all = &self.all.major_cases;
        self.open(all, &sitting, key, &unit, &m, |work, at| work.decide_supervise(&m, &cases, at)).await
    }

    pub(super) async fn end_supervision(
        &self,
        request: Request<v1::EndMajorCaseSupervisionRequest>,
    ) -> Answer {
        let (sitting, m) = self.book.enter(request)?;
        let cases = self.cases_of(std::slice::from_ref(&m.case_no)).await?;
        let key = (m.case_no.as_str(), m.request_id.as_str(), m.etag.as_str());
        self.change(&self.all.major_cases, &sitting, key, &m, |work, at| work.decide_end(&m, &cases, at))
            .await
    }

    pub(super) async fn raid(&self, request: Request<v1::RaidDenRequest>) -> Answer {
        let (sitting, m) = self.book.enter(request)?;
        let cases = self.cases_of(std::slice::from_ref(&m.case_no)).await?;
        let key = (m.den_id.as_str(), m.request_id.as_str());
        let all = &self.all.dens;
        self.open(all, &sitting, key, &m.org_unit, &m, |work, at| work.decide_raid(&m, &cases, at)).await
    }

    pub(super) async fn seize(&self, request: Request<v1::SeizeExhibitsRequest>) -> Answer {
        let (sitting, m) = self.book.enter(request)?;
        let cases = self.cases_of(std::slice::from_ref(&m.case_no)).await?;
        let mut den = None;
        if !m.den_id.is_empty() {
            super::well_formed_id("den_id", &m.den_id)?;
            let loaded = self.all.dens.load(&m.den_id).await.map_err(|e| store_status(&e))?;
            den = (loaded.version > 0).then(|| loaded.state.shown().clone());
        }
        let key = (m.exhibit_id.as_str(), m.request_id.as_str());
        let all = &self.all.exhibits;
        let decide = |work: &crate::work::Exhibit, at: &crate::moment::Moment<'_>| {
            work.decide_seize(&m, &cases, den.as_ref(), at)
        };
        self.open(all, &sitting, key, &m.org_unit, &m, decide).await
    }

    pub(super) async fn open_lookups_of(&self, request: Request<v1::OpenLookupsRequest>) -> Answer {
        let (sitting, m) = self.book.enter(request)?;
        let cases = self.cases_of(std::slice::from_ref(&m.case_no)).await?;
        let key = (m.case_no.as_str(), m.request_id.as_str());
        let all = &self.all.lookups;
        self.open(all, &sitting, key, &m.bureau, &m, |work, at| work.decide_open(&m, &cases, at)).await
    }
}
