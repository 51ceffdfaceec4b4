//! Interviews (约谈): triggered by notices in adjacent months, scheduled, held by somebody senior, with minutes and commitments;
//! withdrawn with the cause when their ground falls away (facts row A10, domain reference §H.1).

use crate::refusal::{Reason, Refused, Remarks};
use crate::step::{self, Step, recorded, recorded_unit};
use crate::terms::Terms;
use time::{Date, OffsetDateTime};
use xiaoan_kernel::{Aggregate, Fact, OrgCode, city_day};
use xiaoan_proto::core::v1 as core;
use xiaoan_proto::hq::v1::{
    self as hq, CommitmentState, InterviewState, Officeholder, Post, WithdrawalCause,
};

xiaoan_kernel::events! {
    /// What can happen to an interview.
    pub enum InterviewEvent {
        Triggered(hq::InterviewTriggered),
        Scheduled(hq::InterviewScheduled),
        Held(hq::InterviewHeld),
        MinutesSigned(hq::InterviewMinutesSigned),
        CommitmentMet(hq::InterviewCommitmentMet),
        CommitmentMissed(hq::InterviewCommitmentMissed),
        Withdrawn(hq::InterviewWithdrawn),
        Overdue(hq::InterviewOverdue),
    }
}

/// Most people who are interviewed at once.
const MOST_PEOPLE: usize = 10;
/// Most commitments of an interview.
const MOST_COMMITMENTS: usize = 20;

/// An interview.
#[derive(Debug, Clone, Default)]
pub struct Interview {
    shown: Option<hq::Interview>,
}

type Decided = Result<Vec<Fact<InterviewEvent>>, Refused>;

/// Id of the interview of a unit about a streak that ends with a period.
#[must_use]
pub fn interview_id(board: &str, org_unit: &str, last_period: &str) -> String {
    format!("{board}-{org_unit}-{last_period}")
}

impl From<hq::Interview> for Interview {
    fn from(shown: hq::Interview) -> Self {
        Self { shown: Some(shown) }
    }
}

impl Aggregate for Interview {
    const KIND: &'static str = "interview";
    type Event = InterviewEvent;

    fn apply(&mut self, event: &InterviewEvent) {
        if let InterviewEvent::Triggered(e) = event {
            self.shown = Some(triggered(e));
            return;
        }
        let Some(interview) = &mut self.shown else { return };
        match event {
            InterviewEvent::Triggered(_) => {}
            InterviewEvent::Scheduled(e) => {
                interview.scheduled_for = e.scheduled_for;
                interview.interviewer.clone_from(&e.interviewer);
                interview.interviewees.clone_from(&e.interviewees);
                advance(interview, InterviewState::Scheduled, e.on);
            }
            InterviewEvent::Held(e) => {
                interview.held_on = e.on;
                interview.overdue = false;
                interview.interviewer.clone_from(&e.interviewer);
                interview.interviewees.clone_from(&e.interviewees);
                advance(interview, InterviewState::Held, e.on);
            }
            InterviewEvent::MinutesSigned(e) => {
                interview.minutes.clone_from(&e.minutes);
                interview.commitments.clone_from(&e.commitments);
                advance(interview, InterviewState::Minuted, e.on);
                close_when_judged(interview);
            }
            InterviewEvent::CommitmentMet(e) => judge(interview, e.number, CommitmentState::Met, e.on),
            InterviewEvent::CommitmentMissed(e) => judge(interview, e.number, CommitmentState::Missed, e.on),
            InterviewEvent::Withdrawn(e) => {
                interview.withdrawal_cause = e.cause;
                interview.withdrawn_notice.clone_from(&e.notice_id);
                interview.overdue = false;
                advance(interview, InterviewState::Withdrawn, e.on);
            }
            InterviewEvent::Overdue(_) => interview.overdue = true,
        }
    }
}

fn triggered(e: &hq::InterviewTriggered) -> hq::Interview {
    hq::Interview {
        interview_id: e.interview_id.clone(),
        board: e.board.clone(),
        org_unit: e.org_unit.clone(),
        state: InterviewState::Triggered.into(),
        notice_ids: e.notice_ids.clone(),
        periods: e.periods.clone(),
        triggered_on: e.on,
        last_step_on: e.on,
        hold_by: e.hold_by,
        ..Default::default()
    }
}

