//! Queries that look at cases as well: preventable solves without a review (what the filer ticked is nobody's excuse afterwards), and what
//! the cases of a task force say themselves.

use super::{WorkDesk, broken};
use crate::case::day;
use crate::views::cases;
use crate::work::TaskForce;
use tonic::{Request, Status};
use xiaoan_proto::cases::v1;
use xiaoan_rpc::Page;

impl WorkDesk {
    /// A task force, with what the cases assigned to it say themselves.
    pub(super) async fn task_force(
        &self,
        request: Request<v1::GetTaskForceRequest>,
    ) -> Result<v1::GetTaskForceResponse, Status> {
        let (sitting, m) = self.book.enter(request)?;
        let mut found = self.get::<TaskForce>(&sitting, &m.task_force_id, m.at_least).await?;
        let assigned = cases::named(self.book.store.pool(), &found.case_nos).await.map_err(broken)?;
        let solved = assigned.iter().filter(|case| case.state() == v1::CaseState::Solved).count();
        let arrests = assigned.iter().filter_map(|case| case.facts.as_ref()).flat_map(|f| &f.arrests);
        found.assigned_solved = i32::try_from(solved).unwrap_or(i32::MAX);
        found.assigned_caught = arrests.fold(0, |sum, arrest| arrest.count.saturating_add(sum));
        Ok(v1::GetTaskForceResponse { task_force: Some(found) })
    }

    pub(super) async fn unreviewed(
        &self,
        request: Request<v1::ListUnreviewedSolvesRequest>,
    ) -> Result<v1::ListUnreviewedSolvesResponse, Status> {
        let (sitting, m) = self.book.enter(request)?;
        let units = sitting.subtree(&m.org_unit)?;
        let spelled = format!("unreviewed {}", m.org_unit);
        let page = Page::of(m.page_size, &m.page_token, &spelled)?;
        self.book.at_least(m.at_least).await?;
        let (found, next) = cases::unreviewed(self.book.store.pool(), &units, &page).await.map_err(broken)?;
        let told = |case: v1::Case| {
            let facts = case.facts.unwrap_or_default();
            let listed = self.book.rules.work.preventable(&facts.category, day(facts.filed_on)).is_some();
            v1::UnreviewedSolve {
                case_no: case.case_no,
                org_unit: facts.org_unit,
                category: facts.category,
                filed_on: facts.filed_on,
                solved_on: facts.solved_on,
                listed,
            }
        };
        let next_page_token = Page::token(next.as_ref(), &spelled);
        Ok(v1::ListUnreviewedSolvesResponse {
            solves: found.into_iter().map(told).collect(),
            next_page_token,
        })
    }
}
