//! Field checks of a request: all findings at once, then typed values.
//!
//! ```ignore
//! let mut check = Check::new();
//! let unit = check.org_unit("org_unit", &m.org_unit);
//! let day = check.past_day("filed_on", m.filed_on, today);
//! let place = check.text("place", &m.place, 1..=200);
//! let (unit, day, place) = check.finish((unit, day, place))?;   // INVALID_ARGUMENT with every finding
//! ```
//!
//! Sentences never repeat a text that a person may have typed: it could be a name or a number.

use crate::errors::{internal, invalid};
use std::ops::RangeInclusive;
use time::{Date, OffsetDateTime};
use tonic::Status;
use xiaoan_kernel::{Finding, OrgCode, RequestId, Severity};
use xiaoan_proto::core::v1::{Date as WireDate, PersonInput};

/// Malformed value (domain reference §J).
const MALFORMED: &str = "GE-006";

/// Collects findings. A method that found something gives `None`; [`Check::finish`] turns the rest into values.
#[derive(Debug, Default)]
pub struct Check {
    findings: Vec<Finding>,
}

impl Check {
    /// Nothing found yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a finding of the caller's own.
    pub fn finding(
        &mut self,
        code: &'static str,
        field: &'static str,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) {
        self.findings.push(Finding { code, severity: Severity::Error, field, zh: zh.into(), en: en.into() });
    }

    /// Adds findings made elsewhere, warnings included.
    pub fn findings(&mut self, findings: impl IntoIterator<Item = Finding>) {
        self.findings.extend(findings);
    }

    /// Unless `holds`, adds a finding.
    pub fn ensure(&mut self, holds: bool, code: &'static str, field: &'static str, zh: &str, en: &str) {
        if !holds {
            self.finding(code, field, zh, en);
        }
    }

    fn malformed<T>(
        &mut self,
        field: &'static str,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) -> Option<T> {
        self.finding(MALFORMED, field, zh, en);
        None
    }

    /// `request_id`: a UUID (GE-006).
    pub fn request_id(&mut self, text: &str) -> Option<RequestId> {
        // Only the usual form, so that one id has one text.
        match RequestId::parse(text).filter(|_| text.len() == 36) {
            Some(id) => Some(id),
            None => self.malformed("request_id", "request_id 须为 UUID", "request_id must be a UUID"),
        }
    }

    /// `etag`: empty or a version (GE-006).
    pub fn etag(&mut self, text: &str) -> Option<Option<i64>> {
        if text.is_empty() {
            return Some(None);
        }
        match text.parse::<i64>() {
            Ok(version) if version > 0 && text.bytes().all(|b| b.is_ascii_digit()) => Some(Some(version)),
            _ => self.malformed(
                "etag",
                "etag 须为读取时得到的版本号",
                "etag must be the version that was read",
            ),
        }
    }

    /// A unit's code, 12 digits (CB-001). Whether the unit exists is a question to the directory.
    pub fn org_unit(&mut self, field: &'static str, text: &str) -> Option<OrgCode> {
        match OrgCode::parse(text) {
            Ok(code) => Some(code),
            Err(_) => {
                self.finding("CB-001", field, "单位代码须为 12 位数字", "an org unit code has 12 digits");
                None
            }
        }
    }

    /// A unit's code or nothing.
    pub fn optional_org_unit(&mut self, field: &'static str, text: &str) -> Option<Option<OrgCode>> {
        if text.is_empty() { Some(None) } else { self.org_unit(field, text).map(Some) }
    }

    /// A day of the calendar that must be there (GE-006).
    pub fn day(&mut self, field: &'static str, day: Option<WireDate>) -> Option<Date> {
        match day {
            Some(day) => self.real_day(field, day),
            None => self.malformed(field, "缺少日期", "the day is missing"),
        }
    }

    /// A day of the calendar, or nothing.
    pub fn optional_day(&mut self, field: &'static str, day: Option<WireDate>) -> Option<Option<Date>> {
        match day {
            Some(day) => self.real_day(field, day).map(Some),
            None => Some(None),
        }
    }

    /// A day that must be there (GE-006) and not lie after `today` (CB-003).
    pub fn past_day(&mut self, field: &'static str, day: Option<WireDate>, today: Date) -> Option<Date> {
        let day = self.day(field, day)?;
        if day <= today {
            return Some(day);
        }
        self.finding(
            "CB-003",
            field,
            format!("日期 {day} 在将来"),
            format!("the day {day} lies in the future"),
        );
        None
    }

    fn real_day(&mut self, field: &'static str, day: WireDate) -> Option<Date> {
        match Date::try_from(day) {
            Ok(day) => Some(day),
            Err(not_a_day) => {
                self.malformed(field, format!("{not_a_day}：日历上没有这一天"), not_a_day.to_string())
            }
        }
    }

