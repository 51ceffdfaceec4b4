//! The aggregate `DutyPoint` (警民联防执勤点): opened in a town, a village or an enterprise, and perhaps closed.

use crate::moment::{Moment, chosen_id, known, provenance, recorded_day, stated, text};
use crate::reason::{Reason, Refused, Remarks};
use time::Date;
use xiaoan_kernel::{Aggregate, Fact, OrgCode};
use xiaoan_proto::core::v1::Provenance;
use xiaoan_proto::volunteers::v1::{
    self, CloseDutyPointRequest, DutyPointClosed, DutyPointKind, DutyPointOpened, DutyPointRef,
    OpenDutyPointRequest,
};

xiaoan_kernel::events! {
    /// Everything that can happen to a duty point.
    pub enum DutyPointEvent {
        Opened(v1::DutyPointOpened),
        Closed(v1::DutyPointClosed),
    }
}

/// One duty point.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DutyPoint {
    seen: v1::DutyPoint,
}

impl Aggregate for DutyPoint {
    const KIND: &'static str = "dutypoint";
    type Event = DutyPointEvent;

    fn apply(&mut self, event: &DutyPointEvent) {
        note(&mut self.seen, event);
    }
}

/// Takes one event into a duty point as everybody sees it.
pub fn note(point: &mut v1::DutyPoint, event: &DutyPointEvent) {
    match event {
        DutyPointEvent::Opened(e) => {
            *point = v1::DutyPoint {
                duty_point_id: e.duty_point_id.clone(),
                org_unit: e.org_unit.clone(),
                kind: e.kind,
                name_zh: e.name_zh.clone(),
                name_en: e.name_en.clone(),
                opened_on: e.opened_on,
                provenance: e.provenance,
                ..Default::default()
            };
        }
        DutyPointEvent::Closed(e) => point.closed_on = e.closed_on,
    }
}

impl DutyPoint {
    /// Unit; `None` of a duty point that never was.
    #[must_use]
    pub fn unit(&self) -> Option<OrgCode> {
        OrgCode::parse(&self.seen.org_unit).ok()
    }

    /// How events of others name it, provided that it belongs to the unit and is open on the day.
    ///
    /// # Errors
    /// DUTY-POINT-UNKNOWN, DUTY-POINT-ELSEWHERE, DUTY-POINT-CLOSED.
    pub fn reference(&self, unit: OrgCode, day: Date) -> Result<DutyPointRef, Reason> {
        let own = self.unit().ok_or(Reason::DutyPointUnknown)?;
        if own != unit {
            return Err(Reason::DutyPointElsewhere { unit: own });
        }
        match self.closed_on() {
            Some(on) if on <= day => Err(Reason::DutyPointClosed { on }),
            Some(_) | None => Ok(DutyPointRef {
                duty_point_id: self.seen.duty_point_id.clone(),
                name_zh: self.seen.name_zh.clone(),
                kind: self.seen.kind,
            }),
        }
    }

    fn closed_on(&self) -> Option<Date> {
        self.seen.closed_on.map(|on| recorded_day(Some(on)))
    }

    /// Opens a duty point under `duty_point_id`: the request's own, or the id that the service gave.
    ///
    /// # Errors
    /// DUTY-POINT-EXISTS, CB-001, CB-003, GE-006.
    pub fn decide_open(
        &self,
        request: &OpenDutyPointRequest,
        duty_point_id: &str,
        at: &Moment<'_>,
    ) -> Result<Vec<Fact<DutyPointEvent>>, Refused> {
        let mut remarks = Remarks::default();
        chosen_id(&mut remarks, "duty_point_id", duty_point_id);
        let on = at.past_day(&mut remarks, "opened_on", request.opened_on.as_ref());
        let unit = at.unit(&mut remarks, "org_unit", &request.org_unit, on);
        let _: DutyPointKind = stated(&mut remarks, "kind", request.kind);
        text(&mut remarks, "name_zh", &request.name_zh, 1, 80);
        text(&mut remarks, "name_en", &request.name_en, 1, 80);
        let _: Provenance = known(&mut remarks, "provenance", request.provenance);
        remarks.refuse()?;
        if self.unit().is_some() {
            return Err(Reason::DutyPointExists.into());
        }
        let (Some(unit), Some(on)) = (unit, on) else {
            return Err(Reason::MissingValue.into()); // cannot be: both were looked at above
        };
        let opened = DutyPointOpened {
            duty_point_id: duty_point_id.to_owned(),
            org_unit: request.org_unit.clone(),
            kind: request.kind,
            name_zh: request.name_zh.clone(),
            name_en: request.name_en.clone(),
            opened_on: request.opened_on,
            provenance: provenance(request.provenance()),
        };
        Ok(vec![Fact::new(opened, unit, on)])
    }

