//! From the receipt to the decision: track, extension, another's jurisdiction, filing.

use super::clocks::{REVIEW, SECURITY, TRANSFER};
use super::{Facts, Report, review_rule};
use crate::moment::{Level, Moment, NOT_ONE_OF, known, text};
use crate::refusal::{Intake, Reason, Refused, Remarks};
use prost_types::Timestamp;
use time::{Date, OffsetDateTime};
use xiaoan_kernel::{Fact, OrgCode, city_day};
use xiaoan_proto::cases::v1::{
    DecideReportRequest, ExtendReviewRequest, FilingApproved, FindForeignJurisdictionRequest,
    ForeignJurisdictionFound, IssueReceiptRequest, NoteReceiptRefusedRequest, ReceiptIssued, ReceiptRefusal,
    ReceiptRefused, ReportFiled, ReportNotFiled, ReportOutcome, ReportState, ReportTakenAsAdministrative,
    ReportTrack, ReportTransferred, ReviewExtended, SwitchTrackRequest, TrackSwitched, TransferReportRequest,
};
use xiaoan_proto::timestamp;

impl Report {
    /// Records the receipt.
    ///
    /// # Errors
    /// REPORT-UNKNOWN, REPORT-RECEIPTED, GE-006.
    pub fn decide_issue_receipt(
        &self,
        request: &IssueReceiptRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.without_receipt()?;
        let mut remarks = Remarks::default();
        text(&mut remarks, "receipt_no", &request.receipt_no, 1, 40);
        remarks.refuse()?;
        let issued = ReceiptIssued {
            report_id: self.id(),
            receipt_no: request.receipt_no.clone(),
            org_unit: unit.to_string(),
        };
        Ok(vec![Fact::new(issued, unit, at.today())])
    }

    /// Records why there is none.
    ///
    /// # Errors
    /// REPORT-UNKNOWN, REPORT-RECEIPTED, GE-006.
    pub fn decide_note_receipt_refused(
        &self,
        request: &NoteReceiptRefusedRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.without_receipt()?;
        let mut remarks = Remarks::default();
        let _: ReceiptRefusal = known(&mut remarks, "refusal", request.refusal);
        if request.refusal == 0 {
            remarks.note("refusal", NOT_ONE_OF);
        }
        remarks.refuse()?;
        let refused =
            ReceiptRefused { report_id: self.id(), refusal: request.refusal, org_unit: unit.to_string() };
        Ok(vec![Fact::new(refused, unit, at.today())])
    }

    /// Moves it to another track; its review begins again now.
    ///
    /// # Errors
    /// REPORT-UNKNOWN, REPORT-NOT-UNDER-REVIEW, REPORT-SAME-TRACK, REPORT-FOREIGN, GE-006.
    pub fn decide_switch_track(
        &self,
        request: &SwitchTrackRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.under_review()?;
        let mut remarks = Remarks::default();
        let track: ReportTrack = known(&mut remarks, "track", request.track);
        if request.track == 0 {
            remarks.note("track", NOT_ONE_OF);
        } else if request.track == self.seen().track {
            remarks.note("track", Reason::Intake(Intake::ReportSameTrack));
        }
        text(&mut remarks, "reason", &request.reason, 1, 500);
        let due_at = at.due(&mut remarks, review_rule(track, self.seen().channel()), at.now);
        remarks.refuse()?;
        let switched = TrackSwitched {
            report_id: self.id(),
            track: track.into(),
            reason: request.reason.clone(),
            org_unit: unit.to_string(),
            at: Some(timestamp(at.now)),
            rule_id: review_rule(track, self.seen().channel()).to_owned(),
            due_at: Some(timestamp(due_at)),
        };
        Ok(vec![Fact::new(switched, unit, at.today())])
    }

