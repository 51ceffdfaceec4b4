//! Reading the fields of a command inside a decision: every wrong field is reported at once, not only the first.

use time::Date;
use xiaoan_kernel::{Finding, Severity};
use xiaoan_proto::core::v1 as core;
use xiaoan_rpc::{Check, Checked};

/// The values of the fields, or everything that is wrong with them.
pub(crate) fn values<C: Checked>(check: Check, fields: C) -> Result<C::Values, Vec<Finding>> {
    // A field without value has a finding, so the default is never taken; if it were, a refusal without a finding is
    // reported as our own mistake.
    check.values(fields)?.ok_or_else(Vec::new)
}

/// A name that machines use: lower-case letters, digits and hyphens, 1..=40 characters (GE-006).
pub(crate) fn slug(check: &mut Check, field: &'static str, text: &str) {
    let zh = "须为 1 至 40 个小写字母、数字或连字符";
    let en = "must be 1 to 40 lower-case letters, digits or hyphens";
    check.ensure(is_slug(text, b'-'), "GE-006", field, zh, en);
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

/// The one finding of a refusal that is not about several fields; `field` is empty when it is about the state.
pub(crate) fn finding(
    code: &'static str,
    field: &'static str,
    zh: impl Into<String>,
    en: impl Into<String>,
) -> Vec<Finding> {
    vec![Finding { code, severity: Severity::Error, field, zh: zh.into(), en: en.into() }]
}
