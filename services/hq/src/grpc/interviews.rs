//! `InterviewService`.

use super::accountability::{Accountable, RACES, Write, broken, no, one, several};
use super::notices::streak;
use super::question;
use crate::consequence::{Month, streak_ending};
use crate::interview::{Interview, InterviewEvent};
use crate::refusal::{Reason, Refused};
use crate::step::Step;
use crate::views::{closings, interviews};
use time::Date;
use tonic::{Request, Response, Status};
use xiaoan_eventstore::{CommandMeta, Decision, Outcome};
use xiaoan_kernel::Fact;
use xiaoan_proto::hq::v1 as hq;
use xiaoan_proto::hq::v1::interview_service_server::InterviewService;
use xiaoan_rpc::{command_status, errors, store_status};

#[tonic::async_trait]
impl InterviewService for Accountable {
    async fn trigger_interview(
        &self,
        request: Request<hq::TriggerInterviewRequest>,
    ) -> Result<Response<hq::TriggerInterviewResponse>, Status> {
        let (_, command, meta) = Self::of_hq(request, |m| (&m.request_id, ""))?;
        let _turn = self.turn().await?;
        let mut done: Option<(hq::TriggerInterviewResponse, _)> = self.answered(&meta).await?;
        for _ in 0..RACES {
            if let Some((answer, appended)) = done {
                let receipt = several(name(&answer.interview_id), &appended);
                return Ok(Response::new(hq::TriggerInterviewResponse { receipt, ..answer }));
            }
            let (writes, answer) = self.trigger(&command).await?;
            done = self.record(&meta, writes, answer).await?;
        }
        Err(errors::lost_race())
    }

    async fn schedule_interview(
        &self,
        request: Request<hq::ScheduleInterviewRequest>,
    ) -> Result<Response<hq::ScheduleInterviewResponse>, Status> {
        let (_, command, meta) = Self::of_hq(request, |m| (&m.request_id, &m.etag))?;
        let today = self.today();
        let step = |interview: &Interview| interview.decide_schedule(&command, today);
        let outcome = self.on_interview(&command.interview_id, meta, step).await?;
        let receipt = one(name(&command.interview_id), &outcome);
        Ok(Response::new(hq::ScheduleInterviewResponse { receipt }))
    }

    async fn hold_interview(
        &self,
        request: Request<hq::HoldInterviewRequest>,
    ) -> Result<Response<hq::HoldInterviewResponse>, Status> {
        let (_, command, meta) = Self::of_hq(request, |m| (&m.request_id, &m.etag))?;
        let today = self.today();
        let step = |interview: &Interview| interview.decide_hold(&command, today);
        let outcome = self.on_interview(&command.interview_id, meta, step).await?;
        let receipt = one(name(&command.interview_id), &outcome);
        Ok(Response::new(hq::HoldInterviewResponse { receipt }))
    }

    async fn sign_interview_minutes(
        &self,
        request: Request<hq::SignInterviewMinutesRequest>,
    ) -> Result<Response<hq::SignInterviewMinutesResponse>, Status> {
        let (_, command, meta) = Self::of_hq(request, |m| (&m.request_id, &m.etag))?;
        let today = self.today();
        let step = |interview: &Interview| interview.decide_sign(&command, today);
        let outcome = self.on_interview(&command.interview_id, meta, step).await?;
        let receipt = one(name(&command.interview_id), &outcome);
        Ok(Response::new(hq::SignInterviewMinutesResponse { receipt }))
    }

    async fn judge_commitment(
        &self,
        request: Request<hq::JudgeCommitmentRequest>,
    ) -> Result<Response<hq::JudgeCommitmentResponse>, Status> {
        let (_, command, meta) = Self::of_hq(request, |m| (&m.request_id, &m.etag))?;
        let today = self.today();
        let step = |interview: &Interview| interview.decide_judge(&command, today);
        let outcome = self.on_interview(&command.interview_id, meta, step).await?;
        let receipt = one(name(&command.interview_id), &outcome);
        Ok(Response::new(hq::JudgeCommitmentResponse { receipt }))
    }

    async fn get_interview(
        &self,
        request: Request<hq::GetInterviewRequest>,
    ) -> Result<Response<hq::GetInterviewResponse>, Status> {
        let query = question(request)?;
        self.views.at_least(query.at_least).await?;
        let found = interviews::find(self.pool(), &query.interview_id).await.map_err(broken)?;
        let interview = Some(found.ok_or_else(|| errors::not_found(&name(&query.interview_id)))?);
        Ok(Response::new(hq::GetInterviewResponse { interview }))
    }

    async fn list_interviews(
        &self,
        request: Request<hq::ListInterviewsRequest>,
    ) -> Result<Response<hq::ListInterviewsResponse>, Status> {
        let query = question(request)?;
        self.views.at_least(query.at_least).await?;
        let interviews =
            interviews::list(self.pool(), &query.board, &query.org_unit).await.map_err(broken)?;
        Ok(Response::new(hq::ListInterviewsResponse { interviews }))
    }
}

impl Accountable {
    /// Triggers an interview for months that make a streak (CP-006).
    async fn trigger(
        &self,
        command: &hq::TriggerInterviewRequest,
    ) -> Result<(Vec<Write>, hq::TriggerInterviewResponse), Status> {
        let months: Option<Vec<_>> = command.periods.iter().map(|p| Month::parse(p)).collect();
        let rule = self.rule_on(&command.board, command.periods.last()).await?;
        let history =
            closings::history(self.pool(), &command.board, &command.org_unit).await.map_err(broken)?;
        let holds = |months: &[Month]| {
            let last = months.last()?;
            streak_ending(&history, *last, rule.as_ref()?).filter(|streak| streak == months)
        };
        let months = months.as_deref().and_then(holds).ok_or(Reason::NoStreak);
        let streak = streak(&command.board, &command.org_unit, &months.map_err(|why| no(why.into()))?);
        let id = streak.interview_id();
        let loaded = self.interviews.load(&id).await.map_err(|e| store_status(&e))?;
        let today = self.today();
        let on = Step { field: "on", stated: command.on, earliest: Date::MIN, today }.day().map_err(no)?;
        let facts = loaded.state.decide_trigger(&streak, &self.terms, on).map_err(no)?;
        let answer = hq::TriggerInterviewResponse { receipt: None, interview_id: id.clone() };
        Ok((vec![Write::of(&id, &loaded, &facts)], answer))
    }

    async fn on_interview(
        &self,
        id: &str,
        meta: CommandMeta,
        mut step: impl FnMut(&Interview) -> Result<Vec<Fact<InterviewEvent>>, Refused>,
    ) -> Result<Outcome, Status> {
        let decide = |interview: &Interview, _| step(interview).map(Decision::from);
        self.interviews.execute(id, meta, decide).await.map_err(command_status)
    }
}

/// Resource name.
fn name(interview_id: &str) -> String {
    format!("interviews/{interview_id}")
}
