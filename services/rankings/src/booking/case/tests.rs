//! given events → lines; and any valid history books exactly what counts of the case at its end.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use time::macros::date;
use xiaoan_kernel::OrgCode;
use xiaoan_proto::cases::v1::{DatedAmount, DatedCount, SolveManner, WithdrawalGround};

const UNIT: &str = "371102010000";
const OTHER: &str = "371102020000";
const JUNE: Date = date!(2026 - 06 - 07);
const JULY: Date = date!(2026 - 07 - 03);

fn filed(small: bool, preventable: bool) -> CaseFiled {
    CaseFiled {
        org_unit: UNIT.into(),
        category: "050201".into(),
        filed_on: Some(JUNE.into()),
        loss_fen: 180_000,
        small_case: small,
        preventable,
        ..Default::default()
    }
}

fn facts() -> CaseFacts {
    CaseFacts {
        org_unit: UNIT.into(),
        category: "050201".into(),
        filed_on: Some(JUNE.into()),
        loss_fen: 180_000,
        preventable: true,
        small_case: true,
        solved_on: Some(JULY.into()),
        solve_class: SolveClass::Arrest.into(),
        solve_manner: SolveManner::Direct.into(),
        arrests: vec![DatedCount { on: Some(JUNE.into()), count: 2 }],
        recovered: vec![DatedAmount { on: Some(JULY.into()), fen: 5_000 }],
        returned: vec![DatedAmount { on: Some(JULY.into()), fen: 3_000 }],
    }
}

/// (measure, day, quantity) of each line, in order.
#[track_caller]
fn booked(event: impl Into<CaseEvent>) -> Vec<(&'static str, Date, i64)> {
    let lines = lines(&event.into()).expect("books");
    lines.into_iter().map(|l| (l.measure.name(), l.occurred_on, l.quantity)).collect()
}

type Sums = BTreeMap<(Measure, OrgCode, String, Date), i64>;

fn add(sums: &mut Sums, lines: Vec<Line>) {
    for line in lines {
        *sums.entry((line.measure, line.org_unit, line.category, line.occurred_on)).or_default() +=
            line.quantity;
    }
    sums.retain(|_, sum| *sum != 0);
}

fn sums_of(lines: Vec<Line>) -> Sums {
    let mut sums = Sums::new();
    add(&mut sums, lines);
    sums
}

#[test]
fn a_filed_case_counts_on_the_day_of_filing_and_as_small_and_preventable_when_it_is() {
    assert_eq!(booked(filed(false, false)), [("case.filed", JUNE, 1)]);
    assert_eq!(
        booked(filed(true, true)),
        [("case.filed", JUNE, 1), ("case.small.filed", JUNE, 1), ("case.preventable.filed", JUNE, 1)]
    );
}

#[test]
fn k04_a_solve_counts_in_its_own_month_and_as_cohort_in_the_month_of_filing() {
    assert_eq!(
        booked(CaseSolved { facts: Some(facts()), ..Default::default() }),
        [
            ("case.solved", JULY, 1),
            ("case.cohort_solved", JUNE, 1),
            ("case.small.solved", JULY, 1),
            ("case.small.cohort_solved", JUNE, 1),
            ("case.solved_loss", JULY, 180_000),
        ]
    );
}

#[test]
fn a_revoked_solve_leaves_every_month_it_was_in() {
    let mut sums =
        sums_of(lines(&CaseSolved { facts: Some(facts()), ..Default::default() }.into()).expect("books"));
    add(
        &mut sums,
        lines(&SolveRevoked { facts: Some(facts()), ..Default::default() }.into()).expect("books"),
    );
    assert_eq!(sums, Sums::new());
}

#[test]
fn an_exceptional_solve_is_never_merged_into_solved() {
    let exceptional = CaseFacts { solve_class: SolveClass::Exceptional.into(), ..facts() };
    assert_eq!(
        booked(CaseSolved { facts: Some(exceptional.clone()), ..Default::default() }),
        [("case.exceptional.solved", JULY, 1)]
    );
    assert_eq!(
        booked(SolveRevoked { facts: Some(exceptional), ..Default::default() }),
        [("case.exceptional.solved", JULY, -1)]
    );
}

