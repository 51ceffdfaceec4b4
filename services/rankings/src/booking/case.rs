//! Cases: filed, solved, caught, recovered; and every correction, each on the day of the fact it cancels.
//!
//! | event | lines |
//! |---|---|
//! | filed | + filing |
//! | solved | + solve: on the day of the solve, and as cohort on the day of filing |
//! | solve revoked | − solve, on those same days |
//! | suspect caught, property recovered, returned | + the fact |
//! | reclassified, transferred | − everything under the old category or unit, + everything under the new |
//! | withdrawn for no crime | − filing, − suspects caught: without a crime there was no case and nobody to catch for it |
//! | refiled after that | + filing, + suspects caught |
//!
//! Property recovered and given back stays where it is when a case is withdrawn: it was in custody and went back,
//! whether or not a crime had happened. Withdrawals on the other five grounds book nothing: the case was one.

use super::{Book, Line, Unbookable, day};
use crate::measures::Measure;
use time::Date;
use xiaoan_proto::cases::v1::{
    CaseFacts, CaseFiled, CaseInvestigated, CaseReclassified, CaseRefiled, CaseSolved, CaseTransferred,
    CaseWithdrawn, PropertyRecovered, PropertyReturned, SolveClass, SolveProposed, SolveReturned,
    SolveRevoked, SuspectCaught,
};

xiaoan_kernel::events! {
    /// What can happen to a case.
    pub enum CaseEvent {
        Filed(CaseFiled),
        Investigated(CaseInvestigated),
        SuspectCaught(SuspectCaught),
        SolveProposed(SolveProposed),
        Solved(CaseSolved),
        SolveReturned(SolveReturned),
        SolveRevoked(SolveRevoked),
        PropertyRecovered(PropertyRecovered),
        PropertyReturned(PropertyReturned),
        Reclassified(CaseReclassified),
        Transferred(CaseTransferred),
        Withdrawn(CaseWithdrawn),
        Refiled(CaseRefiled),
    }
}

/// Lines of an event.
///
/// # Errors
/// [`Unbookable`] when facts, a day or a unit are missing or none.
pub fn lines(event: &CaseEvent) -> Result<Vec<Line>, Unbookable> {
    match event {
        CaseEvent::Investigated(_) | CaseEvent::SolveProposed(_) | CaseEvent::SolveReturned(_) => {
            Ok(Vec::new())
        }
        CaseEvent::Filed(e) => {
            let mut book = Book::new(&e.org_unit, &e.category, 1)?;
            book.filing(day(e.filed_on, "filed_on")?, e.small_case, e.preventable);
            Ok(book.lines)
        }
        CaseEvent::SuspectCaught(e) => {
            let mut book = Book::new(&e.org_unit, &e.category, 1)?;
            book.add(Measure::Arrests, day(e.caught_on, "caught_on")?, e.count.into());
            Ok(book.lines)
        }
        CaseEvent::PropertyRecovered(e) => {
            let mut book = Book::new(&e.org_unit, &e.category, 1)?;
            book.add(Measure::Recovered, day(e.recovered_on, "recovered_on")?, e.fen);
            Ok(book.lines)
        }
        CaseEvent::PropertyReturned(e) => {
            let mut book = Book::new(&e.org_unit, &e.category, 1)?;
            book.add(Measure::Returned, day(e.returned_on, "returned_on")?, e.fen);
            Ok(book.lines)
        }
        CaseEvent::Solved(e) => {
            let mut book = Book::of(facts(&e.facts)?, 1)?;
            book.solve(facts(&e.facts)?)?;
            Ok(book.lines)
        }
        CaseEvent::SolveRevoked(e) => {
            let mut book = Book::of(facts(&e.facts)?, -1)?;
            book.solve(facts(&e.facts)?)?;
            Ok(book.lines)
        }
        CaseEvent::Reclassified(e) => {
            let before = facts(&e.facts)?;
            let after =
                CaseFacts { category: e.category.clone(), small_case: e.small_case, ..before.clone() };
            moved(before, &after)
        }
        CaseEvent::Transferred(e) => {
            let before = facts(&e.facts)?;
            moved(before, &CaseFacts { org_unit: e.to_org_unit.clone(), ..before.clone() })
        }
        CaseEvent::Withdrawn(e) if e.leaves_count => without_crime(facts(&e.facts)?, -1),
        CaseEvent::Refiled(e) if e.returns_to_count => without_crime(facts(&e.facts)?, 1),
        CaseEvent::Withdrawn(_) | CaseEvent::Refiled(_) => Ok(Vec::new()),
    }
}

/// Lines of everything that counts of a case.
///
/// # Errors
/// As [`lines`].
pub fn everything(facts: &CaseFacts, sign: i64) -> Result<Vec<Line>, Unbookable> {
    let mut book = Book::of(facts, sign)?;
    book.filing(day(facts.filed_on, "facts.filed_on")?, facts.small_case, facts.preventable);
    if facts.solved_on.is_some() {
        book.solve(facts)?;
    }
    book.arrests(facts)?;
    for amount in &facts.recovered {
        book.add(Measure::Recovered, day(amount.on, "facts.recovered.on")?, amount.fen);
    }
    for amount in &facts.returned {
        book.add(Measure::Returned, day(amount.on, "facts.returned.on")?, amount.fen);
    }
    Ok(book.lines)
}

fn moved(before: &CaseFacts, after: &CaseFacts) -> Result<Vec<Line>, Unbookable> {
    let mut lines = everything(before, -1)?;
    lines.extend(everything(after, 1)?);
    Ok(lines)
}

fn without_crime(facts: &CaseFacts, sign: i64) -> Result<Vec<Line>, Unbookable> {
    let mut book = Book::of(facts, sign)?;
    book.filing(day(facts.filed_on, "facts.filed_on")?, facts.small_case, facts.preventable);
    book.arrests(facts)?;
    Ok(book.lines)
}

pub(super) fn facts(facts: &Option<CaseFacts>) -> Result<&CaseFacts, Unbookable> {
    facts.as_ref().ok_or_else(|| Unbookable("facts are missing".into()))
}

impl<'a> Book<'a> {
    fn of(facts: &'a CaseFacts, sign: i64) -> Result<Self, Unbookable> {
        Self::new(&facts.org_unit, &facts.category, sign)
    }
    fn filing(&mut self, on: Date, small: bool, preventable: bool) {
        self.add(Measure::CaseFiled, on, 1);
        self.add(Measure::SmallFiled, on, small.into());
        self.add(Measure::PreventableFiled, on, preventable.into());
    }
    fn solve(&mut self, facts: &CaseFacts) -> Result<(), Unbookable> {
        let solved = day(facts.solved_on, "facts.solved_on")?;
        let filed = day(facts.filed_on, "facts.filed_on")?;
        if facts.solve_class == i32::from(SolveClass::Exceptional) {
            self.add(Measure::ExceptionalSolved, solved, 1);
            return Ok(());
        }
        self.add(Measure::CaseSolved, solved, 1);
        self.add(Measure::CaseCohortSolved, filed, 1);
        self.add(Measure::SmallSolved, solved, facts.small_case.into());
        self.add(Measure::SmallCohortSolved, filed, facts.small_case.into());
        self.add(Measure::SolvedLoss, solved, facts.loss_fen);
        Ok(())
    }
    fn arrests(&mut self, facts: &CaseFacts) -> Result<(), Unbookable> {
        for caught in &facts.arrests {
            self.add(Measure::Arrests, day(caught.on, "facts.arrests.on")?, caught.count.into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
