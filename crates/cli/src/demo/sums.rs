//! What the commands of a plan add up to, figured independently of how the city was dealt: each command is taken for what
//! the services make of it, and the sums are those of the ledger's measures.

use super::city::Span;
use super::plan::{Body, Plan};
use std::collections::BTreeMap;
use time::{Date, OffsetDateTime};
use xiaoan_kernel::city_day;
use xiaoan_proto::cases::v1::{SolveClass, WithdrawalGround};
use xiaoan_proto::core::v1 as core;

/// Theft threshold of the province in fen: below it a theft is a small case (domain reference §A.1).
const SMALL_BELOW_FEN: i64 = 200_000;

/// A case after all its commands.
#[derive(Debug, Clone)]
pub struct FinalCase {
    /// Unit it counts for.
    pub unit: String,
    /// Category.
    pub category: String,
    /// Day of filing.
    pub filed_on: Date,
    /// Loss in fen.
    pub loss_fen: i64,
    /// Number of items lost.
    pub items: i32,
    /// Preventable.
    pub preventable: bool,
    /// False when it was withdrawn as no crime.
    pub counted: bool,
    /// Day of a solve by arrest.
    pub solved_on: Option<Date>,
    /// Whole hours from report to solve.
    pub hours_to_solve: Option<i64>,
    /// Suspects caught, by day.
    pub arrests: Vec<(Date, i32)>,
    reported_at: OffsetDateTime,
    proposed: Option<(OffsetDateTime, SolveClass)>,
}

/// Everything that counts.
#[derive(Debug, Clone, Default)]
pub struct Sums {
    /// Cases by number.
    pub cases: BTreeMap<String, FinalCase>,
    /// Alerts by id: unit and day; duplicates are gone.
    pub alerts: BTreeMap<String, (String, Date)>,
    series: BTreeMap<String, (Vec<String>, OffsetDateTime)>,
}

impl Sums {
    /// Adds up a plan.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let mut sums = Self::default();
        plan.steps().for_each(|step| sums.take(&step.body));
        sums
    }

    /// Adds up a plan without what comes late: what headquarters sees when it closes a month.
    #[must_use]
    pub fn before_late(plan: &Plan) -> Self {
        let mut sums = Self::default();
        plan.steps_before_late().for_each(|step| sums.take(&step.body));
        sums
    }

    fn case(&mut self, case_no: &str, change: impl FnOnce(&mut FinalCase)) {
        if let Some(case) = self.cases.get_mut(case_no) {
            change(case);
        }
    }

    fn take(&mut self, body: &Body) {
        match body {
            Body::ReceiveAlert(m) => {
                let on = city_day(instant(m.received_at.as_ref()));
                self.alerts.insert(m.alert_id.clone(), (m.org_unit.clone(), on));
            }
            Body::MarkAlertDuplicate(m) => {
                self.alerts.remove(&m.alert_id);
            }
            Body::FileCase(m) => {
                let case = FinalCase {
                    unit: m.org_unit.clone(),
                    category: m.category.clone(),
                    filed_on: day(m.filed_on),
                    loss_fen: m.loss_fen,
                    items: m.loss_items,
                    preventable: m.preventable,
                    counted: true,
                    solved_on: None,
                    hours_to_solve: None,
                    arrests: Vec::new(),
                    reported_at: instant(m.reported_at.as_ref()),
                    proposed: None,
                };
                self.cases.insert(m.case_no.clone(), case);
            }
            Body::RecordSuspectCaught(m) => {
                self.case(&m.case_no, |c| c.arrests.push((day(m.caught_on), m.count)));
            }
            Body::ProposeSolve(m) => {
                let proposed = (instant(m.solved_at.as_ref()), m.solve_class());
                self.case(&m.case_no, |c| c.proposed = Some(proposed));
            }
            Body::ReturnSolve(m) => self.case(&m.case_no, |c| c.proposed = None),
            Body::ApproveSolve(m) => self.case(&m.case_no, |c| {
                if let Some((at, SolveClass::Arrest)) = c.proposed.take() {
                    c.solve(at);
                }
            }),
            Body::RevokeSolve(m) => self.case(&m.case_no, |c| (c.solved_on, c.hours_to_solve) = (None, None)),
            Body::ReclassifyCase(m) => self.case(&m.case_no, |c| c.category.clone_from(&m.category)),
            Body::TransferCase(m) => self.case(&m.case_no, |c| c.unit.clone_from(&m.to_org_unit)),
            Body::WithdrawCase(m) => {
                self.case(&m.case_no, |c| c.counted = m.ground() != WithdrawalGround::NoCrime);
            }
            Body::RefileCase(m) => self.case(&m.case_no, |c| c.counted = true),
            Body::ProposeBroughtSolves(m) => {
                self.series.insert(m.series_id.clone(), (m.case_nos.clone(), instant(m.solved_at.as_ref())));
            }
            Body::ApproveBroughtSolves(m) => {
                let (case_nos, at) =
                    self.series.remove(&m.series_id).unwrap_or((Vec::new(), OffsetDateTime::UNIX_EPOCH));
                for case_no in case_nos {
                    self.case(&case_no, |c| c.solve(at));
                }
            }
            Body::OpenCampaign(_)
            | Body::PublishScheme(_)
            | Body::DisposeAlert(_)
            | Body::InvestigateCase(_)
            | Body::RecoverProperty(_)
            | Body::ReturnProperty(_)
            | Body::OpenSeries(_)
            | Body::LinkCase(_) => {}
        }
    }

    /// Cases that count, of a category prefix and a unit (all when empty).
    pub fn counted<'a>(&'a self, prefix: &'a str, unit: &'a str) -> impl Iterator<Item = &'a FinalCase> {
        self.cases.values().filter(move |c| {
            c.counted && c.category.starts_with(prefix) && (unit.is_empty() || c.unit == unit)
        })
    }
    /// Thefts filed in a span.
    #[must_use]
    pub fn filed(&self, unit: &str, span: Span) -> usize {
        self.counted("0502", unit).filter(|c| span.has(c.filed_on)).count()
    }
    /// Thefts solved in a span, whenever filed.
    #[must_use]
    pub fn solved(&self, unit: &str, span: Span) -> usize {
        self.counted("0502", unit).filter(|c| c.solved_on.is_some_and(|d| span.has(d))).count()
    }
    /// Suspects caught for thefts in a span.
    #[must_use]
    pub fn suspects(&self, unit: &str, span: Span) -> i32 {
        self.counted("0502", unit)
            .flat_map(|c| &c.arrests)
            .filter(|(d, _)| span.has(*d))
            .map(|(_, n)| n)
            .sum()
    }
    /// Loss of the thefts solved in a span, in fen.
    #[must_use]
    pub fn amount_fen(&self, span: Span) -> i64 {
        self.counted("0502", "")
            .filter(|c| c.solved_on.is_some_and(|d| span.has(d)))
            .map(|c| c.loss_fen)
            .sum()
    }
    /// Small cases: filed in a span, and solved in it.
    #[must_use]
    pub fn small(&self, unit: &str, span: Span) -> (usize, usize) {
        let small = || self.counted("050", unit).filter(|c| c.is_small());
        let solved = small().filter(|c| c.solved_on.is_some_and(|d| span.has(d))).count();
        (small().filter(|c| span.has(c.filed_on)).count(), solved)
    }
    /// Preventable cases of any category filed in a span.
    #[must_use]
    pub fn preventable(&self, unit: &str, span: Span) -> usize {
        self.counted("", unit).filter(|c| c.preventable && span.has(c.filed_on)).count()
    }
    /// Alerts received in a span, duplicates not counted.
    #[must_use]
    pub fn alerts(&self, unit: &str, span: Span) -> usize {
        self.alerts.values().filter(|(u, d)| (unit.is_empty() || u == unit) && span.has(*d)).count()
    }
}

