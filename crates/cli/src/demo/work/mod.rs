//! Share of `cases`, told when its cases and those of the plan are there: the work on cases of the campaign "Autumn Wind".
//!
//! | file | what it does |
//! |---|---|
//! | `task_forces` | facts row A4: a task force of each county bureau, its key cases and its directive of the day |
//! | `cleanups` | A5: clean-up operations with venues, findings, what was put right |
//! | `reviews` | A6: reverse responsibility on preventable cases, with the three kinds of measures |
//!
//! The task forces bring the work of the whole campaign with them. What a clean-up finds and what a review asks for is owed from
//! the moment it is recorded, so those are of the days of the load, not of the campaign's: the only part of the demo city whose
//! days depend on a clock.

mod cleanups;
mod reviews;
mod task_forces;

use super::city::{BUREAUS, CAMPAIGN, STATIONS};
use super::draft::{Draft, Twist};
use super::stage::{Asked, Share, Shown, Tale, counted, demo_commands};
use super::{Plan, deal};
use crate::args::Service;
use crate::connect::Clients;
use time::{Date, Duration};
use xiaoan_kernel::{Clock, SystemClock, city_day};
use xiaoan_proto::cases::v1 as pb;

demo_commands! { Cases, task_force:
    pb::DissolveTaskForceRequest => dissolve_task_force,
}
demo_commands! { Cases, cleanup:
    pb::PlanCleanupRequest => plan_cleanup,
    pb::InspectVenueRequest => inspect_venue,
    pb::RectifyCleanupFindingRequest => rectify_cleanup_finding,
    pb::HandOverCleanupFindingRequest => hand_over_cleanup_finding,
    pb::CloseCleanupRequest => close_cleanup,
}
demo_commands! { Cases, reverse_review:
    pb::OpenReverseReviewRequest => open_reverse_review,
    pb::ScopeReverseReviewRequest => scope_reverse_review,
    pb::RecordReverseReviewFindingsRequest => record_reverse_review_findings,
    pb::DetermineReviewResponsibilityRequest => determine_review_responsibility,
    pb::AppealReverseReviewRequest => appeal_reverse_review,
    pb::DecideReverseReviewAppealRequest => decide_reverse_review_appeal,
    pb::ImplementPreventionMeasureRequest => implement_prevention_measure,
    pb::CloseReverseReviewRequest => close_reverse_review,
}

/// The share.
pub const SHARE: Share = Share {
    service: Service::Cases,
    title_zh: "专班、清查、倒查",
    title_en: "task forces, clean-ups, reviews",
    commands: || counted(phases().iter().flatten()),
    replay: |stage| Box::pin(async move { stage.play_all(phases()).await }),
    is_loaded: cleanups::is_loaded,
    figures,
};

const NAME: &str = "work";

/// Beside each other; the last clean-up is closed at the very end.
fn phases() -> Vec<Vec<Tale>> {
    let drafts = deal::deal().drafts;
    let sums = super::sums::Sums::of(&Plan::build());
    let forces = BUREAUS.iter().map(|bureau| task_forces::tale(bureau, &drafts, &sums));
    let first = forces.chain(cleanups::tales(today())).chain(reviews::tales(&drafts, today()));
    vec![first.collect(), vec![cleanups::last()]]
}

fn figures(clients: &Clients) -> Asked<'_, Vec<Shown>> {
    Box::pin(async move {
        let mut shown = task_forces::figures(clients).await?;
        shown.extend(cleanups::figures(clients).await?);
        shown.extend(reviews::figures(clients).await?);
        Ok(shown)
    })
}

/// Day of the load.
pub(super) fn today() -> Date {
    city_day(SystemClock.now())
}

/// So many days before another.
fn before(day: Date, days: i64) -> Date {
    day - Duration::days(days)
}

/// Stations of a bureau.
fn stations(bureau: &str) -> impl Iterator<Item = &'static str> {
    STATIONS.iter().filter(move |s| s.bureau == bureau).map(|s| s.code)
}

/// Cases of the campaign that nothing happened to but what happens to most.
fn plain(drafts: &[Draft]) -> impl Iterator<Item = &Draft> {
    drafts
        .iter()
        .filter(|d| CAMPAIGN.has(d.filed_on) && matches!(d.twist, Twist::Straight | Twist::Investigated))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::stage::closed_by;

    #[test]
    fn every_tale_of_the_share_has_a_key_of_its_own_and_the_last_command_closes_it() {
        closed_by(&phases(), "close_cleanup");
    }
}
