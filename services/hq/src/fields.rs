//! Reading the fields of a command: every wrong field is reported at once, not only the first.

use time::Date;
use xiaoan_kernel::{Finding, OrgCode, Severity};
use xiaoan_proto::core::v1 as core;

/// What is wrong with the fields read so far.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    findings: Vec<Finding>,
}

impl Fields {
    /// Notes a wrong field.
    pub(crate) fn wrong(
        &mut self,
        code: &'static str,
        field: &'static str,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) {
        self.findings.push(Finding { code, severity: Severity::Error, field, zh: zh.into(), en: en.into() });
    }
    /// A unit's code of 12 digits (CB-001).
    pub(crate) fn unit(&mut self, field: &'static str, text: &str) -> Option<OrgCode> {
        let code = OrgCode::parse(text).ok();
        if code.is_none() {
            self.wrong("CB-001", field, "机构代码应为12位数字", "an org unit code has 12 digits");
        }
        code
    }
    /// A unit's code, or `Some(None)` for an empty field.
    pub(crate) fn unit_or_none(&mut self, field: &'static str, text: &str) -> Option<Option<OrgCode>> {
        if text.is_empty() { Some(None) } else { self.unit(field, text).map(Some) }
    }
    /// A day of the calendar (GE-006).
    pub(crate) fn day(&mut self, field: &'static str, date: Option<core::Date>) -> Option<Date> {
        let day = date.and_then(|date| Date::try_from(date).ok());
        if day.is_none() {
            self.wrong("GE-006", field, "请填写存在的日期", "state a day that exists in the calendar");
        }
        day
    }
    /// A text of so many characters, not only blanks (GE-006).
    pub(crate) fn text(&mut self, field: &'static str, text: &str, length: std::ops::RangeInclusive<usize>) {
        let (least, most) = (*length.start(), *length.end());
        if !length.contains(&text.chars().count()) || (least > 0 && text.trim().is_empty()) {
            let zh = format!("应为{least}至{most}个字符，且不能只有空格");
            self.wrong(
                "GE-006",
                field,
                zh,
                format!("must have {least} to {most} characters, not only blanks"),
            );
        }
    }
    /// A name that machines use: lower-case letters, digits and hyphens, 1..=40 characters (GE-006).
    pub(crate) fn slug(&mut self, field: &'static str, text: &str) {
        if !is_slug(text, b'-') {
            let zh = "应为1至40个小写字母、数字或连字符";
            self.wrong("GE-006", field, zh, "must be 1 to 40 lower-case letters, digits or hyphens");
        }
    }
    /// Everything that is wrong.
    pub(crate) fn findings(self) -> Vec<Finding> {
        self.findings
    }
    /// Whether nothing is wrong so far.
    pub(crate) fn is_fine(&self) -> bool {
        self.findings.is_empty()
    }
}

/// 1..=40 lower-case letters, digits or the joining character.
pub(crate) fn is_slug(text: &str, joint: u8) -> bool {
    (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == joint)
}

/// The day of a recorded event. Deciding never records an event without one; a foreign event counts from the first day.
pub(crate) fn recorded_day(date: Option<core::Date>) -> Date {
    date.and_then(|date| Date::try_from(date).ok()).unwrap_or(Date::MIN)
}

/// A finding about the state rather than a field.
pub(crate) fn about_state(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Vec<Finding> {
    vec![Finding { code, severity: Severity::Error, field: "", zh: zh.into(), en: en.into() }]
}
