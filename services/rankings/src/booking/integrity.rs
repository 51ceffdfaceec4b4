//! What tells how far a rate can be trusted (domain reference §E, "anti-gaming pairs"): booked beside the facts, never into them.
//!
//! | event | line |
//! |---|---|
//! | case withdrawn, no crime; refiled after that | ± withdrawn, on the day of filing |
//! | case reclassified to a category that weighs less | + on the day of filing, under the category that it left |
//! | solve revoked | + on the day of the solve |
//! | case filed | + recorded late, when it was recorded in a later month than it was filed in |
//! | | + near the threshold, when its loss lies just under it |
//! | alert disposed of without a case; that disposition overridden | ± not filed, on the day of receipt |
//! | report registered | + on its day |
//! | report filed after its review was due | + filed late, on the day of filing |
//! | audit verdict: should have been recorded | + sampled, + recorded when it had been, on the day of the alert's receipt |
//!
//! They count on the day of the figure that they bear on, so that they stand beside it whatever the period. A correction of the
//! case afterwards (transfer, another category) does not move them: they say what happened, not what counts.

use super::case::CaseEvent;
use super::{Book, Line, Unbookable, day, word};
use crate::measures::Measure;
use time::Date;
use xiaoan_proto::cases::v1::{
    AlertDisposed, AlertDisposition, AlertDispositionOverridden, AuditVerdict, AuditVerdictRecorded,
    CaseFacts, ReportFiled, ReportRegistered,
};
use xiaoan_proto::core::v1::Provenance;

xiaoan_kernel::events! {
    /// What can happen to a report, as far as it is counted.
    pub enum ReportEvent {
        Registered(ReportRegistered),
        Filed(ReportFiled),
    }
}
xiaoan_kernel::events! {
    /// What can happen to an audit, as far as it is counted.
    pub enum AuditEvent {
        VerdictRecorded(AuditVerdictRecorded),
    }
}

/// Lines of a case's event, recorded on that day of the city.
///
/// # Errors
/// [`Unbookable`] when facts, a day or a unit are missing or none.
pub fn of_case(event: &CaseEvent, recorded_on: Option<Date>) -> Result<Vec<Line>, Unbookable> {
    match event {
        CaseEvent::Filed(e) => {
            let filed_on = day(e.filed_on, "filed_on")?;
            let later = recorded_on
                .is_some_and(|on| (on.year(), on.month() as u8) > (filed_on.year(), filed_on.month() as u8));
            let own = matches!(e.provenance(), Provenance::Unspecified | Provenance::Recorded);
            let mut book = Book::new(&e.org_unit, &e.category, 1)?;
            book.add(Measure::RecordedLate, filed_on, i64::from(later && own));
            book.add(Measure::NearThreshold, filed_on, i64::from(e.near_threshold));
            Ok(book.lines)
        }
        CaseEvent::Withdrawn(e) if e.leaves_count => on_filing(&e.facts, Measure::WithdrawnNoCrime, 1),
        CaseEvent::Refiled(e) if e.returns_to_count => on_filing(&e.facts, Measure::WithdrawnNoCrime, -1),
        CaseEvent::Reclassified(e) if e.downgrade => on_filing(&e.facts, Measure::ReclassifiedDown, 1),
        CaseEvent::SolveRevoked(e) => {
            let facts = super::case::facts(&e.facts)?;
            let solved_on = day(facts.solved_on, "facts.solved_on")?;
            one(&facts.org_unit, &facts.category, Measure::SolvesRevoked, solved_on, 1)
        }
        CaseEvent::Withdrawn(_)
        | CaseEvent::Refiled(_)
        | CaseEvent::Reclassified(_)
        | CaseEvent::Investigated(_)
        | CaseEvent::SuspectCaught(_)
        | CaseEvent::SolveProposed(_)
        | CaseEvent::Solved(_)
        | CaseEvent::SolveReturned(_)
        | CaseEvent::PropertyRecovered(_)
        | CaseEvent::PropertyReturned(_)
        | CaseEvent::Transferred(_) => Ok(Vec::new()),
    }
}

/// Lines of an alert's disposition.
///
/// # Errors
/// As [`of_case`].
pub fn disposed(e: &AlertDisposed) -> Result<Vec<Line>, Unbookable> {
    not_filed(e.disposition(), &e.org_unit, day(e.received_on, "received_on")?, 1)
}

/// Lines of a disposition that no longer stands.
///
/// # Errors
/// As [`of_case`].
pub fn overridden(e: &AlertDispositionOverridden) -> Result<Vec<Line>, Unbookable> {
    not_filed(e.disposition(), &e.org_unit, day(e.received_on, "received_on")?, -1)
}

