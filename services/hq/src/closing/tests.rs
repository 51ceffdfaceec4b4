use super::*;
use time::macros::date;
use xiaoan_kernel::given::given;
use xiaoan_proto::core::v1 as core;
use xiaoan_proto::rankings::v1::{Entry, IndicatorValue, SourcePosition};

fn city() -> OrgCode {
    OrgCode::parse("371100000000").expect("12 digits")
}
fn on(year: i32, month: i32, day: i32) -> Option<core::Date> {
    Some(core::Date { year, month, day })
}
const TODAY: Date = date!(2026 - 07 - 03);

fn standings(solved: i64, position: i64) -> GetStandingsResponse {
    let rate = IndicatorValue {
        id: "solve_rate".into(),
        numerator: solved,
        denominator: Some(20),
        evaluable: true,
        ..Default::default()
    };
    GetStandingsResponse {
        from: on(2026, 6, 1),
        to: on(2026, 6, 30),
        scheme: Some(hq::Scheme { board: "theft-stations".into(), version: 1, ..Default::default() }),
        entries: vec![Entry {
            org_unit: "371102010000".into(),
            rank: Some(1),
            indicators: vec![rate],
            ..Default::default()
        }],
        sources: vec![SourcePosition { source: "cases".into(), position, ..Default::default() }],
        ..Default::default()
    }
}
fn figures(solved: i64, position: i64) -> ClosedFigures {
    figures_of("theft-stations", "2026-06", &standings(solved, position))
}
fn freeze() -> hq::FreezePeriodRequest {
    hq::FreezePeriodRequest { board: "theft-stations".into(), period: "2026-06".into(), ..Default::default() }
}
fn correct() -> hq::CorrectPeriodRequest {
    hq::CorrectPeriodRequest { reason: "补录".into(), ..Default::default() }
}
fn frozen() -> ClosingEvent {
    hq::PeriodFrozen {
        closing_id: "theft-stations-2026-06".into(),
        board: "theft-stations".into(),
        period: "2026-06".into(),
        frozen_on: on(2026, 7, 3),
        org_unit: city().to_string(),
        figures: Some(figures(7, 40)),
    }
    .into()
}

#[test]
fn a_period_is_frozen_with_what_rankings_showed() {
    let facts =
        given::<Closing>([]).when(|c| c.decide_freeze(&freeze(), figures(7, 40), city(), TODAY)).then_facts();
    assert_eq!(facts, [Fact::new(frozen(), city(), TODAY)]);
}

#[test]
fn cp001_a_period_is_frozen_once_and_corrected_only_when_it_is_frozen() {
    given::<Closing>([frozen()])
        .when(|c| c.decide_freeze(&freeze(), figures(8, 41), city(), TODAY))
        .then_refused(&["CP-001"]);
    given::<Closing>([])
        .when(|c| c.decide_correct(&correct(), figures(8, 41), city(), TODAY))
        .then_refused(&["CP-001"]);
}

#[test]
fn a_period_that_runs_is_not_frozen() {
    let decide = |today| Closing::default().decide_freeze(&freeze(), figures(7, 40), city(), today);
    let refused = decide(date!(2026 - 06 - 30)).expect_err("its last day");
    assert!(refused.is(&Reason::PeriodRuns { to: date!(2026 - 06 - 30) }));
    assert!(decide(date!(2026 - 07 - 01)).is_ok());
}

#[test]
fn a_day_of_freezing_lies_after_the_period_and_not_in_the_future() {
    let freeze_on = |day| {
        let command = hq::FreezePeriodRequest { frozen_on: day, ..freeze() };
        Closing::default().decide_freeze(&command, figures(7, 40), city(), TODAY)
    };
    assert!(freeze_on(on(2026, 7, 1)).is_ok());
    assert!(freeze_on(on(2026, 7, 4)).expect_err("tomorrow").is(&Reason::InFuture));
    let early = Reason::Before { earliest: date!(2026 - 07 - 01) };
    assert!(freeze_on(on(2026, 6, 30)).expect_err("within the period").is(&early));
    assert!(freeze_on(on(2026, 2, 30)).expect_err("no day").is(&Reason::Day));
}

#[test]
fn a_correction_stands_beside_the_frozen_figures_and_names_what_differs() {
    let closing = given::<Closing>([frozen()]);
    let facts = closing.0.decide_correct(&correct(), figures(9, 52), city(), TODAY).expect("a correction");
    let mut state = closing.0;
    state.apply(&facts[0].event);
    let shown = state.shown().expect("a closing");
    assert_eq!(shown.frozen, Some(figures(7, 40)), "never changed");
    assert_eq!(current(shown), Some(&figures(9, 52)));
    assert_eq!((shown.state(), correction_number(shown)), (ClosingState::Corrected, 1));
    let difference = hq::ClosedDifference {
        org_unit: "371102010000".into(),
        indicator_id: "solve_rate".into(),
        numerator_before: 7,
        numerator_after: 9,
        denominator_before: Some(20),
        denominator_after: Some(20),
        rank_before: Some(1),
        rank_after: Some(1),
        ..Default::default()
    };
    assert_eq!(shown.corrections[0].differences, [difference]);
}

#[test]
fn nothing_is_corrected_when_nothing_differs_and_never_by_older_data() {
    let closing = || given::<Closing>([frozen()]);
    closing()
        .when(|c| c.decide_correct(&correct(), figures(7, 99), city(), TODAY))
        .then_refused(&["CLOSING-UNCHANGED"]);
    closing()
        .when(|c| c.decide_correct(&correct(), figures(9, 39), city(), TODAY))
        .then_refused(&["CLOSING-SOURCE-BEHIND"]);
}

#[test]
fn a_correction_says_why() {
    let command = hq::CorrectPeriodRequest { reason: "  ".into(), ..correct() };
    given::<Closing>([frozen()])
        .when(|c| c.decide_correct(&command, figures(9, 52), city(), TODAY))
        .then_refused(&["GE-006"]);
}

#[test]
fn a_board_with_a_source_that_has_stopped_is_not_closed() {
    let mut stopped = standings(7, 40);
    stopped.sources[0].problem = "poison at 41".into();
    assert!(whole(&standings(7, 40)).is_ok());
    assert!(whole(&stopped).expect_err("stopped").is(&Reason::SourceStopped { source: "cases".into() }));
}

#[test]
fn the_digest_depends_on_every_figure_and_position() {
    let digest = |solved, position| figures(solved, position).digest;
    assert_eq!(digest(7, 40), digest(7, 40));
    assert_ne!(digest(7, 40), digest(8, 40));
    assert_ne!(digest(7, 40), digest(7, 41));
    assert_eq!(digest(7, 40).len(), 32);
}
