//! `ClosingService`.

use super::accountability::{Accountable, RACES, Write, broken, no, one, several};
use super::question;
use crate::closing::{self, Closing, closing_id, figures_of, whole};
use crate::consequence::{Month, consequences, loses_ground};
use crate::interview::Because;
use crate::views::{closings, notices};
use std::collections::HashMap;
use tonic::{Request, Response, Status};
use xiaoan_eventstore::Decision;
use xiaoan_kernel::Aggregate;
use xiaoan_proto::hq::v1 as hq;
use xiaoan_proto::hq::v1::closing_service_server::ClosingService;
use xiaoan_proto::hq::v1::{NoticeState, Standing, WithdrawalCause};
use xiaoan_rpc::{command_status, errors, store_status};

#[tonic::async_trait]
impl ClosingService for Accountable {
    async fn freeze_period(
        &self,
        request: Request<hq::FreezePeriodRequest>,
    ) -> Result<Response<hq::FreezePeriodResponse>, Status> {
        let (caller, command, meta) = Self::of_hq(request, |m| (&m.request_id, ""))?;
        let id = closing_id(&command.board, &command.period);
        let answer = |receipt| Response::new(hq::FreezePeriodResponse { receipt, closing_id: id.clone() });
        // Whether it was frozen before, by this very request or another, is known without asking rankings.
        let known = self.closings.load(&id).await.map_err(|e| store_status(&e))?;
        let figures = match known.state.may_freeze(&command) {
            Ok(()) => {
                let standings =
                    self.rankings.standings(&command.board, &command.period, &command.at_least).await?;
                whole(&standings).map_err(no)?;
                figures_of(&command.board, &command.period, &standings)
            }
            Err(_) => hq::ClosedFigures::default(),
        };
        let today = self.today();
        let decide = |closing: &Closing, _| {
            closing.decide_freeze(&command, figures.clone(), caller.org_unit, today).map(Decision::from)
        };
        let outcome = self.closings.execute(&id, meta, decide).await.map_err(command_status)?;
        Ok(answer(one(name(&id), &outcome)))
    }

    async fn correct_period(
        &self,
        request: Request<hq::CorrectPeriodRequest>,
    ) -> Result<Response<hq::CorrectPeriodResponse>, Status> {
        let (caller, command, meta) = Self::of_hq(request, |m| (&m.request_id, &m.etag))?;
        let id = command.closing_id.clone();
        let answer = |answer: hq::CorrectPeriodResponse, appended: &_| {
            Response::new(hq::CorrectPeriodResponse { receipt: several(name(&id), appended), ..answer })
        };
        if let Some((before, appended)) = self.answered(&meta).await? {
            return Ok(answer(before, &appended));
        }
        let known = self.closings.load(&id).await.map_err(|e| store_status(&e))?;
        let frozen = known.state.frozen().map_err(no)?;
        let standings = self.rankings.standings(&frozen.board, &frozen.period, &command.at_least).await?;
        whole(&standings).map_err(no)?;
        let figures = figures_of(&frozen.board, &frozen.period, &standings);

        let _turn = self.turn().await?;
        if let Some((before, appended)) = self.answered(&meta).await? {
            return Ok(answer(before, &appended));
        }
        for _ in 0..RACES {
            let loaded = self.closings.load(&id).await.map_err(|e| store_status(&e))?;
            Self::fresh(&meta, &loaded)?;
            let facts = loaded
                .state
                .decide_correct(&command, figures.clone(), caller.org_unit, self.today())
                .map_err(no)?;
            let mut corrected = loaded.state.clone();
            facts.iter().for_each(|fact| corrected.apply(&fact.event));
            let mut writes = vec![Write::of(&id, &loaded, &facts)];
            let withdrawn = self.withdraw(&corrected, &mut writes).await?;
            if let Some((given, appended)) = self.record(&meta, writes, withdrawn).await? {
                return Ok(answer(given, &appended));
            }
        }
        Err(errors::lost_race())
    }