fn advance(interview: &mut hq::Interview, state: InterviewState, on: Option<core::Date>) {
    interview.state = state.into();
    interview.last_step_on = on;
}

fn judge(interview: &mut hq::Interview, number: i32, state: CommitmentState, on: Option<core::Date>) {
    if let Some(commitment) = interview.commitments.iter_mut().find(|c| c.number == number) {
        commitment.state = state.into();
        commitment.judged_on = on;
    }
    close_when_judged(interview);
}

fn close_when_judged(interview: &mut hq::Interview) {
    let judged = interview.commitments.iter().all(|c| c.state() != CommitmentState::Open);
    if interview.state() == InterviewState::Minuted && judged {
        interview.state = InterviewState::Closed.into();
    }
}

/// The streak that triggers an interview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Streak {
    /// Board.
    pub board: String,
    /// Unit.
    pub org_unit: String,
    /// Periods, oldest first.
    pub periods: Vec<String>,
    /// Their notices.
    pub notice_ids: Vec<String>,
}

impl Streak {
    /// Id of its interview.
    #[must_use]
    pub fn interview_id(&self) -> String {
        interview_id(&self.board, &self.org_unit, self.periods.last().map_or("", String::as_str))
    }
}

impl Interview {
    /// As it is shown; nothing when it was never triggered.
    #[must_use]
    pub fn shown(&self) -> Option<&hq::Interview> {
        self.shown.as_ref()
    }
    /// As it is shown, taken out.
    #[must_use]
    pub fn into_shown(self) -> Option<hq::Interview> {
        self.shown
    }

    fn known(&self) -> Result<&hq::Interview, Refused> {
        self.shown.as_ref().ok_or_else(|| Reason::InterviewUnknown.into())
    }

    fn in_state(&self, states: &[InterviewState]) -> Result<&hq::Interview, Refused> {
        let interview = self.known()?;
        if states.contains(&interview.state()) {
            return Ok(interview);
        }
        Err(Reason::InterviewState { now: word(interview.state()) }.into())
    }

    /// Triggers it; again after it was withdrawn, when the streak is there again.
    ///
    /// # Errors
    /// `INTERVIEW-EXISTS`, `NO-LAW`.
    pub fn decide_trigger(&self, streak: &Streak, terms: &Terms, on: Date) -> Decided {
        let state = self.shown.as_ref().map(hq::Interview::state);
        if !matches!(state, None | Some(InterviewState::Withdrawn)) {
            return Err(Reason::InterviewExists.into());
        }
        let event = hq::InterviewTriggered {
            interview_id: streak.interview_id(),
            board: streak.board.clone(),
            org_unit: streak.org_unit.clone(),
            notice_ids: streak.notice_ids.clone(),
            periods: streak.periods.clone(),
            on: Some(on.into()),
            hold_by: Some(xiaoan_proto::timestamp(terms.interview(on)?)),
        };
        Ok(vec![Fact::new(event, recorded_unit(&streak.org_unit)?, on)])
    }

    /// Fixes day and people, again if need be.
    ///
    /// # Errors
    /// `INTERVIEW-STATE`, CP-007, wrong fields; so for every step below.
    pub fn decide_schedule(&self, command: &hq::ScheduleInterviewRequest, today: Date) -> Decided {
        let interview = self.in_state(&[InterviewState::Triggered, InterviewState::Scheduled])?;
        let (unit, on) = next_step(interview, command.on, today)?;
        let mut remarks = Remarks::default();
        let day = command.scheduled_for.and_then(|day| Date::try_from(day).ok());
        remarks.ensure(day.is_some(), "scheduled_for", Reason::Day);
        let too_early = day.is_some_and(|day| day < on);
        remarks.ensure(!too_early, "scheduled_for", Reason::Before { earliest: on });
        seniority(&mut remarks, command.interviewer.as_ref(), &command.interviewees);
        remarks.refuse()?;
        let event = hq::InterviewScheduled {
            interview_id: interview.interview_id.clone(),
            org_unit: interview.org_unit.clone(),
            on: Some(on.into()),
            scheduled_for: command.scheduled_for,
            interviewer: command.interviewer.clone(),
            interviewees: command.interviewees.clone(),
        };
        Ok(vec![Fact::new(event, unit, on)])
    }

