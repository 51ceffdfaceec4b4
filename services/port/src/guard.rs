//! The aggregate `Guard` (保安, facts P3): trained, tested, given authority to guide the settlement of minor accidents.
//!
//! Invariants: authority needs a training and a test that was passed, in this order · terms of one guard never overlap ·
//! nobody gives authority to themselves · a guard who is named by nobody's event has no authority on any day.

use crate::moment::{Moment, chosen_id, person, provenance, text};
use crate::refusal::{Reason, Refused, Remarks};
use time::{Date, Duration};
use xiaoan_kernel::{Aggregate, Fact, OrgCode};
use xiaoan_proto::core::v1::{Provenance, SealedPerson};
use xiaoan_proto::port::v1::{
    self, AuthoriseGuardRequest, EndGuardAuthorityRequest, GuardAuthorised, GuardAuthorityEnded,
    GuardRegistered, GuardTested, GuardTrained, RecordGuardTestRequest, RecordGuardTrainingRequest,
    RegisterGuardRequest,
};

xiaoan_kernel::events! {
    /// Everything that can happen to a guard.
    pub enum GuardEvent {
        Registered(v1::GuardRegistered),
        Trained(v1::GuardTrained),
        Tested(v1::GuardTested),
        Authorised(v1::GuardAuthorised),
        AuthorityEnded(v1::GuardAuthorityEnded),
    }
}

/// Facts of a guard.
pub type Facts = Vec<Fact<GuardEvent>>;

/// Longest term: three years.
const LONGEST_TERM: Duration = Duration::days(3 * 366);

/// One guard, as `GetGuard` shows it (without etag), and every term of authority.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Guard {
    seen: v1::Guard,
    terms: Vec<Term>,
}

/// A term of authority, both days included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Term {
    from: Date,
    to: Date,
    authorised_on: Date,
}

impl Aggregate for Guard {
    const KIND: &'static str = "guard";
    type Event = GuardEvent;

    fn apply(&mut self, event: &GuardEvent) {
        note(&mut self.seen, event);
        match event {
            GuardEvent::Authorised(e) => {
                if let (Some(from), Some(to), Some(authorised_on)) =
                    (day(e.from), day(e.to), day(e.authorised_on))
                {
                    self.terms.push(Term { from, to, authorised_on });
                }
            }
            GuardEvent::AuthorityEnded(e) => {
                if let Some(last) = day(e.ended_on) {
                    for term in self.terms.iter_mut().filter(|t| t.from <= last && last <= t.to) {
                        term.to = last;
                    }
                }
            }
            GuardEvent::Registered(_) | GuardEvent::Trained(_) | GuardEvent::Tested(_) => {}
        }
    }
}

/// Takes one event into a guard as everybody sees them.
pub fn note(guard: &mut v1::Guard, event: &GuardEvent) {
    match event {
        GuardEvent::Registered(e) => {
            *guard = v1::Guard {
                guard_id: e.guard_id.clone(),
                org_unit: e.org_unit.clone(),
                account: e.account.clone(),
                employer: e.employer.clone(),
                ..Default::default()
            };
        }
        GuardEvent::Trained(e) => guard.trained_on = e.trained_on,
        GuardEvent::Tested(e) => {
            guard.tested_on = e.tested_on;
            guard.test_passed = e.passed;
        }
        GuardEvent::Authorised(e) => {
            guard.authority_from = e.from;
            guard.authority_to = e.to;
            guard.authorised_by.clone_from(&e.authorised_by);
        }
        GuardEvent::AuthorityEnded(e) => {
            let shown = (day(guard.authority_from), day(guard.authority_to), day(e.ended_on));
            if let (Some(from), Some(to), Some(last)) = shown
                && from <= last
                && last <= to
            {
                guard.authority_to = e.ended_on;
            }
        }
    }
}

/// A recorded day.
fn day(on: Option<xiaoan_proto::core::v1::Date>) -> Option<Date> {
    on.and_then(|on| Date::try_from(on).ok())
}

