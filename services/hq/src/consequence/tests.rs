use super::*;
use xiaoan_proto::hq::v1::Indicator;

fn scheme(min_denominator: i64) -> Scheme {
    Scheme {
        indicators: vec![
            Indicator { id: "solve_rate".into(), min_denominator, ..Default::default() },
            Indicator { id: "recording_rate".into(), min_denominator: 20, ..Default::default() },
        ],
        consequences: vec![rule()],
        ..Default::default()
    }
}

fn rule() -> ConsequenceRule {
    ConsequenceRule {
        indicator_id: "solve_rate".into(),
        threshold_numerator: 40,
        threshold_denominator: 100,
        kind: ConsequenceKind::Notice.into(),
        streak: 2,
        gap_policy: GapPolicy::Break.into(),
        ..Default::default()
    }
}

fn skipping() -> ConsequenceRule {
    ConsequenceRule { gap_policy: GapPolicy::Skip.into(), ..rule() }
}

fn value(id: &str, k: i64, n: i64) -> ClosedValue {
    ClosedValue { id: id.into(), numerator: k, denominator: Some(n), evaluable: true }
}

fn stands(min: i64, k: i64, n: i64) -> Standing {
    let entry = ClosedEntry { values: vec![value("solve_rate", k, n)], ..Default::default() };
    standing(&scheme(min), &rule(), &entry)
}

const B: Past = Past { standing: Standing::Below, notice: Some(NoticeState::Issued) };
const NA: Past = Past { standing: Standing::TooFew, notice: None };
const OK: Past = Past { standing: Standing::NotBelow, notice: None };

/// A history of months from 2026-06 on.
fn months(past: &[Past]) -> History {
    let first = june().number();
    (first..).map(Month::numbered).zip(past.iter().copied()).collect()
}
fn june() -> Month {
    Month::parse("2026-06").expect("a month")
}
fn after(months: i32) -> Month {
    Month::numbered(june().number() + months)
}

#[test]
fn k01_below_forty_percent_is_compared_exactly() {
    assert_eq!(stands(0, 2, 5), Standing::NotBelow);
    assert_eq!(stands(0, 3, 8), Standing::Below);
    assert_eq!(stands(0, 0, 0), Standing::TooFew);
    assert_eq!(stands(0, 39, 100), Standing::Below);
    assert_eq!(stands(0, 40, 100), Standing::NotBelow);
    assert_eq!(stands(0, 399_999, 1_000_000), Standing::Below);
    // The minimum of ten is the default: three of eight is below and cannot be evaluated.
    assert_eq!(stands(10, 3, 8), Standing::TooFew);
    assert!(is_below(3, 8, (40, 100)));
    assert_eq!(stands(10, 8, 20), Standing::NotBelow, "exactly 40 %");
    assert_eq!(stands(10, 7, 20), Standing::Below);
}

#[test]
fn a_month_with_nine_cases_is_too_few_and_one_with_ten_is_not() {
    assert_eq!(stands(10, 0, 9), Standing::TooFew);
    assert_eq!(stands(10, 0, 10), Standing::Below);
}

#[test]
fn numbers_that_would_overflow_are_compared_all_the_same() {
    assert!(!is_below(i64::MAX, i64::MAX, (1, 1)));
    assert!(is_below(i64::MAX - 1, i64::MAX, (1, 1)));
}

#[test]
fn k13_a_unit_whose_audit_falls_short_of_the_integrity_gate_is_held() {
    let gated = |required| ConsequenceRule {
        integrity_gate: "recording_rate".into(),
        gate_numerator: 90,
        gate_denominator: 100,
        gate_required: required,
        ..rule()
    };
    let entry = |audited: &[ClosedValue]| {
        let values = [&[value("solve_rate", 3, 20)], audited].concat();
        ClosedEntry { values, ..Default::default() }
    };
    let stands = |required, audited: &[ClosedValue]| standing(&scheme(10), &gated(required), &entry(audited));
    // K13's sample: 171 of 200 is 85.5 %, band "<90".
    assert_eq!(stands(false, &[value("recording_rate", 171, 200)]), Standing::Held);
    assert_eq!(stands(false, &[value("recording_rate", 180, 200)]), Standing::Below, "exactly at the gate");
    assert_eq!(stands(false, &[]), Standing::Below, "no audit, and none required");
    assert_eq!(stands(true, &[]), Standing::Held);
    assert_eq!(stands(true, &[value("recording_rate", 19, 19)]), Standing::Held, "too small a sample");
}

