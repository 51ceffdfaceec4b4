//! Standings to render in tests: June 2026 with the figures of the acceptance file, as the reader would give them.

use prost_types::Timestamp;
use time::macros::date;
use xiaoan_kernel::wilson;
use xiaoan_proto::hq::v1::Scheme;
use xiaoan_proto::projections::v1::ProjectionState;
use xiaoan_proto::rankings::v1::{
    Entry, ExplainResponse, GetStandingsResponse, IndicatorValue, LedgerLine, SourcePosition, SourceStatus,
};

use crate::standings::builtin;

/// Code, names, bureau, (filed, solved, cohort, arrests), rank, rank before.
type Station = (&'static str, &'static str, &'static str, &'static str, [i64; 4], Option<i32>, Option<i32>);

const STATIONS: [Station; 15] = [
    (
        "371172010000",
        "卧龙山派出所",
        "Wolongshan Station",
        "371172000000",
        [25, 17, 16, 28],
        Some(1),
        Some(3),
    ),
    ("371122030000", "示例莒县三所", "Demo Ju No. 3", "371122000000", [20, 13, 12, 16], Some(2), Some(2)),
    ("371121020000", "示例五莲一所", "Demo Wulian No. 1", "371121000000", [25, 14, 12, 14], Some(3), None),
    (
        "371171010000",
        "示例开发区一所",
        "Demo Development Zone No. 1",
        "371171000000",
        [90, 50, 56, 46],
        Some(4),
        Some(1),
    ),
    ("371172020000", "两城派出所", "Liangcheng Station", "371172000000", [90, 47, 59, 54], Some(5), Some(5)),
    ("371103010000", "巨峰派出所", "Jufeng Station", "371103000000", [25, 12, 12, 16], Some(6), Some(11)),
    ("371103020000", "示例岚山一所", "Demo Lanshan No. 1", "371103000000", [20, 9, 14, 13], Some(7), Some(6)),
    ("371102010000", "示例东港一所", "Demo Donggang No. 1", "371102000000", [20, 8, 8, 13], Some(8), Some(7)),
    (
        "371103030000",
        "示例岚山二所",
        "Demo Lanshan No. 2",
        "371103000000",
        [50, 20, 20, 33],
        Some(8),
        Some(8),
    ),
    (
        "371121030000",
        "示例五莲二所",
        "Demo Wulian No. 2",
        "371121000000",
        [90, 36, 45, 50],
        Some(8),
        Some(10),
    ),
    (
        "371102030000",
        "示例东港三所",
        "Demo Donggang No. 3",
        "371102000000",
        [20, 7, 7, 11],
        Some(11),
        Some(9),
    ),
    ("371121010000", "中至派出所", "Zhongzhi Station", "371121000000", [60, 16, 25, 22], Some(12), Some(12)),
    ("371122010000", "示例莒县一所", "Demo Ju No. 1", "371122000000", [20, 5, 9, 10], Some(13), Some(13)),
    ("371102020000", "示例东港二所", "Demo Donggang No. 2", "371102000000", [20, 4, 6, 4], Some(14), Some(4)),
    ("371122020000", "示例莒县二所", "Demo Ju No. 2", "371122000000", [0, 1, 0, 1], None, Some(14)),
];

/// Names of the bureaus.
pub fn names(code: &str) -> Option<(String, String)> {
    let (zh, en) = match code {
        "371102000000" => ("东港分局", "Donggang Bureau"),
        "371103000000" => ("岚山分局", "Lanshan Bureau"),
        "371121000000" => ("五莲县公安局", "Wulian County Bureau"),
        "371122000000" => ("莒县公安局", "Ju County Bureau"),
        "371171000000" => ("开发区分局", "Development Zone Bureau"),
        "371172000000" => ("山海天分局", "Shanhaitian Bureau"),
        _ => return None,
    };
    Some((zh.to_owned(), en.to_owned()))
}

/// The station board.
pub fn scheme() -> Scheme {
    builtin::schemes().into_iter().find(|s| s.board == "theft-stations").unwrap()
}

/// June 2026.
pub fn standings() -> GetStandingsResponse {
    let scheme = scheme();
    let entries: Vec<Entry> = STATIONS
        .iter()
        .map(|(code, zh, en, parent, figures, rank, before)| Entry {
            org_unit: (*code).into(),
            name_zh: (*zh).into(),
            name_en: (*en).into(),
            parent: (*parent).into(),
            rank: *rank,
            previous_rank: *before,
            attention: rank.is_some() && 100 * figures[1] < 40 * figures[0],
            indicators: indicators(&scheme, *figures),
            ..Default::default()
        })
        .collect();
    let mut sum = [0; 4];
    for (.., figures, _, _) in &STATIONS {
        for (total, figure) in sum.iter_mut().zip(figures) {
            *total += figure;
        }
    }
    GetStandingsResponse {
        board: "theft-stations".into(),
        period: "2026-06".into(),
        from: Some(date!(2026 - 06 - 01).into()),
        to: Some(date!(2026 - 06 - 30).into()),
        entries,
        total: Some(Entry { indicators: indicators(&scheme, sum), ..Entry::default() }),
        scheme: Some(scheme),
        sources: vec![source("cases", 12_846, 0), source("hq", 57, 0)],
        as_of: None,
        revision: 42,
    }
}