impl Guard {
    /// The guard as `GetGuard` shows them, without etag.
    #[must_use]
    pub fn seen(&self) -> &v1::Guard {
        &self.seen
    }
    /// Unit that gives the authority; `None` of a guard that never was.
    #[must_use]
    pub fn unit(&self) -> Option<OrgCode> {
        OrgCode::parse(&self.seen.org_unit).ok()
    }
    /// Subject of the guard's token.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.seen.account
    }
    /// Whether the guard may guide settlements on a day.
    #[must_use]
    pub fn has_authority_on(&self, day: Date) -> bool {
        self.terms.iter().any(|term| term.from <= day && day <= term.to)
    }

    /// Everything that is to be said about a registration. Asked before the person is sealed.
    #[must_use]
    pub fn remarks_on_registration(request: &RegisterGuardRequest, at: &Moment<'_>) -> Remarks {
        let mut remarks = Remarks::default();
        if !request.guard_id.is_empty() {
            chosen_id(&mut remarks, "guard_id", &request.guard_id);
        }
        at.unit(&mut remarks, "org_unit", &request.org_unit, Some(at.today()));
        match &request.person {
            Some(stated) => person(&mut remarks, "person", stated),
            None => remarks.note("person", Reason::MissingValue),
        }
        text(&mut remarks, "account", &request.account, 1, 100);
        text(&mut remarks, "employer", &request.employer, 0, 100);
        let _: Provenance = crate::moment::known(&mut remarks, "provenance", request.provenance);
        remarks
    }

    /// Registers a guard under `guard_id`: the request's own, or the id the service gave.
    ///
    /// # Errors
    /// GUARD-EXISTS, CB-001, GE-006.
    pub fn decide_register(
        &self,
        request: &RegisterGuardRequest,
        guard_id: &str,
        person: Option<SealedPerson>,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        Self::remarks_on_registration(request, at).refuse()?;
        if self.unit().is_some() {
            return Err(Reason::GuardExists.into());
        }
        let unit = OrgCode::parse(&request.org_unit).map_err(|_| Reason::OrgUnitMalformed)?;
        let registered = GuardRegistered {
            guard_id: guard_id.to_owned(),
            org_unit: request.org_unit.clone(),
            person,
            account: request.account.clone(),
            employer: request.employer.clone(),
            provenance: provenance(request.provenance()),
        };
        Ok(vec![Fact::new(registered, unit, at.today())])
    }

    /// Records a training.
    ///
    /// # Errors
    /// GUARD-UNKNOWN, CB-003, GE-006.
    pub fn decide_train(
        &self,
        request: &RecordGuardTrainingRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.unit().ok_or(Reason::GuardUnknown)?;
        let mut remarks = Remarks::default();
        text(&mut remarks, "course", &request.course, 1, 100);
        let on = at.past_day(&mut remarks, "trained_on", request.trained_on.as_ref());
        remarks.ensure((1..=200).contains(&request.hours), "hours", HOURS);
        remarks.refuse()?;
        let trained = GuardTrained {
            guard_id: self.seen.guard_id.clone(),
            course: request.course.clone(),
            trained_on: request.trained_on,
            hours: request.hours,
            org_unit: self.seen.org_unit.clone(),
        };
        Ok(vec![Fact::new(trained, unit, on.unwrap_or_else(|| at.today()))])
    }

    /// Records a test.
    ///
    /// # Errors
    /// GUARD-UNKNOWN, GUARD-NOT-TRAINED, CB-003, GE-006, PORT-TIME-ORDER.
    pub fn decide_test(&self, request: &RecordGuardTestRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.unit().ok_or(Reason::GuardUnknown)?;
        let trained_on = day(self.seen.trained_on).ok_or(Reason::GuardNotTrained)?;
        let mut remarks = Remarks::default();
        let on = at.past_day(&mut remarks, "tested_on", request.tested_on.as_ref());
        remarks.ensure(on.is_none_or(|on| on >= trained_on), "tested_on", Reason::TimeOrder);
        remarks.ensure((0..=100).contains(&request.points), "points", POINTS);
        remarks.refuse()?;
        let tested = GuardTested {
            guard_id: self.seen.guard_id.clone(),
            tested_on: request.tested_on,
            points: request.points,
            passed: request.passed,
            org_unit: self.seen.org_unit.clone(),
        };
        Ok(vec![Fact::new(tested, unit, on.unwrap_or_else(|| at.today()))])
    }

    /// Gives authority.
    ///
    /// # Errors
    /// GUARD-UNKNOWN, GUARD-NOT-TRAINED, GUARD-NOT-TESTED, GUARD-AUTHORISED, GE-004, CB-003, GE-006, PORT-TIME-ORDER.
    pub fn decide_authorise(
        &self,
        request: &AuthoriseGuardRequest,
        at: &Moment<'_>,
    ) -> Result<Facts, Refused> {
        let unit = self.unit().ok_or(Reason::GuardUnknown)?;
        day(self.seen.trained_on).ok_or(Reason::GuardNotTrained)?;
        let tested_on =
            day(self.seen.tested_on).filter(|_| self.seen.test_passed).ok_or(Reason::GuardNotTested)?;
        if at.actor == self.seen.account {
            return Err(Reason::OwnAuthority.into());
        }
        let mut remarks = Remarks::default();
        let decided = at.past_day(&mut remarks, "authorised_on", request.authorised_on.as_ref());
        let from = at.day(&mut remarks, "from", request.from.as_ref());
        let to = at.day(&mut remarks, "to", request.to.as_ref());
        text(&mut remarks, "document", &request.document, 1, 100);
        remarks.ensure(decided.is_none_or(|on| on >= tested_on), "authorised_on", Reason::TimeOrder);
        if let (Some(decided), Some(from), Some(to)) = (decided, from, to) {
            remarks.ensure(from >= decided, "from", Reason::TimeOrder);
            remarks.ensure(to >= from, "to", Reason::TimeOrder);
            remarks.ensure(to - from <= LONGEST_TERM, "to", TERM);
        }
        remarks.refuse()?;
        let (Some(decided), Some(from), Some(to)) = (decided, from, to) else {
            return Err(Reason::MissingValue.into()); // cannot be: all were looked at above
        };
        if self.terms.iter().any(|term| from <= term.to && term.from <= to) {
            return Err(Reason::GuardAuthorised.into());
        }
        let authorised = GuardAuthorised {
            guard_id: self.seen.guard_id.clone(),
            org_unit: self.seen.org_unit.clone(),
            authorised_on: Some(decided.into()),
            from: Some(from.into()),
            to: Some(to.into()),
            document: request.document.clone(),
            authorised_by: at.actor.to_owned(),
            renewal: !self.terms.is_empty(),
        };
        Ok(vec![Fact::new(authorised, unit, decided)])
    }

    /// Ends the authority before its term.
    ///
    /// # Errors
    /// GUARD-UNKNOWN, GUARD-NO-AUTHORITY, CB-003, GE-006.
    pub fn decide_end(&self, request: &EndGuardAuthorityRequest, at: &Moment<'_>) -> Result<Facts, Refused> {
        let unit = self.unit().ok_or(Reason::GuardUnknown)?;
        let mut remarks = Remarks::default();
        let last = at.past_day(&mut remarks, "ended_on", request.ended_on.as_ref());
        text(&mut remarks, "reason", &request.reason, 1, 500);
        remarks.refuse()?;
        let last = last.unwrap_or_else(|| at.today());
        let term = self.terms.iter().find(|t| t.from <= last && last < t.to);
        let term = term.ok_or(Reason::GuardNoAuthority)?;
        let ended = GuardAuthorityEnded {
            guard_id: self.seen.guard_id.clone(),
            org_unit: self.seen.org_unit.clone(),
            ended_on: Some(last.into()),
            reason: request.reason.clone(),
            authorised_on: Some(term.authorised_on.into()),
        };
        Ok(vec![Fact::new(ended, unit, last)])
    }
}

const HOURS: Reason = Reason::Malformed { form_zh: "1至200小时", form_en: "1 to 200 hours" };
const POINTS: Reason = Reason::Malformed { form_zh: "0至100分", form_en: "0 to 100 points" };
const TERM: Reason =
    Reason::Malformed { form_zh: "不超过三年的期限", form_en: "a term of at most three years" };

#[cfg(test)]
pub(crate) mod tests;
