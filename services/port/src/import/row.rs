//! Reads and judges one row.

use crate::incident::LegacyIncident;
use crate::moment::{Moment, new_id, text};
use crate::refusal::{Reason, Remarks};
use time::OffsetDateTime;
use xiaoan_kernel::{OrgCode, city_day, parse_city_minute};
use xiaoan_proto::port::v1::{Authority, IncidentKind, IncidentRow};

/// A row that was looked at.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Everything that is to be said about it.
    pub remarks: Remarks,
    /// What it says; `None` when something rejects.
    pub incident: Option<LegacyIncident>,
}

/// Most characters of a caller's own words that a report repeats.
const MOST_REPEATED: usize = 200;

const KIND: Reason = Reason::Malformed {
    form_zh: "拥堵、航道、交通、治安、火警或危化",
    form_en: "congestion, channel, traffic, security, fire or hazmat",
};
const OUTCOME: Reason = Reason::Malformed { form_zh: "恢复或移交", form_en: "restored or referred" };
const AUTHORITY: Reason =
    Reason::Malformed { form_zh: "海事、港口、消防或交警", form_en: "msa, port, fire or traffic" };
const MINUTE: Reason =
    Reason::Malformed { form_zh: "时间“年-月-日 时:分”", form_en: "a time \"YYYY-MM-DD HH:MM\"" };
const ONLY_WHEN_REFERRED: Reason = Reason::Malformed {
    form_zh: "空（仅移交时填写）",
    form_en: "empty unless the incident was referred",
};

/// How an incident ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Open,
    Restored,
    Referred,
}

/// Reads and judges a row. `may_write` says whether the caller may write for a unit (GE-004 otherwise).
#[must_use]
pub fn judge(row: &IncidentRow, at: &Moment<'_>, may_write: impl Fn(OrgCode) -> bool) -> Judged {
    let mut remarks = Remarks::default();
    if !row.malformed.is_empty() {
        let why = row.malformed.chars().take(MOST_REPEATED).collect();
        remarks.note("malformed", Reason::MalformedLine { why });
        return Judged { remarks, incident: None };
    }
    let cells = Cells::read(row, &mut remarks, at);
    cells.judge(row, &mut remarks, may_write);
    let incident = if remarks.reject() { None } else { cells.into_incident(row) };
    Judged { remarks, incident }
}

/// The cells as values; `None` where a cell is empty or was reported.
struct Cells {
    unit: Option<OrgCode>,
    kind: Option<IncidentKind>,
    reported_at: Option<OffsetDateTime>,
    outcome: Outcome,
    authority: Option<Authority>,
    ended_at: Option<OffsetDateTime>,
    closed_at: Option<OffsetDateTime>,
}

impl Cells {
    fn read(row: &IncidentRow, remarks: &mut Remarks, at: &Moment<'_>) -> Self {
        if required(remarks, "incident_no", &row.incident_no) {
            new_id(remarks, "incident_no", &row.incident_no);
        }
        required(remarks, "reported_at", &row.reported_at);
        let reported_at = minute(remarks, "reported_at", &row.reported_at, at);
        let unit = if required(remarks, "org_unit", &row.org_unit) {
            at.unit(remarks, "org_unit", &row.org_unit, reported_at.map(city_day))
        } else {
            None
        };
        let kind = kind_of(&row.kind);
        if required(remarks, "kind", &row.kind) {
            remarks.ensure(kind.is_some(), "kind", KIND);
        }
        text(remarks, "place", &row.place, 0, 200);
        text(remarks, "description", &row.description, 0, 500);
        let outcome = match row.outcome.to_ascii_lowercase().as_str() {
            "" => Outcome::Open,
            "恢复" | "restored" => Outcome::Restored,
            "移交" | "referred" => Outcome::Referred,
            _ => {
                remarks.note("outcome", OUTCOME);
                Outcome::Open
            }
        };
        Self {
            unit,
            kind,
            reported_at,
            outcome,
            authority: authority_of(&row.referred_to),
            ended_at: minute(remarks, "ended_at", &row.ended_at, at),
            closed_at: minute(remarks, "closed_at", &row.closed_at, at),
        }
    }