#[test]
fn a_reclassified_case_moves_with_all_its_facts_on_their_own_days() {
    let event = CaseReclassified {
        facts: Some(facts()),
        category: "050240".into(),
        small_case: false,
        ..Default::default()
    };
    let sums = sums_of(lines(&event.into()).expect("books"));
    let sum = |measure, category: &str, on| {
        let key = (measure, OrgCode::parse(UNIT).expect("code"), category.to_owned(), on);
        sums.get(&key).copied().unwrap_or_default()
    };
    for (measure, on, quantity) in [
        (Measure::CaseFiled, JUNE, 1),
        (Measure::CaseSolved, JULY, 1),
        (Measure::CaseCohortSolved, JUNE, 1),
        (Measure::PreventableFiled, JUNE, 1),
        (Measure::Arrests, JUNE, 2),
        (Measure::Recovered, JULY, 5_000),
        (Measure::Returned, JULY, 3_000),
    ] {
        assert_eq!(sum(measure, "050201", on), -quantity, "{measure:?} leaves");
        assert_eq!(sum(measure, "050240", on), quantity, "{measure:?} arrives");
    }
    assert_eq!(sum(Measure::SmallFiled, "050201", JUNE), -1);
    assert_eq!(sum(Measure::SmallFiled, "050240", JUNE), 0, "it is no small case in the new category");
}

#[test]
fn a_transferred_case_takes_its_facts_to_the_other_unit() {
    let event = CaseTransferred { facts: Some(facts()), to_org_unit: OTHER.into(), ..Default::default() };
    let all = lines(&event.into()).expect("books");
    let of = |unit: &str, measure| {
        all.iter()
            .filter(|l| l.org_unit.as_str() == unit && l.measure == measure)
            .map(|l| l.quantity)
            .sum::<i64>()
    };
    assert_eq!((of(UNIT, Measure::CaseFiled), of(OTHER, Measure::CaseFiled)), (-1, 1));
    assert_eq!((of(UNIT, Measure::SolvedLoss), of(OTHER, Measure::SolvedLoss)), (-180_000, 180_000));
}

#[test]
fn a_withdrawal_for_no_crime_takes_the_case_out_of_the_month_it_was_filed_in_and_refiling_returns_it() {
    let unsolved = CaseFacts { solved_on: None, ..facts() };
    let withdrawn = CaseWithdrawn {
        ground: WithdrawalGround::NoCrime.into(),
        withdrawn_on: Some(JULY.into()),
        facts: Some(unsolved.clone()),
        leaves_count: true,
        ..Default::default()
    };
    assert_eq!(
        booked(withdrawn.clone()),
        [
            ("case.filed", JUNE, -1),
            ("case.small.filed", JUNE, -1),
            ("case.preventable.filed", JUNE, -1),
            ("case.arrests", JUNE, -2)
        ]
    );
    let refiled = CaseRefiled { facts: Some(unsolved), returns_to_count: true, ..Default::default() };
    let mut sums = sums_of(lines(&withdrawn.into()).expect("books"));
    add(&mut sums, lines(&refiled.into()).expect("books"));
    assert_eq!(sums, Sums::new());
}

#[test]
fn a_withdrawal_on_another_ground_keeps_the_case_in_its_month() {
    let event = CaseWithdrawn {
        ground: WithdrawalGround::SuspectDead.into(),
        facts: Some(facts()),
        leaves_count: false,
        ..Default::default()
    };
    assert_eq!(booked(event), []);
    assert_eq!(booked(CaseRefiled { facts: Some(facts()), ..Default::default() }), []);
}

#[test]
fn facts_without_a_day_or_with_a_unit_that_is_none_are_poison() {
    assert!(lines(&CaseSolved::default().into()).is_err());
    let undated = CaseFacts { filed_on: None, ..facts() };
    assert!(lines(&CaseSolved { facts: Some(undated), ..Default::default() }.into()).is_err());
    assert!(lines(&CaseFiled { org_unit: "37".into(), ..filed(false, false) }.into()).is_err());
}

/// One step of a case's life; steps that its state does not allow are skipped, as the service refuses them.
#[derive(Debug, Clone, Copy)]
enum Step {
    Catch(u8, i32),
    Solve(u8, bool),
    Revoke,
    Recover(u8, i64),
    Return(u8, i64),
    Reclassify(bool),
    Transfer(bool),
    Withdraw(bool),
    Refile,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..90_u8, 1..5_i32).prop_map(|(d, n)| Step::Catch(d, n)),
        (0..90_u8, any::<bool>()).prop_map(|(d, x)| Step::Solve(d, x)),
        Just(Step::Revoke),
        (0..90_u8, 1..9_000_i64).prop_map(|(d, f)| Step::Recover(d, f)),
        (0..90_u8, 1..9_000_i64).prop_map(|(d, f)| Step::Return(d, f)),
        any::<bool>().prop_map(Step::Reclassify),
        any::<bool>().prop_map(Step::Transfer),
        any::<bool>().prop_map(Step::Withdraw),
        Just(Step::Refile),
    ]
}

