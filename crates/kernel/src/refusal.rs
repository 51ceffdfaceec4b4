//! How the domain says no. A refusal is part of the API; breakage is an error of another type.

/// Whether a finding rejects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Rejects.
    Error,
    /// Reported beside the success.
    Warning,
}

/// One thing that is wrong (or worth a look), with its stable code (domain reference, section J).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Finding {
    /// Stable code, for example `CB-006`.
    pub code: &'static str,
    /// Whether it rejects.
    pub severity: Severity,
    /// Field of the request or column of the row; empty when it is about the state.
    pub field: &'static str,
    /// One sentence in Chinese that says what to do.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// What kind of no it is; decides the gRPC status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// A field is wrong: INVALID_ARGUMENT with field violations.
    Field,
    /// The state does not allow it: FAILED_PRECONDITION.
    State,
    /// Not the caller's to do: PERMISSION_DENIED.
    Permission,
    /// The thing does not exist: NOT_FOUND.
    Missing,
}

/// The domain saying no.
pub trait Refusal: std::fmt::Debug + Send + Sync + 'static {
    /// What kind of no.
    fn kind(&self) -> RefusalKind;
    /// Everything that is wrong, most important first; never empty.
    fn findings(&self) -> Vec<Finding>;
}
