//! Reads and judges one row.

use crate::moment::{DAY, ID_FORM, Moment, NOT_ONE_OF, is_id};
use crate::reason::{Reason, Refused, Remarks};
use crate::squadron::Squadron;
use crate::volunteer::application::SealedApplicant;
use crate::volunteer::{Facts, Volunteer};
use time::Date;
use xiaoan_kernel::{Aggregate, OrgCode, parse_day};
use xiaoan_proto::core::v1::{PersonInput, Provenance};
use xiaoan_proto::volunteers::v1::{
    EnrolVolunteerRequest, ReceiveApplicationRequest, RecordVettingRequest, VettingResult,
    VolunteerBackground, VolunteerRow,
};

/// What a row tells. Holds personal values and does not print itself.
#[derive(Clone)]
pub struct LegacyVolunteer {
    /// Id.
    pub volunteer_id: String,
    /// The application.
    pub application: ReceiveApplicationRequest,
    /// The vetting, if there was one.
    pub vetting: Option<RecordVettingRequest>,
    /// The enrolment, if there was one.
    pub enrolment: Option<EnrolVolunteerRequest>,
}

/// A row that was looked at.
pub struct Judged {
    /// Everything that is to be said about it.
    pub remarks: Remarks,
    /// What it says; `None` when something rejects.
    pub volunteer: Option<LegacyVolunteer>,
}

/// Most characters of a caller's own words that a report repeats.
const MOST_REPEATED: usize = 200;

/// Reads and judges a row. `may_write` says whether the caller may write for a unit (GE-004 otherwise); `squadron` is the
/// one that the row names, `None` when there is no such one.
#[must_use]
pub fn judge(
    row: &VolunteerRow,
    squadron: Option<&Squadron>,
    at: &Moment<'_>,
    may_write: impl Fn(OrgCode) -> bool,
) -> Judged {
    let mut remarks = Remarks::default();
    if !row.malformed.is_empty() {
        let why = row.malformed.chars().take(MOST_REPEATED).collect();
        remarks.note("malformed", Reason::MalformedLine { why });
        return Judged { remarks, volunteer: None };
    }
    let legacy = read(row, &mut remarks);
    if let Ok(unit) = OrgCode::parse(&row.org_unit)
        && at.units.knows(unit)
        && !may_write(unit)
    {
        remarks.note("org_unit", Reason::NotYourUnit { unit });
    }
    // What the application says about its cells is said even when another cell could not be read.
    for said in Volunteer::remarks_on_application(&legacy.application, at).remarks() {
        let field = column(said.field);
        if !remarks.remarks().iter().any(|known| known.field == field) {
            remarks.note(field, said.reason.clone());
        }
    }
    if !remarks.reject()
        && let Err(refused) = legacy.facts(&SealedApplicant::default(), squadron, "", at)
    {
        for remark in refused.remarks() {
            remarks.note(column(remark.field), remark.reason.clone());
        }
    }
    let volunteer = if remarks.reject() { None } else { Some(legacy) };
    Judged { remarks, volunteer }
}

impl LegacyVolunteer {
    /// The events of the row, decided as commands are.
    ///
    /// # Errors
    /// Whatever the decisions refuse.
    pub fn facts(
        &self,
        sealed: &SealedApplicant,
        squadron: Option<&Squadron>,
        volunteer_no: &str,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let mut volunteer = Volunteer::default();
        let mut facts =
            volunteer.decide_receive(&self.application, &self.volunteer_id, sealed.clone(), at)?;
        for fact in &facts {
            volunteer.apply(&fact.event);
        }
        if let Some(vetting) = &self.vetting {
            let vetted = volunteer.decide_vet(vetting, at)?;
            for fact in &vetted {
                volunteer.apply(&fact.event);
            }
            facts.extend(vetted);
        }
        if let Some(enrolment) = &self.enrolment {
            facts.extend(volunteer.decide_enrol(enrolment, squadron, volunteer_no, at)?);
        }
        Ok(facts)
    }

