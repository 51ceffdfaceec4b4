//! The aggregate `Squadron` (中队): formed, and perhaps disbanded. A volunteer is in one at most, a patrol is one's.

use crate::moment::{Moment, chosen_id, known, provenance, recorded_day, stated, text};
use crate::reason::{Reason, Refused, Remarks};
use time::Date;
use xiaoan_kernel::{Aggregate, Fact, OrgCode};
use xiaoan_proto::core::v1::Provenance;
use xiaoan_proto::volunteers::v1::{
    self, DisbandSquadronRequest, FormSquadronRequest, SquadronDisbanded, SquadronFormed, SquadronKind,
    SquadronRef,
};

xiaoan_kernel::events! {
    /// Everything that can happen to a squadron.
    pub enum SquadronEvent {
        Formed(v1::SquadronFormed),
        Disbanded(v1::SquadronDisbanded),
    }
}

/// One squadron.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Squadron {
    seen: v1::Squadron,
}

impl Aggregate for Squadron {
    const KIND: &'static str = "squadron";
    type Event = SquadronEvent;

    fn apply(&mut self, event: &SquadronEvent) {
        note(&mut self.seen, event);
    }
}

/// Takes one event into a squadron as everybody sees it.
pub fn note(squadron: &mut v1::Squadron, event: &SquadronEvent) {
    match event {
        SquadronEvent::Formed(e) => {
            *squadron = v1::Squadron {
                squadron_id: e.squadron_id.clone(),
                org_unit: e.org_unit.clone(),
                kind: e.kind,
                name_zh: e.name_zh.clone(),
                name_en: e.name_en.clone(),
                formed_on: e.formed_on,
                provenance: e.provenance,
                ..Default::default()
            };
        }
        SquadronEvent::Disbanded(e) => squadron.disbanded_on = e.disbanded_on,
    }
}

impl Squadron {
    /// Unit; `None` of a squadron that never was.
    #[must_use]
    pub fn unit(&self) -> Option<OrgCode> {
        OrgCode::parse(&self.seen.org_unit).ok()
    }

    /// How events of others name it, provided that it belongs to the unit and exists on the day.
    ///
    /// # Errors
    /// SQUADRON-UNKNOWN, SQUADRON-ELSEWHERE, SQUADRON-DISBANDED.
    pub fn reference(&self, unit: OrgCode, day: Date) -> Result<SquadronRef, Reason> {
        let own = self.unit().ok_or(Reason::SquadronUnknown)?;
        if own != unit {
            return Err(Reason::SquadronElsewhere { unit: own });
        }
        match self.disbanded_on() {
            Some(on) if on <= day => Err(Reason::SquadronDisbanded { on }),
            Some(_) | None => Ok(SquadronRef {
                squadron_id: self.seen.squadron_id.clone(),
                name_zh: self.seen.name_zh.clone(),
                kind: self.seen.kind,
            }),
        }
    }

    fn disbanded_on(&self) -> Option<Date> {
        self.seen.disbanded_on.map(|on| recorded_day(Some(on)))
    }

    /// Forms a squadron under `squadron_id`: the request's own, or the id that the service gave.
    ///
    /// # Errors
    /// SQUADRON-EXISTS, CB-001, CB-003, GE-006.
    pub fn decide_form(
        &self,
        request: &FormSquadronRequest,
        squadron_id: &str,
        at: &Moment<'_>,
    ) -> Result<Vec<Fact<SquadronEvent>>, Refused> {
        let mut remarks = Remarks::default();
        chosen_id(&mut remarks, "squadron_id", squadron_id);
        let on = at.past_day(&mut remarks, "formed_on", request.formed_on.as_ref());
        let unit = at.unit(&mut remarks, "org_unit", &request.org_unit, on);
        let _: SquadronKind = stated(&mut remarks, "kind", request.kind);
        text(&mut remarks, "name_zh", &request.name_zh, 1, 80);
        text(&mut remarks, "name_en", &request.name_en, 1, 80);
        let _: Provenance = known(&mut remarks, "provenance", request.provenance);
        remarks.refuse()?;
        if self.unit().is_some() {
            return Err(Reason::SquadronExists.into());
        }
        let (Some(unit), Some(on)) = (unit, on) else {
            return Err(Reason::MissingValue.into()); // cannot be: both were looked at above
        };
        let formed = SquadronFormed {
            squadron_id: squadron_id.to_owned(),
            org_unit: request.org_unit.clone(),
            kind: request.kind,
            name_zh: request.name_zh.clone(),
            name_en: request.name_en.clone(),
            formed_on: request.formed_on,
            provenance: provenance(request.provenance()),
        };
        Ok(vec![Fact::new(formed, unit, on)])
    }

