//! Incidents, guards, freight traffic and settlements of the port (facts rows P1, P3, P5).
//!
//! | event | lines |
//! |---|---|
//! | incident reported | + one, on the day of the report, under its kind |
//! | classified as another kind | − under the old kind, + under the new, on that same day |
//! | closed | + one closed, on the day of closing |
//! | withdrawn | − the report and, when it was closed, − the closing, on their days |
//! | guard authorised | + one on the day of the decision, unless it is another term of a guard who has been counted |
//! | authority ended before its term | nothing: that authority had been given stays true |
//! | freight traffic directed, corrected | + vehicles; − those counted before, + the right number, on the same day |
//! | settlement signed | + one on the day of the last signature |

use super::{Book, Line, Unbookable, day, word};
use crate::measures::Measure;
use xiaoan_proto::core::v1 as core;
use xiaoan_proto::port::v1::{
    FreightTrafficCorrected, FreightTrafficDirected, GuardAuthorised, IncidentClassified, IncidentClosed,
    IncidentKind, IncidentReported, IncidentWithdrawn, SettlementSigned,
};

xiaoan_kernel::events! {
    /// What books.
    pub enum PortEvent {
        IncidentReported(IncidentReported),
        IncidentClassified(IncidentClassified),
        IncidentClosed(IncidentClosed),
        IncidentWithdrawn(IncidentWithdrawn),
        GuardAuthorised(GuardAuthorised),
        FreightDirected(FreightTrafficDirected),
        FreightCorrected(FreightTrafficCorrected),
        SettlementSigned(SettlementSigned),
    }
}

/// What books nothing.
pub const NOTHING: &[&str] = &[
    "xiaoan.port.v1.GuardAuthorityEnded",
    "xiaoan.port.v1.AccidentReported",
    "xiaoan.port.v1.AccidentTrackDecided",
    "xiaoan.port.v1.AccidentFactsAmended",
    "xiaoan.port.v1.OfficerRequested",
    "xiaoan.port.v1.AccidentOfficersAssigned",
    "xiaoan.port.v1.EvidenceFixed",
    "xiaoan.port.v1.SceneCleared",
    "xiaoan.port.v1.CertificateIssued",
    "xiaoan.port.v1.AccidentClosed",
    "xiaoan.port.v1.GuardRegistered",
    "xiaoan.port.v1.GuardTrained",
    "xiaoan.port.v1.GuardTested",
    "xiaoan.port.v1.IncidentDispatched",
    "xiaoan.port.v1.CrewArrived",
    "xiaoan.port.v1.IncidentControlled",
    "xiaoan.port.v1.IncidentRestored",
    "xiaoan.port.v1.IncidentReferred",
    "xiaoan.port.v1.SystemRecordsTaken",
];