    /// The caller approves that the review lasts 7 or 30 days.
    ///
    /// # Errors
    /// REPORT-UNKNOWN, REPORT-NOT-UNDER-REVIEW, REPORT-NOT-LONGER, CB-006, CB-007, GE-006.
    pub fn decide_extend(&self, request: &ExtendReviewRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.under_review()?;
        let mut remarks = Remarks::default();
        let rule = match request.days {
            7 => "REV-CRIM-7D",
            30 => "REV-CRIM-30D",
            _ => {
                remarks.note("days", SEVEN_OR_THIRTY);
                "REV-CRIM-7D"
            }
        };
        text(&mut remarks, "reason", &request.reason, 1, 500);
        text(&mut remarks, "requested_by", &request.requested_by, 1, 100);
        remarks.refuse()?;
        let criminal = self.seen().track() == ReportTrack::Criminal;
        let Some(review) = self.clock(REVIEW).filter(|_| criminal) else {
            return Err(Intake::ReportNotLonger.into());
        };
        let mut remarks = Remarks::default();
        let due_at = at.due(&mut remarks, rule, review.started_at);
        remarks.refuse()?;
        if due_at <= review.due_at {
            return Err(Intake::ReportNotLonger.into());
        }
        if request.requested_by == at.actor || self.seen().registered_by == at.actor {
            return Err(Intake::SamePerson.into());
        }
        if request.days == 30 && at.level < Level::County {
            return Err(Intake::LevelTooLow { needs_city: false }.into());
        }
        let extended = ReviewExtended {
            report_id: self.id(),
            days: request.days,
            reason: request.reason.clone(),
            requested_by: request.requested_by.clone(),
            approved_by: at.actor.to_owned(),
            rule_id: rule.to_owned(),
            due_at: Some(timestamp(due_at)),
            org_unit: unit.to_string(),
        };
        Ok(vec![Fact::new(extended, unit, at.today())])
    }

    /// It belongs to another authority.
    ///
    /// # Errors
    /// REPORT-UNKNOWN, REPORT-NOT-UNDER-REVIEW, REPORT-FOREIGN, CB-003, CB-005, GE-006.
    pub fn decide_find_foreign(
        &self,
        request: &FindForeignJurisdictionRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.under_review()?;
        let mut remarks = Remarks::default();
        text(&mut remarks, "belongs_to", &request.belongs_to, 1, 100);
        let when = self.act_time(&mut remarks, request.at.as_ref(), at);
        let due_at = at.due(&mut remarks, TRANSFER, when);
        remarks.refuse()?;
        let found = ForeignJurisdictionFound {
            report_id: self.id(),
            belongs_to: request.belongs_to.clone(),
            at: Some(timestamp(when)),
            due_at: Some(timestamp(due_at)),
            org_unit: unit.to_string(),
        };
        Ok(vec![Fact::new(found, unit, city_day(when))])
    }

    /// It is handed over.
    ///
    /// # Errors
    /// REPORT-UNKNOWN, REPORT-NOT-FOREIGN, CB-003, CB-005.
    pub fn decide_transfer(
        &self,
        request: &TransferReportRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.known()?;
        let Some(clock) = self.clock(TRANSFER) else {
            return Err(Intake::ReportNotForeign.into());
        };
        let mut remarks = Remarks::default();
        let when = at.stated_instant(&mut remarks, "at", request.at.as_ref(), Some(clock.started_at));
        remarks.refuse()?;
        let transferred = ReportTransferred {
            report_id: self.id(),
            belongs_to: self.seen().belongs_to.clone(),
            at: Some(timestamp(when)),
            org_unit: unit.to_string(),
            late: when >= clock.due_at,
            transferred_on: Some(city_day(when).into()),
        };
        Ok(vec![Fact::new(transferred, unit, city_day(when))])
    }

    /// A head at county level or above, who did not register it, decides.
    ///
    /// # Errors
    /// REPORT-UNKNOWN, REPORT-NO-RECEIPT, REPORT-NOT-UNDER-REVIEW, REPORT-FOREIGN, CB-003, CB-005, CB-006, CB-007, GE-006.
    pub fn decide_outcome(&self, request: &DecideReportRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.under_review()?;
        if self.seen().state() == ReportState::Registered {
            return Err(Intake::ReportNoReceipt.into());
        }
        let mut remarks = Remarks::default();
        let outcome: ReportOutcome = known(&mut remarks, "outcome", request.outcome);
        if request.outcome == 0 {
            remarks.note("outcome", NOT_ONE_OF);
        }
        let least = usize::from(outcome != ReportOutcome::File);
        text(&mut remarks, "reason", &request.reason, least, 500);
        let when = self.act_time(&mut remarks, request.at.as_ref(), at);
        remarks.refuse()?;
        if self.seen().registered_by == at.actor {
            return Err(Intake::SamePerson.into());
        }
        if at.level < Level::County {
            return Err(Intake::LevelTooLow { needs_city: false }.into());
        }
        let late = self.late(REVIEW, when);
        let on = city_day(when);
        Ok(vec![match outcome {
            ReportOutcome::NotFile => self.not_filed(unit, request.reason.clone(), when, late, at)?,
            ReportOutcome::Administrative => {
                let mut remarks = Remarks::default();
                let handle_by = at.due(&mut remarks, SECURITY, when);
                remarks.refuse()?;
                let taken = ReportTakenAsAdministrative {
                    report_id: self.id(),
                    reason: request.reason.clone(),
                    at: Some(timestamp(when)),
                    decided_on: Some(on.into()),
                    decided_by: at.actor.to_owned(),
                    org_unit: unit.to_string(),
                    late,
                    handle_by: Some(timestamp(handle_by)),
                };
                Fact::new(taken, unit, on)
            }
            ReportOutcome::File | ReportOutcome::Unspecified => {
                self.approved(unit, request.reason.clone(), when, late, at)
            }
        }])
    }