    /// Records that it was held; people who are not stated are those who were scheduled.
    ///
    /// # Errors
    /// See [`decide_schedule`](Self::decide_schedule).
    pub fn decide_hold(&self, command: &hq::HoldInterviewRequest, today: Date) -> Decided {
        let interview = self.in_state(&[InterviewState::Triggered, InterviewState::Scheduled])?;
        let (unit, on) = next_step(interview, command.on, today)?;
        let interviewer = command.interviewer.clone().or_else(|| interview.interviewer.clone());
        let interviewees = match command.interviewees.is_empty() {
            true => interview.interviewees.clone(),
            false => command.interviewees.clone(),
        };
        let mut remarks = Remarks::default();
        seniority(&mut remarks, interviewer.as_ref(), &interviewees);
        remarks.refuse()?;
        let event = hq::InterviewHeld {
            interview_id: interview.interview_id.clone(),
            org_unit: interview.org_unit.clone(),
            on: Some(on.into()),
            interviewer,
            interviewees,
        };
        Ok(vec![Fact::new(event, unit, on)])
    }

    /// Records minutes and commitments.
    ///
    /// # Errors
    /// See [`decide_schedule`](Self::decide_schedule).
    pub fn decide_sign(&self, command: &hq::SignInterviewMinutesRequest, today: Date) -> Decided {
        let interview = self.in_state(&[InterviewState::Held])?;
        let (unit, on) = next_step(interview, command.on, today)?;
        let mut remarks = Remarks::default();
        step::text(&mut remarks, "minutes", &command.minutes, 4000);
        let few = command.commitments.len() <= MOST_COMMITMENTS;
        remarks.ensure(few, "commitments", Reason::TooMany { most: MOST_COMMITMENTS });
        for stated in &command.commitments {
            step::text(&mut remarks, "commitments.text", &stated.text, 500);
            match stated.due_on.map(Date::try_from) {
                Some(Ok(due)) => {
                    remarks.ensure(due >= on, "commitments.due_on", Reason::Before { earliest: on });
                }
                Some(Err(_)) | None => remarks.note("commitments.due_on", Reason::Day),
            }
        }
        remarks.refuse()?;
        let commitment = |(number, stated): (i32, &hq::CommitmentInput)| hq::Commitment {
            number,
            text: stated.text.trim().to_owned(),
            due_on: stated.due_on,
            state: CommitmentState::Open.into(),
            judged_on: None,
        };
        let event = hq::InterviewMinutesSigned {
            interview_id: interview.interview_id.clone(),
            org_unit: interview.org_unit.clone(),
            on: Some(on.into()),
            minutes: command.minutes.trim().to_owned(),
            commitments: (1..).zip(&command.commitments).map(commitment).collect(),
        };
        Ok(vec![Fact::new(event, unit, on)])
    }

    /// Headquarters judges a commitment.
    ///
    /// # Errors
    /// `COMMITMENT-UNKNOWN`, `COMMITMENT-JUDGED`, see [`decide_schedule`](Self::decide_schedule).
    pub fn decide_judge(&self, command: &hq::JudgeCommitmentRequest, today: Date) -> Decided {
        let interview = self.in_state(&[InterviewState::Minuted, InterviewState::Closed])?;
        let commitment = interview.commitments.iter().find(|c| c.number == command.number);
        if commitment.ok_or(Reason::CommitmentUnknown)?.state() != CommitmentState::Open {
            return Err(Reason::CommitmentJudged.into());
        }
        let (unit, on) = next_step(interview, command.on, today)?;
        let (interview_id, org_unit) = (interview.interview_id.clone(), interview.org_unit.clone());
        let (number, on_wire) = (command.number, Some(on.into()));
        Ok(vec![match command.met {
            true => {
                let event = hq::InterviewCommitmentMet { interview_id, org_unit, number, on: on_wire };
                Fact::new(event, unit, on)
            }
            false => {
                let event = hq::InterviewCommitmentMissed {
                    interview_id,
                    org_unit,
                    number,
                    on: on_wire,
                    due_at: None,
                };
                Fact::new(event, unit, on)
            }
        }])
    }

