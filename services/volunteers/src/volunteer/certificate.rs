//! Hours approved, and certificates: exactly the approved minutes of their days, free of charge and true.

use super::{Facts, Volunteer, fact, hours};
use crate::moment::{Moment, chosen_id, day};
use crate::reason::{Reason, Refused, Remarks};
use time::Date;
use xiaoan_kernel::city_day;
use xiaoan_proto::volunteers::v1::{
    ApproveHoursRequest, HoursApproved, HoursCertificateIssued, IssueCertificateRequest,
};

impl Volunteer {
    /// Approves the hours of one patrol.
    ///
    /// # Errors
    /// VO-008 (no ended shift there), VO-010 (more than was served), HOURS-APPROVED, GE-006.
    pub fn decide_approve_hours(
        &self,
        request: &ApproveHoursRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.known()?;
        let shift = self.shifts.iter().find(|s| s.patrol_id == request.patrol_id);
        let Some((begun, ended)) = shift.and_then(|s| Some((s.begun, s.ended?))) else {
            return Err(Reason::NotCheckedIn.into());
        };
        if self.approved.contains_key(&request.patrol_id) {
            return Err(Reason::HoursAlreadyApproved.into());
        }
        let served = hours::minutes(begun, ended);
        let mut remarks = Remarks::default();
        remarks.ensure(request.minutes >= 0, "minutes", MINUTES);
        remarks.refuse()?;
        if request.minutes > served {
            return Err(Reason::HoursExceedShift { minutes: request.minutes, most: served }.into());
        }
        let approved = HoursApproved {
            volunteer_id: self.seen.volunteer_id.clone(),
            org_unit: self.seen.org_unit.clone(),
            patrol_id: request.patrol_id.clone(),
            minutes: request.minutes,
            served_on: Some(city_day(begun).into()),
            approved_by: at.actor.to_owned(),
        };
        Ok(fact(approved, unit, at.today()))
    }

    /// Minutes approved of shifts that began on these days, both counted.
    #[must_use]
    pub fn approved_between(&self, from: Date, to: Date) -> i64 {
        let within = |(day, _): &&(Date, i64)| from <= *day && *day <= to;
        self.approved.values().filter(within).map(|(_, minutes)| minutes).sum()
    }

    /// Issues a certificate.
    ///
    /// # Errors
    /// VO-011, CERTIFICATE-EXISTS, GE-006.
    pub fn decide_certify(
        &self,
        request: &IssueCertificateRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.known()?;
        let mut remarks = Remarks::default();
        chosen_id(&mut remarks, "certificate_no", &request.certificate_no);
        let from = day(&mut remarks, "from", request.from.as_ref());
        let to = day(&mut remarks, "to", request.to.as_ref());
        if let (Some(from), Some(to)) = (from, to) {
            remarks.ensure(from <= to, "to", Reason::TooEarlyDay);
        }
        remarks.refuse()?;
        if self.seen.certificates.contains(&request.certificate_no) {
            return Err(Reason::CertificateExists.into());
        }
        let (from, to) = (from.unwrap_or(Date::MIN), to.unwrap_or(Date::MAX));
        let approved = self.approved_between(from, to);
        if request.minutes != approved {
            return Err(Reason::CertificateDiffers { stated: request.minutes, approved }.into());
        }
        let issued = HoursCertificateIssued {
            volunteer_id: self.seen.volunteer_id.clone(),
            org_unit: self.seen.org_unit.clone(),
            certificate_no: request.certificate_no.clone(),
            from: request.from,
            to: request.to,
            minutes: request.minutes,
        };
        Ok(fact(issued, unit, at.today()))
    }
}

const MINUTES: Reason =
    Reason::Malformed { form_zh: "0或更大的整数", form_en: "a whole number of 0 or more" };