    /// The case is filed that was approved; decided together with the case.
    ///
    /// # Errors
    /// REPORT-UNKNOWN, REPORT-NOT-APPROVED, REPORT-OTHER-UNIT.
    pub fn decide_filed(&self, case_no: &str, org_unit: &str, filed_on: Date) -> Result<Facts, Refused> {
        let unit = self.known()?;
        if self.seen().state() != ReportState::FilingApproved {
            return Err(Intake::ReportNotApproved.into());
        }
        if self.seen().org_unit != org_unit {
            let mut remarks = Remarks::default();
            remarks.note("org_unit", Reason::Intake(Intake::ReportOtherUnit));
            remarks.refuse()?;
        }
        let filed = ReportFiled {
            report_id: self.id(),
            case_no: case_no.to_owned(),
            org_unit: org_unit.to_owned(),
            filed_on: Some(filed_on.into()),
            late: self.review_was_late(),
        };
        Ok(vec![Fact::new(filed, unit, filed_on)])
    }

    pub(super) fn approved(
        &self,
        unit: OrgCode,
        reason: String,
        when: OffsetDateTime,
        late: bool,
        at: &Moment<'_>,
    ) -> Fact<super::ReportEvent> {
        let approved = FilingApproved {
            report_id: self.id(),
            at: Some(timestamp(when)),
            decided_on: Some(city_day(when).into()),
            decided_by: at.actor.to_owned(),
            org_unit: unit.to_string(),
            late,
            reason,
        };
        Fact::new(approved, unit, city_day(when))
    }

    pub(super) fn not_filed(
        &self,
        unit: OrgCode,
        reason: String,
        when: OffsetDateTime,
        late: bool,
        at: &Moment<'_>,
    ) -> Result<Fact<super::ReportEvent>, Refused> {
        let mut remarks = Remarks::default();
        let serve_by = at.due(&mut remarks, super::clocks::SERVE, when);
        remarks.refuse()?;
        let not_filed = ReportNotFiled {
            report_id: self.id(),
            reason,
            at: Some(timestamp(when)),
            decided_on: Some(city_day(when).into()),
            decided_by: at.actor.to_owned(),
            org_unit: unit.to_string(),
            late,
            serve_by: Some(timestamp(serve_by)),
        };
        Ok(Fact::new(not_filed, unit, city_day(when)))
    }

    pub(super) fn id(&self) -> String {
        self.seen().report_id.clone()
    }

    /// The stated time of an act: not before the registration.
    pub(super) fn act_time(
        &self,
        remarks: &mut Remarks,
        stated: Option<&Timestamp>,
        at: &Moment<'_>,
    ) -> OffsetDateTime {
        let registered_at = self.seen().registered_at.as_ref().and_then(xiaoan_proto::instant);
        at.stated_instant(remarks, "at", stated, registered_at)
    }

    fn without_receipt(&self) -> Result<OrgCode, Refused> {
        let unit = self.known()?;
        match self.seen().state() {
            ReportState::Registered => Ok(unit),
            _ => Err(Intake::ReportReceipted.into()),
        }
    }

    /// Registered or under review, and found to belong to nobody else.
    pub(super) fn under_review(&self) -> Result<OrgCode, Refused> {
        let unit = self.known()?;
        match self.seen().state() {
            ReportState::Registered | ReportState::UnderReview if self.seen().belongs_to.is_empty() => {
                Ok(unit)
            }
            ReportState::Registered | ReportState::UnderReview => Err(Intake::ReportForeign.into()),
            ReportState::Unspecified
            | ReportState::FilingApproved
            | ReportState::Filed
            | ReportState::NotFiled
            | ReportState::Transferred
            | ReportState::Administrative => Err(Intake::ReportNotUnderReview.into()),
        }
    }
}

const SEVEN_OR_THIRTY: Reason = Reason::Malformed { form_zh: "7或30", form_en: "7 or 30" };