    /// The content of the row in one spelling, whatever the file's. Holds personal values: for keyed digests only.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        use prost::Message;
        let mut bytes = b"volunteer row v1\0".to_vec();
        bytes.extend(self.application.encode_length_delimited_to_vec());
        bytes.extend(self.vetting.clone().unwrap_or_default().encode_length_delimited_to_vec());
        bytes.extend(self.enrolment.clone().unwrap_or_default().encode_length_delimited_to_vec());
        bytes
    }
}

fn read(row: &VolunteerRow, remarks: &mut Remarks) -> LegacyVolunteer {
    remarks.ensure(is_id(&row.volunteer_id), "volunteer_id", ID_FORM);
    let background = match row.background.to_ascii_lowercase().as_str() {
        "" => VolunteerBackground::Unspecified,
        "退役军人" | "veteran" => VolunteerBackground::Veteran,
        "党员" | "party_member" => VolunteerBackground::PartyMember,
        "护林员" | "forest_ranger" => VolunteerBackground::ForestRanger,
        "环卫工人" | "sanitation_worker" => VolunteerBackground::SanitationWorker,
        "其他" | "other" => VolunteerBackground::Other,
        _ => {
            remarks.note("background", NOT_ONE_OF);
            VolunteerBackground::Unspecified
        }
    };
    let result = match row.vetting.to_ascii_lowercase().as_str() {
        "" => None,
        "合格" | "passed" => Some(VettingResult::Passed),
        "不合格" | "failed" => Some(VettingResult::Failed),
        _ => {
            remarks.note("vetting", NOT_ONE_OF);
            None
        }
    };
    let received_on = day(remarks, "received_on", &row.received_on);
    let birth_date = day(remarks, "birth_date", &row.birth_date);
    let vetted_on = day(remarks, "vetted_on", &row.vetted_on);
    let expires_on = day(remarks, "vetting_expires_on", &row.vetting_expires_on);
    let enrolled_on = day(remarks, "enrolled_on", &row.enrolled_on);
    // What only several cells together show.
    let vetted = !row.vetted_on.is_empty() || !row.vetting_expires_on.is_empty();
    remarks.ensure(!row.vetting.is_empty() || !vetted, "vetting", Reason::MissingValue);
    remarks.ensure(row.squadron_id.is_empty() || is_id(&row.squadron_id), "squadron_id", ID_FORM);
    remarks.ensure(
        row.squadron_id.is_empty() || !row.enrolled_on.is_empty(),
        "enrolled_on",
        Reason::MissingValue,
    );
    LegacyVolunteer {
        volunteer_id: row.volunteer_id.clone(),
        application: ReceiveApplicationRequest {
            request_id: String::new(),
            volunteer_id: row.volunteer_id.clone(),
            org_unit: row.org_unit.clone(),
            person: Some(PersonInput {
                name: row.name.clone(),
                phone: row.phone.clone(),
                id_number: row.id_number.clone(),
            }),
            birth_date: birth_date.map(Into::into),
            received_on: received_on.map(Into::into),
            background: background.into(),
            // The older system took nobody without it.
            risks_explained: true,
            provenance: Provenance::LegacyImport.into(),
        },
        vetting: result.map(|result| RecordVettingRequest {
            result: result.into(),
            vetted_on: vetted_on.map(Into::into),
            expires_on: expires_on.map(Into::into),
            ..Default::default()
        }),
        enrolment: enrolled_on.map(|on| EnrolVolunteerRequest {
            squadron_id: row.squadron_id.clone(),
            enrolled_on: Some(on.into()),
            ..Default::default()
        }),
    }
}

/// A day; an empty cell is none, and what requires it says so.
fn day(remarks: &mut Remarks, field: &'static str, cell: &str) -> Option<Date> {
    if cell.is_empty() {
        return None;
    }
    let day = parse_day(cell);
    if day.is_none() {
        remarks.note(field, DAY);
    }
    day
}

/// Column of the row that fills a field of a command.
fn column(field: &'static str) -> &'static str {
    match field {
        "person" => "name",
        "expires_on" => "vetting_expires_on",
        "result" => "vetting",
        other => other,
    }
}
