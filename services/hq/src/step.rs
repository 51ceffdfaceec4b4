//! The fields that every step of a notice or an interview has: the day on which it was done, and words.

use crate::refusal::{Reason, Refused, Remarks};
use time::Date;
use xiaoan_kernel::OrgCode;
use xiaoan_proto::core::v1 as core;

/// The day of a step: as stated, or today.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub field: &'static str,
    pub stated: Option<core::Date>,
    /// Day of the step before.
    pub earliest: Date,
    pub today: Date,
}

impl Step {
    /// The day, neither in the future nor before the step before.
    pub fn day(self) -> Result<Date, Refused> {
        let mut remarks = Remarks::default();
        let day = match self.stated.map(Date::try_from) {
            None => self.today,
            Some(Ok(day)) => day,
            Some(Err(_)) => {
                remarks.note(self.field, Reason::Day);
                self.earliest
            }
        };
        remarks.ensure(day <= self.today, self.field, Reason::InFuture);
        remarks.ensure(day >= self.earliest, self.field, Reason::Before { earliest: self.earliest });
        remarks.refuse()?;
        Ok(day)
    }
}

/// A text of 1..=`most` characters; line breaks are allowed, other control characters are not.
pub(crate) fn text(remarks: &mut Remarks, field: &'static str, text: &str, most: usize) {
    let length = text.trim().chars().count();
    let plain = text.chars().all(|c| !c.is_control() || c == '\n' || c == '\r' || c == '\t');
    remarks.ensure((1..=most).contains(&length) && plain, field, Reason::Text { most });
}

/// The day of a recorded event; deciding never records one without.
pub(crate) fn recorded(date: Option<core::Date>) -> Date {
    crate::fields::recorded_day(date)
}

/// The unit of a recorded event; deciding never records one without.
pub(crate) fn recorded_unit(code: &str) -> Result<OrgCode, Refused> {
    OrgCode::parse(code).map_err(|_| Reason::OrgUnit.into())
}
