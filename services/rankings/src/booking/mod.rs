//! Event → signed ledger lines. Pure, and without a memory: every event that moves or cancels facts carries them.
//!
//! | source | stream | file |
//! |---|---|---|
//! | `cases` | `case-…` | [`case`] |
//! | `cases` | `alert-…` | [`alert`] |
//! | `cases` | `report-…`, `audit-…`; of cases and alerts what tells how far figures can be trusted | [`integrity`] |
//! | `cases` | `taskforce-…`, `cleanup-…`, `reversereview-…`, `majorcase-…`, `den-…`, `exhibit-…`, `lookup-…` | nothing: the work on cases changes no count |
//! | `cases` | `series-…` | books nothing: each case of a series has its own `CaseSolved` |
//! | `antifraud` | all | [`antifraud`], by the event's name |
//! | `port` | all | [`port`], by the event's name |
//! | `volunteers` | all | [`volunteers`], by the event's name |
//!
//! An event that books nothing is listed as such. One that is neither booked nor listed is poison: whether it counts is not
//! ours to guess. `tests/architecture` compares the lists with the published language.
//!
//! Invariant: a correction books the negative of what it cancels **on the day of the fact it cancels**, so the sum of
//! all lines of a case equals the lines of what counts of it now, in every month.

pub mod alert;
pub mod antifraud;
pub mod case;
pub mod integrity;
pub mod port;
pub mod volunteers;

use crate::measures::Measure;
use crate::source::Source;
use time::Date;
use xiaoan_kernel::{EventSet, OrgCode};
use xiaoan_proto::core::v1 as core;

/// One signed line, before it has a position.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Line {
    /// What is counted.
    pub measure: Measure,
    /// Whose fact it is.
    pub org_unit: OrgCode,
    /// GA 240.1 category of a case, kind of an alert or incident, squadron of a patrol, class of an account …
    pub category: String,
    /// Day on which it counts.
    pub occurred_on: Date,
    /// Signed: a count, or fen.
    pub quantity: i64,
}

/// Types of the events that can book lines. A type's number, which the tables store, is its place here counted from 1:
/// append only.
const BOOKING_EVENTS: &[&str] = &[
    "xiaoan.cases.v1.CaseFiled",
    "xiaoan.cases.v1.SuspectCaught",
    "xiaoan.cases.v1.CaseSolved",
    "xiaoan.cases.v1.SolveRevoked",
    "xiaoan.cases.v1.PropertyRecovered",
    "xiaoan.cases.v1.PropertyReturned",
    "xiaoan.cases.v1.CaseReclassified",
    "xiaoan.cases.v1.CaseTransferred",
    "xiaoan.cases.v1.CaseWithdrawn",
    "xiaoan.cases.v1.CaseRefiled",
    "xiaoan.cases.v1.AlertReceived",
    "xiaoan.cases.v1.AlertMarkedDuplicate",
    "xiaoan.antifraud.v1.StopConfirmed",
    "xiaoan.antifraud.v1.StopConfirmationRevoked",
    "xiaoan.antifraud.v1.FreezeConfirmed",
    "xiaoan.antifraud.v1.FreezeConfirmationRevoked",
    "xiaoan.antifraud.v1.ReturnExecuted",
    "xiaoan.antifraud.v1.ReturnExecutionRevoked",
    "xiaoan.port.v1.IncidentReported",
    "xiaoan.port.v1.IncidentClassified",
    "xiaoan.port.v1.IncidentClosed",
    "xiaoan.port.v1.IncidentWithdrawn",
    "xiaoan.port.v1.GuardAuthorised",
    "xiaoan.port.v1.FreightTrafficDirected",
    "xiaoan.port.v1.FreightTrafficCorrected",
    "xiaoan.port.v1.SettlementSigned",
    "xiaoan.volunteers.v1.ApplicationReceived",
    "xiaoan.volunteers.v1.VolunteerEnrolled",
    "xiaoan.volunteers.v1.SquadronFormed",
    "xiaoan.volunteers.v1.SquadronDisbanded",
    "xiaoan.volunteers.v1.DutyPointOpened",
    "xiaoan.volunteers.v1.DutyPointClosed",
    "xiaoan.volunteers.v1.PatrolEnded",
    "xiaoan.volunteers.v1.PatrolResultsCorrected",
    "xiaoan.cases.v1.AlertDisposed",
    "xiaoan.cases.v1.AlertDispositionOverridden",
    "xiaoan.cases.v1.ReportRegistered",
    "xiaoan.cases.v1.ReportFiled",
    "xiaoan.cases.v1.AuditVerdictRecorded",
];

