//! Notices and their rectification (通报, 整改): issued from a frozen period, acknowledged, planned, carried out, verified, closed;
//! waived with a reason; withdrawn when a correction takes their ground away (facts row A9, domain reference §H.1).
//!
//! | state | next |
//! |---|---|
//! | issued | acknowledged |
//! | acknowledged, plan returned | plan submitted |
//! | plan submitted | plan approved, plan returned |
//! | plan approved, failed | implemented |
//! | implemented | verified, failed |
//! | verified, failed | closed |
//! | any but closed, waived, withdrawn | waived |
//! | any but waived, withdrawn | withdrawn, by a correction |

mod steps;

use crate::refusal::{Reason, Refused};
use crate::step::{Step, recorded, recorded_unit};
use time::Date;
use xiaoan_kernel::{Aggregate, Fact, OrgCode};
use xiaoan_proto::core::v1 as core;
use xiaoan_proto::hq::v1::{self as hq, NoticeDeadline, NoticeState, NoticeStep};

xiaoan_kernel::events! {
    /// What can happen to a notice.
    pub enum NoticeEvent {
        Issued(hq::NoticeIssued),
        Acknowledged(hq::NoticeAcknowledged),
        PlanSubmitted(hq::NoticePlanSubmitted),
        PlanReturned(hq::NoticePlanReturned),
        PlanApproved(hq::NoticePlanApproved),
        Implemented(hq::NoticeImplemented),
        Verified(hq::NoticeVerified),
        Failed(hq::NoticeFailed),
        Closed(hq::NoticeClosed),
        Waived(hq::NoticeWaived),
        Withdrawn(hq::NoticeWithdrawn),
        DeadlineMissed(hq::NoticeDeadlineMissed),
    }
}

/// A notice.
#[derive(Debug, Clone, Default)]
pub struct Notice {
    shown: Option<hq::Notice>,
}

type Decided = Result<Vec<Fact<NoticeEvent>>, Refused>;

/// Id of the notice of a unit from a closing.
#[must_use]
pub fn notice_id(closing_id: &str, org_unit: &str) -> String {
    format!("{closing_id}-{org_unit}")
}

impl From<hq::Notice> for Notice {
    fn from(shown: hq::Notice) -> Self {
        Self { shown: Some(shown) }
    }
}

impl Aggregate for Notice {
    const KIND: &'static str = "notice";
    type Event = NoticeEvent;

    fn apply(&mut self, event: &NoticeEvent) {
        if let NoticeEvent::Issued(e) = event {
            self.shown = Some(issued(e));
            return;
        }
        let Some(notice) = &mut self.shown else { return };
        match event {
            NoticeEvent::Issued(_) => {}
            NoticeEvent::Acknowledged(e) => {
                settle(notice, Some(NoticeStep::Acknowledge));
                advance(notice, NoticeState::Acknowledged, e.on);
            }
            NoticeEvent::PlanSubmitted(e) => {
                settle(notice, Some(NoticeStep::Plan));
                notice.plan.clone_from(&e.plan);
                advance(notice, NoticeState::PlanSubmitted, e.on);
            }
            NoticeEvent::PlanReturned(e) => {
                notice.deadlines.extend(e.deadline);
                notice.remark.clone_from(&e.remark);
                advance(notice, NoticeState::PlanReturned, e.on);
            }
            NoticeEvent::PlanApproved(e) => {
                notice.deadlines.extend(e.deadline);
                notice.remark.clear();
                advance(notice, NoticeState::PlanApproved, e.on);
            }
            NoticeEvent::Implemented(e) => {
                settle(notice, Some(NoticeStep::Implement));
                notice.deadlines.extend(e.deadline);
                advance(notice, NoticeState::Implemented, e.on);
            }
            NoticeEvent::Verified(e) => {
                settle(notice, Some(NoticeStep::Verify));
                notice.remark.clone_from(&e.remark);
                advance(notice, NoticeState::Verified, e.on);
            }
            NoticeEvent::Failed(e) => {
                settle(notice, Some(NoticeStep::Verify));
                notice.deadlines.extend(e.deadline);
                notice.remark.clone_from(&e.remark);
                advance(notice, NoticeState::Failed, e.on);
            }
            NoticeEvent::Closed(e) => {
                settle(notice, None);
                advance(notice, NoticeState::Closed, e.on);
            }
            NoticeEvent::Waived(e) => {
                settle(notice, None);
                notice.remark.clone_from(&e.reason);
                advance(notice, NoticeState::Waived, e.on);
            }
            NoticeEvent::Withdrawn(e) => {
                settle(notice, None);
                notice.remark = format!("{} #{}", e.closing_id, e.correction);
                advance(notice, NoticeState::Withdrawn, e.on);
            }
            NoticeEvent::DeadlineMissed(e) => {
                if let Some(deadline) = open_deadline(notice, e.which()) {
                    deadline.missed = true;
                }
            }
        }
        notice.overdue = notice.deadlines.iter().any(|d| d.missed && !d.settled);
    }
}

