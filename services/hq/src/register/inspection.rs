//! Inspections of units (警务督察, 执法检查; facts row P15): about a unit, never about one officer.

use super::refusal::{Reason, Refused};
use super::{By, Keys, Register, end_of, step_day, unit_of};
use crate::fields::{recorded_day, slug, values};
use time::{Date, OffsetDateTime};
use xiaoan_kernel::{Aggregate, Fact, StreamId, city_day};
use xiaoan_proto::hq::v1::{self as hq, InspectionFinding, InspectionKind};
use xiaoan_rpc::Check;
use xiaoan_timer::Change;

xiaoan_kernel::events! {
    /// What can happen to an inspection.
    pub enum InspectionEvent {
        Recorded(hq::InspectionRecorded),
        FindingResolved(hq::InspectionFindingResolved),
        FindingOverdue(hq::InspectionFindingOverdue),
    }
}

/// Most findings of an inspection.
const MOST: usize = 50;

/// An inspection.
#[derive(Debug, Clone, Default)]
pub struct Inspection {
    shown: Option<hq::Inspection>,
}

type Decided = Result<Vec<Fact<InspectionEvent>>, Refused>;

impl From<hq::Inspection> for Inspection {
    fn from(shown: hq::Inspection) -> Self {
        Self { shown: Some(shown) }
    }
}

impl Aggregate for Inspection {
    const KIND: &'static str = "inspection";
    type Event = InspectionEvent;

    fn apply(&mut self, event: &InspectionEvent) {
        match event {
            InspectionEvent::Recorded(e) => {
                self.shown = Some(hq::Inspection {
                    inspection_id: e.inspection_id.clone(),
                    kind: e.kind,
                    org_unit: e.org_unit.clone(),
                    on: e.on,
                    findings: e.findings.clone(),
                    etag: String::new(),
                });
            }
            InspectionEvent::FindingResolved(e) => {
                let findings = self.shown.as_mut().map(|shown| &mut shown.findings);
                if let Some(found) = findings.and_then(|all| all.iter_mut().find(|f| f.number == e.number)) {
                    // Done in time and recorded later, it was never overdue.
                    found.overdue &= recorded_day(e.on) > recorded_day(found.due_on);
                    found.resolved_on = e.on;
                    found.resolution.clone_from(&e.resolution);
                }
            }
            InspectionEvent::FindingOverdue(e) => {
                let findings = self.shown.as_mut().map(|shown| &mut shown.findings);
                if let Some(found) = findings.and_then(|all| all.iter_mut().find(|f| f.number == e.number)) {
                    found.overdue = true;
                }
            }
        }
    }
}

impl Register for Inspection {
    type Shown = hq::Inspection;
    fn into_shown(self) -> Option<hq::Inspection> {
        self.shown
    }
    fn keys(shown: &hq::Inspection) -> Keys<'_> {
        let (id, org_unit, day) = (&shown.inspection_id, &shown.org_unit, shown.on);
        Keys { id, org_unit, state: 0, kind: shown.kind, reference: "", day }
    }
    fn put_etag(shown: &mut hq::Inspection, etag: String) {
        shown.etag = etag;
    }
}

/// Before the number of a finding, in the kind of the deadline that the durable timer keeps.
pub const FINDING: &str = "finding-";

/// What an event means to the durable timer.
#[must_use]
pub fn deadlines(stream: &StreamId, event: &InspectionEvent) -> Vec<Change> {
    let kind = |number: i32| format!("{FINDING}{number}");
    match event {
        InspectionEvent::Recorded(e) => {
            let arm = |f: &InspectionFinding| Some(Change::arm(&kind(f.number), stream, end_of(f.due_on)?));
            e.findings.iter().filter_map(arm).collect()
        }
        InspectionEvent::FindingResolved(e) => vec![Change::cancel(&kind(e.number), stream)],
        InspectionEvent::FindingOverdue(_) => Vec::new(),
    }
}

