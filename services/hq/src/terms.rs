//! How long a unit has for each step of a notice, headquarters for its verification, and everybody until an interview is held:
//! data, counted by the legal clock.

use crate::refusal::{Reason, Refused};
use anyhow::Context;
use std::path::Path;
use time::{Date, OffsetDateTime};
use xiaoan_kernel::city_midnight;
use xiaoan_kernel::legal::{Catalogue, Certainty, Due, LegalClock};
use xiaoan_proto::hq::v1::{NoticeDeadline, NoticeStep};

/// The limits that are built in.
const SHIPPED: &str = include_str!("notice_deadlines.csv");

/// Limits of notices.
#[derive(Debug, Clone)]
pub struct Terms(LegalClock);

impl Terms {
    /// The limits of a file, or the shipped ones, on the holidays of a clock.
    ///
    /// # Errors
    /// When the file cannot be read, or a row of it.
    pub fn read(law: &LegalClock, file: Option<&Path>) -> anyhow::Result<Self> {
        let text = match file {
            None => SHIPPED.to_owned(),
            Some(file) => {
                std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?
            }
        };
        let catalogue = Catalogue::read(&text).context("cannot use the time limits of notices")?;
        Ok(Self(LegalClock::new(law.calendar().clone(), catalogue)))
    }

    /// The deadline of a step that starts on a day.
    ///
    /// # Errors
    /// `NO-LAW` when no limit is in force on that day.
    pub fn deadline(&self, step: NoticeStep, from: Date) -> Result<NoticeDeadline, Refused> {
        let id = match step {
            NoticeStep::Plan => "NOTICE-PLAN",
            NoticeStep::Implement => "NOTICE-IMPLEMENT",
            NoticeStep::Verify => "NOTICE-VERIFY",
            NoticeStep::Acknowledge | NoticeStep::Unspecified => "NOTICE-ACK",
        };
        let due = self.due(id, from)?;
        Ok(NoticeDeadline {
            step: step.into(),
            due_at: Some(xiaoan_proto::timestamp(due.ends_at)),
            last_day: Some(due.last_day.into()),
            assumed: matches!(due.certainty, Certainty::Assumed { .. }),
            missed: false,
            settled: false,
        })
    }

    /// The first instant at which the time for holding an interview that is triggered on a day is up.
    ///
    /// # Errors
    /// `NO-LAW` when no limit is in force on that day.
    pub fn interview(&self, from: Date) -> Result<OffsetDateTime, Refused> {
        Ok(self.due("INTERVIEW-HOLD", from)?.ends_at)
    }

    fn due(&self, id: &'static str, from: Date) -> Result<Due, Refused> {
        // Whole days are counted, and the day of the start is not: which hour of it does not matter.
        let start = city_midnight(from);
        self.0.due(id, start).map_err(|_| Reason::NoLaw { id }.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    fn terms() -> Terms {
        Terms::read(&LegalClock::built_in(), None).expect("the shipped limits")
    }
    fn last_day(step: NoticeStep, from: Date) -> Date {
        let deadline = terms().deadline(step, from).expect("a limit in force");
        deadline.last_day.and_then(|day| day.try_into().ok()).expect("a day")
    }

    #[test]
    fn working_days_pass_over_a_weekend_and_thirty_days_roll_past_it() {
        // Friday 3 July 2026.
        assert_eq!(last_day(NoticeStep::Acknowledge, date!(2026 - 07 - 03)), date!(2026 - 07 - 08));
        assert_eq!(last_day(NoticeStep::Plan, date!(2026 - 07 - 03)), date!(2026 - 07 - 17));
        // 2 August is a Sunday.
        assert_eq!(last_day(NoticeStep::Implement, date!(2026 - 07 - 03)), date!(2026 - 08 - 03));
        // Fifteen days after, Saturday 18 July rolls to Monday 20; fifteen working days end with Friday 24.
        assert_eq!(last_day(NoticeStep::Verify, date!(2026 - 07 - 03)), date!(2026 - 07 - 20));
        let held = terms().interview(date!(2026 - 07 - 03)).expect("a limit in force");
        assert_eq!(held, datetime!(2026-07-25 0:00 +8));
    }

    #[test]
    fn a_day_before_the_rules_has_no_limit() {
        let refused = terms().deadline(NoticeStep::Plan, date!(2019 - 12 - 31)).expect_err("no limit");
        assert!(refused.is(&Reason::NoLaw { id: "NOTICE-PLAN" }));
    }

    #[test]
    fn a_year_without_holidays_is_said_to_be_assumed() {
        assert!(terms().deadline(NoticeStep::Plan, date!(2026 - 12 - 28)).expect("a limit").assumed);
        assert!(!terms().deadline(NoticeStep::Plan, date!(2026 - 07 - 03)).expect("a limit").assumed);
    }
}
