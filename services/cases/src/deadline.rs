//! Time limits of law of alerts, reports and cases, and what a deadline does that comes about: one event in an aggregate of its own, so
//! that whoever counts breaches reads one kind of event. A limit that was met, lifted or replaced meanwhile decides nothing.
//!
//! | limit | armed by | off by |
//! |---|---|---|
//! | ALERT-SETTLE | an alert received (a local term, `rulebook/work_terms.csv`) | resolved, registered, disposed of, duplicate |
//! | REG-24H | an alert resolved with a suspected case; a disposition set aside | registered, disposed of, duplicate |
//! | REV-* | a report registered, extended, moved to another track | decided, transferred |
//! | XFER-24H | found to belong elsewhere | transferred |
//! | NF-SERVE | not filed | served, approved after all |
//! | NF-DECIDE, NF-DECIDE2 | a request of the complainant | decided, overridden |
//! | PROC-EXPLAIN | the procuratorate asks for reasons | explained, approved after all |
//! | PROC-FILE | the procuratorate orders the filing | filed |
//! | ADMIN-AGENCY | a report handed over by an agency; its materials supplied | decided, transferred, materials asked for |
//! | SEC-CASE, SEC-CASE-MORE | taken as administrative, extended, expert time excluded | decided, approved after all |
//! | WD-NOTIFY | a case withdrawn | suspect and victim told, filed again |
//!
//! What was taken over from an older system or invented for the demo has no breaches: its deadlines ran elsewhere. Its alerts and the
//! registration of its reports arm nothing; whatever else is armed for it (logs from before that rule, a report's later limits)
//! decides nothing when it comes about.

use crate::alert::{Alert, AlertEvent};
use crate::case::{Case, CaseEvent};
use crate::report::{Report, ReportEvent};
use prost_types::Timestamp;
use time::OffsetDateTime;
use xiaoan_eventstore::RecordedEvent;
use xiaoan_kernel::{Aggregate, EventSet, Fact, OrgCode, StreamId, UnknownEvent, city_day, whole_micros};
use xiaoan_proto::cases::v1::{self, DeadlineBreached};
use xiaoan_proto::core::v1::Provenance;
use xiaoan_proto::timestamp;
use xiaoan_timer::{Alarm, Change};

xiaoan_kernel::events! {
    /// The only thing that can happen to a deadline.
    pub enum DeadlineEvent {
        Breached(v1::DeadlineBreached),
    }
}

/// A time limit that ran out, or not (yet).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Deadline {
    breached: bool,
}

impl Aggregate for Deadline {
    const KIND: &'static str = "deadline";
    type Event = DeadlineEvent;

    fn apply(&mut self, _: &DeadlineEvent) {
        self.breached = true;
    }
}

type Facts = Vec<Fact<DeadlineEvent>>;

impl Deadline {
    /// The breach of a limit whose time is up; nothing when it is no longer running so, or was noted before.
    #[must_use]
    pub fn decide_breach(
        &self,
        alarm: &Alarm,
        subject: &str,
        unit: Option<OrgCode>,
        due_at: Option<OffsetDateTime>,
    ) -> Facts {
        match unit {
            Some(unit) if !self.breached && due_at.map(whole_micros) == Some(alarm.due_at) => {
                let on = city_day(alarm.due_at);
                let breached = DeadlineBreached {
                    rule_id: alarm.kind.clone(),
                    subject: subject.to_owned(),
                    org_unit: unit.to_string(),
                    due_at: Some(timestamp(alarm.due_at)),
                    due_on: Some(on.into()),
                };
                vec![Fact::new(breached, unit, on)]
            }
            _ => Vec::new(),
        }
    }
}