/// Lines of a report's event.
///
/// # Errors
/// As [`of_case`].
pub fn of_report(event: &ReportEvent) -> Result<Vec<Line>, Unbookable> {
    match event {
        ReportEvent::Registered(e) => {
            let track = word(e.track().as_str_name(), "REPORT_TRACK_");
            one(&e.org_unit, &track, Measure::ReportsRegistered, day(e.registered_on, "registered_on")?, 1)
        }
        ReportEvent::Filed(e) => {
            one(&e.org_unit, "", Measure::FiledLate, day(e.filed_on, "filed_on")?, e.late.into())
        }
    }
}

/// Lines of an audit's event. What had not to be recorded is no part of the sample.
///
/// # Errors
/// As [`of_case`].
pub fn of_audit(event: &AuditEvent) -> Result<Vec<Line>, Unbookable> {
    let AuditEvent::VerdictRecorded(e) = event;
    let received_on = day(e.received_on, "received_on")?;
    let mut book = Book::new(&e.org_unit, "", 1)?;
    if e.verdict() == AuditVerdict::ShouldBeRecorded {
        book.add(Measure::AuditSampled, received_on, 1);
        book.add(Measure::AuditRecorded, received_on, e.recorded.into());
    }
    Ok(book.lines)
}

fn not_filed(
    how: AlertDisposition,
    org_unit: &str,
    on: Date,
    quantity: i64,
) -> Result<Vec<Line>, Unbookable> {
    let filed = matches!(how, AlertDisposition::FiledAsCase | AlertDisposition::Unspecified);
    let how = word(how.as_str_name(), "ALERT_DISPOSITION_");
    one(org_unit, &how, Measure::AlertsNotFiled, on, if filed { 0 } else { quantity })
}

fn on_filing(facts: &Option<CaseFacts>, measure: Measure, quantity: i64) -> Result<Vec<Line>, Unbookable> {
    let facts = super::case::facts(facts)?;
    one(&facts.org_unit, &facts.category, measure, day(facts.filed_on, "facts.filed_on")?, quantity)
}

