//! What a decision is made with besides the state: the time, who decides, the org tree. All of it is data that is passed
//! in, so that deciding stays pure. And the checks of fields that every command shares.

use crate::reason::{Reason, Remarks};
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
    /// Org units as headquarters has registered them.
    pub units: &'a OrgTree,
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
        let day = day.unwrap_or_else(|| self.today());
        if self.units.exists_on(unit, day) {
            return Some(unit);
        }
        remarks.note(field, Reason::OrgUnitUnknown { unit, day });
        None
    }

    /// A day that is given, real and not in the future; notes GE-006 or CB-003 otherwise.
    pub fn past_day(
        &self,
        remarks: &mut Remarks,
        field: &'static str,
        given: Option<&core::Date>,
    ) -> Option<Date> {
        let day = day(remarks, field, given)?;
        if day > self.today() {
            remarks.note(field, Reason::InFuture);
            return None;
        }
        Some(day)
    }

    /// An instant that is given and not in the future; notes GE-006 or CB-003 otherwise.
    pub fn past_instant(
        &self,
        remarks: &mut Remarks,
        field: &'static str,
        given: Option<&prost_types::Timestamp>,
    ) -> Option<OffsetDateTime> {
        let at = instant(remarks, field, given)?;
        if at > self.now {
            remarks.note(field, Reason::InFuture);
            return None;
        }
        Some(at)
    }
}

/// A day that is given and real; notes GE-006 otherwise.
pub fn day(remarks: &mut Remarks, field: &'static str, given: Option<&core::Date>) -> Option<Date> {
    let Some(given) = given else {
        remarks.note(field, Reason::MissingValue);
        return None;
    };
    let day = Date::try_from(*given).ok();
    if day.is_none() {
        remarks.note(field, DAY);
    }
    day
}

/// An instant that is given, of the years 1 to 9999; notes GE-006 otherwise.
pub fn instant(
    remarks: &mut Remarks,
    field: &'static str,
    given: Option<&prost_types::Timestamp>,
) -> Option<OffsetDateTime> {
    let Some(given) = given else {
        remarks.note(field, Reason::MissingValue);
        return None;
    };
    let at = xiaoan_proto::instant(given);
    if at.is_none() {
        remarks.note(
            field,
            Reason::Malformed {
                form_zh: "公元1年至9999年的时间",
                form_en: "an instant of the years 1 to 9999",
            },
        );
    }
    at
}

/// Not a day of the calendar.
pub const DAY: Reason =
    Reason::Malformed { form_zh: "日历上存在的日期", form_en: "a day of the calendar" };

/// None of the values that are possible.
pub const NOT_ONE_OF: Reason =
    Reason::Malformed { form_zh: "规定的取值之一", form_en: "one of the values that are defined" };

/// Not an id that a caller may choose.
pub const ID_FORM: Reason = Reason::Malformed {
    form_zh: "1至64位字母、数字或连字符",
    form_en: "1 to 64 letters, digits or hyphens",
};

/// A text of `least..=most` characters without control characters; notes GE-006 otherwise. Lines may be broken.
pub fn text(remarks: &mut Remarks, field: &'static str, text: &str, least: usize, most: usize) {
    let length = text.chars().count();
    if length == 0 && least > 0 {
        remarks.note(field, Reason::MissingValue);
    } else if length < least || length > most || text.chars().any(|c| c.is_control() && c != '\n') {
        remarks.note(
            field,
            Reason::Malformed {
                form_zh: "长度合适、不含控制字符的文字",
                form_en: "a text of the allowed length without control characters",
            },
        );
    }
}

/// Whether a text is an id that a caller may choose: 1 to 64 letters, digits or hyphens.
#[must_use]
pub fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// An id chosen by a caller; notes GE-006 otherwise.
pub fn chosen_id(remarks: &mut Remarks, field: &'static str, id: &str) {
    remarks.ensure(is_id(id), field, ID_FORM);
}

/// A person as callers state them: a name of 1..100 characters, a phone of at most 40, an id number of 1..40; notes
/// GE-006 otherwise.
pub fn person(remarks: &mut Remarks, field: &'static str, person: Option<&core::PersonInput>) {
    let Some(person) = person else {
        remarks.note(field, Reason::MissingValue);
        return;
    };
    text(remarks, field, &person.name, 1, 100);
    text(remarks, field, &person.phone, 0, 40);
    text(remarks, field, &person.id_number, 1, 40);
}

/// One of the known values of an enum, the zero value included; `Default` when it is not; notes GE-006 then.
pub fn known<E: TryFrom<i32> + Default>(remarks: &mut Remarks, field: &'static str, value: i32) -> E {
    E::try_from(value).unwrap_or_else(|_| {
        remarks.note(field, NOT_ONE_OF);
        E::default()
    })
}

/// One of the values of an enum but the zero value; notes GE-006 otherwise.
pub fn stated<E: TryFrom<i32> + Default>(remarks: &mut Remarks, field: &'static str, value: i32) -> E {
    if value == 0 {
        remarks.note(field, NOT_ONE_OF);
        return E::default();
    }
    known(remarks, field, value)
}

/// How an event came to be known: what is stated, otherwise "recorded".
#[must_use]
pub fn provenance(stated: core::Provenance) -> i32 {
    match stated {
        core::Provenance::Unspecified => core::Provenance::Recorded.into(),
        core::Provenance::Recorded | core::Provenance::LegacyImport | core::Provenance::Demo => stated.into(),
    }
}

/// A day of an event; events hold only real ones.
#[must_use]
pub fn recorded_day(day: Option<core::Date>) -> Date {
    day.and_then(|day| Date::try_from(day).ok()).unwrap_or(Date::MIN)
}

/// An instant of an event; events hold only real ones.
#[must_use]
pub fn recorded_instant(at: Option<&prost_types::Timestamp>) -> OffsetDateTime {
    at.and_then(xiaoan_proto::instant).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