    /// An instant that must be there (GE-006).
    pub fn instant(
        &mut self,
        field: &'static str,
        at: Option<&prost_types::Timestamp>,
    ) -> Option<OffsetDateTime> {
        match at.map(xiaoan_proto::instant) {
            Some(Some(at)) => Some(at),
            Some(None) => self.malformed(field, "时间无效", "this is no point in time"),
            None => self.malformed(field, "缺少时间", "the time is missing"),
        }
    }

    /// A text of so many characters (GE-006), without control characters and without blanks around it.
    /// `0..=n` makes it optional.
    pub fn text(&mut self, field: &'static str, text: &str, length: RangeInclusive<usize>) -> Option<String> {
        let (least, most) = (*length.start(), *length.end());
        if text.is_empty() && least > 0 {
            return self.malformed(field, "不能为空", "must not be empty");
        }
        if !length.contains(&text.chars().count()) {
            return self.malformed(
                field,
                format!("长度须为 {least} 至 {most} 个字符"),
                format!("must have {least} to {most} characters"),
            );
        }
        if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            return self.malformed(field, "含有控制字符", "contains control characters");
        }
        if text.trim() != text {
            return self.malformed(field, "首尾不能有空格", "must not begin or end with blanks");
        }
        Some(text.to_owned())
    }

    /// A whole number in a range (GE-006).
    pub fn number(
        &mut self,
        field: &'static str,
        number: impl Into<i64>,
        range: RangeInclusive<i64>,
    ) -> Option<i64> {
        let number = number.into();
        if range.contains(&number) {
            return Some(number);
        }
        let (least, most) = (range.start(), range.end());
        self.malformed(
            field,
            format!("须为 {least} 至 {most} 的整数"),
            format!("must be a whole number from {least} to {most}"),
        )
    }

    /// An amount in fen, 0 or more, below ten thousand billion yuan (GE-006).
    pub fn fen(&mut self, field: &'static str, fen: i64) -> Option<i64> {
        self.number(field, fen, 0..=1_000_000_000_000_000)
    }

    /// A stated value of an enum (GE-006): neither the zero value nor a number that this build does not know.
    pub fn choice<E: TryFrom<i32>>(&mut self, field: &'static str, value: i32) -> Option<E> {
        match E::try_from(value) {
            Ok(choice) if value != 0 => Some(choice),
            _ => {
                self.malformed(field, "须选择一个有效的取值", "must be one of the values that the API names")
            }
        }
    }

    /// A value of an enum where the zero value has a meaning (GE-006 for a number that this build does not know).
    pub fn choice_or_default<E: TryFrom<i32>>(&mut self, field: &'static str, value: i32) -> Option<E> {
        match E::try_from(value) {
            Ok(choice) => Some(choice),
            Err(_) => self.malformed(field, "取值无效", "must be one of the values that the API names"),
        }
    }

    /// At most so many entries of a list (GE-006).
    pub fn at_most<T>(&mut self, field: &'static str, list: &[T], most: usize) {
        if list.len() > most {
            self.finding(MALFORMED, field, format!("最多 {most} 项"), format!("at most {most} entries"));
        }
    }

    /// A stated person: a name of 1..100 characters, number and telephone of up to 32 (GE-006).
    pub fn person(&mut self, field: &'static str, person: &PersonInput) {
        self.text(field, &person.name, 1..=100);
        self.text(field, &person.phone, 0..=32);
        self.text(field, &person.id_number, 0..=32);
    }

    /// The values, when nothing that rejects was found.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with every finding.
    pub fn finish<C: Checked>(self, fields: C) -> Result<C::Values, Status> {
        match self.values(fields) {
            Ok(Some(values)) => Ok(values),
            Ok(None) => Err(internal("a checked field has neither a value nor a finding")),
            Err(findings) => Err(invalid(&findings)),
        }
    }

    /// As [`Check::finish`], for callers that report findings themselves (an import's rows). `Ok(None)` when a
    /// field of another check was passed in.
    ///
    /// # Errors
    /// All findings when one of them rejects.
    pub fn values<C: Checked>(self, fields: C) -> Result<Option<C::Values>, Vec<Finding>> {
        if self.findings.iter().any(|f| f.severity == Severity::Error) {
            return Err(self.findings);
        }
        Ok(fields.into_values())
    }
}

/// A tuple of checked fields.
pub trait Checked {
    /// The tuple of their values.
    type Values;
    /// The values when all are there.
    fn into_values(self) -> Option<Self::Values>;
}

impl Checked for () {
    type Values = ();
    fn into_values(self) -> Option<()> {
        Some(())
    }
}

