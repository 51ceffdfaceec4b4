//! `NoticeService`. Headquarters issues, reviews, verifies, closes and waives; the unit that is named acknowledges, plans and
//! reports.

use super::accountability::{Accountable, RACES, Write, broken, no, one, several};
use super::question;
use crate::consequence::{History, Month, Past, rule_of, streaks_with};
use crate::interview::{Because, Streak};
use crate::notice::{Notice, NoticeEvent, notice_id};
use crate::refusal::{Reason, Refused};
use crate::views::{closings, notices};
use tonic::{Request, Response, Status};
use xiaoan_eventstore::{CommandMeta, Decision, Outcome};
use xiaoan_kernel::Fact;
use xiaoan_proto::hq::v1 as hq;
use xiaoan_proto::hq::v1::notice_service_server::NoticeService;
use xiaoan_proto::hq::v1::{NoticeState, Standing, WithdrawalCause};
use xiaoan_rpc::{Caller, Role, command_meta, command_status, errors, refusal_status, store_status};

#[tonic::async_trait]
impl NoticeService for Accountable {
    async fn issue_notice(
        &self,
        request: Request<hq::IssueNoticeRequest>,
    ) -> Result<Response<hq::IssueNoticeResponse>, Status> {
        let (_, command, meta) = Self::of_hq(request, |m| (&m.request_id, ""))?;
        let id = notice_id(&command.closing_id, &command.org_unit);
        let _turn = self.turn().await?;
        let mut done: Option<(hq::IssueNoticeResponse, _)> = self.answered(&meta).await?;
        for _ in 0..RACES {
            if let Some((answer, appended)) = done {
                let receipt = several(name(&id), &appended);
                return Ok(Response::new(hq::IssueNoticeResponse { receipt, ..answer }));
            }
            let (writes, answer) = self.issue(&id, &command).await?;
            done = self.record(&meta, writes, answer).await?;
        }
        Err(errors::lost_race())
    }

    async fn acknowledge_notice(
        &self,
        request: Request<hq::AcknowledgeNoticeRequest>,
    ) -> Result<Response<hq::AcknowledgeNoticeResponse>, Status> {
        let caller = Caller::of(&request)?;
        let command = request.into_inner();
        let meta = command_meta(&caller, &command.request_id, &command, &command.etag)?;
        let today = self.today();
        let step = |notice: &Notice| notice.decide_acknowledge(&command, today);
        let outcome = self.by_the_unit(&caller, &command.notice_id, meta, step).await?;
        let receipt = one(name(&command.notice_id), &outcome);
        Ok(Response::new(hq::AcknowledgeNoticeResponse { receipt }))
    }

    async fn submit_notice_plan(
        &self,
        request: Request<hq::SubmitNoticePlanRequest>,
    ) -> Result<Response<hq::SubmitNoticePlanResponse>, Status> {
        let caller = Caller::of(&request)?;
        let command = request.into_inner();
        let meta = command_meta(&caller, &command.request_id, &command, &command.etag)?;
        let today = self.today();
        let step = |notice: &Notice| notice.decide_submit_plan(&command, today);
        let outcome = self.by_the_unit(&caller, &command.notice_id, meta, step).await?;
        let receipt = one(name(&command.notice_id), &outcome);
        Ok(Response::new(hq::SubmitNoticePlanResponse { receipt }))
    }

    async fn review_notice_plan(
        &self,
        request: Request<hq::ReviewNoticePlanRequest>,
    ) -> Result<Response<hq::ReviewNoticePlanResponse>, Status> {
        let (_, command, meta) = Self::of_hq(request, |m| (&m.request_id, &m.etag))?;
        let today = self.today();
        let step = |notice: &Notice| notice.decide_review_plan(&command, &self.terms, today);
        let outcome = self.on_notice(&command.notice_id, meta, step).await?;
        let receipt = one(name(&command.notice_id), &outcome);
        Ok(Response::new(hq::ReviewNoticePlanResponse { receipt }))
    }

    async fn report_notice_implemented(
        &self,
        request: Request<hq::ReportNoticeImplementedRequest>,
    ) -> Result<Response<hq::ReportNoticeImplementedResponse>, Status> {
        let caller = Caller::of(&request)?;
        let command = request.into_inner();
        let meta = command_meta(&caller, &command.request_id, &command, &command.etag)?;
        let today = self.today();
        let step = |notice: &Notice| notice.decide_implemented(&command, &self.terms, today);
        let outcome = self.by_the_unit(&caller, &command.notice_id, meta, step).await?;
        let receipt = one(name(&command.notice_id), &outcome);
        Ok(Response::new(hq::ReportNoticeImplementedResponse { receipt }))
    }