/// Which deadlines an event of an alert, a report or a case arms and cancels; none for events of other aggregates.
///
/// # Errors
/// When the event cannot be read.
pub fn changes(recorded: &RecordedEvent) -> Result<Vec<Change>, UnknownEvent> {
    let stream = StreamId::from(recorded.stream.clone());
    Ok(match recorded.stream.split_once('-').map(|(kind, _)| kind) {
        Some(Alert::KIND) => of_alert(&AlertEvent::decode(&recorded.r#type, &recorded.payload)?, &stream),
        Some(Report::KIND) => of_report(&ReportEvent::decode(&recorded.r#type, &recorded.payload)?, &stream),
        Some(Case::KIND) => of_case(&recorded.r#type, &recorded.payload, &stream)?,
        _ => Vec::new(),
    })
}

/// Every limit that a report can have; a kind of deadline each.
const REVIEWS: [&str; 6] =
    ["REV-CRIM-3D", "REV-CRIM-7D", "REV-CRIM-30D", "REV-ADM", "REV-ADM-3D", "ADMIN-AGENCY"];
/// Those of a public security case.
const SECURITY: [&str; 2] = ["SEC-CASE", "SEC-CASE-MORE"];
/// The other limits.
const OTHERS: [&str; 9] = [
    "ALERT-SETTLE",
    "REG-24H",
    "XFER-24H",
    "NF-SERVE",
    "NF-DECIDE",
    "NF-DECIDE2",
    "PROC-EXPLAIN",
    "PROC-FILE",
    "WD-NOTIFY",
];

/// Whether a kind of deadline is one of these limits.
#[must_use]
pub fn is_kind(kind: &str) -> bool {
    REVIEWS.contains(&kind) || SECURITY.contains(&kind) || OTHERS.contains(&kind)
}

/// Whether the deadlines of something with this provenance ran elsewhere.
#[must_use]
pub fn ran_elsewhere(provenance: Provenance) -> bool {
    match provenance {
        Provenance::LegacyImport | Provenance::Demo => true,
        Provenance::Unspecified | Provenance::Recorded => false,
    }
}

fn arm(kind: &str, stream: &StreamId, due: Option<&Timestamp>) -> Option<Change> {
    due.and_then(xiaoan_proto::instant).map(|due| Change::arm(kind, stream, due))
}

fn cancel<'s>(kinds: &'s [&str], stream: &'s StreamId) -> impl Iterator<Item = Change> + 's {
    kinds.iter().map(|kind| Change::cancel(kind, stream))
}

fn of_alert(event: &AlertEvent, stream: &StreamId) -> Vec<Change> {
    match event {
        AlertEvent::Received(e) => arm("ALERT-SETTLE", stream, e.settle_by.as_ref()).into_iter().collect(),
        AlertEvent::Resolved(e) => {
            cancel(&["ALERT-SETTLE"], stream).chain(arm("REG-24H", stream, e.register_by.as_ref())).collect()
        }
        AlertEvent::Overridden(e) => arm("REG-24H", stream, e.register_by.as_ref()).into_iter().collect(),
        AlertEvent::Registered(_) | AlertEvent::Disposed(_) | AlertEvent::MarkedDuplicate(_) => {
            vec![Change::cancel_all(stream)]
        }
        AlertEvent::Dispatched(_)
        | AlertEvent::Acknowledged(_)
        | AlertEvent::SetOut(_)
        | AlertEvent::Arrived(_)
        | AlertEvent::Audited(_) => Vec::new(),
    }
}

fn of_report(event: &ReportEvent, stream: &StreamId) -> Vec<Change> {
    match event {
        ReportEvent::Registered(e) => {
            let review = arm(&e.rule_id, stream, e.due_at.as_ref());
            review.filter(|_| !ran_elsewhere(e.provenance())).into_iter().collect()
        }
        ReportEvent::TrackSwitched(e) => {
            cancel(&REVIEWS, stream).chain(arm(&e.rule_id, stream, e.due_at.as_ref())).collect()
        }
        ReportEvent::ReviewExtended(e) => {
            cancel(&REVIEWS, stream).chain(arm(&e.rule_id, stream, e.due_at.as_ref())).collect()
        }
        ReportEvent::ForeignFound(e) => arm("XFER-24H", stream, e.due_at.as_ref()).into_iter().collect(),
        ReportEvent::NotFiled(e) => {
            cancel(&REVIEWS, stream).chain(arm("NF-SERVE", stream, e.serve_by.as_ref())).collect()
        }
        ReportEvent::Administrative(e) => {
            cancel(&REVIEWS, stream).chain(arm("SEC-CASE", stream, e.handle_by.as_ref())).collect()
        }
        ReportEvent::NoticeServed(_) => cancel(&["NF-SERVE"], stream).collect(),
        ReportEvent::ReconsiderationRequested(e) => {
            let rule = if e.instance == 1 { "NF-DECIDE" } else { "NF-DECIDE2" };
            arm(rule, stream, e.due_at.as_ref()).into_iter().collect()
        }
        ReportEvent::ReconsiderationDecided(_) | ReportEvent::Overrode(_) => {
            cancel(&["NF-DECIDE", "NF-DECIDE2"], stream).collect()
        }
        ReportEvent::Transferred(_) | ReportEvent::FilingApproved(_) => vec![Change::cancel_all(stream)],
        ReportEvent::Filed(_) => cancel(&["PROC-FILE"], stream).collect(),
        ReportEvent::ReasonsAsked(e) => arm("PROC-EXPLAIN", stream, e.due_at.as_ref()).into_iter().collect(),
        ReportEvent::Explained(_) => cancel(&["PROC-EXPLAIN"], stream).collect(),
        ReportEvent::FilingOrdered(e) => arm("PROC-FILE", stream, e.due_at.as_ref()).into_iter().collect(),
        ReportEvent::MaterialsAsked(_) => cancel(&REVIEWS, stream).collect(),
        ReportEvent::MaterialsSupplied(e) => {
            arm("ADMIN-AGENCY", stream, e.due_at.as_ref()).into_iter().collect()
        }
        ReportEvent::SecurityCaseExtended(e) => {
            cancel(&SECURITY, stream).chain(arm("SEC-CASE-MORE", stream, e.due_at.as_ref())).collect()
        }
        ReportEvent::ExpertTimeExcluded(e) => {
            cancel(&SECURITY, stream).chain(arm(&e.rule_id, stream, e.due_at.as_ref())).collect()
        }
        ReportEvent::SecurityCaseDecided(_) => cancel(&SECURITY, stream).collect(),
        ReportEvent::ReceiptIssued(_) | ReportEvent::ReceiptRefused(_) => Vec::new(),
    }
}

/// Most events of a case neither arm nor cancel anything: they are not even read.
fn of_case(type_name: &str, payload: &[u8], stream: &StreamId) -> Result<Vec<Change>, UnknownEvent> {
    const WHICH: [&str; 3] = ["CaseWithdrawn", "WithdrawalNoticeServed", "CaseRefiled"];
    if !type_name.rsplit('.').next().is_some_and(|name| WHICH.contains(&name)) {
        return Ok(Vec::new());
    }
    Ok(match CaseEvent::decode(type_name, payload)? {
        CaseEvent::Withdrawn(e) => arm("WD-NOTIFY", stream, e.notify_by.as_ref()).into_iter().collect(),
        CaseEvent::WithdrawalNoticed(_) | CaseEvent::Refiled(_) => cancel(&["WD-NOTIFY"], stream).collect(),
        _ => Vec::new(),
    })
}

#[cfg(test)]
mod tests;
