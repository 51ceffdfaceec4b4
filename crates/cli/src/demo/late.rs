//! One solve of the campaign that its bureau approves only after headquarters has closed the month: the month's frozen figure
//! stays, the later one stands beside it, and the correction withdraws what had rested on it (facts rows A9, A10).

use super::draft::{Draft, Twist, Way};
use super::months;
use super::plan::{Body, Plan, Story};
use super::sums::Sums;
use std::collections::BTreeSet;

/// What waits.
#[derive(Debug, Clone)]
pub struct Late {
    /// The command that comes late, as a story of its own.
    pub story: Story,
    /// Its case.
    pub case_no: String,
    /// Place of the month among [`months::all`].
    pub month: usize,
    /// Station.
    pub unit: &'static str,
}

/// Takes the last command of one case out of the plan: of a month that is not below the threshold with it and is without it, and
/// stands beside a month that is below. `None` when the city has no such month; a test says that it has.
pub fn take(plan: &mut Plan, drafts: &[Draft]) -> Option<Late> {
    let sums = Sums::of(plan);
    let months = months::all();
    let beside = |unit: &str, m: usize| {
        let neighbours = [m.checked_sub(1), (m + 1 < months.len()).then_some(m + 1)];
        neighbours.into_iter().flatten().any(|m| months::is_below(months::rate(&sums, unit, months[m])))
    };
    for m in (1..months.len()).rev() {
        for station in months::nameable() {
            let (solved, filed) = months::rate(&sums, station.code, months[m]);
            let only_just = !months::is_below((solved, filed))
                && solved > 0
                && months::is_below((solved - 1, filed))
                && beside(station.code, m);
            if !only_just {
                continue;
            }
            let may_wait = |d: &&Draft| {
                super::city::STATIONS[d.station].code == station.code
                    && d.is_theft()
                    && d.twist == Twist::Straight
                    && d.series.is_none()
                    && d.recovered.0 == 0
                    && d.solved_in(months[m])
                    && d.solve.as_ref().is_some_and(|s| matches!(s.way, Way::Direct(_)))
            };
            let waiting: BTreeSet<_> = drafts.iter().filter(may_wait).map(|d| d.case_no.as_str()).collect();
            let mut stories = plan.phases.iter_mut().flat_map(|phase| &mut phase.stories);
            let story = stories.find(|story| {
                waiting.contains(story.key.as_str())
                    && matches!(story.steps.last().map(|step| &step.body), Some(Body::ApproveSolve(_)))
            });
            let Some(step) = story.and_then(|story| story.steps.pop()) else { continue };
            let case_no = match &step.body {
                Body::ApproveSolve(approve) => approve.case_no.clone(),
                _ => String::new(),
            };
            let story = Story { key: "late-approval".to_owned(), steps: vec![step] };
            return Some(Late { story, case_no, month: m, unit: station.code });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a10_the_city_has_a_solve_whose_late_approval_lifts_a_month_above_the_threshold() {
        let plan = Plan::build();
        let late = plan.late.as_ref().expect("a month that is only just above");
        let month = months::all()[late.month];
        let rate = |sums: &Sums| months::rate(sums, late.unit, month);
        let (before, after) = (rate(&Sums::before_late(&plan)), rate(&Sums::of(&plan)));
        assert_eq!((before.0 + 1, before.1), after);
        assert!(months::is_below(before) && !months::is_below(after), "{before:?} {after:?}");
    }
}