    /// The day of a commitment has passed. Decides nothing when it was judged meanwhile.
    ///
    /// # Errors
    /// `INTERVIEW-UNKNOWN`.
    pub fn decide_missed(&self, number: i32, due_at: OffsetDateTime, now: OffsetDateTime) -> Decided {
        let interview = self.known()?;
        let commitment = interview.commitments.iter().find(|c| c.number == number);
        let open = commitment.is_some_and(|c| c.state() == CommitmentState::Open);
        if !open || interview.state() == InterviewState::Withdrawn || now < due_at {
            return Ok(Vec::new());
        }
        let on = city_day(due_at);
        let event = hq::InterviewCommitmentMissed {
            interview_id: interview.interview_id.clone(),
            org_unit: interview.org_unit.clone(),
            number,
            on: Some(on.into()),
            due_at: Some(xiaoan_proto::timestamp(due_at)),
        };
        Ok(vec![Fact::new(event, recorded_unit(&interview.org_unit)?, on)])
    }

    /// The time for holding it has passed. Decides nothing when it was held or withdrawn meanwhile.
    ///
    /// # Errors
    /// `INTERVIEW-UNKNOWN`.
    pub fn decide_overdue(&self, due_at: OffsetDateTime, now: OffsetDateTime) -> Decided {
        let interview = self.known()?;
        let open = matches!(interview.state(), InterviewState::Triggered | InterviewState::Scheduled);
        let is_it = interview.hold_by.as_ref().and_then(xiaoan_proto::instant) == Some(due_at);
        if !open || !is_it || interview.overdue || now < due_at {
            return Ok(Vec::new());
        }
        let on = city_day(due_at);
        let event = hq::InterviewOverdue {
            interview_id: interview.interview_id.clone(),
            org_unit: interview.org_unit.clone(),
            due_at: Some(xiaoan_proto::timestamp(due_at)),
            on: Some(on.into()),
        };
        Ok(vec![Fact::new(event, recorded_unit(&interview.org_unit)?, on)])
    }

    /// Its ground fell away.
    ///
    /// # Errors
    /// `INTERVIEW-UNKNOWN`.
    pub fn withdraw(&self, because: &Because, on: Date) -> Decided {
        let interview = self.known()?;
        let event = hq::InterviewWithdrawn {
            interview_id: interview.interview_id.clone(),
            org_unit: interview.org_unit.clone(),
            on: Some(on.into()),
            cause: because.cause.into(),
            notice_id: because.notice_id.clone(),
            closing_id: because.closing_id.clone(),
            correction: because.correction,
        };
        Ok(vec![Fact::new(event, recorded_unit(&interview.org_unit)?, on)])
    }
}

/// Why an interview's ground fell away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Because {
    /// Cause.
    pub cause: WithdrawalCause,
    /// Notice that was withdrawn or waived; empty when a month between was corrected.
    pub notice_id: String,
    /// Closing that was corrected, or of the waived notice.
    pub closing_id: String,
    /// Number of the correction; 0 for none.
    pub correction: i32,
}

fn next_step(
    interview: &hq::Interview,
    stated: Option<core::Date>,
    today: Date,
) -> Result<(OrgCode, Date), Refused> {
    let on = Step { field: "on", stated, earliest: recorded(interview.last_step_on), today }.day()?;
    Ok((recorded_unit(&interview.org_unit)?, on))
}

/// CP-007: whoever interviews holds a higher post than everybody who is interviewed.
fn seniority(remarks: &mut Remarks, interviewer: Option<&Officeholder>, interviewees: &[Officeholder]) {
    let whole = |who: &Officeholder| OrgCode::parse(&who.org_unit).is_ok() && who.post() != Post::Unspecified;
    remarks.ensure(interviewer.is_some_and(whole), "interviewer", Reason::Officeholder);
    let number = (1..=MOST_PEOPLE).contains(&interviewees.len());
    remarks.ensure(number, "interviewees", Reason::TooMany { most: MOST_PEOPLE });
    remarks.ensure(interviewees.iter().all(whole), "interviewees", Reason::Officeholder);
    let post = interviewer.map_or(Post::Unspecified, Officeholder::post);
    let senior = interviewees.iter().all(|who| post > who.post());
    remarks.ensure(senior, "interviewer", Reason::NotSenior);
}

/// The state in words, as a refusal names it.
#[must_use]
pub fn word(state: InterviewState) -> &'static str {
    match state {
        InterviewState::Unspecified => "unknown",
        InterviewState::Triggered => "triggered",
        InterviewState::Scheduled => "scheduled",
        InterviewState::Held => "held",
        InterviewState::Minuted => "minuted",
        InterviewState::Closed => "closed",
        InterviewState::Withdrawn => "withdrawn",
    }
}

#[cfg(test)]
mod tests;
