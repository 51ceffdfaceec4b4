//! From a closed month to a named consequence and back (issue 5; facts rows A9, A10; domain reference §H.1, vector K3).
//!
//! The months lie in the past, as they do for whoever takes over a year on paper: every step may state the day on which it was
//! done, and a deadline that has passed by then comes about at once.

use crate::city::City;
use crate::desks::{
    BELOW, BOARD, Desks, EXACT, SMALL, closing_id, deadline, interview_id, notice_id, period, stand, thefts,
};
use crate::digest::digest;
use anyhow::{Context, Result};
use std::collections::HashMap;
use time::macros::date;
use tonic::Code;
use xiaoan_kernel::{Clock, SystemClock, city_day};
use xiaoan_proto::core::v1::Date;
use xiaoan_proto::hq::v1::{
    self as hq, InterviewState, NoticeState, NoticeStep, Officeholder, Post, Standing, WithdrawalCause,
};
use xiaoan_testkit::{DEADLINE, id, no, position, wait_until};

#[tokio::test(flavor = "multi_thread")]
async fn k03_two_months_below_forty_per_cent_lead_to_an_interview_that_a_correction_takes_back() -> Result<()>
{
    let city = City::start().await?;
    let desks = Desks(&city);
    let rows = thefts(BELOW, 6, 39, 100)
        .chain(thefts(BELOW, 7, 7, 20))
        .chain(thefts(BELOW, 8, 1, 9))
        .chain((6..=8).flat_map(|month| thefts(EXACT, month, 8, 20)))
        .chain(thefts(SMALL, 6, 0, 9));
    desks.import(rows).await?;

    let june = june_leads_to_a_notice(&desks).await?;
    the_plan_comes_late(&desks).await?;
    july_leads_to_an_interview(&desks).await?;
    desks.freeze(8, date!(2026 - 09 - 01)).await?;
    assert_eq!(desks.no_notice(8, BELOW).await?, state("CP-003"), "nine cases are too few to judge by");

    let before = [desks.closing(6).await?, desks.closing(7).await?, desks.closing(8).await?];
    assert_eq!(before[0].closing, june.closing);
    two_solves_of_june_are_recorded_only_now(&desks).await?;
    assert_eq!(desks.closing(6).await?, before[0], "the board has moved, what was frozen has not");
    a_correction_takes_notice_and_interview_back(&desks).await?;
    frozen_is_frozen(&desks, &before).await?;
    city.ledger_is_sound().await?;
    Ok(())
}

fn state(reason: &str) -> (Code, String) {
    no(Code::FailedPrecondition, reason)
}

async fn june_leads_to_a_notice(desks: &Desks<'_>) -> Result<hq::GetClosingResponse> {
    assert_eq!(desks.no_notice(6, BELOW).await?, state("CP-001"), "nothing follows from a month not frozen");
    desks.freeze(6, date!(2026 - 07 - 02)).await?;
    let june = desks.closing(6).await?;
    assert_eq!(
        stand(&june),
        [
            (BELOW, 39, 100, Standing::Below),
            (EXACT, 8, 20, Standing::NotBelow),
            (SMALL, 0, 9, Standing::TooFew)
        ]
    );
    assert_eq!(desks.no_notice(6, EXACT).await?, state("NOTICE-NOT-BELOW"));
    assert_eq!(desks.no_notice(6, SMALL).await?, state("CP-003"));
    let first = desks.issue(6, BELOW, Some(date!(2026 - 07 - 03))).await??;
    assert_eq!((first.notice_id, first.interview_ids), (notice_id(6), vec![]));
    desks.closing(6).await
}