fn one(
    org_unit: &str,
    category: &str,
    measure: Measure,
    on: Date,
    quantity: i64,
) -> Result<Vec<Line>, Unbookable> {
    let mut book = Book::new(org_unit, category, 1)?;
    book.add(measure, on, quantity);
    Ok(book.lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;
    use xiaoan_proto::cases::v1::{
        CaseFiled, CaseReclassified, CaseRefiled, CaseWithdrawn, ReportTrack, SolveRevoked,
    };

    const UNIT: &str = "371102010000";
    const JUNE: Date = date!(2026 - 06 - 07);
    const JULY: Date = date!(2026 - 07 - 03);

    fn facts() -> Option<CaseFacts> {
        Some(CaseFacts {
            org_unit: UNIT.into(),
            category: "050201".into(),
            filed_on: Some(JUNE.into()),
            solved_on: Some(JULY.into()),
            ..Default::default()
        })
    }
    /// (measure, category, day, quantity) of each line.
    #[track_caller]
    fn told(lines: Result<Vec<Line>, Unbookable>) -> Vec<(Measure, String, Date, i64)> {
        let told = |line: Line| (line.measure, line.category, line.occurred_on, line.quantity);
        lines.expect("books").into_iter().map(told).collect()
    }
    #[track_caller]
    fn of(event: impl Into<CaseEvent>) -> Vec<(Measure, String, Date, i64)> {
        told(of_case(&event.into(), Some(JULY)))
    }
    fn theft(measure: Measure, on: Date, quantity: i64) -> Vec<(Measure, String, Date, i64)> {
        vec![(measure, "050201".into(), on, quantity)]
    }

    #[test]
    fn a_withdrawal_for_no_crime_stands_in_the_month_it_was_filed_in_until_the_case_is_refiled() {
        let withdrawn = |leaves_count| CaseWithdrawn { facts: facts(), leaves_count, ..Default::default() };
        assert_eq!(of(withdrawn(true)), theft(Measure::WithdrawnNoCrime, JUNE, 1));
        assert_eq!(of(withdrawn(false)), [], "the case was one");
        let refiled =
            |returns_to_count| CaseRefiled { facts: facts(), returns_to_count, ..Default::default() };
        assert_eq!(of(refiled(true)), theft(Measure::WithdrawnNoCrime, JUNE, -1));
        assert_eq!(of(refiled(false)), []);
    }

    #[test]
    fn a_downgrade_stands_under_the_category_that_the_case_left() {
        let moved = |downgrade| CaseReclassified {
            facts: facts(),
            category: "050900".into(),
            downgrade,
            ..Default::default()
        };
        assert_eq!(of(moved(true)), theft(Measure::ReclassifiedDown, JUNE, 1));
        assert_eq!(of(moved(false)), []);
    }

    #[test]
    fn a_revoked_solve_stands_in_the_month_it_had_been_solved_in() {
        let revoked = SolveRevoked { facts: facts(), ..Default::default() };
        assert_eq!(of(revoked), theft(Measure::SolvesRevoked, JULY, 1));
        assert!(of_case(&SolveRevoked::default().into(), Some(JULY)).is_err(), "no facts");
    }

    #[test]
    fn a_case_that_is_recorded_after_the_month_of_filing_is_late_unless_it_was_taken_over() {
        let filed = |provenance: Provenance| {
            let mut filed = CaseFiled {
                org_unit: UNIT.into(),
                category: "050201".into(),
                filed_on: Some(JUNE.into()),
                ..Default::default()
            };
            filed.set_provenance(provenance);
            CaseEvent::from(filed)
        };
        let recorded = |on, provenance| told(of_case(&filed(provenance), Some(on)));
        assert_eq!(recorded(JULY, Provenance::Recorded), theft(Measure::RecordedLate, JUNE, 1));
        assert_eq!(recorded(date!(2027 - 01 - 01), Provenance::Unspecified).len(), 1);
        assert_eq!(recorded(date!(2026 - 06 - 30), Provenance::Recorded), []);
        assert_eq!(recorded(JULY, Provenance::LegacyImport), []);
        assert_eq!(recorded(JULY, Provenance::Demo), []);
    }

    #[test]
    fn a_loss_just_under_the_threshold_stands_on_the_day_of_filing() {
        let filed = CaseFiled {
            org_unit: UNIT.into(),
            category: "050201".into(),
            filed_on: Some(JUNE.into()),
            near_threshold: true,
            ..Default::default()
        };
        assert_eq!(told(of_case(&filed.into(), Some(JUNE))), theft(Measure::NearThreshold, JUNE, 1));
    }

    #[test]
    fn an_alert_without_a_case_stands_on_its_day_until_the_registrar_overrides_that() {
        let disposition = AlertDisposition::NoCrime.into();
        let (org_unit, received_on) = (UNIT.to_owned(), Some(JUNE.into()));
        let line = |quantity| vec![(Measure::AlertsNotFiled, "no_crime".to_owned(), JUNE, quantity)];
        let e = AlertDisposed { disposition, org_unit: org_unit.clone(), received_on, ..Default::default() };
        assert_eq!(told(disposed(&e)), line(1));
        let filed = AlertDisposed { disposition: AlertDisposition::FiledAsCase.into(), ..e };
        assert_eq!(told(disposed(&filed)), []);
        let e = AlertDispositionOverridden { disposition, org_unit, received_on, ..Default::default() };
        assert_eq!(told(overridden(&e)), line(-1));
    }

    #[test]
    fn a_report_stands_on_the_day_of_its_registration_and_is_filed_late_or_not() {
        let registered = ReportRegistered {
            org_unit: UNIT.into(),
            track: ReportTrack::Criminal.into(),
            registered_on: Some(JUNE.into()),
            ..Default::default()
        };
        let line = (Measure::ReportsRegistered, "criminal".to_owned(), JUNE, 1);
        assert_eq!(told(of_report(&registered.into())), [line]);
        let filed = |late| ReportFiled {
            org_unit: UNIT.into(),
            filed_on: Some(JUNE.into()),
            late,
            ..Default::default()
        };
        assert_eq!(told(of_report(&filed(false).into())), []);
        assert_eq!(told(of_report(&filed(true).into())), [(Measure::FiledLate, String::new(), JUNE, 1)]);
    }

    #[test]
    fn an_audit_counts_what_should_have_been_recorded_and_what_had_been() {
        let verdict = |verdict: AuditVerdict, recorded| AuditVerdictRecorded {
            org_unit: UNIT.into(),
            received_on: Some(JUNE.into()),
            verdict: verdict.into(),
            recorded,
            ..Default::default()
        };
        let measures = |v, recorded| {
            let lines = told(of_audit(&verdict(v, recorded).into()));
            lines.into_iter().map(|(measure, ..)| measure).collect::<Vec<_>>()
        };
        let both = [Measure::AuditSampled, Measure::AuditRecorded];
        assert_eq!(measures(AuditVerdict::ShouldBeRecorded, true), both);
        assert_eq!(measures(AuditVerdict::ShouldBeRecorded, false), both[..1]);
        assert_eq!(measures(AuditVerdict::NothingToRecord, true), []);
    }
}
