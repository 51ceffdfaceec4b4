//! What a decision is made with besides the state: the time, who decides, the rule books and the org tree. All of it
//! is data that is passed in, so that deciding stays pure.

use crate::refusal::{Intake, Reason, Remarks};
use crate::rulebook::RuleBook;
use time::{Date, OffsetDateTime};
use xiaoan_kernel::{OrgCode, OrgTree, city_day};
use xiaoan_proto::core::v1 as core;

/// The moment of a decision.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// Now.
    pub now: OffsetDateTime,
    /// Subject of the caller.
    pub actor: &'a str,
    /// Unit of the caller.
    pub unit: OrgCode,
    /// Level of that unit.
    pub level: Level,
    /// Whether the caller is a registrar (案件登记审核员), the arbiter of counts outside operational command.
    pub registrar: bool,
    /// Categories and thresholds.
    pub rules: &'a RuleBook,
    /// Org units as headquarters has registered them.
    pub units: &'a OrgTree,
}

/// Level of command of a unit; heads decide only from theirs on (CB-007).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Level {
    /// A station, or a unit that is not known.
    #[default]
    Station,
    /// A county bureau or the port bureau.
    County,
    /// The city bureau.
    City,
}

impl Level {
    /// Level of a kind of unit.
    #[must_use]
    pub fn of(kind: core::OrgKind) -> Self {
        match kind {
            core::OrgKind::CityBureau => Self::City,
            core::OrgKind::CountyBureau | core::OrgKind::PortBureau => Self::County,
            core::OrgKind::Unspecified
            | core::OrgKind::Station
            | core::OrgKind::PortStation
            | core::OrgKind::MemberUnit => Self::Station,
        }
    }
}

impl Moment<'_> {
    /// The city's calendar day.
    #[must_use]
    pub fn today(&self) -> Date {
        city_day(self.now)
    }

    /// A unit that exists on the day (today when the day is not known); notes CB-001 otherwise.
    pub fn unit(
        &self,
        remarks: &mut Remarks,
        field: &'static str,
        text: &str,
        day: Option<Date>,
    ) -> Option<OrgCode> {
        let Ok(unit) = OrgCode::parse(text) else {
            remarks.note(field, Reason::OrgUnitMalformed);
            return None;
        };
        let known = match day {
            Some(day) => self.units.exists_on(unit, day),
            None => self.units.knows(unit),
        };
        if known {
            return Some(unit);
        }
        remarks.note(field, Reason::OrgUnitUnknown { unit, day: day.unwrap_or_else(|| self.today()) });
        None
    }

    /// The stated instant, now when none is stated; not in the future and not before `least`. Notes GE-006, CB-003 or STEP-EARLIER
    /// otherwise.
    pub fn stated_instant(
        &self,
        remarks: &mut Remarks,
        field: &'static str,
        at: Option<&prost_types::Timestamp>,
        least: Option<OffsetDateTime>,
    ) -> OffsetDateTime {
        let at = if at.is_none() { Some(self.now) } else { self.past_instant(remarks, field, at) };
        if let (Some(at), Some(least)) = (at, least)
            && at < least
        {
            remarks.note(field, Reason::Intake(Intake::StepEarlier));
        }
        at.unwrap_or(self.now)
    }

    /// When a limit of law is up that begins at `start`; notes NO-LAW when there is none on that day.
    pub fn due(&self, remarks: &mut Remarks, id: &'static str, start: OffsetDateTime) -> OffsetDateTime {
        match self.rules.law.due(id, start) {
            Ok(due) => due.ends_at,
            Err(_) => {
                remarks.note("", Reason::Intake(Intake::NoLaw { id }));
                start
            }
        }
    }

    /// A day that is given, real and not in the future; notes GE-006 or CB-003 otherwise.
    pub fn past_day(
        &self,
        remarks: &mut Remarks,
        field: &'static str,
        day: Option<&core::Date>,
    ) -> Option<Date> {
        let Some(day) = day else {
            remarks.note(field, Reason::MissingValue);
            return None;
        };
        match Date::try_from(*day) {
            Ok(day) if day > self.today() => remarks.note(field, Reason::InFuture),
            Ok(day) => return Some(day),
            Err(_) => remarks.note(field, DAY),
        }
        None
    }

    /// An instant that is given and not in the future; notes GE-006 or CB-003 otherwise.
    pub fn past_instant(
        &self,
        remarks: &mut Remarks,
        field: &'static str,
        at: Option<&prost_types::Timestamp>,
    ) -> Option<OffsetDateTime> {
        let Some(at) = at else {
            remarks.note(field, Reason::MissingValue);
            return None;
        };
        match xiaoan_proto::instant(at) {
            Some(at) if at > self.now => remarks.note(field, Reason::InFuture),
            Some(at) => return Some(at),
            None => remarks.note(
                field,
                Reason::Malformed {
                    form_zh: "公元1年至9999年的时间",
                    form_en: "an instant of the years 1 to 9999",
                },
            ),
        }
        None
    }
}

/// Not a day of the calendar.
pub const DAY: Reason =
    Reason::Malformed { form_zh: "日历上存在的日期", form_en: "a day of the calendar" };

/// A text of `least..=most` characters without control characters; notes GE-006 otherwise.
pub fn text(remarks: &mut Remarks, field: &'static str, text: &str, least: usize, most: usize) {
    let length = text.chars().count();
    if length == 0 && least > 0 {
        remarks.note(field, Reason::MissingValue);
    } else if length < least || length > most || text.chars().any(char::is_control) {
        remarks.note(
            field,
            Reason::Malformed {
                form_zh: "长度合适、不含控制字符的文字",
                form_en: "a text of the allowed length without control characters",
            },
        );
    }
}

/// An id chosen by a caller: 1 to 64 letters, digits or hyphens; notes GE-006 otherwise.
pub fn chosen_id(remarks: &mut Remarks, field: &'static str, id: &str) {
    if id.is_empty() || id.len() > 64 || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        remarks.note(
            field,
            Reason::Malformed {
                form_zh: "1至64位字母、数字或连字符",
                form_en: "1 to 64 letters, digits or hyphens",
            },
        );
    }
}

/// Persons as callers state them: a name of 1..100 characters, phone and id number of at most 40; notes GE-006 otherwise.
pub fn persons<'p>(
    remarks: &mut Remarks,
    field: &'static str,
    persons: impl IntoIterator<Item = &'p core::PersonInput>,
) {
    for person in persons {
        text(remarks, field, &person.name, 1, 100);
        text(remarks, field, &person.phone, 0, 40);
        text(remarks, field, &person.id_number, 0, 40);
    }
}

/// One of the known values of an enum; `Unspecified` when it is not; notes GE-006 then.
pub fn known<E: TryFrom<i32> + Default>(remarks: &mut Remarks, field: &'static str, value: i32) -> E {
    E::try_from(value).unwrap_or_else(|_| {
        remarks.note(field, NOT_ONE_OF);
        E::default()
    })
}

/// None of the values that are possible.
pub const NOT_ONE_OF: Reason =
    Reason::Malformed { form_zh: "规定的取值之一", form_en: "one of the values that are defined" };
