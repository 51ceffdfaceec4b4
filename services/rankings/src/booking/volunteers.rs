//! Volunteers, squadrons, duty points and patrols (facts rows V1–V4).
//!
//! | event | lines |
//! |---|---|
//! | application received, volunteer enrolled | + one on its day |
//! | squadron formed, duty point opened | + one on its day, under its kind |
//! | squadron disbanded, duty point closed | − one on the day it ended: it was there until then |
//! | patrol ended | + one patrol, its minutes and its results, under its squadron |
//! | results corrected | − the results before, + the results after, on the day of the patrol |

use super::{Book, Line, Unbookable, day, word};
use crate::measures::Measure;
use time::Date;
use xiaoan_proto::core::v1 as core;
use xiaoan_proto::volunteers::v1::{
    ApplicationReceived, DutyPointClosed, DutyPointKind, DutyPointOpened, PatrolEnded, PatrolResult,
    PatrolResultKind, PatrolResultsCorrected, SquadronDisbanded, SquadronFormed, SquadronKind, SquadronRef,
    VolunteerEnrolled,
};

xiaoan_kernel::events! {
    /// What books.
    pub enum VolunteerEvent {
        Applied(ApplicationReceived),
        Enrolled(VolunteerEnrolled),
        SquadronFormed(SquadronFormed),
        SquadronDisbanded(SquadronDisbanded),
        DutyPointOpened(DutyPointOpened),
        DutyPointClosed(DutyPointClosed),
        PatrolEnded(PatrolEnded),
        ResultsCorrected(PatrolResultsCorrected),
    }
}

/// What books nothing.
pub const NOTHING: &[&str] = &[
    "xiaoan.volunteers.v1.PatrolPlanned",
    "xiaoan.volunteers.v1.PatrolExtended",
    "xiaoan.volunteers.v1.PatrolCancelled",
    "xiaoan.volunteers.v1.PatrolMustered",
    "xiaoan.volunteers.v1.VolunteerCheckedIn",
    "xiaoan.volunteers.v1.VolunteerCheckedOut",
    "xiaoan.volunteers.v1.PatrolRulePublished",
    "xiaoan.volunteers.v1.VettingRecorded",
    "xiaoan.volunteers.v1.RejectionAppealed",
    "xiaoan.volunteers.v1.AppealDecided",
    "xiaoan.volunteers.v1.SquadronAssigned",
    "xiaoan.volunteers.v1.CourseCompleted",
    "xiaoan.volunteers.v1.InsuranceRecorded",
    "xiaoan.volunteers.v1.VolunteerActivated",
    "xiaoan.volunteers.v1.VolunteerSuspended",
    "xiaoan.volunteers.v1.VolunteerReinstated",
    "xiaoan.volunteers.v1.VolunteerRetired",
    "xiaoan.volunteers.v1.VolunteerExpelled",
    "xiaoan.volunteers.v1.ShiftBegun",
    "xiaoan.volunteers.v1.ShiftEnded",
    "xiaoan.volunteers.v1.HoursApproved",
    "xiaoan.volunteers.v1.HoursCertificateIssued",
];