/// Lines of an event; the category is the kind of the incident, "congestion" or "traffic", else empty.
///
/// # Errors
/// [`Unbookable`] when a day or a unit is missing or none.
pub fn lines(event: &PortEvent) -> Result<Vec<Line>, Unbookable> {
    use Measure::{FreightVehicles, GuardsAuthorised, Incidents, IncidentsClosed, Settlements};
    match event {
        PortEvent::IncidentReported(e) => {
            one(Incidents, &e.org_unit, &kind(e.kind()), (e.reported_on, "reported_on"), 1)
        }
        PortEvent::IncidentClassified(e) if e.kind == e.previous_kind => Ok(Vec::new()),
        PortEvent::IncidentClassified(e) => {
            let on = (e.reported_on, "reported_on");
            let mut lines = one(Incidents, &e.org_unit, &kind(e.previous_kind()), on, -1)?;
            lines.extend(one(Incidents, &e.org_unit, &kind(e.kind()), on, 1)?);
            Ok(lines)
        }
        PortEvent::IncidentClosed(e) => {
            one(IncidentsClosed, &e.org_unit, &kind(e.kind()), (e.closed_on, "closed_on"), 1)
        }
        PortEvent::IncidentWithdrawn(e) => {
            let kind = kind(e.kind());
            let mut lines = one(Incidents, &e.org_unit, &kind, (e.reported_on, "reported_on"), -1)?;
            if e.closed_on.is_some() {
                lines.extend(one(IncidentsClosed, &e.org_unit, &kind, (e.closed_on, "closed_on"), -1)?);
            }
            Ok(lines)
        }
        PortEvent::GuardAuthorised(e) if e.renewal => Ok(Vec::new()),
        PortEvent::GuardAuthorised(e) => {
            one(GuardsAuthorised, &e.org_unit, "", (e.authorised_on, "authorised_on"), 1)
        }
        PortEvent::FreightDirected(e) => {
            one(FreightVehicles, &e.org_unit, "", (e.directed_on, "directed_on"), e.vehicles)
        }
        PortEvent::FreightCorrected(e) => {
            let on = (e.directed_on, "directed_on");
            let mut lines = one(FreightVehicles, &e.org_unit, "", on, -e.previous_vehicles)?;
            lines.extend(one(FreightVehicles, &e.org_unit, "", on, e.vehicles)?);
            Ok(lines)
        }
        PortEvent::SettlementSigned(e) => one(Settlements, &e.org_unit, "", (e.signed_on, "signed_on"), 1),
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

fn kind(kind: IncidentKind) -> String {
    match kind {
        IncidentKind::Unspecified => String::new(),
        stated => word(stated.as_str_name(), "INCIDENT_KIND_"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Date;
    use time::macros::date;

    const UNIT: &str = "371190010000";
    const MAY: Date = date!(2021 - 05 - 03);
    const JUNE: Date = date!(2021 - 06 - 01);

    #[track_caller]
    fn booked(event: impl Into<PortEvent>) -> Vec<(&'static str, String, Date, i64)> {
        let lines = lines(&event.into()).expect("books");
        lines.into_iter().map(|l| (l.measure.name(), l.category, l.occurred_on, l.quantity)).collect()
    }
    fn line(measure: &'static str, category: &str, on: Date, n: i64) -> (&'static str, String, Date, i64) {
        (measure, category.to_owned(), on, n)
    }

    #[test]
    fn an_incident_counts_on_the_day_of_its_report_and_moves_with_its_kind() {
        let reported = IncidentReported {
            org_unit: UNIT.into(),
            kind: IncidentKind::Congestion.into(),
            reported_on: Some(MAY.into()),
            ..Default::default()
        };
        assert_eq!(booked(reported), [line("port.incidents", "congestion", MAY, 1)]);
        let classified = IncidentClassified {
            org_unit: UNIT.into(),
            previous_kind: IncidentKind::Congestion.into(),
            kind: IncidentKind::Traffic.into(),
            reported_on: Some(MAY.into()),
            ..Default::default()
        };
        assert_eq!(
            booked(classified.clone()),
            [line("port.incidents", "congestion", MAY, -1), line("port.incidents", "traffic", MAY, 1)]
        );
        let confirmed = IncidentClassified { previous_kind: classified.kind, ..classified };
        assert_eq!(booked(confirmed), []);
    }

    #[test]
    fn a_closed_incident_counts_as_closed_and_a_withdrawn_one_leaves_both_days() {
        let closed = IncidentClosed {
            org_unit: UNIT.into(),
            kind: IncidentKind::Fire.into(),
            closed_on: Some(JUNE.into()),
            ..Default::default()
        };
        assert_eq!(booked(closed), [line("port.incidents_closed", "fire", JUNE, 1)]);
        let withdrawn = IncidentWithdrawn {
            org_unit: UNIT.into(),
            kind: IncidentKind::Fire.into(),
            reported_on: Some(MAY.into()),
            closed_on: Some(JUNE.into()),
            ..Default::default()
        };
        let incident = line("port.incidents", "fire", MAY, -1);
        assert_eq!(
            booked(withdrawn.clone()),
            [incident.clone(), line("port.incidents_closed", "fire", JUNE, -1)]
        );
        assert_eq!(booked(IncidentWithdrawn { closed_on: None, ..withdrawn }), [incident]);
    }

    #[test]
    fn a_guard_counts_once_however_many_terms() {
        let authorised =
            GuardAuthorised { org_unit: UNIT.into(), authorised_on: Some(MAY.into()), ..Default::default() };
        assert_eq!(booked(authorised.clone()), [line("port.guards_authorised", "", MAY, 1)]);
        assert_eq!(booked(GuardAuthorised { renewal: true, ..authorised }), []);
    }

    #[test]
    fn freight_vehicles_count_on_their_day_and_are_corrected_on_it() {
        let directed = FreightTrafficDirected {
            org_unit: UNIT.into(),
            vehicles: 1_250,
            directed_on: Some(MAY.into()),
            ..Default::default()
        };
        assert_eq!(booked(directed), [line("port.freight_vehicles", "", MAY, 1_250)]);
        let corrected = FreightTrafficCorrected {
            org_unit: UNIT.into(),
            previous_vehicles: 1_250,
            vehicles: 1_200,
            directed_on: Some(MAY.into()),
            ..Default::default()
        };
        assert_eq!(
            booked(corrected),
            [line("port.freight_vehicles", "", MAY, -1_250), line("port.freight_vehicles", "", MAY, 1_200)]
        );
    }

    #[test]
    fn a_settlement_counts_on_the_day_of_the_last_signature_and_nothing_counts_without_a_day() {
        let signed =
            SettlementSigned { org_unit: UNIT.into(), signed_on: Some(JUNE.into()), ..Default::default() };
        assert_eq!(booked(signed.clone()), [line("port.settlements", "", JUNE, 1)]);
        assert!(lines(&SettlementSigned { signed_on: None, ..signed }.into()).is_err());
    }
}
