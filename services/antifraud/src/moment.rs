//! What a decision is made with besides the state: the time, who decides, the law, the org tree. All of it is data that is
//! passed in, so that deciding stays pure.

use crate::refusal::{Reason, Refused, Remarks};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime, PrimitiveDateTime};
use xiaoan_kernel::legal::LegalClock;
use xiaoan_kernel::{CITY_OFFSET, OrgCode, OrgTree, city_day};
use xiaoan_proto::antifraud::v1::{
    AccountInput, ApprovalLevel, OfficersInput, RestrictionText, SealedOfficers,
};
use xiaoan_proto::core::v1::{self as core, PersonInput, SealedPerson};

/// Clocks of two houses may differ by so much.
pub const SKEW: Duration = Duration::minutes(5);

/// The moment of a decision.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// Now.
    pub now: OffsetDateTime,
    /// Subject of the caller.
    pub actor: &'a str,
    /// Unit of the caller.
    pub unit: OrgCode,
    /// Level at which the caller's unit decides.
    pub level: ApprovalLevel,
    /// Limits of law.
    pub law: &'a LegalClock,
    /// Org units as headquarters has registered them.
    pub units: &'a OrgTree,
    /// How long a bank may take.
    pub patience: Duration,
}

impl Moment<'_> {
    /// The city's calendar day.
    #[must_use]
    pub fn today(&self) -> Date {
        city_day(self.now)
    }

    /// When an answer to what is sent now is due: whole microseconds, which is what the timer keeps.
    #[must_use]
    pub fn answer_due(&self) -> OffsetDateTime {
        let due = self.now + self.patience;
        due.replace_microsecond(due.microsecond()).unwrap_or(due)
    }

    /// A unit that is known; notes CB-001 otherwise.
    pub fn org_unit(&self, remarks: &mut Remarks, field: &'static str, text: &str) -> Option<OrgCode> {
        let Ok(unit) = OrgCode::parse(text) else {
            remarks.note(field, Reason::OrgUnit);
            return None;
        };
        remarks.ensure(self.units.knows(unit), field, Reason::OrgUnitUnknown { unit });
        Some(unit)
    }

    /// A day that is given, real and not in the future; notes GE-006 or CB-003 otherwise.
    pub fn past_day(
        &self,
        remarks: &mut Remarks,
        field: &'static str,
        day: Option<core::Date>,
    ) -> Option<Date> {
        let Some(day) = day else {
            remarks.note(field, Reason::Missing);
            return None;
        };
        match Date::try_from(day) {
            Ok(day) => {
                remarks.ensure(day <= self.today(), field, Reason::InFuture);
                Some(day)
            }
            Err(_) => {
                remarks.note(field, DAY);
                None
            }
        }
    }

    /// Refuses unless another officer decides than asked.
    ///
    /// # Errors
    /// AF-004.
    pub fn other_than(&self, asked: &str) -> Result<(), Refused> {
        if self.actor == asked { Err(Reason::SameOfficer.into()) } else { Ok(()) }
    }

    /// Refuses unless the caller's unit decides at that level.
    ///
    /// # Errors
    /// AF-006.
    pub fn at_level(&self, needed: ApprovalLevel) -> Result<(), Refused> {
        let needed = if needed == ApprovalLevel::Unspecified { ApprovalLevel::County } else { needed };
        if self.level < needed { Err(Reason::ApprovalLevel { needed }.into()) } else { Ok(()) }
    }
}

/// Not a day of the calendar.
pub const DAY: Reason =
    Reason::Malformed { form_zh: "日历上存在的日期", form_en: "a day of the calendar" };
/// None of the values that are possible.
pub const NOT_ONE_OF: Reason =
    Reason::Malformed { form_zh: "规定的取值之一", form_en: "one of the values that are defined" };
const TEXT: Reason = Reason::Malformed {
    form_zh: "长度合适、不含控制字符的文字",
    form_en: "a text of the allowed length without control characters",
};

/// A text of `least..=most` characters without control characters; notes GE-006 otherwise.
pub fn text(remarks: &mut Remarks, field: &'static str, text: &str, least: usize, most: usize) {
    remarks.ensure(is_text(text, least, most), field, if text.is_empty() { Reason::Missing } else { TEXT });
}

