//! The decisions of a notice, in the order of its life.

use super::{Decided, Notice, NoticeState, NoticeStep, is_late, next_step, notice_id, recorded_unit};
use crate::closing::{correction_number, current};
use crate::consequence::{consequence, rule_of};
use crate::refusal::{Reason, Refused, Remarks, at};
use crate::step::{self, Step, recorded};
use crate::terms::Terms;
use time::{Date, OffsetDateTime};
use xiaoan_kernel::{Fact, city_day};
use xiaoan_proto::hq::v1::{self as hq, Standing};

impl Notice {
    /// Issues it from a frozen closing, by the figures that count now. After a withdrawal it may be issued again.
    ///
    /// # Errors
    /// CP-002, CP-003, CP-004, CP-005, `NOTICE-NOT-BELOW`, wrong fields.
    pub fn decide_issue(
        &self,
        closing: &hq::Closing,
        command: &hq::IssueNoticeRequest,
        terms: &Terms,
        today: Date,
    ) -> Decided {
        let figures = current(closing).ok_or(Reason::NotFrozen)?;
        let scheme = figures.scheme.as_ref().ok_or(Reason::NoRule)?;
        let rule = rule_of(scheme).ok_or(Reason::NoRule)?;
        let entry = figures.entries.iter().find(|e| e.org_unit == command.org_unit);
        let none = || at("org_unit", Reason::NotAnEntry { unit: command.org_unit.clone() });
        let entry = entry.ok_or_else(none)?;
        if !matches!(self.state(), None | Some(NoticeState::Withdrawn)) {
            return Err(Reason::NoticeExists.into());
        }
        let found = consequence(scheme, rule, entry);
        let (numerator, denominator) = (found.numerator, found.denominator);
        match found.standing() {
            Standing::Below => {}
            Standing::TooFew => return Err(Reason::TooFew { numerator, denominator }.into()),
            Standing::Held => return Err(Reason::GateFailed.into()),
            Standing::NotBelow | Standing::Unspecified => {
                return Err(Reason::NotBelow { numerator, denominator }.into());
            }
        }
        // Not before the figures it rests on were decided, nor before it was withdrawn.
        let decided = closing.corrections.last().map_or(closing.frozen_on, |c| c.corrected_on);
        let withdrawn = self.shown().and_then(|n| n.last_step_on).map_or(Date::MIN, |d| recorded(Some(d)));
        let earliest = recorded(decided).max(withdrawn);
        let on = Step { field: "issued_on", stated: command.issued_on, earliest, today }.day()?;
        let event = hq::NoticeIssued {
            notice_id: notice_id(&closing.closing_id, &command.org_unit),
            closing_id: closing.closing_id.clone(),
            board: closing.board.clone(),
            period: closing.period.clone(),
            org_unit: command.org_unit.clone(),
            indicator_id: rule.indicator_id.clone(),
            numerator,
            denominator,
            threshold_numerator: rule.threshold_numerator,
            threshold_denominator: rule.threshold_denominator,
            scheme_version: scheme.version,
            correction: correction_number(closing),
            issued_on: Some(on.into()),
            deadlines: vec![
                terms.deadline(NoticeStep::Acknowledge, on)?,
                terms.deadline(NoticeStep::Plan, on)?,
            ],
        };
        Ok(vec![Fact::new(event, recorded_unit(&command.org_unit)?, on)])
    }

    /// The unit has seen it.
    ///
    /// # Errors
    /// `NOTICE-STATE`, wrong fields; so for every step below.
    pub fn decide_acknowledge(&self, command: &hq::AcknowledgeNoticeRequest, today: Date) -> Decided {
        let notice = self.in_state(&[NoticeState::Issued])?;
        let (unit, on) = next_step(notice, command.on, today)?;
        let event = hq::NoticeAcknowledged {
            notice_id: notice.notice_id.clone(),
            org_unit: notice.org_unit.clone(),
            on: Some(on.into()),
        };
        Ok(vec![Fact::new(event, unit, on)])
    }

