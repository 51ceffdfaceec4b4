//! Public security cases (治安案件, 行政程序规定 165): decided within 30 days of being taken, 30 more when the next level up approves; the
//! time of an expert's opinion does not count.

use super::clocks::{SECURITY, SECURITY_MORE};
use super::{Facts, Report};
use crate::moment::{Level, Moment, text};
use crate::refusal::{Intake, Reason, Refused, Remarks};
use time::Duration;
use xiaoan_kernel::{Fact, city_day};
use xiaoan_proto::cases::v1::{
    DecideSecurityCaseRequest, ExcludeExpertTimeRequest, ExpertTimeExcluded, ExtendSecurityCaseRequest,
    SecurityCaseDecided, SecurityCaseExtended,
};
use xiaoan_proto::{day, timestamp};

impl Report {
    /// The city bureau approves 30 more days, once.
    ///
    /// # Errors
    /// REPORT-UNKNOWN, REPORT-NO-SECURITY-CASE, REPORT-NOT-LONGER, CB-006, CB-007, GE-006.
    pub fn decide_extend_security(
        &self,
        request: &ExtendSecurityCaseRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.known()?;
        let clock = self.clock(SECURITY).ok_or(Intake::ReportNoSecurityCase)?;
        let mut remarks = Remarks::default();
        text(&mut remarks, "reason", &request.reason, 1, 500);
        text(&mut remarks, "requested_by", &request.requested_by, 1, 100);
        let due_at = at.due(&mut remarks, SECURITY_MORE, clock.due_at);
        remarks.refuse()?;
        if clock.rule_id == SECURITY_MORE {
            return Err(Intake::ReportNotLonger.into());
        }
        if request.requested_by == at.actor {
            return Err(Intake::SamePerson.into());
        }
        if at.level < Level::City {
            return Err(Intake::LevelTooLow { needs_city: true }.into());
        }
        let extended = SecurityCaseExtended {
            report_id: self.id(),
            reason: request.reason.clone(),
            requested_by: request.requested_by.clone(),
            approved_by: at.actor.to_owned(),
            from: Some(timestamp(clock.due_at)),
            due_at: Some(timestamp(due_at)),
            org_unit: unit.to_string(),
        };
        Ok(vec![Fact::new(extended, unit, at.today())])
    }

    /// The days of an expert's opinion do not count: the time is longer by as many.
    ///
    /// # Errors
    /// REPORT-UNKNOWN, REPORT-NO-SECURITY-CASE, CB-003, CB-005, GE-006.
    pub fn decide_exclude_expert_time(
        &self,
        request: &ExcludeExpertTimeRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.known()?;
        let clock = self.clock(SECURITY).ok_or(Intake::ReportNoSecurityCase)?;
        let mut remarks = Remarks::default();
        let from = at.past_day(&mut remarks, "from", request.from.as_ref());
        let to = at.past_day(&mut remarks, "to", request.to.as_ref());
        // Of an extended case the first period began when the matter was taken.
        let taken = self.seen().clocks.iter().find(|clock| clock.rule_id == SECURITY);
        let taken = taken.and_then(|clock| clock.started_at.as_ref()).and_then(xiaoan_proto::instant);
        let began = city_day(taken.unwrap_or(clock.started_at));
        let last = day(self.seen().expert_until);
        if from.is_some_and(|from| from < began || last.is_some_and(|last| from <= last)) {
            remarks.note("from", Reason::Intake(Intake::StepEarlier));
        }
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            remarks.note("to", Reason::Intake(Intake::StepEarlier));
        }
        remarks.refuse()?;
        let (Some(from), Some(to)) = (from, to) else {
            return Err(Reason::MissingValue.into()); // cannot be: both were looked at above
        };
        let days = (to - from).whole_days() + 1;
        let excluded = ExpertTimeExcluded {
            report_id: self.id(),
            from: request.from,
            to: request.to,
            days: i32::try_from(days).unwrap_or(i32::MAX),
            rule_id: clock.rule_id.to_owned(),
            due_at: Some(timestamp(clock.due_at + Duration::days(days))),
            org_unit: unit.to_string(),
        };
        Ok(vec![Fact::new(excluded, unit, at.today())])
    }

    /// It is decided.
    ///
    /// # Errors
    /// REPORT-UNKNOWN, REPORT-NO-SECURITY-CASE, CB-003, CB-005, CB-007, GE-006.
    pub fn decide_security(
        &self,
        request: &DecideSecurityCaseRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.known()?;
        let clock = self.clock(SECURITY).ok_or(Intake::ReportNoSecurityCase)?;
        let mut remarks = Remarks::default();
        text(&mut remarks, "decision", &request.decision, 1, 500);
        let when = self.act_time(&mut remarks, request.at.as_ref(), at);
        remarks.refuse()?;
        if at.level < Level::County {
            return Err(Intake::LevelTooLow { needs_city: false }.into());
        }
        let decided = SecurityCaseDecided {
            report_id: self.id(),
            decision: request.decision.clone(),
            at: Some(timestamp(when)),
            decided_on: Some(city_day(when).into()),
            decided_by: at.actor.to_owned(),
            org_unit: unit.to_string(),
            late: when >= clock.due_at,
        };
        Ok(vec![Fact::new(decided, unit, city_day(when))])
    }
}
