//! The aggregate `Report` (受案): registered with a receipt or a note why there is none, reviewed, then filed, not filed,
//! transferred or taken as administrative (domain reference §A.1, §H.0; 刑事程序规定 169–182, 公通字〔2015〕32号).
//!
//! | file | what is there |
//! |---|---|
//! | `mod.rs` | events, state, registration |
//! | `clocks.rs` | time limits: which event starts, meets or lifts which |
//! | `review.rs` | receipt, track, extension, transfer, decision, filing |
//! | `after.rs` | notice of not filing, reconsideration, the registrar's word |
//! | `supervised.rs` | the procuratorate asks for reasons, orders the filing |
//! | `agency.rs` | matters that an administrative agency has handed over |
//! | `security.rs` | public security cases: extended, expert time, decided |
//!
//! Invariants: filed ⇒ approved at county level or above by somebody who did not register it ⇒ receipt or note; a case names one
//! report and a report becomes one case; what was decided not to be filed can be reconsidered once and reviewed once; the
//! registrar's word is the last.

mod after;
mod agency;
mod clocks;
mod review;
mod security;
mod supervised;
#[cfg(test)]
mod tests;

pub use clocks::{Clock, review_due_at};

use crate::moment::{Moment, NOT_ONE_OF, chosen_id, known, persons, text};
use crate::refusal::{Intake, Reason, Refused, Remarks};
use time::OffsetDateTime;
use xiaoan_kernel::{Aggregate, Fact, OrgCode, city_day};
use xiaoan_proto::cases::v1::{
    self, ReceiptIssued, ReceiptRefusal, ReceiptRefused, RegisterReportRequest, ReportChannel,
    ReportRegistered, ReportState, ReportTrack,
};
use xiaoan_proto::core::v1::{Provenance, SealedPerson};
use xiaoan_proto::timestamp;

xiaoan_kernel::events! {
    /// Everything that can happen to a report.
    pub enum ReportEvent {
        Registered(v1::ReportRegistered),
        ReceiptIssued(v1::ReceiptIssued),
        ReceiptRefused(v1::ReceiptRefused),
        TrackSwitched(v1::TrackSwitched),
        ReviewExtended(v1::ReviewExtended),
        ForeignFound(v1::ForeignJurisdictionFound),
        Transferred(v1::ReportTransferred),
        FilingApproved(v1::FilingApproved),
        Filed(v1::ReportFiled),
        NotFiled(v1::ReportNotFiled),
        Administrative(v1::ReportTakenAsAdministrative),
        NoticeServed(v1::NotFiledNoticeServed),
        ReconsiderationRequested(v1::ReconsiderationRequested),
        ReconsiderationDecided(v1::ReconsiderationDecided),
        Overrode(v1::RegistrarOverrode),
        ReasonsAsked(v1::NonFilingReasonsAsked),
        Explained(v1::NonFilingExplained),
        FilingOrdered(v1::FilingOrdered),
        MaterialsAsked(v1::AgencyMaterialsAsked),
        MaterialsSupplied(v1::AgencyMaterialsSupplied),
        SecurityCaseExtended(v1::SecurityCaseExtended),
        ExpertTimeExcluded(v1::ExpertTimeExcluded),
        SecurityCaseDecided(v1::SecurityCaseDecided),
    }
}

/// One report, as `GetReport` shows it (without etag).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    seen: v1::Report,
    /// Everybody who has decided something about it.
    deciders: Vec<String>,
}

type Facts = Vec<Fact<ReportEvent>>;

impl Aggregate for Report {
    const KIND: &'static str = "report";
    type Event = ReportEvent;

    fn apply(&mut self, event: &ReportEvent) {
        let before = self.seen.decided_by.clone();
        note(&mut self.seen, event);
        if self.seen.decided_by != before {
            self.deciders.push(self.seen.decided_by.clone());
        }
    }
}

