//! Matters that an administrative agency has handed over (刑事程序规定 180): reviewed within three days; when its materials are short it is
//! asked within 24 hours and has three days, and the review begins again when they are there.

use super::clocks::{AGENCY, SUPPLY};
use super::{Facts, Report};
use crate::moment::{Moment, text};
use crate::refusal::{Intake, Refused, Remarks};
use xiaoan_kernel::{Fact, city_day};
use xiaoan_proto::cases::v1::{
    AgencyMaterialsAsked, AgencyMaterialsSupplied, AskAgencyForMaterialsRequest, RecordAgencyMaterialsRequest,
};
use xiaoan_proto::timestamp;

impl Report {
    /// The agency is asked for what is missing.
    ///
    /// # Errors
    /// REPORT-UNKNOWN, REPORT-NOT-UNDER-REVIEW, REPORT-FOREIGN, REPORT-NOT-OF-AGENCY, CB-003, CB-005, GE-006.
    pub fn decide_ask_agency(
        &self,
        request: &AskAgencyForMaterialsRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.under_review()?;
        let Some(clock) = self.clock(AGENCY) else {
            return Err(Intake::ReportNotOfAgency.into());
        };
        let mut remarks = Remarks::default();
        text(&mut remarks, "missing", &request.missing, 1, 500);
        let when = self.act_time(&mut remarks, request.at.as_ref(), at);
        let ask_by = at.due(&mut remarks, "ADMIN-AGENCY-ASK", clock.started_at);
        let supply_by = at.due(&mut remarks, SUPPLY, when);
        remarks.refuse()?;
        let asked = AgencyMaterialsAsked {
            report_id: self.id(),
            missing: request.missing.clone(),
            at: Some(timestamp(when)),
            org_unit: unit.to_string(),
            supply_by: Some(timestamp(supply_by)),
            late: when >= ask_by,
        };
        Ok(vec![Fact::new(asked, unit, city_day(when))])
    }

    /// It has supplied it.
    ///
    /// # Errors
    /// REPORT-UNKNOWN, REPORT-NOT-UNDER-REVIEW, REPORT-FOREIGN, REPORT-AGENCY-NOT-ASKED, CB-003, CB-005.
    pub fn decide_take_materials(
        &self,
        request: &RecordAgencyMaterialsRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.under_review()?;
        let Some(clock) = self.clock(SUPPLY) else {
            return Err(Intake::ReportAgencyNotAsked.into());
        };
        let mut remarks = Remarks::default();
        let when = at.stated_instant(&mut remarks, "at", request.at.as_ref(), Some(clock.started_at));
        let due_at = at.due(&mut remarks, AGENCY, when);
        remarks.refuse()?;
        let supplied = AgencyMaterialsSupplied {
            report_id: self.id(),
            at: Some(timestamp(when)),
            org_unit: unit.to_string(),
            late: when >= clock.due_at,
            due_at: Some(timestamp(due_at)),
        };
        Ok(vec![Fact::new(supplied, unit, city_day(when))])
    }
}