impl Inspection {
    /// Records an inspection.
    ///
    /// # Errors
    /// `INSPECTION-EXISTS` or fields.
    pub fn decide_record(&self, command: &hq::RecordInspectionRequest, by: By<'_>) -> Decided {
        let mut check = Check::new();
        slug(&mut check, "inspection_id", &command.inspection_id);
        let kind = check.choice::<InspectionKind>("kind", command.kind);
        let unit = check.org_unit("org_unit", &command.org_unit);
        let on = step_day(&mut check, "on", command.on, None, by.today);
        check.at_most("findings", &command.findings, MOST);
        for found in &command.findings {
            check.text("findings.text", &found.text, 1..=500);
            let due_on = check.day("findings.due_on", found.due_on);
            let later = on.zip(due_on).is_none_or(|(on, due): (Date, Date)| on <= due);
            let (zh, en) = ("整改期限不能早于检查日", "may not be before the inspection");
            check.ensure(later, "GE-006", "findings.due_on", zh, en);
        }
        let (kind, unit, on) = values(check, (kind, unit, on))?;
        if self.shown.is_some() {
            return Err(Reason::InspectionExists.into());
        }
        let finding = |(number, stated): (i32, &InspectionFinding)| InspectionFinding {
            number,
            text: stated.text.clone(),
            due_on: stated.due_on,
            ..Default::default()
        };
        let event = hq::InspectionRecorded {
            inspection_id: command.inspection_id.clone(),
            kind: kind.into(),
            org_unit: command.org_unit.clone(),
            on: Some(on.into()),
            findings: (1..).zip(&command.findings).map(finding).collect(),
        };
        Ok(vec![Fact::new(event, unit, on)])
    }

    /// A finding was put right.
    ///
    /// # Errors
    /// `INSPECTION-UNKNOWN`, `FINDING-UNKNOWN`, `FINDING-RESOLVED` or fields.
    pub fn decide_resolve(&self, command: &hq::ResolveInspectionFindingRequest, by: By<'_>) -> Decided {
        let shown = self.shown.as_ref().ok_or(Reason::InspectionUnknown)?;
        let found = shown.findings.iter().find(|f| f.number == command.number);
        let found = found.ok_or(Reason::FindingUnknown)?;
        let mut check = Check::new();
        let on = step_day(&mut check, "on", command.on, shown.on, by.today);
        let resolution = check.text("resolution", &command.resolution, 1..=500);
        let (on, resolution) = values(check, (on, resolution))?;
        if found.resolved_on.is_some() {
            return Err(Reason::FindingResolved.into());
        }
        let event = hq::InspectionFindingResolved {
            inspection_id: shown.inspection_id.clone(),
            org_unit: shown.org_unit.clone(),
            number: command.number,
            on: Some(on.into()),
            resolution,
        };
        Ok(vec![Fact::new(event, unit_of(&shown.org_unit)?, on)])
    }