    async fn verify_notice(
        &self,
        request: Request<hq::VerifyNoticeRequest>,
    ) -> Result<Response<hq::VerifyNoticeResponse>, Status> {
        let (_, command, meta) = Self::of_hq(request, |m| (&m.request_id, &m.etag))?;
        let today = self.today();
        let step = |notice: &Notice| notice.decide_verify(&command, &self.terms, today);
        let outcome = self.on_notice(&command.notice_id, meta, step).await?;
        let receipt = one(name(&command.notice_id), &outcome);
        Ok(Response::new(hq::VerifyNoticeResponse { receipt }))
    }

    async fn close_notice(
        &self,
        request: Request<hq::CloseNoticeRequest>,
    ) -> Result<Response<hq::CloseNoticeResponse>, Status> {
        let (_, command, meta) = Self::of_hq(request, |m| (&m.request_id, &m.etag))?;
        let today = self.today();
        let step = |notice: &Notice| notice.decide_close(&command, today);
        let outcome = self.on_notice(&command.notice_id, meta, step).await?;
        let receipt = one(name(&command.notice_id), &outcome);
        Ok(Response::new(hq::CloseNoticeResponse { receipt }))
    }

    async fn waive_notice(
        &self,
        request: Request<hq::WaiveNoticeRequest>,
    ) -> Result<Response<hq::WaiveNoticeResponse>, Status> {
        let (_, command, meta) = Self::of_hq(request, |m| (&m.request_id, &m.etag))?;
        let _turn = self.turn().await?;
        let mut done: Option<(hq::WaiveNoticeResponse, _)> = self.answered(&meta).await?;
        for _ in 0..RACES {
            if let Some((answer, appended)) = done {
                let receipt = several(name(&command.notice_id), &appended);
                return Ok(Response::new(hq::WaiveNoticeResponse { receipt, ..answer }));
            }
            let (writes, answer) = self.waive(&command, &meta).await?;
            done = self.record(&meta, writes, answer).await?;
        }
        Err(errors::lost_race())
    }

    async fn get_notice(
        &self,
        request: Request<hq::GetNoticeRequest>,
    ) -> Result<Response<hq::GetNoticeResponse>, Status> {
        let query = question(request)?;
        self.views.at_least(query.at_least).await?;
        let found = notices::find(self.pool(), &query.notice_id).await.map_err(broken)?;
        let notice = Some(found.ok_or_else(|| errors::not_found(&name(&query.notice_id)))?);
        Ok(Response::new(hq::GetNoticeResponse { notice }))
    }

    async fn list_notices(
        &self,
        request: Request<hq::ListNoticesRequest>,
    ) -> Result<Response<hq::ListNoticesResponse>, Status> {
        let query = question(request)?;
        self.views.at_least(query.at_least).await?;
        let filter = notices::Filter {
            board: &query.board,
            org_unit: &query.org_unit,
            open_only: query.open_only,
            ..Default::default()
        };
        let notices = notices::list(self.pool(), filter).await.map_err(broken)?;
        Ok(Response::new(hq::ListNoticesResponse { notices }))
    }
}

