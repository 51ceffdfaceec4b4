//! Share of `hq`, told when the boards have followed everything else: from a closed month to a named consequence.
//!
//! | file | what it does |
//! |---|---|
//! | `closings` | the campaign's ten months closed (facts row A9), one corrected when a solve is approved late |
//! | `notices` | a notice for every invented station below 40 %, followed as far as it came; a late plan |
//! | `interviews` | the interviews that two notices in a row lead to (A10) |
//! | `listed` | burglaries that bureau chiefs take in person (A11), named by post |
//!
//! And the honour of the share [`super::hq`] that falls with the solve that it rested on (A8).
//!
//! Notices are issued for the months that the plan's own sums find below; if hq saw it otherwise it would refuse, and the load
//! would stop there. Their deadlines were over years ago: a step that is missing is overdue as soon as it is owed.

mod closings;
mod interviews;
mod listed;
mod notices;

use super::Plan;
use super::late::Late;
use super::months;
use super::plan::Body;
use super::stage::{Asked, Share, Shown, Stage, Stopped, Tale, Told, counted, demo_commands};
use super::sums::Sums;
use crate::args::Service;
use crate::connect::Clients;
use notices::Below;
use xiaoan_proto::hq::v1 as hq;

demo_commands! { Hq, closing:
    hq::FreezePeriodRequest => freeze_period,
    hq::CorrectPeriodRequest => correct_period,
}
demo_commands! { Hq, notice:
    hq::IssueNoticeRequest => issue_notice,
    hq::AcknowledgeNoticeRequest => acknowledge_notice,
    hq::SubmitNoticePlanRequest => submit_notice_plan,
    hq::ReviewNoticePlanRequest => review_notice_plan,
    hq::ReportNoticeImplementedRequest => report_notice_implemented,
    hq::VerifyNoticeRequest => verify_notice,
    hq::CloseNoticeRequest => close_notice,
}
demo_commands! { Hq, interview:
    hq::ScheduleInterviewRequest => schedule_interview,
    hq::HoldInterviewRequest => hold_interview,
    hq::SignInterviewMinutesRequest => sign_interview_minutes,
}
demo_commands! { Hq, supervision:
    hq::ListCaseRequest => list_case,
    hq::ReportListedCaseProgressRequest => report_listed_case_progress,
    hq::DelistCaseRequest => delist_case,
}

/// The share.
pub const SHARE: Share = Share {
    service: Service::Hq,
    title_zh: "结账、通报、约谈、挂牌",
    title_en: "closings, notices, interviews, listed cases",
    commands,
    replay,
    is_loaded,
    figures,
};

const NAME: &str = "accountability";
/// The board that is closed.
const BOARD: &str = "theft-stations";

/// What follows from the plan: who was below in which month when headquarters closed it.
struct Course {
    below: Vec<Below>,
    late: Option<Late>,
    listed: Vec<listed::Chosen>,
    /// A case whose solve was revoked.
    revoked: Option<String>,
}

impl Course {
    fn of_the_plan() -> Self {
        let plan = Plan::build();
        let sums = Sums::before_late(&plan);
        let below = notices::below(&sums);
        let listed = listed::chosen(plan.late.as_ref());
        let revoked = plan.steps().find_map(|step| match &step.body {
            Body::RevokeSolve(m) if sums.cases.get(&m.case_no).is_some_and(|c| c.solved_on.is_none()) => {
                Some(m.case_no.clone())
            }
            _ => None,
        });
        Self { below, late: plan.late, listed, revoked }
    }

    /// Phase by phase: months are closed, then their notices follow month by month, so that the second of two leads to an
    /// interview; then the interviews.
    fn phases(&self) -> Vec<Vec<Tale>> {
        let mut phases = vec![closings::freezes()];
        for month in 0..months::all().len() {
            let mine = self.below.iter().filter(|below| below.month == month);
            phases.push(mine.map(|below| notices::tale(below, self.fate(below))).collect());
        }
        let pairs = interviews::pairs(&self.below);
        let tales = pairs.iter().enumerate().map(|(n, pair)| interviews::tale(n, pair, self.falls(pair)));
        phases.push(tales.chain(self.revoked.as_deref().map(super::hq::revoked)).collect());
        phases
    }

