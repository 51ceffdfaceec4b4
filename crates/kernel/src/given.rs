//! given / when / then for aggregates: `given::<Case>([...]).when(|case| case.decide_x(...)).then([...])`.

use crate::{Aggregate, Fact, Refusal};
use std::fmt::Debug;

/// A state made of past events.
#[derive(Debug)]
pub struct Given<A>(pub A);

/// Starts from these past events.
pub fn given<A: Aggregate>(past: impl IntoIterator<Item = A::Event>) -> Given<A> {
    let mut state = A::default();
    for event in past {
        state.apply(&event);
    }
    Given(state)
}

impl<A: Aggregate> Given<A> {
    /// Decides one command against the state.
    pub fn when<R>(self, decide: impl FnOnce(&A) -> Result<Vec<Fact<A::Event>>, R>) -> Decided<A, R> {
        let outcome = decide(&self.0);
        Decided { state: self.0, outcome }
    }
}

/// What was decided.
#[derive(Debug)]
pub struct Decided<A: Aggregate, R> {
    state: A,
    outcome: Result<Vec<Fact<A::Event>>, R>,
}

impl<A: Aggregate, R: Refusal> Decided<A, R> {
    /// These events, and no others. Returns the state after them.
    #[track_caller]
    pub fn then(mut self, expected: impl IntoIterator<Item = A::Event>) -> A {
        let facts = self.outcome.expect("the command should have been accepted");
        let events: Vec<_> = facts.into_iter().map(|f| f.event).collect();
        assert_eq!(events, expected.into_iter().collect::<Vec<_>>());
        for event in &events {
            self.state.apply(event);
        }
        self.state
    }
    /// Accepted; the facts themselves for a closer look.
    #[track_caller]
    pub fn then_facts(self) -> Vec<Fact<A::Event>> {
        self.outcome.expect("the command should have been accepted")
    }
    /// Refused with these codes, in this order.
    #[track_caller]
    pub fn then_refused(self, codes: &[&str])
    where
        A::Event: Debug,
    {
        let refusal = self.outcome.expect_err("the command should have been refused");
        let found: Vec<_> = refusal.findings().iter().map(|f| f.code).collect();
        assert_eq!(found, codes);
    }
}