fn issued(e: &hq::NoticeIssued) -> hq::Notice {
    hq::Notice {
        notice_id: e.notice_id.clone(),
        closing_id: e.closing_id.clone(),
        board: e.board.clone(),
        period: e.period.clone(),
        org_unit: e.org_unit.clone(),
        state: NoticeState::Issued.into(),
        indicator_id: e.indicator_id.clone(),
        numerator: e.numerator,
        denominator: e.denominator,
        threshold_numerator: e.threshold_numerator,
        threshold_denominator: e.threshold_denominator,
        issued_on: e.issued_on,
        last_step_on: e.issued_on,
        deadlines: e.deadlines.clone(),
        ..Default::default()
    }
}

fn advance(notice: &mut hq::Notice, state: NoticeState, on: Option<core::Date>) {
    notice.state = state.into();
    notice.last_step_on = on;
}

/// The deadline of a step that is neither met nor replaced.
fn open_deadline(notice: &mut hq::Notice, step: NoticeStep) -> Option<&mut NoticeDeadline> {
    notice.deadlines.iter_mut().rev().find(|d| d.step() == step && !d.settled)
}

/// Settles the deadlines of a step, or all.
fn settle(notice: &mut hq::Notice, step: Option<NoticeStep>) {
    for deadline in &mut notice.deadlines {
        if step.is_none_or(|step| deadline.step() == step) {
            deadline.settled = true;
        }
    }
}

impl Notice {
    /// As it is shown; nothing when it was never issued.
    #[must_use]
    pub fn shown(&self) -> Option<&hq::Notice> {
        self.shown.as_ref()
    }
    /// As it is shown, taken out.
    #[must_use]
    pub fn into_shown(self) -> Option<hq::Notice> {
        self.shown
    }
    /// Its state, once it was issued.
    #[must_use]
    pub fn state(&self) -> Option<NoticeState> {
        self.shown.as_ref().map(hq::Notice::state)
    }

    /// The notice.
    ///
    /// # Errors
    /// `NOTICE-UNKNOWN`.
    pub fn known(&self) -> Result<&hq::Notice, Refused> {
        self.shown.as_ref().ok_or_else(|| Reason::NoticeUnknown.into())
    }

    /// The notice in one of these states.
    fn in_state(&self, states: &[NoticeState]) -> Result<&hq::Notice, Refused> {
        let notice = self.known()?;
        if states.contains(&notice.state()) {
            return Ok(notice);
        }
        Err(Reason::NoticeState { now: word(notice.state()) }.into())
    }
}

/// Unit and day of the next step of a notice.
fn next_step(
    notice: &hq::Notice,
    stated: Option<core::Date>,
    today: Date,
) -> Result<(OrgCode, Date), Refused> {
    let on = Step { field: "on", stated, earliest: recorded(notice.last_step_on), today }.day()?;
    Ok((recorded_unit(&notice.org_unit)?, on))
}

/// Whether a step on a day comes after the last day of its deadline.
fn is_late(notice: &hq::Notice, step: NoticeStep, on: Date) -> bool {
    let deadline = notice.deadlines.iter().rev().find(|d| d.step() == step);
    deadline.and_then(|d| d.last_day).is_some_and(|last| on > recorded(Some(last)))
}

/// The state in words, as a refusal names it.
#[must_use]
pub fn word(state: NoticeState) -> &'static str {
    match state {
        NoticeState::Unspecified => "unknown",
        NoticeState::Issued => "issued",
        NoticeState::Acknowledged => "acknowledged",
        NoticeState::PlanSubmitted => "plan submitted",
        NoticeState::PlanReturned => "plan returned",
        NoticeState::PlanApproved => "plan approved",
        NoticeState::Implemented => "implemented",
        NoticeState::Verified => "verified",
        NoticeState::Failed => "failed",
        NoticeState::Closed => "closed",
        NoticeState::Waived => "waived",
        NoticeState::Withdrawn => "withdrawn",
    }
}

#[cfg(test)]
mod tests;