    /// How far the notice of a month came. That of the month that is corrected afterwards is still on its way.
    fn fate(&self, below: &Below) -> notices::Fate {
        let corrected = |b: &&Below| self.late.iter().any(|l| (l.month, l.unit) == (b.month, b.unit));
        if corrected(&below) {
            return notices::Fate::PlanSubmitted;
        }
        let after = self.below.iter().rev().filter(|b| !corrected(b)).position(|b| b == below);
        notices::fate(after.unwrap_or_default())
    }

    /// Whether the correction takes the ground of an interview away.
    fn falls(&self, pair: &interviews::Pair) -> bool {
        self.late.iter().any(|l| l.unit == pair.unit && (l.month == pair.month || l.month + 1 == pair.month))
    }
}

fn commands() -> Vec<(&'static str, u64)> {
    let course = Course::of_the_plan();
    let listed: Vec<_> = course.listed.iter().map(|chosen| chosen.tale(1)).collect();
    // The late approval is counted with the plan's commands.
    let correction = course.late.as_ref().map(closings::correction);
    counted(course.phases().iter().flatten().chain(&listed).chain(&correction))
}

fn replay<'a>(stage: &'a Stage<'a>) -> Told<'a> {
    Box::pin(async move {
        let course = Course::of_the_plan();
        stage.play_all(course.phases()).await?;
        stage.play(listed::tales(stage, &course.listed).await?).await?;
        // The very last of all.
        if let Some(late) = &course.late {
            closings::approve_late(stage, late).await.map_err(|fault| {
                let (story, rpc) = (late.case_no.clone(), "approve_solve");
                Box::new(Stopped { story, rpc, fault })
            })?;
            stage.play(vec![closings::correction(late)]).await?;
        }
        Ok(())
    })
}

fn is_loaded(clients: &Clients) -> Asked<'_, bool> {
    Box::pin(async move {
        let closings = closings::found(clients).await?;
        Ok(closings.iter().any(|closing| closing.state() == hq::ClosingState::Corrected))
    })
}

fn figures(clients: &Clients) -> Asked<'_, Vec<Shown>> {
    Box::pin(async move {
        let course = Course::of_the_plan();
        let mut shown = closings::figures(clients, &course).await?;
        shown.extend(notices::figures(clients, &course).await?);
        shown.extend(interviews::figures(clients, &course).await?);
        shown.extend(listed::figures(clients, &course).await?);
        Ok(shown)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::stage::have_keys_of_their_own;
    use std::collections::BTreeSet;

    #[test]
    fn a10_some_notices_follow_one_another_and_the_correction_takes_the_ground_of_an_interview_away() {
        let course = Course::of_the_plan();
        let pairs = interviews::pairs(&course.below);
        assert!(course.below.len() >= 10 && pairs.len() >= 3, "{} {}", course.below.len(), pairs.len());
        assert!(pairs.iter().any(|pair| course.falls(pair)) && !pairs.iter().all(|pair| course.falls(pair)));
        let late = course.late.as_ref().expect("a late approval");
        assert!(course.below.iter().any(|below| (below.month, below.unit) == (late.month, late.unit)));
    }

    #[test]
    fn every_tale_has_a_key_of_its_own() {
        let course = Course::of_the_plan();
        let phases = course.phases();
        let listed: Vec<_> = course.listed.iter().map(|chosen| chosen.tale(1)).collect();
        have_keys_of_their_own(phases.iter().flatten().chain(&listed));
    }

    #[test]
    fn a09_every_way_that_a_notice_can_go_occurs() {
        let course = Course::of_the_plan();
        let fates: BTreeSet<_> = course.below.iter().map(|below| course.fate(below)).collect();
        assert_eq!(fates.len(), notices::Fate::ALL.len(), "{fates:?}");
    }
}