    async fn get_closing(
        &self,
        request: Request<hq::GetClosingRequest>,
    ) -> Result<Response<hq::GetClosingResponse>, Status> {
        let query = question(request)?;
        self.views.at_least(query.at_least).await?;
        let closing = closings::find(self.pool(), &query.closing_id).await.map_err(broken)?;
        let closing = closing.ok_or_else(|| errors::not_found(&name(&query.closing_id)))?;
        let consequences = closings::standings(self.pool(), &query.closing_id).await.map_err(broken)?;
        Ok(Response::new(hq::GetClosingResponse { closing: Some(closing), consequences }))
    }

    async fn list_closings(
        &self,
        request: Request<hq::ListClosingsRequest>,
    ) -> Result<Response<hq::ListClosingsResponse>, Status> {
        let query = question(request)?;
        self.views.at_least(query.at_least).await?;
        let closings = closings::list(self.pool(), &query.board).await.map_err(broken)?;
        Ok(Response::new(hq::ListClosingsResponse { closings }))
    }
}

impl Accountable {
    /// What a correction takes away: notices of units that are no longer below, and interviews whose months make no streak any
    /// more. Adds the writes; gives the answer.
    async fn withdraw(
        &self,
        corrected: &Closing,
        writes: &mut Vec<Write>,
    ) -> Result<hq::CorrectPeriodResponse, Status> {
        let closing = corrected.frozen().map_err(no)?;
        let (board, number) = (&closing.board, closing::correction_number(closing));
        let on = crate::step::recorded(closing.corrections.last().and_then(|c| c.corrected_on));
        let now: HashMap<String, Standing> = closing::current(closing)
            .map(consequences)
            .unwrap_or_default()
            .into_iter()
            .map(|found| (found.org_unit.clone(), found.standing()))
            .collect();
        let mut answer = hq::CorrectPeriodResponse { number, ..Default::default() };
        let filter = notices::Filter { closing_id: &closing.closing_id, ..Default::default() };
        let issued = notices::list(self.pool(), filter).await.map_err(broken)?;
        let mut withdrawn: HashMap<String, String> = HashMap::new();
        for notice in issued {
            if !loses_ground(notice.state(), now.get(&notice.org_unit).copied()) {
                continue;
            }
            let loaded = self.notices.load(&notice.notice_id).await.map_err(|e| store_status(&e))?;
            let facts = loaded.state.withdraw(closing).map_err(no)?;
            writes.push(Write::of(&notice.notice_id, &loaded, &facts));
            answer.withdrawn_notices.push(notice.notice_id.clone());
            withdrawn.insert(notice.org_unit, notice.notice_id);
        }
        let Some(month) = Month::parse(&closing.period) else { return Ok(answer) };
        // Interviews of every unit of the board: a month between two notices may have been corrected as well.
        for unit in now.keys().chain(withdrawn.keys().filter(|unit| !now.contains_key(*unit))) {
            let mut history = closings::history(self.pool(), board, unit).await.map_err(broken)?;
            if let Some(past) = history.get_mut(&month) {
                past.standing = now.get(unit).copied().unwrap_or(Standing::TooFew);
                if withdrawn.contains_key(unit) {
                    past.notice = Some(NoticeState::Withdrawn);
                }
            }
            let because = Because {
                cause: WithdrawalCause::Correction,
                notice_id: withdrawn.get(unit).cloned().unwrap_or_default(),
                closing_id: closing.closing_id.clone(),
                correction: number,
            };
            for (id, write) in self.fallen_interviews(board, unit, &history, &because, on).await? {
                writes.push(write);
                answer.withdrawn_interviews.push(id);
            }
        }
        answer.withdrawn_interviews.sort();
        Ok(answer)
    }
}

/// Resource name.
fn name(closing_id: &str) -> String {
    format!("closings/{closing_id}")
}