/// A source read to its end.
pub fn source(name: &str, position: i64, lag_events: i64) -> SourcePosition {
    SourcePosition {
        source: name.into(),
        position,
        chain_head: (0..32).map(|i| (i * 37 + name.len()) as u8).collect(),
        data_as_of: Some(Timestamp { seconds: 1_783_641_605, nanos: 123_456_000 }),
        lag_events,
        problem: String::new(),
    }
}

fn indicators(scheme: &Scheme, [filed, solved, cohort, arrests]: [i64; 4]) -> Vec<IndicatorValue> {
    let base = [filed + 7, solved * 4 / 5, cohort * 3 / 4, arrests - 1];
    let of = |id: &str, [filed, solved, cohort, arrests]: [i64; 4]| match id {
        "filed" => (filed, None),
        "solved" => (solved, None),
        "solve_rate" => (solved, Some(filed)),
        "cohort_solve_rate" => (cohort, Some(filed)),
        "arrests" => (arrests, None),
        "amount_involved" => (solved * 349_950, None),
        "solved_exceptionally" => (i64::from(filed == 60), None),
        "recording_rate" => (0, Some(0)),
        _ => (0, None),
    };
    let now = [filed, solved, cohort, arrests];
    scheme.indicators.iter().map(|i| value(&i.id, &i.unit, of(&i.id, now), of(&i.id, base))).collect()
}

#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // a picture, not a board
fn value(id: &str, unit: &str, now: (i64, Option<i64>), base: (i64, Option<i64>)) -> IndicatorValue {
    let percent = |(k, n): (i64, Option<i64>)| n.filter(|n| *n > 0).map(|n| 100.0 * k as f64 / n as f64);
    let evaluable = now.1.is_none_or(|n| n >= 10);
    let interval = now.1.and_then(|n| wilson::interval(now.0, n));
    let relative = |a: f64, b: f64| format!("{:+.1}%", 100.0 * (a - b) / b);
    let (display, yoy, yoy_relative, base_zero) = match (percent(now), percent(base)) {
        (Some(a), Some(b)) if b > 0.0 => {
            (format!("{a:.1}"), format!("{:+.2}pp", a - b), relative(a, b), false)
        }
        (Some(a), _) => (format!("{a:.1}"), String::new(), String::new(), true),
        (None, _) if now.1.is_some() => (String::new(), String::new(), String::new(), false),
        _ if base.0 == 0 => (shown(now.0, unit), String::new(), String::new(), true),
        _ => (shown(now.0, unit), relative(now.0 as f64, base.0 as f64), String::new(), false),
    };
    IndicatorValue {
        id: id.into(),
        numerator: now.0,
        denominator: now.1,
        base_numerator: base.0,
        base_denominator: base.1,
        display,
        yoy,
        yoy_relative,
        base_zero,
        wilson_low: interval.map(|(low, _)| low),
        wilson_high: interval.map(|(_, high)| high),
        evaluable,
    }
}

fn shown(number: i64, unit: &str) -> String {
    if unit == "元" { xiaoan_kernel::yuan_from_fen(number) } else { number.to_string() }
}

/// The eight solves of Demo Donggang No. 1, one of them revoked and solved again.
pub fn lines() -> ExplainResponse {
    let days = [3, 7, 9, 12, 12, 14, 18, 22, 24, 29];
    let categories =
        ["050201", "050227", "050240", "050224", "050224", "050201", "050227", "050240", "050227", "050201"];
    let lines: Vec<LedgerLine> = days
        .iter()
        .zip(categories)
        .enumerate()
        .map(|(i, (day, category))| LedgerLine {
            measure: "case.solved".into(),
            org_unit: "371102010000".into(),
            category: category.into(),
            occurred_on: Some(xiaoan_proto::core::v1::Date { year: 2026, month: 6, day: *day }),
            quantity: if i == 4 { -1 } else { 1 },
            source: "cases".into(),
            position: 9_000 + i as i64 * 131,
            recorded_at: Some(Timestamp { seconds: 1_780_480_000 + i64::from(*day) * 86_400, nanos: 0 }),
            event_type: if i == 4 { "xiaoan.cases.v1.SolveRevoked" } else { "xiaoan.cases.v1.CaseSolved" }
                .into(),
            stream: format!("case-A371102010000202606{:04}", 17 + 29 * (i - usize::from(i == 4))),
        })
        .collect();
    let sum = lines.iter().map(|l| l.quantity).sum();
    ExplainResponse { count: lines.len() as i64, sum, lines, next_page_token: String::new() }
}

