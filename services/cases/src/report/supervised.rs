//! The procuratorate's supervision of filing (刑事程序规定 182): it asks why no case was filed, is answered within seven days, and can order
//! the filing, which then has fifteen.

use super::clocks::{EXPLAIN, ORDERED};
use super::{Facts, Report, ReportEvent};
use crate::moment::{Moment, text};
use crate::refusal::{Intake, Refused, Remarks};
use xiaoan_kernel::{Fact, city_day};
use xiaoan_proto::cases::v1::{
    ExplainNonFilingRequest, FilingOrdered, NonFilingExplained, NonFilingReasonsAsked,
    RecordFilingOrderedRequest, RecordReasonsAskedRequest,
};
use xiaoan_proto::timestamp;

impl Report {
    /// The procuratorate asks.
    ///
    /// # Errors
    /// REPORT-UNKNOWN, REPORT-NOT-REFUSED, REPORT-REASONS-ASKED, CB-003, CB-005, GE-006.
    pub fn decide_ask_reasons(
        &self,
        request: &RecordReasonsAskedRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.not_filed_yet(Intake::ReportNotRefused)?;
        if self.clock(EXPLAIN).is_some() {
            return Err(Intake::ReportReasonsAsked.into());
        }
        let mut remarks = Remarks::default();
        text(&mut remarks, "document", &request.document, 1, 100);
        let when = self.act_time(&mut remarks, request.at.as_ref(), at);
        let due_at = at.due(&mut remarks, EXPLAIN, when);
        remarks.refuse()?;
        let asked = NonFilingReasonsAsked {
            report_id: self.id(),
            document: request.document.clone(),
            at: Some(timestamp(when)),
            due_at: Some(timestamp(due_at)),
            org_unit: unit.to_string(),
        };
        Ok(vec![Fact::new(asked, unit, city_day(when))])
    }

    /// It is answered.
    ///
    /// # Errors
    /// REPORT-UNKNOWN, REPORT-REASONS-NOT-ASKED, CB-003, CB-005, GE-006.
    pub fn decide_explain(
        &self,
        request: &ExplainNonFilingRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.known()?;
        let Some(clock) = self.clock(EXPLAIN) else {
            return Err(Intake::ReportReasonsNotAsked.into());
        };
        let mut remarks = Remarks::default();
        text(&mut remarks, "reasons", &request.reasons, 1, 2000);
        let when = at.stated_instant(&mut remarks, "at", request.at.as_ref(), Some(clock.started_at));
        remarks.refuse()?;
        let explained = NonFilingExplained {
            report_id: self.id(),
            reasons: request.reasons.clone(),
            at: Some(timestamp(when)),
            org_unit: unit.to_string(),
            late: when >= clock.due_at,
        };
        Ok(vec![Fact::new(explained, unit, city_day(when))])
    }

    /// The procuratorate orders the filing: it is approved, and nobody here decides otherwise.
    ///
    /// # Errors
    /// REPORT-UNKNOWN, REPORT-NOT-REFUSED, CB-003, CB-005, GE-006.
    pub fn decide_order_filing(
        &self,
        request: &RecordFilingOrderedRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.not_filed_yet(Intake::ReportNotRefused)?;
        let mut remarks = Remarks::default();
        text(&mut remarks, "document", &request.document, 1, 100);
        let when = self.act_time(&mut remarks, request.at.as_ref(), at);
        let due_at = at.due(&mut remarks, ORDERED, when);
        remarks.refuse()?;
        let approved: Fact<ReportEvent> = self.approved(unit, request.document.clone(), when, false, at);
        let ordered = FilingOrdered {
            report_id: self.id(),
            document: request.document.clone(),
            at: Some(timestamp(when)),
            due_at: Some(timestamp(due_at)),
            org_unit: unit.to_string(),
        };
        Ok(vec![approved, Fact::new(ordered, unit, city_day(when))])
    }
}
