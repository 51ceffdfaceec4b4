//! Scoring schemes (考核办法): each publication is the next version of a board's scheme. hq checks that a scheme can be
//! evaluated at all; rankings evaluates it. A scheme is data, with named measures and no expressions.

mod check;

use crate::fields::recorded_day;
use time::Date;
use xiaoan_kernel::{Aggregate, Fact, Finding, OrgCode, Refusal, RefusalKind};
use xiaoan_proto::hq::v1 as hq;

xiaoan_kernel::events! {
    /// What can happen to a board's scheme.
    pub enum SchemeEvent {
        Published(hq::SchemePublished),
    }
}

/// Why hq does not publish a scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemeRefusal {
    /// `SCHEME-INVALID`, once for each thing that is wrong, with its field.
    Invalid(Vec<Finding>),
}

impl Refusal for SchemeRefusal {
    fn kind(&self) -> RefusalKind {
        match self {
            Self::Invalid(_) => RefusalKind::Field,
        }
    }
    fn findings(&self) -> Vec<Finding> {
        match self {
            Self::Invalid(findings) => findings.clone(),
        }
    }
}

/// The schemes of one board.
#[derive(Debug, Clone, Default)]
pub struct Scheme {
    /// Version published last; 0 = none.
    version: i32,
}

impl Aggregate for Scheme {
    const KIND: &'static str = "scheme";
    type Event = SchemeEvent;

    fn apply(&mut self, event: &SchemeEvent) {
        match event {
            SchemeEvent::Published(e) => self.version = e.scheme.as_ref().map_or(self.version, |s| s.version),
        }
    }
}

impl Scheme {
    /// Version that the next publication gets.
    #[must_use]
    pub fn next_version(&self) -> i32 {
        self.version + 1
    }

    /// Publishes the next version; `by` is the unit of the caller, `today` counts when the scheme applies to all periods.
    ///
    /// # Errors
    /// [`SchemeRefusal`] with everything that is wrong.
    pub fn decide_publish(
        &self,
        command: &hq::PublishSchemeRequest,
        by: OrgCode,
        today: Date,
    ) -> Result<Vec<Fact<SchemeEvent>>, SchemeRefusal> {
        let stated = command.scheme.clone().unwrap_or_default();
        let findings = check::findings(&stated);
        if !findings.is_empty() {
            return Err(SchemeRefusal::Invalid(findings));
        }
        let counts_on = stated.effective_on.map_or(today, |date| recorded_day(Some(date)));
        let scheme = hq::Scheme { version: self.next_version(), ..stated };
        Ok(vec![Fact::new(hq::SchemePublished { scheme: Some(scheme) }, by, counts_on)])
    }
}

#[cfg(test)]
mod tests;