/// Id, numerator, denominator, base, its denominator, shown, change.
type Published = (&'static str, i64, Option<i64>, i64, Option<i64>, &'static str, &'static str);

/// The city sheet with figures as published (facts rows A1, V, F, J2, P).
pub fn city() -> GetStandingsResponse {
    let scheme = builtin::schemes().into_iter().find(|s| s.board == "city").expect("built in");
    let published: [Published; 23] = [
        ("theft_solved", 1495, None, 809, None, "1495", "+84.8%"),
        ("theft_filed", 3125, None, 3235, None, "3125", "-3.4%"),
        ("theft_solve_rate", 1495, Some(3125), 809, Some(3235), "47.84", "+22.83pp"),
        ("theft_arrests", 695, None, 0, None, "695", ""),
        ("theft_amount", 747_000_000, None, 0, None, "7470000.00", ""),
        ("applied", 310, None, 0, None, "310", ""),
        ("enrolled", 260, None, 0, None, "260", ""),
        ("duty_points", 42, None, 0, None, "42", ""),
        ("points_village", 36, None, 0, None, "36", ""),
        ("patrols", 70, None, 0, None, "70", ""),
        ("rescued", 16, None, 0, None, "16", ""),
        ("alerts", 577, None, 625, None, "577", "-7.68%"),
        ("preventable", 12, None, 30, None, "12", "-60.0%"),
        ("small_solve_rate", 13, Some(15), 0, Some(0), "86.7", ""),
        ("small_filed", 15, None, 0, None, "15", ""),
        ("small_solved", 13, None, 0, None, "13", ""),
        ("community_enrolled", 67, None, 0, None, "67", ""),
        ("stopped", 25_500_000_000, None, 0, None, "255000000.00", ""),
        ("frozen", 11_400_000_000, None, 0, None, "114000000.00", ""),
        ("incidents", 68, None, 0, None, "68", ""),
        ("incidents_closed", 68, None, 0, None, "68", ""),
        ("guards", 20, None, 0, None, "20", ""),
        ("freight_vehicles", 120_000, None, 0, None, "120000", ""),
    ];
    let value = |id: &str| {
        let found = published.iter().find(|row| row.0 == id);
        let &(id, numerator, denominator, base_numerator, base_denominator, display, yoy) =
            found.unwrap_or(&("", 0, None, 0, None, "0", ""));
        IndicatorValue {
            id: id.into(),
            numerator,
            denominator,
            base_numerator,
            base_denominator,
            display: display.into(),
            yoy: yoy.into(),
            base_zero: base_denominator.unwrap_or(base_numerator) == 0,
            evaluable: true,
            ..Default::default()
        }
    };
    let named = |id: &str| IndicatorValue { id: id.into(), ..value(id) };
    let total =
        Entry { indicators: scheme.indicators.iter().map(|i| named(&i.id)).collect(), ..Default::default() };
    GetStandingsResponse {
        board: "city".into(),
        period: "autumn-wind".into(),
        from: Some(date!(2020 - 09 - 01).into()),
        to: Some(date!(2021 - 07 - 10).into()),
        scheme: Some(scheme),
        total: Some(total),
        ..standings()
    }
}

/// Sources in every state.
pub fn source_statuses() -> Vec<SourceStatus> {
    let status = |source: &str, state: ProjectionState, lag_events, lag_seconds| SourceStatus {
        source: source.into(),
        followed: true,
        position: 12_847,
        source_head: 12_847 + lag_events,
        lag_events,
        lag_seconds,
        chain_head: vec![0x5a; 32],
        data_as_of: Some(Timestamp { seconds: 1_783_000_000, nanos: 0 }),
        state: state.into(),
        measures: vec!["antifraud.stopped".into(), "antifraud.frozen".into()],
        ..Default::default()
    };
    vec![
        status("antifraud", ProjectionState::Disconnected, 41, 75.0),
        status("cases", ProjectionState::Live, 0, 0.0),
        SourceStatus {
            problem: "poison event at position 12848: nothing is known of event xiaoan.hq.v1.Oddity".into(),
            ..status("hq", ProjectionState::Stopped, 3, 8_000.0)
        },
        status("port", ProjectionState::CatchingUp, 9_000, 4.0),
        SourceStatus { source: "volunteers".into(), ..Default::default() },
    ]
}