impl Accountable {
    /// Issues the notice, and triggers the interviews of the streaks that it completes.
    async fn issue(
        &self,
        id: &str,
        command: &hq::IssueNoticeRequest,
    ) -> Result<(Vec<Write>, hq::IssueNoticeResponse), Status> {
        let closing = self.closings.load(&command.closing_id).await.map_err(|e| store_status(&e))?;
        let loaded = self.notices.load(id).await.map_err(|e| store_status(&e))?;
        let shown = closing.state.frozen().map_err(no)?;
        let facts = loaded.state.decide_issue(shown, command, &self.terms, self.today()).map_err(no)?;
        let on = facts.first().map_or(self.today(), |fact: &Fact<NoticeEvent>| fact.occurred_on);
        let mut answer = hq::IssueNoticeResponse { notice_id: id.to_owned(), ..Default::default() };
        let mut writes = vec![Write::of(id, &loaded, &facts)];
        // The notice rests on the closing as it is: a correction in between makes this one decide again.
        writes.push(Write::of(&command.closing_id, &closing, &[]));
        let figures = crate::closing::current(shown);
        let rule = figures.and_then(|f| f.scheme.as_ref()).and_then(rule_of);
        let (Some(rule), Some(month)) = (rule, Month::parse(&shown.period)) else {
            return Ok((writes, answer));
        };
        let mut history =
            closings::history(self.pool(), &shown.board, &command.org_unit).await.map_err(broken)?;
        history.insert(month, Past { standing: Standing::Below, notice: Some(NoticeState::Issued) });
        for months in streaks_with(&history, month, rule) {
            let streak = streak(&shown.board, &command.org_unit, &months);
            let interview_id = streak.interview_id();
            let loaded = self.interviews.load(&interview_id).await.map_err(|e| store_status(&e))?;
            // One that is there already stays as it is.
            if let Ok(facts) = loaded.state.decide_trigger(&streak, &self.terms, on) {
                writes.push(Write::of(&interview_id, &loaded, &facts));
                answer.interview_ids.push(interview_id);
            }
        }
        Ok((writes, answer))
    }

    /// Waives the notice, and withdraws interviews that rest on it when the rule says so.
    async fn waive(
        &self,
        command: &hq::WaiveNoticeRequest,
        meta: &CommandMeta,
    ) -> Result<(Vec<Write>, hq::WaiveNoticeResponse), Status> {
        let loaded = self.notices.load(&command.notice_id).await.map_err(|e| store_status(&e))?;
        Self::fresh(meta, &loaded)?;
        let facts = loaded.state.decide_waive(command, self.today()).map_err(no)?;
        let on = facts.first().map_or(self.today(), |fact| fact.occurred_on);
        let notice = loaded.state.known().map_err(no)?.clone();
        let mut answer = hq::WaiveNoticeResponse::default();
        let mut writes = vec![Write::of(&command.notice_id, &loaded, &facts)];
        let Some(month) = Month::parse(&notice.period) else { return Ok((writes, answer)) };
        let mut history: History =
            closings::history(self.pool(), &notice.board, &notice.org_unit).await.map_err(broken)?;
        if let Some(past) = history.get_mut(&month) {
            past.notice = Some(NoticeState::Waived);
        }
        let because = Because {
            cause: WithdrawalCause::NoticeWaived,
            notice_id: notice.notice_id.clone(),
            closing_id: notice.closing_id.clone(),
            correction: 0,
        };
        let fallen = self.fallen_interviews(&notice.board, &notice.org_unit, &history, &because, on).await?;
        for (id, write) in fallen {
            writes.push(write);
            answer.withdrawn_interviews.push(id);
        }
        Ok((writes, answer))
    }

    async fn on_notice(
        &self,
        id: &str,
        meta: CommandMeta,
        mut step: impl FnMut(&Notice) -> Result<Vec<Fact<NoticeEvent>>, Refused>,
    ) -> Result<Outcome, Status> {
        let decide = |notice: &Notice, _| step(notice).map(Decision::from);
        self.notices.execute(id, meta, decide).await.map_err(command_status)
    }

    /// A step of the unit that is named: by an officer of it or of a unit above it.
    async fn by_the_unit(
        &self,
        caller: &Caller,
        id: &str,
        meta: CommandMeta,
        mut step: impl FnMut(&Notice) -> Result<Vec<Fact<NoticeEvent>>, Refused>,
    ) -> Result<Outcome, Status> {
        if caller.has(Role::Auditor) {
            return Err(refusal_status(&Refused::from(Reason::NotYourUnit)));
        }
        let decide = |notice: &Notice| {
            let known = notice.known()?;
            match self.may_write_for(caller, &known.org_unit) {
                true => step(notice),
                false => Err(Reason::NotYourUnit.into()),
            }
        };
        self.on_notice(id, meta, decide).await
    }
}

/// The streak of a unit over these months.
pub(super) fn streak(board: &str, org_unit: &str, months: &[Month]) -> Streak {
    let periods: Vec<_> = months.iter().map(ToString::to_string).collect();
    let notice = |period: &String| notice_id(&crate::closing::closing_id(board, period), org_unit);
    Streak {
        board: board.to_owned(),
        org_unit: org_unit.to_owned(),
        notice_ids: periods.iter().map(notice).collect(),
        periods,
    }
}

/// Resource name.
fn name(notice_id: &str) -> String {
    format!("notices/{notice_id}")
}