/// Three working days to acknowledge and ten for the plan are long over when the notice is recorded: both come about as
/// events, without anybody asking.
async fn the_plan_comes_late(desks: &Desks<'_>) -> Result<()> {
    let both_missed = |n: hq::Notice| n.deadlines.len() == 2 && n.deadlines.iter().all(|d| d.missed);
    wait_until(DEADLINE, || async { desks.notice(6, 0).await.is_ok_and(both_missed) }).await;
    let open = [(period(6), BELOW.to_owned(), NoticeState::Issued, true)];
    assert_eq!(desks.listed(true).await?, open, "seen as overdue");
    let row = format!("n-{}", notice_id(6));
    desks.page_says(&row, "late-row").await;

    desks.acknowledge(6, Some(date!(2026 - 07 - 06))).await?;
    let plan = hq::SubmitNoticePlanRequest {
        request_id: id(),
        notice_id: notice_id(6),
        plan: "夜间巡逻，老旧小区装门禁".into(),
        on: Some(date!(2026 - 07 - 31).into()),
        ..Default::default()
    };
    let planned = desks.station()?.submit_notice_plan(plan).await?.into_inner();
    let notice = desks.notice(6, position(planned.receipt.as_ref())).await?;
    let due = deadline(&notice, NoticeStep::Plan)?;
    assert_eq!(due.last_day, Some(date!(2026 - 07 - 17).into()), "ten working days from Friday 3 July");
    assert_eq!((due.missed, due.settled, notice.overdue), (true, true, false));
    assert_eq!(notice.state(), NoticeState::PlanSubmitted);
    let plans = desks.recorded::<hq::NoticePlanSubmitted>().await?;
    assert_eq!(plans.iter().map(|p| p.late).collect::<Vec<_>>(), [true]);
    desks.page_says(&row, "报整改方案 2026-07-17 逾期后办").await;
    let missed = desks.recorded::<hq::NoticeDeadlineMissed>().await?;
    let mut missed: Vec<_> = missed.iter().map(|m| (m.notice_id.clone(), m.which())).collect();
    missed.sort_by_key(|(_, step)| *step);
    assert_eq!(missed, [NoticeStep::Acknowledge, NoticeStep::Plan].map(|step| (notice_id(6), step)));

    let approve = hq::ReviewNoticePlanRequest {
        request_id: id(),
        notice_id: notice_id(6),
        approved: true,
        ..Default::default()
    };
    desks.notices()?.review_notice_plan(approve).await?;
    Ok(())
}

/// A notice of today, acknowledged in time, and with it the interview.
async fn july_leads_to_an_interview(desks: &Desks<'_>) -> Result<()> {
    desks.freeze(7, date!(2026 - 08 - 03)).await?;
    let second = desks.issue(7, BELOW, None).await??;
    assert_eq!(second.interview_ids, [interview_id()]);
    let acknowledged = desks.acknowledge(7, None).await?;
    let notice = desks.notice(7, acknowledged).await?;
    let due = deadline(&notice, NoticeStep::Acknowledge)?;
    assert_eq!((due.missed, due.settled, notice.overdue), (false, true, false));

    let who = |org_unit: &str, post: Post| Officeholder { org_unit: org_unit.into(), post: post.into() };
    let today = city_day(SystemClock.now());
    let schedule = hq::ScheduleInterviewRequest {
        request_id: id(),
        interview_id: interview_id(),
        scheduled_for: today.checked_add(time::Duration::days(7)).map(Date::from),
        interviewer: Some(who("371100000000", Post::CityDeputyChief)),
        interviewees: vec![who("371102000000", Post::DeputyBureauChief), who(BELOW, Post::StationHead)],
        ..Default::default()
    };
    desks.interviews()?.schedule_interview(schedule).await?;
    let interview = desks.interview().await?;
    assert_eq!(interview.state(), InterviewState::Scheduled);
    assert_eq!(interview.periods, [period(6), period(7)]);
    assert_eq!(interview.notice_ids, [notice_id(6), notice_id(7)]);
    desks.page_says(&format!("i-{}", interview_id()), "已安排").await;
    Ok(())
}

async fn two_solves_of_june_are_recorded_only_now(desks: &Desks<'_>) -> Result<()> {
    desks.solve_late(50).await?;
    desks.solve_late(51).await?;
    let board = desks.0.board(BOARD, &period(6)).await?;
    let row = board.entries.iter().find(|e| e.org_unit == BELOW).context("a row")?;
    let rate = row.indicators.iter().find(|i| i.id == "solve_rate").context("a rate")?;
    assert_eq!((rate.numerator, rate.denominator, row.attention), (41, Some(100), false));
    Ok(())
}