/// Number of an event type that can book.
#[must_use]
pub fn event_type_id(type_name: &str) -> Option<i16> {
    let at = BOOKING_EVENTS.iter().position(|name| *name == type_name)?;
    i16::try_from(at + 1).ok()
}

/// The event type of that number.
#[must_use]
pub fn event_type_with_id(id: i16) -> Option<&'static str> {
    BOOKING_EVENTS.get(usize::try_from(id).ok()?.checked_sub(1)?).copied()
}

/// All of them with their numbers.
pub fn event_types() -> impl Iterator<Item = (i16, &'static str)> {
    (1..).zip(BOOKING_EVENTS.iter().copied())
}

/// An event that cannot be booked; the projection stops at it, for skipping it would bend the board silently.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unbookable(pub String);

/// Lines of one event of a source, recorded on that day of the city. Nothing for events that are known to book nothing.
///
/// # Errors
/// [`Unbookable`] for an event that this build does not know or cannot decode, for facts that lack their day or unit, and
/// for an aggregate of `cases` that this build has never heard of: whether it books is not ours to guess.
pub fn book(
    source: Source,
    stream: &str,
    type_name: &str,
    payload: &[u8],
    recorded_on: Option<Date>,
) -> Result<Vec<Line>, Unbookable> {
    match source {
        Source::Cases => book_case(stream, type_name, payload, recorded_on),
        Source::Antifraud => book_named(antifraud::NOTHING, antifraud::lines, type_name, payload),
        Source::Port => book_named(port::NOTHING, port::lines, type_name, payload),
        Source::Volunteers => book_named(volunteers::NOTHING, volunteers::lines, type_name, payload),
    }
}

fn book_case(
    stream: &str,
    type_name: &str,
    payload: &[u8],
    recorded_on: Option<Date>,
) -> Result<Vec<Line>, Unbookable> {
    if books_nothing(Source::Cases).contains(&type_name) {
        return Ok(Vec::new());
    }
    match stream.split_once('-').map_or(stream, |(kind, _)| kind) {
        "case" => {
            let event = case::CaseEvent::decode(type_name, payload).map_err(unread)?;
            let mut lines = case::lines(&event)?;
            lines.extend(integrity::of_case(&event, recorded_on)?);
            Ok(lines)
        }
        "alert" => alert::lines(&alert::AlertEvent::decode(type_name, payload).map_err(unread)?),
        "report" => {
            integrity::of_report(&integrity::ReportEvent::decode(type_name, payload).map_err(unread)?)
        }
        "audit" => integrity::of_audit(&integrity::AuditEvent::decode(type_name, payload).map_err(unread)?),
        "series" => Ok(Vec::new()),
        other => Err(Unbookable(format!("nothing is known of aggregate {other:?} (event {type_name})"))),
    }
}

#[allow(clippy::needless_pass_by_value)] // the shape that map_err takes
fn unread(error: xiaoan_kernel::UnknownEvent) -> Unbookable {
    Unbookable(error.to_string())
}

/// By the event's name: either it is listed among those that book nothing, or it is one of those that book.
fn book_named<E: EventSet>(
    nothing: &[&str],
    lines: fn(&E) -> Result<Vec<Line>, Unbookable>,
    type_name: &str,
    payload: &[u8],
) -> Result<Vec<Line>, Unbookable> {
    match nothing.contains(&type_name) {
        true => Ok(Vec::new()),
        false => lines(&E::decode(type_name, payload).map_err(unread)?),
    }
}