/// Lines of an event; the category is the kind of squadron or duty point ("village", "police_guard", "town"), the
/// squadron of a patrol, else empty.
///
/// # Errors
/// [`Unbookable`] when a day or a unit is missing or none, or a result is of a kind that this build does not know.
pub fn lines(event: &VolunteerEvent) -> Result<Vec<Line>, Unbookable> {
    match event {
        VolunteerEvent::Applied(e) => {
            one(Measure::Applied, &e.org_unit, "", (e.received_on, "received_on"), 1)
        }
        VolunteerEvent::Enrolled(e) => {
            one(Measure::Enrolled, &e.org_unit, "", (e.enrolled_on, "enrolled_on"), 1)
        }
        VolunteerEvent::SquadronFormed(e) => {
            let kind = squadron_kind(e.kind());
            one(Measure::Squadrons, &e.org_unit, &kind, (e.formed_on, "formed_on"), 1)
        }
        VolunteerEvent::SquadronDisbanded(e) => {
            let kind = squadron_kind(e.kind());
            one(Measure::Squadrons, &e.org_unit, &kind, (e.disbanded_on, "disbanded_on"), -1)
        }
        VolunteerEvent::DutyPointOpened(e) => {
            let kind = point_kind(e.kind());
            one(Measure::DutyPoints, &e.org_unit, &kind, (e.opened_on, "opened_on"), 1)
        }
        VolunteerEvent::DutyPointClosed(e) => {
            let kind = point_kind(e.kind());
            one(Measure::DutyPoints, &e.org_unit, &kind, (e.closed_on, "closed_on"), -1)
        }
        VolunteerEvent::PatrolEnded(e) => {
            let on = day(e.ended_on, "ended_on")?;
            let mut book = Book::new(&e.org_unit, squadron(e.squadron.as_ref()), 1)?;
            book.add(Measure::Patrols, on, 1);
            book.add(Measure::PatrolMinutes, on, e.minutes);
            results(&mut book, on, &e.results)?;
            Ok(book.lines)
        }
        VolunteerEvent::ResultsCorrected(e) => {
            let on = day(e.ended_on, "ended_on")?;
            let of = squadron(e.squadron.as_ref());
            let mut before = Book::new(&e.org_unit, of, -1)?;
            results(&mut before, on, &e.before)?;
            let mut after = Book::new(&e.org_unit, of, 1)?;
            results(&mut after, on, &e.after)?;
            before.lines.append(&mut after.lines);
            Ok(before.lines)
        }
    }
}

fn one(
    measure: Measure,
    org_unit: &str,
    category: &str,
    (on, field): (Option<core::Date>, &str),
    quantity: i64,
) -> Result<Vec<Line>, Unbookable> {
    let mut book = Book::new(org_unit, category, 1)?;
    book.add(measure, day(on, field)?, quantity);
    Ok(book.lines)
}

fn results(book: &mut Book<'_>, on: Date, results: &[PatrolResult]) -> Result<(), Unbookable> {
    for result in results {
        let measure = match result.kind() {
            PatrolResultKind::FugitivesCaught => Measure::FugitivesCaught,
            PatrolResultKind::SuspectsCaught => Measure::SuspectsCaught,
            PatrolResultKind::PeopleRescued => Measure::PeopleRescued,
            PatrolResultKind::TrafficEased => Measure::TrafficEased,
            PatrolResultKind::DisputesMediated => Measure::DisputesMediated,
            // Also what a younger service may have counted.
            PatrolResultKind::Unspecified => {
                return Err(Unbookable(format!("a result of kind {} is not known", result.kind)));
            }
        };
        book.add(measure, on, result.count.into());
    }
    Ok(())
}

fn squadron(of: Option<&SquadronRef>) -> &str {
    of.map_or("", |squadron| &squadron.squadron_id)
}

fn squadron_kind(kind: SquadronKind) -> String {
    match kind {
        SquadronKind::Unspecified => String::new(),
        stated => word(stated.as_str_name(), "SQUADRON_KIND_"),
    }
}