    /// Closes it.
    ///
    /// # Errors
    /// DUTY-POINT-UNKNOWN, DUTY-POINT-CLOSED, CB-003, GE-006.
    pub fn decide_close(
        &self,
        request: &CloseDutyPointRequest,
        at: &Moment<'_>,
    ) -> Result<Vec<Fact<DutyPointEvent>>, Refused> {
        let unit = self.unit().ok_or(Reason::DutyPointUnknown)?;
        if let Some(on) = self.closed_on() {
            return Err(Reason::DutyPointClosed { on }.into());
        }
        let mut remarks = Remarks::default();
        let on = at.past_day(&mut remarks, "closed_on", request.closed_on.as_ref());
        if let Some(on) = on {
            remarks.ensure(on >= recorded_day(self.seen.opened_on), "closed_on", Reason::TooEarlyDay);
        }
        text(&mut remarks, "reason", &request.reason, 0, 500);
        remarks.refuse()?;
        let closed = DutyPointClosed {
            duty_point_id: self.seen.duty_point_id.clone(),
            org_unit: self.seen.org_unit.clone(),
            kind: self.seen.kind,
            closed_on: request.closed_on,
            reason: request.reason.clone(),
        };
        Ok(vec![Fact::new(closed, unit, on.unwrap_or_else(|| at.today()))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volunteer::story::{Desk, STATION, day};
    use xiaoan_kernel::given::given;

    fn request() -> OpenDutyPointRequest {
        OpenDutyPointRequest {
            org_unit: STATION.into(),
            kind: DutyPointKind::Enterprise.into(),
            name_zh: "示例企业执勤点".into(),
            name_en: "Demo works".into(),
            opened_on: day(1),
            ..Default::default()
        }
    }

    #[test]
    fn a_duty_point_is_opened_once_and_closed_once() {
        let desk = Desk::default();
        let facts =
            given::<DutyPoint>([]).when(|p| p.decide_open(&request(), "p-1", &desk.moment())).then_facts();
        let opened = facts[0].event.clone();
        given::<DutyPoint>([opened.clone()])
            .when(|p| p.decide_open(&request(), "p-1", &desk.moment()))
            .then_refused(&["DUTY-POINT-EXISTS"]);
        let close = CloseDutyPointRequest { closed_on: day(3), ..Default::default() };
        let facts = given::<DutyPoint>([opened.clone()])
            .when(|p| p.decide_close(&close, &desk.moment()))
            .then_facts();
        given::<DutyPoint>([opened.clone(), facts[0].event.clone()])
            .when(|p| p.decide_close(&close, &desk.moment()))
            .then_refused(&["DUTY-POINT-CLOSED"]);
        given::<DutyPoint>([])
            .when(|p| p.decide_close(&close, &desk.moment()))
            .then_refused(&["DUTY-POINT-UNKNOWN"]);
        let before = CloseDutyPointRequest { closed_on: day(0), ..Default::default() };
        given::<DutyPoint>([opened])
            .when(|p| p.decide_close(&before, &desk.moment()))
            .then_refused(&["GE-006"]);
    }
}
