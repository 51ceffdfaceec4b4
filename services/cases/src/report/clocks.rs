//! Time limits of a report: which event starts, meets or lifts which. An act is judged by its stated time; whether it was
//! recorded when the time was up is what `DeadlineBreached` says.

use super::{Report, ReportEvent};
use prost_types::Timestamp;
use time::OffsetDateTime;
use xiaoan_proto::cases::v1::ReportClock;

/// A time limit that is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock<'r> {
    /// Limit.
    pub rule_id: &'r str,
    /// When it began.
    pub started_at: OffsetDateTime,
    /// First instant at which the time is up.
    pub due_at: OffsetDateTime,
}

/// Limits of the review.
pub(super) const REVIEW: &str = "REV-";
/// The transfer.
pub(super) const TRANSFER: &str = "XFER-24H";
/// Serving the notice.
pub(super) const SERVE: &str = "NF-SERVE";
/// Deciding a request, in both instances.
pub(super) const DECIDE: &str = "NF-DECIDE";

/// Takes an event into the clocks.
pub(super) fn note(clocks: &mut Vec<ReportClock>, event: &ReportEvent) {
    match event {
        ReportEvent::Registered(e) => start(clocks, &e.rule_id, e.reported_at, e.due_at),
        ReportEvent::TrackSwitched(e) => {
            lift(clocks, REVIEW);
            start(clocks, &e.rule_id, e.at, e.due_at);
        }
        ReportEvent::ReviewExtended(e) => {
            let began = running(clocks, REVIEW).and_then(|clock| clock.started_at);
            lift(clocks, REVIEW);
            start(clocks, &e.rule_id, began, e.due_at);
        }
        ReportEvent::ForeignFound(e) => start(clocks, TRANSFER, e.at, e.due_at),
        ReportEvent::Transferred(e) => {
            meet(clocks, TRANSFER, e.at);
            lift(clocks, REVIEW);
        }
        ReportEvent::FilingApproved(e) => {
            meet(clocks, REVIEW, e.at);
            lift(clocks, SERVE);
            lift(clocks, DECIDE);
        }
        ReportEvent::NotFiled(e) => {
            meet(clocks, REVIEW, e.at);
            start(clocks, SERVE, e.at, e.serve_by);
        }
        ReportEvent::Administrative(e) => meet(clocks, REVIEW, e.at),
        ReportEvent::NoticeServed(e) => meet(clocks, SERVE, e.at),
        ReportEvent::ReconsiderationRequested(e) => {
            let rule = if e.instance == 1 { DECIDE } else { "NF-DECIDE2" };
            start(clocks, rule, e.at, e.due_at);
        }
        ReportEvent::ReconsiderationDecided(e) => meet(clocks, DECIDE, e.at),
        ReportEvent::Overrode(_) => lift(clocks, DECIDE),
        ReportEvent::ReceiptIssued(_) | ReportEvent::ReceiptRefused(_) | ReportEvent::Filed(_) => {}
    }
}

fn start(
    clocks: &mut Vec<ReportClock>,
    rule_id: &str,
    started_at: Option<Timestamp>,
    due_at: Option<Timestamp>,
) {
    clocks.push(ReportClock { rule_id: rule_id.to_owned(), started_at, due_at, ..Default::default() });
}

fn is_running(clock: &ReportClock, prefix: &str) -> bool {
    clock.rule_id.starts_with(prefix) && clock.met_at.is_none() && !clock.lifted
}

fn running<'c>(clocks: &'c [ReportClock], prefix: &str) -> Option<&'c ReportClock> {
    clocks.iter().rfind(|clock| is_running(clock, prefix))
}

fn meet(clocks: &mut [ReportClock], prefix: &str, at: Option<Timestamp>) {
    if let Some(clock) = clocks.iter_mut().rfind(|clock| is_running(clock, prefix)) {
        clock.met_at = at;
        let instant = |at: Option<Timestamp>| at.as_ref().and_then(xiaoan_proto::instant);
        clock.late = instant(at) >= instant(clock.due_at);
    }
}

fn lift(clocks: &mut [ReportClock], prefix: &str) {
    for clock in clocks.iter_mut().filter(|clock| is_running(clock, prefix)) {
        clock.lifted = true;
    }
}

impl Report {
    /// The running clock whose rule begins so.
    #[must_use]
    pub fn clock(&self, prefix: &str) -> Option<Clock<'_>> {
        let clock = running(&self.seen().clocks, prefix)?;
        let instant = |at: &Option<Timestamp>| at.as_ref().and_then(xiaoan_proto::instant);
        Some(Clock {
            rule_id: &clock.rule_id,
            started_at: instant(&clock.started_at)?,
            due_at: instant(&clock.due_at)?,
        })
    }

    /// Whether its deadlines are none of ours: it was taken over or invented.
    #[must_use]
    pub fn ran_elsewhere(&self) -> bool {
        crate::deadline::ran_elsewhere(self.seen().provenance())
    }

    /// Whether something done at `when` is too late for the running clock.
    pub(super) fn late(&self, prefix: &str, when: OffsetDateTime) -> bool {
        self.clock(prefix).is_some_and(|clock| when >= clock.due_at)
    }

    /// Whether the review had been late when it ended.
    pub(super) fn review_was_late(&self) -> bool {
        let review = self.seen().clocks.iter().rfind(|clock| clock.rule_id.starts_with(REVIEW));
        review.is_some_and(|clock| clock.late)
    }
}