/// Types of the events of a source that are known to book nothing.
#[must_use]
pub const fn books_nothing(source: Source) -> &'static [&'static str] {
    match source {
        Source::Cases => &[
            "xiaoan.cases.v1.CaseInvestigated",
            "xiaoan.cases.v1.SolveProposed",
            "xiaoan.cases.v1.SolveReturned",
            "xiaoan.cases.v1.SeriesOpened",
            "xiaoan.cases.v1.CaseLinked",
            "xiaoan.cases.v1.CaseUnlinked",
            "xiaoan.cases.v1.BroughtSolvesProposed",
            "xiaoan.cases.v1.BroughtSolvesApproved",
            "xiaoan.cases.v1.BroughtSolvesReturned",
            "xiaoan.cases.v1.UnitDispatched",
            "xiaoan.cases.v1.DispatchAcknowledged",
            "xiaoan.cases.v1.UnitSetOut",
            "xiaoan.cases.v1.UnitArrived",
            "xiaoan.cases.v1.AlertResolved",
            "xiaoan.cases.v1.AlertRegistered",
            "xiaoan.cases.v1.AlertAudited",
            "xiaoan.cases.v1.ReceiptIssued",
            "xiaoan.cases.v1.ReceiptRefused",
            "xiaoan.cases.v1.TrackSwitched",
            "xiaoan.cases.v1.ReviewExtended",
            "xiaoan.cases.v1.ForeignJurisdictionFound",
            "xiaoan.cases.v1.ReportTransferred",
            "xiaoan.cases.v1.FilingApproved",
            "xiaoan.cases.v1.ReportNotFiled",
            "xiaoan.cases.v1.ReportTakenAsAdministrative",
            "xiaoan.cases.v1.NotFiledNoticeServed",
            "xiaoan.cases.v1.ReconsiderationRequested",
            "xiaoan.cases.v1.ReconsiderationDecided",
            "xiaoan.cases.v1.RegistrarOverrode",
            "xiaoan.cases.v1.NonFilingReasonsAsked",
            "xiaoan.cases.v1.NonFilingExplained",
            "xiaoan.cases.v1.FilingOrdered",
            "xiaoan.cases.v1.AgencyMaterialsAsked",
            "xiaoan.cases.v1.AgencyMaterialsSupplied",
            "xiaoan.cases.v1.SecurityCaseExtended",
            "xiaoan.cases.v1.ExpertTimeExcluded",
            "xiaoan.cases.v1.SecurityCaseDecided",
            "xiaoan.cases.v1.WithdrawalNoticeServed",
            "xiaoan.cases.v1.AuditSampleDrawn",
            "xiaoan.cases.v1.AuditCompleted",
            "xiaoan.cases.v1.DeadlineBreached",
            // The work on cases changes no count of cases.
            "xiaoan.cases.v1.AccountabilityDecided",
            "xiaoan.cases.v1.CleanupClosed",
            "xiaoan.cases.v1.CleanupFindingHandedOver",
            "xiaoan.cases.v1.CleanupFindingRectified",
            "xiaoan.cases.v1.CleanupPlanned",
            "xiaoan.cases.v1.CleanupRectificationOverdue",
            "xiaoan.cases.v1.DenRaided",
            "xiaoan.cases.v1.DirectiveIssued",
            "xiaoan.cases.v1.ExhibitHandInOverdue",
            "xiaoan.cases.v1.ExhibitsDisposed",
            "xiaoan.cases.v1.ExhibitsHandedIn",
            "xiaoan.cases.v1.ExhibitsReturned",
            "xiaoan.cases.v1.ExhibitsSeized",
            "xiaoan.cases.v1.KeyCasesAnalysed",
            "xiaoan.cases.v1.LookupItemChecked",
            "xiaoan.cases.v1.LookupsClosed",
            "xiaoan.cases.v1.LookupsOpened",
            "xiaoan.cases.v1.LookupsOverdue",
            "xiaoan.cases.v1.MajorCaseProgressReported",
            "xiaoan.cases.v1.MajorCaseReportOverdue",
            "xiaoan.cases.v1.MajorCaseOverdue",
            "xiaoan.cases.v1.MajorCaseSupervised",
            "xiaoan.cases.v1.MajorCaseSupervisionEnded",
            "xiaoan.cases.v1.MonthAnalysed",
            "xiaoan.cases.v1.PreventionMeasureImplemented",
            "xiaoan.cases.v1.PreventionMeasureOverdue",
            "xiaoan.cases.v1.ReverseReviewAppealDecided",
            "xiaoan.cases.v1.ReverseReviewAppealed",
            "xiaoan.cases.v1.ReverseReviewClosed",
            "xiaoan.cases.v1.ReverseReviewFindingsRecorded",
            "xiaoan.cases.v1.ReverseReviewOpened",
            "xiaoan.cases.v1.ReverseReviewScoped",
            "xiaoan.cases.v1.ReviewResponsibilityDetermined",
            "xiaoan.cases.v1.TaskForceCaseAssigned",
            "xiaoan.cases.v1.TaskForceDissolved",
            "xiaoan.cases.v1.TaskForceFormed",
            "xiaoan.cases.v1.TaskForceResultsRecorded",
            "xiaoan.cases.v1.TaskForceResultsRevoked",
            "xiaoan.cases.v1.TaskForceStaffed",
            "xiaoan.cases.v1.TaskForceWorkMissed",
            "xiaoan.cases.v1.TaskForceWorkOverdue",
            "xiaoan.cases.v1.VenueInspected",
        ],
        Source::Antifraud => antifraud::NOTHING,
        Source::Port => port::NOTHING,
        Source::Volunteers => volunteers::NOTHING,
    }
}

