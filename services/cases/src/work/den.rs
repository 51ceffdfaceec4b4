//! The aggregate `Den`: a den that was raided, in numbers. Facts P7. One event makes it; exhibits found there name it.

use super::{Cases, FactsOf, Work, known_case, noted, within};
use crate::moment::{Moment, chosen_id, text};
use crate::refusal::{Refused, Remarks};
use crate::rulebook::RuleBook;
use crate::work::reasons as no;
use time::OffsetDateTime;
use xiaoan_kernel::{Fact, city_day};
use xiaoan_proto::cases::v1::{Den as Shown, DenRaided, DenState, RaidDenRequest};

xiaoan_kernel::events! {
    /// Everything that can happen to a den.
    pub enum DenEvent {
        Raided(DenRaided),
    }
}

/// One den.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Den(Shown);

impl xiaoan_kernel::Aggregate for Den {
    const KIND: &'static str = "den";
    type Event = DenEvent;
    fn apply(&mut self, event: &DenEvent) {
        Self::note(&mut self.0, event);
    }
}

impl super::Row for Shown {
    fn org_unit(&self) -> &str {
        &self.org_unit
    }
    fn state_number(&self) -> i32 {
        DenState::Raided.into()
    }
    fn parent(&self) -> &str {
        &self.case_no
    }
    fn set_etag(&mut self, etag: String) {
        self.etag = etag;
    }
}

impl Work for Den {
    type Shown = Shown;
    const NOUN: &'static str = "dens";

    fn shown(&self) -> &Shown {
        &self.0
    }

    fn note(shown: &mut Shown, event: &DenEvent) {
        let DenEvent::Raided(e) = event;
        *shown = Shown {
            den_id: e.den_id.clone(),
            org_unit: e.org_unit.clone(),
            case_no: e.case_no.clone(),
            raided_at: e.raided_at,
            place: e.place.clone(),
            officers: e.officers,
            suspects: e.suspects,
            ..Default::default()
        };
    }

    fn dues(_: &DenEvent) -> Vec<prost_types::Timestamp> {
        Vec::new()
    }

    fn fall_due(&self, _: OffsetDateTime, _: &RuleBook) -> FactsOf<Self> {
        Vec::new()
    }
}

impl Den {
    /// Records a den raided. The suspects are counted here and nowhere else: arrests are facts of the case.
    ///
    /// # Errors
    /// DEN-EXISTS, WORK-CASE-UNKNOWN, CB-001, CB-003, GE-006.
    pub fn decide_raid(
        &self,
        m: &RaidDenRequest,
        cases: &Cases,
        at: &Moment<'_>,
    ) -> Result<FactsOf<Self>, Refused> {
        let mut remarks = Remarks::default();
        chosen_id(&mut remarks, "den_id", &m.den_id);
        let unit = at.unit(&mut remarks, "org_unit", &m.org_unit, Some(at.today()));
        let raided_at = at.past_instant(&mut remarks, "raided_at", m.raided_at.as_ref());
        text(&mut remarks, "place", &m.place, 1, 200);
        within(&mut remarks, "officers", m.officers.into(), 2, 10_000);
        within(&mut remarks, "suspects", m.suspects.into(), 0, 10_000);
        remarks.refuse()?;
        known_case(cases, &m.case_no)?;
        if self.unit().is_some() {
            return Err(no::DEN_EXISTS.into());
        }
        let raided = DenRaided {
            den_id: m.den_id.clone(),
            org_unit: m.org_unit.clone(),
            case_no: m.case_no.clone(),
            raided_at: m.raided_at,
            place: m.place.clone(),
            officers: m.officers,
            suspects: m.suspects,
        };
        Ok(vec![Fact::new(raided, noted(unit)?, city_day(noted(raided_at)?))])
    }
}