/// A case as the events tell it: what counts, and whether it is withdrawn.
struct Told {
    facts: CaseFacts,
    withdrawn: Option<bool>,
    sums: Sums,
}

impl Told {
    fn filed(small: bool, preventable: bool) -> Self {
        let event = filed(small, preventable);
        let facts = CaseFacts {
            org_unit: event.org_unit.clone(),
            category: event.category.clone(),
            filed_on: event.filed_on,
            loss_fen: event.loss_fen,
            small_case: small,
            preventable,
            ..Default::default()
        };
        let sums = sums_of(lines(&event.into()).expect("books"));
        Self { facts, withdrawn: None, sums }
    }
    fn happen(&mut self, event: impl Into<CaseEvent>) {
        add(&mut self.sums, lines(&event.into()).expect("books"));
    }
    fn take(&mut self, step: Step) {
        let on = |days: u8| Some((JUNE + time::Duration::days(days.into())).into());
        let (org_unit, category) = (self.facts.org_unit.clone(), self.facts.category.clone());
        let facts = Some(self.facts.clone());
        match step {
            Step::Catch(d, count) if self.withdrawn.is_none() => {
                self.facts.arrests.push(DatedCount { on: on(d), count });
                self.happen(SuspectCaught {
                    caught_on: on(d),
                    count,
                    org_unit,
                    category,
                    ..Default::default()
                });
            }
            Step::Solve(d, exceptional) if self.withdrawn.is_none() && self.facts.solved_on.is_none() => {
                let class = if exceptional { SolveClass::Exceptional } else { SolveClass::Arrest };
                self.facts.solved_on = on(d);
                self.facts.solve_class = class.into();
                self.happen(CaseSolved { facts: Some(self.facts.clone()), ..Default::default() });
            }
            Step::Revoke if self.facts.solved_on.is_some() => {
                self.happen(SolveRevoked { facts, ..Default::default() });
                self.facts.solved_on = None;
                self.facts.solve_class = 0;
            }
            Step::Recover(d, fen) => {
                self.facts.recovered.push(DatedAmount { on: on(d), fen });
                self.happen(PropertyRecovered {
                    recovered_on: on(d),
                    fen,
                    org_unit,
                    category,
                    ..Default::default()
                });
            }
            Step::Return(d, fen) => {
                self.facts.returned.push(DatedAmount { on: on(d), fen });
                self.happen(PropertyReturned {
                    returned_on: on(d),
                    fen,
                    org_unit,
                    category,
                    ..Default::default()
                });
            }
            Step::Reclassify(theft) if self.withdrawn.is_none() => {
                let category = if theft { "050201" } else { "050300" };
                self.happen(CaseReclassified {
                    facts,
                    category: category.into(),
                    small_case: theft,
                    ..Default::default()
                });
                self.facts.category = category.into();
                self.facts.small_case = theft;
            }
            Step::Transfer(home) if self.withdrawn.is_none() => {
                let to = if home { UNIT } else { OTHER };
                self.happen(CaseTransferred { facts, to_org_unit: to.into(), ..Default::default() });
                self.facts.org_unit = to.into();
            }
            Step::Withdraw(no_crime) if self.withdrawn.is_none() && self.facts.solved_on.is_none() => {
                self.happen(CaseWithdrawn { facts, leaves_count: no_crime, ..Default::default() });
                self.withdrawn = Some(no_crime);
            }
            Step::Refile => {
                if let Some(no_crime) = self.withdrawn.take() {
                    self.happen(CaseRefiled { facts, returns_to_count: no_crime, ..Default::default() });
                }
            }
            _ => {}
        }
    }
}

proptest! {
    #[test]
    fn any_history_books_exactly_what_counts_of_the_case_at_its_end(
        small: bool, preventable: bool, steps in proptest::collection::vec(step(), 0..40)
    ) {
        let mut case = Told::filed(small, preventable);
        for step in steps {
            case.take(step);
        }
        case.take(Step::Refile);
        prop_assert_eq!(&case.sums, &sums_of(everything(&case.facts, 1).expect("books")));
    }

    #[test]
    fn a_history_and_its_counter_events_sum_to_zero_but_for_property_in_custody(
        small: bool, preventable: bool, steps in proptest::collection::vec(step(), 0..40)
    ) {
        let mut case = Told::filed(small, preventable);
        for step in steps {
            case.take(step);
        }
        case.take(Step::Refile);
        case.take(Step::Revoke);
        case.take(Step::Withdraw(true));
        case.sums.retain(|(measure, ..), _| !matches!(measure, Measure::Recovered | Measure::Returned));
        prop_assert_eq!(&case.sums, &Sums::new());
    }
}
