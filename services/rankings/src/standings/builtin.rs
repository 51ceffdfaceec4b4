//! The boards that are there without anybody publishing one: version 0 of their schemes, as data.
//! hq replaces them by publishing a version under the same board's name.

mod city;

use xiaoan_proto::core::v1::OrgKind;
use xiaoan_proto::hq::v1::{
    AttentionRule, ConsequenceKind, ConsequenceRule, Direction, Entrants, GapPolicy, Indicator, MeasureRef,
    Scheme,
};

use crate::measures::{Measure, OFFICERS};

/// GA 240.1: theft (盗窃案).
const THEFT: &str = "0502";
/// GA 240.1: fraud (诈骗案).
const FRAUD: &str = "0503";
/// Below this denominator a rate is shown unranked (domain reference, vector K1).
const MIN_DENOMINATOR: i64 = 10;

/// The built-in boards in the order shown.
#[must_use]
pub fn schemes() -> Vec<Scheme> {
    vec![
        theft_stations(),
        theft_bureaus(),
        small_cases(),
        prevention_stations(),
        anti_fraud_bureaus(),
        volunteer_squadrons(),
        port_operations(),
        city::sheet(),
    ]
}

/// Facts rows A7, A9: stations by the period solve rate of theft cases; below 40 % asks for attention.
fn theft_stations() -> Scheme {
    Scheme {
        board: "theft-stations".into(),
        title_zh: "盗窃案件战果排行榜（派出所）".into(),
        title_en: "Theft: stations".into(),
        entrant_kinds: vec![OrgKind::Station.into()],
        indicators: theft_indicators(),
        rank_by: "solve_rate".into(),
        attention_rules: vec![below_40_percent()],
        consequences: vec![notice_below_40_percent()],
        ..Default::default()
    }
}

/// Facts rows A7, A12: the same for county bureaus, with cases solved per 100 officers.
fn theft_bureaus() -> Scheme {
    let mut indicators = theft_indicators();
    indicators.push(Indicator {
        id: "solved_per_100_officers".into(),
        title_zh: "每百名民警破案".into(),
        title_en: "Solved per 100 officers".into(),
        numerator: counted(Measure::CaseSolved, THEFT),
        denominator: Some(MeasureRef { measure: OFFICERS.into(), category_prefix: String::new() }),
        scale: 100,
        direction: Direction::HigherIsBetter.into(),
        unit: "件/百人".into(),
        ..Default::default()
    });
    Scheme {
        board: "theft-bureaus".into(),
        title_zh: "盗窃案件战果排行榜（县区局）".into(),
        title_en: "Theft: county bureaus".into(),
        entrant_kinds: vec![OrgKind::CountyBureau.into()],
        indicators,
        rank_by: "solve_rate".into(),
        attention_rules: vec![below_40_percent()],
        ..Default::default()
    }
}

/// Facts rows V13, F1: small livelihood cases of every category.
fn small_cases() -> Scheme {
    let mut indicators = vec![
        count("filed", "立案", "Filed", Measure::SmallFiled, "", "件", Direction::LowerIsBetter),
        count("solved", "破案", "Solved", Measure::SmallSolved, "", "件", Direction::HigherIsBetter),
        rate("solve_rate", "破案率", "Solve rate", Measure::SmallSolved, Measure::SmallFiled, "", 100),
        rate(
            "cohort_solve_rate",
            "本期立案破案率",
            "Cohort solve rate",
            Measure::SmallCohortSolved,
            Measure::SmallFiled,
            "",
            0,
        ),
    ];
    // What is withdrawn or revoked is counted for small and large cases together: the events do not say which it was.
    indicators.extend(integrity_indicators(""));
    Scheme {
        board: "small-cases".into(),
        title_zh: "小案侦防排行榜".into(),
        title_en: "Small cases: stations".into(),
        entrant_kinds: vec![OrgKind::Station.into()],
        indicators,
        rank_by: "solve_rate".into(),
        attention_rules: vec![below_40_percent()],
        ..Default::default()
    }
}

/// Facts row V12: what prevention shows, fewer alerts and fewer preventable cases.
fn prevention_stations() -> Scheme {
    Scheme {
        board: "prevention-stations".into(),
        title_zh: "防范成效（派出所）".into(),
        title_en: "Prevention: stations".into(),
        entrant_kinds: vec![OrgKind::Station.into()],
        indicators: vec![
            count("alerts", "警情", "Alerts", Measure::AlertReceived, "", "起", Direction::LowerIsBetter),
            Indicator {
                weight: 100,
                ..count(
                    "preventable_cases",
                    "可防性案件",
                    "Preventable cases",
                    Measure::PreventableFiled,
                    "",
                    "件",
                    Direction::LowerIsBetter,
                )
            },
        ],
        rank_by: "preventable_cases".into(),
        ..Default::default()
    }
}

