//! Time limits of a report: which event starts, meets or lifts which. An act is judged by its stated time; whether it was
//! recorded when the time was up is what `DeadlineBreached` says.

use super::{Report, ReportEvent};
use prost_types::Timestamp;
use time::OffsetDateTime;
use xiaoan_kernel::city_midnight;
use xiaoan_proto::cases::v1::{self, ReportClock};
use xiaoan_proto::{day, timestamp};

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

/// Limits of the review, and that of what an agency has handed over.
pub(super) const REVIEW: &str = "REV-";
/// See [`REVIEW`].
pub(super) const AGENCY: &str = "ADMIN-AGENCY";
/// The agency's time to supply materials.
pub(super) const SUPPLY: &str = "ADMIN-AGENCY-ADD";
/// The answer to the procuratorate.
pub(super) const EXPLAIN: &str = "PROC-EXPLAIN";
/// The filing that the procuratorate has ordered.
pub(super) const ORDERED: &str = "PROC-FILE";
/// A public security case, also when extended.
pub(super) const SECURITY: &str = "SEC-CASE";
/// Its second period.
pub(super) const SECURITY_MORE: &str = "SEC-CASE-MORE";
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
            lift(clocks, SUPPLY);
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
            lift(clocks, SUPPLY);
        }
        ReportEvent::FilingApproved(e) => {
            meet(clocks, REVIEW, e.at);
            for family in [SERVE, DECIDE, EXPLAIN, SUPPLY, SECURITY] {
                lift(clocks, family);
            }
        }
        ReportEvent::NotFiled(e) => {
            meet(clocks, REVIEW, e.at);
            lift(clocks, SUPPLY);
            start(clocks, SERVE, e.at, e.serve_by);
        }
        ReportEvent::Administrative(e) => {
            meet(clocks, REVIEW, e.at);
            lift(clocks, SUPPLY);
            // Recorded before there was this limit: none runs.
            if e.handle_by.is_some() {
                start(clocks, SECURITY, e.at, e.handle_by);
            }
        }
        ReportEvent::ReasonsAsked(e) => start(clocks, EXPLAIN, e.at, e.due_at),
        ReportEvent::Explained(e) => meet(clocks, EXPLAIN, e.at),
        ReportEvent::FilingOrdered(e) => start(clocks, ORDERED, e.at, e.due_at),
        ReportEvent::Filed(e) => {
            // The event knows the day of the filing: in time until that day is over.
            meet(clocks, ORDERED, day(e.filed_on).map(|on| timestamp(city_midnight(on))));
        }
        ReportEvent::MaterialsAsked(e) => {
            lift(clocks, REVIEW);
            start(clocks, SUPPLY, e.at, e.supply_by);
        }
        ReportEvent::MaterialsSupplied(e) => {
            meet(clocks, SUPPLY, e.at);
            start(clocks, AGENCY, e.at, e.due_at);
        }
        ReportEvent::SecurityCaseExtended(e) => {
            lift(clocks, SECURITY);
            start(clocks, SECURITY_MORE, e.from, e.due_at);
        }
        ReportEvent::ExpertTimeExcluded(e) => {
            let began = running(clocks, SECURITY).and_then(|clock| clock.started_at);
            lift(clocks, SECURITY);
            start(clocks, &e.rule_id, began, e.due_at);
        }
        ReportEvent::SecurityCaseDecided(e) => meet(clocks, SECURITY, e.at),
        ReportEvent::NoticeServed(e) => meet(clocks, SERVE, e.at),
        ReportEvent::ReconsiderationRequested(e) => {
            let rule = if e.instance == 1 { DECIDE } else { "NF-DECIDE2" };
            start(clocks, rule, e.at, e.due_at);
        }
        ReportEvent::ReconsiderationDecided(e) => meet(clocks, DECIDE, e.at),
        ReportEvent::Overrode(_) => lift(clocks, DECIDE),
        ReportEvent::ReceiptIssued(_) | ReportEvent::ReceiptRefused(_) => {}
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

/// Whether a rule is of a family: begins so; what an agency has handed over is reviewed too.
fn is_of(rule_id: &str, family: &str) -> bool {
    match family {
        REVIEW => rule_id.starts_with(REVIEW) || rule_id == AGENCY,
        AGENCY => rule_id == AGENCY,
        family => rule_id.starts_with(family),
    }
}

fn is_running(clock: &ReportClock, family: &str) -> bool {
    is_of(&clock.rule_id, family) && clock.met_at.is_none() && !clock.lifted
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

/// When the time of the review that is running is up; nothing once it is decided.
#[must_use]
pub fn review_due_at(report: &v1::Report) -> Option<OffsetDateTime> {
    let clock = running(&report.clocks, REVIEW)?;
    clock.due_at.as_ref().and_then(xiaoan_proto::instant)
}

impl Report {
    /// The running clock of a family of rules.
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
        let review = self.seen().clocks.iter().rfind(|clock| is_of(&clock.rule_id, REVIEW));
        review.is_some_and(|clock| clock.late)
    }
}