fn point_kind(kind: DutyPointKind) -> String {
    match kind {
        DutyPointKind::Unspecified => String::new(),
        stated => word(stated.as_str_name(), "DUTY_POINT_KIND_"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    const UNIT: &str = "371121010000";
    const MARCH: Date = date!(2021 - 03 - 20);
    const JUNE: Date = date!(2021 - 06 - 01);

    #[track_caller]
    fn booked(event: impl Into<VolunteerEvent>) -> Vec<(&'static str, String, Date, i64)> {
        let lines = lines(&event.into()).expect("books");
        lines.into_iter().map(|l| (l.measure.name(), l.category, l.occurred_on, l.quantity)).collect()
    }
    fn line(measure: &'static str, category: &str, on: Date, n: i64) -> (&'static str, String, Date, i64) {
        (measure, category.to_owned(), on, n)
    }
    fn result(kind: PatrolResultKind, count: i32) -> PatrolResult {
        PatrolResult { kind: kind.into(), count }
    }
    fn second() -> Option<SquadronRef> {
        Some(SquadronRef { squadron_id: "zz-2".into(), name_zh: "二中队".into(), ..Default::default() })
    }

    #[test]
    fn applicants_and_enrolled_volunteers_count_on_their_days() {
        let applied = ApplicationReceived {
            org_unit: UNIT.into(),
            received_on: Some(MARCH.into()),
            ..Default::default()
        };
        assert_eq!(booked(applied), [line("volunteer.applied", "", MARCH, 1)]);
        let enrolled = VolunteerEnrolled {
            org_unit: UNIT.into(),
            enrolled_on: Some(JUNE.into()),
            squadron: second(),
            ..Default::default()
        };
        assert_eq!(booked(enrolled), [line("volunteer.enrolled", "", JUNE, 1)]);
    }

    #[test]
    fn squadrons_and_duty_points_count_under_their_kind_until_the_day_they_end() {
        let formed = SquadronFormed {
            org_unit: UNIT.into(),
            kind: SquadronKind::PoliceGuard.into(),
            formed_on: Some(MARCH.into()),
            ..Default::default()
        };
        assert_eq!(booked(formed), [line("volunteer.squadrons", "police_guard", MARCH, 1)]);
        let disbanded = SquadronDisbanded {
            org_unit: UNIT.into(),
            kind: SquadronKind::PoliceGuard.into(),
            disbanded_on: Some(JUNE.into()),
            ..Default::default()
        };
        assert_eq!(booked(disbanded), [line("volunteer.squadrons", "police_guard", JUNE, -1)]);
        let opened = DutyPointOpened {
            org_unit: UNIT.into(),
            kind: DutyPointKind::Enterprise.into(),
            opened_on: Some(MARCH.into()),
            ..Default::default()
        };
        assert_eq!(booked(opened), [line("volunteer.duty_points", "enterprise", MARCH, 1)]);
        let closed = DutyPointClosed {
            org_unit: UNIT.into(),
            kind: DutyPointKind::Enterprise.into(),
            closed_on: Some(JUNE.into()),
            ..Default::default()
        };
        assert_eq!(booked(closed), [line("volunteer.duty_points", "enterprise", JUNE, -1)]);
    }

    #[test]
    fn a_patrol_counts_itself_its_minutes_and_its_results_for_its_squadron() {
        let ended = PatrolEnded {
            org_unit: UNIT.into(),
            ended_on: Some(JUNE.into()),
            squadron: second(),
            minutes: 1_440,
            results: vec![
                result(PatrolResultKind::FugitivesCaught, 1),
                result(PatrolResultKind::SuspectsCaught, 2),
                result(PatrolResultKind::PeopleRescued, 3),
                result(PatrolResultKind::TrafficEased, 4),
                result(PatrolResultKind::DisputesMediated, 5),
            ],
            ..Default::default()
        };
        assert_eq!(
            booked(ended),
            [
                line("volunteer.patrols", "zz-2", JUNE, 1),
                line("volunteer.patrol_minutes", "zz-2", JUNE, 1_440),
                line("volunteer.fugitives_caught", "zz-2", JUNE, 1),
                line("volunteer.suspects_caught", "zz-2", JUNE, 2),
                line("volunteer.people_rescued", "zz-2", JUNE, 3),
                line("volunteer.traffic_eased", "zz-2", JUNE, 4),
                line("volunteer.disputes_mediated", "zz-2", JUNE, 5),
            ]
        );
    }

    #[test]
    fn corrected_results_count_on_the_day_of_the_patrol() {
        let corrected = PatrolResultsCorrected {
            org_unit: UNIT.into(),
            ended_on: Some(JUNE.into()),
            squadron: second(),
            before: vec![result(PatrolResultKind::PeopleRescued, 3)],
            after: vec![result(PatrolResultKind::PeopleRescued, 2)],
            ..Default::default()
        };
        assert_eq!(
            booked(corrected),
            [
                line("volunteer.people_rescued", "zz-2", JUNE, -3),
                line("volunteer.people_rescued", "zz-2", JUNE, 2)
            ]
        );
    }

    #[test]
    fn a_result_of_an_unknown_kind_is_poison() {
        let ended = PatrolEnded {
            org_unit: UNIT.into(),
            ended_on: Some(JUNE.into()),
            results: vec![PatrolResult { kind: 99, count: 1 }],
            ..Default::default()
        };
        assert!(lines(&ended.into()).is_err());
    }
}