macro_rules! checked_tuples {
    ($($name:ident)+) => {
        #[allow(non_snake_case)]
        impl<$($name),+> Checked for ($(Option<$name>,)+) {
            type Values = ($($name,)+);
            fn into_values(self) -> Option<Self::Values> {
                let ($($name,)+) = self;
                Some(($($name?,)+))
            }
        }
    };
}
checked_tuples!(A);
checked_tuples!(A B);
checked_tuples!(A B C);
checked_tuples!(A B C D);
checked_tuples!(A B C D E);
checked_tuples!(A B C D E F);
checked_tuples!(A B C D E F G);
checked_tuples!(A B C D E F G H);
checked_tuples!(A B C D E F G H I);
checked_tuples!(A B C D E F G H I J);

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;
    use tonic_types::StatusExt;
    use xiaoan_proto::core::v1::OrgKind;

    fn violations(status: &Status) -> Vec<(String, String)> {
        let bad = status.get_details_bad_request().expect("field violations");
        bad.field_violations.into_iter().map(|v| (v.field, v.reason)).collect()
    }

    #[test]
    fn well_formed_fields_become_typed_values() {
        let mut check = Check::new();
        let unit = check.org_unit("org_unit", "371102010000");
        let day = check.past_day(
            "filed_on",
            Some(WireDate { year: 2024, month: 2, day: 29 }),
            date!(2026 - 06 - 30),
        );
        let kind = check.choice::<OrgKind>("kind", 3);
        let nothing = check.optional_day("retired_on", None);
        let (unit, day, kind, nothing) = check.finish((unit, day, kind, nothing)).expect("all well-formed");
        assert_eq!(
            (unit.as_str(), day, kind, nothing),
            ("371102010000", date!(2024 - 02 - 29), OrgKind::Station, None)
        );
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let mut check = Check::new();
        let today = date!(2026 - 06 - 30);
        let a = check.request_id("{0197b1a0-0000-7000-8000-000000000001}");
        let b = check.org_unit("org_unit", "3711020100");
        let c = check.day("filed_on", Some(WireDate { year: 2021, month: 2, day: 30 }));
        let d = check.past_day("caught_on", Some(WireDate { year: 2026, month: 7, day: 1 }), today);
        let e = check.text("place", "", 1..=200);
        let f = check.choice::<OrgKind>("kind", 0);
        let g = check.choice::<OrgKind>("other_kind", 99);
        let h = check.fen("loss", -1);
        let status = check.finish((a, b, c, d, e, f, g, h)).expect_err("all wrong");
        assert_eq!(status.code(), tonic::Code::InvalidArgument);
        let expected = [
            ("request_id", "GE-006"),
            ("org_unit", "CB-001"),
            ("filed_on", "GE-006"),
            ("caught_on", "CB-003"),
            ("place", "GE-006"),
            ("kind", "GE-006"),
            ("other_kind", "GE-006"),
            ("loss", "GE-006"),
        ];
        assert_eq!(violations(&status), expected.map(|(f, c)| (f.to_owned(), c.to_owned())));
        let info = status.get_details_error_info().expect("error info");
        assert_eq!(info.reason, "GE-006");
        assert_eq!(info.metadata.get("codes").map(String::as_str), Some("GE-006,CB-001,CB-003"));
    }

    #[test]
    fn a_text_is_measured_in_characters_and_holds_no_control_characters() {
        let mut check = Check::new();
        assert_eq!(check.text("f", "派出所", 1..=3).as_deref(), Some("派出所"));
        assert_eq!(check.text("f", "派出所所", 1..=3), None);
        assert_eq!(check.text("f", "a\0b", 0..=9), None);
        assert_eq!(check.text("f", " a", 0..=9), None);
        assert_eq!(check.text("f", "", 0..=9).as_deref(), Some(""));
    }

    #[test]
    fn sentences_about_a_person_do_not_repeat_what_was_stated() {
        let mut check = Check::new();
        let person =
            PersonInput { name: "测试甲\u{7}".into(), phone: "1".repeat(40), id_number: " 371102".into() };
        check.person("victims", &person);
        let status = check.finish(()).expect_err("malformed");
        let details = format!("{:?}", status.get_error_details_vec());
        for stated in ["测试甲", "11111", "371102"] {
            assert!(!details.contains(stated) && !status.message().contains(stated));
        }
    }

    #[test]
    fn warnings_alone_do_not_reject() {
        let mut check = Check::new();
        check.findings([Finding {
            code: "CB-014",
            severity: Severity::Warning,
            field: "loss",
            zh: "金额较大".into(),
            en: "a large amount".into(),
        }]);
        assert!(check.finish(()).is_ok());
    }
}