/// Facts row J2: bureaus by the money that banks stopped for them. Bureaus without any fact of it are left out.
fn anti_fraud_bureaus() -> Scheme {
    let higher = Direction::HigherIsBetter;
    let mut indicators = vec![
        count("stopped", "紧急止付", "Stopped", Measure::Stopped, "", "元", higher),
        count("stops", "止付笔数", "Stops confirmed", Measure::StopsConfirmed, "", "笔", higher),
        count("frozen", "冻结", "Frozen", Measure::Frozen, "", "元", higher),
        count("returned", "资金返还", "Returned", Measure::PaidBack, "", "元", higher),
        rate(
            "returned_of_frozen",
            "返还占冻结",
            "Returned of frozen",
            Measure::PaidBack,
            Measure::Frozen,
            "",
            0,
        ),
        count(
            "fraud_filed",
            "诈骗立案",
            "Fraud filed",
            Measure::CaseFiled,
            FRAUD,
            "件",
            Direction::LowerIsBetter,
        ),
        count("fraud_solved", "诈骗破案", "Fraud solved", Measure::CaseSolved, FRAUD, "件", higher),
    ];
    indicators[0].weight = 100;
    // A share of money is no proportion of cases: any amount above zero divides.
    indicators[4].min_denominator = 0;
    Scheme {
        board: "anti-fraud-bureaus".into(),
        title_zh: "反诈止付冻结返还榜（县区局）".into(),
        title_en: "Anti-fraud: bureaus".into(),
        entrant_kinds: vec![OrgKind::CountyBureau.into(), OrgKind::PortBureau.into()],
        indicators,
        rank_by: "stopped".into(),
        with_facts_only: true,
        ..Default::default()
    }
}

/// Facts rows V3, V4: squadrons of volunteers by the patrols they held.
fn volunteer_squadrons() -> Scheme {
    let higher = Direction::HigherIsBetter;
    let mut indicators = vec![
        count("patrols", "巡逻", "Patrols", Measure::Patrols, "", "次", higher),
        count("patrol_minutes", "巡逻时长", "Time on patrol", Measure::PatrolMinutes, "", "分钟", higher),
        count("people_rescued", "救助群众", "People rescued", Measure::PeopleRescued, "", "人", higher),
        count("suspects", "协助抓获嫌疑人", "Suspects caught", Measure::SuspectsCaught, "", "人", higher),
        count("fugitives", "协助抓获逃犯", "Fugitives caught", Measure::FugitivesCaught, "", "人", higher),
        count("disputes", "调解纠纷", "Disputes mediated", Measure::DisputesMediated, "", "起", higher),
        count("traffic", "疏导交通", "Traffic eased", Measure::TrafficEased, "", "次", higher),
    ];
    indicators[0].weight = 100;
    Scheme {
        board: "volunteer-squadrons".into(),
        title_zh: "义警中队巡防榜".into(),
        title_en: "Volunteers: squadrons".into(),
        entrants: Entrants::Squadrons.into(),
        indicators,
        rank_by: "patrols".into(),
        ..Default::default()
    }
}

/// Facts rows P1, P3, P5: the port's stations by the share of incidents closed. What the bureau does itself, such as giving
/// guards authority, stands in the city's row.
fn port_operations() -> Scheme {
    let higher = Direction::HigherIsBetter;
    let indicators = vec![
        count("incidents", "事件", "Incidents", Measure::Incidents, "", "起", Direction::LowerIsBetter),
        count("closed", "办结", "Closed", Measure::IncidentsClosed, "", "起", higher),
        rate("closing_rate", "办结率", "Closing rate", Measure::IncidentsClosed, Measure::Incidents, "", 100),
        count("settlements", "快处协商", "Settlements", Measure::Settlements, "", "起", higher),
        count("guards", "授权保安", "Guards authorised", Measure::GuardsAuthorised, "", "人", higher),
        count("freight_vehicles", "疏导货车", "Freight vehicles", Measure::FreightVehicles, "", "辆", higher),
    ];
    Scheme {
        board: "port-operations".into(),
        title_zh: "港航运行保障榜（派出所）".into(),
        title_en: "Port operations: stations".into(),
        entrant_kinds: vec![OrgKind::PortStation.into()],
        indicators,
        rank_by: "closing_rate".into(),
        ..Default::default()
    }
}

fn theft_indicators() -> Vec<Indicator> {
    let higher = Direction::HigherIsBetter;
    let mut indicators = vec![
        count("filed", "立案", "Filed", Measure::CaseFiled, THEFT, "件", Direction::LowerIsBetter),
        count("solved", "破案", "Solved", Measure::CaseSolved, THEFT, "件", higher),
        rate("solve_rate", "破案率", "Solve rate", Measure::CaseSolved, Measure::CaseFiled, THEFT, 100),
        rate(
            "cohort_solve_rate",
            "本期立案破案率",
            "Cohort solve rate",
            Measure::CaseCohortSolved,
            Measure::CaseFiled,
            THEFT,
            0,
        ),
        count("arrests", "抓获", "Suspects caught", Measure::Arrests, THEFT, "人", higher),
        count("amount_involved", "涉案金额", "Amount involved", Measure::SolvedLoss, THEFT, "元", higher),
        count(
            "solved_exceptionally",
            "特殊结案",
            "Solved by exception",
            Measure::ExceptionalSolved,
            THEFT,
            "件",
            higher,
        ),
    ];
    indicators.extend(integrity_indicators(THEFT));
    indicators
}