    /// What only several cells together show.
    fn judge(&self, row: &IncidentRow, remarks: &mut Remarks, may_write: impl Fn(OrgCode) -> bool) {
        if let Some(unit) = self.unit.filter(|unit| !may_write(*unit)) {
            remarks.note("org_unit", Reason::NotYourUnit { unit });
        }
        let over = !row.ended_at.is_empty() || !row.closed_at.is_empty();
        if row.outcome.is_empty() && over {
            remarks.note("outcome", Reason::OutcomeMissing);
        }
        if self.outcome != Outcome::Open {
            required(remarks, "ended_at", &row.ended_at);
        }
        if self.outcome == Outcome::Referred {
            if required(remarks, "referred_to", &row.referred_to) {
                remarks.ensure(self.authority.is_some(), "referred_to", AUTHORITY);
            }
            text(remarks, "receipt_no", &row.receipt_no, 1, 64);
        } else {
            remarks.ensure(row.referred_to.is_empty(), "referred_to", ONLY_WHEN_REFERRED);
            remarks.ensure(row.receipt_no.is_empty(), "receipt_no", ONLY_WHEN_REFERRED);
        }
        if self.outcome == Outcome::Restored && self.kind == Some(IncidentKind::Channel) {
            remarks.note("outcome", Reason::IncidentMustBeReferred);
        }
        let in_order = |earlier: Option<OffsetDateTime>, later: Option<OffsetDateTime>| {
            earlier.zip(later).is_none_or(|(earlier, later)| earlier <= later)
        };
        remarks.ensure(in_order(self.reported_at, self.ended_at), "ended_at", Reason::TimeOrder);
        remarks.ensure(in_order(self.ended_at, self.closed_at), "closed_at", Reason::TimeOrder);
    }

    /// The incident that the row tells. Nothing rejected, so nothing that is required is missing.
    fn into_incident(self, row: &IncidentRow) -> Option<LegacyIncident> {
        let end = match self.outcome {
            Outcome::Open => None,
            Outcome::Restored => Some((self.ended_at?, None)),
            Outcome::Referred => Some((self.ended_at?, Some((self.authority?, row.receipt_no.clone())))),
        };
        Some(LegacyIncident {
            incident_no: row.incident_no.clone(),
            unit: self.unit?,
            kind: self.kind?,
            reported_at: self.reported_at?,
            place: row.place.clone(),
            description: row.description.clone(),
            end,
            closed_at: self.closed_at,
        })
    }
}

fn kind_of(cell: &str) -> Option<IncidentKind> {
    match cell.to_ascii_lowercase().as_str() {
        "拥堵" | "congestion" => Some(IncidentKind::Congestion),
        "航道" | "channel" => Some(IncidentKind::Channel),
        "交通" | "traffic" => Some(IncidentKind::Traffic),
        "治安" | "security" => Some(IncidentKind::Security),
        "火警" | "fire" => Some(IncidentKind::Fire),
        "危化" | "hazmat" => Some(IncidentKind::Hazmat),
        _ => None,
    }
}

fn authority_of(cell: &str) -> Option<Authority> {
    match cell.to_ascii_lowercase().as_str() {
        "海事" | "msa" => Some(Authority::Msa),
        "港口" | "port" => Some(Authority::Port),
        "消防" | "fire" => Some(Authority::Fire),
        "交警" | "traffic" => Some(Authority::Traffic),
        _ => None,
    }
}

fn required(remarks: &mut Remarks, field: &'static str, cell: &str) -> bool {
    remarks.ensure(!cell.is_empty(), field, Reason::MissingValue);
    !cell.is_empty()
}

/// A minute not in the future; an empty cell is none.
fn minute(remarks: &mut Remarks, field: &'static str, cell: &str, at: &Moment<'_>) -> Option<OffsetDateTime> {
    if cell.is_empty() {
        return None;
    }
    // Days that the wire can say start with 1900.
    match parse_city_minute(cell).filter(|at| (1901..=2199).contains(&at.year())) {
        Some(minute) if minute > at.now => remarks.note(field, Reason::InFuture),
        Some(minute) => return Some(minute),
        None => remarks.note(field, MINUTE),
    }
    None
}

#[cfg(test)]
mod tests;