    /// The unit submits its plan.
    ///
    /// # Errors
    /// See [`decide_acknowledge`](Self::decide_acknowledge).
    pub fn decide_submit_plan(&self, command: &hq::SubmitNoticePlanRequest, today: Date) -> Decided {
        let notice = self.in_state(&[NoticeState::Acknowledged, NoticeState::PlanReturned])?;
        words("plan", &command.plan, 4000)?;
        let (unit, on) = next_step(notice, command.on, today)?;
        let event = hq::NoticePlanSubmitted {
            notice_id: notice.notice_id.clone(),
            org_unit: notice.org_unit.clone(),
            on: Some(on.into()),
            plan: command.plan.trim().to_owned(),
            late: is_late(notice, NoticeStep::Plan, on),
        };
        Ok(vec![Fact::new(event, unit, on)])
    }

    /// Headquarters approves the plan, or returns it with what must be better.
    ///
    /// # Errors
    /// See [`decide_acknowledge`](Self::decide_acknowledge).
    pub fn decide_review_plan(
        &self,
        command: &hq::ReviewNoticePlanRequest,
        terms: &Terms,
        today: Date,
    ) -> Decided {
        let notice = self.in_state(&[NoticeState::PlanSubmitted])?;
        let (unit, on) = next_step(notice, command.on, today)?;
        let (notice_id, org_unit) = (notice.notice_id.clone(), notice.org_unit.clone());
        let fact = if command.approved {
            let deadline = Some(terms.deadline(NoticeStep::Implement, on)?);
            Fact::new(hq::NoticePlanApproved { notice_id, org_unit, on: Some(on.into()), deadline }, unit, on)
        } else {
            words("remark", &command.remark, 500)?;
            let deadline = Some(terms.deadline(NoticeStep::Plan, on)?);
            let remark = command.remark.trim().to_owned();
            let event = hq::NoticePlanReturned { notice_id, org_unit, on: Some(on.into()), remark, deadline };
            Fact::new(event, unit, on)
        };
        Ok(vec![fact])
    }

    /// The unit has carried its plan out.
    ///
    /// # Errors
    /// See [`decide_acknowledge`](Self::decide_acknowledge).
    pub fn decide_implemented(
        &self,
        command: &hq::ReportNoticeImplementedRequest,
        terms: &Terms,
        today: Date,
    ) -> Decided {
        let notice = self.in_state(&[NoticeState::PlanApproved, NoticeState::Failed])?;
        words("report", &command.report, 4000)?;
        let (unit, on) = next_step(notice, command.on, today)?;
        let event = hq::NoticeImplemented {
            notice_id: notice.notice_id.clone(),
            org_unit: notice.org_unit.clone(),
            on: Some(on.into()),
            report: command.report.trim().to_owned(),
            late: is_late(notice, NoticeStep::Implement, on),
            deadline: Some(terms.deadline(NoticeStep::Verify, on)?),
        };
        Ok(vec![Fact::new(event, unit, on)])
    }

    /// Headquarters has looked.
    ///
    /// # Errors
    /// See [`decide_acknowledge`](Self::decide_acknowledge).
    pub fn decide_verify(&self, command: &hq::VerifyNoticeRequest, terms: &Terms, today: Date) -> Decided {
        let notice = self.in_state(&[NoticeState::Implemented])?;
        if !command.verified || !command.remark.is_empty() {
            words("remark", &command.remark, 500)?;
        }
        let (unit, on) = next_step(notice, command.on, today)?;
        let (notice_id, org_unit) = (notice.notice_id.clone(), notice.org_unit.clone());
        let (on_wire, remark) = (Some(on.into()), command.remark.trim().to_owned());
        Ok(vec![match command.verified {
            true => Fact::new(hq::NoticeVerified { notice_id, org_unit, on: on_wire, remark }, unit, on),
            false => {
                // It is carried out again, and within the same time.
                let deadline = Some(terms.deadline(NoticeStep::Implement, on)?);
                Fact::new(hq::NoticeFailed { notice_id, org_unit, on: on_wire, remark, deadline }, unit, on)
            }
        }])
    }