    /// Disbands it. Its volunteers stay enrolled and are put into another one by command.
    ///
    /// # Errors
    /// SQUADRON-UNKNOWN, SQUADRON-DISBANDED, CB-003, GE-006.
    pub fn decide_disband(
        &self,
        request: &DisbandSquadronRequest,
        at: &Moment<'_>,
    ) -> Result<Vec<Fact<SquadronEvent>>, Refused> {
        let unit = self.unit().ok_or(Reason::SquadronUnknown)?;
        if let Some(on) = self.disbanded_on() {
            return Err(Reason::SquadronDisbanded { on }.into());
        }
        let mut remarks = Remarks::default();
        let on = at.past_day(&mut remarks, "disbanded_on", request.disbanded_on.as_ref());
        if let Some(on) = on {
            remarks.ensure(on >= recorded_day(self.seen.formed_on), "disbanded_on", Reason::TooEarlyDay);
        }
        text(&mut remarks, "reason", &request.reason, 0, 500);
        remarks.refuse()?;
        let disbanded = SquadronDisbanded {
            squadron_id: self.seen.squadron_id.clone(),
            org_unit: self.seen.org_unit.clone(),
            kind: self.seen.kind,
            disbanded_on: request.disbanded_on,
            reason: request.reason.clone(),
        };
        Ok(vec![Fact::new(disbanded, unit, on.unwrap_or_else(|| at.today()))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volunteer::story::{Desk, OTHER, STATION, day};
    use xiaoan_kernel::given::given;

    fn request() -> FormSquadronRequest {
        FormSquadronRequest {
            org_unit: STATION.into(),
            kind: SquadronKind::Village.into(),
            name_zh: "示例一中队".into(),
            name_en: "Demo First".into(),
            formed_on: day(1),
            ..Default::default()
        }
    }

    fn formed() -> SquadronEvent {
        SquadronFormed {
            squadron_id: "s-1".into(),
            org_unit: STATION.into(),
            kind: SquadronKind::Village.into(),
            name_zh: "示例一中队".into(),
            name_en: "Demo First".into(),
            formed_on: day(1),
            provenance: Provenance::Recorded.into(),
        }
        .into()
    }

    #[test]
    fn a_squadron_is_formed_once_by_a_unit_that_exists_and_with_everything_stated() {
        let desk = Desk::default();
        given::<Squadron>([]).when(|s| s.decide_form(&request(), "s-1", &desk.moment())).then([formed()]);
        given::<Squadron>([formed()])
            .when(|s| s.decide_form(&request(), "s-1", &desk.moment()))
            .then_refused(&["SQUADRON-EXISTS"]);
        let bad = FormSquadronRequest { org_unit: "1".into(), kind: 0, formed_on: day(99), ..request() };
        given::<Squadron>([])
            .when(|s| s.decide_form(&bad, "s 1", &desk.moment()))
            .then_refused(&["GE-006", "CB-003", "CB-001", "GE-006"]);
    }

    #[test]
    fn a_disbanded_squadron_takes_nobody_and_one_of_another_unit_neither() {
        let desk = Desk::default();
        let request = DisbandSquadronRequest { disbanded_on: day(5), ..Default::default() };
        let squadron = given::<Squadron>([formed()])
            .when(|s| s.decide_disband(&request, &desk.moment()))
            .then([SquadronDisbanded {
                squadron_id: "s-1".into(),
                org_unit: STATION.into(),
                kind: SquadronKind::Village.into(),
                disbanded_on: day(5),
                reason: String::new(),
            }
            .into()]);
        let (unit, other) = (OrgCode::parse(STATION).unwrap(), OrgCode::parse(OTHER).unwrap());
        let on = |n| recorded_day(day(n));
        assert!(squadron.reference(unit, on(4)).is_ok());
        assert_eq!(squadron.reference(unit, on(5)), Err(Reason::SquadronDisbanded { on: on(5) }));
        assert_eq!(squadron.reference(other, on(4)), Err(Reason::SquadronElsewhere { unit }));
        assert_eq!(Squadron::default().reference(unit, on(4)), Err(Reason::SquadronUnknown));
    }
}
