//! Lists: asked page by page, shown as sheets (`sheets.rs`).

use super::super::listing::{documents, pages, show_list, state};
use super::{Context, Verdict, Which, sheets};
use crate::args::Service;
use crate::fault::Fault;
use xiaoan_proto::cases::v1 as pb;

macro_rules! list {
    (
        $(#[$meta:meta])* $name:ident($($parent:ident)?) = $client:ident.$method:ident($request:ident).$field:ident,
        $state:ident $prefix:literal, $sheet:ident as $document:literal
    ) => {
        $(#[$meta])*
        pub async fn $name(context: &Context, what: &Which $(, $parent: &str)?) -> Result<Verdict, Fault> {
            let clients = context.clients()?;
            let state = state(what.state.as_deref().unwrap_or_default(), $prefix, pb::$state::from_str_name)?;
            let fetch = async |page_size: i32, page_token: String| {
                let request = pb::$request {
                    org_unit: what.unit.clone(),
                    state,
                    page_size,
                    page_token,
                    at_least: 0,
                    $($parent: $parent.to_owned(),)?
                };
                let call = async |r| clients.$client().$method(r).await;
                let page = clients.call(Service::Cases, request, call).await?;
                Ok((page.$field, page.next_page_token))
            };
            let (found, more) = pages(what.limit, fetch).await?;
            show_list(context, &sheets::$sheet(context, &found), $document, &documents(&found), more)
        }
    };
}

list! {
    /// Task forces.
    task_forces() = task_force.list_task_forces(ListTaskForcesRequest).task_forces,
    TaskForceState "TASK_FORCE_STATE_", task_forces as "taskForces"
}
list! {
    /// What task forces owed, and what became of it.
    work(task_force_id) = task_force.list_task_force_work(ListTaskForceWorkRequest).work,
    TaskForceWorkState "TASK_FORCE_WORK_STATE_", work as "work"
}
list! {
    /// Clean-up operations.
    cleanups() = cleanup.list_cleanups(ListCleanupsRequest).cleanups,
    CleanupState "CLEANUP_STATE_", cleanups as "cleanups"
}
list! {
    /// Reverse reviews.
    reviews() = reverse_review.list_reverse_reviews(ListReverseReviewsRequest).reviews,
    ReverseReviewState "REVERSE_REVIEW_STATE_", reviews as "reviews"
}
list! {
    /// Supervised cases.
    major_cases() = major_case.list_major_cases(ListMajorCasesRequest).major_cases,
    MajorCaseState "MAJOR_CASE_STATE_", major_cases as "majorCases"
}
list! {
    /// Exhibits.
    exhibits(case_no) = exhibit.list_exhibits(ListExhibitsRequest).exhibits,
    ExhibitState "EXHIBIT_STATE_", exhibits as "exhibits"
}
list! {
    /// Dens.
    dens(case_no) = den.list_dens(ListDensRequest).dens,
    DenState "DEN_STATE_", dens as "dens"
}
list! {
    /// The three lookups of cases.
    lookups() = lookup.list_lookups(ListLookupsRequest).lookups,
    LookupState "LOOKUP_STATE_", lookups as "lookups"
}

/// Preventable cases that are solved and have no review.
pub async fn unreviewed(context: &Context, unit: &str, limit: usize) -> Result<Verdict, Fault> {
    let clients = context.clients()?;
    let fetch = async |page_size: i32, page_token: String| {
        let org_unit = unit.to_owned();
        let request = pb::ListUnreviewedSolvesRequest { org_unit, page_size, page_token, at_least: 0 };
        let call = async |r| clients.reverse_review().list_unreviewed_solves(r).await;
        let page = clients.call(Service::Cases, request, call).await?;
        Ok((page.solves, page.next_page_token))
    };
    let (found, more) = pages(limit, fetch).await?;
    show_list(context, &sheets::unreviewed(context, &found), "solves", &documents(&found), more)
}
