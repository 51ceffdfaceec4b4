//! The work on cases over the real service: deadlines that come about by the timer, whole loops, lists, who may what.

mod golden;
mod loops;
mod task_forces;

use crate::world::*;
use std::time::Duration;
use time::macros::datetime;
use xiaoan_proto::cases::v1;
use xiaoan_proto::cases::v1::cleanup_service_client::CleanupServiceClient;
use xiaoan_proto::cases::v1::den_service_client::DenServiceClient;
use xiaoan_proto::cases::v1::exhibit_service_client::ExhibitServiceClient;
use xiaoan_proto::cases::v1::lookup_service_client::LookupServiceClient;
use xiaoan_proto::cases::v1::major_case_service_client::MajorCaseServiceClient;
use xiaoan_proto::cases::v1::reverse_review_service_client::ReverseReviewServiceClient;
use xiaoan_proto::cases::v1::task_force_service_client::TaskForceServiceClient;
use xiaoan_rpc::client::AuthenticatedChannel;

type Channel = AuthenticatedChannel;

fn task_forces(caller: &Caller) -> TaskForceServiceClient<Channel> {
    TaskForceServiceClient::new(caller.channel.clone())
}
fn cleanups(caller: &Caller) -> CleanupServiceClient<Channel> {
    CleanupServiceClient::new(caller.channel.clone())
}
fn reviews(caller: &Caller) -> ReverseReviewServiceClient<Channel> {
    ReverseReviewServiceClient::new(caller.channel.clone())
}
fn major_cases(caller: &Caller) -> MajorCaseServiceClient<Channel> {
    MajorCaseServiceClient::new(caller.channel.clone())
}
fn dens(caller: &Caller) -> DenServiceClient<Channel> {
    DenServiceClient::new(caller.channel.clone())
}
fn exhibits(caller: &Caller) -> ExhibitServiceClient<Channel> {
    ExhibitServiceClient::new(caller.channel.clone())
}
fn lookups(caller: &Caller) -> LookupServiceClient<Channel> {
    LookupServiceClient::new(caller.channel.clone())
}

/// Asks until the answer is there; the timer and the views take their time.
async fn until<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..400 {
        if let Some(found) = ask().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it did not come about within ten seconds")
}

/// A day of the year 2026.
fn on(month: i32, day: i32) -> Option<xiaoan_proto::core::v1::Date> {
    Some(xiaoan_proto::core::v1::Date { year: 2026, month, day })
}

/// Files the case that the work is about; gives its number.
async fn filed(world: &World) -> String {
    world.officer().file(burglary(&number(1))).await.expect("filed");
    number(1)
}

/// A case is said to have been solved on 2026-06-08 by an arrest.
fn propose(case_no: &str) -> v1::ProposeSolveRequest {
    v1::ProposeSolveRequest {
        request_id: id(),
        case_no: case_no.into(),
        solved_at: Some(xiaoan_proto::timestamp(datetime!(2026-06-08 9:00 +8))),
        solve_class: v1::SolveClass::Arrest.into(),
        evidence: Some(v1::SolveEvidence {
            facts_ref: "卷1".into(),
            suspect_ref: "卷2".into(),
            custody_ref: "卷3".into(),
        }),
        ..Default::default()
    }
}

fn approve(case_no: &str) -> v1::ApproveSolveRequest {
    v1::ApproveSolveRequest { request_id: id(), case_no: case_no.into(), ..Default::default() }
}

/// Position of the last event.
async fn head(world: &World) -> i64 {
    world.store().head().await.expect("a head").position
}

/// Pieces of work of the bureau in a state.
async fn work_in(caller: &Caller, state: v1::TaskForceWorkState) -> Vec<v1::TaskForceWork> {
    let request =
        v1::ListTaskForceWorkRequest { org_unit: BUREAU.into(), state: state.into(), ..Default::default() };
    task_forces(caller).list_task_force_work(request).await.expect("a page").into_inner().work
}