fn is_text(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// A stated value of an enum; notes GE-006 for the zero value and for what this build does not know.
pub fn choice<E: TryFrom<i32> + Default>(remarks: &mut Remarks, field: &'static str, value: i32) -> E {
    let known = E::try_from(value).ok().filter(|_| value != 0);
    remarks.ensure(known.is_some(), field, NOT_ONE_OF);
    known.unwrap_or_default()
}

/// A value of an enum where the zero value has a meaning; notes GE-006 for what this build does not know.
pub fn choice_or_default<E: TryFrom<i32> + Default>(
    remarks: &mut Remarks,
    field: &'static str,
    value: i32,
) -> E {
    let known = E::try_from(value).ok();
    remarks.ensure(known.is_some(), field, NOT_ONE_OF);
    known.unwrap_or_default()
}

/// Sum in fen, above 0 and below ten thousand billion yuan; notes GE-006 otherwise.
pub fn fen(remarks: &mut Remarks, field: &'static str, fen: i64, least: i64) {
    let form =
        Reason::Malformed { form_zh: "以分计的合理金额", form_en: "a plausible amount in fen" };
    remarks.ensure((least..=1_000_000_000_000_000).contains(&fen), field, form);
}

/// Reason, remedy and papers, each 1..500 characters (AF-009).
pub fn restriction(remarks: &mut Remarks, stated: Option<&RestrictionText>) {
    let told = stated.is_some_and(|text| {
        [&text.reason, &text.remedy, &text.papers].into_iter().all(|part| is_text(part.trim(), 1, 500))
    });
    remarks.ensure(told, "restriction", Reason::RestrictionMissing);
}

/// Two officers with different id numbers (AF-004).
pub fn officers(remarks: &mut Remarks, stated: Option<&OfficersInput>) {
    let person = |person: Option<&PersonInput>| {
        person
            .filter(|p| is_text(&p.name, 1, 100) && is_text(&p.id_number, 1, 32) && is_text(&p.phone, 0, 32))
            .map(|p| p.id_number.clone())
    };
    let operator = person(stated.and_then(|o| o.operator.as_ref()));
    let other = person(stated.and_then(|o| o.co_investigator.as_ref()));
    remarks.ensure(
        operator.is_some() && other.is_some() && operator != other,
        "officers",
        Reason::OneOfficer,
    );
}

/// A person with a number: of the holder of an account, or a victim's. Notes GE-006.
pub fn numbered(remarks: &mut Remarks, field: &'static str, stated: Option<&PersonInput>) {
    let whole = stated.is_some_and(|p| {
        is_text(&p.name, 1, 100) && is_text(&p.id_number, 1, 32) && is_text(&p.phone, 0, 32)
    });
    remarks.ensure(whole, field, Reason::Missing);
}

/// Class, holder and number of an account; name and number are matching fields (AF-002).
pub fn account(remarks: &mut Remarks, stated: Option<&AccountInput>) {
    let Some(stated) = stated else {
        remarks.note("account", Reason::MatchFieldMissing);
        return;
    };
    text(remarks, "account.member_unit", &stated.member_unit, 1, 40);
    let _: xiaoan_proto::antifraud::v1::AccountClass =
        choice(remarks, "account.account_class", stated.account_class);
    let whole =
        stated.holder.as_ref().is_some_and(|p| is_text(&p.name, 1, 100) && is_text(&p.id_number, 1, 32));
    remarks.ensure(whole, "account.holder", Reason::MatchFieldMissing);
}

/// What was sealed of a draft.
#[derive(Debug, Clone, Default)]
pub struct SealedDraft {
    /// Holder and account number.
    pub holder: Option<SealedPerson>,
    /// Where the money came from.
    pub from: Option<SealedPerson>,
    /// The two officers.
    pub officers: Option<SealedOfficers>,
}

const STAMP: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day][hour][minute][second]");

/// "yyyyMMddHHmmss" in the city's time as an instant; `None` for anything else.
#[must_use]
pub fn parse_stamp(text: &str) -> Option<OffsetDateTime> {
    if text.len() != 14 {
        return None;
    }
    PrimitiveDateTime::parse(text, STAMP).ok().map(|local| local.assume_offset(CITY_OFFSET))
}

/// An instant as "yyyyMMddHHmmss" in the city's time; empty for none.
#[must_use]
pub fn stamp(at: Option<OffsetDateTime>) -> String {
    at.and_then(|at| at.to_offset(CITY_OFFSET).format(STAMP).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn stamps_are_in_the_citys_time() {
        assert_eq!(parse_stamp("20260301100000"), Some(datetime!(2026-03-01 10:00 +8)));
        assert_eq!(stamp(Some(datetime!(2026-03-01 2:00 UTC))), "20260301100000");
        for bad in ["", "20260301", "2026030110000", "20260230100000", "2026-03-01 1000"] {
            assert_eq!(parse_stamp(bad), None, "{bad}");
        }
    }
}