/// Takes one event into a report as everybody sees it.
pub fn note(report: &mut v1::Report, event: &ReportEvent) {
    match event {
        ReportEvent::Registered(e) => {
            *report = v1::Report {
                report_id: e.report_id.clone(),
                org_unit: e.org_unit.clone(),
                track: e.track,
                state: ReportState::Registered.into(),
                channel: e.channel,
                reported_at: e.reported_at,
                registered_at: e.registered_at,
                registered_by: e.registered_by.clone(),
                alert_id: e.alert_id.clone(),
                summary: e.summary.clone(),
                confidential: e.confidential,
                provenance: e.provenance,
                ..Default::default()
            };
        }
        ReportEvent::ReceiptIssued(e) => {
            report.receipt_no.clone_from(&e.receipt_no);
            report.set_state(ReportState::UnderReview);
        }
        ReportEvent::ReceiptRefused(e) => {
            report.receipt_refusal = e.refusal;
            report.set_state(ReportState::UnderReview);
        }
        ReportEvent::TrackSwitched(e) => {
            report.track = e.track;
            report.reason.clone_from(&e.reason);
        }
        ReportEvent::ReviewExtended(_) => {}
        ReportEvent::ForeignFound(e) => report.belongs_to.clone_from(&e.belongs_to),
        ReportEvent::Transferred(_) => report.set_state(ReportState::Transferred),
        ReportEvent::FilingApproved(e) => {
            report.set_state(ReportState::FilingApproved);
            report.reason.clone_from(&e.reason);
            report.decided_by.clone_from(&e.decided_by);
            report.request_until = None;
        }
        ReportEvent::Filed(e) => {
            report.set_state(ReportState::Filed);
            report.case_no.clone_from(&e.case_no);
        }
        ReportEvent::NotFiled(e) => {
            report.set_state(ReportState::NotFiled);
            report.reason.clone_from(&e.reason);
            report.decided_by.clone_from(&e.decided_by);
        }
        ReportEvent::Administrative(e) => {
            report.set_state(ReportState::Administrative);
            report.reason.clone_from(&e.reason);
            report.decided_by.clone_from(&e.decided_by);
        }
        ReportEvent::NoticeServed(e) => report.request_until = e.request_until,
        ReportEvent::ReconsiderationRequested(e) => {
            report.instance = e.instance;
            report.request_open = true;
            report.request_until = None;
        }
        ReportEvent::ReconsiderationDecided(e) => {
            report.request_open = false;
            report.request_until = e.request_until;
            report.reason.clone_from(&e.reason);
            report.decided_by.clone_from(&e.decided_by);
        }
        ReportEvent::FilingOrdered(e) => report.filing_order.clone_from(&e.document),
        ReportEvent::ExpertTimeExcluded(e) => report.expert_until = e.to,
        ReportEvent::SecurityCaseDecided(e) => {
            report.reason.clone_from(&e.decision);
            report.decided_by.clone_from(&e.decided_by);
        }
        ReportEvent::ReasonsAsked(_)
        | ReportEvent::Explained(_)
        | ReportEvent::MaterialsAsked(_)
        | ReportEvent::MaterialsSupplied(_)
        | ReportEvent::SecurityCaseExtended(_) => {}
        ReportEvent::Overrode(e) => {
            report.overridden_by.clone_from(&e.registrar);
            report.request_open = false;
        }
    }
    clocks::note(&mut report.clocks, event);
}

/// The limit of the review of a track; of a criminal matter that an agency has handed over, its own.
const fn review_rule(track: ReportTrack, channel: ReportChannel) -> &'static str {
    match track {
        ReportTrack::Criminal if matches!(channel, ReportChannel::Authority) => clocks::AGENCY,
        ReportTrack::Criminal | ReportTrack::Unspecified => "REV-CRIM-3D",
        ReportTrack::Administrative => "REV-ADM",
        ReportTrack::AdministrativeComplex => "REV-ADM-3D",
    }
}

impl Report {
    /// The report as `GetReport` shows it, without etag.
    #[must_use]
    pub fn seen(&self) -> &v1::Report {
        &self.seen
    }
    /// Unit that registered it; `None` of a report that never was.
    #[must_use]
    pub fn unit(&self) -> Option<OrgCode> {
        OrgCode::parse(&self.seen.org_unit).ok()
    }

    /// Everything that is to be said about a new report; asked before the reporter is sealed.
    #[must_use]
    pub fn remarks_on_registering(request: &RegisterReportRequest, at: &Moment<'_>) -> Remarks {
        Self::look_at(request, at).0
    }