impl FinalCase {
    fn solve(&mut self, at: OffsetDateTime) {
        self.solved_on = Some(city_day(at));
        self.hours_to_solve = Some((at - self.reported_at).whole_hours());
    }
    fn is_small(&self) -> bool {
        (self.category.starts_with("0502") || self.category.starts_with("0504"))
            && self.loss_fen < SMALL_BELOW_FEN
    }
}

fn day(date: Option<core::Date>) -> Date {
    date.and_then(|d| Date::try_from(d).ok()).unwrap_or(Date::MIN)
}

fn instant(at: Option<&prost_types::Timestamp>) -> OffsetDateTime {
    at.and_then(xiaoan_proto::instant).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::super::city::{BASE, BICYCLES, CAMPAIGN, CITY, JUFENG, LIANGCHENG, STATIONS, ZHONGZHI};
    use super::*;
    use std::collections::{HashMap, HashSet};

    const FIGURES: &str = include_str!("../../../../tests/acceptance/figures.yaml");
    const UNITS: &str = include_str!("../../../../tests/acceptance/org-units.csv");

    /// The value and base of a line such as `solved: {value: 1495, base: 809, …}` below a section's line.
    fn figure(section: &str, line: &str) -> HashMap<String, i64> {
        let text = FIGURES.lines().skip_while(|l| !l.trim_start().starts_with(section)).skip(1);
        let found = text.map(str::trim_start).find(|l| l.starts_with(&format!("{line}:"))).expect(line);
        let inner = &found[found.find('{').unwrap() + 1..found.find('}').unwrap()];
        inner
            .split(',')
            .filter_map(|pair| pair.split_once(':'))
            .filter_map(|(name, value)| Some((name.trim().to_owned(), value.trim().parse().ok()?)))
            .collect()
    }

    fn count(n: impl TryInto<i64, Error: std::fmt::Debug>) -> i64 {
        n.try_into().unwrap()
    }

    #[test]
    fn the_plan_adds_up_to_the_acceptance_figures() {
        let sums = Sums::of(&Plan::build());
        let (filed, solved) = (figure("theft:", "filed"), figure("theft:", "solved"));
        assert_eq!(
            (count(sums.filed("", CAMPAIGN)), count(sums.filed("", BASE))),
            (filed["value"], filed["base"])
        );
        assert_eq!(
            (count(sums.solved("", CAMPAIGN)), count(sums.solved("", BASE))),
            (solved["value"], solved["base"])
        );
        assert_eq!(i64::from(sums.suspects("", CAMPAIGN)), figure("theft:", "suspects_caught")["value"]);
        assert_eq!(sums.amount_fen(CAMPAIGN), figure("theft:", "amount_involved_yuan")["value"] * 100);

        let (alerts, preventable) =
            (figure("\"371121010000\":", "alerts"), figure("\"371121010000\":", "preventable_cases"));
        let both = |of: fn(&Sums, &str, Span) -> usize| {
            (count(of(&sums, ZHONGZHI, CAMPAIGN)), count(of(&sums, ZHONGZHI, BASE)))
        };
        assert_eq!(both(Sums::alerts), (alerts["value"], alerts["base"]));
        assert_eq!(both(Sums::preventable), (preventable["value"], preventable["base"]));

        let small = figure("\"371172020000\":", "small_cases");
        let (small_filed, small_solved) = sums.small(LIANGCHENG, CAMPAIGN);
        assert_eq!((count(small_solved), count(small_filed)), (small["solved"], small["filed"]));

        let cabbages = figure("\"371103010000\":", "cabbage_case");
        let case = sums.counted("0502", JUFENG).find(|c| c.items == 35).expect("the cabbages");
        assert_eq!(
            (i64::from(case.items), case.hours_to_solve),
            (cabbages["loss_items"], Some(cabbages["hours_to_solve"]))
        );
        assert!(case.is_small());
    }

    #[test]
    fn every_station_has_the_figures_of_the_table() {
        let sums = Sums::of(&Plan::build());
        for s in &STATIONS {
            let found = (
                sums.filed(s.code, CAMPAIGN),
                sums.solved(s.code, CAMPAIGN),
                sums.filed(s.code, BASE),
                sums.solved(s.code, BASE),
            );
            assert_eq!(found, (s.filed, s.solved, s.filed_base, s.solved_base), "{}", s.code);
            assert_eq!(
                (sums.alerts(s.code, CAMPAIGN), sums.alerts(s.code, BASE)),
                (s.alerts, s.alerts_base),
                "{}",
                s.code
            );
        }
    }

    #[test]
    fn units_are_those_of_the_org_file_and_nobody_approves_their_own_solve() {
        let known: HashSet<_> = UNITS.lines().skip(1).filter_map(|l| l.split(',').next()).collect();
        let plan = Plan::build();
        let mut proposer = HashMap::new();
        for step in plan.steps() {
            assert!(known.contains(step.who.unit), "{}", step.who.unit);
            match &step.body {
                Body::ProposeSolve(m) => _ = proposer.insert(m.case_no.clone(), step.who.subject.clone()),
                Body::ApproveSolve(m) => assert_ne!(proposer[&m.case_no], step.who.subject),
                _ => {}
            }
        }
        assert!(known.contains(CITY));
    }

    #[test]
    fn the_plan_is_the_same_each_time_and_every_command_has_its_own_request_id() {
        let (one, other) = (Plan::build(), Plan::build());
        let ids = |plan: &Plan| plan.steps().map(|s| s.body.request_id().to_owned()).collect::<Vec<_>>();
        assert_eq!(format!("{:?}", one.phases), format!("{:?}", other.phases));
        let unique: HashSet<_> = ids(&one).into_iter().collect();
        assert_eq!(unique.len(), ids(&one).len());
    }

    #[test]
    fn nothing_is_solved_before_it_was_filed_and_every_kind_of_correction_occurs() {
        let plan = Plan::build();
        let sums = Sums::of(&plan);
        for (no, case) in &sums.cases {
            assert!(case.solved_on.is_none_or(|day| day >= case.filed_on), "{no}");
            assert!(case.filed_on >= city_day(case.reported_at), "{no}");
            assert!(case.loss_fen >= 2_000 && case.loss_fen < 100_000_000, "{no} {}", case.loss_fen);
            assert_eq!(no.len(), 23, "{no}");
        }
        let mut seen: HashMap<_, usize> = HashMap::new();
        for step in plan.steps() {
            *seen.entry(step.body.name()).or_default() += 1;
        }
        for name in [
            "RevokeSolve",
            "ReturnSolve",
            "ReclassifyCase",
            "TransferCase",
            "WithdrawCase",
            "RefileCase",
            "LinkCase",
            "MarkAlertDuplicate",
        ] {
            assert!(seen.get(name).is_some_and(|n| *n >= 3), "{name}: {seen:?}");
        }
        let bicycles = sums
            .counted("050227", BICYCLES)
            .filter(|c| c.solved_on == Some(time::macros::date!(2021 - 03 - 20)))
            .count();
        assert!(bicycles >= 12, "{bicycles}");
    }
}