    /// Headquarters closes it.
    ///
    /// # Errors
    /// See [`decide_acknowledge`](Self::decide_acknowledge).
    pub fn decide_close(&self, command: &hq::CloseNoticeRequest, today: Date) -> Decided {
        let notice = self.in_state(&[NoticeState::Verified, NoticeState::Failed])?;
        let (unit, on) = next_step(notice, command.on, today)?;
        let event = hq::NoticeClosed {
            notice_id: notice.notice_id.clone(),
            org_unit: notice.org_unit.clone(),
            on: Some(on.into()),
        };
        Ok(vec![Fact::new(event, unit, on)])
    }

    /// Headquarters waives it.
    ///
    /// # Errors
    /// See [`decide_acknowledge`](Self::decide_acknowledge).
    pub fn decide_waive(&self, command: &hq::WaiveNoticeRequest, today: Date) -> Decided {
        let notice = self.known()?;
        if matches!(notice.state(), NoticeState::Closed | NoticeState::Waived | NoticeState::Withdrawn) {
            return Err(Reason::NoticeState { now: super::word(notice.state()) }.into());
        }
        words("reason", &command.reason, 500)?;
        let (unit, on) = next_step(notice, command.on, today)?;
        let event = hq::NoticeWaived {
            notice_id: notice.notice_id.clone(),
            org_unit: notice.org_unit.clone(),
            on: Some(on.into()),
            reason: command.reason.trim().to_owned(),
        };
        Ok(vec![Fact::new(event, unit, on)])
    }

    /// A correction takes its ground away: `closing` is the closing with that correction. It counts on the day of the
    /// correction, also when a later step is on record.
    ///
    /// # Errors
    /// `NOTICE-UNKNOWN`.
    pub fn withdraw(&self, closing: &hq::Closing) -> Decided {
        let notice = self.known()?;
        let on = recorded(closing.corrections.last().and_then(|c| c.corrected_on));
        let figures = current(closing);
        let entry = figures.and_then(|f| f.entries.iter().find(|e| e.org_unit == notice.org_unit));
        let value = entry.and_then(|e| e.values.iter().find(|v| v.id == notice.indicator_id));
        let event = hq::NoticeWithdrawn {
            notice_id: notice.notice_id.clone(),
            org_unit: notice.org_unit.clone(),
            on: Some(on.into()),
            closing_id: closing.closing_id.clone(),
            correction: correction_number(closing),
            numerator: value.map_or(0, |v| v.numerator),
            denominator: value.and_then(|v| v.denominator).unwrap_or_default(),
        };
        Ok(vec![Fact::new(event, recorded_unit(&notice.org_unit)?, on)])
    }

    /// A deadline has passed. Decides nothing when its step was done meanwhile, or when it is another one by now.
    ///
    /// # Errors
    /// `NOTICE-UNKNOWN`.
    pub fn decide_missed(&self, which: NoticeStep, due_at: OffsetDateTime, now: OffsetDateTime) -> Decided {
        let notice = self.known()?;
        let open = notice.deadlines.iter().any(|d| {
            let is_it = d.due_at.as_ref().and_then(xiaoan_proto::instant) == Some(due_at);
            d.step() == which && !d.settled && !d.missed && is_it
        });
        if !open || now < due_at {
            return Ok(Vec::new());
        }
        let on = city_day(due_at);
        let event = hq::NoticeDeadlineMissed {
            notice_id: notice.notice_id.clone(),
            org_unit: notice.org_unit.clone(),
            which: which.into(),
            due_at: Some(xiaoan_proto::timestamp(due_at)),
            on: Some(on.into()),
        };
        Ok(vec![Fact::new(event, recorded_unit(&notice.org_unit)?, on)])
    }
}

fn words(field: &'static str, text: &str, most: usize) -> Result<(), Refused> {
    let mut remarks = Remarks::default();
    step::text(&mut remarks, field, text, most);
    remarks.refuse().map(drop)
}