    /// The due day of a finding is over. Decides nothing when it was put right meanwhile.
    ///
    /// # Errors
    /// `INSPECTION-UNKNOWN`, `FINDING-UNKNOWN`.
    pub fn decide_overdue(&self, number: i32, due_at: OffsetDateTime) -> Decided {
        let shown = self.shown.as_ref().ok_or(Reason::InspectionUnknown)?;
        let found = shown.findings.iter().find(|f| f.number == number).ok_or(Reason::FindingUnknown)?;
        if found.resolved_on.is_some() || found.overdue || end_of(found.due_on) != Some(due_at) {
            return Ok(Vec::new());
        }
        let event = hq::InspectionFindingOverdue {
            inspection_id: shown.inspection_id.clone(),
            org_unit: shown.org_unit.clone(),
            number,
            due_on: found.due_on,
            due_at: Some(xiaoan_proto::timestamp(due_at)),
        };
        // The day on which it is overdue is the first one after the due day.
        Ok(vec![Fact::new(event, unit_of(&shown.org_unit)?, city_day(due_at))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};
    use xiaoan_kernel::given::given;
    use xiaoan_proto::core::v1 as core;

    const BY: By<'static> = By { subject: "hq", today: date!(2021 - 07 - 31) };

    fn on(year: i32, month: i32, day: i32) -> Option<core::Date> {
        Some(core::Date { year, month, day })
    }
    fn record() -> hq::RecordInspectionRequest {
        let finding = InspectionFinding {
            text: "接警登记不及时".into(),
            due_on: on(2021, 7, 20),
            ..Default::default()
        };
        hq::RecordInspectionRequest {
            inspection_id: "visit-2021-07-01".into(),
            kind: InspectionKind::Visit.into(),
            org_unit: "371190010000".into(),
            on: on(2021, 7, 1),
            findings: vec![finding],
            ..Default::default()
        }
    }
    fn resolve(number: i32) -> hq::ResolveInspectionFindingRequest {
        hq::ResolveInspectionFindingRequest {
            number,
            on: on(2021, 7, 12),
            resolution: "已补录".into(),
            ..Default::default()
        }
    }

    #[test]
    fn p15_a_visit_finds_something_and_it_is_put_right_once() {
        let facts = given::<Inspection>([]).when(|i| i.decide_record(&record(), BY)).then_facts();
        let mut inspection = Inspection::default();
        facts.iter().for_each(|fact| inspection.apply(&fact.event));
        assert_eq!(inspection.decide_record(&record(), BY), Err(Reason::InspectionExists.into()));
        assert_eq!(inspection.decide_resolve(&resolve(2), BY), Err(Reason::FindingUnknown.into()));
        let facts = inspection.decide_resolve(&resolve(1), BY).expect("resolved");
        facts.iter().for_each(|fact| inspection.apply(&fact.event));
        assert_eq!(inspection.decide_resolve(&resolve(1), BY), Err(Reason::FindingResolved.into()));
        let found = inspection.into_shown().and_then(|i| i.findings.into_iter().next());
        assert_eq!(found.and_then(|f| f.resolved_on), on(2021, 7, 12));
    }

    #[test]
    fn a_finding_is_overdue_once_when_its_day_is_over_and_not_if_it_was_put_right_by_then() {
        let facts = given::<Inspection>([]).when(|i| i.decide_record(&record(), BY)).then_facts();
        let mut inspection = Inspection::default();
        facts.iter().for_each(|fact| inspection.apply(&fact.event));
        let over = datetime!(2021-07-21 0:00 +8);
        assert_eq!(
            inspection.decide_overdue(1, over - time::Duration::days(1)),
            Ok(Vec::new()),
            "another day"
        );
        assert_eq!(inspection.decide_overdue(2, over), Err(Reason::FindingUnknown.into()));
        let facts = inspection.decide_overdue(1, over).expect("overdue");
        assert_eq!(facts[0].occurred_on, date!(2021 - 07 - 21));
        facts.iter().for_each(|fact| inspection.apply(&fact.event));
        assert_eq!(inspection.decide_overdue(1, over), Ok(Vec::new()));
        let overdue = |i: &Inspection| i.clone().into_shown().is_some_and(|i| i.findings[0].overdue);
        assert!(overdue(&inspection));
        for (day, late) in [(20, false), (21, true)] {
            let mut inspection = inspection.clone();
            let resolve = hq::ResolveInspectionFindingRequest { on: on(2021, 7, day), ..resolve(1) };
            let facts = inspection.decide_resolve(&resolve, BY).expect("resolved");
            facts.iter().for_each(|fact| inspection.apply(&fact.event));
            assert_eq!(overdue(&inspection), late, "recorded after its day, done on {day}");
            assert_eq!(inspection.decide_overdue(1, over), Ok(Vec::new()));
        }
    }

    #[test]
    fn every_wrong_field_of_an_inspection_is_reported() {
        let finding = InspectionFinding { due_on: on(2021, 6, 30), ..Default::default() };
        let odd = hq::RecordInspectionRequest { kind: 0, findings: vec![finding], ..record() };
        given::<Inspection>([])
            .when(|i| i.decide_record(&odd, BY))
            .then_refused(&["GE-006", "GE-006", "GE-006"]);
        given::<Inspection>([])
            .when(|i| i.decide_resolve(&resolve(1), BY))
            .then_refused(&["INSPECTION-UNKNOWN"]);
    }
}