async fn a_correction_takes_notice_and_interview_back(desks: &Desks<'_>) -> Result<()> {
    let correct = hq::CorrectPeriodRequest {
        request_id: id(),
        closing_id: closing_id(6),
        reason: "补录六月已破两起".into(),
        at_least: HashMap::from([("cases".to_owned(), desks.0.head("cases").await?)]),
        ..Default::default()
    };
    let corrected = desks.closings()?.correct_period(correct).await?.into_inner();
    assert_eq!(corrected.withdrawn_notices, [notice_id(6)]);
    assert_eq!(corrected.withdrawn_interviews, [interview_id()]);

    let interview = desks.interview().await?;
    assert_eq!(interview.state(), InterviewState::Withdrawn);
    assert_eq!(interview.withdrawal_cause(), WithdrawalCause::Correction);
    assert_eq!(interview.withdrawn_notice, notice_id(6));
    desks.page_says(&format!("n-{}", notice_id(6)), "已撤回").await;
    desks.page_says(&format!("i-{}", interview_id()), "结账更正后不再低于标准").await;
    let withdrawn = desks.recorded::<hq::NoticeWithdrawn>().await?;
    let causes: Vec<_> = withdrawn
        .iter()
        .map(|w| (w.notice_id.as_str(), w.closing_id.as_str(), w.correction, w.numerator, w.denominator))
        .collect();
    assert_eq!(causes, [(notice_id(6).as_str(), closing_id(6).as_str(), 1, 41, 100)]);
    assert_eq!(
        desks.listed(false).await?,
        [
            (period(7), BELOW.to_owned(), NoticeState::Acknowledged, false),
            (period(6), BELOW.to_owned(), NoticeState::Withdrawn, false)
        ],
        "the notice of July stands, and nobody else was ever named"
    );
    assert_eq!(desks.no_notice(6, BELOW).await?, state("NOTICE-NOT-BELOW"));
    assert_eq!(desks.recorded::<hq::NoticeDeadlineMissed>().await?.len(), 2, "none came after that");
    Ok(())
}

/// The correction stands beside the frozen figures, and whoever trusts nobody counts both again.
async fn frozen_is_frozen(desks: &Desks<'_>, before: &[hq::GetClosingResponse]) -> Result<()> {
    let june = desks.closing(6).await?;
    let closing = june.closing.clone().context("a closing")?;
    assert_eq!(closing.frozen, before[0].closing.clone().and_then(|c| c.frozen));
    assert_eq!([desks.closing(7).await?, desks.closing(8).await?], before[1..]);
    assert_eq!(
        stand(&june),
        [
            (BELOW, 41, 100, Standing::NotBelow),
            (EXACT, 8, 20, Standing::NotBelow),
            (SMALL, 0, 9, Standing::TooFew)
        ]
    );
    let differences = &closing.corrections.first().context("a correction")?.differences;
    let of_rate = differences.iter().filter(|d| d.indicator_id == "solve_rate");
    let moved: Vec<_> = of_rate
        .map(|d| (d.org_unit.as_str(), d.numerator_before, d.numerator_after, d.denominator_after))
        .collect();
    assert_eq!(moved, [(BELOW, 39, 41, Some(100))]);

    let all = [(8, 0), (7, 0), (6, 0), (6, 1)].map(|(month, number)| (closing_id(month), number));
    assert_eq!(desks.verified().await?, all);
    for month in 6..=8 {
        let closing = desks.closing(month).await?.closing.context("a closing")?;
        let corrected = closing.corrections.iter().filter_map(|c| c.figures.as_ref());
        for figures in closing.frozen.iter().chain(corrected) {
            assert_eq!(
                hex::encode(digest(&closing, figures)?),
                hex::encode(&figures.digest),
                "month {month}"
            );
        }
    }
    Ok(())
}