#[test]
fn k03_two_adjacent_months_below_lead_to_an_interview() {
    assert_eq!(streak_ending(&months(&[B, B]), after(1), &rule()), Some(vec![june(), after(1)]));
    assert_eq!(streak_ending(&months(&[B]), june(), &rule()), None);
    assert_eq!(streak_ending(&months(&[B, OK, B]), after(2), &skipping()), None);
}

#[test]
fn k03_a_month_that_cannot_be_evaluated_breaks_a_streak_unless_the_rule_skips_it() {
    let history = months(&[B, NA, B]);
    assert_eq!(streak_ending(&history, after(2), &rule()), None);
    assert_eq!(streak_ending(&history, after(2), &skipping()), Some(vec![june(), after(2)]));
    // It is no streak that ends with a month that cannot be evaluated.
    assert_eq!(streak_ending(&months(&[B, B, NA]), after(2), &skipping()), None);
    let held = Past { standing: Standing::Held, ..NA };
    assert_eq!(streak_ending(&months(&[B, held, B]), after(2), &skipping()), Some(vec![june(), after(2)]));
}

#[test]
fn a_month_that_was_not_closed_is_never_passed_over() {
    let mut history = months(&[B, NA, B]);
    history.remove(&after(1));
    assert_eq!(streak_ending(&history, after(2), &skipping()), None);
}

#[test]
fn k03_a_first_month_corrected_to_forty_one_percent_takes_the_interview_away() {
    let pair = [june(), after(1)];
    assert!(!has_fallen(&months(&[B, B]), &pair, &rule()));
    assert_eq!(stands(10, 41, 100), Standing::NotBelow);
    let corrected = Past { standing: Standing::NotBelow, notice: Some(NoticeState::Withdrawn) };
    assert!(has_fallen(&months(&[corrected, B]), &pair, &rule()));
    assert!(loses_ground(NoticeState::Issued, Some(Standing::NotBelow)));
    assert!(loses_ground(NoticeState::Closed, None), "the unit is on the board no more");
    assert!(!loses_ground(NoticeState::PlanSubmitted, Some(Standing::Below)));
    assert!(!loses_ground(NoticeState::Waived, Some(Standing::NotBelow)));
}

#[test]
fn a_correction_of_the_month_between_takes_an_interview_away_as_well() {
    let pair = [june(), after(2)];
    assert!(!has_fallen(&months(&[B, NA, B]), &pair, &skipping()));
    assert!(has_fallen(&months(&[B, OK, B]), &pair, &skipping()));
    // And one that makes the month between a month below: the streak is another one.
    assert!(has_fallen(&months(&[B, B, B]), &pair, &skipping()));
}

#[test]
fn a_waived_notice_breaks_nothing_unless_the_rule_says_so() {
    let waived = Past { notice: Some(NoticeState::Waived), ..B };
    let breaking = ConsequenceRule { waived_breaks: true, ..rule() };
    assert_eq!(streak_ending(&months(&[waived, B]), after(1), &rule()), Some(vec![june(), after(1)]));
    assert_eq!(streak_ending(&months(&[waived, B]), after(1), &breaking), None);
}

#[test]
fn a_month_below_for_which_no_notice_was_issued_is_no_bulletin() {
    let silent = Past { notice: None, ..B };
    assert_eq!(streak_ending(&months(&[silent, B]), after(1), &rule()), None);
}

#[test]
fn a_notice_issued_late_for_an_earlier_month_completes_the_streak_as_well() {
    assert_eq!(streaks_with(&months(&[B, B]), june(), &rule()), [vec![june(), after(1)]]);
    assert_eq!(streaks_with(&months(&[B, B]), after(1), &rule()), [vec![june(), after(1)]]);
    let three = [vec![june(), after(1)], vec![after(1), after(2)]];
    assert_eq!(streaks_with(&months(&[B, B, B]), after(1), &rule()), three);
    assert!(streaks_with(&months(&[B, B]), june(), &ConsequenceRule { streak: 0, ..rule() }).is_empty());
}

#[test]
fn months_are_adjacent_over_the_end_of_the_year() {
    let january = Month::parse("2027-01").expect("a month");
    assert_eq!(january.previous().to_string(), "2026-12");
    for other in ["2026-13", "2026-00", "2026", "2026-Q2", "26-06", "2026-6", "autumn-wind", "+026-06"] {
        assert_eq!(Month::parse(other), None, "{other}");
    }
}