/// Lines of one unit, all with the same sign.
struct Book<'a> {
    org_unit: OrgCode,
    category: &'a str,
    sign: i64,
    lines: Vec<Line>,
}

impl<'a> Book<'a> {
    fn new(org_unit: &str, category: &'a str, sign: i64) -> Result<Self, Unbookable> {
        Ok(Self { org_unit: unit(org_unit)?, category, sign, lines: Vec::new() })
    }

    /// A line of nothing is no line.
    fn add(&mut self, measure: Measure, on: Date, quantity: i64) {
        if quantity != 0 {
            self.lines.push(Line {
                measure,
                org_unit: self.org_unit,
                category: self.category.to_owned(),
                occurred_on: on,
                quantity: self.sign * quantity,
            });
        }
    }
}

/// The category of an enum's value: "INCIDENT_KIND_CONGESTION" of `INCIDENT_KIND_` is "congestion".
fn word(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_ascii_lowercase()
}

fn unit(code: &str) -> Result<OrgCode, Unbookable> {
    OrgCode::parse(code).map_err(|e| Unbookable(e.to_string()))
}

fn day(date: Option<core::Date>, field: &str) -> Result<Date, Unbookable> {
    let date = date.ok_or_else(|| Unbookable(format!("{field} is missing")))?;
    Date::try_from(date).map_err(|e| Unbookable(format!("{field}: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_books_nothing_whatever_happens_to_it() {
        let tomorrow = "xiaoan.cases.v1.SomethingOfTomorrow";
        assert_eq!(book(Source::Cases, "series-s-1", tomorrow, &[1], None), Ok(Vec::new()));
    }

    #[test]
    fn an_event_of_a_case_that_this_build_does_not_know_is_poison() {
        let case = "case-A3711020100002026060001";
        assert!(book(Source::Cases, case, "xiaoan.cases.v1.CaseSplit", &[], None).is_err());
        assert!(book(Source::Cases, case, "xiaoan.cases.v1.CaseFiled", &[0xff, 0xff], None).is_err());
        assert!(book(Source::Cases, "raid-1", "xiaoan.cases.v1.RaidHeld", &[], None).is_err());
    }

    #[test]
    fn an_event_of_another_source_books_what_it_is_listed_for_and_is_poison_when_it_is_not() {
        for (source, quiet, unknown, broken) in [
            (Source::Antifraud, "StopDrafted", "StopForgotten", "StopConfirmed"),
            (Source::Port, "CrewArrived", "PierBuilt", "IncidentReported"),
            (Source::Volunteers, "PatrolPlanned", "PicnicHeld", "PatrolEnded"),
        ] {
            let named = |name: &str| format!("xiaoan.{}.v1.{name}", source.name());
            assert_eq!(book(source, "x-1", &named(quiet), &[0xff], None), Ok(Vec::new()));
            assert!(book(source, "x-1", &named(unknown), &[], None).is_err());
            assert!(book(source, "x-1", &named(broken), &[0xff, 0xff], None).is_err(), "no such bytes");
            assert!(book(source, "x-1", &named(broken), &[], None).is_err(), "no unit, no day");
            assert!(
                book(source, "x-1", "xiaoan.cases.v1.CaseFiled", &[], None).is_err(),
                "of another package"
            );
        }
    }

    #[test]
    fn no_event_both_books_and_books_nothing() {
        for source in Source::ALL {
            for name in books_nothing(source) {
                assert!(name.starts_with(&format!("xiaoan.{}.v1.", source.name())), "{name}");
                assert_eq!(event_type_id(name), None, "{name}");
            }
        }
    }

    #[test]
    fn every_event_that_can_book_has_a_number_of_its_own() {
        for (id, name) in (1..).zip(BOOKING_EVENTS) {
            assert_eq!(event_type_id(name), Some(id));
            assert_eq!(event_type_with_id(id), Some(*name));
        }
        assert_eq!(event_type_id("xiaoan.cases.v1.CaseInvestigated"), None);
        assert_eq!(event_type_with_id(0), None);
    }
}