/// What tells how far the rate can be trusted (domain reference §E): of the board's categories where the event knows
/// one, else of the unit. They rank nobody.
fn integrity_indicators(categories: &str) -> Vec<Indicator> {
    let lower = Direction::LowerIsBetter;
    vec![
        count(
            "withdrawn_no_crime",
            "撤销立案",
            "Withdrawn, no crime",
            Measure::WithdrawnNoCrime,
            categories,
            "件",
            lower,
        ),
        count(
            "reclassified_down",
            "降格改类",
            "Reclassified downwards",
            Measure::ReclassifiedDown,
            categories,
            "件",
            lower,
        ),
        count(
            "solves_revoked",
            "撤销破案",
            "Solves revoked",
            Measure::SolvesRevoked,
            categories,
            "件",
            lower,
        ),
        count(
            "recorded_late",
            "跨月补录",
            "Recorded after the month",
            Measure::RecordedLate,
            categories,
            "件",
            lower,
        ),
        count("filed_late", "逾期立案", "Filed late", Measure::FiledLate, "", "件", lower),
        count(
            "near_threshold",
            "临界金额",
            "Just under the threshold",
            Measure::NearThreshold,
            categories,
            "件",
            lower,
        ),
        rate(
            "recording_rate",
            "如实立案率",
            "Recording rate",
            Measure::AuditRecorded,
            Measure::AuditSampled,
            "",
            0,
        ),
    ]
}

/// Facts rows A9, A10: a notice below 40 %, an interview after two in adjacent months; a month that cannot be evaluated and a
/// notice that was waived end the streak (domain reference §H.1); no notice while an audit's recording rate is below 90 % (§A.4).
/// hq applies it to closed periods; here it is only shown.
fn notice_below_40_percent() -> ConsequenceRule {
    ConsequenceRule {
        indicator_id: "solve_rate".into(),
        threshold_numerator: 40,
        threshold_denominator: 100,
        kind: ConsequenceKind::Notice.into(),
        streak: 2,
        gap_policy: GapPolicy::Break.into(),
        integrity_gate: "recording_rate".into(),
        gate_numerator: 90,
        gate_denominator: 100,
        gate_required: false,
        waived_breaks: true,
    }
}

fn below_40_percent() -> AttentionRule {
    AttentionRule { indicator_id: "solve_rate".into(), threshold_numerator: 40, threshold_denominator: 100 }
}

fn counted(measure: Measure, category_prefix: &str) -> Option<MeasureRef> {
    Some(MeasureRef { measure: measure.name().into(), category_prefix: category_prefix.into() })
}

fn count(
    id: &str,
    title_zh: &str,
    title_en: &str,
    measure: Measure,
    category_prefix: &str,
    unit: &str,
    direction: Direction,
) -> Indicator {
    Indicator {
        id: id.into(),
        title_zh: title_zh.into(),
        title_en: title_en.into(),
        numerator: counted(measure, category_prefix),
        scale: 1,
        direction: direction.into(),
        unit: unit.into(),
        ..Default::default()
    }
}

fn rate(
    id: &str,
    title_zh: &str,
    title_en: &str,
    numerator: Measure,
    denominator: Measure,
    category_prefix: &str,
    weight: i32,
) -> Indicator {
    Indicator {
        denominator: counted(denominator, category_prefix),
        scale: 100,
        min_denominator: MIN_DENOMINATOR,
        weight,
        ..count(id, title_zh, title_en, numerator, category_prefix, "%", Direction::HigherIsBetter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_scheme_is_whole() {
        for scheme in schemes() {
            let ids: Vec<_> = scheme.indicators.iter().map(|i| i.id.as_str()).collect();
            assert!(ids.contains(&scheme.rank_by.as_str()), "{}", scheme.board);
            assert_eq!(scheme.indicators.iter().map(|i| i.weight).sum::<i32>(), 100, "{}", scheme.board);
            let squadrons = scheme.entrants() == Entrants::Squadrons;
            assert_eq!(scheme.entrant_kinds.is_empty(), squadrons, "{}", scheme.board);
            assert!(scheme.attention_rules.iter().all(|r| ids.contains(&r.indicator_id.as_str())));
            for indicator in &scheme.indicators {
                for part in [&indicator.numerator, &indicator.denominator].into_iter().flatten() {
                    assert!(part.measure == OFFICERS || Measure::named(&part.measure).is_some(), "{part:?}");
                }
            }
        }
    }
}
