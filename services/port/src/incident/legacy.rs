//! Incidents of an older system, as a spreadsheet tells them: the steps between are not known.

use super::{Facts, Incident};
use crate::moment::minutes_between;
use crate::refusal::{Reason, Refused};
use time::OffsetDateTime;
use xiaoan_kernel::{Fact, OrgCode, city_day};
use xiaoan_proto::core::v1::Provenance;
use xiaoan_proto::port::v1::{
    Authority, IncidentClosed, IncidentKind, IncidentReferred, IncidentReported, IncidentRestored,
};
use xiaoan_proto::timestamp;

/// An incident of an older system. Whoever makes one has checked it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacyIncident {
    /// Number in the older system; the id here.
    pub incident_no: String,
    /// Unit.
    pub unit: OrgCode,
    /// Kind.
    pub kind: IncidentKind,
    /// When it was reported.
    pub reported_at: OffsetDateTime,
    /// Place.
    pub place: String,
    /// What happened.
    pub description: String,
    /// When it was restored, or referred to an authority with its receipt; `None` while it is open.
    pub end: Option<(OffsetDateTime, Option<(Authority, String)>)>,
    /// When it was closed.
    pub closed_at: Option<OffsetDateTime>,
}

impl LegacyIncident {
    /// Its content in one fixed spelling: the same content is the same request, whoever imports it.
    #[must_use]
    pub fn canonical(&self) -> String {
        let at = |at: OffsetDateTime| at.unix_timestamp().to_string();
        let end = self.end.as_ref().map_or(String::new(), |(ended, referred)| {
            let referred =
                referred.as_ref().map_or(String::new(), |(to, no)| format!("{} {no:?}", to.as_str_name()));
            format!("{} {referred}", at(*ended))
        });
        format!(
            "legacy incident {} {} {} {} {:?} {:?} [{end}] [{}]",
            self.incident_no,
            self.unit,
            self.kind.as_str_name(),
            at(self.reported_at),
            self.place,
            self.description,
            self.closed_at.map_or(String::new(), at),
        )
    }
}

impl Incident {
    /// Takes an incident over.
    ///
    /// # Errors
    /// INCIDENT-EXISTS.
    pub fn decide_import(&self, legacy: &LegacyIncident) -> Result<Facts, Refused> {
        if self.unit().is_some() {
            return Err(Reason::IncidentExists.into());
        }
        let (id, org_unit) = (legacy.incident_no.clone(), legacy.unit.to_string());
        let provenance = Provenance::LegacyImport.into();
        let day = city_day(legacy.reported_at);
        let reported = IncidentReported {
            incident_id: id.clone(),
            org_unit: org_unit.clone(),
            kind: legacy.kind.into(),
            reported_at: Some(timestamp(legacy.reported_at)),
            reported_on: Some(day.into()),
            place: legacy.place.clone(),
            description: legacy.description.clone(),
            provenance,
            ..Default::default()
        };
        let mut facts = vec![Fact::new(reported, legacy.unit, day)];
        let referred = legacy.end.as_ref().and_then(|(_, referred)| referred.as_ref());
        if let Some((ended, _)) = &legacy.end {
            facts.push(match referred {
                Some((to, receipt_no)) => {
                    let event = IncidentReferred {
                        incident_id: id.clone(),
                        to: (*to).into(),
                        receipt_no: receipt_no.clone(),
                        referred_at: Some(timestamp(*ended)),
                        org_unit: org_unit.clone(),
                        provenance,
                    };
                    Fact::new(event, legacy.unit, city_day(*ended))
                }
                None => {
                    let event = IncidentRestored {
                        incident_id: id.clone(),
                        restored_at: Some(timestamp(*ended)),
                        hindered_minutes: minutes_between(legacy.reported_at, *ended),
                        org_unit: org_unit.clone(),
                        provenance,
                    };
                    Fact::new(event, legacy.unit, city_day(*ended))
                }
            });
        }
        if let Some(closed) = legacy.closed_at {
            let event = IncidentClosed {
                incident_id: id,
                closed_at: Some(timestamp(closed)),
                closed_on: Some(city_day(closed).into()),
                org_unit,
                kind: legacy.kind.into(),
                report_to_close_minutes: minutes_between(legacy.reported_at, closed),
                released_crews: Vec::new(),
                referred_to: referred.map_or(Authority::Unspecified, |(to, _)| *to).into(),
                provenance,
            };
            facts.push(Fact::new(event, legacy.unit, city_day(closed)));
        }
        Ok(facts)
    }
}