    fn look_at(request: &RegisterReportRequest, at: &Moment<'_>) -> (Remarks, Option<Looked>) {
        let mut remarks = Remarks::default();
        if !request.report_id.is_empty() {
            chosen_id(&mut remarks, "report_id", &request.report_id);
        }
        if !request.alert_id.is_empty() {
            chosen_id(&mut remarks, "alert_id", &request.alert_id);
        }
        let reported_at = at.past_instant(&mut remarks, "reported_at", request.reported_at.as_ref());
        let stated = request.registered_at.as_ref();
        let registered_at = at.stated_instant(&mut remarks, "registered_at", stated, reported_at);
        let unit = at.unit(&mut remarks, "org_unit", &request.org_unit, Some(city_day(registered_at)));
        let track: ReportTrack = known(&mut remarks, "track", request.track);
        if request.track == 0 {
            remarks.note("track", NOT_ONE_OF);
        }
        let _: ReportChannel = known(&mut remarks, "channel", request.channel);
        let _: Provenance = known(&mut remarks, "provenance", request.provenance);
        let _: ReceiptRefusal = known(&mut remarks, "receipt_refusal", request.receipt_refusal);
        text(&mut remarks, "summary", &request.summary, 1, 500);
        text(&mut remarks, "receipt_no", &request.receipt_no, 0, 40);
        if !request.receipt_no.is_empty() && request.receipt_refusal != 0 {
            remarks.note("receipt_refusal", ONE_OF_BOTH);
        }
        persons(&mut remarks, "reporter", &request.reporter);
        let rule_id = review_rule(track, request.channel());
        let due_at = reported_at.map(|start| at.due(&mut remarks, rule_id, start));
        let looked = match (unit, due_at) {
            (Some(unit), Some(due_at)) => Some(Looked { unit, track, registered_at, due_at }),
            _ => None,
        };
        (remarks, looked)
    }

    /// Registers a report under `report_id`: the request's own, or the id the service gave it. `late` tells whether the 24 hours
    /// of its alert had run out.
    ///
    /// # Errors
    /// REPORT-EXISTS, CB-001, CB-003, CB-005, GE-006, NO-LAW.
    pub fn decide_register(
        &self,
        request: &RegisterReportRequest,
        report_id: &str,
        reporter: Option<SealedPerson>,
        late: bool,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let (remarks, looked) = Self::look_at(request, at);
        remarks.refuse()?;
        if self.unit().is_some() {
            return Err(Intake::ReportExists.into());
        }
        let Some(Looked { unit, track, registered_at, due_at }) = looked else {
            return Err(Reason::MissingValue.into()); // cannot be: it was looked at above
        };
        let on = city_day(registered_at);
        let channel = match (request.channel(), request.alert_id.is_empty()) {
            (ReportChannel::Unspecified, true) => ReportChannel::Counter,
            (ReportChannel::Unspecified, false) => ReportChannel::Alert,
            (stated, _) => stated,
        };
        let provenance = match request.provenance() {
            Provenance::Unspecified => Provenance::Recorded,
            stated => stated,
        };
        let org_unit = request.org_unit.clone();
        let registered = ReportRegistered {
            report_id: report_id.to_owned(),
            org_unit: org_unit.clone(),
            track: track.into(),
            channel: channel.into(),
            reported_at: request.reported_at,
            registered_at: Some(timestamp(registered_at)),
            registered_on: Some(on.into()),
            registered_by: at.actor.to_owned(),
            alert_id: request.alert_id.clone(),
            summary: request.summary.clone(),
            reporter,
            confidential: request.confidential,
            provenance: provenance.into(),
            rule_id: review_rule(track, channel).to_owned(),
            due_at: Some(timestamp(due_at)),
            late,
        };
        let mut facts = vec![Fact::new(registered, unit, on)];
        let report_id = report_id.to_owned();
        if !request.receipt_no.is_empty() {
            let receipt_no = request.receipt_no.clone();
            facts.push(Fact::new(ReceiptIssued { report_id, receipt_no, org_unit }, unit, on));
        } else if request.receipt_refusal != 0 {
            let refusal = request.receipt_refusal;
            facts.push(Fact::new(ReceiptRefused { report_id, refusal, org_unit }, unit, on));
        }
        Ok(facts)
    }

    /// When it is registered, as the request says or the clock does.
    #[must_use]
    pub fn registration_time(request: &RegisterReportRequest, at: &Moment<'_>) -> OffsetDateTime {
        request.registered_at.as_ref().and_then(xiaoan_proto::instant).unwrap_or(at.now)
    }

    fn known(&self) -> Result<OrgCode, Refused> {
        self.unit().ok_or_else(|| Intake::ReportUnknown.into())
    }
}

struct Looked {
    unit: OrgCode,
    track: ReportTrack,
    registered_at: OffsetDateTime,
    due_at: OffsetDateTime,
}

const ONE_OF_BOTH: Reason = Reason::Malformed {
    form_zh: "空（已有回执编号）",
    form_en: "empty when a receipt number is given",
};
