//! The aggregate `FreightTraffic` (货运交通疏导, facts P5): vehicles that were directed in a stretch of time.
//!
//! Invariants: it counts on the day on which the stretch began · a corrected number counts on the same day, and its event
//! says what was counted before.

use crate::incident::Sender;
use crate::moment::{Moment, known, new_id, provenance, recorded, text};
use crate::refusal::{Reason, Refused, Remarks};
use time::{Duration, OffsetDateTime};
use xiaoan_kernel::{Aggregate, Fact, OrgCode, city_day};
use xiaoan_proto::core::v1::Provenance;
use xiaoan_proto::port::v1::{
    self, CorrectFreightTrafficRequest, DirectFreightTrafficRequest, FreightTrafficCorrected,
    FreightTrafficDirected,
};

xiaoan_kernel::events! {
    /// Everything that can happen to a record of freight traffic.
    pub enum FreightEvent {
        Directed(v1::FreightTrafficDirected),
        Corrected(v1::FreightTrafficCorrected),
    }
}

/// Facts of a record of freight traffic.
pub type Facts = Vec<Fact<FreightEvent>>;

/// Most vehicles of one record; more is a slipped digit.
const MOST_VEHICLES: i64 = 1_000_000;
/// Longest stretch of one record.
const LONGEST: Duration = Duration::hours(24);

const VEHICLES: Reason =
    Reason::Malformed { form_zh: "1至1000000辆", form_en: "a number of vehicles from 1 to 1000000" };
const STRETCH: Reason = Reason::Malformed {
    form_zh: "晚于开始、不超过24小时的结束时间",
    form_en: "an end after the beginning and at most 24 hours later",
};

/// One record, as `GetFreightTraffic` shows it (without etag).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Freight {
    seen: v1::FreightTraffic,
}

impl Aggregate for Freight {
    const KIND: &'static str = "freight";
    type Event = FreightEvent;

    fn apply(&mut self, event: &FreightEvent) {
        note(&mut self.seen, event);
    }
}

/// Takes one event into a record as everybody sees it.
pub fn note(record: &mut v1::FreightTraffic, event: &FreightEvent) {
    match event {
        FreightEvent::Directed(e) => {
            *record = v1::FreightTraffic {
                record_id: e.record_id.clone(),
                org_unit: e.org_unit.clone(),
                vehicles: e.vehicles,
                from: e.from,
                to: e.to,
                directed_on: e.directed_on,
                place: e.place.clone(),
                system_id: e.system_id.clone(),
                etag: String::new(),
            };
        }
        FreightEvent::Corrected(e) => record.vehicles = e.vehicles,
    }
}

impl Freight {
    /// The record as `GetFreightTraffic` shows it, without etag.
    #[must_use]
    pub fn seen(&self) -> &v1::FreightTraffic {
        &self.seen
    }
    /// Unit that directed the traffic; `None` of a record that never was.
    #[must_use]
    pub fn unit(&self) -> Option<OrgCode> {
        OrgCode::parse(&self.seen.org_unit).ok()
    }

    fn look_at(
        request: &DirectFreightTrafficRequest,
        at: &Moment<'_>,
    ) -> (Remarks, Option<OrgCode>, Option<OffsetDateTime>) {
        let mut remarks = Remarks::default();
        let from = at.past_instant(&mut remarks, "from", request.from.as_ref());
        let to = at.past_instant(&mut remarks, "to", request.to.as_ref());
        if let (Some(from), Some(to)) = (from, to) {
            remarks.ensure(to > from && to - from <= LONGEST, "to", STRETCH);
        }
        let unit = at.unit(&mut remarks, "org_unit", &request.org_unit, from.map(city_day));
        remarks.ensure((1..=MOST_VEHICLES).contains(&request.vehicles), "vehicles", VEHICLES);
        text(&mut remarks, "place", &request.place, 0, 200);
        let _: Provenance = known(&mut remarks, "provenance", request.provenance);
        (remarks, unit, from)
    }

    /// Records vehicles that were directed, under `record_id`: the request's own, or the id the service gave.
    ///
    /// # Errors
    /// FREIGHT-EXISTS, CB-001, CB-003, GE-006.
    pub fn decide_direct(
        &self,
        request: &DirectFreightTrafficRequest,
        record_id: &str,
        sender: Option<Sender<'_>>,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let (mut remarks, unit, from) = Self::look_at(request, at);
        if sender.is_none() && !request.record_id.is_empty() {
            new_id(&mut remarks, "record_id", &request.record_id);
        }
        remarks.refuse()?;
        if self.unit().is_some() {
            return Err(Reason::FreightExists.into());
        }
        let (Some(unit), Some(from)) = (unit, from) else {
            return Err(Reason::MissingValue.into()); // cannot be: both were looked at above
        };
        let day = city_day(from);
        let directed = FreightTrafficDirected {
            record_id: record_id.to_owned(),
            org_unit: request.org_unit.clone(),
            vehicles: request.vehicles,
            from: request.from,
            to: request.to,
            directed_on: Some(day.into()),
            place: request.place.clone(),
            system_id: sender.map_or(String::new(), |s| s.system_id.to_owned()),
            system_sequence: sender.map_or(0, |s| s.sequence),
            provenance: provenance(request.provenance()),
        };
        Ok(vec![Fact::new(directed, unit, day)])
    }

    /// Corrects the number of vehicles.
    ///
    /// # Errors
    /// FREIGHT-UNKNOWN, FREIGHT-SAME-NUMBER, GE-006.
    pub fn decide_correct(
        &self,
        request: &CorrectFreightTrafficRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.unit().ok_or(Reason::FreightUnknown)?;
        let mut remarks = Remarks::default();
        remarks.ensure((0..=MOST_VEHICLES).contains(&request.vehicles), "vehicles", VEHICLES);
        text(&mut remarks, "reason", &request.reason, 1, 500);
        remarks.refuse()?;
        if request.vehicles == self.seen.vehicles {
            return Err(Reason::FreightSameNumber.into());
        }
        let day = city_day(recorded(self.seen.from.as_ref()));
        let corrected = FreightTrafficCorrected {
            record_id: self.seen.record_id.clone(),
            org_unit: self.seen.org_unit.clone(),
            previous_vehicles: self.seen.vehicles,
            vehicles: request.vehicles,
            directed_on: Some(day.into()),
            reason: request.reason.clone(),
        };
        Ok(vec![Fact::new(corrected, unit, at.today())])
    }
}

#[cfg(test)]
mod tests;
