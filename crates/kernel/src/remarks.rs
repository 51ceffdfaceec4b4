//! Remarks on a command or a row: every reason with the field it is about, errors and warnings together.
//!
//! A service has one enum of reasons; [`Reason::said`] is the only place that maps them, with an exhaustive match, so a
//! new reason does not compile until it has a code, a weight and a sentence in both languages.

use crate::{Finding, Refusal, RefusalKind, Severity};
use std::fmt::Debug;

/// How much a reason weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Reported beside the success.
    Warning,
    /// Rejects; the kind decides the gRPC status.
    Refusal(RefusalKind),
}

/// What a reason says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// How much it weighs.
    pub weight: Weight,
    /// Stable code (domain reference, section J, or a state of the service's own).
    pub code: &'static str,
    /// One sentence in Chinese that says what to do.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

impl Said {
    fn new(weight: Weight, code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { weight, code, zh: zh.into(), en: en.into() }
    }
    /// A field is wrong.
    #[must_use]
    pub fn field(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(Weight::Refusal(RefusalKind::Field), code, zh, en)
    }
    /// The state does not allow it.
    #[must_use]
    pub fn state(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(Weight::Refusal(RefusalKind::State), code, zh, en)
    }
    /// Not the caller's to do.
    #[must_use]
    pub fn permission(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(Weight::Refusal(RefusalKind::Permission), code, zh, en)
    }
    /// The thing does not exist.
    #[must_use]
    pub fn missing(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(Weight::Refusal(RefusalKind::Missing), code, zh, en)
    }
    /// Reported, does not reject.
    #[must_use]
    pub fn warning(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(Weight::Warning, code, zh, en)
    }
}

/// Why not. Values in a reason appear in its sentences; none of them may hold personal data.
pub trait Reason: Debug + Clone + PartialEq + Send + Sync + 'static {
    /// Weight, code and sentences.
    fn said(&self) -> Said;
    /// Whether it rejects.
    fn rejects(&self) -> bool {
        self.said().weight != Weight::Warning
    }
}

/// A reason and the field it is about; "" when it is about the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark<R> {
    /// Why.
    pub reason: R,
    /// Field of the request or column of the row.
    pub field: &'static str,
}

impl<R: Reason> Remark<R> {
    /// As a finding.
    #[must_use]
    pub fn finding(&self) -> Finding {
        let Said { weight, code, zh, en } = self.reason.said();
        let severity = if weight == Weight::Warning { Severity::Warning } else { Severity::Error };
        Finding { code, severity, field: self.field, zh, en }
    }
}

/// The service said no: at least one remark rejects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused<R>(Vec<Remark<R>>);

impl<R: Reason> Refused<R> {
    /// All remarks, those that reject first.
    #[must_use]
    pub fn remarks(&self) -> &[Remark<R>] {
        &self.0
    }
    /// Whether this is one of the reasons.
    #[must_use]
    pub fn is(&self, reason: &R) -> bool {
        self.0.iter().any(|r| r.reason == *reason)
    }
}

impl<R: Reason> From<R> for Refused<R> {
    fn from(reason: R) -> Self {
        Self(vec![Remark { reason, field: "" }])
    }
}

impl<R: Reason> Refusal for Refused<R> {
    fn kind(&self) -> RefusalKind {
        let kind = |remark: &Remark<R>| match remark.reason.said().weight {
            Weight::Refusal(kind) => Some(kind),
            Weight::Warning => None,
        };
        self.0.iter().find_map(kind).unwrap_or(RefusalKind::State)
    }
    fn findings(&self) -> Vec<Finding> {
        self.0.iter().map(Remark::finding).collect()
    }
}

/// Remarks gathered while a command or row is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remarks<R>(Vec<Remark<R>>);

impl<R> Default for Remarks<R> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<R: Reason> Remarks<R> {
    /// Adds one.
    pub fn note(&mut self, field: &'static str, reason: R) {
        self.0.push(Remark { reason, field });
    }
    /// Adds one unless something holds.
    pub fn ensure(&mut self, holds: bool, field: &'static str, reason: R) {
        if !holds {
            self.note(field, reason);
        }
    }
    /// All so far, in the order in which they were noted.
    #[must_use]
    pub fn remarks(&self) -> &[Remark<R>] {
        &self.0
    }
    /// Whether any of them rejects.
    #[must_use]
    pub fn reject(&self) -> bool {
        self.0.iter().any(|r| r.reason.rejects())
    }
    /// Refuses if any of them rejects; otherwise the warnings.
    ///
    /// # Errors
    /// [`Refused`] with all remarks, warnings last.
    pub fn refuse(mut self) -> Result<Vec<Remark<R>>, Refused<R>> {
        self.0.sort_by_key(|r| !r.reason.rejects());
        if self.reject() { Err(Refused(self.0)) } else { Ok(self.0) }
    }
    /// As findings, those that reject first.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let mut sorted: Vec<_> = self.0.iter().collect();
        sorted.sort_by_key(|r| !r.reason.rejects());
        sorted.into_iter().map(Remark::finding).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, PartialEq)]
    enum Why {
        Large,
        InFuture,
    }
    impl Reason for Why {
        fn said(&self) -> Said {
            match self {
                Self::Large => Said::warning("X-1", "数额较大", "this is large"),
                Self::InFuture => Said::field("X-2", "晚于现在", "this lies in the future"),
            }
        }
    }

    #[test]
    fn a_refusal_names_what_rejects_before_what_warns() {
        let mut remarks = Remarks::default();
        remarks.note("fen", Why::Large);
        remarks.ensure(false, "at", Why::InFuture);
        let refused = remarks.refuse().unwrap_err();
        let said: Vec<_> = refused.findings().iter().map(|f| (f.code, f.severity, f.field)).collect();
        assert_eq!(said, [("X-2", Severity::Error, "at"), ("X-1", Severity::Warning, "fen")]);
        assert_eq!(refused.kind(), RefusalKind::Field);
        assert!(refused.is(&Why::Large));
    }

    #[test]
    fn warnings_alone_refuse_nothing() {
        let mut remarks = Remarks::default();
        remarks.note("fen", Why::Large);
        assert_eq!(remarks.refuse().map(|w| w.len()), Ok(1));
    }
}
