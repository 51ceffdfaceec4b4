//! What a decision is made with besides the state: the time, who decides, the org tree and the legal bases. All of it is
//! data that is passed in, so that deciding stays pure.

use crate::refusal::{Reason, Remarks};
use crate::track::Bases;
use time::{Date, Duration, OffsetDateTime};
use xiaoan_kernel::{OrgCode, OrgTree, city_day};
use xiaoan_proto::core::v1 as core;

/// The moment of a decision.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// Now.
    pub now: OffsetDateTime,
    /// How far ahead of ours the caller's clock may be: nothing for people, a little for machines.
    pub skew: Duration,
    /// Subject of the caller.
    pub actor: &'a str,
    /// Whether the caller is a registrar, the arbiter of counts.
    pub registrar: bool,
    /// Whether the caller's token names the role of a guard, whatever else it names.
    pub guard: bool,
    /// Org units as headquarters has registered them.
    pub units: &'a OrgTree,
    /// Articles behind the track of an accident.
    pub bases: &'a Bases,
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

    /// A day that is given and real; notes GE-006 otherwise.
    pub fn day(&self, remarks: &mut Remarks, field: &'static str, day: Option<&core::Date>) -> Option<Date> {
        let Some(day) = day else {
            remarks.note(field, Reason::MissingValue);
            return None;
        };
        let real = Date::try_from(*day).ok();
        remarks.ensure(real.is_some(), field, DAY);
        real
    }

    /// A day that is given, real and not in the future; notes GE-006 or CB-003 otherwise.
    pub fn past_day(
        &self,
        remarks: &mut Remarks,
        field: &'static str,
        day: Option<&core::Date>,
    ) -> Option<Date> {
        let day = self.day(remarks, field, day)?;
        remarks.ensure(day <= self.today(), field, Reason::InFuture);
        Some(day).filter(|day| *day <= self.today())
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
        // A time before the calendar of the wire's days cannot be counted on any.
        match xiaoan_proto::instant(at).filter(|at| at.year() >= 1901) {
            Some(at) if at > self.now + self.skew => remarks.note(field, Reason::InFuture),
            Some(at) => return Some(at),
            None => remarks.note(
                field,
                Reason::Malformed {
                    form_zh: "1901年以后的时间",
                    form_en: "an instant of the year 1901 or later",
                },
            ),
        }
        None
    }

    /// As [`past_instant`](Self::past_instant), and not before another one (PORT-TIME-ORDER).
    pub fn instant_after(
        &self,
        remarks: &mut Remarks,
        field: &'static str,
        at: Option<&prost_types::Timestamp>,
        earlier: OffsetDateTime,
    ) -> Option<OffsetDateTime> {
        let at = self.past_instant(remarks, field, at)?;
        remarks.ensure(at >= earlier, field, Reason::TimeOrder);
        Some(at).filter(|at| *at >= earlier)
    }
}

/// Not a day of the calendar.
pub const DAY: Reason =
    Reason::Malformed { form_zh: "日历上存在的日期", form_en: "a day of the calendar" };
/// None of the values that are possible.
pub const NOT_ONE_OF: Reason =
    Reason::Malformed { form_zh: "规定的取值之一", form_en: "one of the values that are defined" };

/// A wire instant that was recorded; the epoch when there is none.
#[must_use]
pub fn recorded(at: Option<&prost_types::Timestamp>) -> OffsetDateTime {
    at.and_then(xiaoan_proto::instant).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// Whole minutes between two instants, rounded down; never negative.
#[must_use]
pub fn minutes_between(from: OffsetDateTime, to: OffsetDateTime) -> i64 {
    (to - from).whole_minutes().max(0)
}

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

/// Whether a text is an id: 1 to `most` letters, digits or hyphens.
#[must_use]
pub fn is_id(id: &str, most: usize) -> bool {
    !id.is_empty() && id.len() <= most && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// An id chosen by a caller: 1 to 64 letters, digits or hyphens; notes GE-006 otherwise.
pub fn chosen_id(remarks: &mut Remarks, field: &'static str, id: &str) {
    remarks.ensure(
        is_id(id, 64),
        field,
        Reason::Malformed {
            form_zh: "1至64位字母、数字或连字符",
            form_en: "1 to 64 letters, digits or hyphens",
        },
    );
}

/// An id that a person chooses for something new: as [`chosen_id`], and not of the form "<system>--<record>", which belongs
/// to the records of port systems; notes GE-006 otherwise.
pub fn new_id(remarks: &mut Remarks, field: &'static str, id: &str) {
    chosen_id(remarks, field, id);
    remarks.ensure(
        !id.contains("--"),
        field,
        Reason::Malformed {
            form_zh: "不含两个连续连字符的编号（该形式留给港口系统）",
            form_en: "an id without two hyphens in a row: that form belongs to port systems",
        },
    );
}

/// A person as a caller states them: a name of 1..100 characters, phone and id number of at most 40; notes GE-006 otherwise.
pub fn person(remarks: &mut Remarks, field: &'static str, person: &core::PersonInput) {
    text(remarks, field, &person.name, 1, 100);
    text(remarks, field, &person.phone, 0, 40);
    text(remarks, field, &person.id_number, 0, 40);
}

/// One of the known values of an enum, the zero value included; notes GE-006 otherwise.
pub fn known<E: TryFrom<i32> + Default>(remarks: &mut Remarks, field: &'static str, value: i32) -> E {
    E::try_from(value).unwrap_or_else(|_| {
        remarks.note(field, NOT_ONE_OF);
        E::default()
    })
}

/// One of the known values of an enum, but not the zero value; notes GE-006 otherwise.
pub fn stated<E: TryFrom<i32> + Default>(remarks: &mut Remarks, field: &'static str, value: i32) -> E {
    if value == 0 {
        remarks.note(field, NOT_ONE_OF);
    }
    known(remarks, field, value)
}

/// How something came to be known, as an event says it.
#[must_use]
pub fn provenance(stated: core::Provenance) -> i32 {
    match stated {
        core::Provenance::Unspecified => core::Provenance::Recorded,
        stated @ (core::Provenance::Recorded | core::Provenance::LegacyImport | core::Provenance::Demo) => {
            stated
        }
    }
    .into()
}
